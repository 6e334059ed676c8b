//! The second origin of `doorward demo`: its API takes its own tokens alone, and it answers to its own host alone.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::http::demo::{ApiClient, DELETE_SCOPE, SCOPE, SampleProvider, Samples, site};
use doorward::protocol::assurance::MFA_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::message::{About, Carried, Message, Occasion};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::ticket::Purpose;
use doorward::secret::Secret;
use doorward::storage::NewMail;
use doorward_client::Refusal;
use serde_json::json;

use crate::support::{Answer, Browser, Client, Live, Server};

const API: &str = "http://127.0.0.1:8001/api";
/// As whom it asks about tokens.
const ASKS: &str = "api";

/// The demo's second origin, and a service that may call its API.
async fn demo() -> (Server, Server, Client) {
    let server = Server::with_mail(|_| {}).await;
    server.db_resource(API, &[SCOPE, DELETE_SCOPE]).await;
    let scopes = ScopeSet::parse(&format!("{SCOPE} other")).unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = scopes).await;
    let asks = server.db_client(ClientType::Service, |c| c.client_id = ASKS.to_owned()).await;
    server.db_change_resource(API, |api| api.introspectors = vec![ASKS.to_owned()]).await;
    let samples = Samples {
        origin: "http://127.0.0.1:8001".to_owned(),
        client_id: "app".to_owned(),
        token_command: "curl token".to_owned(),
        api_command: "curl api".to_owned(),
        api_client: ApiClient { id: asks.id, secret: Secret::presented(asks.secret.unwrap()) },
        provider: SampleProvider {
            name: "Sample provider",
            issuer: "http://127.0.0.1:8002/sample".to_owned(),
            people: Vec::new(),
            password: "",
        },
    };
    let second = server.serving(site(server.app.clone(), samples).unwrap());
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

/// Asserts a refusal of `doorward-client` to the letter: status, challenge and body.
#[track_caller]
fn refused(answer: &Answer, refusal: Refusal, code: &str) {
    let words = refusal.to_string();
    assert_eq!(answer.status, 401, "{}", answer.text());
    let challenge = format!("Bearer error=\"{code}\", error_description=\"{words}\"");
    let challenge = if refusal == Refusal::Missing { "Bearer" } else { &challenge };
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.json(), json!({ "error": code, "error_description": words, "reason": refusal.as_str() }));
}

#[tokio::test]
async fn whoever_calls_the_sample_api_needs_a_token_for_it_with_its_scope_or_reads_what_is_wrong_to_the_letter() {
    let (server, second, service) = demo().await;
    let token = async |fields: &[(&str, &str)]| {
        service.credentials(fields).await.ok()["access_token"].as_str().unwrap().to_owned()
    };
    let api = ("resource", API);
    let good = token(&[api]).await;
    let answer = notes(&second, Some(&good)).await.ok();
    assert_eq!(
        answer["caller"],
        json!({ "sub": service.id, "client_id": service.id, "scope": format!("{SCOPE} other") })
    );
    assert!(!answer["notes"].as_array().unwrap().is_empty());

    refused(&notes(&second, None).await, Refusal::Missing, "invalid_request");
    refused(&notes(&second, Some("x")).await, Refusal::Malformed, "invalid_token");
    refused(&notes(&second, Some(&token(&[("scope", "other")]).await)).await, Refusal::Audience, "invalid_token");
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    refused(&notes(&second, Some(&unsigned)).await, Refusal::Signature, "invalid_token");
    let in_address = get(&second, &format!("/api/notes?access_token={good}"), "127.0.0.1:8001", None).await;
    refused(&in_address, Refusal::InAddress, "invalid_request");

    let without = notes(&second, Some(&token(&[api, ("scope", "other")]).await)).await;
    assert_eq!(without.status, 403);
    let words = format!("The request needs: scope {SCOPE}");
    let challenge = format!("Bearer error=\"insufficient_scope\", error_description=\"{words}\", scope=\"{SCOPE}\"");
    assert_eq!(without.header("www-authenticate"), challenge);
    let body = json!({ "error": "insufficient_scope", "error_description": words, "scope": SCOPE });
    assert_eq!(without.json(), body);

    server.turn(899);
    server.poll().await;
    notes(&second, Some(&good)).await.ok();
    server.turn(1);
    refused(&notes(&second, Some(&good)).await, Refusal::Expired, "invalid_token");
}

#[tokio::test]
async fn an_access_that_has_ended_counts_at_the_sample_api_no_longer_at_once() {
    let (server, second, service) = demo().await;
    let tokens = service.credentials(&[("resource", API)]).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    notes(&second, Some(token)).await.ok();
    assert_eq!(service.post("/revoke", &[("token", token)]).await.status, 200);
    refused(&notes(&second, Some(token)).await, Refusal::Inactive, "invalid_token");
    // When the issuer does not say, nothing is known against a token.
    let tokens = service.credentials(&[("resource", API)]).await.ok();
    let now = server.app.now();
    server.db_change_client(ASKS, |client| client.disabled_at = Some(now)).await;
    let cannot_say = notes(&second, tokens["access_token"].as_str()).await;
    assert_eq!((cannot_say.status.as_u16(), cannot_say.header("retry-after")), (503, "2"));
}

async fn delete(second: &Server, note: u32, token: &str) -> Answer {
    let request = Request::delete(format!("/api/notes/{note}")).header(header::HOST, "127.0.0.1:8001");
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    second.send(request.body(Body::empty()).unwrap()).await
}

/// RFC 9470 §3.
#[tokio::test]
async fn a_note_is_deleted_by_a_person_who_signed_in_lately_with_a_second_factor() {
    let (server, second, service) = demo().await;
    server.db_user("ann@example.org").await;
    let scopes = ScopeSet::parse(&format!("{SCOPE} {DELETE_SCOPE}")).unwrap();
    let app = server.db_client(ClientType::Web, |app| (app.scopes, app.first_party) = (scopes, true)).await;
    let mut browser = server.browser();
    let token = async |browser: &mut Browser, scope: &str| {
        let code = browser.code(&app, "ann@example.org", &format!("scope={scope}")).await;
        app.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned()
    };
    let both = format!("{SCOPE}+{DELETE_SCOPE}");
    let asks = |answer: &Answer, for_what: &str| {
        let words = answer.json()["error_description"].as_str().unwrap().to_owned();
        let challenge =
            format!("Bearer error=\"insufficient_user_authentication\", error_description=\"{words}\", {for_what}");
        assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, challenge.as_str()));
    };
    let weak = token(&mut browser, &both).await;
    let classes = format!("acr_values=\"{MFA_CLASS} phr phrh\"");
    asks(&delete(&second, 1, &weak).await, &classes);
    server.enrol(&mut browser).await;
    asks(&delete(&second, 1, &weak).await, &classes);
    let good = token(&mut browser, &both).await;
    let reading = token(&mut browser, SCOPE).await;
    assert_eq!(delete(&second, 1, &reading).await.status, 403, "no sign-in makes up for a scope");
    let answer = delete(&second, 1, &good).await.ok();
    assert_eq!((&answer["deleted"], answer["notes"].as_array().unwrap().len()), (&json!(1), 2));
    assert_eq!(delete(&second, 1, &good).await.status, 404);
    assert_eq!(notes(&second, Some(&good)).await.ok()["notes"][0]["id"], 2);
    // The others have theirs, and a service deletes nothing.
    let of_service = service.credentials(&[("resource", API)]).await.ok();
    let of_service = of_service["access_token"].as_str().unwrap();
    assert_eq!(notes(&second, Some(of_service)).await.ok()["notes"].as_array().unwrap().len(), 3);
    assert_eq!(delete(&second, 1, of_service).await.status, 403);
    server.turn(300);
    server.poll().await;
    asks(&delete(&second, 2, &good).await, "max_age=\"300\"");
    notes(&second, Some(&good)).await.ok();
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
    let line = demo.logged("reason", "insufficient_scope").await;
    assert_eq!(
        (&line["client"], &line["subject"], &line["path"], &line["scopes"]),
        (
            &service_id.as_str().into(),
            &service_id.as_str().into(),
            &"/api/notes".into(),
            &format!("[{SCOPE:?}]").into()
        )
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
