//! The secrets of a client: two at most, so that an application can go over from one to the other without a gap.
//!
//! A secret lives until it is put out of use or its time is over. One whose time is over keeps its place until another needs it, so whoever
//! still sends it can be told why it is refused.

use super::named::named;
use crate::clock::Timestamp;
use crate::secret::SecretHash;

/// How long before a secret ends it is warned of, in seconds: 14 days.
pub const WARNED: i64 = 14 * DAY;
const DAY: i64 = 86_400;
/// The longest time that a former secret goes on beside its successor, in seconds: a year.
const MAX_OVERLAP: i64 = 366 * DAY;
/// The longest life that can be given to a secret, in seconds: ten years. One without an end has none.
const MAX_LIFE: i64 = 3660 * DAY;
/// How many places there are.
pub const PLACES: usize = 2;

/// A secret of a client, as far as it is kept.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// Names it among those of the client: a few characters, no secret.
    pub id: String,
    /// Its hash.
    pub hash: SecretHash,
    /// When it was made; `None` when it is from before that was kept.
    pub made_at: Option<Timestamp>,
    /// When it ends, from which moment on it is refused; `None` when it has no end.
    pub expires_at: Option<Timestamp>,
}

/// Whether a secret is good for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretState {
    /// The client may authenticate with it.
    Live,
    /// Its time is over.
    Expired,
}

named!(SecretState { Live = "live", Expired = "expired" });

/// The secrets of a client, each at its place; none of a public one.
#[derive(Clone, Debug, Default)]
pub struct ClientSecrets([Option<ClientSecret>; PLACES]);

/// That both places are taken by secrets that live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BothLive;

/// Why a secret was not put out of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The client has none with this id.
    Unknown,
    /// No other one lives.
    LastLive,
}

impl ClientSecret {
    /// Whether it lives.
    pub fn state(&self, now: Timestamp) -> SecretState {
        if self.expires_at.is_none_or(|at| now < at) { SecretState::Live } else { SecretState::Expired }
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.state(now) == SecretState::Live
    }
}

impl ClientSecrets {
    /// None at all.
    pub const NONE: Self = Self([const { None }; PLACES]);

    /// One secret and no other.
    pub fn one(secret: ClientSecret) -> Self {
        Self([Some(secret), None])
    }

    /// Whether there is none, not even one whose time is over.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Both places, with what is there.
    pub fn places(&self) -> [(usize, Option<&ClientSecret>); PLACES] {
        std::array::from_fn(|place| (place, self.0[place].as_ref()))
    }

    /// Those that there are.
    pub fn iter(&self) -> impl Iterator<Item = &ClientSecret> {
        self.0.iter().flatten()
    }

    /// How many of them live.
    pub fn live(&self, now: Timestamp) -> usize {
        self.iter().filter(|secret| secret.is_live(now)).count()
    }

    /// Puts a secret at its place; `false` when there is no such place.
    pub fn put(&mut self, place: usize, secret: ClientSecret) -> bool {
        let Some(found) = self.0.get_mut(place) else { return false };
        *found = Some(secret);
        true
    }

    /// The one with this hash and its place, whether or not it lives. Each place costs the same comparison, an empty one too, and all are
    /// compared whatever was found.
    pub fn matching(&self, presented: &SecretHash) -> Option<(usize, &ClientSecret)> {
        let mut found = None;
        for (place, secret) in self.places() {
            let is_it = secret.map_or(SecretHash::NONE, |secret| secret.hash) == *presented;
            if is_it && let Some(secret) = secret {
                found = Some((place, secret));
            }
        }
        found
    }

    /// Puts a new secret beside the one that lives, which goes on until `until`, or until its own end when that comes first.
    ///
    /// # Errors
    /// When two live already.
    pub fn add(&mut self, new: ClientSecret, until: Timestamp, now: Timestamp) -> Result<(), BothLive> {
        let is_live = |secret: &Option<ClientSecret>| secret.as_ref().is_some_and(|secret| secret.is_live(now));
        // An empty place before one with a secret whose time is over.
        let free = (0..PLACES).filter(|place| !is_live(&self.0[*place])).min_by_key(|place| self.0[*place].is_some());
        let free = free.ok_or(BothLive)?;
        for former in self.0.iter_mut().flatten().filter(|former| former.is_live(now)) {
            former.expires_at = Some(former.expires_at.map_or(until, |own| own.min(until)));
        }
        self.0[free] = Some(new);
        Ok(())
    }

    /// Puts the one with this id out of use at once.
    ///
    /// # Errors
    /// When there is none, or it is the last that lives.
    pub fn revoke(&mut self, id: &str, now: Timestamp) -> Result<(), Kept> {
        let place = self.0.iter().position(|secret| secret.as_ref().is_some_and(|secret| secret.id == id));
        let place = place.ok_or(Kept::Unknown)?;
        if self.live(now) == 1 && self.0[place].as_ref().is_some_and(|secret| secret.is_live(now)) {
            return Err(Kept::LastLive);
        }
        self.0[place] = None;
        Ok(())
    }
}

/// Whether a former secret may go on for so many seconds.
///
/// # Errors
/// What is wrong.
pub fn check_overlap(seconds: i64) -> Result<(), &'static str> {
    if (1..=MAX_OVERLAP).contains(&seconds) { Ok(()) } else { Err("the former secret goes on for a year at most") }
}

/// Whether a secret may be given so many seconds to live.
///
/// # Errors
/// What is wrong.
pub fn check_life(seconds: i64) -> Result<(), &'static str> {
    if (1..=MAX_LIFE).contains(&seconds) { Ok(()) } else { Err("a secret that ends does so within ten years") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn hash(id: &str) -> SecretHash {
        Secret::presented(id).hash()
    }

    fn secret(id: &str, expires_at: Option<i64>) -> ClientSecret {
        ClientSecret { id: id.to_owned(), hash: hash(id), made_at: None, expires_at: expires_at.map(at) }
    }

    /// Each by its id, with its end.
    fn all(secrets: &ClientSecrets) -> Vec<(&str, Option<i64>)> {
        secrets.iter().map(|one| (one.id.as_str(), one.expires_at.map(Timestamp::seconds))).collect()
    }

    #[test]
    fn a_secret_ends_at_its_moment_and_one_without_an_end_never() {
        let ending = ClientSecrets::one(secret("a", Some(100)));
        let endless = ClientSecrets::one(secret("a", None));
        for (now, live) in [(0, 1), (99, 1), (100, 0), (101, 0)] {
            assert_eq!((ending.live(at(now)), endless.live(at(now))), (live, 1), "{now}");
        }
        assert_eq!((ClientSecrets::NONE.live(at(0)), ClientSecrets::NONE.is_empty()), (0, true));
        assert!(!ending.is_empty());
    }

    #[test]
    fn a_secret_is_found_at_either_place_and_an_empty_place_is_nobodys() {
        let mut secrets = ClientSecrets::one(secret("a", Some(5)));
        assert!(secrets.put(1, secret("b", None)) && !secrets.put(2, secret("c", None)));
        let found = |secrets: &ClientSecrets, id: &str| {
            secrets.matching(&hash(id)).map(|(place, secret)| (place, secret.id.clone()))
        };
        assert_eq!(found(&secrets, "a"), Some((0, "a".to_owned())));
        assert_eq!(found(&secrets, "b"), Some((1, "b".to_owned())));
        assert_eq!(found(&secrets, "c"), None);
        assert!(ClientSecrets::NONE.matching(&SecretHash::NONE).is_none());
    }

    #[test]
    fn a_former_secret_goes_on_as_long_as_is_said_and_never_beyond_its_own_end() {
        for (own, end) in [(None, 50), (Some(20), 20), (Some(90), 50)] {
            let mut secrets = ClientSecrets::one(secret("a", own));
            secrets.add(secret("b", None), at(50), at(10)).unwrap();
            assert_eq!(all(&secrets), [("a", Some(end)), ("b", None)]);
            assert_eq!((secrets.live(at(end - 1)), secrets.live(at(end))), (2, 1));
        }
    }

    #[test]
    fn a_third_is_refused_while_two_live_and_takes_the_place_of_one_whose_time_is_over() {
        let mut secrets = ClientSecrets::one(secret("a", None));
        secrets.add(secret("b", None), at(50), at(10)).unwrap();
        assert_eq!(secrets.add(secret("c", None), at(60), at(49)), Err(BothLive));
        assert_eq!(all(&secrets), [("a", Some(50)), ("b", None)], "nothing has changed");
        secrets.add(secret("c", None), at(60), at(50)).unwrap();
        assert_eq!(all(&secrets), [("c", None), ("b", Some(60))]);
        // One whose time is over keeps its place while there is a free one.
        let mut expired = ClientSecrets::one(secret("a", Some(5)));
        expired.add(secret("b", None), at(50), at(10)).unwrap();
        assert_eq!(all(&expired), [("a", Some(5)), ("b", None)]);
        let mut second = ClientSecrets::NONE;
        second.put(1, secret("a", None));
        second.add(secret("b", None), at(50), at(10)).unwrap();
        assert_eq!(all(&second), [("b", None), ("a", Some(50))]);
    }

    #[test]
    fn the_last_secret_that_lives_is_never_put_out_of_use() {
        let mut secrets = ClientSecrets::one(secret("a", None));
        assert_eq!(secrets.revoke("a", at(10)), Err(Kept::LastLive));
        secrets.add(secret("b", None), at(50), at(10)).unwrap();
        assert_eq!(secrets.revoke("c", at(10)), Err(Kept::Unknown));
        assert_eq!(secrets.clone().revoke("b", at(49)), Ok(()));
        assert_eq!(secrets.clone().revoke("b", at(50)), Err(Kept::LastLive));
        assert_eq!(secrets.revoke("a", at(50)), Ok(()));
        assert_eq!(all(&secrets), [("b", None)]);
        // What has ended by itself can go, though nothing lives.
        let mut over = ClientSecrets::one(secret("a", Some(5)));
        assert_eq!((over.revoke("a", at(10)), over.is_empty()), (Ok(()), true));
    }

    #[test]
    fn times_are_longer_than_nothing_and_have_a_bound() {
        for (seconds, overlap, life) in [
            (-1, false, false),
            (0, false, false),
            (1, true, true),
            (366 * DAY, true, true),
            (366 * DAY + 1, false, true),
            (3660 * DAY, false, true),
            (3660 * DAY + 1, false, false),
        ] {
            assert_eq!((check_overlap(seconds).is_ok(), check_life(seconds).is_ok()), (overlap, life), "{seconds}");
        }
    }
}
