//! A `state` of 4,000 bytes: it comes back unchanged, and on the way no head of a response and no address is longer than nginx takes where its
//! limits are not set: 4 KiB (`proxy_buffer_size`) and 8 KiB (`large_client_header_buffers`). What is too long is refused and told.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use url::form_urlencoded::byte_serialize;

use crate::support::{Answer, Browser, Client, Database, Live, PASSWORD, Server};

const ANN: &str = "ann@example.org";
/// A page of memory.
const LONGEST_HEAD: usize = 4096;
/// The line of a request: method, address, version.
const LONGEST_LINE: usize = 8192;

/// States of 4,000 bytes as applications make them: in base64url, in base64, and JSON.
pub fn states() -> [String; 3] {
    let random = |letters: &str| -> String {
        let mut at = 7_usize;
        let mut next = || {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            at >> 33
        };
        (0..4000).map(|_| letters.as_bytes()[next() % letters.len()] as char).collect()
    };
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let json = "{\"page\":\"/orders/2024?tab=open\",\"nonce\":\"3yJqOcLeRL8LahahJ2jnA0NU5T1HUqe2VwKTSJmUUM3\"},";
    let json: String = json.chars().cycle().take(4000).collect();
    [random(&format!("{letters}-_")), random(&format!("{letters}+/=")), json]
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Asserts that a proxy would let it pass.
#[track_caller]
fn passes(answer: &Answer) {
    let lines = answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    // For what HTTPS would bring along, and the server's own line.
    let head = lines.sum::<usize>() + 150;
    assert!(head <= LONGEST_HEAD, "a head of {head} bytes: {:?}", answer.headers);
    if let Some(address) = answer.onward() {
        assert!(address.len() + "POST  HTTP/1.1\r\n".len() <= LONGEST_LINE, "an address of {} bytes", address.len());
    }
}

#[tokio::test]
async fn a_state_of_4000_bytes_comes_back_and_every_step_passes_a_proxy() {
    let database = Database::copy().await;
    let live = Live::serve(&database);
    live.user(ANN);
    for state in states() {
        for extra in ["", "&response_mode=fragment", "&prompt=none"] {
            let client = live.client("web", &[]);
            let mut browser = live.browser();
            let path = client.authorization_path(&format!("scope=openid&state={}{extra}", encoded(&state)));
            let answer = browser.authorize(&path, ANN).await;
            let address = answer.onward().unwrap().replace('#', "?");
            let url = url::Url::parse(&address).unwrap();
            let found = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
            assert_eq!(found, state);
            browser.seen.iter().for_each(passes);
            assert_eq!(answer.status, 200, "that is no ordinary redirect");
            assert!(answer.header("content-security-policy").contains("default-src 'none'"));
            assert_eq!((answer.header("cache-control"), answer.header("location")), ("no-store", ""));
            if extra.is_empty() {
                client.redeem(&answer).await.ok();
            }
        }
    }
}

async fn begin() -> (Server, Client, Browser) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server
        .db_client(ClientType::Web, |c| c.metadata.post_logout_redirect_uris = vec!["https://rp.test/out".to_owned()])
        .await;
    let browser = server.browser();
    (server, client, browser)
}

#[tokio::test]
async fn a_posted_request_with_a_long_state_goes_on_as_a_get() {
    let (server, client, mut browser) = begin().await;
    for state in states() {
        let url = client.authorization_url(&format!("state={}", encoded(&state)));
        let posted = server.post("/authorize", url.split_once('?').unwrap().1).await;
        passes(&posted);
        assert!(posted.onward().unwrap().starts_with("/authorize?"));
        let login = browser.follow(posted).await;
        assert!(login.has("#login-submit"));
    }
}

#[tokio::test]
async fn signing_out_brings_a_long_state_back() {
    let (server, client, mut browser) = begin().await;
    for state in states() {
        browser.sign_in(ANN).await;
        let query = format!(
            "client_id={}&post_logout_redirect_uri=https%3A%2F%2Frp.test%2Fout&state={}",
            client.id,
            encoded(&state)
        );
        let posted = server.post("/logout", &query).await;
        passes(&posted);
        let question = browser.follow(posted).await;
        let left = browser.submit(&question.form("#confirm")).await;
        passes(&left);
        assert_eq!(left.location_param("state"), Some(state));
        assert_eq!(left.text_of("main strong").as_deref(), Some("rp.test"));
        assert!(
            !browser.cookies.contains_key("doorward_sign_in"),
            "the page takes the cookie away as the redirect would"
        );
    }
}

#[tokio::test]
async fn an_ordinary_redirect_stays_one() {
    let (_, client, mut browser) = begin().await;
    let state = "s".repeat(1000);
    let answer = browser.authorize(&client, ANN, &format!("state={state}")).await;
    assert!(answer.location().starts_with("https://rp.test/cb?code="));
    assert_eq!(answer.location_param("state"), Some(state));
}

#[tokio::test]
async fn what_would_not_pass_is_refused_and_told() {
    let (server, client, mut browser) = begin().await;
    let with_state = |length: usize| client.authorization_url(&format!("state={}", "s".repeat(length)));
    let is_taken = async |length: usize| server.get(&with_state(length)).await.reason.is_none();
    // The longest that is taken.
    let (mut taken, mut refused) = (4000, 7000);
    assert!(is_taken(taken).await);
    while taken + 1 < refused {
        let between = usize::midpoint(taken, refused);
        if is_taken(between).await { taken = between } else { refused = between }
    }
    let answer = server.get(&with_state(refused)).await;
    answer.refused(200, Rejection::ParametersTooLong);
    passes(&answer);
    assert_eq!(answer.location_param("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.location_param("state"), Some("s".repeat(refused)));
    assert!(answer.location_param("error_description").unwrap().contains("4000 bytes of state pass"));
    // It passes at every step, also when the way begins anew and names who was proved.
    let login = browser.visit(&with_state(taken)).await;
    server.turn(900);
    let login = browser.visit(&format!("/login?request={}", login.form("#login-submit").field("request"))).await;
    let form = login.form("#login-submit").with("email", ANN).with("password", PASSWORD);
    let mut answer = browser.submit(&form).await;
    passes(&answer);
    while let Some(next) = answer.onward().filter(|next| next.starts_with('/')) {
        answer = browser.get(&next).await;
        passes(&answer);
    }
    let answer = browser.press(&answer.form("#allow")).await;
    passes(&answer);
    assert_eq!(answer.location_param("state"), Some("s".repeat(taken)));
    // Below the longest path too.
    let base = format!("/{}", "p".repeat(99));
    let sealed = form.field("request").len();
    assert!(sealed + base.len() + "POST /authorize/continue?request= HTTP/1.1\r\n".len() <= LONGEST_LINE, "{sealed}");
}
