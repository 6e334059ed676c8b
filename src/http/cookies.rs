//! Our cookies: the browser's (forms and journeys hang on it), the sign-in's, and one that tells the next page what was done. `__Host-` and `Secure` under https, always
//! HttpOnly and SameSite=Lax (OWASP ASVS 3.3).
//!
//! Two tabs that are opened at once, as a browser does that restores its session, each get a browser cookie before the other's has
//! arrived. So each such cookie has a name of its own and takes nobody's place: the browser keeps both, and what hangs on
//! either goes on. A browser that has one gets no other.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::app::App;
use crate::protocol::journey::Action;
use crate::random;
use crate::secret::{Secret, base64url, from_base64url};
use crate::signin::NewCookie;

/// As many of a browser's own cookies are looked at.
const MOST_BROWSER_COOKIES: usize = 16;

/// What the request's cookies hold.
#[derive(Debug, Clone)]
pub(super) struct Cookies {
    /// The browser's cookies: one, or a few when several tabs met us first at once.
    pub browser: Vec<Secret>,
    /// The sign-in's cookie.
    pub sign_in: Option<Secret>,
    /// What was done on the account page, to be told there once.
    pub done: Option<Action>,
    secure: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Cookies
where
    App: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let secure = App::from_ref(state).issuer.is_secure();
        let jar = CookieJar::from_headers(&parts.headers);
        let browser = name(Kind::Browser, secure);
        let is_browser = |cookie: &Cookie<'_>| {
            cookie.name().strip_prefix(browser).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let mut browser: Vec<_> = jar.iter().filter(|cookie| is_browser(cookie)).collect();
        // The same one for every new page, in whatever order they come.
        browser.sort_by(|one, other| one.name().cmp(other.name()));
        let presented = |cookie: &Cookie<'_>| Secret::presented(cookie.value());
        Ok(Self {
            browser: browser.into_iter().take(MOST_BROWSER_COOKIES).map(presented).collect(),
            sign_in: jar.get(name(Kind::SignIn, secure)).map(presented),
            done: jar.get(name(Kind::Done, secure)).and_then(|cookie| read_done(cookie.value())),
            secure,
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
        let own_name = format!("{}_{}", name(Kind::Browser, self.secure), &random::id()[..8]);
        let set = self.set(own_name, value.expose(), None);
        (value, Some(set))
    }

    /// Sets the cookie of a new sign-in.
    pub fn signed_in(&self, new: &NewCookie) -> SetCookie {
        self.set(name(Kind::SignIn, self.secure).to_owned(), new.value.expose(), Some(new.lifetime))
    }

    /// Takes the sign-in's cookie away.
    pub fn signed_out(&self) -> SetCookie {
        self.set(name(Kind::SignIn, self.secure).to_owned(), "", Some(0))
    }

    /// Keeps for the next page what was done.
    pub fn done(&self, action: &Action) -> SetCookie {
        let value = match action {
            Action::EndSignIn(_) => "sign-in".to_owned(),
            Action::EndOtherSignIns => "others".to_owned(),
            Action::EndApp(client_id) => format!("app.{}", base64url(client_id.as_bytes())),
        };
        self.set(name(Kind::Done, self.secure).to_owned(), &value, Some(60))
    }

    /// Takes away what was told.
    pub fn told(&self) -> Option<SetCookie> {
        self.done.as_ref().map(|_| self.set(name(Kind::Done, self.secure).to_owned(), "", Some(0)))
    }

    fn set(&self, name: String, value: &str, lifetime: Option<i64>) -> SetCookie {
        let mut cookie = Cookie::build((name, value.to_owned()))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax);
        if let Some(seconds) = lifetime {
            cookie = cookie.max_age(time::Duration::seconds(seconds));
        }
        SetCookie(cookie.build().to_string())
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Browser,
    SignIn,
    Done,
}

/// What was done, without the ids that nobody is told.
fn read_done(value: &str) -> Option<Action> {
    match value.split_once('.').unwrap_or((value, "")) {
        ("sign-in", "") => Some(Action::EndSignIn(String::new())),
        ("others", "") => Some(Action::EndOtherSignIns),
        ("app", id) => String::from_utf8(from_base64url(id)?).ok().map(Action::EndApp),
        _ => None,
    }
}

fn name(kind: Kind, secure: bool) -> &'static str {
    match (kind, secure) {
        (Kind::Browser, true) => "__Host-doorward_browser",
        (Kind::Browser, false) => "doorward_browser",
        (Kind::SignIn, true) => "__Host-doorward_sign_in",
        (Kind::SignIn, false) => "doorward_sign_in",
        (Kind::Done, true) => "__Host-doorward_done",
        (Kind::Done, false) => "doorward_done",
    }
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
