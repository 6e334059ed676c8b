//! What happens next on a journey: the one decision, pure, for every goal and every way into it.
//!
//! OpenID Connect Core §3.1.2.3, §3.1.2.4 and §5.5.1.1. What was done *on this very journey* is known by the journey's id, so
//! that neither clocks of one second nor several tabs can make `prompt=login` or a native client's consent pass unseen.
//!
//! A second factor is asked of whoever has one, of everybody where the installation says so, and where a role, the application or the request insists
//! on a class that needs it. A passkey is one by itself, so whoever signs in with that is asked for nothing more. Nobody is signed in before it was shown ([`signs_in`]); what somebody has shown in the same browser already is not asked for again, as long
//! as it is recent enough for what the journey is for. Nor is a second factor asked for on a device that the person keeps ([`KeptDevice`]), where what was
//! shown there is recent enough and is all that is demanded.
//!
//! A word of a provider that counts as two factors (`trust_acr`) is one too, but for changing what second factors the account has.
//!
//! Where hardware must keep the key of a passkey, only one does that is attested so; whoever has none of those shows what they have, and gets one.
//!
//! What is lacking beside the first proof `lack.rs` says. A further demand on what people prove is a field of [`Policy`] and an answer of [`signs_in`].

mod lack;
mod policy;

use self::lack::lack;
pub use self::policy::Policy;
use super::assurance;
use super::authorization_request::AuthorizationRequest;
use super::client::Client;
use super::consent::{Allowance, Consent};
use super::journey::{Goal, Journey, Proven};
use super::kept_device::KeptDevice;
use super::proof::{Kind, Proof, Proofs};
use super::redirect_uri;
use super::rejection::Rejection;
use super::resource::Resource;
use super::role::Holder;
use super::second_factor::{Guards, Lack, SecondFactor};
use super::sign_in::SignIn;
use crate::clock::Timestamp;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Nobody has proved who they are: ask to.
    SignIn,
    /// Somebody has, but must prove it anew.
    Reauthenticate,
    /// A provider vouches for somebody who is nobody here yet: ask whether they have an account, or make one.
    Introduce,
    /// The same, and somebody has just proved who they are here: ask whether that is them.
    Link,
    /// Somebody is signed in and lacks a second factor: ask for that alone. Only who has just proved who they are sets one up.
    SecondFactor(Lack),
    /// Ask for consent.
    Consent,
    /// Nothing is missing: do what the journey is for.
    Finish,
    /// Say no.
    Refuse(Rejection),
}

impl NextStep {
    /// Whether it asks the person for a proof.
    pub fn asks_for_proof(self) -> bool {
        matches!(self, Self::SignIn | Self::Reauthenticate | Self::Introduce)
    }
}

/// What is known beside the journey.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// This browser's live sign-in.
    pub sign_in: Option<&'a SignIn>,
    /// The client that asks, for a journey that answers one. Without it the answer is right about proofs alone.
    pub client: Option<&'a Client>,
    /// The consent of the sign-in's user for this client.
    pub consent: Option<&'a Consent>,
    /// All registered resources: whose the scopes are that the client asks for.
    pub resources: &'a [Resource],
}

/// Decides, for whoever is signed in. What was proved on the journey without being enough to sign in counts for nothing here.
pub fn next_step(journey: &Journey, known: Known<'_>, policy: &Policy, now: Timestamp) -> NextStep {
    let silent = journey.request().is_some_and(|request| request.prompt.none);
    let refuse_or = |rejection, step| if silent { NextStep::Refuse(rejection) } else { step };
    if !policy.passes_classes && !can_be_met(journey, policy) {
        return NextStep::Refuse(not_met(journey));
    }
    let known_proofs = known.sign_in.map(|sign_in| sign_in.proofs.as_known());
    let here = known.sign_in.zip(known_proofs.as_deref());
    if journey.newcomer.is_some() {
        // Whoever was signed in before has not said on this journey that they are the same; and a provider that lets somebody in without asking
        // has not asked who is there now.
        let is_here = here.is_some_and(|(sign_in, proofs)| {
            // What another sign-in has lent for this one was perhaps shown long ago.
            let person = Person { is_for_this: false, ..Person::of(sign_in, proofs, journey) };
            is_made_for(journey, sign_in)
                && now < assurance::auth_time(proofs).plus(policy.fresh)
                && (!policy.takes_words_as_factors() || lack(journey, &person, policy, now).is_none())
        });
        return if is_here { NextStep::Link } else { NextStep::Introduce };
    }
    let Some((sign_in, proofs)) = here else { return refuse_or(Rejection::SignInNeeded, NextStep::SignIn) };
    let person = Person::of(sign_in, proofs, journey);
    match missing(journey, &person, policy, now) {
        Some(Missing::SecondFactor(lack)) => {
            let demanded = journey.request().is_some_and(|request| !is_taken(request, person.proofs));
            let rejection = if demanded { Rejection::ClassNotMet } else { Rejection::SignInNeeded };
            // Whoever has got hold of somebody's sign-in is not to put a factor of their own on the account, nor is whoever has talked them out of a code as well.
            let is_theirs = lack.is_there() || now < assurance::identified_at(person.proofs).plus(policy.fresh);
            let step = if is_theirs { NextStep::SecondFactor(lack) } else { NextStep::Reauthenticate };
            return refuse_or(rejection, step);
        }
        // Who has just authenticated for this cannot do it better by trying again.
        Some(Missing::Demanded(rejection)) if person.is_for_this => return NextStep::Refuse(rejection),
        Some(Missing::Demanded(rejection)) => return refuse_or(rejection, NextStep::Reauthenticate),
        Some(Missing::Wished) if !silent && !person.is_for_this => return NextStep::Reauthenticate,
        Some(Missing::Never(rejection)) => return NextStep::Refuse(rejection),
        Some(Missing::Wished) | None => {}
    }
    let Some(request) = journey.request() else { return NextStep::Finish };
    let holder = Holder::Person(&sign_in.roles);
    if !request.scopes.is_empty() && request.scopes_for(holder, known.resources).is_empty() {
        return NextStep::Refuse(Rejection::RoleNeeded);
    }
    if has_consent(journey, request, (known, holder)) {
        NextStep::Finish
    } else {
        refuse_or(Rejection::ConsentNeeded, NextStep::Consent)
    }
}

/// What a browser has from before a journey.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'a> {
    /// Its live sign-in.
    pub sign_in: Option<&'a SignIn>,
    /// What it is kept for by the person.
    pub kept: Option<&'a KeptDevice>,
}

/// What comes of the proofs that were given on a journey.
#[derive(Clone, Debug)]
pub enum Signing {
    /// They do not say who it is.
    Nobody,
    /// They do, and a second factor is missing.
    Lacks(Lack),
    /// Nothing is missing: these sign in.
    In(Proven),
}

/// Whom the proofs that were given on the journey sign in: nobody, as long as one is missing. Who cannot reach the goal, being another
/// person than the client expects, is signed in all the same.
///
/// The live sign-in of the browser, of the same person, lends the half that was not given on the journey: the second factor to
/// whoever has proved anew who they are, and the first to whoever has shown the second alone. Who has it already keeps it with what they have added.
/// A device that the person keeps lends the second factor to whoever lacks nothing else, and only where that is enough for all that is demanded:
/// where a passkey is wanted they are to be asked for it.
pub fn signs_in(journey: &Journey, before: Before<'_>, guards: Guards, policy: &Policy, now: Timestamp) -> Signing {
    let Some(given) = &journey.proven else { return Signing::Nobody };
    let former = before.sign_in.filter(|former| former.user_id == given.user_id);
    let has_first = assurance::identifies(&given.proofs);
    let is_other_half = |proof: &&Proof| {
        if has_first { assurance::is_second_factor(proof.kind) } else { assurance::says_who(proof.kind) }
    };
    // All that it has was recent enough when it was made for this.
    let is_for_this = former.is_some_and(|former| journey.newcomer.is_none() && is_made_for(journey, former));
    let lent = former.into_iter().flat_map(|former| former.proofs.iter()).filter(is_other_half);
    let lent: Vec<Proof> = lent.filter(|proof| is_for_this || lasts(journey, proof, policy, now)).cloned().collect();
    let all = lent.into_iter().chain(given.proofs.iter().cloned());
    let Some(proofs) = all.fold(None, |all: Option<Proofs>, proof| {
        Some(match all {
            Some(all) => all.and(proof),
            None => Proofs::first(proof),
        })
    }) else {
        return Signing::Nobody;
    };
    if !assurance::identifies(&proofs) {
        return Signing::Nobody;
    }
    // Whoever is signed in already, and adds to that, is so by more than before, however much is still missing.
    let only_adds = !has_first && former.is_some();
    let lacking = |proofs: &Proofs| {
        let person = Person { user_id: &given.user_id, proofs, guards, is_for_this: false };
        lack(journey, &person, policy, now).filter(|_| !only_adds)
    };
    let signed_in = |proofs| Signing::In(Proven { proofs, ..given.clone() });
    let Some(lack) = lacking(&proofs) else { return signed_in(proofs) };
    let kept = before.kept.filter(|kept| has_first && lack == Lack::Code && kept.user_id == given.user_id);
    let kept = kept.filter(|kept| kept.holds(policy.keep_device, now)).map(KeptDevice::lends);
    let Some(shown) = kept.filter(|shown| lasts(journey, shown, policy, now)) else { return Signing::Lacks(lack) };
    let with_it = proofs.and(shown);
    let is_enough = lacking(&with_it).is_none()
        && !falls_short(&with_it, policy)
        && journey.request().is_none_or(|request| is_taken(request, &with_it));
    if is_enough { signed_in(with_it) } else { Signing::Lacks(lack) }
}

/// Whether a proof that was given before the journey is recent enough for what it is for.
fn lasts(journey: &Journey, proof: &Proof, policy: &Policy, now: Timestamp) -> bool {
    let at = proof.known_at();
    // Whoever says that somebody for whom a provider vouches is them, says it with all that they have.
    if journey.newcomer.is_some() && now >= at.plus(policy.fresh) {
        return false;
    }
    match &journey.goal {
        Goal::Authorize(request) => is_recent(journey, request, at, now),
        Goal::Confirm { action, .. } => !policy.changes_factors(action) || now < at.plus(policy.fresh),
        Goal::Account => true,
    }
}

/// Whether a sign-in lacks a second factor, wherever it leads.
pub fn lacks_second_factor(sign_in: &SignIn, policy: &Policy) -> bool {
    let is_needed = match policy.second_factor {
        SecondFactor::Off => false,
        SecondFactor::Offered => sign_in.guards.are_any(policy.passkeys.is_some()),
        SecondFactor::Required => true,
    };
    is_needed && assurance::second_factor_at(&sign_in.proofs).is_none()
}

/// Whether a sign-in opens the pages of its account: nothing is missing that is demanded of its person wherever they go.
pub fn is_whole(sign_in: &SignIn, policy: &Policy) -> bool {
    !lacks_second_factor(sign_in, policy) && !falls_short(&sign_in.proofs, policy)
}

/// Who is on a journey.
struct Person<'a> {
    user_id: &'a str,
    /// Each as old as it is known to be.
    proofs: &'a Proofs,
    guards: Guards,
    /// Whether the proofs were given on this journey.
    is_for_this: bool,
}

impl<'a> Person<'a> {
    fn of(sign_in: &'a SignIn, proofs: &'a Proofs, journey: &Journey) -> Self {
        let is_for_this = is_made_for(journey, sign_in);
        Self { user_id: &sign_in.user_id, proofs, guards: sign_in.guards, is_for_this }
    }
}

/// Whether a sign-in was made on this very journey.
fn is_made_for(journey: &Journey, sign_in: &SignIn) -> bool {
    sign_in.journey_id.as_deref() == Some(journey.id.as_str())
}

/// What a person's proofs lack.
enum Missing {
    /// They will not do, for this reason.
    Demanded(Rejection),
    /// They would do, but a better one is wished for: worth a question, never a refusal (OpenID Connect Core §5.5.1.1).
    Wished,
    /// No proof of this person will ever do.
    Never(Rejection),
    /// All but a second factor is there.
    SecondFactor(Lack),
}

/// Whether it is the right person, who authenticated lately enough, in the right way.
fn missing(journey: &Journey, person: &Person<'_>, policy: &Policy, now: Timestamp) -> Option<Missing> {
    let second = || lack(journey, person, policy, now).map(Missing::SecondFactor);
    let demanded = || falls_short(person.proofs, policy).then_some(Missing::Demanded(not_met(journey)));
    match &journey.goal {
        Goal::Account => second().or_else(demanded),
        Goal::Confirm { user_id, .. } if user_id != person.user_id => {
            Some(Missing::Never(Rejection::AnotherPersonExpected))
        }
        Goal::Confirm { action, .. } => {
            let proved_at = if policy.changes_factors(action) {
                assurance::first_factor_at(person.proofs)
            } else {
                Some(assurance::last_proved(person.proofs))
            };
            let is_fresh = person.is_for_this || proved_at.is_some_and(|at| now < at.plus(policy.fresh));
            if is_fresh { second().or_else(demanded) } else { Some(Missing::Demanded(Rejection::SignInNeeded)) }
        }
        Goal::Authorize(request) if !request.takes_subject(person.user_id) => {
            Some(Missing::Demanded(Rejection::AnotherPersonExpected))
        }
        Goal::Authorize(request) => {
            let is_fresh = |proofs: &Proofs| {
                let told = assurance::auth_time_told(proofs, &request.claims);
                is_recent(journey, request, told, now)
            };
            if !person.is_for_this && !is_fresh(person.proofs) {
                let asks_for_codes =
                    person.guards.are_any(policy.passkeys.is_some()) && policy.second_factor != SecondFactor::Off;
                let with_code = || person.proofs.clone().and(Proof::of(Kind::Totp, now));
                // Where the code alone is too old, the rest is not proved again.
                return Some(if asks_for_codes && is_fresh(&with_code()) {
                    Missing::SecondFactor(Lack::Code)
                } else {
                    Missing::Demanded(Rejection::SignInNeeded)
                });
            }
            // What is asked for beside the class that is told, by the account itself, the installation, roles or the application, is to be as recent: a wish for
            // a lesser class makes nothing older do.
            let stale = || {
                let is_of_late = |proof: &Proof| is_recent(journey, request, proof.at, now);
                if person.is_for_this || person.proofs.iter().all(is_of_late) {
                    return None;
                }
                let lately = person.proofs.filtered(is_of_late)?;
                let lack = lack(journey, &Person { proofs: &lately, ..*person }, policy, now)?;
                let again = Missing::Demanded(Rejection::SignInNeeded);
                Some(if lack.is_there() { Missing::SecondFactor(lack) } else { again })
            };
            let has_password = policy.with_password && person.guards.password;
            let leaves_wishes = || has_password && assurance::leaves_wishes(person.proofs, &request.claims);
            let wishes = || leaves_wishes().then_some(Missing::Wished);
            let class = || (!is_taken(request, person.proofs)).then_some(Missing::Demanded(Rejection::ClassNotMet));
            second().or_else(stale).or_else(demanded).or_else(class).or_else(wishes)
        }
    }
}

/// Whether these proofs are less than roles and application demand.
fn falls_short(proofs: &Proofs, policy: &Policy) -> bool {
    policy.demanded.is_some_and(|demand| !demand.is_met_by(proofs))
}

/// What is said of a class that is not reached: to the application, or to the person where none asks.
fn not_met(journey: &Journey) -> Rejection {
    if journey.request().is_some() { Rejection::ClassNotMet } else { Rejection::WeakSignIn }
}

/// Whether the client takes the class of these proofs.
fn is_taken(request: &AuthorizationRequest, proofs: &Proofs) -> bool {
    assurance::is_taken(proofs, &request.claims)
}

/// Whether anybody could authenticate as the request demands, and as roles and application do.
fn can_be_met(journey: &Journey, policy: &Policy) -> bool {
    let classes = || assurance::classes(policy.with_password, policy.second_factor, policy.passkeys, policy.vouched);
    let by_request = |request: &AuthorizationRequest| {
        request.claims.takes_acr(None) || classes().any(|class| request.claims.takes_acr(Some(class)))
    };
    journey.request().is_none_or(by_request)
        && policy.demanded.is_none_or(|demand| classes().any(|class| demand.is_met_in(class)))
}

/// Whether an authentication from before the journey is recent enough for `prompt` and `max_age`.
fn is_recent(journey: &Journey, request: &AuthorizationRequest, auth_time: Timestamp, now: Timestamp) -> bool {
    let asked_anew = (request.prompt.login || request.prompt.select_account) && auth_time <= journey.started_at;
    let too_old = request.max_age.is_some_and(|limit| now > auth_time.plus(limit));
    !asked_anew && !too_old
}

/// Whether the person allows this. The identity of a client on the person's own device cannot be proved, so each of its requests is asked:
/// a native one's, and a single-page app's at a loopback address (RFC 8252 §8.6).
fn has_consent(journey: &Journey, request: &AuthorizationRequest, (known, holder): (Known<'_>, Holder<'_>)) -> bool {
    let Some(client) = known.client else { return false };
    let asked = || Allowance::asked(request, known.resources, holder);
    let covering = known.consent.filter(|consent| consent.allowed.covers(&asked()));
    let each_time = request.prompt.consent || redirect_uri::is_on_device(client, request.target.redirect_uri());
    if each_time {
        covering.is_some_and(|consent| consent.confirmed_request == journey.id)
    } else {
        client.first_party || covering.is_some()
    }
}

#[cfg(test)]
mod attested_tests;
#[cfg(test)]
mod kept_device_tests;
#[cfg(test)]
mod passkey_tests;
#[cfg(test)]
mod said_another_way;
#[cfg(test)]
mod second_factor_tests;
#[cfg(test)]
mod security_key_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vouched_tests;
#[cfg(test)]
mod ways;
