//! Extractors for axum: who calls, as an argument of a handler.

use std::marker::PhantomData;

use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use crate::auth::Auth;
use crate::caller::Caller;
use crate::denied::Denied;
use crate::need::Need;

/// Who calls, verified here and now by the [`Auth`] of the router's state: for routers without [`RequireAuth`](crate::RequireAuth).
#[derive(Clone, Debug)]
pub struct Bearer(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Bearer
where
    Auth: FromRef<S>,
{
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denied> {
        let caller = Auth::from_ref(state).caller(&parts.headers, &parts.uri).await?;
        // For what comes after it: another extractor, or a guard.
        parts.extensions.insert(caller.clone());
        Ok(Self(caller))
    }
}

/// Who calls, as [`RequireAuth`](crate::RequireAuth) or [`Bearer`] has put it into the request. Where neither was, the answer is 500.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Denied> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Denied::not_asked)
    }
}

/// What a handler needs, as a type: see [`Allowed`].
pub trait Needs {
    /// What it needs.
    fn need() -> Need;
}

/// Who calls, and has what `N` says; the others are answered 403, or 401 when they need only authenticate. Needs what [`Caller`] needs.
///
/// ```
/// use doorward_client::{Allowed, Need, Needs};
///
/// struct ReadNotes;
///
/// impl Needs for ReadNotes {
///     fn need() -> Need {
///         Need::any([Need::scope("notes:read"), Need::role("editor")])
///     }
/// }
///
/// async fn notes(caller: Allowed<ReadNotes>) -> String {
///     format!("the notes of {}", caller.subject())
/// }
/// ```
///
/// What must be done by the person, lately and with a second factor:
///
/// ```
/// use doorward_client::{Allowed, Need, Needs};
/// use std::time::Duration;
///
/// struct DeleteNotes;
///
/// impl Needs for DeleteNotes {
///     fn need() -> Need {
///         Need::all([
///             Need::scope("notes:write"),
///             Need::acr(["phrh", "phr", "https://refeds.org/profile/mfa"]),
///             Need::fresh(Duration::from_secs(300)),
///         ])
///     }
/// }
///
/// async fn delete(caller: Allowed<DeleteNotes>) -> String {
///     format!("the notes of {} are gone", caller.subject())
/// }
/// ```
pub struct Allowed<N> {
    caller: Caller,
    need: PhantomData<fn() -> N>,
}

impl<N> std::ops::Deref for Allowed<N> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<N: Needs, S: Send + Sync> FromRequestParts<S> for Allowed<N> {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denied> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.needs(&N::need())?;
        Ok(Self { caller, need: PhantomData })
    }
}
