//! Users and their password hashes.

use sqlx::FromRow;

use super::outcome::is_taken;
use super::rows::{containing, from_json, from_name, json, json_if, moment};
use super::{Reader, Transaction, attempt, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::page::{Cursor, Listed, Page};
use crate::protocol::second_factor::Guards;
use crate::protocol::user::{User, UserField};

/// The columns, in the order in which a whole row is written.
macro_rules! columns {
    () => {
        "id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at, made_by, upstream_roles, email_authority, delete_after, access_ends"
    };
}

/// How many identities each has, and how many passkeys.
macro_rules! identities {
    () => {
        ", (SELECT COUNT(*) FROM identities i WHERE i.user_id = users.id) AS identities, (SELECT COUNT(*) FROM passkeys k WHERE k.user_id = users.id AND k.is_security_key = 0) AS passkeys"
    };
}

/// Those without a second factor alone, when the parameter is 1; when it is 2, passkeys and security keys are none.
macro_rules! lacking {
    ($parameter:literal) => {
        concat!(
            "(CAST(", $parameter, " AS BIGINT) = 0 OR NOT (EXISTS (SELECT 1 FROM factors f WHERE f.user_id = users.id AND f.kind = 'authenticator') \
             OR (CAST(", $parameter, " AS BIGINT) = 1 AND EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = users.id))))"
        )
    };
}

statements! {
    USER = concat!("SELECT ", columns!(), " FROM users WHERE id = $1");
    USER_BY_EMAIL = concat!("SELECT ", columns!(), " FROM users WHERE email = $1");
    USERS_AFTER = concat!("SELECT ", columns!(), identities!(), " FROM users WHERE (created_at, id) > ($1, $2) AND ", lacking!("$4"), " \
        ORDER BY created_at, id LIMIT $3");
    // Small letters of all languages are made on our side; LOWER finds them where the database knows the language.
    USERS_FOUND_AFTER = concat!("SELECT ", columns!(), identities!(), " FROM users WHERE (created_at, id) > ($1, $2) AND (email LIKE $4 ESCAPE '!' \
        OR LOWER(name) LIKE $4 ESCAPE '!' OR name LIKE $5 ESCAPE '!') AND ", lacking!("$6"), " ORDER BY created_at, id LIMIT $3");
    INSERT_USER = concat!("INSERT INTO users (", columns!(), ", password_set_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, \
        CASE WHEN CAST($5 AS TEXT) IS NULL THEN NULL ELSE CAST($8 AS BIGINT) END) \
        ON CONFLICT (email) DO NOTHING RETURNING id");
    HOLD_ACCOUNT = concat!("UPDATE users SET created_at = created_at WHERE id = $1 RETURNING ", columns!());
    CHANGE_USER = "UPDATE users SET email = COALESCE($2, email), email_verified = COALESCE($3, email_verified), \
        name = COALESCE($4, name), password_hash = NULLIF(COALESCE($5, password_hash), ''), claims = COALESCE($6, claims), \
        roles = COALESCE($7, roles), updated_at = $8, email_authority = COALESCE($9, email_authority), \
        password_set_at = CASE WHEN CAST($5 AS TEXT) IS NULL THEN password_set_at WHEN $5 = '' THEN NULL ELSE $8 END, \
        password_used_at = CASE WHEN $5 = '' THEN NULL ELSE password_used_at END WHERE id = $1";
    SWITCH_USER_OFF = concat!("UPDATE users SET disabled_at = COALESCE(disabled_at, $2) WHERE id = $1 RETURNING ", columns!());
    SWITCH_USER_ON = concat!("UPDATE users SET disabled_at = NULL WHERE id = $1 RETURNING ", columns!());
    PASSWORD_TIMES = "SELECT password_set_at, password_used_at FROM users WHERE id = $1";
    CONFIRM_PASSWORD = "UPDATE users SET password_hash = $3, password_used_at = $4 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL AND delete_after IS NULL \
        RETURNING id";
}

/// A user with what proves the account.
#[derive(Clone)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The password's hash as a PHC string; `None` for an account without a password.
    pub password_hash: Option<String>,
    /// How often all that hangs on what was proved before has been ended. The database counts it.
    pub access_ends: i64,
}

impl Account {
    /// A new account of this user.
    pub fn new(user: User, password_hash: Option<String>) -> Self {
        Self { user, password_hash, access_ends: 0 }
    }
}

/// Since when an account has its password, and when that last signed somebody in, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PasswordTimes {
    /// When it was chosen.
    pub set_at: Option<Timestamp>,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// Which users a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserFilter<'a> {
    /// Those alone that have this text in their address or name.
    pub search: Option<&'a str>,
    /// Those alone that have no second factor.
    pub without_second_factor: bool,
}

/// A user as a list shows one.
pub struct ListedAccount {
    /// The account.
    pub account: Account,
    /// How many identities it has.
    pub identities: i64,
    /// How many passkeys it has.
    pub passkeys: i64,
}

impl Account {
    /// Whether it can be signed in to by a password, which takes an address as well.
    pub const fn has_password(&self) -> bool {
        self.user.email.is_some() && self.password_hash.is_some()
    }

    /// The stored password as seals of known devices have it: nothing where there is none.
    pub fn sealed_hash(&self) -> &str {
        self.password_hash.as_deref().unwrap_or_default()
    }
}

#[derive(FromRow)]
struct UserRow {
    id: String,
    email: Option<String>,
    email_verified: i64,
    name: String,
    password_hash: Option<String>,
    claims: String,
    roles: String,
    created_at: i64,
    disabled_at: Option<i64>,
    updated_at: i64,
    made_by: String,
    upstream_roles: String,
    email_authority: String,
    delete_after: Option<i64>,
    access_ends: i64,
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    user: UserRow,
    identities: i64,
    passkeys: i64,
}

impl UserRow {
    fn read(self) -> Result<Account, Failure> {
        let user = User {
            claims: from_json("claims", &self.claims)?,
            roles: from_json("roles", &self.roles)?,
            upstream_roles: from_json("upstream_roles", &self.upstream_roles)?,
            made_by: from_name("made_by", &self.made_by)?,
            email_authority: from_name("email_authority", &self.email_authority)?,
            id: self.id,
            email: self.email,
            email_verified: self.email_verified != 0,
            name: self.name,
            created_at: Timestamp::from_seconds(self.created_at),
            updated_at: Timestamp::from_seconds(self.updated_at),
            disabled_at: moment(self.disabled_at),
            delete_after: moment(self.delete_after),
        };
        Ok(Account { user, password_hash: self.password_hash, access_ends: self.access_ends })
    }
}

impl Reader {
    /// The user with this id.
    pub async fn user(&mut self, id: &str) -> Result<Option<Account>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, UserRow>(USER).bind(id).fetch_optional(c).await)?;
        row.map(UserRow::read).transpose()
    }

    /// The user with this e-mail address, in its canonical form.
    pub async fn user_by_email(&mut self, email: &str) -> Result<Option<Account>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, UserRow>(USER_BY_EMAIL).bind(email).fetch_optional(c).await)?;
        row.map(UserRow::read).transpose()
    }

    /// Since when a user has the password, and when it was last used.
    pub async fn password_times(&mut self, id: &str) -> Result<PasswordTimes, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (Option<i64>, Option<i64>)>(PASSWORD_TIMES)
            .bind(id)
            .fetch_optional(c)
            .await)?;
        let (set_at, used_at) = row.unwrap_or_default();
        Ok(PasswordTimes { set_at: moment(set_at), used_at: moment(used_at) })
    }

    /// A page of the users, oldest first. Passkeys and security keys are second factors where people use them.
    pub async fn users_of(
        &mut self,
        which: &UserFilter<'_>,
        with_passkeys: bool,
        page: &Page,
    ) -> Result<Listed<ListedAccount>, Failure> {
        let (seconds, id, most) = page.bounds();
        let lacking = match (which.without_second_factor, with_passkeys) {
            (false, _) => 0_i64,
            (true, true) => 1,
            (true, false) => 2,
        };
        let patterns = which.search.map(|text| (containing(&text.to_lowercase()), containing(text)));
        let rows = on!(self, |c| {
            let sql = if patterns.is_some() { USERS_FOUND_AFTER } else { USERS_AFTER };
            let query = sqlx::query_as::<_, ListedRow>(sql).bind(seconds).bind(id).bind(most);
            match &patterns {
                Some((small, typed)) => query.bind(small).bind(typed).bind(lacking).fetch_all(c).await,
                None => query.bind(lacking).fetch_all(c).await,
            }
        })?;
        let read = |row: ListedRow| {
            Ok(ListedAccount { account: row.user.read()?, identities: row.identities, passkeys: row.passkeys })
        };
        let accounts = rows.into_iter().map(read).collect::<Result<_, Failure>>()?;
        let place = |ListedAccount { account: Account { user, .. }, .. }: &ListedAccount| Cursor {
            at: user.created_at,
            id: user.id.clone(),
        };
        Ok(Listed::of(accounts, page, place))
    }
}

/// Every failure is the database's.
impl Transaction {
    /// Makes an account; `false` when the address is taken.
    pub async fn insert_user(&mut self, account: &Account) -> Result<bool, Failure> {
        let user = &account.user;
        let (claims, roles) = (json(&user.claims)?, json(&user.roles)?);
        let upstream_roles = json(&user.upstream_roles)?;
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(INSERT_USER)
            .bind(&user.id)
            .bind(user.email.as_deref())
            .bind(i64::from(user.email_verified))
            .bind(&user.name)
            .bind(account.password_hash.as_deref())
            .bind(claims)
            .bind(roles)
            .bind(user.created_at.seconds())
            .bind(user.disabled_at.map(Timestamp::seconds))
            .bind(user.updated_at.seconds())
            .bind(user.made_by.as_str())
            .bind(upstream_roles)
            .bind(user.email_authority.as_str())
            .bind(user.delete_after.map(Timestamp::seconds))
            .fetch_optional(c)
            .await)?;
        Ok(written.is_some())
    }

    /// The account as it is now. Whoever else changes it waits for the end of this transaction.
    pub async fn hold_account(&mut self, id: &str) -> Result<Option<Account>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, UserRow>(HOLD_ACCOUNT).bind(id).fetch_optional(c).await)?;
        row.map(UserRow::read).transpose()
    }

    /// Changes these fields of an account, and when it was last changed, to what they are here, and no others; who stands for the address goes with it. `false` when the address is
    /// another's: then nothing further can be done in this transaction. With another password no device is kept any more.
    pub async fn change_user(&mut self, account: &Account, fields: &[UserField]) -> Result<bool, Failure> {
        use UserField as F;
        let has = |field: F| fields.contains(&field);
        let user = &account.user;
        if has(F::Password) {
            self.end_kept_devices(&user.id, None).await?;
        }
        let (claims, roles) = (json_if(has(F::Claims), &user.claims)?, json_if(has(F::Roles), &user.roles)?);
        let written = attempt!(self, |c| sqlx::query(CHANGE_USER)
            .bind(&user.id)
            .bind(user.email.as_deref().filter(|_| has(F::Email)))
            .bind(has(F::EmailVerified).then_some(i64::from(user.email_verified)))
            .bind(has(F::Name).then_some(&user.name))
            .bind(has(F::Password).then_some(account.password_hash.as_deref().unwrap_or_default()))
            .bind(claims)
            .bind(roles)
            .bind(user.updated_at.seconds())
            .bind((has(F::Email) || has(F::EmailVerified)).then_some(user.email_authority.as_str()))
            .execute(c)
            .await
            .map(drop));
        let is_taken = written.as_ref().is_err_and(is_taken);
        match self.settle(written) {
            Err(_) if is_taken => Ok(false),
            settled => settled.map(|()| true),
        }
    }

    /// Switches an account off, now unless it was before; `None` when there is none with this id. What hangs on it is ended by
    /// [`Transaction::end_everything_of_user`].
    pub async fn switch_user_off(&mut self, id: &str, now: Timestamp) -> Result<Option<Account>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, UserRow>(SWITCH_USER_OFF)
            .bind(id)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        row.map(UserRow::read).transpose()
    }

    /// Switches an account on again; `None` when there is none with this id.
    pub async fn switch_user_on(&mut self, id: &str) -> Result<Option<Account>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, UserRow>(SWITCH_USER_ON).bind(id).fetch_optional(c).await)?;
        row.map(UserRow::read).transpose()
    }

    /// Confirms that a user may still sign in by the password with this hash, and tells by what else they are guarded; puts a hash with newer parameters in its place when
    /// one is given, and notes that it was used; `None` when the password was changed, or the user switched off or left meanwhile. Holds the user as
    /// [`Transaction::hold_user`] does.
    pub async fn confirm_password(
        &mut self,
        user_id: &str,
        (hash, newer): (&str, Option<&str>),
        now: Timestamp,
    ) -> Result<Option<Guards>, Failure> {
        let confirmed = on!(self, |c| sqlx::query_as::<_, (String,)>(CONFIRM_PASSWORD)
            .bind(user_id)
            .bind(hash)
            .bind(newer.unwrap_or(hash))
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        // By a statement of its own: one that has waited for the user sees their row as it is now, and everything else as it was when it began.
        match confirmed {
            Some(_) => self.guards(user_id).await.map(Some),
            None => Ok(None),
        }
    }
}
