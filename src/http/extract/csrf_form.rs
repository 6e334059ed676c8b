//! The only way to the content of a page's form: made by us, for this browser, and sent from our own pages (RFC 6749 §10.12).

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;

use super::body;
use super::sender::Sender;
use crate::app::App;
use crate::http::endpoints::authorize::resume_at;
use crate::http::error::{Onward, PageError};
use crate::http::pages::visit::application_of;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::signin::Lost;

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
        let csrf = params.single("csrf")?;
        if let Err(rejection) = app.sign_ins.forms.check(&sender.cookies.browser, csrf) {
            return Err(PageError::from(rejection).with(onward(app, &sender, &params).await));
        }
        Ok(Self { params, sender })
    }
}

/// How to go on from a form that cannot be taken, such as one from before the browser lost its cookies: where its journey leads now.
async fn onward(app: &App, sender: &Sender, params: &Params) -> Onward {
    let Ok(Some(sealed)) = params.single("request") else { return Onward::default() };
    match app.sign_ins.journeys.open(sealed, &sender.cookies.browser, app.now()) {
        Ok(opened) => Onward {
            application: application_of(app, &opened.journey).await,
            again: Some(resume_at(app.issuer.base(), Some(sealed))),
        },
        Err(Lost { journey: Some(journey), .. }) => {
            Onward { application: application_of(app, &journey).await, again: None }
        }
        Err(_) => Onward::default(),
    }
}
