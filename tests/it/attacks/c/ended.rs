//! Tokens that have ended, and other spellings of those that hold.

use doorward::protocol::algorithm::{Algorithm, AlgorithmChoice};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::resource_signing::ResourceSigning;
use doorward::protocol::scope::ScopeSet;
use doorward::secret::{base64url, from_base64url};

use super::given;
use crate::attacks::{ANN, is_active, refresh, text};
use crate::support::{Server, forge};

/// Class: what held once: past its time to the second, revoked by itself, with its grant, or with its key; on every node, and for good even if
/// the clock goes back.
#[tokio::test]
async fn c9_a_token_that_has_ended_stays_ended() {
    let given = given().await;
    let other = given.server.another_node().await;
    given.server.turn(899);
    given.still_holds().await;
    given.server.turn(1);
    given.client.userinfo(&given.access).await.refused_json(401, Rejection::ExpiredToken);
    given.client.on(&other).userinfo(&given.access).await.refused_json(401, Rejection::ExpiredToken);
    assert!(!is_active(&given.client, &given.access).await);

    let fresh = refresh(&given.client, &given.refresh).await.ok();
    let (access, next) = (text(&fresh, "access_token"), text(&fresh, "refresh_token"));
    for hint in ["refresh_token", "x"] {
        let fields = [("token", access.as_str()), ("token_type_hint", hint)];
        assert_eq!(given.client.on(&other).post("/revoke", &fields).await.status, 200);
    }
    for node in [&given.server, &other] {
        let client = given.client.on(node);
        client.userinfo(&access).await.refused_json(401, Rejection::RevokedToken);
        assert!(!is_active(&client, &access).await);
    }
    // Alone: the refresh token goes on, and its tokens end with it.
    let fresh = refresh(&given.client, &next).await.ok();
    let (access, last) = (text(&fresh, "access_token"), text(&fresh, "refresh_token"));
    given.client.post("/revoke", &[("token", &last)]).await;
    for node in [&given.server, &other] {
        given.client.on(node).userinfo(&access).await.refused_json(401, Rejection::TokenOfEndedGrant);
    }
    given.server.turn(-50);
    given.client.userinfo(&access).await.refused_json(401, Rejection::TokenOfEndedGrant);
    given.server.turn(50);

    // A key that is revoked takes everything with it, on the node that only hears of it too.
    let code = given.server.browser().code(&given.client, ANN, "").await;
    let access = text(&given.client.redeem(&code).await.ok(), "access_token");
    given.client.userinfo(&access).await.ok();
    let kid = forge::kid(&given.server);
    given.server.app.signing_keys.revoke(&kid, given.server.clock.now()).await.unwrap();
    for node in [&given.server, &other] {
        node.poll().await;
        given.client.on(node).userinfo(&access).await.refused_json(401, Rejection::UnknownKey);
        let answer = node.get("/.well-known/jwks.json").await;
        assert!(!answer.text().contains(&kid), "a revoked key is published no more");
    }
}

/// Class: one token, several spellings: padding, spare bits, line ends, other JSON of the same claims; each is refused, and a signature that
/// can be respelled (ES256) is still the same `jti`, so it dies with the token.
#[tokio::test]
async fn c12_another_spelling_of_a_token_is_no_second_token() {
    let given = given().await;
    let parts: Vec<&str> = given.access.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    // The last character of 256 bytes has two bits to spare.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(signature.chars().last().unwrap()).unwrap();
    let spare = format!("{}{}", &signature[..signature.len() - 1], &alphabet[at ^ 1..][..1]);
    let standard = signature.replace('-', "+").replace('_', "/");
    let same_claims = String::from_utf8(from_base64url(claims).unwrap()).unwrap().replace("\":", "\": ");
    let mut respelled = vec![
        format!("{header}.{claims}.{spare}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}=="),
        format!("{header}={claims}.{signature}"),
        format!("{header}.{claims}.{signature}."),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{}.{signature}", base64url(same_claims.as_bytes())),
        format!("{header}.{claims}.{}", &signature[..signature.len() - 4]),
        format!("{header}.{claims}.AAAA{signature}"),
    ];
    if standard != signature {
        respelled.push(format!("{header}.{claims}.{standard}"));
    }
    for token in &respelled {
        assert_ne!(*token, given.access);
        given.refuses(token).await;
    }
    for token in [format!("{} ", given.access), format!("{}\n", given.access), format!("{}%20", given.access)] {
        assert!(!is_active(&given.client, &token).await);
    }
    given.still_holds().await;

    // ES256: (r, n - s) verifies wherever (r, s) does.
    let server = Server::start().await;
    let notes = ScopeSet::parse("notes:read").unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = notes).await;
    server.db_resource("https://notes.test", &["notes:read"]).await;
    server
        .db_change_resource("https://notes.test", |resource| {
            resource.signing =
                ResourceSigning::Public(AlgorithmChoice { wanted: Some(Algorithm::Es256), former: None });
            resource.introspectors = vec![service.id.clone()];
        })
        .await;
    server.app.signing_keys.rotate(server.clock.now()).await.unwrap();
    server.turn(420);
    server.poll().await;
    let token = text(&service.credentials(&[]).await.ok(), "access_token");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let twin = format!("{signed}.{}", base64url(&mirrored(&from_base64url(signature).unwrap())));
    assert_ne!(twin, token);
    service.post("/revoke", &[("token", &token)]).await;
    assert!(!is_active(&service, &token).await && !is_active(&service, &twin).await);
    let token = text(&service.credentials(&[]).await.ok(), "access_token");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let twin = format!("{signed}.{}", base64url(&mirrored(&from_base64url(signature).unwrap())));
    service.post("/revoke", &[("token", &twin)]).await;
    let both = (is_active(&service, &token).await, is_active(&service, &twin).await);
    assert!(both == (false, false) || both == (true, false), "{both:?}");
}

/// The other of the two signatures of ECDSA: `n - s` in the place of `s`.
fn mirrored(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
        0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (r, s) = signature.split_at(32);
    let (mut difference, mut borrow) = ([0_u8; 32], 0_i16);
    for at in (0..32).rev() {
        let digit = i16::from(ORDER[at]) - i16::from(s[at]) - borrow;
        borrow = i16::from(digit < 0);
        difference[at] = (digit + 256 * borrow) as u8;
    }
    [r, &difference].concat()
}
