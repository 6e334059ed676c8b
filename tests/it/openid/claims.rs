//! The `claims` parameter and the scopes that release claims (OpenID Connect Core §5.4 and §5.5).

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use serde_json::{Map, Value, json};

use super::claims as asking;
use crate::support::{Client, Server, unverified_claims};

const EVERYTHING: &str = "openid profile email address phone roles";

/// A person with every claim that there is.
async fn ann(server: &Server) -> String {
    let id = server.db_user("ann@example.org").await;
    server
        .db_change_user(&id, |account| {
            let Value::Object(claims) = json!({
                "given_name": "Ann", "family_name": "Lee", "middle_name": "B", "nickname": "annie",
                "preferred_username": "ann", "profile": "https://ann.test", "picture": "https://ann.test/a.png",
                "website": "https://ann.test/w", "gender": "female", "birthdate": "1990-01-31",
                "zoneinfo": "Europe/Oslo", "locale": "nb-NO", "phone_number": "+47 22 00 00 00",
                "phone_number_verified": true, "address": { "locality": "Oslo" }
            }) else {
                unreachable!()
            };
            account.user.claims = claims;
        })
        .await;
    id
}

async fn client(server: &Server, scopes: &str) -> Client {
    server.db_client(ClientType::Web, |client| client.scopes = ScopeSet::parse(scopes).unwrap()).await
}

/// What the ID token and userinfo say after a request with these parameters.
async fn told(server: &Server, client: &Client, extra: &str) -> (Map<String, Value>, Map<String, Value>) {
    let code = server.browser().code(client, "ann@example.org", extra).await;
    let tokens = client.redeem(&code).await.ok();
    let id_token = unverified_claims(tokens["id_token"].as_str().unwrap());
    let userinfo = client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    (id_token.as_object().unwrap().clone(), userinfo.as_object().unwrap().clone())
}

fn names(claims: &Map<String, Value>) -> Vec<&str> {
    let mut names: Vec<&str> = claims.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

const OF_THE_TOKEN: &[&str] = &["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "sid", "sub"];

#[tokio::test]
async fn each_scope_releases_its_claims_at_userinfo_and_those_of_profile_email_and_roles_in_the_id_token() {
    let server = Server::start().await;
    ann(&server).await;
    let client = client(&server, EVERYTHING).await;
    let profile = [
        "birthdate",
        "family_name",
        "gender",
        "given_name",
        "locale",
        "middle_name",
        "name",
        "nickname",
        "picture",
        "preferred_username",
        "profile",
        "sub",
        "updated_at",
        "website",
        "zoneinfo",
    ];
    for (scope, expected, in_id_token) in [
        ("openid", &["sub"][..], true),
        ("openid+profile", &profile, true),
        ("openid+email", &["email", "email_verified", "sub"], true),
        ("openid+roles", &["roles", "sub"], true),
        ("openid+address", &["address", "sub"], false),
        ("openid+phone", &["phone_number", "phone_number_verified", "sub"], false),
    ] {
        let (id_token, userinfo) = told(&server, &client, &format!("scope={scope}")).await;
        assert_eq!(names(&userinfo), expected, "{scope}");
        let about_the_person = if in_id_token { userinfo } else { Map::new() };
        let carried: Vec<&str> = names(&id_token).into_iter().filter(|name| !OF_THE_TOKEN.contains(name)).collect();
        let expected: Vec<&str> = names(&about_the_person).into_iter().filter(|name| *name != "sub").collect();
        assert_eq!(carried, expected, "{scope}");
        assert!(carried.iter().all(|name| id_token[*name] == about_the_person[*name]), "{scope}");
    }
    let (_, userinfo) = told(&server, &client, "scope=openid+profile+email+address+phone").await;
    assert_eq!(userinfo["email_verified"], true);
    assert_eq!(userinfo["phone_number_verified"], true);
    assert_eq!(userinfo["address"], json!({ "locality": "Oslo" }));
    assert!(userinfo["updated_at"].is_i64());
}

#[tokio::test]
async fn what_scopes_release_stays_out_of_the_id_token_where_the_client_or_the_settings_say_so() {
    for (setting, own, carries) in
        [(true, None, true), (true, Some(false), false), (false, None, false), (false, Some(true), true)]
    {
        let server = Server::with(|config| config.tokens.id_token_claims = setting).await;
        server.db_user("ann@example.org").await;
        let client = server.db_client(ClientType::Web, |client| client.metadata.id_token_claims = own).await;
        let (id_token, userinfo) = told(&server, &client, "scope=openid+profile+email").await;
        assert_eq!(userinfo["name"], "Ann Lee");
        let name = Some(json!("Ann Lee")).filter(|_| carries);
        assert_eq!(id_token.get("name"), name.as_ref(), "{setting} {own:?}");
        let asked = format!("scope=openid+profile&{}", asking(r#"{"id_token":{"name":null}}"#));
        let (id_token, _) = told(&server, &client, &asked).await;
        assert_eq!(id_token["name"], "Ann Lee", "what is asked for by name is given");
    }
}

#[tokio::test]
async fn the_id_token_of_a_refresh_says_what_is_still_granted_as_it_is_now() {
    let server = Server::start().await;
    let user = server.db_user("ann@example.org").await;
    let client = client(&server, "openid profile email roles offline_access").await;
    let scope = "scope=openid+profile+email+roles+offline_access";
    let tokens = client.redeem(&server.browser().code(&client, "ann@example.org", scope).await).await.ok();
    server
        .db_change_user(&user, |account| {
            account.user.roles = vec![];
            account.user.name = "Ann Smith".to_owned();
        })
        .await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("scope", "openid profile roles")];
    let refreshed = client.token(&fields).await.ok();
    let claims = unverified_claims(refreshed["id_token"].as_str().unwrap());
    assert_eq!((&claims["name"], &claims["roles"], claims.get("email")), (&json!("Ann Smith"), &json!([]), None));
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["roles"], json!(["editor"]));
}

#[tokio::test]
async fn the_address_is_the_user_name_of_who_has_no_other_for_an_application_that_may_know_it() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = client(&server, EVERYTHING).await;
    for (scope, expected) in [("openid+profile+email", Some("ann@example.org")), ("openid+profile", None)] {
        let (id_token, userinfo) = told(&server, &client, &format!("scope={scope}")).await;
        for claims in [id_token, userinfo] {
            assert_eq!(claims.get("preferred_username").and_then(Value::as_str), expected, "{scope}");
            assert!(!claims.contains_key("given_name") && !claims.contains_key("family_name"), "{scope}");
        }
    }
}

#[tokio::test]
async fn single_claims_go_to_the_place_that_they_were_asked_for() {
    let server = Server::start().await;
    ann(&server).await;
    let client = client(&server, EVERYTHING).await;
    let asked = asking(
        r#"{"userinfo":{"given_name":{"essential":true},"phone_number":null},"id_token":{"email":null,"nickname":{"essential":true},"auth_time":null}}"#,
    );
    let (id_token, userinfo) = told(&server, &client, &format!("scope=openid&{asked}")).await;
    assert_eq!(names(&userinfo), ["given_name", "phone_number", "sub"]);
    assert_eq!((&id_token["email"], &id_token["nickname"]), (&json!("ann@example.org"), &json!("annie")));
    assert_eq!(id_token.len(), OF_THE_TOKEN.len() + 2);
}

#[tokio::test]
async fn a_claim_is_given_only_with_a_value_that_was_asked_for() {
    let server = Server::start().await;
    ann(&server).await;
    let client = client(&server, EVERYTHING).await;
    let asked = asking(
        r#"{"userinfo":{"given_name":{"value":"Ann"},"family_name":{"value":"Doe"},"locale":{"values":["en","nb-NO"]}}}"#,
    );
    let (_, userinfo) = told(&server, &client, &format!("scope=openid&{asked}")).await;
    assert_eq!(names(&userinfo), ["given_name", "locale", "sub"]);
}

#[tokio::test]
async fn claims_that_the_client_is_not_allowed_and_unknown_ones_are_left_out() {
    let server = Server::start().await;
    ann(&server).await;
    let client = client(&server, "openid email").await;
    let asked = asking(
        r#"{"userinfo":{"name":{"essential":true},"email":null,"shoe_size":{"essential":true}},"elsewhere":{"name":null}}"#,
    );
    let (_, userinfo) = told(&server, &client, &format!("scope=openid&{asked}")).await;
    assert_eq!(names(&userinfo), ["email", "sub"]);
}

#[tokio::test]
async fn the_person_is_asked_for_single_claims_as_for_their_scopes() {
    let server = Server::start().await;
    ann(&server).await;
    let client = client(&server, EVERYTHING).await;
    let mut browser = server.browser();
    browser.code(&client, "ann@example.org", "scope=openid").await;
    let asked = format!("scope=openid&{}", asking(r#"{"id_token":{"phone_number":null}}"#));
    let refused = browser.visit(&client.authorization_url(&format!("{asked}&prompt=none"))).await;
    refused.refused_redirect(Rejection::ConsentNeeded);
    let page = browser.visit(&client.authorization_url(&asked)).await;
    assert!(page.text_of(".asks").unwrap().contains("See your phone number"), "{}", page.text());
    browser.press(&page.form("#allow")).await.location_param("code").unwrap();
    browser.visit(&client.authorization_url(&format!("{asked}&prompt=none"))).await.location_param("code").unwrap();
}

#[tokio::test]
async fn a_claims_parameter_that_is_not_small_json_is_refused_at_the_redirect_uri() {
    let server = Server::start().await;
    let client = client(&server, EVERYTHING).await;
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    for wrong in ["name", "[]", "{\"userinfo\":1}", &format!("{{\"x\":{deep}}}")] {
        server.get(&client.authorization_url(&asking(wrong))).await.refused_redirect(Rejection::MalformedClaims);
    }
}

#[tokio::test]
async fn a_huge_claims_parameter_is_refused_on_a_page() {
    let server = Server::start().await;
    let client = client(&server, EVERYTHING).await;
    let huge = "[".repeat(10_000);
    let answer = server.get(&client.authorization_url(&format!("claims={huge}"))).await;
    answer.refused_page(400, Rejection::RequestTooLong);
    let megabyte = "a".repeat(1 << 20);
    let answer = server.post("/authorize", &format!("client_id={}&claims={megabyte}", client.id)).await;
    answer.refused_page(413, Rejection::BodyTooLarge);
}

#[tokio::test]
async fn single_claims_hold_for_their_own_grant_alone() {
    let server = Server::start().await;
    ann(&server).await;
    let client = client(&server, EVERYTHING).await;
    let mut browser = server.browser();
    let asked = format!("scope=openid&{}", asking(r#"{"userinfo":{"email":null}}"#));
    let with = client.redeem(&browser.code(&client, "ann@example.org", &asked).await).await.ok();
    let without = client.redeem(&browser.code(&client, "ann@example.org", "scope=openid").await).await.ok();
    let told = client.userinfo(with["access_token"].as_str().unwrap()).await.ok();
    assert_eq!(told["email"], "ann@example.org");
    let told = client.userinfo(without["access_token"].as_str().unwrap()).await.ok();
    assert!(told.get("email").is_none());
}
