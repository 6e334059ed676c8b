//! The languages of pages and mails: which there are, which of them somebody reads, and the words of each.
//!
//! The words stand in `locales/`, one file a language, in the syntax of Fluent (projectfluent.org); all files of that folder are part of the
//! binary, so that a further language is one file. `locales/en.ftl` is the measure: its head says how messages are written, and what another
//! file lacks is said in English. What is chosen from is said by `ui_locales` (OpenID Connect Core §3.1.2.1), by the account, and by
//! `Accept-Language` (RFC 9110 §12.5.4), in this order; languages are matched as in RFC 4647 §3.4, by shortening what is asked for.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use include_dir::{Dir, include_dir};

mod devices;
mod refusals;
mod scopes;
mod words;

pub use words::{Argument, Markup, Value, Words};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/locales");

static LOADED: LazyLock<Vec<Loaded>> = LazyLock::new(load);

/// The language that everything can be said in.
const MEASURE: &str = "en";

/// The most languages of a list that are looked at: a list is input.
const MOST_ASKED: usize = 32;

/// A language that there are words of. The default is English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(u8);

struct Loaded {
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// The files in the order of their names; of one that cannot be read wholly, what can.
fn load() -> Vec<Loaded> {
    let mut files: Vec<_> =
        FILES.files().filter(|file| file.path().extension().is_some_and(|end| end == "ftl")).collect();
    files.sort_by_key(|file| file.path());
    let loaded = files.into_iter().filter_map(|file| {
        let tag = file.path().file_stem()?.to_str()?;
        let resource = FluentResource::try_new(file.contents_utf8()?.to_owned()).unwrap_or_else(|(some, _)| some);
        let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().ok()?]);
        // Names are isolated from what is around them by the page's own markup.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Some(Loaded { tag, bundle })
    });
    loaded.take(usize::from(u8::MAX)).collect()
}

impl Default for Language {
    fn default() -> Self {
        Self::tagged(MEASURE).unwrap_or(Self(0))
    }
}

impl Language {
    /// All of them, in the order of their tags.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).take(LOADED.len()).map(Self)
    }

    /// The language of this very tag (RFC 5646), whatever the case of its letters.
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::all().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The language that serves whoever asks for this one: `de` serves `de-CH-1996` (RFC 4647 §3.4).
    pub fn serving(range: &str) -> Option<Self> {
        let mut range = range.trim();
        loop {
            if let Some(language) = Self::tagged(range) {
                return Some(language);
            }
            range = range.rsplit_once('-')?.0;
        }
    }

    /// The first of the languages of `ui_locales`, which are parted by spaces, that there is.
    pub fn of_ui_locales(list: &str) -> Option<Self> {
        list.split_ascii_whitespace().take(MOST_ASKED).find_map(Self::serving)
    }

    /// The language that a browser likes best of those that there are.
    pub fn of_accept_language(list: &str) -> Option<Self> {
        let mut asked: Vec<(i32, &str)> = list.split(',').take(MOST_ASKED).filter_map(weighed).collect();
        asked.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        asked.into_iter().filter(|(weight, _)| *weight > 0).find_map(|(_, range)| Self::serving(range))
    }

    /// The language of a page: as the request asks for it, as the account is set, as the browser is set, English.
    pub fn choose(ui_locales: Option<&str>, account: Option<&str>, accept_language: Option<&str>) -> Self {
        let asked = ui_locales.and_then(Self::of_ui_locales);
        let set = || account.and_then(Self::serving);
        let liked = || accept_language.and_then(Self::of_accept_language);
        asked.or_else(set).or_else(liked).unwrap_or_default()
    }

    /// The tag (RFC 5646), for `lang`, `locale` and `ui_locales_supported`.
    pub fn tag(self) -> &'static str {
        self.loaded().map_or(MEASURE, |loaded| loaded.tag)
    }

    /// The language at this place in [`Language::all`].
    pub fn at(place: u8) -> Option<Self> {
        Some(Self(place)).filter(|language| language.loaded().is_some())
    }

    /// Its place in [`Language::all`].
    pub fn place(self) -> u8 {
        self.0
    }

    /// Whether texts that are written in English only are in this language.
    pub fn is_english(self) -> bool {
        self.tag() == MEASURE
    }

    /// The message with this key: see [`Words`].
    pub fn say(self, key: &'static str) -> Words {
        Words::new(self, key)
    }

    /// The message without arguments, as plain text.
    pub fn words(self, key: &'static str) -> String {
        self.say(key).plain()
    }

    /// The message with these arguments, as plain text.
    pub fn words_with(self, key: &'static str, arguments: &[(&'static str, &dyn Argument)]) -> String {
        let words = arguments.iter().fold(self.say(key), |words, (name, value)| words.with(name, *value));
        words.plain()
    }

    fn loaded(self) -> Option<&'static Loaded> {
        LOADED.get(usize::from(self.0))
    }

    /// The message of this language alone; `None` when its file lacks it.
    fn own(self, key: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let bundle = &self.loaded()?.bundle;
        let pattern = bundle.get_message(key)?.value()?;
        // What an argument is missing for, stands there by its name.
        Some(bundle.format_pattern(pattern, Some(arguments), &mut Vec::new()).into_owned())
    }

    /// The message: in English where its file lacks it, and its key where that lacks it too.
    fn message(self, key: &str, arguments: &FluentArgs<'_>) -> String {
        let own = self.own(key, arguments);
        own.or_else(|| Self::default().own(key, arguments)).unwrap_or_else(|| key.to_owned())
    }
}

/// An entry of `Accept-Language` with its weight in thousandths; `None` for what is none.
fn weighed(entry: &str) -> Option<(i32, &str)> {
    let (range, parameter) = entry.split_once(';').unwrap_or((entry, "q=1"));
    let weight: f32 = parameter.trim().strip_prefix("q=")?.parse().ok()?;
    (0.0..=1.0).contains(&weight).then_some(((weight * 1000.0) as i32, range.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_words_is_read_without_a_fault() {
        let mut read = 0;
        for file in FILES.files() {
            let text = file.contents_utf8().unwrap().to_owned();
            let faults = FluentResource::try_new(text).err().map(|(_, faults)| faults);
            assert!(faults.is_none(), "{:?}: {faults:?}", file.path());
            read += 1;
        }
        assert_eq!((read, Language::all().count()), (LOADED.len(), LOADED.len()));
        assert_eq!(Language::default().tag(), "en");
    }

    #[test]
    fn the_language_is_that_of_the_request_before_the_account_before_the_browser() {
        let chosen = |asked, account, accepted| Language::choose(asked, account, accepted).tag();
        assert_eq!(chosen(None, None, None), "en");
        assert_eq!(chosen(Some("fr-CA DE-ch en"), Some("en"), Some("en")), "de");
        assert_eq!(chosen(Some("fr"), Some("de-AT"), Some("en")), "de");
        assert_eq!(chosen(Some("fr"), Some("fr"), Some("fr-CH, de;q=0.7, en;q=0.3")), "de");
        assert_eq!(chosen(None, None, Some("en;q=0.3,de-DE;q=0.7,*;q=0.1")), "de");
        assert_eq!(chosen(None, None, Some("de;q=0, fr")), "en");
        for odd in ["", ",,,", "de;q=2", "de;q=x", "de;q=NaN", "-", "--;q=1", "*", "\u{202e}de", "d-e"] {
            assert_eq!(chosen(Some(odd), Some(odd), Some(odd)), "en", "{odd:?}");
        }
    }

    #[test]
    fn what_a_file_lacks_is_said_in_english_and_never_panics() {
        let german = Language::tagged("de").unwrap();
        assert_eq!(german.words("no-such-message"), "no-such-message");
        assert_ne!(german.words("sign-in"), Language::default().words("sign-in"));
    }
}
