//! The mails that a server has sent into its folder, read back by another parser than the one that wrote them.

use std::path::Path;

use mail_parser::MessageParser;

use super::Server;

/// The kinds of alerts.
const ALERTS: &[&str] = &[
    "token_reused",
    "moved_on",
    "password_changed",
    "password_set",
    "password_removed",
    "password_reset",
    "authenticator_added",
    "authenticator_removed",
    "passkey_added",
    "passkey_removed",
    "passkey_went_back",
    "security_key_added",
    "security_key_removed",
    "security_key_went_back",
    "recovery_codes_made",
    "recovery_code_used",
    "factors_reset",
    "lost_factors_removed",
    "factor_reset_ended",
    "identity_linked",
    "identity_unlinked",
    "key_made",
    "key_leaked",
    "new_device",
    "lockout",
    "everything_ended",
    "displaced",
    "address_lost",
];

/// All mails of a server so far, the oldest first.
#[derive(Debug)]
pub struct Mailbox(Vec<Mail>);

/// A mail, as its reader's program has it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub from: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The file as it is.
    pub raw: String,
}

impl Server {
    /// A server that sends mails into a folder of its own; what else is changed.
    pub async fn with_mail(change: impl FnOnce(&mut doorward::config::Config)) -> Self {
        let database = super::Database::copy().await;
        let folder = database.folder.path().join("mails");
        let change = |config: &mut doorward::config::Config| {
            config.mail.folder = folder;
            change(config);
        };
        Self::over_database(database, change).await
    }

    /// Sends what waits, and reads all that was ever sent.
    pub async fn mailbox(&self) -> Mailbox {
        while self.app.deliver_mails().await.unwrap() > 0 {}
        Mailbox::read(&self.app.config.mail.folder)
    }

    /// How many mails wait.
    pub async fn db_mails_waiting(&self) -> i64 {
        self.database.db_number("SELECT COUNT(*) FROM mail_outbox").await
    }
}

impl Mailbox {
    /// The mails in a folder.
    pub fn read(folder: &Path) -> Self {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
        // Mails of one second have no order of their own: those that were sent by one call are in none.
        paths.sort_by_key(|path| (path.metadata().and_then(|file| file.modified()).unwrap(), path.clone()));
        Self(paths.iter().map(|path| Mail::read(&std::fs::read(path).unwrap())).collect())
    }

    /// All of them.
    pub fn all(&self) -> &[Mail] {
        &self.0
    }

    /// The newest of all.
    pub fn newest(&self) -> Mail {
        self.0.last().unwrap().clone()
    }

    /// Those to an address.
    pub fn to(&self, address: &str) -> Vec<&Mail> {
        self.0.iter().filter(|mail| mail.to == address).collect()
    }

    /// The alerts to an address, by their kinds.
    pub fn alerts_to(&self, address: &str) -> Vec<String> {
        self.to(address).into_iter().filter(|mail| mail.is_alert()).map(Mail::about).collect()
    }

    /// The newest to an address that is no alert, which must be there.
    #[track_caller]
    pub fn latest_to(&self, address: &str) -> Mail {
        let latest = self.to(address).into_iter().rfind(|mail| !mail.is_alert()).cloned();
        latest.unwrap_or_else(|| {
            panic!("no mail to {address}: {:?}", self.0.iter().map(|mail| &mail.to).collect::<Vec<_>>())
        })
    }
}

impl Mail {
    /// Reads a mail.
    pub fn read(raw: &[u8]) -> Self {
        let parsed = MessageParser::default().parse(raw).expect("no mail at all");
        let address = |of: Option<&mail_parser::Address<'_>>| {
            let all: Vec<_> = of.unwrap().iter().map(|one| one.address().unwrap().to_owned()).collect();
            assert_eq!(all.len(), 1, "one address and no more");
            all[0].clone()
        };
        Self {
            to: address(parsed.to()),
            from: address(parsed.from()),
            subject: parsed.subject().unwrap().to_owned(),
            text: parsed.body_text(0).unwrap().replace("\r\n", "\n"),
            html: parsed.body_html(0).unwrap().into_owned(),
            raw: String::from_utf8(raw.to_vec()).unwrap(),
        }
    }

    /// A header as it stands in the mail, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }

    /// What kind of message it is.
    pub fn about(&self) -> String {
        self.header("X-Doorward-About").unwrap()
    }

    fn is_alert(&self) -> bool {
        ALERTS.contains(&self.about().as_str())
    }

    /// The address that it asks to open, which must be there.
    #[track_caller]
    pub fn link(&self) -> String {
        let link = self.text.lines().find(|line| line.starts_with("http"));
        link.unwrap_or_else(|| panic!("no link: {}", self.text)).to_owned()
    }

    /// The path and query of the link, below the host.
    #[track_caller]
    pub fn path(&self) -> String {
        let link = url::Url::parse(&self.link()).unwrap();
        link[url::Position::BeforePath..].to_owned()
    }

    /// The code that can be typed, which must be there.
    #[track_caller]
    pub fn code(&self) -> String {
        let is_code = |line: &&str| {
            line.len() == 9
                && line.chars().enumerate().all(|(at, c)| if at == 4 { c == '-' } else { c.is_ascii_uppercase() })
        };
        let code = self.text.lines().find(is_code);
        code.unwrap_or_else(|| panic!("no code: {}", self.text)).to_owned()
    }
}
