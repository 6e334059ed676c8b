//! A browser in the words of a language. What is known of it stands in English in many places, as `protocol/device.rs` writes it.

use super::Language;

const UNKNOWN: &str = "Unknown browser";

impl Language {
    /// Such as `Firefox unter Linux`, of `Firefox on Linux`.
    pub fn device(self, english: &str) -> String {
        // Behind it may stand from where.
        let own = |browser: &str| match browser.strip_prefix(UNKNOWN) {
            Some(rest) => format!("{}{rest}", self.words("unknown-browser")),
            None => browser.to_owned(),
        };
        match english.split_once(" on ") {
            Some((browser, system)) => {
                self.say("browser-on-system").with("browser", own(browser)).with("system", system).plain()
            }
            None => own(english),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::device;

    #[test]
    fn a_browser_is_named_in_german() {
        let (german, english) = (Language::tagged("de").unwrap(), Language::default());
        for (user_agent, words) in [
            ("Firefox/130.0 (Linux)", "Firefox unter Linux"),
            ("Firefox/130.0", "Firefox"),
            ("(Windows)", "Unbekannter Browser unter Windows"),
            ("x", "Unbekannter Browser"),
        ] {
            let name = device::name(user_agent);
            assert_eq!((german.device(&name).as_str(), english.device(&name)), (words, name));
        }
        assert_eq!(german.device("Unknown browser (192.0.2.1)"), "Unbekannter Browser (192.0.2.1)");
    }
}
