//! Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1), and who wants which.
//!
//! ID tokens use their client's algorithm, access tokens their resource's, and what names none uses the default of the settings. A
//! key for an algorithm that was not used so far is published before it signs; until then the former algorithm serves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// EdDSA on Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Every one, the most widely understood first.
    pub const ALL: &'static [Self] = &[Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name in JWS headers, in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl FromStr for Algorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == text);
        found.ok_or_else(|| format!("'{}' must be RS256, ES256 or EdDSA", text.escape_debug()))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a client or a resource wants signed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlgorithmChoice {
    /// The algorithm; `None` for the default of the settings.
    pub wanted: Option<Algorithm>,
    /// The one wanted before, which serves until a key for the wanted one signs.
    pub former: Option<Algorithm>,
}

impl AlgorithmChoice {
    /// Wants another algorithm from now on.
    #[must_use]
    pub fn changed_to(self, wanted: Option<Algorithm>) -> Self {
        if wanted == self.wanted { self } else { Self { wanted, former: self.wanted } }
    }

    /// The algorithms to try, best first. The first of which a key has begun to sign is used.
    pub fn preference(self, default: Algorithm) -> impl Iterator<Item = Algorithm> {
        let wanted = self.wanted.unwrap_or(default);
        [Some(wanted), self.former, Some(default)].into_iter().flatten().chain(Algorithm::ALL.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Algorithm::{EdDsa, Es256, Rs256};

    #[test]
    fn until_the_wanted_algorithm_can_be_had_the_former_serves_and_then_the_default() {
        let first = |choice: AlgorithmChoice| choice.preference(Rs256).take(3).collect::<Vec<_>>();
        let choice = AlgorithmChoice::default();
        assert_eq!(first(choice), [Rs256, Rs256, Rs256]);
        let choice = choice.changed_to(Some(EdDsa));
        assert_eq!(first(choice), [EdDsa, Rs256, Rs256]);
        let choice = choice.changed_to(Some(Es256));
        assert_eq!(first(choice), [Es256, EdDsa, Rs256]);
        assert_eq!(choice.changed_to(Some(Es256)), choice);
        assert_eq!(first(choice.changed_to(None)), [Rs256, Es256, Rs256]);
    }

    #[test]
    fn an_algorithm_is_known_by_its_name_alone() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(*algorithm));
        }
        for unknown in ["none", "HS256", "rs256", "PS256", ""] {
            assert!(unknown.parse::<Algorithm>().is_err(), "{unknown}");
        }
    }
}
