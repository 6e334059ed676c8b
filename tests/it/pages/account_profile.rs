//! What a person says of themselves, who sees it, and that nothing else is changed by saying it.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use serde_json::{Map, Value};

use crate::support::{Answer, Browser, Form, Server};

const ANN: &str = "ann@example.org";
const FIELDS: [&str; 6] = ["name", "nickname", "picture", "website", "locale", "zoneinfo"];

async fn form(browser: &mut Browser) -> Form {
    browser.visit("/account/profile").await.form("#save-profile")
}

async fn claims(server: &Server, user_id: &str) -> Map<String, Value> {
    server.app.storage.read().await.unwrap().user(user_id).await.unwrap().unwrap().user.claims
}

#[tokio::test]
async fn a_person_says_who_they_are_and_applications_with_the_scope_see_it() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let said = [" Ann Lee-Smith ", "Annie", "https://p.test/ann.png", "https://ann.test", "de", "vienna"];
    let filled = FIELDS.iter().zip(said).fold(form(&mut browser).await, |form, (field, text)| form.with(field, text));
    browser.press(&filled).await;
    let again = form(&mut browser).await;
    let kept = ["Ann Lee-Smith", "Annie", "https://p.test/ann.png", "https://ann.test", "de", "Europe/Vienna"];
    assert_eq!(FIELDS.map(|field| again.field(field)), kept);
    let code = browser.code(&client, ANN, "scope=openid+profile").await;
    let access = client.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned();
    let info = client.userinfo(&access).await.ok();
    assert_eq!(FIELDS.map(|field| info[field].as_str().unwrap().to_owned()), kept);
    browser.press(&again.with("picture", "").with("zoneinfo", "")).await;
    let info = client.userinfo(&access).await.ok();
    assert!(info.get("picture").is_none() && info.get("zoneinfo").is_none() && info["locale"] == "de", "{info}");
    let rows = format!("SELECT count(*) FROM audit WHERE event = 'user.changed' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&rows).await, 2);
    let names = format!("{rows} AND details LIKE '%[\"picture\",\"zoneinfo\"]%' AND details NOT LIKE '%p.test%'");
    assert_eq!(server.database.db_number(&names).await, 1, "the record has the names of the fields and no value");
    let unchanged = form(&mut browser).await;
    browser.press(&unchanged).await;
    assert_eq!(server.database.db_number(&rows).await, 2, "the same once more is no change");
    let history = browser.visit("/account/history").await.text();
    assert!(history.contains("Sie haben Ihr Profil ge"), "{history}");
}

#[tokio::test]
async fn pages_speak_the_language_that_was_chosen_at_once() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let language = |page: &Answer| page.field("html", "lang").unwrap();
    let english = browser.visit("/account/profile").await;
    assert_eq!(
        (language(&english).as_str(), english.text_of("option[selected]").as_deref()),
        ("en", Some("As the browser says"))
    );
    let german = browser.press(&english.form("#save-profile").with("locale", "de")).await;
    assert_eq!((language(&german).as_str(), german.text_of("option[selected]").as_deref()), ("de", Some("Deutsch")));
    assert_eq!(german.text_of("#done").as_deref(), Some("Ihr Profil ist gespeichert."));
    assert!(!browser.visit("/account/profile").await.has("#done"), "it is told once");
    let back = browser.press(&german.form("#save-profile").with("locale", "")).await;
    assert_eq!(language(&back), "en");
    assert!(claims(&server, &ann).await.is_empty());
}

#[tokio::test]
async fn what_an_operator_has_set_is_not_lost_by_saving_and_is_shown_for_what_applications_see() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let set = [("locale", "de-AT"), ("preferred_username", "ann"), ("gender", "<b>f"), ("phone_number", "+1")];
    let set: Map<String, Value> = set.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    server.db_change_user(&ann, |account| account.user.claims.clone_from(&set)).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/profile").await;
    let form = page.form("#save-profile");
    assert_eq!((form.field("locale"), page.text_of("option[selected]").as_deref()), ("de-AT".into(), Some("de-AT")));
    let others = page.text_of("#others").unwrap();
    assert!(others.contains("<b>f") && others.contains("ann") && !others.contains("+1"), "{others}");
    browser.press(&form.clone().with("nickname", "Annie")).await;
    let kept = claims(&server, &ann).await;
    assert!(kept["nickname"] == "Annie" && set.iter().all(|(name, value)| kept[name] == *value), "{kept:?}");
    // What is refused brings back what was typed, and the choice that the account has is still there.
    let refused = browser.submit(&form.with("locale", "de").with("zoneinfo", "x")).await;
    refused.refused(400, Rejection::UnknownTimeZone);
    assert_eq!(refused.form("#save-profile").field("locale"), "de");
    assert!(refused.has("option[value=de-AT]"));
}

#[tokio::test]
async fn what_is_not_written_as_it_must_be_is_refused_beside_its_field_and_nothing_is_kept() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = form(&mut browser).await;
    let long = "x".repeat(201);
    for (field, text, rejection) in [
        ("name", "  ", Rejection::MissingName),
        ("name", &long, Rejection::NameTooLong),
        ("name", "Ann \u{202e}eeL", Rejection::UnprintableName),
        ("nickname", &long, Rejection::NameTooLong),
        ("picture", "javascript:alert(1)", Rejection::MalformedWebAddress),
        ("picture", "http://p.test/a.png", Rejection::MalformedWebAddress),
        ("website", "https://bank.test@evil.test", Rejection::MalformedWebAddress),
        ("locale", "fr", Rejection::UnknownLanguage),
        ("zoneinfo", "Europe/Vienna; DROP", Rejection::UnknownTimeZone),
    ] {
        let answer = browser.submit(&form.clone().with("name", "Other").with(field, text)).await;
        answer.refused_page(400, rejection);
        assert_eq!(answer.text_of(&format!("#{field}-error")).as_deref(), Some(rejection.description()), "{text}");
        assert_eq!(answer.field("[autofocus]", "id").as_deref(), Some(field), "{text}");
    }
    let untouched = "SELECT count(*) FROM users WHERE name = 'Ann Lee' AND claims = '{}'";
    assert_eq!(server.database.db_number(untouched).await, 1);
    assert_eq!(server.database.db_number("SELECT count(*) FROM audit WHERE event = 'user.changed'").await, 0);
}
