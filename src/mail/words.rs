//! What a message says, in the words that its reader gets (`locales/`): once, and laid out as text and as HTML by one pair of templates.
//!
//! A mail says who writes, what has happened or what it is for, when, from which network and with which device, and what to do if it was not the
//! reader. What people and applications have called themselves stands in it as text, without characters that turn what is around them.

use askama::Template;

use super::letter::Brand;
use crate::clock::Timestamp;
use crate::config::{Colour, DARK, Palette};
use crate::failure::Failure;
use crate::language::{self, Language};
use crate::protocol::alert::Alert;
use crate::protocol::message::{About, Carried, Message, Occasion};
use crate::protocol::printable;
use crate::protocol::ticket::Purpose;

/// The longest name of somebody or something that stands in a mail, in characters.
const LONGEST_NAME: usize = 80;

/// What a mail says.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// The subject, and the first line of the text: what about, and at which site.
    pub subject: String,
    language: Language,
    brand: String,
    home: String,
    lead: Vec<String>,
    action: Option<Action>,
    code: Option<String>,
    note: Option<String>,
    facts: Vec<(String, String)>,
    advice: Vec<String>,
}

/// The one thing that can be done.
#[derive(Clone, Debug)]
struct Action {
    label: String,
    link: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    words: &'a Words,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    words: &'a Words,
    light: &'a Palette,
    dark: &'a Palette,
    /// What stands behind it in the dark; in the light that is the reader's.
    ground: Colour,
}

impl Words {
    /// The words of a message, in the language that serves this tag, or in English.
    pub fn of(message: &Message, brand: &Brand, tag: &str) -> Self {
        let mut words = Self {
            subject: String::new(),
            language: Language::serving(tag).unwrap_or_default(),
            brand: brand.name.clone(),
            home: brand.issuer.as_str().to_owned(),
            lead: Vec::new(),
            action: None,
            code: None,
            note: None,
            facts: Vec::new(),
            advice: Vec::new(),
        };
        words.facts = words.facts(&message.occasion);
        words.tell(&message.about, &brand.issuer.address("/account"));
        words
    }

    /// As plain text (RFC 2046 §4.1.3).
    pub fn text(&self) -> Result<String, Failure> {
        Text { words: self }.render().map_err(Failure::internal)
    }

    /// As HTML that fetches nothing.
    pub fn html(&self, brand: &Brand) -> Result<String, Failure> {
        let html = Html { words: self, light: &brand.light, dark: &brand.dark, ground: DARK.sheet };
        html.render().map_err(Failure::internal)
    }

    /// A message of the files of words, which knows the brand.
    fn say(&self, key: &'static str) -> language::Words {
        self.language.say(key).with("brand", &self.brand)
    }

    /// The same as text, which is escaped where it becomes HTML.
    fn t(&self, key: &'static str) -> String {
        self.say(key).plain()
    }

    fn tell(&mut self, about: &About, account: &str) {
        match about {
            About::Ticket(carried) => self.ticket(carried),
            About::FirstSignIn(carried) => {
                self.ticket(carried);
                self.lead.push(self.t("mail-sign-in-first"));
            }
            About::AddressTaken => {
                self.begin("mail-taken", &["mail-taken-lead"], &["mail-taken-if-you", "mail-taken-if-not-you"]);
                self.act("sign-in", account);
            }
            About::Unproven { link, days } => {
                self.begin("mail-unproven", &[], &["mail-unproven-advice"]);
                self.lead = vec![self.say("mail-unproven-lead").with("days", *days).plain()];
                self.act("mail-confirm-the-address", link);
            }
            About::Alert(alert) => {
                self.alert(alert);
                self.act("mail-see-your-account", account);
            }
            About::Test => self.begin("mail-test", &["mail-test-lead"], &["mail-test-advice"]),
        }
    }

    fn ticket(&mut self, carried: &Carried) {
        let days = carried.purpose.lifetime() / 86_400;
        let of = carried.of.as_deref().map(tame);
        match carried.purpose {
            Purpose::Register => {
                self.begin("mail-registration", &["mail-registration-lead"], &["mail-registration-advice"]);
                self.proof("go-on", carried);
            }
            Purpose::Reset => {
                self.begin("mail-reset", &["mail-reset-lead"], &["mail-reset-advice"]);
                self.proof("mail-reset-action", carried);
            }
            Purpose::SignIn => {
                self.begin("mail-sign-in", &["mail-sign-in-lead"], &["mail-sign-in-advice"]);
                self.proof("sign-in", carried);
            }
            Purpose::Confirm => {
                self.begin("mail-proof", &["mail-proof-lead"], &["mail-proof-advice"]);
                self.proof("go-on", carried);
            }
            Purpose::Verify => {
                self.begin("mail-verify", &["mail-verify-lead"], &["mail-somebody-elses-account"]);
                self.proof("mail-confirm-the-address", carried);
            }
            Purpose::Change => {
                self.begin("mail-change", &["mail-change-lead"], &["mail-somebody-elses-account"]);
                self.proof("mail-confirm-the-address", carried);
            }
            Purpose::Undo => {
                self.begin("mail-changed", &[], &["mail-if-it-was-you"]);
                let what = self.say("mail-changed-lead").with("address", of.unwrap_or_default()).plain();
                self.lead = vec![what, self.say("mail-changed-undo").with("days", days).plain()];
                self.act("mail-changed-action", &carried.link);
            }
            Purpose::Invite => {
                self.begin("mail-invitation", &["mail-invitation-lead"], &["mail-invitation-advice"]);
                if let Some(name) = of {
                    self.lead = vec![self.say("mail-invitation-lead-by-name").with("name", name).plain()];
                }
                self.note = Some(self.say("mail-invitation-note").with("days", days).plain());
                self.act("mail-invitation-action", &carried.link);
            }
            Purpose::ResetFactors => {
                self.begin("mail-reset-factors", &["mail-reset-factors-lead"], &["mail-reset-factors-advice"]);
                self.proof("go-on", carried);
            }
            Purpose::KeepFactors => {
                self.begin("mail-factor-reset-began", &[], &["mail-factor-reset-began-advice"]);
                let opens = carried.of.as_ref().and_then(|at| at.parse().ok()).map(Timestamp::from_seconds);
                let at = opens.map(moment).unwrap_or_default();
                let what = self.say("mail-factor-reset-began-lead").with("at", at).plain();
                self.lead = vec![what, self.t("mail-factor-reset-stop")];
                self.act("mail-factor-reset-action", &carried.link);
            }
            Purpose::Return => {
                self.begin("mail-deletion", &[], &["mail-deletion-advice"]);
                // An operator may have given more time, or less.
                let days = carried.of.as_ref().and_then(|days| days.parse().ok()).unwrap_or(days);
                let what = self.say("mail-deletion-lead").with("days", days).plain();
                self.lead = vec![what, self.t("mail-deletion-return")];
                self.act("mail-deletion-action", &carried.link);
            }
        }
    }

    fn alert(&mut self, alert: &Alert) {
        const USUAL: &[&str] = &["mail-if-it-was-you", "mail-if-it-was-not-you"];
        match alert {
            Alert::TokenReused { client, everywhere } => self.token_reused(client.as_deref(), *everywhere),
            Alert::PasswordChanged => self.begin("mail-password-changed", &["mail-password-changed-lead"], USUAL),
            Alert::PasswordSet => self.begin("mail-password-set", &["mail-password-set-lead"], USUAL),
            Alert::PasswordRemoved => self.begin("mail-password-removed", &["mail-password-removed-lead"], USUAL),
            Alert::PasswordReset => self.begin("mail-password-reset", &["mail-password-reset-lead"], USUAL),
            Alert::IdentityLinked { provider } => {
                self.begin("mail-linked", &[], USUAL);
                self.lead = vec![self.say("mail-linked-lead").with("provider", tame(provider)).plain()];
            }
            Alert::IdentityUnlinked { provider } => {
                self.begin("mail-unlinked", &[], USUAL);
                self.lead = vec![self.say("mail-unlinked-lead").with("provider", tame(provider)).plain()];
            }
            Alert::AuthenticatorAdded => {
                self.begin("mail-authenticator-added", &["mail-authenticator-added-lead"], USUAL);
            }
            Alert::AuthenticatorRemoved => {
                self.begin("mail-authenticator-removed", &["mail-authenticator-removed-lead"], USUAL);
            }
            Alert::PasskeyAdded { name } => {
                self.begin("mail-passkey-added", &[], USUAL);
                self.lead = vec![self.say("mail-passkey-added-lead").with("name", tame(name)).plain()];
            }
            Alert::PasskeyRemoved { name } => {
                self.begin("mail-passkey-removed", &[], USUAL);
                self.lead = vec![self.say("mail-passkey-removed-lead").with("name", tame(name)).plain()];
            }
            Alert::SecurityKeyAdded { name } => {
                self.begin("mail-security-key-added", &[], USUAL);
                self.lead = vec![self.say("mail-security-key-added-lead").with("name", tame(name)).plain()];
            }
            Alert::SecurityKeyRemoved { name } => {
                self.begin("mail-security-key-removed", &[], USUAL);
                self.lead = vec![self.say("mail-security-key-removed-lead").with("name", tame(name)).plain()];
            }
            Alert::SecurityKeyWentBack { name } => {
                self.begin("mail-security-key-went-back", &[], &["mail-security-key-went-back-advice"]);
                self.lead = vec![self.say("mail-security-key-went-back-lead").with("name", tame(name)).plain()];
            }
            Alert::PasskeyWentBack { name } => {
                self.begin("mail-passkey-went-back", &[], &["mail-passkey-went-back-advice"]);
                self.lead = vec![self.say("mail-passkey-went-back-lead").with("name", tame(name)).plain()];
            }
            Alert::RecoveryCodesMade => {
                self.begin("mail-recovery-codes-made", &["mail-recovery-codes-made-lead"], USUAL);
            }
            Alert::RecoveryCodeUsed => {
                self.begin("mail-recovery-code-used", &["mail-recovery-code-used-lead"], USUAL);
            }
            Alert::FactorsReset => self.begin("mail-factors-reset", &["mail-factors-reset-lead"], USUAL),
            Alert::LostFactorsRemoved => {
                self.begin("mail-lost-factors-removed", &["mail-lost-factors-removed-lead"], USUAL);
            }
            Alert::FactorResetEnded => self.begin(
                "mail-factor-reset-ended",
                &["mail-factor-reset-ended-lead"],
                &["mail-if-it-was-you", "mail-factor-reset-ended-advice"],
            ),
            Alert::NewDevice => self.begin("mail-new-device", &["mail-new-device-lead"], USUAL),
            Alert::KeyMade { id } => {
                self.begin("mail-key-made", &[], USUAL);
                self.lead = vec![self.say("mail-key-made-lead").with("id", tame(id)).plain()];
            }
            Alert::KeyLeaked { id } => {
                self.begin("mail-key-leaked", &[], &["mail-key-leaked-advice"]);
                self.lead = vec![self.say("mail-key-leaked-lead").with("id", tame(id)).plain()];
            }
            Alert::Lockout => self.begin("mail-lockout", &["mail-lockout-lead"], &["mail-lockout-advice"]),
            Alert::AddressChanged => self.begin("mail-changed", &["mail-moved-on-lead"], &["mail-moved-on-advice"]),
            Alert::EverythingEnded => self.begin("mail-ended", &["mail-ended-lead"], USUAL),
            Alert::Displaced => self.begin("mail-displaced", &["mail-displaced-lead"], &["mail-displaced-advice"]),
            Alert::AddressLost => {
                self.begin("mail-address-lost", &["mail-address-lost-lead"], &["mail-address-lost-advice"]);
            }
        }
    }

    /// A layman is to know what happened, what was done already, and what is left to do.
    fn token_reused(&mut self, client: Option<&str>, everywhere: bool) {
        self.begin("mail-reused", &[], &["mail-reused-you-can", "mail-reused-password"]);
        let what = match client {
            Some(client) => self.say("mail-reused-what").with("client", tame(client)).plain(),
            None => self.t("mail-reused-what-of-some"),
        };
        let done = if everywhere { self.t("mail-reused-ended-all") } else { self.t("mail-reused-ended-one") };
        self.lead = vec![what, self.t("mail-reused-why"), done];
    }

    fn begin(&mut self, subject: &'static str, lead: &[&'static str], advice: &[&'static str]) {
        self.subject = self.t(subject);
        self.lead = lead.iter().map(|key| self.t(key)).collect();
        self.advice = advice.iter().map(|key| self.t(key)).collect();
    }

    fn act(&mut self, label: &'static str, link: &str) {
        self.action = Some(Action { label: self.t(label), link: link.to_owned() });
    }

    fn proof(&mut self, label: &'static str, carried: &Carried) {
        self.act(label, &carried.link);
        self.code.clone_from(&carried.code);
        let key = if self.code.is_some() { "mail-good-for-minutes" } else { "mail-link-good-for-minutes" };
        self.note = Some(self.say(key).with("minutes", carried.purpose.lifetime() / 60).plain());
    }

    fn facts(&self, occasion: &Occasion) -> Vec<(String, String)> {
        let mut facts = vec![(self.t("mail-when"), moment(occasion.at))];
        facts.extend(occasion.network.as_deref().map(|network| (self.t("mail-from"), tame(network))));
        facts.extend(
            occasion.device.as_deref().map(|device| (self.t("mail-with"), tame(&self.language.device(device)))),
        );
        facts
    }
}

/// To the minute: `2026-11-24 12:00 UTC`.
fn moment(at: Timestamp) -> String {
    let exact = at.to_string();
    format!("{} UTC", exact.get(..16).unwrap_or(&exact).replace('T', " "))
}

/// What somebody else has written, as it may stand within our words: on one line, not long, and kept apart from what is around it (UAX #9).
fn tame(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !printable::is_active(*c)).take(LONGEST_NAME).collect();
    if plain.is_ascii() { plain } else { format!("\u{2068}{plain}\u{2069}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_nothing_of_what_is_around_it() {
        assert_eq!(tame("Ann\r\nBcc: eve@b.test"), "AnnBcc: eve@b.test");
        assert_eq!(tame("\u{202e}nnA"), "nnA");
        assert_eq!(tame("שלום"), "\u{2068}שלום\u{2069}");
        assert_eq!(tame(&"x".repeat(1000)).len(), LONGEST_NAME);
    }
}
