//! A person at a provider, and what each of their ways must come to.

use serde_json::Value;

use super::party::{Party, Tokens, names, userinfo};
use super::person::{Callback, End, Mode, Person};
use super::provider::Provider;

pub const STATE: &str = "a state of no meaning";
pub const NONCE: &str = "a nonce of no meaning";

/// One person at one provider.
pub struct Bench {
    pub provider: Provider,
    pub person: Person,
    pub mode: Mode,
}

impl Bench {
    pub async fn start(mode: Mode) -> Self {
        Self { provider: Provider::start().await, person: Person::default(), mode }
    }

    pub async fn with_clock(mode: Mode) -> Self {
        Self { provider: Provider::with_clock().await, person: Person::default(), mode }
    }

    pub fn client(&self) -> Party {
        self.provider.client.clone()
    }

    pub async fn ask(&mut self, party: &Party, changes: &[(&str, &str)]) -> End {
        self.person.ask(&self.provider, party, self.mode, changes).await
    }

    /// An authorization that must succeed; its callback.
    pub async fn code(&mut self, party: &Party, changes: &[(&str, &str)]) -> Callback {
        let callback = self.ask(party, changes).await.callback();
        assert!(!callback.contains_key("error"), "{callback:?}");
        assert_eq!(callback["state"], given(changes, "state").unwrap_or(STATE));
        if let Some(iss) = callback.get("iss") {
            assert_eq!(*iss, self.provider.issuer);
        }
        callback
    }

    /// An authorization that must succeed; its tokens, verified.
    pub async fn enter(&mut self, party: &Party, changes: &[(&str, &str)]) -> Tokens {
        let callback = self.code(party, changes).await;
        let tokens = party.tokens(&self.provider, &callback, &[]).await;
        assert_eq!(
            tokens.claims.get("nonce").and_then(Value::as_str),
            Some(given(changes, "nonce").unwrap_or(NONCE)).filter(|n| !n.is_empty())
        );
        tokens
    }

    /// An authorization that must fail with one of these errors.
    pub async fn refused(&mut self, party: &Party, changes: &[(&str, &str)], errors: &[&str]) -> Callback {
        let callback = self.ask(party, changes).await.callback();
        assert!(errors.contains(&callback["error"].as_str()), "{callback:?}");
        assert!(!callback.contains_key("code"));
        callback
    }

    /// An authorization that must succeed, with nothing but one parameter more.
    pub async fn enter_with(mode: Mode, name: &str, value: &str) -> Tokens {
        let mut bench = Self::start(mode).await;
        bench.enter(&bench.client(), &[(name, value)]).await
    }

    /// Userinfo for these scopes must give exactly the claims of them.
    pub async fn scope(mode: Mode, scope: &str, expected: &[&str]) {
        let mut bench = Self::start(mode).await;
        let supported = bench.provider.metadata["scopes_supported"].clone();
        assert!(scope.split(' ').all(|one| supported.as_array().unwrap().contains(&one.into())), "{supported}");
        let tokens = bench.enter(&bench.client(), &[("scope", scope)]).await;
        let told = userinfo(&bench.provider, &tokens.access_token).await;
        for claim in expected.iter().chain(&["sub"]) {
            assert!(told.get(claim).is_some(), "{claim} is missing: {told}");
        }
        assert_eq!(names(&told).len(), expected.len() + 1, "more than was asked for: {told}");
        assert_eq!(told["sub"], tokens.claims["sub"]);
        assert!(told.get("email_verified").is_none_or(Value::is_boolean));
        assert!(told.get("phone_number_verified").is_none_or(Value::is_boolean));
        assert!(told.get("address").is_none_or(Value::is_object));
    }
}

fn given<'a>(changes: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    changes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}
