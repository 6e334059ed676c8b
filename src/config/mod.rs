//! Typed settings, one file per section. The compiled-in `config.toml` gives the defaults, the operator's file goes before
//! them, the environment (`DOORWARD__SECTION__KEY`) before both. Whatever is wrong is said before anything starts.

mod accent;
mod brand;
mod colour;
mod database;
mod keys;
mod log;
mod outgoing;
mod password;
mod registration;
mod server;
mod sign_in;
mod tls;
mod tokens;

use std::path::{Path, PathBuf};

use config::{Config as Sources, Environment, File, FileFormat, Map, Value};
use serde::{Deserialize, Serialize};

pub use accent::{Accent, DARK, Grounds, LIGHT, Palette};
pub use brand::{BrandConfig, Logo, LogoKind};
pub use colour::Colour;
pub use database::DatabaseConfig;
pub use keys::{KeysConfig, SecretSetting};
pub use log::{LogConfig, LogFormat};
pub use outgoing::OutgoingConfig;
pub use password::PasswordConfig;
pub use registration::RegistrationConfig;
pub use server::{Network, ServerConfig};
pub use sign_in::SignInConfig;
pub use tls::TlsConfig;
pub use tokens::{OnReuse, TokensConfig};

/// The sample file, which is also the defaults.
pub const DEFAULTS: &str = include_str!("../../config.toml");

/// All settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`.
    pub server: ServerConfig,
    /// `[database]`.
    pub database: DatabaseConfig,
    /// `[keys]`.
    pub keys: KeysConfig,
    /// `[tokens]`.
    pub tokens: TokensConfig,
    /// `[sign_in]`.
    pub sign_in: SignInConfig,
    /// `[registration]`.
    pub registration: RegistrationConfig,
    /// `[password]`.
    pub password: PasswordConfig,
    /// `[outgoing]`.
    pub outgoing: OutgoingConfig,
    /// `[brand]`.
    pub brand: BrandConfig,
    /// `[log]`.
    pub log: LogConfig,
    /// Whether the operator named the issuer, rather than leave it at the default.
    #[serde(skip)]
    pub issuer_is_configured: bool,
}

impl Config {
    /// Reads the settings: the defaults, the file if one is named, the environment variables given.
    ///
    /// # Errors
    /// A sentence that names the key and says what to do.
    pub fn load(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let defaults = File::from_str(DEFAULTS, FileFormat::Toml);
        let known = keys_of(&Sources::builder().add_source(defaults.clone()).build().map_err(|e| e.to_string())?)?;
        let mut sources = Sources::builder().add_source(defaults);
        let mut named = Vec::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("the configuration file {} cannot be read: {error}", path.display()))?;
            let source = File::from_str(&text, FileFormat::Toml);
            let alone = Sources::builder().add_source(source.clone()).build();
            let alone = alone.map_err(|error| {
                format!("the configuration file {} is not TOML: {}", path.display(), in_one_line(&error))
            })?;
            let keys = keys_of(&alone)?;
            refuse_unknown(&keys, &known, |key| {
                format!("the configuration file {} has the unknown key '{key}'", path.display())
            })?;
            named.extend(keys);
            sources = sources.add_source(source);
        }
        let environment = environment_source(environment);
        let alone = Sources::builder().add_source(environment.clone()).build().map_err(|error| error.to_string())?;
        let keys = keys_of(&alone)?;
        refuse_unknown(&keys, &known, |key| {
            format!("the environment has DOORWARD__{}, an unknown key", key.to_uppercase().replace('.', "__"))
        })?;
        named.extend(keys);
        let built =
            sources.add_source(environment).build().map_err(|error| format!("the configuration is wrong: {error}"))?;
        let mut config: Self =
            built.try_deserialize().map_err(|error| format!("the configuration is wrong: {error}"))?;
        config.issuer_is_configured = named.iter().any(|key| key == "server.issuer");
        config.check()?;
        Ok(config)
    }

    /// The folder of what is made at the first start.
    pub fn data(&self) -> &Path {
        &self.server.data
    }

    /// Where SQLite's file is, if that is the database.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        self.database.sqlite_path()
    }

    fn check(&mut self) -> Result<(), String> {
        if self.database.url.is_empty() {
            self.database.url = format!("sqlite://{}", self.server.data.join("doorward.db").display());
        }
        self.server.check()?;
        if self.server.tls.is_on() && self.issuer_is_configured && self.server.issuer.starts_with("http:") {
            return Err("server.issuer is http, but [server.tls] is on: write https".to_owned());
        }
        self.database.check()?;
        self.keys.check()?;
        self.tokens.check()?;
        self.sign_in.check()?;
        self.password.check()?;
        self.outgoing.check()?;
        self.brand.check()?;
        self.log.check()
    }
}

/// Variables that begin with `DOORWARD__`; lists are separated by commas.
fn environment_source(environment: impl IntoIterator<Item = (String, String)>) -> Environment {
    let ours: Map<String, String> =
        environment.into_iter().filter(|(name, _)| name.starts_with("DOORWARD__")).collect();
    Environment::with_prefix("DOORWARD")
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("server.trusted_proxies")
        .with_list_parse_key("outgoing.allow")
        .source(Some(ours))
}

/// The parser's words without the picture of the place.
fn in_one_line(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let words = text.lines().filter(|line| !line.contains('|') && !line.trim().is_empty());
    words.map(str::trim).collect::<Vec<_>>().join(": ")
}

/// Every key, as `section.key`.
fn keys_of(sources: &Sources) -> Result<Vec<String>, String> {
    let tree: Map<String, Value> = sources.clone().try_deserialize().map_err(|error| error.to_string())?;
    let mut keys = Vec::new();
    collect_keys("", tree, &mut keys);
    Ok(keys)
}

fn collect_keys(path: &str, tree: Map<String, Value>, keys: &mut Vec<String>) {
    for (name, value) in tree {
        let key = if path.is_empty() { name } else { format!("{path}.{name}") };
        match value.into_table() {
            Ok(table) => collect_keys(&key, table, keys),
            Err(_) => keys.push(key),
        }
    }
}

fn refuse_unknown(keys: &[String], known: &[String], say: impl Fn(&str) -> String) -> Result<(), String> {
    let Some(unknown) = keys.iter().find(|key| !known.contains(key)) else { return Ok(()) };
    let leaf = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness =
        |known: &&String| shared_letters(&leaf(known), &leaf(unknown)) + usize::from(leaf(known) == leaf(unknown)) * 9;
    let nearest = known.iter().max_by_key(likeness).map(String::as_str).unwrap_or_default();
    Err(format!(
        "{}: remove it, or write '{nearest}' if that was meant (`doorward config keys` lists all)",
        say(unknown)
    ))
}

fn shared_letters(a: &str, b: &str) -> usize {
    let pairs = |text: &str| text.as_bytes().windows(2).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let of_b = pairs(b);
    pairs(a).iter().filter(|pair| of_b.contains(pair)).count()
}

/// Checks that a number is within bounds.
fn within(key: &str, value: i64, least: i64, most: i64) -> Result<(), String> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("{key} is {value}, but must be from {least} to {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, String> {
        Config::load(None, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn the_environment_goes_before_the_defaults() {
        let config = load(&[
            ("DOORWARD__SERVER__ISSUER", "https://a.test"),
            ("DOORWARD__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,::1"),
            ("DOORWARD__TOKENS__CODE_LIFETIME", "30"),
            ("DOORWARD_OTHER", "x"),
        ])
        .unwrap();
        assert!(config.issuer_is_configured);
        assert_eq!(config.tokens.code_lifetime, 30);
        assert_eq!(config.server.trusted_proxies.len(), 2);
        assert_eq!(config.database.url, "sqlite://data/doorward.db");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key() {
        let wrong = |name, value| load(&[(name, value)]).unwrap_err();
        assert!(wrong("DOORWARD__SERVER__ISUER", "x").contains("DOORWARD__SERVER__ISUER"));
        assert!(wrong("DOORWARD__SERVER__ISUER", "x").contains("'server.issuer'"));
        assert!(wrong("DOORWARD__SERVER__ISSUER", "http://a.test").contains("server.issuer"));
        assert!(wrong("DOORWARD__TOKENS__CODE_LIFETIME", "0").contains("tokens.code_lifetime"));
        assert!(wrong("DOORWARD__KEYS__MASTER_KEY", "short").contains("keys.master_key"));
        assert!(wrong("DOORWARD__DATABASE__URL", "mysql://x").contains("database.url"));
        assert!(wrong("DOORWARD__SERVER__TRUSTED_PROXIES", "10.0.0.0/40").contains("10.0.0.0/40"));
        assert!(Config::load(Some(Path::new("/no/such")), []).unwrap_err().contains("/no/such"));
    }
}
