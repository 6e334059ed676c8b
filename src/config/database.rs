//! `[database]`: SQLite in a file, or PostgreSQL.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use super::Mistakes;

/// `[database]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite://PATH` or `postgres://...`.
    #[serde(serialize_with = "without_password")]
    pub url: String,
    /// Connections.
    pub max_connections: u32,
    /// Seconds that a request waits for one.
    pub acquire_timeout: u64,
}

impl DatabaseConfig {
    /// Where SQLite's file is, if that is the database.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        self.url.strip_prefix("sqlite://").map(PathBuf::from)
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        let known = ["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme));
        if !known || self.url == "sqlite://" {
            mistakes.add("database.url must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME");
        }
        mistakes.within("database.max_connections", self.max_connections, 1, 1000);
        mistakes.within("database.acquire_timeout", self.acquire_timeout, 1, 60);
    }
}

fn without_password<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _ = parsed.set_password(Some("..."));
            serializer.serialize_str(parsed.as_str())
        }
        _ => serializer.serialize_str(url),
    }
}
