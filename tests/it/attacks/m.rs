//! Group M: signing out (RP-Initiated Logout, Back-Channel Logout, OWASP ASVS 7.4).

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::secret::{base64url, from_base64url};
use serde_json::Value;

use super::{ANN, BOB, OFFLINE, encoded, is_signed_in, refresh, text, tokens};
use crate::support::{Browser, Client, Receiver, Server, forge, unverified_claims};

const OUT: &str = "https://rp.test/out";

/// Ann at a website that may bring her back, and its tokens.
async fn begin(server: &Server) -> (Browser, Client, Value) {
    server.db_user(ANN).await;
    let own = vec![OUT.to_owned()];
    let client = server.db_client(ClientType::Web, |c| c.metadata.post_logout_redirect_uris = own).await;
    let mut browser = server.browser();
    let given = tokens(&mut browser, &client).await;
    (browser, client, given)
}

/// An image, a frame or a link of another site brings up a question, by GET and by POST; the sign-in goes on until the person says yes.
#[tokio::test]
async fn m1_a_foreign_page_signs_nobody_out() {
    let server = Server::start().await;
    let (mut browser, client, _) = begin(&server).await;
    let bob = server.db_user(BOB).await;
    for query in [
        String::new(),
        "?state=x".to_owned(),
        format!("?client_id={}", client.id),
        format!("?client_id={}&post_logout_redirect_uri={}", client.id, encoded(OUT)),
        format!("?logout_hint={bob}"),
        "?confirm=true&yes=1&id_token_hint=".to_owned(),
    ] {
        for site in ["cross-site", "same-site", "none"] {
            let request = Request::get(format!("/logout{query}"))
                .header("sec-fetch-site", site)
                .header("sec-fetch-dest", "image")
                .header(header::REFERER, "https://evil.test/");
            let answer = browser.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 200, "{query}");
            assert!(answer.has("#confirm"), "{query}: {}", answer.text());
            assert!(is_signed_in(&mut browser).await, "{query}");
        }
    }
    // A POST of another site comes without our cookie, and goes on as a GET that asks.
    let answer = server.post("/logout", "state=x").await;
    let question = browser.get(&answer.location()).await;
    assert!(question.has("#confirm") && is_signed_in(&mut browser).await);
    // The answer to the question is a form of ours.
    let form = question.form("#confirm");
    let bare = Request::post("/logout/confirm").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = browser.send(bare.body(Body::from("yes=1")).unwrap()).await;
    answer.refused_page(403, Rejection::ForgedForm);
    browser.submit(&form.clone().without("csrf")).await.refused_page(403, Rejection::ForgedForm);
    let mut bobs = server.browser();
    bobs.sign_in(BOB).await;
    bobs.submit(&form).await.refused_page(403, Rejection::ForgedForm);
    assert!(is_signed_in(&mut browser).await && is_signed_in(&mut bobs).await);
    browser.press(&form).await;
    assert!(!is_signed_in(&mut browser).await);
}

/// Silence is for the hint of this very sign-in alone, expired or not. Every other hint is refused or brings up the question, and nobody's
/// sign-in ends.
#[tokio::test]
async fn m2_a_hint_signs_out_the_sign_in_that_it_is_of() {
    let server = Server::start().await;
    let (mut browser, client, given) = begin(&server).await;
    server.db_user(BOB).await;
    let own = text(&given, "id_token");
    let other = server.db_client(ClientType::Web, |_| {}).await;
    let parts: Vec<&str> = own.split('.').collect();
    let claims = String::from_utf8(from_base64url(parts[1]).unwrap()).unwrap();
    let header = String::from_utf8(from_base64url(parts[0]).unwrap()).unwrap();
    for foreign in [
        "x".to_owned(),
        "a.b.c".to_owned(),
        format!("{}.{}.", parts[0], parts[1]),
        own[..own.len() - 4].to_owned(),
        forge::unsigned("{\"alg\":\"none\",\"typ\":\"JWT\"}", &claims),
        forge::signed_with_hmac(&header.replace("RS256", "HS256"), &claims, b""),
        format!("{}.{}.{}", parts[0], base64url(claims.replace("exp", "exq").as_bytes()), parts[2]),
        forge::signed_by(&server, &header, &claims.replace("http://localhost:8000", "https://evil.test")),
        text(&given, "access_token"),
        text(&given, "refresh_token"),
    ] {
        let path = format!("/logout?id_token_hint={}&post_logout_redirect_uri={}", encoded(&foreign), encoded(OUT));
        browser.get(&path).await.refused_page(400, Rejection::ForeignHint);
        assert!(is_signed_in(&mut browser).await);
    }
    let path = format!("/logout?id_token_hint={own}&client_id={}", other.id);
    browser.get(&path).await.refused_page(400, Rejection::HintOfAnotherClient);

    // Bob is at this browser, and the hint is Ann's.
    let mut bobs = server.browser();
    bobs.sign_in(BOB).await;
    let path = format!("/logout?id_token_hint={own}&post_logout_redirect_uri={}", encoded(OUT));
    let question = bobs.get(&path).await;
    assert!(question.has("#confirm") && question.text().contains(BOB), "{}", question.text());
    assert!(is_signed_in(&mut bobs).await && is_signed_in(&mut browser).await);
    // Ann herself at another browser: the hint is of the first.
    let mut again = server.browser();
    again.sign_in(ANN).await;
    assert!(again.get(&path).await.has("#confirm") && is_signed_in(&mut again).await);
    // Her own sign-in, after the hint has expired.
    let fresh = text(&tokens(&mut again, &client).await, "id_token");
    server.turn(7200);
    let path = format!("/logout?id_token_hint={fresh}&post_logout_redirect_uri={}&state=s", encoded(OUT));
    assert_eq!(again.get(&path).await.location(), "https://rp.test/out?state=s");
    assert!(!is_signed_in(&mut again).await && is_signed_in(&mut bobs).await);
}

/// Class: what a sign-out sends about, in other places: a logout token is no hint, no ID token and no access token, is for its own client, names
/// no nonce, and lives two minutes; `state` comes back as one value to the registered address alone.
#[tokio::test]
async fn m3_what_tells_of_a_sign_out_opens_nothing() {
    let receiver = Receiver::start().await;
    let allowed = receiver.address.to_string();
    let server = Server::with(|config| config.outgoing.allow = vec![allowed]).await;
    server.db_user(ANN).await;
    let uri = receiver.uri();
    let client = server.db_client(ClientType::Web, |c| c.backchannel_logout_uri = Some(uri)).await;
    let mut browser = server.browser();
    let given = tokens(&mut browser, &client).await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    while server.app.deliver_logouts().await.unwrap() > 0 {}
    let logout = receiver.next().await;
    let claims = unverified_claims(&logout);
    assert_eq!(claims["aud"], client.id);
    assert!(claims.get("nonce").is_none() && claims.get("scope").is_none());
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 120);
    assert_eq!(claims["sid"], unverified_claims(&text(&given, "id_token"))["sid"]);
    client.userinfo(&logout).await.refused(401, Rejection::WrongTokenType);
    browser.get(&format!("/logout?id_token_hint={logout}")).await.refused_page(400, Rejection::ForeignHint);
    let asked = client.authorization_url(&format!("prompt=none&id_token_hint={logout}"));
    browser.get(&asked).await.refused_redirect(Rejection::ForeignHint);
    assert!(!super::is_active(&client, &logout).await);
    refresh(&client, &logout).await.refused_json(400, Rejection::UnknownRefreshToken);

    let own = vec![OUT.to_owned()];
    server.db_change_client(&client.id, |c| c.metadata.post_logout_redirect_uris = own).await;
    for state in ["a&code=x", "a#b", "a\r\nSet-Cookie: x=1", "?x=//evil.test"] {
        let path = format!(
            "/logout?client_id={}&post_logout_redirect_uri={}&state={}",
            client.id,
            encoded(OUT),
            encoded(state)
        );
        let answer = server.browser().get(&path).await;
        assert!(answer.location().starts_with("https://rp.test/out?state="));
        let url = url::Url::parse(&answer.location()).unwrap();
        assert_eq!(url.query_pairs().collect::<Vec<_>>(), [("state".into(), state.into())]);
        assert_eq!(url.fragment(), None);
    }
}

/// Every page that a person sees is kept by nobody, the pages of an ended sign-in show nothing, and the forms that were open do nothing.
#[tokio::test]
async fn m4_after_signing_out_nothing_private_is_left() {
    let server = Server::start().await;
    let (mut browser, client, _) = begin(&server).await;
    let login = server.browser().visit(&client.authorization_url("")).await;
    let account = browser.visit("/account").await;
    let consent = browser.visit(&client.authorization_url("prompt=consent&state=open-tab")).await;
    let question = browser.visit("/logout").await;
    for page in [&login, &account, &consent, &question] {
        assert_eq!(page.header("cache-control"), "no-store");
    }
    let end = account.form("#sign-ins button");
    let (allow, before) = (consent.form("#allow"), browser.cookies.clone());
    let out = browser.press(&account.form("#sign-out")).await;
    assert!(out.has("#signed-out") && !out.text().contains(ANN));
    // Back, with what a browser might still have: the cookie that was set, and the forms that were open.
    let mut back = browser.clone();
    back.cookies = before;
    for path in ["/account", "/logout", "/consent", "/"] {
        let page = back.clone().visit(path).await;
        assert!(!page.text().contains(ANN) && !page.text().contains("Ann Lee"), "{path}");
    }
    let answer = back.clone().press(&allow).await;
    assert!(answer.has("#login-submit"), "{}", answer.text());
    let others = end.clone().without("id").to("/account/sign-ins/end-others");
    let app = end.clone().without("id").with("client_id", &client.id).to("/account/apps/end");
    for form in [&end, &others, &app] {
        assert!(back.clone().press(form).await.has("#login-submit"), "{}", form.action);
    }
    back.get(&client.authorization_url("prompt=none")).await.refused_redirect(Rejection::SignInNeeded);
    assert_eq!(super::count(&server, "SELECT count(*) FROM consents").await, 1, "nothing was taken back or added");
}

/// At once on every node. An SPA's grant ends with the sign-in; a website's and a native application's with `offline_access` goes on, until the
/// person or the client ends it; without `offline_access` there is no refresh token.
#[tokio::test]
async fn m5_signing_out_counts_on_every_node() {
    let server = Server::start().await;
    let other = server.another_node().await;
    server.db_user(ANN).await;
    for (kind, outlives) in [(ClientType::Spa, false), (ClientType::Web, true), (ClientType::Native, true)] {
        let client = server.db_client(kind, |_| {}).await;
        let mut browser = server.browser();
        let code = browser.code(&client, ANN, OFFLINE).await;
        let given = client.redeem(&code).await.ok();
        let code = browser.code(&client, ANN, "scope=openid").await;
        assert!(client.redeem(&code).await.ok().get("refresh_token").is_none());
        assert!(is_signed_in(&mut browser.at(&other)).await);
        let cookies = browser.cookies.clone();
        let account = browser.visit("/account").await;
        browser.press(&account.form("#sign-out")).await;
        for node in [&server, &other] {
            let mut there = browser.at(node);
            there.cookies = cookies.clone();
            assert!(!is_signed_in(&mut there).await);
            let silent = there.get(&client.authorization_url("prompt=none")).await;
            silent.refused_redirect(Rejection::SignInNeeded);
        }
        let answer = refresh(&client.on(&other), &text(&given, "refresh_token")).await;
        if outlives {
            answer.ok();
        } else {
            answer.refused_json(400, Rejection::EndedGrant);
            client.userinfo(&text(&given, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
        }
    }
    let docs = crate::sources::text("docs/sign-out.md");
    assert!(docs.contains("refresh tokens of SPAs") && docs.contains("of web and native apps"), "it says what goes on");
}
