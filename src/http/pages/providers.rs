//! The buttons that lead to providers. Each looks as its provider publishes that it must: mark, words and colours of "Sign in with Google"
//! (developers.google.com/identity/branding-guidelines), "Sign in with Apple" (Human Interface Guidelines), "Sign in with Microsoft"
//! (learn.microsoft.com, branding guidelines of the identity platform) and GitHub (brand.github.com). The marks are part of the page: nobody
//! else hears of a visit before its button is pressed.

use askama::Template;

use super::visit::Visit;
use crate::app::App;
use crate::config::Register;
use crate::failure::Failure;
use crate::http::extract::Sender;
use crate::protocol::passkey::Kept;
use crate::protocol::upstream::ProviderKind;
use crate::signin::PasskeyRequest;
use crate::upstream::Provider;

/// How a person can sign in on a page.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// Whether with a password.
    pub with_password: bool,
    /// Whether with a passkey: what the browser is asked.
    pub passkey: Option<PasskeyRequest>,
    /// Whether by a mail alone.
    pub by_email: bool,
    /// Through whom.
    pub providers: Vec<ProviderButton>,
    /// The address to which a code can be sent that proves it, where one does.
    pub mailbox: Option<String>,
    /// Whether to say of whom it cannot be learned when the person authenticated there.
    pub is_proof: bool,
}

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

/// Every byte of it stands in its template: nothing that anybody sent.
impl askama::filters::HtmlSafe for Mark {}

impl Offer {
    /// All that there is, to somebody who may be anybody.
    pub fn everything(app: &App, sender: &Sender) -> Self {
        Self {
            with_password: app.config.sign_in.password,
            providers: buttons(app, sender),
            by_email: app.signs_in_by_mail(),
            passkey: None,
            mailbox: None,
            is_proof: false,
        }
    }

    /// All by which an invitation can be taken whose link was shown.
    pub fn to_invited(app: &App, sender: &Sender) -> Self {
        let is_open = |button: &ProviderButton| {
            app.providers.get(&button.id).is_some_and(|provider| provider.config().register != Register::Closed)
        };
        let all = Self::everything(app, sender);
        Self { providers: all.providers.into_iter().filter(is_open).collect(), by_email: false, ..all }
    }

    /// Nothing but this passkey.
    pub const fn passkey(passkey: Option<PasskeyRequest>) -> Self {
        Self { with_password: false, passkey, by_email: false, providers: Vec::new(), mailbox: None, is_proof: false }
    }

    /// A password where people have them, and nothing else.
    pub fn password_of(app: &App) -> Self {
        Self {
            with_password: app.config.sign_in.password,
            passkey: None,
            by_email: false,
            providers: Vec::new(),
            mailbox: None,
            is_proof: false,
        }
    }

    /// What this user has, to prove once more on this visit who they are; a code that is sent by mail, too, or a mail alone, if they have an
    /// address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn to_user(
        app: &App,
        sender: &Sender,
        user_id: &str,
        (visit, has_address): (&Visit, bool),
    ) -> Result<Self, Failure> {
        let all = Self::everything(app, sender);
        let mailbox = visit.mailbox(app).await?;
        let (has_password, identities) = app.sign_ins.ways_in(user_id).await?;
        let is_theirs = |button: &ProviderButton| identities.iter().any(|identity| identity.provider == button.id);
        let own = Self {
            with_password: all.with_password && has_password,
            passkey: app.sign_ins.ask_for_passkey(Some((user_id, Kept::Anywhere)), visit.browser(), app.now()).await?,
            providers: all.providers.iter().filter(|button| is_theirs(button)).cloned().collect(),
            by_email: all.by_email && has_address && mailbox.is_none(),
            mailbox,
            is_proof: true,
        };
        // Whose last way in the settings have taken away is told so by whichever they try.
        let has_any = own.with_password
            || own.passkey.is_some()
            || !own.providers.is_empty()
            || own.mailbox.is_some()
            || own.by_email;
        Ok(if has_any { own } else { all })
    }
}

/// A button for each provider, in the order of the configuration.
pub(super) fn buttons(app: &App, sender: &Sender) -> Vec<ProviderButton> {
    let last = sender.cookies.came_by.as_deref();
    let button = |one: &Provider| ProviderButton::new(one.kind(), one.id(), one.name(), last);
    app.providers.all().iter().map(button).collect()
}

impl Offer {
    /// The providers that cannot say when the person authenticated there, where that matters.
    pub(super) fn without_time(&self) -> impl Iterator<Item = &ProviderButton> {
        self.providers.iter().filter(|button| self.is_proof && !button.mark.kind.tells_when())
    }
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
