//! What an API's access tokens are signed with: a published key or, for an API that can do nothing else, a secret that it shares with us
//! (HS256, RFC 7518 §3.2).
//!
//! The secret is kept apart from [`Algorithm`]: whatever others verify (ID tokens, logout tokens, the key set, the metadata) knows that type
//! alone, and so cannot come to a secret.
//!
//! An algorithm is pinned to an audience (RFC 8725 §3.1): a token that a secret signed counts at the API of that secret, as long as the API
//! wants it, and a token that a published key signed counts everywhere else. Neither the header of a token nor whoever has a secret can choose.

use std::fmt;
use std::str::FromStr;

use super::algorithm::{Algorithm, AlgorithmChoice};
use super::resource::Resource;

/// An algorithm that an API may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceAlgorithm {
    /// One with a published key.
    Public(Algorithm),
    /// HMAC with SHA-256, under a secret that the API shares with us.
    Hs256,
}

/// The name of HMAC with SHA-256 in JWS headers and on the command line.
pub const HS256: &str = "HS256";

impl ResourceAlgorithm {
    /// The name in JWS headers and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public(algorithm) => algorithm.as_str(),
            Self::Hs256 => HS256,
        }
    }
}

impl FromStr for ResourceAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == HS256 {
            return Ok(Self::Hs256);
        }
        let known = text.parse().map(Self::Public);
        known.map_err(|_: String| format!("'{}' must be RS256, ES256, EdDSA or HS256", text.escape_debug()))
    }
}

impl fmt::Display for ResourceAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an API wants its access tokens signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceSigning {
    /// A published key.
    Public(AlgorithmChoice),
    /// A secret that it shares with us.
    Hs256,
}

impl Default for ResourceSigning {
    fn default() -> Self {
        Self::Public(AlgorithmChoice::default())
    }
}

impl ResourceSigning {
    /// Wants another algorithm from now on; `None` for the default of the settings. Whoever leaves a secret has no former algorithm that
    /// could serve until a key for the wanted one signs: the default does.
    #[must_use]
    pub fn changed_to(self, wanted: Option<ResourceAlgorithm>) -> Self {
        let wanted = match wanted {
            Some(ResourceAlgorithm::Hs256) => return Self::Hs256,
            Some(ResourceAlgorithm::Public(algorithm)) => Some(algorithm),
            None => None,
        };
        match self {
            Self::Public(choice) => Self::Public(choice.changed_to(wanted)),
            Self::Hs256 => Self::Public(AlgorithmChoice { wanted, former: None }),
        }
    }

    /// The algorithm; `None` for the default of the settings.
    pub fn wanted(self) -> Option<ResourceAlgorithm> {
        match self {
            Self::Public(choice) => choice.wanted.map(ResourceAlgorithm::Public),
            Self::Hs256 => Some(ResourceAlgorithm::Hs256),
        }
    }

    /// What is wanted among published keys; nothing of an API that has a secret.
    pub fn public(self) -> Option<AlgorithmChoice> {
        match self {
            Self::Public(choice) => Some(choice),
            Self::Hs256 => None,
        }
    }

    /// Whether it is a secret.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Hs256)
    }
}

/// What signed an access token that was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignedBy {
    /// A published key.
    #[default]
    Key,
    /// A secret of the one resource that the token is for.
    Secret,
}

impl SignedBy {
    /// The rule that pins an algorithm to an audience: whether a token with this signature counts at the resource. The issuer, which is not
    /// among the resources, wants a published key.
    pub fn counts_at(self, identifier: &str, resources: &[Resource]) -> bool {
        let resource = resources.iter().find(|resource| resource.identifier == identifier);
        let wants_secret = resource.is_some_and(|resource| resource.signing.is_secret());
        wants_secret == (self == Self::Secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use Algorithm::{EdDsa, Es256, Rs256};

    fn public(wanted: Option<Algorithm>, former: Option<Algorithm>) -> ResourceSigning {
        ResourceSigning::Public(AlgorithmChoice { wanted, former })
    }

    #[test]
    fn an_algorithm_is_known_by_its_name_alone() {
        for algorithm in [ResourceAlgorithm::Hs256, ResourceAlgorithm::Public(Rs256), ResourceAlgorithm::Public(EdDsa)]
        {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        for unknown in ["none", "hs256", "HS384", "HS512", "HS256 ", ""] {
            assert!(unknown.parse::<ResourceAlgorithm>().unwrap_err().contains("or HS256"), "{unknown}");
        }
    }

    #[test]
    fn who_leaves_a_secret_has_no_former_algorithm() {
        let (hs256, es256) = (Some(ResourceAlgorithm::Hs256), Some(ResourceAlgorithm::Public(Es256)));
        let plain = ResourceSigning::default();
        assert_eq!(plain.changed_to(es256), public(Some(Es256), None));
        assert_eq!(plain.changed_to(es256).changed_to(None), public(None, Some(Es256)));
        assert_eq!(public(Some(Rs256), Some(EdDsa)).changed_to(hs256), ResourceSigning::Hs256);
        assert_eq!(ResourceSigning::Hs256.changed_to(hs256), ResourceSigning::Hs256);
        assert_eq!(ResourceSigning::Hs256.changed_to(es256), public(Some(Es256), None));
        assert_eq!(ResourceSigning::Hs256.changed_to(None), public(None, None));
        assert_eq!((ResourceSigning::Hs256.wanted(), ResourceSigning::Hs256.public()), (hs256, None));
    }

    #[test]
    fn a_signature_counts_where_it_is_wanted_and_nowhere_else() {
        let api = |identifier: &str, signing| Resource {
            signing,
            ..Resource::new(identifier.to_owned(), Timestamp::from_seconds(0))
        };
        let resources =
            [api("https://mac.test", ResourceSigning::Hs256), api("https://rsa.test", public(Some(Rs256), None))];
        for (identifier, key, secret) in
            [("https://mac.test", false, true), ("https://rsa.test", true, false), ("https://issuer.test", true, false)]
        {
            assert_eq!(SignedBy::Key.counts_at(identifier, &resources), key, "{identifier}");
            assert_eq!(SignedBy::Secret.counts_at(identifier, &resources), secret, "{identifier}");
        }
    }
}
