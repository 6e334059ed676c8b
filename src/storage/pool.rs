//! Connections that stay open and are lent out, each to one borrower at a time.
//!
//! A connection comes back only when its borrower left nothing open: no transaction without its end, no statement without its
//! answer, no error that says it is gone. Anything else is thrown away, and its place is free again when it is closed. So one
//! that a full disk or a cancelled request spoilt never meets another request.
//!
//! sqlx's own pool is not used because it takes such connections back, and asks each one whether it lives when it is taken and again
//! when it is given back: on SQLite two switches to another thread for nothing, on PostgreSQL two round trips. Here a connection is
//! asked only when it has idled for a while or when another one was found broken since.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Connection;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::clock::Stopwatch;

/// How long a connection may idle, and how long it may live: what it keeps in memory must not grow for ever.
const IDLE_FOR: Duration = Duration::from_secs(600);
const LIVES_FOR: Duration = Duration::from_secs(1800);
/// How long a connection that idled may take to say that it lives.
const ANSWERS: Duration = Duration::from_secs(1);
/// How long closing a connection may take before its place is free all the same.
const CLOSING: Duration = Duration::from_secs(5);
/// The first and the longest pause before a database that is just starting is asked again.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What the databases differ in.
pub(super) trait Session: Connection + 'static {
    /// How long a connection may have idled and still be taken unasked; `None` when it cannot break by itself.
    const TRUSTED_FOR: Option<Duration>;

    /// Runs a statement that takes and gives nothing.
    fn run(&mut self, sql: &'static str) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Whether the connection is good for more after this error.
    fn survives(error: &sqlx::Error) -> bool;
}

/// How a connection is used.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Begins a transaction.
    pub begin: &'static str,
    /// Whether those who read are in a transaction as well.
    pub reads_in_transactions: bool,
}

/// The connections to one database for one use.
pub(super) struct Pool<C: Session>(Arc<Inner<C>>);

struct Inner<C: Session> {
    options: C::Options,
    most: u32,
    wait: Duration,
    manner: Manner,
    /// A permit for each connection that is lent out.
    permits: Arc<Semaphore>,
    /// The last one given back is the first one lent out: a few warm ones serve, the others go.
    idle: Mutex<Vec<Idle<C>>>,
    /// How many were found broken, here and beside.
    broken: Arc<AtomicU64>,
}

struct Idle<C> {
    connection: C,
    born: Stopwatch,
    since: Stopwatch,
    /// What `broken` was when it came back.
    broken: u64,
}

/// A connection that is lent out. It goes back, or is thrown away, when this is dropped.
pub(super) struct Lent<C: Session> {
    /// There until it is dropped.
    connection: Option<C>,
    /// Held until the connection is idle again or closed.
    permit: Option<OwnedSemaphorePermit>,
    pool: Arc<Inner<C>>,
    born: Stopwatch,
    in_transaction: bool,
    /// A statement is under way: who drops it now leaves it in the middle.
    busy: bool,
    /// It is good for nothing more.
    spoilt: bool,
}

impl<C: Session> Pool<C> {
    /// A pool of at most so many connections, made when they are needed; a borrower waits so long for one.
    pub fn new(options: C::Options, most: u32, wait: Duration, manner: Manner) -> Self {
        Self::of(options, most, wait, manner, Arc::default())
    }

    /// Another pool of connections to the same: what one of them finds broken makes the others careful too.
    pub fn beside(&self, most: u32) -> Self {
        let Inner { options, wait, manner, broken, .. } = &*self.0;
        Self::of(options.clone(), most, *wait, *manner, broken.clone())
    }

    fn of(options: C::Options, most: u32, wait: Duration, manner: Manner, broken: Arc<AtomicU64>) -> Self {
        let permits = Arc::new(Semaphore::new(most as usize));
        Self(Arc::new(Inner { options, most, wait, manner, permits, idle: Mutex::default(), broken }))
    }

    /// Borrows a connection.
    ///
    /// # Errors
    /// When none is free in time, the database is away, or the pool is closed.
    pub async fn take(&self) -> sqlx::Result<Lent<C>> {
        let (pool, waiting) = (&self.0, Stopwatch::start());
        let permit = match pool.permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let permit = timeout(pool.wait, pool.permits.clone().acquire_owned()).await;
                permit.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?
            }
        };
        while let Some(mut idle) = pool.pop() {
            if !pool.is_suspect(&idle) {
                return Ok(Lent::new(idle.connection, idle.born, permit, pool));
            }
            let left = pool.wait.saturating_sub(waiting.elapsed());
            match timeout(left.min(ANSWERS), idle.connection.ping()).await {
                Ok(Ok(())) => return Ok(Lent::new(idle.connection, idle.born, permit, pool)),
                Ok(Err(_)) => {}
                // Its other end is gone without a word, and so are those of the others.
                Err(_) => pool.forget_idle(),
            }
            pool.broken.fetch_add(1, Ordering::SeqCst);
        }
        let connection = pool.connect(waiting).await?;
        Ok(Lent::new(connection, Stopwatch::start(), permit, pool))
    }

    /// Borrows a connection to read on.
    ///
    /// # Errors
    /// As [`Pool::take`].
    pub async fn read(&self) -> sqlx::Result<Lent<C>> {
        if self.reads_in_transactions() { self.begin().await } else { self.take().await }
    }

    /// Borrows a connection and begins a transaction on it; on another one when that has broken unnoticed, for nothing is lost yet.
    ///
    /// # Errors
    /// As [`Pool::take`].
    pub async fn begin(&self) -> sqlx::Result<Lent<C>> {
        let mut lent = self.take().await?;
        if let Err(error) = lent.begin().await {
            if !lent.spoilt || C::TRUSTED_FOR.is_none() {
                return Err(error);
            }
            drop(lent);
            lent = self.take().await?;
            lent.begin().await?;
        }
        Ok(lent)
    }

    /// Whether those who read are in a transaction as well.
    pub fn reads_in_transactions(&self) -> bool {
        self.0.manner.reads_in_transactions
    }

    /// How many connections are lent now, and how many there may be.
    pub fn lent(&self) -> (usize, usize) {
        let most = self.0.most as usize;
        (most.saturating_sub(self.0.permits.available_permits()), most)
    }

    /// Waits for those that are lent out, and closes all.
    pub async fn close(&self) {
        let all = self.0.permits.acquire_many(self.0.most).await;
        self.0.permits.close();
        drop(all);
        while let Some(idle) = self.0.pop() {
            let _ = timeout(CLOSING, idle.connection.close()).await;
        }
    }
}

impl<C: Session> Inner<C> {
    fn pop(&self) -> Option<Idle<C>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn forget_idle(&self) {
        let gone = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        drop(gone);
    }

    fn is_suspect(&self, idle: &Idle<C>) -> bool {
        let Some(trusted) = C::TRUSTED_FOR else { return false };
        idle.broken != self.broken.load(Ordering::SeqCst) || idle.since.elapsed() > trusted
    }

    /// Opens a connection; a database that is just starting is waited for.
    async fn connect(&self, waiting: Stopwatch) -> sqlx::Result<C> {
        let mut pause = PAUSE;
        let mut last = None;
        loop {
            let left = self.wait.saturating_sub(waiting.elapsed());
            let error = match timeout(left, C::connect_with(&self.options)).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => error,
                Err(_) => return Err(last.unwrap_or_else(|| silent(self.wait))),
            };
            if !is_starting(&error) || left < pause {
                return Err(error);
            }
            last = Some(error);
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Takes a clean connection back, and lets go of one that nobody has needed for long.
    fn put_back(&self, connection: C, born: Stopwatch, permit: OwnedSemaphorePermit) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let old = idle.first().is_some_and(|idle| idle.since.elapsed() > IDLE_FOR).then(|| idle.remove(0));
        let broken = self.broken.load(Ordering::SeqCst);
        let back = Idle { connection, born, since: Stopwatch::start(), broken };
        let worn = if born.elapsed() < LIVES_FOR {
            idle.push(back);
            None
        } else {
            Some(back)
        };
        drop(idle);
        // Only now: whoever gets the permit finds the connection.
        drop(permit);
        for gone in old.into_iter().chain(worn) {
            throw_away(gone.connection, None);
        }
    }
}

/// That a database did not answer at all: the queue for connections was not what took so long.
fn silent(wait: Duration) -> sqlx::Error {
    let words = format!("no answer within {} s", wait.as_secs());
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, words))
}

/// Whether a database that refuses so will not do so in a moment.
pub(super) fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// Closes a connection beside the caller. Its place is free when that is done: of SQLite's writers there is never a second one.
fn throw_away<C: Session>(connection: C, permit: Option<OwnedSemaphorePermit>) {
    // Without a runtime nobody can wait; the connection ends when it is dropped.
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(async move {
            let _ = timeout(CLOSING, connection.close()).await;
            drop(permit);
        });
    }
}

impl<C: Session> Lent<C> {
    fn new(connection: C, born: Stopwatch, permit: OwnedSemaphorePermit, pool: &Arc<Inner<C>>) -> Self {
        Self {
            connection: Some(connection),
            permit: Some(permit),
            pool: pool.clone(),
            born,
            in_transaction: false,
            busy: false,
            spoilt: false,
        }
    }

    /// The connection, for one statement; [`Lent::settle`] is to hear of its outcome.
    pub fn link(&mut self) -> &mut C {
        self.busy = true;
        self
    }

    /// Hears how a statement went. After an error a transaction can only be rolled back.
    pub fn settle(&mut self, error: Option<&sqlx::Error>) {
        self.busy = false;
        if let Some(error) = error
            && !C::survives(error)
        {
            self.spoilt = true;
            self.pool.broken.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        let outcome = self.link().run(sql).await;
        self.settle(outcome.as_ref().err());
        outcome
    }

    /// Begins a transaction. Where there is a network, it is not waited for without end: behind PgBouncer this is where one queues.
    async fn begin(&mut self) -> sqlx::Result<()> {
        let (begin, wait) = (self.pool.manner.begin, self.pool.wait);
        if C::TRUSTED_FOR.is_some() {
            timeout(wait, self.run(begin)).await.map_err(|_| silent(wait))??;
        } else {
            self.run(begin).await?;
        }
        self.in_transaction = true;
        Ok(())
    }

    /// Whether those who read are in a transaction as well.
    pub fn reads_in_transactions(&self) -> bool {
        self.pool.manner.reads_in_transactions
    }

    /// Ends the transaction for good.
    pub async fn commit(&mut self) -> sqlx::Result<()> {
        let outcome = self.run("COMMIT").await;
        // Whatever the database made of it, nobody knows.
        self.spoilt |= outcome.is_err();
        self.in_transaction &= outcome.is_err();
        outcome
    }
}

impl<C: Session> Deref for Lent<C> {
    type Target = C;

    #[expect(clippy::expect_used, reason = "the connection is there until the drop")]
    fn deref(&self) -> &C {
        self.connection.as_ref().expect("a connection")
    }
}

impl<C: Session> DerefMut for Lent<C> {
    #[expect(clippy::expect_used, reason = "the connection is there until the drop")]
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("a connection")
    }
}

impl<C: Session> Drop for Lent<C> {
    fn drop(&mut self) {
        let (Some(mut connection), Some(permit)) = (self.connection.take(), self.permit.take()) else { return };
        if self.busy || self.spoilt {
            return throw_away(connection, Some(permit));
        }
        if !self.in_transaction {
            return self.pool.put_back(connection, self.born, permit);
        }
        let (pool, born) = (self.pool.clone(), self.born);
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Ok(Ok(())) = timeout(CLOSING, connection.run("ROLLBACK")).await {
                    pool.put_back(connection, born, permit);
                } else {
                    throw_away(connection, Some(permit));
                }
            });
        }
    }
}
