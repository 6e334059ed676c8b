//! The page of what happened to an account: sign-ins, failed ones, changes and alerts, newest first.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::moment::Moment;
use super::visit::Visit;
use super::{FormParts, Page};
use crate::app::App;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::{Sender, query};
use crate::protocol::history::Told;

#[derive(Template)]
#[template(path = "account/history.html")]
struct History {
    page: Page,
    section: &'static str,
    form: FormParts,
    lines: Vec<Line>,
    older: Option<i64>,
    is_newest: bool,
}

struct Line {
    told: Told,
    at: Moment,
    /// The application that it is about, as far as it is still known.
    app: Option<String>,
}

/// A page of it. What is no number of a row begins with the newest.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let before = query(raw.as_deref())?.single("before")?.and_then(|text| text.parse().ok());
    let history = app.sign_ins.history(&sign_in.user_id, before).await?;
    let mut names = BTreeMap::new();
    for id in history.lines.iter().filter_map(|line| line.client_id.as_deref()) {
        if !names.contains_key(id) {
            names.insert(id.to_owned(), app.directory.client(id).await?.map(|client| client.name.clone()));
        }
    }
    let line = |told: Told| Line {
        at: Moment::new(told.at, now),
        app: told.client_id.as_ref().and_then(|id| names.get(id).cloned().flatten()),
        told,
    };
    let visit = Visit::open(&app, &sender, None, now).await?;
    let template = History {
        page: sender.page.clone(),
        section: "history",
        form: visit.form(&app),
        lines: history.lines.into_iter().map(line).collect(),
        older: history.older,
        is_newest: before.is_none(),
    };
    Ok(visit.answer(&template)?)
}
