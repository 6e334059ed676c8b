//! The account page: who is signed in, and the way out.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;

use crate::support::{Answer, PASSWORD, Server};

const ANN: &str = "ann@example.org";

#[tokio::test]
async fn the_account_is_for_whoever_is_signed_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    assert_eq!(browser.get("/account").await.location(), "/login");
    assert_eq!(browser.get("/").await.location(), "/account");
    let page = browser.sign_in(ANN).await;
    let text = page.text_of("main").unwrap();
    assert!(text.contains(ANN) && text.contains("Ann Lee"), "{text}");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn times_are_told_in_words_with_the_exact_moment_and_access_line_by_line() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://api.test", &["a:read"]).await;
    let scopes = ScopeSet::parse("openid profile email offline_access a:read").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let mut browser = server.browser();
    let extra = "scope=openid+profile+email+offline_access+a:read";
    let consent = browser.visit(&client.authorization_url(extra)).await;
    let consent = browser.sign_in_on(&consent, ANN, PASSWORD).await;
    let asked = lines(&consent, ".asks li");
    browser.press(&consent.form("#allow")).await;
    server.turn(300);
    let page = browser.visit("/account").await;
    // The one that is used now is noted once a minute.
    assert_eq!(page.text_of("#sign-ins time").as_deref(), Some("just now"));
    assert_eq!(page.text_of("#apps time").as_deref(), Some("5 minutes ago"));
    assert_eq!(page.field("#apps time", "datetime").as_deref(), Some("2027-01-15T08:00:00Z"));
    assert_eq!(page.field("#apps time", "title").as_deref(), Some("2027-01-15 08:00 UTC"));
    assert_eq!(lines(&page, "#apps .words li"), asked);
    assert_eq!(asked.len(), 5);
    assert_eq!(asked[0], "Recognise you when you come back");
    assert_eq!(asked[4], "Use a:read");
}

fn lines(page: &Answer, selector: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.text());
    let selector = scraper::Selector::parse(selector).unwrap();
    html.select(&selector).map(|line| line.text().collect::<String>().trim().to_owned()).collect()
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_and_takes_the_cookie_away() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let page = browser.sign_in(ANN).await;
    let thief = browser.clone();
    let answer = browser.submit(&page.form("#sign-out")).await;
    assert!(!browser.cookies.contains_key("doorward_sign_in"));
    assert!(browser.follow(answer).await.has("#signed-out"));
    assert!(thief.clone().visit("/account").await.has("#login-submit"));
    // A second press, from a page that was still open, is no error.
    let again = browser.press(&page.form("#sign-out")).await;
    assert!(again.has("#signed-out"));
}

#[tokio::test]
async fn one_browser_signing_out_leaves_the_others_alone() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut desk, mut phone) = (server.browser(), server.browser());
    let page = desk.sign_in(ANN).await;
    phone.sign_in(ANN).await;
    desk.press(&page.form("#sign-out")).await;
    assert!(phone.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn a_person_has_so_many_sign_ins_and_the_one_used_longest_ago_ends_with_what_is_bound_to_it() {
    let server = Server::with(|config| config.sign_in.per_person = 3).await;
    server.db_user(ANN).await;
    server.db_user("bob@example.org").await;
    let app = server.db_client(ClientType::Spa, |_| {}).await;
    let mut bob = server.browser();
    bob.sign_in("bob@example.org").await;
    let mut browsers = Vec::new();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        server.turn(120);
        let mut browser = server.browser();
        let code = browser.code(&app, ANN, "").await;
        tokens.push(app.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned());
        browsers.push(browser);
    }
    server.turn(120);
    // Used again, so that the second is the one used longest ago.
    assert!(browsers[0].get("/account").await.has("#sign-out"));
    server.turn(120);
    let page = server.browser().sign_in(ANN).await;
    assert_eq!(lines(&page, "#sign-ins li").len(), 3);
    assert_eq!(browsers[1].get("/account").await.location(), "/login");
    app.userinfo(&tokens[1]).await.refused(401, Rejection::TokenOfEndedGrant);
    for at in [0, 2] {
        assert!(browsers[at].get("/account").await.has("#sign-out"), "{at}");
        app.userinfo(&tokens[at]).await.ok();
    }
    assert!(bob.get("/account").await.has("#sign-out"), "nobody else's");
    let ended = "SELECT count(*) FROM sign_ins WHERE end_reason = 'too many sign-ins'";
    assert_eq!(server.database.db_number(ended).await, 1);
}

#[tokio::test]
async fn who_signs_in_over_and_over_keeps_a_page_of_bounded_length() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for _ in 0..55 {
        server.browser().sign_in(ANN).await;
    }
    let page = server.browser().sign_in(ANN).await;
    assert_eq!(lines(&page, "#sign-ins li").len(), 50);
    assert!(page.body.len() < 60_000, "{}", page.body.len());
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 50);
}

#[tokio::test]
async fn the_password_says_since_when_it_is_there_and_when_it_was_last_used() {
    let server = Server::start().await;
    let ann = server.db_user("ann@example.org").await;
    let mut browser = server.browser();
    browser.sign_in("ann@example.org").await;
    server.turn(3 * 86_400);
    let account = browser.sign_in("ann@example.org").await;
    let ways = account.text_of("#ways").unwrap();
    assert!(ways.contains("Added 3 days ago, last used just now. Change it"), "{ways}");
    assert_eq!(account.field("#ways a", "aria-label").as_deref(), Some("Change it: Password"));
    // A profile that is saved is no password that is chosen.
    server.db_change_user(&ann, |account| account.user.name = "Ann".to_owned()).await;
    let form = browser.visit("/account/profile").await.form("#save-profile").with("nickname", "Annie");
    browser.press(&form).await;
    assert!(browser.visit("/account").await.text_of("#ways").unwrap().contains("last used just now"));
    let form = browser.visit("/account/password").await.form("#change-password");
    let form = form.with("current_password", PASSWORD).with("password", "another quiet river at noon");
    let ways = browser.press(&form).await.text_of("#ways").unwrap();
    assert!(ways.contains("Added just now"), "{ways}");
    // Of a password from before nobody knows.
    let unknown = "UPDATE users SET password_set_at = NULL, password_used_at = NULL";
    server.database.db_execute(unknown).await;
    let ways = browser.visit("/account").await.text_of("#ways").unwrap();
    assert!(ways.contains("With ann@example.org. Change it"), "{ways}");
}

#[tokio::test]
async fn an_application_says_since_when_it_has_access_and_when_it_last_used_it() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, "ann@example.org", "scope=openid").await;
    // Nothing came of that, but it was allowed.
    server.database.db_execute("UPDATE grants SET ended_at = created_at, end_reason = 'over'").await;
    server.turn(3 * 86_400);
    browser.sign_in("ann@example.org").await;
    // What is allowed later leaves the first time as it is.
    let code = browser.code(&client, "ann@example.org", "scope=openid+email").await;
    client.redeem(&code).await.ok();
    for page in ["/account", "/account/applications"] {
        let apps = browser.visit(page).await.text_of("#apps").unwrap();
        assert!(apps.contains("Allowed 3 days ago, last used just now"), "{apps}");
    }
    let ended = browser.visit("/account/applications").await.form("#apps button");
    browser.press(&ended).await;
    server.turn(86_400);
    browser.sign_in("ann@example.org").await;
    browser.code(&client, "ann@example.org", "scope=openid").await;
    let apps = browser.visit("/account").await.text_of("#apps").unwrap();
    assert!(apps.contains("Allowed just now"), "it began anew: {apps}");
}
