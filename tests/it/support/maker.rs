//! A maker of devices, which attests them: a root certificate, and below it one for each make (WebAuthn §8.2.1).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};

use super::passkey::{AAGUID, aaguid};

/// In which certificates of devices name their make (id-fido-gen-ce-aaguid).
const MAKE: &[u64] = &[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];

/// A maker, with the key of its root certificate.
pub struct Maker(CertifiedIssuer<'static, KeyPair>);

/// What the devices of one make sign with, and the certificate of that.
pub struct Attesting {
    pub key: EcdsaKeyPair,
    pub certificate: Vec<u8>,
    /// That of the maker, and how often it is sent along.
    pub above: (Vec<u8>, u8),
}

impl Attesting {
    /// With that of the maker so many times behind its own.
    pub fn padded(self, times: u8) -> Self {
        Self { above: (self.above.0, times), ..self }
    }
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

impl Maker {
    /// One that is called so.
    pub fn new(name: &str) -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.distinguished_name.push(DnType::CommonName, name);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(root, key()).unwrap())
    }

    /// Its root certificate.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// For the make of our devices, with what is changed in the certificate.
    pub fn attesting(&self, change: impl FnOnce(&mut CertificateParams)) -> Attesting {
        self.of_make(AAGUID, change)
    }

    /// The same for another make.
    pub fn of_make(&self, make: &str, change: impl FnOnce(&mut CertificateParams)) -> Attesting {
        let mut leaf = CertificateParams::new(Vec::new()).unwrap();
        for (kind, value) in [
            (DnType::CountryName, "SE"),
            (DnType::OrganizationName, "Keys and Sons"),
            (DnType::OrganizationalUnitName, "Authenticator Attestation"),
            (DnType::CommonName, "Keys and Sons, series 7"),
        ] {
            leaf.distinguished_name.push(kind, value);
        }
        leaf.is_ca = IsCa::ExplicitNoCa;
        // An octet string of 16 bytes.
        let content = [&[4, 16], &aaguid(make)[..]].concat();
        leaf.custom_extensions = vec![CustomExtension::from_oid_content(MAKE, content)];
        change(&mut leaf);
        let own = key();
        let certificate = leaf.signed_by(&own, &self.0).unwrap().der().to_vec();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &own.serialize_der()).unwrap();
        Attesting { key, certificate, above: (self.0.der().to_vec(), 0) }
    }
}
