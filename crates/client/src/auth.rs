//! What asks who calls: a verifier, and what else an API takes.

use std::sync::Arc;

use http::{HeaderMap, Uri};

use crate::caller::{Asked, Caller};
use crate::claims::Claims;
use crate::clock::Clock;
use crate::credential::{self, Credential};
use crate::denied::Denied;
#[cfg(feature = "introspect")]
use crate::introspection::Introspector;
use crate::refusal::{Refusal, VerifyError};
use crate::shared_secret::SharedSecretVerifier;
use crate::verifier::Verifier;

/// Says who calls, of any request: by access tokens, by API keys, or by both. A copy shares everything.
#[derive(Clone, Debug)]
pub struct Auth {
    tokens: Option<Tokens>,
    #[cfg(feature = "introspect")]
    introspector: Option<Introspector>,
    #[cfg(feature = "api-key")]
    keys: Option<Introspector>,
    resource_metadata: Option<Arc<str>>,
}

/// What verifies tokens. One or the other: no verifier knows both keys and secrets.
#[derive(Clone, Debug)]
enum Tokens {
    Keys(Verifier),
    Secret(Arc<SharedSecretVerifier>, Clock),
    #[cfg(feature = "introspect")]
    Asked(Introspector),
}

/// What a credential says that holds.
enum Verified {
    Token(Claims),
    #[cfg(feature = "api-key")]
    Key(Claims),
}

impl From<Verifier> for Auth {
    fn from(verifier: Verifier) -> Self {
        Self::of(Some(Tokens::Keys(verifier)))
    }
}

impl From<SharedSecretVerifier> for Auth {
    fn from(verifier: SharedSecretVerifier) -> Self {
        Self::of(Some(Tokens::Secret(Arc::new(verifier), Clock::system())))
    }
}

/// Every token is asked about, and none is read here: for tokens that are no JWT.
#[cfg(feature = "introspect")]
impl From<Introspector> for Auth {
    fn from(introspector: Introspector) -> Self {
        Self::of(Some(Tokens::Asked(introspector)))
    }
}

impl Auth {
    fn of(tokens: Option<Tokens>) -> Self {
        Self {
            tokens,
            #[cfg(feature = "introspect")]
            introspector: None,
            #[cfg(feature = "api-key")]
            keys: None,
            resource_metadata: None,
        }
    }

    /// API keys alone, in `X-API-Key`: access tokens are refused.
    #[cfg(feature = "api-key")]
    pub fn api_keys(introspector: Introspector) -> Self {
        Self { keys: Some(introspector), ..Self::of(None) }
    }

    /// API keys as well, in `X-API-Key`.
    #[cfg(feature = "api-key")]
    pub fn or_api_keys(mut self, introspector: Introspector) -> Self {
        self.keys = Some(introspector);
        self
    }

    /// Also asks the issuer about each token that verifies, so that one that was revoked is refused at once, and what it allows is what it
    /// allows now.
    #[cfg(feature = "introspect")]
    pub fn and_introspect(mut self, introspector: Introspector) -> Self {
        self.introspector = Some(introspector);
        self
    }

    /// Where the metadata of this API are (RFC 9728 §5.1): challenges point there ([`ResourceMetadata::address`](crate::ResourceMetadata::address)).
    pub fn resource_metadata(mut self, address: impl AsRef<str>) -> Self {
        self.resource_metadata = Some(address.as_ref().into());
        self
    }

    /// Who calls, by the headers and the address of a request.
    ///
    /// # Errors
    /// [`Denied`], which is the answer.
    pub async fn caller(&self, headers: &HeaderMap, uri: &Uri) -> Result<Caller, Denied> {
        let asked = Asked { uri: uri.clone(), at: self.now(), resource_metadata: self.resource_metadata.clone() };
        match self.verified(headers, uri).await {
            Ok(Verified::Token(claims)) => Ok(Caller::by_token(claims, asked)),
            #[cfg(feature = "api-key")]
            Ok(Verified::Key(claims)) => Ok(Caller::by_key(claims, asked)),
            Err(error) => Err(Denied::of(error, asked)),
        }
    }

    async fn verified(&self, headers: &HeaderMap, uri: &Uri) -> Result<Verified, VerifyError> {
        match credential::of(headers, uri, self.takes_keys())? {
            Credential::Token(token) => self.by_token(token).await.map(Verified::Token),
            #[cfg(feature = "api-key")]
            Credential::Key(key) => {
                let keys = self.keys.as_ref().ok_or(Refusal::Missing)?;
                keys.introspect(key).await.map(Verified::Key)
            }
        }
    }

    async fn by_token(&self, token: &str) -> Result<Claims, VerifyError> {
        let claims = match self.tokens.as_ref().ok_or(Refusal::Missing)? {
            Tokens::Keys(verifier) => verifier.verify(token).await?,
            Tokens::Secret(verifier, clock) => verifier.verify_at(token, clock.now())?,
            #[cfg(feature = "introspect")]
            Tokens::Asked(introspector) => introspector.introspect(token).await?,
        };
        #[cfg(feature = "introspect")]
        if let Some(introspector) = &self.introspector {
            let now = introspector.introspect(token).await?;
            // Both are of one token, or something is badly wrong there.
            return if now.subject == claims.subject { Ok(now) } else { Err(Refusal::Inactive.into()) };
        }
        Ok(claims)
    }

    /// Now by the clock of what verifies, in seconds since 1970.
    fn now(&self) -> i64 {
        match &self.tokens {
            Some(Tokens::Keys(verifier)) => verifier.now(),
            Some(Tokens::Secret(_, clock)) => clock.now(),
            #[cfg(feature = "introspect")]
            Some(Tokens::Asked(introspector)) => introspector.now(),
            #[cfg(feature = "api-key")]
            None => self.keys.as_ref().map(Introspector::now).unwrap_or_default(),
            #[cfg(not(feature = "api-key"))]
            None => 0,
        }
    }

    fn takes_keys(&self) -> bool {
        #[cfg(feature = "api-key")]
        return self.keys.is_some();
        #[cfg(not(feature = "api-key"))]
        false
    }
}
