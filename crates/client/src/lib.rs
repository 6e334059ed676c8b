//! The other half of every token: an API that checks tokens, and a service that gets them. For any OpenID provider, and best with Doorward.
//!
//! # An API
//!
//! Whoever calls shows a token of the issuer for this API, or is told what is wrong with it; the handler knows who it is.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use doorward_client::{Caller, RequireAuth, RequireScope, Verifier};
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::discover("https://login.example.org").audience("https://api.example.org").build().await?;
//! let api: Router = Router::new()
//!     .route("/notes", get(|caller: Caller| async move { format!("the notes of {}", caller.subject()) }))
//!     .layer(RequireScope::new("notes:read"))
//!     .layer(RequireAuth::new(verifier));
//! # Ok(()) }
//! ```
//!
//! # A service
//!
//! It has a token whenever it needs one, and its calls have one each (features `token-source` and `reqwest`).
//!
//! ```no_run
//! use doorward_client::TokenSource;
//! use doorward_client::source::BearerFrom;
//!
//! # async fn call(secret: String, api: reqwest::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let source = TokenSource::discover("https://login.example.org")
//!     .client("nightly-job")
//!     .secret(secret)
//!     .scope("notes:read")
//!     .build()?;
//! let answer = api.get("https://api.example.org/notes").bearer_from(&source).send().await?;
//! # Ok(()) }
//! ```
//!
//! # The tests of an API
//!
//! An issuer in process takes the place of the server: `testing::Issuer` (feature `testing`).
//!
//! # Where the rules are
//!
//! | what | where |
//! | --- | --- |
//! | what a token is, before any key is looked at | [`jws`] |
//! | which keys there are, and what each verifies | [`KeySet`], [`PublicKey`] |
//! | what a token must say | [`Rules`], [`Times`] |
//! | the same under a secret | [`SharedSecretVerifier`] |
//! | when keys are read anew | [`Verifier`] |
//! | tokens for a service | `source` (feature `token-source`) |
//! | why something is refused | [`Refusal`], and `Denied` for the answer (feature `tower`) |
//!
//! All but the verifier is pure: the time is an argument, and nothing is asked of anybody.
//!
//! Tokens that are bound to a key (`cnf`) are refused, for a bearer shows nothing of it: [`VerifierBuilder::take_key_bound`].
#![forbid(unsafe_code)]

#[cfg(any(feature = "verify", feature = "token-source"))]
mod address;
mod algorithm;
#[cfg(feature = "tower")]
mod auth;
#[cfg(any(feature = "verify", feature = "token-source"))]
mod build_error;
#[cfg(feature = "tower")]
mod caller;
mod claims;
#[cfg(any(feature = "verify", feature = "token-source"))]
mod clock;
#[cfg(feature = "tower")]
mod credential;
#[cfg(feature = "tower")]
mod denied;
#[cfg(any(feature = "verify", feature = "token-source"))]
mod discovery;
#[cfg(feature = "axum")]
mod extract;
#[cfg(any(feature = "introspect", feature = "token-source"))]
mod form;
pub mod http;
#[cfg(feature = "introspect")]
mod introspection;
pub mod jws;
mod key_set;
#[cfg(feature = "tower")]
mod layers;
#[cfg(feature = "tower")]
mod need;
mod public_key;
mod refusal;
#[cfg(feature = "tower")]
mod resource_metadata;
mod rules;
mod shared_secret;
#[cfg(feature = "token-source")]
pub mod source;
mod strict;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "verify")]
mod verifier;

pub use algorithm::Algorithm;
#[cfg(feature = "tower")]
pub use auth::Auth;
#[cfg(any(feature = "verify", feature = "token-source"))]
pub use build_error::BuildError;
#[cfg(feature = "tower")]
pub use caller::{Caller, CallerKind};
pub use claims::{Actor, Claims, Confirmation};
#[cfg(any(feature = "verify", feature = "token-source"))]
pub use clock::Clock;
#[cfg(feature = "tower")]
pub use denied::{Denied, Reason};
#[cfg(feature = "axum")]
pub use extract::{Allowed, Bearer, Needs};
#[cfg(feature = "reqwest")]
pub use http::Reqwest;
pub use http::{Http, HttpError};
#[cfg(feature = "introspect")]
pub use introspection::{Introspector, IntrospectorAudience, IntrospectorBuilder, IntrospectorIssuer};
pub use jws::insecure_claims_without_any_verification;
pub use key_set::{KeySet, NotAKeySet};
#[cfg(feature = "tower")]
pub use layers::{Answering, Authenticated, Guarded, RequireAuth};
#[cfg(feature = "tower")]
pub use layers::{RequireAcr, RequireAll, RequireAny, RequireFresh, RequireRole, RequireScope};
#[cfg(feature = "tower")]
pub use need::{Need, StepUp};
pub use public_key::PublicKey;
pub use refusal::{Refusal, Unavailable, VerifyError};
#[cfg(feature = "tower")]
pub use resource_metadata::{NotAnAddress, ResourceMetadata};
pub use rules::{Rules, Times, TokenType};
pub use shared_secret::{SharedSecret, SharedSecretVerifier, WeakSecret};
#[cfg(feature = "token-source")]
pub use source::TokenSource;
#[cfg(feature = "verify")]
pub use verifier::{Discovery, Verifier, VerifierBuilder};
