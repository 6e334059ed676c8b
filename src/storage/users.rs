//! Users and their password hashes.

use sqlx::FromRow;

use super::rows::{from_json, json, moment};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::user::User;

statements! {
    USER = "SELECT id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at FROM users WHERE id = $1";
    USER_BY_EMAIL = "SELECT id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at FROM users \
        WHERE email = $1";
    USERS = "SELECT id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at FROM users \
        ORDER BY created_at, id";
    INSERT_USER = "INSERT INTO users (id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (email) DO NOTHING RETURNING id";
    UPDATE_USER = "UPDATE users SET email = $2, email_verified = $3, name = $4, password_hash = $5, claims = $6, roles = $7, \
        created_at = $8, disabled_at = $9, updated_at = $10 WHERE id = $1 RETURNING id";
    CONFIRM_PASSWORD = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL RETURNING id";
}

/// A user with what proves the account.
#[derive(Clone)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The password's hash as a PHC string; `None` for an account without a password.
    pub password_hash: Option<String>,
}

#[derive(FromRow)]
struct UserRow {
    id: String,
    email: String,
    email_verified: i64,
    name: String,
    password_hash: Option<String>,
    claims: String,
    roles: String,
    created_at: i64,
    disabled_at: Option<i64>,
    updated_at: i64,
}

impl UserRow {
    fn read(self) -> Result<Account, Failure> {
        let user = User {
            claims: from_json("claims", &self.claims)?,
            roles: from_json("roles", &self.roles)?,
            id: self.id,
            email: self.email,
            email_verified: self.email_verified != 0,
            name: self.name,
            created_at: Timestamp::from_seconds(self.created_at),
            updated_at: Timestamp::from_seconds(self.updated_at),
            disabled_at: moment(self.disabled_at),
        };
        Ok(Account { user, password_hash: self.password_hash })
    }
}

impl Reader {
    /// The user with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&mut self, id: &str) -> Result<Option<Account>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, UserRow>(USER).bind(id).fetch_optional(c).await)?;
        row.map(UserRow::read).transpose()
    }

    /// The user with this e-mail address, in its canonical form.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_by_email(&mut self, email: &str) -> Result<Option<Account>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, UserRow>(USER_BY_EMAIL).bind(email).fetch_optional(c).await)?;
        row.map(UserRow::read).transpose()
    }

    /// All users, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&mut self) -> Result<Vec<User>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, UserRow>(USERS).fetch_all(c).await)?;
        rows.into_iter().map(|row| row.read().map(|account| account.user)).collect()
    }
}

impl Transaction {
    /// Makes an account; `false` when the address is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_user(&mut self, account: &Account) -> Result<bool, Failure> {
        self.write_user(INSERT_USER, account).await
    }

    /// Changes an account to what is given; `false` when it does not exist.
    ///
    /// # Errors
    /// When the database fails; also when the new address is taken.
    pub async fn update_user(&mut self, account: &Account) -> Result<bool, Failure> {
        self.write_user(UPDATE_USER, account).await
    }

    async fn write_user(&mut self, statement: &'static str, account: &Account) -> Result<bool, Failure> {
        let user = &account.user;
        let (claims, roles) = (json(&user.claims)?, json(&user.roles)?);
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(statement)
            .bind(&user.id)
            .bind(&user.email)
            .bind(i64::from(user.email_verified))
            .bind(&user.name)
            .bind(account.password_hash.as_deref())
            .bind(claims)
            .bind(roles)
            .bind(user.created_at.seconds())
            .bind(user.disabled_at.map(Timestamp::seconds))
            .bind(user.updated_at.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(written.is_some())
    }

    /// Confirms that a user may still sign in by the password with this hash, and puts a hash with newer parameters in its place when
    /// one is given; `false` when the password was changed or the user switched off meanwhile. Holds the user as
    /// [`Transaction::hold_user`] does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm_password(&mut self, user_id: &str, hash: &str, newer: Option<&str>) -> Result<bool, Failure> {
        let confirmed = on!(self, |c| sqlx::query_as::<_, (String,)>(CONFIRM_PASSWORD)
            .bind(user_id)
            .bind(hash)
            .bind(newer.unwrap_or(hash))
            .fetch_optional(c)
            .await)?;
        Ok(confirmed.is_some())
    }
}
