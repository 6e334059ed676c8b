//! Who sends a request of a browser: its cookies, its address, its name of itself, and what its page is made with.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, header};

use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::http::cookies::Cookies;
use crate::http::middleware::peer::ClientAddress;
use crate::http::pages::Page;
use crate::protocol::audit::Origin;
use crate::protocol::device::Device;
use crate::protocol::sign_in::SignIn;
use crate::protocol::trace::TraceId;
use crate::random;
use crate::signin::{Acquaintance, Browser};

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
        let user_agent =
            parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let origin = Origin { device: Device::of(user_agent), ..origin(&parts.extensions) };
        let page = parts.extensions.get::<Page>().cloned().unwrap_or_default();
        let browser = Browser {
            address: ClientAddress(origin.address).to_string(),
            origin,
            user_agent: user_agent.chars().take(300).collect(),
            cookie: cookies.sign_in.clone(),
            device: cookies.device.clone(),
            here: Acquaintance::NotAsked,
        };
        Ok(Self { cookies, page, browser })
    }
}

/// Where a request came from, as the middleware has found out.
pub(in crate::http) fn origin(extensions: &Extensions) -> Origin {
    let address = extensions.get::<ClientAddress>().and_then(|address| address.0);
    let trace = extensions.get::<TraceId>().copied().unwrap_or_else(|| TraceId::of(random::name()));
    Origin { address, trace, device: Device::default() }
}

impl Sender {
    /// The live sign-in of this browser, whole or not: to end it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn any_sign_in(&self, app: &App, now: Timestamp) -> Result<Option<SignIn>, Failure> {
        let sign_in = app.sign_ins.current(self.cookies.sign_in.as_ref(), now).await?;
        self.page.speak_to(sign_in.as_ref());
        Ok(sign_in)
    }

    /// The live sign-in of this browser. One that is less than is demanded of its person is none: they are asked for the rest on the way to sign in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in(&self, app: &App, now: Timestamp) -> Result<Option<SignIn>, Failure> {
        let sign_in = match app.sign_ins.current(self.cookies.sign_in.as_ref(), now).await? {
            Some(sign_in) => app.sign_ins.is_whole(&sign_in).await?.then_some(sign_in),
            None => None,
        };
        self.page.speak_to(sign_in.as_ref());
        if sign_in.is_some() && app.config.api_keys.enabled {
            self.page.lead_to_keys(app.directory.resources().await?.iter().any(|api| !api.scopes.is_empty()));
        }
        if let Some(sign_in) = &sign_in
            && let Some(opens_at) = app.sign_ins.factor_reset_opens(sign_in, now).await?
        {
            self.page.warn_of_reset(opens_at, now);
        }
        Ok(sign_in)
    }
}
