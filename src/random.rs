//! The only source of secrets and of ids. Everything comes from the operating system through aws-lc-rs.

use std::cell::RefCell;

use aws_lc_rs::rand;
use uuid::Builder;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::protocol::api_key::{DIGITS, SECRET_DIGITS};
use crate::protocol::recovery_code::{self, RecoveryCode};
use crate::secret::{CODE_LETTERS, Secret, ShortCode, base64url};

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness left to give, which Linux never reports after boot: there is no safe way on.
#[expect(clippy::expect_used, reason = "without randomness nothing here may go on")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    rand::fill(&mut out).expect("the operating system gives random bytes");
    out
}

/// A new secret: 32 random bytes in base64url, 43 characters.
pub fn secret() -> Secret {
    Secret::presented(base64url(&bytes::<32>()))
}

/// A new code that a person can type, each of its letters as likely as any other.
pub fn short_code() -> ShortCode {
    ShortCode::of(letters(CODE_LETTERS))
}

/// A new recovery code: 80 random bits.
pub fn recovery_code() -> RecoveryCode {
    RecoveryCode::of(letters(recovery_code::DIGITS))
}

/// `N` digits of base62 for the name of an API key: public.
pub fn digits<const N: usize>() -> String {
    letters::<N>(DIGITS).map(char::from).iter().collect()
}

/// What is secret of an API key: digits of base62, of which there are more than of 256 bits.
pub fn secret_digits() -> Secret {
    let digits = Zeroizing::new(letters::<SECRET_DIGITS>(DIGITS));
    Secret::presented(digits.iter().map(|digit| char::from(*digit)).collect::<String>())
}

/// Letters, each as likely as any other.
fn letters<const N: usize>(alphabet: &[u8]) -> [u8; N] {
    let mut letters = [0; N];
    let mut at = 0;
    // The greatest multiple of their number that a byte can be below: beyond that the first letters would come more often.
    let most = 256 - 256 % alphabet.len();
    while at < N {
        for byte in bytes::<N>().into_iter().map(usize::from).filter(|byte| *byte < most) {
            if let Some(letter) = letters.get_mut(at) {
                *letter = alphabet[byte % alphabet.len()];
                at += 1;
            }
        }
    }
    letters
}

/// A new public id that nobody can guess: 16 random bytes in base64url, 22 characters. It never begins with a hyphen, or a command
/// would take it for an option.
pub fn id() -> String {
    argument::<16>()
}

/// A new id that tells one of a few from another: 6 random bytes in base64url, 8 characters, the first of which is no hyphen.
pub fn short_id() -> String {
    argument::<6>()
}

fn argument<const N: usize>() -> String {
    loop {
        let id = base64url(&bytes::<N>());
        if !id.starts_with('-') {
            return id;
        }
    }
}

thread_local! {
    /// Random bytes that were drawn at once, and how many of them are left.
    static DRAWN: RefCell<([u8; 2048], usize)> = const { RefCell::new(([0; 2048], 0)) };
}

/// 16 random bytes for the name of something that passes, such as a request. Many are drawn at once, since a draw costs as much as
/// the rest of a small request's bookkeeping; so they lie in memory before and after their use, and no secret is made of them.
pub fn name() -> [u8; 16] {
    DRAWN.with_borrow_mut(|(drawn, left)| {
        if *left == 0 {
            *drawn = bytes();
            *left = drawn.len();
        }
        *left -= 16;
        let mut name = [0; 16];
        name.copy_from_slice(&drawn[*left..*left + 16]);
        name
    })
}

/// A new id of a token, its `jti` (RFC 7519 §4.1.7): 22 characters of base64url. No two are the same, and to guess one gives nobody anything.
pub fn token_id() -> String {
    base64url(&name())
}

/// A new row id: a UUID of version 7, ordered by time. Never a secret.
pub fn row_id(now: Timestamp) -> String {
    let millis = u64::try_from(now.seconds()).unwrap_or(0) * 1000;
    Builder::from_unix_timestamp_millis(millis, &bytes::<10>()).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_id_begins_with_a_hyphen() {
        assert!((0..2000).all(|_| !super::id().starts_with('-') && !super::short_id().starts_with('-')));
    }

    #[test]
    fn codes_are_made_of_all_letters_alike() {
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..5000 {
            let code = super::short_code();
            assert!(crate::secret::ShortCode::typed(&code.expose()).is_some());
            code.as_bytes().iter().for_each(|letter| *seen.entry(*letter).or_insert(0) += 1);
        }
        assert_eq!(seen.len(), 20);
        assert!(seen.values().all(|times| (1700..2300).contains(times)), "{seen:?}");
    }

    #[test]
    fn no_name_comes_twice() {
        let names: std::collections::HashSet<[u8; 16]> = (0..1000).map(|_| super::name()).collect();
        assert_eq!(names.len(), 1000);
    }
}
