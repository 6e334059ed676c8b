//! Which tokens a secret signs, who takes them, and what they are worth.

use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::api_key::TOKEN_TYPE;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::resource::AccessTokenType;
use doorward::protocol::resource_signing::ResourceAlgorithm;
use doorward::protocol::token_exchange::GRANT_TYPE;
use doorward::registry::{KeyOwner, NewKey};
use serde_json::{Value, json};

use super::{ANN, API, ISSUER, access_token, act, header, legacy, refreshed, sign_with};
use crate::support::{canaries, forge, unverified_claims};

const HS256: Option<ResourceAlgorithm> = Some(ResourceAlgorithm::Hs256);
const RS256: Option<ResourceAlgorithm> = Some(ResourceAlgorithm::Public(Algorithm::Rs256));
/// A request of the app for everything.
const ALL: &str = "scope=openid+email+offline_access+notes:read";

#[tokio::test]
async fn a_service_gets_a_token_that_the_shared_secret_verifies() {
    let legacy = legacy().await;
    let token = legacy.token().await;
    assert_eq!(header(&token), json!({ "alg": "HS256", "typ": "at+jwt", "kid": legacy.secret.kid }));
    assert!(legacy.secret.kid.starts_with("hs256-"));
    assert!(legacy.secret.verifies(&token));
    let other = super::Shared { kid: String::new(), bytes: vec![7; 32] };
    assert!(!other.verifies(&token));
    let known = legacy.introspect_at(&legacy.server, &token).await;
    let of = |name: &str| known[name].clone();
    assert_eq!((of("active"), of("aud"), of("scope")), (json!(true), json!(API), json!("notes:read")));
    assert_eq!((of("sub"), of("client_id")), (json!(legacy.service.id), json!(legacy.service.id)));
    assert_eq!(legacy.app.post("/introspect", &[("token", &token)]).await.ok(), json!({ "active": false }));
    assert_eq!(legacy.service.post("/revoke", &[("token", &token)]).await.status, 200);
    assert!(!legacy.is_active(&token).await);
}

#[tokio::test]
async fn an_app_gets_a_token_for_the_api_alone_beside_an_id_token_under_a_published_key() {
    let legacy = legacy().await;
    let (app, server) = (&legacy.app, &legacy.server);
    let code = server.browser().code(app, ANN, ALL).await;
    let first = app.redeem(&code).await.ok();
    let second = refreshed(app, &first, &[]).await.ok();
    for tokens in [&first, &second] {
        let token = access_token(tokens);
        assert!(legacy.secret.verifies(&token));
        assert_eq!(unverified_claims(&token)["aud"], API, "a text, and never an array");
        assert_eq!(tokens["scope"], "email notes:read offline_access openid");
        let id_token = header(tokens["id_token"].as_str().unwrap());
        assert_eq!((&id_token["alg"], &id_token["kid"]), (&json!("RS256"), &json!(forge::kid(server))));
        assert!(legacy.is_active(&token).await);
        app.userinfo(&token).await.refused(401, Rejection::MalformedToken);
        assert_eq!(app.userinfo(&token).await.json()["error"], "invalid_token");
    }
    // For userinfo it has another token.
    let third = refreshed(app, &second, &[("resource", ISSUER)]).await.ok();
    assert_eq!(header(&access_token(&third))["alg"], "RS256");
    assert_eq!(app.userinfo(&access_token(&third)).await.ok()["email"], ANN);
    // Signing out of one ends both.
    assert_eq!(app.post("/revoke", &[("token", third["refresh_token"].as_str().unwrap())]).await.status, 200);
    assert!(!legacy.is_active(&access_token(&first)).await);
}

#[tokio::test]
async fn an_api_that_insists_on_jwt_gets_it() {
    let legacy = legacy().await;
    legacy.server.db_change_resource(API, |resource| resource.token_type = AccessTokenType::Jwt).await;
    let token = legacy.token().await;
    assert_eq!((&header(&token)["typ"], &header(&token)["alg"]), (&json!("JWT"), &json!("HS256")));
    assert!(legacy.secret.verifies(&token) && legacy.is_active(&token).await);
}

#[tokio::test]
async fn nothing_of_a_secret_is_published_and_no_metadata_names_it() {
    let plain = crate::support::Server::start().await;
    let legacy = legacy().await;
    legacy.renew(0).await;
    for path in ["/.well-known/jwks.json", "/.well-known/openid-configuration"] {
        let before = plain.get(path).await;
        let after = legacy.server.get(path).await;
        let name = |answer: &crate::support::Answer| answer.text().replace(&forge::kid(&plain), "KID");
        assert_eq!(name(&before), name(&after), "{path}");
        assert!(!after.text().contains("HS256") && !after.text().contains("oct"), "{path}");
    }
}

#[tokio::test]
async fn an_algorithm_is_pinned_to_its_api_whichever_way_it_changes() {
    let legacy = legacy().await;
    let (app, server) = (&legacy.app, &legacy.server);
    let before = legacy.token().await;
    assert!(sign_with(server, RS256).await.is_none());
    assert!(!legacy.is_active(&before).await);
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM resource_secrets").await, 0);
    let public = legacy.token().await;
    assert_eq!(header(&public)["alg"], "RS256");
    let code = server.browser().code(app, ANN, ALL).await;
    let both = access_token(&app.redeem(&code).await.ok());
    assert_eq!(unverified_claims(&both)["aud"], json!([API, ISSUER]));
    assert!(legacy.is_active(&public).await && legacy.is_active(&both).await);

    let secret = sign_with(server, HS256).await.unwrap();
    assert_ne!(secret.kid, legacy.secret.kid);
    for token in [&before, &public, &both] {
        assert!(!legacy.is_active(token).await);
    }
    // What it was for beside the API it is still for.
    assert_eq!(app.post("/introspect", &[("token", &both)]).await.ok()["aud"], ISSUER);
    app.userinfo(&both).await.ok();
    let after = legacy.token().await;
    assert!(secret.verifies(&after) && legacy.is_active(&after).await);
    // Named once more it stays as it is.
    assert!(sign_with(server, HS256).await.is_none());
    assert!(legacy.is_active(&after).await);
}

#[tokio::test]
async fn an_answer_that_is_asked_for_again_across_the_change_is_no_array_under_a_secret() {
    let legacy = legacy().await;
    let (app, server) = (&legacy.app, &legacy.server);
    sign_with(server, RS256).await;
    let code = server.browser().code(app, ANN, ALL).await;
    let first = app.redeem(&code).await.ok();
    let lost = refreshed(app, &first, &[]).await.ok();
    assert_eq!(unverified_claims(&access_token(&lost))["aud"], json!([API, ISSUER]));
    let secret = sign_with(server, HS256).await.unwrap();
    refreshed(app, &first, &[]).await.refused_json(400, Rejection::ChangedRetry);
    let next = refreshed(app, &lost, &[]).await.ok();
    assert!(secret.verifies(&access_token(&next)));
    assert_eq!(unverified_claims(&access_token(&next))["aud"], API);
}

/// The API can write what it likes under its secret: asked, we say no more than was given.
#[tokio::test]
async fn what_a_secret_signed_is_believed_as_far_as_it_was_given() {
    let legacy = legacy().await;
    let (app, server) = (&legacy.app, &legacy.server);
    let bob = server.db_user("bob@example.org").await;
    let code = server.browser().code(app, ANN, "scope=openid+notes:read").await;
    let token = access_token(&app.redeem(&code).await.ok());
    let (claims, own) = (unverified_claims(&token), unverified_claims(&legacy.token().await));
    let forged = |claims: &Value, change: &[(&str, Value)]| {
        let mut claims = claims.clone();
        change.iter().for_each(|(name, value)| claims[*name] = value.clone());
        forge::signed_with_hmac(&header(&token).to_string(), &claims.to_string(), &legacy.secret.bytes)
    };
    assert!(legacy.is_active(&forged(&claims, &[])).await, "the bytes of a token are no matter");
    let wider = forged(&claims, &[("scope", json!("email notes:read openid")), ("roles", json!(["admin"]))]);
    let told = legacy.introspect_at(server, &wider).await;
    assert_eq!((&told["scope"], told.get("roles")), (&json!("notes:read openid"), None));
    let better = [("acr", json!("https://refeds.org/profile/mfa")), ("auth_time", json!(0))];
    let told = legacy.introspect_at(server, &forged(&claims, &better)).await;
    assert_eq!((&told["acr"], &told["auth_time"]), (&claims["acr"], &claims["auth_time"]));
    let of_service = legacy.introspect_at(server, &forged(&own, &better)).await;
    assert!(of_service["active"] == true && of_service.get("acr").is_none() && of_service.get("auth_time").is_none());
    let year = 365 * 86_400;
    let end = |claims: &Value| json!(claims["iat"].as_i64().unwrap() + year);
    for (claims, change) in [
        (&claims, ("sub", json!(bob))),
        (&claims, ("client_id", json!(legacy.service.id))),
        (&claims, ("gid", json!("another"))),
        (&claims, ("gid", Value::Null)),
        (&claims, ("aud", json!([API]))),
        (&claims, ("aud", json!([API, ISSUER]))),
        (&claims, ("aud", json!(ISSUER))),
        (&claims, ("iss", json!("https://other.test"))),
        (&claims, ("exp", end(&claims))),
        (&own, ("sub", json!(bob))),
        (&own, ("client_id", json!("nobody"))),
        (&own, ("exp", end(&own))),
    ] {
        let token = forged(claims, &[change.clone(), ("jti", json!(format!("{change:?}")))]);
        let is_same = change == ("aud", json!([API]));
        assert_eq!(legacy.is_active(&token).await, is_same, "{change:?}");
        assert_eq!(app.post("/revoke", &[("token", &token)]).await.status, 200);
        assert_eq!(legacy.service.post("/revoke", &[("token", &token)]).await.status, 200);
    }
    assert!(legacy.is_active(&token).await);
    let until = server.clock.now().plus(86_400).seconds();
    let long = format!("SELECT COUNT(*) FROM revoked_tokens WHERE expires_at > {until}");
    assert_eq!(server.database.db_number(&long).await, 0, "nothing is kept in mind for years");
    // A grant that never had the API says nothing for it.
    let code = server.browser().code(app, ANN, "scope=openid+email").await;
    let other = unverified_claims(&access_token(&app.redeem(&code).await.ok()));
    assert!(!legacy.is_active(&forged(&other, &[("aud", json!(API))])).await);
    app.userinfo(&forged(&other, &[])).await.refused(401, Rejection::MalformedToken);
}

#[tokio::test]
async fn an_api_key_is_traded_for_a_token_under_the_secret_and_under_the_same_rules() {
    let legacy = legacy().await;
    let server = &legacy.server;
    let bob = server.db_user("bob@example.org").await;
    let new =
        NewKey { name: "Backup".to_owned(), resource: API.to_owned(), scope: "notes:read".to_owned(), lifetime: None };
    let made = server.registry().create_api_key(KeyOwner::User(ANN), new, &act(server)).await.unwrap().view;
    canaries::secret(made.secret.expose());
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", GRANT_TYPE)
        .append_pair("subject_token_type", TOKEN_TYPE)
        .append_pair("subject_token", made.secret.expose())
        .finish();
    let trade = async || access_token(&server.post("/token", &body).await.ok());
    let token = trade().await;
    assert!(legacy.secret.verifies(&token) && legacy.is_active(&token).await);
    for (name, value) in [("sub", json!(bob)), ("client_id", json!(legacy.service.id)), ("scope", json!("email"))] {
        let mut claims = unverified_claims(&token);
        claims[name] = value;
        let forged = forge::signed_with_hmac(&header(&token).to_string(), &claims.to_string(), &legacy.secret.bytes);
        let told = legacy.introspect_at(server, &forged).await;
        assert!(told["active"] == false || told["scope"] == "", "{name}: {told}");
    }
    sign_with(server, RS256).await;
    let public = trade().await;
    assert!(!legacy.is_active(&token).await && legacy.is_active(&public).await);
    sign_with(server, HS256).await;
    assert!(!legacy.is_active(&public).await);
}
