//! A recovery code: what a person keeps on paper for the day on which the authenticator is lost (NIST SP 800-63B-4 §3.1.2). Eighty random bits in
//! four groups, in letters and digits of which none looks like another.

use std::fmt;

use zeroize::Zeroizing;

/// The digits, 32 of them: neither `I`, `L` and `O`, which look like digits, nor `U`, so that fewer words come of them (Crockford's base 32).
pub const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many a code has: five bits each.
pub const LENGTH: usize = 16;
/// How many stand in a group.
const GROUP: usize = 4;

/// A recovery code.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// A code of these digits.
    pub(crate) fn of(digits: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(digits.map(char::from).iter().collect()))
    }

    /// What a person typed: large or small letters, with any spaces and hyphens, and what looks like a digit for the digit. `None` when that cannot
    /// be a code.
    pub fn typed(text: &str) -> Option<Self> {
        let is_filler = |letter: char| letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}');
        let mut digits = Zeroizing::new(String::with_capacity(LENGTH));
        for letter in text.chars().filter(|letter| !is_filler(*letter)) {
            let digit = match letter.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                other => other,
            };
            let is_one = u8::try_from(digit).is_ok_and(|byte| DIGITS.contains(&byte));
            if !is_one || digits.len() == LENGTH {
                return None;
            }
            digits.push(digit);
        }
        (digits.len() == LENGTH).then_some(Self(digits))
    }

    /// The digits, for a key that makes it checkable.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// As a person reads it, in four groups: for the one page that hands it out.
    pub fn expose(&self) -> String {
        let groups: Vec<&str> = (0..LENGTH).step_by(GROUP).filter_map(|at| self.0.get(at..at + GROUP)).collect();
        groups.join("-")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it_and_as_nothing_else() {
        for typed in ["0123-4567-89AB-CDEF", "o123 4567 89ab cdef", "oi234567 89abcdef", "0-l-2-3-456789abcdef\n"] {
            let code = RecoveryCode::typed(typed).expect(typed);
            assert_eq!(
                (code.expose().as_str(), format!("{code:?}").as_str()),
                ("0123-4567-89AB-CDEF", "RecoveryCode(..)")
            );
        }
        assert_eq!(RecoveryCode::typed("OIl0-4567-89ab-cdef").unwrap().expose(), "0110-4567-89AB-CDEF");
        for other in
            ["", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEF0", "U123-4567-89AB-CDEF", "\u{410}123-4567-89AB-CDEF"]
        {
            assert!(RecoveryCode::typed(other).is_none(), "{other}");
        }
    }
}
