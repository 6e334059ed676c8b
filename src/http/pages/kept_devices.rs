//! The devices that a person keeps, as a list of the page of the authenticator, and ending that one is kept.

use axum::extract::State;
use axum::response::Response;

use super::authenticator::owner;
use super::moment::Moment;
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::device;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;

/// A kept device.
pub(super) struct Line {
    pub id: String,
    pub device: String,
    pub since: Moment,
    pub used: Option<Moment>,
    pub until: Moment,
    pub is_this: bool,
}

impl Line {
    /// Those of whoever is signed in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(app: &App, (sign_in, sender): (&SignIn, &Sender), now: Timestamp) -> Result<Vec<Self>, Failure> {
        let own = app.sign_ins.own_devices(sign_in, &sender.browser, now).await?;
        let line = |own: crate::signin::OwnDevice| Self {
            device: device::name(&own.kept.user_agent),
            since: Moment::new(own.kept.kept_at, now),
            used: own.kept.last_used_at.map(|at| Moment::new(at, now)),
            until: Moment::new(own.kept.expires_at, now),
            id: own.kept.hash,
            is_this: own.is_this,
        };
        Ok(own.into_iter().map(line).collect())
    }
}

/// Ends that one is kept.
pub(in crate::http) async fn end(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = owner(&app, &form.sender, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?;
    app.sign_ins.end_device(&sign_in, id, &form.sender.browser, now).await?;
    Ok(see_other(&app.issuer.place("/account/authenticator"))?)
}
