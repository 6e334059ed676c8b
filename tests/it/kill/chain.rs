//! What one application knows of its refresh tokens: a log of what it presented, written before each request, and of what was answered,
//! written after it.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use doorward::clock::Stopwatch;
use doorward::protocol::rejection::Rejection;
use reqwest::StatusCode;
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// How long a predecessor gets the same successor again. A machine that needs half of it for a restart is not asked whether it does.
const SAME_SUCCESSOR: Duration = Duration::from_secs(60);

/// The way to one server process.
#[derive(Clone)]
pub(super) struct Wire {
    http: reqwest::Client,
    base: String,
    client: (String, String),
    started: Stopwatch,
    first: Arc<OnceLock<Duration>>,
}

/// One presentation of a refresh token.
struct Step {
    presented: String,
    /// Since it was presented.
    since: Stopwatch,
    /// Nothing, when the answer was lost.
    answer: Option<Tokens>,
}

#[derive(Clone, PartialEq, Debug)]
struct Tokens {
    refresh: String,
    access: String,
}

/// The refresh tokens of one grant, as their application knows them.
pub(super) struct Chain {
    first: String,
    log: Vec<Step>,
    /// What answers gave that were taken for lost.
    superseded: Vec<Tokens>,
}

/// How a grant is ended.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// The application revokes its token.
    Revocation,
    /// Somebody presents a token that was replaced.
    Reuse,
}

/// A grant that is being ended, or was.
pub(super) struct Ending {
    pub(super) chain: Chain,
    way: Way,
    /// Whether it was told that it is ended.
    told: bool,
}

impl Wire {
    pub(super) fn new(base: &str, client: &(String, String), started: Stopwatch) -> Self {
        let http = crate::support::http();
        Self { http, base: base.to_owned(), client: client.clone(), started, first: Arc::default() }
    }

    /// How long it took from the start of the process to the first 200.
    pub(super) fn first_answer(&self) -> Option<Duration> {
        self.first.get().copied()
    }

    /// Sends a form; nothing when the whole answer does not arrive.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Option<(StatusCode, Value)> {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}{path}", self.base)).basic_auth(&self.client.0, Some(&self.client.1));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.ok()?;
        let status = response.status();
        let body = response.bytes().await.ok()?;
        if status == StatusCode::OK {
            self.first.get_or_init(|| self.started.elapsed());
        }
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    async fn refresh(&self, token: &str) -> Option<(StatusCode, Value)> {
        self.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// The tokens that a refresh gives; nothing when the answer is lost. Any other answer is a violation.
    async fn tokens(&self, token: &str) -> Option<Tokens> {
        let (status, body) = self.refresh(token).await?;
        assert_eq!(status, StatusCode::OK, "a token that must work is refused: {body}");
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Some(Tokens { refresh: text("refresh_token"), access: text("access_token") })
    }

    /// The words with which a refresh is refused.
    async fn refusal(&self, token: &str) -> Option<String> {
        let (status, body) = self.refresh(token).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "a token that must be refused works: {body}");
        Some(body["error_description"].as_str().unwrap().to_owned())
    }

    async fn userinfo(&self, access_token: &str) -> StatusCode {
        let request = self.http.get(format!("{}/userinfo", self.base)).bearer_auth(access_token);
        request.send().await.unwrap().status()
    }
}

impl Chain {
    pub(super) fn new(first: &str) -> Self {
        Self { first: first.to_owned(), log: Vec::new(), superseded: Vec::new() }
    }

    /// What to present next: the newest token, or once more the one whose answer was lost.
    fn next(&self) -> &str {
        match self.log.last() {
            None => &self.first,
            Some(Step { answer: Some(tokens), .. }) => &tokens.refresh,
            Some(Step { presented, answer: None, .. }) => presented,
        }
    }

    /// How many tokens were presented, each counted once.
    pub(super) fn presented(&self) -> usize {
        self.log.iter().map(|step| &step.presented).collect::<BTreeSet<_>>().len()
    }

    /// How many tokens were presented and answered, each counted once.
    pub(super) fn heard(&self) -> usize {
        self.log.iter().filter(|step| step.answer.is_some()).map(|step| &step.presented).collect::<BTreeSet<_>>().len()
    }

    /// How many answers were taken for lost.
    pub(super) fn superseded(&self) -> usize {
        self.superseded.len()
    }

    /// How many answers were lost.
    pub(super) fn lost(&self) -> usize {
        self.log.len() - self.answered()
    }

    /// How many answers came.
    pub(super) fn answered(&self) -> usize {
        self.log.iter().filter(|step| step.answer.is_some()).count()
    }

    /// Whether the last answer came.
    pub(super) fn goes_on(&self) -> bool {
        self.log.last().is_none_or(|step| step.answer.is_some())
    }

    /// Takes the last answer for lost, which came more than a minute ago, and asks for another; `false` when that one was lost.
    pub(super) async fn lose(&mut self, wire: &Wire) -> bool {
        let Some(Step { presented, answer: Some(tokens), .. }) = self.log.last() else { return false };
        let (presented, tokens) = (presented.clone(), tokens.clone());
        self.superseded.push(tokens);
        self.present(wire, presented).await
    }

    /// Refreshes; `false` when the answer was lost.
    pub(super) async fn refresh(&mut self, wire: &Wire) -> bool {
        let presented = self.next().to_owned();
        self.present(wire, presented).await
    }

    async fn present(&mut self, wire: &Wire, presented: String) -> bool {
        self.log.push(Step { presented: presented.clone(), since: Stopwatch::start(), answer: None });
        let answer = wire.tokens(&presented).await;
        self.log.last_mut().unwrap().answer = answer;
        self.log.last().unwrap().answer.is_some()
    }

    /// After a restart: the token whose answer was lost gives a token that works; one that was answered is given again to who asks with
    /// its predecessor, and works; and so does the access token.
    pub(super) async fn resume(&mut self, wire: &Wire) {
        match self.log.last() {
            Some(Step { presented, since, answer: Some(tokens) }) => {
                if since.elapsed() < SAME_SUCCESSOR / 2 {
                    let again = wire.tokens(presented).await.expect("the process lives");
                    assert_eq!(again.refresh, tokens.refresh, "another successor than the one that was answered");
                }
                assert_eq!(wire.userinfo(&tokens.access).await, StatusCode::OK);
            }
            Some(Step { answer: None, .. }) => assert!(self.refresh(wire).await),
            None => {}
        }
        assert!(self.refresh(wire).await, "the process lives");
        let access = self.log.last().and_then(|step| step.answer.clone()).unwrap().access;
        assert_eq!(wire.userinfo(&access).await, StatusCode::OK);
        for tokens in self.superseded.iter().rev().take(2) {
            assert_eq!(wire.userinfo(&tokens.access).await, StatusCode::UNAUTHORIZED, "a superseded answer lives");
        }
    }

    /// A token that was used or superseded, and the newest belong together: the reuse of one ends the other.
    pub(super) async fn is_one_family(&mut self, wire: &Wire) {
        let copy = self.superseded.last().map_or(&self.first, |tokens| &tokens.refresh);
        let reused = wire.refusal(copy).await;
        assert_eq!(reused.as_deref(), Some(Rejection::ReusedRefreshToken.description()));
        let newest = wire.refusal(self.next()).await;
        assert_eq!(newest.as_deref(), Some(Rejection::EndedGrant.description()));
    }
}

impl Ending {
    pub(super) fn new(chain: Chain, way: Way) -> Self {
        Self { chain, way, told: false }
    }

    /// Ends the grant, after two refreshes; `false` when an answer was lost. Can be taken up again.
    pub(super) async fn end(&mut self, wire: &Wire) -> bool {
        while self.chain.answered() < 2 {
            if !self.chain.refresh(wire).await {
                return false;
            }
        }
        self.told = match self.way {
            Way::Revocation => {
                let answer = wire.post("/revoke", &[("token", self.chain.next())]).await;
                answer.inspect(|(status, body)| assert_eq!(*status, StatusCode::OK, "{body}")).is_some()
            }
            Way::Reuse => {
                let answer = wire.refusal(&self.chain.first).await;
                let expected = [Rejection::ReusedRefreshToken, Rejection::EndedGrant].map(Rejection::description);
                answer.inspect(|words| assert!(expected.contains(&words.as_str()), "{words}")).is_some()
            }
        };
        self.told
    }

    /// After a restart: ends what was not ended yet, for certain; and nothing of it holds.
    pub(super) async fn stays_ended(&mut self, wire: &Wire) {
        if !self.told {
            assert!(self.end(wire).await, "the process lives");
        }
        let newest = wire.refusal(self.chain.next()).await;
        assert_eq!(newest.as_deref(), Some(Rejection::EndedGrant.description()));
        let access = self.chain.log.last().and_then(|step| step.answer.clone()).unwrap().access;
        assert_eq!(wire.userinfo(&access).await, StatusCode::UNAUTHORIZED);
    }
}
