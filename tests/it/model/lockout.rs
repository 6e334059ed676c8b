//! Random histories of sign-ins, right and wrong, of three names from four networks on two nodes, with restarts, waits and unlocking, against the
//! rules of `docs/lockout.md` in their shortest form: who is let in, who is told that the password is wrong, and who is told to wait, and for how
//! long. The numbers are small, so that a history meets all of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward::protocol::audit::Act;
use doorward::protocol::rejection::Rejection;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::support::{Answer, Browser, Form, PASSWORD, Server, rounds};

const NETWORKS: usize = 4;
const NAMES: usize = 3;
const PER_MINUTE: usize = 4;
const PAIR_PER_MINUTE: usize = 3;
const PAUSE_AFTER: usize = 4;
const PAUSE: i64 = 900;
const LONG_PAUSE_AFTER: usize = 6;
const LONG_PAUSE: i64 = 3600;
const SLOW_AFTER: usize = 9;
const SLOW_PAUSE: i64 = 900;
const CLOSE_AFTER: usize = 13;
/// How often an attempt comes again that was answered with 503.
const BUSY: usize = 20;

#[derive(Clone, Debug)]
enum Operation {
    /// Somebody tries to sign in; the third name is nobody's.
    Try {
        name: usize,
        network: usize,
        right: bool,
        node: usize,
    },
    Wait(i64),
    /// The operator opens an account.
    Unlock(usize),
    /// A node goes, and another one comes.
    Restart(usize),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let attempt = (0..NAMES, 0..NETWORKS, prop_oneof![9 => Just(false), 1 => Just(true)], 0..2usize);
    let operation = prop_oneof![
        20 => attempt.prop_map(|(name, network, right, node)| Operation::Try { name, network, right, node }),
        8 => prop_oneof![Just(1i64), Just(59), Just(60), Just(61), Just(899), Just(900), 1000..4000i64].prop_map(Operation::Wait),
        1 => (0..2usize).prop_map(Operation::Unlock),
        1 => (0..2usize).prop_map(Operation::Restart),
    ];
    vec(operation, 0..=60)
}

/// What is counted together.
#[derive(Clone, Default)]
struct Counter {
    minute: Option<i64>,
    failed: usize,
    in_row: usize,
    /// `i64::MAX`: until somebody opens it.
    closed_until: i64,
}

impl Counter {
    fn failed_now(&self, now: i64) -> usize {
        if self.minute.is_some_and(|minute| now < minute + 60) { self.failed } else { 0 }
    }

    /// An attempt is evaluated: a minute begins when none is running.
    fn evaluate(&mut self, now: i64) {
        if self.minute.is_none_or(|minute| now >= minute + 60) {
            (self.minute, self.failed) = (Some(now), 0);
        }
    }

    /// Until when it refuses.
    fn refuses(&self, places: usize, now: i64) -> Option<i64> {
        if self.closed_until > now {
            return Some(self.closed_until);
        }
        (self.failed_now(now) >= places).then(|| self.minute.unwrap_or(now) + 60)
    }
}

#[derive(Default)]
struct Model {
    networks: HashMap<usize, Counter>,
    pairs: HashMap<(usize, usize), Counter>,
    names: HashMap<usize, Counter>,
}

#[derive(Debug, PartialEq, Eq)]
enum Said {
    In,
    Wrong,
    /// For so many seconds; 0: until it is opened.
    Wait(i64),
}

impl Model {
    fn attempt(&mut self, (name, network): (usize, usize), right: bool, now: i64) -> Said {
        let (of_network, pair) =
            (self.networks.entry(network).or_default(), self.pairs.entry((name, network)).or_default());
        let of_name = self.names.entry(name).or_default();
        let refusals =
            [of_network.refuses(PER_MINUTE, now), pair.refuses(PAIR_PER_MINUTE, now), of_name.refuses(usize::MAX, now)];
        if let Some(until) = refusals.into_iter().flatten().max() {
            return Said::Wait(if until == i64::MAX { 0 } else { until - now });
        }
        for counter in [&mut *of_network, &mut *pair, &mut *of_name] {
            counter.evaluate(now);
        }
        if right {
            (pair.in_row, of_name.in_row) = (0, 0);
            return Said::In;
        }
        for counter in [&mut *of_network, &mut *pair, &mut *of_name] {
            counter.failed += 1;
            counter.in_row += 1;
        }
        if pair.in_row == PAUSE_AFTER {
            pair.closed_until = now + PAUSE;
        } else if pair.in_row >= LONG_PAUSE_AFTER
            && (pair.in_row - PAUSE_AFTER).is_multiple_of(LONG_PAUSE_AFTER - PAUSE_AFTER)
        {
            pair.closed_until = now + LONG_PAUSE;
        }
        if of_name.in_row >= CLOSE_AFTER {
            of_name.closed_until = i64::MAX;
        } else if of_name.in_row >= SLOW_AFTER {
            of_name.closed_until = now + SLOW_PAUSE * (1 << (of_name.in_row - SLOW_AFTER));
        }
        Said::Wrong
    }

    fn unlock(&mut self, name: usize) {
        let pairs = self.pairs.iter_mut().filter(|((of, _), _)| *of == name).map(|(_, counter)| counter);
        for counter in pairs.chain(self.names.get_mut(&name)) {
            (counter.failed, counter.in_row, counter.closed_until) = (0, 0, 0);
        }
    }
}

fn limits(config: &mut doorward::config::Config) {
    let limits = &mut config.limits;
    (limits.failures_per_minute, limits.account_failures_per_minute) = (PER_MINUTE as i64, PAIR_PER_MINUTE as i64);
    (limits.pause_after, limits.pause) = (PAUSE_AFTER as i64, PAUSE);
    (limits.long_pause_after, limits.long_pause) = (LONG_PAUSE_AFTER as i64, LONG_PAUSE);
    (limits.slow_after, limits.slow_pause, limits.close_after) = (SLOW_AFTER as i64, SLOW_PAUSE, CLOSE_AFTER as i64);
}

struct Place {
    nodes: [Server; 2],
    browser: Browser,
    form: Form,
    histories: usize,
    /// How often each answer came.
    tried: BTreeMap<String, usize>,
}

impl Place {
    async fn open() -> Self {
        let first = Server::with(limits).await;
        let second = first.another_node_with(limits).await;
        let mut browser = first.browser();
        let form = browser.visit("/login").await.form("#login-submit");
        Self { nodes: [first, second], browser, form, histories: 0, tried: BTreeMap::new() }
    }

    async fn attempt(&self, node: usize, network: usize, email: &str, right: bool) -> Answer {
        let mut browser = self.browser.clone().at(&self.nodes[node]);
        browser.address = format!("10.{}.{}.{network}", self.histories / 250, self.histories % 250);
        let password = if right { PASSWORD } else { "a wrong password of some length" };
        let form = self.form.clone().with("email", email).with("password", password);
        // On a machine that is busy with other things the server may say that it is too: then nothing was counted.
        for _ in 0..BUSY {
            let answer = browser.clone().submit(&form).await;
            if answer.status.as_u16() != 503 {
                return answer;
            }
        }
        browser.submit(&form).await
    }
}

fn said(answer: &Answer) -> Said {
    match answer.status.as_u16() {
        303 => Said::In,
        400 => {
            answer.refused_page(400, Rejection::WrongCredentials);
            Said::Wrong
        }
        _ => {
            answer.refused_in(429, &[Rejection::TooManyFailures, Rejection::ClosedToStrangers]);
            let is_closed =
                answer.refused_in(429, &[Rejection::TooManyFailures, Rejection::ClosedToStrangers]).reason.is_some()
                    && answer.header("retry-after") == "86400";
            Said::Wait(if is_closed { 0 } else { answer.header("retry-after").parse().unwrap() })
        }
    }
}

async fn happen(place: &mut Place, operations: &[Operation], steps: &AtomicUsize) -> Result<(), TestCaseError> {
    place.histories += 1;
    let emails = [0, 1, 2].map(|at| format!("person-{at}-{}@example.org", place.histories));
    for email in &emails[..2] {
        place.nodes[0].db_user(email).await;
    }
    let mut model = Model::default();
    for operation in operations {
        steps.fetch_add(1, Ordering::SeqCst);
        let now = place.nodes[0].clock.now();
        match operation {
            Operation::Wait(seconds) => place.nodes[0].turn(*seconds),
            Operation::Unlock(name) => {
                let registry = place.nodes[0].registry();
                registry.unlock_user(&emails[*name], &Act::of_operator(now)).await.unwrap();
                model.unlock(*name);
            }
            Operation::Restart(node) => {
                let other = place.nodes[1 - node].another_node_with(limits).await;
                place.nodes[*node] = other;
            }
            Operation::Try { name, network, right, node } => {
                // Nobody's name has no right password.
                let right = *right && *name < 2;
                let wanted = model.attempt((*name, *network), right, now.seconds());
                let answer = place.attempt(*node, *network, &emails[*name], right).await;
                *place.tried.entry(format!("{wanted:?}")).or_default() += 1;
                prop_assert_eq!(said(&answer), wanted, "{:?} at {}", operation, now.seconds());
            }
        }
    }
    Ok(())
}

/// 1,000 steps, 50,000 in the long round.
#[test]
fn who_waits_and_for_how_long_is_as_the_rules_say() {
    let enough = rounds(1000, 50_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let place = std::cell::RefCell::new(runtime.block_on(Place::open()));
    let steps = AtomicUsize::new(0);
    let config = Config { cases: 10, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    while steps.load(Ordering::SeqCst) < enough {
        let ran = TestRunner::new(config.clone())
            .run(&operations(), |operations| runtime.block_on(happen(&mut place.borrow_mut(), &operations, &steps)));
        match ran {
            Ok(()) => {}
            Err(TestError::Fail(why, history)) => panic!("{why}\nafter this history: {history:#?}"),
            Err(aborted) => panic!("{aborted}"),
        }
    }
    let place = place.into_inner();
    let (waits, others): (Vec<_>, Vec<_>) = place.tried.iter().partition(|(said, _)| said.starts_with("Wait"));
    let waits: usize = waits.iter().map(|(_, times)| **times).sum();
    eprintln!(
        "model of lockouts: {} steps, none diverging; answers: {others:?}, told to wait {waits} times",
        steps.into_inner()
    );
}
