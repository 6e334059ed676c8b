//! Scale: the operations on a small database, then on one with many clients and refresh tokens. Both times beside the floors, so that the
//! growth is the server's and not the machine's.
//!
//! The clients come from the command line, several commands at a time beside the running server; the refresh tokens from the authorization
//! code flow. Both are slow, and the only public ways that there are.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::bench::Bench;
use crate::cores::Cores;
use crate::doorward::{Doorward, REDIRECT_URI, application};
use crate::installation::Installation;
use crate::operation::{Application, Asks, CodeFlow, Operation};
use crate::process::Running;
use crate::progress::Progress;
use crate::report::{Report, Row};
use crate::round::{Until, Workload};
use crate::rows::{OPERATIONS, jwks, row};

/// By how much an operation may become dearer.
const GROWTH: f64 = 1.10;
/// What those clients are allowed and ask for.
const SCOPE: &str = "openid offline_access";
/// How many grants are asked for between two words about it.
const PART: u64 = 2_000;

/// Measures, fills the database, measures again.
///
/// # Errors
/// When the server fails, or answers as it should not.
pub async fn run(arguments: &Arguments, program: &Path, cores: Cores, progress: &Progress) -> Outcome<Report> {
    let rounds = arguments.rounds()?;
    let database = arguments.database.as_deref();
    let installation = Installation::new(program, cores, &arguments.folder(), database, &arguments.log_level)?;
    let mut doorward = Doorward::register(installation, rounds.connections, progress)?;
    let (server, _) = doorward.installation.start()?;
    doorward.sign_in(progress).await?;
    let bench = Bench::start(rounds, &cores, &jwks(&doorward).await?)?;
    let before = all(arguments, &bench, &doorward, &server, progress).await?;

    let mut notes = Vec::new();
    let used = server.watched.cpu()?;
    let clients = register_clients(&doorward.installation, arguments.clients, cores.count(), progress)?;
    let used = server.watched.cpu()?.saturating_sub(used);
    notes.push(format!(
        "{} clients were registered one by one beside the server, which took {:.0} µs of its CPU for each",
        clients.len(),
        used.as_secs_f64() * 1e6 / clients.len().max(1) as f64
    ));
    doorward.add_people(arguments.people.max(rounds.connections), progress)?;
    doorward.sign_in(progress).await?;
    fill(&doorward, &clients, arguments.refresh_tokens, rounds.connections, progress).await?;
    notes.push(format!("the server holds {:.1} MiB then", server.watched.resident_kib()? as f64 / 1024.0));

    let after = all(arguments, &bench, &doorward, &server, progress).await?;
    server.stop()?;
    let rows = before.iter().zip(&after).map(|(before, after)| growth(before, after)).collect();
    Ok(Report { about: Vec::new(), floors: bench.floors(), rows, notes })
}

async fn all(
    arguments: &Arguments,
    bench: &Bench,
    doorward: &Doorward,
    server: &Running,
    progress: &Progress,
) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for operation in OPERATIONS.iter().filter(|(_, spec)| arguments.wants(spec.name)) {
        rows.push(row(bench, doorward, server, *operation, progress).await?);
    }
    Ok(rows)
}

/// One row: how many times the former cost the later one is.
fn growth(before: &Row, after: &Row) -> Row {
    after.clone().times(before, "before", GROWTH)
}

/// Registers web applications of ours, for which nobody is asked to consent.
fn register_clients(
    installation: &Installation,
    count: usize,
    at_once: usize,
    progress: &Progress,
) -> Outcome<Vec<Application>> {
    let host = installation.address.to_string();
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    std::thread::scope(|scope_of_threads| {
        let register = || -> Outcome<()> {
            while next.fetch_add(1, Ordering::Relaxed) < count {
                let arguments = [
                    "client",
                    "create",
                    "--type",
                    "web",
                    "--name",
                    "App",
                    "--first-party",
                    "--redirect-uri",
                    REDIRECT_URI,
                    "--scope",
                    SCOPE,
                ];
                let client = application(&host, &installation.run(&arguments, "")?)?;
                made.lock().map_err(|_| "another command has failed")?.push(client);
            }
            Ok(())
        };
        let threads: Vec<_> = (0..at_once).map(|_| scope_of_threads.spawn(register)).collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            progress.step("clients", made.lock().map_or(0, |made| made.len()), count);
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread has panicked")?)
    })?;
    progress.step("clients", count, count);
    Ok(made.into_inner().map_err(|_| "a thread has panicked")?)
}

/// Has grants made, each with a refresh token, evenly over clients and people.
async fn fill(
    doorward: &Doorward,
    clients: &[Application],
    count: u64,
    connections: usize,
    progress: &Progress,
) -> Outcome<()> {
    if clients.is_empty() {
        return Ok(());
    }
    let mut done = 0;
    while done < count {
        let part = PART.min(count - done);
        let each = part.div_ceil(connections as u64);
        let flow = |number: u64| {
            let (client, round) = (number as usize % clients.len(), number as usize / clients.len());
            let asks = Asks { redirect_uri: REDIRECT_URI, scope: SCOPE, resource: None };
            CodeFlow::new(&clients[client], asks, doorward.cookies(client + round))
        };
        let of_one = |connection: u64| {
            let first = done + connection * each;
            (first..(first + each).min(done + part)).map(flow).collect::<Vec<_>>()
        };
        let shares = (0..connections as u64).map(of_one).filter(|flows| !flows.is_empty());
        let operations = shares.map(|flows| Operation::Codes { flows, next: 0 });
        Workload::new(doorward.address(), operations).run(Until::Done(part)).await?;
        done += part;
        doorward.installation.empty_log()?;
        progress.step("refresh tokens", done as usize, count as usize);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round::Spread;

    #[test]
    fn growth_is_the_ratio_of_the_ratios() {
        let row = |median| Row {
            ratio: Some(Spread { median, low: median - 0.1, high: median + 0.1 }),
            ..Row::plain("refresh", "refresh", 600.0, "µs", Some(2.7))
        };
        let grown = growth(&row(2.0), &row(2.3));
        assert_eq!(grown.met, Some(false));
        assert!((grown.ratio.unwrap().median - 1.15).abs() < 1e-9);
        assert_eq!(growth(&row(2.0), &row(2.2)).met, Some(true));
    }
}
