//! Journeys: who is sent on without a question, second tabs and steps back, and confirming what is sensitive.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Browser, Client, Form, PASSWORD, Server};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

/// A server with Ann and Bob, a client that Ann has allowed everything, and a browser in which she is signed in.
async fn signed_in() -> (Server, Client, Browser) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, ANN, "").await;
    (server, client, browser)
}

/// The address of the sign-in page of a request, as whoever is not signed in gets it, but in this browser.
async fn login_page(browser: &Browser, client: &Client, extra: &str) -> String {
    let mut before = browser.clone();
    before.cookies.remove("doorward_sign_in");
    before.get(&client.authorization_url(extra)).await.location()
}

#[tokio::test]
async fn whoever_is_signed_in_is_sent_on_from_the_sign_in_page() {
    let (server, client, mut browser) = signed_in().await;
    assert_eq!(browser.get("/login").await.location(), "/account");
    let address = login_page(&browser, &client, "").await;
    assert!(browser.get(&address).await.location().starts_with("/authorize/continue?request="));
    assert!(browser.visit(&address).await.location_param("code").is_some());
    // The step back comes to the same place: the answer is given again until the application has it.
    let code = browser.visit(&address).await.location_param("code").unwrap();
    client.redeem(&code).await.ok();
    browser.visit(&address).await.refused_page(400, Rejection::ReplayedPendingRequest);
    let other = server.db_client(ClientType::Web, |_| {}).await;
    let address = login_page(&browser, &other, "").await;
    assert!(browser.visit(&address).await.has("#allow"));
    // Whoever is signed in no more is asked.
    let mut gone = browser.clone();
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    assert!(gone.visit(&address).await.has("#login-submit"));
    assert!(gone.visit("/login").await.has("#login-submit"));
}

#[tokio::test]
async fn whoever_must_prove_it_anew_is_not_sent_on() {
    let (server, client, mut browser) = signed_in().await;
    server.turn(100);
    for extra in
        ["prompt=login", "prompt=select_account", "max_age=99", "id_token_hint=", "login_hint=bob%40example.org"]
    {
        let page = browser.visit(&login_page(&browser, &client, extra).await).await;
        let asks = ["prompt", "max_age"].iter().any(|name| extra.starts_with(name));
        assert_eq!(page.status.as_u16(), if asks { 200 } else { 303 }, "{extra}");
        assert_eq!(page.has("#login-submit"), asks, "{extra}");
    }
}

#[tokio::test]
async fn whoever_wants_to_be_somebody_else_gets_the_page_and_is_the_other_afterwards() {
    let (server, _, mut browser) = signed_in().await;
    let other = server.db_client(ClientType::Web, |_| {}).await;
    let consent = browser.visit(&other.authorization_url("")).await;
    let page = browser.visit(&consent.field("#other-account", "href").unwrap()).await;
    assert_eq!(page.text_of("h1").as_deref(), Some("Sign in"));
    assert_eq!(page.field("#email", "value").as_deref(), Some(""));
    let asked = browser.sign_in_on(&page, BOB, PASSWORD).await;
    assert!(asked.text_of(".lead").unwrap().contains(BOB));
    assert!(browser.press(&asked.form("#allow")).await.location_param("code").is_some());
    // What the first tab still shows was for Ann.
    browser.submit(&consent.form("#allow")).await.refused_page(403, Rejection::ConsentOfAnother);
}

#[tokio::test]
async fn a_form_that_was_open_in_a_second_tab_signs_in_once_more_and_goes_on() {
    let (server, client, mut browser) = signed_in().await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    let (first, second) = (client.authorization_url("state=first"), client.authorization_url("state=second"));
    let (first, second) = (browser.visit(&first).await, browser.visit(&second).await);
    for (page, state) in [(&first, "first"), (&second, "second")] {
        let answer = browser.sign_in_on(page, ANN, PASSWORD).await;
        assert_eq!(answer.location_param("state").as_deref(), Some(state));
        assert!(answer.location_param("code").is_some());
    }
    // Sent twice, it is answered again; and the person stays signed in.
    let again = browser.sign_in_on(&second, ANN, PASSWORD).await.location_param("code").unwrap();
    client.redeem(&again).await.ok();
    browser.sign_in_on(&second, ANN, PASSWORD).await.refused_page(400, Rejection::ReplayedPendingRequest);
    assert!(browser.visit("/account").await.has("#sign-out"));
    let live = "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL";
    assert_eq!(server.database.db_number(live).await, 1);
}

/// The question before the application's access ends, in a browser that signed in long ago.
async fn question(server: &Server, browser: &mut Browser) -> (Answer, Form) {
    server.turn(600);
    let page = browser.visit("/account").await;
    let question = browser.press(&page.form("#apps li button")).await;
    let form = question.form("#confirm");
    (question, form)
}

async fn consents(server: &Server) -> i64 {
    server.database.db_number("SELECT count(*) FROM consents").await
}

#[tokio::test]
async fn a_proof_of_another_kind_or_on_another_page_confirms_as_well() {
    let (server, _, mut browser) = signed_in().await;
    let (_, form) = question(&server, &mut browser).await;
    let way = format!("?request={}", form.field("request"));
    // Without a proof the way leads back to a page that asks for one.
    let page = browser.visit(&format!("/authorize/continue{way}")).await;
    assert_eq!(page.text_of("h1").as_deref(), Some("Confirm that it is you"));
    assert_eq!(consents(&server).await, 1);
    let after = browser.sign_in_on(&page, ANN, PASSWORD).await;
    assert!(after.has("#sign-out") && !after.has("#apps"));
    assert_eq!(consents(&server).await, 0);
}

#[tokio::test]
async fn what_one_person_was_to_confirm_is_not_confirmed_by_another() {
    let (server, client, mut browser) = signed_in().await;
    let (_, form) = question(&server, &mut browser).await;
    let page = browser.visit("/login?as=another").await;
    browser.sign_in_on(&page, BOB, PASSWORD).await;
    let form = form.with("password", PASSWORD);
    browser.submit(&form).await.refused_page(400, Rejection::AnotherPersonExpected);
    let way = format!("/authorize/continue?request={}", form.field("request"));
    browser.get(&way).await.refused_page(400, Rejection::AnotherPersonExpected);
    assert_eq!(consents(&server).await, 1);
    // Nor does it lead anywhere else.
    browser
        .get(&format!("/consent?request={}", form.field("request")))
        .await
        .refused_page(400, Rejection::MissingPendingRequest);
    // For Ann the question is still open; what the journey says counts, and not the field beside it.
    let page = browser.visit("/login?as=another").await;
    browser.sign_in_on(&page, ANN, PASSWORD).await;
    let after = browser.press(&form.with("client_id", "another")).await;
    assert!(after.has("#sign-out") && !after.has("#apps"), "{}", client.id);
    assert_eq!(consents(&server).await, 0);
}

#[tokio::test]
async fn ending_this_very_sign_in_after_a_question_signs_out() {
    let (server, _, mut browser) = signed_in().await;
    server.turn(600);
    let page = browser.visit("/account").await;
    let question = browser.press(&page.form("#sign-ins li button")).await;
    let after = browser.press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert!(after.has("#signed-out"), "{}", after.text());
    assert!(!browser.cookies.contains_key("doorward_sign_in"));
}
