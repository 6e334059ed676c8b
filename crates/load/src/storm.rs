//! A storm: many people sign in at once, each from a network of their own, while a service goes on asking for tokens. What the server holds
//! meanwhile, how much longer the service waits, and what became of the sign-ins.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::arguments::Arguments;
use crate::browser::Browser;
use crate::clock::Moment;
use crate::cores::Cores;
use crate::doorward::{Doorward, Kind, PASSWORD};
use crate::http::Connection;
use crate::installation::Installation;
use crate::operation::Operation;
use crate::process::Watched;
use crate::progress::Progress;
use crate::report::{Report, Row};
use crate::{Outcome, Problem};

/// How long the service is alone with the server.
const CALM: Duration = Duration::from_secs(10);
/// How many connections the service has.
const SERVICE: usize = 4;
/// How long it pauses between two requests: it is a service and no load.
const PAUSE: Duration = Duration::from_millis(5);
/// How often memory is read.
const LOOK: Duration = Duration::from_millis(20);
/// MiB that the server may hold in the storm.
const MEMORY: f64 = 150.0;
/// How many times as long a token may take in the storm, at the 99th percentile.
const SLOWER: f64 = 2.0;

/// What became of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcomes {
    SignedIn,
    ToldToWait,
}

/// Measures.
///
/// # Errors
/// When the server fails, or answers a sign-in with anything but success or 503 with `Retry-After`.
pub async fn run(
    arguments: &Arguments,
    program: &std::path::Path,
    cores: Cores,
    progress: &Progress,
) -> Outcome<Report> {
    let (folder, database) = (arguments.folder(), arguments.database.as_deref());
    let mut installation = Installation::new(program, cores, &folder, database, &arguments.log_level)?;
    // Each request says from where it comes, as a proxy does.
    installation.set("DOORWARD__SERVER__TRUSTED_PROXIES", "127.0.0.1");
    let people = arguments.people.min(arguments.sign_ins).max(1);
    let doorward = Doorward::register(installation, people, progress)?;
    let (server, _) = doorward.installation.start()?;
    let service = doorward.operations(Kind::ClientCredentials, SERVICE, progress).await?;
    let request = match service.first() {
        Some(Operation::Same { request, .. }) => request.clone(),
        _ => return Err("the service has no request".into()),
    };
    progress.say("the service alone");
    let (calm, _) = tokens_meanwhile(&doorward, &request, tokio::time::sleep(CALM)).await?;
    let mut browsers = Vec::new();
    for number in 0..arguments.sign_ins {
        let mut browser = Browser::from(doorward.address(), &format!("198.18.{}.{}", number / 250, number % 250 + 1));
        browser.ready_to_sign_in().await?;
        browsers.push(browser);
        progress.step("browsers at the sign-in page", number + 1, arguments.sign_ins);
    }
    let before = mib(&server.watched)?;
    progress.say("the storm");
    let began = Moment::now();
    let (most, over) = (Rc::new(Cell::new(before)), Rc::new(Cell::new(false)));
    let watching = watch(server.watched, most.clone(), over.clone());
    let signing_in = async {
        let outcomes = sign_in_all(browsers, doorward.emails()).await;
        over.set(true);
        outcomes
    };
    let meanwhile = async { tokio::join!(signing_in, watching) };
    let (storm, (outcomes, watched)) = tokens_meanwhile(&doorward, &request, meanwhile).await?;
    watched?;
    let lasted = began.elapsed();
    let outcomes = outcomes?;
    server.stop()?;
    Ok(report(&outcomes, (most.get(), before), (&calm, &storm), lasted))
}

fn report(
    outcomes: &[Outcomes],
    (most, before): (f64, f64),
    (calm, storm): (&[f64], &[f64]),
    lasted: Duration,
) -> Report {
    let (calm_p99, storm_p99) = (percentile(calm, 99), percentile(storm, 99));
    let signed_in = outcomes.iter().filter(|outcome| **outcome == Outcomes::SignedIn).count();
    let told = outcomes.len() - signed_in;
    let rows = vec![
        Row::plain("storm-memory", "most memory in the storm", most, "MiB", Some(MEMORY)),
        Row::plain(
            "storm-slower",
            "a token's 99th percentile, times that before",
            storm_p99 / calm_p99,
            "x",
            Some(SLOWER),
        ),
        Row::plain("calm-p99", "a token, 99th percentile, the service alone", calm_p99, "ms", None),
        Row::plain("storm-p99", "a token, 99th percentile, in the storm", storm_p99, "ms", None),
        Row::plain("storm-length", "until the last sign-in was answered", lasted.as_secs_f64(), "s", None),
    ];
    let notes = vec![
        format!(
            "{} sign-ins at once: {signed_in} signed in, {told} were told to wait (503 with Retry-After)",
            outcomes.len()
        ),
        format!("memory before the storm {before:.1} MiB"),
        format!(
            "a token's median {:.2} ms alone ({} requests), {:.2} ms in the storm ({} requests)",
            percentile(calm, 50),
            calm.len(),
            percentile(storm, 50),
            storm.len()
        ),
    ];
    Report { about: Vec::new(), floors: Vec::new(), rows, notes }
}

/// The latencies of token requests in milliseconds, sorted, for as long as something else takes; and what came of that.
async fn tokens_meanwhile<T>(
    doorward: &Doorward,
    request: &[u8],
    meanwhile: impl Future<Output = T>,
) -> Outcome<(Vec<f64>, T)> {
    let (over, mut asking) = (Rc::new(Cell::new(false)), JoinSet::new());
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            for _ in 0..SERVICE {
                let (over, request, mut connection) =
                    (over.clone(), request.to_vec(), Connection::new(doorward.address()));
                asking.spawn_local(async move {
                    let mut taken = Vec::new();
                    while !over.get() {
                        let began = Moment::now();
                        let answer = connection.exchange(&request).await?;
                        if answer.status != 200 {
                            return Err(answer.unexpected("a token"));
                        }
                        taken.push(began.elapsed().as_secs_f64() * 1000.0);
                        tokio::time::sleep(PAUSE).await;
                    }
                    Ok::<_, Problem>(taken)
                });
            }
            let done = meanwhile.await;
            over.set(true);
            let mut all = Vec::new();
            while let Some(taken) = asking.join_next().await {
                all.extend(taken??);
            }
            all.sort_by(f64::total_cmp);
            Ok((all, done))
        })
        .await
}

/// All press the button at once.
async fn sign_in_all(browsers: Vec<Browser>, emails: &[String]) -> Outcome<Vec<Outcomes>> {
    let mut storm = JoinSet::new();
    for (number, mut browser) in browsers.into_iter().enumerate() {
        let email = emails[number % emails.len()].clone();
        storm.spawn_local(async move {
            let (status, waits) = browser.sign_in(&email, PASSWORD).await?;
            match (status, waits) {
                (303, _) => Ok(Outcomes::SignedIn),
                (503, true) => Ok(Outcomes::ToldToWait),
                (status, _) => Err(Problem::from(format!("a sign-in was answered with {status}"))),
            }
        });
    }
    let mut outcomes = Vec::new();
    while let Some(outcome) = storm.join_next().await {
        outcomes.push(outcome??);
    }
    Ok(outcomes)
}

/// Keeps the most memory that a process holds, until it is over.
async fn watch(server: Watched, most: Rc<Cell<f64>>, over: Rc<Cell<bool>>) -> Outcome<()> {
    while !over.get() {
        most.set(most.get().max(mib(&server)?));
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn mib(server: &Watched) -> Outcome<f64> {
    Ok(server.resident_kib()? as f64 / 1024.0)
}

/// The smallest of sorted values that so many of a hundred do not exceed.
pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(
            [percentile(&values, 50), percentile(&values, 99), percentile(&values[..1], 99)],
            [100.0, 198.0, 1.0]
        );
        assert!(percentile(&[], 99).is_nan());
    }
}
