//! The look of an installation: name, logo and accent, and what a page weighs.

use std::path::Path;

use doorward::protocol::client::ClientType;

use crate::support::{Answer, PASSWORD, Server};

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 48 16'><script>alert(1)</script></svg>";

async fn branded(logo: &Path) -> Server {
    Server::with(|config| {
        config.brand.name = "Fjord & Søn".to_owned();
        config.brand.logo = logo.to_owned();
        config.brand.accent = "#ffd400".parse().unwrap();
    })
    .await
}

#[tokio::test]
async fn a_page_wears_the_name_the_logo_and_the_accent_of_the_installation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("any.name");
    std::fs::write(&file, SVG).unwrap();
    let server = branded(&file).await;
    let page = server.get("/login").await;
    assert_eq!(page.text_of(".brand").as_deref(), Some("Fjord & Søn"));
    assert!(page.text_of("title").unwrap().ends_with("Fjord & Søn"));
    assert!(!page.has(".brand svg"));
    let logo = page.field(".brand img", "src").unwrap();
    assert_eq!(page.field(".brand img", "width").as_deref(), Some("96"));
    assert_eq!(page.field("link[rel=icon]", "href"), Some(logo.clone()));
    let css = server.get(&page.field("link[rel=stylesheet]", "href").unwrap()).await.text();
    assert!(css.starts_with(":root{") && css.contains("--accent:#ffd400;"));
    // Its own stylesheet has its own name: what a browser kept of another is not shown.
    let other = Server::start().await.get("/login").await;
    assert_ne!(other.field("link[rel=stylesheet]", "href"), page.field("link[rel=stylesheet]", "href"));
    assert!(other.has(".brand svg") && !other.has(".brand img"));

    let logo = server.get(&logo).await;
    assert_eq!(logo.text(), SVG);
    assert_eq!(logo.header("content-type"), "image/svg+xml");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert_eq!(logo.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(logo.header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
}

/// What a browser loads for a page: itself, and each file that it names, packed as browsers ask for them.
async fn weight(server: &Server, page: &Answer) -> usize {
    let mut bytes = page.body.len();
    for (selector, attribute) in [("link[rel=stylesheet]", "href"), ("script[src]", "src"), (".brand img", "src")] {
        for path in page.fields(selector, attribute) {
            bytes += server.get_packed(&path).await.body.len();
        }
    }
    bytes
}

#[tokio::test]
async fn every_page_stays_below_30_kb_with_the_largest_logo() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logo.png");
    // A picture that is packed already.
    let header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x60\0\0\0\x20";
    let mut picture = header.to_vec();
    picture.resize(20_000, 0);
    aws_lc_rs::rand::fill(&mut picture[header.len()..]).unwrap();
    std::fs::write(&file, &picture).unwrap();
    let server = branded(&file).await;
    server.db_user("ann@example.org").await;
    server.db_resource("https://notes.test", &["notes:read", "notes:write"]).await;
    let client = server.db_client(ClientType::Native, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    let wrong = browser.submit(&login.form("#login-submit").with("email", "ann@example.org")).await;
    let consent = browser.sign_in_on(&login, "ann@example.org", PASSWORD).await;
    let again = browser.visit(&client.authorization_url("prompt=login")).await;
    let account = browser.visit("/account").await;
    let (keys, new_key) = (browser.visit("/account/api-keys").await, browser.visit("/account/api-keys/new").await);
    let (problem, signed_out) = (browser.visit("/nowhere").await, browser.visit("/signed-out").await);
    for page in [&login, &register, &wrong, &consent, &again, &account, &keys, &new_key, &problem, &signed_out] {
        let bytes = weight(&server, page).await;
        let name = page.text_of("title").unwrap();
        eprintln!("{name}: {} bytes, {bytes} with stylesheet, script and logo", page.body.len());
        assert!(bytes < 30_000, "{name} weighs {bytes} bytes");
        assert!(!page.text().contains("style="), "{name} has a style that its own policy forbids");
    }
}

#[tokio::test]
async fn the_first_field_that_is_wrong_has_the_focus_and_its_words_beside_it() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert_eq!(login.field("[autofocus]", "id").as_deref(), Some("email"));
    let register = browser.visit("/register").await;
    assert_eq!(register.field("[autofocus]", "id").as_deref(), Some("name"));
    let sign_in = login.form("#login-submit");
    let make = register.form("#register-submit").with("name", "Ann").with("email", "ann@example.org");
    for (form, first, described) in [
        (sign_in.clone(), "email", "email-error"),
        (sign_in.clone().with("email", "ann@example.org"), "password", "password-error"),
        (sign_in.with("email", "ann@example.org").with("password", "wrong"), "password", "error"),
        (make.clone().with("name", ""), "name", "name-error"),
        (make.clone().with("email", "ann"), "email", "email-error"),
        (make.with("password", "short"), "password", "password-error password-hint"),
    ] {
        let page = browser.submit(&form).await;
        let html = scraper::Html::parse_document(&page.text());
        let focus = scraper::Selector::parse("[autofocus]").unwrap();
        let found: Vec<_> = html.select(&focus).map(|element| element.attr("id").unwrap()).collect();
        assert_eq!(found, [first]);
        assert_eq!(page.field("[autofocus]", "aria-describedby").as_deref(), Some(described));
        for id in described.split(' ') {
            assert!(!page.text_of(&format!("#{id}")).unwrap().is_empty());
        }
        assert_eq!(page.field("#error", "role").as_deref(), Some("alert"));
        assert!(page.text_of("title").unwrap().starts_with("Error: "));
    }
}
