//! Ends: of a sign-in, of a grant, of all that a person has, of what a person allowed. An end of a sign-in ends the grants that are bound to
//! it and notes whom to tell (see [`super::logout_outbox`]), and every end is recorded with its reason, in the same transaction.

use sqlx::FromRow;

use super::{Transaction, on, statements};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::proof::Kind;

/// What is known of a grant that has just ended: whether something came of it. One whose code was never redeemed has not begun for anybody, and of
/// one that has no refresh token nothing holds any more when its code is cleaned up. A grant type that gives neither a code nor a refresh token
/// must say here by what it is known to have begun.
macro_rules! ended {
    () => {
        " RETURNING id, client_id, user_id, CAST(CASE WHEN EXISTS (SELECT 1 FROM codes k WHERE k.grant_id = grants.id \
         AND k.redeemed_at IS NOT NULL) OR EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.grant_id = grants.id) \
         THEN 1 ELSE 0 END AS BIGINT) AS has_begun"
    };
}

statements! {
    END_SIGN_IN = "UPDATE sign_ins SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL RETURNING id, user_id";
    END_SIGN_INS_OF_USER = "UPDATE sign_ins SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL RETURNING id, user_id";
    // A hundred at a time: whoever has very many from before there was a bound loses them with the next few sign-ins.
    END_SIGN_INS_BEYOND = "UPDATE sign_ins SET ended_at = $2, end_reason = $3 WHERE id IN (SELECT id FROM sign_ins WHERE user_id = $1 \
        AND id <> $5 AND ended_at IS NULL ORDER BY last_used_at DESC, id LIMIT 100 OFFSET $4) RETURNING id, user_id";
    END_SIGN_INS_OF_IDENTITY = "UPDATE sign_ins SET ended_at = $2, end_reason = $3 WHERE identity_id = $1 AND ended_at IS NULL \
        RETURNING id, user_id";
    END_SIGN_INS_OF_SESSION = "UPDATE sign_ins SET ended_at = $2, end_reason = $3 WHERE identity_id = $1 AND upstream_sid = $4 \
        AND ended_at IS NULL RETURNING id, user_id";
    END_GRANT = concat!("UPDATE grants SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL", ended!());
    END_BOUND_GRANTS = concat!("UPDATE grants SET ended_at = $2, end_reason = $3 WHERE sign_in_id = $1 AND bound = 1 AND ended_at IS NULL",
        ended!());
    END_GRANTS_OF_USER = concat!("UPDATE grants SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL", ended!());
    // Of the sign-ins that it has made, and where those are gone or were renewed in another way: of what was proved by it.
    END_GRANTS_OF_IDENTITY = concat!("UPDATE grants SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL \
        AND (sign_in_id IN (SELECT s.id FROM sign_ins s WHERE s.identity_id = $4) \
        OR proofs LIKE '%\"identity\":{\"id\":\"' || $4 || '\"%')", ended!());
    // By what was proved, but for one sign-in and what came of it: the sign-in of a grant may be gone, or be renewed in another way.
    END_SIGN_INS_BY_PROOF = "UPDATE sign_ins SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND id <> $5 AND ended_at IS NULL \
        AND proofs LIKE $4 RETURNING id, user_id";
    END_GRANTS_BY_PROOF = concat!("UPDATE grants SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL \
        AND (sign_in_id IS NULL OR sign_in_id <> $5) AND proofs LIKE $4", ended!());
    END_GRANTS_OF_CLIENT = concat!("UPDATE grants SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND client_id = $4 \
        AND ended_at IS NULL", ended!());
    COUNT_ACCESS_END = "UPDATE users SET access_ends = access_ends + 1 WHERE id = $1";
    FORGET_CONSENT = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";
}

/// What was proved, of which all is to end that rests on it.
#[derive(Clone, Copy, Debug)]
pub enum ProvedBy<'a> {
    /// A proof of this kind.
    Kind(Kind),
    /// The passkey or security key with this row id.
    Passkey(&'a str),
}

impl ProvedBy<'_> {
    /// As it stands among proofs that are stored, for `LIKE`. Neither names of kinds nor row ids have any character that means something there, but for
    /// `_`, which stands for itself too.
    fn pattern(self) -> String {
        match self {
            Self::Kind(kind) => format!(r#"%"kind":"{}"%"#, kind.as_str()),
            Self::Passkey(id) => format!(r#"%"passkey":{{"id":"{id}"%"#),
        }
    }
}

/// Which sign-ins are to end.
enum Which<'a> {
    One(&'a str),
    OfUser(&'a str),
    /// Those of a user but this one, and but so many others that were used last.
    Beyond(&'a str, (&'a str, i64)),
    /// Those of a user whose proofs are like this, but for one.
    ByProof(&'a str, (&'a str, &'a str)),
    OfIdentity(&'a str),
    /// Those of an identity in this session at the provider.
    OfSession(&'a str, &'a str),
}

#[derive(FromRow)]
struct EndedGrant {
    id: String,
    client_id: String,
    user_id: String,
    has_begun: i64,
}

/// `reason` is for the database, the account page and the record; `act` says who ends it.
impl Transaction {
    /// Ends a sign-in and the grants bound to it; `false` when there is no live one with this id.
    pub async fn end_sign_in(&mut self, id: &str, reason: &str, act: &Act) -> Result<bool, Failure> {
        let ended = self.end_sign_ins(Which::One(id), reason, act).await?;
        self.end_grants(END_BOUND_GRANTS, (id, &[]), reason, act).await?;
        Ok(!ended.is_empty())
    }

    /// Ends the sign-ins of a user that were used longest ago, and the grants bound to them, until so many others are left than the one that
    /// is to stay. The user must be held.
    pub async fn end_sign_ins_beyond(
        &mut self,
        user_id: &str,
        (staying, others): (&str, i64),
        reason: &str,
        act: &Act,
    ) -> Result<(), Failure> {
        for id in self.end_sign_ins(Which::Beyond(user_id, (staying, others)), reason, act).await? {
            self.end_grants(END_BOUND_GRANTS, (&id, &[]), reason, act).await?;
        }
        Ok(())
    }

    /// Ends the sign-ins that came by an identity, and the grants bound to them; of one session at the provider alone, when that is
    /// named. Tells how many there were.
    pub async fn end_sign_ins_of_identity(
        &mut self,
        (identity_id, sid): (&str, Option<&str>),
        reason: &str,
        act: &Act,
    ) -> Result<usize, Failure> {
        let which = match sid {
            Some(sid) => Which::OfSession(identity_id, sid),
            None => Which::OfIdentity(identity_id),
        };
        let ended = self.end_sign_ins(which, reason, act).await?;
        for id in &ended {
            self.end_grants(END_BOUND_GRANTS, (id, &[]), reason, act).await?;
        }
        Ok(ended.len())
    }

    /// Ends all grants that a person gave who had come by this identity, whether or not they end with their sign-in.
    pub(super) async fn end_grants_of_identity(
        &mut self,
        (id, user_id): (&str, &str),
        reason: &str,
        act: &Act,
    ) -> Result<(), Failure> {
        self.end_grants(END_GRANTS_OF_IDENTITY, (user_id, &[id]), reason, act).await
    }

    /// Ends all sign-ins of a user that rest on a proof, and all grants that came of it; but for one sign-in and its grants, where one stays. The user
    /// must be held.
    pub async fn end_all_by(
        &mut self,
        user_id: &str,
        (proof, staying): (ProvedBy<'_>, Option<&str>),
        reason: &str,
        act: &Act,
    ) -> Result<(), Failure> {
        let (proof, staying) = (proof.pattern(), staying.unwrap_or_default());
        for id in self.end_sign_ins(Which::ByProof(user_id, (&proof, staying)), reason, act).await? {
            self.end_grants(END_BOUND_GRANTS, (&id, &[]), reason, act).await?;
        }
        self.end_grants(END_GRANTS_BY_PROOF, (user_id, &[&proof, staying]), reason, act).await
    }

    /// Ends a grant: nothing that came of it holds from now on.
    pub async fn end_grant(&mut self, id: &str, reason: &str, act: &Act) -> Result<(), Failure> {
        self.end_grants(END_GRANT, (id, &[]), reason, act).await
    }

    /// Ends all sign-ins, all grants and all API keys of a user: what somebody else may have put there.
    pub async fn end_everything_of_user(&mut self, user_id: &str, reason: &str, act: &Act) -> Result<(), Failure> {
        self.end_access_of_user(user_id, reason, act).await?;
        self.end_api_keys_of_user(user_id, reason, act).await
    }

    /// Ends all sign-ins and all grants of a user, keeps no device any more, and ends a request to take second factors away that is under way: so ends
    /// whatever somebody who is not the person may have begun. What they gave their own scripts goes on.
    pub async fn end_access_of_user(&mut self, user_id: &str, reason: &str, act: &Act) -> Result<(), Failure> {
        self.end_what_is_pending(user_id).await?;
        self.end_factor_reset(user_id, reason, act).await?;
        self.end_kept_devices(user_id, None).await?;
        self.end_sign_ins(Which::OfUser(user_id), reason, act).await?;
        self.end_grants(END_GRANTS_OF_USER, (user_id, &[]), reason, act).await
    }

    /// Ends the sign-ins of a user that wait for their second factor: what was proved on them before counts no more. Holds the user as
    /// [`Transaction::hold_user`] does.
    pub async fn end_what_is_pending(&mut self, user_id: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(COUNT_ACCESS_END).bind(user_id).execute(c).await.map(drop))
    }

    /// Takes back what a person has allowed a client: the consent is forgotten, and every grant of it ends.
    pub async fn withdraw_consent(
        &mut self,
        user_id: &str,
        client_id: &str,
        reason: &str,
        act: &Act,
    ) -> Result<(), Failure> {
        self.hold_user(user_id).await?;
        let forgotten = on!(self, |c| sqlx::query(FORGET_CONSENT)
            .bind(user_id)
            .bind(client_id)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if forgotten > 0 {
            let event = Event::of(act, Name::ConsentWithdrawn).on(Noun::Client, client_id).about_user(user_id);
            self.record(&event.with("reason", reason)).await?;
        }
        self.end_grants(END_GRANTS_OF_CLIENT, (user_id, &[client_id]), reason, act).await
    }

    /// The ids of those that it ended.
    async fn end_sign_ins(&mut self, which: Which<'_>, reason: &str, act: &Act) -> Result<Vec<String>, Failure> {
        let (statement, id) = match which {
            Which::One(id) => (END_SIGN_IN, id),
            Which::OfUser(id) => (END_SIGN_INS_OF_USER, id),
            Which::Beyond(id, _) => (END_SIGN_INS_BEYOND, id),
            Which::ByProof(id, _) => (END_SIGN_INS_BY_PROOF, id),
            Which::OfIdentity(id) => (END_SIGN_INS_OF_IDENTITY, id),
            Which::OfSession(id, _) => (END_SIGN_INS_OF_SESSION, id),
        };
        let ended = on!(self, |c| {
            let query = sqlx::query_as::<_, (String, String)>(statement).bind(id).bind(act.at.seconds()).bind(reason);
            match which {
                Which::Beyond(_, (staying, others)) => query.bind(others).bind(staying).fetch_all(c).await,
                Which::ByProof(_, (proof, staying)) => query.bind(proof).bind(staying).fetch_all(c).await,
                Which::OfSession(_, sid) => query.bind(sid).fetch_all(c).await,
                _ => query.fetch_all(c).await,
            }
        })?;
        for (sign_in_id, user_id) in &ended {
            self.note_logouts(sign_in_id, act.at).await?;
            let event = Event::of(act, Name::SignInEnded).on(Noun::SignIn, sign_in_id).about_user(user_id);
            self.record(&event.with("reason", reason)).await?;
        }
        Ok(ended.into_iter().map(|(id, _)| id).collect())
    }

    async fn end_grants(
        &mut self,
        statement: &'static str,
        (id, further): (&str, &[&str]),
        reason: &str,
        act: &Act,
    ) -> Result<(), Failure> {
        let ended = on!(self, |c| {
            let query = sqlx::query_as::<_, EndedGrant>(statement).bind(id).bind(act.at.seconds()).bind(reason);
            further.iter().fold(query, |query, further| query.bind(*further)).fetch_all(c).await
        })?;
        for grant in ended.iter().filter(|grant| grant.has_begun != 0) {
            let event = Event::of(act, Name::GrantEnded).on(Noun::Grant, &grant.id);
            let event = event.about_user(&grant.user_id).about_client(&grant.client_id);
            self.record(&event.with("reason", reason)).await?;
        }
        Ok(())
    }
}
