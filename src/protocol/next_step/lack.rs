//! What somebody lacks beside the first proof: a second factor of whatever kind, or a passkey where nothing else will do.

use super::{Person, Policy};
use crate::clock::Timestamp;
use crate::protocol::assurance;
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::demand::Demand;
use crate::protocol::journey::{Goal, Journey};
use crate::protocol::passkey::Kept;
use crate::protocol::proof::Kind;
use crate::protocol::second_factor::{Lack, SecondFactor};

/// What a person lacks of a second factor, or of a passkey where nothing else will do.
pub(super) fn lack(journey: &Journey, person: &Person<'_>, policy: &Policy, now: Timestamp) -> Option<Lack> {
    let (is_off, own) = (policy.second_factor == SecondFactor::Off, policy.passkey_of(person.guards));
    let is_recent = |at: Timestamp| now < at.plus(policy.fresh);
    // Whoever had to use a recovery code has lost theirs, and sets up another.
    let has_lost_it = assurance::latest(person.proofs, |kind| kind == Kind::RecoveryCode).is_some_and(is_recent);
    if let Some(kept) = wanted_passkey(journey, person, policy, now) {
        let has_code = person.guards.are_beside_passkeys(true) && !is_off;
        let is_shown = assurance::own_second_factor_at(person.proofs).is_some_and(is_recent);
        let is_passkey_shown = assurance::passkey_at(person.proofs, Kept::Anywhere).is_some_and(is_recent);
        return Some(match own.filter(|_| !has_lost_it) {
            Some(own) if own >= kept => Lack::Passkey(kept),
            // One that will not do here guards the account all the same: none is added without it.
            Some(_) if !is_passkey_shown => Lack::Passkey(Kept::Anywhere),
            _ if has_code && !is_shown => Lack::Code,
            _ => Lack::FirstPasskey(kept),
        });
    }
    if let Some(own) = own.filter(|_| changes_factors(journey, policy)) {
        // Nothing changes it that is weaker than what the account has. What was given on the journey is recent enough for it.
        let shown_at = assurance::passkey_at(person.proofs, own);
        let is_shown = shown_at.is_some_and(|at| person.is_for_this || is_recent(at));
        return (!is_shown && !has_lost_it).then_some(Lack::Passkey(own));
    }
    lack_of_any(journey, person, policy, now)
}

/// How well the key of a passkey must be kept, where nothing but such a one will do and none was shown.
fn wanted_passkey(journey: &Journey, person: &Person<'_>, policy: &Policy, now: Timestamp) -> Option<Kept> {
    let best = policy.best_without_passkey(person.guards.password, now);
    let by_request = |request: &AuthorizationRequest| assurance::demands_passkey(person.proofs, &request.claims, &best);
    let by_others = |demand: Demand| demand.wants_passkey(person.proofs, &best);
    let wanted = policy.demanded.and_then(by_others).max(journey.request().and_then(by_request));
    wanted.filter(|kept| policy.passkeys.is_some_and(|best| *kept <= best))
}

/// Whether it leads to other second factors: also to an identity whose provider's word counts as such.
fn changes_factors(journey: &Journey, policy: &Policy) -> bool {
    let links_words = journey.newcomer.is_some() && policy.takes_words_as_factors();
    links_words || matches!(&journey.goal, Goal::Confirm { action, .. } if policy.changes_factors(action))
}

/// What a person lacks of a second factor, whichever it is.
fn lack_of_any(journey: &Journey, person: &Person<'_>, policy: &Policy, now: Timestamp) -> Option<Lack> {
    if policy.second_factor == SecondFactor::Off {
        return None;
    }
    let has_second_factor = person.guards.are_any(policy.passkeys.is_some());
    let changes_factors = changes_factors(journey, policy);
    // No provider's word stands in for a second factor of the account when that is to be changed.
    let shown_at = if changes_factors && has_second_factor {
        assurance::own_second_factor_at(person.proofs)
    } else {
        assurance::second_factor_at(person.proofs)
    };
    let is_shown = shown_at.is_some_and(|at| !changes_factors || person.is_for_this || now < at.plus(policy.fresh));
    if is_shown || (shown_at.is_some() && !has_second_factor) {
        return None;
    }
    let demands =
        |request: &AuthorizationRequest| assurance::demands_second_factor(person.proofs, &request.claims, now);
    let is_needed = has_second_factor
        || policy.second_factor == SecondFactor::Required
        || policy.demanded.is_some_and(|demand| demand.wants_second_factor(person.proofs, now))
        || journey.request().is_some_and(demands);
    is_needed.then_some(if has_second_factor { Lack::Code } else { Lack::Enrolment })
}
