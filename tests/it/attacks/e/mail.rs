//! What a mail gives to whom: links and codes (OWASP ASVS 6.4, NIST SP 800-63B-4 §4.2).

use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, UserChange};
use doorward::secret::Secret;

use crate::attacks::{ANN, BOB, EVE, count, encoded, is_signed_in};
use crate::support::{Answer, Browser, PASSWORD, Server};

const OTHER: &str = "ann@elsewhere.example";
const NEW_PASSWORD: &str = "a louder river at dusk";

async fn ask(browser: &mut Browser, page: &str, button: &str, address: &str) -> Answer {
    let form = browser.visit(page).await.form(button);
    browser.press(&form.with("email", address)).await
}

async fn address(server: &Server, id: &str) -> String {
    let user = server.app.storage.read().await.unwrap().user(id).await.unwrap().unwrap().user;
    user.email.unwrap_or_default()
}

/// The new address must be proved, by what was sent there for this account and no other; what was proved for one address gives no other; the old
/// one is told and can undo it; and what was sent there before gives nobody the account any more.
#[tokio::test]
async fn e10_an_address_is_changed_by_its_proof_alone() {
    let server = Server::with_mail(|_| {}).await;
    let (ann, bob) = (server.db_user(ANN).await, server.db_user(BOB).await);
    let (mut anns, mut bobs) = (server.browser(), server.browser());
    anns.sign_in(ANN).await;
    bobs.sign_in(BOB).await;
    let page = ask(&mut anns, "/account/emails", "#change-email", OTHER).await;
    let code_form = page.form("#code-submit");
    assert_eq!(address(&server, &ann).await, ANN, "nothing is changed by asking");
    // Bob asks for another one, and brings Ann's code, and the other way round.
    let page = ask(&mut bobs, "/account/emails", "#change-email", EVE).await;
    let bobs_form = page.form("#code-submit");
    let (for_ann, for_bob) = (server.mailbox().await.latest_to(OTHER), server.mailbox().await.latest_to(EVE));
    bobs.submit(&bobs_form.with("code", &for_ann.code())).await.refused_page(400, Rejection::WrongCode);
    anns.submit(&code_form.clone().with("code", &for_bob.code())).await.refused_page(400, Rejection::WrongCode);
    // Bob brings Ann's whole form into his browser.
    let stolen = code_form.clone().with("code", &for_ann.code());
    let csrf = bobs.visit("/account").await.form("#sign-out").field("csrf");
    bobs.submit(&stolen.with("csrf", &csrf)).await.refused_page(400, Rejection::ForeignPendingRequest);
    // Ann changes her mind between asking and proving: the former proof is worth nothing.
    let page = ask(&mut anns, "/account/emails", "#change-email", "ann@third.example").await;
    anns.submit(&code_form.with("code", &for_ann.code())).await.refused_page(400, Rejection::WrongCode);
    anns.visit(&for_ann.link()).await.refused_page(400, Rejection::UnknownTicket);
    // A reset is on its way to the old address when it changes.
    ask(&mut server.browser(), "/recover", "#recover-submit", ANN).await;
    let reset = server.mailbox().await.latest_to(ANN);
    let third = server.mailbox().await.latest_to("ann@third.example");
    anns.press(&page.form("#code-submit").with("code", &third.code())).await;
    assert_eq!(address(&server, &ann).await, "ann@third.example");
    assert_eq!(address(&server, &bob).await, BOB);
    server.browser().visit(&reset.link()).await.refused_page(400, Rejection::UnknownTicket);
    let told = server.mailbox().await.latest_to(ANN);
    assert!(told.text.contains("ann@third.example"), "{}", told.text);
    let page = server.browser().visit(&told.link()).await;
    assert!(page.has("#confirm"));
    assert_eq!(address(&server, &ann).await, "ann@third.example", "looking undoes nothing");
}

/// One use, half an hour, none after a newer one or a new password, of one user, never stored as it is, never logged, in no `Referer`; neither an empty
/// nor a cut one is any.
#[tokio::test]
async fn e11_a_reset_link_is_worth_what_it_says_and_no_more() {
    let server = Server::with_mail(|_| {}).await;
    let (ann, _) = (server.db_user(ANN).await, server.db_user(BOB).await);
    let mut browser = server.browser();
    ask(&mut browser, "/recover", "#recover-submit", ANN).await;
    let (link, code) = {
        let mail = server.mailbox().await.latest_to(ANN);
        (mail.link(), mail.code())
    };
    let secret = link.split_once("ticket=").unwrap().1.to_owned();
    assert!(secret.len() >= 43);
    for kept in [&secret, &code, &code.replace('-', "")] {
        assert!(!server.database.db_holds(kept).await, "it lies in the database");
    }
    for wrong in ["", "x", &secret[..42], &format!("{secret}A"), &secret.to_lowercase(), &encoded("' OR 1=1 --")] {
        let page = browser.visit(&format!("/mail?ticket={wrong}")).await;
        page.refused_page(400, Rejection::UnknownTicket);
    }
    browser.visit("/mail").await.refused_page(400, Rejection::UnknownTicket);
    browser.visit(&format!("/mail?ticket={secret}&ticket=x")).await.refused_page(400, Rejection::RepeatedParameter);
    let page = browser.visit(&link).await;
    assert_eq!(page.header("referrer-policy"), "strict-origin");
    let form = page.form("#confirm");
    let chosen = browser.press(&form).await.form("#reset-submit").with("password", NEW_PASSWORD);
    // The form says nothing of whose account it is: nobody puts another person into it.
    let chosen = chosen.with("email", BOB).with("user", BOB).with("user_id", "x").with("username", BOB);
    assert!(browser.press(&chosen).await.has("#sign-out"));
    let stored = server.app.storage.read().await.unwrap().user(&ann).await.unwrap().unwrap();
    assert!(stored.user.email.as_deref() == Some(ANN));
    for form in [form, chosen] {
        let again = browser.clone().submit(&form).await;
        assert!(!again.has("#reset-submit") && [400, 303].contains(&again.status.as_u16()), "{}", again.text());
    }
    assert_eq!(count(&server, "SELECT count(*) FROM tickets").await, 0);

    // A new password by whatever way kills what is on its way, also what was shown already.
    ask(&mut browser, "/recover", "#recover-submit", ANN).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let mut thief = server.browser();
    let page = thief.visit(&link).await;
    let form = thief.press(&page.form("#confirm")).await.form("#reset-submit");
    let change = UserChange { password: Some(Secret::presented(PASSWORD)), ..UserChange::default() };
    server.registry().change_user(&ann, change, &Act::of_operator(server.clock.now())).await.unwrap();
    let answer = thief.submit(&form.with("password", NEW_PASSWORD)).await;
    answer.refused_page(400, Rejection::UnknownTicket);
    assert!(!is_signed_in(&mut thief).await);
}

/// The link in a mail is below the configured issuer, whatever the request says of the host.
#[tokio::test]
async fn e13_a_forged_host_gets_into_no_mail() {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    server.db_user(ANN).await;
    let issuer = server.app.issuer.as_str().to_owned();
    for (page, button, to) in [
        ("/recover", "#recover-submit", ANN),
        ("/register", "#register-submit", EVE),
        ("/login", "#email-sign-in", ANN),
    ] {
        for (name, value) in [
            ("x-forwarded-host", "evil.test"),
            ("x-forwarded-proto", "javascript"),
            ("forwarded", "host=evil.test;proto=http"),
            ("x-original-url", "https://evil.test/"),
            ("x-rewrite-url", "https://evil.test/"),
            ("host", "evil.test"),
        ] {
            let mut browser = server.browser();
            let form = browser.visit(page).await.form(button).with("email", to);
            let before = server.mailbox().await.all().len();
            let headers = [("origin", server.app.issuer.origin()), (name, value)];
            let answer = browser.submit_with(&form, &headers).await;
            let sent = server.mailbox().await;
            assert!(!answer.header("location").contains("evil"), "{}", answer.header("location"));
            if sent.all().len() > before {
                let mail = sent.latest_to(to);
                assert!(mail.link().starts_with(&format!("{issuer}/mail?ticket=")), "{}", mail.link());
                assert!(!mail.raw.contains("evil.test"), "{name}");
            }
            server.turn(3600);
        }
    }
}

/// Whoever has a browser that is open, and not the mail, cannot confirm the change of the address by a mail to the address that they would like: the code
/// goes to the one that the account has, and to no other that is typed.
#[tokio::test]
async fn e10_a_thief_of_a_sign_in_confirms_nothing_by_their_own_mailbox() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    let mut thief = server.browser();
    thief.sign_in(ANN).await;
    server.db_change_user(&ann, |account| account.password_hash = None).await;
    server.turn(601);
    let waiting = ask(&mut thief, "/account/emails", "#change-email", EVE).await;
    let own = server.mailbox().await.latest_to(EVE);
    let question = thief.press(&waiting.form("#code-submit").with("code", &own.code())).await;
    assert!(!question.has("#done") && question.has("#mail-proof"), "{}", question.text());
    for forged in [EVE, "ann@example.org, eve@example.org"] {
        let form = question.form("#mail-proof").with("email", forged).with("address", forged).with("user_id", "x");
        thief.press(&form).await;
    }
    let sent = server.mailbox().await;
    assert_eq!(sent.to(EVE).len(), 1, "that of the address which is to be shown");
    assert_eq!(sent.to(ANN).len(), 2);
    // What proves the new address does not prove who is there.
    let page = thief.visit("/account").await;
    assert!(page.has("#sign-out"));
    assert_eq!(address(&server, &ann).await, ANN);
}

/// Whoever asks for a mail to sign in as somebody else gets nothing by it: neither the button that the person presses in their own browser, nor the visit of a
/// program that looks at links, nor the cookies that were there before, sign in the one that asked; and the person comes in under new ones.
#[tokio::test]
async fn e1_a_mailed_link_signs_in_nobody_but_the_browser_that_presses_its_button() {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    server.db_user(ANN).await;
    server.db_user(EVE).await;
    let mut thief = server.browser();
    thief.sign_in(EVE).await;
    let login = thief.visit("/login?as=another").await.form("#email-sign-in").with("email", ANN);
    let waiting = thief.press(&login).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let mut anns = server.browser();
    for _ in 0..2 {
        server.browser().visit(&link).await;
    }
    let page = anns.visit(&link).await;
    assert!(!is_signed_in(&mut anns).await, "a visit does nothing");
    // The page that the thief has been given leads nowhere in Ann's browser, and hers nowhere in his.
    let (hers, his) = (page.form("#confirm"), waiting.form("#code-submit"));
    anns.clone()
        .submit(&his.clone().with("code", "BCDF-GHJK").with("csrf", &hers.field("csrf")))
        .await
        .refused_page(400, Rejection::ForeignPendingRequest);
    assert_eq!(thief.clone().submit(&hers).await.status, 403);
    let account = anns.press(&hers).await;
    assert!(account.has("#sign-out"), "{}", account.text());
    let still = thief.visit("/account").await;
    assert!(still.text().contains(EVE) && !still.text().contains(ANN));
    for path in [
        format!("/mail/code?request={}", his.field("request")),
        format!("/authorize/continue?request={}", his.field("request")),
    ] {
        let page = thief.visit(&path).await;
        assert!(!page.text().contains("ann@") || page.has("#code-submit"), "{path}");
    }
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 2);
}

/// Whoever reads somebody's mail once opens the link in a browser of theirs, and does it again and again: it ends when it would have, and a quarter of an hour after
/// it was first opened at the latest.
#[tokio::test]
async fn e11_a_link_that_is_opened_again_lasts_no_longer() {
    let server = Server::with_mail(|_| {}).await;
    server.db_user(ANN).await;
    ask(&mut server.browser(), "/recover", "#recover-submit", ANN).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let mut thief = server.browser();
    // Opened late, it leaves time to choose a password.
    server.turn(1700);
    let open = thief.visit(&link).await.form("#confirm");
    let choosing = thief.press(&open).await;
    assert!(choosing.has("#reset-submit"), "{}", choosing.text());
    server.turn(600);
    let choosing = thief.press(&open).await;
    assert!(choosing.has("#reset-submit"), "{}", choosing.text());
    server.turn(301);
    thief.visit(&link).await.refused_page(400, Rejection::ExpiredTicket);
    thief.submit(&open).await.refused_page(400, Rejection::ExpiredTicket);
    let chosen = thief.submit(&choosing.form("#reset-submit").with("password", NEW_PASSWORD)).await;
    assert_eq!(chosen.status, 400, "{}", chosen.text());
    assert!(server.browser().sign_in(ANN).await.has("#sign-out"), "the password is what it was");
}
