//! The log: to standard error, one line per event, for people or as JSON. What is written never holds a secret: secrets are
//! types that print nothing, and no request is logged beyond its method, path and outcome.

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Begins to write the log of this process. A second call does nothing.
pub fn start(config: &LogConfig) {
    let filter = EnvFilter::new(format!("{level},sqlx=warn,hyper=warn,h2=warn,rustls=warn", level = config.level));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let _ = match config.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}
