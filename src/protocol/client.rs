//! A client: an application registered with us, and what its type allows it (RFC 6749 §2.1, RFC 8252, RFC 9700 §2).

use std::collections::BTreeSet;

use super::algorithm::AlgorithmChoice;
use super::client_metadata::ClientMetadata;
use super::client_secrets::ClientSecrets;
use super::grant_type::GrantType;
use super::named::named;
use super::pkce::PkceMode;
use super::scope::ScopeSet;
use crate::clock::Timestamp;

/// What kind of application it is: fixes its redirect URIs and whether it can keep a secret, and presets what it may do.
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

/// How a client authenticates at the token endpoint (OpenID Connect Core §9), as it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// With its secret in either of the two ways that follow, one per request: stock clients disagree. A name of our own.
    ClientSecret,
    /// HTTP Basic (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// In the form body (RFC 6749 §2.3.1).
    ClientSecretPost,
    /// Not at all: a public client.
    None,
}

named!(ClientType { Web = "web", Spa = "spa", Native = "native", Service = "service" });
named!(AuthMethod { ClientSecret = "client_secret", ClientSecretBasic = "client_secret_basic", ClientSecretPost = "client_secret_post", None = "none" });

impl AuthMethod {
    /// Those that a request can use, by the names that RFC 7591 §2 registers.
    pub const OF_REQUESTS: &[Self] = &[Self::ClientSecretBasic, Self::ClientSecretPost, Self::None];

    /// Whether a request that uses `presented` will do.
    pub const fn takes(self, presented: Self) -> bool {
        match self {
            Self::ClientSecret => matches!(presented, Self::ClientSecretBasic | Self::ClientSecretPost),
            Self::ClientSecretBasic => matches!(presented, Self::ClientSecretBasic),
            Self::ClientSecretPost => matches!(presented, Self::ClientSecretPost),
            Self::None => matches!(presented, Self::None),
        }
    }
}

impl ClientType {
    /// Whether people can sign in to it.
    pub const fn has_users(self) -> bool {
        !matches!(self, Self::Service)
    }

    /// The grant types that it may use when none are named.
    pub fn default_grant_types(self) -> BTreeSet<GrantType> {
        if self.has_users() {
            [GrantType::AuthorizationCode, GrantType::RefreshToken].into()
        } else {
            [GrantType::ClientCredentials].into()
        }
    }

    /// The scopes that it may ask for when none are named.
    pub fn default_scopes(self) -> ScopeSet {
        let own = ["openid", "profile", "email", "offline_access"];
        own.into_iter().filter(|_| self.has_users()).collect()
    }

    /// Whether what it was granted ends with the sign-in that it came from.
    pub const fn is_bound_to_sign_in(self) -> bool {
        matches!(self, Self::Spa)
    }

    /// The authentication method when none is named.
    pub const fn default_auth_method(self) -> AuthMethod {
        match self {
            Self::Web | Self::Service => AuthMethod::ClientSecret,
            Self::Spa | Self::Native => AuthMethod::None,
        }
    }

    /// What a request needs against an injected code when nothing is named. Who keeps no secret has no choice.
    pub const fn default_pkce(self) -> PkceMode {
        match self {
            Self::Web => PkceMode::Nonce,
            Self::Spa | Self::Native | Self::Service => PkceMode::Required,
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

/// What can be changed of a registered client: by the names that it has in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientField {
    /// [`Client::client_type`].
    Type,
    /// [`Client::auth_method`], with [`Client::secrets`].
    AuthMethod,
    /// [`Client::name`].
    Name,
    /// [`Client::grant_types`].
    GrantTypes,
    /// [`Client::redirect_uris`].
    RedirectUris,
    /// [`ClientMetadata::post_logout_redirect_uris`].
    PostLogoutRedirectUris,
    /// [`Client::scopes`].
    Scope,
    /// [`Client::resources`].
    Resources,
    /// [`Client::pkce`].
    Pkce,
    /// [`Client::first_party`].
    FirstParty,
    /// [`ClientMetadata::policy_uri`].
    PolicyUri,
    /// [`ClientMetadata::tos_uri`].
    TosUri,
    /// [`Client::backchannel_logout_uri`].
    BackchannelLogoutUri,
    /// [`ClientMetadata::allowed_origins`].
    AllowedOrigins,
    /// [`Client::id_token_algorithm`].
    IdTokenAlg,
    /// [`ClientMetadata::on_reuse`].
    OnReuse,
    /// [`ClientMetadata::id_token_claims`].
    IdTokenClaims,
    /// [`ClientMetadata::roles`].
    Roles,
    /// [`ClientMetadata::acr`].
    Acr,
}

named!(ClientField {
    Type = "type",
    AuthMethod = "auth_method",
    Name = "name",
    GrantTypes = "grant_types",
    RedirectUris = "redirect_uris",
    PostLogoutRedirectUris = "post_logout_redirect_uris",
    Scope = "scope",
    Resources = "resources",
    Pkce = "pkce",
    FirstParty = "first_party",
    PolicyUri = "policy_uri",
    TosUri = "tos_uri",
    BackchannelLogoutUri = "backchannel_logout_uri",
    AllowedOrigins = "allowed_origins",
    IdTokenAlg = "id_token_alg",
    OnReuse = "on_reuse",
    IdTokenClaims = "id_token_claims",
    Roles = "roles",
    Acr = "acr",
});

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// 22 random characters; public.
    pub client_id: String,
    /// Its kind.
    pub client_type: ClientType,
    /// Shown to people; any text, at most 200 characters.
    pub name: String,
    /// Its secrets; none of a public client.
    pub secrets: ClientSecrets,
    /// How it authenticates.
    pub auth_method: AuthMethod,
    /// How it may get tokens.
    pub grant_types: BTreeSet<GrantType>,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// The scopes that it may ask for.
    pub scopes: ScopeSet,
    /// The resources that it may ask for; none listed means every registered one.
    pub resources: Vec<String>,
    /// Whether a request needs PKCE; a public client's always does.
    pub pkce: PkceMode,
    /// Ours: people are not asked to consent.
    pub first_party: bool,
    /// Where it is told that a sign-in has ended (OpenID Connect Back-Channel Logout §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// What its ID tokens are signed with.
    pub id_token_algorithm: AlgorithmChoice,
    /// What is seldom read.
    pub metadata: ClientMetadata,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was switched off, if it was.
    pub disabled_at: Option<Timestamp>,
    /// How often it was switched off: its access tokens from before the last time have ended.
    pub era: i64,
}

impl Client {
    /// A client of the type with all that the type presets: no name, no secret and no redirect URI yet.
    pub fn new(client_id: String, client_type: ClientType, created_at: Timestamp) -> Self {
        Self {
            client_id,
            client_type,
            name: String::new(),
            secrets: ClientSecrets::NONE,
            auth_method: client_type.default_auth_method(),
            grant_types: client_type.default_grant_types(),
            redirect_uris: Vec::new(),
            scopes: client_type.default_scopes(),
            resources: Vec::new(),
            pkce: client_type.default_pkce(),
            first_party: false,
            backchannel_logout_uri: None,
            id_token_algorithm: AlgorithmChoice::default(),
            metadata: ClientMetadata::default(),
            created_at,
            disabled_at: None,
            era: 0,
        }
    }

    /// Whether it may get tokens so.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether it may ask for tokens for this registered resource.
    pub fn may_name(&self, resource: &str) -> bool {
        self.resources.is_empty() || self.resources.iter().any(|allowed| allowed == resource)
    }

    /// Whether people sign in to it: it may use a grant type that needs them.
    pub fn has_users(&self) -> bool {
        self.grant_types.iter().any(|grant_type| grant_type.needs_person())
    }

    /// Whether it may be used.
    pub const fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }
}
