//! The second factors of a person, as operators see them, and taking them away from somebody who has lost them all. What they are set up with is in
//! `signin/`.

use serde::Serialize;

use super::user::missing;
use super::{Changed, Error, Registry, UserView};
use crate::protocol::audit::Act;
use crate::protocol::passkey::Passkey;
use crate::storage::Factor;

/// A second factor as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct FactorView {
    /// What it is: `authenticator`, `recovery_codes`, `passkey` or `security_key`.
    pub kind: &'static str,
    /// When it was set up (RFC 3339).
    pub created_at: String,
    /// When it was last used (RFC 3339).
    pub last_used_at: Option<String>,
    /// Of recovery codes, how many are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<i64>,
    /// Of a passkey or a security key, what its person calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of the same, whether it may be copied to other devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_be_copied: Option<bool>,
    /// Of the same, whether a maker who is trusted has attested its device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_attested: Option<bool>,
}

impl From<Passkey> for FactorView {
    fn from(passkey: Passkey) -> Self {
        Self {
            kind: if passkey.is_security_key() { "security_key" } else { "passkey" },
            created_at: passkey.created_at.to_string(),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
            left: None,
            name: Some(passkey.name),
            may_be_copied: Some(passkey.key.may_be_copied),
            is_attested: Some(passkey.key.is_attested),
        }
    }
}

impl From<Factor> for FactorView {
    fn from(factor: Factor) -> Self {
        Self {
            kind: factor.kind.as_str(),
            created_at: factor.created_at.to_string(),
            last_used_at: factor.last_used_at.map(|at| at.to_string()),
            left: factor.left,
            name: None,
            may_be_copied: None,
            is_attested: None,
        }
    }
}

impl Registry {
    /// Takes every second factor of a person away, and ends all that they are signed in to and all that applications were granted: whoever has what
    /// was lost may be signed in with it. The person is told. `user` is an address or an id.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no such person.
    pub async fn reset_factors(&self, user: &str, act: &Act) -> Result<Changed<UserView>, Error> {
        self.administers(act).await?;
        let id = self.account(user).await?.user.id;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&id).await?.ok_or_else(|| missing(user))?;
        let event = transaction.reset_factors(&id, false, act).await?;
        let view = UserView::whole(&mut transaction, account).await?;
        transaction.commit().await?;
        Ok(Changed { view, event, warnings: Vec::new() })
    }
}
