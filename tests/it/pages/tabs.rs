//! Tabs, old pages and steps back: each goes on from what holds now; what cannot go on says why and leads back to the application.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Client, PASSWORD, Server, asked};

const ANN: &str = "ann@example.org";

async fn with_a_client() -> (Server, Client) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    (server, client)
}

/// The way back to the application, on a page that cannot go on.
fn leads_back(page: &Answer) {
    let link = page.field("#to-application", "href");
    assert_eq!(link.as_deref(), Some("https://rp.test/"), "{}", page.text());
    assert!(page.text_of("#to-application").unwrap().ends_with("Notebook"));
}

#[tokio::test]
async fn two_tabs_without_a_cookie_both_work_to_the_end() {
    let (server, client) = with_a_client().await;
    // Neither has the other's cookie yet when it asks, as when a browser restores its session.
    let (mut first, mut second) = (server.browser(), server.browser());
    let to_first = first.get(&client.authorization_url("state=first")).await.location();
    let to_second = second.get(&client.authorization_url("state=second")).await.location();
    let page = first.get(&to_first).await;
    let mut browser = second;
    browser.cookies.extend(first.cookies);
    assert_eq!(browser.cookies.len(), 2, "one has not taken the place of the other");
    let other_page = browser.get(&to_second).await;
    for (page, state) in [(page, "first"), (other_page, "second")] {
        let consent = browser.sign_in_on(&page, ANN, PASSWORD).await;
        let answer = if consent.has("#allow") { browser.press(&consent.form("#allow")).await } else { consent };
        assert_eq!(answer.location_param("state").as_deref(), Some(state));
        client.redeem(&answer.location_param("code").unwrap()).await.ok();
    }
    browser.visit("/register").await;
    assert_eq!(browser.cookies.len(), 4, "who has one gets no other: two, the sign-in's and the device's");
}

#[tokio::test]
async fn a_page_that_was_open_too_long_goes_on_when_its_form_is_sent() {
    let (server, client) = with_a_client().await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("state=old")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    server.turn(660);
    let consent = browser.sign_in_on(&login, ANN, PASSWORD).await;
    server.turn(660);
    let answer = browser.press(&consent.form("#allow")).await;
    assert_eq!(answer.location_param("state").as_deref(), Some("old"));
    client.redeem(&answer.location_param("code").unwrap()).await.ok();

    server.turn(660);
    let form = register.form("#register-submit").with("name", "Eve").with("email", "eve@example.org");
    let answer = browser.press(&form.with("password", PASSWORD)).await;
    // Another person, and the request has its answer already.
    assert!(answer.has("#allow"), "{}", answer.text());
    let answer = browser.press(&answer.form("#allow")).await;
    leads_back(answer.refused_page(400, Rejection::ReplayedPendingRequest));
}

#[tokio::test]
async fn what_was_proved_before_a_journey_began_anew_is_proved_again() {
    let (server, client) = with_a_client().await;
    for (extra, page) in [("prompt=login", "#login-submit"), ("prompt=consent", "#allow"), ("max_age=900", "#allow")] {
        let (mut browser, consent) = asked(&server, &client, ANN, extra).await;
        if extra == "prompt=consent" {
            let mut other = browser.clone();
            assert!(other.press(&consent.form("#allow")).await.location_param("code").is_some());
        }
        server.turn(600);
        let way = format!("/authorize/continue?request={}", consent.form("#allow").field("request"));
        let anew = browser.visit(&way).await;
        assert!(anew.has(page), "{extra}: {}", anew.text());
        let consents = "DELETE FROM consents";
        server.database.db_execute(consents).await;
    }
}

#[tokio::test]
async fn a_denial_on_an_old_page_is_a_denial() {
    let (server, client) = with_a_client().await;
    let (mut browser, page) = asked(&server, &client, ANN, "state=old").await;
    server.turn(3600);
    let answer = browser.submit(&page.form("#deny")).await;
    answer.refused_redirect(Rejection::ConsentDenied);
    assert_eq!(answer.location_param("state").as_deref(), Some("old"));
}

#[tokio::test]
async fn the_step_back_leads_on_until_the_application_has_its_answer() {
    let (server, client) = with_a_client().await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    let request = page.form("#allow").field("request");
    let login = format!("/login?request={request}");
    let consent = format!("/consent?request={request}");
    let register = format!("/register?request={request}");
    // From the question back to the sign-in page: on to the question.
    for address in [&login, &register, &consent] {
        assert!(browser.visit(address).await.has("#allow"), "{address}");
    }
    browser.press(&page.form("#allow")).await;
    let mut code = None;
    for address in [&login, &register, &consent] {
        code = browser.visit(address).await.location_param("code");
    }
    client.redeem(&code.unwrap()).await.ok();
    for address in [&login, &register, &consent] {
        leads_back(browser.visit(address).await.refused_page(400, Rejection::ReplayedPendingRequest));
    }
}

#[tokio::test]
async fn a_second_tab_goes_on_after_the_first_has_signed_in() {
    let (server, client) = with_a_client().await;
    let mut browser = server.browser();
    let first = browser.visit(&client.authorization_url("state=first")).await;
    let second = browser.get(&client.authorization_url("state=second")).await.location();
    let waiting = browser.visit(&second).await;
    assert!(waiting.has("#login-submit"));
    let consent = browser.sign_in_on(&first, ANN, PASSWORD).await;
    // Reloaded, it asks what is still open; sent, too.
    assert!(browser.visit(&second).await.has("#allow"));
    browser.press(&consent.form("#allow")).await;
    let answer = browser.visit(&second).await;
    assert_eq!(answer.location_param("state").as_deref(), Some("second"));
    let answer = browser.sign_in_on(&waiting, ANN, PASSWORD).await;
    assert_eq!(answer.location_param("state").as_deref(), Some("second"));
}

#[tokio::test]
async fn a_sign_in_page_that_was_bookmarked_says_why_it_cannot_go_on() {
    let (server, client) = with_a_client().await;
    let mut browser = server.browser();
    let address = browser.get(&client.authorization_url("")).await.location();
    server.turn(86_400 * 30);
    // The browser has been closed since, or not.
    for mut browser in [server.browser(), browser] {
        leads_back(browser.visit(&address).await.refused_page(400, Rejection::ExpiredPendingRequest));
    }
    assert!(server.browser().visit("/login").await.has("#login-submit"));
}

#[tokio::test]
async fn cookies_that_are_blocked_are_named_before_anybody_types_a_password() {
    let (server, client) = with_a_client().await;
    let address = server.get(&client.authorization_url("")).await.location();
    let page = server.get(&address).await;
    page.refused_page(403, Rejection::CookiesBlocked);
    assert!(page.text_of("#error").unwrap().contains("cookie"));
    leads_back(&page);
    // Without a request the form itself finds out.
    let form = server.get("/login").await.form("#login-submit").with("email", ANN).with("password", PASSWORD);
    server.post("/login", &form.body()).await.refused_page(403, Rejection::CookiesBlocked);
}

#[tokio::test]
async fn a_form_from_before_the_cookies_were_cleared_leads_on() {
    let (server, client) = with_a_client().await;
    let mut browser = server.browser();
    let old = browser.visit(&client.authorization_url("state=old")).await;
    browser.cookies.clear();
    let now = browser.visit(&client.authorization_url("state=now")).await;
    let answer = browser.sign_in_on(&old, ANN, PASSWORD).await;
    leads_back(answer.refused_page(403, Rejection::ForgedForm));
    assert!(!answer.has("#again"));
    // A journey of this browser with the token of another: there is a way on.
    let mixed = now.form("#login-submit").with("csrf", &old.form("#login-submit").field("csrf"));
    let answer = browser.submit(&mixed).await;
    answer.refused_page(403, Rejection::ForgedForm);
    let on = browser.visit(&answer.field("#again", "href").unwrap()).await;
    let consent = browser.sign_in_on(&on, ANN, PASSWORD).await;
    assert_eq!(
        browser.press(&consent.form("#allow")).await.location_param("state").as_deref(),
        Some("now"),
        "{}",
        consent.text()
    );
}

#[tokio::test]
async fn a_question_that_was_for_somebody_else_is_asked_again() {
    let (server, client) = with_a_client().await;
    server.db_user("bob@example.org").await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    browser.sign_in("bob@example.org").await;
    let again = browser.press(&page.form("#allow")).await;
    again.refused_page(403, Rejection::ConsentOfAnother);
    assert!(again.text_of("main").unwrap().contains("bob@example.org"));
    assert!(browser.press(&again.form("#allow")).await.location_param("code").is_some());
}

#[tokio::test]
async fn a_native_application_is_named_and_not_linked() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Native, |_| {}).await;
    let mut browser = server.browser();
    let address = browser.get(&client.authorization_url("")).await.location();
    server.turn(86_400);
    let page = browser.visit(&address).await;
    page.refused_page(400, Rejection::ExpiredPendingRequest);
    assert!(page.text_of("main").unwrap().contains("Go back to Notebook and start again."));
    assert!(!page.has("#to-application"));
}
