//! What an account is left with when a way in goes: never with less than is demanded of its person, if they could do that before.

use super::SignIns;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::demand::Demand;
use crate::protocol::passkey::Passkey;
use crate::protocol::proof::Proofs;
use crate::protocol::upstream::{Identity, has_usable};
use crate::protocol::user::User;
use crate::storage::{Account, Reader};

/// What an account has to sign in by, beside a mail.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    pub password: bool,
    pub passkeys: Vec<Passkey>,
    pub identities: Vec<Identity>,
}

impl SignIns {
    /// What this account has.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn ways_of(&self, reader: &mut Reader, account: &Account) -> Result<Ways, Failure> {
        let user_id = account.user.id.as_str();
        Ok(Ways {
            password: account.has_password(),
            passkeys: reader.passkeys(user_id).await?,
            identities: reader.identities_of_user(user_id).await?,
        })
    }

    /// Whether its person can sign in by these, or by a mail.
    pub(super) fn can_sign_in(&self, user: &User, ways: &Ways) -> bool {
        (self.limits.password && ways.password)
            || self.is_way_in(user)
            || self.has_usable(ways)
            || (self.has_passkeys() && ways.passkeys.iter().any(Passkey::is_passkey))
    }

    fn has_usable(&self, ways: &Ways) -> bool {
        has_usable(&ways.identities, |provider| self.is_usable(provider))
    }

    /// Whether the person can do with less what is demanded of them wherever they go, or could not do it before either.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn is_enough(
        &self,
        reader: &mut Reader,
        user_id: &str,
        (before, after): (&Ways, &Ways),
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let demanded = self.policy_for(reader, user_id).await?.demanded;
        Ok(demanded.is_none_or(|demand| self.can_meet(demand, after, now) || !self.can_meet(demand, before, now)))
    }

    /// Whether these ways can be enough, with an authenticator beside them where people have any.
    fn can_meet(&self, demand: Demand, ways: &Ways, now: Timestamp) -> bool {
        let with_code = self.policy.best_without_passkey(ways.password, now);
        let by_passkey = |key: &Passkey| demand.is_met_by(&Proofs::first(self.proof_by(key, now)));
        demand.is_met_by(&with_code)
            || (self.has_passkeys() && ways.passkeys.iter().any(by_passkey))
            || self.policy.vouched.is_some_and(|class| self.has_usable(ways) && demand.is_met_in(class))
    }
}
