//! What a refresh may give, to whom, and for how long.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;

use crate::attacks::{ANN, encoded, is_active, refresh, text, tokens};
use crate::support::{Client, Server, unverified_claims};

/// A refresh with a further field.
async fn asking(client: &Client, token: &str, field: (&str, &str)) -> crate::support::Answer {
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", token), field]).await
}

/// Wider is `invalid_scope` and costs nothing; narrower is narrower, and the refresh token keeps what was granted.
#[tokio::test]
async fn d8_a_refresh_never_widens_the_scope() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://api.test", &["notes"]).await;
    for kind in [ClientType::Web, ClientType::Spa] {
        let scopes = ScopeSet::parse("openid profile email offline_access notes").unwrap();
        let client = server.db_client(kind, |c| c.scopes = scopes).await;
        let given = tokens(&mut server.browser(), &client).await;
        assert_eq!(given["scope"], "email offline_access openid");
        let token = text(&given, "refresh_token");
        for (scope, rejection) in [
            ("openid profile", Rejection::WiderScope),
            ("openid email offline_access profile", Rejection::WiderScope),
            ("notes", Rejection::WiderScope),
            ("roles", Rejection::WiderScope),
            ("admin", Rejection::WiderScope),
            ("OPENID", Rejection::WiderScope),
            ("open\"id", Rejection::MalformedScope),
        ] {
            let answer = asking(&client, &token, ("scope", scope)).await;
            answer.refused_json(400, rejection);
            assert_eq!(answer.json()["error"], "invalid_scope");
        }
        let narrow = asking(&client, &token, ("scope", "openid")).await.ok();
        assert_eq!(narrow["scope"], "openid");
        assert_eq!(unverified_claims(&text(&narrow, "access_token"))["scope"], "openid");
        let claims = client.userinfo(&text(&narrow, "access_token")).await.ok();
        assert!(claims.get("email").is_none());
        let whole = refresh(&client, &text(&narrow, "refresh_token")).await.ok();
        assert_eq!(whole["scope"], "email offline_access openid");
    }
}

/// Class: whose a refresh token is: no other client, nobody without its secret, and no trial of a stranger costs the owner anything.
#[tokio::test]
async fn d9_a_refresh_token_belongs_to_its_client() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let kinds = [ClientType::Web, ClientType::Spa, ClientType::Native];
    for owner in kinds {
        let client = server.db_client(owner, |_| {}).await;
        let token = text(&tokens(&mut server.browser(), &client).await, "refresh_token");
        for kind in kinds {
            let thief = server.db_client(kind, |_| {}).await;
            refresh(&thief, &token).await.refused_json(400, Rejection::ForeignRefreshToken);
        }
        let service = server.db_client(ClientType::Service, |_| {}).await;
        refresh(&service, &token).await.refused_json(400, Rejection::GrantTypeNotAllowed);
        let body = format!("grant_type=refresh_token&refresh_token={token}");
        server.post("/token", &body).await.refused_json(401, Rejection::MissingClientAuthentication);
        let named = server.post("/token", &format!("{body}&client_id=nobody")).await;
        named.refused_json(401, Rejection::UnregisteredClient);
        if client.secret.is_some() {
            let named = server.post("/token", &format!("{body}&client_id={}", client.id)).await;
            named.refused_json(401, Rejection::MissingClientSecret);
            let mut impostor = client.clone();
            impostor.secret = service.secret.clone();
            refresh(&impostor, &token).await.refused_json(401, Rejection::WrongClientSecret);
        }
        for changed in [&token[1..], &format!("{token}A"), &token.to_lowercase(), &format!("{token}=")] {
            refresh(&client, changed).await.refused_json(400, Rejection::UnknownRefreshToken);
        }
        refresh(&client, &token).await.ok();
    }
}

/// Refreshed every day, a grant ends at its absolute limit to the second; left alone, at its idle limit; and for a page's application with the
/// sign-in it came from.
#[tokio::test]
async fn d11_a_grant_that_is_used_every_day_ends_at_its_absolute_limit() {
    const DAY: i64 = 86_400;
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Native, |_| {}).await;
    let mut token = text(&tokens(&mut server.browser(), &client).await, "refresh_token");
    for _ in 0..89 {
        server.turn(DAY);
        server.poll().await;
        token = text(&refresh(&client, &token).await.ok(), "refresh_token");
    }
    server.turn(DAY - 1);
    server.poll().await;
    token = text(&refresh(&client, &token).await.ok(), "refresh_token");
    server.turn(1);
    refresh(&client, &token).await.refused_json(400, Rejection::ExpiredRefreshToken);

    let idle = text(&tokens(&mut server.browser(), &client).await, "refresh_token");
    server.turn(30 * DAY);
    server.poll().await;
    refresh(&client, &idle).await.refused_json(400, Rejection::ExpiredRefreshToken);

    let spa = server.db_client(ClientType::Spa, |_| {}).await;
    let mut token = text(&tokens(&mut server.browser(), &spa).await, "refresh_token");
    for _ in 0..59 {
        server.turn(DAY / 2);
        server.poll().await;
        token = text(&refresh(&spa, &token).await.ok(), "refresh_token");
    }
    server.turn(DAY / 2);
    refresh(&spa, &token).await.refused_json(400, Rejection::EndedGrant);
}

/// Class: the audience stretched at a refresh: only an API that was granted, one at a time, and the user's information only when it was.
#[tokio::test]
async fn d12_a_refresh_goes_to_no_api_that_was_not_granted() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://notes.test", &["notes"]).await;
    server.db_resource("https://other.test", &["other"]).await;
    let scopes = ScopeSet::parse("openid offline_access notes other").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let extra = "scope=openid+offline_access+notes&resource=https://notes.test";
    let code = server.browser().code(&client, ANN, extra).await;
    let given = client.redeem(&code).await.ok();
    assert_eq!(unverified_claims(&text(&given, "access_token"))["aud"], "https://notes.test");
    let token = text(&given, "refresh_token");
    for (resource, rejection) in [
        ("https://other.test", Rejection::ResourceNotGranted),
        ("https://nowhere.test", Rejection::ResourceNotGranted),
        ("https://notes.test/", Rejection::ResourceNotGranted),
        ("https://NOTES.test", Rejection::ResourceNotGranted),
        ("https://notes.test#x", Rejection::MalformedResource),
        ("notes", Rejection::MalformedResource),
    ] {
        let answer = asking(&client, &token, ("resource", resource)).await;
        answer.refused_in(400, &[rejection, Rejection::UnknownResource]);
        assert_eq!(answer.json()["error"], "invalid_target", "{resource}");
    }
    let both = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("resource", "https://notes.test"),
        ("resource", "https://other.test"),
    ];
    assert_eq!(client.token(&both).await.json()["error"], "invalid_target");
    // The issuer's own scopes were agreed to: a token for userinfo has these alone.
    let own = asking(&client, &token, ("resource", "http://localhost:8000")).await.ok();
    assert_eq!(own["scope"], "offline_access openid");
    let token = text(&own, "refresh_token");
    let again = asking(&client, &token, ("resource", "https://notes.test")).await.ok();
    let access = text(&again, "access_token");
    assert_eq!(unverified_claims(&access)["aud"], "https://notes.test");
    client.userinfo(&access).await.refused(401, Rejection::WrongAudience);
    assert!(is_active(&client, &access).await, "its own client may know");
}

/// An API key alone is exchanged, by whoever holds it: for fewer scopes and never for more, for its own API and no other, while it and its owner last.
#[tokio::test]
async fn d13_an_api_key_is_exchanged_for_less_and_never_for_more() {
    const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    for api in ["https://a.test", "https://b.test"] {
        server.db_resource(api, &["read", "write"]).await;
    }
    server.poll().await;
    let act = doorward::registry::Act::of_operator(server.clock.now());
    let new = |scope: &str| doorward::registry::NewKey {
        name: "Backup".into(),
        resource: "https://a.test".into(),
        scope: scope.into(),
        lifetime: Some(3600),
    };
    let registry = server.registry();
    let owner = doorward::registry::KeyOwner::User(&ann);
    let made = registry.create_api_key(owner, new("read"), &act).await.unwrap().view;
    let trade = async |token: &str, kind: &str, more: &str| {
        let of = format!("subject_token={}&subject_token_type={}", encoded(token), encoded(kind));
        server.post("/token", &format!("grant_type={}&{of}{more}", encoded(EXCHANGE))).await
    };
    const KEY: &str = "urn:doorward:params:oauth:token-type:api-key";
    let key = made.secret.expose();
    assert_eq!(trade(key, KEY, "").await.ok()["scope"], "read");
    trade(key, KEY, "&scope=read+write").await.refused_json(400, Rejection::WiderScope);
    trade(key, KEY, "&scope=openid").await.refused_json(400, Rejection::WiderScope);
    trade(key, KEY, "&resource=https%3A%2F%2Fb.test").await.refused_json(400, Rejection::ApiKeyForAnotherResource);
    trade(key, KEY, "&audience=https%3A%2F%2Fb.test").await.refused_json(400, Rejection::ApiKeyForAnotherResource);
    trade(key, KEY, "&actor_token=x").await.refused_json(400, Rejection::ActorToken);
    // A token of somebody else's is no subject, whatever it is called.
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let given = tokens(&mut server.browser(), &web).await;
    for name in ["access_token", "id_token"] {
        let token = text(&given, name);
        trade(&token, KEY, "").await.refused_json(400, Rejection::MalformedApiKey);
        let kind = format!("urn:ietf:params:oauth:token-type:{name}");
        trade(&token, &kind, "").await.refused_json(400, Rejection::UnknownSubjectTokenType);
    }
    // Nor is a key worth anything to a client that shows it beside its own credentials.
    let fields = [("grant_type", EXCHANGE), ("subject_token", key), ("subject_token_type", KEY)];
    web.token(&fields).await.refused_json(400, Rejection::ClientBesideApiKey);
    server.turn(3600);
    trade(key, KEY, "").await.refused_json(400, Rejection::EndedApiKey);
    let act = doorward::registry::Act::of_operator(server.clock.now());
    let again = registry.create_api_key(owner, new("write"), &act).await.unwrap().view;
    registry.switch_user(&ann, doorward::registry::State::Off, &act).await.unwrap();
    trade(again.secret.expose(), KEY, "").await.refused_json(400, Rejection::EndedApiKey);
}

/// Of the other grant types of assertions and passwords there is none: each is unsupported, for every kind of client, and none is announced.
#[tokio::test]
async fn d13_other_tokens_are_exchanged_for_nothing() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let given = tokens(&mut server.browser(), &web).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    let announced = metadata["grant_types_supported"].to_string();
    for kind in [
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba",
        "urn:ietf:params:oauth:grant-type:uma-ticket",
        "password",
        "implicit",
        "none",
        "Authorization_Code",
        "refresh_token ",
    ] {
        assert!(!announced.contains(&format!("\"{kind}\"")), "{kind}");
        for client in [&web, &service] {
            let access = text(&given, "access_token");
            let fields = [
                ("grant_type", kind),
                ("subject_token", access.as_str()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("assertion", &access),
                ("username", ANN),
                ("password", crate::support::PASSWORD),
                ("audience", "https://api.test"),
            ];
            client.token(&fields).await.refused_json(400, Rejection::UnknownGrantType);
        }
    }
}
