//! What a provider answers: right, and wrong in every way that has a rule.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Google, Oidc};
use doorward::upstream::Ask;
use serde_json::{Value, json};

use super::{ID, begin, finish, parameter, server, sign_in};
use crate::support::{Instead, Signing, eventually};

#[tokio::test]
async fn a_person_who_comes_back_is_vouched_for() {
    for kind in [Oidc, Google] {
        let (server, fake) = server(kind, |_| {}).await;
        let sent = begin(&server, &Ask { login_hint: Some("ann@example.org"), ..Ask::default() });
        assert!(sent.0.as_str().starts_with(&format!("{}/authorize?", fake.issuer())));
        assert_eq!(parameter(&sent.0, "scope").unwrap(), "openid profile email");
        assert_eq!(parameter(&sent.0, "response_type").unwrap(), "code");
        assert_eq!(parameter(&sent.0, "state").unwrap(), "the-state");
        assert_eq!(parameter(&sent.0, "login_hint").unwrap(), "ann@example.org");
        assert_eq!(
            parameter(&sent.0, "redirect_uri").unwrap(),
            format!("http://localhost:8000/upstream/{ID}/callback")
        );
        assert_eq!(parameter(&sent.0, "nonce").unwrap(), sent.1.nonce);
        let vouched = finish(&server, &fake, &sent).await.unwrap();
        assert_eq!((vouched.provider.as_str(), vouched.issuer.as_str()), (ID, fake.issuer().as_str()));
        assert_eq!((vouched.subject.as_str(), vouched.name.as_deref()), ("ann-at-the-provider", Some("Ann Lee")));
        let email = vouched.email.unwrap();
        assert_eq!((email.address.as_str(), email.verified, email.trusted), ("ann@example.org", true, false));
        assert!(vouched.may_register && vouched.roles.is_empty() && vouched.acr.is_none());
        assert_eq!(vouched.auth_time, Some(server.app.now()));
    }
}

#[tokio::test]
async fn no_two_errands_share_a_nonce_or_a_verifier() {
    let (server, _fake) = server(Oidc, |_| {}).await;
    let (one, other) = (begin(&server, &Ask::default()), begin(&server, &Ask::default()));
    assert_ne!(one.1.nonce, other.1.nonce);
    assert_ne!(one.1.verifier, other.1.verifier);
    assert!(one.1.verifier.len() >= 43 && !one.0.as_str().contains(&one.1.verifier));
}

#[tokio::test]
async fn an_id_token_that_is_wrong_in_any_way_signs_nobody_in() {
    let (server, fake) = server(Oidc, |_| {}).await;
    let now = server.app.now().seconds();
    for (claims, rejection) in [
        (json!({ "iss": "https://evil.test" }), Rejection::UpstreamWrongIssuer),
        (json!({ "aud": "another" }), Rejection::UpstreamWrongAudience),
        (json!({ "aud": ["another", crate::support::UPSTREAM_CLIENT] }), Rejection::UpstreamWrongAudience),
        (json!({ "azp": "another" }), Rejection::UpstreamWrongParty),
        (json!({ "nonce": "another" }), Rejection::UpstreamWrongNonce),
        (json!({ "nonce": null }), Rejection::UpstreamWrongNonce),
        (json!({ "exp": now - 61 }), Rejection::UpstreamExpiredToken),
        (json!({ "exp": "soon" }), Rejection::UpstreamExpiredToken),
        (json!({ "iat": now + 3600 }), Rejection::UpstreamFutureToken),
        (json!({ "sub": null }), Rejection::UpstreamNoSubject),
    ] {
        fake.claims(claims.clone());
        assert_eq!(sign_in(&server, &fake).await, Err(rejection), "{claims}");
    }
    fake.claims(json!({}));
    for (signing, rejection) in [
        (Signing::Unsigned, Rejection::UpstreamWrongAlgorithm),
        (Signing::HmacWithPublicKey, Rejection::UpstreamWrongAlgorithm),
        (Signing::ForgedKey, Rejection::UpstreamWrongSignature),
        (Signing::UnpublishedKey, Rejection::UpstreamUnknownKey),
    ] {
        fake.sign(signing);
        assert_eq!(sign_in(&server, &fake).await, Err(rejection), "{signing:?}");
    }
    for signing in [Signing::Es256, Signing::Rs256] {
        fake.sign(signing);
        assert!(sign_in(&server, &fake).await.is_ok(), "{signing:?}");
    }
}

#[tokio::test]
async fn keys_are_fetched_once_a_minute_for_the_sake_of_unknown_ones() {
    let (server, fake) = server(Oidc, |_| {}).await;
    assert_eq!(fake.asked("/keys"), 1);
    fake.sign(Signing::UnpublishedKey);
    for _ in 0..3 {
        assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamUnknownKey));
    }
    assert_eq!(fake.asked("/keys"), 2);
    // A key that was published meanwhile counts when the minute is over.
    fake.publish();
    assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamUnknownKey));
    server.turn(60);
    assert!(sign_in(&server, &fake).await.is_ok());
    assert_eq!(fake.asked("/keys"), 3);
}

#[tokio::test]
async fn an_answer_of_the_token_endpoint_that_is_none_is_told_apart() {
    let (server, fake) = server(Oidc, |_| {}).await;
    let error = |code: &str| Instead::Json(400, json!({ "error": code, "error_description": "<b>x</b>" }));
    let tokens = |id_token: Value| {
        Instead::Json(200, json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token }))
    };
    for (instead, rejection) in [
        (Instead::Html, Rejection::UpstreamMalformed),
        (Instead::InvalidUtf8, Rejection::UpstreamMalformed),
        (Instead::TenMegabytes, Rejection::UpstreamUnavailable),
        (Instead::Redirect("http://127.0.0.1:1/".to_owned()), Rejection::UpstreamMalformed),
        (Instead::Status(500), Rejection::UpstreamUnavailable),
        (Instead::Json(200, json!([])), Rejection::UpstreamMalformed),
        (error("invalid_grant"), Rejection::UpstreamCodeRefused),
        (error("invalid_client"), Rejection::UpstreamClientRefused),
        (error("server_error"), Rejection::UpstreamError),
        (Instead::Json(200, json!({ "access_token": "a", "token_type": "Bearer" })), Rejection::UpstreamMissingIdToken),
        (tokens(json!("x")), Rejection::UpstreamMalformedToken),
        (tokens(json!("a.b.c")), Rejection::UpstreamMalformedToken),
        (tokens(json!("e30.e30.")), Rejection::UpstreamMalformedToken),
        (tokens(json!("eyJhbGciOiJub25lIn0.e30.")), Rejection::UpstreamWrongAlgorithm),
        (tokens(json!(7)), Rejection::UpstreamMalformed),
    ] {
        fake.answer("/token", instead.clone());
        assert_eq!(sign_in(&server, &fake).await, Err(rejection), "{instead:?}");
    }
    fake.mend("/token");
    assert!(sign_in(&server, &fake).await.is_ok());
}

#[tokio::test]
async fn a_slow_provider_is_waited_for_no_longer_than_its_time() {
    let (server, fake) = server(Oidc, |_| {}).await;
    for instead in [Instead::Drip, Instead::Silence] {
        fake.answer("/token", instead.clone());
        assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamUnavailable), "{instead:?}");
    }
}

#[tokio::test]
async fn what_the_browser_brings_back_is_of_this_provider_and_a_code() {
    let (server, fake) = server(Oidc, |_| {}).await;
    for (callback, rejection) in [
        (json!({ "iss": "https://evil.test" }), Rejection::UpstreamWrongIss),
        (json!({ "iss": null }), Rejection::UpstreamMissingIss),
        (json!({ "iss": "https://evil.test", "error": "access_denied" }), Rejection::UpstreamWrongIss),
        (json!({ "error": "access_denied", "code": null }), Rejection::UpstreamCancelled),
        (json!({ "error": "temporarily_unavailable", "code": null }), Rejection::UpstreamError),
        (json!({ "error": "<script>" }), Rejection::UpstreamError),
        (json!({ "code": null }), Rejection::UpstreamMissingCode),
        (json!({ "code": "" }), Rejection::UpstreamMissingCode),
        (json!({ "code": "another" }), Rejection::UpstreamCodeRefused),
    ] {
        fake.callback(callback.clone());
        assert_eq!(sign_in(&server, &fake).await, Err(rejection), "{callback}");
    }
    fake.callback(json!({}));
    let mut sent = begin(&server, &Ask::default());
    sent.1.provider = "other".to_owned();
    assert_eq!(finish(&server, &fake, &sent).await, Err(Rejection::UpstreamWrongIss));
}

#[tokio::test]
async fn who_must_authenticate_anew_is_asked_to_and_seen_to_have_done_so() {
    let (server, fake) = server(Oidc, |_| {}).await;
    let now = server.app.now().seconds();
    let fresh = Ask { fresh: true, ..Ask::default() };
    let recent = Ask { max_age: Some(300), ..Ask::default() };
    let sent = begin(&server, &fresh);
    assert_eq!(parameter(&sent.0, "prompt").unwrap(), "login");
    assert_eq!(parameter(&sent.0, "max_age").unwrap(), "0");
    assert_eq!(parameter(&begin(&server, &recent).0, "max_age").unwrap(), "300");
    for (auth_time, is_fresh, is_recent) in [
        (json!(now), true, true),
        (json!(now - 120), false, true),
        (json!(now - 1000), false, false),
        (json!(null), false, false),
        (json!("now"), false, false),
    ] {
        fake.claims(json!({ "auth_time": auth_time }));
        for (ask, is_right) in [(fresh, is_fresh), (recent, is_recent), (Ask::default(), true)] {
            let sent = begin(&server, &ask);
            let finished = finish(&server, &fake, &sent).await;
            let wanted = if is_right { None } else { Some(Rejection::UpstreamNotFresh) };
            assert_eq!(finished.err(), wanted, "{auth_time} {ask:?}");
        }
    }
}

#[tokio::test]
async fn userinfo_fills_in_what_the_id_token_leaves_out_and_overrules_nothing() {
    let (server, fake) = server(Oidc, |_| {}).await;
    fake.person(json!({ "sub": "ann" }));
    assert_eq!(sign_in(&server, &fake).await.unwrap().email, None);
    fake.userinfo(
        json!({ "sub": "ann", "name": "Ann", "email": "ann@example.org", "email_verified": true, "iss": "x" }),
    );
    let vouched = sign_in(&server, &fake).await.unwrap();
    assert_eq!((vouched.name.as_deref(), vouched.email.unwrap().verified), (Some("Ann"), true));
    // That another address is verified says nothing of the one that was signed.
    fake.person(json!({ "sub": "ann", "email": "bob@example.org", "name": "Signed" }));
    let vouched = sign_in(&server, &fake).await.unwrap();
    let email = vouched.email.unwrap();
    assert_eq!((email.address.as_str(), email.verified), ("bob@example.org", false));
    assert_eq!(vouched.name.as_deref(), Some("Signed"));
    fake.userinfo(json!({ "sub": "eve", "email": "eve@example.org" }));
    assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamOtherSubject));
    for (instead, rejection) in
        [(Instead::Html, Rejection::UpstreamMalformed), (Instead::Status(401), Rejection::UpstreamUnavailable)]
    {
        fake.answer("/userinfo", instead);
        assert_eq!(sign_in(&server, &fake).await, Err(rejection));
    }
}

#[tokio::test]
async fn a_logout_token_is_signed_for_us_by_the_provider() {
    let (server, fake) = server(Oidc, |_| {}).await;
    let provider = server.app.providers.get(ID).unwrap();
    let check = async |token: &str| {
        let checked = provider.logout_token(token, server.app.now()).await;
        checked.map_err(|error| match error {
            doorward::failure::Error::Rejected(refusal) => refusal.rejection,
            doorward::failure::Error::Failed(failure) => panic!("{failure}"),
        })
    };
    let token = check(&fake.logout_token(json!({ "sub": "ann", "sid": "s1" }))).await.unwrap();
    assert_eq!(
        (token.subject.as_deref(), token.sid.as_deref(), token.issuer),
        (Some("ann"), Some("s1"), fake.issuer())
    );
    for wrong in [
        json!({}),
        json!({ "sub": "ann", "nonce": "x" }),
        json!({ "sub": "ann", "events": {} }),
        json!({ "sub": "ann", "aud": "x" }),
    ] {
        assert_eq!(check(&fake.logout_token(wrong)).await, Err(Rejection::WrongLogoutToken));
    }
    for signing in [Signing::Unsigned, Signing::HmacWithPublicKey, Signing::ForgedKey, Signing::UnpublishedKey] {
        fake.sign(signing);
        let token = fake.logout_token(json!({ "sub": "ann" }));
        assert_eq!(check(&token).await, Err(Rejection::WrongLogoutToken), "{signing:?}");
    }
    // Fetched once, for the one that says all that it should and names a key that is not known.
    let fetched = fake.asked("/keys");
    assert_eq!(fetched, 2);
    fake.sign(Signing::UnpublishedKey);
    server.turn(60);
    for made_up in [json!({ "sub": "ann", "iss": "https://evil.test" }), json!({ "sub": "ann", "aud": "x" }), json!({})]
    {
        assert_eq!(check(&fake.logout_token(made_up)).await, Err(Rejection::WrongLogoutToken));
    }
    assert_eq!(fake.asked("/keys"), fetched, "whoever does not know who we are makes us call nobody");
    for rubbish in ["", ".", "a.b.c"] {
        assert_eq!(check(rubbish).await, Err(Rejection::WrongLogoutToken));
    }
}

#[tokio::test]
async fn no_callback_waits_for_what_a_logout_token_made_us_fetch() {
    let (server, fake) = server(Oidc, |_| {}).await;
    fake.answer("/keys", Instead::Silence);
    fake.sign(Signing::UnpublishedKey);
    let token = fake.logout_token(json!({ "sub": "ann" }));
    fake.sign(Signing::default());
    let provider = server.app.providers.get(ID).unwrap().clone();
    let now = server.app.now();
    let stranger = tokio::spawn(async move { provider.logout_token(&token, now).await.is_err() });
    eventually("the keys are fetched", async || (fake.asked("/keys") == 2).then_some(())).await;
    // The stranger's fetch goes on. The provider has new keys meanwhile, and a person comes back.
    fake.mend("/keys");
    fake.publish();
    fake.sign(Signing::UnpublishedKey);
    assert!(sign_in(&server, &fake).await.is_ok());
    assert_eq!(fake.asked("/keys"), 3);
    stranger.abort();
}
