//! Resources. Every change is told in its own transaction ([`Transaction::resource_changed`]).

use sqlx::FromRow;

use super::rows::{algorithm_choice, from_json, json};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::resource::Resource;

statements! {
    RESOURCES = "SELECT identifier, name, scopes, introspectors, created_at, signing_algorithm, signing_algorithm_former \
        FROM resources ORDER BY created_at, identifier";
    INSERT_RESOURCE = "INSERT INTO resources (identifier, name, scopes, introspectors, created_at, signing_algorithm, \
        signing_algorithm_former) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (identifier) DO NOTHING RETURNING identifier";
    UPDATE_RESOURCE = "UPDATE resources SET name = $2, scopes = $3, introspectors = $4, created_at = $5, \
        signing_algorithm = $6, signing_algorithm_former = $7 WHERE identifier = $1 RETURNING identifier";
}

#[derive(FromRow)]
struct ResourceRow {
    identifier: String,
    name: String,
    scopes: String,
    introspectors: String,
    created_at: i64,
    signing_algorithm: Option<String>,
    signing_algorithm_former: Option<String>,
}

impl Reader {
    /// All resources, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn resources(&mut self) -> Result<Vec<Resource>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, ResourceRow>(RESOURCES).fetch_all(c).await)?;
        let read = |row: ResourceRow| {
            Ok(Resource {
                scopes: from_json("scopes", &row.scopes)?,
                introspectors: from_json("introspectors", &row.introspectors)?,
                signing_algorithm: algorithm_choice(row.signing_algorithm, row.signing_algorithm_former)?,
                identifier: row.identifier,
                name: row.name,
                created_at: Timestamp::from_seconds(row.created_at),
            })
        };
        rows.into_iter().map(read).collect()
    }
}

impl Transaction {
    /// Registers a resource; `false` when the identifier is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_resource(&mut self, resource: &Resource) -> Result<bool, Failure> {
        self.write_resource(INSERT_RESOURCE, resource).await
    }

    /// Changes a resource to what is given; `false` when there is none with its identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_resource(&mut self, resource: &Resource) -> Result<bool, Failure> {
        self.write_resource(UPDATE_RESOURCE, resource).await
    }

    async fn write_resource(&mut self, statement: &'static str, resource: &Resource) -> Result<bool, Failure> {
        let (scopes, introspectors) = (json(&resource.scopes)?, json(&resource.introspectors)?);
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(statement)
            .bind(&resource.identifier)
            .bind(&resource.name)
            .bind(scopes)
            .bind(introspectors)
            .bind(resource.created_at.seconds())
            .bind(resource.signing_algorithm.wanted.map(Algorithm::as_str))
            .bind(resource.signing_algorithm.former.map(Algorithm::as_str))
            .fetch_optional(c)
            .await)?;
        self.resource_changed().await?;
        Ok(written.is_some())
    }
}
