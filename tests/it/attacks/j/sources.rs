//! From where guesses come, and under which spelling of a name.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::rejection::Rejection;

use super::{Guesser, WRONG};
use crate::attacks::{ANN, EVE, count};
use crate::support::{PASSWORD, Server, filled, rounds};

/// What a stranger writes of where they come from changes nothing, in no header, number or order; a walk through an IPv6 /64 is one network and one through
/// a /48 is bounded; of a trusted proxy the last entry alone counts.
#[tokio::test]
async fn j5_a_guesser_cannot_choose_their_address() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let guesser = Guesser::at(&server).await;
    let names = [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
        "fastly-client-ip",
        "x-cluster-client-ip",
        "x-original-forwarded-for",
        "x-forwarded",
        "client-ip",
        "x-remote-addr",
        "x-appengine-user-ip",
    ];
    let guess = async |server: &Server, address: &str, headers: &[(&str, String)]| {
        let mut browser = guesser.browser.at(server);
        browser.address = address.to_owned();
        let mut request = Request::post("/login").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        browser.send(request.body(Body::from(filled(&guesser.form, ANN, WRONG).body())).unwrap()).await
    };
    let hashes = || server.app.hasher.hashes_computed();
    let before = hashes();
    for at in 0..40 {
        let headers: Vec<(&str, String)> = names
            .iter()
            .flat_map(|name| {
                let value =
                    if *name == "forwarded" { format!("for=198.51.100.{at}") } else { format!("198.51.100.{at}") };
                [(*name, "127.0.0.1".to_owned()), (*name, value)]
            })
            .collect();
        guess(&server, "192.0.2.1", &headers).await;
    }
    assert_eq!(hashes() - before, 5);
    assert_eq!(count(&server, "SELECT count(*) FROM attempt_counters WHERE id LIKE 'n %'").await, 1);
    let before = hashes();
    for at in 0..40 {
        guess(&server, &format!("2001:db8:7:7:{at:x}:{at:x}:{at:x}:{at:x}"), &[]).await;
        guess(&server, &format!("::ffff:192.0.2.{}", 1), &[]).await;
    }
    assert_eq!(hashes() - before, 5, "a /64 is one network, and a mapped address is that of IPv4");
    guess(&server, "2001:db8:7:8::1", &[]).await;
    assert_eq!(hashes() - before, 6, "the next /64 is another");
    for at in 0..40 {
        guess(&server, &format!("2001:db8:7:{:x}::1", at + 0x100), &[]).await;
    }
    assert_eq!(hashes() - before, 20, "a /48 is bounded");
    // Behind a proxy that we trust.
    let behind = Server::with(|config| config.server.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()]).await;
    behind.db_user(ANN).await;
    let hashes = || behind.app.hasher.hashes_computed();
    let before = hashes();
    for at in 0..40 {
        let forged = format!("10.0.0.{at}, 198.51.100.{at}, 203.0.113.5");
        guess(&behind, "192.0.2.1", &[("x-forwarded-for", forged)]).await;
        let split = [("x-forwarded-for", format!("198.51.100.{at}")), ("x-forwarded-for", "203.0.113.5".to_owned())];
        guess(&behind, "192.0.2.1", &split).await;
    }
    assert_eq!(hashes() - before, 5, "what stands before the proxy's own entry is the guesser's word");
    guess(&behind, "192.0.2.1", &[("x-forwarded-for", "203.0.113.6".to_owned())]).await;
    assert_eq!(hashes() - before, 6, "another guesser behind the proxy is another");
}

/// Class: the counter dodged by spelling: case, blanks, line ends and full-width hosts are the one account that they open.
#[tokio::test]
async fn j6_every_spelling_of_an_account_has_the_same_counter() {
    // An office's network has no limit of its own: what is left is the account's.
    let server = Server::with(|config| config.limits.trusted_networks = vec!["192.0.2.0/24".parse().unwrap()]).await;
    server.db_user(ANN).await;
    let guesser = Guesser::at(&server).await;
    let spellings = [
        ANN,
        "ANN@EXAMPLE.ORG",
        "Ann@Example.Org",
        " ann@example.org",
        "ann@example.org ",
        "ann@example.org\n",
        "ann@\u{24d4}xample.org",
        "aNN@example.ORG\t",
    ];
    let before = server.app.hasher.hashes_computed();
    for at in 0..32 {
        let spelling = spellings[at % spellings.len()];
        assert!([400, 429].contains(&guesser.tries("192.0.2.1", spelling, WRONG).await.status.as_u16()));
    }
    assert_eq!(server.app.hasher.hashes_computed() - before, 5);
    // What only looks like it is counted as what it is, and opens nothing.
    for other in ["\u{430}nn@example.org", "ann+x@example.org", "a.nn@example.org", "ann@example.org.evil.test"] {
        let answer = guesser.tries("192.0.2.1", other, PASSWORD).await;
        answer.refused_page(400, Rejection::WrongCredentials);
    }
}

/// One password tried on a thousand people (ten thousand in the long round) from one network: five a minute are evaluated, after twenty accounts of an hour one; none of
/// those people is locked out elsewhere, and an office behind one address goes on signing in.
#[tokio::test]
async fn j11_one_password_for_many_people_is_limited_for_the_network() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(EVE).await;
    let guesser = Guesser::at(&server).await;
    let before = server.app.hasher.hashes_computed();
    let people = rounds(1_000, 10_000);
    for at in 0..people {
        let answer = guesser.tries("192.0.2.1", &format!("person-{at}@example.org"), WRONG).await;
        assert!([400, 429].contains(&answer.status.as_u16()));
        // A hundred in each minute.
        if at % 100 == 99 {
            server.turn(60);
        }
    }
    let minutes = u64::try_from(people / 100).unwrap();
    let evaluated = server.app.hasher.hashes_computed() - before;
    let hours = minutes.div_ceil(60);
    assert!((20..=20 * hours + minutes).contains(&evaluated), "{evaluated} of {people} in {minutes} minutes");
    assert_eq!(guesser.tries("198.51.100.1", ANN, PASSWORD).await.status, 303, "elsewhere nobody notices");
    // A right password counts nowhere: in the same network a person waits for a place at most.
    server.turn(60);
    assert_eq!(guesser.tries("192.0.2.1", EVE, PASSWORD).await.status, 303);
    let rows = count(&server, "SELECT count(*) FROM attempt_counters").await;
    assert!(
        rows <= i64::try_from(evaluated).unwrap() * 4 + 4,
        "{rows} rows for {evaluated} guesses that were evaluated"
    );
}

/// The same from within an office, whose people share the address: one password on two thousand of them in fifty minutes (four hundred in the short round). Who has signed in there before
/// gets in each time; who comes with a new browser waits while the spray goes on, unless the office is one of `trusted_networks`.
#[tokio::test]
async fn j11_a_spray_from_an_offices_address_leaves_its_people_in() {
    const OFFICE: &str = "192.0.2.1";
    let guesses = rounds(400, 2_000);
    for (trusted, newcomers) in [(false, 0..=10), (true, 10..=10)] {
        let server = Server::with(|config| {
            if trusted {
                config.limits.trusted_networks = vec!["192.0.2.0/24".parse().unwrap()];
            }
        })
        .await;
        let guesser = Guesser::at(&server).await;
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for at in 0..10 {
            let (person, other) = (format!("known-{at}@example.org"), format!("new-{at}@example.org"));
            server.db_user(&person).await;
            server.db_user(&other).await;
            let mut browser = server.browser();
            browser.address = OFFICE.to_owned();
            browser.sign_in(&person).await;
            browser.cookies.retain(|name, _| name == "doorward_device");
            known.push((person, browser));
            new.push(other);
        }
        let before = server.app.hasher.hashes_computed();
        let (mut got_in, mut got_in_anew) = (0, 0);
        for at in 0..guesses {
            guesser.tries(OFFICE, &format!("person-{at}@example.org"), WRONG).await;
            if at % (guesses / 10) == guesses / 15 {
                let (person, browser) = &mut known[at / (guesses / 10)];
                let form = browser.visit("/login").await.form("#login-submit");
                let answer = browser.submit(&form.with("email", person).with("password", PASSWORD)).await;
                got_in += usize::from(answer.status == 303);
                let anew = guesser.tries(OFFICE, &new[at / (guesses / 10)], PASSWORD).await;
                got_in_anew += usize::from(anew.status == 303);
            }
            if at % (guesses / 50) == 0 {
                server.turn(60);
            }
        }
        let evaluated = server.app.hasher.hashes_computed() - before - got_in as u64 - got_in_anew as u64;
        eprintln!(
            "trusted: {trusted}; of {guesses} guesses {evaluated} were evaluated; known browsers {got_in} of 10, new ones {got_in_anew} of 10"
        );
        assert_eq!(got_in, 10);
        assert!(newcomers.contains(&got_in_anew), "{got_in_anew}");
        assert!(trusted || evaluated <= 20 + 51, "{evaluated}");
    }
}
