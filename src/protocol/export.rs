//! What is known of a person, written down for them (GDPR Articles 15 and 20): the account, what signs them in and where they are signed in, which
//! applications have access, and what happened. Neither secrets nor hashes, and nobody else: of others who acted on the account it says what they
//! are, not who.

mod ways_in;

use serde::Serialize;
use serde_json::{Map, Value};

use super::api_key::ApiKey;
use super::audit::seal::Row;
use super::consent::Allowance;
use super::factor_reset::FactorResetView;
use super::user::User;
use crate::clock::Timestamp;

pub use ways_in::{FactorPart, IdentityPart, KeptDevicePart, PasskeyPart, SignInPart};

/// The version of the document: fields are only added to it.
const VERSION: u32 = 1;

/// The document. Times are RFC 3339.
#[derive(Clone, Debug, Serialize)]
pub struct Export {
    /// The version of its form.
    pub version: u32,
    /// Who wrote it: the issuer.
    pub issuer: String,
    /// When.
    pub exported_at: String,
    /// The account.
    pub account: AccountPart,
    /// The accounts at providers that sign the person in.
    pub identities: Vec<IdentityPart>,
    /// What the person shows beside the first proof.
    pub second_factors: Vec<FactorPart>,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<PasskeyPart>,
    /// The request to have those taken away, if there is one.
    pub factor_reset: Option<FactorResetView>,
    /// The devices on which they are not asked for a second factor, the newest first.
    pub kept_devices: Vec<KeptDevicePart>,
    /// Where the person is, or lately was, signed in; the oldest first.
    pub sign_ins: Vec<SignInPart>,
    /// The applications with access, by name.
    pub applications: Vec<ApplicationPart>,
    /// The API keys, the oldest first; of those that ended or expired as long as they are kept.
    pub api_keys: Vec<ApiKeyPart>,
    /// What happened, the oldest first, as far back as the record goes.
    pub history: Vec<EventPart>,
}

/// The account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPart {
    /// Its id, the `sub` that applications know.
    pub id: String,
    /// The address.
    pub email: Option<String>,
    /// Whether it is proved.
    pub email_verified: bool,
    /// Who stands for it.
    pub email_authority: &'static str,
    /// The full name.
    pub name: String,
    /// Further standard claims.
    pub claims: Map<String, Value>,
    /// Roles that were given here.
    pub roles: Vec<String>,
    /// Roles that come of what providers say.
    pub upstream_roles: Vec<String>,
    /// Whether there is a password.
    pub has_password: bool,
    /// Who made it.
    pub made_by: &'static str,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was switched off.
    pub disabled_at: Option<String>,
    /// When it goes.
    pub delete_after: Option<String>,
}

impl AccountPart {
    /// The account of this user.
    pub fn new(user: User, has_password: bool) -> Self {
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            email_authority: user.email_authority.as_str(),
            name: user.name,
            claims: user.claims,
            roles: user.roles,
            upstream_roles: user.upstream_roles,
            has_password,
            made_by: user.made_by.as_str(),
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
            disabled_at: user.disabled_at.map(|at| at.to_string()),
            delete_after: user.delete_after.map(|at| at.to_string()),
        }
    }
}

/// An API key, without its secret, which nobody has.
#[derive(Clone, Debug, Serialize)]
pub struct ApiKeyPart {
    /// Its id: how it begins.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// The API that it is for.
    pub resource: String,
    /// What it may do at most.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
    /// From which network it was then shown to us.
    pub last_used_network: Option<String>,
    /// When it was ended.
    pub ended_at: Option<String>,
    /// Why.
    pub end_reason: Option<String>,
}

impl From<ApiKey> for ApiKeyPart {
    fn from(key: ApiKey) -> Self {
        Self {
            scopes: key.scopes.iter().map(str::to_owned).collect(),
            id: key.id,
            name: key.name,
            resource: key.resource,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.to_string(),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
            last_used_network: key.last_used_network,
            ended_at: key.ended_at.map(|at| at.to_string()),
            end_reason: key.end_reason,
        }
    }
}

/// An application with access.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationPart {
    /// Its `client_id`.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// What was allowed it to be remembered, scope by scope of each API.
    pub allowed: Option<Allowance>,
    /// When it last used its access, or when that was given.
    pub used_at: String,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct EventPart {
    /// When.
    pub at: String,
    /// What, by its name in the record.
    pub event: String,
    /// Who did it: `you`, `operator`, `application`, `server` or `somebody`.
    pub by: &'static str,
    /// For which application.
    pub client_id: Option<String>,
    /// From which network.
    pub network: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// How often within its minute.
    pub times: i64,
    /// What else is known of it.
    pub details: Value,
}

impl EventPart {
    /// The row, for the person with this id.
    pub fn of(row: Row, user_id: &str) -> Self {
        let by = match row.actor.split_once(':') {
            Some(("user", id)) if id == user_id => "you",
            Some(("client", _)) => "application",
            None if row.actor == "operator" => "operator",
            None if row.actor == "system" => "server",
            _ => "somebody",
        };
        let mut details: Map<String, Value> = serde_json::from_str(&row.details).unwrap_or_default();
        // What an operator is called is nobody's business either.
        details.remove("os_user");
        Self {
            at: Timestamp::from_seconds(row.at).to_string(),
            event: row.event,
            by,
            client_id: row.client_id,
            // Where an operator sits is nobody's business.
            network: row.network.filter(|_| by != "operator"),
            outcome: row.outcome,
            times: row.times,
            details: details.into(),
        }
    }
}

impl Export {
    /// An account with nothing but itself.
    pub fn new(account: AccountPart, issuer: &str, now: Timestamp) -> Self {
        Self {
            version: VERSION,
            issuer: issuer.to_owned(),
            exported_at: now.to_string(),
            account,
            identities: Vec::new(),
            second_factors: Vec::new(),
            passkeys: Vec::new(),
            factor_reset: None,
            kept_devices: Vec::new(),
            sign_ins: Vec::new(),
            applications: Vec::new(),
            api_keys: Vec::new(),
            history: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_others_it_is_said_what_they_are_and_not_who() {
        let row = |actor: &str| Row {
            id: 1,
            at: 1_800_000_000,
            event: "user.displaced".into(),
            actor: actor.into(),
            subject: Some("user:u".into()),
            user_id: Some("u".into()),
            client_id: None,
            network: Some("203.0.113.7".into()),
            trace: Some("t".into()),
            outcome: "success".into(),
            details: "{\"reason\":\"x\"}".into(),
            times: 1,
        };
        for (actor, by, network) in [
            ("user:u", "you", true),
            ("user:mallory", "somebody", true),
            ("client:c", "application", true),
            ("operator", "operator", false),
            ("system", "server", true),
            ("nobody", "somebody", true),
        ] {
            let told = EventPart::of(row(actor), "u");
            assert_eq!((told.by, told.network.is_some()), (by, network), "{actor}");
            assert!(!serde_json::to_string(&told).unwrap().contains("mallory"));
        }
    }
}
