//! The threads that hash: as many as may run at once, and of a lower priority than all others, so that whoever asks for a token waits for no
//! sign-in. They are made with the first hash.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::process::{Pid, setpriority_process};
use tokio::sync::oneshot;

use crate::failure::Failure;

/// How nice the threads are (0 is the usual, 19 the nicest): they get a thirtieth of a core that others want, too.
const NICENESS: i32 = 15;

type Job = Box<dyn FnOnce() + Send>;

/// The threads, or how many there will be.
#[derive(Debug)]
pub(super) struct Workers {
    count: usize,
    jobs: OnceLock<Sender<Job>>,
}

impl Workers {
    pub const fn new(count: usize) -> Self {
        Self { count, jobs: OnceLock::new() }
    }

    /// Does some work on one of the threads. It is done to its end though nobody waits for it any more.
    ///
    /// # Errors
    /// When there are no threads, or the work panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let (done, outcome) = oneshot::channel();
        let job: Job = Box::new(move || drop(done.send(work())));
        let jobs = self.jobs.get_or_init(|| start(self.count));
        jobs.send(job).map_err(|_| Failure::internal("there are no threads to hash with"))?;
        outcome.await.map_err(|_| Failure::internal("hashing was given up"))
    }
}

fn start(count: usize) -> Sender<Job> {
    let (jobs, waiting) = channel();
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..count {
        let waiting = waiting.clone();
        let started = std::thread::Builder::new().name("hash".to_owned()).spawn(move || work(&waiting));
        if let Err(error) = started {
            tracing::error!(%error, "a thread to hash with could not be started");
        }
    }
    jobs
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    step_back();
    loop {
        // Whoever waits for a job holds the lock; the others wait for that.
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // What a job that panicked leaves behind is dropped with it; its words are on standard error already.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// Lowers the priority of this thread, where the system gives threads one each (Linux). Without that all is as before.
fn step_back() {
    let own = std::fs::read_link("/proc/thread-self").ok();
    let id = own.as_deref().and_then(|path| path.file_name()?.to_str()?.parse().ok()).and_then(Pid::from_raw);
    if let Some(id) = id
        && let Err(error) = setpriority_process(Some(id), NICENESS)
    {
        tracing::debug!(%error, "the priority of a thread that hashes could not be lowered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_on_nice_threads_and_a_panic_ends_none() {
        let workers = Workers::new(1);
        let niceness = || {
            let own = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            own.rsplit(' ').rev().nth(18).unwrap().to_owned()
        };
        assert_eq!(workers.run(niceness).await.unwrap(), "15", "the nineteenth field of proc(5)");
        let nothing: Vec<u8> = Vec::new();
        assert!(workers.run(move || nothing[7]).await.is_err());
        assert_eq!(workers.run(|| 7).await.unwrap(), 7);
    }
}
