//! What happens next with an authorization request: the one decision, pure, for every way into it.
//!
//! OpenID Connect Core §3.1.2.3 and §3.1.2.4. What was done *for this very request* is known by the request's id, so
//! that neither clocks of one second nor several tabs can make `prompt=login` or a native client's consent pass unseen.

use super::authorization_request::PendingRequest;
use super::client::{Client, ClientType};
use super::consent::Consent;
use super::rejection::Rejection;
use super::sign_in::SignIn;
use crate::clock::Timestamp;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Nobody is signed in: ask to.
    SignIn,
    /// Somebody is, but must prove it anew.
    Reauthenticate,
    /// Ask for consent.
    Consent,
    /// Give a code.
    Issue,
    /// Say no to the client.
    Refuse(Rejection),
}

/// Decides. `sign_in` is this browser's live one, `consent` the one of its user for this client.
pub fn next_step(
    pending: &PendingRequest,
    client: &Client,
    sign_in: Option<&SignIn>,
    consent: Option<&Consent>,
    now: Timestamp,
) -> NextStep {
    let silent = pending.request.prompt.none;
    let Some(sign_in) = sign_in else {
        return if silent { NextStep::Refuse(Rejection::SignInNeeded) } else { NextStep::SignIn };
    };
    if !is_fresh(pending, sign_in, now) {
        return if silent { NextStep::Refuse(Rejection::SignInNeeded) } else { NextStep::Reauthenticate };
    }
    match has_consent(pending, client, consent) {
        true => NextStep::Issue,
        false if silent => NextStep::Refuse(Rejection::ConsentNeeded),
        false => NextStep::Consent,
    }
}

/// Whether the authentication is recent enough for `prompt` and `max_age`. One made for this request always is.
fn is_fresh(pending: &PendingRequest, sign_in: &SignIn, now: Timestamp) -> bool {
    if sign_in.request_id.as_deref() == Some(pending.id.as_str()) {
        return true;
    }
    let prompt = pending.request.prompt;
    let asked_anew = (prompt.login || prompt.select_account) && sign_in.auth_time <= pending.started_at;
    let too_old = pending.request.max_age.is_some_and(|limit| now > sign_in.auth_time.plus(limit));
    !asked_anew && !too_old
}

/// Whether the person allows this. A native client's identity cannot be proved, so each of its requests is asked (RFC 8252 §8.6).
fn has_consent(pending: &PendingRequest, client: &Client, consent: Option<&Consent>) -> bool {
    let covering = consent.filter(|consent| consent.covers(&pending.request));
    let each_time = pending.request.prompt.consent || client.client_type == ClientType::Native;
    match (each_time, client.first_party) {
        (true, _) => covering.is_some_and(|consent| consent.confirmed_request == pending.id),
        (false, true) => true,
        (false, false) => covering.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::authorization_request::{AuthorizationRequest, RedirectTarget};
    use crate::protocol::client::AuthMethod;
    use crate::protocol::params::Params;
    use crate::protocol::scope::ScopeSet;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn client(client_type: ClientType, first_party: bool) -> Client {
        Client {
            client_id: "c".into(),
            client_type,
            name: "C".into(),
            secret_hash: None,
            auth_method: AuthMethod::None,
            redirect_uris: vec!["https://rp.test/cb".into()],
            post_logout_redirect_uris: vec![],
            scopes: ScopeSet::parse("openid profile email").unwrap(),
            resources: vec![],
            pkce_required: false,
            first_party,
            created_at: NOW,
            disabled_at: None,
        }
    }

    fn pending(client: &Client, query: &str) -> PendingRequest {
        let query = format!("client_id=c&redirect_uri=https://rp.test/cb&response_type=code&{query}");
        let params = Params::parse(query.as_bytes()).unwrap();
        let target = RedirectTarget::verify(&params, Some(client)).unwrap();
        let request = AuthorizationRequest::check(&params, target, client, &[], "https://as.test").unwrap();
        PendingRequest { id: "this".into(), started_at: NOW.minus(5), request }
    }

    fn sign_in(age: i64, request_id: Option<&str>) -> SignIn {
        SignIn {
            id: "s".into(),
            user_id: "u".into(),
            auth_time: NOW.minus(age),
            last_used_at: NOW,
            expires_at: NOW.plus(1000),
            request_id: request_id.map(str::to_owned),
        }
    }

    fn consent(scopes: &str, confirmed_request: &str) -> Consent {
        let scopes = ScopeSet::parse(scopes).unwrap();
        Consent { scopes, resources: vec![], confirmed_request: confirmed_request.into() }
    }

    /// Every combination of who asks, what is asked, who is signed in and what is allowed, against the rules said another way.
    #[test]
    fn the_whole_input_space_follows_the_rules() {
        let prompts = ["", "none", "login", "consent", "select_account", "login consent"];
        let max_ages = [None, Some(0), Some(4), Some(3600)];
        let sign_ins = [None, Some((100, None)), Some((100, Some("this"))), Some((2, None)), Some((5, Some("other")))];
        let consents = [None, Some(("openid", "old")), Some(("openid email", "old")), Some(("openid email", "this"))];
        let kinds = [
            (ClientType::Web, false),
            (ClientType::Spa, true),
            (ClientType::Native, true),
            (ClientType::Native, false),
        ];
        for (kind, first_party) in kinds {
            for prompt in prompts {
                for max_age in max_ages {
                    for person in sign_ins {
                        for allowed in consents {
                            let client = client(kind, first_party);
                            let age = max_age.map(|m: i64| format!("&max_age={m}")).unwrap_or_default();
                            let pending = pending(
                                &client,
                                &format!("scope=openid+email&prompt={}{age}", prompt.replace(' ', "+")),
                            );
                            let person_now = person.map(|(age, id)| sign_in(age, id));
                            let consent_now = allowed.map(|(scopes, id)| consent(scopes, id));
                            let step = next_step(&pending, &client, person_now.as_ref(), consent_now.as_ref(), NOW);

                            let for_this = person.is_some_and(|(_, id)| id == Some("this"));
                            let stale = person.is_some_and(|(age, _)| {
                                (age >= 5 && (prompt.contains("login") || prompt == "select_account"))
                                    || max_age.is_some_and(|limit| age > limit)
                            });
                            let each_time = kind == ClientType::Native || prompt.contains("consent");
                            let agreed = match allowed {
                                Some(("openid email", "this")) => true,
                                Some(("openid email", _)) => !each_time,
                                _ => false,
                            };
                            let wanted =
                                match (person.is_some(), for_this || !stale, agreed || (first_party && !each_time)) {
                                    (false, ..) if prompt == "none" => NextStep::Refuse(Rejection::SignInNeeded),
                                    (false, ..) => NextStep::SignIn,
                                    (true, false, _) if prompt == "none" => NextStep::Refuse(Rejection::SignInNeeded),
                                    (true, false, _) => NextStep::Reauthenticate,
                                    (true, true, true) => NextStep::Issue,
                                    (true, true, false) if prompt == "none" => {
                                        NextStep::Refuse(Rejection::ConsentNeeded)
                                    }
                                    (true, true, false) => NextStep::Consent,
                                };
                            assert_eq!(
                                step, wanted,
                                "{kind:?} {first_party} {prompt:?} {max_age:?} {person:?} {allowed:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}
