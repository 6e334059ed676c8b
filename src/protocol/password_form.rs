//! The form of a password: people type the same characters, and keyboards and systems put them together differently. So a password counts in
//! Unicode's composed form, NFC (NIST SP 800-63B-4 §3.1.1.2, RFC 8265 §4.2.2).
//!
//! Only that form is ever stored. What was stored before this rule is still found, in the form in which it came or in the decomposed one.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The form in which a password is stored.
pub fn stored(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// Every form in which a password may have been stored, the present one first. They depend on the password alone, so that trying one after
/// the other tells nothing of an account. ASCII has one form.
pub fn forms(password: &str) -> Vec<Zeroizing<String>> {
    let mut forms = vec![stored(password)];
    for form in [Zeroizing::new(password.to_owned()), Zeroizing::new(password.nfd().collect())] {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_password_has_one_stored_form_and_ascii_has_no_other() {
        let (composed, decomposed) = ("\u{fc}ber den Fluss", "u\u{308}ber den Fluss");
        assert_eq!(stored(decomposed).as_str(), composed);
        let of = |password: &str| forms(password).iter().map(|form| form.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(of(composed), [composed, decomposed]);
        assert_eq!(of(decomposed), [composed, decomposed]);
        assert_eq!(of("a quiet river at dawn"), ["a quiet river at dawn"]);
        // Neither composed nor decomposed: a ligature is another character than the letters that it stands for.
        assert_eq!(of("\u{fb01}sh u\u{308}\u{fc}").len(), 3);
    }
}
