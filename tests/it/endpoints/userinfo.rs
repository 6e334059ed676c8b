//! Userinfo: how the token may come, and which tokens are none (RFC 6750, RFC 8725, RFC 9068).

use axum::body::Body;
use axum::http::{Request, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::rejection::{ErrorCode, Rejection};
use doorward::secret::{base64url, from_base64url};
use doorward::tokens::{KeySpec, SigningKey};
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::{BoxedUint, RsaPublicKey};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, forge, unverified_claims};

const ANN: &str = "ann@example.org";

/// A person's access token.
struct Given {
    server: Server,
    client: Client,
    token: String,
    id_token: String,
    claims: Value,
}

async fn given() -> Given {
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
    async fn refuses(&self, token: &str, rejection: Rejection) {
        let answer = self.client.userinfo(token).await;
        refused_bearer(&answer, rejection);
    }

    /// The token's claims with one of them changed, as JSON text; `null` takes it away.
    fn changed(&self, name: &str, value: Value) -> String {
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
fn refused_bearer(answer: &Answer, rejection: Rejection) {
    let status = match rejection.code() {
        ErrorCode::InvalidToken => 401,
        ErrorCode::InsufficientScope => 403,
        _ => 400,
    };
    answer.refused_json(status, rejection);
    let challenge = answer.header("www-authenticate");
    let (code, words) = (rejection.code().as_str(), rejection.description());
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
    refused_bearer(&ask(&server, &[], "/userinfo", Some(&twice)).await, Rejection::RepeatedParameter);
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
    let number = |name: &str| BoxedUint::from_be_slice_vartime(&from_base64url(jwk[name].as_str().unwrap()).unwrap());
    let key = RsaPublicKey::new(number("n"), number("e")).unwrap();
    let (spki, pkcs1) = (key.to_public_key_der().unwrap(), key.to_pkcs1_der().unwrap());
    let pem = |label: &str, der: &[u8]| {
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    let forms: Vec<Vec<u8>> = vec![
        pem("PUBLIC KEY", spki.as_bytes()).into_bytes(),
        pem("PUBLIC KEY", spki.as_bytes()).trim_end().as_bytes().to_vec(),
        pem("RSA PUBLIC KEY", pkcs1.as_bytes()).into_bytes(),
        spki.as_bytes().to_vec(),
        pkcs1.as_bytes().to_vec(),
        jwk.to_string().into_bytes(),
        jwk["n"].as_str().unwrap().as_bytes().to_vec(),
        from_base64url(jwk["n"].as_str().unwrap()).unwrap(),
        vec![],
    ];
    let claims = given.claims.to_string();
    for secret in forms {
        for alg in ["HS256", "RS256"] {
            let mut header = forge::access_token_header(&given.server);
            header["alg"] = alg.into();
            let token = forge::signed_with_hmac(&header.to_string(), &claims, &secret);
            given.refuses(&token, Rejection::WrongSignature).await;
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
    let both = given.changed("aud", json!(["http://localhost:8000", "https://api.test"]));
    given.refuses(&forge::signed_by(&given.server, &header, &both), Rejection::MalformedToken).await;

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
    let input = format!("{}.{}", base64url(header.as_bytes()), base64url(given.claims.to_string().as_bytes()));
    let token = format!("{input}.{}", base64url(&other.sign(input.as_bytes()).unwrap()));
    given.refuses(&token, Rejection::UnknownKey).await;
    // Under the name of ours, the signature says no.
    let header = forge::access_token_header(&given.server).to_string();
    let input = format!("{}.{}", base64url(header.as_bytes()), base64url(given.claims.to_string().as_bytes()));
    let token = format!("{input}.{}", base64url(&other.sign(input.as_bytes()).unwrap()));
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

#[tokio::test]
async fn a_token_lives_fifteen_minutes() {
    let given = given().await;
    given.server.turn(899);
    given.client.userinfo(&given.token).await.ok();
    given.server.turn(1);
    given.refuses(&given.token, Rejection::ExpiredToken).await;
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
        "sub": user, "name": "Ann Lee", "given_name": "Ann", "email": ANN, "email_verified": true,
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
