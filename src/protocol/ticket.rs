//! Tickets: what a mail carries to prove that whoever acts reads that address, a link and perhaps a code (OWASP ASVS 6.4, NIST SP 800-63B-4 §4.2).
//!
//! Asking for one is the same work whatever the address is: whether there is an account is looked at when the mail is sent. A link acts in
//! the browser that opens it; a code where it was asked for. What a ticket is for is its [`Purpose`], and each step is written on it once.

use serde::{Deserialize, Serialize};

use super::named::named;
use crate::clock::Timestamp;

/// What whoever reads the mail may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Make an account with the address.
    Register,
    /// Choose a new password for the account that has the address.
    Reset,
    /// Make an account that somebody was invited to have.
    Invite,
    /// Show that the address of an account is its person's.
    Verify,
    /// Give the account of whoever asked this address instead of the one that it has.
    Change,
    /// Take the account back to this address, which it had before.
    Undo,
    /// Take an account back that is about to be deleted.
    Return,
    /// Confirm in the browser that asked, which is signed in, that it is the account's person who does something there.
    Confirm,
    /// Sign in to the account that has the address.
    SignIn,
    /// Have the second factors of an account taken away, after a while, by whoever has given its first proof.
    ResetFactors,
    /// Stop that.
    KeepFactors,
}

named!(Purpose {
    Register = "register",
    Reset = "reset",
    Invite = "invite",
    Verify = "verify",
    Change = "change",
    Undo = "undo",
    Return = "return",
    Confirm = "confirm",
    SignIn = "sign_in",
    ResetFactors = "reset_factors",
    KeepFactors = "keep_factors",
});

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
/// How long after a proof there is for what it was given for, in seconds.
pub const TO_FINISH: i64 = 15 * MINUTE;

impl Purpose {
    /// How long a ticket holds, in seconds: what gives a whole account to its reader, half an hour; what proves who is at the browser that asks, a quarter; what waits for somebody to come to their
    /// mail by themselves, days.
    pub const fn lifetime(self) -> i64 {
        match self {
            Self::Confirm | Self::SignIn => 15 * MINUTE,
            Self::Reset => 30 * MINUTE,
            Self::Register | Self::Verify | Self::Change | Self::ResetFactors => 60 * MINUTE,
            Self::Invite | Self::Undo | Self::Return | Self::KeepFactors => 7 * DAY,
        }
    }

    /// Whether a code comes with the link: there is a page that asks for it.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Register | Self::Reset | Self::Verify | Self::Change | Self::Confirm | Self::SignIn)
    }

    /// Whether nobody can ask for it but who is signed in to the account, and it goes to the address that this has.
    pub const fn is_asked_by_owner(self) -> bool {
        matches!(self, Self::Verify | Self::Confirm)
    }

    /// Whether it proves who its reader is.
    pub const fn identifies(self) -> bool {
        matches!(self, Self::Confirm | Self::SignIn)
    }

    /// Whether it is for whatever account has the address when its mail is sent, if one has.
    pub const fn finds_account(self) -> bool {
        matches!(self, Self::Reset | Self::SignIn)
    }

    /// Whether its link is worth something only in the browser that asked for it.
    pub const fn acts_where_asked(self) -> bool {
        matches!(self, Self::Confirm)
    }

    /// Whether a password is chosen at its end.
    pub const fn ends_in_password(self) -> bool {
        matches!(self, Self::Register | Self::Reset | Self::Invite)
    }

    /// Whether a newer one takes its place. Each former address keeps its own way back, and each address its own link to stop a request.
    pub const fn replaces_former(self) -> bool {
        !matches!(self, Self::Undo | Self::KeepFactors)
    }

    /// Whether it dies with the password of its account. What takes an account back from whoever has it must not, and what stops a request dies with
    /// that.
    pub const fn dies_with_password(self) -> bool {
        !matches!(self, Self::Undo | Self::Return | Self::KeepFactors)
    }
}

/// What is known beside the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The name of who is invited.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The roles that they will have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// A ticket, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its row id; never a secret.
    pub id: String,
    /// What for.
    pub purpose: Purpose,
    /// The address that it was sent to, in canonical form.
    pub address: String,
    /// Whose account it concerns: known when the mail was sent.
    pub user_id: Option<String>,
    /// What else is known.
    pub details: Details,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_an_account_away_holds_an_hour_at_most_and_dies_with_the_password() {
        for purpose in Purpose::ALL {
            let asked_at_a_page = purpose.has_code() || *purpose == Purpose::ResetFactors;
            assert_eq!(purpose.lifetime() <= 3600, asked_at_a_page, "{purpose}");
            let outlives = matches!(purpose, Purpose::Undo | Purpose::Return | Purpose::KeepFactors);
            assert_eq!(purpose.dies_with_password(), !outlives, "{purpose}");
        }
    }
}
