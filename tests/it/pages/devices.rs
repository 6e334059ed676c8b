//! Devices that an account knows: what strangers do to the account does not stop them, and they have limits of their own.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::user::UserField;

use crate::support::{Answer, Browser, PASSWORD, Server};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";
const WRONG: &str = "a wrong password of some length";
const COOKIE: &str = "doorward_device";

async fn server() -> Server {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    server
}

/// A browser in which the person was signed in, at this address.
async fn device_of(server: &Server, email: &str, address: &str) -> Browser {
    let mut browser = server.browser();
    browser.address = address.to_owned();
    browser.sign_in(email).await;
    browser.cookies.retain(|name, _| name == COOKIE);
    browser
}

/// One attempt in a browser.
async fn tries(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.cookies.remove("doorward_sign_in");
    let form = browser.visit("/login").await.form("#login-submit");
    browser.submit(&form.with("email", email).with("password", password)).await
}

/// So many failures of strangers, on the account of this name: from as many networks, an hour apart.
async fn strangers_fail(server: &Server, email: &str, times: usize) {
    let mut stranger = server.browser();
    for at in 0..times {
        stranger.address = format!("198.51.{}.{}", at / 250, at % 250);
        tries(&mut stranger, email, WRONG).await.refused_page(400, Rejection::WrongCredentials);
        server.turn(86_400);
    }
}

#[tokio::test]
async fn a_known_device_is_open_while_the_account_is_closed_and_opens_it() {
    let server = server().await;
    let mut device = device_of(&server, ANN, "192.0.2.1").await;
    strangers_fail(&server, ANN, 100).await;
    let mut stranger = server.browser();
    tries(&mut stranger, ANN, PASSWORD).await.refused_page(429, Rejection::ClosedToStrangers);
    // A wrong password there is no stranger's, and changes nothing.
    tries(&mut device, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
    tries(&mut stranger, ANN, PASSWORD).await.refused_page(429, Rejection::ClosedToStrangers);
    assert_eq!(tries(&mut device, ANN, PASSWORD).await.location(), "/account");
    assert_eq!(tries(&mut stranger, ANN, PASSWORD).await.location(), "/account");
}

#[tokio::test]
async fn neither_its_network_nor_strangers_in_it_stop_a_known_device() {
    let server = server().await;
    let mut device = device_of(&server, ANN, "192.0.2.1").await;
    let mut stranger = server.browser();
    stranger.address = "192.0.2.1".to_owned();
    for _ in 0..5 {
        tries(&mut stranger, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
    }
    tries(&mut stranger, ANN, PASSWORD).await.refused_page(429, Rejection::TooManyFailures);
    for _ in 0..5 {
        tries(&mut device, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
    }
    // Its own minute is over, and nobody else's is the longer for it.
    tries(&mut device, ANN, PASSWORD).await.refused_page(429, Rejection::TooManyFailures);
    stranger.address = "192.0.2.2".to_owned();
    assert_eq!(tries(&mut stranger, ANN, PASSWORD).await.location(), "/account");
    server.turn(60);
    assert_eq!(tries(&mut device, ANN, PASSWORD).await.location(), "/account");
}

#[tokio::test]
async fn its_own_failures_in_a_row_pause_it_and_twenty_make_it_a_stranger() {
    let server = server().await;
    let mut device = device_of(&server, ANN, "192.0.2.1").await;
    for (failures, pause) in [(10, "900"), (5, "3600"), (5, "60")] {
        for at in 0..failures {
            if at == 5 {
                server.turn(60);
            }
            // Wherever it is.
            device.address = format!("192.0.2.{at}");
            tries(&mut device, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
        }
        if pause == "60" {
            break;
        }
        let answer = tries(&mut device, ANN, PASSWORD).await;
        answer.refused_page(429, Rejection::TooManyFailures);
        assert_eq!(answer.header("retry-after"), pause);
        server.turn(pause.parse().unwrap());
    }
    // From here on it counts as anybody: for the account, too.
    tries(&mut device, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
    let counted = "SELECT in_row FROM attempt_counters WHERE id LIKE 'a %'";
    assert_eq!(server.database.db_number(counted).await, 1);
    // The right password makes it known again.
    assert_eq!(tries(&mut device, ANN, PASSWORD).await.location(), "/account");
    tries(&mut device, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
    assert_eq!(server.database.db_number(counted).await, 0);
}

#[tokio::test]
async fn a_device_is_known_to_the_account_that_was_signed_in_there_until_its_password_changes() {
    let server = server().await;
    let device = device_of(&server, ANN, "192.0.2.1").await;
    strangers_fail(&server, ANN, 50).await;
    strangers_fail(&server, BOB, 50).await;
    let is_known = async |browser: &Browser, email: &str| {
        // The last stranger's pause is just over: the next one is taken by another guess.
        let mut stranger = server.browser();
        stranger.address = "203.0.113.99".to_owned();
        tries(&mut stranger, email, WRONG).await;
        tries(&mut browser.clone(), email, WRONG).await.status == 400
    };
    assert!(is_known(&device, ANN).await);
    assert!(!is_known(&device, BOB).await);
    let own = device.cookies[COOKIE].clone();
    let mut forged = device.clone();
    let parts: Vec<&str> = own.split('.').collect();
    for text in [
        String::new(),
        "~~~".to_owned(),
        own.replace('.', "~"),
        format!("{}.{}.{}.", parts[0], parts[1], parts[2]),
        format!("{}.{}x.{}.{}", parts[0], parts[1], parts[2], parts[3]),
        format!("{}.{}.{}1.{}", parts[0], parts[1], parts[2], parts[3]),
    ] {
        forged.cookies.insert(COOKIE.to_owned(), text.clone());
        assert!(!is_known(&forged, ANN).await, "{text}");
    }
    let mut transaction = server.app.storage.begin().await.unwrap();
    let mut account = transaction.user_by_email(ANN).await.unwrap().unwrap();
    account.password_hash = transaction.user_by_email(BOB).await.unwrap().unwrap().password_hash;
    transaction.change_user(&account, &[UserField::Password]).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(!is_known(&device, ANN).await);
}

#[tokio::test]
async fn a_device_is_forgotten_after_four_hundred_days_and_a_sign_in_begins_them_anew() {
    let server = server().await;
    let mut device = device_of(&server, ANN, "192.0.2.1").await;
    let stands = async |device: &mut Browser| {
        tries(device, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
        server.database.db_number("SELECT COUNT(*) FROM attempt_counters WHERE id LIKE 'd %' AND in_row > 0").await
    };
    server.turn(400 * 86_400 - 1);
    assert_eq!(tries(&mut device, ANN, PASSWORD).await.location(), "/account");
    server.turn(400 * 86_400 - 1);
    assert_eq!(stands(&mut device).await, 1);
    server.turn(1);
    tries(&mut device, ANN, WRONG).await.refused_page(400, Rejection::WrongCredentials);
    let row = server.database.db_number("SELECT in_row FROM attempt_counters WHERE id LIKE 'd %'").await;
    assert_eq!(row, 1, "the second was a stranger's");
}

#[tokio::test]
async fn a_browser_is_known_to_the_six_accounts_that_were_last_signed_in_there() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let names: Vec<String> = (0..7).map(|at| format!("person-{at}@example.org")).collect();
    for name in &names {
        server.db_user(name).await;
        assert_eq!(tries(&mut browser, name, PASSWORD).await.location(), "/account");
    }
    assert_eq!(browser.cookies[COOKIE].split('~').count(), 6);
    // Again, and none of the others goes for it.
    assert_eq!(tries(&mut browser, &names[6], PASSWORD).await.location(), "/account");
    assert_eq!(browser.cookies[COOKIE].split('~').count(), 6);
    for name in &names {
        tries(&mut browser, name, WRONG).await.refused_page(400, Rejection::WrongCredentials);
    }
    let known = "SELECT COUNT(*) FROM attempt_counters WHERE id LIKE 'd %' AND in_row = 1";
    assert_eq!(server.database.db_number(known).await, 6);
}

#[tokio::test]
async fn the_cookie_is_for_us_alone() {
    let server = Server::with(|config| config.server.issuer = "https://as.test".to_owned()).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let request = |path: &str| axum::http::Request::get(path).header("host", "as.test").body(axum::body::Body::empty());
    let form = browser.send(request("/login").unwrap()).await.form("#login-submit");
    let filled = form.with("email", ANN).with("password", PASSWORD);
    let post = axum::http::Request::post("/login").header("host", "as.test").header("origin", "https://as.test");
    let post = post.header("content-type", "application/x-www-form-urlencoded");
    let answer = browser.send(post.body(axum::body::Body::from(filled.body())).unwrap()).await;
    let cookies: Vec<String> =
        answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    let cookie = cookies.iter().find(|line| line.starts_with("__Host-doorward_device=")).unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=34560000"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}
