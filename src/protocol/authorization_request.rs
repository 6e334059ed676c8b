//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1): checked in two steps that the types keep apart.
//!
//! [`RedirectTarget::verify`] comes first; without its value no redirect can be built, so what fails there becomes a page. Then
//! [`AuthorizationRequest::check`] runs the other rules in one visible order; what fails there goes to the redirect URI.

use super::audience;
use super::claims_request::ClaimsRequest;
use super::client::Client;
use super::grant_type::GrantType;
use super::params::Params;
use super::pkce::{self, CodeChallenge};
use super::prompt::{self, Prompt};
use super::redirect_uri;
use super::rejection::{Refusal, Rejection};
use super::resource::Resource;
use super::response_mode::ResponseMode;
use super::role::Holder;
use super::scope::{self, ScopeSet};
use crate::language::Language;

/// The longest authorization request, in bytes of its query or body: with the rest of its line it fits into the 8 KiB that nginx takes
/// (`large_client_header_buffers`), and a `state` of 4,000 bytes fits into it.
pub const MAX_LENGTH: usize = 8000;
/// The most of it that is carried from page to page, in bytes of its JSON. Sealed and in base64url it is a third longer, and with the proofs of
/// the way and the issuer's path still an address of less than 8 KiB.
const MAX_CARRIED: usize = 5600;

/// A place that an answer may be sent to: a registered redirect URI of an enabled client, with the request's `state`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct RedirectTarget {
    redirect_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "ResponseMode::is_usual")]
    mode: ResponseMode,
}

impl RedirectTarget {
    /// Checks the client and the redirect URI.
    ///
    /// # Errors
    /// [`Rejection::UnknownClient`], [`Rejection::DisabledClient`], [`Rejection::MissingRedirectUri`],
    /// [`Rejection::UnregisteredRedirectUri`], [`Rejection::RepeatedParameter`].
    pub fn verify(params: &Params, client: Option<&Client>) -> Result<Self, Refusal> {
        let client = client.ok_or(Rejection::UnknownClient)?;
        if !client.is_enabled() {
            return Err(Rejection::DisabledClient.into());
        }
        let redirect_uri = params.single("redirect_uri")?.ok_or(Rejection::MissingRedirectUri)?;
        redirect_uri::registered(redirect_uri, client)?;
        // A repeated state cannot be echoed; the request itself is refused later.
        let state = params.single("state").ok().flatten().map(str::to_owned);
        // A mode that cannot be is refused later, by the usual one.
        let mode = ResponseMode::of(params, redirect_uri).unwrap_or_default();
        Ok(Self { redirect_uri: redirect_uri.to_owned(), state, mode })
    }

    /// The verified redirect URI.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The request's `state`, unchanged.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// How the answer travels.
    pub fn mode(&self) -> ResponseMode {
        self.mode
    }
}

/// A checked authorization request. It travels in addresses: what is not there takes no room.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct AuthorizationRequest {
    /// The client that asks.
    pub client_id: String,
    /// Where the answer goes.
    pub target: RedirectTarget,
    /// The scopes asked for, each allowed to the client.
    pub scopes: ScopeSet,
    /// The resources that it is for, by its own word or as its scopes say; none means the issuer alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Single claims asked for.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// For the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<CodeChallenge>,
    /// What the person is to be asked.
    #[serde(default)]
    pub prompt: Prompt,
    /// The oldest sign-in that will do, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// The one user for whom the client wants an answer, by a hint that was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Whom the client expects: filled in on the sign-in page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Through which provider the person is expected to come: its id, or a domain whose people come through it. No specification has
    /// it; Microsoft's and others' applications send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_hint: Option<String>,
    /// The tag of the language that the person is to be asked in: the first of `ui_locales` that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl AuthorizationRequest {
    /// Checks everything but the target: a call per rule, in the order in which they are reported.
    ///
    /// # Errors
    /// The rejection of the first rule that is broken.
    pub fn check(
        params: &Params,
        target: RedirectTarget,
        client: &Client,
        resources: &[Resource],
        issuer: &str,
    ) -> Result<Self, Refusal> {
        params.refuse_repeated()?;
        refuse_request_objects(params)?;
        response_type(params)?;
        ResponseMode::of(params, target.redirect_uri())?;
        if !client.may_use(GrantType::AuthorizationCode) {
            return Err(Rejection::ClientMayNotAuthorize.into());
        }
        let scopes = scope::requested(params, client, resources)?;
        let requested = audience::requested(params, &scopes, client, resources, issuer)?;
        let challenge = pkce::challenge(params, client.pkce, &scopes)?;
        let claims = ClaimsRequest::parse(params.single("claims")?, params.single("acr_values")?, &client.scopes)?;
        let prompt = prompt::parse(params.single("prompt")?)?;
        let max_age = max_age(params)?;
        let language = params.single("ui_locales")?.and_then(Language::of_ui_locales);
        let request = Self {
            client_id: client.client_id.clone(),
            target,
            scopes: scopes.for_resources(&requested, resources, Holder::Unknown),
            resources: requested,
            claims,
            nonce: params.single("nonce")?.map(str::to_owned),
            challenge,
            prompt,
            max_age,
            subject: None,
            login_hint: params.single("login_hint")?.map(str::to_owned),
            domain_hint: params.single("domain_hint")?.map(str::to_owned),
            language: language.map(|language| language.tag().to_owned()),
        };
        // Asked of every request, whether or not this one is carried: what works once must always work.
        let carried = serde_json::to_vec(&request).map_or(usize::MAX, |json| json.len());
        if carried > MAX_CARRIED { Err(Rejection::ParametersTooLong.into()) } else { Ok(request) }
    }
}

impl AuthorizationRequest {
    /// The request, for this user alone.
    pub fn for_subject(self, sub: String) -> Self {
        Self { subject: Some(sub), ..self }
    }

    /// Whether the client wants an answer for this user: by a hint, or by the values of `sub` in the `claims` parameter.
    pub fn takes_subject(&self, user_id: &str) -> bool {
        self.subject.as_deref().is_none_or(|wanted| wanted == user_id) && self.claims.takes_subject(user_id)
    }

    /// The domain of the people that are expected, or the name of a provider, in small letters: what `domain_hint` says, or the part of `login_hint`
    /// behind the `@`.
    pub fn expected_domain(&self) -> Option<String> {
        let of_address = || self.login_hint.as_deref()?.rsplit_once('@').map(|(_, domain)| domain);
        self.domain_hint.as_deref().or_else(of_address).map(str::to_lowercase)
    }

    /// The scopes that come of it for this holder: those that their roles permit.
    pub fn scopes_for(&self, holder: Holder<'_>, resources: &[Resource]) -> ScopeSet {
        self.scopes.clone().for_resources(&self.resources, resources, holder)
    }

    /// What the person is asked to allow: the scopes, and those that release the single claims asked for.
    pub fn scopes_to_allow(&self) -> ScopeSet {
        self.scopes.union(&self.claims.scopes())
    }
}

fn refuse_request_objects(params: &Params) -> Result<(), Rejection> {
    if params.single("request")?.is_some() {
        return Err(Rejection::RequestObject);
    }
    if params.single("request_uri")?.is_some() {
        return Err(Rejection::RequestObjectByReference);
    }
    match params.single("registration")? {
        Some(_) => Err(Rejection::RegistrationParameter),
        None => Ok(()),
    }
}

fn response_type(params: &Params) -> Result<(), Rejection> {
    match params.single("response_type")? {
        Some("code") => Ok(()),
        Some(_) => Err(Rejection::WrongResponseType),
        None => Err(Rejection::MissingResponseType),
    }
}

fn max_age(params: &Params) -> Result<Option<i64>, Rejection> {
    let Some(text) = params.single("max_age")? else { return Ok(None) };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Rejection::MalformedMaxAge);
    }
    // More than fits is for ever.
    Ok(Some(text.parse().unwrap_or(i64::MAX)))
}
