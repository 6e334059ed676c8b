//! An alert: a message that says what has happened to an account, so that its owner can tell whether it was them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audit::{Event, Name, SECURITY_KEY};
use super::on_reuse::OnReuse;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alert {
    /// A refresh token that was replaced has been used again: somebody else has a copy of it.
    TokenReused {
        /// The application that it was given to, by its name; `None` when it is not registered any more.
        client: Option<String>,
        /// Whether everything was ended, rather than this one application's access.
        everywhere: bool,
    },
    /// The password was changed.
    PasswordChanged,
    /// The account, which had no password, has one.
    PasswordSet,
    /// The account does without its password.
    PasswordRemoved,
    /// The password was set anew by whoever reads mail at the address.
    PasswordReset,
    /// The account got an authenticator, or another in its place.
    AuthenticatorAdded,
    /// The account does without an authenticator.
    AuthenticatorRemoved,
    /// The account got a passkey.
    PasskeyAdded {
        /// What it is called.
        name: String,
    },
    /// The account lost a passkey.
    PasskeyRemoved {
        /// What it was called.
        name: String,
    },
    /// A passkey was refused as a copy.
    PasskeyWentBack {
        /// What it is called.
        name: String,
    },
    /// The account got a security key.
    SecurityKeyAdded {
        /// What it is called.
        name: String,
    },
    /// The account lost a security key.
    SecurityKeyRemoved {
        /// What it was called.
        name: String,
    },
    /// A security key was refused as a copy.
    SecurityKeyWentBack {
        /// What it is called.
        name: String,
    },
    /// Recovery codes were made, and the former ones are worth nothing.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An operator took every second factor away.
    FactorsReset,
    /// Every second factor was taken away on a request of whoever has lost them.
    LostFactorsRemoved,
    /// Such a request has ended, and nothing was taken away.
    FactorResetEnded,
    /// An account at a provider can be signed in with from now on.
    IdentityLinked {
        /// The provider, by its name.
        provider: String,
    },
    /// An account at a provider cannot be signed in with any more.
    IdentityUnlinked {
        /// The provider, by its name.
        provider: String,
    },
    /// Somebody has signed in with a device that the account does not know.
    NewDevice,
    /// Too many have tried to sign in in vain.
    Lockout,
    /// The account has another address now, and this one leads to it no more.
    AddressChanged,
    /// An API key was made.
    KeyMade {
        /// Its id: how it begins.
        id: String,
    },
    /// An API key was found where it should not be, and ended.
    KeyLeaked {
        /// Its id: how it begins.
        id: String,
    },
    /// Everything was ended: all sign-ins, and all that applications were granted.
    EverythingEnded,
    /// Somebody who proved the address has it now, and the account that was there before is without one.
    Displaced,
    /// The same, told where else its maker can be reached.
    AddressLost,
}

impl Alert {
    /// What an event means to the owner of the account that it concerns; `None` when it is none that they are told of. Applications and providers
    /// are named by their ids, as in the event. An address that an account has no more ([`Alert::Displaced`], [`Alert::AddressLost`],
    /// [`Alert::AddressChanged`]) is not told by this: the event does not say which that was.
    pub fn of(event: &Event) -> Option<Self> {
        let text = |name: &str| event.details.get(name).and_then(Value::as_str);
        let is_set = |name: &str| event.details.get(name) == Some(&Value::Bool(true));
        let fields = event.details.get("fields").and_then(Value::as_array);
        let has_changed = |field: &str| fields.is_some_and(|fields| fields.iter().any(|name| name == field));
        let subject = || event.subject.as_ref().map(|subject| subject.id.clone()).unwrap_or_default();
        let provider = || text("provider").unwrap_or_default().to_owned();
        let name = || text("name").unwrap_or_default().to_owned();
        Some(match event.name {
            Name::RefreshTokenReused => Self::TokenReused {
                client: event.client_id.clone(),
                everywhere: text("ends") == Some(OnReuse::User.as_str()),
            },
            Name::UserChanged if has_changed("password") => Self::PasswordChanged,
            Name::UserPasswordChanged if is_set("first") => Self::PasswordSet,
            Name::UserPasswordRemoved => Self::PasswordRemoved,
            Name::UserPasswordChanged => Self::PasswordChanged,
            Name::UserPasswordReset => Self::PasswordReset,
            // Who came with it from another server has it since then.
            Name::AuthenticatorAdded if is_set("imported") => return None,
            Name::AuthenticatorAdded => Self::AuthenticatorAdded,
            Name::AuthenticatorRemoved => Self::AuthenticatorRemoved,
            Name::PasskeyAdded if is_set(SECURITY_KEY) => Self::SecurityKeyAdded { name: name() },
            Name::PasskeyRemoved if is_set(SECURITY_KEY) => Self::SecurityKeyRemoved { name: name() },
            Name::PasskeyWentBack if is_set(SECURITY_KEY) => Self::SecurityKeyWentBack { name: name() },
            Name::PasskeyAdded => Self::PasskeyAdded { name: name() },
            Name::PasskeyRemoved => Self::PasskeyRemoved { name: name() },
            Name::PasskeyWentBack => Self::PasskeyWentBack { name: name() },
            // Those that come with the first second factor are told with it.
            Name::RecoveryCodesMade if !is_set("first") => Self::RecoveryCodesMade,
            Name::RecoveryCodeUsed => Self::RecoveryCodeUsed,
            Name::UserFactorsReset if is_set("on_request") => Self::LostFactorsRemoved,
            Name::UserFactorsReset => Self::FactorsReset,
            Name::FactorResetEnded => Self::FactorResetEnded,
            Name::IdentityLinked => Self::IdentityLinked { provider: provider() },
            Name::IdentityUnlinked => Self::IdentityUnlinked { provider: provider() },
            Name::SignInSucceeded if is_set("new_device") => Self::NewDevice,
            Name::LockoutBegan => Self::Lockout,
            Name::ApiKeyCreated => Self::KeyMade { id: subject() },
            Name::ApiKeyReported => Self::KeyLeaked { id: subject() },
            Name::UserSignedOut => Self::EverythingEnded,
            _ => return None,
        })
    }

    /// How many mails say it to one account within an hour, however often it happens. Whoever changes what guards an account is told each change: the
    /// second passkey may be another's.
    pub const fn most_per_hour(&self) -> i64 {
        match self {
            Self::AuthenticatorAdded
            | Self::AuthenticatorRemoved
            | Self::PasskeyAdded { .. }
            | Self::PasskeyRemoved { .. }
            | Self::SecurityKeyAdded { .. }
            | Self::SecurityKeyRemoved { .. }
            | Self::RecoveryCodesMade
            | Self::RecoveryCodeUsed
            | Self::IdentityLinked { .. }
            | Self::IdentityUnlinked { .. } => 20,
            _ => 1,
        }
    }

    /// A word for it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TokenReused { .. } => "token_reused",
            Self::PasswordChanged => "password_changed",
            Self::PasswordSet => "password_set",
            Self::PasswordRemoved => "password_removed",
            Self::PasswordReset => "password_reset",
            Self::AuthenticatorAdded => "authenticator_added",
            Self::AuthenticatorRemoved => "authenticator_removed",
            Self::PasskeyAdded { .. } => "passkey_added",
            Self::PasskeyRemoved { .. } => "passkey_removed",
            Self::PasskeyWentBack { .. } => "passkey_went_back",
            Self::SecurityKeyAdded { .. } => "security_key_added",
            Self::SecurityKeyRemoved { .. } => "security_key_removed",
            Self::SecurityKeyWentBack { .. } => "security_key_went_back",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::FactorsReset => "factors_reset",
            Self::LostFactorsRemoved => "lost_factors_removed",
            Self::FactorResetEnded => "factor_reset_ended",
            Self::IdentityLinked { .. } => "identity_linked",
            Self::IdentityUnlinked { .. } => "identity_unlinked",
            Self::NewDevice => "new_device",
            Self::Lockout => "lockout",
            Self::KeyMade { .. } => "key_made",
            Self::KeyLeaked { .. } => "key_leaked",
            Self::AddressChanged => "moved_on",
            Self::EverythingEnded => "everything_ended",
            Self::Displaced => "displaced",
            Self::AddressLost => "address_lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::audit::Act;

    #[test]
    fn what_the_owner_of_an_account_is_told_of_is_said_here_alone() {
        let act = Act::of_system(Timestamp::from_seconds(1_000_000));
        let event = |name: Name| Event::of(&act, name).about_user("u").about_client("c");
        let reused = |ends: &str| Alert::of(&event(Name::RefreshTokenReused).with("ends", ends));
        assert_eq!(reused("user"), Some(Alert::TokenReused { client: Some("c".into()), everywhere: true }));
        assert_eq!(reused("grant"), Some(Alert::TokenReused { client: Some("c".into()), everywhere: false }));
        let changed = |fields: &[&str]| Alert::of(&event(Name::UserChanged).with("fields", fields.to_vec()));
        assert_eq!((changed(&["name", "password"]), changed(&["name"])), (Some(Alert::PasswordChanged), None));
        let linked = event(Name::IdentityLinked).with("provider", "google");
        assert_eq!(Alert::of(&event(Name::UserPasswordReset)), Some(Alert::PasswordReset));
        assert_eq!(Alert::of(&linked), Some(Alert::IdentityLinked { provider: "google".into() }));
        let known = event(Name::SignInSucceeded);
        assert_eq!(Alert::of(&known), None);
        assert_eq!(Alert::of(&known.with("new_device", true)), Some(Alert::NewDevice));
        let named = |name: Name| event(name).with("name", "Ring");
        let added = |event: Event| Alert::of(&event);
        assert_eq!(added(named(Name::PasskeyAdded)), Some(Alert::PasskeyAdded { name: "Ring".into() }));
        let of_key = named(Name::PasskeyAdded).with(SECURITY_KEY, true);
        assert_eq!(added(of_key), Some(Alert::SecurityKeyAdded { name: "Ring".into() }));
        for quiet in [Name::SignInFailed, Name::GrantBegan, Name::GrantEnded, Name::UserDisplaced, Name::KeyCreated] {
            assert_eq!(Alert::of(&event(quiet)), None, "{quiet}");
        }
    }
}
