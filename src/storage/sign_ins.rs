//! Sign-ins. How they end stands in `endings.rs`.

use sqlx::FromRow;

use super::consents::ConsentRow;
use super::passkeys::{GuardsRow, guards};
use super::rows::{from_json, json};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::assurance::auth_time;
use crate::protocol::audit::Act;
use crate::protocol::consent::Consent;
use crate::protocol::page::{Cursor, Listed, Page};
use crate::protocol::proof::Proofs;
use crate::protocol::sign_in::SignIn;
use crate::protocol::user::all_roles;
use crate::secret::SecretHash;

/// What a list shows of a sign-in.
macro_rules! entry_columns {
    () => {
        "s.id, s.user_id, u.email, s.created_at, s.auth_time, s.last_used_at, s.expires_at, s.user_agent, s.address, s.ended_at, s.end_reason, s.proofs"
    };
}

/// The roles that providers have given its user, known without asking again.
macro_rules! upstream_roles {
    () => {
        "(SELECT u.upstream_roles FROM users u WHERE u.id = sign_ins.user_id) AS upstream_roles"
    };
}

/// Those that hold at $4 when used after $5; all when $4 is NULL.
macro_rules! live {
    () => {
        "(CAST($4 AS BIGINT) IS NULL OR (s.ended_at IS NULL AND s.expires_at > $4 AND s.last_used_at > $5))"
    };
}

statements! {
    SIGN_IN_BY_SECRET = concat!("SELECT s.id, s.user_id, u.email, u.name, u.claims, u.roles, u.upstream_roles, s.last_used_at, s.expires_at, s.request_id, s.proofs, ", guards!(), " FROM sign_ins s \
        JOIN users u ON u.id = s.user_id \
        WHERE s.secret_hash = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL AND u.delete_after IS NULL");
    SIGN_IN_AND_CONSENT_BY_SECRET = concat!("SELECT s.id, s.user_id, u.email, u.name, u.claims, u.roles, u.upstream_roles, s.last_used_at, s.expires_at, s.request_id, s.proofs, ", guards!(), ", \
        k.scopes, k.resources, k.allowed, k.confirmed_request FROM sign_ins s JOIN users u ON u.id = s.user_id \
        LEFT JOIN consents k ON k.user_id = s.user_id AND k.client_id = $2 \
        WHERE s.secret_hash = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL AND u.delete_after IS NULL");
    SIGN_IN_AND_CONSENT = concat!("SELECT s.id, s.user_id, u.email, u.name, u.claims, u.roles, u.upstream_roles, s.last_used_at, s.expires_at, s.request_id, s.proofs, ", guards!(), ", \
        k.scopes, k.resources, k.allowed, k.confirmed_request FROM sign_ins s JOIN users u ON u.id = s.user_id \
        LEFT JOIN consents k ON k.user_id = s.user_id AND k.client_id = $2 \
        WHERE s.id = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL AND u.delete_after IS NULL");
    SIGN_INS_AFTER = concat!("SELECT ", entry_columns!(), " FROM sign_ins s JOIN users u ON u.id = s.user_id \
        WHERE (s.created_at, s.id) > ($1, $2) AND ", live!(), " ORDER BY s.created_at, s.id LIMIT $3");
    SIGN_INS_OF_USER_AFTER = concat!("SELECT ", entry_columns!(), " FROM sign_ins s JOIN users u ON u.id = s.user_id \
        WHERE (s.created_at, s.id) > ($1, $2) AND ", live!(), " AND s.user_id = $6 ORDER BY s.created_at, s.id LIMIT $3");
    SIGN_INS_OF_USER = concat!("SELECT ", entry_columns!(), " FROM sign_ins s JOIN users u ON u.id = s.user_id WHERE s.user_id = $1 AND s.ended_at IS NULL \
        ORDER BY s.last_used_at DESC, s.id");
    INSERT_SIGN_IN = concat!("INSERT INTO sign_ins (id, secret_hash, user_id, created_at, last_used_at, auth_time, expires_at, request_id, \
        user_agent, address, proofs, identity_id, upstream_sid) VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id, ", upstream_roles!());
    RENEW_SIGN_IN = concat!("UPDATE sign_ins SET secret_hash = $2, last_used_at = $4, auth_time = $5, expires_at = $6, request_id = $7, \
        user_agent = $8, address = $9, proofs = $10, identity_id = $11, upstream_sid = $12 \
        WHERE id = $1 AND user_id = $3 AND ended_at IS NULL RETURNING id, ", upstream_roles!());
    LIMIT_SIGN_IN = "UPDATE sign_ins SET expires_at = $2 WHERE id = $1 AND expires_at > $2";
    USE_SIGN_IN = "UPDATE sign_ins SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2 AND ended_at IS NULL";
    HOLD_USER = "UPDATE users SET created_at = created_at WHERE id = $1";
}

/// What a new sign-in is made of.
pub struct NewSignIn<'a> {
    /// Its row id.
    pub id: &'a str,
    /// The hash of the cookie value.
    pub secret_hash: SecretHash,
    /// Who signed in.
    pub user_id: &'a str,
    /// Who does that, and when.
    pub act: &'a Act,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// The journey on which the person authenticated.
    pub journey_id: &'a str,
    /// The browser's name of itself, cut to 300 bytes.
    pub user_agent: &'a str,
    /// The network address it came from.
    pub address: &'a str,
    /// How the person authenticated.
    pub proofs: &'a Proofs,
    /// The identity that it comes by, if it does.
    pub identity_id: Option<&'a str>,
    /// The session at the provider, if it was named.
    pub upstream_sid: Option<&'a str>,
}

/// A sign-in as a list shows it.
#[derive(Clone, Debug, FromRow)]
pub struct SignInEntry {
    /// The row id.
    pub id: String,
    /// The user's id.
    pub user_id: String,
    /// The user's e-mail address, if the account has one.
    pub email: Option<String>,
    /// When it was made, in seconds.
    pub created_at: i64,
    /// When the person last authenticated, in seconds.
    pub auth_time: i64,
    /// When it was last used, in seconds.
    pub last_used_at: i64,
    /// When it ends at the latest, in seconds.
    pub expires_at: i64,
    /// The browser's name of itself.
    pub user_agent: String,
    /// The network address it came from.
    pub address: String,
    /// When it ended, in seconds.
    pub ended_at: Option<i64>,
    /// Why it ended.
    pub end_reason: Option<String>,
    proofs: String,
}

/// Which sign-ins a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignInFilter<'a> {
    /// Those of this user alone.
    pub user_id: Option<&'a str>,
    /// Those alone that hold now, this many seconds being the longest pause between two uses.
    pub live: Option<(i64, Timestamp)>,
}

impl SignInEntry {
    /// How the person authenticated.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn proofs(&self) -> Result<Proofs, Failure> {
        from_json("proofs", &self.proofs)
    }

    /// Whether it still holds, as [`SignIn::is_live`] says; an ended one never does.
    pub fn is_live(&self, idle: i64, now: Timestamp) -> bool {
        self.ended_at.is_none()
            && now.seconds() < self.expires_at
            && now.seconds() < self.last_used_at.saturating_add(idle)
    }
}

/// What of a user's claims says how to speak to them.
#[derive(serde::Deserialize)]
struct Spoken {
    locale: Option<serde_json::Value>,
}

#[derive(FromRow)]
struct SignInRow {
    id: String,
    user_id: String,
    email: Option<String>,
    name: String,
    claims: String,
    roles: String,
    upstream_roles: String,
    last_used_at: i64,
    expires_at: i64,
    request_id: Option<String>,
    proofs: String,
    #[sqlx(flatten)]
    guards: GuardsRow,
}

impl SignInRow {
    fn read(self) -> Result<SignIn, Failure> {
        let Spoken { locale } = from_json("claims", &self.claims)?;
        Ok(SignIn {
            proofs: from_json("proofs", &self.proofs)?,
            roles: all_roles(
                from_json("roles", &self.roles)?,
                &from_json::<Vec<String>>("upstream_roles", &self.upstream_roles)?,
            ),
            locale: locale.and_then(|locale| locale.as_str().map(str::to_owned)),
            id: self.id,
            user_id: self.user_id,
            email: self.email,
            name: self.name,
            last_used_at: Timestamp::from_seconds(self.last_used_at),
            expires_at: Timestamp::from_seconds(self.expires_at),
            journey_id: self.request_id,
            guards: self.guards.into(),
        })
    }
}

#[derive(FromRow)]
struct SignInAndConsentRow {
    #[sqlx(flatten)]
    sign_in: SignInRow,
    scopes: Option<String>,
    resources: Option<String>,
    allowed: Option<String>,
    confirmed_request: Option<String>,
}

impl SignInAndConsentRow {
    fn read(self) -> Result<(SignIn, Option<Consent>), Failure> {
        let consent = match (self.scopes, self.resources, self.confirmed_request) {
            (Some(scopes), Some(resources), Some(confirmed_request)) => {
                Some(ConsentRow { scopes, resources, allowed: self.allowed, confirmed_request }.read()?)
            }
            _ => None,
        };
        Ok((self.sign_in.read()?, consent))
    }
}

impl Reader {
    /// The sign-in with this cookie value, unless it or its user has been ended. Whether it has expired is for the caller.
    pub async fn sign_in_by_secret(&mut self, hash: &SecretHash) -> Result<Option<SignIn>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, SignInRow>(SIGN_IN_BY_SECRET)
            .bind(hash.as_bytes())
            .fetch_optional(c)
            .await)?;
        row.map(SignInRow::read).transpose()
    }

    /// As [`Reader::sign_in_by_secret`], with what its user has allowed the client.
    pub async fn sign_in_and_consent_by_secret(
        &mut self,
        hash: &SecretHash,
        client_id: &str,
    ) -> Result<Option<(SignIn, Option<Consent>)>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, SignInAndConsentRow>(SIGN_IN_AND_CONSENT_BY_SECRET)
            .bind(hash.as_bytes())
            .bind(client_id)
            .fetch_optional(c)
            .await)?;
        row.map(SignInAndConsentRow::read).transpose()
    }

    /// The sign-in with this id, unless it or its user has been ended, with what its user has allowed the client. Whether it has
    /// expired is for the caller.
    pub async fn sign_in_and_consent(
        &mut self,
        id: &str,
        client_id: &str,
    ) -> Result<Option<(SignIn, Option<Consent>)>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, SignInAndConsentRow>(SIGN_IN_AND_CONSENT)
            .bind(id)
            .bind(client_id)
            .fetch_optional(c)
            .await)?;
        row.map(SignInAndConsentRow::read).transpose()
    }

    /// A page of the sign-ins, oldest first.
    pub async fn sign_ins(&mut self, which: &SignInFilter<'_>, page: &Page) -> Result<Listed<SignInEntry>, Failure> {
        let (seconds, id, most) = page.bounds();
        let statement = if which.user_id.is_some() { SIGN_INS_OF_USER_AFTER } else { SIGN_INS_AFTER };
        let used_after = which.live.map(|(idle, now)| now.minus(idle).seconds());
        let rows = on!(self, |c| {
            let query = sqlx::query_as::<_, SignInEntry>(statement)
                .bind(seconds)
                .bind(id)
                .bind(most)
                .bind(which.live.map(|(_, now)| now.seconds()))
                .bind(used_after);
            match which.user_id {
                Some(user_id) => query.bind(user_id).fetch_all(c).await,
                None => query.fetch_all(c).await,
            }
        })?;
        let place =
            |entry: &SignInEntry| Cursor { at: Timestamp::from_seconds(entry.created_at), id: entry.id.clone() };
        Ok(Listed::of(rows, page, place))
    }

    /// The sign-ins of a user that were not ended, the last used first. Whether they have expired is for the caller.
    pub async fn sign_ins_of_user(&mut self, user_id: &str) -> Result<Vec<SignInEntry>, Failure> {
        on!(self, |c| sqlx::query_as::<_, SignInEntry>(SIGN_INS_OF_USER).bind(user_id).fetch_all(c).await)
    }
}

/// The user must be held.
impl Transaction {
    /// Makes a sign-in.
    pub async fn insert_sign_in(&mut self, new: &NewSignIn<'_>) -> Result<(), Failure> {
        self.write_sign_in(INSERT_SIGN_IN, new).await.map(drop)
    }

    /// The same person authenticated again in the same browser: the row goes on under a new cookie value. `false` when it has ended.
    pub async fn renew_sign_in(&mut self, new: &NewSignIn<'_>) -> Result<bool, Failure> {
        self.write_sign_in(RENEW_SIGN_IN, new).await
    }

    /// Has a sign-in end at this moment, unless it ends before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn limit_sign_in(&mut self, id: &str, ends: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(LIMIT_SIGN_IN).bind(id).bind(ends.seconds()).execute(c).await.map(drop))
    }

    async fn write_sign_in(&mut self, statement: &'static str, new: &NewSignIn<'_>) -> Result<bool, Failure> {
        let proofs = json(new.proofs)?;
        let written = on!(self, |c| sqlx::query_as::<_, (String, String)>(statement)
            .bind(new.id)
            .bind(new.secret_hash.as_bytes())
            .bind(new.user_id)
            .bind(new.act.at.seconds())
            .bind(auth_time(new.proofs).seconds())
            .bind(new.expires_at.seconds())
            .bind(new.journey_id)
            .bind(new.user_agent)
            .bind(new.address)
            .bind(proofs)
            .bind(new.identity_id)
            .bind(new.upstream_sid)
            .fetch_optional(c)
            .await)?;
        // In whichever way the person came: a provider that is out gives no role from then on.
        if written.as_ref().is_some_and(|(_, roles)| roles != "[]") {
            self.gather_roles(new.user_id, new.act).await?;
        }
        Ok(written.is_some())
    }

    /// Notes that a sign-in was used.
    pub async fn use_sign_in(&mut self, id: &str, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(USE_SIGN_IN).bind(id).bind(now.seconds()).execute(c).await.map(drop))
    }

    /// Makes whoever else decides on the same user at once wait for this transaction. To be called first by what ends everything of a
    /// user, and by what gives the user something new: on PostgreSQL neither would see the other otherwise, and what is given
    /// could outlive the end of all. On SQLite one transaction writes at a time, and none begins on what it has read before.
    pub async fn hold_user(&mut self, user_id: &str) -> Result<(), Failure> {
        if self.is_alone() {
            return Ok(());
        }
        on!(self, |c| sqlx::query(HOLD_USER).bind(user_id).execute(c).await.map(drop))
    }
}
