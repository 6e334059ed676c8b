//! `endpoints.md`: every route of the router, in the words of its handlers, and the metadata.

use axum::body::Body;
use axum::http::Request;
use doorward::config::UpstreamConfig;
use doorward::protocol::assurance;
use doorward::protocol::issuer::Issuer;
use doorward::protocol::metadata;
use doorward::protocol::passkey::Kept;
use doorward::protocol::second_factor::SecondFactor;
use doorward::protocol::upstream::ProviderKind;

use super::{code, comment, head, row};
use crate::sources::{routes, sources};
use crate::support::Server;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A route: its address, and each method with the module and the function that answers.
struct Route {
    path: String,
    answers: Vec<(&'static str, String, String)>,
}

fn read() -> Vec<Route> {
    let answer = |text: &str| {
        let (method, rest) = text.split_once('(')?;
        let method =
            METHODS.iter().find(|known| known.eq_ignore_ascii_case(method.rsplit(['.', ' ']).next().unwrap()))?;
        let (module, function) = rest.split_once("::")?;
        Some((*method, module.to_owned(), function.split(')').next()?.to_owned()))
    };
    let route = |(path, text): (String, String)| {
        // `, get(login::get).post(login::post))`
        let answers: Vec<_> = text.split_inclusive(')').filter_map(answer).collect();
        assert!(!answers.is_empty(), "how {path} is routed cannot be read: {text}");
        Route { path, answers }
    };
    routes().into_iter().map(route).collect()
}

pub fn page() -> String {
    let mut page = "# Endpoints\n\nAddresses lie below the issuer. Clients read them from the metadata, which stands at the end of this page.\n\n"
        .to_owned();
    page.push_str(&head(&["path", "method", "what"]));
    let files = sources("src/http");
    let mut told: Vec<String> = Vec::new();
    for route in read() {
        for (method, module, function) in route.answers {
            let of = |path: &String| *path == format!("endpoints/{module}.rs") || *path == format!("pages/{module}.rs");
            let (_, text) = files.iter().find(|(path, _)| of(path)).unwrap();
            let mut words = Vec::new();
            if !told.contains(&module) {
                words.push(comment(text.lines(), "//!"));
                told.push(module);
            }
            words.push(doc(text, &function));
            page.push_str(&row(&[code(&route.path), method.to_owned(), words.join(" ")]));
        }
    }
    let issuer = Issuer::parse("https://login.example.org").unwrap();
    let document = serde_json::to_string_pretty(&metadata::document(
        &issuer,
        assurance::classes(true, SecondFactor::Offered, Some(Kept::Anywhere), None),
    ))
    .unwrap();
    page + &format!("\n## Metadata\n\n```json\n{document}\n```\n")
}

/// The comment of a function.
fn doc(text: &str, function: &str) -> String {
    let before = text.split(&format!("async fn {function}(")).next().unwrap();
    let lines: Vec<&str> = before.lines().collect();
    let begin = lines.iter().rposition(|line| line.is_empty()).map_or(0, |at| at + 1);
    let words = comment(lines[begin..].iter().copied(), "///");
    assert!(!words.is_empty(), "{function} has no comment");
    words
}

#[tokio::test]
async fn every_route_answers_to_its_methods_and_to_no_other() {
    let provider = UpstreamConfig {
        id: "work".to_owned(),
        kind: Some(ProviderKind::Oidc),
        issuer: "https://id.test".to_owned(),
        ..UpstreamConfig::default()
    };
    let server = Server::with_mail(|config| {
        config.upstream.push(provider);
        config.sign_in.email = true;
    });
    let server = server.await;
    let style = server.get("/login").await.field("link[rel=stylesheet]", "href").unwrap();
    for route in read() {
        let path = if route.path == "/static/{file}" { style.clone() } else { route.path.replace("{id}", "work") };
        for method in METHODS {
            let request = Request::builder().method(*method).uri(&path).body(Body::empty()).unwrap();
            let status = server.send(request).await.status.as_u16();
            if route.answers.iter().any(|(known, ..)| known == method) {
                assert!(![404, 405].contains(&status), "{method} {path}: {status}");
            } else {
                assert_eq!(status, 405, "{method} {path}");
            }
        }
    }
}
