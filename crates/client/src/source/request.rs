//! Requests of `reqwest` with a token.

use http::StatusCode;
use http::header::AUTHORIZATION;
use reqwest::{Client, Request, RequestBuilder, Response};

use super::{CallError, Token, TokenSource};

/// A request of `reqwest` that takes its token from a source.
pub trait BearerFrom {
    /// The request with a token of the source, which replaces what it had in `Authorization`; to be sent.
    fn bearer_from(self, source: &TokenSource) -> BearerRequest;
}

impl BearerFrom for RequestBuilder {
    fn bearer_from(self, source: &TokenSource) -> BearerRequest {
        BearerRequest { request: self, source: source.clone() }
    }
}

/// A request and where its token comes from.
#[derive(Debug)]
pub struct BearerRequest {
    request: RequestBuilder,
    source: TokenSource,
}

impl BearerRequest {
    /// Sends it. When the API answers 401, the token is dropped and the request sent once more with another, if its body can be sent again; a
    /// body that is a stream cannot.
    ///
    /// # Errors
    /// When there is no token, when it may not travel to this address ([`in_the_clear`](super::TokenSourceBuilder::in_the_clear)), or when the
    /// call fails. An answer is none, whatever its status.
    pub async fn send(self) -> Result<Response, CallError<reqwest::Error>> {
        let (client, request) = self.request.build_split();
        let request = request.map_err(CallError::Call)?;
        let to = request.url();
        if to.scheme() != "https" && !to.as_str().parse().is_ok_and(|to| self.source.may_carry(&to)) {
            return Err(CallError::InTheClear);
        }
        let token = self.source.get().await.map_err(CallError::Token)?;
        let again = request.try_clone();
        let answer = with(&client, request, &token).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !self.source.refused(&token) {
            return Ok(answer);
        }
        let Some(again) = again else { return Ok(answer) };
        match self.source.get().await {
            Ok(token) => with(&client, again, &token).await,
            // What the API said is all there is to say.
            Err(_) => Ok(answer),
        }
    }
}

async fn with(client: &Client, mut request: Request, token: &Token) -> Result<Response, CallError<reqwest::Error>> {
    request.headers_mut().insert(AUTHORIZATION, token.header());
    client.execute(request).await.map_err(CallError::Call)
}
