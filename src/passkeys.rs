//! The ceremonies of Web Authentication (Level 3): what a browser is asked for, and whether what it sends is an answer to that. By `webauthn-rs`,
//! which nothing else names.
//!
//! Of every device it is asked that it checks who is there (user verification), and that it finds the passkey without being told which
//! (discoverable). Where no attestation is asked for, what a device says of its make is its own word; where it is, `attestation.rs` says what it is worth.
//! The relying party is the issuer's host, so an issuer that is a bare address has no passkeys.
//!
//! What was asked is given back as text, and wanted again with the answer. Whoever keeps them meanwhile sees that nobody else has them and that
//! they count once.

mod attestation;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    Credential, DiscoverableAuthentication, ParsedAttestation, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use self::attestation::{Roots, without_statement};
use crate::clock::Timestamp;
use crate::config::PasskeysConfig;
use crate::failure::Failure;
use crate::protocol::issuer::Issuer;
use crate::protocol::passkey::{Aaguid, Attestation, Kept, Passkey, PublicKey};
use crate::secret::base64url;

/// How long a browser waits for its person, as it is told.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Where the make of a device stands in what it says of itself (WebAuthn §6.1 and §6.5.1).
const AAGUID: std::ops::Range<usize> = 37..53;
/// How many ways to reach a device are kept, and how long each may be: a hint for browsers, and nothing else.
const TRANSPORTS: (usize, usize) = (8, 20);

/// The member of what was asked that says whether the maker was to attest the device.
const ASKS_FOR_ATTESTATION: &str = "asks_for_attestation";

/// The ceremonies of an installation.
#[derive(Clone, Debug)]
pub struct Ceremonies {
    webauthn: Webauthn,
    wanted: Vec<Aaguid>,
    attestation: Attestation,
    roots: Roots,
}

/// What a browser is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The options of `navigator.credentials`, as JSON, binary values in base64url.
    pub options: String,
    /// What the answer is checked against.
    pub state: String,
}

/// Who gets a passkey.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The id of the user, by which the device knows the account.
    pub user_id: &'a str,
    /// What the account is called where a person chooses between several: the address.
    pub called: &'a str,
    /// The person's name.
    pub name: &'a str,
}

/// What a browser sends as a sign-in.
#[derive(Debug)]
pub struct Answer {
    /// Which passkey it is.
    pub credential_id: Vec<u8>,
    /// Whose it is, as the device says: the id of a user, if it is one.
    pub user_id: Option<String>,
    credential: PublicKeyCredential,
}

/// What is known of a passkey that was just shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its counter.
    pub counter: u32,
    /// Whether it was copied.
    pub is_copied: bool,
}

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It cannot be read.
    Malformed,
    /// It belongs to another site, challenge, ceremony or key.
    Wrong,
    /// The device did not check who is there.
    Unverified,
    /// The counter has gone back, or stood still.
    WentBack,
    /// It is of a make that is not wanted here.
    Unwanted,
    /// No maker whose devices are trusted has attested it.
    Unattested,
}

/// The part of an attestation object that says something of the device.
#[derive(Deserialize)]
struct Attested<'a> {
    #[serde(rename = "authData")]
    auth_data: &'a [u8],
}

/// Whether there can be passkeys under this issuer: its host must be a name.
pub fn are_possible(issuer: &Issuer) -> bool {
    Url::parse(issuer.origin()).is_ok_and(|origin| origin.domain().is_some())
}

impl Ceremonies {
    /// Those of this issuer, with these settings. `None` when its host is no name that can have passkeys.
    ///
    /// # Errors
    /// A sentence: the root certificates of makers cannot be read, where they are needed.
    pub fn new(issuer: &Issuer, brand: &str, settings: &PasskeysConfig) -> Result<Option<Self>, Failure> {
        let PasskeysConfig { authenticators, attestation, attestation_roots } = settings;
        let roots = match attestation {
            Attestation::None => Roots::default(),
            Attestation::Asked | Attestation::Required => Roots::read(attestation_roots)?,
        };
        let (wanted, attestation) = (authenticators.clone(), *attestation);
        Ok(webauthn(issuer, brand).map(|webauthn| Self { webauthn, wanted, attestation, roots }))
    }

    /// How well the keys of passkeys are kept at best, as far as it can be known.
    pub fn kept_at_best(&self) -> Kept {
        self.attestation.kept_at_best()
    }

    /// Asks for a new passkey of this person, whose key must be kept so, on a device that has none of these. A device that has a lesser one makes a
    /// better in its place, if it may.
    ///
    /// # Errors
    /// When the account has an id that no device could know it by.
    pub fn ask_for_new(&self, owner: Owner<'_>, had: &[Passkey], kept: Kept) -> Result<Asked, Failure> {
        let id = Uuid::parse_str(owner.user_id).map_err(Failure::internal)?;
        let or_dash = |text| if str::is_empty(text) { "-" } else { text };
        // It may: what it makes takes the place of what it had, and of one that goes along to other devices nothing better can come.
        let may_do_better =
            |key: &PublicKey| key.kept() < kept && !key.may_be_copied && self.attestation != Attestation::Required;
        let had = had.iter().filter(|passkey| !may_do_better(&passkey.key));
        let had = had.map(|passkey| passkey.key.credential_id.clone()).collect();
        let (asked, state) = self
            .webauthn
            .start_passkey_registration(id, or_dash(owner.called), or_dash(owner.name), Some(had))
            .map_err(Failure::internal)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(Failure::internal)?;
        // The crate leaves it to the device; without it there would be no signing in without a name.
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        let mut state = serde_json::to_value(&state).map_err(Failure::internal)?;
        if self.attestation != Attestation::None {
            options["attestation"] = json!("direct");
            state[ASKS_FOR_ATTESTATION] = json!(true);
        }
        if kept == Kept::InHardware || self.attestation == Attestation::Required {
            // Neither a phone beside the browser nor, so that it could be checked, the machine itself attests anything.
            options["hints"] = json!(["security-key"]);
        }
        asked_of(&options, &state)
    }

    /// What comes of an answer to [`Ceremonies::ask_for_new`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn made(&self, state: &str, answer: &str, now: Timestamp) -> Result<PublicKey, Flaw> {
        let state: Value = serde_json::from_str(state).map_err(|_| Flaw::Wrong)?;
        let sent: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
        let said: Value = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
        if said["clientExtensionResults"]["credProps"]["rk"] == json!(false) {
            return Err(Flaw::Malformed);
        }
        let mut credential = self.registered(&state, &sent)?;
        let is_attested = self.roots.vouch_for(&credential, now);
        // It was judged, and is asked for never again.
        credential.attestation = ParsedAttestation::default();
        if self.attestation == Attestation::Required && !is_attested {
            return Err(Flaw::Unattested);
        }
        let aaguid = aaguid(&sent.response.attestation_object).ok_or(Flaw::Malformed)?;
        if !self.wanted.is_empty() && !self.wanted.contains(&aaguid) {
            return Err(Flaw::Unwanted);
        }
        Ok(PublicKey {
            credential: serde_json::to_string(&credential).map_err(|_| Flaw::Malformed)?,
            counter: credential.counter,
            may_be_copied: credential.backup_eligible,
            is_copied: credential.backup_state,
            transports: transports(&said["response"]["transports"]),
            credential_id: credential.cred_id,
            aaguid,
            is_attested,
        })
    }

    /// The new passkey, whose ceremony was in order. Where a statement of its maker was asked for, one that cannot be checked is left out.
    fn registered(&self, state: &Value, sent: &RegisterPublicKeyCredential) -> Result<Credential, Flaw> {
        let asked = PasskeyRegistration::deserialize(state).map_err(|_| Flaw::Wrong)?;
        let register = |sent| self.webauthn.finish_passkey_registration(sent, &asked).map(Credential::from);
        let registered = match register(sent) {
            Err(_) if state[ASKS_FOR_ATTESTATION] == json!(true) => {
                register(&without_statement(sent).ok_or(Flaw::Malformed)?)
            }
            registered => registered,
        };
        registered.map_err(|error| flaw(&error))
    }

    /// Asks for a passkey: for one of these, or, where nobody is named, for any that the person chooses.
    ///
    /// # Errors
    /// When nothing random can be had.
    pub fn ask(&self, known: &[Passkey]) -> Result<Asked, Failure> {
        let (asked, state) = self.webauthn.start_discoverable_authentication().map_err(Failure::internal)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(Failure::internal)?;
        let allowed = known.iter().map(|passkey| {
            let id = base64url(&passkey.key.credential_id);
            json!({ "type": "public-key", "id": id, "transports": passkey.key.transports })
        });
        options["allowCredentials"] = Value::Array(allowed.collect());
        asked_of(&options, &state)
    }

    /// Reads an answer to [`Ceremonies::ask`]: which passkey it speaks of is not proved by that.
    ///
    /// # Errors
    /// [`Flaw::Malformed`].
    pub fn read(&self, answer: &str) -> Result<Answer, Flaw> {
        let credential: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
        let user_id = credential.get_user_unique_id().map(|handle| {
            // One that is no id of ours belongs to nobody.
            Uuid::from_slice(handle).map(|id| id.to_string()).unwrap_or_default()
        });
        Ok(Answer { credential_id: credential.raw_id.clone(), user_id, credential })
    }

    /// Whether an answer is one to what was asked, by this key.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, state: &str, answer: &Answer, key: &PublicKey) -> Result<Seen, Flaw> {
        let state: DiscoverableAuthentication = serde_json::from_str(state).map_err(|_| Flaw::Wrong)?;
        let mut known: Credential = serde_json::from_str(&key.credential).map_err(|_| Flaw::Wrong)?;
        known.counter = key.counter;
        known.backup_state = key.is_copied;
        let client: Value =
            serde_json::from_slice(&answer.credential.response.client_data_json).map_err(|_| Flaw::Malformed)?;
        // Our pages stand in no frame.
        if client["crossOrigin"] == json!(true) {
            return Err(Flaw::Wrong);
        }
        let shown = self
            .webauthn
            .finish_discoverable_authentication_v2(&answer.credential, state, &known)
            .map_err(|error| flaw(&error))?;
        if !shown.user_verified() {
            return Err(Flaw::Unverified);
        }
        Ok(Seen { counter: shown.counter(), is_copied: shown.backup_state() })
    }
}

fn webauthn(issuer: &Issuer, brand: &str) -> Option<Webauthn> {
    let origin = Url::parse(issuer.origin()).ok()?;
    let host = origin.domain()?.to_owned();
    WebauthnBuilder::new(&host, &origin).ok()?.rp_name(brand).timeout(TIMEOUT).build().ok()
}

fn asked_of(options: &Value, state: &impl Serialize) -> Result<Asked, Failure> {
    Ok(Asked { options: options.to_string(), state: serde_json::to_string(state).map_err(Failure::internal)? })
}

fn flaw(error: &WebauthnError) -> Flaw {
    match error {
        WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => Flaw::Unverified,
        WebauthnError::CredentialPossibleCompromise => Flaw::WentBack,
        WebauthnError::ParseCBORFailure(_)
        | WebauthnError::ParseJSONFailure(_)
        | WebauthnError::ParseNOMFailure
        | WebauthnError::AttestationNotSupported => Flaw::Malformed,
        _ => Flaw::Wrong,
    }
}

/// The make of the device that an attestation object speaks of.
fn aaguid(attestation: &[u8]) -> Option<Aaguid> {
    let attested: Attested<'_> = serde_cbor_2::from_slice(attestation).ok()?;
    attested.auth_data.get(AAGUID)?.try_into().ok().map(Aaguid)
}

fn transports(said: &Value) -> Vec<String> {
    let (most, longest) = TRANSPORTS;
    let is_name = |text: &&str| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let said = said.as_array().map(Vec::as_slice).unwrap_or_default();
    said.iter().filter_map(Value::as_str).filter(is_name).take(most).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn ceremonies(issuer: &str) -> Option<Ceremonies> {
        let settings = PasskeysConfig {
            authenticators: Vec::new(),
            attestation: Attestation::None,
            attestation_roots: PathBuf::new(),
        };
        Ceremonies::new(&Issuer::parse(issuer).unwrap(), "The Door", &settings).unwrap()
    }

    #[test]
    fn an_issuer_whose_host_is_a_bare_address_has_none() {
        assert!(
            ceremonies("https://login.example.org/auth").is_some() && ceremonies("http://localhost:8080").is_some()
        );
        assert!(ceremonies("http://127.0.0.1:8080").is_none() && ceremonies("http://[::1]:8080").is_none());
    }

    #[test]
    fn every_device_is_asked_to_verify_its_person_and_to_find_the_passkey_itself() {
        let ceremonies = ceremonies("https://login.example.org/auth").unwrap();
        let owner = Owner { user_id: "01890a5d-ac96-774b-bcce-b302099a8057", called: "ann@example.org", name: "" };
        let asked: Value =
            serde_json::from_str(&ceremonies.ask_for_new(owner, &[], Kept::Anywhere).unwrap().options).unwrap();
        assert_eq!(asked["rp"], json!({ "id": "login.example.org", "name": "The Door" }));
        assert_eq!(asked["user"]["id"], "AYkKXayWd0u8zrMCCZqAVw");
        assert_eq!((&asked["user"]["name"], &asked["user"]["displayName"]), (&json!("ann@example.org"), &json!("-")));
        let chosen = &asked["authenticatorSelection"];
        assert_eq!((&chosen["residentKey"], &chosen["userVerification"]), (&json!("required"), &json!("required")));
        assert_eq!((&asked["attestation"], &asked["excludeCredentials"]), (&json!("none"), &json!([])));
        assert_eq!(asked["hints"], Value::Null);
        let asked: Value = serde_json::from_str(&ceremonies.ask(&[]).unwrap().options).unwrap();
        assert_eq!((&asked["rpId"], &asked["userVerification"]), (&json!("login.example.org"), &json!("required")));
        assert_eq!(asked["allowCredentials"], json!([]));
    }
}
