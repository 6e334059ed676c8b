//! A refusal in the words of a language. In English they stand with the rule, in `protocol/rejection/`; in the other languages under the
//! name of the rule. Those that only developers read are English everywhere, and say so.

use std::borrow::Cow;

use fluent_bundle::FluentArgs;

use super::Language;
use crate::protocol::rejection::{Detail, Refusal, Rejection};

impl Language {
    /// Whether the rule's words are there in this language.
    pub fn speaks_of(self, rejection: Rejection) -> bool {
        self.is_english() || self.own(rejection.reason(), &FluentArgs::new()).is_some()
    }

    /// The rule's words, as plain text.
    pub fn rule(self, rejection: Rejection) -> Cow<'static, str> {
        self.refusal(&rejection.into())
    }

    /// The refusal's words, as plain text: those of the rule, with the parameter at fault, or how long to wait.
    pub fn refusal(self, refusal: &Refusal) -> Cow<'static, str> {
        let own = if self.is_english() { None } else { self.own(refusal.rejection.reason(), &FluentArgs::new()) };
        let Some(words) = own else { return refusal.description() };
        Cow::Owned(match &refusal.detail {
            Detail::Parameter(name) => format!("{}: {name}.", words.trim_end_matches('.')),
            Detail::Scope(token) => format!("{}: {token}.", words.trim_end_matches('.')),
            Detail::Wait(seconds) => match words.strip_suffix(self.words("try-again-later").as_str()) {
                Some(before) => format!("{before}{}", self.try_again_in(*seconds)),
                None => words,
            },
            Detail::None | Detail::Scopes(_) => words,
        })
    }

    fn try_again_in(self, seconds: u64) -> String {
        let (count, is_hours) = Refusal::wait_of(seconds);
        self.say(if is_hours { "try-again-in-hours" } else { "try-again-in-minutes" }).with("count", count).plain()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_in_german_how_long_to_wait_and_what_is_at_fault() {
        let german = Language::tagged("de").unwrap();
        let waits = |seconds| german.refusal(&Rejection::TooManyFailures.for_seconds(seconds)).into_owned();
        assert!(waits(60).ends_with("in einer Minute noch einmal."), "{}", waits(60));
        assert!(waits(900).contains(" 15 Minuten "), "{}", waits(900));
        assert!(waits(7201).contains(" 3 Stunden "), "{}", waits(7201));
        assert!(german.refusal(&Rejection::MissingChoice.of("id")).ends_with(": id."));
        assert_eq!(german.rule(Rejection::MissingCodeChallenge), Rejection::MissingCodeChallenge.description());
        let english = Language::default();
        for rejection in Rejection::ALL {
            assert_eq!(english.rule(*rejection), rejection.description());
        }
    }
}
