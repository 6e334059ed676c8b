//! The mails that the demo would have sent: whoever tries it reads them here, for it sends none.

use std::path::Path;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use mail_parser::MessageParser;

use super::Demo;
use crate::failure::Failure;
use crate::http::error::JsonError;

/// How many are shown at most.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "demo_outbox.html")]
struct Shown {
    mails: Vec<Mail>,
}

/// A mail as a page shows it.
#[derive(Debug)]
struct Mail {
    subject: String,
    to: String,
    date: String,
    lines: Vec<Line>,
}

/// A line of it, and whether it is an address to open.
#[derive(Debug)]
struct Line {
    text: String,
    is_link: bool,
}

pub(super) async fn page(State(demo): State<Demo>) -> Result<Response, JsonError> {
    let folder = demo.app.config.mail.folder.clone();
    let mails = tokio::task::spawn_blocking(move || newest(&folder)).await.map_err(Failure::internal)?;
    let page = Shown { mails }.render().map_err(Failure::internal)?;
    Ok(Html(page).into_response())
}

/// The newest mails first: their names begin with their time.
fn newest(folder: &Path) -> Vec<Mail> {
    let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    paths.sort();
    paths.iter().rev().take(MOST).filter_map(|path| Mail::read(&std::fs::read(path).ok()?)).collect()
}

impl Mail {
    fn read(raw: &[u8]) -> Option<Self> {
        let parsed = MessageParser::default().parse(raw)?;
        let text = parsed.body_text(0)?.replace('\r', "");
        let line = |text: &str| Line { text: text.to_owned(), is_link: text.starts_with("http") };
        Some(Self {
            subject: parsed.subject()?.to_owned(),
            to: parsed.to()?.first()?.address()?.to_owned(),
            date: parsed.date()?.to_rfc3339(),
            lines: text.lines().map(line).collect(),
        })
    }
}
