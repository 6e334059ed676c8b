//! Clients. Every change counts the epoch up in its own transaction (see [`super::Directory`]).

use sqlx::FromRow;

use super::rows::{algorithm_choice, damaged, from_json, from_name, json, moment, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::client::Client;
use crate::secret::SecretHash;

statements! {
    CLIENT = "SELECT client_id, client_type, name, secret_hash, auth_method, redirect_uris, post_logout_redirect_uris, scopes, \
        resources, pkce_required, first_party, created_at, disabled_at, policy_uri, tos_uri, backchannel_logout_uri, \
        id_token_algorithm, id_token_algorithm_former FROM clients WHERE client_id = $1";
    CLIENTS = "SELECT client_id, client_type, name, secret_hash, auth_method, redirect_uris, post_logout_redirect_uris, scopes, \
        resources, pkce_required, first_party, created_at, disabled_at, policy_uri, tos_uri, backchannel_logout_uri, \
        id_token_algorithm, id_token_algorithm_former FROM clients ORDER BY created_at, client_id";
    INSERT_CLIENT = "INSERT INTO clients (client_id, client_type, name, secret_hash, auth_method, redirect_uris, \
        post_logout_redirect_uris, scopes, resources, pkce_required, first_party, created_at, disabled_at, policy_uri, tos_uri, \
        backchannel_logout_uri, id_token_algorithm, id_token_algorithm_former) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    UPDATE_CLIENT = "UPDATE clients SET client_type = $2, name = $3, secret_hash = $4, auth_method = $5, redirect_uris = $6, \
        post_logout_redirect_uris = $7, scopes = $8, resources = $9, pkce_required = $10, first_party = $11, created_at = $12, \
        disabled_at = $13, policy_uri = $14, tos_uri = $15, backchannel_logout_uri = $16, id_token_algorithm = $17, \
        id_token_algorithm_former = $18 WHERE client_id = $1";
}

#[derive(FromRow)]
struct ClientRow {
    client_id: String,
    client_type: String,
    name: String,
    secret_hash: Option<Vec<u8>>,
    auth_method: String,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    scopes: String,
    resources: String,
    pkce_required: i64,
    first_party: i64,
    id_token_algorithm: Option<String>,
    id_token_algorithm_former: Option<String>,
    created_at: i64,
    disabled_at: Option<i64>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    backchannel_logout_uri: Option<String>,
}

impl ClientRow {
    fn read(self) -> Result<Client, Failure> {
        let secret_hash = match self.secret_hash {
            Some(bytes) => Some(SecretHash::from_bytes(&bytes).ok_or_else(|| damaged("secret_hash", "not 32 bytes"))?),
            None => None,
        };
        Ok(Client {
            client_id: self.client_id,
            client_type: from_name("client_type", &self.client_type)?,
            name: self.name,
            secret_hash,
            auth_method: from_name("auth_method", &self.auth_method)?,
            redirect_uris: from_json("redirect_uris", &self.redirect_uris)?,
            post_logout_redirect_uris: from_json("post_logout_redirect_uris", &self.post_logout_redirect_uris)?,
            scopes: scopes(&self.scopes)?,
            resources: from_json("resources", &self.resources)?,
            pkce_required: self.pkce_required != 0,
            first_party: self.first_party != 0,
            id_token_algorithm: algorithm_choice(self.id_token_algorithm, self.id_token_algorithm_former)?,
            created_at: Timestamp::from_seconds(self.created_at),
            disabled_at: moment(self.disabled_at),
            policy_uri: self.policy_uri,
            tos_uri: self.tos_uri,
            backchannel_logout_uri: self.backchannel_logout_uri,
        })
    }
}

impl Reader {
    /// The client with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client(&mut self, client_id: &str) -> Result<Option<Client>, Failure> {
        on!(self, |c| sqlx::query_as::<_, ClientRow>(CLIENT).bind(client_id).fetch_optional(c).await)?
            .map(ClientRow::read)
            .transpose()
    }

    /// All clients, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clients(&mut self) -> Result<Vec<Client>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, ClientRow>(CLIENTS).fetch_all(c).await)?;
        rows.into_iter().map(ClientRow::read).collect()
    }
}

impl Transaction {
    /// Registers a client.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_client(&mut self, client: &Client) -> Result<(), Failure> {
        self.write_client(INSERT_CLIENT, client).await
    }

    /// Changes a client to what is given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_client(&mut self, client: &Client) -> Result<(), Failure> {
        self.write_client(UPDATE_CLIENT, client).await
    }

    async fn write_client(&mut self, statement: &'static str, client: &Client) -> Result<(), Failure> {
        let (redirect_uris, post_logout) = (json(&client.redirect_uris)?, json(&client.post_logout_redirect_uris)?);
        let resources = json(&client.resources)?;
        on!(self, |c| sqlx::query(statement)
            .bind(&client.client_id)
            .bind(client.client_type.as_str())
            .bind(&client.name)
            .bind(client.secret_hash.as_ref().map(SecretHash::as_bytes))
            .bind(client.auth_method.as_str())
            .bind(redirect_uris)
            .bind(post_logout)
            .bind(client.scopes.to_string())
            .bind(resources)
            .bind(i64::from(client.pkce_required))
            .bind(i64::from(client.first_party))
            .bind(client.created_at.seconds())
            .bind(client.disabled_at.map(Timestamp::seconds))
            .bind(client.policy_uri.as_deref())
            .bind(client.tos_uri.as_deref())
            .bind(client.backchannel_logout_uri.as_deref())
            .bind(client.id_token_algorithm.wanted.map(Algorithm::as_str))
            .bind(client.id_token_algorithm.former.map(Algorithm::as_str))
            .execute(c)
            .await
            .map(drop))?;
        self.bump_epoch().await
    }
}
