//! A rejection as it happened: with the little that may be said of it beside its words.

use std::borrow::Cow;
use std::fmt;

use super::Rejection;
use crate::protocol::scope::ScopeSet;

/// The longest scope that a refusal names, in bytes.
const MAX_SCOPE: usize = 100;

/// A rejection with its detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that said no.
    pub rejection: Rejection,
    /// What may be said of it beside its words.
    pub detail: Detail,
}

/// What may be said of a refusal beside its words. Each kind is safe to show to whoever asked: nothing here is input whose grammar was not
/// checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// The scopes that were needed: the `scope` of a bearer challenge (RFC 6750 §3), and of its body.
    Scopes(ScopeSet),
    /// The parameter at fault, or the method that is right: a name that this server knows, never one that was only sent.
    Parameter(&'static str),
    /// The scope at fault, which was sent: one word of at most 100 bytes, of letters, digits and `-._:`, which is neither markup nor an
    /// address.
    Scope(String),
    /// How long to wait before trying again, in seconds, at least 1: `Retry-After` (RFC 9110 §10.2.3).
    Wait(u64),
}

impl Rejection {
    /// The refusal for want of these scopes.
    pub fn needing(self, scopes: impl IntoIterator<Item = &'static str>) -> Refusal {
        Refusal { rejection: self, detail: Detail::Scopes(scopes.into_iter().collect()) }
    }

    /// The refusal for the sake of this parameter.
    pub const fn of(self, parameter: &'static str) -> Refusal {
        Refusal { rejection: self, detail: Detail::Parameter(parameter) }
    }

    /// The refusal for the sake of this scope token. One that is too long to be read is not named, and neither is one that an application
    /// could show as markup or as a link: who makes up the request makes up the token (RFC 9700 §4.11.2).
    pub fn of_scope(self, token: &str) -> Refusal {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        let is_named = (1..=MAX_SCOPE).contains(&token.len()) && token.bytes().all(is_plain);
        let detail = if is_named { Detail::Scope(token.to_owned()) } else { Detail::None };
        Refusal { rejection: self, detail }
    }

    /// The refusal until so many seconds have passed.
    pub const fn for_seconds(self, seconds: u64) -> Refusal {
        Refusal { rejection: self, detail: Detail::Wait(if seconds == 0 { 1 } else { seconds }) }
    }
}

impl Refusal {
    /// The scopes that were needed, when it was for want of scopes.
    pub const fn needed(&self) -> Option<&ScopeSet> {
        match &self.detail {
            Detail::Scopes(needed) => Some(needed),
            _ => None,
        }
    }

    /// How long to wait as a person says it: whole minutes, or, where that is as good, whole hours (`true`).
    pub fn wait_of(seconds: u64) -> (u64, bool) {
        let minutes = seconds.div_ceil(60).max(1);
        if minutes < 60 || (!minutes.is_multiple_of(60) && minutes < 120) {
            (minutes, false)
        } else {
            (minutes.div_ceil(60), true)
        }
    }

    /// The rule's public words, with the parameter or the scope at fault, or how long to wait: `A parameter is given more than once: nonce.`
    pub fn description(&self) -> Cow<'static, str> {
        let words = self.rejection.description();
        let naming = |name: &str| format!("{}: {name}.", words.trim_end_matches('.')).into();
        match &self.detail {
            Detail::Parameter(name) => naming(name),
            Detail::Scope(token) => naming(token),
            // Words that do not end so wait for somebody to do something, and nobody knows for how long.
            Detail::Wait(seconds) => match words.strip_suffix("Try again later.") {
                Some(before) => format!("{before}Try again in {}.", in_words(*seconds)).into(),
                None => words.into(),
            },
            Detail::None | Detail::Scopes(_) => words.into(),
        }
    }
}

/// How long to wait, as a person says it.
fn in_words(seconds: u64) -> String {
    let (number, is_hours) = Refusal::wait_of(seconds);
    format!("{number} {}{}", if is_hours { "hour" } else { "minute" }, if number == 1 { "" } else { "s" })
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, detail: Detail::None }
    }
}

impl PartialEq<Rejection> for Refusal {
    /// Whether it is this rule that said no, whatever the detail.
    fn eq(&self, rejection: &Rejection) -> bool {
        self.rejection == *rejection
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_the_parameter_at_fault() {
        let refusal = Rejection::RepeatedParameter.of("nonce");
        assert_eq!(refusal.description(), "A parameter is given more than once: nonce.");
        assert_eq!(Refusal::from(Rejection::RepeatedParameter).description(), "A parameter is given more than once.");
        assert_eq!(refusal, Rejection::RepeatedParameter);
    }

    #[test]
    fn only_a_plain_scope_token_of_a_readable_length_is_named() {
        assert_eq!(
            Rejection::UnknownScope.of_scope("notes:raed").description(),
            "scope names a scope that does not exist here: notes:raed."
        );
        for unnamed in
            ["", "two words", "a\"", "a\\", "\n", "é", "<b>", "https://evil.test", "a'b", &"a".repeat(MAX_SCOPE + 1)]
        {
            assert_eq!(Rejection::UnknownScope.of_scope(unnamed).detail, Detail::None, "{unnamed:.80}");
        }
    }

    #[test]
    fn how_long_to_wait_is_said_in_words() {
        for (seconds, words) in [
            (1, "1 minute"),
            (60, "1 minute"),
            (61, "2 minutes"),
            (900, "15 minutes"),
            (3600, "1 hour"),
            (4000, "67 minutes"),
            (7200, "2 hours"),
            (7201, "3 hours"),
            (86_400, "24 hours"),
        ] {
            let words = format!("Too many attempts. Try again in {words}.");
            assert_eq!(Rejection::TooManyFailures.for_seconds(seconds).description(), words, "{seconds}");
        }
        let closed = Rejection::ClosedToStrangers.for_seconds(86_400);
        assert_eq!(closed.description(), Rejection::ClosedToStrangers.description());
    }

    #[test]
    fn nobody_is_told_to_come_back_at_once() {
        assert_eq!(Rejection::TooManyFailures.for_seconds(0).detail, Detail::Wait(1));
    }
}
