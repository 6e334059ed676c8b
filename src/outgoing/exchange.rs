//! A call whose answer is read whatever its status is: a provider says in the body why it refused (RFC 6749 §5.2).

use url::Url;

use super::{MAX_BODY, Outgoing, body, place, send, unanswered};
use crate::failure::Failure;

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The address.
    pub url: String,
    /// Header fields, each a name and a value.
    pub headers: Vec<(String, String)>,
    /// What is posted; nothing is fetched.
    pub body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type, as it was sent.
    pub content_type: Option<String>,
    /// The body, 64 KiB at most.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// Makes a call and reads the answer.
    ///
    /// # Errors
    /// When the URL may not be called, or the other side does not answer, too late, or with too much.
    pub async fn exchange(&self, call: Call) -> Result<Reply, Failure> {
        let url = Url::parse(&call.url).map_err(Failure::internal)?;
        let client = self.client(self.way(&url)?).await?;
        let mut request = match call.body {
            Some(body) => client.post(url.clone()).body(body),
            None => client.get(url.clone()),
        };
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let response = send(request, &url).await?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(super::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        let body = body(response).await.map_err(|error| unanswered(&url, &error))?;
        let too_long = || Failure::unavailable(format!("{} answered more than {MAX_BODY} bytes", place(&url)));
        Ok(Reply { status, content_type, body: body.ok_or_else(too_long)? })
    }
}
