//! The guard of the configuration: `config.toml`, the structs and the environment agree, and every key is explained. A provider's keys stand
//! there as comments without a space after the `#`, for there is no provider by default.

use std::collections::BTreeSet;

use doorward::config::{Config, DEFAULTS, UpstreamConfig};
use serde_json::Value;

/// Every key with another value that it may have: as it stands in a variable, and as it is read.
const OTHERS: &[(&str, &str, &str)] = &[
    ("server.issuer", "https://as.test", "\"https://as.test\""),
    ("server.listen", "127.0.0.1:9", "\"127.0.0.1:9\""),
    ("server.data", "elsewhere", "\"elsewhere\""),
    ("server.trusted_proxies", "10.0.0.0/8,::1", "[\"10.0.0.0/8\",\"::1/128\"]"),
    ("server.forwarded_header", "forwarded", "\"forwarded\""),
    ("server.keep_alive", "7", "7"),
    ("server.head_timeout", "7", "7"),
    ("server.unread_timeout", "7", "7"),
    ("server.max_connections", "77", "77"),
    ("server.max_connections_per_network", "7", "7"),
    ("server.notice", "7", "7"),
    ("server.drain", "7", "7"),
    ("server.tls.cert", "a.crt", "\"a.crt\""),
    ("server.tls.key", "a.key", "\"a.key\""),
    ("database.url", "sqlite://x.db", "\"sqlite://x.db\""),
    ("database.pooled", "true", "true"),
    ("database.direct_url", "postgres://db/doorward", "\"postgres://db/doorward\""),
    ("database.max_connections", "7", "7"),
    ("database.acquire_timeout", "7", "7"),
    ("database.start_timeout", "7", "7"),
    ("keys.master_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\"...\""),
    ("keys.master_key_file", "key", "\"key\""),
    ("keys.former_master_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\"...\""),
    ("keys.former_master_key_file", "key", "\"key\""),
    ("keys.algorithm", "EdDSA", "\"EdDSA\""),
    ("keys.rsa_bits", "3072", "3072"),
    ("keys.rotation_interval", "7777777", "7777777"),
    ("keys.publication_lead", "7777", "7777"),
    ("keys.jwks_max_age", "77", "77"),
    ("tokens.code_lifetime", "7", "7"),
    ("tokens.access_token_lifetime", "77", "77"),
    ("tokens.id_token_lifetime", "77", "77"),
    ("tokens.id_token_claims", "false", "false"),
    ("tokens.refresh_idle", "777", "777"),
    ("tokens.refresh_absolute", "7777777", "7777777"),
    ("tokens.lost_answer", "777", "777"),
    ("tokens.on_reuse", "grant", "\"grant\""),
    ("sign_in.password", "false", "false"),
    ("sign_in.email", "true", "true"),
    ("sign_in.passkeys", "false", "false"),
    ("sign_in.second_factor", "required", "\"required\""),
    ("sign_in.keep_device_days", "7", "7"),
    ("sign_in.idle", "777", "777"),
    ("sign_in.absolute", "777", "777"),
    ("sign_in.per_person", "7", "7"),
    ("recovery.second_factor", "false", "false"),
    ("recovery.wait", "7777", "7777"),
    ("limits.registrations_per_hour", "7", "7"),
    ("limits.new_passwords_per_minute", "7", "7"),
    ("limits.failed_clients_per_minute", "7", "7"),
    ("limits.tokens_per_minute", "7", "7"),
    ("limits.introspections_per_minute", "7", "7"),
    ("limits.userinfo_per_minute", "7", "7"),
    ("limits.authorizations_per_minute", "7", "7"),
    ("limits.leak_reports_per_minute", "7", "7"),
    ("limits.failures_per_minute", "7", "7"),
    ("limits.wide_failures_per_minute", "7", "7"),
    ("limits.account_failures_per_minute", "7", "7"),
    ("limits.pause_after", "7", "7"),
    ("limits.pause", "77", "77"),
    ("limits.long_pause_after", "77", "77"),
    ("limits.long_pause", "77", "77"),
    ("limits.forget_device_after", "77", "77"),
    ("limits.slow_after", "77", "77"),
    ("limits.slow_pause", "77", "77"),
    ("limits.slow_pause_at_most", "77", "77"),
    ("limits.close_after", "77", "77"),
    ("limits.many_accounts", "77", "77"),
    ("limits.many_networks", "77", "77"),
    ("limits.slowed_failures_per_minute", "7", "7"),
    ("passkeys.authenticators", "EA9B8D66-4d01-1d21-3ce4-b6b48cb575d4", "[\"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4\"]"),
    ("passkeys.attestation", "asked", "\"asked\""),
    ("passkeys.attestation_roots", "x", "\"x\""),
    ("limits.trusted_networks", "10.0.0.0/8,::1", "[\"10.0.0.0/8\",\"::1/128\"]"),
    ("api_keys.enabled", "false", "false"),
    ("api_keys.lifetime", "86400", "86400"),
    ("api_keys.longest_lifetime", "8640000", "8640000"),
    ("api_keys.per_owner", "7", "7"),
    ("registration.enabled", "false", "false"),
    ("registration.prove_address", "false", "false"),
    ("registration.unproven_days", "30", "30"),
    ("password.memory_kib", "77", "77"),
    ("password.iterations", "7", "7"),
    ("password.parallelism", "2", "2"),
    ("password.queue", "7", "7"),
    ("password.leaked", "/x", "\"/x\""),
    ("password.queue_share", "7", "7"),
    ("limits.mail_requests_per_hour", "7", "7"),
    ("limits.mails_per_hour", "7", "7"),
    ("limits.mails_per_day", "7", "7"),
    ("limits.mails_per_day_in_all", "7", "7"),
    ("mail.folder", "mails", "\"mails\""),
    ("mail.smtp", "smtps://mail.test", "\"smtps://mail.test\""),
    ("mail.password_file", "x", "\"x\""),
    ("mail.from", "a@b.test", "\"a@b.test\""),
    ("mail.reply_to", "a@b.test", "\"a@b.test\""),
    ("mail.ca", "ca.pem", "\"ca.pem\""),
    ("mail.timeout", "7", "7"),
    ("outgoing.allow", "a.test:1,b.test:2", "[\"a.test:1\",\"b.test:2\"]"),
    ("outgoing.ca", "ca.pem", "\"ca.pem\""),
    ("telemetry.otlp", "http://127.0.0.1:4318", "\"http://127.0.0.1:4318\""),
    ("telemetry.sample", "0.5", "0.5"),
    ("metrics.listen", "127.0.0.1:9464", "\"127.0.0.1:9464\""),
    ("brand.name", "Elsewhere", "\"Elsewhere\""),
    ("brand.logo", "logo.svg", "\"logo.svg\""),
    ("brand.accent", "#aa3300", "\"#aa3300\""),
    ("audit.retention", "777777", "777777"),
    ("audit.stdout", "true", "true"),
    ("log.format", "json", "\"json\""),
    ("log.level", "debug", "\"debug\""),
];

/// Every key of a provider with another value that it may have, as in [`OTHERS`]; `""` where a variable cannot hold one.
const OF_PROVIDERS: &[(&str, &str, &str)] = &[
    ("kind", "oidc", "\"oidc\""),
    ("enabled", "false", "false"),
    ("client_id", "x", "\"x\""),
    ("client_secret", "x", "\"...\""),
    ("client_secret_file", "x", "\"x\""),
    ("issuer", "https://id.test", "\"https://id.test\""),
    ("endpoint_hosts", "a.test, b.test:8443", "[\"a.test\",\"b.test:8443\"]"),
    ("name", "Work", "\"Work\""),
    ("register", "closed", "\"closed\""),
    ("allowed_domains", "a.test,b.test", "[\"a.test\",\"b.test\"]"),
    ("allowed_groups", "a,b", "[\"a\",\"b\"]"),
    ("groups_claim", "teams", "\"teams\""),
    ("roles", "", ""),
    ("trust_email", "true", "true"),
    ("scopes", "groups", "[\"groups\"]"),
    ("claims", "", ""),
    ("trust_acr", "", ""),
    ("pass_acr", "true", "true"),
    ("sync", "name,picture", "[\"name\",\"picture\"]"),
    ("hosted_domains", "a.test", "[\"a.test\"]"),
    ("allowed_organizations", "octo", "[\"octo\"]"),
    ("base_url", "https://ghe.test", "\"https://ghe.test\""),
    ("api_url", "https://ghe.test/api/v3", "\"https://ghe.test/api/v3\""),
    ("tenants", "common", "[\"common\"]"),
    ("team_id", "x", "\"x\""),
    ("key_id", "x", "\"x\""),
    ("private_key_file", "x", "\"x\""),
];

/// The keys of the file, as `section.key`, each with the line above it.
fn keys_of_the_file() -> Vec<(String, &'static str)> {
    let mut section = "";
    let mut above = "";
    let mut keys = Vec::new();
    for line in DEFAULTS.lines() {
        let is_sample = line.starts_with('#') && !line.starts_with("# ");
        let line = if is_sample { &line[1..] } else { line };
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            keys.push((format!("{section}.{key}"), above));
        }
        above = line;
    }
    keys
}

fn keys_of_the_structs() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut config = serde_json::to_value(Config::load(None, []).unwrap()).unwrap();
    config.as_object_mut().unwrap().remove("upstream");
    collect("", &config, &mut keys);
    keys
}

fn keys_of_a_provider() -> BTreeSet<String> {
    let provider = serde_json::to_value(UpstreamConfig::default()).unwrap();
    provider.as_object().unwrap().keys().map(|key| format!("upstream.{key}")).collect()
}

fn collect(path: &str, value: &Value, keys: &mut BTreeSet<String>) {
    let Some(table) = value.as_object() else {
        keys.insert(path.to_owned());
        return;
    };
    for (name, inner) in table {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        collect(&key, inner, keys);
    }
}

#[test]
fn the_file_and_the_structs_have_the_same_keys() {
    let file: BTreeSet<String> = keys_of_the_file().into_iter().map(|(key, _)| key).collect();
    assert_eq!(file, keys_of_the_structs().union(&keys_of_a_provider()).cloned().collect());
}

#[test]
fn every_key_is_explained_by_the_line_above_it() {
    for (key, above) in keys_of_the_file() {
        assert!(above.starts_with("# ") && above.len() > 12, "config.toml: {key} has no comment");
    }
}

#[test]
fn a_variable_reaches_every_key() {
    let tried: BTreeSet<String> = OTHERS.iter().map(|(key, ..)| (*key).to_owned()).collect();
    assert_eq!(tried, keys_of_the_structs(), "give every key another value above");
    for (key, text, read) in OTHERS {
        let variable = format!("DOORWARD__{}", key.to_uppercase().replace('.', "__"));
        // What does not go without another.
        let beside: &[(&str, &str)] = match *key {
            "server.tls.cert" => &[("SERVER__TLS__KEY", "x")],
            "server.tls.key" => &[("SERVER__TLS__CERT", "x")],
            "passkeys.attestation" => &[("PASSKEYS__ATTESTATION_ROOTS", "x")],
            "sign_in.email" => &[("MAIL__FOLDER", "x")],
            "sign_in.password" => &[("UPSTREAM__GOOGLE__CLIENT_ID", "x"), ("UPSTREAM__GOOGLE__CLIENT_SECRET", "x")],
            "database.pooled" => &[("DATABASE__URL", "postgres://db/doorward")],
            "database.direct_url" => &[("DATABASE__URL", "postgres://db/doorward"), ("DATABASE__POOLED", "true")],
            _ => &[],
        };
        let beside = beside.iter().map(|(name, text)| (format!("DOORWARD__{name}"), (*text).to_owned()));
        let environment: Vec<_> = beside.chain([(variable.clone(), (*text).to_owned())]).collect();
        let config = Config::load(None, environment);
        let config = config.unwrap_or_else(|why| panic!("{variable}={text}: {why}"));
        let pointer = format!("/{}", key.replace('.', "/"));
        let wanted: Value = serde_json::from_str(read).unwrap();
        let default = serde_json::to_value(Config::load(None, []).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(&config).unwrap().pointer(&pointer), Some(&wanted), "{variable}");
        assert_ne!(default.pointer(&pointer), Some(&wanted), "{variable} is tried with its default");
    }
}

#[test]
fn a_variable_reaches_every_key_of_a_provider() {
    let tried: BTreeSet<String> =
        OF_PROVIDERS.iter().map(|(key, ..)| *key).chain(["id"]).map(|key| format!("upstream.{key}")).collect();
    assert_eq!(tried, keys_of_a_provider(), "give every key another value above");
    let default = serde_json::to_value(UpstreamConfig::default()).unwrap();
    for (key, text, read) in OF_PROVIDERS.iter().filter(|(_, text, _)| !text.is_empty()) {
        // One that is off may have what no kind has all of.
        let environment = [("ENABLED", "false"), (&*key.to_uppercase(), *text)];
        let environment =
            environment.map(|(key, text)| (format!("DOORWARD__UPSTREAM__MY_GITHUB__{key}"), text.to_owned()));
        let kind = (String::from("DOORWARD__UPSTREAM__MY_GITHUB__KIND"), String::from("github"));
        let config = Config::load(None, [kind].into_iter().chain(environment));
        let config = config.unwrap_or_else(|why| panic!("{key}={text}: {why}"));
        let wanted: Value = serde_json::from_str(read).unwrap();
        assert_eq!(config.upstream[0].id, "my-github");
        assert_eq!(serde_json::to_value(&config.upstream[0]).unwrap()[key], wanted, "{key}");
        assert_ne!(default[key], wanted, "{key} is tried with its default");
    }
}

#[test]
fn people_sign_in_by_mail_where_mail_can_be_sent_and_somebody_can_sign_in_in_some_way() {
    let load = |given: &[(&str, &str)]| {
        let given = given.iter().map(|(name, text)| (format!("DOORWARD__{name}"), (*text).to_owned()));
        Config::load(None, given.collect::<Vec<_>>()).map_err(|why| why.to_string())
    };
    let (email, folder, no_password) =
        (("SIGN_IN__EMAIL", "true"), ("MAIL__FOLDER", "mails"), ("SIGN_IN__PASSWORD", "false"));
    assert!(load(&[email]).unwrap_err().contains("sign_in.email is true, and no mail can be sent"));
    assert!(load(&[no_password, folder]).unwrap_err().contains("nobody could sign in"));
    assert!(load(&[email, folder]).is_ok() && load(&[email, folder, no_password]).is_ok());
}
