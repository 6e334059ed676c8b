//! The secret of an API whose tokens are signed with one: what whoever has it can do elsewhere.

use doorward::protocol::audit::Act;
use doorward::protocol::edit::Edit;
use doorward::protocol::resource_signing::ResourceAlgorithm;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{NewResource, ResourceChange};
use doorward::secret::from_base64url;
use serde_json::{Value, json};

use super::{Given, given};
use crate::support::{canaries, forge};

const ONE: &str = "https://one.test";
const TWO: &str = "https://two.test";

/// Registers an API with a secret; its name and bytes.
async fn api(given: &Given, identifier: &str) -> (String, Vec<u8>) {
    let details = ResourceChange {
        name: Some("Legacy".to_owned()),
        scopes: Some([(format!("{}:read", &identifier[8..11]), String::new())].into()),
        introspectors: Some(vec![given.client.id.clone()]),
        signing_algorithm: Edit::Set(ResourceAlgorithm::Hs256),
        ..ResourceChange::default()
    };
    let (new, act) =
        (NewResource { identifier: identifier.to_owned(), details }, Act::of_operator(given.server.clock.now()));
    let secret = given.server.registry().create_resource(new, &act).await.unwrap().view.secret.unwrap();
    canaries::secret(secret.secret.expose());
    given.server.poll().await;
    (secret.kid, from_base64url(secret.secret.expose()).unwrap())
}

/// Class: what confuses a key with a secret. The secret of one API signs for userinfo, for an API and userinfo, for another API, as an ID token, under the
/// name of a published key or of another secret, under other names of the algorithm; the published key signs under the secret's name or for its
/// API; and the writings of the public key are tried as the secret under its name: no door takes any of it.
#[tokio::test]
async fn c16_a_shared_secret_is_good_for_its_own_api_alone() {
    let given = given().await;
    let (server, issuer) = (&given.server, "http://localhost:8000");
    let ((kid, secret), (other_kid, other)) = (api(&given, ONE).await, api(&given, TWO).await);
    let scopes = ScopeSet::parse("openid email one:read two:read").unwrap();
    server.db_change_client(&given.client.id, |client| client.scopes = scopes).await;
    // Whoever revokes a forged token revokes what it names.
    let aud = |aud: Value| {
        let mut claims = given.claims.clone();
        (claims["aud"], claims["jti"]) = (aud, json!("forged"));
        claims.to_string()
    };
    let header = |alg: &str, typ: &str, kid: &str| json!({ "alg": alg, "typ": typ, "kid": kid }).to_string();
    let rsa = forge::kid(server);

    for audience in
        [json!(issuer), json!([ONE, issuer]), json!([issuer, ONE]), json!([ONE, TWO]), json!(TWO), json!([])]
    {
        for typ in ["at+jwt", "JWT", "logout+jwt"] {
            let token = forge::signed_with_hmac(&header("HS256", typ, &kid), &aud(audience.clone()), &secret);
            given.refuses(&token).await;
        }
    }
    // As an ID token: a hint of who is there.
    let claims = crate::support::unverified_claims(&given.id_token).to_string();
    given.refuses(&forge::signed_with_hmac(&header("HS256", "JWT", &kid), &claims, &secret)).await;
    // Under another name than its own.
    for (alg, named, key) in [
        ("HS256", &other_kid, &secret),
        ("HS256", &kid, &other),
        ("HS256", &rsa, &secret),
        ("RS256", &kid, &secret),
        ("RS256", &rsa, &secret),
        ("none", &kid, &secret),
        ("HS384", &kid, &secret),
        ("HS512", &kid, &secret),
        ("hs256", &kid, &secret),
    ] {
        for audience in [json!(ONE), json!(TWO), json!(issuer)] {
            given.refuses(&forge::signed_with_hmac(&header(alg, "at+jwt", named), &aud(audience), key)).await;
        }
    }
    // The published key, for the API of a secret or under its name.
    for (alg, named) in [("RS256", &rsa), ("RS256", &kid), ("HS256", &kid), ("HS256", &rsa)] {
        given.refuses(&forge::signed_by(server, &header(alg, "at+jwt", named), &aud(json!(ONE)))).await;
    }
    let jwk = server.get("/.well-known/jwks.json").await.ok()["keys"][0].clone();
    for writing in forge::writings_of_public_key(&jwk) {
        given.refuses(&forge::signed_with_hmac(&header("HS256", "at+jwt", &kid), &aud(json!(ONE)), &writing)).await;
    }
    // A tag that was cut, and none.
    let whole = forge::signed_with_hmac(&header("HS256", "at+jwt", &kid), &aud(json!(ONE)), &secret);
    let (start, tag) = whole.rsplit_once('.').unwrap();
    for length in [0, 1, 16, 31] {
        let tag = &from_base64url(tag).unwrap()[..length];
        given.refuses(&format!("{start}.{}", doorward::secret::base64url(tag))).await;
    }
    // What is told of the secret: its name, in the header of its tokens.
    let set = server.get("/.well-known/jwks.json").await.text();
    assert!(!set.contains(&kid) && !set.contains("oct"));
    given.still_holds().await;
}
