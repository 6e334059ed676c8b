//! Our cookies: the browser's (forms and pending requests hang on it) and the sign-in's. `__Host-` and `Secure` under https, always
//! HttpOnly and SameSite=Lax (OWASP ASVS 3.3).

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::app::App;
use crate::random;
use crate::secret::Secret;
use crate::signin::NewCookie;

/// What the request's cookies hold.
#[derive(Debug, Clone)]
pub(super) struct Cookies {
    /// The browser's cookie.
    pub browser: Option<Secret>,
    /// The sign-in's cookie.
    pub sign_in: Option<Secret>,
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
        let value = |kind| jar.get(name(kind, secure)).map(|cookie| Secret::presented(cookie.value()));
        Ok(Self { browser: value(Kind::Browser), sign_in: value(Kind::SignIn), secure })
    }
}

impl Cookies {
    /// The browser's cookie value, and what sets it when the browser has none yet.
    pub fn browser_or_new(&self) -> (Secret, Option<SetCookie>) {
        match &self.browser {
            Some(value) => (value.clone(), None),
            None => {
                let value = random::secret();
                let set = self.set(Kind::Browser, value.expose(), None);
                (value, Some(set))
            }
        }
    }

    /// Sets the cookie of a new sign-in.
    pub fn signed_in(&self, new: &NewCookie) -> SetCookie {
        self.set(Kind::SignIn, new.value.expose(), Some(new.lifetime))
    }

    /// Takes the sign-in's cookie away.
    pub fn signed_out(&self) -> SetCookie {
        self.set(Kind::SignIn, "", Some(0))
    }

    fn set(&self, kind: Kind, value: &str, lifetime: Option<i64>) -> SetCookie {
        let mut cookie = Cookie::build((name(kind, self.secure), value.to_owned()))
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
}

fn name(kind: Kind, secure: bool) -> &'static str {
    match (kind, secure) {
        (Kind::Browser, true) => "__Host-doorward_browser",
        (Kind::Browser, false) => "doorward_browser",
        (Kind::SignIn, true) => "__Host-doorward_sign_in",
        (Kind::SignIn, false) => "doorward_sign_in",
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
