//! E-mail addresses: one canonical form, so that one mailbox is one account.
//!
//! The part before the `@` is ASCII alone: look-alike letters, full-width signs and invisible characters have no second form there. A domain
//! in other scripts is kept as its A-labels (`xn--...`), which is the form that is sent mail to and that browsers send (RFC 5890 §2.3.2.1,
//! UTS #46). The whole address is compared in lower case (no provider in use tells `Ann@` from `ann@`).

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::rejection::Rejection;

/// The canonical form of an address: trimmed, lower case, the domain in ASCII.
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
    let domain = ascii(domain).ok_or(Rejection::MalformedEmail)?;
    let is_fine = local_is_fine && local.len() + 1 + domain.len() <= 254 && domain.split('.').all(is_label);
    if is_fine { Ok(format!("{local}@{domain}").to_ascii_lowercase()) } else { Err(Rejection::MalformedEmail) }
}

/// A domain in ASCII; nothing when it has no such form. What is ASCII already stays as it is, but for labels that claim to stand for others.
fn ascii(domain: &str) -> Option<Cow<'_, str>> {
    if domain.is_ascii() && !domain.to_ascii_lowercase().contains("xn--") {
        return Some(domain.into());
    }
    Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Verify).ok()
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
        assert_eq!(canonical("a--b@ab--cd.test").unwrap(), "a--b@ab--cd.test");
        for form in [
            "ann@b\u{fc}cher.example",
            "ann@bu\u{308}cher.example",
            "Ann@B\u{dc}CHER.example",
            "ann@b\u{fc}cher\u{3002}example",
            "ann@xn--bcher-kva.example",
            "ann@XN--BCHER-KVA.EXAMPLE",
            "ann@b\u{ad}\u{fc}cher.\u{ff45}xample",
        ] {
            assert_eq!(canonical(form).unwrap(), "ann@xn--bcher-kva.example", "{form}");
        }
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
            "b\u{fc}cher@a.test",
            "ann@xn--zz--.test",
            "ann@a\u{200d}b.test",
            "ann@b\u{fc}cher..test",
            "ann@[127.0.0.1]",
        ] {
            assert_eq!(canonical(malformed), Err(Rejection::MalformedEmail), "{malformed}");
        }
    }
}
