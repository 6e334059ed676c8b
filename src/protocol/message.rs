//! A message: a mail that was decided on, as a value and not yet as words. It lies sealed in the outbox, for it may hold what proves an address.
//!
//! To whom, about what, and what led to it: when, from which network, with which device. Words are made of it when it is sent, so a mail that
//! waited says what is true of its time. What is written in it is never shown by `Debug`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::ticket::Purpose;
use crate::clock::Timestamp;

/// A mail that was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The address, in its canonical form ([`super::email`]): one, and nothing that a header could be made of.
    pub to: String,
    /// What it is about.
    pub about: About,
    /// What led to it.
    pub occasion: Occasion,
    /// The ticket that it carries ([`super::ticket`]), by its row id, when whose it is turns out as it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// The language of the words, until a person's own is known.
pub const LANGUAGE: &str = "en";

/// What led to a message, as whoever reads it wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// When it was.
    pub at: Timestamp,
    /// From which network, as [`ClientNetwork`](super::network::ClientNetwork) writes it; `None` when it is not known, or was on this machine.
    pub network: Option<String>,
    /// With which device ([`super::device`]).
    pub device: Option<String>,
}

impl Occasion {
    /// That something happened by itself, or an operator did it.
    pub const fn here(at: Timestamp) -> Self {
        Self { at, network: None, device: None }
    }
}

/// What a message is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// What a ticket is for, with the ticket.
    Ticket(Carried),
    /// The ticket of a sign-in, whose reader will be the first to show that the address is theirs: what others may have put into the account goes then.
    /// It becomes that when it is sent.
    FirstSignIn(Carried),
    /// Somebody wants an account with this address, or wants it for theirs, and there is an account with it.
    AddressTaken,
    /// Nobody has proved the address yet, and the account ends when nobody does.
    Unproven {
        /// The page that takes the proof.
        link: String,
        /// For how many days it can.
        days: i64,
    },
    /// Something has happened to the account.
    Alert(Alert),
    /// An operator tries whether mail works.
    Test,
}

/// A ticket as its mail carries it. For how long it holds is what its purpose says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// What for.
    pub purpose: Purpose,
    /// The page that takes the proof, an address below the issuer.
    pub link: String,
    /// What can be typed instead, where it was asked for; nothing when no page asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What else the reader is told: the name of who is invited, the address that the account has now, for how many days it can come
    /// back, from when on its second factors can be taken away (in seconds since the epoch).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

impl About {
    /// What kind of message it is: a word that says nothing of what is in it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ticket(carried) => match carried.purpose {
                Purpose::Register => "registration",
                Purpose::Reset => "reset",
                Purpose::Verify => "verify_address",
                Purpose::Change => "change_address",
                Purpose::Undo => "address_changed",
                Purpose::Invite => "invitation",
                Purpose::Return => "deletion",
                Purpose::Confirm => "confirm",
                Purpose::SignIn => "sign_in",
                Purpose::ResetFactors => "reset_factors",
                Purpose::KeepFactors => "factor_reset_began",
            },
            Self::FirstSignIn(_) => "sign_in",
            Self::AddressTaken => "address_taken",
            Self::Unproven { .. } => "unproven",
            Self::Alert(alert) => alert.kind(),
            Self::Test => "test",
        }
    }

    /// What it becomes when it is sent, by whether there is an account with the address then; `None` when nothing is to be sent. So asking is the
    /// same for every address, and what is known of it is said in the mail alone.
    pub fn when_sent(self, address_is_taken: bool) -> Option<Self> {
        match self.purpose() {
            Some(Purpose::Register | Purpose::Change) if address_is_taken => Some(Self::AddressTaken),
            Some(purpose) if purpose.finds_account() && !address_is_taken => None,
            _ => Some(self),
        }
    }

    /// Whether [`About::when_sent`] needs to know about the address.
    pub fn depends_on_address(&self) -> bool {
        self.finds_account() || matches!(self.purpose(), Some(Purpose::Register | Purpose::Change))
    }

    /// Whether its ticket is for whatever account has the address when it is sent.
    pub fn finds_account(&self) -> bool {
        self.purpose().is_some_and(Purpose::finds_account)
    }

    /// What the ticket is for that it carries, if it carries one.
    pub const fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::Ticket(carried) => Some(carried.purpose),
            _ => None,
        }
    }
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "About({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_says_of_an_address_is_decided_when_it_is_sent() {
        let carried =
            |purpose| About::Ticket(Carried { purpose, link: "https://a.test/x".into(), code: None, of: None });
        let [registration, change, reset] = [Purpose::Register, Purpose::Change, Purpose::Reset].map(carried);
        for asked in [registration, change] {
            assert_eq!(asked.clone().when_sent(false), Some(asked.clone()));
            assert_eq!(asked.when_sent(true), Some(About::AddressTaken));
        }
        assert_eq!(reset.clone().when_sent(true), Some(reset.clone()));
        assert_eq!(reset.when_sent(false), None);
        assert_eq!(About::Test.when_sent(false), Some(About::Test));
    }

    #[test]
    fn what_is_written_in_a_message_is_never_shown() {
        let (link, code) = ("https://a.test/x".into(), Some("BCDF-GHJK".into()));
        let about = About::Ticket(Carried { purpose: Purpose::Reset, link, code, of: None });
        assert_eq!(format!("{about:?}"), "About(reset)");
        let sealed = serde_json::to_string(&about).unwrap();
        assert_eq!(serde_json::from_str::<About>(&sealed).unwrap(), about);
    }
}
