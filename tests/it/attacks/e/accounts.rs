//! Who somebody is: addresses, names, passwords, and accounts that are there already (OWASP ASVS 6, RFC 8265, NIST SP 800-63B-4 §3.1.1).

use doorward::password::Waiter;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::attacks::{ANN, BOB, EVE, count, is_signed_in};
use crate::support::{Browser, Form, PASSWORD, Server, filled, login_form};

/// The registration form of a new browser, filled in, from an address of its own.
async fn register_form(server: &Server, at: usize) -> (Browser, Form) {
    let mut browser = server.browser();
    browser.address = format!("198.51.100.{}", at % 250);
    let form = browser.visit("/register").await.form("#register-submit");
    (browser, form.with("name", "Ann Lee").with("email", EVE).with("password", PASSWORD))
}

/// Class: registration as a way in: closed, it is closed by GET and POST and to a form from before; for an address that has an account it signs nobody
/// in, changes nothing of the account, and is one of many at once.
#[tokio::test]
async fn e15_registration_opens_no_account_that_is_there() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let stored = async || server.app.storage.read().await.unwrap().user(&ann).await.unwrap().unwrap();
    let (user, hash) = (format!("{:?}", stored().await.user), stored().await.password_hash);
    for (at, spelling) in [ANN, "ANN@EXAMPLE.ORG", " Ann@Example.org\t", "ann@example.org\n"].into_iter().enumerate() {
        let (mut browser, form) = register_form(&server, at).await;
        for password in [PASSWORD, "quite another river at dusk"] {
            let answer = browser.submit(&form.clone().with("email", spelling).with("password", password)).await;
            answer.refused_page(400, Rejection::EmailTaken);
            assert!(!answer.header("set-cookie").contains("sign_in"));
        }
        assert!(!is_signed_in(&mut browser).await);
    }
    assert_eq!((format!("{:?}", stored().await.user), stored().await.password_hash), (user, hash));
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 1);

    let (mut browser, form) = register_form(&server, 9).await;
    let closed = server.another_node_with(|config| config.registration.enabled = false).await;
    browser = browser.at(&closed);
    browser.submit(&form).await.refused_page(404, Rejection::RegistrationClosed);
    browser.get("/register").await.refused_page(404, Rejection::RegistrationClosed);
    let client = closed.db_client(ClientType::Web, |_| {}).await;
    let login = browser.visit(&client.authorization_url("prompt=create")).await;
    assert!(login.has("#login-submit") && !login.has("#to-register"));
    let sealed = login.form("#login-submit").field("request");
    let answer = browser.get(&format!("/register?request={}", crate::attacks::encoded(&sealed))).await;
    answer.refused_page(404, Rejection::RegistrationClosed);
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 1);
}

/// One address is one account: case and blanks are the same one, look-alikes are refused, and two addresses in one field are none. Neither registers
/// beside the account, nor signs in to it.
#[tokio::test]
async fn e17_one_address_is_one_account() {
    let server = Server::start().await;
    server.db_user("admin@example.org").await;
    // A host is what UTS #46 makes of it: full-width and circled letters are the plain ones there, and nowhere before the @.
    let same = [
        "ADMIN@EXAMPLE.ORG",
        "Admin@example.org",
        "admin@example.org ",
        " admin@example.org",
        "admin@EXAMPLE.org\n",
        "admin@example\u{ff0e}org",
        "admin@\u{24d4}xample.org",
    ];
    for (at, spelling) in same.into_iter().enumerate() {
        let (mut browser, form) = register_form(&server, at).await;
        browser.submit(&form.with("email", spelling)).await.refused_page(400, Rejection::EmailTaken);
        let (mut browser, form) = login_form(&server).await;
        assert!(browser.press(&filled(&form, spelling, PASSWORD)).await.has("#sign-out"), "{spelling:?}");
    }
    let others = [
        "\u{430}dmin@example.org",
        "ad\u{200b}min@example.org",
        "ad\u{ad}min@example.org",
        "admin\u{200d}@example.org",
        "admin\u{ff20}example.org",
        "ａdmin@example.org",
        "admın@example.org",
        "ADMİN@example.org",
        "admin@example.org\u{0}",
        "admin@example.org.",
        "admin@example.org,evil@example.org",
        "admin@example.org;evil@example.org",
        "admin@example.org evil@example.org",
        "admin@example.org%0aevil@example.org",
        "admin@example.org\r\nBcc: evil@example.org",
        "Admin <admin@example.org>",
        "<admin@example.org>",
        "\"admin\"@example.org",
        "admin(x)@example.org",
        "admin@[127.0.0.1]",
        "admin@@example.org",
        "admin",
        "@example.org",
        "admin@",
    ];
    for (at, spelling) in others.into_iter().enumerate() {
        let (mut browser, form) = register_form(&server, at + 10).await;
        let answer = browser.submit(&form.with("email", spelling)).await;
        assert_eq!(answer.status, 400, "{spelling:?} is an address of its own");
        answer.refused_in(400, &[Rejection::MalformedEmail, Rejection::MalformedParameters, Rejection::EmailTaken]);
        let (mut browser, form) = login_form(&server).await;
        browser.address = format!("198.51.100.{}", at + 10);
        let answer = browser.submit(&filled(&form, spelling, PASSWORD)).await;
        assert!(answer.status == 400, "{spelling:?}: {}", answer.status);
        assert!(!is_signed_in(&mut browser).await, "{spelling:?}");
    }
    // Composed and decomposed are refused alike; a host in its own script and in punycode is one host.
    for (at, spelling) in ["e\u{301}ve@example.org", "\u{e9}ve@example.org"].into_iter().enumerate() {
        let (mut browser, form) = register_form(&server, at + 100).await;
        browser.submit(&form.with("email", spelling)).await.refused_page(400, Rejection::MalformedEmail);
    }
    let mut taken = 0;
    for (at, spelling) in
        ["eve@b\u{fc}cher.example", "eve@bu\u{308}cher.example", "eve@xn--bcher-kva.example"].into_iter().enumerate()
    {
        let (mut browser, form) = register_form(&server, at + 110).await;
        taken += usize::from(browser.submit(&form.with("email", spelling)).await.status == 303);
    }
    assert_eq!(taken, 1, "one host in three spellings has one account");
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 1 + i64::try_from(taken).unwrap());
}

/// Class: names that mislead: no characters that turn or hide text, no line ends, no more than 200 characters; what is taken is text wherever it is shown.
#[tokio::test]
async fn e18_a_name_cannot_mislead() {
    let server = Server::start().await;
    let long = "n".repeat(201);
    let huge = "n".repeat(60_000);
    for (at, (name, rejection)) in [
        ("", Rejection::MissingName),
        (" \t ", Rejection::MissingName),
        ("\u{a0}\u{3000}", Rejection::MissingName),
        (&long, Rejection::NameTooLong),
        (&huge, Rejection::NameTooLong),
        ("Ann\u{202e}eeL", Rejection::UnprintableName),
        ("Ann\u{2066}Lee", Rejection::UnprintableName),
        ("Ann\u{2067}Lee", Rejection::UnprintableName),
        ("Ann\nBcc: evil@example.org", Rejection::UnprintableName),
        ("Ann\tLee", Rejection::UnprintableName),
        ("Ann\u{1b}[31m", Rejection::MalformedParameters),
    ]
    .into_iter()
    .enumerate()
    {
        let (mut browser, form) = register_form(&server, at).await;
        let answer = browser.submit(&form.with("name", name)).await;
        assert!(answer.status == 400, "{name:.20?}: {}", answer.status);
        answer.refused_in(400, &[rejection]);
    }
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 0);
    let (mut browser, form) = register_form(&server, 50).await;
    let page = browser.press(&form.with("name", "<b>Admin</b> &amp; Co")).await;
    assert!(page.has("#sign-out") && !page.has("dl b"));
    assert!(page.text_of("dl.facts").unwrap().contains("<b>Admin</b> &amp; Co"));
}

/// 64 characters and more are taken, all of a long one counts, and a megabyte or a NUL is refused before anything is hashed.
#[tokio::test]
async fn e20_all_of_a_password_counts_and_a_huge_one_costs_nothing() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    server.db_user(BOB).await;
    let long: String = "0123456789 ü".repeat(30).chars().take(256).collect();
    for length in [64, 72, 73, 100, 128, 256] {
        let password: String = long.chars().take(length).collect();
        let hash = server.app.hasher.hash(&password, Waiter::operator()).await.unwrap();
        server.db_change_user(&ann, |account| account.password_hash = Some(hash)).await;
        let (mut browser, form) = login_form(&server).await;
        browser.address = format!("198.51.100.{}", length % 250);
        let last: String = password.chars().take(length - 1).chain(['x']).collect();
        let cut: String = password.chars().take(length - 1).collect();
        let longer = format!("{password}x");
        for wrong in [&last, &cut, &password.to_uppercase()] {
            let answer = browser.submit(&filled(&form, ANN, wrong)).await;
            answer.refused_page(400, Rejection::WrongCredentials);
        }
        let answer = browser.submit(&filled(&form, ANN, &longer)).await;
        answer.refused_in(400, &[Rejection::WrongCredentials, Rejection::PasswordTooLong]);
        assert!(browser.press(&filled(&form, ANN, &password)).await.has("#sign-out"), "{length}");
    }
    let hashes = server.app.hasher.hashes_computed();
    let (mut browser, form) = login_form(&server).await;
    let (mut newcomer, register) = register_form(&server, 200).await;
    for (password, status, rejection) in [
        ("x".repeat(1 << 20), 413, Rejection::BodyTooLarge),
        ("x".repeat(65_536), 413, Rejection::BodyTooLarge),
        ("x".repeat(257), 400, Rejection::PasswordTooLong),
        ("ü".repeat(257), 400, Rejection::PasswordTooLong),
        (format!("{PASSWORD}\0"), 400, Rejection::MalformedParameters),
        (format!("\0{PASSWORD}"), 400, Rejection::MalformedParameters),
        (String::new(), 400, Rejection::MissingPassword),
    ] {
        let answer = browser.submit(&filled(&form, BOB, &password)).await;
        answer.refused_page(status, rejection);
        let answer = newcomer.submit(&register.clone().with("password", &password)).await;
        answer.refused_page(status, rejection);
    }
    assert_eq!(server.app.hasher.hashes_computed(), hashes, "something was hashed");
    assert!(browser.press(&filled(&form, BOB, PASSWORD)).await.has("#sign-out"));
}
