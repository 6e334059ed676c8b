//! Resources. Every change is told in its own transaction ([`Transaction::resource_changed`]).

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::rows::{algorithm_choice, damaged, from_json, from_name, json, json_if};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::page::{Cursor, Listed, Page};
use crate::protocol::resource::{Resource, ResourceField};
use crate::protocol::resource_signing::ResourceSigning;
use crate::protocol::role::RolesSeen;

/// The columns, in the order in which a whole row is written.
macro_rules! columns {
    () => {
        "identifier, name, scopes, introspectors, created_at, signing_algorithm, signing_algorithm_former, token_type, former_scopes, \
         scope_needs, roles_seen, signs_with_secret"
    };
}

statements! {
    RESOURCE = concat!("SELECT ", columns!(), " FROM resources WHERE identifier = $1");
    RESOURCES = concat!("SELECT ", columns!(), " FROM resources ORDER BY created_at, identifier");
    RESOURCES_AFTER = concat!("SELECT ", columns!(), " FROM resources WHERE (created_at, identifier) > ($1, $2) \
        ORDER BY created_at, identifier LIMIT $3");
    INSERT_RESOURCE = concat!("INSERT INTO resources (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
        ON CONFLICT (identifier) DO NOTHING RETURNING identifier");
    HOLD_RESOURCE = concat!("UPDATE resources SET created_at = created_at WHERE identifier = $1 RETURNING ", columns!());
    CHANGE_RESOURCE = "UPDATE resources SET name = COALESCE($2, name), scopes = COALESCE($3, scopes), \
        introspectors = COALESCE($4, introspectors), signing_algorithm = NULLIF(COALESCE($5, signing_algorithm), ''), \
        signing_algorithm_former = NULLIF(COALESCE($6, signing_algorithm_former), ''), token_type = COALESCE($7, token_type), \
        former_scopes = COALESCE($8, former_scopes), scope_needs = COALESCE($9, scope_needs), roles_seen = COALESCE($10, roles_seen), \
        signs_with_secret = COALESCE($11, signs_with_secret) WHERE identifier = $1";
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
    token_type: String,
    former_scopes: String,
    scope_needs: String,
    roles_seen: String,
    signs_with_secret: i64,
}

impl ResourceRow {
    fn read(self) -> Result<Resource, Failure> {
        Ok(Resource {
            scopes: from_json("scopes", &self.scopes)?,
            former_scopes: from_json("former_scopes", &self.former_scopes)?,
            scope_needs: from_json("scope_needs", &self.scope_needs)?,
            guards: BTreeMap::new(),
            roles_seen: RolesSeen::try_from(self.roles_seen).map_err(|why| damaged("roles_seen", why))?,
            introspectors: from_json("introspectors", &self.introspectors)?,
            signing: if self.signs_with_secret == 1 {
                ResourceSigning::Hs256
            } else {
                ResourceSigning::Public(algorithm_choice(self.signing_algorithm, self.signing_algorithm_former)?)
            },
            token_type: from_name("token_type", &self.token_type)?,
            identifier: self.identifier,
            name: self.name,
            created_at: Timestamp::from_seconds(self.created_at),
        })
    }
}

/// Every failure is the database's.
impl Reader {
    /// The resource with this identifier.
    pub async fn resource(&mut self, identifier: &str) -> Result<Option<Resource>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, ResourceRow>(RESOURCE).bind(identifier).fetch_optional(c).await)?;
        row.map(ResourceRow::read).transpose()
    }

    /// All resources, oldest first, with the roles that permit their guarded scopes.
    pub async fn resources(&mut self) -> Result<Vec<Resource>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, ResourceRow>(RESOURCES).fetch_all(c).await)?;
        let roles = self.roles().await?;
        rows.into_iter().map(|row| Ok(row.read()?.guarded_by(&roles))).collect()
    }

    /// A page of the resources, oldest first.
    pub async fn resources_of(&mut self, page: &Page) -> Result<Listed<Resource>, Failure> {
        let (seconds, id, most) = page.bounds();
        let rows = on!(self, |c| sqlx::query_as::<_, ResourceRow>(RESOURCES_AFTER)
            .bind(seconds)
            .bind(id)
            .bind(most)
            .fetch_all(c)
            .await)?;
        let resources = rows.into_iter().map(ResourceRow::read).collect::<Result<_, _>>()?;
        let place = |resource: &Resource| Cursor { at: resource.created_at, id: resource.identifier.clone() };
        Ok(Listed::of(resources, page, place))
    }
}

/// What writes a resource tells the nodes so; every failure is the database's.
impl Transaction {
    /// Registers a resource; `false` when the identifier is taken.
    pub async fn insert_resource(&mut self, resource: &Resource) -> Result<bool, Failure> {
        let (scopes, introspectors) = (json(&resource.scopes)?, json(&resource.introspectors)?);
        let (former_scopes, scope_needs) = (json(&resource.former_scopes)?, json(&resource.scope_needs)?);
        let choice = resource.signing.public().unwrap_or_default();
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(INSERT_RESOURCE)
            .bind(&resource.identifier)
            .bind(&resource.name)
            .bind(scopes)
            .bind(introspectors)
            .bind(resource.created_at.seconds())
            .bind(choice.wanted.map(Algorithm::as_str))
            .bind(choice.former.map(Algorithm::as_str))
            .bind(resource.token_type.as_str())
            .bind(former_scopes)
            .bind(scope_needs)
            .bind(String::from(resource.roles_seen.clone()))
            .bind(i64::from(resource.signing.is_secret()))
            .fetch_optional(c)
            .await)?;
        self.resource_changed().await?;
        Ok(written.is_some())
    }

    /// The resource as it is now. Whoever else changes it waits for the end of this transaction.
    pub async fn hold_resource(&mut self, identifier: &str) -> Result<Option<Resource>, Failure> {
        let row =
            on!(self, |c| sqlx::query_as::<_, ResourceRow>(HOLD_RESOURCE).bind(identifier).fetch_optional(c).await)?;
        row.map(ResourceRow::read).transpose()
    }

    /// Changes these fields of a resource to what they are here, and no others.
    pub async fn change_resource(&mut self, resource: &Resource, fields: &[ResourceField]) -> Result<(), Failure> {
        use ResourceField as F;
        let has = |field: F| fields.contains(&field);
        let choice = resource.signing.public().unwrap_or_default();
        let algorithm = |name: Option<Algorithm>| has(F::SigningAlg).then(|| name.map_or("", Algorithm::as_str));
        let scopes = json_if(has(F::Scopes), &resource.scopes)?;
        let former_scopes = json_if(has(F::Scopes), &resource.former_scopes)?;
        let scope_needs = json_if(has(F::ScopeNeeds), &resource.scope_needs)?;
        let introspectors = json_if(has(F::Introspectors), &resource.introspectors)?;
        on!(self, |c| sqlx::query(CHANGE_RESOURCE)
            .bind(&resource.identifier)
            .bind(has(F::Name).then_some(&resource.name))
            .bind(scopes)
            .bind(introspectors)
            .bind(algorithm(choice.wanted))
            .bind(algorithm(choice.former))
            .bind(has(F::TokenType).then(|| resource.token_type.as_str()))
            .bind(former_scopes)
            .bind(scope_needs)
            .bind(has(F::Roles).then(|| String::from(resource.roles_seen.clone())))
            .bind(has(F::SigningAlg).then(|| i64::from(resource.signing.is_secret())))
            .execute(c)
            .await
            .map(drop))?;
        self.resource_changed().await
    }
}
