//! Numbers for Prometheus: how many, how long, and how full. Off unless `[metrics] listen` is set; then whoever counts here pays a look-up.
//!
//! Every label has few values, known beforehand: a route of ours, a method, a status, the name of a rule. Nothing that was sent ever becomes
//! one, so nobody can fill the memory with labels, and no number names a person.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::failure::Failure;

/// The upper ends of the buckets for durations, in seconds: a key set takes tens of microseconds, a sign-in tens of milliseconds.
const SECONDS: &[f64] = &[0.000_25, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to count in this process. A second call does nothing.
///
/// # Errors
/// When something else counts in this process already.
pub fn start() -> Result<(), Failure> {
    if HANDLE.get().is_some() {
        return Ok(());
    }
    let builder = PrometheusBuilder::new().set_buckets(SECONDS).map_err(Failure::internal)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| Failure::internal("the numbers are counted already"))?;
    let _ = HANDLE.set(handle);
    describe();
    gauge!("doorward_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(())
}

fn describe() {
    describe_gauge!("doorward_build_info", "Always 1; the label says which version runs.");
    describe_counter!("doorward_requests_total", "Requests answered.");
    describe_histogram!("doorward_request_duration_seconds", "How long answers took.");
    describe_counter!("doorward_refusals_total", "Requests refused, by the rule that said no.");
    describe_counter!(
        "doorward_failures_total",
        "Requests that failed for a fault of this server or of what it leans on."
    );
    describe_counter!("doorward_tokens_total", "Token answers given, by grant type.");
    describe_counter!("doorward_events_total", "What stands in the audit record since the start of this node.");
    describe_gauge!("doorward_connections", "Connections of clients that are open.");
    describe_gauge!("doorward_hashes_running", "Passwords that are being hashed.");
    describe_gauge!("doorward_hashes_waiting", "Passwords that wait to be hashed.");
    describe_gauge!("doorward_database_connections", "Connections to the database that are lent to somebody.");
    describe_gauge!("doorward_database_connections_max", "Connections to the database at most.");
    describe_gauge!("doorward_outbox_notices", "Logout tokens that are still to be delivered.");
    describe_gauge!("doorward_outbox_oldest_seconds", "For how long the oldest of them has waited.");
    describe_gauge!("doorward_outbox_mails", "Mails that are still to be sent.");
    describe_gauge!("doorward_outbox_mails_oldest_seconds", "For how long the oldest of them has waited.");
    describe_gauge!("doorward_signing_key_age_seconds", "For how long the key that signs has signed, by algorithm.");
    describe_gauge!(
        "doorward_locked_accounts",
        "Accounts whose password sign-in waits or is closed for unknown devices."
    );
    describe_gauge!(
        "doorward_client_secrets_expiring",
        "Secrets of clients that work now and end within the next 14 days."
    );
    describe_gauge!("doorward_second_factor_accounts", "Accounts that have a second factor.");
    describe_gauge!("process_resident_memory_bytes", "Resident memory.");
    describe_gauge!("process_open_fds", "Open file handles.");
}

/// Whether anybody counts.
pub fn is_on() -> bool {
    HANDLE.get().is_some()
}

/// What a scrape gets: the text format of Prometheus, version 0.0.4; nothing when nobody counts.
pub fn text() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Puts what was counted in its place; to be called every few seconds, so that what nobody fetches does not gather.
pub fn tidy() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// A request was answered.
pub fn request(route: &'static str, method: &'static str, status: u16, took: Duration) {
    if is_on() {
        counter!("doorward_requests_total", "route" => route, "method" => method, "status" => status.to_string())
            .increment(1);
        histogram!("doorward_request_duration_seconds", "route" => route).record(took);
    }
}

/// A request was refused by this rule.
pub fn refusal(rule: &'static str) {
    if is_on() {
        counter!("doorward_refusals_total", "rule" => rule).increment(1);
    }
}

/// A request failed; passing is what trying again may help against.
pub fn failure(passing: bool) {
    if is_on() {
        let kind = if passing { "passing" } else { "internal" };
        counter!("doorward_failures_total", "kind" => kind).increment(1);
    }
}

/// Connections of clients have come, or gone.
pub fn connections(more: i32) {
    if is_on() {
        gauge!("doorward_connections").increment(f64::from(more));
    }
}

/// Tokens were given.
pub fn tokens(grant_type: &'static str) {
    if is_on() {
        counter!("doorward_tokens_total", "grant_type" => grant_type).increment(1);
    }
}

/// An event was recorded.
pub fn event(name: &'static str, outcome: &'static str) {
    if is_on() {
        counter!("doorward_events_total", "event" => name, "outcome" => outcome).increment(1);
    }
}

/// What a scrape finds as it stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Passwords that are being hashed, and those that wait.
    pub hashes: (usize, usize),
    /// Of each pool of connections to the database its name, how many are lent, and how many there are at most.
    pub pools: Vec<(&'static str, usize, usize)>,
    /// Notices in the outbox, and the age of the oldest in seconds; `None` while the database is away.
    pub outbox: Option<(i64, i64)>,
    /// The same of mails.
    pub mails: Option<(i64, i64)>,
    /// Of each algorithm its name and for how many seconds its key has signed.
    pub keys: Vec<(&'static str, i64)>,
    /// Accounts that are locked for unknown devices; `None` while the database is away.
    pub locked: Option<i64>,
    /// Accounts that have a second factor; `None` while the database is away.
    pub second_factors: Option<i64>,
    /// Secrets of clients that end soon; `None` while the database is away.
    pub secrets_expiring: Option<i64>,
}

/// Notes how things stand.
pub fn stand(standing: &Standing) {
    gauge!("doorward_hashes_running").set(standing.hashes.0 as f64);
    gauge!("doorward_hashes_waiting").set(standing.hashes.1 as f64);
    for (pool, lent, most) in &standing.pools {
        gauge!("doorward_database_connections", "pool" => *pool).set(*lent as f64);
        gauge!("doorward_database_connections_max", "pool" => *pool).set(*most as f64);
    }
    if let Some((mails, oldest)) = standing.mails {
        gauge!("doorward_outbox_mails").set(mails as f64);
        gauge!("doorward_outbox_mails_oldest_seconds").set(oldest as f64);
    }
    if let Some((notices, oldest)) = standing.outbox {
        gauge!("doorward_outbox_notices").set(notices as f64);
        gauge!("doorward_outbox_oldest_seconds").set(oldest as f64);
    }
    for (algorithm, age) in &standing.keys {
        gauge!("doorward_signing_key_age_seconds", "algorithm" => *algorithm).set(*age as f64);
    }
    if let Some(locked) = standing.locked {
        gauge!("doorward_locked_accounts").set(locked as f64);
    }
    if let Some(accounts) = standing.second_factors {
        gauge!("doorward_second_factor_accounts").set(accounts as f64);
    }
    if let Some(expiring) = standing.secrets_expiring {
        gauge!("doorward_client_secrets_expiring").set(expiring as f64);
    }
    if let Some((memory, handles)) = process() {
        gauge!("process_resident_memory_bytes").set(memory as f64);
        gauge!("process_open_fds").set(handles as f64);
    }
}

/// The resident memory of this process in bytes and the number of its open file handles, where the system says so.
fn process() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB");
    let handles = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some((kilobytes.parse::<u64>().ok()? * 1024, u64::try_from(handles).ok()?))
}
