//! Users: making an account, reading and changing it, switching it off and on. A person's own registration is in `signin/`.
//!
//! A password is hashed before the transaction begins, and checked again within it against the address and name that hold then.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::role;
use super::{Changed, Error, FactorView, IdentityView, Registry, State, commit, given, set};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::language::Language;
use crate::password::Waiter;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::factor_reset::FactorResetView;
use crate::protocol::new_password::{Strength, Words};
use crate::protocol::page::{Listed, Page};
use crate::protocol::passkey::Passkey;
use crate::protocol::problem::Problems;
use crate::protocol::rejection::Rejection;
use crate::protocol::role::ADMIN;
use crate::protocol::ticket::Purpose;
use crate::protocol::upstream::Identity;
use crate::protocol::user::{EmailAuthority, MadeBy, User, UserField, check_role};
use crate::protocol::{claims, email, new_password, registration};
use crate::random;
use crate::secret::Secret;
use crate::storage::{Account, ListedAccount, Reader, Transaction, UserFilter};

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address to sign in with.
    pub email: String,
    /// All that can be changed later, but the address.
    pub details: UserChange,
}

/// What of an account is to become what.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The address; another one is not verified, unless that is said too.
    pub email: Option<String>,
    /// Whether the person has proved the address.
    pub email_verified: Option<bool>,
    /// The full name.
    pub name: Option<String>,
    /// All roles.
    pub roles: Option<Vec<String>>,
    /// Standard claims by name, beside those that are not named; null takes one away.
    pub claims: BTreeMap<String, Value>,
    /// A new password: then everything that the former one gave ends.
    pub password: Option<Secret>,
}

/// An account as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct UserView {
    /// Its id.
    pub id: String,
    /// The address, if the account has one.
    pub email: Option<String>,
    /// Whether the person has proved it.
    pub email_verified: bool,
    /// Who stands for it that the address is the person's.
    pub email_authority: EmailAuthority,
    /// The full name.
    pub name: String,
    /// Roles that were given here, for access tokens.
    pub roles: Vec<String>,
    /// Roles that come of what providers say, beside those.
    pub upstream_roles: Vec<String>,
    /// Who made the account.
    pub made_by: MadeBy,
    /// Further standard claims.
    pub claims: Map<String, Value>,
    /// Whether it can be used.
    pub state: State,
    /// When it goes, if its person is leaving (RFC 3339).
    pub delete_after: Option<String>,
    /// How one can sign in with it, `password`, `upstream` and `passkey`; nothing when nobody can yet.
    pub signs_in_by: Vec<&'static str>,
    /// The accounts at providers that sign the person in, which a list leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<IdentityView>>,
    /// What the person shows beside the first proof, which a list leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factors: Option<Vec<FactorView>>,
    /// The request to take those away, if there is one; a list leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor_reset: Option<FactorResetView>,
    /// When it was made (RFC 3339).
    pub created_at: String,
}

impl From<ListedAccount> for UserView {
    fn from(ListedAccount { account, identities, passkeys }: ListedAccount) -> Self {
        Self::of(account, (identities > 0, passkeys > 0))
    }
}

impl UserView {
    /// With all that is known.
    pub(super) async fn whole(reader: &mut Reader, account: Account) -> Result<Self, Failure> {
        let identities = reader.identities_of_user(&account.user.id).await?;
        let factors = reader.factors(&account.user.id).await?;
        let passkeys = reader.passkeys(&account.user.id).await?;
        let has_passkey = passkeys.iter().any(Passkey::is_passkey);
        let passkeys = passkeys.into_iter().map(FactorView::from);
        let second_factors = Some(factors.into_iter().map(FactorView::from).chain(passkeys).collect());
        let factor_reset = reader.factor_reset(&account.user.id).await?.map(FactorResetView::from);
        Ok(Self { second_factors, factor_reset, ..Self::with(account, identities, has_passkey) })
    }

    /// With the identities, and nothing of second factors.
    pub(super) fn with(account: Account, identities: Vec<Identity>, has_passkey: bool) -> Self {
        let view = Self::of(account, (!identities.is_empty(), has_passkey));
        Self { identities: Some(identities.into_iter().map(IdentityView::from).collect()), ..view }
    }

    fn of(account: Account, (has_identity, has_passkey): (bool, bool)) -> Self {
        let ways = [("password", account.has_password()), ("upstream", has_identity), ("passkey", has_passkey)];
        let user = account.user;
        Self {
            signs_in_by: given(ways),
            identities: None,
            second_factors: None,
            factor_reset: None,
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            email_authority: user.email_authority,
            name: user.name,
            roles: user.roles,
            upstream_roles: user.upstream_roles,
            made_by: user.made_by,
            claims: user.claims,
            state: State::of(user.disabled_at.or(user.delete_after)),
            delete_after: user.delete_after.map(|at| at.to_string()),
            created_at: user.created_at.to_string(),
        }
    }
}

impl UserChange {
    /// Makes the change, but for the password's hash; the fields that it names.
    pub(super) fn apply(&self, user: &mut User, site: Option<&Words>) -> Result<Vec<UserField>, Problems> {
        use UserField as F;
        let mut problems = Problems::default();
        let mut email_verified = self.email_verified;
        if let Some(text) = &self.email {
            match email::canonical(text) {
                Ok(address) => {
                    let is_new = user.email.as_ref() != Some(&address);
                    email_verified = email_verified.or(is_new.then_some(false));
                    user.email = Some(address);
                }
                Err(why) => problems.add("email", format!("'{}': {why}", text.escape_debug())),
            }
        }
        if self.email.is_some() || email_verified.is_some() {
            user.email_authority = EmailAuthority::Operator;
        }
        let name = self.name.as_deref().map(|name| name.trim().to_owned());
        if let Some(name) = &name {
            problems.note("name", registration::name(name));
        }
        for (at, role) in self.roles.iter().flatten().enumerate() {
            problems.note(format!("roles[{at}]"), check_role(role));
        }
        for (name, value) in &self.claims {
            match claims::check(name, value.clone()) {
                Ok(Value::Null) => drop(user.claims.remove(name)),
                Ok(value) => drop(user.claims.insert(name.clone(), value)),
                Err(why) => problems.add(format!("claims.{}", name.escape_debug()), why),
            }
        }
        let fields = [
            (F::Email, self.email.is_some()),
            (F::EmailVerified, set(email_verified, &mut user.email_verified)),
            (F::Name, set(name, &mut user.name)),
            (F::Roles, set(self.roles.clone(), &mut user.roles)),
            (F::Claims, !self.claims.is_empty()),
            (F::Password, self.password.is_some()),
        ];
        if let (Some(password), Some(site)) = (&self.password, site) {
            if user.email.is_none() && self.email.is_none() {
                problems.add("password", "the account has no address to sign in with: give it one as well");
            }
            let words = site.with_person(user.email.as_deref().unwrap_or_default(), &user.name);
            let checked = new_password::check(password.expose(), &words);
            let sentence = checked.map_err(|fault| match (fault.rejection, fault.strength) {
                (why @ Rejection::PasswordTooShort, _) => {
                    format!("{why} (at least {} characters)", new_password::MIN_LENGTH)
                }
                (why, Some(Strength { why: "", .. }) | None) => why.to_string(),
                (why, Some(strength)) => format!("{why} {}", Language::default().words(strength.why)),
            });
            problems.note("password", sentence.map_err(|sentence| sentence.trim().to_owned()));
        }
        problems.unless_any(given(fields))
    }
}

/// What is wrong is an [`Error::Invalid`], an unknown id an [`Error::Missing`].
impl Registry {
    /// Makes an account.
    pub async fn create_user(&self, new: NewUser, act: &Act) -> Result<Changed<UserView>, Error> {
        self.administers(act).await?;
        let mut user = User::new(random::row_id(act.at), MadeBy::Operator, act.at);
        let name = new.details.name.unwrap_or_default();
        let details = UserChange { email: Some(new.email), name: Some(name), ..new.details };
        details.apply(&mut user, Some(&self.words))?;
        let account = Account::new(user, self.hash(&details).await?);
        let mut transaction = self.storage.begin().await?;
        let warnings = role::make_missing(&mut transaction, &account.user.roles, act).await?;
        if !transaction.insert_user(&account).await? {
            return Err(Problems::one("email", taken(account.user.called())).into());
        }
        let event = Event::of(act, Name::UserCreated).on(Noun::User, &account.user.id);
        let view = UserView::whole(&mut transaction, account).await?;
        commit(transaction, &event).await?;
        Ok(Changed { view, event, warnings })
    }

    /// The account with this address or id.
    pub async fn user(&self, user: &str) -> Result<UserView, Error> {
        let account = self.account(user).await?;
        Ok(UserView::whole(&mut self.storage.read().await?, account).await?)
    }

    /// The id under which a person stands in the audit record: of whom is deleted that alone is left, so an id is taken though nobody has it.
    ///
    /// # Errors
    /// [`Error::Missing`] for an address that nobody has.
    pub async fn recorded_user(&self, user: &str) -> Result<String, Error> {
        match self.account(user).await {
            Ok(account) => Ok(account.user.id),
            Err(Error::Missing(..)) if !user.contains('@') => Ok(user.to_owned()),
            Err(error) => Err(error),
        }
    }

    /// A page of the accounts, oldest first.
    pub async fn users(&self, which: &UserFilter<'_>, page: Page) -> Result<Listed<UserView>, Failure> {
        Ok(self.storage.read().await?.users_of(which, self.with_passkeys, &page).await?.map(UserView::from))
    }

    /// Changes what is named of an account, which is named by an address or an id. A new password ends all that the former one gave, in the
    /// same transaction.
    pub async fn change_user(&self, user: &str, change: UserChange, act: &Act) -> Result<Changed<UserView>, Error> {
        self.administers(act).await?;
        let mut standing = self.account(user).await?.user;
        change.apply(&mut standing, Some(&self.words))?;
        let id = standing.id.clone();
        let hash = self.hash(&change).await?;
        let mut transaction = self.storage.begin().await?;
        let mut account = transaction.hold_account(&id).await?.ok_or_else(|| missing(user))?;
        let warnings = self.change_roles(&mut transaction, &account, change.roles.as_deref(), act).await?;
        let former = account.user.email.clone().filter(|_| account.user.email_verified);
        let fields = change.apply(&mut account.user, None)?;
        let former = former.filter(|former| account.user.email.as_ref() != Some(former));
        // To judge a password takes too long for whoever holds a row, so it is done again only beside another address or name.
        if (&account.user.email, &account.user.name) != (&standing.email, &standing.name) {
            change.apply(&mut account.user, Some(&self.words))?;
        }
        account.password_hash = hash.or(account.password_hash);
        account.user.updated_at = act.at;
        if !transaction.change_user(&account, &fields).await? {
            return Err(Problems::one("email", taken(account.user.called())).into());
        }
        if fields.contains(&UserField::Password) {
            transaction.end_everything_of_user(&id, "new password", act).await?;
        }
        if fields.contains(&UserField::Password) || fields.contains(&UserField::Email) {
            transaction.forget_tickets(&id).await?;
            // The mailbox that confirmed it is the account's no more.
            transaction.end_factor_reset(&id, "address changed", act).await?;
            // Whom the operator takes the account from has no way back either.
            for way_back in [Purpose::Undo, Purpose::Return] {
                transaction.forget_tickets_after(&id, way_back, Timestamp::from_seconds(0)).await?;
            }
        }
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let event = Event::of(act, Name::UserChanged).on(Noun::User, &id).with("fields", names);
        if let Some(former) = former {
            transaction.alert_former(&former, account.user.locale(), &event).await?;
        }
        let view = UserView::whole(&mut transaction, account).await?;
        commit(transaction, &event).await?;
        Ok(Changed { view, event, warnings })
    }

    /// Whether an account that is held may have these roles in place of its own. What may be a mistake.
    async fn change_roles(
        &self,
        transaction: &mut Transaction,
        account: &Account,
        roles: Option<&[String]>,
        act: &Act,
    ) -> Result<Vec<String>, Error> {
        let Some(roles) = roles else { return Ok(Vec::new()) };
        if !roles.iter().any(|role| role == ADMIN) {
            role::keep_an_admin(transaction, account).await?;
        }
        let new: Vec<String> = roles.iter().filter(|role| !account.user.roles.contains(role)).cloned().collect();
        role::make_missing(transaction, &new, act).await
    }

    /// Switches an account off, and ends all sign-ins and grants of the person in the same transaction; or on again. It is named by an
    /// address or an id.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an account that is to be on and whose person is leaving.
    pub async fn switch_user(&self, user: &str, to: State, act: &Act) -> Result<Changed<UserView>, Error> {
        self.administers(act).await?;
        let id = self.account(user).await?.user.id;
        let mut transaction = self.storage.begin().await?;
        if to == State::Off {
            let account = transaction.hold_account(&id).await?.ok_or_else(|| missing(user))?;
            role::keep_an_admin(&mut transaction, &account).await?;
        }
        let (found, name) = match to {
            State::Off => (transaction.switch_user_off(&id, act.at).await?, Name::UserDisabled),
            State::On => (transaction.switch_user_on(&id).await?, Name::UserEnabled),
        };
        let found = found.ok_or_else(|| missing(user))?;
        if to == State::On && found.user.delete_after.is_some() {
            let why = "is about to be deleted: doorward user undelete brings it back";
            return Err(Problems::one("user", why.to_owned()).into());
        }
        if to == State::Off {
            transaction.end_everything_of_user(&id, "account switched off", act).await?;
        }
        let event = Event::of(act, name).on(Noun::User, &id);
        let view = UserView::whole(&mut transaction, found).await?;
        commit(transaction, &event).await?;
        Ok(Changed { view, event, warnings: Vec::new() })
    }

    pub(super) async fn account(&self, user: &str) -> Result<Account, Error> {
        let mut reader = self.storage.read().await?;
        let by_email = match email::canonical(user) {
            Ok(address) => reader.user_by_email(&address).await?,
            Err(_) => None,
        };
        let found = match by_email {
            Some(account) => Some(account),
            None => reader.user(user).await?,
        };
        found.ok_or_else(|| missing(user))
    }

    /// The hash of the password, if there is one, unless it has leaked.
    async fn hash(&self, change: &UserChange) -> Result<Option<String>, Error> {
        let Some(password) = &change.password else { return Ok(None) };
        if self.leaked.contains(password.expose()).await? {
            return Err(Problems::one("password", Rejection::PasswordLeaked.to_string()).into());
        }
        Ok(Some(self.hasher.hash(password.expose(), Waiter::operator()).await?))
    }
}

/// What is said of an address that another account has.
pub(super) fn taken(email: &str) -> String {
    format!("there is an account with the address {email} already")
}

pub(super) fn missing(user: &str) -> Error {
    Error::Missing(Noun::User, user.to_owned())
}
