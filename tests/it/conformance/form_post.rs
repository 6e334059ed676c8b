//! Form Post OP (basic): the same modules, with the answer in a form that the browser posts.

use super::person::Mode;
use super::{basic_modules_in, tests_of_modules};

basic_modules_in!(Mode::FormPost);
