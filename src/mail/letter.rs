//! A mail as it goes over the wire: its headers (RFC 5322), and its words as text and as HTML, of which the reader's program takes one.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use url::Url;

use super::Outbound;
use super::words::Words;
use crate::config::{Config, DARK, LIGHT, NamedAddress, Palette};
use crate::failure::Failure;
use crate::protocol::issuer::Issuer;

/// What all mails of this installation have in common.
#[derive(Debug)]
pub(super) struct Stationery {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    host: String,
    brand: Brand,
}

/// How this installation calls itself, and where it is.
#[derive(Debug)]
pub(super) struct Brand {
    /// Its name.
    pub name: String,
    /// Its colours on light grounds.
    pub light: Palette,
    /// The same on dark ones.
    pub dark: Palette,
    /// Who it is, and where its pages are.
    pub issuer: Issuer,
}

impl Stationery {
    pub fn new(config: &Config, issuer: &Issuer) -> Result<Self, Failure> {
        let url = Url::parse(issuer.as_str()).map_err(Failure::internal)?;
        let host = url.host_str().unwrap_or("localhost").to_owned();
        let mut from = config.mail.sender(&host).map_err(Failure::internal)?;
        if from.name.is_empty() {
            from.name.clone_from(&config.brand.name);
        }
        let reply_to = config.mail.answers().map_err(Failure::internal)?;
        let brand = Brand {
            name: config.brand.name.clone(),
            light: config.brand.accent.palette(LIGHT),
            dark: config.brand.accent.palette(DARK),
            issuer: issuer.clone(),
        };
        Ok(Self { from: mailbox(&from)?, reply_to: reply_to.as_ref().map(mailbox).transpose()?, host, brand })
    }

    /// The mail of a message.
    pub fn mail(&self, outbound: &Outbound<'_>) -> Result<lettre::Message, Failure> {
        let words = Words::of(outbound.message, &self.brand, outbound.language);
        let to = outbound.message.to.parse().map_err(|_| Failure::internal("the address of a mail is none"))?;
        let at = UNIX_EPOCH + Duration::from_secs(outbound.at.seconds().max(0).unsigned_abs());
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(words.subject.clone())
            .date(at)
            .message_id(Some(format!("<{}@{}>", outbound.id, self.host)))
            // Nobody's holiday answers it (RFC 3834 §5.2), and no list takes it for its own.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            // What kind of mail it is, for whoever sorts or counts them.
            .raw_header(header("X-Doorward-About", outbound.message.about.kind()));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let part = |kind, body| SinglePart::builder().header(kind).body(body);
        let text = part(ContentType::TEXT_PLAIN, words.text()?);
        let html = part(ContentType::TEXT_HTML, words.html(&self.brand)?);
        builder.multipart(MultiPart::alternative().singlepart(text).singlepart(html)).map_err(Failure::internal)
    }
}

fn mailbox(named: &NamedAddress) -> Result<Mailbox, Failure> {
    let address = named.address.parse().map_err(|_| Failure::internal("an address of [mail] is none"))?;
    Ok(Mailbox::new(Some(named.name.clone()).filter(|name| !name.is_empty()), address))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
