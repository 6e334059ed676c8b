//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::bench::Rounds;
use crate::{Outcome, rows};

/// What a request to Doorward costs, beside what the machine allows: starts a release server on a fresh database, measures it, prints a table.
#[derive(Parser)]
#[command(
    name = "doorward-load",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  cargo run --release -p doorward-load\n  cargo run --release -p doorward-load -- --only jwks,refresh --seconds 2\n  cargo run --release -p doorward-load -- --memory --json\n  cargo run --release -p doorward-load -- --scale\n  cargo run --release -p doorward-load -- --against http://127.0.0.1:8000 --client-id ID --client-secret SECRET --pid 4711\n\ndocs/load.md tells what is measured, and how to read it."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub hidden: Option<Hidden>,
    /// The server's program [default: built first, by `cargo build --release`].
    #[arg(long, value_name = "PATH")]
    pub server: Option<PathBuf>,
    /// A fresh PostgreSQL database, as postgres://USER@HOST/NAME [default: SQLite in a temporary folder].
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// These rows alone, separated by commas.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = rows::name)]
    pub only: Vec<String>,
    /// How long a round of one operation lasts, in seconds.
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub seconds: f64,
    /// How many rounds each operation and its floor have, in turn.
    #[arg(long, value_name = "N", default_value_t = 9)]
    pub rounds: u32,
    /// How many keep-alive connections ask at once.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub connections: usize,
    /// The server's log level.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: String,
    /// How many starts are timed.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub starts: u32,
    /// How many reads of each kind go before memory is read again [default: 50,000; with --memory 1,000,000].
    #[arg(long, value_name = "N")]
    pub reads: Option<u64>,
    /// How many writes of each kind [default: 5,000; with --memory 100,000].
    #[arg(long, value_name = "N")]
    pub writes: Option<u64>,
    /// Memory alone, under a long load.
    #[arg(long, conflicts_with_all = ["only", "scale", "against"])]
    pub memory: bool,
    /// The operations before and after the database has many clients and refresh tokens.
    #[arg(long, conflicts_with = "against")]
    pub scale: bool,
    /// Many people who sign in at once: memory, and how long a service waits for its tokens meanwhile.
    #[arg(long, conflicts_with_all = ["only", "memory", "scale", "against"])]
    pub storm: bool,
    /// Local sign-in beside a provider that takes connections and never answers.
    #[arg(long, conflicts_with_all = ["only", "memory", "scale", "storm", "database", "against"])]
    pub black_hole: bool,
    /// Asking for mails at addresses with an account and without, the page of a link, and the mails that leave.
    #[arg(long, conflicts_with_all = ["only", "memory", "scale", "storm", "black_hole", "against"])]
    pub mails: bool,
    /// How many sign in at once.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub sign_ins: usize,
    /// How many clients --scale registers.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub clients: usize,
    /// How many refresh tokens --scale has issued.
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub refresh_tokens: u64,
    /// How many people share them, or sign in with --storm.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub people: usize,
    /// Another server, by its issuer: what standard protocols reach of it. http only.
    #[arg(long, value_name = "URL")]
    pub against: Option<url::Url>,
    /// Its process, if it runs here: then its CPU time is measured, else wall time.
    #[arg(long, requires = "against")]
    pub pid: Option<i32>,
    /// A client there that may use client credentials, with Basic authentication, and introspect what it gets.
    #[arg(long, value_name = "ID", requires = "against")]
    pub client_id: Option<String>,
    /// Its secret.
    #[arg(
        long,
        value_name = "SECRET",
        requires = "client_id",
        env = "DOORWARD_LOAD_CLIENT_SECRET",
        hide_env_values = true
    )]
    pub client_secret: Option<String>,
    /// The scope that it asks for.
    #[arg(long, value_name = "'A B'", requires = "client_id")]
    pub scope: Option<String>,
    /// The token to introspect [default: one that it gets].
    #[arg(long, value_name = "TOKEN", requires = "client_id")]
    pub token: Option<String>,
    /// The core of the server and the floors [default: the last].
    #[arg(long, value_name = "N")]
    pub server_core: Option<usize>,
    /// The core of the generator [default: the first].
    #[arg(long, value_name = "N")]
    pub generator_core: Option<usize>,
    /// Where the temporary folder is made; SQLite's fsync costs what this file system takes for it.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Print one JSON value instead of the table.
    #[arg(long)]
    pub json: bool,
}

/// What this program starts itself with.
#[derive(Subcommand)]
pub enum Hidden {
    /// The process of the floors.
    #[command(hide = true)]
    Floor {
        /// What H answers.
        jwks: String,
    },
}

impl Arguments {
    /// How long is measured.
    ///
    /// # Errors
    /// When nothing would be.
    pub fn rounds(&self) -> Outcome<Rounds> {
        if self.rounds == 0 || self.connections == 0 || !(0.01..=3600.0).contains(&self.seconds) {
            return Err("--rounds, --connections and --seconds must leave something to measure".into());
        }
        let length = Duration::from_secs_f64(self.seconds);
        Ok(Rounds { count: self.rounds, length, connections: self.connections })
    }

    /// Whether a row is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// How many reads and writes of each kind go before memory is read again.
    pub fn loads(&self) -> (u64, u64) {
        let (reads, writes) = if self.memory { (1_000_000, 100_000) } else { (50_000, 5_000) };
        (self.reads.unwrap_or(reads), self.writes.unwrap_or(writes))
    }

    /// Where the temporary folder is made.
    pub fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(std::env::temp_dir)
    }
}
