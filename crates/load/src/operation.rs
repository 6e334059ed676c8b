//! The operations that are measured, one connection's share of each: what it sends, and what must come back.
//!
//! Requests are rendered before the round where they are the same each time. An answer other than the expected one ends the run and is shown.

use url::Url;

use crate::Outcome;
use crate::http::{Answer, Connection};
use crate::passkey::PasskeySignIn;

/// RFC 7636 appendix B: a verifier and its S256 challenge.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What one connection does again and again.
#[derive(Clone)]
pub enum Operation {
    /// One request, the same each time. The answer is a 200 that contains these bytes.
    Same {
        /// The whole request.
        request: Vec<u8>,
        /// What its answer has somewhere in its body.
        has: &'static str,
    },
    /// One form after the other, again from the first after the last. Each is answered with a redirect.
    Forms {
        /// The whole requests, at least one.
        requests: Vec<Vec<u8>>,
        /// Whose turn it is.
        next: usize,
    },
    /// Authorization code flow: `GET /authorize` with the cookies of a live sign-in, then `POST /token`.
    Code(CodeFlow),
    /// The same with one flow after the other, again from the first after the last.
    Codes {
        /// At least one.
        flows: Vec<CodeFlow>,
        /// Whose turn it is.
        next: usize,
    },
    /// `POST /token` with the refresh token of the answer before.
    Refresh(Refresh),
    /// The page to sign in, and the answer of a device to it.
    Passkey(PasskeySignIn),
}

/// Where an application sends its requests and as whom.
#[derive(Clone)]
pub struct Application {
    /// The `Host` of every request.
    pub host: String,
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: String,
}

/// What an authorization request asks for.
#[derive(Clone, Copy)]
pub struct Asks<'a> {
    /// Where the code goes.
    pub redirect_uri: &'a str,
    /// The scopes.
    pub scope: &'a str,
    /// The API that the access token is for (RFC 8707); none: the server itself.
    pub resource: Option<&'static str>,
}

/// The authorization code flow of one person at one application.
#[derive(Clone)]
pub struct CodeFlow {
    authorize: Vec<u8>,
    /// `POST /token` up to its Content-Length.
    token_head: String,
    redirect_uri: String,
    resource: Option<&'static str>,
}

/// A chain of refresh tokens.
#[derive(Clone)]
pub struct Refresh {
    token_head: String,
    /// The one that is used next.
    token: String,
}

/// What a code was redeemed for.
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token, when `offline_access` was granted.
    pub refresh: Option<String>,
}

impl Operation {
    /// Does it once.
    ///
    /// # Errors
    /// When the connection fails, or an answer is not the expected one.
    pub async fn once(&mut self, connection: &mut Connection) -> Outcome<()> {
        match self {
            Self::Same { request, has } => {
                let answer = connection.exchange(request).await?;
                check(&answer, 200, has)
            }
            Self::Forms { requests, next } => {
                let answer = connection.exchange(&requests[*next]).await?;
                *next = (*next + 1) % requests.len();
                if answer.status == 303 { Ok(()) } else { Err(answer.unexpected("a redirect")) }
            }
            Self::Code(flow) => flow.answered(connection).await.map(drop),
            Self::Codes { flows, next } => {
                let flow = &flows[*next];
                *next = (*next + 1) % flows.len();
                flow.answered(connection).await.map(drop)
            }
            Self::Refresh(chain) => chain.once(connection).await,
            Self::Passkey(sign_in) => sign_in.once(connection).await,
        }
    }
}

impl Application {
    /// An `Authorization` header of RFC 6749 §2.3.1. Ids and secrets of ours need no encoding.
    fn authorization(&self) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }

    /// A form of this application to an endpoint, from its request line up to its Content-Length.
    pub fn form_head(&self, path: &str) -> String {
        form_head(&self.host, path, &self.authorization())
    }

    /// A whole request with a form to an endpoint.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        with_body(&self.form_head(path), &encoded(fields))
    }
}

impl Asks<'_> {
    /// The authorization request, as the application sends a browser there.
    pub fn location(&self, application: &Application) -> String {
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", &application.id),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        query.extend(self.resource.map(|resource| ("resource", resource)));
        format!("/authorize?{}", encoded(&query))
    }
}

impl CodeFlow {
    /// The flow for this request. `cookies` are those of a browser in which somebody is signed in.
    pub fn new(application: &Application, asks: Asks<'_>, cookies: &str) -> Self {
        let lines = format!("Cookie: {cookies}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n");
        Self {
            authorize: get(&application.host, &asks.location(application), &lines),
            token_head: application.form_head("/token"),
            redirect_uri: asks.redirect_uri.to_owned(),
            resource: asks.resource,
        }
    }

    /// Goes through it and gives what the token endpoint answered.
    ///
    /// # Errors
    /// As [`Operation::once`].
    async fn answered<'a>(&self, connection: &'a mut Connection) -> Outcome<Answer<'a>> {
        let answer = connection.exchange(&self.authorize).await?;
        let code = code(&answer).ok_or_else(|| answer.unexpected("a redirect with a code"))?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        form.extend(self.resource.map(|resource| ("resource", resource)));
        let answer = connection.exchange(&with_body(&self.token_head, &encoded(&form))).await?;
        check(&answer, 200, "\"id_token\"")?;
        Ok(answer)
    }

    /// Goes through it and gives the tokens.
    ///
    /// # Errors
    /// As [`Operation::once`].
    pub async fn tokens(&self, connection: &mut Connection) -> Outcome<Tokens> {
        let answer = self.answered(connection).await?.json()?;
        let access = answer["access_token"].as_str().ok_or("no access token in the answer")?.to_owned();
        Ok(Tokens { access, refresh: answer["refresh_token"].as_str().map(str::to_owned) })
    }
}

impl Refresh {
    /// The chain that begins with this token.
    pub fn new(application: &Application, token: String) -> Self {
        Self { token_head: application.form_head("/token"), token }
    }

    async fn once(&mut self, connection: &mut Connection) -> Outcome<()> {
        let body = encoded(&[("grant_type", "refresh_token"), ("refresh_token", &self.token)]);
        let answer = connection.exchange(&with_body(&self.token_head, &body)).await?;
        check(&answer, 200, "\"id_token\"")?;
        self.token = string_field(answer.body, "refresh_token")
            .ok_or_else(|| answer.unexpected("an answer with a refresh token"))?
            .to_owned();
        Ok(())
    }
}

/// A whole GET. `fields` are further header lines.
pub fn get(host: &str, path: &str, fields: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n").into_bytes()
}

/// A POST of a form, from its request line up to its Content-Length.
pub fn form_head(host: &str, path: &str, fields: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n{fields}Content-Length: "
    )
}

/// The rest of it.
pub fn with_body(head: &str, body: &str) -> Vec<u8> {
    format!("{head}{}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The fields as a form has them.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn check(answer: &Answer<'_>, status: u16, has: &str) -> Outcome<()> {
    if answer.status != status || !contains(answer.body, has.as_bytes()) {
        return Err(answer.unexpected(&format!("a {status} with {has}")));
    }
    Ok(())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The code in the redirect of an authorization response (RFC 6749 §4.1.2).
fn code(answer: &Answer<'_>) -> Option<String> {
    let location = Url::parse(answer.header("location").filter(|_| answer.status == 303)?).ok()?;
    location.query_pairs().find(|(name, _)| name == "code").map(|(_, value)| value.into_owned())
}

/// A string in a JSON object, without parsing the rest: good for tokens, which need no escapes.
fn string_field<'a>(json: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(json).ok()?;
    let (_, rest) = text.split_once(&format!("\"{name}\":"))?;
    rest.trim_start().strip_prefix('"')?.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_an_answer() {
        let answer = br#"{"access_token":"a.b.c","refresh_token": "xyz-_","expires_in":900}"#;
        assert_eq!(string_field(answer, "refresh_token"), Some("xyz-_"));
        assert_eq!(string_field(answer, "expires_in"), None);
        assert_eq!(string_field(answer, "id_token"), None);
        assert_eq!(string_field(b"\xff", "id_token"), None);
    }

    #[test]
    fn a_form_is_rendered_with_its_length() {
        let application = Application { host: "h:1".to_owned(), id: "id".to_owned(), secret: "s".to_owned() };
        let request = String::from_utf8(application.form("/token", &[("scope", "a b"), ("x", "&")])).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "scope=a+b&x=%26");
        assert!(head.starts_with("POST /token HTTP/1.1\r\nHost: h:1\r\n"), "{head}");
        assert!(head.ends_with("\r\nContent-Length: 15"), "{head}");
        assert!(head.contains("\r\nAuthorization: Basic aWQ6cw==\r\n"), "{head}");
    }

    #[test]
    fn a_part_is_found_at_both_ends() {
        assert!(contains(b"abc", b"ab") && contains(b"abc", b"bc"));
        assert!(!contains(b"abc", b"abcd") && !contains(b"abc", b"ac"));
    }
}
