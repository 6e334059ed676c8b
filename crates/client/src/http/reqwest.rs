//! Sending by reqwest: five seconds, a megabyte, no redirects, and only to `https` or to this machine.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Http, HttpError, Sending, is_allowed};

/// How long a request may take in all.
const LONGEST: Duration = Duration::from_secs(5);
/// How much of an answer is read, in bytes.
const MOST: usize = 1 << 20;

/// Sends by a `reqwest` client of its own: an answer within 5 seconds, of 1 MiB at most, no redirects, and only to `https` addresses or to this
/// machine.
#[derive(Clone, Debug)]
pub struct Reqwest(reqwest::Client);

impl Reqwest {
    /// With a client of its own.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, HttpError> {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(LONGEST);
        builder.build().map(Self).map_err(HttpError::new)
    }

    async fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        if !is_allowed(request.uri()) {
            return Err(HttpError::new("the address is neither https nor on this machine"));
        }
        let request = reqwest::Request::try_from(request).map_err(HttpError::new)?;
        // Without the address: a query may hold what is nobody's business.
        let failed = |error: reqwest::Error| HttpError::new(error.without_url());
        let mut answer = self.0.execute(request).await.map_err(failed)?;
        let mut body = BytesMut::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > MOST {
                return Err(HttpError::new("the answer is longer than 1 MiB"));
            }
            body.extend_from_slice(&piece);
        }
        let mut whole = http::Response::new(body.freeze());
        *whole.status_mut() = answer.status();
        *whole.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(whole)
    }
}

impl Http for Reqwest {
    fn send(&self, request: http::Request<Bytes>) -> Sending<'_> {
        Box::pin(self.answer(request))
    }
}
