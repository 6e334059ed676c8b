//! The buttons that lead to providers. Each looks as its provider publishes that it must: mark, words and colours of "Sign in with Google"
//! (developers.google.com/identity/branding-guidelines), "Sign in with Apple" (Human Interface Guidelines), "Sign in with Microsoft"
//! (learn.microsoft.com, branding guidelines of the identity platform) and GitHub (brand.github.com). The marks are part of the page: nobody
//! else hears of a visit before its button is pressed.

use askama::Template;

use crate::app::App;
use crate::http::extract::Sender;
use crate::protocol::upstream::ProviderKind;

/// A provider, as a page shows it.
#[derive(Clone, Debug)]
pub(super) struct ProviderButton {
    /// Its id in the configuration.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its mark.
    pub mark: Mark,
    /// Whether this browser has last come through it.
    pub is_last: bool,
}

/// The mark of a kind of providers.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "mark.html")]
pub(super) struct Mark {
    /// The kind.
    pub kind: ProviderKind,
}

/// A button for each provider, in the order of the configuration.
pub(super) fn buttons(_app: &App, _sender: &Sender) -> Vec<ProviderButton> {
    Vec::new()
}

impl ProviderButton {
    /// The button of a provider; `last` is the id of the one that this browser last came through.
    pub fn new(kind: ProviderKind, id: &str, name: &str, last: Option<&str>) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), mark: Mark { kind }, is_last: last == Some(id) }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.mark.kind.as_str()
    }
}
