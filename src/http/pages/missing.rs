//! Addresses and methods that do not exist.

use crate::http::error::{JsonError, PageError};
use crate::protocol::rejection::Rejection;

/// No such page.
pub(in crate::http) async fn get() -> PageError {
    Rejection::NoSuchPage.into()
}

/// The page does not answer to this method.
pub(in crate::http) async fn method() -> PageError {
    Rejection::WrongMethod.into()
}

/// The endpoint does not answer to this method.
pub(in crate::http) async fn endpoint_method() -> JsonError {
    Rejection::WrongMethod.into()
}

/// There is nothing at this address, for programs.
#[cfg(feature = "demo")]
pub(in crate::http) async fn endpoint() -> JsonError {
    Rejection::NoSuchPage.into()
}
