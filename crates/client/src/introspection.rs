//! Asking the issuer about a token (RFC 7662): what was revoked is refused at once, and what an API key means is known nowhere else.

mod cache;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::address;
use crate::build_error::BuildError;
use crate::claims::{Claims, Read};
use crate::clock::Clock;
use crate::discovery::{self, FetchError};
use crate::form::{Form, basic};
use crate::http::{Http, sender};
use crate::refusal::{Refusal, Unavailable, VerifyError};
use crate::rules::Rules;
use crate::strict::Strict;
use cache::Cache;

/// How long an answer is kept unless it is said otherwise.
const KEPT_FOR: Duration = Duration::from_secs(1);
/// How many answers are kept at most, of each kind.
const MOST_KEPT: usize = 10_000;
/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;
/// The longest text that is asked about, in bytes.
const LONGEST_TOKEN: usize = crate::jws::MAX_LENGTH;
/// After how long asking again makes sense.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Asks an issuer about tokens and API keys, for one API. A copy shares the answers that are kept.
///
/// An answer is kept for a second at most, under the SHA-256 of the token: for so long a token that was revoked still counts here.
#[derive(Clone)]
pub struct Introspector(Arc<Shared>);

struct Shared {
    rules: Rules,
    http: Arc<dyn Http>,
    clock: Clock,
    credentials: HeaderValue,
    endpoint: OnceCell<Uri>,
    kept: Cache,
}

/// An introspector that does not know yet for which API and as whom it asks.
#[derive(Clone, Debug)]
pub struct IntrospectorIssuer {
    issuer: String,
}

/// An introspector that does not know yet as whom it asks.
#[derive(Clone, Debug)]
pub struct IntrospectorAudience {
    rules: Rules,
}

/// An introspector in the making.
#[derive(Clone)]
pub struct IntrospectorBuilder {
    rules: Rules,
    credentials: HeaderValue,
    http: Option<Arc<dyn Http>>,
    clock: Clock,
    kept_for: Duration,
}

impl IntrospectorIssuer {
    /// The API whose tokens count: its identifier as it stands in `aud`, byte for byte.
    pub fn audience(self, audience: impl Into<String>) -> IntrospectorAudience {
        IntrospectorAudience { rules: Rules::new(self.issuer, audience) }
    }
}

impl IntrospectorAudience {
    /// The client as which it asks (`client_secret_basic`).
    pub fn client(self, id: &str, secret: &str) -> IntrospectorBuilder {
        let credentials = basic(id, secret);
        IntrospectorBuilder { rules: self.rules, credentials, http: None, clock: Clock::system(), kept_for: KEPT_FOR }
    }
}

impl IntrospectorBuilder {
    /// Sends by this; otherwise by [`Reqwest`](crate::Reqwest), if the feature is on.
    pub fn http(mut self, http: impl Http) -> Self {
        self.http = Some(Arc::new(http));
        self
    }

    /// Another clock than that of the system.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// For how long an answer is kept: zero for none, otherwise a second. What is longer than half a minute counts as that.
    pub fn keep_answers_for(mut self, duration: Duration) -> Self {
        self.kept_for = duration.min(Duration::from_secs(30));
        self
    }

    /// Tokens that are bound to a key count ([`Rules::take_key_bound`]).
    pub fn take_key_bound(mut self) -> Self {
        self.rules = self.rules.take_key_bound();
        self
    }

    /// Is ready, and asks the issuer where it introspects with the first token.
    ///
    /// # Errors
    /// When the issuer's address is neither `https` nor on this machine, or there is nothing to send by.
    pub fn build(self) -> Result<Introspector, BuildError> {
        let issuer = self.rules.issuer();
        address::of_metadata(issuer).ok_or_else(|| BuildError::address(issuer))?;
        Ok(Introspector(Arc::new(Shared {
            http: sender(self.http)?,
            rules: self.rules,
            clock: self.clock,
            credentials: self.credentials,
            endpoint: OnceCell::new(),
            kept: Cache::new(self.kept_for, MOST_KEPT),
        })))
    }
}

impl Introspector {
    /// Begins an introspector at this issuer, such as `https://login.example.org`.
    pub fn discover(issuer: impl Into<String>) -> IntrospectorIssuer {
        IntrospectorIssuer { issuer: issuer.into() }
    }

    /// What the issuer says of a token or an API key, when it holds and is for this API.
    ///
    /// # Errors
    /// [`VerifyError::Refused`]; [`VerifyError::Unavailable`] when the issuer does not answer, or does not know who asks.
    pub async fn introspect(&self, token: &str) -> Result<Claims, VerifyError> {
        if token.len() > LONGEST_TOKEN {
            return Err(Refusal::TooLong.into());
        }
        let shared = &*self.0;
        if let Some(kept) = shared.kept.get(token, shared.clock.steady()) {
            return Ok(self.checked(kept)?);
        }
        let asked = shared.clock.steady();
        let answer = shared.ask(token).await.map_err(|error| {
            tracing::warn!(issuer = shared.rules.issuer(), %error, "the issuer cannot be asked about a token");
            Unavailable { retry_after: RETRY_AFTER }
        })?;
        shared.kept.keep(token, answer.clone(), asked);
        Ok(self.checked(answer)?)
    }

    /// Now by its clock, in seconds since 1970.
    #[cfg(feature = "tower")]
    pub(crate) fn now(&self) -> i64 {
        self.0.clock.now()
    }

    fn checked(&self, answer: Option<Arc<Claims>>) -> Result<Claims, Refusal> {
        let claims = answer.ok_or(Refusal::Inactive)?;
        self.0.rules.check_claims(&claims, self.0.clock.now())?;
        Ok(Arc::unwrap_or_clone(claims))
    }
}

impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Introspector").field(&self.0.rules).finish()
    }
}

impl Shared {
    /// The claims of a token that is active. In words, why there is no answer.
    async fn ask(&self, token: &str) -> Result<Option<Arc<Claims>>, String> {
        let endpoint = self.endpoint.get_or_try_init(|| self.find()).await?;
        let mut form = Form::default();
        form.add("token", token);
        let request = Request::post(endpoint)
            .header(header::AUTHORIZATION, &self.credentials)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form.into_text()))
            .map_err(|error| error.to_string())?;
        let answer = self.http.send(request).await.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the answer is {}", answer.status()));
        }
        if answer.body().len() > LONGEST {
            return Err("the answer is too long".to_owned());
        }
        let Ok(Strict(Value::Object(members))) = serde_json::from_slice(answer.body()) else {
            return Err("the answer is no JSON object".to_owned());
        };
        self.read(members)
    }

    async fn find(&self) -> Result<Uri, String> {
        #[derive(Deserialize)]
        struct Metadata {
            introspection_endpoint: Option<String>,
        }
        let issuer = self.rules.issuer();
        let words = |error: FetchError| error.to_string();
        let metadata: Metadata = discovery::metadata(&self.http, issuer).await.map_err(words)?;
        let named = metadata.introspection_endpoint.ok_or("the issuer does not introspect")?;
        discovery::pointed_to(issuer, &named).map_err(words)
    }

    /// Reads an answer. What a token must say and an answer need not (RFC 7662 §2.2) is filled in: the issuer that was asked, and that it holds now.
    fn read(&self, mut members: Map<String, Value>) -> Result<Option<Arc<Claims>>, String> {
        match members.remove("active") {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Ok(None),
            _ => return Err("the answer does not say whether the token is active".to_owned()),
        }
        let now = self.clock.now();
        let client = members.get("client_id").cloned();
        let mut fill = |name: &str, value: Option<Value>| {
            if let (false, Some(value)) = (members.contains_key(name), value) {
                members.insert(name.to_owned(), value);
            }
        };
        fill("iss", Some(self.rules.issuer().into()));
        fill("sub", client);
        fill("iat", Some(now.into()));
        fill("exp", Some((now + 60).into()));
        let read = Read::deserialize(Value::Object(members)).map_err(|_| "the answer has claims of a wrong kind")?;
        Ok(Some(Arc::new(read.claims)))
    }
}
