//! The page that shows a key that was just made: the one time that it is seen. It is the answer to the form and has no address of its own.

use askama::Template;
use axum::response::Response;

use super::api_keys::{Words, api_name, words};
use super::moment::Moment;
use super::visit::Visit;
use super::{FormParts, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::http::extract::Sender;
use crate::protocol::api_key::ApiKey;
use crate::protocol::sign_in::SignIn;
use crate::registry::Issued;
use crate::secret::Secret;

#[derive(Template)]
#[template(path = "account/shown_api_key.html")]
struct Shown {
    page: Page,
    section: &'static str,
    form: FormParts,
    key: Secret,
    name: String,
    api: String,
    words: Vec<Words>,
    until: Moment,
    /// Until when the key goes on whose place it takes.
    former: Option<Moment>,
}

/// The page. `former` is the key that was replaced.
pub(super) async fn page(
    app: &App,
    (visit, sender, sign_in): (&Visit, &Sender, &SignIn),
    issued: Issued,
    former: Option<ApiKey>,
    now: Timestamp,
) -> Result<Response, Failure> {
    let resources = app.directory.resources().await?;
    visit.answer(&Shown {
        page: sender.page.clone(),
        section: "api-keys",
        form: visit.form(app),
        key: issued.secret,
        api: api_name(&issued.key.resource, &resources),
        words: words(&issued.key, (&resources, sign_in), sender.page.language()),
        until: Moment::new(issued.key.expires_at, now),
        former: former.map(|former| Moment::new(former.expires_at, now)),
        name: issued.key.name,
    })
}
