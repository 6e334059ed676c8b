//! `audit`: what happened, and whether the record of it is as it was written.

mod follow;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments;
use super::output::{line, note, part, value};
use super::start::{self, Opening};
use super::{Context, Output, refused};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::jobs::audit::{AuditRecord, Verified};
use crate::protocol::audit::Name;
use crate::protocol::audit::seal::Row;
use crate::protocol::printable;
use crate::registry::Registry;
use crate::storage::{AuditFilter, Storage};

/// How many rows are read at once.
const PAGE: i64 = 500;

/// What happened: the audit record.
#[derive(Subcommand)]
#[command(after_help = "Examples:\n  doorward audit list --user ann@example.org --since 7d\n  doorward audit verify")]
pub(super) enum AuditCommand {
    /// List what happened, the oldest first.
    #[command(
        after_help = "With --json: one array of objects; with --follow one object a line. A row that counts a flood of failed sign-ins comes\nonce when it begins and, with --follow, again when its minute is over and the number has grown.\n\nExamples:\n  doorward audit list --limit 20\n  doorward audit list --event sign_in.failed --since 2026-11-26 --json\n  doorward audit list --follow --json"
    )]
    List(List),
    /// Check that nothing of the record was changed, removed, added or moved since it was sealed.
    #[command(
        after_help = "Prints the head: the number and the hash of the newest sealed batch. Keep it elsewhere and give it with --expect later: that shows\nwhether the newest rows were removed. Exit code 1 when anything is wrong.\n\nExamples:\n  doorward audit verify\n  doorward audit verify --expect 812:wBPKnP3BLfrG6z0u3eFh2Yw3V0cfmYwqbFzq1uWc3yM --json"
    )]
    Verify(Verify),
}

#[derive(Args)]
pub(super) struct List {
    /// What concerns this person alone: an e-mail address, or an id, also of an account that is deleted.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// This event alone, such as sign_in.failed, or all of a kind, such as sign_in.
    #[arg(long, value_name = "EVENT", value_parser = event)]
    event: Option<String>,
    /// What happened since: 2026-11-26T08:00:00Z, a date, or how long ago, such as 90s, 15m, 24h or 7d.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// The newest so many [default: all; with --follow none].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Go on with what happens from now on, until interrupted.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Verify {
    /// The head that was printed before, as BATCH:HASH.
    #[arg(long, value_name = "HEAD", value_parser = head)]
    expect: Option<Head>,
    #[command(flatten)]
    output: Output,
}

/// A point in time, or how long ago it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    At(Timestamp),
    Ago(i64),
}

type Head = (i64, String);

fn since(text: &str) -> Result<Since, String> {
    let wrong = |_| "write a time such as 2026-11-26T08:00:00Z, a date, or how long ago: 90s, 15m, 24h, 7d".to_owned();
    arguments::seconds(text).map(Since::Ago).map_or_else(|| text.parse().map(Since::At).map_err(wrong), Ok)
}

fn event(text: &str) -> Result<String, String> {
    let is_known = |name: &&Name| name.as_str() == text || name.as_str().split('.').next() == Some(text);
    if Name::ALL.iter().any(|name| is_known(&name)) {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = Name::ALL.iter().map(|name| name.as_str()).collect();
    Err(format!("there is no such event; there are: {}", names.join(", ")))
}

fn head(text: &str) -> Result<Head, String> {
    let parts = text.split_once(':').and_then(|(batch, hash)| Some((batch.parse().ok()?, hash.to_owned())));
    parts.ok_or_else(|| "write it as it was printed: BATCH:HASH".to_owned())
}

impl AuditCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        match self {
            Self::List(list) => {
                let (storage, registry) = start::registry(&context.config, Opening::Existing).await?;
                let done = list.run(&context, &storage, &registry).await;
                storage.close().await;
                done
            }
            Self::Verify(verify) => {
                let (storage, record) = start::audit(&context.config).await?;
                let done = verify.run(record).await;
                storage.close().await;
                done
            }
        }
    }
}

impl List {
    async fn run(self, context: &Context, storage: &Storage, registry: &Registry) -> Result<(), Failure> {
        let user_id = match &self.user {
            Some(user) => Some(registry.recorded_user(user).await.map_err(refused)?),
            None => None,
        };
        let since = match self.since {
            Some(Since::At(at)) => at,
            Some(Since::Ago(seconds)) => context.clock.now().minus(seconds),
            None => Timestamp::from_seconds(i64::MIN),
        };
        let filter = AuditFilter { user_id: user_id.as_deref(), event: self.event.as_deref(), since };
        if self.follow {
            let wants_former = self.since.is_some() || self.limit.is_some();
            return follow::follow(storage, &filter, (self.limit, wants_former), self.output).await;
        }
        let mut printed = Printed::new(self.output);
        if let Some(limit) = self.limit {
            let rows = storage.read().await?.newest_audit(&filter, i64::from(limit)).await?;
            rows.iter().for_each(|listed| printed.row(&listed.row));
        } else {
            let mut after = first(storage, &filter).await?;
            loop {
                let rows = storage.read().await?.audit_after(after, &filter, PAGE).await?;
                rows.iter().for_each(|listed| printed.row(&listed.row));
                let Some(last) = rows.last() else { break };
                after = last.row.id;
            }
        }
        printed.end();
        Ok(())
    }
}

/// The number after which those begin that are wanted.
async fn first(storage: &Storage, filter: &AuditFilter<'_>) -> Result<i64, Failure> {
    let mut reader = storage.read().await?;
    Ok(match reader.first_audit_since(filter.since).await? {
        Some(id) => id - 1,
        None => reader.last_audit_id().await?,
    })
}

/// Rows as they are printed, however many: one by one.
struct Printed {
    output: Output,
    count: u64,
}

impl Printed {
    const fn new(output: Output) -> Self {
        Self { output, count: 0 }
    }

    fn row(&mut self, row: &Row) {
        let before = if self.count == 0 { "[" } else { "," };
        self.count += 1;
        if self.output.json { part(format!("{before}{}", thing(row))) } else { line(words(row)) }
    }

    fn end(self) {
        match (self.output.json, self.count) {
            (true, 0) => line("[]"),
            (true, _) => line("]"),
            (false, 0) => line("Nothing is recorded."),
            (false, _) => {}
        }
    }
}

/// A row as JSON.
fn thing(row: &Row) -> Value {
    json!({
        "id": row.id,
        "at": Timestamp::from_seconds(row.at).to_string(),
        "event": row.event,
        "actor": row.actor,
        "subject": row.subject,
        "user": row.user_id,
        "client_id": row.client_id,
        "network": row.network,
        "trace": row.trace,
        "outcome": row.outcome,
        "count": row.times,
        "details": serde_json::from_str::<Value>(&row.details).unwrap_or_default(),
    })
}

/// A row in one line: what controls the text around it is escaped.
fn words(row: &Row) -> String {
    let or = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    let times = if row.times > 1 { format!(" x{}", row.times) } else { String::new() };
    let details = if row.details == "{}" { "" } else { &row.details };
    let text = format!(
        "{}  {:22} {:8} {}  {}  {}  {}{times}  {details}",
        Timestamp::from_seconds(row.at),
        row.event,
        row.outcome,
        row.actor,
        or(&row.subject),
        or(&row.client_id),
        or(&row.network),
    );
    printable::escaped(text.trim_end())
}

impl Verify {
    async fn run(self, record: Option<AuditRecord>) -> Result<(), Failure> {
        let record = record.ok_or_else(|| {
            Failure::internal(
                "this needs the master key: give it in keys.master_key_file or DOORWARD__KEYS__MASTER_KEY",
            )
        })?;
        let found = record.verify(self.expect.as_ref()).await?;
        if self.output.json {
            line(report(&found));
        } else {
            say(&found);
        }
        if self.expect.is_some() && !found.has_expected && found.faults.is_empty() {
            note("The batch that was noted was removed for its age since: note the head anew.");
        }
        match found.faults.len() {
            0 => Ok(()),
            count => Err(Failure::internal(format!("the audit record is not as it was written: {count} findings"))),
        }
    }
}

fn report(found: &Verified) -> Value {
    json!({
        "ok": found.faults.is_empty(),
        "head": found.head.as_ref().map(|(batch, hash)| json!({ "batch": batch, "hash": hash })),
        "batches": found.batches,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "removed_through": found.removed_through,
        "faults": value(&found.faults),
    })
}

fn say(found: &Verified) {
    match &found.head {
        Some((batch, hash)) => line(format!("head      {batch}:{hash}")),
        None => line("head      -"),
    }
    line(format!("sealed    {} rows in {} batches", found.sealed, found.batches));
    line(format!("unsealed  {} rows", found.unsealed));
    if let Some(batch) = found.removed_through {
        line(format!("removed   batches up to {batch}, for their age"));
    }
    if found.faults.is_empty() {
        line("The record is as it was written.");
    }
    found.faults.iter().for_each(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_a_date_or_how_long_ago() {
        assert_eq!(since("15m"), Ok(Since::Ago(900)));
        assert_eq!(since("7d"), Ok(Since::Ago(604_800)));
        assert_eq!(since("1970-01-02"), Ok(Since::At(Timestamp::from_seconds(86_400))));
        assert_eq!(since("1970-01-01T01:00:00+01:00"), Ok(Since::At(Timestamp::from_seconds(0))));
        for wrong in ["", "m", "7w", "-1d", "yesterday", "1970-13-01", "ü"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
        assert!(event("sign_in").is_ok() && event("sign_in.failed").is_ok());
        assert!(event("sign").is_err() && event("sign_in.").is_err());
    }
}
