//! Where a provider tells that a session there has ended (OpenID Connect Back-Channel Logout §2.5): the logout token is all that it sends, and all
//! that says who it is.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;

use crate::app::App;
use crate::http::error::JsonError;
use crate::http::extract::{Tokens, Within, form, origin};
use crate::protocol::audit::{Act, Actor};
use crate::protocol::rejection::Rejection;

/// A logout token. 200 whether or not anybody here came by that session.
pub(in crate::http) async fn post(
    State(app): State<App>,
    Path(id): Path<String>,
    _: Within<Tokens>,
    request: Request,
) -> Result<StatusCode, JsonError> {
    let provider = app.providers.get(&id).ok_or(Rejection::NoSuchPage)?;
    let (parts, body) = request.into_parts();
    let fields = form(&parts.headers, body).await?;
    fields.refuse_repeated()?;
    let token = fields.single("logout_token")?.ok_or(Rejection::MissingLogoutToken)?;
    let now = app.now();
    let token = provider.logout_token(token, now).await?;
    app.sign_ins.end_for_provider(&token, &Act::by(Actor::Nobody, origin(&parts.extensions), now)).await?;
    Ok(StatusCode::OK)
}
