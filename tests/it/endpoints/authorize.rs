//! The authorization endpoint: what becomes a page, what goes to the redirect URI, and in which words.

use doorward::protocol::client::ClientType;
use doorward::protocol::pkce::PkceMode;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;

use crate::support::{Client, Server, by_get_and_post};

async fn spa(server: &Server) -> Client {
    server.db_client(ClientType::Spa, |_| {}).await
}

#[tokio::test]
async fn what_is_wrong_with_client_or_target_is_shown_as_a_page_and_never_redirected() {
    let server = Server::start().await;
    let client = spa(&server).await;
    let off = spa(&server).await;
    server.db_change_client(&off.id, |c| c.disabled_at = Some(server.clock.now())).await;
    let evil = "redirect_uri=https%3A%2F%2Fevil.test%2Fcb";
    let twice = format!("client_id={}&client_id={}", client.id, client.id);
    for (extra, rejection) in [
        ("client_id=", Rejection::MissingClientId),
        ("client_id=nobody", Rejection::UnknownClient),
        ("client_id=nobody&redirect_uri=https%3A%2F%2Fevil.test&prompt=none", Rejection::UnknownClient),
        ("client_id=nobody&redirect_uri=https%3A%2F%2Fevil.test&response_mode=form_post", Rejection::UnknownClient),
        (twice.as_str(), Rejection::RepeatedParameter),
        ("redirect_uri=", Rejection::MissingRedirectUri),
        (evil, Rejection::UnregisteredRedirectUri),
        (&format!("{evil}&prompt=none"), Rejection::UnregisteredRedirectUri),
        (&format!("{evil}&response_mode=form_post"), Rejection::UnregisteredRedirectUri),
        (&format!("{evil}&response_mode=form_post.jwt"), Rejection::UnregisteredRedirectUri),
        (&format!("{evil}&response_type=token&scope=%00"), Rejection::MalformedParameters),
        (
            "redirect_uri=https%3A%2F%2Frp.test%2Fcb&redirect_uri=https%3A%2F%2Frp.test%2Fcb",
            Rejection::RepeatedParameter,
        ),
        ("state=%ff", Rejection::MalformedParameters),
        ("state=%00", Rejection::MalformedParameters),
        ("state=%4", Rejection::MalformedParameters),
        (&format!("state={}", "s".repeat(8000)), Rejection::RequestTooLong),
    ] {
        for answer in by_get_and_post(&server, &client.authorization_url(extra)).await {
            answer.refused_page(400, rejection);
            assert!(!answer.text().contains("evil.test"), "{extra}");
        }
    }
    for answer in by_get_and_post(&server, &off.authorization_url("")).await {
        answer.refused_page(400, Rejection::DisabledClient);
    }
    for answer in by_get_and_post(&server, "/authorize").await {
        answer.refused_page(400, Rejection::MissingClientId);
    }
    for name in ["client_id", "redirect_uri"] {
        let twice = client.authorization_url(&format!("{name}=a&{name}=b"));
        for answer in by_get_and_post(&server, &twice).await {
            answer.refused_page(400, Rejection::RepeatedParameter);
            assert_eq!(answer.text_of("#error").unwrap(), format!("A parameter is given more than once: {name}."));
        }
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM codes").await, 0);
}

#[tokio::test]
async fn what_is_wrong_with_the_request_goes_to_the_redirect_uri() {
    let server = Server::start().await;
    server.db_resource("https://api.test", &["notes"]).await;
    server.db_resource("https://other.test", &["other"]).await;
    let client = server.db_client(ClientType::Spa, |c| c.resources = vec!["https://api.test".to_owned()]).await;
    for (extra, rejection) in [
        ("nonce=a&nonce=b", Rejection::RepeatedParameter),
        ("unknown=a&unknown=b", Rejection::RepeatedParameter),
        ("response_type=", Rejection::MissingResponseType),
        ("response_type=token", Rejection::WrongResponseType),
        ("response_type=code+id_token", Rejection::WrongResponseType),
        ("response_type=Code", Rejection::WrongResponseType),
        ("response_mode=web_message", Rejection::WrongResponseMode),
        ("request=e30.e30.", Rejection::RequestObject),
        ("request_uri=https%3A%2F%2Fevil.test%2Fr", Rejection::RequestObjectByReference),
        ("scope=openid%22", Rejection::MalformedScope),
        ("scope=email+nothing", Rejection::UnknownScope),
        ("scope=email+notes", Rejection::ScopeNotAllowed),
        ("resource=notes", Rejection::MalformedResource),
        ("resource=https%3A%2F%2Fapi.test%23f", Rejection::MalformedResource),
        ("resource=https%3A%2F%2Fnowhere.test", Rejection::UnknownResource),
        ("resource=https%3A%2F%2Fapi.test%2F", Rejection::UnknownResource),
        ("resource=https%3A%2F%2Fother.test", Rejection::ResourceNotAllowed),
        ("code_challenge=&code_challenge_method=", Rejection::MissingCodeChallenge),
        ("code_challenge=&code_challenge_method=&nonce=n", Rejection::MissingCodeChallenge),
        ("code_challenge=", Rejection::MethodWithoutChallenge),
        ("code_challenge=short", Rejection::MalformedCodeChallenge),
        ("code_challenge_method=plain", Rejection::WrongChallengeMethod),
        ("code_challenge_method=", Rejection::WrongChallengeMethod),
        ("prompt=none+login", Rejection::ContradictoryPrompt),
        ("max_age=-1", Rejection::MalformedMaxAge),
        ("max_age=1e3", Rejection::MalformedMaxAge),
        ("prompt=none", Rejection::SignInNeeded),
    ] {
        for answer in by_get_and_post(&server, &client.authorization_url(extra)).await {
            answer.refused_redirect(rejection);
            assert!(answer.location().starts_with("https://rp.test/cb?error="), "{extra}");
            assert_eq!(answer.location_param("state").as_deref(), Some("st-1"), "{extra}");
            assert_eq!(answer.location_param("iss").as_deref(), Some("http://localhost:8000"), "{extra}");
            assert!(!answer.location().contains("evil.test"), "{extra}");
        }
    }
}

#[tokio::test]
async fn a_request_without_pkce_is_refused_with_what_to_send_or_what_the_operator_can_change() {
    let server = Server::start().await;
    let request = |client: &Client, extra: &str| {
        client.authorization_url(&format!("code_challenge=&code_challenge_method=&{extra}"))
    };
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let public = server.db_client(ClientType::Spa, |_| {}).await;
    let strict = server.db_client(ClientType::Web, |c| c.pkce = PkceMode::Required).await;
    for (client, extra, rejection) in [
        (&web, "", Rejection::MissingChallengeAndNonce),
        (&web, "nonce=", Rejection::MissingChallengeAndNonce),
        (&web, "nonce=n&scope=email", Rejection::MissingChallengeAndNonce),
        (&strict, "nonce=n", Rejection::MissingCodeChallenge),
        (&public, "nonce=n", Rejection::MissingCodeChallenge),
    ] {
        let answer = server.get(&request(client, extra)).await;
        answer.refused_redirect(rejection);
        let words = answer.location_param("error_description").unwrap();
        assert!(words.contains("code_challenge_method=S256") && words.contains("client update --pkce"), "{words}");
    }
    let optional = server.db_client(ClientType::Web, |c| c.pkce = PkceMode::Optional).await;
    for (client, extra) in [(&web, "nonce=n"), (&optional, "")] {
        let answer = server.get(&request(client, extra)).await;
        assert!(answer.location().starts_with("/login?request="), "{}", answer.location());
    }
}

#[tokio::test]
async fn a_repeated_state_is_refused_and_not_echoed() {
    let server = Server::start().await;
    let client = spa(&server).await;
    for answer in by_get_and_post(&server, &client.authorization_url("state=a&state=b")).await {
        answer.refused_redirect(Rejection::RepeatedParameter);
        assert_eq!(answer.location_param("state"), None);
    }
}

#[tokio::test]
async fn a_client_without_users_may_not_ask_for_a_code() {
    let server = Server::start().await;
    let service =
        server.db_client(ClientType::Service, |c| c.redirect_uris = vec!["https://rp.test/cb".to_owned()]).await;
    let answer = server.get(&service.authorization_url("scope=")).await;
    answer.refused_redirect(Rejection::ClientMayNotAuthorize);
}

#[tokio::test]
async fn a_post_must_be_a_form_of_at_most_64_kib() {
    let server = Server::start().await;
    let client = spa(&server).await;
    let query = client.authorization_url("").split_once('?').unwrap().1.to_owned();
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", ""] {
        let answer = server.post_as("/authorize", kind, query.clone().into_bytes()).await;
        answer.refused_page(415, Rejection::WrongContentType);
    }
    let form = "application/x-www-form-urlencoded";
    let answer = server.post_as("/authorize", form, vec![b'a'; 65_537]).await;
    answer.refused_page(413, Rejection::BodyTooLarge);
    let answer = server.post_as("/authorize", form, vec![b'a'; 65_536]).await;
    answer.refused_page(400, Rejection::RequestTooLong);
    let answer = server.post_as("/authorize", form, b"state=\xff".to_vec()).await;
    answer.refused_page(400, Rejection::MalformedParameters);
}

#[tokio::test]
async fn a_request_of_8000_bytes_is_taken_and_one_more_is_not() {
    let server = Server::start().await;
    let client = spa(&server).await;
    let short = client.authorization_url("ui_locales=").split_once('?').unwrap().1.len();
    let of_length = |length: usize| client.authorization_url(&format!("ui_locales={}", "n".repeat(length - short)));
    for answer in by_get_and_post(&server, &of_length(8000)).await {
        assert!(answer.location().starts_with("/login?request="));
    }
    for answer in by_get_and_post(&server, &of_length(8001)).await {
        answer.refused_page(400, Rejection::RequestTooLong);
    }
}

#[tokio::test]
async fn the_text_of_a_request_is_never_markup() {
    let server = Server::start().await;
    let user = server.db_user("ann@example.org").await;
    let client =
        server.db_client(ClientType::Spa, |c| c.name = "<b>Google</b> \u{202e}elgooG\"><script>".to_owned()).await;
    let attacks =
        ["\"><script>alert(1)</script>", "javascript:alert(1)", "{{7*7}}", "\u{2028}</form>", "'onmouseover='x"];
    for attack in attacks {
        let encoded: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
        let names = ["state", "login_hint", "ui_locales", "nonce", "display", "acr_values"];
        let extra: Vec<String> = names.iter().map(|name| format!("{name}={encoded}")).collect();
        let mut browser = server.browser();
        let page = browser.visit(&client.authorization_url(&extra.join("&"))).await;
        assert_eq!(page.field("#email", "value").as_deref(), Some(attack));
        let wrong = browser.submit(&page.form("#login-submit").with("email", attack).with("password", attack)).await;
        wrong.refused_page(400, Rejection::WrongCredentials);
        assert_eq!(wrong.field("#email", "value").as_deref(), Some(attack));
        let consent = browser.sign_in_on(&page, "ann@example.org", crate::support::PASSWORD).await;
        assert!(consent.text_of(".name").unwrap().starts_with("<b>Google</b>"));
        for page in [&page, &wrong, &consent] {
            assert!(!page.has("script:not([src])") && !page.has("b") && !page.has("[onmouseover]"), "{}", page.text());
            assert!(!page.header("content-security-policy").contains("unsafe"));
        }
        let answer = browser.press(&consent.form("#allow")).await;
        assert_eq!(answer.location_param("state").as_deref(), Some(attack));
        server.database.db_execute("DELETE FROM attempt_counters").await;
        server.database.db_execute(&format!("DELETE FROM consents WHERE user_id = '{user}'")).await;
    }
    for field in ["scope=", "prompt=none+", "resource=", "max_age="] {
        let answer = server.get(&client.authorization_url(&format!("{field}%22%3E%3Cscript%3E"))).await;
        assert_eq!(answer.location_param("error_description").map(|words| words.contains('<')), Some(false), "{field}");
    }
}

#[tokio::test]
async fn beside_openid_a_scope_that_is_unknown_or_not_allowed_is_left_out() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    server.db_resource("https://api.test", &["notes"]).await;
    server.db_resource("https://other.test", &["other"]).await;
    let client = server
        .db_client(ClientType::Spa, |c| {
            c.scopes = ScopeSet::parse("openid email other job").unwrap();
            c.resources = vec!["https://api.test".to_owned()];
        })
        .await;
    let mut browser = server.browser();
    for (asked, granted) in [
        ("openid+nothing", "openid"),
        ("openid+email+notes+phone", "email openid"),
        // Allowed by name, but it is of an API that the application may not ask for.
        ("openid+other", "openid"),
        // Nothing owns it.
        ("openid+job", "job openid"),
    ] {
        let code = browser.code(&client, "ann@example.org", &format!("scope={asked}")).await;
        assert_eq!(client.redeem(&code).await.ok()["scope"], granted, "{asked}");
    }
    for (scope, rejection) in [
        ("email+nothing", Rejection::UnknownScope),
        ("email+phone", Rejection::ScopeNotAllowed),
        ("other", Rejection::ScopeNotAllowed),
        ("openid+%22", Rejection::MalformedScope),
    ] {
        browser.get(&client.authorization_url(&format!("scope={scope}"))).await.refused_redirect(rejection);
    }
    let named = browser.get(&client.authorization_url("scope=email+nothing")).await;
    let words = "scope names a scope that does not exist here: nothing.";
    assert_eq!(named.location_param("error_description").as_deref(), Some(words));
    // Who may not ask for openid makes no OpenID request.
    let plain = server.db_client(ClientType::Spa, |c| c.scopes = ScopeSet::parse("job").unwrap()).await;
    let answer = browser.get(&plain.authorization_url("scope=openid+job+nothing")).await;
    answer.refused_redirect(Rejection::UnknownScope);
}
