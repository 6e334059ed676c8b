//! What each module of Basic asks, for both response modes.

use doorward::protocol::assurance::MFA_CLASS;

use super::bench::{Bench, NONCE, STATE};
use super::party::{claims, names, userinfo};
use super::person::{End, Mode};

const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// The code flow, and a second application that the same sign-in serves.
pub async fn oidcc_server(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let first = bench.enter(&bench.client(), &[]).await;
    let second = bench.enter(&bench.provider.client2.clone(), &[]).await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
    assert_eq!(bench.person.logins, 1);
}

/// A request without `response_type` is an error at the application.
pub async fn oidcc_response_type_missing(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let errors = ["unsupported_response_type", "invalid_request"];
    let callback = bench.refused(&bench.client(), &[("response_type", "")], &errors).await;
    assert_eq!(callback["state"], STATE);
}

/// Userinfo by GET.
pub async fn oidcc_userinfo_get(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let tokens = bench.enter(&bench.client(), &[]).await;
    assert_eq!(userinfo(&bench.provider, &tokens.access_token).await["sub"], tokens.claims["sub"]);
}

/// Userinfo by POST with the token in the header.
pub async fn oidcc_userinfo_post_header(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let tokens = bench.enter(&bench.client(), &[]).await;
    let request = bench.provider.http().post(bench.provider.address("userinfo_endpoint"));
    let answer = request.bearer_auth(&tokens.access_token).send().await.unwrap();
    assert_eq!(claims(answer).await["sub"], tokens.claims["sub"]);
}

/// Userinfo by POST with the token in the body.
pub async fn oidcc_userinfo_post_body(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let tokens = bench.enter(&bench.client(), &[]).await;
    let request = bench.provider.http().post(bench.provider.address("userinfo_endpoint"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(format!("access_token={}", tokens.access_token)).send().await.unwrap();
    assert_eq!(claims(answer).await["sub"], tokens.claims["sub"]);
}

/// Neither a nonce nor PKCE.
pub async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(mode: Mode) {
    assert!(Bench::enter_with(mode, "nonce", "").await.claims.get("nonce").is_none());
}

/// The scope `profile`.
pub async fn oidcc_scope_profile(mode: Mode) {
    Bench::scope(mode, "openid profile", &PROFILE).await;
}

/// The scope `email`.
pub async fn oidcc_scope_email(mode: Mode) {
    Bench::scope(mode, "openid email", &["email", "email_verified"]).await;
}

/// The scope `address`.
pub async fn oidcc_scope_address(mode: Mode) {
    Bench::scope(mode, "openid address", &["address"]).await;
}

/// The scope `phone`.
pub async fn oidcc_scope_phone(mode: Mode) {
    Bench::scope(mode, "openid phone", &["phone_number", "phone_number_verified"]).await;
}

/// All scopes together.
pub async fn oidcc_scope_all(mode: Mode) {
    let others = ["email", "email_verified", "address", "phone_number", "phone_number_verified"];
    Bench::scope(mode, "openid profile email address phone", &[&PROFILE[..], &others].concat()).await;
}

/// The order of scopes and parameters means nothing.
pub async fn oidcc_alternate_happy_flow(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let client = bench.client();
    let changes = [
        ("scope", "email openid"),
        ("response_type", "code"),
        ("redirect_uri", &*client.redirect_uri),
        ("client_id", &client.client_id),
    ];
    let tokens = bench.enter(&client, &changes).await;
    assert!(userinfo(&bench.provider, &tokens.access_token).await.get("email").is_some());
}

/// `display=page`.
pub async fn oidcc_display_page(mode: Mode) {
    Bench::enter_with(mode, "display", "page").await;
}

/// `display=popup`.
pub async fn oidcc_display_popup(mode: Mode) {
    Bench::enter_with(mode, "display", "popup").await;
}

/// `prompt=login` asks who is signed in to prove it anew.
pub async fn oidcc_prompt_login(mode: Mode) {
    let mut bench = Bench::with_clock(mode).await;
    let first = bench.enter(&bench.client(), &[]).await;
    bench.provider.wait(1).await;
    let second = bench.enter(&bench.client(), &[("prompt", "login")]).await;
    assert_eq!(bench.person.logins, 2);
    assert!(second.claims["auth_time"].as_i64() > first.claims["auth_time"].as_i64());
    assert_eq!(first.claims["sub"], second.claims["sub"]);
}

/// `prompt=none` when nobody is signed in; a state of 128 characters comes back.
pub async fn oidcc_prompt_none_not_logged_in(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let state = "s".repeat(128);
    let errors = ["login_required", "interaction_required", "consent_required", "account_selection_required"];
    let callback = bench.refused(&bench.client(), &[("prompt", "none"), ("state", &state)], &errors).await;
    assert_eq!(callback["state"], state);
    assert_eq!(bench.person.logins, 0);
}

/// `prompt=none` when somebody is signed in and has consented.
pub async fn oidcc_prompt_none_logged_in(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let first = bench.enter(&bench.client(), &[]).await;
    let consents = bench.person.consents;
    let second = bench.enter(&bench.client(), &[("prompt", "none")]).await;
    assert_eq!((bench.person.logins, bench.person.consents), (1, consents));
    assert_eq!(first.claims["sub"], second.claims["sub"]);
}

/// `max_age=1` after two seconds.
pub async fn oidcc_max_age_1(mode: Mode) {
    let mut bench = Bench::with_clock(mode).await;
    let first = bench.enter(&bench.client(), &[]).await;
    bench.provider.wait(2).await;
    let second = bench.enter(&bench.client(), &[("max_age", "1")]).await;
    assert_eq!(bench.person.logins, 2);
    assert!(second.claims["auth_time"].as_i64().unwrap() > first.claims["auth_time"].as_i64().unwrap_or(0));
}

/// `max_age=10000` asks nobody again.
pub async fn oidcc_max_age_10000(mode: Mode) {
    let mut bench = Bench::with_clock(mode).await;
    let first = bench.enter(&bench.client(), &[("max_age", "10000")]).await;
    bench.provider.wait(1).await;
    let second = bench.enter(&bench.client(), &[("max_age", "10000")]).await;
    assert_eq!(bench.person.logins, 1);
    assert!(second.claims["auth_time"].is_i64());
    assert_eq!(second.claims["auth_time"], first.claims["auth_time"]);
}

/// An unknown parameter is ignored.
pub async fn oidcc_ensure_request_with_unknown_parameter_succeeds(mode: Mode) {
    Bench::enter_with(mode, "extra", "foobar").await;
}

/// `id_token_hint` beside `prompt=none`.
pub async fn oidcc_id_token_hint(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let first = bench.enter(&bench.client(), &[]).await;
    let second = bench.enter(&bench.client(), &[("prompt", "none"), ("id_token_hint", &first.id_token)]).await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
}

/// `login_hint` is no more than a hint.
pub async fn oidcc_login_hint(mode: Mode) {
    Bench::enter_with(mode, "login_hint", "buffy@localhost").await;
}

/// `ui_locales`.
pub async fn oidcc_ui_locales(mode: Mode) {
    Bench::enter_with(mode, "ui_locales", "se").await;
}

/// `claims_locales`.
pub async fn oidcc_claims_locales(mode: Mode) {
    Bench::enter_with(mode, "claims_locales", "se").await;
}

/// `acr_values`: the answer has one of those asked for.
pub async fn oidcc_ensure_request_with_acr_values_succeeds(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let supported = bench.provider.metadata["acr_values_supported"].clone();
    let values: Vec<&str> = supported.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
    let tokens = bench.enter(&bench.client(), &[("acr_values", &values.join(" "))]).await;
    assert!(values.contains(&tokens.claims["acr"].as_str().unwrap()));
    // Of a person with an authenticator it is asked for, and the class is the one that they have shown.
    let mut bench = Bench::with_clock(mode).await;
    bench.person.authenticator = bench.provider.give_authenticator().await;
    if bench.person.authenticator.is_some() {
        let tokens = bench.enter(&bench.client(), &[("acr_values", &values.join(" "))]).await;
        assert_eq!((bench.person.logins, bench.person.codes), (1, 1));
        assert_eq!(tokens.claims["acr"], MFA_CLASS);
    }
}

/// A code is redeemed once.
pub async fn oidcc_codereuse(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    reuse(&mut bench, 0).await;
}

/// A code is redeemed once, also half a minute later; and then what came of it is dead.
pub async fn oidcc_codereuse_30seconds(mode: Mode) {
    let mut bench = Bench::with_clock(mode).await;
    let access_token = reuse(&mut bench, 30).await;
    let request = bench.provider.http().get(bench.provider.address("userinfo_endpoint"));
    let answer = request.bearer_auth(access_token).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(answer.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
}

/// Redeems a code twice; the access token of the first time.
async fn reuse(bench: &mut Bench, wait: u32) -> String {
    let client = bench.client();
    let callback = bench.code(&client, &[]).await;
    let tokens = client.tokens(&bench.provider, &callback, &[]).await;
    if wait > 0 {
        bench.provider.wait(wait).await;
    }
    let (status, answer) = client.redeem(&bench.provider, &callback, &[]).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")));
    tokens.access_token
}

/// A redirect URI that is not registered leads nowhere; the page names what is wrong.
pub async fn oidcc_ensure_registered_redirect_uri(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let (status, text) = bench.ask(&bench.client(), &[("redirect_uri", "https://rp.test/cb/other")]).await.page();
    assert_eq!(status, 400);
    assert!(text.contains("redirect_uri"), "{text}");
    assert_eq!(bench.person.logins, 0);
}

/// The authorization request by POST from another site.
pub async fn oidcc_ensure_post_request_succeeds(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let client = bench.client();
    for _ in 0..2 {
        let callback = bench.person.ask_by_post(&bench.provider, &client, mode).await.callback();
        client.tokens(&bench.provider, &callback, &[]).await;
    }
    assert_eq!(bench.person.logins, 1, "the second time somebody is signed in");
}

/// A client that authenticates in the body.
pub async fn oidcc_server_client_secret_post(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    bench.enter(&bench.provider.client_secret_post.clone(), &[]).await;
}

/// An unsigned request object is refused with its own error, or processed; never ignored.
pub async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let object = unsigned(r#"{"state":"inside"}"#);
    let callback = bench.ask(&bench.client(), &[("request", &object), ("state", "")]).await.callback();
    let takes_signed_ones = bench.provider.metadata["request_parameter_supported"] == true;
    match callback.get("error") {
        Some(error) if takes_signed_ones => assert_eq!(error, "invalid_request_object"),
        Some(error) => assert_eq!(error, "request_not_supported"),
        None => assert_eq!(callback["state"], "inside"),
    }
}

/// An essential claim at userinfo that no scope asked for.
pub async fn oidcc_claims_essential(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let asked = r#"{"userinfo":{"name":{"essential":true}}}"#;
    let tokens = bench.enter(&bench.client(), &[("claims", asked)]).await;
    let told = userinfo(&bench.provider, &tokens.access_token).await;
    assert!(told["name"].is_string());
    assert_eq!(names(&told).into_iter().collect::<Vec<_>>(), ["name", "sub"]);
}

/// A redirect URI that stands only inside of an unsigned request object leads nowhere, or the object is processed.
pub async fn oidcc_ensure_request_object_with_redirect_uri(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let client = bench.client();
    let object = unsigned(&format!(r#"{{"redirect_uri":"{}"}}"#, client.redirect_uri));
    let end = bench.ask(&client, &[("request", &object), ("redirect_uri", "https://rp.test/cb/other")]).await;
    match end {
        End::Page(status, text) => assert!(status == 400 && text.contains("redirect_uri"), "{text}"),
        End::Application(callback) => assert!(callback.contains_key("code"), "{callback:?}"),
    }
}

/// A refresh token: consent is asked for again, the person stays the same, another application has no use of it.
pub async fn oidcc_refresh_token(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let (client, client2) = (bench.client(), bench.provider.client2.clone());
    let grants = bench.provider.metadata["grant_types_supported"].clone();
    assert!(grants.as_array().unwrap().contains(&"refresh_token".into()));
    let offline = [("scope", "openid offline_access"), ("prompt", "consent")];
    bench.enter(&client, &offline).await;
    let consents = bench.person.consents;
    let first = bench.enter(&client, &offline).await;
    assert!(bench.person.consents > consents, "prompt=consent asks again");
    let refreshed = client.refresh(&bench.provider, &first.refresh_token.unwrap()).await;
    for claim in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(refreshed.claims[claim], first.claims[claim], "{claim}");
    }
    assert!(refreshed.claims.get("nonce").is_none_or(|nonce| nonce == NONCE));
    assert_ne!(refreshed.access_token, first.access_token);
    userinfo(&bench.provider, &refreshed.access_token).await;

    let others = bench.enter(&client2, &offline).await.refresh_token.unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", others.as_str())];
    let (status, answer) = client.token(&bench.provider, &fields).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")));
}

/// PKCE by S256, for a client that need not send it.
pub async fn oidcc_ensure_request_with_valid_pkce_succeeds(mode: Mode) {
    let mut bench = Bench::start(mode).await;
    let client = bench.client();
    let challenge = crate::support::challenge();
    let callback = bench.code(&client, &[("code_challenge", &challenge), ("code_challenge_method", "S256")]).await;
    client.tokens(&bench.provider, &callback, &[("code_verifier", crate::support::VERIFIER)]).await;
}

/// A request object without a signature (RFC 7519 §6).
fn unsigned(claims: &str) -> String {
    let part = |text: &str| doorward::secret::base64url(text.as_bytes());
    format!("{}.{}.", part(r#"{"alg":"none"}"#), part(claims))
}
