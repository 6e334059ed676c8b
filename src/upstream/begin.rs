//! Where a browser is sent: the authorization request of each kind of provider (OpenID Connect Core §3.1.2.1). PKCE and, where there is an ID
//! token, a nonce always; both made anew for each errand.

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use url::Url;

use super::{Parts, github};
use crate::clock::Timestamp;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::{Errand, ProviderKind};
use crate::random;

/// What a browser is sent for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'a> {
    /// Who it may be: an address or a name, as an application gave it.
    pub login_hint: Option<&'a str>,
    /// Whether the person must authenticate there anew.
    pub fresh: bool,
    /// How long ago the person may have authenticated there, in seconds.
    pub max_age: Option<i64>,
    /// Whether the person is to choose among several accounts there.
    pub select_account: bool,
}

pub(super) fn begin(of: &Parts, ask: &Ask<'_>, state: &str, now: Timestamp) -> Result<(Url, Errand), Rejection> {
    if of.credentials.trouble().is_some() {
        return Err(Rejection::UpstreamUnavailable);
    }
    let kind = of.config.kind();
    let known = of.known.load();
    let (endpoint, prompts) = match (kind, known.as_ref()) {
        (ProviderKind::Github, _) => (github::authorization_endpoint(&of.config), &[][..]),
        (_, Some(known)) => (Some(known.authorization.clone()), known.prompts.as_slice()),
        (_, None) => (None, &[][..]),
    };
    let endpoint = endpoint.ok_or(Rejection::UpstreamUnavailable)?;
    let errand = Errand {
        provider: of.config.id.clone(),
        nonce: random::id(),
        verifier: random::secret().expose().to_owned(),
        fresh: ask.fresh,
        max_age: ask.max_age,
        begun_at: now,
    };
    let callback = RedirectUrl::new(of.callback.clone()).map_err(|_| Rejection::UpstreamUnavailable)?;
    let verifier = PkceCodeVerifier::new(errand.verifier.clone());
    let client = BasicClient::new(ClientId::new(of.config.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(endpoint))
        .set_redirect_uri(callback);
    let mut request = client
        .authorize_url(|| CsrfToken::new(state.to_owned()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(scopes(of).into_iter().map(Scope::new));
    if kind != ProviderKind::Github {
        request = request.add_extra_param("nonce", errand.nonce.clone());
    }
    for (name, value) in parameters(of, ask, prompts) {
        request = request.add_extra_param(name, value);
    }
    Ok((request.url().0, errand))
}

fn scopes(of: &Parts) -> Vec<String> {
    let own: &[&str] = match of.config.kind() {
        ProviderKind::Github if github::organizations(&of.config).is_empty() => &["read:user", "user:email"],
        ProviderKind::Github => &["read:user", "user:email", "read:org"],
        ProviderKind::Apple => &["openid", "name", "email"],
        _ => &["openid", "profile", "email"],
    };
    let further = of.config.scopes.iter().filter(|scope| !own.contains(&scope.as_str())).cloned();
    own.iter().map(|scope| (*scope).to_owned()).chain(further).collect()
}

/// What each kind takes beside the rest. Who must authenticate anew is told so where the kind has a word for it; whether it was done, is looked
/// at when the person is back.
fn parameters(of: &Parts, ask: &Ask<'_>, prompts: &[String]) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    let is_offered = |prompt: &str| prompts.iter().any(|offered| offered == prompt);
    let prompt = match of.config.kind() {
        // Google has no way to ask for a password again, nor has GitHub: the person is seen to choose the account.
        ProviderKind::Google => Some("select_account"),
        ProviderKind::Github => (ask.fresh || ask.max_age.is_some() || ask.select_account).then_some("select_account"),
        ProviderKind::Microsoft if ask.fresh || ask.max_age.is_some() => Some("login"),
        ProviderKind::Microsoft => ask.select_account.then_some("select_account"),
        // Apple asks each time, and has no such parameter.
        ProviderKind::Apple => None,
        ProviderKind::Oidc if ask.fresh => Some("login"),
        ProviderKind::Oidc => (ask.select_account && is_offered("select_account")).then_some("select_account"),
    };
    parameters.extend(prompt.map(|prompt| ("prompt", prompt.to_owned())));
    match of.config.kind() {
        ProviderKind::Oidc => {
            let max_age = if ask.fresh { Some(0) } else { ask.max_age };
            parameters.extend(max_age.map(|seconds| ("max_age", seconds.to_string())));
        }
        ProviderKind::Apple => parameters.push(("response_mode", "form_post".to_owned())),
        ProviderKind::Google => match of.config.hosted_domains.as_slice() {
            [] => {}
            [one] => parameters.push(("hd", one.clone())),
            _ => parameters.push(("hd", "*".to_owned())),
        },
        ProviderKind::Github | ProviderKind::Microsoft => {}
    }
    let takes_hint = matches!(of.config.kind(), ProviderKind::Google | ProviderKind::Microsoft | ProviderKind::Oidc);
    parameters.extend(ask.login_hint.filter(|_| takes_hint).map(|hint| ("login_hint", hint.to_owned())));
    parameters
}
