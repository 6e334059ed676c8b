//! Giving a mail to the mail server (RFC 5321, RFC 6409), under TLS: from the first byte (RFC 8314 §3), or by STARTTLS, without which nothing is said
//! but to this machine. One connection for each mail; each step has a deadline, and so has the whole.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::careful::Careful;
use crate::config::{MailConfig, OutgoingConfig, SmtpServer};
use crate::failure::Failure;

/// A mail server.
pub(super) struct Smtp {
    server: SmtpServer,
    /// User and password.
    credentials: Option<Credentials>,
    roots: Vec<Certificate>,
    /// Made when it is first needed: reading the system's authorities takes a while.
    tls: OnceLock<TlsParameters>,
    /// How long one step may take. RFC 5321 §4.5.3.2 would allow minutes; the outbox tries again later.
    patience: Duration,
}

/// A step of the conversation, as an operator reads it in "it did not answer to STEP".
type Step = &'static str;

impl Smtp {
    pub fn new(mail: &MailConfig, outgoing: &OutgoingConfig) -> Result<Self, Failure> {
        let server = mail.server().map_err(Failure::internal)?;
        let password = |user: &String| {
            let file = &mail.password_file;
            let read = std::fs::read_to_string(file);
            let text =
                read.map_err(|error| Failure::internal(format!("mail.password_file: {}: {error}", file.display())))?;
            let password = text.trim_end_matches(['\r', '\n']);
            if password.is_empty() {
                return Err(Failure::internal(format!("mail.password_file: {} is empty", file.display())));
            }
            Ok(Credentials::new(user.clone(), password.to_owned()))
        };
        let credentials = server.user.as_ref().map(password).transpose()?;
        let (key, ca) =
            if mail.ca.as_os_str().is_empty() { ("outgoing.ca", &outgoing.ca) } else { ("mail.ca", &mail.ca) };
        Ok(Self {
            server,
            credentials,
            roots: roots(key, ca)?,
            tls: OnceLock::new(),
            patience: Duration::from_secs(mail.timeout.unsigned_abs()),
        })
    }

    /// Gives a mail to the server; it is the server's from then on.
    pub async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), Failure> {
        let outcome = timeout(self.patience * 4, self.converse(envelope, mail)).await;
        outcome.unwrap_or_else(|_| Err(self.failed("it took too long in all")))
    }

    async fn converse(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), Failure> {
        let mut connection = self.connect().await?;
        let Some(to) = envelope.to().first() else { return Err(Failure::internal("a mail to nobody")) };
        self.step("MAIL", connection.command(Mail::new(envelope.from().cloned(), vec![]))).await?;
        self.step("RCPT", connection.command(Rcpt::new(to.clone(), vec![]))).await?;
        self.step("DATA", connection.command(Data)).await?;
        self.step("the mail itself", connection.message(mail)).await?;
        // It has the mail: what becomes of the farewell changes nothing.
        let _ = timeout(self.patience, connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let SmtpServer { host, port, implicit_tls, .. } = &self.server;
        let us = ClientId::default();
        let mut connection = if *implicit_tls {
            let tls = self.tls()?;
            let address = (host.as_str(), *port);
            self.step("a connection with TLS", AsyncSmtpConnection::connect_tokio1(address, None, &us, Some(tls), None))
                .await?
        } else {
            let dialled = timeout(self.patience, TcpStream::connect((host.as_str(), *port))).await;
            let stream = match dialled {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return Err(self.failed(format_args!("no connection: {error}"))),
                Err(_) => return Err(self.failed("no connection in time")),
            };
            let stream = Box::new(Careful::new(stream));
            let mut connection =
                self.step("a connection", AsyncSmtpConnection::connect_with_transport(stream, &us)).await?;
            if connection.can_starttls() {
                self.step("STARTTLS", connection.starttls(self.tls()?, &us)).await?;
            } else if !is_here(host) {
                return Err(self.failed("it offers no STARTTLS, and nothing is said in the clear"));
            }
            connection
        };
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            self.step("AUTH", connection.auth(&ways, credentials)).await?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, Failure> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let builder = TlsParameters::builder(self.server.host.clone());
        let builder = self.roots.iter().cloned().fold(builder, |builder, root| builder.add_root_certificate(root));
        let tls = builder.build().map_err(|error| Failure::internal(format!("TLS for mail: {error}")))?;
        Ok(self.tls.get_or_init(|| tls).clone())
    }

    async fn step<T>(&self, step: Step, done: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        match timeout(self.patience, done).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.failed(format_args!("{step}: {}", chain(&error)))),
            Err(_) => Err(self.failed(format_args!("it did not answer to {step} in time"))),
        }
    }

    fn failed(&self, why: impl fmt::Display) -> Failure {
        Failure::unavailable(format!("the mail server {}:{}: {why}", self.server.host, self.server.port))
    }
}

/// An error with what is behind it, in one line of bounded length: part of it is what the server has said.
fn chain(error: &Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let text = inner.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        source = inner.source();
    }
    let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim_end().to_owned()
}

/// Whether a host is this machine: what is said to it passes no network.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn roots(key: &str, ca: &Path) -> Result<Vec<Certificate>, Failure> {
    if ca.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    let unusable = |why: &dyn fmt::Display| Failure::internal(format!("{key}: {}: {why}", ca.display()));
    let pem = std::fs::read(ca).map_err(|error| unusable(&error))?;
    Certificate::from_pem(&pem).map(|root| vec![root]).map_err(|error| unusable(&error))
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({self})")
    }
}

impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SmtpServer { host, port, implicit_tls, .. } = &self.server;
        write!(f, "the mail server {host}:{port} by {}", if *implicit_tls { "TLS" } else { "STARTTLS" })
    }
}
