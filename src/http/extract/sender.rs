//! Who sends a request of a browser: its cookies, its address, its name of itself, and what its page is made with.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::http::cookies::Cookies;
use crate::http::middleware::peer::ClientAddress;
use crate::http::pages::Page;
use crate::protocol::sign_in::SignIn;
use crate::signin::Browser;

/// The browser that sent a request.
#[derive(Debug, Clone)]
pub(in crate::http) struct Sender {
    /// Its cookies.
    pub cookies: Cookies,
    /// What its page is made with.
    pub page: Page,
    /// As the sign-in decisions know it.
    pub browser: Browser,
}

impl FromRequestParts<App> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Ok(cookies) = Cookies::from_request_parts(parts, app).await;
        let address = parts.extensions.get::<ClientAddress>().copied().unwrap_or(ClientAddress(None));
        let user_agent =
            parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let page = parts.extensions.get::<Page>().cloned().unwrap_or_default();
        let browser = Browser {
            address: address.to_string(),
            user_agent: user_agent.chars().take(300).collect(),
            cookie: cookies.sign_in.clone(),
        };
        Ok(Self { cookies, page, browser })
    }
}

impl Sender {
    /// The live sign-in of this browser.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in(&self, app: &App, now: Timestamp) -> Result<Option<SignIn>, Failure> {
        app.sign_ins.current(self.cookies.sign_in.as_ref(), now).await
    }
}
