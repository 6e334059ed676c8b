//! Deleting a client, a person or an API with all that hangs on it, in one transaction: children before their parents.
//!
//! Who is just being given something more makes the deletion of the parent break the rules of the tables, on PostgreSQL alone, where others
//! write at the same time. Then the whole transaction is to be tried again, and finds that as well.

use super::rows::{containing, json};
use super::{Reader, Transaction, attempt, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;

statements! {
    CLIENT_BELONGINGS = "SELECT (SELECT COUNT(DISTINCT user_id) FROM grants WHERE client_id = $1 AND ended_at IS NULL), \
        (SELECT COUNT(DISTINCT user_id) FROM consents WHERE client_id = $1)";
    USER_BELONGINGS = "SELECT (SELECT COUNT(*) FROM sign_ins WHERE user_id = $1 AND ended_at IS NULL), \
        (SELECT COUNT(DISTINCT client_id) FROM grants WHERE user_id = $1 AND ended_at IS NULL)";
    CLIENTS_OF_RESOURCE = "SELECT client_id FROM clients WHERE resources LIKE $1 ESCAPE '!' ORDER BY client_id LIMIT 20";
    DELETE_TOKENS_OF_CLIENT = "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE client_id = $1)";
    DELETE_CODES_OF_CLIENT = "DELETE FROM codes WHERE grant_id IN (SELECT id FROM grants WHERE client_id = $1)";
    DELETE_GRANTS_OF_CLIENT = "DELETE FROM grants WHERE client_id = $1";
    DELETE_CONSENTS_OF_CLIENT = "DELETE FROM consents WHERE client_id = $1";
    DELETE_NOTICES_OF_CLIENT = "DELETE FROM logout_outbox WHERE client_id = $1";
    DELETE_API_KEYS_OF_CLIENT = "DELETE FROM api_keys WHERE client_id = $1";
    DELETE_SECRETS_OF_CLIENT = "DELETE FROM client_secrets WHERE client_id = $1";
    DELETE_CLIENT = "DELETE FROM clients WHERE client_id = $1";
    DELETE_TOKENS_OF_USER = "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE user_id = $1)";
    DELETE_CODES_OF_USER = "DELETE FROM codes WHERE grant_id IN (SELECT id FROM grants WHERE user_id = $1)";
    DELETE_GRANTS_OF_USER = "DELETE FROM grants WHERE user_id = $1";
    DELETE_CONSENTS_OF_USER = "DELETE FROM consents WHERE user_id = $1";
    DELETE_SIGN_INS_OF_USER = "DELETE FROM sign_ins WHERE user_id = $1";
    DELETE_IDENTITIES_OF_USER = "DELETE FROM identities WHERE user_id = $1";
    DELETE_TICKETS_OF_USER = "DELETE FROM tickets WHERE user_id = $1";
    // What was asked for the address by somebody who has shown nothing yet.
    DELETE_TICKETS_TO_USER = "DELETE FROM tickets WHERE user_id IS NULL AND address = (SELECT u.email FROM users u WHERE u.id = $1)";
    DELETE_MAILS_TO_USER = "DELETE FROM mail_outbox WHERE user_id IS NULL AND to_address = (SELECT u.email FROM users u WHERE u.id = $1)";
    DELETE_API_KEYS_OF_USER = "DELETE FROM api_keys WHERE user_id = $1";
    DELETE_RECOVERY_CODES_OF_USER = "DELETE FROM recovery_codes WHERE factor_id IN (SELECT f.id FROM factors f WHERE f.user_id = $1)";
    DELETE_FACTORS_OF_USER = "DELETE FROM factors WHERE user_id = $1";
    DELETE_PASSKEYS_OF_USER = "DELETE FROM passkeys WHERE user_id = $1";
    DELETE_FACTOR_RESET_OF_USER = "DELETE FROM factor_resets WHERE user_id = $1";
    DELETE_KEPT_DEVICES_OF_USER = "DELETE FROM kept_devices WHERE user_id = $1";
    DELETE_USER = "DELETE FROM users WHERE id = $1";
    DELETE_API_KEYS_FOR_RESOURCE = "DELETE FROM api_keys WHERE resource = $1";
    DELETE_RESOURCE = "DELETE FROM resources WHERE identifier = $1";
}

impl Reader {
    /// How many people have a grant of the client that has not ended, and how many have allowed it something.
    pub async fn belongings_of_client(&mut self, client_id: &str) -> Result<(i64, i64), Failure> {
        on!(self, |c| sqlx::query_as(CLIENT_BELONGINGS).bind(client_id).fetch_one(c).await)
    }

    /// How many sign-ins of the person have not been ended, and how many applications have a grant that has not.
    pub async fn belongings_of_user(&mut self, user_id: &str) -> Result<(i64, i64), Failure> {
        on!(self, |c| sqlx::query_as(USER_BELONGINGS).bind(user_id).fetch_one(c).await)
    }

    /// The clients whose own list of APIs names this one; the first twenty.
    pub async fn clients_of_resource(&mut self, identifier: &str) -> Result<Vec<String>, Failure> {
        let named = containing(&json(&identifier)?);
        let rows = on!(self, |c| sqlx::query_as::<_, (String,)>(CLIENTS_OF_RESOURCE).bind(&named).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(client_id,)| client_id).collect())
    }
}

/// Each tells whether it is done; when it is not, something new hangs on what is to go, and nothing further can be done in this transaction.
impl Transaction {
    /// Deletes a client with its grants, tokens and consents, and tells the nodes so.
    pub async fn delete_client(&mut self, client_id: &str, now: Timestamp) -> Result<bool, Failure> {
        let all = [
            DELETE_TOKENS_OF_CLIENT,
            DELETE_CODES_OF_CLIENT,
            DELETE_GRANTS_OF_CLIENT,
            DELETE_CONSENTS_OF_CLIENT,
            DELETE_NOTICES_OF_CLIENT,
            DELETE_API_KEYS_OF_CLIENT,
            DELETE_SECRETS_OF_CLIENT,
            DELETE_CLIENT,
        ];
        let is_done = self.delete_rows(&all, client_id).await?;
        if is_done {
            self.client_deleted(client_id, now).await?;
        }
        Ok(is_done)
    }

    /// Deletes a person with their sign-ins, identities, grants, tokens and consents. What clients are still to be told of stays: to be called after
    /// [`Transaction::end_everything_of_user`].
    pub async fn delete_user(&mut self, user_id: &str) -> Result<bool, Failure> {
        let all = [
            DELETE_TOKENS_OF_USER,
            DELETE_CODES_OF_USER,
            DELETE_GRANTS_OF_USER,
            DELETE_CONSENTS_OF_USER,
            DELETE_SIGN_INS_OF_USER,
            DELETE_IDENTITIES_OF_USER,
            DELETE_TICKETS_OF_USER,
            DELETE_TICKETS_TO_USER,
            DELETE_MAILS_TO_USER,
            DELETE_API_KEYS_OF_USER,
            DELETE_RECOVERY_CODES_OF_USER,
            DELETE_FACTORS_OF_USER,
            DELETE_PASSKEYS_OF_USER,
            DELETE_FACTOR_RESET_OF_USER,
            DELETE_KEPT_DEVICES_OF_USER,
            DELETE_USER,
        ];
        let is_done = self.delete_rows(&all, user_id).await?;
        if is_done {
            self.delete_attempts(user_id).await?;
            self.delete_mails_of_user(user_id).await?;
        }
        Ok(is_done)
    }

    /// Deletes an API with the keys for it and its secrets, and tells the nodes so: one that is registered again under the same identifier is
    /// another.
    pub async fn delete_resource(&mut self, identifier: &str) -> Result<(), Failure> {
        // In the order in which whoever changes an API and its secrets counts them.
        self.resource_changed().await?;
        self.delete_resource_secrets(identifier).await?;
        for statement in [DELETE_API_KEYS_FOR_RESOURCE, DELETE_RESOURCE] {
            on!(self, |c| sqlx::query(statement).bind(identifier).execute(c).await.map(drop))?;
        }
        Ok(())
    }

    async fn delete_rows(&mut self, statements: &[&'static str], id: &str) -> Result<bool, Failure> {
        for statement in statements {
            let outcome = attempt!(self, |c| sqlx::query(*statement).bind(id).execute(c).await.map(drop));
            let is_in_use = outcome.as_ref().is_err_and(is_referred_to);
            match self.settle(outcome) {
                Err(_) if is_in_use => return Ok(false),
                settled => settled?,
            }
        }
        Ok(true)
    }
}

/// Whether the statement was refused because another row refers to what it would delete.
fn is_referred_to(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_foreign_key_violation())
}
