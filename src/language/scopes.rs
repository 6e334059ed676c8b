//! What a scope means to a person. The words of the issuer's own scopes stand in the files of the languages; those of an API are the API's own, in
//! whatever language whoever registered it has written them.

use super::Language;
use crate::protocol::resource::Resource;

impl Language {
    /// What a scope means: our own words, those of the resource that owns it, or its name.
    pub fn scope(self, token: &str, resources: &[Resource]) -> String {
        if let Some(key) = key(token) {
            return self.words(key);
        }
        let owned = resources.iter().find_map(|r| r.scopes.get(token).filter(|words| !words.is_empty()).cloned());
        owned.unwrap_or_else(|| self.say("scope-use").with("scope", token).plain())
    }
}

/// The key of the words of a scope of the issuer.
fn key(token: &str) -> Option<&'static str> {
    Some(match token {
        "openid" => "scope-openid",
        "profile" => "scope-profile",
        "email" => "scope-email",
        "address" => "scope-address",
        "phone" => "scope-phone",
        "roles" => "scope-roles",
        "offline_access" => "scope-offline-access",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::scope::{self, ISSUER_SCOPES};

    #[test]
    fn every_scope_of_the_issuer_is_said_in_every_language_and_in_english_as_it_ever_was() {
        for (token, words) in ISSUER_SCOPES {
            assert_eq!(Language::default().scope(token, &[]), *words);
            assert_eq!(scope::words(token, &[]), *words);
            for language in Language::all().filter(|language| !language.is_english()) {
                assert_ne!(language.scope(token, &[]), *words, "{token} in {}", language.tag());
            }
        }
        assert_eq!(Language::default().scope("notes:read", &[]), scope::words("notes:read", &[]));
    }
}
