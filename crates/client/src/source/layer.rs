//! A layer for clients that are tower services, such as those of `hyper-util`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::{CallError, TokenSource};

/// How a body is had a second time; `None` when it cannot be.
type Again<B> = fn(&B) -> Option<B>;

/// Gives each request a token of a source. A request that has its own `Authorization` goes as it is.
pub struct BearerLayer<B> {
    source: TokenSource,
    again: Again<B>,
}

impl<B> BearerLayer<B> {
    /// For bodies that are cheap to copy, such as `Full<Bytes>`: when the API answers 401, the token is dropped and the request sent once more
    /// with another.
    pub fn new(source: TokenSource) -> Self
    where
        B: Clone,
    {
        Self::again(source, |body| Some(body.clone()))
    }

    /// For any body: no request is sent again. A 401 drops the token all the same.
    pub fn once(source: TokenSource) -> Self {
        Self::again(source, |_| None)
    }

    /// For bodies of which some can be sent again, as `again` says.
    pub fn again(source: TokenSource, again: fn(&B) -> Option<B>) -> Self {
        Self { source, again }
    }
}

impl<B> Clone for BearerLayer<B> {
    fn clone(&self) -> Self {
        Self { source: self.source.clone(), again: self.again }
    }
}

impl<B> fmt::Debug for BearerLayer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerLayer").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<S, B> Layer<S> for BearerLayer<B> {
    type Service = WithBearer<S, B>;

    fn layer(&self, inner: S) -> Self::Service {
        WithBearer { inner, layer: self.clone() }
    }
}

/// A client whose requests have tokens ([`BearerLayer`]).
pub struct WithBearer<S, B> {
    inner: S,
    layer: BearerLayer<B>,
}

impl<S: Clone, B> Clone for WithBearer<S, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, B> fmt::Debug for WithBearer<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithBearer").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

impl<S, B, A> Service<Request<B>> for WithBearer<S, B>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
    A: Send + 'static,
{
    type Response = Response<A>;
    type Error = CallError<S::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(CallError::Call)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready goes, and a copy stays.
        let copy = self.inner.clone();
        let inner = mem::replace(&mut self.inner, copy);
        Box::pin(send(inner, self.layer.clone(), request))
    }
}

async fn send<S, B, A>(
    mut inner: S,
    layer: BearerLayer<B>,
    mut request: Request<B>,
) -> Result<Response<A>, CallError<S::Error>>
where
    S: Service<Request<B>, Response = Response<A>>,
{
    if request.headers().contains_key(AUTHORIZATION) {
        return inner.call(request).await.map_err(CallError::Call);
    }
    let BearerLayer { source, again } = layer;
    if !source.may_carry(request.uri()) {
        return Err(CallError::InTheClear);
    }
    let token = source.get().await.map_err(CallError::Token)?;
    let again = again(request.body()).map(|body| {
        let mut copy = Request::new(body);
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.version_mut() = request.version();
        *copy.headers_mut() = request.headers().clone();
        *copy.extensions_mut() = request.extensions().clone();
        copy
    });
    request.headers_mut().insert(AUTHORIZATION, token.header());
    let answer = inner.call(request).await.map_err(CallError::Call)?;
    if answer.status() != StatusCode::UNAUTHORIZED || !source.refused(&token) {
        return Ok(answer);
    }
    let Some(mut again) = again else { return Ok(answer) };
    // What the API said is all there is to say when there is no other token.
    let Ok(token) = source.get().await else { return Ok(answer) };
    again.headers_mut().insert(AUTHORIZATION, token.header());
    poll_fn(|context| inner.poll_ready(context)).await.map_err(CallError::Call)?;
    inner.call(again).await.map_err(CallError::Call)
}
