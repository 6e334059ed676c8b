//! The command line: one file per noun. Every command prints something a person can read and, with `--json`, one JSON value.

mod api_key;
mod arguments;
mod audit;
mod client;
mod client_secret;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod files;
mod health;
mod identity;
mod import;
mod invite;
mod key;
mod leaving;
mod lockout;
mod mail;
mod migrate;
mod output;
mod reset_factors;
mod resource;
mod role;
mod serve;
mod session;
mod start;
mod upstream;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::registry;
use crate::telemetry;
use output::Output;

/// The longest name at the operating system that is recorded, in bytes.
const MAX_OS_USER: usize = 64;

/// A standalone OAuth 2.1 and OpenID Connect authorization server.
#[derive(Parser)]
#[command(
    name = "doorward",
    version,
    arg_required_else_help = false,
    after_help = "Without a command: serve.\n\nExample:\n  doorward serve --listen 127.0.0.1:8000"
)]
struct Arguments {
    /// The configuration file [default: the compiled-in settings].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (what `doorward` alone does).
    Serve(serve::Serve),
    /// Try it out: the server with a sample app and a sample API, on this machine only.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Bring the database up to date.
    Migrate(migrate::Migrate),
    /// Look at the settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Applications that use this server.
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// People with an account.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Accounts at providers that sign people in.
    #[command(subcommand)]
    Identity(identity::IdentityCommand),
    /// Who is signed in, in which browser.
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Who cannot sign in now because too many attempts have failed.
    #[command(subcommand)]
    Lockout(lockout::LockoutCommand),
    /// APIs that accept our access tokens.
    #[command(subcommand)]
    Resource(resource::ResourceCommand),
    /// Roles: which scopes need one, and who has them.
    #[command(subcommand)]
    Role(role::RoleCommand),
    /// Keys for scripts of people and services.
    #[command(subcommand)]
    ApiKey(api_key::ApiKeyCommand),
    /// Providers that people may sign in through.
    #[command(subcommand)]
    Upstream(upstream::UpstreamCommand),
    /// Mails: whether they leave, and which wait.
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Signing keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// What happened: the audit record.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Ask a running server whether it is well; for container health checks.
    Health(health::Health),
}

/// What a command works with.
struct Context {
    config: Config,
    clock: Clock,
}

impl Context {
    /// The operator acts now: whoever may run commands on this machine. Under which name at the operating system is what the environment says,
    /// `sudo` first.
    fn act(&self) -> Act {
        let named = |name| std::env::var(name).ok().filter(|user| !user.is_empty() && user.len() <= MAX_OS_USER);
        let os_user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(named);
        Act { os_user, ..Act::of_operator(self.clock.now()) }
    }
}

/// Every command with its options, for the reference and for whoever checks a command line that is written down.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command line of this process: exit code 0, 1 with one sentence on stderr, or 2 for a wrong command line.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("no threads can be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(execute(arguments));
    telemetry::finish();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn execute(arguments: Arguments) -> Result<(), Failure> {
    let command = arguments.command.unwrap_or_else(|| Command::Serve(serve::Serve::default()));
    let config = Config::load(arguments.config.as_deref(), std::env::vars_os().filter_map(text));
    let config = config.map_err(|mistakes| {
        if let (Command::Serve(_), Some(log)) = (&command, &mistakes.log) {
            telemetry::start(log);
        }
        Failure::internal(mistakes)
    })?;
    let context = Context { config, clock: Clock::system() };
    match command {
        Command::Serve(serve) => serve.run(context).await,
        #[cfg(feature = "demo")]
        Command::Demo(demo) => demo.run(context).await,
        Command::Migrate(migrate) => migrate.run(context).await,
        Command::Config(command) => command.run(&context).await,
        Command::Client(command) => command.run(context).await,
        Command::User(command) => command.run(context).await,
        Command::Identity(command) => command.run(context).await,
        Command::Session(command) => command.run(context).await,
        Command::Lockout(command) => command.run(context).await,
        Command::Resource(command) => command.run(context).await,
        Command::Role(command) => command.run(context).await,
        Command::ApiKey(command) => command.run(context).await,
        Command::Upstream(command) => command.run(context).await,
        Command::Mail(command) => command.run(context).await,
        Command::Key(command) => command.run(context).await,
        Command::Audit(command) => command.run(context).await,
        Command::Health(health) => health.run(context).await,
    }
}

/// What the registry did not do, as a failed command tells it.
fn refused(error: registry::Error) -> Failure {
    match error {
        registry::Error::Failed(failure) => failure,
        other => Failure::internal(other),
    }
}

fn text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}
