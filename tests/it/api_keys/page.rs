//! `/account/api-keys`: what a person makes, sees once, replaces and ends there, and what they must have proved before.

use doorward::clock::Timestamp;
use doorward::protocol::audit::Origin;
use doorward::protocol::device::Device;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::sign_in::SignIn;
use doorward::protocol::trace::TraceId;
use doorward::registry::{Act, Error, Giving, KeyOwner, Recipient, SignedIn};
use doorward::secret::Secret;

use super::{ANN, NOTES, ORDERS, Place, over, place, wanted};
use crate::support::{Answer, Browser, Form, PASSWORD, Server};

const LIST: &str = "/account/api-keys";
const NEW: &str = "/account/api-keys/new";
const DAY: i64 = 86_400;

async fn signed_in(place: &Place) -> Browser {
    let mut browser = place.server.browser();
    browser.sign_in(ANN).await;
    browser
}

fn new_for(api: &str) -> String {
    format!("{NEW}?resource={}", api.replace(':', "%3A").replace('/', "%2F"))
}

/// The form of a key that reads orders.
async fn form(browser: &mut Browser) -> Form {
    browser.visit(&new_for(ORDERS)).await.form("#create-key").with("name", "Backup")
}

/// The key on the page that shows it.
fn shown(answer: &Answer) -> String {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (200, ""), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.text_of("#key").unwrap_or_else(|| panic!("no key: {}", answer.text()))
}

async fn keys(place: &Place) -> i64 {
    place.server.database.db_number("SELECT COUNT(*) FROM api_keys").await
}

/// The key's id: its first characters.
fn id(key: &str) -> &str {
    &key[..16]
}

#[tokio::test]
async fn a_key_is_made_on_the_page_and_shown_once_and_the_api_takes_it() {
    let place = place().await;
    let mut browser = signed_in(&place).await;
    let account = browser.visit("/account").await;
    assert!(account.has(&format!("nav a[href=\"{LIST}\"]")), "{}", account.text());
    let list = browser.visit(LIST).await;
    assert!(list.has("#no-keys") && !list.has("#keys"), "{}", list.text());
    // Two APIs: which one is asked first.
    let choice = browser.press(&list.form("#make-key")).await;
    assert!(choice.has("#apis") && !choice.has("#create-key"), "{}", choice.text());
    assert!(choice.has(&format!("#apis a[href=\"{}\"]", new_for(ORDERS))), "{}", choice.text());
    let form = form(&mut browser).await;
    assert_eq!((form.field("scope.0"), form.field("resource")), ("orders:read".to_owned(), ORDERS.to_owned()));
    assert_eq!(form.field("expires"), (90 * DAY).to_string(), "as the settings say, when nothing else is said");
    let answer = browser.submit(&form.with("expires", &(7 * DAY).to_string())).await;
    let key = shown(&answer);
    let seen = place.seen(&key).await;
    assert_eq!(
        (&seen["active"], &seen["sub"], &seen["scope"]),
        (&true.into(), &place.ann.as_str().into(), &"orders:read".into())
    );
    assert_eq!(seen["exp"].as_i64().unwrap() - seen["iat"].as_i64().unwrap(), 7 * DAY);
    place.trade(&key, &[]).await.ok();
    // From then on there is its beginning, and where it was used.
    let list = browser.visit(LIST).await;
    let keys = list.text_of("#keys").unwrap();
    for words in ["Backup", id(&key), "Use orders:read", "Good until 2027-01-22 08:00 UTC", "Last used just now, from"]
    {
        assert!(keys.contains(words), "{words}: {keys}");
    }
    for path in [LIST, NEW, "/account/history"] {
        assert!(!browser.visit(path).await.text().contains(&key), "{path}");
    }
    assert!(!place.server.database.db_holds(&key).await);
    assert!(browser.visit("/account/history").await.text().contains("An API key was made."));
}

#[tokio::test]
async fn a_scope_of_a_role_that_the_person_lacks_is_not_offered_and_not_given() {
    let place = place().await;
    let mut browser = signed_in(&place).await;
    let offered = form(&mut browser).await;
    assert!(offered.fields.iter().all(|(_, value)| value != "orders:write"), "{offered:?}");
    let answer = browser.submit(&offered.clone().with("scope.7", "orders:write")).await;
    answer.refused(400, Rejection::KeyNotMade);
    assert!(answer.has("#scopes-error") && !answer.has("#key"), "{}", answer.text());
    assert_eq!(keys(&place).await, 0);
    place.put(Recipient::User(ANN), Giving::Grant).await;
    let offered = form(&mut browser).await;
    assert_eq!(offered.field("scope.1"), "orders:write");
    let key = shown(&browser.submit(&offered).await);
    assert_eq!(place.seen(&key).await["scope"], "orders:read orders:write");
    // Without the role the key has it no more, and the list says so.
    place.put(Recipient::User(ANN), Giving::Revoke).await;
    assert_eq!(place.seen(&key).await["scope"], "orders:read");
    let list = browser.visit(LIST).await.text_of("#keys").unwrap();
    assert_eq!(list.matches("not now: you lack a role").count(), 1, "{list}");
    // An API of which nothing is left is not offered.
    place.server.db_change_resource(NOTES, |api| drop(api.scopes.remove("notes:read"))).await;
    assert!(!browser.visit(NEW).await.has("#apis"), "one is left");
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_what_was_typed_stays() {
    let place = place().await;
    let mut browser = signed_in(&place).await;
    let form = form(&mut browser).await;
    let long = "x".repeat(101);
    for (field, value, error) in [
        ("name", "", "#name-error"),
        ("name", "a\u{202e}b", "#name-error"),
        ("name", long.as_str(), "#name-error"),
        ("scope.0", "", "#scopes-error"),
        ("scope.0", "notes:read", "#scopes-error"),
        ("scope.0", "\u{e9}", "#scopes-error"),
        ("expires", "0", "#expires-error"),
        ("expires", "-5", "#expires-error"),
        ("expires", "soon", "#expires-error"),
        ("expires", "31536001", "#expires-error"),
        ("expires", "99999999999999999999", "#expires-error"),
    ] {
        let answer = browser.submit(&form.clone().with(field, value)).await;
        answer.refused_page(400, Rejection::KeyNotMade);
        assert!(answer.has(error) && !answer.has("#key"), "{field}={value}: {}", answer.text());
        let again = answer.form("#create-key");
        assert_eq!(again.field("resource"), ORDERS);
        assert!(field == "name" || again.field("name") == "Backup", "{again:?}");
        assert_eq!(answer.has("#scope-0[checked]"), field != "scope.0", "{}", answer.text());
    }
    // What is for no API that there is begins with the API.
    for api in ["", "https://other.test", "http://localhost:8000"] {
        let answer = browser.submit(&form.clone().with("resource", api)).await;
        answer.refused_page(400, Rejection::KeyNotMade);
        assert!(answer.has("#apis"), "{}", answer.text());
    }
    assert_eq!(keys(&place).await, 0);
    for path in ["/account/api-keys/end", "/account/api-keys/replace"] {
        let nothing = form.clone().without("id").to(path);
        browser.submit(&nothing).await.refused_page(400, Rejection::MissingChoice);
    }
}

#[tokio::test]
async fn who_has_as_many_keys_as_one_may_have_is_told_so() {
    let place = over(Server::with(|config| config.api_keys.per_owner = 1).await).await;
    let mut browser = signed_in(&place).await;
    let form = form(&mut browser).await;
    let first = shown(&browser.submit(&form).await);
    let answer = browser.submit(&form).await;
    answer.refused(400, Rejection::KeyNotMade);
    assert_eq!(
        answer.text_of("#error").as_deref(),
        Some("You have a key already, and may have no more. End it first.")
    );
    let end = browser.visit(LIST).await.form(".acts button:last-child");
    assert!(browser.press(&end).await.has("#done"));
    assert!(place.is_active(&shown(&browser.submit(&form).await)).await && !place.is_active(&first).await);
}

#[tokio::test]
async fn where_people_make_no_keys_there_is_no_page_of_them() {
    let off = over(Server::with(|config| config.api_keys.enabled = false).await).await;
    let without = over(Server::start().await).await;
    for api in [ORDERS, NOTES] {
        without.server.db_change_resource(api, |api| api.scopes.clear()).await;
    }
    for place in [off, without] {
        let mut browser = signed_in(&place).await;
        let account = browser.visit("/account").await;
        assert!(!account.text().contains(LIST), "{}", account.text());
        let form = account.form("#sign-out").with("id", "dwk_000000000000");
        for path in [LIST, NEW, "/account/api-keys/replace"] {
            browser.get(path).await.refused_page(404, Rejection::NoSuchPage);
        }
        for end in ["", "/begin", "/replace", "/end"] {
            let answer = browser.submit(&form.clone().to(&format!("{LIST}{end}"))).await;
            answer.refused_page(404, Rejection::NoSuchPage);
        }
        // Whoever is not signed in is not told.
        assert_eq!(place.server.browser().get(LIST).await.location(), "/login");
    }
}

#[tokio::test]
async fn making_and_replacing_a_key_takes_a_proof_of_the_last_ten_minutes_and_ending_one_does_not() {
    let place = place().await;
    let mut browser = signed_in(&place).await;
    place.server.turn(599);
    let form = form(&mut browser).await;
    let key = shown(&browser.submit(&form).await);
    place.server.turn(1);
    let refused = browser.submit(&form).await;
    assert!(refused.has("#begin-key") && !refused.has("#key") && !refused.has("#create-key"), "{}", refused.text());
    assert_eq!(keys(&place).await, 1);
    // The way through the question leads to the form, and only then anything is typed.
    assert!(browser.visit(NEW).await.has("#begin-key"));
    let list = browser.visit(LIST).await;
    let question = browser.submit(&list.form("#make-key")).await;
    assert!(question.has("#confirm") && !question.has("#create-key"), "{}", question.text());
    let wrong = browser.submit(&question.form("#confirm").with("password", "not my password")).await;
    wrong.refused_page(400, Rejection::WrongCredentials);
    let page = browser.press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert!(page.has("#apis"), "{}", page.text());
    assert!(place.is_active(&shown(&browser.submit(&form).await)).await);

    place.server.turn(601);
    let list = browser.visit(LIST).await;
    let replace = list.form(&format!("button[formaction][value={}]", id(&key)));
    let question = browser.submit(&replace).await;
    assert!(question.has("#confirm") && question.text().contains("Backup"), "{}", question.text());
    let page = format!("/account/api-keys/replace?id={}", id(&key));
    let unproved = browser.visit(&page).await;
    assert!(unproved.has("#begin-key") && !unproved.has("#replace-key"), "{}", unproved.text());
    let forced = unproved.form("#begin-key").to("/account/api-keys/replace");
    assert!(!browser.submit(&forced).await.has("#key"));
    let asked = browser.press(&question.form("#confirm").with("password", PASSWORD)).await;
    let replaced = asked.form("#replace-key");
    let answer = browser.submit(&replaced).await;
    let successor = shown(&answer);
    assert!(answer.has("#former") && place.is_active(&key).await && place.is_active(&successor).await);
    let again = browser.submit(&replaced).await;
    again.refused_page(400, Rejection::KeyNotMade);
    assert!(again.has("#over") && !again.has("#replace-key"), "{}", again.text());
    assert!(browser.visit(&page).await.has("#over"));
    // The former one ends by itself after a day.
    place.server.turn(DAY);
    assert!(!place.is_active(&key).await && place.is_active(&successor).await);
    // What is ended needs no proof.
    browser.sign_in(ANN).await;
    place.server.turn(3600);
    let list = browser.visit(LIST).await;
    assert!(list.text_of("#ended-keys").unwrap().contains(id(&key)), "{}", list.text());
    let end = list.form(&format!("button:not([formaction])[value={}]", id(&successor)));
    let after = browser.press(&end).await;
    assert!(after.has("#done") && after.text_of("#ended-keys").unwrap().contains(id(&successor)), "{}", after.text());
    assert!(!place.is_active(&successor).await);
    assert!(!browser.press(&end).await.has("#done"), "twice is no mistake");
}

#[tokio::test]
async fn nobody_sees_replaces_or_ends_the_keys_of_another() {
    let place = place().await;
    let hers = place.key().await;
    place.server.db_user("ben@example.org").await;
    let mut ben = place.server.browser();
    ben.sign_in("ben@example.org").await;
    let list = ben.visit(LIST).await;
    assert!(list.has("#no-keys") && !list.text().contains(&hers.key.id), "{}", list.text());
    let form = list.form("#make-key").with("id", &hers.key.id);
    for end in ["/end", "/replace"] {
        assert_eq!(ben.submit(&form.clone().to(&format!("{LIST}{end}"))).await.location(), LIST);
    }
    let page = format!("/account/api-keys/replace?id={}", hers.key.id);
    assert_eq!(ben.submit(&form).await.location(), page);
    assert_eq!(ben.get(&page).await.location(), LIST);
    // Nor does the question before it say what it is called.
    place.server.turn(601);
    let question = ben.submit(&form).await;
    assert!(question.has("#confirm") && !question.text().contains("Backup"), "{}", question.text());
    // What cannot be a key leads nowhere.
    for id in ["x", "dwk_", "../../logout", "dwk_00000000000&"] {
        assert_eq!(ben.submit(&form.clone().with("id", id)).await.location(), LIST, "{id}");
    }
    assert!(place.is_active(hers.secret.expose()).await);
    assert_eq!(keys(&place).await, 1);
}

/// The sign-in of a browser.
async fn sign_in(place: &Place, browser: &Browser) -> SignIn {
    let cookie = Secret::presented(&browser.cookies["doorward_sign_in"]);
    place.server.app.sign_ins.current(Some(&cookie), place.server.app.now()).await.unwrap().unwrap()
}

fn at(sign_in: &SignIn, now: Timestamp) -> SignedIn<'_> {
    let origin = Origin { address: None, trace: TraceId::of([7; 16]), device: Device::default() };
    SignedIn { sign_in, origin, at: now }
}

#[tokio::test]
async fn whose_sign_in_has_ended_since_the_form_came_gets_no_key() {
    let place = place().await;
    let hers = place.key().await;
    let registry = place.server.registry();
    let browser = signed_in(&place).await;
    let (there, now) = (sign_in(&place, &browser).await, place.server.clock.now());
    let who = at(&there, now);
    registry.create_own_api_key(&who, wanted(ORDERS, "orders:read")).await.unwrap();
    registry.end_sign_ins_of_user(&place.ann, &Act::of_operator(now)).await.unwrap();
    let made = registry.create_own_api_key(&who, wanted(ORDERS, "orders:read")).await;
    let replaced = registry.rotate_own_api_key(&who, &hers.key.id, DAY).await;
    assert!(matches!(made, Err(Error::Missing(..))) && matches!(replaced, Err(Error::Missing(..))));
    assert_eq!(keys(&place).await, 2);
}

#[tokio::test]
async fn the_list_has_the_newest_fifty_and_those_first_that_can_be_used() {
    let place = place().await;
    let oldest = place.key().await;
    for _ in 0..50 {
        place.server.turn(1);
        place.key().await;
    }
    let mut browser = signed_in(&place).await;
    let list = browser.visit(LIST).await;
    let text = list.text();
    assert_eq!(text.matches("<li>\n<p><strong").count(), 50, "{text}");
    assert!(list.has("#older-keys") && !text.contains(&oldest.key.id));
    // What has ended makes room for what has not.
    let end = list.form(".acts button:last-child");
    let after = browser.press(&end).await;
    let live = after.text_of("#keys").unwrap();
    assert!(live.contains(&oldest.key.id) && !live.contains(&end.field("id")), "{live}");
    let owner = KeyOwner::User(&place.ann);
    place.make(owner, wanted(NOTES, "notes:read")).await;
    assert!(browser.visit(LIST).await.text_of("#keys li").unwrap().contains("Use notes:read"), "the newest is first");
}
