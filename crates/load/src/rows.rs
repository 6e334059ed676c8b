//! The rows of the table, with what each is to reach, and the usual run that fills them.

use crate::Outcome;
use crate::arguments::Arguments;
use crate::bench::{Bench, Spec, Subject};
use crate::cores::Cores;
use crate::doorward::{Doorward, Kind, PASSWORD, public};
use crate::floor::Floor;
use crate::http::Connection;
use crate::installation::{Installation, JWKS};
use crate::memory;
use crate::operation::{Operation, get};
use crate::passkey::{self, PasskeySignIn};
use crate::process::Running;
use crate::progress::Progress;
use crate::report::{Report, Row};
use crate::round::{Spread, Workload};

/// The operations at the log level that was asked for.
pub const OPERATIONS: [(Kind, Spec); 10] = [
    (Kind::Jwks, spec("jwks", "JWKS", Floor::H, 1.8)),
    (Kind::Discovery, spec("discovery", "discovery", Floor::H, 1.8)),
    (Kind::ClientCredentials, spec("client-credentials", "client credentials, RS256", Floor::S, 1.05)),
    (Kind::Introspection, spec(INTROSPECTION, "introspection, active", Floor::S, 0.2)),
    (Kind::ApiKey, spec(API_KEY, "introspection of an API key", Floor::S, 0.26)),
    (Kind::Trade, spec("api-key-trade", "API key for a token, RS256", Floor::S, 1.3)),
    (Kind::Userinfo, spec("userinfo", "userinfo, active", Floor::S, 0.2)),
    (Kind::Code, spec("code", "authorization code flow, two signatures", Floor::S, 3.2)),
    (Kind::Refresh, spec("refresh", "refresh, two signatures", Floor::S, 2.7)),
    // Last: its key may have to wait until verifiers know it.
    (Kind::Es256, spec("client-credentials-es256", "client credentials, ES256", Floor::E, 1.5)),
];

/// Those at log level error.
const QUIET: [(Kind, Spec); 2] = [
    (Kind::Jwks, spec("jwks-error", "JWKS, log level error", Floor::H, 1.4)),
    (Kind::Discovery, spec("discovery-error", "discovery, log level error", Floor::H, 1.4)),
];

/// A sign-in with a passkey, at a server of its own: one that has a name. What it is to reach is not settled.
const PASSKEY: Spec =
    Spec { name: "passkey", title: "sign-in with a passkey, page and answer", floor: Floor::S, target: None };

const INTROSPECTION: &str = "introspection";
const API_KEY: &str = "api-key";
/// How many times as much as that of a token the introspection of a key may cost.
const OF_A_TOKEN: f64 = 1.3;
const MEMORY: &str = "memory";
const START: &str = "start";
/// Milliseconds from start to first answer.
const START_TARGET: f64 = 30.0;

const fn spec(name: &'static str, title: &'static str, floor: Floor, target: f64) -> Spec {
    Spec { name, title, floor, target: Some(target) }
}

/// All names that `--only` takes.
fn names() -> Vec<&'static str> {
    let specs = OPERATIONS.iter().chain(&QUIET).map(|(_, spec)| spec.name);
    specs.chain([PASSKEY.name, MEMORY, START]).collect()
}

/// A name of `--only`.
///
/// # Errors
/// A sentence with all names when it is none.
pub fn name(text: &str) -> Result<String, String> {
    if names().contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("there is no row '{text}'; there are: {}", names().join(", ")))
    }
}

/// The usual run.
///
/// # Errors
/// When the server fails, or answers as it should not.
pub async fn run(
    arguments: &Arguments,
    program: &std::path::Path,
    cores: Cores,
    progress: &Progress,
) -> Outcome<Report> {
    let rounds = arguments.rounds()?;
    let installation =
        Installation::new(program, cores, &arguments.folder(), arguments.database.as_deref(), &arguments.log_level)?;
    let mut doorward = Doorward::register(installation, rounds.connections, progress)?;
    let (mut server, _) = doorward.installation.start()?;
    doorward.sign_in(progress).await?;
    let bench = Bench::start(rounds, &cores, &jwks(&doorward).await?)?;
    let mut report = Report { about: Vec::new(), floors: Vec::new(), rows: Vec::new(), notes: Vec::new() };
    if !arguments.memory {
        for (kind, spec) in OPERATIONS.iter().filter(|(_, spec)| arguments.wants(spec.name)) {
            report.rows.push(row(&bench, &doorward, &server, (*kind, *spec), progress).await?);
        }
        let of = |name: &str| report.rows.iter().find(|row| row.name == name).cloned();
        if let (Some(token), Some(key)) = (of(INTROSPECTION), of(API_KEY)) {
            let title = "the same, beside the introspection of a token".to_owned();
            let beside = Row { name: "api-key-beside-token".to_owned(), title, ..key };
            report.rows.push(beside.times(&token, "a token's", OF_A_TOKEN));
        }
        report.rows.extend(quiet(arguments, program, cores, &bench, progress).await?);
        if arguments.wants(PASSKEY.name) {
            report.rows.push(passkeys(arguments, program, cores, &bench, progress).await?);
        }
    }
    if arguments.memory || arguments.wants(MEMORY) {
        server.stop()?;
        let (again, rows, notes) = memory::rows(&doorward, arguments, progress).await?;
        server = again;
        report.rows.extend(rows);
        report.notes.extend(notes);
    }
    server.stop()?;
    if !arguments.memory && arguments.wants(START) {
        report.rows.push(starts(&doorward.installation, arguments.starts, progress)?);
    }
    report.floors = bench.floors();
    Ok(report)
}

/// One operation of the running server.
///
/// # Errors
/// As [`run`].
pub async fn row(
    bench: &Bench,
    doorward: &Doorward,
    server: &Running,
    (kind, spec): (Kind, Spec),
    progress: &Progress,
) -> Outcome<Row> {
    let operations = doorward.operations(kind, bench.rounds.connections, progress).await?;
    let subject = Subject {
        workload: Workload::new(doorward.address(), operations),
        watched: Some(server.watched),
        installation: Some(&doorward.installation),
    };
    bench.row(spec, subject, progress).await
}

/// What the server publishes at this moment.
///
/// # Errors
/// When it does not answer.
pub async fn jwks(doorward: &Doorward) -> Outcome<String> {
    let mut connection = Connection::new(doorward.address());
    Ok(connection.exchange(&get(&doorward.address().to_string(), JWKS, "")).await?.text())
}

/// The rows of a second server, which logs errors alone. It needs no clients, and so no database but an empty one.
async fn quiet(
    arguments: &Arguments,
    program: &std::path::Path,
    cores: Cores,
    bench: &Bench,
    progress: &Progress,
) -> Outcome<Vec<Row>> {
    let wanted: Vec<_> = QUIET.iter().filter(|(_, spec)| arguments.wants(spec.name)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let installation = Installation::new(program, cores, &arguments.folder(), None, "error")?;
    let (server, _) = installation.start()?;
    let mut rows = Vec::new();
    for (kind, spec) in wanted {
        let operation = public(*kind, installation.address);
        let subject = Subject {
            workload: Workload::new(installation.address, vec![operation; bench.rounds.connections]),
            watched: Some(server.watched),
            installation: Some(&installation),
        };
        rows.push(bench.row(*spec, subject, progress).await?);
    }
    server.stop()?;
    Ok(rows)
}

/// The row of a server whose people have passkeys, one for each connection.
async fn passkeys(
    arguments: &Arguments,
    program: &std::path::Path,
    cores: Cores,
    bench: &Bench,
    progress: &Progress,
) -> Outcome<Row> {
    let mut installation = Installation::new(program, cores, &arguments.folder(), None, &arguments.log_level)?;
    installation.set("DOORWARD__SERVER__ISSUER", &passkey::issuer(installation.address));
    let mut doorward = Doorward::register(installation, 0, progress)?;
    doorward.add_people(bench.rounds.connections, progress)?;
    let (server, _) = doorward.installation.start()?;
    let mut operations = Vec::new();
    for email in doorward.emails() {
        operations.push(Operation::Passkey(PasskeySignIn::enrol(doorward.address(), email, PASSWORD).await?));
    }
    let subject = Subject {
        workload: Workload::new(doorward.address(), operations),
        watched: Some(server.watched),
        installation: Some(&doorward.installation),
    };
    let row = bench.row(PASSKEY, subject, progress).await?;
    server.stop()?;
    Ok(row)
}

/// The time from a start on the existing database to the first answer.
fn starts(installation: &Installation, count: u32, progress: &Progress) -> Outcome<Row> {
    let mut times = Vec::new();
    for number in 0..count {
        let (server, time) = installation.start()?;
        server.stop()?;
        times.push(time.as_secs_f64() * 1e3);
        progress.step("starts", number as usize + 1, count as usize);
    }
    let Spread { median, .. } = Spread::of(times);
    Ok(Row::plain(START, "start to first 200, existing database", median, "ms", Some(START_TARGET)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_once_and_known_by_its_name() {
        let mut names = names();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]));
        assert_eq!(name("refresh").as_deref(), Ok("refresh"));
        assert!(name("jwk").unwrap_err().contains("client-credentials-es256"));
    }
}
