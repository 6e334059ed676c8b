//! Mails leave here, and lettre is named nowhere else: a message becomes words, the words a mail (RFC 5322), and that is given to the mail server of the
//! settings, or written into their folder.
//!
//! Whoever is written to, and who writes, are addresses by type, so no header can be made of what somebody typed. A mail says that no person wrote
//! it (`Auto-Submitted`, RFC 3834 §5), and its `Message-ID` is that of its row in the outbox: sent twice, it is the same mail. Nothing in it is
//! fetched from anywhere, and nothing tells whether it was read.

mod careful;
mod folder;
mod letter;
mod smtp;
mod words;

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::failure::Failure;
use crate::protocol::issuer::Issuer;
use crate::protocol::message::Message;

use folder::Folder;
use letter::Stationery;
use smtp::Smtp;

/// Sends mails. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Mailer(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    stationery: Stationery,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Folder(Folder),
    Smtp(Smtp),
}

/// A message on its way.
#[derive(Clone, Copy, Debug)]
pub struct Outbound<'a> {
    /// Its id, which nobody else's is: the same however often it is sent.
    pub id: &'a str,
    /// When it was decided on.
    pub at: Timestamp,
    /// What it says.
    pub message: &'a Message,
    /// The language of its words.
    pub language: &'a str,
}

impl Mailer {
    /// A mailer as configured; `None` when mail is off.
    ///
    /// # Errors
    /// A sentence: a file cannot be read, the folder cannot be made.
    pub fn new(config: &Config, issuer: &Issuer) -> Result<Option<Self>, Failure> {
        let way = match config.mail.folder() {
            Some(folder) => Way::Folder(Folder::new(folder)?),
            None if config.mail.is_on() => Way::Smtp(Smtp::new(&config.mail, &config.outgoing)?),
            None => return Ok(None),
        };
        let stationery = Stationery::new(config, issuer)?;
        Ok(Some(Self(Arc::new(Parts { stationery, way }))))
    }

    /// Whether the files that the settings name can be read. Nobody is called, and nothing made.
    ///
    /// # Errors
    /// A sentence: a file cannot be read.
    pub fn check(config: &Config) -> Result<(), Failure> {
        let is_smtp = config.mail.is_on() && config.mail.folder().is_none();
        if is_smtp { Smtp::new(&config.mail, &config.outgoing).map(drop) } else { Ok(()) }
    }

    /// Sends a message, and waits until the mail server has taken it: four times `[mail] timeout` at most.
    ///
    /// # Errors
    /// Why it was not taken, at which step.
    pub async fn send(&self, outbound: Outbound<'_>) -> Result<(), Failure> {
        let mail = self.0.stationery.mail(&outbound)?;
        match &self.0.way {
            Way::Folder(folder) => folder.keep(outbound.id, outbound.at, mail.formatted()).await,
            Way::Smtp(smtp) => smtp.send(mail.envelope(), &mail.formatted()).await,
        }
    }

    /// Where mails go, in words: for whoever runs this.
    pub fn destination(&self) -> String {
        match &self.0.way {
            Way::Folder(folder) => folder.to_string(),
            Way::Smtp(smtp) => smtp.to_string(),
        }
    }
}
