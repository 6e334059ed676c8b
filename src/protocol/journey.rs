//! A journey: what a browser is on its way to do here, and what its person has proved on the way.
//!
//! It is no row: it travels sealed (`signin/journeys.rs`). What is missing on it is for [`super::next_step`] to say. A new goal is a
//! variant of [`Goal`], what it asks of a person there, and what is done at its end in `signin/proceed.rs`.

use serde::{Deserialize, Serialize};

use super::authorization_request::AuthorizationRequest;
use super::proof::{Kind, Proof, Proofs};
use crate::clock::Timestamp;

/// A browser on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journey {
    /// A random id: what was done on this very journey is known by it.
    pub id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Where to.
    pub goal: Goal,
    /// What was proved on it so far, when that is not enough yet.
    pub proven: Option<Proven>,
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
    /// Ends an application's access, by its `client_id`.
    EndApp(String),
}

/// Who somebody has proved to be, and by what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proven {
    /// The user.
    pub user_id: String,
    /// The proofs, all of this user.
    pub proofs: Proofs,
}

impl Journey {
    /// The authorization request that it is to answer, if any.
    pub fn request(&self) -> Option<&AuthorizationRequest> {
        match &self.goal {
            Goal::Authorize(request) => Some(request),
            Goal::Account | Goal::Confirm { .. } => None,
        }
    }

    /// The journey after one more proof. One of another user takes the place of all that was proved before: proofs of two people never
    /// add up.
    pub fn proved(self, user_id: &str, kind: Kind, at: Timestamp) -> Self {
        let proofs = match self.proven {
            Some(before) if before.user_id == user_id => before.proofs.and(Proof { kind, at }),
            _ => Proofs::of(kind, at),
        };
        Self { proven: Some(Proven { user_id: user_id.to_owned(), proofs }), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_of_two_people_never_add_up() {
        let now = Timestamp::from_seconds(1_000_000);
        let journey = Journey { id: "j".into(), started_at: now, goal: Goal::Account, proven: None };
        let ann = journey.proved("ann", Kind::Unknown, now).proved("ann", Kind::Password, now).proven.unwrap();
        assert_eq!(ann.proofs.iter().count(), 2);
        let journey = Journey { id: "j".into(), started_at: now, goal: Goal::Account, proven: Some(ann) };
        let bob = journey.proved("bob", Kind::Unknown, now).proven.unwrap();
        assert_eq!((bob.user_id.as_str(), bob.proofs), ("bob", Proofs::of(Kind::Unknown, now)));
    }
}
