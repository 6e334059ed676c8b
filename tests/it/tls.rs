//! TLS: the certificate at the start, its renewal by SIGHUP, and what an https issuer brings with it.

use std::path::Path;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::support::{Database, Live, refused};

/// Writes a certificate for 127.0.0.1 that is valid until the year given; its PEM.
pub fn certificate(folder: &Path, name: &str, until: i32) -> String {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    std::fs::write(folder.join(format!("{name}.crt")), &pem).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    pem
}

fn settings(cert: &'static str, key: &'static str) -> [(&'static str, &'static str); 2] {
    [("DOORWARD__SERVER__TLS__CERT", cert), ("DOORWARD__SERVER__TLS__KEY", key)]
}

fn refused_with(database: &Database, settings: &[(&str, &str)]) -> String {
    let mut environment = Live::environment(database);
    environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    refused(database.folder.path(), &environment, Live::SERVE)
}

fn trusting(pem: &str) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap()
}

#[tokio::test]
async fn the_server_speaks_tls_and_its_cookies_and_headers_say_so() {
    let database = Database::copy().await;
    let pem = certificate(database.folder.path(), "a", 2099);
    let live = Live::serve_with(&database, &settings("a.crt", "a.key"));
    assert!(live.issuer.starts_with("https://127.0.0.1:"));
    let answer = trusting(&pem).get(format!("{}/login", live.issuer)).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=63072000; includeSubDomains");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-doorward_browser_") && cookie.contains("; Secure"), "{cookie}");
    for version in [reqwest::tls::Version::TLS_1_2, reqwest::tls::Version::TLS_1_3] {
        let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
        let client = client.tls_version_min(version).tls_version_max(version).build().unwrap();
        assert_eq!(client.get(format!("{}/readyz", live.issuer)).send().await.unwrap().status(), 200);
    }
    // Plain HTTP on the same port is no way in.
    let plain = live.issuer.replacen("https", "http", 1);
    assert!(crate::support::http().get(plain).send().await.is_err());
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_after_sighup_and_a_bad_one_never() {
    let database = Database::copy().await;
    let folder = database.folder.path();
    let old = certificate(folder, "now", 2099);
    let live = Live::serve_with(&database, &settings("now.crt", "now.key"));
    let page = format!("{}/readyz", live.issuer);
    let kept = trusting(&old);
    kept.get(&page).send().await.unwrap();

    certificate(folder, "past", 2021);
    std::fs::copy(folder.join("past.crt"), folder.join("now.crt")).unwrap();
    live.hang_up("the former certificate goes on");
    assert_eq!(trusting(&old).get(&page).send().await.unwrap().status(), 200);
    std::fs::remove_file(folder.join("now.crt")).unwrap();
    live.hang_up("the former certificate goes on");
    assert_eq!(trusting(&old).get(&page).send().await.unwrap().status(), 200);

    let new = certificate(folder, "now", 2098);
    live.hang_up("the certificate is read again");
    assert_eq!(trusting(&new).get(&page).send().await.unwrap().status(), 200);
    assert!(trusting(&old).get(&page).send().await.is_err());
    // The connection that was there goes on.
    assert_eq!(kept.get(&page).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_refused_at_the_start() {
    let database = Database::copy().await;
    let folder = database.folder.path();
    certificate(folder, "good", 2099);
    certificate(folder, "other", 2099);
    certificate(folder, "past", 2021);
    std::fs::write(folder.join("empty.crt"), "").unwrap();
    for (cert, key, words) in [
        ("none.crt", "good.key", "none.crt"),
        ("empty.crt", "good.key", "no certificate"),
        ("past.crt", "past.key", "expired at 2021-01-01"),
        ("good.crt", "other.key", "do not work together"),
        ("good.crt", "good.crt", "good.crt"),
    ] {
        let said = refused_with(&database, &settings(cert, key));
        assert!(said.contains(words), "{said}");
    }
    let said = refused_with(&database, &[("DOORWARD__SERVER__TLS__CERT", "good.crt")]);
    assert!(said.contains("both cert and key"), "{said}");
}

#[tokio::test]
async fn a_handshake_that_never_comes_does_not_delay_a_stop() {
    let database = Database::copy().await;
    certificate(database.folder.path(), "a", 2099);
    let mut settings = settings("a.crt", "a.key").to_vec();
    // Less than a handshake may take.
    settings.push(("DOORWARD__SERVER__DRAIN", "9"));
    let mut server = Live::serve_with(&database, &settings);
    let _silent = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    assert!(!server.log().contains("requests were still under way"), "{}", server.log());
}
