//! A provider that the test controls: real HTTP on loopback, real signatures, one switch for each way to misbehave.
//!
//! It speaks as the public documentation says: OpenID Connect Core and Discovery 1.0; "OpenID Connect", developers.google.com (`hd`, `azp`); GitHub's
//! "Authorizing OAuth apps" and REST pages `/user`, `/user/emails` and `/user/memberships/orgs/ORG`, docs.github.com (errors come with status 200);
//! "OpenID Connect on the Microsoft identity platform" (`tid`, the issuer's template); "Sign in with Apple" (`form_post`, `user`, a secret signed with
//! ES256). One server plays them all: what differs is what the settings make of it.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::response::IntoResponse;
use doorward::clock::{Clock, Timestamp};
use doorward::config::{Config, SecretSetting, UpstreamConfig};
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::upstream::ProviderKind;
use doorward::secret::{base64url, sha256};
use doorward::tokens::{KeySpec, SigningKey};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::server::START;

/// The secret that every fake gives out.
const UPSTREAM_SECRET: &str = "the-secret-of-the-fake-provider";
/// The client id.
pub const UPSTREAM_CLIENT: &str = "doorward-at-the-fake";

/// How the ID token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signing {
    /// With the published RSA key.
    #[default]
    Rs256,
    /// With the published key of P-256.
    Es256,
    /// Not at all: `alg` is `none`.
    Unsigned,
    /// With HMAC, under the bytes of the published key.
    HmacWithPublicKey,
    /// With a key that is not published, under the name of one that is.
    ForgedKey,
    /// With a key that is not published, under its own name.
    UnpublishedKey,
}

/// What an endpoint answers instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    Html,
    InvalidUtf8,
    TenMegabytes,
    /// A byte now and then, for a minute.
    Drip,
    /// Nothing, and the connection stays open.
    Silence,
    Redirect(String),
    Status(u16),
    /// This JSON, with this status.
    Json(u16, Value),
}

/// The provider.
#[derive(Clone)]
pub struct Provider {
    pub address: SocketAddr,
    clock: Arc<Mutex<Clock>>,
    said: Arc<Mutex<Said>>,
    /// What a browser goes there with: made once, since it reads all certificates of the machine.
    http: reqwest::Client,
}

/// What it says, and what it was asked.
#[derive(Default)]
struct Said {
    /// The person who is signed in there, as claims.
    person: Map<String, Value>,
    /// Changes of the ID token's claims; null takes one away.
    changed: Map<String, Value>,
    signing: Signing,
    unpublished_is_published: bool,
    ignores_pkce: bool,
    discovery: Map<String, Value>,
    /// Changes of what the browser brings back.
    callback: Map<String, Value>,
    userinfo: Option<Value>,
    emails: Value,
    organizations: HashMap<String, String>,
    instead: HashMap<String, Instead>,
    codes: HashMap<String, HashMap<String, String>>,
    asked: VecDeque<(String, String)>,
}

fn key(of: usize) -> &'static SigningKey {
    static KEYS: [OnceLock<SigningKey>; 3] = [const { OnceLock::new() }; 3];
    let algorithm = if of == 0 { Algorithm::Rs256 } else { Algorithm::Es256 };
    KEYS[of].get_or_init(|| SigningKey::generate(KeySpec { algorithm, rsa_bits: 2048 }).unwrap())
}

impl Provider {
    /// One whose clock stands at the beginning of tests. Ann is signed in there, with a verified address.
    pub async fn start() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let said = Said { emails: json!([]), ..Said::default() };
        let this = Self {
            address: socket.local_addr().unwrap(),
            clock: Arc::new(Mutex::new(Clock::manual(START))),
            said: Arc::new(Mutex::new(said)),
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap(),
        };
        this.person(json!({
            "sub": "ann-at-the-provider", "name": "Ann Lee", "email": "ann@example.org", "email_verified": true,
        }));
        let router = Router::new().fallback(answer).with_state(this.clone());
        tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        this
    }

    /// Takes the time of this clock from now on.
    pub fn follow(&self, clock: &Clock) {
        *self.clock.lock().unwrap() = clock.clone();
    }

    fn now(&self) -> Timestamp {
        self.clock.lock().unwrap().now()
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its settings as a provider of this kind, whose id is `id`.
    pub fn settings(&self, id: &str, kind: ProviderKind) -> UpstreamConfig {
        let own = |of: ProviderKind, url: String| if kind == of { url } else { String::new() };
        UpstreamConfig {
            id: id.to_owned(),
            kind: Some(kind),
            name: id.to_owned(),
            client_id: UPSTREAM_CLIENT.to_owned(),
            client_secret: SecretSetting::new(if kind == ProviderKind::Apple { "" } else { UPSTREAM_SECRET }),
            issuer: if kind == ProviderKind::Github { String::new() } else { self.issuer() },
            base_url: own(ProviderKind::Github, self.issuer()),
            api_url: own(ProviderKind::Github, format!("{}/api/v3", self.issuer())),
            ..UpstreamConfig::default()
        }
    }

    /// Adds it to a server's settings, changed as wanted.
    pub fn add_to(&self, config: &mut Config, id: &str, kind: ProviderKind, change: impl FnOnce(&mut UpstreamConfig)) {
        let mut settings = self.settings(id, kind);
        change(&mut settings);
        config.upstream.push(settings);
        config.outgoing.allow.push(self.address.to_string());
    }

    /// Who is signed in there from now on.
    pub fn person(&self, claims: Value) {
        self.said().person = object(claims);
    }

    /// Changes the claims of the ID tokens to come; null takes one away. What was changed before is not any more.
    pub fn claims(&self, changes: Value) {
        self.said().changed = object(changes);
    }

    /// How ID tokens are signed from now on.
    pub fn sign(&self, signing: Signing) {
        self.said().signing = signing;
    }

    /// Publishes the key that was not.
    pub fn publish(&self) {
        self.said().unpublished_is_published = true;
    }

    /// Takes codes with whatever verifier from now on.
    pub fn ignore_pkce(&self) {
        self.said().ignores_pkce = true;
    }

    /// Changes the discovery document.
    pub fn discovery(&self, changes: Value) {
        self.said().discovery = object(changes);
    }

    /// Changes what the browser brings back: `code`, `state`, `iss`, `error`, `user`.
    pub fn callback(&self, changes: Value) {
        self.said().callback = object(changes);
    }

    /// What userinfo says; there is none before.
    pub fn userinfo(&self, claims: Value) {
        self.said().userinfo = Some(claims);
    }

    /// The addresses that GitHub's API gives.
    pub fn emails(&self, emails: Value) {
        self.said().emails = emails;
    }

    /// The state of the person's membership in an organization of GitHub's.
    pub fn organization(&self, name: &str, state: &str) {
        self.said().organizations.insert(name.to_owned(), state.to_owned());
    }

    /// What this path answers from now on.
    pub fn answer(&self, path: &str, instead: Instead) {
        self.said().instead.insert(path.to_owned(), instead);
    }

    /// That this path answers as it should again.
    pub fn mend(&self, path: &str) {
        self.said().instead.remove(path);
    }

    /// How often this path was asked.
    pub fn asked(&self, path: &str) -> usize {
        self.said().asked.iter().filter(|(asked, _)| asked == path).count()
    }

    /// The last body that was posted to this path.
    pub fn last_posted(&self, path: &str) -> HashMap<String, String> {
        let said = self.said();
        let (_, body) = said.asked.iter().rev().find(|(asked, _)| asked == path).expect("nothing was posted");
        form_urlencoded::parse(body.as_bytes()).into_owned().collect()
    }

    /// What a browser that is sent to this address brings back: real HTTP, then the parameters of the redirect or of the form.
    pub async fn visit(&self, address: &Url) -> HashMap<String, String> {
        let answer = self.http.get(address.clone()).send().await.unwrap();
        if let Some(location) = answer.headers().get(header::LOCATION) {
            let location = Url::parse(location.to_str().unwrap()).unwrap();
            return location.query_pairs().into_owned().collect();
        }
        let status = answer.status();
        let page = answer.text().await.unwrap();
        assert_eq!(status, 200, "the provider does not let the person in: {page}");
        let page = scraper::Html::parse_document(&page);
        let fields = scraper::Selector::parse("input[type=hidden]").unwrap();
        let field = |input: scraper::ElementRef<'_>| {
            (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap().to_owned())
        };
        page.select(&fields).map(field).collect()
    }

    /// A logout token of it (OpenID Connect Back-Channel Logout §2.4), changed as wanted.
    pub fn logout_token(&self, changes: Value) -> String {
        let now = self.now().seconds();
        let mut claims = json!({
            "iss": self.issuer(), "aud": UPSTREAM_CLIENT, "iat": now, "exp": now + 120, "jti": doorward::random::id(),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        change(claims.as_object_mut().unwrap(), &object(changes));
        let signing = self.said().signing;
        signed(signing, "logout+jwt", &claims)
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().unwrap()
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Puts changes into claims; null takes one away.
fn change(claims: &mut Map<String, Value>, changes: &Map<String, Value>) {
    claims.extend(changes.clone());
    claims.retain(|_, value| !value.is_null());
}

fn signed(signing: Signing, typ: &str, claims: &Value) -> String {
    let (algorithm, signer, kid) = match signing {
        Signing::Rs256 => ("RS256", 0, key(0).kid()),
        Signing::Es256 => ("ES256", 1, key(1).kid()),
        Signing::Unsigned => ("none", 0, key(0).kid()),
        Signing::HmacWithPublicKey => ("HS256", 0, key(0).kid()),
        Signing::ForgedKey => ("ES256", 2, key(1).kid()),
        Signing::UnpublishedKey => ("ES256", 2, key(2).kid()),
    };
    let header = json!({ "alg": algorithm, "typ": typ, "kid": kid });
    let input = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = match signing {
        Signing::Unsigned => Vec::new(),
        Signing::HmacWithPublicKey => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, key(0).jwk().to_string().as_bytes());
            hmac::sign(&secret, input.as_bytes()).as_ref().to_vec()
        }
        _ => key(signer).sign(input.as_bytes()).unwrap(),
    };
    format!("{input}.{}", base64url(&signature))
}

async fn answer(State(this): State<Provider>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let path = uri.path().to_owned();
    let instead = {
        let mut said = this.said();
        said.asked.push_back((path.clone(), String::from_utf8_lossy(&body).into_owned()));
        said.instead.get(&path).cloned()
    };
    if let Some(instead) = instead {
        return instead.response().await;
    }
    let query: HashMap<String, String> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    match path.trim_start_matches("/api/v3") {
        // Microsoft's is below a tenant.
        discovery if discovery.ends_with("/.well-known/openid-configuration") => this.metadata(),
        "/keys" => this.keys(),
        "/authorize" | "/login/oauth/authorize" => this.authorize(query),
        "/token" | "/login/oauth/access_token" => this.token(&headers, form),
        "/userinfo" => this.userinfo_answer(),
        "/user" => this.user(&headers),
        "/user/emails" => json_answer(200, &this.said().emails),
        other => match other.strip_prefix("/user/memberships/orgs/") {
            Some(name) => this.membership(name),
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

impl Provider {
    fn metadata(&self) -> Response<Body> {
        let issuer = self.issuer();
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "end_session_endpoint": format!("{issuer}/logout"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": true,
        });
        change(document.as_object_mut().unwrap(), &self.said().discovery);
        json_answer(200, &document)
    }

    fn keys(&self) -> Response<Body> {
        let mut keys = vec![key(0).jwk(), key(1).jwk()];
        if self.said().unpublished_is_published {
            keys.push(key(2).jwk());
        }
        json_answer(200, &json!({ "keys": keys }))
    }

    /// The person is signed in, and agrees.
    fn authorize(&self, query: HashMap<String, String>) -> Response<Body> {
        let mut said = self.said();
        if query.get("client_id").map(String::as_str) != Some(UPSTREAM_CLIENT) {
            return (StatusCode::BAD_REQUEST, "no such client").into_response();
        }
        let code = doorward::random::id();
        let mut back = json!({ "code": code, "state": query["state"], "iss": self.issuer() });
        change(back.as_object_mut().unwrap(), &said.callback);
        let back: Vec<(String, String)> = back
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().into()))
            .collect();
        let form_post = query.get("response_mode").is_some_and(|mode| mode == "form_post");
        let mut location = Url::parse(&query["redirect_uri"]).unwrap();
        said.codes.insert(code, query);
        if form_post {
            let escape = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
            let input = |(name, value): &(String, String)| {
                format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
            };
            let inputs: String = back.iter().map(input).collect();
            let page = format!("<form method=\"post\" action=\"{location}\">{inputs}<button>Go on</button></form>");
            return ([(header::CONTENT_TYPE, "text/html")], page).into_response();
        }
        location.query_pairs_mut().extend_pairs(back);
        (StatusCode::FOUND, [(header::LOCATION, location.to_string())]).into_response()
    }

    fn token(&self, headers: &HeaderMap, form: HashMap<String, String>) -> Response<Body> {
        let mut said = self.said();
        let Some(asked) = form.get("code").and_then(|code| said.codes.remove(code)) else {
            return json_answer(400, &json!({ "error": "invalid_grant" }));
        };
        assert!(is_authenticated(headers, &form), "the client is not authenticated: {form:?}");
        assert_eq!(form["redirect_uri"], asked["redirect_uri"]);
        assert_eq!(
            (form["grant_type"].as_str(), asked["code_challenge_method"].as_str()),
            ("authorization_code", "S256")
        );
        let verifier = form["code_verifier"].as_bytes();
        if base64url(&sha256(verifier)) != asked["code_challenge"] && !said.ignores_pkce {
            return json_answer(400, &json!({ "error": "invalid_grant" }));
        }
        let now = self.now().seconds();
        let mut claims = json!({
            "iss": self.issuer(), "aud": UPSTREAM_CLIENT, "iat": now, "exp": now + 300, "auth_time": now,
            "nonce": asked.get("nonce"),
        });
        change(claims.as_object_mut().unwrap(), &said.person);
        change(claims.as_object_mut().unwrap(), &said.changed);
        let mut answer = json!({ "access_token": "fake-access-token", "token_type": "Bearer", "expires_in": 3600 });
        if asked.contains_key("nonce") {
            answer["id_token"] = json!(signed(said.signing, "JWT", &claims));
        }
        json_answer(200, &answer)
    }

    fn userinfo_answer(&self) -> Response<Body> {
        let said = self.said();
        said.userinfo.as_ref().map_or(StatusCode::NOT_FOUND.into_response(), |claims| json_answer(200, claims))
    }

    fn user(&self, headers: &HeaderMap) -> Response<Body> {
        assert_eq!(headers[header::AUTHORIZATION], "Bearer fake-access-token");
        json_answer(200, &Value::Object(self.said().person.clone()))
    }

    fn membership(&self, name: &str) -> Response<Body> {
        match self.said().organizations.get(name) {
            Some(state) => {
                json_answer(200, &json!({ "state": state, "role": "member", "organization": { "login": name } }))
            }
            None => json_answer(404, &json!({ "message": "Not Found" })),
        }
    }
}

/// By the header, by the body, or by a token of Apple's kind.
fn is_authenticated(headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
    use base64::Engine;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{UPSTREAM_CLIENT}:{UPSTREAM_SECRET}"));
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = form.get("client_secret").map(String::as_str);
    header == Some(&format!("Basic {basic}"))
        || (form.get("client_id").is_some_and(|id| id == UPSTREAM_CLIENT)
            && (secret == Some(UPSTREAM_SECRET) || secret.is_some_and(|secret| secret.split('.').count() == 3)))
}

fn json_answer(status: u16, body: &Value) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl Instead {
    async fn response(self) -> Response<Body> {
        match self {
            Self::Html => ([(header::CONTENT_TYPE, "text/html")], "<html><h1>Welcome</h1></html>").into_response(),
            Self::InvalidUtf8 => {
                ([(header::CONTENT_TYPE, "application/json")], b"{\"a\":\"\xff\xfe\"}".to_vec()).into_response()
            }
            Self::TenMegabytes => {
                let body = format!("{{\"a\":\"{}\"}}", "a".repeat(10 << 20));
                ([(header::CONTENT_TYPE, "application/json")], body).into_response()
            }
            Self::Drip => {
                let drops = futures_util::stream::unfold(0, |count| async move {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    (count < 300).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(b" ")), count + 1))
                });
                Response::new(Body::from_stream(drops))
            }
            Self::Silence => std::future::pending().await,
            Self::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
            Self::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
            Self::Json(status, body) => json_answer(status, &body),
        }
    }
}
