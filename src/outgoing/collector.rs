//! The way to the collector of traces. The operator names it, mostly on this machine or in a network of their own, so it is not guarded as what
//! strangers name is; everything else holds: no redirects, no proxy from the environment, 5 seconds.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

use super::{body, builder, roots};
use crate::config::OutgoingConfig;
use crate::failure::Failure;

/// Sends traces. They are gathered by a thread that knows nothing of our runtime, so each sending is a task of ours.
#[derive(Debug)]
pub struct Collector {
    client: reqwest::Client,
    runtime: Handle,
    /// Whether the last sending failed: that is said once, not each time.
    is_failing: AtomicBool,
}

impl Collector {
    /// A way to the collector; to be made within the runtime.
    ///
    /// # Errors
    /// A sentence when the file of certificate authorities cannot be read.
    pub fn new(config: &OutgoingConfig) -> Result<Self, Failure> {
        let client = builder(roots(&config.ca)?).build().map_err(Failure::internal)?;
        Ok(Self { client, runtime: Handle::current(), is_failing: AtomicBool::new(false) })
    }

    fn note(&self, failure: Option<&str>) {
        let was_failing = self.is_failing.swap(failure.is_some(), Ordering::SeqCst);
        match failure {
            Some(why) if !was_failing => tracing::warn!(why, "traces cannot be told; they are lost until they can"),
            None if was_failing => tracing::info!("traces are told again"),
            _ => {}
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)?;
            let client = self.client.clone();
            let exchange = async move {
                let answer = client.execute(request).await.map_err(reqwest::Error::without_url)?;
                let status = answer.status();
                // An answer that is too long says no less than none.
                Ok::<_, reqwest::Error>((status, body(answer).await?.unwrap_or_default()))
            };
            let outcome = self.runtime.spawn(exchange).await?;
            match &outcome {
                Ok((status, _)) if status.is_success() => self.note(None),
                Ok((status, _)) => self.note(Some(&format!("the collector answers {status}"))),
                Err(error) => self.note(Some(&error.to_string())),
            }
            let (status, body) = outcome?;
            Ok(Response::builder().status(status).body(body.into())?)
        })
    }
}
