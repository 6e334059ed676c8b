//! A mail server on loopback, whose protocol is another program's (the crate mailin); it keeps what it is given, and misbehaves when it is told to.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use mailin::{Action, AuthMechanism, Handler, Response, Session, SessionBuilder};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::Mail;

/// Who may send there, and with what.
const USER: &str = "login@example.org";
const PASSWORD: &str = "the mail server's password";

/// What it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// TLS from the first byte.
    Tls,
    /// In the clear, and offers STARTTLS.
    StartTls,
    /// In the clear alone.
    Clear,
}

/// A step of the conversation: what the server answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Body,
}

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Well,
    /// It says nothing from here on.
    Silent(Step),
    /// It closes the connection instead of an answer.
    Closes(Step),
    /// It says this.
    Says(Step, &'static str),
    /// It takes mails, and never says so.
    TakesInSilence,
    /// What somebody on the way puts behind the answer to STARTTLS.
    Injected,
}

/// A mail that it was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The addresses of the envelope.
    pub from: String,
    pub to: Vec<String>,
    /// Who has signed in.
    pub user: Option<String>,
    /// Whether it came under TLS.
    pub encrypted: bool,
    pub mail: Mail,
}

/// A mail server. It goes with the test.
pub struct MailServer {
    pub address: SocketAddr,
    speaks: Speaks,
    folder: TempDir,
    shared: Shared,
}

#[derive(Clone)]
struct Shared {
    given: Arc<Mutex<Vec<Given>>>,
    manner: Arc<Mutex<Manner>>,
    /// Commands that came in, whatever became of them.
    heard: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// A server with a certificate for its own address.
    pub async fn start(speaks: Speaks) -> Self {
        Self::named(speaks, "127.0.0.1").await
    }

    /// A server with a certificate for this name.
    pub async fn named(speaks: Speaks, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let config = ServerConfig::builder().with_no_client_auth();
        let acceptor =
            TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared =
            Shared { given: Arc::default(), manner: Arc::new(Mutex::new(Manner::Well)), heard: Arc::default() };
        let server = Self { address: socket.local_addr().unwrap(), speaks, folder, shared: shared.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let (acceptor, shared) = (acceptor.clone(), shared.clone());
                tokio::spawn(async move { serve(stream, speaks, &acceptor, &shared).await });
            }
        });
        server
    }

    /// Lets mails be given to it, by who may: under its own certificate, with a second for each step.
    pub fn configure(&self, config: &mut doorward::config::Config) {
        let scheme = if self.speaks == Speaks::Tls { "smtps" } else { "smtp" };
        let user = if self.speaks == Speaks::Clear { "" } else { "login%40example.org@" };
        config.mail.smtp = format!("{scheme}://{user}{}", self.address);
        config.mail.folder = std::path::PathBuf::new();
        config.mail.password_file = self.folder.path().join("password");
        config.mail.ca = self.folder.path().join("ca.pem");
        config.mail.timeout = 1;
    }

    /// How it behaves from the next step on.
    pub fn behave(&self, manner: Manner) {
        *locked(&self.shared.manner) = manner;
    }

    /// What it was given so far.
    pub fn given(&self) -> Vec<Given> {
        locked(&self.shared.given).clone()
    }

    /// The commands that came since the last look, each by its first word.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.shared.heard))
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap()
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// One conversation. An error ends it.
async fn serve(stream: TcpStream, speaks: Speaks, acceptor: &TlsAcceptor, shared: &Shared) -> io::Result<()> {
    let from = stream.peer_addr()?.ip();
    let mut builder = SessionBuilder::new("mail.test");
    if speaks != Speaks::Clear {
        // From then on it takes mails from whoever has signed in alone.
        builder.enable_auth(AuthMechanism::Plain);
    }
    if speaks == Speaks::StartTls {
        builder.enable_start_tls();
    }
    let keeper = Keeper {
        shared: shared.clone(),
        encrypted: Arc::default(),
        user: None,
        from: String::new(),
        to: vec![],
        raw: vec![],
    };
    let encrypted = keeper.encrypted.clone();
    let mut session: Session<Keeper> = builder.build(from, keeper);
    let mut wire: BufReader<Box<dyn Wire>> = BufReader::new(Box::new(stream));
    if speaks == Speaks::Tls {
        wire = BufReader::new(Box::new(acceptor.accept(wire.into_inner()).await?));
        session.tls_active();
        *locked(&encrypted) = true;
    }
    let greeting = session.greeting();
    if !answer(&mut wire, Some(Step::Greeting), &greeting, shared).await? {
        return Ok(());
    }
    let mut in_body = false;
    loop {
        let mut line = Vec::new();
        if wire.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let step = step_of(&line, in_body);
        if !in_body {
            let word = String::from_utf8_lossy(&line).split([' ', '\r']).next().unwrap_or_default().to_owned();
            locked(&shared.heard).push(word);
        }
        let manner = *locked(&shared.manner);
        let cuts = |at| matches!(manner, Manner::Silent(step) | Manner::Closes(step) | Manner::Says(step, _) if Some(step) == at);
        // What is refused is not done.
        let response = if cuts(step) { mailin::response::NO_SERVICE } else { session.process(&line) };
        in_body = (in_body && step.is_none()) || (step == Some(Step::Data) && !response.is_error && !cuts(step));
        if !answer(&mut wire, step, &response, shared).await? || response.action == Action::Close && !cuts(step) {
            return Ok(());
        }
        if response.action == Action::UpgradeTls {
            wire = BufReader::new(Box::new(acceptor.accept(wire.into_inner()).await?));
            session.tls_active();
            *locked(&encrypted) = true;
        }
    }
}

fn step_of(line: &[u8], in_body: bool) -> Option<Step> {
    if in_body {
        return (line == b".\r\n").then_some(Step::Body);
    }
    let word = line.split(|byte| *byte == b' ' || *byte == b'\r').next()?;
    Some(match word {
        b"EHLO" => Step::Ehlo,
        b"STARTTLS" => Step::StartTls,
        b"AUTH" => Step::Auth,
        b"MAIL" => Step::Mail,
        b"RCPT" => Step::Rcpt,
        b"DATA" => Step::Data,
        _ => return None,
    })
}

/// Answers as it is to behave; whether the conversation goes on.
async fn answer(
    wire: &mut BufReader<Box<dyn Wire>>,
    step: Option<Step>,
    response: &Response,
    shared: &Shared,
) -> io::Result<bool> {
    let mut bytes = response.buffer()?;
    let manner = *locked(&shared.manner);
    match manner {
        Manner::Silent(at) if Some(at) == step => std::future::pending().await,
        Manner::TakesInSilence if step == Some(Step::Body) => std::future::pending().await,
        Manner::Closes(at) if Some(at) == step => return Ok(false),
        Manner::Says(at, words) if Some(at) == step => bytes = format!("{words}\r\n").into_bytes(),
        Manner::Injected if step == Some(Step::StartTls) => bytes.extend_from_slice(b"250 AUTH PLAIN\r\n"),
        _ => {}
    }
    wire.get_mut().write_all(&bytes).await?;
    wire.get_mut().flush().await?;
    Ok(true)
}

/// Keeps what it is given.
struct Keeper {
    shared: Shared,
    encrypted: Arc<Mutex<bool>>,
    user: Option<String>,
    from: String,
    to: Vec<String>,
    raw: Vec<u8>,
}

impl Handler for Keeper {
    fn mail(&mut self, _ip: std::net::IpAddr, _domain: &str, from: &str) -> Response {
        self.from = from.to_owned();
        mailin::response::OK
    }

    fn data_start(&mut self, _domain: &str, _from: &str, _is8bit: bool, to: &[String]) -> Response {
        (self.to, self.raw) = (to.to_vec(), Vec::new());
        mailin::response::START_DATA
    }

    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.raw.extend_from_slice(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let given = Given {
            from: self.from.clone(),
            to: self.to.clone(),
            user: self.user.clone(),
            encrypted: *locked(&self.encrypted),
            mail: Mail::read(&self.raw),
        };
        locked(&self.shared.given).push(given);
        mailin::response::OK
    }

    fn auth_plain(&mut self, _authorization_id: &str, user: &str, password: &str) -> Response {
        if (user, password) != (USER, PASSWORD) {
            return mailin::response::INVALID_CREDENTIALS;
        }
        self.user = Some(user.to_owned());
        mailin::response::AUTH_OK
    }
}
