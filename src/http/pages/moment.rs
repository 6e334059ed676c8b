//! A moment as a person reads it: how long ago it was, with the exact time for whoever wants to know.

use crate::clock::Timestamp;
use crate::language::Language;

/// A moment on a page, for a `<time>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// As programs read it: `2026-11-24T12:00:00Z`.
    pub exact: String,
    /// To the minute: `2026-11-24 12:00 UTC`.
    pub title: String,
    since: (&'static str, i64),
}

impl Moment {
    /// The moment, as seen from `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let exact = at.to_string();
        let seconds = now.seconds().saturating_sub(at.seconds());
        let title = format!("{} UTC", exact.get(..16).unwrap_or(&exact).replace('T', " "));
        Self { title, since: since(seconds), exact }
    }
}

impl Moment {
    /// How long ago it was, in the words of a language.
    pub fn ago(&self, language: Language) -> String {
        let (key, count) = self.since;
        language.say(key).with("count", count).plain()
    }
}

/// Seconds in the largest unit that they fill, by the key of their message. Clocks of several nodes differ: what lies ahead is now.
fn since(seconds: i64) -> (&'static str, i64) {
    const UNITS: [(i64, &str); 5] = [
        (365 * 86_400, "years-ago"),
        (30 * 86_400, "months-ago"),
        (86_400, "days-ago"),
        (3600, "hours-ago"),
        (60, "minutes-ago"),
    ];
    let unit = UNITS.into_iter().find(|(length, _)| seconds >= *length);
    unit.map_or(("just-now", 0), |(length, key)| (key, seconds / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_its_largest_unit() {
        let at = Timestamp::from_seconds(1_800_000_000);
        for (seconds, words) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7199, "1 hour ago"),
            (172_799, "1 day ago"),
            (2_592_000, "1 month ago"),
            (31_536_000, "1 year ago"),
        ] {
            assert_eq!(Moment::new(at, at.plus(seconds)).ago(Language::default()), words);
        }
        let moment = Moment::new(at, at.plus(300));
        assert_eq!((moment.exact.as_str(), moment.title.as_str()), ("2027-01-15T08:00:00Z", "2027-01-15 08:00 UTC"));
        assert_eq!(moment.ago(Language::default()), "5 minutes ago");
        let german = Language::tagged("de").unwrap();
        assert_eq!(
            (moment.ago(german).as_str(), Moment::new(at, at.plus(60)).ago(german).as_str()),
            ("vor 5 Minuten", "vor einer Minute")
        );
    }
}
