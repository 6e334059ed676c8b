//! Tokens that were given for something else, and odd times.

use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::tokens::{KeySpec, SigningKey};
use serde_json::{Value, json};

use super::given;
use crate::attacks::{ANN, encoded, is_active, text};
use crate::support::{Receiver, Server, forge, unverified_claims};

/// Class: tokens of one kind in the place of another: ID, refresh, access and logout tokens each open their own door alone, and a signed answer
/// of introspection opens none.
#[tokio::test]
async fn c6_a_token_of_one_type_is_none_of_another() {
    let receiver = Receiver::start().await;
    let allowed = receiver.address.to_string();
    let given = super::given_on(Server::with(|config| config.outgoing.allow = vec![allowed]).await).await;
    given.refuses(&given.id_token).await;
    let answer = given.client.userinfo(&given.refresh).await;
    answer.refused_json(401, Rejection::MalformedToken);
    let claims = given.claims.to_string();
    for typ in
        ["JWT", "logout+jwt", "AT+JWT ", "at+jwt+x", "application/jwt", "dpop+jwt", "token-introspection+jwt", ""]
    {
        let mut header = forge::access_token_header(&given.server);
        header["typ"] = typ.into();
        given.refuses(&forge::signed_by(&given.server, &header.to_string(), &claims)).await;
    }
    let mut header = forge::access_token_header(&given.server);
    header.as_object_mut().unwrap().remove("typ");
    given.refuses(&forge::signed_by(&given.server, &header.to_string(), &claims)).await;

    // A real logout token, as an application gets it.
    let uri = receiver.uri();
    let told = given.server.db_client(ClientType::Web, |c| c.backchannel_logout_uri = Some(uri)).await;
    let mut browser = given.server.browser();
    browser.code(&told, ANN, "").await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    while given.server.app.deliver_logouts().await.unwrap() > 0 {}
    let logout = receiver.next().await;
    given.refuses(&logout).await;

    // A real signed answer of introspection about a token that holds (RFC 9701 §8.1).
    let kind = "application/token-introspection+jwt";
    let told = given.client.post_accepting("/introspect", &[("token", &given.access)], kind).await.text();
    assert_eq!(unverified_claims(&told)["token_introspection"]["active"], true);
    given.client.userinfo(&told).await.refused_json(401, Rejection::WrongTokenType);
    given.refuses(&told).await;
    assert!(["sub", "exp", "scope"].iter().all(|name| unverified_claims(&told).get(name).is_none()));

    // None of the others is a hint of who is there.
    for token in [&given.access, &given.refresh, &logout, &told] {
        let asked = format!("prompt=none&id_token_hint={}", encoded(token));
        given.server.get(&given.client.authorization_url(&asked)).await.refused_redirect(Rejection::ForeignHint);
        let out = given.server.get(&format!("/logout?id_token_hint={}", encoded(token))).await;
        out.refused_page(400, Rejection::ForeignHint);
    }
    // Nor is an ID token or an access token a refresh token or a client's assertion.
    for token in [&given.access, &given.id_token, &logout, &told] {
        let answer = crate::attacks::refresh(&given.client, token).await;
        answer.refused_json(400, Rejection::UnknownRefreshToken);
        let fields = [("client_assertion", token.as_str()), ("grant_type", "client_credentials")];
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        given.server.post("/token", &body.join("&")).await.refused_json(401, Rejection::ClientAssertion);
    }
    given.still_holds().await;
}

/// Another issuer, another spelling of ours, another audience, a real token for an API: none is taken at userinfo, and introspection tells of
/// none to whom it does not concern.
#[tokio::test]
async fn c7_a_token_of_another_issuer_or_audience_is_refused() {
    let given = given().await;
    let header = forge::access_token_header(&given.server).to_string();
    let issuers =
        ["https://evil.test", "http://localhost:8000/", "HTTP://localhost:8000", "http://localhost:8000/b", ""];
    for issuer in issuers {
        given.refuses(&forge::signed_by(&given.server, &header, &given.changed("iss", issuer.into()))).await;
    }
    for odd in [Value::Null, json!(["http://localhost:8000"]), json!(7)] {
        given.refuses(&forge::signed_by(&given.server, &header, &given.changed("iss", odd))).await;
    }
    let audiences = [
        json!("https://api.test"),
        json!("http://localhost:8000/"),
        json!(given.client.id),
        json!(""),
        json!([]),
        json!(["https://api.test"]),
        json!([["http://localhost:8000"]]),
        json!({ "http://localhost:8000": true }),
        Value::Null,
    ];
    for audience in audiences {
        let token = forge::signed_by(&given.server, &header, &given.changed("aud", audience.clone()));
        let answer = given.client.userinfo(&token).await;
        answer.refused_in(401, &[Rejection::WrongAudience, Rejection::MalformedToken]);
    }
    // A real one for an API, and a real one of another server with the same names.
    given.server.db_resource("https://api.test", &["notes"]).await;
    let code = given.server.browser().code(&given.client, ANN, "resource=https%3A%2F%2Fapi.test").await;
    let for_api = text(&given.client.redeem(&code).await.ok(), "access_token");
    given.client.userinfo(&for_api).await.refused_json(401, Rejection::WrongAudience);
    let stranger = given.server.db_client(ClientType::Web, |_| {}).await;
    for token in [&for_api, &given.access] {
        let asked = stranger.post("/introspect", &[("token", token)]).await.ok();
        assert_eq!(asked, json!({ "active": false }));
    }
    // All tests share a key: another server's is this.
    let others = SigningKey::generate(KeySpec { algorithm: Algorithm::Rs256, rsa_bits: 2048 }).unwrap();
    for kid in [others.kid().to_owned(), forge::kid(&given.server)] {
        let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": kid }).to_string();
        given.refuses(&forge::signed_with(&others, &header, &given.claims.to_string())).await;
    }
    given.still_holds().await;
}

/// Missing, textual, fractional, endless, negative, past and future: 401 each, and no panic.
#[tokio::test]
async fn c8_the_times_of_a_token_are_whole_numbers_that_make_sense() {
    let given = given().await;
    let header = forge::access_token_header(&given.server).to_string();
    let now = given.server.clock.now().seconds();
    for (name, value) in [
        ("exp", Value::Null),
        ("iat", Value::Null),
        ("exp", json!((now + 900).to_string())),
        ("exp", json!("never")),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(i64::MIN)),
        ("exp", json!(now as f64 + 0.5)),
        ("exp", json!(true)),
        ("exp", json!([now + 900])),
        ("exp", json!(u64::MAX)),
        ("exp", json!(now)),
        ("iat", json!(now + 61)),
        ("iat", json!(now + 900)),
        ("iat", json!(i64::MAX)),
        ("iat", json!("now")),
        ("iat", json!(-0.5)),
        ("nbf", json!(now + 61)),
        ("nbf", json!(i64::MAX)),
        ("nbf", json!("later")),
        ("nbf", json!([])),
        ("jti", Value::Null),
        ("jti", json!(7)),
        ("sub", Value::Null),
        ("client_id", Value::Null),
        ("scope", json!(["openid"])),
        ("gid", json!(7)),
        ("era", json!("0")),
    ] {
        given.refuses(&forge::signed_by(&given.server, &header, &given.changed(name, value))).await;
    }
    let claims = given.claims.to_string();
    for (name, odds) in [("exp", ["1e400", "NaN", "-1e400"]), ("iat", ["1e400", "0x0", "99999999999999999999"])] {
        let exact = format!("\"{name}\":{}", given.claims[name]);
        assert!(claims.contains(&exact));
        for odd in odds {
            let changed = claims.replace(&exact, &format!("\"{name}\":{odd}"));
            given.refuses(&forge::signed_by(&given.server, &header, &changed)).await;
        }
        let twice = claims.replace(&exact, &format!("{exact},{exact}"));
        given.refuses(&forge::signed_by(&given.server, &header, &twice)).await;
    }
    for text in ["", "null", "[]", "7", "\"x\"", "{", "{}{}", "{\"exp\":1e400}", "\u{feff}{}"] {
        given.refuses(&forge::signed_by(&given.server, &header, text)).await;
    }
    given.still_holds().await;
}

/// A public client, nobody, a wrong secret, and a client that neither owns the token nor is named by its API learn nothing; not even whether
/// there is such a token.
#[tokio::test]
async fn c11_introspection_tells_only_whom_it_concerns() {
    let given = given().await;
    let server = &given.server;
    server.db_resource("https://notes.test", &["notes:read"]).await;
    server.db_resource("https://other.test", &["other:read"]).await;
    let inactive = json!({ "active": false });
    let stranger = server.db_client(ClientType::Web, |_| {}).await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    let other_api = server.db_client(ClientType::Service, |_| {}).await;
    let scopes = ScopeSet::parse("notes:read").unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = scopes).await;
    let for_notes = text(&service.credentials(&[("resource", "https://notes.test")]).await.ok(), "access_token");
    for (resource, id) in [("https://notes.test", &api.id), ("https://other.test", &other_api.id)] {
        server.db_change_resource(resource, |resource| resource.introspectors = vec![id.clone()]).await;
    }
    for token in [&given.access, &given.refresh, &given.id_token, &for_notes] {
        for (who, asking) in [("stranger", &stranger), ("the other API", &other_api)] {
            for hint in ["access_token", "refresh_token", "id_token", "x"] {
                let asked = asking.post("/introspect", &[("token", token), ("token_type_hint", hint)]).await;
                assert_eq!(asked.ok(), inactive, "{who}");
            }
        }
    }
    for token in [&given.access, &given.refresh] {
        assert_eq!(api.post("/introspect", &[("token", token)]).await.ok(), inactive);
    }
    // A refresh token is its client's alone, also when its access tokens are for the API. A signed answer says no more than a plain one.
    let scopes = ScopeSet::parse("openid offline_access notes:read").unwrap();
    let app = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let code = server.browser().code(&app, ANN, "scope=openid+offline_access+notes:read").await;
    let tokens = app.redeem(&code).await.ok();
    assert!(
        is_active(&api, &text(&tokens, "access_token")).await && is_active(&app, &text(&tokens, "refresh_token")).await
    );
    let signed = "application/token-introspection+jwt";
    for (asking, token) in [(&api, "refresh_token"), (&other_api, "access_token"), (&stranger, "access_token")] {
        let asked = [("token", tokens[token].as_str().unwrap())];
        assert_eq!(asking.post("/introspect", &asked).await.ok(), inactive, "{token}");
        let told = asking.post_accepting("/introspect", &asked, signed).await.text();
        assert_eq!(unverified_claims(&told)["token_introspection"], inactive, "{token}");
    }
    let known = api.post("/introspect", &[("token", &for_notes)]).await.ok();
    assert_eq!((&known["active"], &known["aud"]), (&json!(true), &json!("https://notes.test")));

    let public = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&public, ANN, "").await;
    let own = text(&public.redeem(&code).await.ok(), "access_token");
    for token in [&own, &given.access] {
        let answer = public.post("/introspect", &[("token", token)]).await;
        answer.refused_json(401, Rejection::PublicClientIntrospects);
        server
            .post("/introspect", &format!("token={token}"))
            .await
            .refused(401, Rejection::MissingClientAuthentication);
        let named = format!("token={token}&client_id={}", given.client.id);
        server.post("/introspect", &named).await.refused_json(401, Rejection::MissingClientSecret);
    }
    let mut wrong = given.client.clone();
    wrong.secret = Some("wrong".to_owned());
    wrong.post("/introspect", &[("token", &given.access)]).await.refused_json(401, Rejection::WrongClientSecret);
    server.get(&format!("/introspect?token={}", given.access)).await.refused(405, Rejection::WrongMethod);
    // What it tells holds no secret.
    let told = given.client.post("/introspect", &[("token", &given.refresh)]).await.text();
    assert!(!told.contains(&given.refresh) && !told.contains(&given.access));
    let names: Vec<String> = unverified_claims(&given.id_token).as_object().unwrap().keys().cloned().collect();
    assert!(!names.contains(&"gid".to_owned()), "an ID token names no grant");
}
