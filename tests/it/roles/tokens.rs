//! What roles do to tokens: at once where we are asked, and with the next token everywhere.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::role::RolesSeen;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{Giving, Recipient, ResourceChange};
use serde_json::{Value, json};

use super::{ANN, ORDERS, place};
use crate::support::{PASSWORD, unverified_claims};

const ALL: &str = "openid+offline_access+orders:read+orders:write+orders:close";

fn claims(tokens: &Value) -> Value {
    unverified_claims(tokens["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_guarded_scope_comes_with_the_role_and_goes_with_it() {
    let place = place().await;
    let tokens = place.granted(ALL).await;
    assert_eq!(tokens["scope"], "offline_access openid orders:read");
    // What she was never asked for does not come with a role.
    place.give("clerk").await;
    assert_eq!(place.refresh(&tokens).await["scope"], "offline_access openid orders:read");
    let tokens = place.granted(ALL).await;
    assert_eq!(tokens["scope"], "offline_access openid orders:read orders:write");
    assert_eq!(claims(&tokens)["roles"], json!(["clerk"]));
    place.give("chief").await;
    let tokens = place.granted(ALL).await;
    assert_eq!(tokens["scope"], "offline_access openid orders:close orders:read orders:write");
    place.take("clerk").await;
    let seen = place.seen(&tokens).await;
    assert_eq!(
        (&seen["scope"], &seen["roles"]),
        (&json!("offline_access openid orders:close orders:read"), &json!(["chief"]))
    );
    let refreshed = place.refresh(&tokens).await;
    assert_eq!(refreshed["scope"], "offline_access openid orders:close orders:read");
    assert_eq!(claims(&refreshed)["roles"], json!(["chief"]));
    // And is there again with it, since she had allowed it.
    place.give("clerk").await;
    assert_eq!(place.refresh(&refreshed).await["scope"], "offline_access openid orders:close orders:read orders:write");
    place.app.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
}

#[tokio::test]
async fn what_an_api_demands_later_counts_at_once() {
    let place = place().await;
    let tokens = place.granted("openid+orders:read").await;
    assert_eq!(place.seen(&tokens).await["scope"], "openid orders:read");
    place.demand("orders:read", &["clerk", "chief"]).await;
    assert_eq!(place.seen(&tokens).await["scope"], "openid");
    place.give("chief").await;
    assert_eq!(place.seen(&tokens).await["scope"], "openid orders:read");
    place.take("chief").await;
    place.demand("orders:read", &[]).await;
    assert_eq!(place.seen(&tokens).await["scope"], "openid orders:read");
}

#[tokio::test]
async fn who_lacks_every_role_that_was_needed_is_told_and_consent_lists_what_will_be_granted() {
    let place = place().await;
    let mut browser = place.server.browser();
    browser.sign_in(ANN).await;
    for scope in ["orders:write", "orders:write+orders:close"] {
        let answer = browser.authorize(&place.app, ANN, &format!("scope={scope}")).await;
        answer.refused_redirect(Rejection::RoleNeeded);
    }
    let ask = place.app.authorization_url("scope=openid+orders:read+orders:write");
    let page = browser.visit(&ask).await;
    let text = page.text();
    assert!(text.contains("orders:read") && !text.contains("orders:write"), "{text}");
    // A consent of before her role says nothing of what comes with it: she is asked for that.
    let answer = browser.press(&page.form("#allow")).await;
    assert!(answer.location_param("code").is_some());
    assert!(browser.visit(&ask).await.location_param("code").is_some(), "nothing new");
    place.give("clerk").await;
    assert!(browser.visit(&ask).await.text().contains("orders:write"));
}

#[tokio::test]
async fn a_service_has_roles_of_its_own_and_is_never_a_user() {
    let place = place().await;
    let scopes = ScopeSet::parse("orders:read orders:write orders:close").unwrap();
    let job = place.server.db_client(ClientType::Service, |client| client.scopes = scopes).await;
    let tokens = job.credentials(&[]).await.ok();
    assert_eq!((&tokens["scope"], claims(&tokens).get("roles")), (&json!("orders:read"), None));
    job.credentials(&[("scope", "orders:write")]).await.refused_json(400, Rejection::ScopeNeedsRole);
    place.put(Recipient::Client(&job.id), "clerk", Giving::Grant).await;
    let tokens = job.credentials(&[("scope", "orders:write")]).await.ok();
    assert_eq!((&tokens["scope"], &claims(&tokens)["roles"]), (&json!("orders:write"), &json!(["clerk"])));
    let seen = place.seen(&tokens).await;
    assert_eq!((&seen["scope"], &seen["roles"]), (&json!("orders:write"), &json!(["clerk"])));
    place.put(Recipient::Client(&job.id), "clerk", Giving::Revoke).await;
    let seen = place.seen(&tokens).await;
    assert_eq!((&seen["scope"], seen.get("roles")), (&json!(""), None));
    // What needs an account needs the role that everybody has.
    place.demand("orders:read", &["user"]).await;
    job.credentials(&[("scope", "orders:read")]).await.refused_json(400, Rejection::ScopeNeedsRole);
    assert_eq!(place.granted("orders:read").await["scope"], "orders:read");
}

#[tokio::test]
async fn an_api_is_told_the_roles_that_it_wants_to_see() {
    let place = place().await;
    for role in ["clerk", "chief"] {
        place.give(role).await;
    }
    for (wish, told) in [("all", json!(["clerk", "chief"])), ("chief", json!(["chief"])), ("none", Value::Null)] {
        let roles_seen = Some(RolesSeen::try_from(wish.to_owned()).unwrap());
        place.change(ResourceChange { roles_seen, ..ResourceChange::default() }).await;
        let tokens = place.granted("openid+orders:read").await;
        assert_eq!(claims(&tokens).get("roles").cloned().unwrap_or_default(), told, "{wish}");
        // Userinfo is ours, and so is what the account has.
        let own = place.granted("openid").await;
        assert_eq!(claims(&own)["roles"], json!(["clerk", "chief"]));
    }
    let roles_seen = Some(RolesSeen::default());
    let tokens = place.granted("openid+offline_access+orders:read").await;
    place.change(ResourceChange { roles_seen, ..ResourceChange::default() }).await;
    assert_eq!(claims(&place.refresh(&tokens).await)["roles"], json!(["clerk", "chief"]));
    place
        .change(ResourceChange {
            roles_seen: Some(RolesSeen::try_from("clerk".to_owned()).unwrap()),
            ..ResourceChange::default()
        })
        .await;
    assert_eq!(place.seen(&place.granted("orders:read").await).await["roles"], json!(["clerk"]));
}

#[tokio::test]
async fn a_scope_that_two_apis_have_is_guarded_where_its_api_guards_it() {
    let place = place().await;
    let other = "https://bills.test";
    place.server.db_resource(other, &["orders:close"]).await;
    place.hear().await;
    let ask = async |api: &str| {
        let code =
            place.server.browser().code(&place.app, ANN, &format!("scope=openid+orders:close&resource={api}")).await;
        place.app.redeem(&code).await.ok()["scope"].clone()
    };
    assert_eq!(ask(other).await, "openid orders:close");
    assert_eq!(ask(ORDERS).await, "openid");
    // A role that bundles it permits it at both, and so guards it at both.
    place.make("closer", &["orders:close"]).await;
    assert_eq!(ask(other).await, "openid");
    place.give("closer").await;
    assert_eq!((ask(other).await, ask(ORDERS).await), (json!("openid orders:close"), json!("openid orders:close")));
}

#[tokio::test]
async fn a_role_counts_on_every_node_and_for_whoever_signs_in_anew() {
    let place = place().await;
    let node = place.server.another_node().await;
    let tokens = place.granted("openid+orders:read").await;
    place.demand("orders:read", &["chief"]).await;
    node.app.directory.poll().await.unwrap();
    let seen =
        place.api.on(&node).post("/introspect", &[("token", tokens["access_token"].as_str().unwrap())]).await.ok();
    assert_eq!(seen["scope"], "openid");
    let mut browser = node.browser();
    let form = browser.visit("/login").await.form("#login-submit");
    browser.submit(&crate::support::filled(&form, ANN, PASSWORD)).await;
    let answer = browser.authorize(&place.app, ANN, "scope=orders:read").await;
    answer.refused_redirect(Rejection::RoleNeeded);
}
