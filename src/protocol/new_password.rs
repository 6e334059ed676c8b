//! What a new password must be (NIST SP 800-63B-4 §3.1.1.2): long enough, not absurdly long, not one that everybody tries first.
//!
//! No rule about character classes. Length counts characters, composed ([`password_form`]); every character counts, control characters too.

use super::password_form;
use super::rejection::Rejection;

/// The fewest characters of a password that is the only factor.
pub const MIN_LENGTH: usize = 15;
/// The most characters.
pub const MAX_LENGTH: usize = 256;

/// Long passwords and phrases that stand in every list of leaked ones, in lower case without spaces.
const COMMON: &[&str] = &[
    "passwordpassword",
    "password1234567",
    "password12345678",
    "password123456789",
    "passwordpassword1",
    "administrator123",
    "administrator1234",
    "correcthorsebatterystaple",
    "letmeinletmeinletmein",
    "iloveyouiloveyou",
    "qwertyuiopasdfgh",
    "qwertyuiopasdfghjkl",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "qwerty1234567890",
    "changemechangeme",
    "welcomewelcome123",
    "thisismypassword",
    "mypasswordispassword",
    "trustno1trustno1",
    "averylongpassword",
    "averysecurepassword",
];

/// Checks a new password for the account with this e-mail address and name.
///
/// # Errors
/// [`Rejection::MissingPassword`], [`Rejection::PasswordTooShort`], [`Rejection::PasswordTooLong`], [`Rejection::PasswordTooCommon`].
pub fn check(password: &str, email: &str, name: &str) -> Result<(), Rejection> {
    let password = password_form::stored(password);
    match password.chars().count() {
        0 => return Err(Rejection::MissingPassword),
        n if n < MIN_LENGTH => return Err(Rejection::PasswordTooShort),
        n if n > MAX_LENGTH => return Err(Rejection::PasswordTooLong),
        _ => {}
    }
    let plain = folded(&password);
    let own = [folded(email), folded(name), folded(email.split('@').next().unwrap_or_default())];
    let is_own = own.iter().any(|own| !own.is_empty() && repeats(&plain, own));
    if is_own || COMMON.contains(&plain.as_str()) || is_pattern(&plain) {
        Err(Rejection::PasswordTooCommon)
    } else {
        Ok(())
    }
}

fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether the text is a unit over and over.
fn repeats(text: &str, unit: &str) -> bool {
    text.replace(unit, "").is_empty()
}

/// Whether it is a unit of up to four characters over and over, or only counts upwards or downwards.
fn is_pattern(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let periodic =
        (1..=4).any(|period| chars.iter().skip(period).eq(chars.iter().take(chars.len().saturating_sub(period))));
    let steps: Vec<i64> =
        chars.windows(2).map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]))).collect();
    let counts = |step: i64| steps.iter().all(|s| *s == step || *s == -9 * step);
    periodic || counts(1) || counts(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_long_and_not_the_first_guess() {
        let check = |password: &str| check(password, "ann.lee@example.org", "Ann Lee");
        assert_eq!(check("a quiet river at dawn"), Ok(()));
        assert_eq!(check(&"ü9".repeat(7)), Err(Rejection::PasswordTooShort));
        assert_eq!(check(&"u\u{308}9".repeat(7)), Err(Rejection::PasswordTooShort));
        assert_eq!(check(""), Err(Rejection::MissingPassword));
        assert_eq!(check(&format!("x{}", "9z!kQ".repeat(51))), Ok(()));
        assert_eq!(check(&format!("xy{}", "9z!kQ".repeat(51))), Err(Rejection::PasswordTooLong));
        for guess in [
            "Password Password",
            "Correct Horse Battery Staple",
            "aaaaaaaaaaaaaaa",
            "abcabcabcabcabc",
            "1234567890123456",
            "ann.lee@example.org",
            "Ann Lee Ann Lee Ann Lee",
            "abcdefghijklmnop",
        ] {
            assert_eq!(check(guess), Err(Rejection::PasswordTooCommon), "{guess}");
        }
    }
}
