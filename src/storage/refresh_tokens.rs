//! Refresh tokens and revoked access tokens: one atomic statement replaces a refresh token (RFC 9700 §4.14.2). Every
//! method fails when the database does: then nothing may be issued, and no token taken for good.

use sqlx::FromRow;

use super::grants::{GrantRow, grant_columns, grant_tables};
use super::rows::{damaged, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audience::Audience;
use crate::protocol::grant::Grant;
use crate::protocol::refresh::{Answer, RefreshToken, Replaced, State};
use crate::secret::SecretHash;

statements! {
    REFRESH_TOKEN = concat!("SELECT t.created_at AS given_at, t.expires_at AS token_expires_at, t.first_used_at, t.consumed_at, t.superseded_at, \
        t.successor_hash, t.successor, t.answer_scopes, t.answer_audience, t.answer_jti, ", grant_columns!(), " FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id ", grant_tables!(),
        " WHERE t.token_hash = $1");
    INSERT_REFRESH_TOKEN = "INSERT INTO refresh_tokens (token_hash, grant_id, client_id, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5)";
    REPLACE_REFRESH_TOKEN = "UPDATE refresh_tokens SET first_used_at = $2, consumed_at = $2, successor_hash = $3, successor = $4, \
        answer_scopes = $5, answer_audience = $6, answer_jti = $7 WHERE token_hash = $1 AND consumed_at IS NULL \
        AND EXISTS (SELECT 1 FROM grants g WHERE g.id = refresh_tokens.grant_id AND g.ended_at IS NULL) RETURNING grant_id";
    SUPERSEDE_REFRESH_TOKEN = "UPDATE refresh_tokens SET consumed_at = $2, superseded_at = $2 WHERE token_hash = $1 AND consumed_at IS NULL \
        AND EXISTS (SELECT 1 FROM grants g WHERE g.id = refresh_tokens.grant_id AND g.ended_at IS NULL) RETURNING grant_id";
    ANSWER_ANEW = "UPDATE refresh_tokens SET consumed_at = $2, successor_hash = $3, successor = $4, answer_scopes = $5, \
        answer_audience = $6, answer_jti = $7 WHERE token_hash = $1 RETURNING grant_id";
    FORGET_SUCCESSOR = "UPDATE refresh_tokens SET successor = NULL WHERE successor_hash = $1";
    REVOKE_ACCESS_TOKEN = "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
    IS_REVOKED = "SELECT jti FROM revoked_tokens WHERE jti = $1";
}

/// What a new refresh token is made of.
#[derive(Debug)]
pub struct NewRefreshToken<'a> {
    /// Its hash.
    pub hash: SecretHash,
    /// The grant it belongs to.
    pub grant_id: &'a str,
    /// The client it is given to.
    pub client_id: &'a str,
    /// Now.
    pub now: Timestamp,
    /// The moment from which it is worthless.
    pub expires_at: Timestamp,
}

/// A refresh token's replacement.
#[derive(Debug)]
pub struct Replacement<'a> {
    /// The successor.
    pub successor: NewRefreshToken<'a>,
    /// The successor itself, sealed under a key that the replaced token gives.
    pub sealed: Vec<u8>,
    /// What is answered beside it.
    pub answer: &'a Answer,
}

#[derive(FromRow)]
struct RefreshRow {
    given_at: i64,
    token_expires_at: i64,
    first_used_at: Option<i64>,
    consumed_at: Option<i64>,
    superseded_at: Option<i64>,
    successor_hash: Option<Vec<u8>>,
    successor: Option<Vec<u8>>,
    answer_scopes: Option<String>,
    answer_audience: Option<String>,
    answer_jti: Option<String>,
    #[sqlx(flatten)]
    grant: GrantRow,
}

impl RefreshRow {
    fn read(self) -> Result<(RefreshToken, Grant), Failure> {
        let missing = || damaged("answer", "a replaced refresh token without its answer");
        let state = match (self.consumed_at, self.superseded_at) {
            (None, _) => State::Current,
            (Some(_), Some(_)) => State::Superseded,
            (Some(at), None) => State::Replaced(Box::new(Replaced {
                first_at: Timestamp::from_seconds(self.first_used_at.unwrap_or(at)),
                at: Timestamp::from_seconds(at),
                successor_hash: self
                    .successor_hash
                    .and_then(|bytes| SecretHash::from_bytes(&bytes))
                    .ok_or_else(missing)?,
                successor: self.successor,
                answer: Answer {
                    scopes: scopes(&self.answer_scopes.ok_or_else(missing)?)?,
                    audience: Audience::from_text(&self.answer_audience.ok_or_else(missing)?),
                    jti: self.answer_jti.ok_or_else(missing)?,
                },
            })),
        };
        let token = RefreshToken {
            created_at: Timestamp::from_seconds(self.given_at),
            expires_at: Timestamp::from_seconds(self.token_expires_at),
            state,
        };
        Ok((token, self.grant.read()?))
    }
}

impl Reader {
    /// The refresh token with this hash, and the grant it belongs to.
    pub async fn refresh_token(&mut self, hash: &SecretHash) -> Result<Option<(RefreshToken, Grant)>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, RefreshRow>(REFRESH_TOKEN)
            .bind(hash.as_bytes())
            .fetch_optional(c)
            .await)?;
        row.map(RefreshRow::read).transpose()
    }

    /// Whether the access token with this id was revoked.
    pub async fn is_revoked(&mut self, jti: &str) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(IS_REVOKED).bind(jti).fetch_optional(c).await)?;
        Ok(row.is_some())
    }
}

impl Transaction {
    /// Writes a refresh token.
    pub async fn insert_refresh_token(&mut self, new: &NewRefreshToken<'_>) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(INSERT_REFRESH_TOKEN)
            .bind(new.hash.as_bytes())
            .bind(new.grant_id)
            .bind(new.client_id)
            .bind(new.now.seconds())
            .bind(new.expires_at.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Replaces a refresh token by its successor; `false` when it has been replaced before, or its grant has ended. Of any number of requests at once, one
    /// gets `true`. The sealed copy of the replaced token itself, with its predecessor, is wiped: it has been used now.
    pub async fn rotate_refresh_token(
        &mut self,
        hash: &SecretHash,
        replacement: &Replacement<'_>,
    ) -> Result<bool, Failure> {
        if !self.answered(REPLACE_REFRESH_TOKEN, hash, replacement).await? {
            return Ok(false);
        }
        self.insert_refresh_token(&replacement.successor).await?;
        on!(self, |c| sqlx::query(FORGET_SUCCESSOR).bind(hash.as_bytes()).execute(c).await.map(drop))?;
        Ok(true)
    }

    /// Supersedes the answer that a replaced refresh token had by another: the successor in it becomes worthless, and its access token is
    /// revoked, which is kept until `answer_expires_at`. `false` when the successor has been used, or superseded, since it was looked at, or
    /// the grant has ended: of any number of requests at once, those that use the successor too, one gets `true`.
    pub async fn supersede_refresh_token(
        &mut self,
        hash: &SecretHash,
        lost: &Replaced,
        answer_expires_at: Timestamp,
        replacement: &Replacement<'_>,
    ) -> Result<bool, Failure> {
        let superseded = on!(self, |c| sqlx::query_as::<_, (String,)>(SUPERSEDE_REFRESH_TOKEN)
            .bind(lost.successor_hash.as_bytes())
            .bind(replacement.successor.now.seconds())
            .fetch_optional(c)
            .await)?;
        if superseded.is_none() {
            return Ok(false);
        }
        self.insert_refresh_token(&replacement.successor).await?;
        self.revoke_access_token(&lost.answer.jti, answer_expires_at).await?;
        self.answered(ANSWER_ANEW, hash, replacement).await
    }

    /// Notes what a token answered, by one of the two statements that do; `false` when the statement finds that it may not.
    async fn answered(
        &mut self,
        statement: &'static str,
        hash: &SecretHash,
        replacement: &Replacement<'_>,
    ) -> Result<bool, Failure> {
        let (new, answer) = (&replacement.successor, replacement.answer);
        let noted = on!(self, |c| sqlx::query_as::<_, (String,)>(statement)
            .bind(hash.as_bytes())
            .bind(new.now.seconds())
            .bind(new.hash.as_bytes())
            .bind(replacement.sealed.as_slice())
            .bind(answer.scopes.to_string())
            .bind(answer.audience.to_string())
            .bind(&answer.jti)
            .fetch_optional(c)
            .await)?;
        Ok(noted.is_some())
    }

    /// Revokes one access token: kept until it would have expired.
    pub async fn revoke_access_token(&mut self, jti: &str, expires_at: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(REVOKE_ACCESS_TOKEN).bind(jti).bind(expires_at.seconds()).execute(c).await.map(drop))
    }
}
