//! The queue of hashes: shares, ranks, turns, and places that are left.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;

fn queue(running: usize, waiting: usize, share: usize) -> Queue {
    Queue::new(Bounds { running, waiting, share })
}

fn from(network: u8, rank: Rank) -> Waiter {
    let address = IpAddr::V4(Ipv4Addr::new(10, 0, 0, network));
    Waiter::from(ClientNetwork::of(Some(address)), rank)
}

/// Somebody who waits.
struct One<'a>(Pin<Box<dyn Future<Output = Result<Turn, Failure>> + 'a>>);

impl One<'_> {
    fn look(&mut self) -> Poll<Result<Turn, Failure>> {
        self.0.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }
}

/// Somebody who asks, and what they hear at once.
fn ask(queue: &Queue, waiter: Waiter) -> (One<'_>, Poll<Result<Turn, Failure>>) {
    let mut one = One(Box::pin(queue.turn(waiter)));
    let heard = one.look();
    (one, heard)
}

fn waits(queue: &Queue, waiter: Waiter) -> One<'_> {
    let (one, heard) = ask(queue, waiter);
    assert!(heard.is_pending());
    one
}

#[track_caller]
fn turn(heard: Poll<Result<Turn, Failure>>) -> Turn {
    let Poll::Ready(turn) = heard else { unreachable!("it waits") };
    turn.unwrap()
}

fn is_refused(heard: &Poll<Result<Turn, Failure>>) -> bool {
    matches!(heard, Poll::Ready(Err(failure)) if failure.passing)
}

fn is_empty(queue: &Queue) -> bool {
    let state = queue.state();
    let lines = state.lines.iter().all(|line| line.turns.is_empty() && line.waiting.is_empty());
    lines && state.shares.is_empty() && (state.running, state.waiting) == (0, 0)
}

#[test]
fn no_network_has_more_than_its_share_while_others_get_places() {
    let queue = queue(1, 10, 3);
    let running = turn(ask(&queue, from(1, Rank::SignIn)).1);
    let mut own = [waits(&queue, from(1, Rank::SignIn)), waits(&queue, from(1, Rank::Registration))];
    assert!(is_refused(&ask(&queue, from(1, Rank::Known)).1), "three of it run or wait");
    let mut other = waits(&queue, from(2, Rank::SignIn));
    drop(running);
    let second = turn(own[0].look());
    drop(second);
    drop(turn(other.look()));
    drop(turn(own[1].look()));
    drop((own, other));
    assert!(is_empty(&queue));
}

#[test]
fn an_ipv6_site_has_one_share() {
    let of = |address: &str| Waiter::from(ClientNetwork::of(address.parse().ok()), Rank::SignIn);
    let queue = queue(1, 10, 1);
    let _running = turn(ask(&queue, of("2001:db8:1:2::1")).1);
    assert!(is_refused(&ask(&queue, of("2001:db8:1:3::1")).1));
    let _waiting = waits(&queue, of("2001:db8:2:3::1"));
}

#[test]
fn known_devices_go_first_registrations_last_and_networks_take_turns() {
    let queue = queue(1, 10, 10);
    let mut running = turn(ask(&queue, Waiter::operator()).1);
    let mut all: Vec<One<'_>> = [
        from(1, Rank::Registration),
        from(1, Rank::SignIn),
        from(1, Rank::SignIn),
        from(1, Rank::SignIn),
        from(2, Rank::SignIn),
        from(3, Rank::Known),
    ]
    .map(|waiter| waits(&queue, waiter))
    .into();
    for next in [5, 1, 4, 2, 3, 0] {
        drop(running);
        // One runs at a time: whoever has the turn is the only one.
        running = turn(all[next].look());
    }
    drop(running);
    drop(all);
    assert!(is_empty(&queue));
}

#[test]
fn a_full_queue_gives_the_place_of_the_last_to_who_comes_before_them() {
    let queue = queue(1, 2, 10);
    let running = turn(ask(&queue, from(1, Rank::SignIn)).1);
    let mut first = waits(&queue, from(2, Rank::Registration));
    let mut second = waits(&queue, from(2, Rank::Registration));
    assert!(is_refused(&ask(&queue, from(3, Rank::Registration)).1), "nobody waits who comes after");
    let mut sign_in = waits(&queue, from(3, Rank::SignIn));
    assert!(is_refused(&second.look()) && first.look().is_pending());
    let mut known = waits(&queue, from(4, Rank::Known));
    assert!(is_refused(&first.look()) && sign_in.look().is_pending());
    drop(running);
    drop(turn(known.look()));
    drop(turn(sign_in.look()));
    drop((first, second, sign_in, known));
    assert!(is_empty(&queue));
}

#[test]
fn who_goes_away_leaves_a_place_and_no_turn_is_lost() {
    let queue = queue(1, 2, 2);
    let running = turn(ask(&queue, from(1, Rank::SignIn)).1);
    let gone = waits(&queue, from(1, Rank::SignIn));
    let called_and_gone = waits(&queue, from(2, Rank::SignIn));
    drop(gone);
    let mut third = waits(&queue, from(1, Rank::SignIn));
    // The second is called, and goes before it hears of it.
    drop(running);
    drop(called_and_gone);
    drop(turn(third.look()));
    drop(third);
    assert!(is_empty(&queue));
}

#[test]
fn who_keeps_one_rank_busy_does_not_stop_the_others() {
    let queue = queue(1, 10, 10);
    let mut running = turn(ask(&queue, from(1, Rank::Known)).1);
    let mut all = [0, 1, 2].map(|at| waits(&queue, from(at, RANKS[usize::from(at)])));
    let mut called = Vec::new();
    for _ in 0..18 {
        drop(running);
        let (at, heard) = all
            .iter_mut()
            .enumerate()
            .find_map(|(at, one)| Some((at, one.look())).filter(|(_, heard)| heard.is_ready()))
            .unwrap();
        running = turn(heard);
        // Whoever has had a turn comes again before it is over.
        all[at] = waits(&queue, from(u8::try_from(at).unwrap(), RANKS[at]));
        called.push(RANKS[at]);
    }
    let times = |rank| called.iter().filter(|one| **one == rank).count();
    assert_eq!(RANKS.map(times), [12, 4, 2]);
    drop((running, all));
    assert!(is_empty(&queue));
}
