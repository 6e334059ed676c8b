//! The pages: one file each, with its template in `templates/`. They work without JavaScript, and say the same to everybody.

pub(super) mod account;
mod actions;
pub(super) mod api_keys;
mod ask_for_mail;
pub(super) mod authenticator;
pub(super) mod consent;
pub(super) mod data;
pub(super) mod email_sign_in;
pub(super) mod emails;
mod enrolled;
pub(super) mod files;
pub(super) mod first_password;
pub(super) mod form_post;
pub(super) mod forward;
pub(super) mod history;
pub(super) mod kept_devices;
pub(super) mod login;
pub(super) mod logout;
pub(super) mod lost_factors;
pub(super) mod mail;
pub(super) mod missing;
mod moment;
pub(super) mod new_api_key;
pub(super) mod new_passkey;
pub(super) mod new_password;
pub(super) mod newcomer;
pub(super) mod passkey_account;
mod passkey_form;
pub(super) mod passkey_sign_in;
pub(super) mod passkeys;
pub(super) mod password;
pub(super) mod problem;
pub(super) mod profile;
pub(super) mod proof;
mod providers;
mod qr;
pub(super) mod recover;
pub(super) mod recovery_codes;
pub(super) mod register;
pub(super) mod replaced_api_key;
pub(super) mod second_step;
pub(super) mod security_keys;
mod shown_api_key;
pub(super) mod upstream;
pub(super) mod visit;
mod ways;

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::language::{Language, Markup, Words};
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::client::Client;
use crate::protocol::issuer::{Base, Place};
use crate::protocol::redirect_uri;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::sign_in::SignIn;

use super::middleware::headers::FormAction;
use moment::Moment;

/// What every page is made with; the middleware of the pages puts it into each request. Clones share it, and the language with it: whoever
/// learns on the way which one the person reads says so ([`Page::speak`]), and all that is still to be said follows.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    dress: Arc<Dress>,
    /// Who has said it, and the place of the language.
    spoken: Arc<AtomicU16>,
    /// Whether the account has a page of API keys.
    has_keys: Arc<AtomicBool>,
    /// From when on the second factors of the account can be taken away, when somebody has asked for that.
    reset_opens: Arc<OnceLock<Moment>>,
}

/// Who says what language a page is in: whoever stands further below is heard first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Says {
    /// The browser, by `Accept-Language`.
    Browser = 1,
    /// The person, by their account.
    Account = 2,
    /// The application, by `ui_locales`.
    Request = 3,
}

impl Deref for Page {
    type Target = Dress;

    fn deref(&self) -> &Dress {
        &self.dress
    }
}

/// A message of ours with its arguments escaped.
impl askama::filters::HtmlSafe for Words {}

/// HTML that we have made.
impl askama::filters::HtmlSafe for Markup {}

impl Page {
    /// The pages of an installation.
    pub fn new(dress: Dress) -> Self {
        Self { dress: Arc::new(dress), ..Self::default() }
    }

    /// The page of another request.
    pub fn afresh(&self) -> Self {
        Self { dress: self.dress.clone(), ..Self::default() }
    }

    /// Has this request answered in that language, unless somebody who is heard first has said another.
    pub fn speak(&self, says: Says, language: Option<Language>) {
        if let Some(language) = language {
            self.spoken.fetch_max(u16::from_be_bytes([says as u8, language.place()]), Ordering::Relaxed);
        }
    }

    /// Has this request answered in the language of whoever is signed in.
    pub fn speak_to(&self, sign_in: Option<&SignIn>) {
        let locale = sign_in.and_then(|sign_in| sign_in.locale.as_deref());
        self.speak(Says::Account, locale.and_then(Language::serving));
    }

    /// Has the pages of this account lead to that of its API keys: people make them here, and there is an API with scopes.
    pub fn lead_to_keys(&self, has_keys: bool) {
        self.has_keys.store(has_keys, Ordering::Relaxed);
    }

    /// Whether the account has a page of API keys.
    pub fn has_keys(&self) -> bool {
        self.has_keys.load(Ordering::Relaxed)
    }

    /// Has the pages of this account say that somebody has asked to have its second factors taken away.
    pub fn warn_of_reset(&self, opens_at: Timestamp, now: Timestamp) {
        self.reset_opens.get_or_init(|| Moment::new(opens_at, now));
    }

    /// From when on that can be done.
    fn reset_opens(&self) -> Option<&Moment> {
        self.reset_opens.get()
    }

    /// The language of the page.
    pub fn language(&self) -> Language {
        let [says, place] = self.spoken.load(Ordering::Relaxed).to_be_bytes();
        Language::at(place).filter(|_| says > 0).unwrap_or_default()
    }

    /// The message with this key, as HTML: `{{ page.t("sign-in") }}`, or `{{ page.t("to-continue-to").with("client", client.name) }}`.
    pub fn t(&self, key: &'static str) -> Words {
        self.language().say(key)
    }

    /// The words of a rule.
    fn rule(&self, rejection: &Rejection) -> Cow<'static, str> {
        self.language().rule(*rejection)
    }

    /// The words of a notice.
    fn notice(&self, notice: &Notice) -> Cow<'static, str> {
        notice.refusal.as_ref().map_or(notice.words.clone(), |refusal| self.language().refusal(refusal))
    }

    /// Names in a row, the last with an `and`.
    fn listed(&self, names: &[String]) -> Markup {
        let strong: Vec<String> = names.iter().map(|name| self.t("a-name").with("name", name).to_string()).collect();
        match strong.split_last() {
            Some((last, [])) => Markup(last.clone()),
            Some((last, others)) => Markup(format!("{} {} {last}", others.join(", "), self.t("and"))),
            None => Markup(String::new()),
        }
    }

    /// A browser, of its English name.
    fn device(&self, english: &str) -> String {
        self.language().device(english)
    }

    /// A moment that matters to the minute, as a `<time>`.
    fn minute(&self, moment: &Moment) -> Markup {
        Markup(format!("<time datetime=\"{}\">{}</time>", moment.exact, moment.title))
    }

    /// A moment, as a `<time>`: how long ago it was.
    fn time(&self, moment: &Moment) -> Markup {
        Markup(format!(
            "<time datetime=\"{}\" title=\"{}\">{}</time>",
            moment.exact,
            moment.title,
            moment.ago(self.language())
        ))
    }
}

/// The looks of this installation.
#[derive(Debug, Default)]
pub(super) struct Dress {
    /// Where our own addresses begin.
    pub base: Base,
    /// The installation's name.
    pub brand: String,
    /// The file name of the stylesheet, with the hash of its content.
    pub stylesheet: String,
    /// The file name of the stylesheet that the account's pages have beside it.
    pub account: String,
    /// The file name of the script.
    pub script: String,
    /// The installation's logo.
    pub logo: Option<Picture>,
    /// The colour of the icon in the browser's tab, when there is no logo.
    pub icon: String,
    /// Whether mail can be sent, and pages lead to what needs it.
    pub sends_mail: bool,
    /// The file name of the script that asks browsers for passkeys.
    pub passkeys: String,
    /// Whether people have passkeys, and the account has a page of them.
    pub has_passkeys: bool,
    /// Whether people have second factors, and the account has a page of them.
    pub second_factors: bool,
}

impl Dress {
    /// A place of ours, for a link or a form; `path` begins with a slash.
    pub fn place(&self, path: &str) -> Place {
        self.base.place(path)
    }

    /// The icon's colour within a `data:` address.
    fn icon_colour(&self) -> String {
        self.icon.replace('#', "%23")
    }
}

/// A logo on a page.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// Its file name.
    pub name: String,
    /// How wide it stands, in CSS pixels.
    pub width: u32,
}

/// What every form carries.
#[derive(Clone, Debug)]
pub(super) struct FormParts {
    /// Proves that we made the form for this browser.
    pub csrf: String,
    /// The sealed journey; empty when there is nothing to bring back.
    pub request: String,
}

/// The application that asks, as a page shows it.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// Its name.
    pub name: String,
    /// Its privacy policy.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Where it is to be found, by a registered address.
    pub home: Option<String>,
}

impl Asker {
    fn has_links(&self) -> bool {
        self.policy_uri.is_some() || self.tos_uri.is_some()
    }

    fn has_both(&self) -> bool {
        self.policy_uri.is_some() && self.tos_uri.is_some()
    }
}

impl Asker {
    /// The client, with the redirect URI that its request names, if it is there.
    pub fn of(client: &Client, redirect_uri: Option<&str>) -> Self {
        Self {
            name: client.name.clone(),
            policy_uri: client.metadata.policy_uri.clone(),
            tos_uri: client.metadata.tos_uri.clone(),
            home: redirect_uri::home(client, redirect_uri),
        }
    }
}

/// What went wrong, as a page says it.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    /// The error code.
    pub code: &'static str,
    /// The words in English.
    pub words: Cow<'static, str>,
    /// What it is the notice of, by which its words are found in other languages.
    pub refusal: Option<Refusal>,
}

impl From<&Refusal> for Notice {
    fn from(refusal: &Refusal) -> Self {
        let (code, words) = (refusal.rejection.code().as_str(), refusal.description());
        Self { code, words, refusal: Some(refusal.clone()) }
    }
}

/// What is wrong with an address as it was typed, if that is what was refused: it is said beside the field.
fn of_address(refusal: &Refusal) -> Option<Rejection> {
    Some(refusal.rejection).filter(|why| matches!(why, Rejection::MissingEmail | Rejection::MalformedEmail))
}

/// Renders a page.
fn html(template: &impl Template) -> Result<Response, Failure> {
    Ok(Html(Body::from(template.render().map_err(Failure::internal)?)).into_response())
}

/// What the page's form may lead to beside ourselves: the place that the request will be answered at.
fn leads_to(request: Option<&AuthorizationRequest>) -> Option<axum::Extension<FormAction>> {
    let source = redirect_uri::form_action_source(request?.target.redirect_uri());
    Some(axum::Extension(FormAction(source)))
}
