//! The rules of attempts, number by number.

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn limits() -> Limits {
    Limits {
        per_minute: 5,
        wide_per_minute: 20,
        account_per_minute: 5,
        pause_after: 10,
        pause: 900,
        long_pause_after: 15,
        long_pause: 3600,
        forget_device_after: 20,
        slow_after: 50,
        slow_pause: 900,
        slow_pause_at_most: 86_400,
        close_after: 100,
        many_accounts: 20,
        many_networks: 20,
        slowed_per_minute: 1,
    }
}

/// The pauses that come as one failure follows the other, each with the number in a row that brings it.
fn pauses(kind: Kind, failures: i64, spread: i64) -> Vec<(i64, i64)> {
    let limits = limits();
    let mut counter =
        Counter { stop_at: limits.first_stop(kind), spread, spread_at: NOW.seconds(), ..Counter::default() };
    let mut seen = Vec::new();
    for in_row in 1..=failures {
        counter.in_row = in_row;
        let Some(after) = limits.after_failure(kind, &counter, NOW) else { continue };
        counter.stop_at = after.stop_at;
        assert!(after.stop_at > in_row, "{kind:?} {in_row}");
        if let Some(until) = after.closed_until {
            seen.push((in_row, if until == FOR_EVER { -1 } else { until.seconds() - NOW.seconds() }));
        }
    }
    seen
}

#[test]
fn ten_in_a_row_are_a_quarter_of_an_hour_and_from_fifteen_on_five_more_are_an_hour() {
    for kind in [Kind::Pair, Kind::Device] {
        assert_eq!(pauses(kind, 26, 0), [(10, 900), (15, 3600), (20, 3600), (25, 3600)]);
    }
}

#[test]
fn an_account_is_slowed_down_at_fifty_and_closed_at_a_hundred() {
    let pauses = pauses(Kind::Account, 101, 0);
    assert_eq!(pauses[..4], [(50, 900), (51, 1800), (52, 3600), (53, 7200)]);
    assert_eq!(pauses[6..8], [(56, 57_600), (57, 86_400)]);
    assert!(pauses[7..50].iter().all(|(_, pause)| *pause == 86_400));
    assert_eq!(pauses[50..], [(100, -1), (101, -1)]);
}

#[test]
fn a_network_has_its_minute_and_no_row() {
    assert_eq!(pauses(Kind::Network, 1000, 1000), []);
    let mut counter = Counter { started_at: NOW.seconds(), failed: 4, ..Counter::default() };
    let until = |counter: &Counter, now: Timestamp| limits().refused_until(Kind::Network, counter, now);
    assert_eq!(until(&counter, NOW), None);
    counter.failed = 5;
    assert_eq!(until(&counter, NOW.plus(59)), Some(NOW.plus(60)));
    assert_eq!(until(&counter, NOW.plus(60)), None);
}

#[test]
fn who_tries_many_accounts_or_is_tried_from_many_networks_is_slowed_down_for_an_hour() {
    let mut counter = Counter { spread: 19, spread_at: NOW.seconds(), ..Counter::default() };
    let places = |counter: &Counter, now| [Kind::Network, Kind::Wide].map(|kind| limits().places(kind, counter, now));
    assert_eq!(places(&counter, NOW), [5, 20]);
    counter.spread = 20;
    assert_eq!(places(&counter, NOW.plus(3599)), [1, 1]);
    assert_eq!(places(&counter, NOW.plus(3600)), [5, 20]);
    assert_eq!(pauses(Kind::Account, 3, 20), [(1, 900), (2, 900), (3, 900)]);
    let after =
        Counter { in_row: 4, stop_at: 4, spread: 20, spread_at: NOW.minus(3600).seconds(), ..Counter::default() };
    let consequence = Consequence { closed_until: None, stop_at: 50 };
    assert_eq!(limits().after_failure(Kind::Account, &after, NOW), Some(consequence));
}

#[test]
fn attempts_under_way_take_the_room_of_the_minute_and_of_the_row() {
    let empty = Counter { started_at: NOW.seconds(), stop_at: 10, ..Counter::default() };
    let has_room = |counter: Counter| limits().has_room(Kind::Pair, &counter, NOW.plus(59));
    assert!(has_room(Counter { taken: 4, ..empty }) && !has_room(Counter { taken: 5, ..empty }));
    assert!(has_room(Counter { taken: 4, failed: 3, in_row: 8, ..empty }));
    assert!(!has_room(Counter { taken: 4, failed: 2, in_row: 8, ..empty }));
    assert!(!has_room(Counter { closed_until: NOW.plus(60).seconds(), ..empty }));
    let late = Counter { taken: 5, in_row: 9, ..empty };
    assert!(limits().has_room(Kind::Pair, &late, NOW.plus(60)), "in the next minute they count for nothing");
}

#[test]
fn what_failed_while_it_was_forgotten_is_still_decided_upon() {
    // Attempts that were under way for more than a minute can lead past a stop.
    let counter = Counter { in_row: 17, stop_at: 10, ..Counter::default() };
    let consequence = Consequence { closed_until: Some(NOW.plus(3600)), stop_at: 20 };
    assert_eq!(limits().after_failure(Kind::Pair, &counter, NOW), Some(consequence));
}

#[test]
fn an_attempt_is_counted_for_all_that_it_comes_from() {
    let network = ClientNetwork::of("2001:db8:1:2:3::4".parse().ok());
    let kinds = |subjects: Vec<Subject>| subjects.iter().map(|subject| subject.kind).collect::<Vec<_>>();
    let all = Subject::of_stranger("ann", network, false);
    assert!(all.is_sorted_by(|one, next| one.id < next.id));
    let networks: Vec<_> = all.iter().map(|subject| subject.network.as_deref().unwrap_or_default()).collect();
    assert_eq!(networks, ["", "2001:db8:1:2::/64", "2001:db8:1:2::/64", "2001:db8:1::/48"]);
    assert!(all.iter().all(|subject| Kind::of(&subject.id) == Some(subject.kind)));
    assert_eq!(Kind::of(&Subject::of_device("ann", "x").id), Some(Kind::Device));
    assert_eq!(kinds(all), [Kind::Account, Kind::Network, Kind::Pair, Kind::Wide]);
    let nowhere = Subject::of_stranger("ann", ClientNetwork::Unknown, false);
    assert_eq!(nowhere[1].network.as_deref(), Some("unknown ann"));
    assert_eq!(kinds(Subject::of_stranger("ann", network, true)), [Kind::Account, Kind::Pair]);
}
