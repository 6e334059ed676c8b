//! Proofs: the ways in which a person has shown who they are, each with its time.
//!
//! Stored as JSON in the sign-in and in the grants that come of it. What clients are told of them is for [`super::assurance`] alone. A new
//! kind is a variant of [`Kind`] and its row there; a page that asks for it and a check in `signin/` that yields it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::passkey::Kept;
use super::upstream::Vouched;
use crate::clock::Timestamp;

/// In which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The password of the account.
    Password,
    /// An account at an upstream provider, one of the person's identities.
    Upstream,
    /// A mail to the account's address, read there.
    Mail,
    /// The same where a mail signs nobody in: it confirms what is done by whoever signed in otherwise, and is told to no application.
    Mailbox,
    /// A code of the authenticator that belongs to the account (RFC 6238): a second factor.
    Totp,
    /// One of the recovery codes of the account: a second factor too, good once.
    RecoveryCode,
    /// A passkey of the account, whose device has checked that it is its owner (WebAuthn, user verification): two factors at once.
    Passkey,
    /// A security key of the account (WebAuthn, user presence): a second factor. Its device has not checked whose it is.
    SecurityKey,
    /// One that only a newer version knows: it was given, but nothing can be told of it.
    #[serde(other)]
    Unknown,
}

impl Kind {
    /// Its name, as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Upstream => "upstream",
            Self::Mail => "mail",
            Self::Mailbox => "mailbox",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
            Self::SecurityKey => "security_key",
            Self::Unknown => "unknown",
        }
    }
}

/// One proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// In which way.
    #[serde(flatten)]
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    /// By which identity, if by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<ByIdentity>,
    /// By which passkey or security key, if by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<ByPasskey>,
}

/// What is known of a proof by a passkey, or by a security key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByPasskey {
    /// Its row id.
    pub id: String,
    /// Whether its key may be copied to other devices of the person (backup eligible, WebAuthn §6.1.3), and is not bound to one.
    pub may_be_copied: bool,
    /// Whether its maker has attested what the device is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_attested: bool,
}

/// What is known of a proof by an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByIdentity {
    /// The row id of the identity.
    pub id: String,
    /// The session at the provider, by which a back-channel logout names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Whether the provider could have said when the person authenticated there, and has not: perhaps long before they came back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_untimed: bool,
    /// The context class of ours that its word counts as, where the configuration trusts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_as: Option<String>,
    /// The context class that the provider claims, where the configuration passes it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The methods that the provider claims, where the configuration passes them on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

impl Proof {
    /// A proof of this kind.
    pub fn of(kind: Kind, at: Timestamp) -> Self {
        Self { kind, at, identity: None, passkey: None }
    }

    /// What a provider has just vouched for, by the identity with this row id. The person proved it when the provider says that they
    /// authenticated there; where it does not say so, when they came back.
    pub fn vouched(vouched: &Vouched, identity_id: &str, now: Timestamp) -> Self {
        let by = ByIdentity {
            id: identity_id.to_owned(),
            sid: vouched.sid.clone(),
            is_untimed: vouched.is_untimed,
            counts_as: vouched.counts_as.clone(),
            acr: vouched.acr.clone(),
            amr: vouched.amr.clone(),
        };
        let at = vouched.auth_time.filter(|at| *at <= now).unwrap_or(now);
        Self { identity: Some(by), ..Self::of(Kind::Upstream, at) }
    }

    /// A passkey that was shown now.
    pub fn by_passkey(by: ByPasskey, now: Timestamp) -> Self {
        Self { passkey: Some(by), ..Self::of(Kind::Passkey, now) }
    }

    /// A security key that was shown now.
    pub fn by_security_key(by: ByPasskey, now: Timestamp) -> Self {
        Self { passkey: Some(by), ..Self::of(Kind::SecurityKey, now) }
    }

    /// Since when it is known to be true, where something fresh is demanded: never, if nobody knows when it was given.
    pub fn known_at(&self) -> Timestamp {
        let is_untimed = self.identity.as_ref().is_some_and(|by| by.is_untimed);
        if is_untimed { Timestamp::from_seconds(0) } else { self.at }
    }

    /// How well the key of the passkey is kept, if it is by one. By a security key nothing is proved that this would make more of.
    pub fn kept(&self) -> Kept {
        let by = self.passkey.as_ref().filter(|_| self.kind == Kind::Passkey);
        by.map_or(Kept::Anywhere, |by| Kept::of(by.is_attested, by.may_be_copied))
    }
}

/// What one person has proved together: at least one proof, and the newest of each kind; of passkeys also the one before, when its key is kept better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Proof>", into = "Vec<Proof>")]
pub struct Proofs(Vec<Proof>);

impl Proofs {
    /// A first proof.
    pub fn of(kind: Kind, at: Timestamp) -> Self {
        Self::first(Proof::of(kind, at))
    }

    /// A first proof of which more is known.
    pub fn first(proof: Proof) -> Self {
        Self(vec![proof])
    }

    /// What any passkey proves whose key is kept so.
    pub fn of_passkey(kept: Kept, at: Timestamp) -> Self {
        let in_hardware = kept == Kept::InHardware;
        let by = ByPasskey { id: String::new(), may_be_copied: !in_hardware, is_attested: in_hardware };
        Self::first(Proof::by_passkey(by, at))
    }

    /// These and one more, which takes the place of a former one of its kind. What hardware proves stays beside what comes without it.
    pub fn and(mut self, proof: Proof) -> Self {
        self.0.retain(|former| former.kind != proof.kind || former.kept() > proof.kept());
        self.0.push(proof);
        self
    }

    /// Those of them for which this holds, if there are any.
    pub fn filtered(&self, is_meant: impl Fn(&Proof) -> bool) -> Option<Self> {
        let meant: Vec<Proof> = self.0.iter().filter(|proof| is_meant(proof)).cloned().collect();
        Self::try_from(meant).ok()
    }

    /// The same, each as old as it is known to be ([`Proof::known_at`]): for whatever demands that something was proved lately.
    pub fn as_known(&self) -> Cow<'_, Self> {
        if self.0.iter().all(|proof| proof.known_at() == proof.at) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self(self.0.iter().map(|proof| Proof { at: proof.known_at(), ..proof.clone() }).collect()))
    }

    /// Whether one of this kind is among them.
    pub fn has(&self, kind: Kind) -> bool {
        self.0.iter().any(|proof| proof.kind == kind)
    }

    /// The identity that was used last, if any was.
    pub fn identity(&self) -> Option<&ByIdentity> {
        self.0.iter().rev().find_map(|proof| proof.identity.as_ref())
    }

    /// The identity by which they came, if they did, without what its provider claimed then: beside a newer proof it says no more than what they hang on.
    pub fn bond(&self) -> Option<Proof> {
        let bare = |by: &ByIdentity| ByIdentity { counts_as: None, acr: None, amr: Vec::new(), ..by.clone() };
        self.0.iter().rev().find_map(|proof| {
            let by = proof.identity.as_ref()?;
            Some(Proof { identity: Some(bare(by)), ..Proof::of(proof.kind, proof.at) })
        })
    }

    /// All of them, in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Proof> {
        self.0.iter()
    }
}

impl TryFrom<Vec<Proof>> for Proofs {
    type Error = &'static str;

    fn try_from(proofs: Vec<Proof>) -> Result<Self, Self::Error> {
        if proofs.is_empty() { Err("nothing was proved") } else { Ok(Self(proofs)) }
    }
}

impl From<Proofs> for Vec<Proof> {
    fn from(proofs: Proofs) -> Self {
        proofs.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn what_is_stored_can_be_read_also_by_an_older_version() {
        let proofs = Proofs::of(Kind::Password, NOW);
        let stored = serde_json::to_string(&proofs).unwrap();
        assert_eq!(stored, r#"[{"kind":"password","at":1000000}]"#);
        assert_eq!(serde_json::from_str::<Proofs>(&stored).unwrap(), proofs);
        let passkey = Proof::by_passkey(ByPasskey { id: "p".into(), may_be_copied: true, is_attested: false }, NOW);
        let stored = serde_json::to_string(&Proofs::first(passkey.clone())).unwrap();
        assert_eq!(stored, r#"[{"kind":"passkey","at":1000000,"passkey":{"id":"p","may_be_copied":true}}]"#);
        let read: Proofs = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, Proofs::first(passkey));
        let kept = Proofs::of_passkey(Kept::InHardware, NOW);
        let stored = serde_json::to_string(&kept).unwrap();
        let passkey = r#"{"id":"","may_be_copied":false,"is_attested":true}"#;
        assert_eq!(stored, format!(r#"[{{"kind":"passkey","at":1000000,"passkey":{passkey}}}]"#));
        assert_eq!(serde_json::from_str::<Proofs>(&stored).unwrap(), kept);
        let key = Proof::by_security_key(ByPasskey { id: "k".into(), may_be_copied: false, is_attested: true }, NOW);
        let stored = serde_json::to_string(&Proofs::first(key.clone())).unwrap();
        let by = r#"{"id":"k","may_be_copied":false,"is_attested":true}"#;
        assert_eq!(stored, format!(r#"[{{"kind":"security_key","at":1000000,"passkey":{by}}}]"#));
        assert_eq!(serde_json::from_str::<Proofs>(&stored).unwrap(), Proofs::first(key));
        // Of a version that trusted no provider's word.
        let by = r#"[{"kind":"upstream","at":1000000,"identity":{"id":"i","acr":"gold"}}]"#;
        let read: Proofs = serde_json::from_str(by).unwrap();
        assert_eq!(read.identity().unwrap().counts_as, None);
        assert_eq!(serde_json::to_string(&read).unwrap(), by);
        let newer = r#"[{"kind":"retina","eye":"left","at":999999},{"kind":"password","at":1000000}]"#;
        let read: Proofs = serde_json::from_str(newer).unwrap();
        assert_eq!(read, Proofs::of(Kind::Unknown, NOW.minus(1)).and(Proof::of(Kind::Password, NOW)));
        for damaged in ["[]", "{}", r#"[{"at":1}]"#, r#"[{"kind":"password"}]"#] {
            assert!(serde_json::from_str::<Proofs>(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn of_each_kind_the_newest_counts() {
        let proofs = Proofs::of(Kind::Password, NOW).and(Proof::of(Kind::Unknown, NOW));
        let proofs = proofs.and(Proof::of(Kind::Password, NOW.plus(9)));
        assert_eq!(proofs.iter().map(|proof| proof.at.seconds()).collect::<Vec<_>>(), [1_000_000, 1_000_009]);
        assert!(proofs.has(Kind::Password) && proofs.has(Kind::Unknown));
        let passkey = |kept, at| Proofs::of_passkey(kept, at).iter().next().cloned().unwrap();
        let kept = |proofs: &Proofs| proofs.iter().map(|proof| (proof.kept(), proof.at)).collect::<Vec<_>>();
        let (first, later) = ((Kept::InHardware, NOW), (Kept::Anywhere, NOW.plus(9)));
        let both = Proofs::of_passkey(first.0, first.1).and(passkey(later.0, later.1));
        assert_eq!(kept(&both), [first, later], "what hardware proved is not forgotten");
        let newest = (Kept::InHardware, NOW.plus(20));
        assert_eq!(kept(&both.clone().and(passkey(newest.0, newest.1))), [newest]);
        assert_eq!(kept(&both.and(passkey(Kept::Anywhere, NOW.plus(30)))), [first, (Kept::Anywhere, NOW.plus(30))]);
        let key = |is_attested, at| {
            Proof::by_security_key(ByPasskey { id: "k".into(), may_be_copied: false, is_attested }, at)
        };
        let later = Proofs::first(key(true, NOW)).and(key(false, NOW.plus(9)));
        assert_eq!(kept(&later), [(Kept::Anywhere, NOW.plus(9))], "a security key is worth the same in hardware");
    }
}
