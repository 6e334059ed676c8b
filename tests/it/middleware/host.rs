//! DNS rebinding: on plain http the server answers to the loopback names alone.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Server};

async fn named(server: &Server, path: &str, hosts: &[&str]) -> Answer {
    let mut request = Request::get(path);
    for host in hosts {
        request = request.header(header::HOST, *host);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_foreign_host_gets_nothing_at_any_address() {
    let server = Server::start().await;
    let paths = [
        "/authorize",
        "/token",
        "/userinfo",
        "/login",
        "/register",
        "/consent",
        "/account",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/healthz",
        "/nowhere",
    ];
    let foreign =
        ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "127.0.0.2", "a@localhost", "", " ", "[::2]"];
    for path in paths {
        for host in foreign {
            let answer = named(&server, path, &[host]).await;
            answer.refused_json(421, Rejection::WrongHost);
        }
        named(&server, path, &["localhost:8000", "evil.test"]).await.refused_json(421, Rejection::WrongHost);
        for own in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "localhost"] {
            assert_ne!(named(&server, path, &[own]).await.status, 421, "{own}");
        }
    }
    let absolute = named(&server, "http://evil.test/healthz", &["localhost:8000"]).await;
    absolute.refused_json(421, Rejection::WrongHost);
}
