//! Authorization codes: one look brings a code with its grant, and one atomic statement redeems or burns it (RFC 6749 §4.1.2). Every method
//! fails when the database does.

use sqlx::FromRow;

use super::grants::{GrantRow, grant_columns, grant_tables};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::code::{IssuedCode, KnownCode, Used};
use crate::protocol::pkce::CodeChallenge;
use crate::secret::SecretHash;

statements! {
    INSERT_CODE = "INSERT INTO codes (code_hash, grant_id, client_id, request_id, redirect_uri, challenge, nonce, expires_at) \
        SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS (SELECT 1 FROM denied_requests WHERE request_id = $4) \
        ON CONFLICT (request_id) DO NOTHING RETURNING grant_id";
    DENY_REQUEST = "INSERT INTO denied_requests (request_id, expires_at) VALUES ($1, $2) ON CONFLICT (request_id) DO NOTHING";
    IS_DENIED = "SELECT request_id FROM denied_requests WHERE request_id = $1";
    TAKE_BACK_CODE = "DELETE FROM codes WHERE request_id = $1 AND consumed_at IS NULL RETURNING grant_id";
    FORGET_GRANT = "DELETE FROM grants WHERE id = $1";
    CODE = concat!("SELECT k.redirect_uri, k.challenge, k.nonce, k.expires_at AS code_expires_at, k.consumed_at, k.redeemed_at, ",
        grant_columns!(), " FROM codes k JOIN grants g ON g.id = k.grant_id ", grant_tables!(), " WHERE k.code_hash = $1");
    REDEEM_CODE = "UPDATE codes SET consumed_at = $3, redeemed_at = $3 WHERE code_hash = $1 AND client_id = $2 AND consumed_at IS NULL \
        AND EXISTS (SELECT 1 FROM grants g WHERE g.id = codes.grant_id AND g.ended_at IS NULL) RETURNING grant_id";
    BURN_CODE = "UPDATE codes SET consumed_at = $3 WHERE code_hash = $1 AND client_id = $2 AND consumed_at IS NULL RETURNING grant_id";
}

/// What a new code is made of.
pub struct NewCode<'a> {
    /// Its hash.
    pub hash: SecretHash,
    /// The client it is for.
    pub client_id: &'a str,
    /// The request that it answers ([`Journey::request_id`](crate::protocol::journey::Journey::request_id)): one request has one code.
    pub request_id: &'a str,
    /// The grant that it stands for, and what it is bound to.
    pub issued: &'a IssuedCode,
}

#[derive(FromRow)]
struct CodeRow {
    redirect_uri: String,
    challenge: Option<String>,
    nonce: Option<String>,
    code_expires_at: i64,
    consumed_at: Option<i64>,
    redeemed_at: Option<i64>,
    #[sqlx(flatten)]
    grant: GrantRow,
}

impl CodeRow {
    fn read(self) -> Result<KnownCode, Failure> {
        let grant = self.grant.read()?;
        Ok(KnownCode {
            issued: IssuedCode {
                grant_id: grant.id.clone(),
                redirect_uri: self.redirect_uri,
                challenge: self.challenge.map(CodeChallenge::from_stored),
                nonce: self.nonce,
                expires_at: Timestamp::from_seconds(self.code_expires_at),
            },
            grant,
            used: match (self.consumed_at, self.redeemed_at) {
                (None, _) => Used::No,
                (Some(_), None) => Used::Burnt,
                (Some(_), Some(_)) => Used::Redeemed,
            },
        })
    }
}

impl Reader {
    /// The code with this hash, and its grant.
    pub async fn code(&mut self, hash: &SecretHash) -> Result<Option<KnownCode>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, CodeRow>(CODE).bind(hash.as_bytes()).fetch_optional(c).await)?;
        row.map(CodeRow::read).transpose()
    }
}

impl Transaction {
    /// Notes that a person has denied a request, until nobody can come back to it: from now on it gets no code. `false` when it was denied
    /// before.
    pub async fn deny_request(&mut self, request_id: &str, expires_at: Timestamp) -> Result<bool, Failure> {
        let written = on!(self, |c| sqlx::query(DENY_REQUEST)
            .bind(request_id)
            .bind(expires_at.seconds())
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(written > 0)
    }

    /// Whether a request was denied.
    pub async fn is_denied(&mut self, request_id: &str) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(IS_DENIED).bind(request_id).fetch_optional(c).await)?;
        Ok(row.is_some())
    }

    /// Writes the code of a grant; `false` when the request has one already, or was denied.
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

    /// Takes the code of a request back that nobody has used, with its grant, of which nothing has come; `false` when there is none.
    pub async fn take_back_code(&mut self, request_id: &str) -> Result<bool, Failure> {
        let taken =
            on!(self, |c| sqlx::query_as::<_, (String,)>(TAKE_BACK_CODE).bind(request_id).fetch_optional(c).await)?;
        let Some((grant_id,)) = taken else { return Ok(false) };
        on!(self, |c| sqlx::query(FORGET_GRANT).bind(grant_id).execute(c).await.map(drop))?;
        Ok(true)
    }

    /// Redeems a code for its client: from now on its replay ends the grant. Of any number of requests at once one gets `true`; `false`
    /// says that it was used before, or that its grant has ended.
    pub async fn redeem_code(&mut self, hash: &SecretHash, client_id: &str, now: Timestamp) -> Result<bool, Failure> {
        self.use_code(REDEEM_CODE, hash, client_id, now).await
    }

    /// Makes a code worthless, and ends nothing; `false` when it was used before.
    pub async fn burn_code(&mut self, hash: &SecretHash, client_id: &str, now: Timestamp) -> Result<bool, Failure> {
        self.use_code(BURN_CODE, hash, client_id, now).await
    }

    async fn use_code(
        &mut self,
        statement: &'static str,
        hash: &SecretHash,
        client_id: &str,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let used = on!(self, |c| sqlx::query_as::<_, (String,)>(statement)
            .bind(hash.as_bytes())
            .bind(client_id)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(used.is_some())
    }
}
