//! The only source of secrets and of ids. Everything comes from the operating system through aws-lc-rs.

use aws_lc_rs::rand;
use uuid::Builder;

use crate::clock::Timestamp;
use crate::secret::{Secret, base64url};

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

/// A new public id that nobody can guess: 16 random bytes in base64url, 22 characters. It never begins with a hyphen, or a command
/// would take it for an option.
pub fn id() -> String {
    loop {
        let id = base64url(&bytes::<16>());
        if !id.starts_with('-') {
            return id;
        }
    }
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
        assert!((0..2000).all(|_| !super::id().starts_with('-')));
    }
}
