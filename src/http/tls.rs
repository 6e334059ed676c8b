//! TLS 1.2 and 1.3 by rustls over aws-lc-rs. The certificate is read at the start and again on SIGHUP; one that is missing, out of date or
//! of another key is refused, and then the former one goes on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, IpAddr, Ipv4Addr, PrivateKeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, ServerConfig, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client};

use crate::clock::Timestamp;
use crate::config::TlsConfig;
use crate::failure::Failure;

/// The server's side of TLS. Clones see the same certificate.
#[derive(Clone)]
pub struct Tls {
    files: TlsConfig,
    current: Arc<ArcSwap<ServerConfig>>,
}

impl Tls {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// A sentence that names the file and says what is wrong with it.
    pub fn load(files: &TlsConfig, now: Timestamp) -> Result<Self, Failure> {
        Ok(Self { files: files.clone(), current: Arc::new(ArcSwap::from_pointee(read(files, now)?)) })
    }

    /// Reads both again: connections from now on see what is found. Those that exist are not touched.
    ///
    /// # Errors
    /// As [`Tls::load`]; then the former certificate goes on.
    pub fn reload(&self, now: Timestamp) -> Result<(), Failure> {
        self.current.store(Arc::new(read(&self.files, now)?));
        Ok(())
    }

    /// The server's side of a handshake, which may take so long.
    pub(super) async fn accept(&self, stream: TcpStream, most: Duration) -> std::io::Result<TlsStream<TcpStream>> {
        let handshake = TlsAcceptor::from(self.current.load_full()).accept(stream);
        tokio::time::timeout(most, handshake).await?
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tls({})", self.files.cert.display())
    }
}

fn read(files: &TlsConfig, now: Timestamp) -> Result<ServerConfig, Failure> {
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_file_iter(&files.cert).map_err(|why| unreadable(&files.cert, &why))?.collect();
    let chain = chain.map_err(|why| unreadable(&files.cert, &why))?;
    let own = chain.first().ok_or_else(|| unreadable(&files.cert, &"there is no certificate in it"))?;
    check_dates(own, &files.cert, now)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|why| unreadable(&files.key, &why))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // Refuses a key that is not the certificate's.
    let config = builder.map_err(Failure::internal)?.with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.map_err(|why| {
        let (cert, key) = (files.cert.display(), files.key.display());
        Failure::internal(format!("server.tls: the certificate {cert} and the key {key} do not work together: {why}"))
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn check_dates(certificate: &CertificateDer<'_>, path: &Path, now: Timestamp) -> Result<(), Failure> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).map_err(|why| unreadable(path, &why))?;
    let (from, until) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    match (now.seconds() < from, now.seconds() > until) {
        (true, _) => Err(unreadable(path, &format!("it is valid only from {}", Timestamp::from_seconds(from)))),
        (_, true) => Err(unreadable(path, &format!("it expired at {}", Timestamp::from_seconds(until)))),
        _ => Ok(()),
    }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::internal(format!("server.tls: {} cannot be used: {why}", path.display()))
}

/// Connects to a server that shows exactly the certificate in the settings' file, whatever its names and issuer: for a check of one's
/// own health, which asks an address and not a name.
///
/// # Errors
/// When the file cannot be read, nobody answers, or another certificate is shown.
pub async fn connect_to_own(files: &TlsConfig, stream: TcpStream) -> std::io::Result<client::TlsStream<TcpStream>> {
    let own = CertificateDer::from_pem_file(&files.cert).map_err(std::io::Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let config = builder
        .map_err(std::io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { own, provider }))
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([127, 0, 0, 1]))), stream)
        .await
}

/// Takes one certificate and no other.
#[derive(Debug)]
struct Pinned {
    own: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *shown == self.own {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("another certificate is shown".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
