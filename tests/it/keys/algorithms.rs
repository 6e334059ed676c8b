//! Algorithms: per client for ID tokens, per resource for access tokens, and the wait of one that is new.

use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;
use doorward::secret::from_base64url;
use serde_json::json;

use super::judges::{bare_crate_verifies, jsonwebtoken_verifies, relying_party_takes};
use super::{WARM_UP, algorithm, api, kid};
use crate::support::{Client, Server};

async fn tokens(server: &Server, app: &Client, extra: &str) -> (String, String) {
    let code = server.browser().code(app, "ann@example.org", extra).await;
    let answer = app.redeem(&code).await.ok();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("id_token"), text("access_token"))
}

#[tokio::test]
async fn tokens_of_every_algorithm_verify_with_every_judge() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let mut apps = Vec::new();
    for algorithm in Algorithm::ALL.iter().copied() {
        server.db_api(algorithm, &[]).await;
        apps.push((algorithm, server.db_app(algorithm).await));
    }
    server.attend().await;
    server.turn(WARM_UP);
    for (wanted, app) in apps {
        let resource = format!("resource={}&scope=openid notes:read", api(wanted)).replace(' ', "%20");
        let (id_token, access_token) = tokens(&server, &app, &resource).await;
        assert_eq!(
            (algorithm(&id_token).as_str(), algorithm(&access_token).as_str()),
            (wanted.as_str(), wanted.as_str())
        );
        let jwks = server.jwks().await;
        for token in [&id_token, &access_token] {
            assert!(jsonwebtoken_verifies(token, &jwks), "{wanted}");
            assert!(bare_crate_verifies(token, &jwks), "{wanted}");
        }
        assert_eq!(relying_party_takes(&id_token, &access_token, &jwks, server.clock.now()), Ok(()), "{wanted}");
        assert!(relying_party_takes(&id_token, &id_token, &jwks, server.clock.now()).is_err(), "{wanted}");
    }
}

#[tokio::test]
async fn the_settings_say_which_algorithm_is_the_default_and_how_large_an_rsa_key_is() {
    let server = Server::with(|config| config.keys.rsa_bits = 3072).await.with_key_from(0).await;
    let service = server.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("a").unwrap()).await;
    let token = async || service.credentials(&[]).await.ok()["access_token"].as_str().unwrap().to_owned();
    server.app.signing_keys.ask(None, true, server.clock.now()).await.unwrap();
    server.turn(WARM_UP);
    server.attend().await;
    let large = token().await;
    let jwks = server.jwks().await;
    let n = jwks.iter().find(|key| key["kid"] == kid(&large)).unwrap()["n"].as_str().unwrap();
    assert_eq!(from_base64url(n).unwrap().len() * 8, 3072);
    assert!(jsonwebtoken_verifies(&large, &jwks) && bare_crate_verifies(&large, &jwks));

    let node = server.another_node_with(|config| config.keys.algorithm = Algorithm::Es256).await;
    let on_node = service.on(&node);
    let before = on_node.credentials(&[]).await.ok();
    assert_eq!(algorithm(before["access_token"].as_str().unwrap()), "RS256");
    node.attend().await;
    node.turn(WARM_UP);
    let after = on_node.credentials(&[]).await.ok();
    assert_eq!(algorithm(after["access_token"].as_str().unwrap()), "ES256");
}

#[tokio::test]
async fn our_own_endpoints_take_access_tokens_of_every_algorithm() {
    let server = Server::start().await;
    let service =
        server.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("notes:read").unwrap()).await;
    for algorithm in Algorithm::ALL.iter().copied() {
        server.db_api(algorithm, &[&service.id]).await;
    }
    server.attend().await;
    server.turn(WARM_UP);
    for wanted in Algorithm::ALL.iter().copied() {
        let answer = service.credentials(&[("resource", &api(wanted))]).await.ok();
        let token = answer["access_token"].as_str().unwrap();
        assert_eq!(algorithm(token), wanted.as_str());
        assert_eq!(service.post("/introspect", &[("token", token)]).await.ok()["active"], true, "{wanted}");
    }
}

#[tokio::test]
async fn a_new_algorithm_waits_until_every_cache_has_its_key() {
    let server = Server::with_young_key().await;
    server.db_user("ann@example.org").await;
    let app = server.db_app(Algorithm::Es256).await;
    assert_eq!(algorithm(&tokens(&server, &app, "").await.0), "RS256");
    server.attend().await;
    let published = server.jwks().await;
    assert_eq!(published.iter().map(|key| key["alg"].as_str().unwrap()).collect::<Vec<_>>(), ["RS256", "ES256"]);
    server.turn(WARM_UP - 1);
    assert_eq!(algorithm(&tokens(&server, &app, "").await.0), "RS256");
    server.turn(1);
    let (id_token, access_token) = tokens(&server, &app, "").await;
    assert_eq!((algorithm(&id_token).as_str(), algorithm(&access_token).as_str()), ("ES256", "RS256"));
    assert_eq!(relying_party_takes(&id_token, &access_token, &published, server.clock.now()), Ok(()));
}

#[tokio::test]
async fn a_client_that_changes_keeps_its_former_algorithm_meanwhile() {
    let server = Server::with_young_key().await;
    server.db_user("ann@example.org").await;
    let app = server.db_app(Algorithm::EdDsa).await;
    server.attend().await;
    server.turn(WARM_UP);
    assert_eq!(algorithm(&tokens(&server, &app, "").await.0), "EdDSA");
    server
        .db_change_client(&app.id, |client| {
            client.id_token_algorithm = client.id_token_algorithm.changed_to(Some(Algorithm::Es256));
        })
        .await;
    server.attend().await;
    assert_eq!(algorithm(&tokens(&server, &app, "").await.0), "EdDSA");
    server.turn(WARM_UP);
    assert_eq!(algorithm(&tokens(&server, &app, "").await.0), "ES256");
}

#[tokio::test]
async fn the_metadata_names_what_id_tokens_can_be_signed_with() {
    let server = Server::start().await;
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["RS256", "ES256", "EdDSA"]));
}

#[tokio::test]
async fn keys_and_metadata_may_be_kept_as_long_as_the_settings_say_and_are_known_by_their_tag() {
    let server = Server::with(|config| config.keys.jwks_max_age = 60).await;
    for path in
        ["/.well-known/jwks.json", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
    {
        let answer = server.get(path).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=60", "{path}");
        let again = axum::http::Request::get(path).header("if-none-match", answer.header("etag"));
        let again = server.send(again.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("cache-control"), "public, max-age=60", "{path}");
        assert_eq!(again.header("etag"), answer.header("etag"), "{path}");
    }
}
