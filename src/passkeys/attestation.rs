//! What the maker of a device vouches for (attestation, WebAuthn §6.5.4 and §8): whether a certificate chain leads from what the device said of a new
//! passkey up to a maker whose root certificate the operator has named. Which makes are taken is another matter, by their AAGUIDs.
//!
//! A statement that cannot be checked, for whatever reason, says nothing: whoever sends a broken one could as well have sent none.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_cbor_2::Value;
use webauthn_rs::prelude::{
    AttestationCaList, AttestationCaListBuilder, AttestationFormat, AttestationMetadata, Credential,
    RegisterPublicKeyCredential, Uuid,
};
use webauthn_rs_core::attestation::verify_attestation_ca_chain;
use webauthn_rs_core::proto::ParsedAttestationData;

use crate::clock::Timestamp;
use crate::failure::Failure;

/// How many certificates a device may send: makers have one or two between a device and their root. Each is checked against each root, whoever sends them.
const LONGEST: usize = 5;

/// The root certificates of makers whose devices keep keys in hardware, as the operator says. Each is a list of its own: two of one name are both tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots(Vec<AttestationCaList>);

impl Roots {
    /// Those of a PEM file.
    ///
    /// # Errors
    /// A sentence that names the setting and the file: it cannot be read, or holds no certificate, or one that is none of an authority.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let unusable = |why: &dyn Display| {
            Failure::internal(format!("passkeys.attestation_roots: {} cannot be used: {why}", file.display()))
        };
        let pem = fs::read(file).map_err(|error| unusable(&error))?;
        let found: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let found = found.map_err(|error| unusable(&error))?;
        if found.is_empty() {
            return Err(unusable(&"there is no certificate in it"));
        }
        let each = |(at, root): (usize, &CertificateDer<'_>)| {
            read_root(root).map_err(|why| unusable(&format!("certificate {}: {why}", at + 1)))
        };
        Ok(Self(found.iter().enumerate().map(each).collect::<Result<_, _>>()?))
    }

    /// Whether one of these vouches for the device of a new passkey, whose statement was found to be what it claims to be. A key in software is none that
    /// its maker vouches for.
    pub fn vouch_for(&self, made: &Credential, now: Timestamp) -> bool {
        let covers_all = match (&made.attestation_format, &made.attestation.metadata) {
            // U2F signs the key alone, and neither the make nor whether the key may be copied.
            (AttestationFormat::FIDOU2F, _) => false,
            (_, AttestationMetadata::AndroidKey { is_km_tee, is_attest_tee }) => *is_km_tee && *is_attest_tee,
            _ => true,
        };
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now.seconds()).unwrap_or_default());
        let leads_to = |root| matches!(verify_attestation_ca_chain(&made.attestation.data, root, at), Ok(Some(_)));
        covers_all && is_short(&made.attestation.data) && self.0.iter().any(leads_to)
    }
}

/// Whether there is a chain, and it is none that keeps us busy.
fn is_short(data: &ParsedAttestationData) -> bool {
    match data {
        ParsedAttestationData::Basic(chain)
        | ParsedAttestationData::AttCa(chain)
        | ParsedAttestationData::AnonCa(chain) => chain.len() <= LONGEST,
        _ => false,
    }
}

/// A certificate, if it is one that others can hang on.
fn read_root(der: &[u8]) -> Result<AttestationCaList, String> {
    let (_, root) = x509_parser::parse_x509_certificate(der).map_err(|error| error.to_string())?;
    let usage = root.key_usage().map_err(|error| error.to_string())?;
    if !root.is_ca() || !usage.is_some_and(|usage| usage.value.key_cert_sign()) {
        return Err(
            "it is none of an authority: give the root of the maker, not the certificate of a device".to_owned()
        );
    }
    let mut builder = AttestationCaListBuilder::new();
    // The crate wants a make with each, which the check of the chain does not look at.
    builder.insert_device_der(der, Uuid::nil(), String::new(), BTreeMap::new()).map_err(|error| error.to_string())?;
    Ok(builder.build())
}

/// What a browser sent without what the device says of its make: as if nothing had been asked (WebAuthn §8.7). `None` when it cannot be read.
pub(super) fn without_statement(sent: &RegisterPublicKeyCredential) -> Option<RegisterPublicKeyCredential> {
    let Value::Map(mut object) = serde_cbor_2::from_slice(&sent.response.attestation_object).ok()? else { return None };
    object.insert(Value::Text("fmt".to_owned()), Value::Text("none".to_owned()));
    object.insert(Value::Text("attStmt".to_owned()), Value::Map(BTreeMap::new()));
    let mut bare = sent.clone();
    bare.response.attestation_object = serde_cbor_2::to_vec(&Value::Map(object)).ok()?;
    Some(bare)
}
