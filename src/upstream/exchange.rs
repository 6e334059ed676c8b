//! The code for tokens (RFC 6749 §4.1.3), by the crate oauth2 over the guarded client. What a provider answers in words is for the log alone.

use oauth2::basic::{
    BasicErrorResponse, BasicRequestTokenError, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::http::Response;
use oauth2::{
    AuthType, AuthorizationCode, Client, ClientId, ClientSecret, ExtraTokenFields, HttpRequest, HttpResponse,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{Parts, address, apple, github, microsoft};
use crate::clock::Timestamp;
use crate::config::{SecretSetting, UpstreamConfig};
use crate::failure::Failure;
use crate::outgoing::{Call, Outgoing, Reply};
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::{Callback, Errand, ProviderKind};
use crate::tokens::SigningKey;

/// How we show who we are.
#[derive(Debug)]
pub(super) enum Credentials {
    /// By nothing but PKCE.
    Public,
    /// By a secret.
    Secret(SecretSetting),
    /// By a secret that Apple's key makes of the moment.
    Apple(SigningKey),
    /// Not at all, for this reason: what the settings name cannot be read.
    Unreadable(String),
}

/// What a token response has beside the rest.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Beside {
    /// The ID token.
    pub id_token: Option<String>,
}

impl ExtraTokenFields for Beside {}

/// What is wrong when the token endpoint refuses us rather than the code.
pub(super) const UNKNOWN_CLIENT: &str = "it does not know client_id and client_secret, or not this callback";

pub(super) type Answer = StandardTokenResponse<Beside, BasicTokenType>;
type Exchange = Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// Where a code is exchanged, and how.
struct Desk {
    url: Url,
    /// Whether the secret goes in the header rather than in the body.
    takes_basic: bool,
}

impl Credentials {
    /// Reads what the settings name.
    pub(super) fn read(config: &UpstreamConfig) -> Self {
        let read = if config.kind() == ProviderKind::Apple {
            apple::key(config).map(Self::Apple).map_err(|failure| failure.detail)
        } else {
            let secret = config.secret();
            secret.map(|secret| if secret.expose().is_empty() { Self::Public } else { Self::Secret(secret) })
        };
        read.unwrap_or_else(Self::Unreadable)
    }

    /// Why we cannot show who we are.
    pub(super) fn trouble(&self) -> Option<&str> {
        if let Self::Unreadable(why) = self { Some(why) } else { None }
    }
}

impl Parts {
    /// The code that a browser brought back, if it brought one, from this provider.
    ///
    /// # Errors
    /// The rule that says no.
    pub(super) fn code<'a>(&self, errand: &Errand, callback: &Callback<'a>) -> Result<&'a str, Rejection> {
        if errand.provider != self.config.id {
            return Err(self.refuse(Rejection::UpstreamWrongIss, "the browser was sent to another provider"));
        }
        // Of an error, too: who sends it may be somebody else (RFC 9207 §2.4).
        match callback.iss {
            Some(iss) if !self.is_named(iss) => {
                return Err(self.refuse(Rejection::UpstreamWrongIss, format_args!("iss is '{iss}'")));
            }
            None if self.known.load().as_ref().is_some_and(|known| known.names_itself) => {
                return Err(self.refuse(Rejection::UpstreamMissingIss, "there is no iss"));
            }
            _ => {}
        }
        match (callback.error, callback.code.filter(|code| !code.is_empty())) {
            (Some("access_denied" | "consent_required" | "interaction_required" | "login_required"), _)
            | (Some("user_cancelled_authorize" | "account_selection_required"), _) => Err(Rejection::UpstreamCancelled),
            (Some(error), _) => Err(self.refuse(Rejection::UpstreamError, format_args!("error is '{error}'"))),
            (None, None) => Err(self.refuse(Rejection::UpstreamMissingCode, "there is neither code nor error")),
            (None, Some(code)) => Ok(code),
        }
    }

    /// Whether this is how the provider calls itself.
    fn is_named(&self, iss: &str) -> bool {
        let issuer = address::issuer(&self.config);
        match self.config.kind() {
            ProviderKind::Microsoft => microsoft::is_issuer(&self.config, iss),
            ProviderKind::Github => iss == issuer || iss == format!("{issuer}/login/oauth"),
            _ => iss == issuer,
        }
    }

    /// Exchanges a code at the provider's token endpoint.
    ///
    /// # Errors
    /// The rule that says no.
    pub(super) async fn redeem(&self, code: &str, verifier: &str, now: Timestamp) -> Result<Answer, Rejection> {
        let desk = match (self.config.kind(), self.known.load_full()) {
            (ProviderKind::Github, _) => {
                github::token_endpoint(&self.config).map(|url| Desk { url, takes_basic: false })
            }
            (_, known) => known.map(|known| Desk { url: known.token.clone(), takes_basic: known.takes_basic }),
        };
        self.redeem_at(desk.ok_or(Rejection::UpstreamUnavailable)?, code, verifier, now).await
    }

    /// Exchanges a code.
    ///
    /// # Errors
    /// The rule that says no.
    async fn redeem_at(&self, desk: Desk, code: &str, verifier: &str, now: Timestamp) -> Result<Answer, Rejection> {
        let set_up = |why: &dyn std::fmt::Display| self.refuse(Rejection::UpstreamUnavailable, why);
        let callback = RedirectUrl::new(self.callback.clone()).map_err(|why| set_up(&why))?;
        let mut client = Exchange::new(ClientId::new(self.config.client_id.clone()))
            .set_token_uri(TokenUrl::from_url(desk.url))
            .set_redirect_uri(callback)
            .set_auth_type(if desk.takes_basic { AuthType::BasicAuth } else { AuthType::RequestBody });
        match &self.credentials {
            Credentials::Public => client = client.set_auth_type(AuthType::RequestBody),
            Credentials::Secret(secret) => {
                client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
            }
            Credentials::Apple(key) => {
                let secret = apple::client_secret(&self.config, key, now).map_err(|why| set_up(&why))?;
                client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
            }
            Credentials::Unreadable(why) => return Err(set_up(why)),
        }
        let carry = |request: HttpRequest| carry(self.outgoing.clone(), request);
        let exchanged = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .request_async(&carry)
            .await;
        let answer = exchanged.map_err(|error| self.refused(error));
        match &answer {
            Ok(_) => self.note_refusal(None),
            Err(Rejection::UpstreamClientRefused) => self.note_refusal(Some(UNKNOWN_CLIENT)),
            Err(_) => {}
        }
        answer
    }

    fn refused(&self, error: BasicRequestTokenError<Failure>) -> Rejection {
        let code = match error {
            RequestTokenError::ServerResponse(response) => response.error().as_ref().to_owned(),
            RequestTokenError::Request(failure) => return self.refuse(Rejection::UpstreamUnavailable, failure),
            // GitHub says so with status 200.
            RequestTokenError::Parse(_, body) => match serde_json::from_slice::<Value>(&body) {
                Ok(Value::Object(members)) if members.get("error").is_some_and(Value::is_string) => {
                    members["error"].as_str().unwrap_or_default().to_owned()
                }
                _ => return self.refuse(Rejection::UpstreamMalformed, "the token response cannot be read"),
            },
            RequestTokenError::Other(_) => {
                return self.refuse(Rejection::UpstreamMalformed, "the token response is none");
            }
        };
        let rejection = match code.as_str() {
            // GitHub says so of a client id that it does not know.
            "Not Found" if self.config.kind() == ProviderKind::Github => Rejection::UpstreamClientRefused,
            "invalid_grant" | "bad_verification_code" => Rejection::UpstreamCodeRefused,
            "invalid_client" | "unauthorized_client" | "incorrect_client_credentials" | "redirect_uri_mismatch" => {
                Rejection::UpstreamClientRefused
            }
            _ => Rejection::UpstreamError,
        };
        self.refuse(rejection, format_args!("the token endpoint says '{code}'"))
    }

    /// Fetches a document of JSON with an access token; nothing when the answer says that there is none. That it may not be seen (403) says
    /// nothing of the person: GitHub answers so when we ask too often, and where an organization has not approved us.
    ///
    /// # Errors
    /// [`Rejection::UpstreamUnavailable`], [`Rejection::UpstreamMalformed`].
    pub(super) async fn fetch(&self, url: &str, token: &str, accept: &str) -> Result<Option<Value>, Rejection> {
        let headers = [("authorization", format!("Bearer {token}")), ("accept", accept.to_owned())];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let reply = self.outgoing.exchange(Call { url: url.to_owned(), headers, body: None }).await;
        let Reply { status, body, .. } =
            reply.map_err(|failure| self.refuse(Rejection::UpstreamUnavailable, failure))?;
        match status {
            200 => match serde_json::from_slice(&body) {
                Ok(document) => Ok(Some(document)),
                Err(_) => Err(self.refuse(Rejection::UpstreamMalformed, format_args!("{url} answered no JSON"))),
            },
            404 => Ok(None),
            _ => Err(self.refuse(Rejection::UpstreamUnavailable, format_args!("{url} answered {status}"))),
        }
    }
}

/// Carries a request of the crate over the guarded client.
async fn carry(outgoing: Outgoing, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let (parts, body) = request.into_parts();
    let headers = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let url = parts.uri.to_string();
    let call = Call { headers: headers.collect(), body: Some(body), url };
    let Reply { status, content_type, body } = outgoing.exchange(call).await?;
    if status >= 500 {
        return Err(Failure::unavailable(format!("the token endpoint answered {status}")));
    }
    let mut response = Response::builder().status(status);
    if let Some(content_type) = content_type {
        response = response.header("content-type", content_type);
    }
    response.body(body).map_err(Failure::internal)
}
