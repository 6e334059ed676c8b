//! A client: an application registered with us, and what its type allows it (RFC 6749 §2.1, RFC 8252, RFC 9700 §2).

use std::fmt;
use std::str::FromStr;

use super::algorithm::AlgorithmChoice;
use super::scope::ScopeSet;
use crate::clock::Timestamp;
use crate::secret::SecretHash;

/// What kind of application it is: fixes its grants, its authentication and its redirect URIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// Runs on a server and keeps a secret.
    Web,
    /// Runs in a browser; public.
    Spa,
    /// Runs on a person's device; public.
    Native,
    /// Acts for itself with client credentials; no person is there.
    Service,
}

/// How a client authenticates at the token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// HTTP Basic (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// In the form body (RFC 6749 §2.3.1).
    ClientSecretPost,
    /// Not at all: a public client.
    None,
}

/// The name of a value of the given kind is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName;

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// Every value, in the order of its definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire, in the database and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(UnknownName)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named!(ClientType { Web = "web", Spa = "spa", Native = "native", Service = "service" });
named!(AuthMethod { ClientSecretBasic = "client_secret_basic", ClientSecretPost = "client_secret_post", None = "none" });

impl ClientType {
    /// Whether people sign in to it: it uses the authorization code flow.
    pub const fn has_users(self) -> bool {
        !matches!(self, Self::Service)
    }

    /// Whether what it was granted ends with the sign-in that it came from.
    pub const fn is_bound_to_sign_in(self) -> bool {
        matches!(self, Self::Spa)
    }

    /// The authentication method when none is named.
    pub const fn default_auth_method(self) -> AuthMethod {
        match self {
            Self::Web | Self::Service => AuthMethod::ClientSecretBasic,
            Self::Spa | Self::Native => AuthMethod::None,
        }
    }

    /// Whether the method suits the type: who can keep a secret must, who cannot must not pretend to.
    pub const fn allows(self, method: AuthMethod) -> bool {
        let public = matches!(method, AuthMethod::None);
        match self {
            Self::Web => true,
            Self::Service => !public,
            Self::Spa | Self::Native => public,
        }
    }
}

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// 22 random characters; public.
    pub client_id: String,
    /// Its kind.
    pub client_type: ClientType,
    /// Shown to people; any text, at most 200 characters.
    pub name: String,
    /// The hash of its secret; `None` for a public client.
    pub secret_hash: Option<SecretHash>,
    /// The one way in which it authenticates.
    pub auth_method: AuthMethod,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// The scopes that it may ask for.
    pub scopes: ScopeSet,
    /// The resources that it may ask for; none listed means every registered one.
    pub resources: Vec<String>,
    /// Whether PKCE is required; always true for public clients.
    pub pkce_required: bool,
    /// Ours: people are not asked to consent.
    pub first_party: bool,
    /// Its privacy policy, for people to read before they sign in.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Where it is told that a sign-in has ended (OpenID Connect Back-Channel Logout §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// What its ID tokens are signed with.
    pub id_token_algorithm: AlgorithmChoice,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was switched off, if it was.
    pub disabled_at: Option<Timestamp>,
}

impl Client {
    /// Whether it may be used.
    pub const fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }
}
