//! What happened to an account, as its person reads it; and the pages that list where they are signed in and who has access.

use doorward::protocol::client::ClientType;

use crate::support::{Answer, Server};

const ANN: &str = "ann@example.org";

fn lines(page: &Answer) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.text());
    let selector = scraper::Selector::parse("#history li > p:first-child").unwrap();
    html.select(&selector).map(|line| line.text().collect::<String>().trim().to_owned()).collect()
}

#[tokio::test]
async fn a_person_reads_what_happened_newest_first_and_of_nobody_else() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user("bob@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut stranger = server.browser();
    stranger.address = "198.51.100.9".to_owned();
    for _ in 0..2 {
        let page = stranger.visit("/login").await;
        stranger.sign_in_on(&page, ANN, "a wrong one, and long enough").await;
        server.turn(61);
    }
    server.browser().sign_in("bob@example.org").await;
    let mut browser = server.browser();
    let code = browser.code(&client, ANN, "scope=openid+email").await;
    client.redeem(&code).await.ok();
    let page = browser.visit("/account/history").await;
    assert_eq!(
        lines(&page),
        ["Notebook: You allowed it access.", "You signed in.", "Somebody failed 2 times to sign in as you."]
    );
    assert!(page.text_of("#history li:nth-child(3)").unwrap().contains("from 198.51.100.9"));
    assert!(page.has("#history li:nth-child(3).grave") && !page.has("#older"));
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn what_happened_long_ago_stands_on_further_pages() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for _ in 0..70 {
        server.browser().sign_in(ANN).await;
    }
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let newest = browser.visit("/account/history").await;
    let older = browser.visit(&newest.field("#older", "href").unwrap()).await;
    assert!(lines(&newest).len() == 60 && !lines(&older).is_empty());
    assert!(!older.has("#older"), "there is an end");
    let all = server.database.db_number("SELECT count(*) FROM audit WHERE user_id IS NOT NULL").await;
    assert_eq!(i64::try_from(lines(&newest).len() + lines(&older).len()).unwrap(), all, "each once");
    let back = browser.visit(&older.field("#newest", "href").unwrap()).await;
    assert_eq!(lines(&back), lines(&newest));
    // Whatever else is asked for is the newest page, or an empty one.
    for (asked, count) in [("x", 60), ("0", 0), ("-1", 0), ("99999999999999999999", 60), ("%27", 60)] {
        let page = browser.visit(&format!("/account/history?before={asked}")).await;
        assert_eq!((page.status.as_u16(), lines(&page).len()), (200, count), "{asked}");
    }
}

#[tokio::test]
async fn every_page_of_the_account_leads_to_the_others_and_is_for_whoever_is_signed_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let pages = [
        "/account",
        "/account/profile",
        "/account/password",
        "/account/sign-ins",
        "/account/applications",
        "/account/history",
        "/account/data",
    ];
    for path in pages {
        assert_eq!(browser.get(path).await.location(), "/login", "{path}");
    }
    browser.code(&client, ANN, "scope=openid").await;
    for path in pages {
        let page = browser.visit(path).await;
        assert_eq!(page.field(".sections [aria-current=page]", "href").as_deref(), Some(path));
        for other in pages {
            assert!(page.has(&format!(".sections a[href=\"{other}\"]")), "{path} leads to {other}");
        }
    }
    let sign_ins = browser.visit("/account/sign-ins").await;
    assert!(sign_ins.text_of("#sign-ins li").unwrap().contains("this browser") && !sign_ins.has("#apps"));
    let applications = browser.visit("/account/applications").await;
    assert!(applications.text_of("#apps").unwrap().contains("Notebook") && !applications.has("#sign-ins"));
    let ended = browser.press(&applications.form("#apps button")).await;
    assert_eq!(ended.text_of("#done").as_deref(), Some("Notebook has no access any more."));
    assert!(!browser.visit("/account/applications").await.has("#apps"));
}
