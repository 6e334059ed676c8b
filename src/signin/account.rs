//! What a person may see and end of their own account. Ending asks for a proof again when the sign-in is not fresh: whoever finds a
//! browser open must not be able to lock its owner out.

use super::{Browser, SignIns, Unlinked};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::api_key::Owner;
use crate::protocol::attempts::{Subject, TOLD_FOR};
use crate::protocol::device;
use crate::protocol::journey::Action;
use crate::protocol::kept_device;
use crate::protocol::passkey::Passkey;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::protocol::upstream::Identity;
use crate::protocol::user::User;
use crate::storage::{Account, AppWithAccess, Factor, Noted, PasswordTimes, SignInEntry};

/// What the account page shows.
#[derive(Debug)]
pub struct AccountView {
    /// The person.
    pub user: User,
    /// Whether they have a password, and an address to sign in with it.
    pub has_password: bool,
    /// Since when they have it, and when it was last used.
    pub password: PasswordTimes,
    /// Their accounts at providers, the first linked first.
    pub identities: Vec<Identity>,
    /// Their second factors.
    pub factors: Vec<Factor>,
    /// Their passkeys, where people have them.
    pub passkeys: Vec<Passkey>,
    /// Where they are signed in, the last used first.
    pub sign_ins: Vec<SignInEntry>,
    /// The applications with access, by name.
    pub apps: Vec<AppWithAccess>,
    /// When a copy of a refresh token was last used, within the last 30 days.
    pub reused_at: Option<Timestamp>,
    /// What strangers tried in vain, within the last 30 days.
    pub tried: Option<Noted>,
}

impl SignIns {
    /// The account of whoever is signed in.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when there is no such account any more; a failure when the database fails.
    pub async fn account(&self, sign_in: &SignIn, reason: &str, now: Timestamp) -> Result<AccountView, Error> {
        let mut reader = self.storage.read().await?;
        let account = reader.user(&sign_in.user_id).await?.ok_or(Rejection::SignInNeeded)?;
        let identities = reader.identities_of_user(&sign_in.user_id).await?;
        let factors = reader.factors(&sign_in.user_id).await?;
        let passkeys = if self.has_passkeys() { reader.passkeys(&sign_in.user_id).await? } else { Vec::new() };
        let sign_ins = self.live(reader.sign_ins_of_user(&sign_in.user_id).await?, now);
        let apps = reader.apps_of_user(&sign_in.user_id).await?;
        let reused_at = reader.last_ended_for(&sign_in.user_id, reason).await?;
        let tried = reader.noted_attempts(&Subject::id_of_account(&sign_in.user_id)).await?;
        Ok(AccountView {
            has_password: account.has_password(),
            password: reader.password_times(&sign_in.user_id).await?,
            identities,
            factors,
            passkeys,
            user: account.user,
            tried: tried.filter(|noted| now < Timestamp::from_seconds(noted.noted_at).plus(TOLD_FOR)),
            sign_ins,
            apps,
            reused_at: reused_at.filter(|at| now < at.plus(TOLD_FOR)),
        })
    }

    /// Where a person is signed in, the last used first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_ins_of(&self, user_id: &str, now: Timestamp) -> Result<Vec<SignInEntry>, Failure> {
        Ok(self.live(self.storage.read().await?.sign_ins_of_user(user_id).await?, now))
    }

    fn live(&self, mut entries: Vec<SignInEntry>, now: Timestamp) -> Vec<SignInEntry> {
        entries.retain(|entry| entry.is_live(self.limits.idle, now));
        // There may be more of them from before there was a bound.
        entries.truncate(usize::try_from(self.limits.per_person).unwrap_or(usize::MAX));
        entries
    }

    /// The applications with access to a person's account, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn apps_of(&self, user_id: &str) -> Result<Vec<AppWithAccess>, Failure> {
        self.storage.read().await?.apps_of_user(user_id).await
    }

    /// Who is signed in, as the account is now.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when there is no such account any more; a failure when the database fails.
    pub async fn user_of(&self, sign_in: &SignIn) -> Result<User, Error> {
        let account = self.storage.read().await?.user(&sign_in.user_id).await?;
        Ok(account.ok_or(Rejection::SignInNeeded)?.user)
    }

    /// How a user can sign in: whether by a password, and by which identities.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ways_in(&self, user_id: &str) -> Result<(bool, Vec<Identity>), Failure> {
        let mut reader = self.storage.read().await?;
        let account = reader.user(user_id).await?;
        let identities = reader.identities_of_user(user_id).await?;
        Ok((account.as_ref().is_some_and(Account::has_password), identities))
    }

    /// What an action is about, in a person's words: a browser with its address, an application, an account at a provider, or a key. `None` when there is no such thing of
    /// theirs, or no single one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subject_of(&self, user_id: &str, action: &Action) -> Result<Option<String>, Failure> {
        match action {
            Action::EndSignIn(id) => {
                let entries = self.storage.read().await?.sign_ins_of_user(user_id).await?;
                let entry = entries.into_iter().find(|entry| entry.id == *id);
                Ok(entry.map(|entry| format!("{} ({})", device::name(&entry.user_agent), entry.address)))
            }
            Action::EndOtherSignIns
            | Action::Link(_)
            | Action::SetPassword
            | Action::RemovePassword
            | Action::SetAuthenticator
            | Action::RemoveAuthenticator
            | Action::MakeRecoveryCodes
            | Action::AddPasskey
            | Action::AddSecurityKey
            | Action::MakeKey(None)
            | Action::Leave { .. } => Ok(None),
            Action::MakeKey(Some(id)) => {
                let key = self.storage.read().await?.api_key(id).await?;
                let own = key.filter(|key| key.owner == Owner::User(user_id.to_owned()));
                Ok(own.map(|key| key.name))
            }
            Action::RemovePasskey(id) | Action::RemoveSecurityKey(id) => {
                let own = self.own_passkeys(user_id).await?;
                Ok(own.into_iter().find(|passkey| passkey.id == *id).map(|passkey| passkey.name))
            }
            Action::Unlink(id) => {
                let identities = self.storage.read().await?.identities_of_user(user_id).await?;
                let identity = identities.into_iter().find(|identity| identity.id == *id);
                Ok(identity.map(|identity| identity.email.unwrap_or(identity.subject)))
            }
            Action::TakeAddress(ticket) => {
                let stored = self.storage.read().await?.ticket(ticket).await?;
                Ok(stored.map(|stored| stored.ticket.address))
            }
            Action::EndApp(client_id) => Ok(self.directory.client(client_id).await?.map(|client| client.name.clone())),
        }
    }

    /// Ends what is the person's own; what is not, or has ended already, is left alone. Tells whether the sign-in that did it ended as well.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when that sign-in has ended meanwhile; [`Rejection::LastWayIn`], [`Rejection::LastStrongWayIn`],
    /// [`Rejection::LastSecondFactor`]; [`Rejection::UnknownTicket`], [`Rejection::EmailTaken`]; a failure when the database fails.
    pub(super) async fn end(
        &self,
        sign_in: &SignIn,
        action: &Action,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let user_id = &sign_in.user_id;
        let act = browser.act(user_id, now);
        let mut transaction = self.storage.begin().await?;
        // Nobody signs in meanwhile, whom this would not see; and the sign-in may have been ended while this waited for the user.
        let account = transaction.hold_account(user_id).await?;
        if !self.is_live(&mut transaction, sign_in, browser, now).await? {
            return Err(Rejection::SignInNeeded.into());
        }
        let mut is_this = false;
        match action {
            Action::EndSignIn(id) => {
                let own = transaction.sign_ins_of_user(user_id).await?.iter().any(|entry| entry.id == *id);
                if own {
                    transaction.end_sign_in_and_device(id, "ended by the person", &act).await?;
                    is_this = *id == sign_in.id;
                }
            }
            Action::EndOtherSignIns => {
                transaction.end_what_is_pending(user_id).await?;
                let this = account.and_then(|account| self.devices.known(browser.device.as_ref(), &account, now));
                let this = this.map(|name| kept_device::hash_of(&name));
                transaction.end_kept_devices(user_id, this.as_deref()).await?;
                for entry in transaction.sign_ins_of_user(user_id).await? {
                    if entry.id != sign_in.id {
                        transaction.end_sign_in(&entry.id, "ended by the person", &act).await?;
                    }
                }
            }
            Action::EndApp(client_id) => {
                transaction.withdraw_consent(user_id, client_id, "withdrawn by the person", &act).await?;
            }
            Action::Unlink(id) => {
                is_this = self.unlink(&mut transaction, (sign_in, id), browser, now).await? == Unlinked::This;
            }
            Action::TakeAddress(ticket) => {
                self.take_address(&mut transaction, (sign_in, ticket), browser, now).await?;
            }
            Action::RemovePassword => {
                is_this = self.remove_password(&mut transaction, sign_in, browser, now).await? == Unlinked::This;
            }
            Action::RemoveAuthenticator => self.remove_authenticator(&mut transaction, sign_in, &act).await?,
            Action::RemovePasskey(id) | Action::RemoveSecurityKey(id) => {
                self.remove_passkey(&mut transaction, (sign_in, id), &act).await?;
            }
            // It is done when the browser comes back from the provider, on the page that it leads to, or in `leaving.rs`.
            Action::Link(_)
            | Action::SetPassword
            | Action::SetAuthenticator
            | Action::MakeRecoveryCodes
            | Action::AddPasskey
            | Action::AddSecurityKey
            | Action::MakeKey(_)
            | Action::Leave { .. } => {}
        }
        transaction.commit().await?;
        Ok(is_this)
    }
}
