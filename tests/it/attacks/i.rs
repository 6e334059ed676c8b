//! Group I: what we call on behalf of others (OWASP ASVS 13.2.4): today the back-channel logout addresses of clients, by the one guarded client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use doorward::config::OutgoingConfig;
use doorward::outgoing::Outgoing;
use doorward::protocol::client::ClientType;
use doorward::protocol::edit::Edit;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, ClientChange, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{ANN, encoded, text, tokens};
use crate::support::{Database, Live, LiveClient, Receiver, Server, by_get_and_post, eventually, parallel};

/// A listener that counts who calls, and says these bytes to each again and again, with this pause between.
pub(super) struct Listener {
    pub port: u16,
    calls: Arc<AtomicUsize>,
}

impl Listener {
    pub async fn saying(head: &'static str, then: &'static [u8], pause: Duration) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, calls) = (socket.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = calls.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, head, then, pause));
            }
        });
        Self { port, calls }
    }

    async fn silent() -> Self {
        Self::saying("", b"", Duration::from_millis(1)).await
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The client that may call it by its address.
    fn allowed(&self) -> Outgoing {
        let allow = vec![format!("127.0.0.1:{}", self.port)];
        Outgoing::new(&OutgoingConfig { allow, ..OutgoingConfig::default() }).unwrap()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

async fn answer(mut stream: TcpStream, head: &str, then: &[u8], pause: Duration) {
    let mut asked = [0; 4096];
    let _ = stream.read(&mut asked).await;
    let _ = stream.write_all(head.as_bytes()).await;
    while !then.is_empty() && stream.write_all(then).await.is_ok() {
        // The attacker's own pace: they drip, and nothing is waited for.
        tokio::time::sleep(pause).await;
    }
    if head.is_empty() {
        // Silent, and not gone.
        let _ = stream.read(&mut asked).await;
    }
}

/// Whether an address can be registered as one that we call.
async fn is_registered(server: &Server, id: &str, uri: &str) -> bool {
    let registry = server.registry();
    let change = ClientChange { backchannel_logout_uri: Edit::Set(uri.to_owned()), ..ClientChange::default() };
    match registry.change_client(id, change, &Act::of_operator(server.clock.now())).await {
        Ok(_) => true,
        Err(Error::Invalid(problems)) => {
            assert!(problems.iter().all(|problem| problem.field == "backchannel_logout_uri"), "{uri}");
            false
        }
        Err(other) => panic!("{uri}: {other:?}"),
    }
}

/// Private, local, link-local, carrier and mapped addresses in every notation: none can be registered, none is called, and the listener hears nothing.
#[tokio::test]
async fn i1_no_private_address_is_called() {
    let listener = Listener::silent().await;
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let outgoing = Outgoing::new(&OutgoingConfig::default()).unwrap();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "127.255.255.254",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "198.18.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fc00::1]",
        "[fd12::1]",
        "[fe80::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:db8::1]",
        "[2001::1]",
        "[100::1]",
        "[fec0::1]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "%31%32%37.0.0.1",
    ];
    for host in hosts {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}:{}/out", listener.port);
            assert!(!is_registered(&server, &client.id, &url).await, "{url}");
            assert!(outgoing.check(&url).is_err(), "{url}");
            assert!(outgoing.get(&url).await.is_err() && outgoing.post_form(&url, &[]).await.is_err(), "{url}");
        }
    }
    assert_eq!(listener.calls(), 0);
}

/// What a name resolves to is looked at when it is dialled, each time: names of this machine resolve to nothing that may be called, and who is registered
/// before is not called after.
#[tokio::test]
async fn i2_a_name_is_checked_when_it_is_dialled() {
    let listener = Listener::silent().await;
    let outgoing = Outgoing::new(&OutgoingConfig::default()).unwrap();
    for name in ["localhost", "LOCALHOST", "localhost.", "ip6-localhost", "localhost.localdomain"] {
        let url = format!("https://{name}:{}/", listener.port);
        for failed in [outgoing.get(&url).await.map(drop), outgoing.post_form(&url, &[("a", "b")]).await] {
            assert!(failed.is_err(), "{url}");
        }
    }
    assert_eq!(listener.calls(), 0);
    // By the whole way: a client that was registered with such a name is told nothing, again and again.
    let server = Server::start().await;
    server.db_user(ANN).await;
    let uri = format!("https://localhost:{}/out", listener.port);
    let client = server.db_client(ClientType::Web, |c| c.backchannel_logout_uri = Some(uri)).await;
    let mut browser = server.browser();
    tokens(&mut browser, &client).await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    for _ in 0..3 {
        while server.app.deliver_logouts().await.unwrap() > 0 {}
        server.turn(3600);
        server.poll().await;
    }
    assert_eq!(listener.calls(), 0);
}

/// Class: an allowed host that points inwards: redirects of every kind, and refreshes, are followed nowhere.
#[tokio::test]
async fn i3_a_redirect_is_not_followed() {
    let inner = Listener::silent().await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "200 OK"] {
        let refresh = format!("Refresh: 0;url=http://127.0.0.1:{}/", inner.port);
        let head = format!(
            "HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:{}/\r\n{refresh}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            inner.port
        );
        let outer = Listener::saying(head.leak(), b"", Duration::from_millis(1)).await;
        let outgoing = outer.allowed();
        for answer in [outgoing.get(&outer.url()).await.map(drop), outgoing.post_form(&outer.url(), &[]).await] {
            assert_eq!(answer.is_ok(), status.starts_with("200"), "{status}");
        }
        assert_eq!(outer.calls(), 2);
    }
    assert_eq!(inner.calls(), 0);
}

/// Endless, dripping, silent, zipped and full of headers: each is cut off after five seconds or 64 KiB, and the failure says which.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_an_answer_without_end_is_cut_off() {
    const CHUNK: &[u8] = &[b'a'; 16_384];
    let (at_once, heads) = (Duration::from_millis(1), "X-A: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(2000).leak());
    let drip = Duration::from_millis(300);
    let listeners = [
        ("endless", Listener::saying("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", CHUNK, at_once).await),
        ("without a length", Listener::saying("HTTP/1.1 200 OK\r\n\r\n", CHUNK, at_once).await),
        ("byte by byte", Listener::saying("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"a", drip).await),
        (
            "zipped",
            Listener::saying(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 90000\r\n\r\n",
                CHUNK,
                at_once,
            )
            .await,
        ),
        ("headers without end", Listener::saying("HTTP/1.1 200 OK\r\n", heads.as_bytes(), at_once).await),
        ("a head byte by byte", Listener::saying("HTTP/1.1 200 OK\r\nX-A: ", b"a", drip).await),
        ("silent", Listener::saying("", b"", drip).await),
    ];
    let failures = parallel(listeners.len(), |at| {
        let (outgoing, url) = (listeners[at].1.allowed(), listeners[at].1.url());
        async move { outgoing.get(&url).await.map(|body| body.len()).unwrap_err().detail }
    })
    .await;
    for ((what, _), detail) in listeners.iter().zip(&failures) {
        let why = match *what {
            "endless" | "without a length" | "zipped" => "answered more than 65536 bytes",
            "headers without end" => "no connection, or it broke",
            _ => "no answer in time",
        };
        assert!(detail.contains(why), "{what}: {detail}");
    }
}

/// Other schemes, user names in addresses, and the ports of other protocols: none can be registered, and none is called.
#[tokio::test]
async fn i5_only_https_to_a_port_of_the_web_is_called() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let outgoing = Outgoing::new(&OutgoingConfig::default()).unwrap();
    let mut urls: Vec<String> = [
        "file:///etc/passwd",
        "gopher://rp.test/_x",
        "ftp://rp.test/x",
        "unix:/run/x.sock",
        "ldap://rp.test/",
        "dict://rp.test/",
        "jar:https://rp.test!/",
        "data:text/plain,x",
        "javascript:alert(1)",
        "ws://rp.test/",
        "http://rp.test/",
        "http://1.1.1.1/",
        "https://user@rp.test/",
        "https://u:p@rp.test/",
        "https://:p@rp.test/",
        "https://rp.test:0/",
        "//rp.test/",
        "rp.test",
        "",
        "https://",
    ]
    .map(str::to_owned)
    .to_vec();
    for port in [
        7, 19, 21, 22, 23, 25, 53, 110, 111, 139, 143, 389, 465, 587, 993, 2049, 3659, 5060, 6000, 6379, 6666, 11211,
        27017, 5432, 3306,
    ] {
        urls.extend([format!("https://rp.test:{port}/out"), format!("https://1.1.1.1:{port}/")]);
    }
    for url in &urls {
        assert!(url.is_empty() || !is_registered(&server, &client.id, url).await, "{url}");
        assert!(outgoing.check(url).is_err(), "{url}");
        assert!(outgoing.post_form(url, &[]).await.is_err(), "{url}");
    }
    for url in ["https://rp.test/out", "https://rp.test:8443/out", "https://rp.test:443/out"] {
        assert!(outgoing.check(url).is_ok(), "{url}");
    }
}

/// Class: what stands between us and whom we call: no proxy of the environment hears of it, no cookie and no secret of ours goes along, and a host that does
/// not prove its name is not told.
#[tokio::test]
async fn i6_no_proxy_of_the_environment_and_no_unproved_host_is_told() {
    let proxy = Listener::silent().await;
    let receiver = Receiver::start().await;
    let database = Database::copy().await;
    let mut environment = Live::environment(&database);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        environment.push((name.to_owned(), format!("http://127.0.0.1:{}", proxy.port)));
    }
    environment.push(("DOORWARD__OUTGOING__ALLOW".to_owned(), receiver.address.to_string()));
    let server = Live::run(database.folder.path(), environment, Live::SERVE);
    server.user(ANN);
    let client: LiveClient = server.client("web", &["--backchannel-logout-uri", &receiver.uri()]);
    let mut browser = server.browser();
    let answer = browser.authorize(&client.authorization_path("scope=openid"), ANN).await;
    client.redeem(&answer).await.ok();
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    let token = receiver.next().await;
    assert_eq!(crate::support::unverified_claims(&token)["aud"], client.id);
    assert_eq!(proxy.calls(), 0);

    // A certificate that nobody signed, for another name too: the handshake ends, and nothing is said.
    let folder = tempfile::tempdir().unwrap();
    crate::tls::certificate(folder.path(), "own", 2099);
    let database = Database::copy().await;
    let settings = ["own.crt", "own.key"].map(|name| folder.path().join(name).display().to_string());
    let secure = Live::serve_with(
        &database,
        &[("DOORWARD__SERVER__TLS__CERT", &settings[0]), ("DOORWARD__SERVER__TLS__KEY", &settings[1])],
    );
    let allow = vec![secure.address()];
    let outgoing = Outgoing::new(&OutgoingConfig { allow: allow.clone(), ..OutgoingConfig::default() }).unwrap();
    assert!(outgoing.get(&format!("{}/healthz", secure.issuer)).await.is_err());
    let ca = folder.path().join("own.crt");
    let trusting = Outgoing::new(&OutgoingConfig { allow, ca }).unwrap();
    let answer = eventually("its own authority makes it known", async || {
        trusting.get(&format!("{}/healthz", secure.issuer)).await.ok()
    });
    assert_eq!(answer.await, b"ok\n");
}

/// Whatever names a host in a token request is not looked at, and nobody is called.
#[tokio::test]
async fn i7_a_host_in_a_token_request_is_ignored() {
    let listener = Listener::silent().await;
    let allow = vec![format!("127.0.0.1:{}", listener.port)];
    let server = Server::with(|config| config.outgoing.allow = allow).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let given = tokens(&mut server.browser(), &client).await;
    let (token, url) = (text(&given, "refresh_token"), listener.url());
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    for name in [
        "client_session_host",
        "client_session_state",
        "redirect_uri",
        "callback",
        "jwks_uri",
        "request_uri",
        "logo_uri",
        "issuer",
        "host",
        "url",
    ] {
        fields.push((name, &url));
    }
    client.token(&fields).await.ok();
    let metadata = [("logo_uri", url.as_str()), ("jwks_uri", url.as_str()), ("sector_identifier_uri", url.as_str())];
    client.redeem_with("x", &metadata).await.refused_json(400, Rejection::UnknownCode);
    while server.app.deliver_logouts().await.unwrap() > 0 {}
    assert_eq!(listener.calls(), 0);
}

/// Refused by its own error, by GET and POST, whatever it names; nothing is fetched.
#[tokio::test]
async fn i8_a_request_by_reference_is_refused_unfetched() {
    let listener = Listener::silent().await;
    let allow = vec![format!("127.0.0.1:{}", listener.port)];
    let server = Server::with(|config| config.outgoing.allow = allow).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let own = listener.url();
    let uris = [
        own.as_str(),
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "https://rp.test/request.jwt",
        "urn:ietf:params:oauth:request_uri:x",
        "x",
    ];
    for uri in uris {
        let url = client.authorization_url(&format!("request_uri={}", encoded(uri)));
        for answer in by_get_and_post(&server, &url).await {
            answer.refused_redirect(Rejection::RequestObjectByReference);
            assert_eq!(answer.location_param("error").as_deref(), Some("request_uri_not_supported"));
        }
        let bare = format!("/authorize?client_id={}&request_uri={}", client.id, encoded(uri));
        server.get(&bare).await.refused_page(400, Rejection::MissingRedirectUri);
        let both = client.authorization_url(&format!("request_uri={}&request=e30.e30.", encoded(uri)));
        let answer = server.get(&both).await;
        answer.refused_in(303, &[Rejection::RequestObjectByReference, Rejection::RequestObject]);
    }
    for name in ["registration", "jwks_uri", "logo_uri", "policy_uri"] {
        server.get(&client.authorization_url(&format!("{name}={}", encoded(&own)))).await;
    }
    assert_eq!(listener.calls(), 0);
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    assert_eq!(metadata["request_uri_parameter_supported"], false);
}
