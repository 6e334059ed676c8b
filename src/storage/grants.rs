//! Grants and their codes: one atomic statement consumes a code (RFC 6749 §4.1.2).

use sqlx::FromRow;

use super::rows::{from_json, json, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::code::{Consumed, IssuedCode};
use crate::protocol::confirmation::Confirmation;
use crate::protocol::grant::{Grant, SignInLimits};
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::proof::Proofs;
use crate::protocol::scope::ScopeSet;
use crate::secret::SecretHash;

statements! {
    INSERT_GRANT = "INSERT INTO grants (id, client_id, user_id, sign_in_id, bound, scopes, resources, proofs, created_at, claims, cnf) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    INSERT_CODE = "INSERT INTO codes (code_hash, grant_id, client_id, request_id, redirect_uri, challenge, nonce, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (request_id) DO NOTHING RETURNING grant_id";
    CONSUME_CODE = "UPDATE codes SET consumed_at = $3 WHERE code_hash = $1 AND client_id = $2 AND consumed_at IS NULL \
        RETURNING grant_id, redirect_uri, challenge, nonce, expires_at";
    CODE_BEFORE = "SELECT client_id, grant_id, redeemed_at FROM codes WHERE code_hash = $1";
    CODE_REDEEMED = "UPDATE codes SET redeemed_at = $2 WHERE code_hash = $1";
    GRANT = "SELECT g.id, g.client_id, g.user_id, g.sign_in_id, g.bound, g.scopes, g.resources, g.proofs, g.claims, g.cnf, \
        g.created_at, g.ended_at, u.roles, u.disabled_at AS user_disabled_at, c.disabled_at AS client_disabled_at, s.last_used_at, s.expires_at \
        FROM grants g JOIN users u ON u.id = g.user_id JOIN clients c ON c.client_id = g.client_id \
        LEFT JOIN sign_ins s ON s.id = g.sign_in_id AND s.ended_at IS NULL WHERE g.id = $1";
    END_GRANT = "UPDATE grants SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL";
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

/// What a new code is made of.
pub struct NewCode<'a> {
    /// Its hash.
    pub hash: SecretHash,
    /// The client it is for.
    pub client_id: &'a str,
    /// The pending request that it answers: one request gets one code.
    pub request_id: &'a str,
    /// The grant that it stands for, and what it is bound to.
    pub issued: &'a IssuedCode,
}

#[derive(FromRow)]
struct CodeRow {
    grant_id: String,
    redirect_uri: String,
    challenge: Option<String>,
    nonce: Option<String>,
    expires_at: i64,
}

#[derive(FromRow)]
struct GrantRow {
    id: String,
    client_id: String,
    user_id: String,
    sign_in_id: Option<String>,
    bound: i64,
    scopes: String,
    resources: String,
    proofs: String,
    claims: String,
    cnf: Option<String>,
    created_at: i64,
    ended_at: Option<i64>,
    roles: String,
    user_disabled_at: Option<i64>,
    client_disabled_at: Option<i64>,
    last_used_at: Option<i64>,
    expires_at: Option<i64>,
}

impl GrantRow {
    fn read(self) -> Result<Grant, Failure> {
        let ended = self.ended_at.or(self.user_disabled_at).or(self.client_disabled_at).is_some();
        let sign_in = self.last_used_at.zip(self.expires_at).map(|(last_used_at, expires_at)| SignInLimits {
            last_used_at: Timestamp::from_seconds(last_used_at),
            expires_at: Timestamp::from_seconds(expires_at),
        });
        Ok(Grant {
            scopes: scopes(&self.scopes)?,
            resources: from_json("resources", &self.resources)?,
            roles: from_json("roles", &self.roles)?,
            claims: from_json("claims", &self.claims)?,
            proofs: from_json("proofs", &self.proofs)?,
            confirmation: self.cnf.map(|text| from_json("cnf", &text)).transpose()?,
            id: self.id,
            client_id: self.client_id,
            user_id: self.user_id,
            sign_in_id: self.sign_in_id,
            bound: self.bound != 0,
            created_at: Timestamp::from_seconds(self.created_at),
            ended,
            sign_in,
        })
    }
}

impl Reader {
    /// The grant with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn grant(&mut self, id: &str) -> Result<Option<Grant>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, GrantRow>(GRANT).bind(id).fetch_optional(c).await)?;
        row.map(GrantRow::read).transpose()
    }
}

impl Transaction {
    /// Writes a grant.
    ///
    /// # Errors
    /// When the database fails.
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

    /// Writes the code of a grant; `false` when the pending request has had its code already (roll back then).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_code(&mut self, new: &NewCode<'_>) -> Result<bool, Failure> {
        let issued = new.issued;
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(INSERT_CODE)
            .bind(new.hash.as_bytes())
            .bind(&issued.grant_id)
            .bind(new.client_id)
            .bind(new.request_id)
            .bind(&issued.redirect_uri)
            .bind(issued.challenge.as_ref().map(CodeChallenge::as_str))
            .bind(issued.nonce.as_deref())
            .bind(issued.expires_at.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(written.is_some())
    }

    /// Consumes a code for a client. Of any number of requests at once, one gets [`Consumed::Now`].
    ///
    /// # Errors
    /// When the database fails: then nothing may be issued.
    pub async fn consume_code(
        &mut self,
        hash: &SecretHash,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Consumed, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, CodeRow>(CONSUME_CODE)
            .bind(hash.as_bytes())
            .bind(client_id)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        if let Some(row) = row {
            return Ok(Consumed::Now(IssuedCode {
                grant_id: row.grant_id,
                redirect_uri: row.redirect_uri,
                challenge: row.challenge.map(CodeChallenge::from_stored),
                nonce: row.nonce,
                expires_at: Timestamp::from_seconds(row.expires_at),
            }));
        }
        let before = on!(self, |c| sqlx::query_as::<_, (String, String, Option<i64>)>(CODE_BEFORE)
            .bind(hash.as_bytes())
            .fetch_optional(c)
            .await)?;
        Ok(match before {
            None => Consumed::Never,
            Some((owner, ..)) if owner != client_id => Consumed::Foreign,
            Some((_, grant_id, redeemed_at)) => Consumed::Before { redeemed_grant: redeemed_at.map(|_| grant_id) },
        })
    }

    /// Notes that a consumed code passed all checks: from now on its replay ends the grant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn code_redeemed(&mut self, hash: &SecretHash, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(CODE_REDEEMED).bind(hash.as_bytes()).bind(now.seconds()).execute(c).await.map(drop))
    }

    /// Ends a grant: nothing that came of it holds from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_grant(&mut self, id: &str, reason: &str, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(END_GRANT).bind(id).bind(now.seconds()).bind(reason).execute(c).await.map(drop))
    }
}
