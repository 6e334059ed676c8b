//! The life of a secret that an API shares with us: which one signs, and which are taken. And what such a secret must be when an operator
//! brings it along (RFC 7518 §3.2: as long as the hash, 256 bits).
//!
//! The API must have a new secret before we sign with it. So the former one goes on signing for an overlap, in which the operator gives the API
//! the new one beside it; then the new one signs, and the former one is taken until the last token under it has expired. Without an overlap
//! the new one signs at once and the former ones are gone, with every token under them: that is for a secret which is out.

use zeroize::Zeroizing;

use super::key_life::{CLOCK_SKEW, Stage, TRUSTED_FOR};
use crate::clock::Timestamp;
use crate::secret::{Secret, base64url, from_base64url};

/// What every secret's name begins with. No signing key's does: its name is the thumbprint of the key, 43 characters.
pub const KID_PREFIX: &str = "hs256-";
/// The longest overlap, in seconds.
pub const LONGEST_OVERLAP: i64 = 90 * 86_400;
/// How many bytes of what an operator brings are looked at: more is no secret.
pub const LONGEST_WRITING: usize = 80;

/// The 256 bits of a secret.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<[u8; 32]>);

/// A secret, as far as its life goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretLife {
    /// Its name.
    pub kid: String,
    /// The API that has it.
    pub resource: String,
    /// Its place in the order in which secrets were made: a later one takes over from an earlier one of its API.
    pub sequence: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// Until when it is taken; `None` as long as there is no successor.
    pub ends_at: Option<Timestamp>,
}

impl SecretLife {
    /// Whether a token under it may hold now. One that does not sign yet is taken, too: another node's clock may be ahead.
    pub fn is_taken(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    /// Where it stands among all secrets.
    pub fn stage(&self, secrets: &[Self], now: Timestamp) -> Stage {
        match signer(secrets, &self.resource, now) {
            _ if !self.is_taken(now) => Stage::Revoked,
            Some(signer) if signer.kid == self.kid => Stage::Active,
            Some(signer) if signer.sequence < self.sequence => Stage::Next,
            _ => Stage::Retired,
        }
    }
}

/// The secret that signs for this API now: the latest that has begun. Before any has, by this clock, the first of all.
pub fn signer<'a>(secrets: &'a [SecretLife], resource: &str, now: Timestamp) -> Option<&'a SecretLife> {
    let own = || secrets.iter().filter(|secret| secret.resource == resource);
    let begun = own().filter(|secret| secret.signs_from <= now).max_by_key(|secret| secret.sequence);
    begun.or_else(|| own().min_by_key(|secret| secret.sequence))
}

/// Until when a secret is taken whose successor signs from then on, when its tokens live so long, in seconds: another node may sign with it a
/// little longer.
pub fn taken_until(successor_signs_from: Timestamp, token_lifetime: i64) -> Timestamp {
    successor_signs_from.plus(token_lifetime).plus(CLOCK_SKEW + TRUSTED_FOR)
}

impl SecretBytes {
    /// Random bytes.
    pub fn of(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// Reads a secret as an operator brings it in a file: 32 bytes, or the same as 43 characters of base64url or 64 hexadecimal digits. White
    /// space around a text is ignored.
    ///
    /// # Errors
    /// A sentence that says what it must be.
    pub fn read(file: &[u8]) -> Result<Self, String> {
        let refused = |why: &str| {
            format!(
                "a secret must be 32 random bytes, or the same as 43 characters of base64url or as 64 hexadecimal digits: {why}"
            )
        };
        let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        let found = match (<&[u8; 32]>::try_from(file), std::str::from_utf8(file).map(str::trim)) {
            // Far less than 256 bits; of random bytes it happens to nobody.
            (Ok(whole), _) if whole.iter().all(is_text) => return Err(refused("this is a text of 32 characters")),
            (Ok(whole), _) => Some(Zeroizing::new(*whole)),
            (_, Ok(text)) => from_text(text),
            _ => None,
        };
        let secret = found.ok_or_else(|| refused(&format!("these {} bytes are none of them", file.len())))?;
        if secret.iter().all(|byte| *byte == secret[0]) {
            return Err(refused("all bytes of this one are the same"));
        }
        Ok(Self(secret))
    }

    /// The bytes, for sealing alone.
    pub fn as_array(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it is shown to an operator this once: base64url, 43 characters.
    pub fn to_text(&self) -> Secret {
        Secret::presented(base64url(self.0.as_slice()))
    }
}

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

fn from_text(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(match text.len() {
        43 => from_base64url(text)?,
        64 if text.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
            (0..64).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?
        }
        _ => return None,
    });
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::sha256;

    const API: &str = "https://api.test";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn secret(sequence: i64, signs_from: i64, ends_at: Option<i64>) -> SecretLife {
        SecretLife {
            kid: format!("hs256-{sequence}"),
            resource: API.to_owned(),
            sequence,
            created_at: at(0),
            signs_from: at(signs_from),
            ends_at: ends_at.map(at),
        }
    }

    #[test]
    fn the_latest_that_has_begun_signs_and_the_former_one_is_taken_for_a_while() {
        let secrets = [secret(1, 0, Some(1100)), secret(2, 100, None)];
        let stages = |now: i64| secrets.each_ref().map(|one| one.stage(&secrets, at(now)));
        let signs = |now: i64| signer(&secrets, API, at(now)).map(|one| one.sequence);
        assert_eq!((signs(0), stages(0)), (Some(1), [Stage::Active, Stage::Next]));
        assert_eq!((signs(99), stages(99)), (Some(1), [Stage::Active, Stage::Next]));
        assert_eq!((signs(100), stages(100)), (Some(2), [Stage::Retired, Stage::Active]));
        assert_eq!((signs(1099), stages(1099)), (Some(2), [Stage::Retired, Stage::Active]));
        assert_eq!((signs(1100), stages(1100)), (Some(2), [Stage::Revoked, Stage::Active]));
        assert_eq!(signer(&secrets, "https://other.test", at(100)), None);
    }

    #[test]
    fn a_clock_that_is_behind_signs_with_the_first_and_a_passed_over_one_never_signs() {
        assert_eq!(signer(&[secret(1, 100, None)], API, at(40)).map(|one| one.sequence), Some(1));
        // The third was made while the second waited, and signs before it.
        let secrets = [secret(1, 0, Some(500)), secret(2, 300, Some(500)), secret(3, 200, None)];
        for (now, signs) in [(199, 1), (200, 3), (300, 3), (600, 3)] {
            assert_eq!(signer(&secrets, API, at(now)).map(|one| one.sequence), Some(signs), "{now}");
        }
    }

    #[test]
    fn a_former_secret_is_taken_until_its_last_token_has_expired() {
        assert_eq!(taken_until(at(1000), 900), at(1000 + 900 + 120));
    }

    #[test]
    fn a_secret_is_taken_in_three_writings_and_no_other() {
        let bytes = sha256(b"any");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let texts =
            [base64url(&bytes), hex.clone(), hex.to_uppercase(), format!(" {hex}\r\n"), base64url(&bytes) + "\n"];
        for writing in texts.iter().map(|text| text.as_bytes()).chain([bytes.as_slice()]) {
            assert_eq!(*SecretBytes::read(writing).unwrap().as_array(), bytes);
        }
        let text = base64url(&bytes);
        for wrong in [
            &[][..],
            b"short",
            &bytes[..31],
            &[bytes.as_slice(), b"\n"].concat(),
            &text.as_bytes()[..42],
            format!("{text}=").as_bytes(),
            text.replacen(&text[..1], "+", 1).as_bytes(),
            &hex.as_bytes()[..63],
            format!("{}+f", &hex[..62]).as_bytes(),
            "é".repeat(32).as_bytes(),
        ] {
            assert!(SecretBytes::read(wrong).unwrap_err().contains("are none of them"), "{wrong:?}");
        }
        for (wrong, why) in [
            (&b"abcdefghijklmnopqrstuvwxyz012345"[..], "a text of 32 characters"),
            (&[0; 32], "are the same"),
            ("ff".repeat(32).as_bytes(), "are the same"),
        ] {
            assert!(SecretBytes::read(wrong).unwrap_err().ends_with(why), "{wrong:?}");
        }
        assert_eq!(format!("{:?}", SecretBytes::of(bytes)), "SecretBytes(..)");
    }
}
