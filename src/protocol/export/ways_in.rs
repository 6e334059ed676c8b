//! What signs a person in, and where they are signed in, written down for them.

use serde::Serialize;

use crate::protocol::device;
use crate::protocol::kept_device::KeptDevice;
use crate::protocol::passkey::Passkey;
use crate::protocol::upstream::Identity;

/// An account at a provider.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityPart {
    /// The provider, by its id in the configuration.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// The `sub` of the person there.
    pub subject: String,
    /// The address that it gave last.
    pub email: Option<String>,
    /// Whether it said that the address is proved.
    pub email_verified: bool,
    /// The roles that come of it.
    pub roles: Vec<String>,
    /// When it was linked.
    pub linked_at: String,
    /// When it last signed the person in.
    pub last_used_at: String,
}

impl From<Identity> for IdentityPart {
    fn from(identity: Identity) -> Self {
        Self {
            provider: identity.provider,
            issuer: identity.issuer,
            subject: identity.subject,
            email: identity.email,
            email_verified: identity.email_verified,
            roles: identity.roles,
            linked_at: identity.created_at.to_string(),
            last_used_at: identity.last_used_at.to_string(),
        }
    }
}

/// A second factor, without its secret.
#[derive(Clone, Debug, Serialize)]
pub struct FactorPart {
    /// What it is: `authenticator`, or `recovery_codes`.
    pub kind: &'static str,
    /// When it was set up.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
    /// Of recovery codes, how many are left.
    pub left: Option<i64>,
}

/// A passkey, or a security key; the private half of it is nowhere here.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyPart {
    /// What the person calls it.
    pub name: String,
    /// Whether it is a security key: a second factor, and no passkey.
    pub is_security_key: bool,
    /// The make of the device, as it says itself.
    pub aaguid: String,
    /// Whether its maker has attested that.
    pub is_attested: bool,
    /// Whether it may be copied to other devices of the person.
    pub may_be_copied: bool,
    /// Whether it was, when it was last seen.
    pub is_copied: bool,
    /// How the device can be reached.
    pub transports: Vec<String>,
    /// When it was added.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

impl From<Passkey> for PasskeyPart {
    fn from(passkey: Passkey) -> Self {
        Self {
            is_security_key: passkey.is_security_key(),
            name: passkey.name,
            aaguid: passkey.key.aaguid.to_string(),
            is_attested: passkey.key.is_attested,
            may_be_copied: passkey.key.may_be_copied,
            is_copied: passkey.key.is_copied,
            transports: passkey.key.transports,
            created_at: passkey.created_at.to_string(),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// A device that the person keeps.
#[derive(Clone, Debug, Serialize)]
pub struct KeptDevicePart {
    /// The device in a few words.
    pub device: String,
    /// The browser's name of itself.
    pub user_agent: String,
    /// What was shown there: `authenticator`, or `recovery_codes`.
    pub shown: &'static str,
    /// When that was.
    pub kept_at: String,
    /// When it last stood in for a code.
    pub last_used_at: Option<String>,
    /// When it ends.
    pub expires_at: String,
}

impl From<KeptDevice> for KeptDevicePart {
    fn from(kept: KeptDevice) -> Self {
        Self {
            device: device::name(&kept.user_agent),
            user_agent: kept.user_agent,
            shown: kept.shown.as_str(),
            kept_at: kept.kept_at.to_string(),
            last_used_at: kept.last_used_at.map(|at| at.to_string()),
            expires_at: kept.expires_at.to_string(),
        }
    }
}

/// A sign-in.
#[derive(Clone, Debug, Serialize)]
pub struct SignInPart {
    /// Its id, the `sid` that applications know.
    pub id: String,
    /// The device in a few words.
    pub device: String,
    /// The browser's name of itself.
    pub user_agent: String,
    /// The network address that it came from.
    pub address: String,
    /// When it was made.
    pub created_at: String,
    /// When the person last proved who they are.
    pub authenticated_at: String,
    /// When it was last used.
    pub last_used_at: String,
    /// When it ends at the latest.
    pub expires_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why.
    pub end_reason: Option<String>,
}

impl SignInPart {
    /// The device of a browser that calls itself so.
    pub fn device_of(user_agent: &str) -> String {
        device::name(user_agent)
    }
}
