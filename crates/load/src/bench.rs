//! An operation beside its floor: after a warm-up of both, rounds of the one and of the other in turn, so that whatever happens to the machine
//! happens to both. The figure is the median of the rounds' ratios.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use crate::Outcome;
use crate::cores::{Cores, Place};
use crate::floor::Floor;
use crate::installation::Installation;
use crate::operation::{Operation, encoded, form_head, get, with_body};
use crate::process::{Running, Watched};
use crate::progress::Progress;
use crate::report::{FloorCost, Row};
use crate::round::{Cost, Spread, Until, Workload};

/// What an operation is called, which floor it stands on, and how near it is to come.
#[derive(Clone, Copy)]
pub struct Spec {
    /// As `--only` takes it.
    pub name: &'static str,
    /// In words.
    pub title: &'static str,
    /// Its floor.
    pub floor: Floor,
    /// How many times the floor it may take, where that is settled.
    pub target: Option<f64>,
}

/// How long is measured.
#[derive(Clone, Copy)]
pub struct Rounds {
    /// How many times.
    pub count: u32,
    /// How long each lasts.
    pub length: Duration,
    /// On how many connections at once.
    pub connections: usize,
}

/// What is measured.
pub struct Subject<'a> {
    /// What it is asked.
    pub workload: Workload,
    /// Its process, when that is known.
    pub watched: Option<Watched>,
    /// Where its log is emptied before each round, if it is one of ours.
    pub installation: Option<&'a Installation>,
}

/// The floors' process, and what it took so far.
pub struct Bench {
    /// How long is measured.
    pub rounds: Rounds,
    floors: Running,
    address: SocketAddr,
    taken: Mutex<BTreeMap<Floor, Vec<f64>>>,
}

impl Bench {
    /// Starts the floors. `jwks` is what `H` answers.
    ///
    /// # Errors
    /// When this program cannot be started once more.
    pub fn start(rounds: Rounds, cores: &Cores, jwks: &str) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["floor", jwks]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = cores.spawn(Place::Measured, &mut command)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let floors = Running::new(child)?;
        let address = line.trim().parse().map_err(|_| "the process of the floors has ended")?;
        Ok(Self { rounds, floors, address, taken: Mutex::default() })
    }

    /// Measures an operation beside its floor.
    ///
    /// # Errors
    /// The first error of an operation.
    pub async fn row(&self, spec: Spec, subject: Subject<'_>, progress: &Progress) -> Outcome<Row> {
        let Subject { mut workload, watched, installation } = subject;
        let mut beside = self.workload(spec.floor);
        beside.run(Until::Elapsed(self.rounds.length / 2)).await?;
        workload.run(Until::Elapsed(self.rounds.length / 2)).await?;
        let mut turns: Vec<(Cost, Cost)> = Vec::new();
        for round in 0..self.rounds.count {
            progress.step(spec.title, round as usize, self.rounds.count as usize);
            installation.map_or(Ok(()), Installation::empty_log)?;
            let floor = beside.measure(Some(self.floors.watched), self.rounds.length).await?;
            turns.push((floor, workload.measure(watched, self.rounds.length).await?));
        }
        progress.step(spec.title, turns.len(), turns.len());
        if let Ok(mut taken) = self.taken.lock() {
            taken.entry(spec.floor).or_default().extend(turns.iter().map(|(floor, _)| floor.micros()));
        }
        let ratio = Spread::of(turns.iter().map(|(floor, own)| own.micros() / floor.micros()));
        let of_own = |figure: fn(&Cost) -> f64| Spread::of(turns.iter().map(|(_, own)| figure(own)));
        let busiest = turns.iter().flat_map(|(floor, own)| [floor.generator_share(), own.generator_share()]);
        Ok(Row {
            // From the outside there is wall time alone, which is no multiple of anybody's CPU time.
            ratio: watched.is_some().then_some(ratio),
            of: watched.is_some().then_some(spec.floor.name()),
            generator: Some(Spread::of(busiest).high),
            server: watched.map(|_| Spread::of(turns.iter().filter_map(|(_, own)| own.server_share())).median),
            per_second: Some(of_own(Cost::per_second).median),
            ..Row::plain(spec.name, spec.title, of_own(Cost::micros).median, "µs", spec.target)
        }
        .judged())
    }

    /// What the floors took, over all rows.
    pub fn floors(&self) -> Vec<FloorCost> {
        let Ok(taken) = self.taken.lock() else { return Vec::new() };
        let cost = |floor: Floor| {
            let micros = Spread::of(taken.get(&floor)?.iter().copied()).median;
            Some(FloorCost { floor, micros })
        };
        Floor::ALL.into_iter().filter_map(cost).collect()
    }

    fn workload(&self, floor: Floor) -> Workload {
        let host = self.address.to_string();
        let body = encoded(&[
            ("grant_type", "client_credentials"),
            ("scope", "load:read"),
            ("resource", "https://api.example.org"),
        ]);
        // As long as the requests to the server.
        let authorization = format!("Authorization: Basic {}\r\n", "x".repeat(90));
        let operation = match floor {
            Floor::H => Operation::Same { request: get(&host, floor.path(), ""), has: "\"keys\"" },
            Floor::S | Floor::E => {
                let request = with_body(&form_head(&host, floor.path(), &authorization), &body);
                Operation::Same { request, has: "\"access_token\"" }
            }
        };
        Workload::new(self.address, vec![operation; self.rounds.connections])
    }
}
