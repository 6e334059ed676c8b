//! Input that is deep, wide or made to collide.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use serde_json::json;

use crate::attacks::{ANN, encoded, text, tokens};
use crate::sources::sources;
use crate::support::{Server, forge};

/// Class: parsers: objects and arrays a thousand deep, names by the ten thousand, scopes by the thousand, in every place that reads JSON or lists; each is
/// refused, what nobody knows is left out, and no stack runs out.
#[tokio::test]
async fn l6_deep_and_wide_input_is_refused() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let given = tokens(&mut server.browser(), &client).await;
    let deep = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let wide: Vec<String> = (0..300).map(|n| format!("\"c{n}\":null")).collect();
    for claims in [
        deep("[", "]", 1000),
        deep("{\"a\":", "1}", 500).replace("1}1}", "}"),
        format!("{{\"userinfo\":{}}}", deep("{\"a\":", "}", 100)),
        format!("{{\"id_token\":{{\"a\":{{\"values\":{}}}}}}}", deep("[", "]", 800)),
        "1e999999".to_owned(),
        "\"".repeat(999),
        "{\"userinfo\":{\"name\":null,\"name\":null}}".to_owned(),
    ] {
        let answer = server.get(&client.authorization_url(&format!("claims={}", encoded(&claims)))).await;
        let refused = answer.status.is_client_error() || answer.location_param("error").is_some();
        assert!(refused, "{claims:.60}: {}", answer.location());
    }
    // Names that nobody knows are left out, however many they are.
    let claims = encoded(&format!("{{\"userinfo\":{{{}}}}}", wide.join(",")));
    let location = server.get(&client.authorization_url(&format!("claims={claims}"))).await.location();
    assert!(location.starts_with("/login?request=") && location.len() < 1500, "{location}");
    let header = forge::access_token_header(&server);
    let bodies = [deep("[", "]", 2500), deep("{\"a\":", "1}", 800), format!("{{\"aud\":{}}}", deep("[", "]", 2000))];
    for body in &bodies {
        let answer = client.userinfo(&forge::signed_by(&server, &header.to_string(), body)).await;
        answer.refused_json(401, Rejection::MalformedToken);
        let answer = client.userinfo(&forge::unsigned(body, body)).await;
        answer.refused_json(401, Rejection::MalformedToken);
        let hint = format!("/logout?id_token_hint={}", forge::unsigned(body, body));
        server.get(&hint).await.refused_page(400, Rejection::ForeignHint);
    }
    let audiences: Vec<String> = (0..500).map(|n| format!("https://{n}.test")).collect();
    let mut claims = crate::support::unverified_claims(&text(&given, "access_token"));
    claims["aud"] = json!(audiences);
    let answer = client.userinfo(&forge::signed_by(&server, &header.to_string(), &claims.to_string())).await;
    assert_eq!(answer.status, 401);
    let scopes: Vec<String> = (0..3000).map(|n| format!("s{n}")).collect();
    let resources: Vec<(&str, String)> = (0..1000).map(|n| ("resource", format!("https://{n}.test"))).collect();
    let scope = scopes.join(" ");
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", "x"), ("scope", scope.as_str())];
    fields.extend(resources.iter().map(|(name, value)| (*name, value.as_str())));
    assert!(client.token(&fields).await.status.is_client_error());
    let names: Vec<String> = (0..9000).map(|n| format!("n{n}=")).collect();
    assert!(server.post("/token", &names.join("&")).await.status.is_client_error());
    let twice = format!("{}&n7=", names[..8000].join("&"));
    server.post("/token", &twice).await.refused_json(400, Rejection::RepeatedParameter);
    assert_eq!(server.get("/readyz").await.status, 200);
}

/// No table of ours is keyed by a hash that strangers can foresee: the standard one is seeded, and nothing else hashes what is sent.
#[test]
fn l7_no_hash_of_what_is_sent_can_be_foreseen() {
    let foreseeable = [
        "FxHash",
        "fxhash",
        "rustc_hash",
        "fnv::",
        "FnvHash",
        "BuildHasherDefault",
        "DefaultHasher::new()",
        "NoHash",
        "ahash::",
        "SipHasher::new()",
    ];
    for (path, text) in sources("src") {
        for word in foreseeable {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
    let manifest = crate::sources::text("Cargo.toml");
    for word in ["fxhash", "rustc-hash", "fnv", "nohash"] {
        assert!(!manifest.contains(&format!("{word} =")), "{word}");
    }
}
