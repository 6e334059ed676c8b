//! Userinfo: how the token may come, what it says, and when the token ends (RFC 6750, OpenID Connect Core §5.3).

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::rejection::{ErrorCode, Rejection};
use doorward::secret::base64url;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, unverified_claims};

pub(super) const ANN: &str = "ann@example.org";

/// A person's access token.
pub(super) struct Given {
    pub(super) server: Server,
    pub(super) client: Client,
    pub(super) token: String,
    pub(super) id_token: String,
    pub(super) claims: Value,
}

pub(super) async fn given() -> Given {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&client, ANN, "").await;
    let tokens = client.redeem(&code).await.ok();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (token, id_token) = (text("access_token"), text("id_token"));
    let claims = unverified_claims(&token);
    Given { server, client, token, id_token, claims }
}

impl Given {
    /// Asserts that userinfo refuses the token, with a challenge that says why.
    pub(super) async fn refuses(&self, token: &str, rejection: Rejection) {
        let answer = self.client.userinfo(token).await;
        refused_bearer(&answer, rejection);
    }

    /// The token's claims with one of them changed, as JSON text; `null` takes it away.
    pub(super) fn changed(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        claims.to_string()
    }
}

/// A refusal as a bearer challenge: status, challenge and body agree with the rule.
#[track_caller]
pub(super) fn refused_bearer(answer: &Answer, rejection: Rejection) {
    let status = match rejection.code() {
        ErrorCode::InvalidToken => 401,
        ErrorCode::InsufficientScope => 403,
        _ => 400,
    };
    answer.refused_json(status, rejection);
    let challenge = answer.header("www-authenticate");
    let (code, words) = (rejection.code().as_str(), answer.words().unwrap());
    match rejection {
        Rejection::MissingToken => assert_eq!(challenge, "Bearer realm=\"doorward\""),
        _ => {
            let wanted = format!("Bearer realm=\"doorward\", error=\"{code}\", error_description=\"{words}\"");
            assert!(challenge.starts_with(&wanted), "{challenge}");
        }
    }
}

/// A request with these headers, to this address, with this form when it is a POST.
async fn ask(server: &Server, authorization: &[&[u8]], path: &str, form: Option<&str>) -> Answer {
    let mut request = if form.is_some() { Request::post(path) } else { Request::get(path) };
    for value in authorization {
        request = request.header(header::AUTHORIZATION, *value);
    }
    if form.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    server.send(request.body(Body::from(form.unwrap_or_default().to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_token_comes_in_the_header_or_in_the_form_and_in_one_of_them() {
    let Given { server, token, .. } = given().await;
    let bearer = format!("Bearer {token}").into_bytes();
    let form = format!("access_token={token}");
    let query = format!("/userinfo?access_token={token}");
    for post in [None, Some("")] {
        ask(&server, &[&bearer], "/userinfo", post).await.ok();
        refused_bearer(&ask(&server, &[], "/userinfo", post).await, Rejection::MissingToken);
        refused_bearer(&ask(&server, &[&bearer, &bearer], "/userinfo", post).await, Rejection::SeveralTokens);
        refused_bearer(&ask(&server, &[], &query, post).await, Rejection::TokenInQuery);
        refused_bearer(&ask(&server, &[&bearer], &query, post).await, Rejection::TokenInQuery);
        refused_bearer(&ask(&server, &[], "/userinfo?access_token=%ff", post).await, Rejection::MalformedParameters);
        for malformed in [&b"Bearer"[..], b"Bearer ", b"bearer  x", b"Bearer a b", b"Bearer \xe9", b"Basic YTpi", b"x"]
        {
            refused_bearer(&ask(&server, &[malformed], "/userinfo", post).await, Rejection::MalformedBearer);
        }
    }
    ask(&server, &[], "/userinfo", Some(&form)).await.ok();
    refused_bearer(&ask(&server, &[&bearer], "/userinfo", Some(&form)).await, Rejection::SeveralTokens);
    let twice = format!("{form}&{form}");
    let answer = ask(&server, &[], "/userinfo", Some(&twice)).await;
    refused_bearer(&answer, Rejection::RepeatedParameter);
    assert!(answer.words().unwrap().ends_with(": access_token."));
    refused_bearer(&ask(&server, &[], "/userinfo", Some("access_token=%00")).await, Rejection::MalformedParameters);
}

#[tokio::test]
async fn the_body_of_a_post_is_a_form_of_at_most_64_kib() {
    let Given { server, token, .. } = given().await;
    let form = "application/x-www-form-urlencoded";
    let answer = server.post_as("/userinfo", form, vec![b'a'; 65_537]).await;
    assert_eq!(answer.refused(413, Rejection::BodyTooLarge).json()["error"], "invalid_request");
    // What is no form is no place for a token.
    let body = json!({ "access_token": token }).to_string();
    let answer = server.post_as("/userinfo", "application/json", body.into_bytes()).await;
    refused_bearer(&answer, Rejection::MissingToken);
    let answer = server.post_as("/userinfo", form, b"access_token=\xff".to_vec()).await;
    refused_bearer(&answer, Rejection::MalformedParameters);
}

#[tokio::test]
async fn a_token_lives_fifteen_minutes() {
    let given = given().await;
    given.server.turn(899);
    given.client.userinfo(&given.token).await.ok();
    given.server.turn(1);
    given.refuses(&given.token, Rejection::ExpiredToken).await;
}

#[tokio::test]
async fn whoever_calls_userinfo_reads_what_is_wrong_to_the_letter() {
    let Given { server, client, token, claims, .. } = given().await;
    let invalid = |words| [("error", "invalid_token"), ("error_description", words)];
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = base64url(claims.to_string().replace(ANN, "bob@example.org").as_bytes());
    let header = signed.split_once('.').unwrap().0;
    for wrong in [
        format!("{signed}."),
        format!("{signed}.{}", base64url(&[7; 256])),
        format!("{signed}.{signature}x"),
        format!("{header}.{other}.{signature}"),
    ] {
        let answer = client.userinfo(&wrong).await;
        answer.refused(401, Rejection::WrongSignature).challenged(401, &invalid("The signature is not valid"));
    }
    let code = server.browser().code(&client, ANN, "scope=profile").await;
    let narrow = client.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned();
    client.userinfo(&narrow).await.challenged(
        403,
        &[
            ("error", "insufficient_scope"),
            ("error_description", "The access token lacks the scope openid"),
            ("scope", "openid"),
        ],
    );
    server.turn(900);
    client.userinfo(&token).await.challenged(401, &invalid("The access token expired"));
    // Of a token whose signature is wrong nothing else is said.
    client.userinfo(&format!("{signed}.")).await.challenged(401, &invalid("The signature is not valid"));
}

#[tokio::test]
async fn userinfo_is_for_tokens_of_people_who_granted_openid() {
    let given = given().await;
    let code = given.server.browser().code(&given.client, ANN, "scope=profile").await;
    let tokens = given.client.redeem(&code).await.ok();
    assert!(tokens.get("id_token").is_none());
    let answer = given.client.userinfo(tokens["access_token"].as_str().unwrap()).await;
    refused_bearer(&answer, Rejection::TokenWithoutOpenid);
    assert!(answer.header("www-authenticate").ends_with("scope=\"openid\""));

    let service = given.server.db_client(ClientType::Service, |c| c.auth_method = AuthMethod::ClientSecretPost).await;
    let tokens = service.credentials(&[]).await.ok();
    given.refuses(tokens["access_token"].as_str().unwrap(), Rejection::TokenWithoutOpenid).await;
}

#[tokio::test]
async fn userinfo_says_what_the_scopes_release() {
    let given = given().await;
    let user = given.claims["sub"].as_str().unwrap();
    given
        .server
        .db_change_user(user, |account| {
            account.user.claims.insert("given_name".into(), "Ann".into());
            account.user.claims.insert("phone_number".into(), "+47 1".into());
        })
        .await;
    let claims = given.client.userinfo(&given.token).await.ok();
    let wanted = json!({
        "sub": user, "name": "Ann Lee", "given_name": "Ann", "email": ANN, "email_verified": true, "preferred_username": ANN,
        "updated_at": given.server.clock.now().seconds()
    });
    assert_eq!(claims, wanted);
    let code = given.server.browser().code(&given.client, ANN, "scope=openid").await;
    let tokens = given.client.redeem(&code).await.ok();
    let claims = given.client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!(claims, json!({ "sub": user }));
}

#[tokio::test]
async fn a_token_ends_with_its_user_its_client_and_its_sign_in() {
    let given = given().await;
    let user = given.claims["sub"].as_str().unwrap();
    given.server.db_change_user(user, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    given.refuses(&given.token, Rejection::TokenOfEndedGrant).await;
    given.server.db_change_user(user, |account| account.user.disabled_at = None).await;
    given.client.userinfo(&given.token).await.ok();

    given.server.db_change_client(&given.client.id, |c| c.disabled_at = Some(c.created_at)).await;
    given.refuses(&given.token, Rejection::TokenOfEndedGrant).await;
    given.server.db_change_client(&given.client.id, |c| c.disabled_at = None).await;

    // A person who signs out ends a single-page app's tokens, on every node.
    let mut browser = given.server.browser();
    let code = browser.code(&given.client, ANN, "").await;
    let token = given.client.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned();
    let other = given.client.on(&given.server.another_node().await);
    other.userinfo(&token).await.ok();
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    given.refuses(&token, Rejection::TokenOfEndedGrant).await;
    refused_bearer(&other.userinfo(&token).await, Rejection::TokenOfEndedGrant);
}
