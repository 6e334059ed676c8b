//! The one stylesheet. Its name holds the hash of its content, so a browser may keep it for ever.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::http::error::PageError;
use crate::protocol::rejection::Rejection;
use crate::secret::{base64url, sha256};

/// The stylesheet as it is served.
#[derive(Debug)]
pub(in crate::http) struct Stylesheet {
    /// Its file name below `/static/`.
    pub name: String,
    body: String,
}

impl Stylesheet {
    /// The compiled-in rules.
    pub fn new() -> Self {
        let body = include_str!("../../../static/doorward.css").to_owned();
        let name = format!("doorward-{}.css", &base64url(&sha256(body.as_bytes()))[..12]);
        Self { name, body }
    }
}

/// The stylesheet.
pub(in crate::http) async fn get(
    Extension(stylesheet): Extension<Arc<Stylesheet>>,
    Path(file): Path<String>,
) -> Result<Response, PageError> {
    if file != stylesheet.name {
        return Err(Rejection::NoSuchPage.into());
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, stylesheet.body.clone()).into_response())
}
