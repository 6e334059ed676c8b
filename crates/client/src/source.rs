//! Tokens for a service that calls APIs (client credentials, RFC 6749 §4.4), which then never thinks about them.
//!
//! A source keeps a token for each pair of scopes and resource. Whoever asks gets the one that is there, for the price of one atomic pointer.
//! What happens around that:
//!
//! - A thousand callers without a token make one request.
//! - At 80 % of its life a token is renewed, once, while everybody goes on with it. Nobody waits.
//! - A token that cannot be renewed serves on to its end. After a failure nobody asks for a while, from half a second up to a minute, longer
//!   when the server asks for that; whoever needs a token meanwhile and has none gets the last error at once.
//! - When an API answers 401, the token is dropped and the request sent once more with another. That happens at most every ten seconds; when
//!   no other token can be had, the dropped one serves on.
//! - Time is what the date and the monotonic clock say, whichever says more.
//! - Nobody renews while nobody asks, and nothing runs in the background but the one request.

mod answer;
mod authentication;
mod builder;
mod client;
mod error;
mod key;
#[cfg(feature = "tower")]
mod layer;
mod metadata;
mod pace;
#[cfg(feature = "reqwest")]
mod request;
mod slot;
mod token;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use builder::TokenSourceBuilder;
pub use error::{CallError, Refusal, SourceError};
pub use key::PrivateKey;
#[cfg(feature = "tower")]
pub use layer::{BearerLayer, WithBearer};
#[cfg(feature = "reqwest")]
pub use request::{BearerFrom, BearerRequest};
pub use token::Token;

use client::{Client, Wanted};
use slot::Slot;

/// How many pairs of scopes and resource are kept whether somebody holds their source or not.
const MOST_KEPT: usize = 1000;

/// Where a service has its tokens from. A copy is cheap and shares everything.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use doorward_client::TokenSource;
///
/// let source = TokenSource::discover("https://login.example.org")
///     .client("nightly-job")
///     .secret(std::env::var("CLIENT_SECRET")?)
///     .scope("notes:read")
///     .resource("https://api.example.org")
///     .build()?;
/// let token = source.get().await?;
/// assert!(token.scopes().any(|scope| scope == "notes:read"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenSource {
    shared: Arc<Shared>,
    wanted: Wanted,
    slot: Arc<Slot>,
}

/// What all sources of one client share.
struct Shared {
    client: Arc<Client>,
    slots: Mutex<HashMap<Wanted, Arc<Slot>>>,
}

impl TokenSource {
    /// A source of tokens of an issuer, which says where it gives them (OpenID Connect Discovery §4) when the first one is needed.
    pub fn discover(issuer: impl Into<String>) -> TokenSourceBuilder {
        TokenSourceBuilder::of_issuer(issuer.into())
    }

    /// A source of tokens of a server that gives them at this address.
    pub fn at(token_endpoint: impl Into<String>) -> TokenSourceBuilder {
        TokenSourceBuilder::at(token_endpoint.into())
    }

    fn of(client: Client, wanted: Wanted) -> Self {
        let client = Arc::new(client);
        let slot = Arc::new(Slot::new(Arc::clone(&client), wanted.clone()));
        let slots = Mutex::new(HashMap::from([(wanted.clone(), Arc::clone(&slot))]));
        Self { shared: Arc::new(Shared { client, slots }), wanted, slot }
    }

    /// A token that is good for some seconds at least.
    ///
    /// It may be dropped while it waits: the request goes on for the others.
    ///
    /// # Errors
    /// When there is none and none can be had now.
    pub async fn get(&self) -> Result<Token, SourceError> {
        match self.slot.held() {
            Some(token) => Ok(token),
            None => self.slot.fetch().await,
        }
    }

    /// Tells that an API answered 401 to this token. The token is dropped, unless one was within ten seconds; whether another try with what
    /// [`TokenSource::get`] gives then may help.
    pub fn refused(&self, token: &Token) -> bool {
        self.slot.refused(token)
    }

    /// The source of tokens with these scopes, separated by spaces, for the same resource.
    pub fn with_scope(&self, scope: &str) -> Self {
        self.wanting(Wanted::new(scope, self.wanted.resource().map(str::to_owned)))
    }

    /// The source of tokens for this resource (RFC 8707), with the same scopes.
    pub fn with_resource(&self, resource: impl Into<String>) -> Self {
        self.wanting(Wanted::new(self.wanted.scope(), Some(resource.into())))
    }

    fn wanting(&self, wanted: Wanted) -> Self {
        let mut slots = self.shared.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_KEPT && !slots.contains_key(&wanted) {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        let new = || Arc::new(Slot::new(Arc::clone(&self.shared.client), wanted.clone()));
        let slot = Arc::clone(slots.entry(wanted.clone()).or_insert_with(new));
        Self { shared: Arc::clone(&self.shared), wanted, slot }
    }

    /// Whether a token may travel to this address.
    #[cfg(any(feature = "reqwest", feature = "tower"))]
    fn may_carry(&self, uri: &http::Uri) -> bool {
        self.shared.client.may_carry(uri)
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("client", &self.shared.client.id).field("wanted", &self.wanted).finish()
    }
}
