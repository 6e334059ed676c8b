//! Our own ID tokens as hints (OpenID Connect Core §3.1.2.1).

use doorward::protocol::client::ClientType;
use doorward::protocol::issuer::Issuer;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::resource::AccessTokenType;
use doorward::protocol::scope::ScopeSet;
use doorward::secret::{Secret, base64url, from_base64url};
use doorward::tokens::VerifiedIdToken;

use super::DAY;
use crate::support::{Server, unverified_claims};

const API: &str = "https://notes.test";

async fn tokens(server: &Server) -> (String, String, String) {
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "").await;
    let answer = client.redeem(&code).await.ok();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (client.id, text("id_token"), text("access_token"))
}

fn verify(server: &Server, token: &str) -> Result<VerifiedIdToken, Rejection> {
    VerifiedIdToken::verify(&Secret::presented(token), &server.app.ring, &server.app.issuer)
}

#[tokio::test]
async fn an_expired_id_token_of_ours_is_a_hint() {
    let server = Server::start().await;
    let (client_id, id_token, _) = tokens(&server).await;
    server.turn(30 * DAY);
    let hint = verify(&server, &id_token).unwrap();
    let claims = unverified_claims(&id_token);
    assert_eq!((hint.aud.as_str(), hint.sub.as_str()), (client_id.as_str(), claims["sub"].as_str().unwrap()));
    assert_eq!((hint.sid.as_deref(), hint.auth_time), (claims["sid"].as_str(), claims["auth_time"].as_i64().unwrap()));
}

#[tokio::test]
async fn what_is_not_an_id_token_of_ours_is_no_hint() {
    let server = Server::start().await;
    let (_, id_token, access_token) = tokens(&server).await;
    let part = |token: &str, at: usize| token.split('.').nth(at).unwrap().to_owned();
    let (claims, signature) = (part(&id_token, 1), part(&id_token, 2));
    let changed = |from: &str, to: &str| {
        let header = String::from_utf8(from_base64url(&part(&id_token, 0)).unwrap()).unwrap();
        assert!(header.contains(from));
        format!("{}.{claims}.{signature}", base64url(header.replace(from, to).as_bytes()))
    };
    let none = base64url(br#"{"alg":"none","typ":"JWT"}"#);
    for (what, hint) in [
        ("an access token", access_token.clone()),
        ("unsigned", format!("{none}.{claims}.")),
        ("without its signature", format!("{}.{claims}.", part(&id_token, 0))),
        ("with the signature of another token", format!("{}.{claims}.{}", part(&id_token, 0), part(&access_token, 2))),
        ("another type", changed("\"JWT\"", "\"logout+jwt\"")),
        ("another algorithm", changed("RS256", "HS256")),
        ("an unknown key", changed("\"kid\":\"", "\"kid\":\"x")),
        ("a critical header", changed("{", "{\"crit\":[\"exp\"],")),
        ("rubbish", "rubbish".to_owned()),
        ("too long", format!("{id_token}{}", "A".repeat(8192))),
    ] {
        assert_eq!(verify(&server, &hint).map(|hint| hint.sub), Err(Rejection::ForeignHint), "{what}");
    }
    // One that an API wants with the type of ID tokens, for a client of the same name: it says when the person authenticated, too.
    let alike = server.db_client(ClientType::Web, |client| client.client_id = API.to_owned()).await;
    server.db_resource(API, &["notes:read"]).await;
    server.db_change_resource(API, |resource| resource.token_type = AccessTokenType::Jwt).await;
    server.db_change_client(&alike.id, |client| client.scopes = ScopeSet::parse("notes:read").unwrap()).await;
    let code = server.browser().code(&alike, "ann@example.org", "scope=notes:read").await;
    let tokens = alike.redeem(&code).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    let claims = unverified_claims(access_token);
    assert!(claims["aud"] == API && claims["auth_time"].is_i64(), "{claims}");
    assert_eq!(verify(&server, access_token).map(|hint| hint.sub), Err(Rejection::ForeignHint));
    let other = Issuer::parse("https://other.test").unwrap();
    let foreign = VerifiedIdToken::verify(&Secret::presented(id_token), &server.app.ring, &other);
    assert_eq!(foreign.map(|hint| hint.sub), Err(Rejection::ForeignHint));
}
