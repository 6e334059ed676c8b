//! A journey: what a browser is on its way to do here, and what its person has proved on the way.
//!
//! It is no row: it travels sealed (`signin/journeys.rs`). What is missing on it is for [`super::next_step`] to say. A new goal is a
//! variant of [`Goal`], what it asks of a person there, and what is done at its end in `signin/proceed.rs`.

use serde::{Deserialize, Serialize};

use super::assurance;
use super::authorization_request::AuthorizationRequest;
use super::proof::{Kind, Proof, Proofs};
use super::sign_in::SignIn;
use super::ticket::Purpose;
use super::upstream::Vouched;
use crate::clock::Timestamp;

/// A browser on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journey {
    /// A random id: what was done on this very journey is known by it.
    pub id: String,
    /// The first journey to answer the same request, when this is not the first: its id, and when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<(String, Timestamp)>,
    /// When it began.
    pub started_at: Timestamp,
    /// Where to.
    pub goal: Goal,
    /// What was proved on it so far, when that is not enough yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Proven>,
    /// Whom a provider has vouched for on it, whose identity is nobody's here: the person has to say whose it becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newcomer: Option<Box<Vouched>>,
    /// What was sent by mail on it, and whether its reader has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed: Option<Mailed>,
}

/// A ticket on a journey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailed {
    /// Its row id.
    pub ticket: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The address that was typed, in canonical form.
    pub address: String,
    /// The name of who is invited.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether this browser has shown its link or its code.
    pub is_proved: bool,
}

/// Where a journey leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// To answer an authorization request.
    Authorize(Box<AuthorizationRequest>),
    /// To open the account page.
    Account,
    /// To do something that a browser which somebody finds open must not be enough for.
    Confirm {
        /// Who wants it.
        user_id: String,
        /// What.
        action: Action,
    },
}

/// A sensitive action on one's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Ends a sign-in, by its id.
    EndSignIn(String),
    /// Ends all sign-ins but the one of this browser.
    EndOtherSignIns,
    /// Ends an application's access, by its `client_id`.
    EndApp(String),
    /// Links an identity at the provider with this id.
    Link(String),
    /// Unlinks an identity, by its row id.
    Unlink(String),
    /// Gives the account the address that a ticket has proved, by the ticket's row id.
    TakeAddress(String),
    /// Chooses the first password of the account, which is done on the page that it leads to.
    SetPassword,
    /// Takes the account's password away.
    RemovePassword,
    /// Makes an API key, in the place of the one with this id if there is one: on the page that it leads to.
    MakeKey(Option<String>),
    /// Sets up an authenticator, in the place of another if there is one: on the page that it leads to.
    SetAuthenticator,
    /// Takes the authenticator away, and the recovery codes with the last second factor.
    RemoveAuthenticator,
    /// Makes recovery codes, in the place of the former ones: on the page that it leads to.
    MakeRecoveryCodes,
    /// Adds a passkey: on the page that it leads to.
    AddPasskey,
    /// Takes a passkey away, by its row id.
    RemovePasskey(String),
    /// Adds a security key: on the same page.
    AddSecurityKey,
    /// Takes a security key away, by its row id.
    RemoveSecurityKey(String),
    /// Gives up the account.
    Leave {
        /// Whether the person was told that there is no way back.
        for_good: bool,
    },
}

impl Action {
    /// Whether it changes by what the account is guarded: then everything that signs in to it must be proved afresh, the second factor too.
    pub const fn changes_factors(&self) -> bool {
        // Each is named: one that is forgotten here would want no more than a password.
        match self {
            Self::SetAuthenticator
            | Self::RemoveAuthenticator
            | Self::MakeRecoveryCodes
            | Self::AddPasskey
            | Self::RemovePasskey(_)
            | Self::AddSecurityKey
            | Self::RemoveSecurityKey(_) => true,
            Self::EndSignIn(_)
            | Self::EndOtherSignIns
            | Self::EndApp(_)
            | Self::Link(_)
            | Self::Unlink(_)
            | Self::TakeAddress(_)
            | Self::SetPassword
            | Self::RemovePassword
            | Self::MakeKey(_)
            | Self::Leave { .. } => false,
        }
    }
}

/// Who somebody has proved to be, and by what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proven {
    /// The user.
    pub user_id: String,
    /// The proofs, all of this user.
    pub proofs: Proofs,
    /// Of one who is not signed in yet, what they hang on: the account's password as it was then, in a form that says nothing about it. With
    /// another password they count no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hangs_on: Option<String>,
}

impl Journey {
    /// The authorization request that it is to answer, if any.
    pub fn request(&self) -> Option<&AuthorizationRequest> {
        match &self.goal {
            Goal::Authorize(request) => Some(request),
            Goal::Account | Goal::Confirm { .. } => None,
        }
    }

    /// The same way once more, from its beginning: nothing that was done on this one counts on it.
    pub fn anew(self, id: String, at: Timestamp) -> Self {
        let first = self.first.or(Some((self.id, self.started_at)));
        // Mail may take its time; what it was given for may not.
        let mailed = self.mailed.filter(|mailed| !mailed.is_proved);
        Self { first, id, started_at: at, proven: None, newcomer: None, mailed, goal: self.goal }
    }

    /// The journey with whom a provider has vouched for on it, and who is nobody here yet.
    pub fn introducing(self, newcomer: Vouched) -> Self {
        Self { newcomer: Some(Box::new(newcomer)), ..self }
    }

    /// The journey as it was before the newcomer came.
    pub fn without_newcomer(self) -> Self {
        Self { newcomer: None, ..self }
    }

    /// The journey with a ticket on it, in the place of a former one.
    pub fn mailed(self, mailed: Mailed) -> Self {
        Self { mailed: Some(mailed), ..self }
    }

    /// The journey without a ticket.
    pub fn without_mail(self) -> Self {
        Self { mailed: None, ..self }
    }

    /// The same journey, which was held up elsewhere: that takes nothing off its time here. Nothing that was done on it is lost.
    pub fn after_a_rest(self, at: Timestamp) -> Self {
        let first = self.first.or_else(|| Some((self.id.clone(), self.started_at)));
        Self { first, started_at: at, ..self }
    }

    /// The same journey under another name, since it goes on after a rest: a sign-in that was made on it before was not made for what follows. Who rests
    /// again and again does not make it last longer.
    pub fn renamed(self, id: String) -> Self {
        let first = self.first.or(Some((self.id, self.started_at)));
        Self { first, id, ..self }
    }

    /// As [`Journey::renamed`], by whoever was away: what was proved says no longer who is here.
    pub fn resumed(self, id: String) -> Self {
        let proven = self.proven.clone().filter(|given| !assurance::identifies(&given.proofs));
        Self { proven, ..self.renamed(id) }
    }

    /// Names the request that it is to answer: however often the way to it begins anew, the request has one answer.
    pub fn request_id(&self) -> &str {
        self.first.as_ref().map_or(&self.id, |(id, _)| id)
    }

    /// When that request came.
    pub fn request_came_at(&self) -> Timestamp {
        self.first.as_ref().map_or(self.started_at, |(_, at)| *at)
    }

    /// The journey after one more proof. One of another user takes the place of all that was proved before: proofs of two people never
    /// add up.
    pub fn proved(self, user_id: &str, kind: Kind, at: Timestamp) -> Self {
        self.proved_by(user_id, Proof::of(kind, at))
    }

    /// As [`Journey::proved`], by a proof of which more is known.
    pub fn proved_by(self, user_id: &str, proof: Proof) -> Self {
        let proofs = match self.proven {
            Some(before) if before.user_id == user_id => before.proofs.and(proof),
            _ => Proofs::first(proof),
        };
        Self { proven: Some(Proven { user_id: user_id.to_owned(), proofs, hangs_on: None }), ..self }
    }

    /// The journey on which this person has proved again what they are signed in by: with what they show beside it, that is all there is to prove.
    pub fn proved_again(self, sign_in: &SignIn) -> Self {
        sign_in.proofs.iter().fold(self, |journey, proof| journey.proved_by(&sign_in.user_id, proof.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_of_two_people_never_add_up_and_a_journey_begins_anew_for_the_same_request() {
        let now = Timestamp::from_seconds(1_000_000);
        let journey = |proven| Journey {
            id: "j".into(),
            first: None,
            started_at: now,
            goal: Goal::Account,
            proven,
            newcomer: None,
            mailed: None,
        };
        let ann = journey(None).proved("ann", Kind::Unknown, now).proved("ann", Kind::Password, now).proven.unwrap();
        assert_eq!(ann.proofs.iter().count(), 2);
        let bob = journey(Some(ann)).proved("bob", Kind::Unknown, now).proven.unwrap();
        let again = journey(None).anew("k".into(), now.plus(9)).anew("l".into(), now.plus(99));
        assert_eq!((again.id.as_str(), again.started_at), ("l", now.plus(99)));
        assert_eq!((again.request_id(), again.request_came_at()), ("j", now));
        assert_eq!((bob.user_id.as_str(), bob.proofs), ("bob", Proofs::of(Kind::Unknown, now)));
    }
}
