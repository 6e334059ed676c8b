//! Whose a code is, and what it is.

use axum::body::Body;
use axum::http::Request;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::attacks::{ANN, OFFLINE, count, refresh, text, tokens};
use crate::support::{Answer, Server, VERIFIER, challenge};

/// Another client gets nothing, and the code stays with its own: neither try nor replay of a stranger ends anything.
#[tokio::test]
async fn b4_a_code_is_worth_nothing_to_another_client() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let kinds = [ClientType::Web, ClientType::Spa, ClientType::Native];
    for owner in kinds {
        for thief in kinds {
            let client = server.db_client(owner, |_| {}).await;
            let thief = server.db_client(thief, |c| c.redirect_uris.push("https://rp.test/cb".to_owned())).await;
            let code = server.browser().code(&client, ANN, "").await;
            for uri in [&client.redirect_uri, &thief.redirect_uri] {
                let mut thief = thief.clone();
                thief.redirect_uri = uri.clone();
                thief.redeem(&code).await.refused_json(400, Rejection::ForeignCode);
            }
            let given = client.redeem(&code).await.ok();
            thief.redeem(&code).await.refused_json(400, Rejection::ForeignCode);
            client.userinfo(&text(&given, "access_token")).await.ok();
        }
    }
    // Nor by the owner's name without the owner's secret.
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = server.browser().code(&client, ANN, "").await;
    let mut impostor = client.clone();
    impostor.secret = None;
    impostor.redeem(&code).await.refused_json(401, Rejection::MissingClientSecret);
    impostor.secret = Some("wrong".to_owned());
    impostor.redeem(&code).await.refused_json(401, Rejection::WrongClientSecret);
    client.redeem(&code).await.ok();
}

/// The URI of the request, byte for byte, or the code is burnt.
#[tokio::test]
async fn b5_a_code_belongs_to_the_redirect_uri_of_its_request() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for kind in [ClientType::Web, ClientType::Spa] {
        let uris = vec!["https://rp.test/cb".to_owned(), "https://rp.test/other".to_owned()];
        let client = server.db_client(kind, |c| c.redirect_uris = uris).await;
        let mut browser = server.browser();
        let wrong = ["https://rp.test/other", "https://rp.test/cb/", "https://rp.test/CB", "HTTPS://rp.test/cb", ""];
        for wrong in wrong.map(Some).into_iter().chain([None]) {
            let code = browser.code(&client, ANN, "").await;
            let mut fields = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
            fields.push(("code_verifier", VERIFIER));
            fields.extend(wrong.map(|uri| ("redirect_uri", uri)));
            client.token(&fields).await.refused_json(400, Rejection::WrongRedirectUri);
            client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
        }
    }
    // The port of a native client's loopback URI was free to choose, and is then fixed.
    let mut native = server.db_client(ClientType::Native, |_| {}).await;
    native.redirect_uri = "http://127.0.0.1:40001/callback".to_owned();
    let code = server.browser().code(&native, ANN, "").await;
    native.redirect_uri = "http://127.0.0.1:40002/callback".to_owned();
    native.redeem(&code).await.refused_json(400, Rejection::WrongRedirectUri);
}

/// Class: kinds of tokens that share a namespace: a code is no refresh token, bearer token, cookie, form token or sealed request, and none of
/// these is a code.
#[tokio::test]
async fn b6_a_code_is_nothing_else_and_nothing_else_is_a_code() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let given = tokens(&mut browser, &client).await;
    let code = browser.code(&client, ANN, OFFLINE).await;
    refresh(&client, &code).await.refused_json(400, Rejection::UnknownRefreshToken);
    client.userinfo(&code).await.refused_json(401, Rejection::MalformedToken);
    let asked = client.post("/introspect", &[("token", &code)]).await.ok();
    assert_eq!(asked, serde_json::json!({ "active": false }));
    assert_eq!(client.post("/revoke", &[("token", &code)]).await.status, 200);
    let mut impostor = server.browser();
    impostor.cookies.insert("doorward_sign_in".to_owned(), code.clone());
    assert!(impostor.visit("/account").await.has("#login-submit"));
    browser
        .clone()
        .get(&format!("/authorize/continue?request={code}"))
        .await
        .refused(400, Rejection::ForgedPendingRequest);
    let mut as_secret = client.clone();
    as_secret.secret = Some(code.clone());
    as_secret.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);

    let form = browser.visit("/account").await.form("#sign-out");
    let sign_in = browser.cookies["doorward_sign_in"].clone();
    for foreign in [
        text(&given, "refresh_token"),
        text(&given, "access_token"),
        text(&given, "id_token"),
        form.field("csrf"),
        sign_in,
        client.secret.clone().unwrap(),
        VERIFIER.to_owned(),
        challenge(),
    ] {
        client.redeem(&foreign).await.refused_json(400, Rejection::UnknownCode);
    }
    client.redeem(&code).await.ok();
    let claims = crate::support::unverified_claims(&text(&given, "access_token"));
    client.redeem(claims["gid"].as_str().unwrap()).await.refused_json(400, Rejection::UnknownCode);
    client.redeem(claims["jti"].as_str().unwrap()).await.refused_json(400, Rejection::UnknownCode);
}

/// Any change of a code is another code, and leaves the right one as it was.
#[tokio::test]
async fn b11_a_changed_code_is_unknown() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&client, ANN, "").await;
    let case: String =
        code.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
    // The last character of 32 bytes in base64url has two bits to spare: another spelling of the same bytes.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(code.chars().last().unwrap()).unwrap();
    let respelled = format!("{}{}", &code[..code.len() - 1], &alphabet[at ^ 1..][..1]);
    let halves = format!("{}{}", &code[1..], &code[..1]);
    for changed in [
        &code[..code.len() - 1],
        &code[1..],
        &code[..32],
        &format!("{code}A"),
        &format!("A{code}"),
        &format!("{code}="),
        &format!("{code} "),
        &format!(" {code}"),
        &format!("{code}\u{200b}"),
        &format!("{code}%00"),
        &format!("{code}{code}"),
        &case,
        &code.to_uppercase(),
        &code.to_lowercase(),
        &respelled,
        &halves,
        "x",
        "' OR '1'='1",
        "%",
        "*",
        "null",
    ] {
        assert_ne!(changed, code);
        client.redeem(changed).await.refused_json(400, Rejection::UnknownCode);
    }
    client.redeem(&format!("{code}\0")).await.refused_json(400, Rejection::MalformedParameters);
    client.redeem(&code).await.ok();
}

/// Class: codes guessed or overheard: 256 bits that never repeat, kept as a hash, in answers that are kept nowhere, name no referrer and go to
/// the application alone.
#[tokio::test]
async fn b12_a_code_is_neither_guessed_nor_overheard() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut codes = std::collections::BTreeSet::new();
    for mode in ["query", "fragment", "form_post"].repeat(7) {
        let answer = browser.get(&client.authorization_url(&format!("response_mode={mode}"))).await;
        let code = code_of(&answer);
        assert_eq!(doorward::secret::from_base64url(&code).unwrap().len(), 32);
        assert!(codes.insert(code));
        assert_eq!(answer.header("cache-control"), "no-store");
        // Of a form post the application learns the origin, as the `Origin` of the form.
        let referrer = if mode == "form_post" { "origin" } else { "same-origin" };
        assert_eq!(answer.header("referrer-policy"), referrer);
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    for code in &codes {
        assert!(!server.database.db_holds(code).await, "the database holds a code itself");
    }
    // First characters are as good as any: none is a counter.
    let starts: std::collections::BTreeSet<&str> = codes.iter().map(|code| &code[..4]).collect();
    assert_eq!(starts.len(), codes.len());
    // Nobody else's page can read the answer: it is a redirect without CORS, for every origin.
    let request = Request::get(client.authorization_url("prompt=none")).header("origin", "https://evil.test");
    let answer = browser.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert!(count(&server, "SELECT count(*) FROM codes").await >= 21);
}

/// The code of an answer in any mode.
fn code_of(answer: &Answer) -> String {
    if answer.status == 200 {
        return answer.form("#continue").field("code");
    }
    let address = answer.location().replace('#', "?");
    let url = url::Url::parse(&address).unwrap();
    url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

/// Every answer, of success and of each error, in every mode, names the issuer to the byte.
#[tokio::test]
async fn b13_every_answer_names_its_issuer() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    let issuer = metadata["issuer"].as_str().unwrap();
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let page = browser.visit(&client.authorization_url("")).await;
    let consent = browser.sign_in_on(&page, ANN, crate::support::PASSWORD).await;
    let again = browser.visit(&client.authorization_url("state=other")).await;
    let mut answers = vec![("denied", browser.press(&again.form("#deny")).await)];
    answers.push(("code", browser.press(&consent.form("#allow")).await));
    for extra in
        ["prompt=none&scope=openid+offline_access&prompt=none", "scope=%22", "response_type=token", "max_age=x"]
    {
        answers.push((extra, server.get(&client.authorization_url(extra)).await));
    }
    answers.push(("prompt=none", server.get(&client.authorization_url("prompt=none")).await));
    answers.push(("hint", server.get(&client.authorization_url("id_token_hint=x&iss=https%3A%2F%2Fevil.test")).await));
    for (what, answer) in &answers {
        assert!(answer.location().starts_with("https://rp.test/cb?"), "{what}");
        assert_eq!(answer.location_param("iss").as_deref(), Some(issuer), "{what}");
        assert_eq!(answer.location().matches("iss=").count(), 1, "{what}");
    }
    for mode in ["form_post", "fragment"] {
        for mut asking in [browser.clone(), server.browser()] {
            let answer = asking.get(&client.authorization_url(&format!("response_mode={mode}&prompt=none"))).await;
            if mode == "form_post" {
                assert_eq!(answer.form("#continue").field("iss"), issuer);
            } else {
                let url = url::Url::parse(&answer.location().replace('#', "?")).unwrap();
                assert_eq!(url.query_pairs().find(|(name, _)| name == "iss").unwrap().1, issuer);
            }
        }
    }
}
