//! What a new password must be (NIST SP 800-63B-4 §3.1.1.2): long enough, not absurdly long, not one that is guessed early.
//!
//! How early a password is guessed, zxcvbn estimates, which knows the words, names, dates and keys next to each other that people choose; the
//! words of this person and this site count as known to whoever guesses. No rule about character classes. Length counts characters, composed
//! ([`password_form`]); every character counts, control characters too. Leaked passwords are looked up in `leaked.rs`.

use zxcvbn::feedback::Warning;
use zxcvbn::zxcvbn;

use super::issuer::Issuer;
use super::password_form;
use super::rejection::Rejection;

/// The fewest characters of a password that is the only factor.
pub const MIN_LENGTH: usize = 15;
/// The most characters.
pub const MAX_LENGTH: usize = 256;

/// How much of an address and of a name is looked at, in characters.
const MOST_OF_A_NAME: usize = 254;
/// How much of a password is estimated, in characters. The estimate looks at every part of it, so twice as much takes four times as long.
const MOST_ESTIMATED: usize = 48;
/// So many different signs may stand for letters; the estimate tries every letter for each.
const MOST_STAND_INS: usize = 2;

/// The least score that a new password must reach, of 4: a hundred million guesses do not find it.
pub const MIN_STRENGTH: u8 = 3;

/// Phrases that everybody knows, though each is rare as a row of words; in lower case without spaces.
const COMMON: &[&str] = &[
    "correcthorsebatterystaple",
    "thisismypassword",
    "mypasswordispassword",
    "averylongpassword",
    "averysecurepassword",
];

/// The words that whoever guesses tries first here: those of the site, and those of the person.
#[derive(Clone, Debug, Default)]
pub struct Words(Vec<String>);

impl Words {
    /// Those of this site: of its host and its name.
    pub fn of_site(issuer: &Issuer, brand: &str) -> Self {
        let host = issuer.origin().split("://").last().unwrap_or_default();
        Self::default().and(host).and(brand)
    }

    /// With those of a person: of the address and the name, as far as either may be long.
    pub fn with_person(&self, email: &str, name: &str) -> Self {
        let begin = |text: &str| text.chars().take(MOST_OF_A_NAME).collect::<String>();
        self.clone().and(&begin(email)).and(&begin(name))
    }

    /// The words of the text, what stands before its `@`, and the text itself without spaces; none shorter than three characters.
    fn and(mut self, text: &str) -> Self {
        let local_part = text.split('@').next().unwrap_or_default();
        let words = text.split(|c: char| !c.is_alphanumeric());
        for word in [text, local_part].into_iter().chain(words).map(folded) {
            if word.chars().count() >= 3 && !self.0.contains(&word) {
                self.0.push(word);
            }
        }
        self
    }
}

impl Words {
    /// What is left of the text without them, when there is one in it.
    fn rest_of(&self, text: &str) -> Option<String> {
        let mut words: Vec<&str> = self.0.iter().map(String::as_str).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let rest = words.iter().fold(text.to_owned(), |rest, word| rest.replace(word, ""));
        (rest != text).then_some(rest)
    }
}

/// How early a password is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strength {
    /// 0 (at once) to 4 (never, by all that is known).
    pub score: u8,
    /// What makes it weak, as the key of a sentence for the person (`locales/en.ftl`); empty when nothing stands out.
    pub why: &'static str,
}

/// What stands between a password and being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule.
    pub rejection: Rejection,
    /// How early it is guessed, when that is it.
    pub strength: Option<Strength>,
}

/// Estimates how early a password is guessed. Of a longer one, the first 48 characters count. Takes some milliseconds at most.
fn strength(password: &str, words: &Words) -> Strength {
    let password = password_form::stored(password);
    let plain = folded(&password);
    if COMMON.contains(&plain.as_str()) || is_pattern(&plain) {
        return Strength { score: 0, why: "password-tried-first" };
    }
    let known: Vec<&str> = words.0.iter().map(String::as_str).collect();
    let estimated = |text: &str| zxcvbn(&bounded(text), &known);
    // Spaces hide from the estimate that a word comes again: the easier form counts.
    let [as_typed, without_spaces] = [estimated(&password), estimated(&plain)];
    let estimate = if as_typed.guesses() <= without_spaces.guesses() { as_typed } else { without_spaces };
    let score = u8::from(estimate.score());
    if let Some(rest) = words.rest_of(&plain) {
        let rest = u8::from(estimated(&rest).score());
        if rest < MIN_STRENGTH && rest <= score {
            let why = "password-without-names";
            return Strength { score: rest, why };
        }
    }
    Strength { score, why: estimate.feedback().and_then(|feedback| feedback.warning()).map_or("", words_of) }
}

/// What is estimated of a text: its beginning, with no more than two different signs that may stand for letters. All others are those letters,
/// which makes nothing stronger than it is.
fn bounded(text: &str) -> String {
    const SIGNS: [(&str, char); 6] = [("@", 'a'), ("({[<", 'c'), ("!|", 'i'), ("$", 's'), ("+", 't'), ("%", 'x')];
    let mut kept = Vec::new();
    let letter = |c: char| SIGNS.iter().find(|(signs, _)| signs.contains(c)).map(|(_, letter)| *letter);
    let bounded = text.chars().take(MOST_ESTIMATED).map(|c| match letter(c) {
        Some(letter) if !kept.contains(&c) => {
            if kept.len() == MOST_STAND_INS {
                return letter;
            }
            kept.push(c);
            c
        }
        _ => c,
    });
    bounded.collect()
}

/// What a pattern means, said to the person.
fn words_of(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => "password-keys",
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            "password-twice"
        }
        Warning::SequencesLikeAbcAreEasyToGuess => "password-rows",
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => "password-dates",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            "password-names"
        }
        Warning::AWordByItselfIsEasyToGuess => "password-single-word",
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => "password-common",
    }
}

/// Checks a new password beside the words that are known of the person and the site.
///
/// # Errors
/// [`Rejection::MissingPassword`], [`Rejection::PasswordTooShort`], [`Rejection::PasswordTooLong`], [`Rejection::PasswordTooCommon`].
pub fn check(password: &str, words: &Words) -> Result<(), Fault> {
    let fault = |rejection| Err(Fault { rejection, strength: None });
    match password_form::stored(password).chars().count() {
        0 => return fault(Rejection::MissingPassword),
        n if n < MIN_LENGTH => return fault(Rejection::PasswordTooShort),
        n if n > MAX_LENGTH => return fault(Rejection::PasswordTooLong),
        _ => {}
    }
    let strength = strength(password, words);
    if strength.score < MIN_STRENGTH {
        return Err(Fault { rejection: Rejection::PasswordTooCommon, strength: Some(strength) });
    }
    Ok(())
}

fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
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

    fn site(issuer: &str, brand: &str) -> Words {
        Words::of_site(&Issuer::parse(issuer).unwrap(), brand)
    }

    #[test]
    fn a_new_password_is_long_and_not_an_early_guess() {
        let words = site("https://login.rivermill.test", "River Mill").with_person("ann.lee@example.org", "Ann Lee");
        let check = |password: &str| check(password, &words).map_err(|fault| fault.rejection);
        assert_eq!(check("a quiet river at dawn"), Ok(()));
        assert_eq!(check(&"ü9".repeat(7)), Err(Rejection::PasswordTooShort));
        assert_eq!(check(&"u\u{308}9".repeat(7)), Err(Rejection::PasswordTooShort));
        assert_eq!(check(""), Err(Rejection::MissingPassword));
        let long = "tZ9!kQ ouvre la lune 7 violette sous un pont de verre ";
        assert_eq!(check(&long.repeat(4)[..MAX_LENGTH - 60]), Ok(()));
        assert_eq!(check(&"x".repeat(MAX_LENGTH + 1)), Err(Rejection::PasswordTooLong));
        for guess in [
            "Password Password",
            "passwordpassword!",
            "iloveyou12345678",
            "qwertyuiop123456",
            "Correct Horse Battery Staple",
            "aaaaaaaaaaaaaaa",
            "abcabcabcabcabc",
            "1234567890123456",
            "ann.lee@example.org",
            "Ann Lee Ann Lee Ann Lee",
            "abcdefghijklmnop",
            "rivermill rivermill",
            "login.rivermill.test",
            "annlee-example-2026",
            "Rivermill12345678!",
        ] {
            assert_eq!(check(guess), Err(Rejection::PasswordTooCommon), "{guess}");
        }
    }

    #[test]
    fn what_makes_a_password_weak_is_said() {
        let words = Words::default();
        for (weak, why) in [("qwertyuiop123456", "password-common"), ("vqxkw vqxkw vqxkw vqxkw", "password-twice")] {
            let strength = strength(weak, &words);
            assert!(strength.score < MIN_STRENGTH && strength.why == why, "{weak}: {strength:?}");
        }
        assert_eq!(strength("a quiet river at dawn", &words), Strength { score: 4, why: "" });
    }

    #[test]
    fn what_is_estimated_is_bounded() {
        assert_eq!(bounded("p@ssw0rd ($$) @! 4+4"), "p@ssw0rd (ss) @i 4t4");
        assert_eq!(bounded(&"ü".repeat(256)).chars().count(), MOST_ESTIMATED);
        let long = Words::default().with_person(&"a b ".repeat(20_000), &"xyz ".repeat(20_000));
        assert!(long.0.len() < 200);
    }

    #[test]
    fn no_password_is_too_odd_for_an_estimate() {
        let odd = ["\0".repeat(256), "𝔞\u{301}\u{202e}".repeat(80), "4@8({[<3€ß".repeat(25), "12.12.2012 ".repeat(23)];
        for password in odd {
            assert!(strength(&password, &site("https://xn--9ca.test", "ﬁ")).score <= 4);
        }
    }
}
