//! What is registered at the Doorward that is measured, and the operations that follow from it.
//!
//! One web application that people use, one service, two APIs (the second one's tokens are signed with ES256), a service that introspects for
//! the first, and as many people as there are connections: each is signed in and has consented, once, on the pages.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;

use crate::browser::Browser;
use crate::clock::Moment;
use crate::http::Connection;
use crate::installation::{Installation, JWKS};
use crate::operation::{Application, Asks, CodeFlow, Operation, Refresh, Tokens, encoded, form_head, get, with_body};
use crate::progress::Progress;
use crate::{Outcome, Problem};

/// Where the web application gets its codes.
pub const REDIRECT_URI: &str = "https://app.example.org/callback";
/// The password of every person here.
pub const PASSWORD: &str = "a quiet river at dawn";
/// The two APIs, each with its scope.
const API: (&str, &str) = ("https://api.example.org", "load:read");
const ES256_API: (&str, &str) = ("https://es256.example.org", "load:es256");
/// What the web application is allowed.
const ALL: &str = "openid profile email offline_access load:read";
/// Those of them that are the server's own: without a resource, the API's would make the API the audience too.
const OWN: &str = "openid profile email offline_access";
/// How an API key is traded (RFC 8693).
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const KEY: &str = "urn:doorward:params:oauth:token-type:api-key";
/// How long a key for a new algorithm may be published before it signs: the default is 7 minutes.
const PUBLICATION: Duration = Duration::from_secs(15 * 60);

/// What is done again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `GET /.well-known/jwks.json`
    Jwks,
    /// `GET /.well-known/openid-configuration`
    Discovery,
    /// A client-credentials request for a token under RS256.
    ClientCredentials,
    /// The same under ES256.
    Es256,
    /// Introspection of an access token whose grant holds.
    Introspection,
    /// Introspection of an API key.
    ApiKey,
    /// An API key for a token of its API.
    Trade,
    /// Userinfo for such a token.
    Userinfo,
    /// The authorization code flow with `openid`: two requests, two signatures.
    Code,
    /// A refresh with `openid`: two signatures.
    Refresh,
}

/// A registered Doorward.
pub struct Doorward {
    /// Where it runs.
    pub installation: Installation,
    web: Application,
    service: Application,
    introspector: Application,
    /// Everybody's address.
    emails: Vec<String>,
    /// Everybody's cookies, once they are signed in.
    cookies: Vec<String>,
}

impl Doorward {
    /// Registers with the command line, before the first start.
    ///
    /// # Errors
    /// When a command fails.
    pub fn register(installation: Installation, people: usize, progress: &Progress) -> Outcome<Self> {
        progress.say("registering applications, APIs and people with the command line");
        let host = installation.address.to_string();
        let client = |arguments: &[&str]| {
            let arguments = [&["client", "create"], arguments].concat();
            application(&host, &installation.run(&arguments, "")?)
        };
        let introspector = client(&["--type", "service", "--name", "API"])?;
        let resource = |(identifier, scope), more: &[&str]| {
            let fixed = ["resource", "create", "--identifier", identifier, "--name", "API", "--scope", scope];
            installation.run(&[&fixed, more].concat(), "")
        };
        resource(API, &["--introspector", &introspector.id])?;
        resource(ES256_API, &["--signing-alg", "ES256"])?;
        let scopes = format!("{} {}", API.1, ES256_API.1);
        let service = client(&["--type", "service", "--name", "Service", "--scope", &scopes])?;
        let web = client(&["--type", "web", "--name", "App", "--redirect-uri", REDIRECT_URI, "--scope", ALL])?;
        let mut registered = Self { installation, web, service, introspector, emails: Vec::new(), cookies: Vec::new() };
        registered.add_people(people, progress)?;
        Ok(registered)
    }

    /// Makes accounts until there are so many.
    ///
    /// # Errors
    /// When a command fails.
    pub fn add_people(&mut self, people: usize, progress: &Progress) -> Outcome<()> {
        for number in self.emails.len()..people {
            let email = format!("person{number}@example.org");
            let arguments = ["user", "create", "--email", &email, "--name", "Ann Lee", "--password-stdin"];
            self.installation.run(&arguments, &format!("{PASSWORD}\n"))?;
            self.emails.push(email);
            progress.step("accounts", number + 1, people);
        }
        Ok(())
    }

    /// Signs in everybody who is not, on the pages, and lets them consent.
    ///
    /// # Errors
    /// When a page is not as expected.
    pub async fn sign_in(&mut self, progress: &Progress) -> Outcome<()> {
        let asks = Asks { redirect_uri: REDIRECT_URI, scope: ALL, resource: Some(API.0) };
        let location = asks.location(&self.web);
        for number in self.cookies.len()..self.emails.len() {
            let mut browser = Browser::new(self.installation.address);
            browser.authorize(&location, &self.emails[number], PASSWORD).await?;
            self.cookies.push(browser.cookies());
            progress.step("people signed in", number + 1, self.emails.len());
        }
        Ok(())
    }

    /// Everybody's address.
    pub fn emails(&self) -> &[String] {
        &self.emails
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.installation.address
    }

    /// The cookies of a signed-in person; they begin again after the last.
    pub fn cookies(&self, person: usize) -> &str {
        &self.cookies[person % self.cookies.len()]
    }

    /// The operation for so many connections.
    ///
    /// # Errors
    /// When what it needs, a token for instance, cannot be had.
    pub async fn operations(&self, kind: Kind, connections: usize, progress: &Progress) -> Outcome<Vec<Operation>> {
        let host = self.address().to_string();
        let same = |request, has| vec![Operation::Same { request, has }; connections];
        Ok(match kind {
            Kind::Jwks | Kind::Discovery => vec![public(kind, self.address()); connections],
            Kind::ClientCredentials => same(self.token_request(API), "\"access_token\""),
            Kind::Es256 => {
                self.wait_for_es256(progress).await?;
                same(self.token_request(ES256_API), "\"access_token\"")
            }
            Kind::Introspection => self
                .tokens(connections, Some(API.0))
                .await?
                .iter()
                .map(|tokens| {
                    let request = self.introspector.form("/introspect", &[("token", &tokens.access)]);
                    Operation::Same { request, has: "\"active\":true" }
                })
                .collect(),
            Kind::ApiKey => self
                .keys(connections)?
                .iter()
                .map(|key| {
                    let request = self.introspector.form("/introspect", &[("token", key)]);
                    Operation::Same { request, has: "\"active\":true" }
                })
                .collect(),
            Kind::Trade => self
                .keys(connections)?
                .iter()
                .map(|key| {
                    let form = [("grant_type", EXCHANGE), ("subject_token_type", KEY), ("subject_token", key)];
                    let request = with_body(&form_head(&host, "/token", ""), &encoded(&form));
                    Operation::Same { request, has: "\"access_token\"" }
                })
                .collect(),
            Kind::Userinfo => self
                .tokens(connections, None)
                .await?
                .iter()
                .map(|tokens| {
                    let request = get(&host, "/userinfo", &format!("Authorization: Bearer {}\r\n", tokens.access));
                    Operation::Same { request, has: "\"sub\"" }
                })
                .collect(),
            Kind::Code => (0..connections).map(|person| Operation::Code(self.flow("openid", None, person))).collect(),
            Kind::Refresh => {
                let chain = |tokens: Tokens| {
                    let token = tokens.refresh.ok_or("no refresh token came with the code")?;
                    Ok::<_, Problem>(Operation::Refresh(Refresh::new(&self.web, token)))
                };
                self.tokens(connections, None).await?.into_iter().map(chain).collect::<Outcome<_>>()?
            }
        })
    }

    /// A key for each of so many connections, of a person of its own.
    fn keys(&self, connections: usize) -> Outcome<Vec<String>> {
        let make = |person: usize| {
            let owner = &self.emails[person % self.emails.len()];
            let fixed = ["api-key", "create", "--user", owner, "--name", "Load", "--resource", API.0, "--scope", API.1];
            let made = self.installation.run(&fixed, "")?;
            made["key"].as_str().map(str::to_owned).ok_or_else(|| "api-key create printed no key".into())
        };
        (0..connections).map(make).collect()
    }

    fn token_request(&self, (resource, scope): (&str, &str)) -> Vec<u8> {
        let form = [("grant_type", "client_credentials"), ("scope", scope), ("resource", resource)];
        self.service.form("/token", &form)
    }

    fn flow(&self, scope: &str, resource: Option<&'static str>, person: usize) -> CodeFlow {
        let asks = Asks { redirect_uri: REDIRECT_URI, scope, resource };
        CodeFlow::new(&self.web, asks, self.cookies(person))
    }

    /// A grant for each of so many connections, and its tokens: all scopes for the API, the server's own without one.
    async fn tokens(&self, connections: usize, resource: Option<&'static str>) -> Outcome<Vec<Tokens>> {
        let mut connection = Connection::new(self.address());
        let mut all = Vec::new();
        for person in 0..connections {
            let scope = if resource.is_some() { ALL } else { OWN };
            all.push(self.flow(scope, resource, person).tokens(&mut connection).await?);
        }
        Ok(all)
    }

    /// Waits until the key for ES256 signs: where it was not made with the first key set, verifiers are given time to learn it.
    async fn wait_for_es256(&self, progress: &Progress) -> Outcome<()> {
        let mut connection = Connection::new(self.address());
        let began = Moment::now();
        loop {
            let answer = connection.exchange(&self.token_request(ES256_API)).await?;
            let token = answer.json()?["access_token"].as_str().ok_or_else(|| answer.unexpected("a token"))?.to_owned();
            match algorithm(&token).as_deref() {
                Some("ES256") => return Ok(()),
                found if began.elapsed() > PUBLICATION => {
                    return Err(format!("ES256 was asked for, but tokens are signed with {found:?}").into());
                }
                _ => {}
            }
            progress.step("seconds for the ES256 key to begin", began.elapsed().as_secs() as usize, 420);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// What everybody may read: the discovery document, or else the JWKS.
pub fn public(kind: Kind, address: SocketAddr) -> Operation {
    let (path, has) = match kind {
        Kind::Discovery => ("/.well-known/openid-configuration", "\"issuer\""),
        _ => (JWKS, "\"keys\""),
    };
    Operation::Same { request: get(&address.to_string(), path, ""), has }
}

/// An application from what `client create` printed.
///
/// # Errors
/// When that has no id or no secret.
pub fn application(host: &str, created: &Value) -> Outcome<Application> {
    let field =
        |name: &str| created[name].as_str().map(str::to_owned).ok_or(format!("client create printed no {name}"));
    Ok(Application { host: host.to_owned(), id: field("client_id")?, secret: field("client_secret")? })
}

/// The algorithm in the header of a JWS (RFC 7515 §4.1.1).
fn algorithm(token: &str) -> Option<String> {
    let header = BASE64URL.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    header["alg"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_of_a_token_is_read_from_its_header() {
        let token = format!("{}.e30.x", BASE64URL.encode(r#"{"typ":"at+jwt","alg":"ES256"}"#));
        assert_eq!(algorithm(&token).as_deref(), Some("ES256"));
        assert_eq!(algorithm("opaque"), None);
    }
}
