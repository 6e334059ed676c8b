//! A passkey of an account: a key pair of which a device of the person, or what keeps their passwords, has the private half (Web Authentication
//! Level 3). We have the public one, and what the device said of itself when it was made. What is answered with it is checked by
//! [`crate::passkeys`].
//!
//! A security key is such a pair too, on a device that does not check who uses it and has room for no name: it says that somebody has the device, and is a
//! second factor beside something else. One is never the other, so a key says as what it was added.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::audit::{Act, Event, Name, Noun, SECURITY_KEY};
use super::named::named;
use super::printable::is_printable;
use super::proof::{ByPasskey, Proof};
use crate::clock::Timestamp;

/// How many an account has at most, security keys among them.
pub const MOST: usize = 25;
/// The longest name, in characters.
pub const MAX_NAME: usize = 60;

/// Whether makers are asked to attest what their devices are (`[passkeys] attestation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// Nobody is.
    None,
    /// They are; a passkey is taken without it too, and is worth less then.
    Asked,
    /// Without it no passkey is taken.
    Required,
}

named!(Attestation { None = "none", Asked = "asked", Required = "required" });

impl Attestation {
    /// How well the keys of passkeys are kept at best, as far as it can be known.
    pub const fn kept_at_best(self) -> Kept {
        match self {
            Self::None => Kept::Anywhere,
            Self::Asked | Self::Required => Kept::InHardware,
        }
    }
}

/// How well a private key is kept from being taken along: of two the greater is the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// Wherever its owner has it: nobody vouches for more.
    Anywhere,
    /// In hardware that it never leaves, as the maker of the device attests.
    InHardware,
}

impl Kept {
    /// Both, the lesser first.
    pub const ALL: [Self; 2] = [Self::Anywhere, Self::InHardware];

    /// By what a device says of a key, and whether its maker attests what it is.
    pub const fn of(is_attested: bool, may_be_copied: bool) -> Self {
        if is_attested && !may_be_copied { Self::InHardware } else { Self::Anywhere }
    }
}

/// As what a key was added to an account. It is nothing else later, whatever its device can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A passkey: it signs in by itself.
    Passkey,
    /// A security key: a second factor beside what signs in.
    SecurityKey,
}

/// A passkey, or a security key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its row id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// As what it was added.
    pub used_as: Use,
    /// The key.
    pub key: PublicKey,
}

/// The public half, with what is known of the device that has the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// How the device knows it: at most 1023 bytes, of its own choice.
    pub credential_id: Vec<u8>,
    /// The key itself (RFC 9053) and how it was made, as JSON for [`crate::passkeys`].
    pub credential: String,
    /// How often it was used when it was last seen, as the device counts; 0 when it does not count.
    pub counter: u32,
    /// Whether it may be copied to other devices of the person.
    pub may_be_copied: bool,
    /// Whether it was copied, when it was last seen.
    pub is_copied: bool,
    /// How the device can be reached, such as `usb` and `internal`.
    pub transports: Vec<String>,
    /// Its make, as it says itself; true where it is attested.
    pub aaguid: Aaguid,
    /// Whether its maker has attested what it is, up to a root certificate that the operator trusts (`[passkeys] attestation_roots`).
    pub is_attested: bool,
}

impl PublicKey {
    /// How well the private half is kept.
    pub const fn kept(&self) -> Kept {
        Kept::of(self.is_attested, self.may_be_copied)
    }
}

impl Passkey {
    /// Whether it is a passkey, and no security key.
    pub const fn is_passkey(&self) -> bool {
        matches!(self.used_as, Use::Passkey)
    }

    /// Whether it is a security key, and no passkey.
    pub const fn is_security_key(&self) -> bool {
        matches!(self.used_as, Use::SecurityKey)
    }

    /// That this has happened to it.
    pub fn event(&self, name: Name, act: &Act) -> Event {
        let event = Event::of(act, name).on(Noun::User, &self.user_id).with("name", self.name.as_str());
        if self.is_security_key() { event.with(SECURITY_KEY, true) } else { event }
    }

    /// What is proved by whoever shows it now.
    pub fn proof(&self, now: Timestamp) -> Proof {
        let by =
            ByPasskey { id: self.id.clone(), may_be_copied: self.key.may_be_copied, is_attested: self.key.is_attested };
        match self.used_as {
            Use::Passkey => Proof::by_passkey(by, now),
            Use::SecurityKey => Proof::by_security_key(by, now),
        }
    }
}

/// A name as it is kept: what was typed, or, if that cannot be shown, this other one. Cut to [`MAX_NAME`] characters.
pub fn name_of(typed: &str, otherwise: &str) -> String {
    let typed = typed.trim();
    let name = if typed.is_empty() || !is_printable(typed) { otherwise } else { typed };
    name.chars().take(MAX_NAME).collect()
}

/// The make of a device that has passkeys, the same for all of a model (WebAuthn §6.5.1). Of zeros when it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Aaguid(pub [u8; 16]);

impl FromStr for Aaguid {
    type Err = String;

    /// Takes the usual form of 32 hexadecimal digits in five groups.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no AAGUID such as ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4");
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        if lengths != [8, 4, 4, 4, 12] {
            return Err(wrong());
        }
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            // A sign would be read as one.
            let is_hex = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            *byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_hex).ok_or_else(wrong)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Aaguid {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Aaguid> for String {
    fn from(aaguid: Aaguid) -> Self {
        aaguid.to_string()
    }
}

impl fmt::Display for Aaguid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_make_is_written_as_it_was_read_and_nothing_else_is_one() {
        let google = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4";
        assert_eq!(google.parse::<Aaguid>().unwrap().to_string(), google);
        assert_eq!(google.to_uppercase().parse::<Aaguid>().unwrap().to_string(), google);
        assert_eq!(Aaguid::default().to_string(), "00000000-0000-0000-0000-000000000000");
        for wrong in [
            "",
            "ea9b8d664d011d213ce4b6b48cb575d4",
            &google[1..],
            &google.replace('e', "+"),
            &google.replace("ea", "é"),
        ] {
            assert!(wrong.parse::<Aaguid>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_what_was_typed_as_far_as_it_can_be_shown() {
        for (typed, kept) in [
            (" My phone ", "My phone"),
            ("", "Firefox"),
            ("  ", "Firefox"),
            ("a\u{202e}b", "Firefox"),
            (&"x".repeat(90), &"x".repeat(60)),
        ] {
            assert_eq!(name_of(typed, "Firefox"), kept);
        }
    }
}
