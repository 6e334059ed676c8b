//! A seed as another server gives it away: in base32 (RFC 4648 §6), or as an `otpauth` address (Key Uri Format of Google Authenticator), which may say
//! what codes are made of it. Other codes than ours are refused: the app of its person would go on making those.
//!
//! What is wrong is said without what was given.

use std::collections::BTreeMap;

use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::{DIGITS, SEED_LENGTHS, STEP, Seed};

/// The letters of base32, five bits each.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// How the address of a seed begins.
const SCHEME: &str = "otpauth:";
/// What the algorithm of our codes is called.
const ALGORITHMS: [&str; 4] = ["SHA1", "SHA-1", "HmacSHA1", "HMAC-SHA-1"];

impl Seed {
    /// Reads what another server has exported.
    ///
    /// # Errors
    /// A sentence that says what is wrong, and never what was given.
    pub fn exported(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_address = text.get(..SCHEME.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(SCHEME));
        let bytes = if is_address { of_address(text)? } else { of_base32(text)? };
        let bits = bytes.len() * 8;
        Self::from_bytes(&bytes).ok_or_else(|| {
            let (least, most) = (SEED_LENGTHS.start() * 8, SEED_LENGTHS.end() * 8);
            format!("the seed has {bits} bits: from {least} to {most} are taken")
        })
    }
}

/// Bits that fill no byte are left out, as apps do.
fn of_base32(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut bits, mut have) = (0_u32, 0);
    let letters = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-');
    let letters = Zeroizing::new(letters.map(|byte| byte.to_ascii_uppercase()).collect::<Vec<u8>>());
    let padding = letters.iter().rev().take_while(|byte| **byte == b'=').count();
    for letter in &letters[..letters.len() - padding] {
        let value = LETTERS.iter().position(|known| known == letter).and_then(|value| u32::try_from(value).ok());
        let value = value.ok_or("the seed must be written in base32 (A to Z and 2 to 7), or as an otpauth address")?;
        bits = bits << 5 | value;
        have += 5;
        if have >= 8 {
            have -= 8;
            bytes.push(u8::try_from(bits >> have & 0xff).unwrap_or_default());
        }
    }
    Ok(bytes)
}

fn of_address(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let address = Url::parse(text).map_err(|_| "the otpauth address cannot be read")?;
    if address.host_str() != Some("totp") {
        return Err("the otpauth address must be one of time-based codes: otpauth://totp/".to_owned());
    }
    let mut given = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(address.query().unwrap_or_default().as_bytes()) {
        let known = ["secret", "algorithm", "digits", "period"].into_iter().find(|known| *known == name);
        // The others are for eyes.
        let Some(known) = known else { continue };
        if given.insert(known, Zeroizing::new(value.into_owned())).is_some() {
            return Err(format!("the otpauth address has {known} twice"));
        }
    }
    let is = |name: &str, wanted: &[&str]| {
        given.get(name).is_none_or(|value| wanted.iter().any(|one| one.eq_ignore_ascii_case(value)))
    };
    let (digits, period) = (DIGITS.to_string(), STEP.to_string());
    for (name, wanted) in [("algorithm", &ALGORITHMS[..]), ("digits", &[&digits]), ("period", &[&period])] {
        if !is(name, wanted) {
            return Err(format!("{name} must be {}: no other codes are taken here", wanted[0]));
        }
    }
    of_base32(given.get("secret").ok_or("the otpauth address has no secret")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn bytes(text: &str) -> Option<Vec<u8>> {
        Seed::exported(text).ok().map(|seed| seed.as_bytes().to_vec())
    }

    #[test]
    fn a_seed_is_read_as_servers_write_it() {
        for text in [
            SEED,
            " gezd gnbv gy3t qojq gezd gnbv gy3t qojq\n",
            "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ",
            "otpauth://totp/Acme:ann%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme",
            "OTPAUTH://totp/?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=HmacSHA1&digits=6&period=30&image=x",
            "otpauth://totp/Acme:ann?period=30&algorithm=sha1&secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq====",
        ] {
            assert_eq!(bytes(text).as_deref(), Some(&b"12345678901234567890"[..]), "{text}");
        }
        // Bits that fill no byte, padding, and the bounds of what is taken.
        assert_eq!(bytes("GEZDGNBVGY3TQOJQG").unwrap(), b"1234567890");
        assert_eq!(bytes("GEZDGNBVGY3TQOJQGE======").unwrap(), b"12345678901");
        assert_eq!(bytes(&format!("{}A", "GEZDGNBV".repeat(12) + "GEZDGN")).unwrap().len(), 64);
    }

    #[test]
    fn what_would_make_other_codes_is_refused_and_never_repeated() {
        let address = |rest: &str| format!("otpauth://totp/Acme:ann?secret={SEED}{rest}");
        for (text, words) in [
            (String::new(), "0 bits"),
            ("GEZDGNBVGY3TQOJ".to_owned(), "72 bits: from 80 to 512 are taken"),
            ("GEZDGNBV".repeat(13), "520 bits"),
            (format!("{SEED}1"), "base32"),
            (format!("{SEED}=A"), "base32"),
            (format!("{SEED}\u{e9}"), "base32"),
            (address("&algorithm=SHA256"), "algorithm must be SHA1"),
            (address("&digits=8"), "digits must be 6"),
            (address("&period=60"), "period must be 30"),
            (address("&secret=GEZDGNBVGY3TQOJQ"), "secret twice"),
            (address("&digits=6&digits=8"), "digits twice"),
            (address("").replace("secret", "seed"), "no secret"),
            (address("").replace("totp", "hotp"), "time-based"),
            ("otpauth://".to_owned(), "otpauth address"),
        ] {
            let sentence = Seed::exported(&text).unwrap_err();
            assert!(sentence.contains(words), "{text}: {sentence}");
            assert!(!sentence.contains("GEZD"), "{sentence}");
        }
    }
}
