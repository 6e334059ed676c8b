//! `audit list --follow`: what happens from now on. A row may be committed after one with a greater number, so the last half minute is looked
//! at again and again: a transaction never takes that long.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::{PAGE, first, thing, words};
use crate::cli::Output;
use crate::cli::output::try_line;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::protocol::audit::seal::Row;
use crate::storage::{AuditFilter, ListedEvent, Storage};

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(500);
/// How long after its number was given a row may come at the latest.
const LATE: Duration = Duration::from_secs(30);
/// How long a row may count on at the most: until its minute is over by the clocks of all nodes.
const COUNTING: Duration = Duration::from_secs(90);

/// How many rows may be under way at once.
const UNDER_WAY: i64 = 1000;

/// What was printed of late.
struct Followed {
    output: Output,
    /// The greatest number at each look, for as long as others may come before it.
    looks: VecDeque<(Stopwatch, i64)>,
    /// The rows that were printed since the oldest of these.
    printed: BTreeSet<i64>,
    /// Those that count on: when they were printed, and with which number.
    counting: BTreeMap<i64, (Stopwatch, i64)>,
    /// Whether whoever read has gone away.
    is_alone: bool,
}

/// Prints what happens, until the process is interrupted or nobody reads any more; first what was before, when that is wanted.
pub(super) async fn follow(
    storage: &Storage,
    filter: &AuditFilter<'_>,
    (limit, wants_former): (Option<u32>, bool),
    output: Output,
) -> Result<(), Failure> {
    let (looks, printed, counting) = (VecDeque::new(), BTreeSet::new(), BTreeMap::new());
    let mut followed = Followed { output, looks, printed, counting, is_alone: false };
    let last = storage.read().await?.last_audit_id().await?;
    if let Some(limit) = limit {
        let rows = storage.read().await?.newest_audit(filter, i64::from(limit)).await?;
        rows.iter().for_each(|listed| followed.print(listed));
    } else if wants_former {
        followed.look_from(first(storage, filter).await?, storage, filter).await?;
    }
    // What was under way when it was first looked at comes after it, but not far.
    let floor = if wants_former && limit.is_none() { last.saturating_sub(UNDER_WAY) } else { last };
    followed.looks.push_back((Stopwatch::start(), floor));
    while !followed.is_alone {
        followed.look(storage, filter).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

impl Followed {
    async fn look(&mut self, storage: &Storage, filter: &AuditFilter<'_>) -> Result<(), Failure> {
        let last = storage.read().await?.last_audit_id().await?;
        while self.looks.len() > 1 && self.looks[1].0.elapsed() > LATE {
            self.looks.pop_front();
        }
        let floor = self.looks.front().map_or(last, |(_, id)| *id);
        self.printed.retain(|id| *id > floor);
        self.look_from(floor, storage, filter).await?;
        self.looks.push_back((Stopwatch::start(), last.max(floor)));
        self.look_at_counting(storage).await
    }

    /// Prints what is after that number and was not printed yet.
    async fn look_from(&mut self, mut after: i64, storage: &Storage, filter: &AuditFilter<'_>) -> Result<(), Failure> {
        loop {
            let rows = storage.read().await?.audit_after(after, filter, PAGE).await?;
            let new = rows.iter().filter(|listed| !self.printed.contains(&listed.row.id));
            let new: Vec<&ListedEvent> = new.collect();
            new.into_iter().for_each(|listed| self.print(listed));
            let Some(newest) = rows.last() else { return Ok(()) };
            after = newest.row.id;
        }
    }

    /// Prints those again that have counted on, when they are done.
    async fn look_at_counting(&mut self, storage: &Storage) -> Result<(), Failure> {
        let ripe = self.counting.iter().filter(|(_, (printed, _))| printed.elapsed() > COUNTING);
        let ripe: Vec<(i64, i64)> = ripe.map(|(id, (_, times))| (*id, *times)).collect();
        for (id, times) in ripe {
            self.counting.remove(&id);
            if let Some(listed) = storage.read().await?.audit_row(id).await?.filter(|now| now.row.times != times) {
                self.line(&listed.row);
            }
        }
        Ok(())
    }

    fn print(&mut self, listed: &ListedEvent) {
        self.line(&listed.row);
        self.printed.insert(listed.row.id);
        if listed.counts_on {
            self.counting.insert(listed.row.id, (Stopwatch::start(), listed.row.times));
        }
    }

    fn line(&mut self, row: &Row) {
        let printed = if self.output.json { try_line(thing(row)) } else { try_line(words(row)) };
        self.is_alone |= printed.is_err();
    }
}
