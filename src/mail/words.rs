//! What a message says, in the words that its reader gets: once, and laid out as text and as HTML by one pair of templates.
//!
//! A mail says who writes, what has happened or what it is for, when, from which network and with which device, and what to do if it was not the
//! reader. What people and applications have called themselves stands in it as text, without characters that turn what is around them.

use askama::Template;

use super::letter::Brand;
use crate::clock::Timestamp;
use crate::config::{Colour, DARK, Palette};
use crate::failure::Failure;
use crate::protocol::alert::Alert;
use crate::protocol::message::{About, Message, Occasion};
use crate::protocol::printable;

/// The longest name of somebody or something that stands in a mail, in characters.
const LONGEST_NAME: usize = 80;

/// What a mail says.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// The subject: who writes is said by the sender, so it says what about.
    pub subject: String,
    language: String,
    brand: String,
    home: String,
    lead: Vec<String>,
    action: Option<Action>,
    code: Option<String>,
    code_lead: &'static str,
    link_lead: &'static str,
    ending: &'static str,
    note: Option<String>,
    facts: Vec<(&'static str, String)>,
    advice: Vec<String>,
}

/// The one thing that can be done.
#[derive(Clone, Debug)]
struct Action {
    label: &'static str,
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
    /// The words of a message, in a language.
    pub fn of(message: &Message, brand: &Brand, language: &str) -> Self {
        let mut words = Self {
            language: language.to_owned(),
            brand: brand.name.clone(),
            home: brand.issuer.as_str().to_owned(),
            facts: facts(&message.occasion),
            code_lead: "Or type this code where you were asked for it:",
            link_lead: "If the button does nothing, open this address in your browser:",
            ending: "A program has written this mail; nobody reads answers to it.",
            ..Self::default()
        };
        words.say(&message.about, brand);
        words
    }

    /// As plain text (RFC 2046 §4.1.3).
    pub fn text(&self) -> Result<String, Failure> {
        Text { words: self }.render().map_err(Failure::internal)
    }

    /// As HTML that fetches nothing.
    pub fn html(&self, brand: &Brand) -> Result<String, Failure> {
        Html { words: self, light: &brand.light, dark: &brand.dark, ground: DARK.sheet }
            .render()
            .map_err(Failure::internal)
    }

    fn say(&mut self, about: &About, brand: &Brand) {
        let name = &brand.name;
        match about {
            About::Registration { link, code, minutes } => {
                self.subject = format!("Your account at {name}");
                self.lead = vec![format!(
                    "Somebody wants to make an account at {name} with this address. If it was you, go on here:"
                )];
                self.proof("Go on", link, code, *minutes);
                self.advice = vec![
                    "If it was not you, there is nothing to do: without this mail there will be no account.".into(),
                ];
            }
            About::AddressTaken => {
                self.subject = format!("You have an account at {name} already");
                self.lead = vec![format!(
                    "Somebody wants to use this address for an account at {name}, but there is one with it already: yours."
                )];
                self.act("Sign in", brand.issuer.address("/account"));
                self.advice = vec![
                    "If it was you, sign in. If the password is forgotten, the sign-in page helps.".into(),
                    "If it was not you, there is nothing to do: nobody learns from us that there is an account.".into(),
                ];
            }
            About::Reset { link, code, minutes } => {
                self.subject = format!("A new password at {name}");
                self.lead = vec![format!(
                    "Somebody asks for a new password of your account at {name}. If it was you, choose one here:"
                )];
                self.proof("Choose a password", link, code, *minutes);
                self.advice = vec!["If it was not you, there is nothing to do: the password stays as it is. Give the code to nobody, whoever asks for it.".into()];
            }
            About::VerifyAddress { link, code, minutes } => {
                self.subject = format!("Confirm your address at {name}");
                self.lead = vec![format!("Confirm that this is the address of your account at {name}:")];
                self.proof("Confirm the address", link, code, *minutes);
                self.advice = vec![
                    "If it was not you, do not confirm it: somebody has typed your address into an account of theirs."
                        .into(),
                ];
            }
            About::ChangeAddress { link, code, minutes } => {
                self.subject = format!("Your new address at {name}");
                self.lead = vec![format!("Confirm that your account at {name} has this address from now on:")];
                self.proof("Confirm the address", link, code, *minutes);
                self.advice = vec![
                    "If it was not you, do not confirm it: somebody has typed your address into an account of theirs."
                        .into(),
                ];
            }
            About::AddressChanged { link, days, now } => {
                self.subject = format!("Your address at {name} was changed");
                self.lead = vec![
                    format!(
                        "Your account at {name} has another address now: {}. Mails about it go there from now on.",
                        tame(now)
                    ),
                    format!(
                        "If it was not you, undo it within {days} days. That ends all sign-ins, and asks for a new password:"
                    ),
                ];
                self.act("Undo the change", link.clone());
                self.advice = vec!["If it was you, there is nothing to do.".into()];
            }
            About::Invitation { link, name: whom, days } => {
                self.subject = format!("Your invitation to {name}");
                let greeting = whom.as_deref().map(|whom| format!("{}, you are invited", tame(whom)));
                let greeting = greeting.unwrap_or_else(|| "You are invited".to_owned());
                self.lead = vec![format!("{greeting} to make an account at {name}.")];
                self.act("Make the account", link.clone());
                self.note = Some(format!("The invitation is good for {days} days, and once."));
                self.advice = vec!["If you do not know what this is about, there is nothing to do.".into()];
            }
            About::Deletion { link, days } => {
                self.subject = format!("Your account at {name} is being deleted");
                self.lead = vec![
                    format!(
                        "As you asked, your account at {name} was closed. In {days} days everything that names you is deleted for good."
                    ),
                    "Until then you can come back, and everything is as it was:".into(),
                ];
                self.act("Keep the account", link.clone());
                self.advice = vec!["If it was not you, come back, and choose a new password.".into()];
            }
            About::Alert(alert) => self.alert(alert, brand),
            About::Test => {
                self.subject = format!("Mail from {name} works");
                self.lead =
                    vec![format!("An operator of {name} tries whether mail works. It does: this one has arrived.")];
                self.advice = vec!["There is nothing to do.".into()];
            }
        }
    }

    fn alert(&mut self, alert: &Alert, brand: &Brand) {
        let name = &brand.name;
        let otherwise = "If it was not you, somebody else has had access to your account: sign in, choose a new password, and look through the sign-ins and the history there.";
        let (subject, lead) = match alert {
            Alert::TokenReused { client, everywhere } => {
                self.token_reused(client.as_deref(), *everywhere, brand);
                return;
            }
            Alert::PasswordChanged => {
                ("Your password was changed", format!("The password of your account at {name} was changed."))
            }
            Alert::PasswordReset => (
                "Your password was set anew",
                format!("Your account at {name} has a new password. It was set with a mail to this address."),
            ),
            Alert::IdentityLinked { provider } => (
                "A new way to sign in",
                format!(
                    "From now on an account at {} can be used to sign in to your account at {name}.",
                    tame(provider)
                ),
            ),
            Alert::IdentityUnlinked { provider } => (
                "A way to sign in was removed",
                format!(
                    "An account at {} cannot be used any more to sign in to your account at {name}.",
                    tame(provider)
                ),
            ),
            Alert::NewDevice => (
                "A new sign-in",
                format!(
                    "Somebody has signed in to your account at {name} with a device that was not used for it before."
                ),
            ),
            Alert::Lockout => (
                "Many failed attempts to sign in",
                format!(
                    "Somebody has tried to sign in to your account at {name} again and again, and failed. Devices that are not known there have to wait now; yours go on as before."
                ),
            ),
            Alert::EverythingEnded => (
                "You were signed out everywhere",
                format!(
                    "All sign-ins to your account at {name} were ended, and so was the access of all applications."
                ),
            ),
            Alert::Displaced => (
                "Your address belongs to another account now",
                format!(
                    "There was an account at {name} with this address that nobody had ever confirmed. Somebody who has shown that the address is theirs has an account with it now, and the old one has none any more."
                ),
            ),
        };
        self.subject = format!("{subject}: {name}");
        self.lead = vec![lead];
        self.advice = match alert {
            Alert::Lockout => vec![
                "Nobody has come in. If the attempts were not yours, there is nothing to do as long as your password is long and used nowhere else.".into(),
            ],
            Alert::Displaced => vec!["If it was you, everything is well. If it was not, somebody reads mail at this address: change the password of your mailbox.".into()],
            _ => vec!["If it was you, there is nothing to do.".into(), otherwise.into()],
        };
        self.act("See your account", brand.issuer.address("/account"));
    }

    /// A layman is to know what happened, what was done already, and what is left to do.
    fn token_reused(&mut self, client: Option<&str>, everywhere: bool, brand: &Brand) {
        let name = &brand.name;
        let app =
            client.map(tame).map_or_else(|| "an application".to_owned(), |client| format!("the application {client}"));
        self.subject = format!("Somebody may have had access to your account: {name}");
        self.lead = vec![
            format!("So that {app} need not ask for your password every time, it keeps a key to your account at {name}. Such a key is good for one use and is then replaced. One was used a second time."),
            "That should never happen. Most likely somebody has copied it, for instance from your device or by a program on it; rarely it is a fault of the application.".into(),
            if everywhere {
                "What we have done already: all your keys are worthless, in every application, and you are signed out everywhere. Whoever had a copy cannot use it any more.".into()
            } else {
                "What we have done already: all keys of this application are worthless. Whoever had a copy cannot use it any more.".into()
            },
        ];
        self.act("See your account", brand.issuer.address("/account"));
        self.advice = vec![
            "What you can do: sign in again where you want to be signed in. Look through the sign-ins and the history of your account for what you do not know.".into(),
            "Your password was not part of it. But if you think that somebody was at your device, choose a new one.".into(),
        ];
    }

    fn act(&mut self, label: &'static str, link: String) {
        self.action = Some(Action { label, link });
    }

    fn proof(&mut self, label: &'static str, link: &str, code: &str, minutes: i64) {
        self.act(label, link.to_owned());
        self.code = Some(code.to_owned());
        self.note = Some(format!("Both are good for {minutes} minutes, and once."));
    }
}

fn facts(occasion: &Occasion) -> Vec<(&'static str, String)> {
    let mut facts = vec![("When", moment(occasion.at))];
    facts.extend(occasion.network.as_deref().map(|network| ("From", tame(network))));
    facts.extend(occasion.device.as_deref().map(|device| ("With", tame(device))));
    facts
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
