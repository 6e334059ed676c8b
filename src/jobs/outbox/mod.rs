//! Delivers what lies in an outbox: logout tokens ([`logouts`]) and mails ([`mails`]).
//!
//! What is to be delivered lies in the database since it was decided on, so a restart forgets nothing and no person waits for whoever is to get it.
//! A node takes what is due by a lease, sends it at once beside what is being sent already, and notes each outcome. What does not arrive is tried
//! again, ever more rarely, and given up after some nine hours ([`crate::protocol::outbox`]). A process that is killed between sending and noting
//! leaves a lease that runs out: everything arrives at least once.

pub mod logouts;
pub mod mails;

use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::outbox::next_attempt;
use crate::storage::{Storage, Transaction};

/// How often an outbox is looked into.
pub const EVERY: Duration = Duration::from_secs(1);

/// What is being sent.
pub type Underway = JoinSet<Result<(), Failure>>;

/// What became of something that was taken.
#[derive(Debug)]
pub enum Outcome {
    /// It has arrived.
    Delivered,
    /// There is nobody left to tell, or nothing.
    Pointless,
    /// It has not arrived.
    Failed(Failure),
}

/// One kind of thing that is delivered: where it lies, and how it is sent.
pub trait Round: Clone + Send + Sync + 'static {
    /// What is delivered.
    type Item: Send + Sync + 'static;
    /// How many are sent at once.
    const MOST: usize;
    /// How long a node has for what it took, in seconds: longer than sending may take.
    const LEASE: i64;

    /// Where it lies.
    fn storage(&self) -> &Storage;
    /// Whether something is due: asked once a second, so it is one statement that an index answers.
    fn is_due(&self, now: Timestamp) -> impl Future<Output = Result<bool, Failure>> + Send;
    /// Takes at most so many.
    fn take(
        &self,
        transaction: &mut Transaction,
        now: Timestamp,
        most: i64,
    ) -> impl Future<Output = Result<Vec<Self::Item>, Failure>> + Send;
    /// Sends one.
    fn send(&self, item: &Self::Item, now: Timestamp) -> impl Future<Output = Result<Outcome, Failure>> + Send;
    /// How often it has been tried.
    fn attempts(item: &Self::Item) -> i64;
    /// Forgets one, whatever became of it.
    fn forget(
        &self,
        transaction: &mut Transaction,
        item: &Self::Item,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Gives one back, to be tried again.
    fn postpone(
        &self,
        transaction: &mut Transaction,
        item: &Self::Item,
        due_at: Timestamp,
        why: &Failure,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Says in the log that one did not arrive; `given_up` when it is not tried again.
    fn complain(item: &Self::Item, failure: &Failure, given_up: bool);
}

/// Delivers one kind of thing. Clones are the same.
#[derive(Clone, Debug)]
pub struct Outbox<R>(R);

impl<R: Round> Outbox<R> {
    /// An outbox.
    pub const fn new(round: R) -> Self {
        Self(round)
    }

    /// Delivers what is due, and waits for the end of it; tells how many were taken.
    ///
    /// # Errors
    /// When the database fails: what was taken is free again when its lease is over.
    pub async fn deliver(&self, now: Timestamp) -> Result<usize, Failure> {
        let mut underway = Underway::new();
        let count = self.begin(&mut underway, now).await?;
        // Each is heard to its end, whatever becomes of another.
        underway.join_all().await.into_iter().collect::<Result<(), Failure>>().map(|()| count)
    }

    /// Begins to deliver what is due beside what is being sent already; tells how many were taken.
    ///
    /// # Errors
    /// When the database fails, or failed to note what became of one that was sent: what was taken is free again when its lease is over.
    pub async fn begin(&self, underway: &mut Underway, now: Timestamp) -> Result<usize, Failure> {
        while let Some(done) = underway.try_join_next() {
            done.unwrap_or_else(|broken| Err(Failure::internal(broken)))?;
        }
        let room = R::MOST.saturating_sub(underway.len());
        if room == 0 || !self.0.is_due(now).await? {
            return Ok(0);
        }
        let mut transaction = self.0.storage().begin().await?;
        let items = self.0.take(&mut transaction, now, i64::try_from(room).unwrap_or(1)).await?;
        transaction.commit().await?;
        let count = items.len();
        for item in items {
            let round = self.0.clone();
            underway.spawn(async move {
                let outcome = round.send(&item, now).await.unwrap_or_else(Outcome::Failed);
                note(&round, &item, outcome, now).await
            });
        }
        Ok(count)
    }
}

async fn note<R: Round>(round: &R, item: &R::Item, outcome: Outcome, now: Timestamp) -> Result<(), Failure> {
    let mut transaction = round.storage().begin().await?;
    match (outcome, next_attempt(R::attempts(item), now)) {
        (Outcome::Delivered | Outcome::Pointless, _) => round.forget(&mut transaction, item).await?,
        (Outcome::Failed(failure), Some(due_at)) => {
            R::complain(item, &failure, false);
            round.postpone(&mut transaction, item, due_at, &failure).await?;
        }
        (Outcome::Failed(failure), None) => {
            R::complain(item, &failure, true);
            round.forget(&mut transaction, item).await?;
        }
    }
    transaction.commit().await
}
