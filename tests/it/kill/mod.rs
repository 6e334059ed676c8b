//! kill -9 of a real server while 32 applications refresh, again and again on the same data: what was answered holds afterwards, what was
//! not answered can be asked again, what was superseded stays dead, and what was ended stays ended. `chain.rs` is what one application knows and asks.
//!
//! The moment of the kill is counted in answers, not in time. The applications live in this process, which nobody kills, so their logs
//! need no disk. A power cut is another matter: it is not shown here.

mod chain;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use doorward::clock::{Clock, Stopwatch};
use doorward::protocol::client::ClientType;
use doorward::random;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::support::{Live, Server, is_postgres, rounds};
use chain::{Chain, Ending, Way, Wire};

/// How many applications refresh at once.
const APPLICATIONS: usize = 32;

/// What every node is told, so that the tokens of one are those of the next, whatever port it has: any loopback name is its own.
const SETTINGS: &[(&str, &str)] = &[
    ("DOORWARD__SERVER__ISSUER", "http://localhost:8000"),
    ("DOORWARD__DATABASE__ACQUIRE_TIMEOUT", "30"),
    ("DOORWARD__LOG__LEVEL", "error"),
];

/// All that is known of one history.
struct History {
    server: Server,
    client: (String, String),
    chains: Vec<Chain>,
    endings: Vec<Ending>,
    /// Grants that are still to be ended in a round of their own.
    spare: Vec<Chain>,
    restarts: Vec<Duration>,
    /// How many tokens were replaced though nobody got the answer.
    unheard: usize,
}

/// Counts answers, and calls when there are enough or something is wrong.
#[derive(Default)]
struct Bell {
    answers: AtomicUsize,
    enough: usize,
    rung: Notify,
}

/// One who may ring.
struct Hand(Arc<Bell>);

impl Hand {
    /// One answer more.
    fn answered(&self) {
        if self.0.answers.fetch_add(1, Ordering::SeqCst) + 1 >= self.0.enough {
            self.0.rung.notify_one();
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.rung.notify_one();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kill_9_loses_no_answer_doubles_no_token_and_revives_no_grant() {
    let rounds = rounds(20, 200);
    let mut history = History::begin(rounds).await;
    for round in 0..rounds {
        let (mut live, wire) = history.restart();
        history.check(&wire).await;
        history.load_and_kill(&mut live, &wire, round).await;
    }
    let (_live, wire) = history.restart();
    history.check(&wire).await;
    for chain in &mut history.chains {
        chain.is_one_family(&wire).await;
    }
    history.report(rounds);
}

impl History {
    /// A person, an application, and a grant with its first refresh token for everyone who will refresh: made by a node in this process.
    async fn begin(rounds: usize) -> Self {
        let server = Server::start().await;
        server.turn(Clock::system().now().seconds() - server.clock.now().seconds());
        server.poll().await;
        server.db_user("ann@example.org").await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let mut browser = server.browser();
        let mut chains = Vec::new();
        for _ in 0..APPLICATIONS + 2 * rounds {
            let code = browser.code(&client, "ann@example.org", "scope=openid+offline_access").await;
            let tokens = client.redeem(&code).await.ok();
            chains.push(Chain::new(tokens["refresh_token"].as_str().unwrap()));
        }
        let spare = chains.split_off(APPLICATIONS);
        let client = (client.id.clone(), client.secret.clone().unwrap());
        Self { server, client, chains, endings: Vec::new(), spare, restarts: Vec::new(), unheard: 0 }
    }

    /// A new process over the same data.
    fn restart(&self) -> (Live, Wire) {
        let watch = Stopwatch::start();
        let live = Live::serve_with(&self.server.database, SETTINGS);
        let listens = live.ready["listen"].as_str().unwrap();
        let wire = Wire::new(&format!("http://{listens}"), &self.client, watch);
        (live, wire)
    }

    /// Everybody takes up where the last process left them.
    async fn check(&mut self, wire: &Wire) {
        let heard: usize = self.known().map(Chain::heard).sum();
        self.unheard += self.spent().await.saturating_sub(heard);
        let resumed: Vec<JoinHandle<Chain>> = self
            .chains
            .drain(..)
            .map(|mut chain| {
                let wire = wire.clone();
                tokio::spawn(async move {
                    chain.resume(&wire).await;
                    chain
                })
            })
            .collect();
        for chain in resumed {
            self.chains.push(chain.await.unwrap());
        }
        // The latest, whose end may have been under way; the others are looked at once more at the very end.
        let all = self.spare.is_empty();
        let newest = if all { 0 } else { self.endings.len().saturating_sub(4) };
        for ending in &mut self.endings[newest..] {
            ending.stays_ended(wire).await;
        }
        let double = "SELECT COUNT(*) FROM (SELECT grant_id FROM refresh_tokens WHERE consumed_at IS NULL GROUP BY grant_id \
            HAVING COUNT(*) > 1) AS doubled";
        assert_eq!(self.server.database.db_number(double).await, 0, "a grant has two leaves");
        let (spent, presented) = (self.spent().await, self.known().map(Chain::presented).sum());
        assert!(spent <= presented, "{spent} tokens are spent, of {presented} that were presented");
        self.restarts.extend(wire.first_answer());
    }

    fn known(&self) -> impl Iterator<Item = &Chain> {
        self.chains.iter().chain(self.endings.iter().map(|ending| &ending.chain))
    }

    /// How many tokens are replaced.
    async fn spent(&self) -> usize {
        let spent = "SELECT COUNT(*) FROM refresh_tokens WHERE consumed_at IS NOT NULL AND superseded_at IS NULL";
        usize::try_from(self.server.database.db_number(spent).await).unwrap()
    }

    /// Lets more than a minute pass since every answer, so that those which nobody has used can be superseded.
    async fn age(&self) {
        let aged = "UPDATE refresh_tokens SET consumed_at = consumed_at - 100, first_used_at = first_used_at - 100 \
            WHERE consumed_at IS NOT NULL";
        self.server.database.db_execute(aged).await;
    }

    /// Everybody refreshes, two grants are ended, and in the midst of it the process is killed.
    async fn load_and_kill(&mut self, live: &mut Live, wire: &Wire, round: usize) {
        let [low, high] = random::bytes::<2>();
        let enough = 1 + usize::from(if round.is_multiple_of(2) { low % 32 } else { low });
        let bell = Arc::new(Bell { enough, ..Bell::default() });
        let lose = round % 2 == 1;
        if lose {
            self.age().await;
        }
        let mut refreshing = Vec::new();
        for (at, mut chain) in self.chains.drain(..).enumerate() {
            let (wire, hand) = (wire.clone(), Hand(bell.clone()));
            // Some go to sleep with an answer in hand, the others are killed in the midst of a request.
            let most = if at % 4 == 0 { 1 + usize::from(high % 3) } else { usize::MAX };
            refreshing.push(tokio::spawn(async move {
                let mut count = 0;
                if lose && chain.lose(&wire).await {
                    hand.answered();
                    count += 1;
                }
                while count < most && chain.goes_on() && chain.refresh(&wire).await {
                    hand.answered();
                    count += 1;
                }
                chain
            }));
        }
        let mut ending = Vec::new();
        for way in [Way::Revocation, Way::Reuse] {
            let mut one = Ending::new(self.spare.pop().unwrap(), way);
            let (wire, hand) = (wire.clone(), Hand(bell.clone()));
            ending.push(tokio::spawn(async move {
                if one.end(&wire).await {
                    hand.answered();
                }
                one
            }));
        }
        bell.rung.notified().await;
        live.kill();
        for chain in refreshing {
            self.chains.push(chain.await.unwrap());
        }
        for one in ending {
            self.endings.push(one.await.unwrap());
        }
    }

    /// One line of numbers.
    fn report(&mut self, rounds: usize) {
        self.restarts.sort();
        let lost: usize = self.chains.iter().map(Chain::lost).sum();
        let answered: usize = self.chains.iter().map(Chain::answered).sum();
        let superseded: usize = self.chains.iter().map(Chain::superseded).sum();
        eprintln!(
            "kill -9 on {}: {rounds} kills, {answered} answers, {lost} lost ({} after the token was replaced), {superseded} superseded, 0 violations; \
             start to first 200: median {:?}, longest {:?}",
            if is_postgres() { "PostgreSQL" } else { "SQLite" },
            self.unheard,
            self.restarts[self.restarts.len() / 2],
            self.restarts[self.restarts.len() - 1],
        );
    }
}
