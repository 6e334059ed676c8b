//! What happens next with an authorization request: the one decision, pure, for every way into it.
//!
//! OpenID Connect Core §3.1.2.3, §3.1.2.4 and §5.5.1.1. What was done *for this very request* is known by the request's id, so
//! that neither clocks of one second nor several tabs can make `prompt=login` or a native client's consent pass unseen.

use super::assurance::{self, Assurance, CLASSES};
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
    if !CLASSES.iter().any(|(class, _)| pending.request.claims.takes_acr(Some(class))) {
        return NextStep::Refuse(Rejection::ClassNotMet);
    }
    let Some(sign_in) = sign_in else {
        return if silent { NextStep::Refuse(Rejection::SignInNeeded) } else { NextStep::SignIn };
    };
    if let Err(rejection) = suits(pending, sign_in, now) {
        // Who has just authenticated for this request cannot do it better by trying again.
        return if silent || is_for(pending, sign_in) { NextStep::Refuse(rejection) } else { NextStep::Reauthenticate };
    }
    // A class that is only wished for is worth a question, but never a refusal (OpenID Connect Core §5.5.1.1).
    if assurance::leaves_wishes(&sign_in.proofs, &pending.request.claims) && !silent && !is_for(pending, sign_in) {
        return NextStep::Reauthenticate;
    }
    match has_consent(pending, client, consent) {
        true => NextStep::Issue,
        false if silent => NextStep::Refuse(Rejection::ConsentNeeded),
        false => NextStep::Consent,
    }
}

/// Whether it is the right person, who authenticated lately enough, in the right way.
fn suits(pending: &PendingRequest, sign_in: &SignIn, now: Timestamp) -> Result<(), Rejection> {
    if !pending.request.takes_subject(&sign_in.user_id) {
        return Err(Rejection::AnotherPersonExpected);
    }
    if !is_fresh(pending, sign_in, now) {
        return Err(Rejection::SignInNeeded);
    }
    let claims = &pending.request.claims;
    if claims.takes_acr(Assurance::of(&sign_in.proofs, claims).acr) { Ok(()) } else { Err(Rejection::ClassNotMet) }
}

/// Whether the authentication was made for this request.
fn is_for(pending: &PendingRequest, sign_in: &SignIn) -> bool {
    sign_in.request_id.as_deref() == Some(pending.id.as_str())
}

/// Whether the authentication is recent enough for `prompt` and `max_age`. One made for this request always is.
fn is_fresh(pending: &PendingRequest, sign_in: &SignIn, now: Timestamp) -> bool {
    if is_for(pending, sign_in) {
        return true;
    }
    let prompt = pending.request.prompt;
    let asked_anew = (prompt.login || prompt.select_account) && sign_in.auth_time() <= pending.started_at;
    let too_old = pending.request.max_age.is_some_and(|limit| now > sign_in.auth_time().plus(limit));
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
    use crate::protocol::params::Params;
    use crate::protocol::proof::{Kind, Proofs};
    use crate::protocol::scope::ScopeSet;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn client(client_type: ClientType, first_party: bool) -> Client {
        let new = Client::new("c".into(), client_type, NOW);
        Client {
            redirect_uris: vec!["https://rp.test/cb".into()],
            scopes: ScopeSet::parse("openid profile email").unwrap(),
            pkce_required: false,
            first_party,
            ..new
        }
    }

    fn pending(client: &Client, query: &str) -> PendingRequest {
        let query = format!("client_id=c&redirect_uri=https://rp.test/cb&response_type=code&{query}");
        let params = Params::parse(query.as_bytes()).unwrap();
        let target = RedirectTarget::verify(&params, Some(client)).unwrap();
        let request = AuthorizationRequest::check(&params, target, client, &[], "https://as.test").unwrap();
        PendingRequest { id: "this".into(), started_at: NOW.minus(5), request }
    }

    /// Somebody who is signed in: who, how, how long ago, and for which request.
    #[derive(Clone, Copy, Debug)]
    struct Person {
        user_id: &'static str,
        kind: Kind,
        age: i64,
        request_id: Option<&'static str>,
    }

    const fn person(user_id: &'static str, kind: Kind, age: i64, request_id: Option<&'static str>) -> Person {
        Person { user_id, kind, age, request_id }
    }

    const PEOPLE: [Option<Person>; 9] = [
        None,
        Some(person("ann", Kind::Password, 100, None)),
        Some(person("ann", Kind::Password, 100, Some("this"))),
        Some(person("ann", Kind::Password, 2, None)),
        Some(person("ann", Kind::Password, 5, Some("other"))),
        Some(person("ann", Kind::Unknown, 100, None)),
        Some(person("ann", Kind::Unknown, 2, Some("this"))),
        Some(person("bob", Kind::Password, 2, None)),
        Some(person("bob", Kind::Password, 2, Some("this"))),
    ];
    const PROMPTS: [&str; 8] = [
        "",
        "none",
        "login",
        "consent",
        "select_account",
        "login consent",
        "select_account consent",
        "login select_account",
    ];
    const CONSENTS: [Option<(&str, &str)>; 4] =
        [None, Some(("openid", "old")), Some(("email openid", "old")), Some(("email openid", "this"))];
    const KINDS: [(ClientType, bool); 4] =
        [(ClientType::Web, false), (ClientType::Spa, true), (ClientType::Native, true), (ClientType::Native, false)];
    /// Which user and which class the request insists on or wishes for, by hint or by parameter.
    const WISHES: [(Option<&str>, &str); 10] = [
        (None, ""),
        (Some("ann"), ""),
        (None, r#"claims={"userinfo":{"sub":{"value":"ann"}}}"#),
        (Some("bob"), r#"claims={"id_token":{"sub":{"value":"ann"}}}"#),
        (None, r#"claims={"id_token":{"acr":{"essential":true}}}"#),
        (
            None,
            r#"claims={"id_token":{"acr":{"essential":true,"values":["gold","urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"]}}}"#,
        ),
        (None, r#"claims={"id_token":{"acr":{"essential":true,"value":"gold"}}}"#),
        (None, "acr_values=gold+urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"),
        (
            None,
            r#"claims={"id_token":{"acr":{"value":"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"}}}"#,
        ),
        (None, "acr_values=gold+silver"),
    ];

    /// The rules, said another way than above.
    fn wanted(
        case: (ClientType, bool),
        asked: (&str, Option<i64>),
        wish: usize,
        person: Option<Person>,
        allowed: Option<(&str, &str)>,
    ) -> NextStep {
        let (prompt, max_age) = asked;
        let refuse_or = |rejection, otherwise| if prompt == "none" { NextStep::Refuse(rejection) } else { otherwise };
        if wish == 6 {
            return NextStep::Refuse(Rejection::ClassNotMet);
        }
        let Some(person) = person else { return refuse_or(Rejection::SignInNeeded, NextStep::SignIn) };
        let for_this = person.request_id == Some("this");
        let anew = |rejection| {
            if for_this { NextStep::Refuse(rejection) } else { refuse_or(rejection, NextStep::Reauthenticate) }
        };
        if (wish == 1 || wish == 2) && person.user_id == "bob" || wish == 3 {
            return anew(Rejection::AnotherPersonExpected);
        }
        let asks_anew = prompt.contains("login") || prompt.contains("select_account");
        let stale = (person.age >= 5 && asks_anew) || max_age.is_some_and(|limit| person.age > limit);
        if stale && !for_this {
            return refuse_or(Rejection::SignInNeeded, NextStep::Reauthenticate);
        }
        if (wish == 4 || wish == 5) && person.kind == Kind::Unknown {
            return anew(Rejection::ClassNotMet);
        }
        if (wish == 7 || wish == 8) && person.kind == Kind::Unknown && !for_this && prompt != "none" {
            return NextStep::Reauthenticate;
        }
        let each_time = case.0 == ClientType::Native || prompt.contains("consent");
        let agreed = match allowed {
            Some(("email openid", "this")) => true,
            Some(("email openid", _)) => !each_time,
            _ => case.1 && !each_time,
        };
        if agreed { NextStep::Issue } else { refuse_or(Rejection::ConsentNeeded, NextStep::Consent) }
    }

    /// Every combination of who asks, what is asked, who is signed in and what is allowed.
    #[test]
    fn the_whole_input_space_follows_the_rules() {
        let mut cases = 0;
        for kind in KINDS {
            let client = client(kind.0, kind.1);
            for (prompt, max_age) in
                PROMPTS.iter().flat_map(|prompt| [None, Some(0), Some(4), Some(3600)].map(|age| (*prompt, age)))
            {
                for (wish, (hint, claims)) in WISHES.iter().enumerate() {
                    let age = max_age.map(|m: i64| format!("&max_age={m}")).unwrap_or_default();
                    let mut pending = pending(
                        &client,
                        &format!("scope=openid+email&prompt={}{age}&{claims}", prompt.replace(' ', "+")),
                    );
                    pending.request.subject = hint.map(str::to_owned);
                    for person in PEOPLE {
                        for allowed in CONSENTS {
                            let sign_in = person.map(sign_in);
                            let consent = allowed.map(|(scopes, id)| consent(scopes, id));
                            let step = next_step(&pending, &client, sign_in.as_ref(), consent.as_ref(), NOW);
                            let rule = wanted(kind, (prompt, max_age), wish, person, allowed);
                            assert_eq!(
                                step, rule,
                                "{kind:?} {prompt:?} {max_age:?} {hint:?} {claims} {person:?} {allowed:?}"
                            );
                            cases += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(cases, 4 * 8 * 4 * 10 * 9 * 4);
    }

    #[test]
    fn claims_of_another_scope_are_consented_to_as_that_scope() {
        let client = client(ClientType::Web, false);
        let pending = pending(&client, r#"scope=openid&claims={"userinfo":{"email":null},"id_token":{"name":null}}"#);
        let step = |scopes: &str| {
            next_step(
                &pending,
                &client,
                Some(&sign_in(person("ann", Kind::Password, 2, None))),
                Some(&consent(scopes, "old")),
                NOW,
            )
        };
        assert_eq!(step("openid"), NextStep::Consent);
        assert_eq!(step("openid email"), NextStep::Consent);
        assert_eq!(step("openid email profile"), NextStep::Issue);
    }

    fn sign_in(person: Person) -> SignIn {
        SignIn {
            id: "s".into(),
            user_id: person.user_id.into(),
            last_used_at: NOW,
            expires_at: NOW.plus(1000),
            proofs: Proofs::of(person.kind, NOW.minus(person.age)),
            request_id: person.request_id.map(str::to_owned),
        }
    }

    fn consent(scopes: &str, confirmed_request: &str) -> Consent {
        let scopes = ScopeSet::parse(scopes).unwrap();
        Consent { scopes, resources: vec![], confirmed_request: confirmed_request.into() }
    }
}
