//! Leaving: an account that its person gives up is closed at once and deleted some days later; until then a mail to its address brings it back
//! (GDPR Article 17, OWASP ASVS 6.4).
//!
//! Whom no mail can reach has no way back that strangers would not have as well, so such an account goes at once; the page says so before.

use super::email;
use super::user::User;
use crate::clock::Timestamp;

/// How long there is to come back, in seconds.
pub const GRACE: i64 = 7 * DAY;

/// What whoever has no address types to say that they mean it: the same in every language.
pub const WORD: &str = "DELETE";

const DAY: i64 = 86_400;

/// Whether whoever leaves can come back: mail can be sent, and there is an address to send it to.
pub const fn has_way_back(user: &User, sends_mail: bool) -> bool {
    sends_mail && user.email.is_some()
}

/// What the person types to say that they mean it: the address, or [`WORD`] without one.
pub fn word(user: &User) -> &str {
    user.email.as_deref().unwrap_or(WORD)
}

/// Whether that is what was typed. An address may be typed as it may be where one signs in.
pub fn is_meant(user: &User, typed: &str) -> bool {
    match &user.email {
        Some(address) => email::canonical(typed).is_ok_and(|typed| typed == *address),
        None => typed.trim().eq_ignore_ascii_case(WORD),
    }
}

/// Whether the time to come back is over.
pub fn is_over(delete_after: Timestamp, now: Timestamp) -> bool {
    delete_after <= now
}

/// How many days these seconds are, as a person counts: a day that has begun is one.
pub const fn days(seconds: i64) -> i64 {
    let days = (seconds + DAY - 1) / DAY;
    if days < 1 { 1 } else { days }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::user::MadeBy;

    fn user(email: Option<&str>) -> User {
        let new = User::new("u".into(), MadeBy::Person, Timestamp::from_seconds(0));
        User { email: email.map(str::to_owned), name: "Ann Lee".into(), ..new }
    }

    #[test]
    fn only_whom_a_mail_reaches_can_come_back() {
        for (email, sends_mail, expected) in
            [(Some("ann@example.org"), true, true), (Some("ann@example.org"), false, false), (None, true, false)]
        {
            assert_eq!(has_way_back(&user(email), sends_mail), expected, "{email:?} {sends_mail}");
        }
    }

    #[test]
    fn whoever_means_it_types_the_address_or_the_word() {
        let (ann, nobody) = (user(Some("ann@example.org")), user(None));
        assert_eq!((word(&ann), word(&nobody)), ("ann@example.org", WORD));
        for (typed, by_address, by_word) in [
            ("ann@example.org", true, false),
            (" ANN@Example.org ", true, false),
            ("DELETE", false, true),
            (" delete ", false, true),
            ("eve@example.org", false, false),
            ("ann@example.org, eve@example.org", false, false),
            ("Ann Lee", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_meant(&ann, typed), is_meant(&nobody, typed)), (by_address, by_word), "{typed:?}");
        }
    }

    #[test]
    fn the_end_of_the_time_is_the_end_and_a_day_that_has_begun_is_one() {
        let at = Timestamp::from_seconds(1_000_000);
        assert_eq!((is_over(at, at.minus(1)), is_over(at, at), is_over(at, at.plus(1))), (false, true, true));
        assert_eq!((days(GRACE), days(DAY + 1), days(60), days(0)), (7, 2, 1, 1));
    }
}
