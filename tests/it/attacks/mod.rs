//! Attacks that real servers fell to, each as a test that sends what the attacker sends: a file per group, and tests named after their
//! row (`a1_redirect_uri_is_compared_as_bytes`). The rows are in `rows.rs`; what waits for a feature is in `later.rs`; `README.md` is made
//! from both and from the comments of the tests.
//!
//! The list leaves numbers out on purpose, so that the class is thought of and not only the case: what stands there is ours, and its comment
//! begins with `Class:`.

mod a;
mod b;
mod c;
mod d;
mod e;
mod f;
mod g;
mod h;
mod i;
mod j;
mod k;
mod l;
mod later;
mod m;
mod n;
mod page;
mod rows;

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::support::{Answer, Browser, Client, Server};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";
const EVE: &str = "eve@example.org";

/// A request for everything that outlives the browser.
const OFFLINE: &str = "scope=openid+email+offline_access";

/// As a value in a query or a form.
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A member of an answer of tokens.
fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}")).to_owned()
}

/// Ann signs in, allows all that outlives the browser, and the client has its tokens.
async fn tokens(browser: &mut Browser, client: &Client) -> Value {
    let code = browser.code(client, ANN, OFFLINE).await;
    client.redeem(&code).await.ok()
}

async fn refresh(client: &Client, token: &str) -> Answer {
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// Whether a confidential client is told that its token holds.
async fn is_active(client: &Client, token: &str) -> bool {
    client.post("/introspect", &[("token", token)]).await.ok()["active"].as_bool().unwrap()
}

/// Whether the browser's sign-in counts at this node.
async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.visit("/account").await.has("#sign-out")
}

async fn count(server: &Server, sql: &str) -> i64 {
    server.database.db_number(sql).await
}
