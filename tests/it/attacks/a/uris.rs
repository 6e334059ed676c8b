//! What is taken as a redirect URI, at the authorization endpoint and at registration (RFC 9700 §4.1.3, RFC 8252 §7.3).

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, ClientChange, Error, NewClient};

use crate::attacks::{count, encoded};
use crate::support::{Answer, Client, Server, by_get_and_post};

/// Asks with this redirect URI, by GET and by POST.
async fn ask(server: &Server, client: &Client, uri: &str) -> [Answer; 2] {
    by_get_and_post(server, &client.authorization_url(&format!("redirect_uri={}", encoded(uri)))).await
}

/// Asserts that each of these is an error page that leads nowhere, and that nothing was written.
async fn refused(server: &Server, client: &Client, uris: &[&str]) {
    for uri in uris {
        for answer in ask(server, client, uri).await {
            answer.refused_in(400, &[Rejection::UnregisteredRedirectUri, Rejection::MalformedParameters]);
            assert!(!answer.headers.contains_key("location"), "{uri}");
            assert!(answer.onward().is_none() && answer.error_code().is_some(), "{uri}");
            assert!(!answer.text().contains("evil.test"), "{uri}");
        }
    }
    assert_eq!(count(server, "SELECT count(*) FROM codes").await, 0);
    assert_eq!(count(server, "SELECT count(*) FROM grants").await, 0);
}

/// Clients of every type with people, all with `https://rp.test/cb`.
async fn clients(server: &Server) -> Vec<Client> {
    let mut clients = Vec::new();
    for kind in [ClientType::Web, ClientType::Spa, ClientType::Native] {
        let mut client = server.db_client(kind, |c| c.redirect_uris = vec!["https://rp.test/cb".to_owned()]).await;
        client.redirect_uri = "https://rp.test/cb".to_owned();
        clients.push(client);
    }
    clients
}

/// Anything but the registered bytes is an error page without a Location, and leaves no code.
#[tokio::test]
async fn a1_redirect_uri_is_compared_as_bytes() {
    let server = Server::start().await;
    for client in clients(&server).await {
        let near = [
            "https://rp.test/cb/",
            "https://rp.test/CB",
            "HTTPS://RP.test/cb",
            "https://RP.TEST/cb",
            "https://rp.test:443/cb",
            "https://rp.test:/cb",
            "https://rp.test/cb?x=1",
            "https://rp.test/cb?",
            "https://rp.test/cb#f",
            "https://rp.test/cb#",
            "https://rp.test/cb%2f..",
            "https://rp.test/%63b",
            "https://rp.test/./cb",
            "https://rp.test//cb",
            "https://rp.test/x/../cb",
            "https://rp.test/x/..;/cb",
            "https://rp.test/cb;x",
            "https:/rp.test/cb",
            "https:\\\\rp.test\\cb",
            "http://rp.test/cb",
            "https://rp.test/cb ",
            " https://rp.test/cb",
            "https://rp.test/cb\t",
            "https://rp.test/cb\n",
            "https://rp.test/cb\0",
            "https://rp.test/c",
            "https://rp.test",
        ];
        refused(&server, &client, &near).await;
        for answer in ask(&server, &client, "https://rp.test/cb").await {
            assert!(answer.location().starts_with("/login?request="), "the registered one is taken");
        }
    }
}

/// However the host could be read, none of these is taken, and none is shown as a link.
#[tokio::test]
async fn a2_a_redirect_uri_with_two_readings_of_its_host_is_refused() {
    let server = Server::start().await;
    for client in clients(&server).await {
        let tricks = [
            "https://rp.test@evil.test/cb",
            "https://rp.test\\@evil.test/cb",
            "https://evil.test\\.rp.test/cb",
            "https://evil.test\\@rp.test/cb",
            "https://rp.test%00.evil.test/cb",
            "https://rp.test%0d%0a.evil.test/cb",
            "https://rp.test\0.evil.test/cb",
            "https://rp.test\r\n.evil.test/cb",
            "https://rp.test%2f@evil.test/cb",
            "https://rp.test%5c@evil.test/cb",
            "https://rp.test:pw@evil.test/cb",
            "https://a@b@rp.test/cb",
            "https://rp.test:443@evil.test:443@rp.test/cb",
            "https://rp.test:pw@evil.test:443@rp.test/cb",
            "https://rp.test/cb@evil.test",
            "https://evil.test/?https://rp.test/cb",
            "https://evil.test/#https://rp.test/cb",
            "//evil.test",
            "///evil.test",
            "\\\\evil.test",
            "https:evil.test",
            "https:/evil.test",
            "evil.test",
            "/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "*",
        ];
        refused(&server, &client, &tricks).await;
    }
}

/// Class: hosts compared by prefix, suffix or look: subdomains, neighbours, homographs, other spellings of this machine.
#[tokio::test]
async fn a3_a_host_that_looks_like_the_registered_one_is_another() {
    let server = Server::start().await;
    for client in clients(&server).await {
        let alike = [
            "https://rp.test.evil.test/cb",
            "https://evil.test.rp.test/cb",
            "https://evilrp.test/cb",
            "https://sub.rp.test/cb",
            "https://rp.test./cb",
            "https://rp-test/cb",
            "https://rpxtest/cb",
            "https://rp.testing/cb",
            "https://rр.test/cb",
            "https://xn--r-8sb.test/cb",
            "https://rp\u{3002}test/cb",
            "https://ｒp.test/cb",
            "https://rp\u{200b}.test/cb",
            "https://rp.te\u{ad}st/cb",
        ];
        refused(&server, &client, &alike).await;
    }
    let native = server.db_client(ClientType::Native, |_| {}).await;
    let here = [
        "http://127.0.0.1.evil.test/callback",
        "http://127.0.0.1:1@evil.test/callback",
        "http://127.0.0.1:80.evil.test/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:-1/callback",
        "http://127.0.0.1:08080x/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.2:8080/callback",
        "http://127.1:8080/callback",
        "http://2130706433:8080/callback",
        "http://0x7f.1:8080/callback",
        "http://[::1]:8080/callback",
        "http://[::ffff:127.0.0.1]:8080/callback",
        "http://0.0.0.0:8080/callback",
        "http://localhost:8080/callback",
        "http://localhost.evil.test:8080/callback",
        "https://127.0.0.1:8080/callback",
        "http://127.0.0.1:8080/callback/",
        "http://127.0.0.1:8080/callback?x",
        "http://127.0.0.1:8080/callback#x",
    ];
    refused(&server, &native, &here).await;
    for answer in ask(&server, &native, "http://127.0.0.1:49152/callback").await {
        assert!(answer.location().starts_with("/login?request="), "any port is taken (RFC 8252 §7.3)");
    }
}

/// Whatever registers a client, these are refused with the field named, and nothing is stored.
#[tokio::test]
async fn a4_a_dangerous_redirect_uri_cannot_be_registered() {
    let server = Server::start().await;
    let registry = server.registry();
    let act = Act::of_operator(server.clock.now());
    let new = |kind: ClientType, uris: Vec<String>| NewClient {
        client_id: None,
        client_type: kind,
        details: ClientChange {
            name: Some("Notebook".to_owned()),
            redirect_uris: Some(uris),
            ..ClientChange::default()
        },
    };
    let long = format!("https://rp.test/{}", "a".repeat(100_000));
    let dangerous = [
        "https://*.rp.test/cb",
        "https://rp.test/*",
        "https://*/cb",
        "*",
        ".*",
        "https://rp.test/cb#f",
        "https://user@rp.test/cb",
        "https://user:pw@rp.test/cb",
        "https://rp.test\\@evil.test/cb",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://rp.test/x",
        "file:///etc/passwd",
        "about:blank",
        "view-source:https://rp.test",
        "intent://x#Intent;end",
        "ms-settings:x",
        "http://rp.test/cb",
        "http://127.0.0.1.rp.test/cb",
        "http://10.0.0.1/cb",
        "//rp.test/cb",
        "/cb",
        "rp.test/cb",
        "https://",
        "https://rp.test/a/../cb",
        "https://rp.test/cb\n",
        "https://rp.test/c b",
        "https://rр.test/cb",
        "",
        &long,
    ];
    let fields = |result: Result<_, Error>| match result {
        Err(Error::Invalid(problems)) => problems.iter().map(|problem| problem.field.clone()).collect::<Vec<_>>(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => Vec::new(),
    };
    for kind in [ClientType::Web, ClientType::Spa, ClientType::Native] {
        for uri in dangerous {
            let found = fields(registry.create_client(new(kind, vec![uri.to_owned()]), &act).await);
            assert_eq!(found, ["redirect_uris[0]"], "{kind} {uri:.80}");
        }
        for uris in [vec![], (0..10_000).map(|n| format!("https://rp.test/{n}")).collect()] {
            assert_eq!(fields(registry.create_client(new(kind, uris), &act).await), ["redirect_uris"], "{kind}");
        }
    }
    // A private scheme is for native applications alone.
    for kind in [ClientType::Web, ClientType::Spa] {
        let found = registry.create_client(new(kind, vec!["com.example.app:/cb".to_owned()]), &act).await;
        assert_eq!(fields(found), ["redirect_uris[0]"], "{kind}");
    }
    assert_eq!(count(&server, "SELECT count(*) FROM clients").await, 0);
    // A dot that was registered stands for a dot.
    let dotted = server.db_client(ClientType::Web, |c| c.redirect_uris = vec!["https://rp.test/c.b".to_owned()]).await;
    refused(&server, &dotted, &["https://rp.test/cxb", "https://rpxtest/c.b", "https://rp.test/c..b"]).await;
}

/// The first URI that comes is not taken, and the second time it is no more known than the first.
#[tokio::test]
async fn a5_a_client_without_a_redirect_uri_learns_none_from_a_request() {
    let server = Server::start().await;
    for kind in [ClientType::Web, ClientType::Spa] {
        let mut client = server.db_client(kind, |c| c.redirect_uris.clear()).await;
        let uris = ["https://evil.test/cb", "https://rp.test/cb", "http://127.0.0.1/cb", "https://evil.test/cb"];
        refused(&server, &client, &uris).await;
        client.redirect_uri = String::new();
        for answer in by_get_and_post(&server, &client.authorization_url("")).await {
            answer.refused_page(400, Rejection::MissingRedirectUri);
        }
    }
    assert_eq!(count(&server, "SELECT count(*) FROM clients WHERE redirect_uris = '[]'").await, 2);
}

/// Class: the URI is left out, given twice, given as a list, or once in the address and once in the body: there is no default, and no choice.
#[tokio::test]
async fn a6_a_redirect_uri_is_given_once_and_is_never_guessed() {
    let server = Server::start().await;
    let evil = encoded("https://evil.test/cb");
    let own = encoded("https://rp.test/cb");
    let uris = vec!["https://rp.test/cb".to_owned(), "https://rp.test/other".to_owned()];
    for uris in [vec!["https://rp.test/cb".to_owned()], uris] {
        let mut client = server.db_client(ClientType::Web, |c| c.redirect_uris = uris).await;
        let left_out = {
            client.redirect_uri = String::new();
            client.authorization_url("").replace("redirect_uri=&", "")
        };
        client.redirect_uri = "https://rp.test/cb".to_owned();
        for (url, rejection) in [
            (left_out.clone(), Rejection::MissingRedirectUri),
            (format!("{left_out}&redirect_uri="), Rejection::MissingRedirectUri),
            (format!("{left_out}&redirect_uri[]={own}"), Rejection::MissingRedirectUri),
            (format!("{left_out}&redirect_uri[0]={own}"), Rejection::MissingRedirectUri),
            (format!("{left_out}&Redirect_Uri={own}"), Rejection::MissingRedirectUri),
            (format!("{left_out}&redirect_uri={own}&redirect_uri={own}"), Rejection::RepeatedParameter),
            (format!("{left_out}&redirect_uri={own}&redirect_uri={evil}"), Rejection::RepeatedParameter),
            (format!("{left_out}&redirect_uri={evil}&redirect_uri={own}"), Rejection::RepeatedParameter),
            (format!("{left_out}&redirect_uri={own}&redirect%5Furi={evil}"), Rejection::RepeatedParameter),
            (format!("{left_out}&redirect_uri={own},{evil}"), Rejection::UnregisteredRedirectUri),
            (format!("{left_out}&redirect_uri={own}%20{evil}"), Rejection::UnregisteredRedirectUri),
        ] {
            for answer in by_get_and_post(&server, &url).await {
                answer.refused_page(400, rejection);
                assert!(!answer.headers.contains_key("location"), "{url}");
            }
        }
        // Of a POST the body counts, whatever its address says.
        let (path, query) = left_out.split_once('?').unwrap();
        let answer = server.post(&format!("{path}?redirect_uri={evil}"), &format!("{query}&redirect_uri={own}")).await;
        assert!(!answer.location().contains("evil.test"));
    }
}
