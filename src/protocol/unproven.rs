//! Accounts whose address nobody ever proved: where the settings say so they end, after their person was warned twice
//! (`[registration] unproven_days`).
//!
//! Only what people made for themselves while mail could be sent, and what nobody has had a hand in since: no operator, no invitation, no
//! provider. Whoever holds a role or has linked an account at a provider is somebody's; what was switched off stays as evidence.

use super::user::{EmailAuthority, MadeBy, User};
use crate::clock::Timestamp;

const DAY: i64 = 86_400;

/// What is known of an account beside its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// When it was made.
    pub created_at: Timestamp,
    /// How often its person was warned.
    pub warnings: i64,
    /// When last.
    pub warned_at: Option<Timestamp>,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Its person is to be warned; it ends then.
    Warn(Timestamp),
    /// It is to end.
    End,
}

/// Whether the account ends when nobody proves its address; so many identities it has.
pub fn can_end(user: &User, identities: usize) -> bool {
    user.made_by == MadeBy::Person
        && user.email.is_some()
        && !user.email_verified
        && user.email_authority == EmailAuthority::Nobody
        && user.roles.is_empty()
        && user.upstream_roles.is_empty()
        && identities == 0
        && user.is_usable()
}

/// How long before now an account was made that anything is due for, in seconds.
pub const fn first_look(days: u32) -> i64 {
    days as i64 * DAY / 2
}

/// What is due: a warning at half of the time, another a day before its end, and the end. When that comes late, each step leaves its person the
/// time that they would have had.
pub fn due(awaited: Awaited, days: u32, now: Timestamp) -> Option<Due> {
    let span = i64::from(days) * DAY;
    if span == 0 {
        return None;
    }
    let Awaited { created_at, warnings, warned_at } = awaited;
    let gap = DAY.min(span / 4);
    let rested = warned_at.map_or(created_at, |at| at.plus(gap));
    let end = created_at.plus(span).max(now.plus(gap));
    match warnings {
        0 if now >= created_at.plus(span / 2) => Some(Due::Warn(end.max(now.plus(2 * gap)))),
        1 if now >= created_at.plus(span - gap).max(rested) => Some(Due::Warn(end)),
        2.. if now >= created_at.plus(span).max(rested) => Some(Due::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        let new = User::new("u".into(), MadeBy::Person, Timestamp::from_seconds(0));
        User { email: Some("ann@example.org".into()), ..new }
    }

    #[test]
    fn only_what_a_person_made_and_nobody_had_a_hand_in_ends() {
        type Change = fn(&mut User);
        assert!(can_end(&user(), 0));
        assert!(!can_end(&user(), 1), "an account at a provider");
        let kept: [(&str, Change); 9] = [
            ("by an operator", |user| user.made_by = MadeBy::Operator),
            ("by an invitation", |user| user.made_by = MadeBy::Invitation),
            ("by a provider", |user| user.made_by = MadeBy::Upstream),
            ("from before", |user| user.made_by = MadeBy::Unknown),
            ("proved", |user| user.email_verified = true),
            ("an operator's address", |user| user.email_authority = EmailAuthority::Operator),
            ("a role", |user| user.roles = vec!["editor".into()]),
            ("a provider's role", |user| user.upstream_roles = vec!["editor".into()]),
            ("no address", |user| user.email = None),
        ];
        for (why, change) in kept {
            let mut user = user();
            change(&mut user);
            assert!(!can_end(&user, 0), "{why}");
        }
        for at in [Some(Timestamp::from_seconds(1)), None] {
            let off = User { disabled_at: at, delete_after: at, ..user() };
            assert_eq!(can_end(&off, 0), at.is_none());
        }
    }

    #[test]
    fn it_is_warned_at_half_of_the_time_and_a_day_before_the_end() {
        let made = Timestamp::from_seconds(1_000_000);
        let (at, hour) = (|seconds: i64| made.plus(seconds), 3600);
        let awaited = |warnings, warned: Option<i64>| Awaited {
            created_at: made,
            warnings,
            warned_at: warned.map(|seconds| made.plus(seconds)),
        };
        for (days, warnings, warned, now, expected) in [
            (0, 0, None, 1000 * DAY, None),
            (10, 0, None, 5 * DAY - 1, None),
            (10, 0, None, 5 * DAY, Some(Due::Warn(at(10 * DAY)))),
            (10, 1, Some(5 * DAY), 9 * DAY - 1, None),
            (10, 1, Some(5 * DAY), 9 * DAY, Some(Due::Warn(at(10 * DAY)))),
            (10, 2, Some(9 * DAY), 10 * DAY - 1, None),
            (10, 2, Some(9 * DAY), 10 * DAY, Some(Due::End)),
            // Never without both warnings, however late it is, nor sooner after one than was said.
            (10, 0, None, 30 * DAY, Some(Due::Warn(at(32 * DAY)))),
            (10, 1, Some(30 * DAY), 31 * DAY - 1, None),
            (10, 1, Some(30 * DAY), 31 * DAY, Some(Due::Warn(at(32 * DAY)))),
            (10, 2, Some(31 * DAY), 32 * DAY - 1, None),
            (10, 2, Some(31 * DAY), 32 * DAY, Some(Due::End)),
            // A single day has hours.
            (1, 0, None, 12 * hour, Some(Due::Warn(at(24 * hour)))),
            (1, 1, Some(12 * hour), 18 * hour, Some(Due::Warn(at(24 * hour)))),
            (1, 2, Some(18 * hour), 24 * hour, Some(Due::End)),
        ] {
            assert_eq!(due(awaited(warnings, warned), days, at(now)), expected, "{days} {warnings} {warned:?} {now}");
        }
    }
}
