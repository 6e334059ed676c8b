//! Whoever holds a key trades it for an access token of a quarter of an hour (RFC 8693), which ends with the key.

use doorward::protocol::api_key::TOKEN_TYPE;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::role::RolesSeen;
use doorward::registry::{Giving, KeyOwner, NewKey, Recipient, ResourceChange};
use serde_json::json;

use super::{ANN, NOTES, ORDERS, over, place, trade, wanted};
use crate::support::{Server, unverified_claims};

#[tokio::test]
async fn a_key_is_traded_for_a_token_that_names_it_as_its_grant() {
    let place = place().await;
    place.put(Recipient::User(ANN), Giving::Grant).await;
    let made = place.make(KeyOwner::User(ANN), wanted(ORDERS, "orders:write orders:read")).await;
    let answer = place.trade(made.secret.expose(), &[]).await.ok();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(answer["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!((&answer["scope"], answer.get("refresh_token")), (&json!("orders:read orders:write"), None));
    let claims = unverified_claims(token);
    let now = place.server.clock.now().seconds();
    let told = json!({
        "iss": place.server.app.issuer.as_str(), "sub": place.ann, "aud": ORDERS, "client_id": made.key.id, "gid": made.key.id,
        "scope": "orders:read orders:write", "roles": ["clerk"], "iat": now, "exp": now + 900, "jti": claims["jti"],
    });
    assert_eq!(claims, told);
    let seen = place.seen(token).await;
    assert_eq!((&seen["active"], &seen["dwk_id"], &seen["jti"]), (&json!(true), &json!(made.key.id), &claims["jti"]));
    // It is for the API alone.
    place.api.userinfo(token).await.refused(401, Rejection::WrongAudience);
    assert_eq!(place.other_api.post("/introspect", &[("token", token)]).await.ok(), json!({ "active": false }));
}

#[tokio::test]
async fn a_token_ends_with_its_key() {
    let place = place().await;
    let made = place.key().await;
    let token = place.token(made.secret.expose()).await;
    assert!(place.is_active(&token).await);
    place.server.registry().revoke_api_key(&made.key.id, &place.act()).await.unwrap();
    assert!(!place.is_active(&token).await && !place.is_active(made.secret.expose()).await);
    place.trade(made.secret.expose(), &[]).await.refused_json(400, Rejection::EndedApiKey);
}

#[tokio::test]
async fn a_token_lives_no_longer_than_its_key() {
    let place = place().await;
    let short = NewKey { lifetime: Some(100), ..wanted(ORDERS, "orders:read") };
    let made = place.make(KeyOwner::User(ANN), short).await;
    assert_eq!(place.trade(made.secret.expose(), &[]).await.ok()["expires_in"], 100);
    place.server.turn(99);
    assert_eq!(place.trade(made.secret.expose(), &[]).await.ok()["expires_in"], 1);
    place.server.turn(1);
    place.trade(made.secret.expose(), &[]).await.refused_json(400, Rejection::EndedApiKey);
    assert!(!place.is_active(made.secret.expose()).await);
}

#[tokio::test]
async fn a_token_lives_no_longer_than_others_and_a_quarter_of_an_hour_at_most() {
    for (lifetime, lives) in [(300, 300), (3600, 900)] {
        let place = over(Server::with(|config| config.tokens.access_token_lifetime = lifetime).await).await;
        let key = place.key().await.secret;
        assert_eq!(place.trade(key.expose(), &[]).await.ok()["expires_in"], lives);
    }
}

#[tokio::test]
async fn a_trade_is_noted_as_a_use_from_where_the_key_was_shown() {
    let place = place().await;
    let made = place.key().await;
    place.token(made.secret.expose()).await;
    place.token(made.secret.expose()).await;
    let (view, uses) = place.server.registry().api_key(&made.key.id, &place.act()).await.unwrap();
    assert_eq!((view.last_used_network.as_deref(), uses.len()), (Some("203.0.113.7"), 1));
    assert_eq!((uses[0].how.as_deref(), uses[0].by.as_str()), (Some("traded"), &*format!("client:{}", made.key.id)));
}

#[tokio::test]
async fn an_api_sees_of_the_owners_roles_those_that_it_wants_to_see() {
    let place = place().await;
    place.put(Recipient::User(ANN), Giving::Grant).await;
    let key = place.key().await.secret;
    let token = place.token(key.expose()).await;
    assert_eq!(unverified_claims(&token)["roles"], json!(["clerk"]));
    let roles_seen = Some(RolesSeen::try_from("none".to_owned()).unwrap());
    place.change(ResourceChange { roles_seen, ..ResourceChange::default() }).await;
    for asked in [key.expose(), &token] {
        let seen = place.seen(asked).await;
        assert_eq!((&seen["active"], seen.get("roles")), (&json!(true), None));
    }
    assert_eq!(unverified_claims(&place.token(key.expose()).await).get("roles"), None);
}

#[tokio::test]
async fn scopes_can_only_be_narrowed_and_the_api_is_the_keys() {
    let place = place().await;
    place.put(Recipient::User(ANN), Giving::Grant).await;
    let key = place.make(KeyOwner::User(ANN), wanted(ORDERS, "orders:write orders:read")).await.secret;
    let narrow = place.trade(key.expose(), &[("scope", "orders:read"), ("resource", ORDERS)]).await.ok();
    assert_eq!(
        (&narrow["scope"], unverified_claims(narrow["access_token"].as_str().unwrap())["aud"].as_str()),
        (&json!("orders:read"), Some(ORDERS))
    );
    assert_eq!(place.trade(key.expose(), &[("audience", ORDERS)]).await.status.as_u16(), 200);
    for wider in ["orders:read notes:read", "openid", "orders:delete"] {
        place.trade(key.expose(), &[("scope", wider)]).await.refused_json(400, Rejection::WiderScope);
    }
    for other in [NOTES, place.server.app.issuer.as_str()] {
        place.trade(key.expose(), &[("resource", other)]).await.refused_json(400, Rejection::ApiKeyForAnotherResource);
        place.trade(key.expose(), &[("audience", other)]).await.refused_json(400, Rejection::ApiKeyForAnotherResource);
    }
    place.trade(key.expose(), &[("resource", "orders")]).await.refused_json(400, Rejection::MalformedResource);
    // What the role does not permit any more is beyond what the key may do.
    place.put(Recipient::User(ANN), Giving::Revoke).await;
    place.trade(key.expose(), &[("scope", "orders:write")]).await.refused_json(400, Rejection::WiderScope);
    assert_eq!(place.trade(key.expose(), &[]).await.ok()["scope"], "orders:read");
}

#[tokio::test]
async fn the_key_is_the_one_credential() {
    let place = place().await;
    let made = place.key().await;
    let key = made.secret.expose();
    assert_eq!(place.trade(key, &[("client_id", &made.key.id)]).await.status.as_u16(), 200, "that is its own");
    let body = |more: &str| {
        let kind = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
        let of = "urn%3Adoorward%3Aparams%3Aoauth%3Atoken-type%3Aapi-key";
        format!("grant_type={kind}&subject_token_type={of}{more}")
    };
    place.trade(key, &[("client_id", &place.service.id)]).await.refused_json(400, Rejection::ClientBesideApiKey);
    place.trade(key, &[("client_secret", "x")]).await.refused_json(400, Rejection::ClientBesideApiKey);
    let fields = [
        ("grant_type", doorward::protocol::token_exchange::GRANT_TYPE),
        ("subject_token_type", TOKEN_TYPE),
        ("subject_token", key),
    ];
    place.service.token(&fields).await.refused_json(400, Rejection::ClientBesideApiKey);
    place.server.post("/token", &body("")).await.refused_json(400, Rejection::MissingSubjectToken);
    let typed = format!("{}{}", &key[..64], if key.ends_with('x') { 'y' } else { 'x' });
    for wrong in ["x", &key[..64], &typed, &made.key.id, &place.token(key).await] {
        place.trade(wrong, &[]).await.refused_json(400, Rejection::MalformedApiKey);
    }
    let (_, unknown) = doorward::protocol::api_key::assemble(&made.key.id[4..], &doorward::random::secret_digits());
    place.trade(unknown.expose(), &[]).await.refused_json(400, Rejection::UnknownApiKey);
    for (name, value, rejection) in [
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token", Rejection::UnknownSubjectTokenType),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:refresh_token",
            Rejection::UnknownRequestedTokenType,
        ),
        ("actor_token", "x", Rejection::ActorToken),
    ] {
        place.trade(key, &[(name, value)]).await.refused_json(400, rejection);
    }
    for wanted in ["urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:jwt"] {
        assert_eq!(place.trade(key, &[("requested_token_type", wanted)]).await.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn no_client_can_be_registered_for_token_exchange_and_a_token_is_no_key() {
    let place = place().await;
    let token = place.token(place.key().await.secret.expose()).await;
    // A token that was traded, an access token of a service, a refresh token: none is a subject here.
    let service = place.service.credentials(&[("resource", ORDERS)]).await.ok();
    for other in [&token, service["access_token"].as_str().unwrap()] {
        trade(&place.server, other, &[]).await.refused_json(400, Rejection::MalformedApiKey);
    }
    let discovery = place.server.get("/.well-known/openid-configuration").await.ok();
    let grant_types = discovery["grant_types_supported"].as_array().unwrap();
    assert!(grant_types.contains(&json!(doorward::protocol::token_exchange::GRANT_TYPE)));
    assert!(
        doorward::protocol::token_exchange::GRANT_TYPE.parse::<doorward::protocol::grant_type::GrantType>().is_err()
    );
}
