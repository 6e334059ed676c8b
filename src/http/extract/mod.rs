//! The only ways to what a request brings: each gives its content when its rule is met, and a rejection otherwise.

mod bearer;
mod body;
mod client_form;
mod csrf_form;
mod sender;
mod token_form;
mod within;

pub(super) use bearer::{Carried, access};
pub(super) use body::{bytes, form, is_form, query};
pub(super) use client_form::ClientForm;
pub(super) use csrf_form::CsrfForm;
pub(super) use sender::{Sender, origin};
pub(super) use token_form::{KeyForm, TokenForm};
pub(super) use within::{Authorizations, Introspections, LeakReports, Tokens, Userinfo, Within};
