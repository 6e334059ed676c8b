//! `config check` finds everything that a start would refuse, tells all of it, and makes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcgen::KeyPair;

use super::{names, run, text};
use crate::support::{Database, Live, Maker, free_address, is_postgres, refused};

const CHECK: &[&str] = &["config", "check"];

#[test]
fn everything_that_the_settings_name_is_looked_at_and_all_that_is_wrong_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "plain").unwrap();
    let key = KeyPair::generate().unwrap();
    let other = KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("a.crt"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.path().join("other.key"), other.serialize_pem()).unwrap();
    let environment = [
        ("DOORWARD__SERVER__LISTEN", "192.0.2.1:8000"),
        ("DOORWARD__SERVER__TLS__CERT", "a.crt"),
        ("DOORWARD__SERVER__TLS__KEY", "other.key"),
        ("DOORWARD__BRAND__LOGO", "missing.svg"),
        ("DOORWARD__OUTGOING__CA", "missing.pem"),
        ("DOORWARD__METRICS__LISTEN", "192.0.2.1:9464"),
        ("DOORWARD__MAIL__SMTP", "smtps://doorward@mail.example.org"),
        ("DOORWARD__MAIL__PASSWORD_FILE", "missing.txt"),
        ("DOORWARD__KEYS__MASTER_KEY_FILE", "missing.key"),
        ("DOORWARD__DATABASE__URL", "sqlite://file/doorward.db"),
    ];
    for arguments in [CHECK, &["config", "check", "--json"]] {
        let output = run(folder.path(), &environment, arguments);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{said}");
        let begins = [
            "cannot listen on 192.0.2.1:8000",
            "cannot listen on 192.0.2.1:9464",
            "server.tls: the certificate a.crt and the key other.key do not work together",
            "outgoing.ca: missing.pem",
            "mail.password_file: missing.txt",
            "brand.logo: missing.svg",
            "the master key file missing.key cannot be read",
            "the folder file cannot be written to",
        ];
        assert_eq!(said.lines().count(), begins.len(), "{said}");
        for (line, begin) in said.lines().zip(begins) {
            assert!(line.starts_with(&format!("doorward: {begin}")), "{line} does not begin with {begin}");
        }
    }
    assert_eq!(names(folder.path()), ["a.crt", "file", "other.key"]);
}

#[test]
fn a_word_of_a_provider_counts_as_a_class_of_ours_or_the_start_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |kind: &str, trust: &str| {
        let more = if kind == "oidc" { "issuer = \"https://id.test\"\n" } else { "" };
        let file = format!(
            "[[upstream]]\nid = \"work\"\nkind = \"{kind}\"\nclient_id = \"a\"\nclient_secret = \"b\"\n{more}trust_acr = {trust}\n"
        );
        fs::write(folder.path().join("own.toml"), file).unwrap();
        text(&run(folder.path(), &[], &["--config", "own.toml", "config", "check"]).stderr)
    };
    let fine = r#"{ "urn:okta:loa:2fa:any" = "https://refeds.org/profile/mfa", "strong" = "phr" }"#;
    assert!(!check("oidc", fine).contains("trust_acr"));
    let refused = check("oidc", r#"{ "strong" = "gold", "better" = "phr" }"#);
    assert!(
        refused.contains("upstream.work.trust_acr takes 'strong' for 'gold', which is none of: phrh, phr, "),
        "{refused}"
    );
    assert!(!refused.contains("better"), "{refused}");
    assert!(check("github", fine).contains("upstream.work.trust_acr is not for github"));
}

/// What an operator states of makers is read before anything is made.
#[test]
fn the_roots_of_makers_are_certificates_of_authorities_or_the_start_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let device = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let device = device.self_signed(&key).unwrap().pem();
    let maker = Maker::new("Keys and Sons").pem();
    let broken = maker.replacen("MII", "MI!", 1);
    for (name, text) in [("two.pem", &*format!("{maker}\n{maker}")), ("none.pem", "plain"), ("broken.pem", &broken)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::write(folder.path().join("device.pem"), format!("{maker}\n{device}")).unwrap();
    let before = names(folder.path());
    let check = |attestation: &str, roots: &str, command: &[&str]| {
        let environment = [
            ("DOORWARD__PASSKEYS__ATTESTATION", attestation),
            ("DOORWARD__PASSKEYS__ATTESTATION_ROOTS", roots),
            ("DOORWARD__SERVER__LISTEN", "127.0.0.1:0"),
        ];
        let output = run(folder.path(), &environment, command);
        (output.status.success(), text(&output.stderr))
    };
    for (attestation, roots, why) in [
        ("asked", "", "passkeys.attestation is \"asked\", but passkeys.attestation_roots is empty"),
        ("required", "", "passkeys.attestation is \"required\", but passkeys.attestation_roots is empty"),
        ("asked", "missing.pem", "passkeys.attestation_roots: missing.pem cannot be used: No such file"),
        ("asked", "none.pem", "passkeys.attestation_roots: none.pem cannot be used: there is no certificate in it"),
        ("asked", "broken.pem", "passkeys.attestation_roots: broken.pem cannot be used: "),
        ("required", "device.pem", "device.pem cannot be used: certificate 2: it is none of an authority"),
        ("always", "two.pem", "passkeys.attestation"),
    ] {
        for command in [CHECK, &["serve"]] {
            let (is_right, said) = check(attestation, roots, command);
            assert!(!is_right && said.contains(why), "{attestation} {roots}: {said}");
        }
    }
    for (attestation, roots) in
        [("asked", "two.pem"), ("required", "two.pem"), ("none", "two.pem"), ("none", "none.pem")]
    {
        let (is_right, said) = check(attestation, roots, CHECK);
        assert!(is_right, "{attestation} {roots}: {said}");
    }
    assert_eq!(names(folder.path()), before, "nothing is made");
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[server]\nisuer = \"x\"\nnotice = \"soon\"\n[tokens]\ncode_lifetime = 0\n[log]\nlevel = \"loud\"\n";
    fs::write(folder.path().join("own.toml"), file).unwrap();
    for command in [CHECK, &["serve"]] {
        let output = run(folder.path(), &[], &[&["--config", "own.toml"], command].concat());
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert_eq!(said.lines().count(), 4, "{said}");
        for key in ["server.isuer", "server.notice", "tokens.code_lifetime", "log.level"] {
            assert!(said.contains(key), "{key} is not in: {said}");
        }
    }
}

#[tokio::test]
async fn the_database_and_its_master_key_are_looked_at() {
    let database = Database::copy().await;
    let mut environment = Live::environment(&database);
    environment.push(("DOORWARD__KEYS__MASTER_KEY".to_owned(), "B".repeat(42) + "A"));
    let said = refused(database.folder.path(), &environment, CHECK);
    assert!(said.contains("not the one that this database belongs to"), "{said}");

    let environment = Live::environment(&database);
    let columns = "installed_on, success, checksum, execution_time";
    database
        .db_execute(&format!(
            "INSERT INTO _sqlx_migrations (version, description, {columns}) \
             SELECT 9000, 'from the future', {columns} FROM _sqlx_migrations WHERE version = 1"
        ))
        .await;
    let said = refused(database.folder.path(), &environment, CHECK);
    assert!(said.contains("newer version of Doorward"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_out_of_date_or_empty_is_no_mistake_and_stays_as_it_is() {
    let database = Database::empty().await;
    let environment = Live::environment(&database);
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (&**name, &**value)).collect();
    let output = run(database.folder.path(), &environment, CHECK);
    assert!(output.status.success(), "{}", text(&output.stderr));
    if is_postgres() {
        let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
        assert_eq!(database.db_number(tables).await, 0);
    } else {
        assert!(names(database.folder.path()).is_empty());
    }
}

#[test]
fn a_database_that_does_not_answer_and_a_missing_master_key_are_both_told() {
    let free = free_address();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://doorward:a-password-of-the-database@{free}/doorward");
    let environment = [("DOORWARD__DATABASE__URL", url.as_str()), ("DOORWARD__DATABASE__ACQUIRE_TIMEOUT", "1")];
    let output = run(folder.path(), &environment, CHECK);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 2), "{said}");
    assert!(said.contains("PostgreSQL needs a master key") && said.contains("the database cannot be opened"), "{said}");
    assert!(!said.contains("a-password-of-the-database"), "{said}");
}

#[test]
fn a_master_key_that_all_can_read_and_an_https_issuer_without_tls_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("DOORWARD__SERVER__ISSUER", "https://login.example.org")];
    let settings = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut server = Live::run(folder.path(), settings.clone(), Live::SERVE);
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert!(server.log().contains("server.trusted_proxies is empty"), "{}", server.log());
    assert!(!server.log().contains("is open to every user"), "{}", server.log());

    let key = folder.path().join("data/master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let mut server = Live::run(folder.path(), settings, Live::SERVE);
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert!(server.log().contains("data/master.key is open to every user of this machine (mode 0644)"));

    let output = run(folder.path(), &environment, CHECK);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(0), 2), "{said}");
    assert!(said.lines().all(|line| line.starts_with("warning: ")), "{said}");
    let proxied = [environment[0], ("DOORWARD__SERVER__TRUSTED_PROXIES", "127.0.0.1")];
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(text(&run(folder.path(), &proxied, CHECK).stderr), "");
}

/// An operator who looks for the passkeys that are not there finds out why.
#[test]
fn passkeys_under_an_address_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let warned = |issuer: &str, passkeys: &str| {
        let environment = [("DOORWARD__SERVER__ISSUER", issuer), ("DOORWARD__SIGN_IN__PASSKEYS", passkeys)];
        let output = run(folder.path(), &environment, CHECK);
        let (out, said) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && out.ends_with("The configuration is right.\n"), "{out}{said}");
        said
    };
    let said = warned("http://127.0.0.1:8000", "true");
    assert!(
        said.starts_with("warning: sign_in.passkeys is true, but the host of the issuer http://127.0.0.1:8000 is"),
        "{said}"
    );
    assert_eq!(warned("http://127.0.0.1:8000", "false") + &warned("http://localhost:8000", "true"), "");
}

/// Whoever comes by Microsoft alone could not set up what is required of them.
#[test]
fn a_provider_that_tells_no_time_by_itself_is_warned_of_where_a_second_factor_is_required() {
    let folder = tempfile::tempdir().unwrap();
    let microsoft = "[[upstream]]\nid = \"work\"\nkind = \"microsoft\"\nclient_id = \"c\"\nclient_secret = \"s\"\ntenants = [\"organizations\"]\n";
    let warned = |second_factor: &str| {
        let settings = format!("[sign_in]\nsecond_factor = \"{second_factor}\"\n{microsoft}");
        std::fs::write(folder.path().join("doorward.toml"), settings).unwrap();
        let output = run(folder.path(), &[], &["--config", "doorward.toml", "config", "check"]);
        let (out, said) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}{said}");
        said
    };
    let said = warned("required");
    assert!(said.contains("[[upstream]] work is Microsoft") && said.contains("auth_time"), "{said}");
    assert_eq!(warned("offered"), "");
}
