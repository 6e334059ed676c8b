//! Our cookies: the browser's (forms and journeys hang on it), the sign-in's, one by which accounts know the browser again, one that
//! tells the next page what was done, and one that names the provider last used. `Secure` and `__Host-` under https, always HttpOnly and SameSite=Lax (OWASP ASVS 3.3).
//!
//! Below an issuer's path they are for that path alone, and `__Secure-`: `__Host-` wants the path `/` (RFC 6265bis §4.1.3). What else is on that
//! host can set cookies for our path all the same; whoever does not trust it gives the issuer a host of its own.
//!
//! Two tabs that are opened at once, as a browser does that restores its session, each get a browser cookie before the other's has
//! arrived. So each such cookie has a name of its own and takes nobody's place: the browser keeps both, and what hangs on
//! either goes on. A browser that has one gets no other.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::app::App;
use crate::clock::Timestamp;
use crate::protocol::issuer::{Base, Issuer};
use crate::protocol::journey::Action;
use crate::random;
use crate::secret::{Secret, base64url, from_base64url};
use crate::signin::{KNOWN_FOR, NewCookie};

/// As many of a browser's own cookies are looked at.
const MOST_BROWSER_COOKIES: usize = 16;

/// What the request's cookies hold.
#[derive(Debug, Clone)]
pub(super) struct Cookies {
    /// The browser's cookies: one, or a few when several tabs met us first at once.
    pub browser: Vec<Secret>,
    /// The sign-in's cookie.
    pub sign_in: Option<Secret>,
    /// The cookie by which accounts know the browser.
    pub device: Option<Secret>,
    /// What was done on the account page, to be told there once.
    pub done: Option<Done>,
    /// The provider that the browser last came through, by its id.
    pub came_by: Option<String>,
    prefix: Prefix,
    base: Base,
}

impl<S: Send + Sync> FromRequestParts<S> for Cookies
where
    App: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let app = App::from_ref(state);
        let prefix = Prefix::of(&app.issuer);
        let all: Vec<Cookie<'_>> = presented(&parts.headers).collect();
        let find = |kind| all.iter().find(|cookie| cookie.name() == name(kind, prefix));
        let own = name(Kind::Browser, prefix);
        let is_own = |name: &str| name.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        let mut browser: Vec<_> = all.iter().filter(|cookie| is_own(cookie.name())).collect();
        // The same one for every new page, in whatever order they come.
        browser.sort_by(|one, other| one.name().cmp(other.name()));
        let value = |cookie: &Cookie<'_>| Secret::presented(cookie.value());
        Ok(Self {
            browser: browser.into_iter().take(MOST_BROWSER_COOKIES).map(value).collect(),
            sign_in: find(Kind::SignIn).map(value),
            device: find(Kind::Device).map(value),
            done: find(Kind::Done).and_then(|cookie| read_done(cookie.value())),
            came_by: find(Kind::CameBy).map(|cookie| cookie.value().to_owned()).filter(|id| is_provider_id(id)),
            prefix,
            base: app.issuer.base().clone(),
        })
    }
}

impl Cookies {
    /// The value of a cookie of this browser, and what sets it when the browser has none yet.
    pub fn browser_or_new(&self) -> (Secret, Option<SetCookie>) {
        if let Some(value) = self.browser.first() {
            return (value.clone(), None);
        }
        let value = random::secret();
        let own_name = format!("{}_{}", name(Kind::Browser, self.prefix), &random::id()[..8]);
        let set = self.set(own_name, value.expose(), None);
        (value, Some(set))
    }

    /// Sets the cookie of a new sign-in.
    pub fn signed_in(&self, new: &NewCookie) -> SetCookie {
        self.set(name(Kind::SignIn, self.prefix).to_owned(), new.value.expose(), Some(new.lifetime))
    }

    /// Sets the cookie by which accounts know the browser.
    pub fn known(&self, new: &NewCookie) -> Option<SetCookie> {
        let device = new.device.as_ref()?;
        Some(self.set(name(Kind::Device, self.prefix).to_owned(), device.expose(), Some(KNOWN_FOR)))
    }

    /// Takes the sign-in's cookie away.
    pub fn signed_out(&self) -> SetCookie {
        self.set(name(Kind::SignIn, self.prefix).to_owned(), "", Some(0))
    }

    /// Keeps for the next page what was done.
    pub fn done(&self, action: &Action) -> SetCookie {
        let value = match action {
            Action::EndSignIn(_) => "sign-in".to_owned(),
            Action::EndOtherSignIns => "others".to_owned(),
            Action::EndApp(client_id) => format!("app.{}", base64url(client_id.as_bytes())),
            Action::Link(provider) => format!("link.{}", base64url(provider.as_bytes())),
            Action::Unlink(_) => "unlink".to_owned(),
            Action::TakeAddress(_) => "address".to_owned(),
            Action::SetPassword => "first-password".to_owned(),
            Action::RemovePassword => "no-password".to_owned(),
            Action::SetAuthenticator => "authenticator".to_owned(),
            Action::RemoveAuthenticator => "no-authenticator".to_owned(),
            Action::AddPasskey => "passkey".to_owned(),
            Action::RemovePasskey(_) => "no-passkey".to_owned(),
            Action::AddSecurityKey => "security-key".to_owned(),
            Action::RemoveSecurityKey(_) => "no-security-key".to_owned(),
            // Told by a page of its own.
            Action::MakeRecoveryCodes | Action::MakeKey(_) | Action::Leave { .. } => String::new(),
        };
        self.set(name(Kind::Done, self.prefix).to_owned(), &value, Some(60))
    }

    /// Keeps for the next page that the password is another.
    pub fn password_changed(&self) -> SetCookie {
        self.set(name(Kind::Done, self.prefix).to_owned(), "password", Some(60))
    }

    /// Keeps for the next page that the profile was saved.
    pub fn profile_changed(&self) -> SetCookie {
        self.set(name(Kind::Done, self.prefix).to_owned(), "profile", Some(60))
    }

    /// Keeps for the next page that an API key has ended.
    pub fn key_ended(&self) -> SetCookie {
        self.set(name(Kind::Done, self.prefix).to_owned(), "key", Some(60))
    }

    /// Keeps for the next page what has become of the account.
    pub fn of_account(&self, done: &Done) -> SetCookie {
        let value = match done {
            Done::Left(Some(until)) => format!("left.{}", until.seconds()),
            Done::Left(None) => "gone".to_owned(),
            Done::ResetWaits(until) => format!("reset.{}", until.seconds()),
            Done::KeptFactors => "kept-factors".to_owned(),
            _ => "back".to_owned(),
        };
        self.set(name(Kind::Done, self.prefix).to_owned(), &value, Some(60))
    }

    /// Takes away what was told.
    pub fn told(&self) -> Option<SetCookie> {
        self.done.as_ref().map(|_| self.set(name(Kind::Done, self.prefix).to_owned(), "", Some(0)))
    }

    /// Remembers the provider that the browser has come through, for its button.
    pub fn came_by(&self, provider: &str) -> SetCookie {
        self.set(name(Kind::CameBy, self.prefix).to_owned(), provider, Some(KNOWN_FOR))
    }

    fn set(&self, name: String, value: &str, lifetime: Option<i64>) -> SetCookie {
        let mut cookie = Cookie::build((name, value.to_owned()))
            .path(if self.base.is_root() { "/" } else { self.base.as_str() }.to_owned())
            .http_only(true)
            .secure(self.prefix != Prefix::None)
            .same_site(SameSite::Lax);
        if let Some(seconds) = lifetime {
            cookie = cookie.max_age(time::Duration::seconds(seconds));
        }
        SetCookie(cookie.build().to_string())
    }
}

/// What was done on the pages of the account.
#[derive(Clone, Debug)]
pub enum Done {
    /// A sensitive action.
    Act(Action),
    /// The password was changed.
    NewPassword,
    /// The profile was saved.
    NewProfile,
    /// An API key has ended.
    KeyEnded,
    /// The person has left: until when they can come back, if they can.
    Left(Option<Timestamp>),
    /// The account was brought back.
    Back,
    /// A request to take second factors away has begun: until when it waits.
    ResetWaits(Timestamp),
    /// Such a request was stopped.
    KeptFactors,
}

#[derive(Clone, Copy)]
enum Kind {
    Browser,
    SignIn,
    Device,
    Done,
    CameBy,
}

/// Whether it can be the id of a provider: 1 to 32 of `a-z`, `0-9` and `-`.
fn is_provider_id(text: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(is_usual)
}

/// What was done, without the ids that nobody is told.
fn read_done(value: &str) -> Option<Done> {
    let text = |id| String::from_utf8(from_base64url(id)?).ok();
    let action = match value.split_once('.').unwrap_or((value, "")) {
        ("gone", "") => return Some(Done::Left(None)),
        ("left", at) => return at.parse().ok().map(|at| Done::Left(Some(Timestamp::from_seconds(at)))),
        ("back", "") => return Some(Done::Back),
        ("reset", at) => return at.parse().ok().map(|at| Done::ResetWaits(Timestamp::from_seconds(at))),
        ("kept-factors", "") => return Some(Done::KeptFactors),
        ("profile", "") => return Some(Done::NewProfile),
        ("password", "") => return Some(Done::NewPassword),
        ("key", "") => return Some(Done::KeyEnded),
        ("sign-in", "") => Some(Action::EndSignIn(String::new())),
        ("others", "") => Some(Action::EndOtherSignIns),
        ("unlink", "") => Some(Action::Unlink(String::new())),
        ("address", "") => Some(Action::TakeAddress(String::new())),
        ("first-password", "") => Some(Action::SetPassword),
        ("no-password", "") => Some(Action::RemovePassword),
        ("authenticator", "") => Some(Action::SetAuthenticator),
        ("no-authenticator", "") => Some(Action::RemoveAuthenticator),
        ("passkey", "") => Some(Action::AddPasskey),
        ("no-passkey", "") => Some(Action::RemovePasskey(String::new())),
        ("security-key", "") => Some(Action::AddSecurityKey),
        ("no-security-key", "") => Some(Action::RemoveSecurityKey(String::new())),
        ("app", id) => text(id).map(Action::EndApp),
        ("link", id) => text(id).map(Action::Link),
        _ => None,
    };
    action.map(Done::Act)
}

/// What a name begins with: browsers hold whoever sets such a cookie to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Host,
    Secure,
    None,
}

impl Prefix {
    fn of(issuer: &Issuer) -> Self {
        match (issuer.is_secure(), issuer.base().is_root()) {
            (true, true) => Self::Host,
            (true, false) => Self::Secure,
            (false, _) => Self::None,
        }
    }
}

fn name(kind: Kind, prefix: Prefix) -> &'static str {
    let [host, secure, none] = match kind {
        Kind::Browser => ["__Host-doorward_browser", "__Secure-doorward_browser", "doorward_browser"],
        Kind::SignIn => ["__Host-doorward_sign_in", "__Secure-doorward_sign_in", "doorward_sign_in"],
        Kind::Device => ["__Host-doorward_device", "__Secure-doorward_device", "doorward_device"],
        Kind::Done => ["__Host-doorward_done", "__Secure-doorward_done", "doorward_done"],
        Kind::CameBy => ["__Host-doorward_came_by", "__Secure-doorward_came_by", "doorward_came_by"],
    };
    match prefix {
        Prefix::Host => host,
        Prefix::Secure => secure,
        Prefix::None => none,
    }
}

/// The request's cookies, in its order. Of two with one name the first counts: that of the longest path (RFC 6265 §5.4),
/// when another of us lies further up on the same host.
fn presented(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(Cookie::split_parse).flatten()
}

/// A `Set-Cookie` header.
#[derive(Clone, Debug)]
pub(super) struct SetCookie(String);

impl IntoResponseParts for SetCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            parts.headers_mut().append(header::SET_COOKIE, value);
        }
        Ok(parts)
    }
}
