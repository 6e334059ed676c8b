//! Grants. Whatever is decided on a person's access reads the grant with all that it hangs on (user, client, sign-in) in one look. Every
//! method fails when the database does.

use sqlx::FromRow;

use super::rows::{from_json, from_name, json, moment, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::confirmation::Confirmation;
use crate::protocol::grant::{Grant, SignInLimits};
use crate::protocol::proof::Proofs;
use crate::protocol::scope::ScopeSet;
use crate::protocol::user::User;

/// The columns of a [`GrantRow`], over [`grant_tables`] beside `grants g`.
macro_rules! grant_columns {
    () => {
        "g.id AS grant_id, g.client_id, g.sign_in_id, g.bound, g.scopes, g.resources, g.proofs, g.claims AS asked, g.cnf, \
         g.created_at AS granted_at, g.last_used_at AS grant_used_at, g.ended_at, u.id AS user_id, u.email, u.email_verified, u.email_authority, u.name, \
         u.claims, u.roles, u.upstream_roles, u.made_by, u.created_at, u.updated_at, u.disabled_at, u.delete_after, c.disabled_at AS client_disabled_at, c.era AS client_era, \
         s.last_used_at AS sign_in_used_at, s.expires_at AS sign_in_expires_at"
    };
}
pub(super) use grant_columns;

/// What a grant hangs on: the sign-in too, when it ends with that.
macro_rules! grant_tables {
    () => {
        "JOIN users u ON u.id = g.user_id JOIN clients c ON c.client_id = g.client_id \
         LEFT JOIN sign_ins s ON g.bound = 1 AND s.id = g.sign_in_id AND s.ended_at IS NULL"
    };
}
pub(super) use grant_tables;

statements! {
    INSERT_GRANT = "INSERT INTO grants (id, client_id, user_id, sign_in_id, bound, scopes, resources, proofs, created_at, claims, cnf) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    GRANT_OF_ACCESS = concat!("SELECT r.jti AS revoked, ", grant_columns!(), " FROM grants g ", grant_tables!(),
        " LEFT JOIN revoked_tokens r ON r.jti = $2 WHERE g.id = $1");
    USE_GRANT = "UPDATE grants SET last_used_at = $2 WHERE id = $1 AND ended_at IS NULL";
}

/// What a new grant is made of.
pub struct NewGrant<'a> {
    /// The grant's random id.
    pub id: &'a str,
    /// The client it is for.
    pub client_id: &'a str,
    /// The user whose it is.
    pub user_id: &'a str,
    /// The sign-in it came from; `None` when there was none.
    pub sign_in_id: Option<&'a str>,
    /// Whether it ends with that sign-in.
    pub bound: bool,
    /// The scopes granted.
    pub scopes: &'a ScopeSet,
    /// The resources granted.
    pub resources: &'a [String],
    /// How the person authenticated.
    pub proofs: &'a Proofs,
    /// The single claims asked for.
    pub claims: &'a ClaimsRequest,
    /// The key that it is bound to.
    pub confirmation: Option<&'a Confirmation>,
}

#[derive(FromRow)]
pub(super) struct GrantRow {
    grant_id: String,
    client_id: String,
    sign_in_id: Option<String>,
    bound: i64,
    scopes: String,
    resources: String,
    proofs: String,
    asked: String,
    cnf: Option<String>,
    granted_at: i64,
    grant_used_at: Option<i64>,
    ended_at: Option<i64>,
    user_id: String,
    email: Option<String>,
    email_verified: i64,
    email_authority: String,
    name: String,
    claims: String,
    roles: String,
    upstream_roles: String,
    made_by: String,
    created_at: i64,
    updated_at: i64,
    disabled_at: Option<i64>,
    delete_after: Option<i64>,
    client_disabled_at: Option<i64>,
    client_era: i64,
    sign_in_used_at: Option<i64>,
    sign_in_expires_at: Option<i64>,
}

#[derive(FromRow)]
struct AccessRow {
    revoked: Option<String>,
    #[sqlx(flatten)]
    grant: GrantRow,
}

impl GrantRow {
    pub(super) fn read(self) -> Result<Grant, Failure> {
        let sign_in = self.sign_in_used_at.zip(self.sign_in_expires_at).map(|(used_at, expires_at)| SignInLimits {
            last_used_at: Timestamp::from_seconds(used_at),
            expires_at: Timestamp::from_seconds(expires_at),
        });
        Ok(Grant {
            ended: self.ended_at.or(self.disabled_at).or(self.delete_after).or(self.client_disabled_at).is_some(),
            user: User {
                id: self.user_id,
                email: self.email,
                email_verified: self.email_verified != 0,
                email_authority: from_name("email_authority", &self.email_authority)?,
                name: self.name,
                claims: from_json("claims", &self.claims)?,
                roles: from_json("roles", &self.roles)?,
                upstream_roles: from_json("upstream_roles", &self.upstream_roles)?,
                made_by: from_name("made_by", &self.made_by)?,
                created_at: Timestamp::from_seconds(self.created_at),
                updated_at: Timestamp::from_seconds(self.updated_at),
                disabled_at: moment(self.disabled_at),
                delete_after: moment(self.delete_after),
            },
            scopes: scopes(&self.scopes)?,
            resources: from_json("resources", &self.resources)?,
            proofs: from_json("proofs", &self.proofs)?,
            claims: from_json("claims", &self.asked)?,
            confirmation: self.cnf.map(|text| from_json("cnf", &text)).transpose()?,
            id: self.grant_id,
            client_id: self.client_id,
            client_era: self.client_era,
            sign_in_id: self.sign_in_id,
            bound: self.bound != 0,
            created_at: Timestamp::from_seconds(self.granted_at),
            used_at: Timestamp::from_seconds(self.grant_used_at.unwrap_or(self.granted_at)),
            sign_in,
        })
    }
}

impl Reader {
    /// The grant with this id, and whether the access token of this id, which names the grant, was revoked.
    pub async fn grant_of_access(&mut self, id: &str, jti: &str) -> Result<Option<(Grant, bool)>, Failure> {
        let row =
            on!(self, |c| sqlx::query_as::<_, AccessRow>(GRANT_OF_ACCESS).bind(id).bind(jti).fetch_optional(c).await)?;
        row.map(|row| Ok((row.grant.read()?, row.revoked.is_some()))).transpose()
    }
}

impl Transaction {
    /// Writes a grant.
    pub async fn insert_grant(&mut self, new: &NewGrant<'_>, now: Timestamp) -> Result<(), Failure> {
        let (resources, claims) = (json(&new.resources)?, json(new.claims)?);
        let (proofs, cnf) = (json(new.proofs)?, new.confirmation.map(json).transpose()?);
        on!(self, |c| sqlx::query(INSERT_GRANT)
            .bind(new.id)
            .bind(new.client_id)
            .bind(new.user_id)
            .bind(new.sign_in_id)
            .bind(i64::from(new.bound))
            .bind(new.scopes.to_string())
            .bind(resources)
            .bind(proofs)
            .bind(now.seconds())
            .bind(claims)
            .bind(cnf)
            .execute(c)
            .await
            .map(drop))
    }

    /// Notes that a grant was used.
    pub async fn use_grant(&mut self, id: &str, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(USE_GRANT).bind(id).bind(now.seconds()).execute(c).await.map(drop))
    }
}
