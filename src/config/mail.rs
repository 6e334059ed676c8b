//! `[mail]`: how mails leave this installation, if they do.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use super::Mistakes;
use crate::protocol::{email, printable};

/// `[mail]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// A folder that mails are written into instead of being sent; empty when none.
    pub folder: PathBuf,
    /// The mail server as a URL; empty when none.
    pub smtp: String,
    /// A file that holds the password there; empty when none.
    pub password_file: PathBuf,
    /// Whom mails come from, `Name <address>` or an address; empty for `no-reply@` at the issuer's host.
    pub from: String,
    /// Where answers go, as `from`; empty when nowhere else.
    pub reply_to: String,
    /// A PEM file of further certificate authorities for the mail server; empty for those of `[outgoing]`.
    pub ca: PathBuf,
    /// How long the mail server may take for one step of the conversation, in seconds; four times as long for all.
    pub timeout: i64,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it speaks TLS from the first byte (RFC 8314 §3.3); otherwise by STARTTLS (RFC 3207).
    pub implicit_tls: bool,
    /// Whom we are there, when it wants to know.
    pub user: Option<String>,
}

/// Somebody's address, with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAddress {
    /// The name; empty when there is none.
    pub name: String,
    /// The address in its canonical form.
    pub address: String,
}

impl MailConfig {
    /// Whether mails are sent at all.
    pub fn is_on(&self) -> bool {
        self.folder().is_some() || !self.smtp.is_empty()
    }

    /// The folder that they are written into.
    pub fn folder(&self) -> Option<&Path> {
        Some(self.folder.as_path()).filter(|folder| !folder.as_os_str().is_empty())
    }

    /// The server that they are given to.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the URL.
    pub fn server(&self) -> Result<SmtpServer, String> {
        let form = "write smtps://USER@HOST:PORT, or smtp://USER@HOST:PORT for STARTTLS";
        let url = Url::parse(&self.smtp).map_err(|_| format!("mail.smtp is no URL: {form}"))?;
        let implicit_tls = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(format!("mail.smtp has another scheme: {form}")),
        };
        if url.password().is_some() {
            return Err("mail.smtp holds a password: put it into the file of mail.password_file".to_owned());
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(format!("mail.smtp has more than a host and a port: {form}"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(format!("mail.smtp has no host: {form}"))?;
        let user = percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy().into_owned();
        Ok(SmtpServer {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if implicit_tls { 465 } else { 587 }),
            implicit_tls,
            user: Some(user).filter(|user| !user.is_empty()),
        })
    }

    /// Whom mails come from, at an issuer whose host is this.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn sender(&self, host: &str) -> Result<NamedAddress, String> {
        if self.from.is_empty() {
            let address = email::canonical(&format!("no-reply@{host}"));
            let address =
                address.map_err(|_| format!("mail.from is to be given: the issuer's host {host} has no mail"))?;
            return Ok(NamedAddress { name: String::new(), address });
        }
        NamedAddress::parse(&self.from).ok_or_else(|| is_no_address("mail.from", &self.from))
    }

    /// Where answers go.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn answers(&self) -> Result<Option<NamedAddress>, String> {
        let text = Some(self.reply_to.as_str()).filter(|text| !text.is_empty());
        text.map(|text| NamedAddress::parse(text).ok_or_else(|| is_no_address("mail.reply_to", text))).transpose()
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if !self.smtp.is_empty() {
            if self.folder().is_some() {
                mistakes.add("mail.folder and mail.smtp are both given: give one");
            }
            match self.server() {
                Ok(server) if server.user.is_some() && self.password_file.as_os_str().is_empty() => {
                    mistakes.add(
                        "mail.smtp names a user, but mail.password_file is empty: give the file with the password",
                    );
                }
                checked => mistakes.note(checked.map(drop)),
            }
        }
        if !self.from.is_empty() {
            mistakes.note(self.sender("").map(drop));
        }
        mistakes.note(self.answers().map(drop));
        mistakes.within("mail.timeout", self.timeout, 1, 25);
    }
}

impl NamedAddress {
    /// Reads `Name <address>`, or an address alone.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text),
        };
        let address = email::canonical(address).ok()?;
        printable::is_printable(name).then(|| Self { name: name.to_owned(), address })
    }
}

fn is_no_address(key: &str, text: &str) -> String {
    format!("{key}: '{}' is neither an address nor of the form: Name <address>", text.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(smtp: &str) -> MailConfig {
        MailConfig { smtp: smtp.to_owned(), ..MailConfig::default() }
    }

    #[test]
    fn a_mail_server_is_a_url_without_a_password() {
        let server = mail("smtps://login%40a.test@mail.a.test").server().unwrap();
        assert_eq!((server.host.as_str(), server.port, server.implicit_tls), ("mail.a.test", 465, true));
        assert_eq!(server.user.as_deref(), Some("login@a.test"));
        let server = mail("smtp://[::1]:2525").server().unwrap();
        assert_eq!((server.host.as_str(), server.port, server.implicit_tls), ("::1", 2525, false));
        assert_eq!(server.user, None);
        for wrong in [
            "mail.a.test",
            "https://mail.a.test",
            "smtps://u:p@a.test",
            "smtps://a.test/x",
            "smtps://",
            "smtp://a.test?x=1",
        ] {
            assert!(mail(wrong).server().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let sender = |from: &str| MailConfig { from: from.to_owned(), ..MailConfig::default() }.sender("a.test");
        assert_eq!(sender("").unwrap().address, "no-reply@a.test");
        let named = sender("\"Example, Inc.\" <Login@Example.org>").unwrap();
        assert_eq!((named.name.as_str(), named.address.as_str()), ("Example, Inc.", "login@example.org"));
        assert_eq!(sender("login@example.org").unwrap().name, "");
        for wrong in
            ["Example", "Example <x>", "a@b.test, c@d.test", "A\r\nBcc: x <a@b.test>", "a@b.test\r\nBcc: c@d.test"]
        {
            assert!(sender(wrong).is_err(), "{wrong:?}");
        }
    }
}
