//! Roles. Which scopes a role permits is read with the resources, so every change of one is told as theirs are.
//!
//! Who has a role stands with them: people and clients that act for themselves in lists of names.

use sqlx::FromRow;

use super::rows::{containing, from_json, json, json_if};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::page::{Cursor, Listed, Page};
use crate::protocol::role::{ADMIN, Role, RoleField};
use crate::protocol::user::User;

/// How many holders are named at most.
const NAMED: i64 = 20;

/// The columns, in the order in which a whole row is written.
macro_rules! columns {
    () => {
        "name, description, scopes, created_at, acr"
    };
}

statements! {
    ROLE = concat!("SELECT ", columns!(), " FROM roles WHERE name = $1");
    ROLES = concat!("SELECT ", columns!(), " FROM roles ORDER BY created_at, name");
    ROLES_AFTER = concat!("SELECT ", columns!(), " FROM roles WHERE (created_at, name) > ($1, $2) ORDER BY created_at, name LIMIT $3");
    INSERT_ROLE = concat!("INSERT INTO roles (", columns!(), ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING RETURNING name");
    HOLD_ROLE = concat!("UPDATE roles SET created_at = created_at WHERE name = $1 RETURNING ", columns!());
    CHANGE_ROLE = "UPDATE roles SET description = COALESCE($2, description), scopes = COALESCE($3, scopes), acr = NULLIF(COALESCE($4, acr), '') WHERE name = $1";
    DELETE_ROLE = "DELETE FROM roles WHERE name = $1";
    USERS_WITH_ROLE = "SELECT id, email, name FROM users WHERE roles LIKE $1 ESCAPE '!' ORDER BY created_at, id LIMIT $2";
    USERS_WITH_UPSTREAM_ROLE = "SELECT id, email, name FROM users WHERE upstream_roles LIKE $1 ESCAPE '!' ORDER BY created_at, id LIMIT $2";
    CLIENTS_WITH_ROLE = "SELECT client_id, metadata FROM clients WHERE metadata LIKE $1 ESCAPE '!' ORDER BY created_at, client_id LIMIT $2";
    OTHERS_WITH_ROLE = "SELECT COUNT(*) FROM users WHERE roles LIKE $1 ESCAPE '!' AND id <> $2 AND disabled_at IS NULL AND delete_after IS NULL";
}

#[derive(FromRow)]
struct RoleRow {
    name: String,
    description: String,
    scopes: String,
    created_at: i64,
    acr: Option<String>,
}

impl RoleRow {
    fn read(self) -> Result<Role, Failure> {
        Ok(Role {
            scopes: from_json("scopes", &self.scopes)?,
            name: self.name,
            description: self.description,
            acr: self.acr,
            created_at: Timestamp::from_seconds(self.created_at),
        })
    }
}

/// Somebody who has a role.
#[derive(Clone, Debug, FromRow)]
pub struct PersonWithRole {
    /// The id.
    pub id: String,
    /// The address, if the account has one.
    pub email: Option<String>,
    /// The name.
    pub name: String,
}

/// Who has a role: of each kind the first twenty.
#[derive(Clone, Debug)]
pub struct Holders {
    /// People to whom it was given here.
    pub users: Vec<PersonWithRole>,
    /// People who have it because of what a provider says.
    pub upstream_users: Vec<PersonWithRole>,
    /// Clients, by id.
    pub clients: Vec<String>,
}

/// Every failure is the database's.
impl Reader {
    /// The role with this name.
    pub async fn role(&mut self, name: &str) -> Result<Option<Role>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, RoleRow>(ROLE).bind(name).fetch_optional(c).await)?;
        row.map(RoleRow::read).transpose()
    }

    /// All roles, oldest first.
    pub async fn roles(&mut self) -> Result<Vec<Role>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, RoleRow>(ROLES).fetch_all(c).await)?;
        rows.into_iter().map(RoleRow::read).collect()
    }

    /// A page of the roles, oldest first.
    pub async fn roles_of(&mut self, page: &Page) -> Result<Listed<Role>, Failure> {
        let (seconds, id, most) = page.bounds();
        let rows = on!(self, |c| sqlx::query_as::<_, RoleRow>(ROLES_AFTER)
            .bind(seconds)
            .bind(id)
            .bind(most)
            .fetch_all(c)
            .await)?;
        let roles = rows.into_iter().map(RoleRow::read).collect::<Result<_, _>>()?;
        Ok(Listed::of(roles, page, |role: &Role| Cursor { at: role.created_at, id: role.name.clone() }))
    }

    /// Who has a role.
    pub async fn holders_of_role(&mut self, name: &str) -> Result<Holders, Failure> {
        let named = containing(&json(&name)?);
        let people = async |reader: &mut Self, sql: &'static str| {
            on!(reader, |c| sqlx::query_as::<_, PersonWithRole>(sql).bind(&named).bind(NAMED).fetch_all(c).await)
        };
        let users = people(self, USERS_WITH_ROLE).await?;
        let upstream_users = people(self, USERS_WITH_UPSTREAM_ROLE).await?;
        let rows = on!(self, |c| sqlx::query_as::<_, (String, String)>(CLIENTS_WITH_ROLE)
            .bind(&named)
            .bind(NAMED)
            .fetch_all(c)
            .await)?;
        let mut clients = Vec::new();
        for (client_id, metadata) in rows {
            // The name may stand in another list of theirs.
            if from_json::<ClientMetadata>("metadata", &metadata)?.roles.iter().any(|role| role == name) {
                clients.push(client_id);
            }
        }
        Ok(Holders { users, upstream_users, clients })
    }
}

/// What writes a role tells the nodes so; every failure is the database's.
impl Transaction {
    /// Makes a role; `false` when there is one with this name.
    pub async fn insert_role(&mut self, role: &Role) -> Result<bool, Failure> {
        let scopes = json(&role.scopes)?;
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(INSERT_ROLE)
            .bind(&role.name)
            .bind(&role.description)
            .bind(scopes)
            .bind(role.created_at.seconds())
            .bind(role.acr.as_deref())
            .fetch_optional(c)
            .await)?;
        self.resource_changed().await?;
        Ok(written.is_some())
    }

    /// The role as it is now. Whoever else changes it waits for the end of this transaction.
    pub async fn hold_role(&mut self, name: &str) -> Result<Option<Role>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, RoleRow>(HOLD_ROLE).bind(name).fetch_optional(c).await)?;
        row.map(RoleRow::read).transpose()
    }

    /// Whether somebody can use the role [`ADMIN`] and nobody else can. Their account is held; of two who lose it at once, one waits and sees what became
    /// of the other.
    pub async fn is_last_admin(&mut self, user: &User) -> Result<bool, Failure> {
        if user.disabled_at.is_some() || user.delete_after.is_some() || !user.roles.iter().any(|role| role == ADMIN) {
            return Ok(false);
        }
        self.hold_role(ADMIN).await?;
        let named = containing(&json(&ADMIN)?);
        let (others,) = on!(self, |c| sqlx::query_as::<_, (i64,)>(OTHERS_WITH_ROLE)
            .bind(&named)
            .bind(&user.id)
            .fetch_one(c)
            .await)?;
        Ok(others == 0)
    }

    /// Changes these fields of a role to what they are here, and no others.
    pub async fn change_role(&mut self, role: &Role, fields: &[RoleField]) -> Result<(), Failure> {
        let has = |field: RoleField| fields.contains(&field);
        let scopes = json_if(has(RoleField::Scopes), &role.scopes)?;
        on!(self, |c| sqlx::query(CHANGE_ROLE)
            .bind(&role.name)
            .bind(has(RoleField::Description).then_some(&role.description))
            .bind(scopes)
            .bind(has(RoleField::Acr).then_some(role.acr.as_deref().unwrap_or_default()))
            .execute(c)
            .await
            .map(drop))?;
        self.resource_changed().await
    }

    /// Deletes a role.
    pub async fn delete_role(&mut self, name: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(DELETE_ROLE).bind(name).execute(c).await.map(drop))?;
        self.resource_changed().await
    }
}
