//! A person's own profile: what it holds is for [`crate::protocol::profile`] to say. Nothing else of the account is changed here, whatever else
//! is sent.

use super::{Browser, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::profile::{Profile, Wrong};
use crate::protocol::rejection::Rejection;

/// Why a profile was not kept.
#[derive(Debug)]
pub struct NotKept {
    /// What is told first.
    pub error: Error,
    /// Everything that is wrong with the form.
    pub wrong: Wrong,
}

impl<E: Into<Error>> From<E> for NotKept {
    fn from(error: E) -> Self {
        Self { error: error.into(), wrong: Wrong::default() }
    }
}

impl SignIns {
    /// Keeps a profile as it was typed; the same one again changes nothing and leaves no row.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when there is no such account any more; what [`Profile::checked`] refuses; a failure when the database fails.
    pub async fn keep_profile(
        &self,
        user_id: &str,
        typed: &Profile,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), NotKept> {
        let mut transaction = self.storage.begin().await?;
        let mut account = transaction.hold_account(user_id).await?.ok_or(Rejection::SignInNeeded)?;
        let former = Profile::of(&account.user);
        let profile = match typed.checked(&former) {
            Ok(profile) => profile,
            Err(wrong) => {
                let error = wrong.first().unwrap_or(Rejection::MissingName).into();
                return Err(NotKept { error, wrong });
            }
        };
        let changed = profile.apply(&former, &mut account.user);
        if changed.is_empty() {
            return Ok(());
        }
        account.user.updated_at = now;
        let fields: Vec<_> = changed.iter().map(|field| field.of_user()).collect();
        if !transaction.change_user(&account, &fields).await? {
            return Err(Failure::internal("an address was taken that nobody changed").into());
        }
        let names: Vec<&str> = changed.iter().map(|field| field.as_str()).collect();
        let event = Event::of(&browser.act(user_id, now), Name::UserChanged).on(Noun::User, user_id);
        transaction.record(&event.with("fields", names)).await?;
        Ok(transaction.commit().await?)
    }
}
