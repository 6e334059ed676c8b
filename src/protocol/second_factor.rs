//! A second factor: what shows beside the first proof that it is the person, such as a code of the authenticator in their pocket. Whether an
//! installation asks for one, and what somebody lacks who has given none.

use super::named::named;
use super::passkey::Kept;

/// Whether people have second factors here (`[sign_in] second_factor`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecondFactor {
    /// Nobody sets one up, and nobody is asked for one.
    Off,
    /// Whoever wants one sets it up, and is asked for it from then on.
    Offered,
    /// Everybody has one: whoever has none sets it up before they are signed in.
    Required,
}

named!(SecondFactor { Off = "off", Offered = "offered", Required = "required" });

/// By what an account is guarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// Whether it has a password; it is of use where people sign in by one (`[sign_in] password`).
    pub password: bool,
    /// Whether it has an authenticator.
    pub authenticator: bool,
    /// How well the key of the best of its passkeys is kept, if it has any.
    pub passkey: Option<Kept>,
    /// Whether it has a security key.
    pub security_key: bool,
}

impl Guards {
    /// Whether there is a second factor to be asked for; passkeys and security keys count where people use them (`[sign_in] passkeys`).
    pub const fn are_any(self, with_passkeys: bool) -> bool {
        // Each is named: one that is forgotten here is a factor that nobody is asked for.
        let Self { password: _, authenticator, passkey, security_key } = self;
        authenticator || ((passkey.is_some() || security_key) && with_passkeys)
    }

    /// Whether there is one that can be shown and is no passkey: where people have second factors, and, for security keys, passkeys.
    pub const fn are_beside_passkeys(self, with_passkeys: bool) -> bool {
        Self { passkey: None, ..self }.are_any(with_passkeys)
    }
}

/// What is missing of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The account has one, and it was not shown: a code, a security key or a passkey, whichever it has.
    Code,
    /// The account has none, and must have one.
    Enrolment,
    /// Nothing but a passkey will do whose key is kept so: the account has one, and it was not shown.
    Passkey(Kept),
    /// Nothing but a passkey will do whose key is kept so, and the account has none such, or theirs is lost.
    FirstPasskey(Kept),
}

impl Lack {
    /// Whether the account has what is missing, so that it is to be shown and not set up.
    pub const fn is_there(self) -> bool {
        matches!(self, Self::Code | Self::Passkey(_))
    }
}

/// What an account has beside its first proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator: an app that makes codes.
    Authenticator,
    /// Recovery codes, for whoever has lost it. They are no factor to begin with: they go with the last of the others.
    RecoveryCodes,
}

named!(FactorKind { Authenticator = "authenticator", RecoveryCodes = "recovery_codes" });

/// How many recovery codes are made at once.
pub const RECOVERY_CODES: usize = 10;
/// With so many left or fewer, the person is told to make new ones.
pub const FEW_RECOVERY_CODES: i64 = 2;
