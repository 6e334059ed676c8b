//! Every mail in a real Chromium, as a mail program would show its HTML part: light and dark, at a desk and on a phone. axe-core finds nothing, and
//! nothing is fetched. The pictures are in `target/screenshots`: look at them after a change of words or layout.

use doorward::protocol::alert::Alert;
use doorward::protocol::message::{About, Message};
use doorward::protocol::ticket::Purpose;

use super::{carrying, enqueue, message};
use crate::support::{Chromium, Mail, Server, axe, was_shown_on_sqlite};

/// What is no fault of a mail: within a mail program it is not the page.
const OF_PAGES: &[&str] = &["region:", "landmark-one-main:"];
const LONG_NAME: &str =
    "Notebook for the desktop, the edition with an exceedingly long name \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f4d3}";

/// One of each kind.
fn every_kind() -> Vec<About> {
    let alerts = [
        Alert::TokenReused { client: Some("Notebook".to_owned()), everywhere: true },
        Alert::TokenReused { client: None, everywhere: false },
        Alert::PasswordChanged,
        Alert::PasswordSet,
        Alert::PasswordRemoved,
        Alert::PasswordReset,
        Alert::AuthenticatorAdded,
        Alert::AuthenticatorRemoved,
        Alert::PasskeyAdded { name: "Phone".to_owned() },
        Alert::PasskeyRemoved { name: LONG_NAME.to_owned() },
        Alert::PasskeyWentBack { name: "Phone".to_owned() },
        Alert::SecurityKeyAdded { name: "Ring".to_owned() },
        Alert::SecurityKeyRemoved { name: LONG_NAME.to_owned() },
        Alert::SecurityKeyWentBack { name: "Ring".to_owned() },
        Alert::RecoveryCodesMade,
        Alert::RecoveryCodeUsed,
        Alert::FactorsReset,
        Alert::LostFactorsRemoved,
        Alert::FactorResetEnded,
        Alert::IdentityLinked { provider: "Google".to_owned() },
        Alert::IdentityUnlinked { provider: LONG_NAME.to_owned() },
        Alert::KeyMade { id: "dwk_0aZ9bY8cX7dW".to_owned() },
        Alert::KeyLeaked { id: "dwk_0aZ9bY8cX7dW".to_owned() },
        Alert::NewDevice,
        Alert::Lockout,
        Alert::AddressChanged,
        Alert::EverythingEnded,
        Alert::Displaced,
        Alert::AddressLost,
    ];
    let link = format!("/mail?ticket={}", "abcDEF0123".repeat(5));
    let mut kinds: Vec<_> = Purpose::ALL
        .iter()
        .map(|purpose| {
            let of = match purpose {
                Purpose::Undo => Some(LONG_NAME),
                Purpose::KeepFactors => Some("1800000000"),
                _ => None,
            };
            carrying(*purpose, &link, of)
        })
        .collect();
    kinds.push(carrying(Purpose::Invite, &link, Some(LONG_NAME)));
    kinds.push(About::Unproven { link: link.clone(), days: 5 });
    kinds.extend([About::AddressTaken, About::Test]);
    kinds.extend(alerts.map(About::Alert));
    kinds
}

/// The mails of every kind in a language, each with a name for its picture.
async fn mails(language: &str) -> Vec<(String, Mail)> {
    let server = Server::with_mail(|_| {}).await;
    server.db_user("ann@example.org").await;
    let mut mails = Vec::new();
    for (at, about) in every_kind().into_iter().enumerate() {
        // What is for whoever has no account goes to one who has none.
        let is_new = matches!(about.purpose(), Some(Purpose::Register | Purpose::Change));
        let to = if is_new { format!("new{at}@example.org") } else { "ann@example.org".to_owned() };
        let message: Message = message(&server, &to, about);
        assert!(enqueue(&server, &message).await);
        server.database.db_execute(&format!("UPDATE mail_outbox SET language = '{language}'")).await;
        let mail = server.mailbox().await.newest();
        assert_eq!(mail.about(), message.about.kind());
        mails.push((format!("mail-{language}-{at:02}-{}", mail.about()), mail));
    }
    mails
}

async fn every_mail(language: &str, (width, height): (u32, u32)) {
    let browser = Chromium::open(width, height).await;
    let folder = tempfile::tempdir().unwrap();
    for (name, mail) in mails(language).await {
        assert!(mail.html.contains(&format!("<html lang=\"{language}\">")), "{name}");
        assert!(mail.raw.len() < 16_384, "{name} is large: {} bytes", mail.raw.len());
        for fetching in ["src=", "url(", "@import", "<link", "<script", "<img", "background=\"", "<form"] {
            assert!(!mail.html.contains(fetching), "{name} has {fetching}");
        }
        let file = folder.path().join(format!("{name}.html"));
        std::fs::write(&file, &mail.html).unwrap();
        browser.goto(&format!("file://{}", file.display())).await;
        let fetched = browser.evaluate("return performance.getEntriesByType('resource').length").await;
        assert_eq!(fetched, 0, "{name} fetches");
        let wider = browser.evaluate("return document.documentElement.scrollWidth - window.innerWidth").await;
        assert!(wider.as_i64().unwrap() <= 0, "{name} sticks out by {wider}");
        for scheme in ["light", "dark"] {
            browser.prefer(scheme).await;
            browser.picture(&format!("{name}-{scheme}")).await;
            let mut complaints = axe::complaints(&browser).await;
            complaints.retain(|words| !OF_PAGES.iter().any(|rule| words.starts_with(rule)));
            assert_eq!(complaints, Vec::<String>::new(), "{name}, {scheme}, {width} wide");
        }
        browser.prefer("light").await;
    }
    browser.close().await;
}

#[tokio::test]
async fn every_mail_is_for_everybody_at_a_desk() {
    if was_shown_on_sqlite() {
        return;
    }
    every_mail("en", (800, 900)).await;
}

#[tokio::test]
async fn every_mail_is_for_everybody_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    every_mail("en", (390, 844)).await;
    every_mail("de", (390, 844)).await;
}

#[tokio::test]
async fn text_and_html_say_the_same_and_names_turn_nothing_around() {
    for (name, mail) in [mails("en").await, mails("de").await].concat() {
        let plain = scraper::Html::parse_document(&mail.html);
        let body = plain.select(&scraper::Selector::parse("body").unwrap()).next().unwrap();
        let html: String = body.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
        for line in mail.text.lines().map(str::trim).filter(|line| line.len() > 2) {
            let words = line.strip_suffix(':').unwrap_or(line).split_whitespace().collect::<Vec<_>>().join(" ");
            let is_fact = |name: &str| ["When", "From", "With", "Wann", "Woher", "Womit"].contains(&name);
            let words =
                words.split_once(": ").filter(|(name, _)| is_fact(name)).map_or(words.as_str(), |(_, value)| value);
            assert!(html.contains(words), "{name}: the HTML does not say: {words}");
        }
        let first = mail.text.lines().next().unwrap();
        assert_eq!(first.matches("Doorward").count(), 1, "{name}: {first}");
        let device = if name.starts_with("mail-de") { "Firefox unter Linux" } else { "Firefox on Linux" };
        assert!(mail.text.contains(device), "{name}: {}", mail.text);
        assert!(mail.text.lines().all(|line| line.len() < 998) && mail.raw.is_ascii(), "{name}");
        let opened = mail.text.matches('\u{2068}').count();
        assert_eq!(opened, mail.text.matches('\u{2069}').count(), "{name}");
    }
}
