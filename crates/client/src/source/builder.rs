//! What a token source is told before it begins.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use tokio::sync::Mutex;

use super::TokenSource;
use super::authentication::{Credentials, Kept, Secret};
use super::client::{Client, Place, Wanted};
use super::key::PrivateKey;
use super::metadata::Metadata;
use crate::build_error::BuildError;
use crate::http::sender;
use crate::{Clock, Http, address};

/// The life of a token whose server does not say it.
const ASSUMED_LIFE: Duration = Duration::from_secs(300);
/// How long asking may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Fields that are not for others to set.
const OUR_FIELDS: &[&str] =
    &["grant_type", "scope", "resource", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// What a [`TokenSource`] is told before it begins. Its `Debug` shows no secret.
pub struct TokenSourceBuilder {
    place: Told,
    client: String,
    secret: Option<Kept>,
    in_body: bool,
    key: Option<PrivateKey>,
    scope: String,
    resource: Option<String>,
    parameters: Vec<(String, String)>,
    assertion_audience: Option<String>,
    http: Option<Arc<dyn Http>>,
    clock: Clock,
    jitter: Box<dyn Fn() -> f64 + Send + Sync>,
    assumed_life: Duration,
    patience: Duration,
    in_the_clear: bool,
}

/// Where tokens are given, as it was told.
#[derive(Debug)]
enum Told {
    Issuer(String),
    Endpoint(String),
}

impl TokenSourceBuilder {
    pub(super) fn of_issuer(issuer: String) -> Self {
        Self::new(Told::Issuer(issuer))
    }

    pub(super) fn at(token_endpoint: String) -> Self {
        Self::new(Told::Endpoint(token_endpoint))
    }

    fn new(place: Told) -> Self {
        Self {
            place,
            client: String::new(),
            secret: None,
            in_body: false,
            key: None,
            scope: String::new(),
            resource: None,
            parameters: Vec::new(),
            assertion_audience: None,
            http: None,
            clock: Clock::system(),
            jitter: Box::new(random),
            assumed_life: ASSUMED_LIFE,
            patience: PATIENCE,
            in_the_clear: false,
        }
    }

    /// The name of the client at the server (`client_id`).
    pub fn client(mut self, id: impl Into<String>) -> Self {
        self.client = id.into();
        self
    }

    /// Its secret. It goes by Basic (RFC 6749 §2.3.1), or in the body of the request when the server takes it there alone.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(Kept::Here(secret.into()));
        self
    }

    /// The file that has its secret. It is read each time a token is fetched, so that another secret counts without a restart; white space at
    /// its end is left out.
    pub fn secret_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.secret = Some(Kept::In(path.into()));
        self
    }

    /// Sends the secret in the body (`client_secret_post`), whatever the server says it takes.
    pub fn secret_in_body(mut self) -> Self {
        self.in_body = true;
        self
    }

    /// Its private key, with which it signs who it is (`private_key_jwt`, RFC 7523). It goes before a secret, which is used then only with a
    /// server that does not list this method or no algorithm of the key.
    pub fn private_key(mut self, key: PrivateKey) -> Self {
        self.key = Some(key);
        self
    }

    /// For whom its assertions are (`aud`, RFC 7523 §3): the issuer when you name none, or the token endpoint when that was given.
    pub fn assertion_audience(mut self, audience: impl Into<String>) -> Self {
        self.assertion_audience = Some(audience.into());
        self
    }

    /// The scopes that are wanted, separated by spaces: what the server gives to the client when you name none.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// The API that the tokens are for (`resource`, RFC 8707).
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// A further field of the request, such as the `audience` that some servers want instead of `resource`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// What sends the requests: [`Reqwest`](crate::Reqwest) when you bring nothing.
    pub fn http(mut self, http: impl Http) -> Self {
        self.http = Some(Arc::new(http));
        self
    }

    /// The life that a token is believed to have when the server does not say it, from one second on: five minutes when you name none.
    pub fn assumed_life(mut self, life: Duration) -> Self {
        self.assumed_life = life;
        self
    }

    /// How long fetching a token may take, finding the endpoint included: ten seconds when you name none.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends tokens to APIs on other machines over plain http as well, where something below encrypts (a service mesh). Secrets of the client
    /// never go that way.
    pub fn in_the_clear(mut self) -> Self {
        self.in_the_clear = true;
        self
    }

    /// Another clock than the system's: for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What spreads the pauses after failures, a number from 0 to 1 for each: for tests. Random unless you bring one.
    pub fn jitter(mut self, jitter: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.jitter = Box::new(jitter);
        self
    }

    /// The source. Nobody is asked for anything yet.
    ///
    /// # Errors
    /// When something is missing or contradicts, or an address is neither `https` nor on this machine.
    pub fn build(self) -> Result<TokenSource, BuildError> {
        let refuse = |why: &str| Err(BuildError::new(why));
        if self.client.is_empty() {
            return refuse("name the client");
        }
        if self.secret.is_none() && self.key.is_none() {
            return refuse("give the client's secret or its private key");
        }
        if self.assumed_life < Duration::from_secs(1) {
            return refuse("a token lives for a second at least");
        }
        if let Some((name, _)) = self.parameters.iter().find(|(name, _)| OUR_FIELDS.contains(&name.as_str())) {
            return Err(BuildError::new(format!("the field {name} cannot be set by hand")));
        }
        let place = match self.place {
            Told::Endpoint(endpoint) => {
                let endpoint = address::checked(&endpoint).ok_or_else(|| BuildError::address(&endpoint))?;
                Place::Given(Metadata::given(endpoint))
            }
            Told::Issuer(issuer) => {
                address::of_metadata(&issuer).ok_or_else(|| BuildError::address(&issuer))?;
                Place::Discovered { issuer, known: Mutex::default() }
            }
        };
        let http = sender(self.http)?;
        let in_body = self.in_body;
        let client = Client {
            id: self.client,
            credentials: Credentials { secret: self.secret.map(|kept| Secret { kept, in_body }), key: self.key },
            place,
            http,
            clock: self.clock,
            jitter: self.jitter,
            parameters: self.parameters,
            assertion_audience: self.assertion_audience,
            assumed_life: self.assumed_life,
            patience: self.patience,
            in_the_clear: self.in_the_clear,
        };
        Ok(TokenSource::of(client, Wanted::new(&self.scope, self.resource)))
    }
}

impl fmt::Debug for TokenSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TokenSourceBuilder");
        shown.field("place", &self.place).field("client", &self.client);
        shown.field("scope", &self.scope).field("resource", &self.resource).finish_non_exhaustive()
    }
}

/// From 0 to 1, each part as likely as any other.
fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness all services come back at once, which is bad and not wrong.
    let _ = rand::fill(&mut bytes);
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}
