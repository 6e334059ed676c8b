//! A message: a mail that was decided on, as a value and not yet as words. It lies sealed in the outbox, for it may hold what proves an address.
//!
//! To whom, about what, and what led to it: when, from which network, with which device. Words are made of it when it is sent, so a mail that
//! waited says what is true of its time. What is written in it is never shown by `Debug`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
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

/// What a message is about. Links are addresses below the issuer, codes as they are typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// Somebody wants an account with this address. When it is sent and there is one, it is [`About::AddressTaken`] instead.
    Registration {
        /// The page that takes the proof.
        link: String,
        /// What can be typed instead, where it was asked for.
        code: String,
        /// For how long both are worth something.
        minutes: i64,
    },
    /// Somebody wants an account with this address, or wants it for theirs, and there is an account with it.
    AddressTaken,
    /// Somebody wants a new password. When it is sent and there is no account with the address, nothing is sent.
    Reset {
        /// The page that takes the proof.
        link: String,
        /// What can be typed instead, where it was asked for; nothing when an operator asked.
        code: Option<String>,
        /// For how long both are worth something.
        minutes: i64,
    },
    /// The account's owner wants to show that the address is theirs.
    VerifyAddress {
        /// The page that takes the proof.
        link: String,
        /// What can be typed instead, where it was asked for.
        code: String,
        /// For how long both are worth something.
        minutes: i64,
    },
    /// An account's owner wants to have this address from now on. When it is sent and another account has it, it is [`About::AddressTaken`].
    ChangeAddress {
        /// The page that takes the proof.
        link: String,
        /// What can be typed instead, where it was asked for.
        code: String,
        /// For how long both are worth something.
        minutes: i64,
    },
    /// The account has another address now; told to the former one.
    AddressChanged {
        /// The page that undoes it.
        link: String,
        /// For how many days it can.
        days: i64,
        /// The address that it has now.
        now: String,
    },
    /// An operator has invited the person.
    Invitation {
        /// The page that makes the account.
        link: String,
        /// Whom, as the operator wrote it.
        name: Option<String>,
        /// For how many days it can.
        days: i64,
    },
    /// The account goes; its owner can come back.
    Deletion {
        /// The page that brings it back.
        link: String,
        /// For how many days it can.
        days: i64,
    },
    /// Something has happened to the account.
    Alert(Alert),
    /// An operator tries whether mail works.
    Test,
}

impl About {
    /// What kind of message it is: a word that says nothing of what is in it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Registration { .. } => "registration",
            Self::AddressTaken => "address_taken",
            Self::Reset { .. } => "reset",
            Self::VerifyAddress { .. } => "verify_address",
            Self::ChangeAddress { .. } => "change_address",
            Self::AddressChanged { .. } => "address_changed",
            Self::Invitation { .. } => "invitation",
            Self::Deletion { .. } => "deletion",
            Self::Alert(alert) => alert.kind(),
            Self::Test => "test",
        }
    }

    /// What it becomes when it is sent, by whether there is an account with the address then; `None` when nothing is to be sent. So asking is the
    /// same for every address, and what is known of it is said in the mail alone.
    pub fn when_sent(self, address_is_taken: bool) -> Option<Self> {
        match self {
            Self::Registration { .. } | Self::ChangeAddress { .. } if address_is_taken => Some(Self::AddressTaken),
            Self::Reset { .. } if !address_is_taken => None,
            other => Some(other),
        }
    }

    /// Whether [`About::when_sent`] needs to know about the address.
    pub const fn depends_on_address(&self) -> bool {
        matches!(self, Self::Registration { .. } | Self::ChangeAddress { .. } | Self::Reset { .. })
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
        let (link, code, minutes) = (String::from("https://a.test/x"), String::from("BCDF-GHJK"), 60);
        let registration = About::Registration { link: link.clone(), code: code.clone(), minutes };
        let change = About::ChangeAddress { link: link.clone(), code: code.clone(), minutes };
        let reset = About::Reset { link, code: Some(code), minutes };
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
        let about = About::Reset { link: "https://a.test/x".into(), code: Some("BCDF-GHJK".into()), minutes: 60 };
        assert_eq!(format!("{about:?}"), "About(reset)");
        let sealed = serde_json::to_string(&about).unwrap();
        assert_eq!(serde_json::from_str::<About>(&sealed).unwrap(), about);
    }
}
