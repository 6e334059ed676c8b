//! Clients. Every change is told in its own transaction ([`Transaction::client_changed`]).

use std::collections::BTreeSet;

use sqlx::FromRow;

use super::client_secrets::SecretRow;
use super::rows::{algorithm_choice, from_json, from_name, json, json_if, moment, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::client::{Client, ClientField, ClientType};
use crate::protocol::client_secrets::ClientSecrets;
use crate::protocol::grant_type::GrantType;
use crate::protocol::page::{Cursor, Listed, Page};

/// The columns, in the order in which a whole row is written.
macro_rules! columns {
    () => {
        "client_id, client_type, name, auth_method, grant_types, redirect_uris, scopes, resources, pkce, first_party, \
         backchannel_logout_uri, id_token_algorithm, id_token_algorithm_former, metadata, created_at, disabled_at, era"
    };
}

/// What reads clients with their secrets: a row for each secret, and one for a client without any.
macro_rules! with_secrets {
    ($($clients:tt)+) => {
        concat!(
            "SELECT ", columns!(), ", place, secret_id, secret_hash, made_at, expires_at \
             FROM ", $($clients)+, " LEFT JOIN client_secrets USING (client_id)"
        )
    };
}

/// A page of clients, by what else is demanded of them.
macro_rules! page {
    ($demanded:literal) => {
        concat!(
            "(SELECT ",
            columns!(),
            " FROM clients WHERE (created_at, client_id) > ($1, $2)",
            $demanded,
            " ORDER BY created_at, client_id LIMIT $3) AS page"
        )
    };
}

statements! {
    CLIENT = concat!(with_secrets!("clients"), " WHERE client_id = $1");
    CLIENTS = concat!(with_secrets!("clients"), " ORDER BY created_at, client_id");
    CLIENTS_AFTER = concat!(with_secrets!(page!("")), " ORDER BY created_at, client_id");
    CLIENTS_OF_TYPE_AFTER = concat!(with_secrets!(page!(" AND client_type = $4")), " ORDER BY created_at, client_id");
    INSERT_CLIENT = concat!("INSERT INTO clients (", columns!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
        ON CONFLICT (client_id) DO NOTHING RETURNING client_id");
    HOLD_CLIENT = "UPDATE clients SET created_at = created_at WHERE client_id = $1";
    CHANGE_CLIENT = "UPDATE clients SET name = COALESCE($2, name), grant_types = COALESCE($3, grant_types), \
        redirect_uris = COALESCE($4, redirect_uris), scopes = COALESCE($5, scopes), resources = COALESCE($6, resources), \
        first_party = COALESCE($7, first_party), backchannel_logout_uri = NULLIF(COALESCE($8, backchannel_logout_uri), ''), \
        id_token_algorithm = NULLIF(COALESCE($9, id_token_algorithm), ''), \
        id_token_algorithm_former = NULLIF(COALESCE($10, id_token_algorithm_former), ''), metadata = COALESCE($11, metadata), \
        pkce = COALESCE($12, pkce), client_type = COALESCE($13, client_type), auth_method = COALESCE($14, auth_method) WHERE client_id = $1";
    SWITCH_CLIENT_OFF = "UPDATE clients SET disabled_at = COALESCE(disabled_at, $2), \
        era = era + CASE WHEN disabled_at IS NULL THEN 1 ELSE 0 END WHERE client_id = $1";
    SWITCH_CLIENT_ON = "UPDATE clients SET disabled_at = NULL WHERE client_id = $1";
}

#[derive(FromRow)]
struct ClientRow {
    client_id: String,
    client_type: String,
    name: String,
    auth_method: String,
    grant_types: String,
    redirect_uris: String,
    scopes: String,
    resources: String,
    pkce: String,
    first_party: i64,
    backchannel_logout_uri: Option<String>,
    id_token_algorithm: Option<String>,
    id_token_algorithm_former: Option<String>,
    metadata: String,
    created_at: i64,
    disabled_at: Option<i64>,
    era: i64,
}

/// A client with one of its secrets, if it has any.
#[derive(FromRow)]
struct RowWithSecret {
    #[sqlx(flatten)]
    client: ClientRow,
    #[sqlx(flatten)]
    secret: SecretRow,
}

/// The clients of the rows; those of one client follow one another.
fn read(rows: Vec<RowWithSecret>) -> Result<Vec<Client>, Failure> {
    let mut clients: Vec<Client> = Vec::with_capacity(rows.len());
    for RowWithSecret { client, secret } in rows {
        if clients.last().is_none_or(|last| last.client_id != client.client_id) {
            clients.push(client.read()?);
        }
        if let Some(client) = clients.last_mut() {
            secret.put_into(&mut client.secrets)?;
        }
    }
    Ok(clients)
}

impl ClientRow {
    /// The client, without its secrets.
    fn read(self) -> Result<Client, Failure> {
        Ok(Client {
            client_id: self.client_id,
            client_type: from_name("client_type", &self.client_type)?,
            name: self.name,
            secrets: ClientSecrets::NONE,
            auth_method: from_name("auth_method", &self.auth_method)?,
            grant_types: known(&from_json::<Vec<String>>("grant_types", &self.grant_types)?),
            redirect_uris: from_json("redirect_uris", &self.redirect_uris)?,
            scopes: scopes(&self.scopes)?,
            resources: from_json("resources", &self.resources)?,
            pkce: from_name("pkce", &self.pkce)?,
            first_party: self.first_party != 0,
            backchannel_logout_uri: self.backchannel_logout_uri,
            id_token_algorithm: algorithm_choice(self.id_token_algorithm, self.id_token_algorithm_former)?,
            metadata: from_json("metadata", &self.metadata)?,
            created_at: Timestamp::from_seconds(self.created_at),
            disabled_at: moment(self.disabled_at),
            era: self.era,
        })
    }
}

/// The grant types that this version knows. One that a newer version has given a client is none here, and keeps no other client from being
/// read; a change writes only the fields that it names, and so leaves it there.
fn known(names: &[String]) -> BTreeSet<GrantType> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

impl Reader {
    /// The client with this id.
    pub async fn client(&mut self, client_id: &str) -> Result<Option<Client>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, RowWithSecret>(CLIENT).bind(client_id).fetch_all(c).await)?;
        Ok(read(rows)?.pop())
    }

    /// All clients, oldest first.
    pub async fn clients(&mut self) -> Result<Vec<Client>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, RowWithSecret>(CLIENTS).fetch_all(c).await)?;
        read(rows)
    }
}

impl Reader {
    /// A page of the clients, oldest first; those of the type alone, when there is one.
    pub async fn clients_of(&mut self, of: Option<ClientType>, page: &Page) -> Result<Listed<Client>, Failure> {
        let (seconds, id, most) = page.bounds();
        let rows = on!(self, |c| {
            let sql = if of.is_some() { CLIENTS_OF_TYPE_AFTER } else { CLIENTS_AFTER };
            let query = sqlx::query_as::<_, RowWithSecret>(sql).bind(seconds).bind(id).bind(most);
            match of {
                Some(of) => query.bind(of.as_str()).fetch_all(c).await,
                None => query.fetch_all(c).await,
            }
        })?;
        Ok(Listed::of(read(rows)?, page, |client: &Client| Cursor {
            at: client.created_at,
            id: client.client_id.clone(),
        }))
    }
}

/// What writes a client tells the nodes so; every failure is the database's.
impl Transaction {
    /// Registers a client; `false` when its id is taken.
    pub async fn insert_client(&mut self, client: &Client) -> Result<bool, Failure> {
        let (grant_types, redirect_uris) = (json(&client.grant_types)?, json(&client.redirect_uris)?);
        let (resources, metadata) = (json(&client.resources)?, json(&client.metadata)?);
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(INSERT_CLIENT)
            .bind(&client.client_id)
            .bind(client.client_type.as_str())
            .bind(&client.name)
            .bind(client.auth_method.as_str())
            .bind(grant_types)
            .bind(redirect_uris)
            .bind(client.scopes.to_string())
            .bind(resources)
            .bind(client.pkce.as_str())
            .bind(i64::from(client.first_party))
            .bind(client.backchannel_logout_uri.as_deref())
            .bind(client.id_token_algorithm.wanted.map(Algorithm::as_str))
            .bind(client.id_token_algorithm.former.map(Algorithm::as_str))
            .bind(metadata)
            .bind(client.created_at.seconds())
            .bind(client.disabled_at.map(Timestamp::seconds))
            .bind(client.era)
            .fetch_optional(c)
            .await)?;
        if written.is_some() {
            self.write_secrets(client).await?;
            self.client_changed(&client.client_id).await?;
        }
        Ok(written.is_some())
    }

    /// The client as it is now. Whoever else changes it waits for the end of this transaction.
    pub async fn hold_client(&mut self, client_id: &str) -> Result<Option<Client>, Failure> {
        on!(self, |c| sqlx::query(HOLD_CLIENT).bind(client_id).execute(c).await.map(drop))?;
        // Asked only now, its secrets are those that whoever held it before has left.
        self.client(client_id).await
    }

    /// Changes these fields of a client to what they are here, and no others.
    pub async fn change_client(&mut self, client: &Client, fields: &[ClientField]) -> Result<(), Failure> {
        use ClientField as F;
        let has = |field: F| fields.contains(&field);
        let of_metadata = [
            F::PostLogoutRedirectUris,
            F::AllowedOrigins,
            F::PolicyUri,
            F::TosUri,
            F::OnReuse,
            F::IdTokenClaims,
            F::Roles,
            F::Acr,
        ];
        let in_metadata = of_metadata.into_iter().any(has);
        let algorithm = |name: Option<Algorithm>| has(F::IdTokenAlg).then(|| name.map_or("", Algorithm::as_str));
        let grant_types = json_if(has(F::GrantTypes), &client.grant_types)?;
        let redirect_uris = json_if(has(F::RedirectUris), &client.redirect_uris)?;
        let resources = json_if(has(F::Resources), &client.resources)?;
        let metadata = json_if(in_metadata, &client.metadata)?;
        let logout_uri = client.backchannel_logout_uri.as_deref().unwrap_or_default();
        on!(self, |c| sqlx::query(CHANGE_CLIENT)
            .bind(&client.client_id)
            .bind(has(F::Name).then_some(&client.name))
            .bind(grant_types)
            .bind(redirect_uris)
            .bind(has(F::Scope).then(|| client.scopes.to_string()))
            .bind(resources)
            .bind(has(F::FirstParty).then_some(i64::from(client.first_party)))
            .bind(has(F::BackchannelLogoutUri).then_some(logout_uri))
            .bind(algorithm(client.id_token_algorithm.wanted))
            .bind(algorithm(client.id_token_algorithm.former))
            .bind(metadata)
            .bind(has(F::Pkce).then_some(client.pkce.as_str()))
            .bind(has(F::Type).then_some(client.client_type.as_str()))
            .bind(has(F::AuthMethod).then_some(client.auth_method.as_str()))
            .execute(c)
            .await
            .map(drop))?;
        if has(F::AuthMethod) {
            self.change_secrets(client).await?;
        }
        self.client_changed(&client.client_id).await
    }

    /// Switches a client off, now unless it was before; `None` when there is none with this id.
    pub async fn switch_client_off(&mut self, client_id: &str, now: Timestamp) -> Result<Option<Client>, Failure> {
        on!(self, |c| sqlx::query(SWITCH_CLIENT_OFF).bind(client_id).bind(now.seconds()).execute(c).await.map(drop))?;
        self.client_changed(client_id).await?;
        self.client(client_id).await
    }

    /// Switches a client on again; `None` when there is none with this id.
    pub async fn switch_client_on(&mut self, client_id: &str) -> Result<Option<Client>, Failure> {
        on!(self, |c| sqlx::query(SWITCH_CLIENT_ON).bind(client_id).execute(c).await.map(drop))?;
        self.client_changed(client_id).await?;
        self.client(client_id).await
    }
}
