//! The second origin of `doorward demo`: its API takes its own tokens alone, and it answers to its own host alone.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::http::demo::{SCOPE, SampleProvider, Samples, site};
use doorward::protocol::client::ClientType;
use doorward::protocol::message::{About, Carried, Message, Occasion};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::ticket::Purpose;
use doorward::storage::NewMail;

use crate::support::{Answer, Client, Live, Server};

const API: &str = "http://127.0.0.1:8001/api";

/// The demo's second origin, and a service that may call its API.
async fn demo() -> (Server, Server, Client) {
    let server = Server::with_mail(|_| {}).await;
    server.db_resource(API, &[SCOPE]).await;
    let scopes = ScopeSet::parse(&format!("{SCOPE} other")).unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = scopes).await;
    let samples = Samples {
        origin: "http://127.0.0.1:8001".to_owned(),
        client_id: "app".to_owned(),
        token_command: "curl token".to_owned(),
        api_command: "curl api".to_owned(),
        provider: SampleProvider {
            name: "Sample provider",
            issuer: "http://127.0.0.1:8002/sample".to_owned(),
            people: Vec::new(),
            password: "",
        },
    };
    let second = server.serving(site(server.app.clone(), samples));
    (server, second, service)
}

async fn get(second: &Server, path: &str, host: &str, token: Option<&str>) -> Answer {
    let mut request = Request::get(path).header(header::HOST, host);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    second.send(request.body(Body::empty()).unwrap()).await
}

async fn notes(second: &Server, token: Option<&str>) -> Answer {
    get(second, "/api/notes", "127.0.0.1:8001", token).await
}

#[tokio::test]
async fn the_sample_api_takes_tokens_for_it_with_its_scope() {
    let (server, second, service) = demo().await;
    let token = async |fields: &[(&str, &str)]| {
        service.credentials(fields).await.ok()["access_token"].as_str().unwrap().to_owned()
    };
    let api = ("resource", API);
    let good = token(&[api]).await;
    let answer = notes(&second, Some(&good)).await.ok();
    assert_eq!(answer["caller"]["client_id"], service.id);
    assert!(!answer["notes"].as_array().unwrap().is_empty());

    notes(&second, None).await.refused_json(401, Rejection::MissingToken);
    notes(&second, Some("x")).await.refused_json(401, Rejection::MalformedToken);
    notes(&second, Some(&token(&[("scope", "other")]).await)).await.refused_json(401, Rejection::WrongAudience);
    let without = notes(&second, Some(&token(&[api, ("scope", "other")]).await)).await;
    without.refused_json(403, Rejection::TokenWithoutScope);
    assert!(without.header("www-authenticate").ends_with(&format!(", scope=\"{SCOPE}\"")));
    get(&second, &format!("/api/notes?access_token={good}"), "127.0.0.1:8001", None)
        .await
        .refused_json(400, Rejection::TokenInQuery);
    server.turn(900);
    server.poll().await;
    notes(&second, Some(&good)).await.refused_json(401, Rejection::ExpiredToken);
}

#[tokio::test]
async fn whoever_calls_the_sample_api_reads_what_is_wrong_to_the_letter() {
    let (server, second, service) = demo().await;
    let ask = async |scope| service.credentials(&[("resource", API), ("scope", scope)]).await.ok();
    let (good, other) = (ask(SCOPE).await, ask("other").await);
    let [good, other] = [&good, &other].map(|tokens| tokens["access_token"].as_str().unwrap());
    let invalid = |words| [("error", "invalid_token"), ("error_description", words)];
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    notes(&second, Some(&unsigned)).await.challenged(401, &invalid("The signature is not valid"));
    let lacks = "The access token lacks a scope that is needed here";
    notes(&second, Some(other))
        .await
        .challenged(403, &[("error", "insufficient_scope"), ("error_description", lacks), ("scope", SCOPE)]);
    server.turn(900);
    server.poll().await;
    notes(&second, Some(good)).await.challenged(401, &invalid("The access token expired"));
}

#[tokio::test]
async fn the_demo_logs_who_lacks_which_scope_where() {
    let folder = tempfile::tempdir().unwrap();
    let settings = vec![("DOORWARD__LOG__FORMAT".to_owned(), "json".to_owned())];
    let mut demo = Live::run(folder.path(), settings, &["demo", "--listen", "127.0.0.1:0", "--json"]);
    demo.set("DOORWARD__SERVER__DATA", "demo-data");
    let app = demo.ready["app"].as_str().unwrap().to_owned();
    let api = format!("{app}/api");
    demo.command(&["resource", "update", &api, "--scope", SCOPE, "--scope", "notes:write"]);
    let service = demo.client("service", &["--scope", "notes:write"]);
    let tokens = service.token_when_known(&[("grant_type", "client_credentials"), ("resource", &api)]).await.ok();
    let service_id = service.id.clone();
    let caller = service.at(&app);
    let refused = caller.get_with("/api/notes", tokens["access_token"].as_str().unwrap()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["scope"]), (403, &SCOPE.into()));
    let line = demo.logged("TokenWithoutScope").await;
    assert_eq!(
        (&line["client"], &line["path"], &line["scope"], line.get("sub")),
        (&service_id.into(), &"/api/notes".into(), &SCOPE.into(), None)
    );
}

#[tokio::test]
async fn mails_are_shown_instead_of_sent_the_newest_first_and_as_text() {
    let (server, second, _) = demo().await;
    let outbox = async || get(&second, "/outbox", "127.0.0.1:8001", None).await.text();
    assert!(outbox().await.contains("There is none yet."));
    for (at, name) in ["<script>alert(1)</script>", "Ann"].into_iter().enumerate() {
        let link = format!("http://localhost:8000/invitation?ticket={at}&a=b");
        let of = Some(name.to_owned());
        let about = About::Ticket(Carried { purpose: Purpose::Invite, link, code: None, of });
        let now = server.app.now();
        let message = Message { to: "ann@example.org".to_owned(), about, occasion: Occasion::here(now), ticket: None };
        let mail =
            NewMail { message: &message, user_id: None, asked_from: None, language: "en", expires_at: None, now };
        let mut transaction = server.app.storage.begin().await.unwrap();
        assert!(transaction.enqueue(&mail).await.unwrap());
        transaction.commit().await.unwrap();
        server.turn(60);
    }
    assert_eq!(server.mailbox().await.all().len(), 2);
    let shown = outbox().await;
    assert!(shown.contains("<a href=\"http://localhost:8000/invitation?ticket=1&#38;a=b\">"), "{shown}");
    assert!(!shown.contains("<script") && shown.contains("&#60;script&#62;"), "{shown}");
    assert!(shown.find("ticket=1") < shown.find("ticket=0") && shown.contains("To ann@example.org"));
}

#[tokio::test]
async fn the_second_origin_answers_to_its_own_host_and_port_alone() {
    let (_server, second, _) = demo().await;
    for path in ["/", "/app.js", "/config.json", "/outbox", "/api/notes"] {
        for host in ["evil.test", "localhost:8001", "127.0.0.1:8000", "127.0.0.1", "127.0.0.1:8001.evil.test"] {
            get(&second, path, host, None).await.refused(421, Rejection::WrongHost);
        }
    }
    let page = get(&second, "/", "127.0.0.1:8001", None).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(!page.header("content-security-policy").contains("unsafe"));
    get(&second, "/nowhere", "127.0.0.1:8001", None).await.refused_json(404, Rejection::NoSuchPage);
}

#[tokio::test]
async fn a_copy_of_a_token_of_the_sample_app_ends_everything_of_its_person() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Live::run(folder.path(), vec![], &["demo", "--listen", "127.0.0.1:0", "--json"]);
    server.set("DOORWARD__SERVER__DATA", "demo-data");
    assert_eq!(server.command(&["client", "show", "demo-app"])["on_reuse"], "user");
}
