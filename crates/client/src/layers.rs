//! Layers for any tower service: who calls is put into the request, and who may not is answered.
//!
//! The layer that is added last is asked first: [`RequireScope`] and its kin are added before [`RequireAuth`].

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::auth::Auth;
use crate::caller::Caller;
use crate::denied::Denied;
use crate::need::Need;

/// Lets in who is verified, with their [`Caller`] in the extensions of the request, and answers the others.
#[derive(Clone, Debug)]
pub struct RequireAuth(Auth);

impl RequireAuth {
    /// By a [`Verifier`](crate::Verifier), or by an [`Auth`] of which more was said.
    pub fn new(auth: impl Into<Auth>) -> Self {
        Self(auth.into())
    }
}

impl<S> Layer<S> for RequireAuth {
    type Service = Authenticated<S>;

    fn layer(&self, inner: S) -> Authenticated<S> {
        Authenticated { inner, auth: self.0.clone() }
    }
}

/// A service behind [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct Authenticated<S> {
    inner: S,
    auth: Auth,
}

/// What is under way to an answer.
pub type Answering<R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + Send>>;

impl<S, B, R> Service<Request<B>> for Authenticated<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Answering<Response<R>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was asked whether it is ready is the one that is called.
        let other = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, other);
        let auth = self.auth.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match auth.caller(&parts.headers, &parts.uri).await {
                Ok(caller) => {
                    parts.extensions.insert(caller);
                    inner.call(Request::from_parts(parts, body)).await
                }
                Err(denied) => Ok(denied.response().map(R::from)),
            }
        })
    }
}

/// Lets in whose token has a scope; the others are answered 403. Behind [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct RequireScope(Arc<Need>);

impl RequireScope {
    /// This scope, byte for byte.
    pub fn new(scope: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Need::scope(scope)))
    }
}

/// Lets in who has a role; the others are answered 403. Behind [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct RequireRole(Arc<Need>);

impl RequireRole {
    /// This role, byte for byte.
    pub fn new(role: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Need::role(role)))
    }
}

/// Lets in whose person has authenticated in a context class; the others are answered 401, with the class in the challenge (RFC 9470 §3). Behind
/// [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct RequireAcr(Arc<Need>);

impl RequireAcr {
    /// This class, byte for byte.
    pub fn new(acr: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Need::acr([acr])))
    }

    /// Any one of these classes: no class includes another.
    pub fn any<C: Into<Cow<'static, str>>>(classes: impl IntoIterator<Item = C>) -> Self {
        Self(Arc::new(Need::acr(classes)))
    }
}

/// Lets in whose person has authenticated lately; the others are answered 401, with the time in the challenge (RFC 9470 §3). Behind [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct RequireFresh(Arc<Need>);

impl RequireFresh {
    /// At most so long ago, in whole seconds.
    pub fn new(max_age: Duration) -> Self {
        Self(Arc::new(Need::fresh(max_age)))
    }
}

/// Lets in who has any one of several things; the others are answered 403, or 401 when they need only authenticate for one. Behind [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct RequireAny(Arc<Need>);

impl RequireAny {
    /// Any one of these.
    pub fn of(needs: impl IntoIterator<Item = Need>) -> Self {
        Self(Arc::new(Need::any(needs)))
    }
}

/// Lets in who has all of several things; the others are answered 403, or 401 when they need only authenticate: one challenge says everything. Behind
/// [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct RequireAll(Arc<Need>);

impl RequireAll {
    /// All of these.
    pub fn of(needs: impl IntoIterator<Item = Need>) -> Self {
        Self(Arc::new(Need::all(needs)))
    }
}

impl<S> Layer<S> for RequireScope {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, need: Arc::clone(&self.0) }
    }
}

impl<S> Layer<S> for RequireRole {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, need: Arc::clone(&self.0) }
    }
}

impl<S> Layer<S> for RequireAny {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, need: Arc::clone(&self.0) }
    }
}

impl<S> Layer<S> for RequireAcr {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, need: Arc::clone(&self.0) }
    }
}

impl<S> Layer<S> for RequireFresh {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, need: Arc::clone(&self.0) }
    }
}

impl<S> Layer<S> for RequireAll {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, need: Arc::clone(&self.0) }
    }
}

/// A service behind [`RequireScope`] or one of its kin.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    need: Arc<Need>,
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: From<Bytes> + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Answering<Response<R>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let allowed = match request.extensions().get::<Caller>() {
            Some(caller) => caller.needs(&self.need),
            None => Err(Denied::not_asked()),
        };
        match allowed {
            Ok(()) => Box::pin(self.inner.call(request)),
            Err(denied) => Box::pin(std::future::ready(Ok(denied.response().map(R::from)))),
        }
    }
}
