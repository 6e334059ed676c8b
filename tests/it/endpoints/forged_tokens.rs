//! Tokens that are none, at userinfo: unsigned, signed with what is no secret, of other types, issuers and audiences, with odd times
//! (RFC 8725, RFC 9068 §4).

use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::rejection::Rejection;
use doorward::secret::base64url;
use doorward::tokens::{KeySpec, SigningKey};
use serde_json::{Value, json};

use super::userinfo::{ANN, given, refused_bearer};
use crate::support::forge;

#[tokio::test]
async fn a_token_without_a_signature_is_none() {
    let given = given().await;
    let claims = given.claims.to_string();
    for alg in ["none", "None", "nOnE", "NONE", "", "RS256 "] {
        for extra in [json!({}), json!({ "kid": forge::kid(&given.server) })] {
            let mut header = json!({ "alg": alg, "typ": "at+jwt" });
            header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            given.refuses(&forge::unsigned(&header.to_string(), &claims), Rejection::MalformedToken).await;
        }
    }
    let header = forge::access_token_header(&given.server).to_string();
    given.refuses(&forge::unsigned(&header, &claims), Rejection::WrongSignature).await;
    let parts: Vec<&str> = given.token.split('.').collect();
    for cut in [format!("{}.{}", parts[0], parts[1]), parts[0].to_owned(), "..".to_owned(), format!("{}.", given.token)]
    {
        given.refuses(&cut, Rejection::MalformedToken).await;
    }
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let given = given().await;
    let jwk = given.server.get("/.well-known/jwks.json").await.ok()["keys"][0].clone();
    let claims = given.claims.to_string();
    for secret in forge::writings_of_public_key(&jwk) {
        // No key of ours signs with the first: it is not even looked at.
        for (alg, why) in [("HS256", Rejection::MalformedToken), ("RS256", Rejection::WrongSignature)] {
            let mut header = forge::access_token_header(&given.server);
            header["alg"] = alg.into();
            let token = forge::signed_with_hmac(&header.to_string(), &claims, &secret);
            given.refuses(&token, why).await;
        }
    }
}

#[tokio::test]
async fn a_header_cannot_bring_its_own_key() {
    let given = given().await;
    let claims = given.claims.to_string();
    let own = json!({ "kty": "oct", "k": base64url(b"mine") });
    for (name, value) in [
        ("jwk", own.clone()),
        ("jku", "https://evil.test/jwks.json".into()),
        ("x5u", "https://evil.test/cert.pem".into()),
        ("x5c", json!(["AAAA"])),
    ] {
        for alg in ["HS256", "RS256"] {
            let mut header = forge::access_token_header(&given.server);
            header[name] = value.clone();
            header["alg"] = alg.into();
            let token = forge::signed_with_hmac(&header.to_string(), &claims, b"mine");
            let answer = given.client.userinfo(&token).await;
            assert_eq!(answer.status, 401, "{name}");
            header.as_object_mut().unwrap().remove("kid");
            let answer = given.client.userinfo(&forge::signed_with_hmac(&header.to_string(), &claims, b"mine")).await;
            assert_eq!(answer.status, 401, "{name}");
        }
    }
    let mut header = forge::access_token_header(&given.server);
    for crit in [json!(["exp"]), json!(["b64"]), json!([])] {
        header["crit"] = crit;
        let token = forge::signed_by(&given.server, &header.to_string(), &claims);
        given.refuses(&token, Rejection::CriticalHeader).await;
    }
}

#[tokio::test]
async fn a_key_is_looked_for_by_its_name_in_our_ring_and_nowhere_else() {
    let given = given().await;
    let claims = given.claims.to_string();
    let kid = forge::kid(&given.server);
    for unknown in ["../../../../dev/null", "' OR 1=1--", "\0", "", &kid.to_lowercase(), &format!("{kid}\0"), "é"] {
        let mut header = forge::access_token_header(&given.server);
        header["kid"] = unknown.into();
        let token = forge::signed_by(&given.server, &header.to_string(), &claims);
        given.refuses(&token, Rejection::UnknownKey).await;
    }
    for odd in [json!(["a"]), json!(7), json!({ "a": 1 }), "k".repeat(1_000_000).into()] {
        let mut header = forge::access_token_header(&given.server);
        header["kid"] = odd;
        let token = forge::signed_by(&given.server, &header.to_string(), &claims);
        given.refuses(&token, Rejection::MalformedToken).await;
    }
    let mut header = forge::access_token_header(&given.server);
    header.as_object_mut().unwrap().remove("kid");
    given.refuses(&forge::signed_by(&given.server, &header.to_string(), &claims), Rejection::UnknownKey).await;
}

#[tokio::test]
async fn a_changed_token_is_none() {
    let given = given().await;
    // Right itself, and kept in mind as such.
    given.client.userinfo(&given.token).await.ok();
    let parts: Vec<&str> = given.token.split('.').collect();
    let claims = given.changed("sub", "somebody".into());
    let swapped = format!("{}.{}.{}", parts[0], base64url(claims.as_bytes()), parts[2]);
    given.refuses(&swapped, Rejection::WrongSignature).await;
    let other_signature = given.id_token.split('.').nth(2).unwrap();
    given.refuses(&format!("{}.{}.{other_signature}", parts[0], parts[1]), Rejection::WrongSignature).await;
    for garbage in ["x", "a.b.c", &"a".repeat(9000), "eyJ.eyJ.eyJ", &given.token[1..]] {
        given.refuses(garbage, Rejection::MalformedToken).await;
    }
}

#[tokio::test]
async fn an_id_token_or_any_other_type_is_no_access_token() {
    let given = given().await;
    given.refuses(&given.id_token, Rejection::WrongTokenType).await;
    let claims = given.claims.to_string();
    for typ in [json!("JWT"), json!("logout+jwt"), json!("AT+JWT "), Value::Null] {
        let mut header = forge::access_token_header(&given.server);
        match typ {
            Value::Null => drop(header.as_object_mut().unwrap().remove("typ")),
            typ => header["typ"] = typ,
        }
        let token = forge::signed_by(&given.server, &header.to_string(), &claims);
        given.refuses(&token, Rejection::WrongTokenType).await;
    }
}

#[tokio::test]
async fn a_token_of_type_jwt_is_an_access_token_only_by_all_that_it_says() {
    let given = given().await;
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": forge::kid(&given.server) }).to_string();
    let mut claims = given.claims.clone();
    claims["aud"] = json!(["https://api.test", "http://localhost:8000"]);
    given.client.userinfo(&forge::signed_by(&given.server, &header, &claims.to_string())).await.ok();
    for (name, value) in [
        // What every ID token has, and no access token.
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        // What no ID token has.
        ("client_id", Value::Null),
        ("jti", Value::Null),
        // The issuer's own tokens are of the one type alone.
        ("aud", json!("http://localhost:8000")),
        ("aud", json!(["http://localhost:8000"])),
        ("aud", json!([])),
    ] {
        let mut changed = claims.clone();
        changed[name] = value;
        if changed[name].is_null() {
            changed.as_object_mut().unwrap().remove(name);
        }
        let token = forge::signed_by(&given.server, &header, &changed.to_string());
        given.refuses(&token, Rejection::WrongTokenType).await;
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_or_audience_is_refused() {
    let given = given().await;
    let header = forge::access_token_header(&given.server).to_string();
    for issuer in ["https://evil.test", "http://localhost:8000/", "HTTP://localhost:8000", ""] {
        let token = forge::signed_by(&given.server, &header, &given.changed("iss", issuer.into()));
        given.refuses(&token, Rejection::WrongIssuer).await;
    }
    for audience in ["https://api.test", "http://localhost:8000/", &given.client.id, ""] {
        let token = forge::signed_by(&given.server, &header, &given.changed("aud", audience.into()));
        given.refuses(&token, Rejection::WrongAudience).await;
    }
    for (audiences, rejection) in [
        (json!(["https://api.test", "https://other.test"]), Rejection::WrongAudience),
        (json!([]), Rejection::WrongAudience),
        (json!([["http://localhost:8000"]]), Rejection::MalformedToken),
        (json!(["http://localhost:8000", 7]), Rejection::MalformedToken),
        (json!({ "http://localhost:8000": true }), Rejection::MalformedToken),
    ] {
        let token = forge::signed_by(&given.server, &header, &given.changed("aud", audiences));
        given.refuses(&token, rejection).await;
    }
    let both = given.changed("aud", json!(["https://api.test", "http://localhost:8000"]));
    given.client.userinfo(&forge::signed_by(&given.server, &header, &both)).await.ok();

    // And a real one that was given out for an API.
    given.server.db_resource("https://api.test", &["notes"]).await;
    let extra = "resource=https%3A%2F%2Fapi.test";
    let code = given.server.browser().code(&given.client, ANN, extra).await;
    let tokens = given.client.redeem(&code).await.ok();
    given.refuses(tokens["access_token"].as_str().unwrap(), Rejection::WrongAudience).await;
}

#[tokio::test]
async fn a_token_of_another_server_is_signed_with_an_unknown_key() {
    let given = given().await;
    let other = SigningKey::generate(KeySpec { algorithm: Algorithm::Rs256, rsa_bits: 2048 }).unwrap();
    let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": other.kid() }).to_string();
    let token = forge::signed_with(&other, &header, &given.claims.to_string());
    given.refuses(&token, Rejection::UnknownKey).await;
    // Under the name of ours, the signature says no.
    let header = forge::access_token_header(&given.server).to_string();
    let token = forge::signed_with(&other, &header, &given.claims.to_string());
    given.refuses(&token, Rejection::WrongSignature).await;
}

#[tokio::test]
async fn the_times_of_a_token_are_whole_numbers_that_make_sense() {
    let given = given().await;
    let header = forge::access_token_header(&given.server).to_string();
    let now = given.server.clock.now().seconds();
    for (name, value) in [
        ("exp", Value::Null),
        ("iat", Value::Null),
        ("exp", (now + 900).to_string().into()),
        ("exp", json!(-1)),
        ("exp", json!(now as f64 + 0.5)),
        ("exp", json!(true)),
        ("exp", json!(u64::MAX)),
        ("iat", json!(now + 61)),
        ("iat", json!(i64::MAX)),
        ("iat", json!("now")),
        ("nbf", json!(now + 61)),
        ("nbf", json!("later")),
        ("jti", Value::Null),
        ("sub", Value::Null),
        ("aud", Value::Null),
        ("client_id", Value::Null),
        ("scope", json!(["openid"])),
    ] {
        let token = forge::signed_by(&given.server, &header, &given.changed(name, value.clone()));
        let answer = given.client.userinfo(&token).await;
        assert_eq!(answer.status, 401, "{name}: {value}");
        refused_bearer(&answer, Rejection::MalformedToken);
    }
    let text = given.claims.to_string();
    let exp = format!("\"exp\":{}", given.claims["exp"]);
    assert!(text.contains(&exp));
    for odd in ["\"exp\":1e400", "\"exp\":NaN", "\"exp\":99999999999999999999", "\"exp\":", "\"exp\":1,\"exp\":2"] {
        let token = forge::signed_by(&given.server, &header, &text.replace(&exp, odd));
        given.refuses(&token, Rejection::MalformedToken).await;
    }
}
