//! Redirects that are no answer to an application: after signing in and out, and between the pages.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use url::Url;

use crate::attacks::{ANN, encoded, text, tokens};
use crate::support::{Answer, PASSWORD, Server, filled, login_form};

/// Addresses that a careless server takes for its own.
const TARGETS: &[&str] = &[
    "//evil.test",
    "/\\evil.test",
    "/%09/evil.test",
    "/\t/evil.test",
    "https:evil.test",
    "https:/evil.test",
    "https://evil.test",
    "https:evil",
    "/ok?x=//evil.test",
    "/ok?x=//evil",
    "\\\\evil.test",
    "/.evil.test",
    "/@evil.test",
    ".evil.test",
    "javascript:alert(1)",
];

/// Asserts that a redirect stays on the server.
#[track_caller]
fn stays(answer: &Answer, asked: &str) {
    let Some(address) = answer.onward() else { return };
    let origin = Url::parse("http://localhost:8000").unwrap();
    let target = origin.join(&address).unwrap_or_else(|why| panic!("{asked}: {address}: {why}"));
    assert_eq!(target.origin(), origin.origin(), "{asked}: {address}");
    assert!(address.starts_with('/') && !address.contains("evil.test"), "{asked}: {address}");
}

/// Whatever address comes with the page or its form, the browser stays on the server and ends on the account page.
#[tokio::test]
async fn a8_after_signing_in_a_browser_stays_with_us() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let names = ["return_to", "next", "redirect", "redirect_uri", "url", "continue", "ReturnUrl", "rd", "goto", "as"];
    for target in TARGETS {
        let mut browser = server.browser();
        let query: Vec<String> = names.iter().map(|name| format!("{name}={}", encoded(target))).collect();
        let page = browser.visit(&format!("/login?{}", query.join("&"))).await;
        assert!(!page.text().contains("evil.test"), "{target}");
        let mut form = filled(&page.form("#login-submit"), ANN, PASSWORD);
        for name in names {
            form = form.with(name, target);
        }
        let answer = browser.submit(&form).await;
        stays(&answer, target);
        assert_eq!(answer.location(), "/account");
        // Neither does whoever is signed in already go elsewhere, nor a newcomer.
        let answer = browser.get(&format!("/login?{}", query.join("&"))).await;
        stays(&answer, target);
        let answer = browser.get(&format!("/?{}", query.join("&"))).await;
        stays(&answer, target);
        let page = server.browser().get(&format!("/register?{}", query.join("&"))).await;
        assert!(!page.text().contains("evil.test"), "{target}");
    }
    // In the place of the sealed request it is refused.
    for target in TARGETS {
        let (mut browser, form) = login_form(&server).await;
        let answer = browser.submit(&filled(&form, ANN, PASSWORD).with("request", target)).await;
        answer.refused_in(400, &[Rejection::ForgedPendingRequest, Rejection::MalformedParameters]);
    }
}

/// Class: the other redirectors: signing out goes to registered addresses alone, odd slashes are 404, and nothing of a path or query is made a
/// Location.
#[tokio::test]
async fn a9_no_other_route_is_an_open_redirector() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let out = "https://rp.test/out";
    let own = vec![out.to_owned()];
    let client = server.db_client(ClientType::Web, |c| c.metadata.post_logout_redirect_uris = own).await;
    let mut browser = server.browser();
    let hint = text(&tokens(&mut browser, &client).await, "id_token");
    let near = ["https://rp.test/out/", "https://rp.test/out?x", "https://rp.test/cb", "https://rp.test/OUT", ""];
    for target in TARGETS.iter().chain(&near) {
        for proof in [format!("id_token_hint={hint}"), format!("client_id={}", client.id), String::new()] {
            let path = format!("/logout?{proof}&post_logout_redirect_uri={}", encoded(target));
            for mut sender in [browser.clone(), server.browser()] {
                let answer = sender.get(&path).await;
                stays(&answer, target);
                assert!(!answer.text().contains("evil.test"), "{target}");
            }
        }
    }
    for target in TARGETS {
        for path in ["/signed-out", "/authorize/continue", "/consent", "/account", "/"] {
            for name in ["request", "next", "post_logout_redirect_uri", "redirect_uri"] {
                stays(&browser.clone().get(&format!("{path}?{name}={}", encoded(target))).await, target);
            }
        }
    }
    for path in ["//evil.test", "//evil.test/..", "/login//evil.test", "/%2fevil.test", "/\\evil.test", "/account//"] {
        let answer = server.get(&path.replace('\\', "%5c")).await;
        answer.refused_page(404, Rejection::NoSuchPage);
        assert!(!answer.headers.contains_key("location"), "{path}");
    }
    let answer = browser.get(&format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={out}")).await;
    assert_eq!(answer.location(), out, "the registered one is gone to");
}
