//! The authenticator of an account: an app that shares a seed with us and makes a code of it every half minute (RFC 6238). With the values that
//! every app takes: SHA-1, six digits, thirty seconds. A seed that another server made is read in `authenticator/exported.rs`.
//!
//! A code of the step before and of the one after is taken too (RFC 6238 §5.2): clocks differ, and people are slow. That none is taken twice is not
//! seen here: whoever takes one notes its step by one statement (`storage/factors.rs`).

mod exported;

use std::fmt;
use std::ops::RangeInclusive;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret as Shared, Totp};
use zeroize::Zeroizing;

use crate::clock::Timestamp;

/// How many bytes a seed of ours has: 160 bits, as long as the hash (RFC 4226 §4).
pub const SEED_LENGTH: usize = 20;
/// How many bytes a seed may have that another server made. RFC 4226 §4 wants 128 bits; many servers gave apps 80, and a guess at a code is no easier for
/// that. Beyond 64 bytes HMAC hashes the seed first (RFC 2104 §2), which apps get wrong.
pub const SEED_LENGTHS: RangeInclusive<usize> = 10..=64;
/// Below so many bytes a seed is shorter than RFC 4226 §4 wants.
pub const WANTED_LENGTH: usize = 16;
/// How long a step is, in seconds.
const STEP: u64 = 30;
/// How many digits a code has.
const DIGITS: usize = 6;
/// How many steps before and after are taken.
const SKEW: u16 = 1;
/// What stands for itself in an `otpauth` address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an authenticator and we share.
#[derive(Clone)]
pub struct Seed(Zeroizing<Vec<u8>>);

impl Seed {
    /// A seed of these bytes.
    pub fn of(bytes: [u8; SEED_LENGTH]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Reads the bytes back; `None` for a length that no seed has ([`SEED_LENGTHS`]).
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        SEED_LENGTHS.contains(&bytes.len()).then(|| Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Whether it is shorter than RFC 4226 §4 wants.
    pub fn is_short(&self) -> bool {
        self.0.len() < WANTED_LENGTH
    }

    /// The bytes, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// As a person types it into an app: base32 without padding (RFC 4648 §6), 32 letters of a seed of ours.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(self.shared().to_base32())
    }

    /// The address that a QR code shows, which apps read (Key Uri Format of Google Authenticator): whose account it is, and where.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let encoded = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
        // A colon parts the two; a name of ours may have one too.
        let (issuer, account) = (encoded(&issuer.replace(':', " ")), encoded(account));
        let seed = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
            seed.as_str()
        ))
    }

    /// The step that a typed code belongs to, counted from 1970; `None` when it is none of those that are taken now. Compared in constant time.
    pub fn step_of(&self, typed: &str, now: Timestamp) -> Option<i64> {
        let digits: Zeroizing<String> =
            Zeroizing::new(typed.chars().filter(|letter| !letter.is_whitespace()).collect());
        if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let at = u64::try_from(now.seconds()).ok()?;
        self.totp().check(&digits, at).and_then(|step| i64::try_from(step).ok())
    }

    fn totp(&self) -> Totp {
        Builder::new().with_secret(self.shared()).with_skew(SKEW).with_step_duration(STEP).build_noncompliant()
    }

    fn shared(&self) -> Shared {
        Shared::from(self.0.as_slice())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of the eight digits that stand there for SHA-1.
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    fn seed() -> Seed {
        Seed::of(*b"12345678901234567890")
    }

    #[test]
    fn codes_are_those_of_the_specification_for_one_step_before_and_after() {
        for (at, code) in VECTORS {
            let step = at / 30;
            let first = step * 30;
            for (moment, is_taken) in
                [(first - 31, false), (first - 30, true), (at, true), (first + 59, true), (first + 60, false)]
            {
                let found = seed().step_of(code, Timestamp::from_seconds(moment));
                assert_eq!(found, is_taken.then_some(step), "{code} at {moment}");
            }
            let spaced = format!(" {} {}\n", &code[..3], &code[3..]);
            assert_eq!(seed().step_of(&spaced, Timestamp::from_seconds(at)), Some(step));
        }
    }

    #[test]
    fn nothing_else_is_a_code() {
        let now = Timestamp::from_seconds(59);
        for typed in
            ["", "28708", "2870822", "94287082", "287083", "28708a", "-87082", "２８７０８２", "+87082", "2.7082"]
        {
            assert_eq!(seed().step_of(typed, now), None, "{typed}");
        }
        assert_eq!(Seed::of([7; 20]).step_of("287082", now), None);
        assert_eq!(seed().step_of("287082", Timestamp::from_seconds(-5)), None);
    }

    #[test]
    fn apps_are_told_whose_it_is() {
        assert_eq!(seed().base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            seed().uri("The Door: a & b", "ann+1@example.org").as_str(),
            "otpauth://totp/The%20Door%20%20a%20%26%20b:ann%2B1%40example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=The%20Door%20%20a%20%26%20b&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{:?}", seed()), "Seed(..)");
        for (length, is_one) in [(9, false), (10, true), (15, true), (16, true), (64, true), (65, false)] {
            let seed = Seed::from_bytes(&vec![1; length]);
            assert_eq!(seed.as_ref().map(Seed::is_short), is_one.then_some(length < 16), "{length}");
        }
    }
}
