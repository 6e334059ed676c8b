//! Identities: the accounts of people at providers, found by (issuer, subject) and never by an address; and an address that its owner takes
//! over. A sign-in that came by one ends in `endings.rs`.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use sqlx::FromRow;

use super::rows::{from_json, json};
use super::{Reader, Storage, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::alert::Alert;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::message::LANGUAGE;
use crate::protocol::page::{Cursor, Listed, Page};
use crate::protocol::upstream::{Identity, Vouched};
use crate::protocol::user::EmailAuthority;

/// The columns, in the order in which a whole row is written.
macro_rules! columns {
    () => {
        "id, user_id, provider, issuer, subject, email, email_verified, roles, created_at, last_used_at"
    };
}

statements! {
    IDENTITY = concat!("SELECT ", columns!(), " FROM identities WHERE issuer = $1 AND subject = $2");
    IDENTITIES_OF_USER = concat!("SELECT ", columns!(), " FROM identities WHERE user_id = $1 ORDER BY created_at, id");
    IDENTITIES_AFTER = concat!("SELECT ", columns!(), " FROM identities WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3");
    INSERT_IDENTITY = concat!("INSERT INTO identities (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT (issuer, subject) DO NOTHING RETURNING id");
    USE_IDENTITY = "UPDATE identities SET provider = $3, email = $4, email_verified = $5, roles = $6, last_used_at = $7 \
        WHERE id = $1 AND user_id = $2 RETURNING id";
    DELETE_IDENTITY = concat!("DELETE FROM identities WHERE id = $1 AND user_id = $2 RETURNING ", columns!());
    ROLES_OF_IDENTITIES = "SELECT u.upstream_roles, i.provider, i.roles FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = $1";
    SET_UPSTREAM_ROLES = "UPDATE users SET upstream_roles = $2, updated_at = $3 WHERE id = $1";
    // What clients can learn of the person changes with `email_verified` alone.
    VERIFY_ADDRESS = "UPDATE users SET email_verified = 1, email_authority = $4, updated_at = CASE WHEN email_verified = 0 THEN $3 ELSE updated_at END \
        WHERE id = $1 AND email = $2 AND (email_verified = 0 OR email_authority IN ('nobody', 'provider', 'unknown'))";
    // Nobody with authority says that the address is the account's, and nobody has given it anything (`User::may_be_displaced`).
    RELEASE_ADDRESS = "UPDATE users SET email = NULL, email_verified = 0, email_authority = 'nobody', password_hash = NULL, disabled_at = $3, updated_at = $3 \
        WHERE id = $1 AND email = $2 AND (email_authority = 'provider' OR (email_authority = 'nobody' AND email_verified = 0)) \
        AND made_by IN ('person', 'upstream') AND roles = '[]' AND upstream_roles = '[]' AND disabled_at IS NULL RETURNING id";
    FORGET_IDENTITIES = "DELETE FROM identities WHERE user_id = $1";
    FORGET_CONSENTS = "DELETE FROM consents WHERE user_id = $1";
}

/// Why a sign-in or a grant ended.
const UNLINKED: &str = "unlinked";

#[derive(FromRow)]
struct IdentityRow {
    id: String,
    user_id: String,
    provider: String,
    issuer: String,
    subject: String,
    email: Option<String>,
    email_verified: i64,
    roles: String,
    created_at: i64,
    last_used_at: i64,
}

impl IdentityRow {
    fn read(self) -> Result<Identity, Failure> {
        Ok(Identity {
            roles: from_json("roles", &self.roles)?,
            id: self.id,
            user_id: self.user_id,
            provider: self.provider,
            issuer: self.issuer,
            subject: self.subject,
            email: self.email,
            email_verified: self.email_verified != 0,
            created_at: Timestamp::from_seconds(self.created_at),
            last_used_at: Timestamp::from_seconds(self.last_used_at),
        })
    }
}

impl Reader {
    /// The identity of this subject at this issuer.
    pub async fn identity(&mut self, issuer: &str, subject: &str) -> Result<Option<Identity>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, IdentityRow>(IDENTITY)
            .bind(issuer)
            .bind(subject)
            .fetch_optional(c)
            .await)?;
        row.map(IdentityRow::read).transpose()
    }

    /// The identities of a user, oldest first.
    pub async fn identities_of_user(&mut self, user_id: &str) -> Result<Vec<Identity>, Failure> {
        let rows =
            on!(self, |c| sqlx::query_as::<_, IdentityRow>(IDENTITIES_OF_USER).bind(user_id).fetch_all(c).await)?;
        rows.into_iter().map(IdentityRow::read).collect()
    }

    /// A page of all identities, oldest first.
    pub async fn identities_of(&mut self, page: &Page) -> Result<Listed<Identity>, Failure> {
        let (seconds, id, most) = page.bounds();
        let rows = on!(self, |c| sqlx::query_as::<_, IdentityRow>(IDENTITIES_AFTER)
            .bind(seconds)
            .bind(id)
            .bind(most)
            .fetch_all(c)
            .await)?;
        let identities = rows.into_iter().map(IdentityRow::read).collect::<Result<_, _>>()?;
        let place = |identity: &Identity| Cursor { at: identity.created_at, id: identity.id.clone() };
        Ok(Listed::of(identities, page, place))
    }
}

impl Storage {
    /// Lets the roles of these providers alone count, by their ids in the settings. Whatever else gave roles takes them with it when those of a person are
    /// gathered the next time: at a sign-in of theirs in any way, and when an identity is linked or unlinked. Before this is called those of all count.
    pub fn roles_come_of(&self, providers: impl IntoIterator<Item = String>) {
        let providers = Some(Arc::new(providers.into_iter().collect()));
        *self.role_givers().write().unwrap_or_else(PoisonError::into_inner) = providers;
    }
}

/// The user must be held ([`Transaction::hold_user`]) or just made, but where it says otherwise: roles are gathered from all identities.
impl Transaction {
    /// Links an identity to its user, and records it. `false` when somebody has it, be it this user.
    pub async fn insert_identity(&mut self, new: &Identity, act: &Act) -> Result<bool, Failure> {
        let roles = json(&new.roles)?;
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(INSERT_IDENTITY)
            .bind(&new.id)
            .bind(&new.user_id)
            .bind(&new.provider)
            .bind(&new.issuer)
            .bind(&new.subject)
            .bind(new.email.as_deref())
            .bind(i64::from(new.email_verified))
            .bind(roles)
            .bind(new.created_at.seconds())
            .bind(new.last_used_at.seconds())
            .fetch_optional(c)
            .await)?;
        if written.is_none() {
            return Ok(false);
        }
        self.gather_roles(&new.user_id, act).await?;
        self.record(&event(act, Name::IdentityLinked, new)).await?;
        Ok(true)
    }

    /// Notes that an identity signs its user in, and what the provider says of it now. `false` when it was unlinked meanwhile.
    pub async fn use_identity(&mut self, identity: &Identity, vouched: &Vouched, act: &Act) -> Result<bool, Failure> {
        let roles = json(&vouched.roles)?;
        let used = on!(self, |c| sqlx::query_as::<_, (String,)>(USE_IDENTITY)
            .bind(&identity.id)
            .bind(&identity.user_id)
            .bind(&vouched.provider)
            .bind(vouched.email.as_ref().map(|email| email.address.as_str()))
            .bind(i64::from(vouched.verified_email().is_some()))
            .bind(roles)
            .bind(act.at.seconds())
            .fetch_optional(c)
            .await)?;
        if used.is_none() {
            return Ok(false);
        }
        self.gather_roles(&identity.user_id, act).await?;
        Ok(true)
    }

    /// Unlinks an identity of a user: the roles that it gave go, the sign-ins that came by it end, with every grant that came of them, bound to
    /// them or not, for whoever had come by it may have been somebody else; and it is recorded. Whether another way in is left is for the caller. `None` when the user has no such identity.
    pub async fn delete_identity(&mut self, id: &str, user_id: &str, act: &Act) -> Result<Option<Identity>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, IdentityRow>(DELETE_IDENTITY)
            .bind(id)
            .bind(user_id)
            .fetch_optional(c)
            .await)?;
        let Some(identity) = row.map(IdentityRow::read).transpose()? else { return Ok(None) };
        self.gather_roles(user_id, act).await?;
        self.end_sign_ins_of_identity((id, None), UNLINKED, act).await?;
        self.end_grants_of_identity((id, user_id), UNLINKED, act).await?;
        // Whoever came by it may have kept theirs.
        self.end_kept_devices(user_id, None).await?;
        self.record(&event(act, Name::IdentityUnlinked, &identity)).await?;
        Ok(Some(identity))
    }

    /// Notes that the user has proved the address to somebody with authority, if it is still the account's; tells whether that is news. Holds the user.
    pub async fn verify_address(
        &mut self,
        user_id: &str,
        address: &str,
        by: EmailAuthority,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let verified = on!(self, |c| sqlx::query(VERIFY_ADDRESS)
            .bind(user_id)
            .bind(address)
            .bind(now.seconds())
            .bind(by.as_str())
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(verified > 0)
    }

    /// Takes the address away from an account whose maker never proved it to anybody with authority, for its owner, who has: the account is switched off
    /// with everything that it has and gave, and that is recorded. `false`, and nothing is done, when an operator made the account or gave it the address,
    /// when an authority or a mail of ours proved that, when it holds a role, or when the address is not its any more. One statement decides, and holds the user.
    pub async fn release_address(&mut self, user_id: &str, address: &str, act: &Act) -> Result<bool, Failure> {
        let released = on!(self, |c| sqlx::query_as::<_, (String,)>(RELEASE_ADDRESS)
            .bind(user_id)
            .bind(address)
            .bind(act.at.seconds())
            .fetch_optional(c)
            .await)?;
        if released.is_none() {
            return Ok(false);
        }
        let identities = self.identities_of_user(user_id).await?;
        self.end_everything_of_user(user_id, "address taken over", act).await?;
        for statement in [FORGET_IDENTITIES, FORGET_CONSENTS] {
            on!(self, |c| sqlx::query(statement).bind(user_id).execute(c).await.map(drop))?;
        }
        self.delete_attempts(user_id).await?;
        let event = Event::of(act, Name::UserDisplaced).on(Noun::User, user_id);
        self.record(&event).await?;
        // Whose language that was is not known any more.
        self.alert_at(address, (Alert::Displaced, LANGUAGE), &event).await?;
        // At the address that is theirs now its owner hears of it; who made the account can be reached where a provider says that they read mail.
        let proved = identities.into_iter().filter(|identity| identity.email_verified);
        let last = proved.max_by_key(|identity| identity.last_used_at).and_then(|identity| identity.email);
        if let Some(elsewhere) = last.filter(|elsewhere| elsewhere != address) {
            self.alert_elsewhere(&elsewhere, (Alert::AddressLost, LANGUAGE), &event).await?;
        }
        Ok(true)
    }

    /// Brings the roles that come of providers up to date: those that count now. What changes is recorded, without the roles.
    pub(super) async fn gather_roles(&mut self, user_id: &str, act: &Act) -> Result<(), Failure> {
        type Row = (String, Option<String>, Option<String>);
        let rows = on!(self, |c| sqlx::query_as::<_, Row>(ROLES_OF_IDENTITIES).bind(user_id).fetch_all(c).await)?;
        let givers = self.storage.role_givers().read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut roles: BTreeSet<String> = BTreeSet::new();
        for (_, provider, of_one) in &rows {
            let counts = |provider| givers.as_ref().is_none_or(|givers| givers.contains::<str>(provider));
            if provider.as_deref().is_some_and(counts) {
                roles.extend(from_json::<Vec<String>>("roles", of_one.as_deref().unwrap_or("[]"))?);
            }
        }
        let roles = json(&roles)?;
        if rows.first().is_none_or(|(known, ..)| *known == roles) {
            return Ok(());
        }
        on!(self, |c| sqlx::query(SET_UPSTREAM_ROLES)
            .bind(user_id)
            .bind(&roles)
            .bind(act.at.seconds())
            .execute(c)
            .await
            .map(drop))?;
        let event = Event::of(act, Name::UserChanged).on(Noun::User, user_id);
        self.record(&event.with("fields", vec!["upstream_roles"])).await
    }
}

/// Never the subject: it is known of a person.
fn event(act: &Act, name: Name, identity: &Identity) -> Event {
    let event = Event::of(act, name).on(Noun::Identity, &identity.id).about_user(&identity.user_id);
    event.with("provider", identity.provider.as_str())
}
