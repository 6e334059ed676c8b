//! A grant: what came of one authorization, and whether it still holds. Everything that descends from it asks this one rule.

use super::claims_request::ClaimsRequest;
use super::confirmation::Confirmation;
use super::proof::Proofs;
use super::scope::ScopeSet;
use super::sign_in::USE_IS_NOTED_AFTER;
use super::user::User;
use crate::clock::Timestamp;

/// What came of one authorization.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its id, 22 random characters; the `gid` of access tokens.
    pub id: String,
    /// The client it is for.
    pub client_id: String,
    /// The client's era now ([`Client::era`](super::client::Client::era)).
    pub client_era: i64,
    /// The user whose it is, as the account is now.
    pub user: User,
    /// The sign-in it came from, the `sid` of ID tokens; `None` when it came about without a browser of ours.
    pub sign_in_id: Option<String>,
    /// Whether it ends with that sign-in.
    pub bound: bool,
    /// The scopes granted.
    pub scopes: ScopeSet,
    /// The resources granted.
    pub resources: Vec<String>,
    /// How the person had authenticated.
    pub proofs: Proofs,
    /// The single claims that the request asked for.
    pub claims: ClaimsRequest,
    /// The key that it is bound to, if it is bound to one.
    pub confirmation: Option<Confirmation>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute; when it was made, while that is no longer ago.
    pub used_at: Timestamp,
    /// Whether it was ended, or its user or client switched off.
    pub ended: bool,
    /// The limits of the sign-in that it ends with; `None` when that one has ended, or there is none.
    pub sign_in: Option<SignInLimits>,
}

/// Until when a sign-in holds by itself.
#[derive(Debug, Clone, Copy)]
pub struct SignInLimits {
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

impl Grant {
    /// Whether it holds; `idle` is the longest pause between two uses of a sign-in, in seconds. One that is bound to its sign-in ends
    /// with that one, also when that one expires (OpenID Connect Back-Channel Logout §2.7).
    pub fn holds(&self, idle: i64, now: Timestamp) -> bool {
        let sign_in_holds =
            || self.sign_in.is_some_and(|sign_in| now < sign_in.expires_at && now < sign_in.last_used_at.plus(idle));
        !self.ended && (!self.bound || sign_in_holds())
    }

    /// Whether a use now is to be noted: at most one in a minute is.
    pub fn use_is_due(&self, now: Timestamp) -> bool {
        now >= self.used_at.plus(USE_IS_NOTED_AFTER)
    }

    /// The sign-in that a use now keeps alive, when that is to be noted: the one that the grant ends with.
    pub fn sign_in_to_use(&self, now: Timestamp) -> Option<&str> {
        let due = self.sign_in.is_some_and(|sign_in| now >= sign_in.last_used_at.plus(USE_IS_NOTED_AFTER));
        self.sign_in_id.as_deref().filter(|_| self.bound && due)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::protocol::proof::Kind;
    use crate::protocol::user::MadeBy;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    /// A grant that holds, made just now.
    pub fn grant() -> Grant {
        Grant {
            id: "g".into(),
            client_id: "c".into(),
            client_era: 0,
            user: User::new("u".into(), MadeBy::Person, NOW),
            sign_in_id: Some("s".into()),
            bound: false,
            scopes: ScopeSet::default(),
            resources: vec![],
            proofs: Proofs::of(Kind::Password, NOW),
            claims: ClaimsRequest::default(),
            confirmation: None,
            created_at: NOW,
            used_at: NOW,
            ended: false,
            sign_in: None,
        }
    }

    #[test]
    fn a_bound_grant_holds_no_longer_than_its_sign_in() {
        let limits =
            |used: i64, left: i64| Some(SignInLimits { last_used_at: NOW.minus(used), expires_at: NOW.plus(left) });
        let holds = |ended, bound, sign_in| Grant { ended, bound, sign_in, ..grant() }.holds(100, NOW);
        assert!(holds(false, false, None) && holds(false, false, limits(500, -1)));
        assert!(!holds(true, false, limits(0, 10)) && !holds(true, true, limits(0, 10)));
        assert!(holds(false, true, limits(99, 1)));
        assert!(!holds(false, true, limits(100, 1)) && !holds(false, true, limits(0, 0)) && !holds(false, true, None));
    }
}
