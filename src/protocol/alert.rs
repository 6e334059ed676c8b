//! An alert: a message that says what has happened to an account, so that its owner can tell whether it was them.

use serde::{Deserialize, Serialize};

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
    /// The password was set anew by whoever reads mail at the address.
    PasswordReset,
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
    /// Everything was ended: all sign-ins, and all that applications were granted.
    EverythingEnded,
    /// Somebody who proved the address has it now, and this account is without one.
    Displaced,
}

impl Alert {
    /// A word for it. However often the same happens to one account within an hour, one mail is sent.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TokenReused { .. } => "token_reused",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::IdentityLinked { .. } => "identity_linked",
            Self::IdentityUnlinked { .. } => "identity_unlinked",
            Self::NewDevice => "new_device",
            Self::Lockout => "lockout",
            Self::EverythingEnded => "everything_ended",
            Self::Displaced => "displaced",
        }
    }
}
