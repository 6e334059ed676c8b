//! Rounds: as many connections as wanted do an operation again and again, each waiting for its answer, and the CPU time of the server is read
//! before the first and after the last of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use crate::clock::Moment;
use crate::http::Connection;
use crate::operation::Operation;
use crate::process::{Watched, own_cpu};
use crate::{Outcome, Problem};

/// How long a round may last beyond its time: its last operations, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections that are kept open, each with its operation.
pub struct Workload {
    workers: Vec<(Connection, Operation)>,
}

/// When a round ends.
#[derive(Clone, Copy)]
pub enum Until {
    /// No operation begins after so long.
    Elapsed(Duration),
    /// So many operations are done.
    Done(u64),
}

/// What a round took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Operations that were done.
    pub operations: u64,
    /// The server's CPU time, when its process is known.
    pub server: Option<Duration>,
    /// This process's CPU time.
    pub generator: Duration,
    /// Wall time.
    pub wall: Duration,
}

impl Workload {
    /// One connection for each operation.
    pub fn new(address: SocketAddr, operations: impl IntoIterator<Item = Operation>) -> Self {
        Self { workers: operations.into_iter().map(|operation| (Connection::new(address), operation)).collect() }
    }

    /// Does the operations on all connections at once.
    ///
    /// # Errors
    /// The first error of an operation.
    pub async fn run(&mut self, until: Until) -> Outcome<u64> {
        let left = Arc::new(AtomicU64::new(match until {
            Until::Elapsed(_) => u64::MAX,
            Until::Done(count) => count,
        }));
        let start = Moment::now();
        let length = match until {
            Until::Elapsed(length) => length,
            Until::Done(_) => Duration::MAX,
        };
        let mut tasks = JoinSet::new();
        for (mut connection, mut operation) in self.workers.drain(..) {
            let left = left.clone();
            tasks.spawn(async move {
                let mut done = 0;
                while start.elapsed() < length && take_one(&left) {
                    operation.once(&mut connection).await?;
                    done += 1;
                }
                Ok::<_, Problem>((done, connection, operation))
            });
        }
        let mut total = 0;
        let join = async {
            while let Some(ended) = tasks.join_next().await {
                let (done, connection, operation) = ended??;
                total += done;
                self.workers.push((connection, operation));
            }
            Ok::<_, Problem>(())
        };
        match until {
            Until::Elapsed(length) => tokio::time::timeout(length + PATIENCE, join)
                .await
                .map_err(|_| format!("the server has not answered for {} seconds", PATIENCE.as_secs()))??,
            Until::Done(_) => join.await?,
        }
        Ok(total)
    }

    /// Runs for that long and tells what it took.
    ///
    /// # Errors
    /// The first error of an operation, or when the server has ended.
    pub async fn measure(&mut self, watched: Option<Watched>, length: Duration) -> Outcome<Cost> {
        let cpu = || watched.map(|watched| watched.cpu()).transpose();
        let (server, generator, start) = (cpu()?, own_cpu()?, Moment::now());
        let operations = self.run(Until::Elapsed(length)).await?;
        let wall = start.elapsed();
        let generator = own_cpu()?.saturating_sub(generator);
        let server = server.zip(cpu()?).map(|(before, after)| after.saturating_sub(before));
        Ok(Cost { operations, server, generator, wall })
    }
}

fn take_one(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

impl Cost {
    /// Microseconds for one operation: of the server's CPU time, or of wall time when its process is not known.
    pub fn micros(&self) -> f64 {
        self.server.unwrap_or(self.wall).as_secs_f64() * 1e6 / self.operations.max(1) as f64
    }

    /// The share of its core that the generator was busy.
    pub fn generator_share(&self) -> f64 {
        self.generator.as_secs_f64() / self.wall.as_secs_f64().max(f64::EPSILON)
    }

    /// The share of its core that the server was busy.
    pub fn server_share(&self) -> Option<f64> {
        Some(self.server?.as_secs_f64() / self.wall.as_secs_f64().max(f64::EPSILON))
    }

    /// Operations in a second of wall time.
    pub fn per_second(&self) -> f64 {
        self.operations as f64 / self.wall.as_secs_f64().max(f64::EPSILON)
    }
}

/// The middle one of several values, and the outermost two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The middle one; of an even number, the mean of the middle two.
    pub median: f64,
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Spread {
    /// Of these values; none of them gives zeros.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (Some(low), Some(high)) = (values.first(), values.last()) else {
            return Self { median: 0.0, low: 0.0, high: 0.0 };
        };
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Self { median, low: *low, high: *high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_whatever_the_order() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Spread { median: 2.0, low: 1.0, high: 3.0 });
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(Spread::of([7.0]), Spread { median: 7.0, low: 7.0, high: 7.0 });
        assert_eq!(Spread::of([]).median, 0.0);
    }

    #[test]
    fn a_cost_is_told_per_operation() {
        let cost = Cost {
            operations: 2000,
            server: Some(Duration::from_millis(500)),
            generator: Duration::from_millis(900),
            wall: Duration::from_secs(1),
        };
        assert_eq!(cost.micros(), 250.0);
        assert_eq!(cost.generator_share(), 0.9);
        assert_eq!(cost.server_share(), Some(0.5));
        assert_eq!(Cost { server: None, ..cost }.micros(), 500.0);
        assert_eq!(cost.per_second(), 2000.0);
    }

    #[test]
    fn no_more_is_taken_than_there_is() {
        let left = AtomicU64::new(2);
        assert!(take_one(&left) && take_one(&left));
        assert!(!take_one(&left) && !take_one(&left));
    }
}
