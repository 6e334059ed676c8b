//! `[database]`: SQLite in a file, or PostgreSQL.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use super::Mistakes;

/// `[database]`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite://PATH` or `postgres://...`. Holds a password, so no more of it is shown than can hold none.
    #[serde(serialize_with = "without_password")]
    pub url: String,
    /// Whether PgBouncer in transaction mode answers at `url`.
    pub pooled: bool,
    /// Where PostgreSQL itself is then, for migrations; or empty. Shown as `url` is.
    #[serde(serialize_with = "without_password")]
    pub direct_url: String,
    /// Connections.
    pub max_connections: u32,
    /// Seconds that a request waits for one.
    pub acquire_timeout: u64,
    /// Seconds that a start waits for a database that is not there yet.
    pub start_timeout: u64,
}

/// The parameters that a URL of PostgreSQL can have.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseConfig({})", shown(&self.url))
    }
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
        } else if self.sqlite_path().is_none() {
            mistakes.note(check_postgres("database.url", &self.url));
        }
        if !self.direct_url.is_empty() && !self.direct_url.starts_with("postgres") {
            mistakes.add("database.direct_url must be postgres://USER:PASSWORD@HOST/NAME");
        } else if !self.direct_url.is_empty() {
            mistakes.note(check_postgres("database.direct_url", &self.direct_url));
        }
        if self.pooled && known && self.sqlite_path().is_some() {
            mistakes.add("database.pooled is for PostgreSQL behind PgBouncer: name it in database.url");
        }
        if !self.pooled && !self.direct_url.is_empty() {
            mistakes.add("database.direct_url counts beside database.pooled = true alone");
        }
        mistakes.within("database.max_connections", self.max_connections, 1, 1000);
        mistakes.within("database.acquire_timeout", self.acquire_timeout, 1, 60);
        mistakes.within("database.start_timeout", self.start_timeout, 0, 3600);
    }
}

fn without_password<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shown(url))
}

/// Refuses what could be read in two ways, a part of the password as something that is told to others: `/`, `?` and `#` end the password
/// when they stand in it as they are. The sentences never hold what was given.
fn check_postgres(key: &str, url: &str) -> Result<(), String> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if rest[end..].contains(['@', '#']) {
        return Err(format!(
            "{key}: in user name, password and database the characters / ? # @ must be written %2F %3F %23 %40"
        ));
    }
    let parsed = Url::parse(url).map_err(|_| {
        format!("{key} cannot be read: it must be postgres://USER:PASSWORD@HOST/NAME, with special characters percent-encoded")
    })?;
    if parsed.query_pairs().any(|(name, _)| !PARAMETERS.contains(&&*name)) {
        return Err(format!("{key} has a parameter that is not known: there are {}", PARAMETERS.join(", ")));
    }
    Ok(())
}

/// The URL for people: of PostgreSQL's only what can hold no password.
fn shown(url: &str) -> String {
    if !url.starts_with("postgres") {
        // A path; or anything else, which is refused.
        return if url.is_empty() || url.starts_with("sqlite://") { url.to_owned() } else { "...".to_owned() };
    }
    match (check_postgres("", url), Url::parse(url)) {
        (Ok(()), Ok(mut parsed)) => {
            let has_password = parsed.password().is_some() || parsed.query_pairs().any(|(name, _)| name == "password");
            let kept: Vec<(String, String)> = parsed
                .query_pairs()
                .filter(|(name, _)| name != "password")
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            parsed.set_query(None);
            if !kept.is_empty() {
                parsed.query_pairs_mut().extend_pairs(kept);
            }
            // A URL without a host has no place for it.
            if has_password && parsed.set_password(Some("...")).is_err() {
                parsed.query_pairs_mut().append_pair("password", "...");
            }
            parsed.into()
        }
        _ => "postgres://...".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> DatabaseConfig {
        let direct_url = if url.starts_with("sqlite") { "" } else { url };
        DatabaseConfig {
            url: url.to_owned(),
            pooled: !direct_url.is_empty(),
            direct_url: direct_url.to_owned(),
            max_connections: 1,
            acquire_timeout: 1,
            start_timeout: 0,
        }
    }

    #[test]
    fn no_password_is_ever_shown_however_odd_the_url() {
        for url in [
            "postgres://ann:sEcrEt@db/doorward",
            "postgresql://ann:sEcrEt@db:6432/doorward?sslmode=require",
            "postgres://ann:a@sEcrEt@db/doorward",
            "postgres://ann:a:sEcrEt@db/doorward",
            "postgres://ann:a/sEcrEt@db/doorward",
            "postgres://ann:1/sEcrEt@db/doorward",
            "postgres://ann:1?sEcrEt@db/doorward",
            "postgres://ann:1?a=sEcrEt@db/doorward",
            "postgres://ann:1#sEcrEt@db/doorward",
            "postgres://ann:%zzsEcrEt@db/doorward",
            "postgres://ann:[sEcrEt@db/doorward",
            "postgres://ann: sEcrEt @db/doorward",
            "postgres://ann:sEcrEt@db:port/doorward",
            "postgres://ann:sEcrEt@[::1/doorward",
            "postgres://db/doorward?user=ann&password=sEcrEt",
            "postgres://db/doorward?passwort=sEcrEt",
            "postgres:///doorward?host=/run&password=sEcrEt",
            "postgres://ann:sEcrEt",
            "postgre://ann:sEcrEt@db/doorward",
            "ann:sEcrEt@db",
        ] {
            let config = config(url);
            let mut mistakes = Mistakes::default();
            config.check(&mut mistakes);
            let all = format!("{config:?} {} {mistakes}", serde_json::to_string(&config).unwrap());
            assert!(!all.contains("sEcrEt"), "{url}: {all}");
        }
    }

    #[test]
    fn what_is_no_secret_of_a_url_is_shown() {
        for (url, text) in [
            (
                "postgres://ann:secret@db:6432/doorward?sslmode=require",
                "postgres://ann:...@db:6432/doorward?sslmode=require",
            ),
            ("postgres://ann@db/doorward", "postgres://ann@db/doorward"),
            ("postgres://db/doorward?user=ann&password=p", "postgres://:...@db/doorward?user=ann"),
            ("sqlite://data/doorward.db", "sqlite://data/doorward.db"),
        ] {
            let mut mistakes = Mistakes::default();
            config(url).check(&mut mistakes);
            assert_eq!((mistakes.to_string().as_str(), shown(url).as_str()), ("", text));
        }
    }
}
