//! The only way to the content of a page's form: made by us, for this browser, and sent from our own pages (RFC 6749 §10.12).

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;

use super::body;
use super::sender::Sender;
use crate::app::App;
use crate::http::error::PageError;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;

/// A form that we made and that our own page sent.
#[derive(Debug)]
pub(in crate::http) struct CsrfForm {
    /// Its fields.
    pub params: Params,
    /// Who sent it.
    pub sender: Sender,
}

impl FromRequest<App> for CsrfForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let Ok(sender) = Sender::from_request_parts(&mut parts, app).await;
        let from_elsewhere =
            parts.headers.get_all(header::ORIGIN).iter().any(|o| o.as_bytes() != app.issuer.origin().as_bytes());
        let cross_site =
            parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
        if from_elsewhere || cross_site {
            return Err(Rejection::CrossOriginForm.into());
        }
        let params = body::form(&parts.headers, body).await?;
        params.refuse_repeated()?;
        app.sign_ins.forms.check(sender.cookies.browser.as_ref(), params.single("csrf")?)?;
        Ok(Self { params, sender })
    }
}
