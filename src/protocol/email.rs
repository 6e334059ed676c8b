//! E-mail addresses: one canonical form, so that one mailbox is one account.
//!
//! Only ASCII addresses are taken: look-alike letters, full-width signs and invisible characters have no second form here.
//! The whole address is compared in lower case (no provider in use tells `Ann@` from `ann@`).

use super::rejection::Rejection;

/// The canonical form of an address: trimmed, lower case.
///
/// # Errors
/// [`Rejection::MissingEmail`], [`Rejection::MalformedEmail`] (RFC 5321 §4.1.2 without quoted local parts and address literals).
pub fn canonical(text: &str) -> Result<String, Rejection> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    if text.is_empty() {
        return Err(Rejection::MissingEmail);
    }
    let (local, domain) = text.split_once('@').ok_or(Rejection::MalformedEmail)?;
    let local_is_fine = local.len() <= 64
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
        && !local.is_empty();
    let domain_is_fine = text.len() <= 254 && domain.split('.').all(is_label);
    if local_is_fine && domain_is_fine { Ok(text.to_ascii_lowercase()) } else { Err(Rejection::MalformedEmail) }
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_form() {
        assert_eq!(canonical(" Ann.Lee+x@Example.ORG\n").unwrap(), "ann.lee+x@example.org");
        assert_eq!(canonical("buffy@localhost").unwrap(), "buffy@localhost");
        assert_eq!(canonical("  "), Err(Rejection::MissingEmail));
        for malformed in [
            "ann",
            "@a.test",
            "ann@",
            "ann@@a.test",
            "ann@a..test",
            ".ann@a.test",
            "a nn@a.test",
            "ann@a.test,eve@b.test",
            "\u{430}nn@a.test",
            "ann\u{200b}@a.test",
            "ann\u{ff20}a.test",
            "ann@-a.test",
            "\"ann\"@a.test",
        ] {
            assert_eq!(canonical(malformed), Err(Rejection::MalformedEmail), "{malformed}");
        }
    }
}
