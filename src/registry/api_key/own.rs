//! What people do with their keys on the pages of their account. A key outlives the sign-in at which it was made, so that one must hold when the
//! key is written and not only when the form came: whatever ends the sign-ins of somebody waits for the same lock.

use super::{Issued, NewKey, may_touch, missing};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::api_key::{ApiKey, Owner};
use crate::protocol::audit::{Act, Actor, Noun, Origin};
use crate::protocol::sign_in::SignIn;
use crate::registry::{Error, Registry};
use crate::storage::Transaction;

/// How many keys a person is shown.
const SHOWN: usize = 50;

/// Whoever is signed in, and acts for themselves.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    /// Where they are signed in.
    pub sign_in: &'a SignIn,
    /// From where they act,
    pub origin: Origin,
    /// and when.
    pub at: Timestamp,
}

impl SignedIn<'_> {
    fn act(&self) -> Act {
        Act::by(Actor::User(self.sign_in.user_id.clone()), self.origin, self.at)
    }
}

/// The keys of a person, those that can be used before the others, the newest first.
#[derive(Debug)]
pub struct OwnKeys {
    /// The first of them.
    pub keys: Vec<ApiKey>,
    /// Whether there are more.
    pub has_more: bool,
}

/// What is wrong is an [`Error::Invalid`]. A sign-in that has ended meanwhile, and a key that is not theirs, are an [`Error::Missing`].
impl Registry {
    /// Makes a key of theirs.
    pub async fn create_own_api_key(&self, who: &SignedIn<'_>, new: NewKey) -> Result<Issued, Error> {
        let owner = Owner::User(who.sign_in.user_id.clone());
        let (issued, _) = self.make_key(self.begin_own(who).await?, owner, new, &who.act()).await?;
        Ok(issued)
    }

    /// Makes the key that takes the place of one of theirs; see [`Registry::rotate_api_key`].
    pub async fn rotate_own_api_key(&self, who: &SignedIn<'_>, id: &str, overlap: i64) -> Result<Issued, Error> {
        let mut transaction = self.begin_own(who).await?;
        let former = transaction.api_key(id).await?.filter(|key| may_touch(key, &who.act()));
        let (issued, _) =
            self.replace_key(transaction, former.ok_or_else(|| missing(id))?, overlap, &who.act()).await?;
        Ok(issued)
    }

    /// The key of theirs with this id.
    pub async fn own_api_key(&self, who: &SignedIn<'_>, id: &str) -> Result<ApiKey, Error> {
        let key = self.storage.read().await?.api_key(id).await?;
        key.filter(|key| may_touch(key, &who.act())).ok_or_else(|| missing(id))
    }

    /// Their keys, the first fifty.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_api_keys(&self, who: &SignedIn<'_>) -> Result<OwnKeys, Failure> {
        let mut reader = self.storage.read().await?;
        let mut keys = reader.newest_api_keys(&who.sign_in.user_id, SHOWN + 1, who.at).await?;
        let has_more = keys.len() > SHOWN;
        keys.truncate(SHOWN);
        Ok(OwnKeys { keys, has_more })
    }

    /// Ends one of theirs; tells whether it could be used until now.
    pub async fn revoke_own_api_key(&self, who: &SignedIn<'_>, id: &str) -> Result<bool, Error> {
        let was_live = self.own_api_key(who, id).await?.is_live(who.at);
        self.revoke_api_key(id, &who.act()).await?;
        Ok(was_live)
    }

    /// Holds the person, whose sign-in holds.
    async fn begin_own(&self, who: &SignedIn<'_>) -> Result<Transaction, Error> {
        let SignIn { id, user_id, .. } = who.sign_in;
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(user_id).await?;
        let live = transaction.sign_ins_of_user(user_id).await?;
        if live.iter().any(|entry| entry.id == *id && entry.is_live(self.idle, who.at)) {
            Ok(transaction)
        } else {
            Err(Error::Missing(Noun::SignIn, id.clone()))
        }
    }
}
