//! Every combination of what a journey asks and what is known, against the rules said another way.

use super::said_another_way::PASSWORD;
use super::*;
use crate::protocol::authorization_request::RedirectTarget;
use crate::protocol::client::ClientType;
use crate::protocol::journey::Action;
use crate::protocol::params::Params;
use crate::protocol::passkey::Kept;
use crate::protocol::pkce::PkceMode;
use crate::protocol::proof::{Kind, Proof};
use crate::protocol::scope::ScopeSet;
use crate::protocol::upstream::Vouched;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

pub(super) fn client(client_type: ClientType, first_party: bool) -> Client {
    let new = Client::new("c".into(), client_type, NOW);
    Client {
        redirect_uris: vec!["https://rp.test/cb".into()],
        scopes: ScopeSet::parse("openid profile email").unwrap(),
        pkce: PkceMode::Optional,
        first_party,
        ..new
    }
}

const POLICY: Policy = Policy {
    fresh: 60,
    passes_classes: false,
    vouched: None,
    with_password: true,
    second_factor: SecondFactor::Offered,
    demanded: None,
    passkeys: Some(Kept::Anywhere),
    keep_device: 0,
};

pub(super) fn journey(goal: Goal) -> Journey {
    Journey {
        id: "this".into(),
        first: None,
        started_at: NOW.minus(5),
        goal,
        proven: None,
        newcomer: None,
        mailed: None,
    }
}

pub(super) fn request(client: &Client, query: &str) -> AuthorizationRequest {
    let query = format!("client_id=c&redirect_uri=https://rp.test/cb&response_type=code&{query}");
    let params = Params::parse(query.as_bytes()).unwrap();
    let target = RedirectTarget::verify(&params, Some(client)).unwrap();
    AuthorizationRequest::check(&params, target, client, &[], "https://as.test").unwrap()
}

/// Somebody who is signed in: who, how, how long ago, and on which journey.
#[derive(Clone, Copy, Debug)]
struct Somebody {
    user_id: &'static str,
    kind: Kind,
    age: i64,
    journey_id: Option<&'static str>,
}

const fn person(user_id: &'static str, kind: Kind, age: i64, journey_id: Option<&'static str>) -> Somebody {
    Somebody { user_id, kind, age, journey_id }
}

const PEOPLE: [Option<Somebody>; 9] = [
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
    person: Option<Somebody>,
    allowed: Option<(&str, &str)>,
) -> NextStep {
    let (prompt, max_age) = asked;
    let refuse_or = |rejection, otherwise| if prompt == "none" { NextStep::Refuse(rejection) } else { otherwise };
    if wish == 6 {
        return NextStep::Refuse(Rejection::ClassNotMet);
    }
    let Some(person) = person else { return refuse_or(Rejection::SignInNeeded, NextStep::SignIn) };
    let for_this = person.journey_id == Some("this");
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
    if agreed { NextStep::Finish } else { refuse_or(Rejection::ConsentNeeded, NextStep::Consent) }
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
                let mut request =
                    request(&client, &format!("scope=openid+email&prompt={}{age}&{claims}", prompt.replace(' ', "+")));
                request.subject = hint.map(str::to_owned);
                let journey = journey(Goal::Authorize(Box::new(request)));
                let underway = journey.clone().proved("ann", Kind::Password, NOW);
                for person in PEOPLE {
                    for allowed in CONSENTS {
                        let sign_in = person.map(sign_in);
                        let consent = allowed.map(|(scopes, id)| consent(scopes, id));
                        let known = Known {
                            sign_in: sign_in.as_ref(),
                            client: Some(&client),
                            consent: consent.as_ref(),
                            resources: &[],
                        };
                        let rule = wanted(kind, (prompt, max_age), wish, person, allowed);
                        // What was proved without signing in changes nothing.
                        for journey in [&journey, &underway] {
                            let step = next_step(journey, known, &POLICY, NOW);
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
    }
    assert_eq!(cases, 4 * 8 * 4 * 10 * 9 * 4 * 2);
}

/// The goals of our own, for everybody: what is sensitive needs a proof of the same person that is fresh, or was given for it.
#[test]
fn the_account_is_for_whoever_is_signed_in_and_what_is_sensitive_for_fresh_proofs() {
    let link = Action::Link("sample".into());
    for action in [Action::EndSignIn("s".into()), Action::EndApp("c".into()), link, Action::Unlink("i".into())] {
        let confirm = Goal::Confirm { user_id: "ann".into(), action };
        for somebody in PEOPLE {
            let sign_in = somebody.map(sign_in);
            let known = Known { sign_in: sign_in.as_ref(), ..Known::default() };
            let step = |goal: &Goal| next_step(&journey(goal.clone()), known, &POLICY, NOW);
            let (opens, confirms) = match somebody {
                None => (NextStep::SignIn, NextStep::SignIn),
                Some(Somebody { user_id: "bob", .. }) => {
                    (NextStep::Finish, NextStep::Refuse(Rejection::AnotherPersonExpected))
                }
                Some(Somebody { age: 60.., journey_id: None | Some("other"), .. }) => {
                    (NextStep::Finish, NextStep::Reauthenticate)
                }
                Some(_) => (NextStep::Finish, NextStep::Finish),
            };
            assert_eq!((step(&Goal::Account), step(&confirm)), (opens, confirms), "{somebody:?}");
        }
    }
    for (age, step) in [(59, NextStep::Finish), (60, NextStep::Reauthenticate)] {
        let confirm = Goal::Confirm { user_id: "ann".into(), action: Action::EndApp("c".into()) };
        let sign_in = sign_in(person("ann", Kind::Password, age, None));
        let known = Known { sign_in: Some(&sign_in), ..Known::default() };
        assert_eq!(next_step(&journey(confirm), known, &POLICY, NOW), step, "{age}");
    }
}

#[test]
fn whoever_has_proved_who_they_are_is_signed_in_and_nobody_before() {
    let client = client(ClientType::Web, false);
    for query in
        ["scope=openid", "scope=openid&prompt=none", "scope=openid&claims={\"id_token\":{\"sub\":{\"value\":\"ann\"}}}"]
    {
        let journey = journey(Goal::Authorize(Box::new(request(&client, query))));
        let signed_in = |journey: &Journey| match signs_in(journey, Before::default(), PASSWORD, &POLICY, NOW) {
            Signing::In(proven) => Some(proven),
            Signing::Nobody | Signing::Lacks(_) => None,
        };
        assert!(signed_in(&journey).is_none());
        let first = journey.proved("ann", Kind::Unknown, NOW);
        assert!(signed_in(&first).is_none(), "what does not say who it is, is not enough");
        let both = first.clone().proved("ann", Kind::Password, NOW);
        assert_eq!(signed_in(&both).unwrap().user_id, "ann");
        let another = first.proved("bob", Kind::Password, NOW);
        assert_eq!(signed_in(&another).unwrap().user_id, "bob");
        assert_eq!(signed_in(&another).unwrap().proofs, Proofs::of(Kind::Password, NOW));
    }
}

/// Though by the clock it were no newer than the request.
#[test]
fn a_sign_in_of_this_very_journey_lends_what_it_has() {
    let client = client(ClientType::Web, true);
    let asked = Goal::Authorize(Box::new(request(&client, "scope=openid&prompt=login&max_age=60")));
    let code = Journey { started_at: NOW, ..journey(asked) }.proved("ann", Kind::Totp, NOW);
    for (age, journey_id, is_in) in [(0, Some("this"), true), (100, Some("this"), true), (0, None, false)] {
        let former = sign_in(person("ann", Kind::Password, age, journey_id));
        let before = Before { sign_in: Some(&former), kept: None };
        let signing = signs_in(&code, before, PASSWORD, &POLICY, NOW);
        assert_eq!(matches!(signing, Signing::In(_)), is_in, "{age} {journey_id:?}");
    }
}

#[test]
fn without_the_client_nothing_is_allowed_to_it() {
    let client = client(ClientType::Spa, true);
    let journey = journey(Goal::Authorize(Box::new(request(&client, "scope=openid"))));
    let sign_in = sign_in(person("ann", Kind::Password, 2, None));
    let known = Known { sign_in: Some(&sign_in), ..Known::default() };
    assert_eq!(next_step(&journey, known, &POLICY, NOW), NextStep::Consent);
    assert_eq!(next_step(&journey, Known { client: Some(&client), ..known }, &POLICY, NOW), NextStep::Finish);
}

#[test]
fn claims_of_another_scope_are_consented_to_as_that_scope() {
    let client = client(ClientType::Web, false);
    let request = request(&client, r#"scope=openid&claims={"userinfo":{"email":null},"id_token":{"name":null}}"#);
    let journey = journey(Goal::Authorize(Box::new(request)));
    let step = |scopes: &str| {
        let (sign_in, consent) = (sign_in(person("ann", Kind::Password, 2, None)), consent(scopes, "old"));
        let known = Known { sign_in: Some(&sign_in), client: Some(&client), consent: Some(&consent), resources: &[] };
        next_step(&journey, known, &POLICY, NOW)
    };
    assert_eq!(step("openid"), NextStep::Consent);
    assert_eq!(step("openid email"), NextStep::Consent);
    assert_eq!(step("openid email profile"), NextStep::Finish);
}

/// Whoever comes from a provider and is nobody here yet, for everybody who may be signed in, and for goals that need nothing else.
#[test]
fn a_newcomer_is_introduced_and_linked_only_to_whoever_has_proved_on_this_journey_who_they_are() {
    let client = client(ClientType::Spa, true);
    for goal in [Goal::Account, Goal::Authorize(Box::new(request(&client, "scope=openid")))] {
        let newcomer = Some(Box::new(Vouched::of("sample", "https://p.test", "1")));
        let journey = Journey { newcomer, ..journey(goal) };
        for somebody in PEOPLE {
            let sign_in = somebody.map(sign_in);
            let known = Known { sign_in: sign_in.as_ref(), client: Some(&client), ..Known::default() };
            let is_here = somebody.is_some_and(|somebody| somebody.journey_id == Some("this") && somebody.age < 60);
            let wanted = if is_here { NextStep::Link } else { NextStep::Introduce };
            assert_eq!(next_step(&journey, known, &POLICY, NOW), wanted, "{somebody:?}");
        }
        assert!(journey.anew("again".into(), NOW).newcomer.is_none(), "what was brought too long ago counts no more");
    }
}

#[test]
fn a_class_that_only_a_provider_has_can_be_met_where_classes_are_passed_on() {
    let client = client(ClientType::Spa, true);
    let gold = r#"scope=openid&claims={"id_token":{"acr":{"essential":true,"value":"gold"}}}"#;
    let journey = journey(Goal::Authorize(Box::new(request(&client, gold))));
    let policy = Policy { passes_classes: true, ..POLICY };
    let vouched = |acr: &str| Vouched { acr: Some(acr.to_owned()), ..Vouched::of("sample", "https://p.test", "1") };
    let by = |acr: &str| SignIn {
        proofs: Proofs::first(Proof::vouched(&vouched(acr), "i", NOW)),
        ..sign_in(person("ann", Kind::Upstream, 0, Some("this")))
    };
    let step = |sign_in: Option<&SignIn>, policy: &Policy| {
        next_step(&journey, Known { sign_in, client: Some(&client), ..Known::default() }, policy, NOW)
    };
    assert_eq!(step(None, &POLICY), NextStep::Refuse(Rejection::ClassNotMet));
    assert_eq!(step(None, &policy), NextStep::SignIn);
    assert_eq!(step(Some(&by("gold")), &policy), NextStep::Finish);
    assert_eq!(step(Some(&by("silver")), &policy), NextStep::Refuse(Rejection::ClassNotMet));
}

fn sign_in(person: Somebody) -> SignIn {
    SignIn {
        roles: Vec::new(),
        id: "s".into(),
        user_id: person.user_id.into(),
        email: None,
        name: String::new(),
        locale: None,
        last_used_at: NOW,
        expires_at: NOW.plus(1000),
        proofs: Proofs::of(person.kind, NOW.minus(person.age)),
        journey_id: person.journey_id.map(str::to_owned),
        guards: PASSWORD,
    }
}

fn consent(scopes: &str, confirmed_request: &str) -> Consent {
    let scopes = ScopeSet::parse(scopes).unwrap();
    Consent { allowed: Allowance::of_former(&scopes, &[]), confirmed_request: confirmed_request.into() }
}
