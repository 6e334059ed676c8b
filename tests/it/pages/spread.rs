//! How many accounts a network has tried in vain, and from how many networks an account was tried: what counts as one.

use super::lockout::{ANN, BOB, Door};

/// One customer's /48 is one network of an account, however many /64 it has; and an account tried from all over it is one of that network.
#[tokio::test]
async fn an_ipv6_site_slows_an_account_down_for_strangers_no_more_than_one_address_does() {
    let door = Door::open().await;
    for at in 0..40 {
        door.fails(&format!("2001:db8:1:{at:x}::1"), ANN, 1).await;
        door.server.turn(if at % 19 == 18 { 60 } else { 0 });
    }
    door.opens("198.51.100.1", ANN).await;
    door.fails("2001:db8:1:ffff::1", BOB, 1).await;
    let sprayed = "SELECT COUNT(*) FROM audit WHERE event = 'sign_in.sprayed'";
    assert_eq!(door.server.database.db_number(sprayed).await, 0);
    for at in 2..21 {
        door.fails(&format!("2001:db8:{at:x}::1"), ANN, 1).await;
    }
    door.is_closed("198.51.100.1", ANN, (900, "15 minutes")).await;
    assert_eq!(door.server.database.db_number(sprayed).await, 1);
}

#[tokio::test]
async fn one_person_who_mistypes_now_and_then_is_one_account_of_the_network() {
    let door = Door::open().await;
    for at in 0..25 {
        door.fails("192.0.2.1", ANN, 1).await;
        door.opens("192.0.2.1", ANN).await;
        door.server.turn(if at % 4 == 3 { 60 } else { 0 });
    }
    // Nobody is slowed down there, nor are strangers at the account.
    door.server.turn(60);
    door.fails("192.0.2.1", BOB, 4).await;
    door.opens("192.0.2.1", ANN).await;
    let spread = "SELECT MAX(spread) FROM attempt_counters WHERE id LIKE ";
    for (of, expected) in [("'n %'", 2), ("'a %'", 1)] {
        assert_eq!(door.server.database.db_number(&format!("{spread}{of}")).await, expected, "{of}");
    }
}

/// One password for each of them, and an hour later the next: the row of each is not at 0 in between.
#[tokio::test]
async fn every_pass_of_a_spray_is_seen() {
    let door = Door::open().await;
    for pass in 1..=3 {
        for at in 0..20 {
            door.fails("192.0.2.1", &format!("person-{at}@example.org"), 1).await;
            door.server.turn(60);
        }
        let sprayed = "SELECT COUNT(*) FROM audit WHERE event = 'sign_in.sprayed'";
        assert_eq!(door.server.database.db_number(sprayed).await, pass);
        door.server.turn(3600);
    }
}
