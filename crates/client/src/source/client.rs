//! The client as it is registered at the server: who asks, where, and what with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Request, Response};
use tokio::sync::Mutex;

use super::answer;
use super::authentication::{Credentials, Saying};
use super::error::SourceError;
use super::metadata::Metadata;
use super::pace::Moment;
use super::token::Held;
use crate::form::Form;
use crate::{Clock, Http};

/// A client, and all that is needed to ask as one.
pub(super) struct Client {
    pub(super) id: String,
    pub(super) credentials: Credentials,
    pub(super) place: Place,
    pub(super) http: Arc<dyn Http>,
    pub(super) clock: Clock,
    /// From 0 to 1.
    pub(super) jitter: Box<dyn Fn() -> f64 + Send + Sync>,
    /// Further fields of the form.
    pub(super) parameters: Vec<(String, String)>,
    /// For whom assertions are, when it is neither the issuer nor the token endpoint.
    pub(super) assertion_audience: Option<String>,
    /// How long a token lives whose life is not said.
    pub(super) assumed_life: Duration,
    /// How long asking may take.
    pub(super) patience: Duration,
    /// Whether plain http may carry tokens to APIs on other machines.
    #[cfg_attr(
        not(any(feature = "reqwest", feature = "tower")),
        expect(dead_code, reason = "nothing here calls an API")
    )]
    pub(super) in_the_clear: bool,
}

/// Where tokens are given.
pub(super) enum Place {
    /// At this endpoint.
    Given(Metadata),
    /// Where this issuer says, once it was asked.
    Discovered { issuer: String, known: Mutex<Option<Arc<Metadata>>> },
}

/// What a token is wanted for. No two are the same if a token for one may not serve the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    scope: String,
    resource: Option<String>,
}

/// A failure, and how long the server asks to be left alone.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: SourceError,
    pub(super) retry_after: Option<Duration>,
}

impl From<SourceError> for Failed {
    fn from(error: SourceError) -> Self {
        Self { error, retry_after: None }
    }
}

impl Wanted {
    /// Scopes in any order, separated by spaces, and the resource (RFC 8707).
    pub(super) fn new(scope: &str, resource: Option<String>) -> Self {
        let mut scopes: Vec<&str> = scope.split_ascii_whitespace().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self { scope: scopes.join(" "), resource }
    }

    pub(super) fn scope(&self) -> &str {
        &self.scope
    }

    pub(super) fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }
}

impl Client {
    /// Asks for a token, for as long as patience lasts.
    pub(super) async fn ask(&self, wanted: &Wanted) -> Result<Held, Failed> {
        let asking = async { self.ask_at(&*self.metadata().await?, wanted).await };
        let late = async {
            self.clock.wait_until(self.clock.steady().saturating_add(self.patience)).await;
            Err(SourceError::Late.into())
        };
        let asked = first(asking, late).await;
        // It may have moved. A server that speaks has not.
        if matches!(&asked, Err(failed) if !matches!(failed.error, SourceError::Refused(_))) {
            self.forget().await;
        }
        asked
    }

    async fn ask_at(&self, metadata: &Metadata, wanted: &Wanted) -> Result<Held, Failed> {
        let asked = Moment::now(&self.clock);
        let answer = self.send(self.request(metadata, wanted)?).await?;
        let given = answer::read(answer.status().as_u16(), answer.body(), self.assumed_life);
        let retry_after = retry_after(answer.headers());
        given.map(|given| Held::new(given, asked, wanted.scope())).map_err(|error| Failed { error, retry_after })
    }

    fn request(&self, metadata: &Metadata, wanted: &Wanted) -> Result<Request<Bytes>, SourceError> {
        let mut form = Form::default();
        form.add("grant_type", "client_credentials");
        if !wanted.scope.is_empty() {
            form.add("scope", &wanted.scope);
        }
        wanted.resource.iter().for_each(|resource| form.add("resource", resource));
        self.parameters.iter().for_each(|(name, value)| form.add(name, value));
        let endpoint = metadata.token_endpoint.to_string();
        let audience = self.assertion_audience.as_deref().unwrap_or(match &self.place {
            Place::Given(_) => &endpoint,
            Place::Discovered { issuer, .. } => issuer,
        });
        let saying = Saying { client_id: &self.id, audience, now: self.clock.now() };
        let authorization = self.credentials.way(metadata)?.say(&saying, &mut form)?;
        let mut request = Request::new(Bytes::from(form.into_text()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = metadata.token_endpoint.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        Ok(request)
    }

    /// What is known of the server; it is asked when nothing is. Whoever comes meanwhile waits for the same answer.
    async fn metadata(&self) -> Result<Arc<Metadata>, SourceError> {
        let (issuer, known) = match &self.place {
            Place::Given(metadata) => return Ok(Arc::new(metadata.clone())),
            Place::Discovered { issuer, known } => (issuer, known),
        };
        let mut known = known.lock().await;
        if let Some(metadata) = &*known {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(Metadata::fetch(&self.http, issuer).await?);
        *known = Some(Arc::clone(&metadata));
        Ok(metadata)
    }

    async fn forget(&self) {
        if let Place::Discovered { known, .. } = &self.place {
            *known.lock().await = None;
        }
    }

    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, SourceError> {
        request.headers_mut().insert(ACCEPT, http::HeaderValue::from_static("application/json"));
        self.http.send(request).await.map_err(|error| SourceError::Unreachable(Arc::new(error)))
    }

    /// Whether a token may travel to this address of an API. One without a host goes where a connection leads that is not ours to judge.
    #[cfg(any(feature = "reqwest", feature = "tower"))]
    pub(super) fn may_carry(&self, uri: &http::Uri) -> bool {
        self.in_the_clear || uri.authority().is_none() || crate::http::is_allowed(uri)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How long the server asks to be left alone, when it says so in seconds (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// What comes first; the former when both are there.
async fn first<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    std::future::poll_fn(|context| match one.as_mut().poll(context) {
        std::task::Poll::Pending => other.as_mut().poll(context),
        ready => ready,
    })
    .await
}
