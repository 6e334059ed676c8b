//! Basic OP: the answer in the query of the redirect URI.

use super::person::Mode;
use super::{basic_modules_in, tests_of_modules};

basic_modules_in!(Mode::Query);
