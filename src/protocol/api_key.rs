//! API keys: what a script shows for somebody, for the scopes of one API, until it expires or is taken back.
//!
//! A key is `dwk_`, twelve characters that name it, 43 that are secret and six that check the rest, all but the first four of base62: 65 characters
//! without a separator, which a double click marks and a scanner for secrets finds (`\bdwk_[0-9A-Za-z]{61}\b`). The six are the CRC-32 of all before
//! them (ITU-T V.42), so that a typing error is told, and a text that only looks like a key is passed over, without anybody being asked. Prefix and
//! name together are the key's id: public, the `client_id` of its tokens, and their grant. Only the SHA-256 of the whole is kept.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use super::client::Client;
use super::named::named;
use super::resource::Resource;
use super::role::Holder;
use super::scope::ScopeSet;
use crate::clock::Timestamp;
use crate::secret::{Secret, SecretHash};

/// What every key begins with, and every id of one.
pub const PREFIX: &str = "dwk_";
/// The type of a key as the subject of a token exchange (RFC 8693 §3).
pub const TOKEN_TYPE: &str = "urn:doorward:params:oauth:token-type:api-key";
/// The digits of base62, in their order.
pub const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How many digits name a key,
pub const NAME_DIGITS: usize = 12;
/// and how many are secret: of 62 to the power of 43 there are more than of 256 bits.
pub const SECRET_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;
const SUM: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
/// The length of a key, in bytes.
pub const LENGTH: usize = PREFIX.len() + NAME_DIGITS + SECRET_DIGITS + CHECK_DIGITS;
const ID_LENGTH: usize = PREFIX.len() + NAME_DIGITS;
/// The longest name that its owner gives a key, in characters.
pub const MAX_NAME: usize = 100;
/// How long a replaced key goes on when nothing else is said, in seconds: a day.
pub const OVERLAP: i64 = 86_400;
/// How long after a use that was noted another is, in seconds.
const USE_IS_NOTED_AFTER: i64 = 60;
/// How long after a use that was recorded another one from the same network is, in seconds.
const USE_IS_RECORDED_AFTER: i64 = 86_400;

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A person, by the id of the account.
    User(String),
    /// A client that acts for itself, by its id.
    Client(String),
}

/// A key that was made, without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The prefix and the name: 16 characters.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
    /// The API that it is for, by its identifier.
    pub resource: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do at most.
    pub scopes: ScopeSet,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute,
    pub last_used_at: Option<Timestamp>,
    /// and from which network it was then shown to us: its holder's, or that of the API that asked about it.
    pub last_used_network: Option<String>,
    /// When it was ended,
    pub ended_at: Option<Timestamp>,
    /// and why.
    pub end_reason: Option<String>,
    /// The key that it was replaced by.
    pub successor: Option<String>,
}

/// What is known of a key's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be used.
    Live,
    /// It can be used until its overlap with the key that replaced it is over.
    Replaced,
    /// Its time is over.
    Expired,
    /// It was ended.
    Ended,
}

named!(State { Live = "live", Replaced = "replaced", Expired = "expired", Ended = "ended" });

impl ApiKey {
    /// What it is worth now, as far as it alone decides. Its owner, whose roles and whose account it depends on, decides too.
    pub fn state(&self, now: Timestamp) -> State {
        if self.ended_at.is_some() {
            State::Ended
        } else if now >= self.expires_at {
            State::Expired
        } else if self.successor.is_some() {
            State::Replaced
        } else {
            State::Live
        }
    }

    /// Whether it can be used, as far as it alone decides.
    pub fn is_live(&self, now: Timestamp) -> bool {
        matches!(self.state(now), State::Live | State::Replaced)
    }

    /// What it may do now: of its scopes those that its API still has and that its owner may have. `service` is the client whose it is, if it is one's.
    /// `None` when nothing is left, for then it is worth nothing.
    pub fn allows(&self, holder: Holder<'_>, service: Option<&Client>, resources: &[Resource]) -> Option<ScopeSet> {
        let api = resources.iter().find(|resource| resource.identifier == self.resource)?;
        if service.is_some_and(|client| !client.is_enabled() || !client.may_name(&self.resource)) {
            return None;
        }
        let may_ask = |token: &str| service.is_none_or(|client| client.scopes.contains(token));
        let left = self.scopes.filter(|token| api.owns(token) && api.permits(token, holder) && may_ask(token));
        (!left.is_empty()).then_some(left)
    }

    /// Whether a use now is to be noted: one a minute is.
    pub fn use_is_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| now >= at.plus(USE_IS_NOTED_AFTER))
    }

    /// Whether a use that is noted is recorded too: the first from another network than the last one, and the first of a day.
    pub fn use_is_news(&self, network: &str, now: Timestamp) -> bool {
        let is_elsewhere = self.last_used_network.as_deref() != Some(network);
        is_elsewhere
            || self
                .last_used_at
                .is_none_or(|at| now.seconds() / USE_IS_RECORDED_AFTER > at.seconds() / USE_IS_RECORDED_AFTER)
    }
}

/// A key that was shown to us and is whole: whether there is one like it is not known yet.
#[derive(Clone, Debug)]
pub struct PresentedKey {
    /// Its id.
    pub id: String,
    /// The hash of all of it.
    pub hash: SecretHash,
}

/// Whether a text means to be a key: nothing else that we give begins so.
pub fn is_meant(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Whether a text can be the id of a key.
pub fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH
        && is_meant(text)
        && text.bytes().skip(PREFIX.len()).all(|byte| byte.is_ascii_alphanumeric())
}

/// Puts a key together of a name and a secret, digits of base62 each.
pub fn assemble(name: &str, secret: &Secret) -> (String, Secret) {
    let id = format!("{PREFIX}{name}");
    let body = Secret::presented(format!("{id}{}", secret.expose()));
    let whole = Secret::presented(format!("{}{}", body.expose(), check_digits(body.expose().as_bytes())));
    (id, whole)
}

impl PresentedKey {
    /// Reads what was presented; `None` when it is not a whole key, which nobody needs to be asked about.
    pub fn read(text: &Secret) -> Option<Self> {
        let bytes = text.expose().as_bytes();
        if bytes.len() != LENGTH || !bytes.starts_with(PREFIX.as_bytes()) {
            return None;
        }
        let (body, check) = bytes.split_at(LENGTH - CHECK_DIGITS);
        let is_plain = bytes.iter().skip(PREFIX.len()).all(u8::is_ascii_alphanumeric);
        if !is_plain || check_digits(body).as_bytes() != check {
            return None;
        }
        Some(Self { id: text.expose().get(..ID_LENGTH)?.to_owned(), hash: text.hash() })
    }

    /// The keys in the bytes, whole ones alone, each with the place of its first byte.
    pub fn all_in(bytes: &[u8]) -> Vec<(usize, Self)> {
        let prefix = PREFIX.as_bytes();
        let begins = |at: usize| at == 0 || bytes.get(at - 1).is_none_or(|byte| !is_word(*byte));
        let ends = |at: usize| bytes.get(at + LENGTH).is_none_or(|byte| !is_word(*byte));
        let places = bytes.windows(prefix.len()).enumerate().filter(|(_, window)| *window == prefix).map(|(at, _)| at);
        let whole = places.filter(|at| begins(*at) && ends(*at)).filter_map(|at| {
            let text = std::str::from_utf8(bytes.get(at..at + LENGTH)?).ok()?;
            Some((at, Self::read(&Secret::presented(text))?))
        });
        whole.collect()
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The CRC-32 of the bytes in six digits of base62, the highest first.
fn check_digits(bytes: &[u8]) -> String {
    let mut rest = SUM.checksum(bytes);
    let mut digits = [b'0'; CHECK_DIGITS];
    for digit in digits.iter_mut().rev() {
        let at = usize::try_from(rest % 62).unwrap_or_default();
        *digit = DIGITS[at];
        rest /= 62;
    }
    digits.map(char::from).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn key() -> (String, Secret) {
        assemble("0aZ9bY8cX7dW", &Secret::presented("x".repeat(SECRET_DIGITS)))
    }

    #[test]
    fn a_key_is_known_by_its_shape_and_its_sum() {
        let (id, whole) = key();
        assert_eq!((id.as_str(), whole.expose().len()), ("dwk_0aZ9bY8cX7dW", LENGTH));
        // The sum as another implementation makes it: zlib's crc32 of the 59 characters before.
        assert!(whole.expose().ends_with(DIGITS_OF_SUM), "{}", whole.expose());
        assert_eq!(PresentedKey::read(&whole).map(|key| key.id), Some(id.clone()));
        assert!(is_id(&id) && !is_id(whole.expose()) && !is_id("dwk_0aZ9bY8cX7d-") && !is_id("dwx_0aZ9bY8cX7dW"));
        let text = whole.expose();
        for at in 0..LENGTH {
            let mut typed = text.as_bytes().to_vec();
            typed[at] = if typed[at] == b'a' { b'b' } else { b'a' };
            let typed = String::from_utf8(typed).unwrap();
            assert!(PresentedKey::read(&Secret::presented(typed)).is_none(), "{at}");
        }
        for other in [
            &text[..LENGTH - 1],
            &format!("{text}a"),
            &format!(" {text}"),
            "",
            "dwk_",
            &format!("{}\u{e9}", &text[..LENGTH - 2]),
        ] {
            assert!(PresentedKey::read(&Secret::presented(other)).is_none(), "{other}");
        }
    }

    const DIGITS_OF_SUM: &str = "2UGXYb";

    #[test]
    fn keys_are_found_in_whatever_stands_around_them() {
        let (_, whole) = key();
        let text = whole.expose();
        let found =
            |around: &str| PresentedKey::all_in(around.as_bytes()).iter().map(|(at, _)| *at).collect::<Vec<_>>();
        assert_eq!(found(&format!("KEY={text}\n\"{text}\",dwk_{text}")), [4, LENGTH + 6]);
        assert_eq!(found(&format!("{text}a {text}")), [LENGTH + 2], "what goes on is none");
        let half = &text[..LENGTH / 2];
        assert_eq!(found(&format!("dwk_dwk_ {half} \u{fc}{text}")), [9 + half.len() + 1 + 2]);
        let mut bytes = vec![0xff; 3];
        bytes.extend(text.as_bytes());
        bytes.push(0xfe);
        assert_eq!(PresentedKey::all_in(&bytes).len(), 1);
    }

    #[test]
    fn a_key_may_do_what_its_owner_may_do_now_and_never_more_than_it_says() {
        use crate::protocol::client::ClientType;
        let (anns, none): (&[String], &[String]) = (&["clerk".to_owned()], &[]);
        let mut api = Resource::new("https://a.test".into(), NOW);
        api.scopes = ["read", "write", "more"].map(|scope| (scope.to_owned(), String::new())).into();
        api.guards = [("write".to_owned(), ["clerk".to_owned()].into())].into();
        let key = ApiKey { scopes: ScopeSet::parse("read write").unwrap(), ..live() };
        let left = |holder, service: Option<&Client>, apis: &[Resource]| {
            key.allows(holder, service, apis).map(|scopes| scopes.to_string())
        };
        let text = |scopes: &str| Some(scopes.to_owned());
        let apis = [Resource::new("https://b.test".into(), NOW), api.clone()];
        assert_eq!(left(Holder::Person(anns), None, &apis), text("read write"));
        assert_eq!(left(Holder::Person(none), None, &apis), text("read"), "the role is gone");
        let lacking = |scopes: &[&str]| {
            let mut api = api.clone();
            api.scopes.retain(|scope, _| !scopes.contains(&scope.as_str()));
            [api]
        };
        assert_eq!(left(Holder::Person(anns), None, &lacking(&["read"])), text("write"), "the scope is gone");
        assert_eq!(left(Holder::Person(none), None, &lacking(&["read"])), None, "nothing is left");
        assert_eq!(left(Holder::Person(anns), None, &apis[..1]), None, "the API is gone");
        let mut service = Client::new("s".into(), ClientType::Service, NOW);
        service.scopes = ScopeSet::parse("write more").unwrap();
        let of = |service: &Client| left(Holder::Service(anns), Some(service), &apis);
        assert_eq!(of(&service), text("write"), "the service may not ask for the other");
        let narrowed = |change: &dyn Fn(&mut Client)| {
            let mut service = service.clone();
            change(&mut service);
            of(&service)
        };
        assert_eq!(narrowed(&|service| service.scopes = ScopeSet::parse("more").unwrap()), None);
        assert_eq!(narrowed(&|service| service.resources = vec!["https://b.test".into()]), None);
        assert_eq!(narrowed(&|service| service.disabled_at = Some(NOW)), None);
        assert_eq!(left(Holder::Service(none), Some(&service), &apis), None);
    }

    fn live() -> ApiKey {
        ApiKey {
            id: "dwk_0aZ9bY8cX7dW".into(),
            owner: Owner::User("u".into()),
            resource: "https://a.test".into(),
            name: "Backup".into(),
            scopes: ScopeSet::default(),
            created_at: NOW,
            expires_at: NOW.plus(100),
            last_used_at: None,
            last_used_network: None,
            ended_at: None,
            end_reason: None,
            successor: None,
        }
    }

    #[test]
    fn a_key_lives_until_it_ends_expires_or_its_overlap_is_over() {
        let live = live();
        let with = |change: &dyn Fn(&mut ApiKey)| {
            let mut key = live.clone();
            change(&mut key);
            key
        };
        let replaced = with(&|key| key.successor = Some("dwk_1".into()));
        let ended = with(&|key| key.ended_at = Some(NOW));
        for (key, at, state, is_live) in [
            (&live, 99, State::Live, true),
            (&live, 100, State::Expired, false),
            (&replaced, 99, State::Replaced, true),
            (&replaced, 100, State::Expired, false),
            (&ended, 0, State::Ended, false),
            (&ended, 200, State::Ended, false),
        ] {
            assert_eq!((key.state(NOW.plus(at)), key.is_live(NOW.plus(at))), (state, is_live), "{at}");
        }
        let used = with(&|key| (key.last_used_at, key.last_used_network) = (Some(NOW), Some("192.0.2.1".into())));
        assert!(live.use_is_due(NOW) && !used.use_is_due(NOW.plus(59)) && used.use_is_due(NOW.plus(60)));
        assert!(used.use_is_news("192.0.2.2", NOW) && !used.use_is_news("192.0.2.1", NOW.plus(60)));
        assert!(used.use_is_news("192.0.2.1", NOW.plus(86_400)) && live.use_is_news("192.0.2.1", NOW));
    }
}
