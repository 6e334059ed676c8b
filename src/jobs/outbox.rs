//! Tells clients by the back channel that a sign-in has ended (OpenID Connect Back-Channel Logout §2.5).
//!
//! What is to be told lies in the database since the sign-in ended, so a restart forgets nothing and the person waits for nobody.
//! A node takes what is due, a few of each client, sends it to all clients at once, and notes each outcome. Nothing waits for a client that
//! takes its time but what else that very client is to be told. One that does not answer well is tried again, ever more rarely, and
//! given up after some nine hours.

use tokio::task::JoinSet;

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::logout_token::LogoutNotice;
use crate::storage::{Directory, Storage};
use crate::tokens::Mint;

/// How many are sent at once, and how many of them to one client: 64 may be silent before another waits.
const MOST: usize = 512;
const OF_ONE: i64 = 8;
/// How long a node has for what it took, in seconds: far longer than one exchange may take.
const LEASE: i64 = 60;

/// Delivers the outbox.
#[derive(Clone, Debug)]
pub struct Outbox {
    storage: Storage,
    directory: Directory,
    mint: Mint,
    outgoing: Outgoing,
    default: Algorithm,
}

/// What is being sent.
pub type Underway = JoinSet<Result<(), Failure>>;

/// What became of a notice.
enum Outcome {
    Delivered,
    /// There is nobody left to tell.
    Pointless,
    Failed(Failure),
}

impl Outbox {
    /// An outbox over this storage, which signs with the mint, as the client wants or with `default`, and sends by the guarded client.
    pub fn new(storage: Storage, directory: Directory, mint: Mint, outgoing: Outgoing, default: Algorithm) -> Self {
        Self { storage, directory, mint, outgoing, default }
    }

    /// Delivers what is due, and waits for the end of it; tells how many notices were taken.
    ///
    /// # Errors
    /// When the database fails: what was taken is free again when its lease is over.
    pub async fn deliver(&self, now: Timestamp) -> Result<usize, Failure> {
        let mut underway = Underway::new();
        let count = self.begin(&mut underway, now).await?;
        // Each is heard to its end, whatever becomes of another.
        underway.join_all().await.into_iter().collect::<Result<(), Failure>>().map(|()| count)
    }

    /// Begins to deliver what is due beside what is being sent already; tells how many notices were taken.
    ///
    /// # Errors
    /// When the database fails, or failed to note what became of one that was sent: what was taken is free again when its lease is over.
    pub async fn begin(&self, underway: &mut Underway, now: Timestamp) -> Result<usize, Failure> {
        while let Some(done) = underway.try_join_next() {
            done.unwrap_or_else(|broken| Err(Failure::internal(broken)))?;
        }
        let room = MOST.saturating_sub(underway.len());
        if room == 0 || !self.storage.read_uncounted().await?.logout_is_due(now).await? {
            return Ok(0);
        }
        let mut transaction = self.storage.begin().await?;
        let most = (i64::try_from(room).unwrap_or(OF_ONE), OF_ONE);
        let notices = transaction.take_logouts(now, now.plus(LEASE), most).await?;
        transaction.commit().await?;
        let count = notices.len();
        for notice in notices {
            let outbox = self.clone();
            underway.spawn(async move {
                let outcome = outbox.send(&notice, now).await.unwrap_or_else(Outcome::Failed);
                outbox.note(&notice, outcome, now).await
            });
        }
        Ok(count)
    }

    async fn send(&self, notice: &LogoutNotice, now: Timestamp) -> Result<Outcome, Failure> {
        let client = self.directory.client(&notice.client_id).await?.filter(|client| client.is_enabled());
        let Some((client, uri)) = client.as_ref().and_then(|c| Some((c, c.backchannel_logout_uri.as_deref()?))) else {
            return Ok(Outcome::Pointless);
        };
        let token = self.mint.logout_token(notice, client.id_token_algorithm.preference(self.default), now)?;
        self.outgoing.post_form(uri, &[("logout_token", &token)]).await?;
        Ok(Outcome::Delivered)
    }

    async fn note(&self, notice: &LogoutNotice, outcome: Outcome, now: Timestamp) -> Result<(), Failure> {
        let client = notice.client_id.as_str();
        let mut transaction = self.storage.begin().await?;
        match (outcome, notice.next_attempt(now)) {
            (Outcome::Delivered | Outcome::Pointless, _) => transaction.forget_logout(notice).await?,
            (Outcome::Failed(failure), Some(due_at)) => {
                tracing::info!(client, attempts = notice.attempts, %failure, "a client could not be told of a logout");
                transaction.postpone_logout(notice, due_at).await?;
            }
            (Outcome::Failed(failure), None) => {
                tracing::warn!(client, attempts = notice.attempts, %failure, "a client was not told of a logout");
                transaction.forget_logout(notice).await?;
            }
        }
        transaction.commit().await
    }
}
