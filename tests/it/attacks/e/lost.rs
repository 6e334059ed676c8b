//! Taking second factors away by saying that they are lost: ahead of time, twice, for somebody else, and without the person hearing of it.

use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, UserChange};
use doorward::secret::Secret;

use crate::attacks::{ANN, BOB, count};
use crate::support::{Answer, Browser, Server, WAIT, first_step, lost_page, parallel};

const NEW_PASSWORD: &str = "a louder river at dusk";

/// Sends the form that takes them away, with all that the browser has at the second step.
async fn removes(browser: &mut Browser, email: &str) -> Answer {
    let form = first_step(browser, email).await.form("#totp-submit");
    browser.submit(&form.to("/login/lost/remove")).await
}

/// Class: the wait is all that stands in for the second factor: no form taken from another page, no other account's request, no other password and no earlier proof
/// gets around it, and asking again makes it no shorter.
#[tokio::test]
async fn e9_the_wait_for_lost_factors_is_not_skipped() {
    let server = Server::with_mail(|_| {}).await;
    let (_, _, ann) = server.db_guarded(ANN).await;
    server.db_guarded(BOB).await;
    let opens_at =
        async || count(&server, &format!("SELECT opens_at FROM factor_resets WHERE user_id = '{ann}'")).await;
    let mut thief = server.browser();
    removes(&mut thief, ANN).await.refused_page(400, Rejection::FactorResetNotOpen);
    let asked = lost_page(&mut thief, ANN).await;
    thief.press(&asked.form("#lost-submit")).await;
    removes(&mut thief, ANN).await.refused_page(400, Rejection::FactorResetNotOpen);
    // Bob's is open, which is worth nothing on Ann's way.
    server.begin_reset(BOB).await;
    server.turn(WAIT);
    let form = lost_page(&mut thief, BOB).await.form("#remove-lost");
    let step = first_step(&mut thief, ANN).await.form("#totp-submit");
    let mixed = form.with("request", &step.field("request"));
    thief.submit(&mixed).await.refused_page(400, Rejection::FactorResetNotOpen);
    server.begin_reset(ANN).await;
    let first = opens_at().await;
    // Asked for in another tab before it began, and confirmed after: it neither begins anew nor ends sooner.
    server.turn(3000);
    for _ in 0..2 {
        let form = first_step(&mut thief, ANN).await.form("#totp-submit");
        thief.press(&form.to("/login/lost")).await;
    }
    assert_eq!(server.mails_about(ANN, "reset_factors").await.len(), 2, "the first, and the one that began it");
    assert_eq!(opens_at().await, first);
    for (turn, is_open) in [(WAIT - 3001, false), (1, true)] {
        server.turn(turn);
        assert_eq!(lost_page(&mut thief, ANN).await.has("#remove-lost"), is_open);
        if !is_open {
            removes(&mut thief, ANN).await.refused_page(400, Rejection::FactorResetNotOpen);
        }
    }
    // What was proved before the password changed counts no more, and the request went with it.
    let form = lost_page(&mut thief, ANN).await.form("#remove-lost");
    let mut other = server.browser();
    let csrf = other.visit("/login").await.form("#login-submit").field("csrf");
    other.submit(&form.clone().with("csrf", &csrf)).await.refused_page(400, Rejection::ForeignPendingRequest);
    let change = UserChange { password: Some(Secret::presented(NEW_PASSWORD)), ..UserChange::default() };
    server.registry().change_user(&ann, change, &Act::of_operator(server.clock.now())).await.unwrap();
    let page = thief.press(&form).await;
    assert!(page.has("#login-submit") && !page.has("#sign-out"), "{}", page.text());
    assert_eq!(count(&server, "SELECT count(*) FROM factors").await, 4);
}

/// The same press in 32 browsers at once on two nodes, and again later: the factors go once, and one sign-in comes of it, for no other has anything left to remove.
#[tokio::test]
async fn e7_lost_factors_are_removed_once() {
    let server = Server::with_mail(|_| {}).await;
    server.db_guarded(ANN).await;
    server.begin_reset(ANN).await;
    server.turn(WAIT);
    let other = server.another_node().await;
    let mut forms = Vec::new();
    for _ in 0..32 {
        let mut browser = server.browser();
        let form = lost_page(&mut browser, ANN).await.form("#remove-lost");
        forms.push((browser, form));
    }
    let done = parallel(32, |number| {
        let (browser, form) = forms[number].clone();
        let mut browser = browser.at(if number % 2 == 0 { &server } else { &other });
        async move { browser.press(&form).await.has("#sign-out").then_some(browser) }
    })
    .await;
    let mut done: Vec<Browser> = done.into_iter().flatten().collect();
    assert_eq!(done.len(), 1);
    assert_eq!(count(&server, "SELECT count(*) FROM audit WHERE event = 'user.factors_reset'").await, 1);
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 1);
    // Whoever sets another one up keeps it, whatever is open in a tab.
    server.enrol(&mut done[0]).await;
    for (browser, form) in &forms[..4] {
        let page = browser.clone().submit(form).await;
        assert!(page.status == 303 || page.status == 400, "{}", page.text());
    }
    assert_eq!(count(&server, "SELECT count(*) FROM factors").await, 2);
}

/// Somebody who knows the password asks, and even reads the mail: the owner is told, and stops it as long as it can be used. A link stops what it was sent for, once, and
/// no other account's; whoever has the first proof alone stops nothing and finds no older link that still begins something.
#[tokio::test]
async fn e11_a_link_stops_the_request_that_it_was_sent_for_and_no_other() {
    let server = Server::with_mail(|_| {}).await;
    let (mut ann, ..) = server.db_guarded(ANN).await;
    let (mut bob, ..) = server.db_guarded(BOB).await;
    let mut thief = server.browser();
    let asking = lost_page(&mut thief, ANN).await.form("#lost-submit");
    thief.press(&asking).await;
    let older = server.mails_about(ANN, "reset_factors").await.remove(0);
    server.begin_reset(ANN).await;
    server.begin_reset(BOB).await;
    thief.visit(&older.link()).await.refused_page(400, Rejection::UnknownTicket);
    let mut stops = Vec::new();
    for address in [ANN, BOB] {
        stops.push(server.mails_about(address, "factor_reset_began").await.remove(0).link());
    }
    let stop = ann.visit(&stops[1]).await.form("#confirm");
    assert_eq!(server.db_resets().await, 2, "nothing is stopped by looking at it");
    assert!(ann.press(&stop).await.text().contains("Your second factors stay"));
    ann.submit(&stop).await.refused_page(400, Rejection::UnknownTicket);
    let of_bob =
        "SELECT count(*) FROM factor_resets r JOIN users u ON u.id = r.user_id WHERE u.email = 'bob@example.org'";
    assert_eq!((server.db_resets().await, count(&server, of_bob).await), (1, 0));
    // Neither Bob's browser stops Ann's, nor one that is at the second step and no further.
    let keep = bob.visit("/account").await.form("#sign-out").to("/account/second-factor/keep");
    bob.press(&keep).await;
    let keep = first_step(&mut thief, ANN).await.form("#totp-submit").to("/account/second-factor/keep");
    assert!(!thief.press(&keep).await.has("#sign-out"));
    assert_eq!(server.db_resets().await, 1);
    server.turn(WAIT + 6 * 86_400);
    let mut phone = server.browser();
    let stop = phone.visit(&stops[0]).await.form("#confirm");
    let mut another = server.browser();
    let twice = another.visit(&stops[0]).await.form("#confirm");
    phone.press(&stop).await;
    another.submit(&twice).await.refused_page(400, Rejection::UnknownTicket);
    assert_eq!(server.db_resets().await, 0);
    removes(&mut thief, ANN).await.refused_page(400, Rejection::FactorResetNotOpen);
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"factor_reset_ended".to_owned()));
}
