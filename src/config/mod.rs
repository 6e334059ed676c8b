//! Typed settings, one file per section. The compiled-in `config.toml` gives the defaults, the operator's file goes before
//! them, the environment (`DOORWARD__SECTION__KEY`) before both. Whatever is wrong is said before anything starts.

mod accent;
mod api_keys;
mod audit;
mod brand;
mod colour;
mod database;
mod given;
mod keys;
mod limits;
mod log;
mod mail;
mod metrics;
mod mistakes;
mod outgoing;
mod passkeys;
mod password;
mod recovery;
mod registration;
mod server;
mod sign_in;
mod telemetry;
mod tls;
mod tokens;
mod upstream;

use std::path::{Path, PathBuf};

use config::builder::{ConfigBuilder, DefaultState};
use config::{Config as Sources, ConfigError, File, FileFormat};
use serde::{Deserialize, Serialize};

pub use self::metrics::MetricsConfig;
pub use accent::{Accent, DARK, Grounds, LIGHT, Palette};
pub use api_keys::ApiKeysConfig;
pub use audit::AuditConfig;
pub use brand::{BrandConfig, Logo, LogoKind};
pub use colour::Colour;
pub use database::DatabaseConfig;
use given::Given;
pub use keys::{KeysConfig, SecretSetting};
pub use limits::LimitsConfig;
pub use log::{LogConfig, LogFormat};
pub use mail::{MailConfig, NamedAddress, SmtpServer};
pub use mistakes::Mistakes;
pub use outgoing::OutgoingConfig;
pub use passkeys::PasskeysConfig;
pub use password::PasswordConfig;
pub use recovery::RecoveryConfig;
pub use registration::RegistrationConfig;
pub use server::{Network, ServerConfig};
pub use sign_in::SignInConfig;
pub use telemetry::TelemetryConfig;
pub use tls::TlsConfig;
pub use tokens::{LONGEST_LIFETIME, TokensConfig};
pub use upstream::{Register, UpstreamConfig, is_tenant, issuers};

use crate::protocol::assurance::{self, MFA_CLASS};
use crate::protocol::second_factor::SecondFactor;
use crate::protocol::upstream::ProviderKind;

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
    /// `[passkeys]`.
    pub passkeys: PasskeysConfig,
    /// `[recovery]`.
    pub recovery: RecoveryConfig,
    /// `[limits]`.
    pub limits: LimitsConfig,
    /// `[registration]`.
    pub registration: RegistrationConfig,
    /// `[api_keys]`.
    pub api_keys: ApiKeysConfig,
    /// `[password]`.
    pub password: PasswordConfig,
    /// `[mail]`.
    pub mail: MailConfig,
    /// `[outgoing]`.
    pub outgoing: OutgoingConfig,
    /// `[brand]`.
    pub brand: BrandConfig,
    /// `[audit]`.
    pub audit: AuditConfig,
    /// `[log]`.
    pub log: LogConfig,
    /// `[metrics]`.
    pub metrics: MetricsConfig,
    /// `[telemetry]`.
    pub telemetry: TelemetryConfig,
    /// `[[upstream]]`, in their order.
    #[serde(skip_deserializing)]
    pub upstream: Vec<UpstreamConfig>,
    /// Whether the operator named the issuer, rather than leave it at the default.
    #[serde(skip)]
    pub issuer_is_configured: bool,
}

impl Config {
    /// Reads the settings: the defaults, the file if one is named, the environment variables given.
    ///
    /// # Errors
    /// Everything that is wrong, each with its key and what to do.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let known = match builder(&[]).build().and_then(given::leaves) {
            Ok(known) => known,
            Err(error) => {
                mistakes.add(error.to_string());
                return Err(mistakes);
            }
        };
        let mut given = match file.map_or(Ok(Vec::new()), given::of_file) {
            Ok(given) => given,
            Err(sentence) => {
                mistakes.add(sentence);
                Vec::new()
            }
        };
        given.extend(given::of_environment(environment, &known));
        let upstream = upstream::take(&mut given, &mut mistakes);
        given.retain(|one| {
            let is_known = known.iter().any(|(key, _)| *key == one.key);
            if !is_known && !one.is_empty_section(&known) {
                mistakes.add(one.unknown(&known));
            }
            is_known
        });
        // What cannot be read is told key by key, and the rest is looked at without it.
        let read = read(&given).or_else(|_| {
            given.retain(|one| {
                let alone = self::read(std::slice::from_ref(one));
                alone.inspect_err(|why| mistakes.add(one.unreadable(why))).is_ok()
            });
            self::read(&given)
        });
        let mut config: Self = match read {
            Ok(config) => config,
            Err(error) => {
                mistakes.add(format!("the configuration is wrong: {error}"));
                return Err(mistakes);
            }
        };
        config.upstream = upstream;
        config.issuer_is_configured = given.iter().any(|one| one.key == "server.issuer");
        config.check(&mut mistakes);
        mistakes.log = Some(config.log.clone());
        mistakes.unless_any(config)
    }

    /// The ids of the providers that are switched on.
    pub fn providers(&self) -> impl Iterator<Item = String> {
        self.upstream.iter().filter(|provider| provider.enabled).map(|provider| provider.id.clone())
    }

    /// The folder of what is made at the first start.
    pub fn data(&self) -> &Path {
        &self.server.data
    }

    /// Where SQLite's file is, if that is the database.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        self.database.sqlite_path()
    }

    /// What can be as it is, but is most likely a mistake: a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.server.is_exposed() {
            warnings.push(
                "server.issuer is https, but nothing here speaks TLS and server.trusted_proxies is empty: name the proxy there, or all \
                 people share its address and one limit of failed sign-ins; or set [server.tls]"
                    .to_owned(),
            );
        }
        let counts =
            |one: &UpstreamConfig| assurance::strength(UpstreamConfig::strongest_class(&[one]).unwrap_or_default());
        let is_silent = |one: &&UpstreamConfig| {
            one.enabled && one.kind() == ProviderKind::Microsoft && counts(one) < assurance::strength(MFA_CLASS)
        };
        if self.sign_in.second_factor == SecondFactor::Required
            && let Some(one) = self.upstream.iter().find(is_silent)
        {
            warnings.push(format!(
                "sign_in.second_factor is \"required\", and [[upstream]] {} is Microsoft: whoever comes by it and has none yet can set one up \
                 only if its ID tokens have the optional claim auth_time (docs/sign-in-with.md)",
                one.id
            ));
        }
        if self.metrics.is_exposed() {
            warnings.push(
                "metrics.listen is no loopback address: whoever reaches it reads the numbers, for no password guards them".to_owned(),
            );
        }
        warnings
    }

    fn check(&mut self, mistakes: &mut Mistakes) {
        if self.database.url.is_empty() {
            self.database.url = format!("sqlite://{}", self.server.data.join("doorward.db").display());
        }
        self.server.check(mistakes);
        if self.server.tls.is_on() && self.issuer_is_configured && self.server.issuer.starts_with("http:") {
            mistakes.add("server.issuer is http, but [server.tls] is on: write https");
        }
        self.database.check(mistakes);
        self.keys.check(mistakes);
        self.tokens.check(mistakes);
        self.sign_in.check(mistakes);
        self.passkeys.check(mistakes);
        let others = self.sign_in.email || self.upstream.iter().any(|one| one.enabled);
        if !self.sign_in.password && !others {
            mistakes.add(
                "sign_in.password and sign_in.email are false, and no [[upstream]] is enabled: nobody could sign in",
            );
        }
        if self.sign_in.email && !self.mail.is_on() {
            mistakes
                .add("sign_in.email is true, and no mail can be sent: set mail.smtp (or mail.folder for development)");
        }
        self.recovery.check(mistakes);
        self.limits.check(mistakes);
        self.api_keys.check(mistakes);
        self.password.check(mistakes);
        self.mail.check(mistakes);
        self.outgoing.check(mistakes);
        self.brand.check(mistakes);
        self.audit.check(mistakes);
        self.log.check(mistakes);
        self.metrics.check(mistakes);
        self.telemetry.check(mistakes);
    }
}

/// The defaults, with what was given before them.
fn builder(given: &[Given]) -> ConfigBuilder<DefaultState> {
    let defaults = Sources::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    given.iter().fold(defaults, |builder, one| {
        // A key that is known is a path; what another could do here it does not.
        builder.clone().set_override(&one.key, one.value.clone()).unwrap_or(builder)
    })
}

fn read(given: &[Given]) -> Result<Config, ConfigError> {
    builder(given).build()?.try_deserialize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(None, variables).map_err(|mistakes| mistakes.to_string())
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
        assert!(Config::load(Some(Path::new("/no/such")), []).unwrap_err().to_string().contains("/no/such"));
    }

    #[test]
    fn a_variable_is_what_its_key_holds() {
        let config = load(&[
            ("DOORWARD__BRAND__NAME", "007"),
            ("DOORWARD__SERVER__TRUSTED_PROXIES", ""),
            ("DOORWARD__OUTGOING__ALLOW", " a.test:1 , "),
            ("DOORWARD__SERVER__NOTICE", "007"),
            ("DOORWARD__REGISTRATION__ENABLED", "false"),
        ])
        .unwrap();
        assert_eq!(config.brand.name, "007");
        assert_eq!(config.server.trusted_proxies, []);
        assert_eq!(config.outgoing.allow, ["a.test:1"]);
        assert_eq!((config.server.notice, config.registration.enabled), (7, false));
        for name in ["true", "1e3", "1.50", "null"] {
            assert_eq!(load(&[("DOORWARD__BRAND__NAME", name)]).unwrap().brand.name, name);
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        std::fs::write(
            &file,
            "[server]\nnotice = \"soon\"\nissuer = \"http://a.test\"\n[sever]\n[brand]\n[tokens]\ncode_lifetime = 0\nid_token_lifetime = 1\n\
             [log]\nlevel = \"loud\"\nformat = \"json\"\n",
        )
        .unwrap();
        let variables = [("DOORWARD__SERVER__DRAIN", "x"), ("DOORWARD__KEYS__MASTER_KEY", "short")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mistakes = Config::load(Some(&file), variables).unwrap_err();
        assert_eq!(mistakes.log.as_ref().map(|log| log.format), Some(LogFormat::Json));
        let told = mistakes.to_string();
        let begins = [
            "the configuration file ",
            "server.notice (in ",
            "server.drain (from DOORWARD__SERVER__DRAIN)",
            "server.issuer",
            "keys.master_key",
            "tokens.code_lifetime",
            "tokens.id_token_lifetime",
            "log.level",
        ];
        assert_eq!(told.lines().count(), begins.len(), "{told}");
        for (line, begin) in told.lines().zip(begins) {
            assert!(line.starts_with(begin), "{line} does not begin with {begin}");
        }
    }
}
