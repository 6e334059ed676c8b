//! Clients. Every change is told in its own transaction ([`Transaction::client_changed`]).

use sqlx::FromRow;

use super::rows::{algorithm_choice, damaged, from_json, from_name, json, moment, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::client::Client;
use crate::secret::SecretHash;

/// The columns, in the order in which a whole row is written.
macro_rules! columns {
    () => {
        "client_id, client_type, name, secret_hash, auth_method, grant_types, redirect_uris, scopes, resources, pkce_required, first_party, \
         backchannel_logout_uri, id_token_algorithm, id_token_algorithm_former, metadata, created_at, disabled_at"
    };
}

statements! {
    CLIENT = concat!("SELECT ", columns!(), " FROM clients WHERE client_id = $1");
    CLIENTS = concat!("SELECT ", columns!(), " FROM clients ORDER BY created_at, client_id");
    INSERT_CLIENT = concat!("INSERT INTO clients (", columns!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)");
    UPDATE_CLIENT = concat!("UPDATE clients SET (", columns!(), ") = \
        ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) WHERE client_id = $1");
}

#[derive(FromRow)]
struct ClientRow {
    client_id: String,
    client_type: String,
    name: String,
    secret_hash: Option<Vec<u8>>,
    auth_method: String,
    grant_types: String,
    redirect_uris: String,
    scopes: String,
    resources: String,
    pkce_required: i64,
    first_party: i64,
    backchannel_logout_uri: Option<String>,
    id_token_algorithm: Option<String>,
    id_token_algorithm_former: Option<String>,
    metadata: String,
    created_at: i64,
    disabled_at: Option<i64>,
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
            grant_types: from_json("grant_types", &self.grant_types)?,
            redirect_uris: from_json("redirect_uris", &self.redirect_uris)?,
            scopes: scopes(&self.scopes)?,
            resources: from_json("resources", &self.resources)?,
            pkce_required: self.pkce_required != 0,
            first_party: self.first_party != 0,
            backchannel_logout_uri: self.backchannel_logout_uri,
            id_token_algorithm: algorithm_choice(self.id_token_algorithm, self.id_token_algorithm_former)?,
            metadata: from_json("metadata", &self.metadata)?,
            created_at: Timestamp::from_seconds(self.created_at),
            disabled_at: moment(self.disabled_at),
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
        let (grant_types, redirect_uris) = (json(&client.grant_types)?, json(&client.redirect_uris)?);
        let (resources, metadata) = (json(&client.resources)?, json(&client.metadata)?);
        on!(self, |c| sqlx::query(statement)
            .bind(&client.client_id)
            .bind(client.client_type.as_str())
            .bind(&client.name)
            .bind(client.secret_hash.as_ref().map(SecretHash::as_bytes))
            .bind(client.auth_method.as_str())
            .bind(grant_types)
            .bind(redirect_uris)
            .bind(client.scopes.to_string())
            .bind(resources)
            .bind(i64::from(client.pkce_required))
            .bind(i64::from(client.first_party))
            .bind(client.backchannel_logout_uri.as_deref())
            .bind(client.id_token_algorithm.wanted.map(Algorithm::as_str))
            .bind(client.id_token_algorithm.former.map(Algorithm::as_str))
            .bind(metadata)
            .bind(client.created_at.seconds())
            .bind(client.disabled_at.map(Timestamp::seconds))
            .execute(c)
            .await
            .map(drop))?;
        self.client_changed(&client.client_id).await
    }
}
