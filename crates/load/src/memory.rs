//! Memory: what the server holds when it has just started on an existing database, and what it holds after a load; sampled on the way,
//! because what matters most is that it stops growing.

use std::time::Duration;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::doorward::{Doorward, Kind};
use crate::process::Running;
use crate::progress::Progress;
use crate::report::Row;
use crate::round::{Until, Workload};

/// How many parts the load has. Each has its share of every kind, and memory is read after each.
const PARTS: u64 = 20;
/// How long a server is left alone before it counts as idle.
const REST: Duration = Duration::from_secs(3);
/// MiB that it may hold when idle, and after the load.
const IDLE: f64 = 22.0;
const LOADED: f64 = 48.0;
/// By how much of itself it may grow over the second half of the load and still be called flat.
const FLAT: f64 = 0.02;

const READS: [Kind; 4] = [Kind::Jwks, Kind::Discovery, Kind::Introspection, Kind::Userinfo];
const WRITES: [Kind; 3] = [Kind::ClientCredentials, Kind::Code, Kind::Refresh];

/// Starts the server, loads it and reads its memory; gives it back running.
///
/// # Errors
/// When the server fails, or answers as it should not.
pub async fn rows(
    doorward: &Doorward,
    arguments: &Arguments,
    progress: &Progress,
) -> Outcome<(Running, Vec<Row>, Vec<String>)> {
    let (server, _) = doorward.installation.start()?;
    tokio::time::sleep(REST).await;
    let idle = mib(&server)?;
    let (reads, writes) = arguments.loads();
    let mut samples = Vec::new();
    for part in 0..PARTS {
        for (kinds, total) in [(READS.as_slice(), reads), (WRITES.as_slice(), writes)] {
            for kind in kinds {
                // New tokens with each part: an access token lives for 15 minutes.
                let operations = doorward.operations(*kind, arguments.connections, progress).await?;
                let count = total * (part + 1) / PARTS - total * part / PARTS;
                Workload::new(doorward.address(), operations).run(Until::Done(count)).await?;
            }
        }
        doorward.installation.empty_log()?;
        samples.push(mib(&server)?);
        progress.step("parts of the load, for memory", samples.len(), PARTS as usize);
    }
    let most = samples.iter().copied().fold(idle, f64::max);
    let title = format!("memory after {reads} reads and {writes} writes of each kind");
    let rows = vec![
        Row::plain("memory-idle", "memory, idle after start", idle, "MiB", Some(IDLE)),
        Row::plain("memory-loaded", &title, most, "MiB", Some(LOADED)),
    ];
    let own = server.watched.anonymous_kib()? as f64 / 1024.0;
    let own = format!(
        "of its memory at the end {own:.1} MiB are its own; the rest are pages of files, of its program above all"
    );
    Ok((server, rows, vec![flatness(&samples), own]))
}

fn mib(server: &Running) -> Outcome<f64> {
    Ok(server.watched.resident_kib()? as f64 / 1024.0)
}

/// Whether the second half of the samples stays where it began.
fn flatness(samples: &[f64]) -> String {
    let half = &samples[samples.len() / 2..];
    let (Some(first), Some(last)) = (half.first(), half.last()) else { return "memory was not sampled".to_owned() };
    let verdict = if last - first <= first * FLAT { "flat" } else { "growing" };
    let all: Vec<String> = samples.iter().map(|sample| format!("{sample:.1}")).collect();
    format!(
        "memory is {verdict} over the second half of the load, {first:.1} to {last:.1} MiB; samples: {}",
        all.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_in_the_second_half_is_told() {
        assert!(
            flatness(&[20.0, 35.0, 40.0, 40.5])
                .starts_with("memory is flat over the second half of the load, 40.0 to 40.5")
        );
        assert!(flatness(&[20.0, 35.0, 40.0, 41.0]).starts_with("memory is growing"));
        assert!(flatness(&[40.0, 38.0, 37.0, 30.0]).starts_with("memory is flat"));
        assert_eq!(flatness(&[]), "memory was not sampled");
    }
}
