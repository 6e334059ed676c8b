//! The listener for Prometheus (`[metrics] listen`): `GET /metrics`, and nothing else. It is no part of the site: on an address of its own, for
//! whoever may reach that, without a password. The names of routes that label the numbers are here, too.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::serve::Shutdown;
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::client_secrets::WARNED;
use crate::protocol::issuer::Base;
use crate::telemetry::numbers::{self, Standing};

/// How often what was counted is put in its place.
const TIDY: Duration = Duration::from_secs(5);

/// The routes that numbers are told apart by; all others together are `other`.
const ROUTES: &[&str] = &[
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/jwks.json",
    "/token",
    "/revoke",
    "/userinfo",
    "/introspect",
    "/api-keys/leaked",
    "/authorize",
    "/authorize/continue",
    "/login",
    "/login/email",
    "/login/code",
    "/login/recovery",
    "/login/passkey",
    "/login/security-key",
    "/login/new-passkey",
    "/login/new-passkey/later",
    "/login/lost",
    "/login/lost/remove",
    "/login/authenticator",
    "/register",
    "/register/passkey",
    "/register/passkey/new",
    "/upstream/{id}",
    "/upstream/{id}/callback",
    "/upstream/{id}/account",
    "/upstream/{id}/link",
    "/upstream/{id}/backchannel-logout",
    "/consent",
    "/logout",
    "/recover",
    "/mail",
    "/mail/code",
    "/mail/password",
    "/account/proof",
    "/account/emails",
    "/account/emails/verify",
    "/account/emails/take",
    "/logout/confirm",
    "/signed-out",
    "/account",
    "/account/password",
    "/account/password/first",
    "/account/password/remove",
    "/account/authenticator",
    "/account/authenticator/begin",
    "/account/authenticator/remove",
    "/account/devices/end",
    "/account/passkeys",
    "/account/passkeys/begin",
    "/account/passkeys/rename",
    "/account/passkeys/remove",
    "/account/security-keys",
    "/account/security-keys/begin",
    "/account/security-keys/remove",
    "/account/recovery-codes",
    "/account/recovery-codes/begin",
    "/account/recovery-codes/save",
    "/account/profile",
    "/account/second-factor/keep",
    "/account/sign-ins",
    "/account/applications",
    "/account/api-keys",
    "/account/api-keys/begin",
    "/account/api-keys/new",
    "/account/api-keys/replace",
    "/account/api-keys/end",
    "/account/history",
    "/account/data",
    "/account/data/export",
    "/account/data/delete",
    "/account/sign-ins/end",
    "/account/sign-ins/end-others",
    "/account/apps/end",
    "/account/identities/link",
    "/account/identities/unlink",
    "/",
    "/static/{file}",
    "/healthz",
    "/readyz",
];

/// The route of a path, as a label. The issuer's path stands before it, behind it (RFC 8414 §3.1), or, for health checks, not at all.
pub(super) fn route_of(path: &str, base: &Base) -> &'static str {
    let path = path.strip_prefix(base.as_str()).or_else(|| path.strip_suffix(base.as_str())).unwrap_or(path);
    if path.starts_with("/static/") {
        return "/static/{file}";
    }
    // Of a provider's routes the name stands in the middle, and is whatever somebody wrote there.
    let of_provider = path.strip_prefix("/upstream/").map(|rest| rest.split_once('/').map_or("", |(_, way)| way));
    let is = |route: &str| match (of_provider, route.strip_prefix("/upstream/{id}")) {
        (Some(way), Some(of_route)) => of_route.trim_start_matches('/') == way,
        _ => route == path,
    };
    ROUTES.iter().find(|route| is(route)).copied().unwrap_or("other")
}

/// A method, as a label.
pub(super) fn method_of(method: &axum::http::Method) -> &'static str {
    ["GET", "POST", "OPTIONS", "HEAD"].into_iter().find(|known| method.as_str() == *known).unwrap_or("other")
}

/// A bound socket for scrapes.
#[derive(Debug)]
pub struct Scrapes(TcpListener, SocketAddr);

impl Scrapes {
    /// Binds to `ADDRESS:PORT`, and begins to count; port 0 takes any free one.
    ///
    /// # Errors
    /// A sentence when the address is wrong, busy or not ours.
    pub async fn bind(listen: &str) -> Result<Self, Failure> {
        let refused =
            |error: std::io::Error| Failure::internal(format!("cannot listen on {listen} for metrics: {error}"));
        let socket = TcpListener::bind(listen).await.map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        numbers::start()?;
        Ok(Self(socket, address))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.1
    }

    /// Answers scrapes until a stop is asked for.
    pub async fn serve(self, app: App, shutdown: Shutdown) {
        let tidying = tokio::spawn(async {
            loop {
                tokio::time::sleep(TIDY).await;
                numbers::tidy();
            }
        });
        let router = Router::new().route("/metrics", get(scrape)).with_state(app);
        let served = axum::serve(self.0, router).with_graceful_shutdown(async move { shutdown.requested().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "metrics are not served any more");
        }
        tidying.abort();
    }
}

async fn scrape(State(app): State<App>) -> Response {
    numbers::stand(&standing(&app).await);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], numbers::text()).into_response()
}

/// How things stand. A database that is away is what a scrape must tell, and not what it may fail for.
async fn standing(app: &App) -> Standing {
    let now = app.now();
    let stored = stored(app, now).await;
    if let Err(failure) = &stored {
        tracing::warn!(%failure, "not all could be counted for a scrape");
    }
    Standing {
        hashes: app.hasher.under_way(),
        pools: app.storage.connections_lent(),
        keys: app.ring.ages(now),
        ..stored.unwrap_or_default()
    }
}

/// What the database knows: the notices in the outbox, the mails, the accounts that are locked, and the secrets that end soon.
async fn stored(app: &App, now: Timestamp) -> Result<Standing, Failure> {
    let mut reader = app.storage.read_uncounted().await?;
    let waiting = |(count, since): (i64, Option<i64>)| {
        (count, since.map_or(0, |since| now.seconds().saturating_sub(since).max(0)))
    };
    Ok(Standing {
        outbox: Some(waiting(reader.logouts_waiting().await?)),
        mails: Some(waiting(reader.mails_waiting().await?)),
        locked: Some(reader.locked_accounts(now).await?),
        second_factors: Some(reader.second_factor_accounts(app.sign_ins.has_passkeys()).await?),
        secrets_expiring: Some(reader.secrets_expiring(now, now.plus(WARNED)).await?),
        ..Standing::default()
    })
}
