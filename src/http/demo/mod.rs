//! The second origin of `doorward demo`: a sample single-page app and the small API that it calls. A default cargo feature, which the
//! Dockerfile leaves out.

mod api;
mod app;
mod guides;
mod issuer;
mod notebook;
mod outbox;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::middleware::headers::machine;
use super::middleware::host::Hosts;
use super::pages::missing;
use super::site::Site;
use crate::app::App;
use crate::failure::Failure;
use crate::secret::Secret;

/// The scope that the sample API asks for.
pub const SCOPE: &str = "notes:read";
/// The scope for deleting what is there.
pub const DELETE_SCOPE: &str = "notes:delete";

/// What the samples are told at the start.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The origin of app and API, `http://127.0.0.1:8001`.
    pub origin: String,
    /// The app's client.
    pub client_id: String,
    /// A line for a shell that gets a token for the sample service.
    pub token_command: String,
    /// A line for a shell that calls the API with such a token.
    pub api_command: String,
    /// As whom the API asks the issuer about tokens.
    pub api_client: ApiClient,
    /// Through whom else one can sign in.
    pub provider: SampleProvider,
}

/// A client of which the API may ask about tokens.
#[derive(Clone, Debug)]
pub struct ApiClient {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
}

/// A server that the first one takes sign-ins from.
#[derive(Clone, Debug, Serialize)]
pub struct SampleProvider {
    /// What it is called.
    pub name: &'static str,
    /// Its issuer.
    pub issuer: String,
    /// Who has an account there.
    pub people: Vec<Person>,
    /// The password of all of them.
    pub password: &'static str,
}

/// Somebody with an account at the sample provider.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The full name.
    pub name: &'static str,
    /// The address, which is proved.
    pub email: &'static str,
    /// What can be seen with them.
    pub story: &'static str,
}

impl Samples {
    /// The API's identifier: the `aud` of its tokens.
    pub fn resource(&self) -> String {
        format!("{}/api", self.origin)
    }

    /// Where the app gets its authorization responses.
    pub fn redirect_uri(&self) -> String {
        format!("{}/callback", self.origin)
    }

    /// Where the app's people go after signing out.
    pub fn post_logout_redirect_uri(&self) -> String {
        format!("{}/", self.origin)
    }
}

#[derive(Clone)]
struct Demo {
    app: App,
    samples: Samples,
}

/// The second origin. It answers to its own host name and port alone: a page elsewhere may bring a browser to send us a foreign name (DNS
/// rebinding).
///
/// # Errors
/// When the issuer's address is neither `https` nor on this machine.
pub fn site(app: App, samples: Samples) -> Result<Site, Failure> {
    let hosts = Hosts::Exactly(samples.origin.trim_start_matches("http://").to_owned());
    let api = api::routes(&app, &samples).map_err(Failure::internal)?;
    let demo = Demo { app: app.clone(), samples };
    let router = Router::new()
        .route("/", get(app::page))
        .route("/callback", get(app::page))
        .route("/app.js", get(app::script))
        .route("/style.css", get(app::style))
        .route("/config.json", get(app::settings))
        .route("/guides/{name}", get(guides::page))
        .route("/outbox", get(outbox::page))
        .merge(api)
        .fallback(missing::endpoint)
        .method_not_allowed_fallback(missing::endpoint_method)
        .layer(from_fn_with_state(demo.clone(), headers))
        .layer(from_fn(machine))
        .with_state(demo);
    Ok(Site::new(app, router, hosts))
}

async fn headers(State(demo): State<Demo>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' {}; img-src 'self' data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        demo.app.issuer.origin()
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
