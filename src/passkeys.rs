//! The ceremonies of Web Authentication (Level 3): what a browser is asked for, and whether what it sends is an answer to that. By `webauthn-rs`,
//! which nothing else names.
//!
//! Of every device it is asked that it checks who is there (user verification), and that it finds the passkey without being told which
//! (discoverable). Of a security key, which is a second factor and no passkey, neither is asked: that somebody touches it is enough beside a password, and
//! many can do no more. Where no attestation is asked for, what a device says of its make is its own word; where it is, `attestation.rs` says what it is worth.
//! The relying party is the issuer's host, so an issuer that is a bare address has no passkeys.
//!
//! What was asked is given back as text, and wanted again with the answer. Whoever keeps them meanwhile sees that nobody else has them and that
//! they count once.

mod attestation;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    AuthenticatorAttachment, Credential, DiscoverableAuthentication, ParsedAttestation, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, SecurityKeyRegistration, Url, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use self::attestation::{Roots, without_statement};
use crate::clock::Timestamp;
use crate::config::PasskeysConfig;
use crate::failure::Failure;
use crate::protocol::issuer::Issuer;
use crate::protocol::passkey::{Aaguid, Attestation, Kept, Passkey, PublicKey, Use};
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

impl<'a> Owner<'a> {
    /// How a device knows them: by an id, and by words that are never empty.
    fn described(self) -> Result<(Uuid, &'a str, &'a str), Failure> {
        let or_dash = |text| if str::is_empty(text) { "-" } else { text };
        let id = Uuid::parse_str(self.user_id).map_err(Failure::internal)?;
        Ok((id, or_dash(self.called), or_dash(self.name)))
    }
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
        let (id, called, name) = owner.described()?;
        // It may: what it makes takes the place of what it had, and of one that goes along to other devices nothing better can come.
        let may_do_better =
            |key: &PublicKey| key.kept() < kept && !key.may_be_copied && self.attestation != Attestation::Required;
        // A security key is none: its device may have a passkey beside it.
        let had = had.iter().filter(|passkey| passkey.is_passkey() && !may_do_better(&passkey.key));
        let had = had.map(|passkey| passkey.key.credential_id.clone()).collect();
        let (asked, state) =
            self.webauthn.start_passkey_registration(id, called, name, Some(had)).map_err(Failure::internal)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(Failure::internal)?;
        // The crate leaves it to the device; without it there would be no signing in without a name.
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        if kept == Kept::InHardware || self.attestation == Attestation::Required {
            // Neither a phone beside the browser nor, so that it could be checked, the machine itself attests anything.
            options["hints"] = json!(["security-key"]);
        }
        self.with_attestation(options, &state)
    }

    /// Asks for a new security key of this person, on a device that has neither one nor a passkey of theirs.
    ///
    /// # Errors
    /// As [`Ceremonies::ask_for_new`].
    pub fn ask_for_new_security_key(&self, owner: Owner<'_>, had: &[Passkey]) -> Result<Asked, Failure> {
        let (id, called, name) = owner.described()?;
        let had = had.iter().map(|passkey| passkey.key.credential_id.clone()).collect();
        let place = Some(AuthenticatorAttachment::CrossPlatform);
        let (asked, state) = self
            .webauthn
            .start_securitykey_registration(id, called, name, Some(had), None, place)
            .map_err(Failure::internal)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(Failure::internal)?;
        // What has little room for names is not to give it away for one that nobody asks for.
        options["authenticatorSelection"]["residentKey"] = json!("discouraged");
        options["authenticatorSelection"]["requireResidentKey"] = json!(false);
        self.with_attestation(options, &state)
    }

    /// What is asked for, and what its maker says of the device where that is wanted.
    fn with_attestation(&self, mut options: Value, state: &impl Serialize) -> Result<Asked, Failure> {
        let mut state = serde_json::to_value(state).map_err(Failure::internal)?;
        if self.attestation != Attestation::None {
            options["attestation"] = json!("direct");
            state[ASKS_FOR_ATTESTATION] = json!(true);
        }
        asked_of(&options, &state)
    }

    /// What comes of an answer to [`Ceremonies::ask_for_new`], or to [`Ceremonies::ask_for_new_security_key`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn made(&self, (used_as, state): (Use, &str), answer: &str, now: Timestamp) -> Result<PublicKey, Flaw> {
        let state: Value = serde_json::from_str(state).map_err(|_| Flaw::Wrong)?;
        let sent: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
        let said: Value = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
        if used_as == Use::Passkey && said["clientExtensionResults"]["credProps"]["rk"] == json!(false) {
            return Err(Flaw::Malformed);
        }
        let mut credential = self.registered((used_as, &state), &sent)?;
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

    /// The new key, whose ceremony was in order. Where a statement of its maker was asked for, one that cannot be checked is left out.
    fn registered(
        &self,
        (used_as, state): (Use, &Value),
        sent: &RegisterPublicKeyCredential,
    ) -> Result<Credential, Flaw> {
        match self.registers((used_as, state), sent)? {
            Err(_) if state[ASKS_FOR_ATTESTATION] == json!(true) => {
                self.registers((used_as, state), &without_statement(sent).ok_or(Flaw::Malformed)?)?
            }
            registered => registered,
        }
        .map_err(|error| flaw(&error))
    }

    fn registers(
        &self,
        (used_as, state): (Use, &Value),
        sent: &RegisterPublicKeyCredential,
    ) -> Result<Result<Credential, WebauthnError>, Flaw> {
        Ok(match used_as {
            Use::Passkey => {
                let asked = PasskeyRegistration::deserialize(state).map_err(|_| Flaw::Wrong)?;
                self.webauthn.finish_passkey_registration(sent, &asked).map(Credential::from)
            }
            Use::SecurityKey => {
                let asked = SecurityKeyRegistration::deserialize(state).map_err(|_| Flaw::Wrong)?;
                self.webauthn.finish_securitykey_registration(sent, &asked).map(Credential::from)
            }
        })
    }

    /// Asks for a passkey: for one of these, or, where nobody is named, for any that the person chooses.
    ///
    /// # Errors
    /// When nothing random can be had.
    pub fn ask(&self, known: &[Passkey]) -> Result<Asked, Failure> {
        let (asked, state) = self.webauthn.start_discoverable_authentication().map_err(Failure::internal)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(Failure::internal)?;
        options["allowCredentials"] = allowed(known);
        asked_of(&options, &state)
    }

    /// Asks for one of these security keys.
    ///
    /// # Errors
    /// As [`Ceremonies::ask`].
    pub fn ask_for_security_key(&self, known: &[Passkey]) -> Result<Asked, Failure> {
        // Which key it is checked by is known when the answer is there, as of a passkey: the crate keeps none for it.
        let (asked, state) = self.webauthn.start_securitykey_authentication(&[]).map_err(Failure::internal)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(Failure::internal)?;
        options["allowCredentials"] = allowed(known);
        asked_of(&options, &state)
    }

    /// Reads an answer to [`Ceremonies::ask`] or [`Ceremonies::ask_for_security_key`]: which passkey it speaks of is not proved by that.
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

    /// Whether an answer is one to what was asked, by this passkey or security key. Whose it is, is for the caller.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, state: &str, answer: &Answer, passkey: &Passkey) -> Result<Seen, Flaw> {
        let key = &passkey.key;
        // What is asked of a security key is kept in the same form.
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
        if passkey.is_passkey() && !shown.user_verified() {
            return Err(Flaw::Unverified);
        }
        Ok(Seen { counter: shown.counter(), is_copied: shown.backup_state() })
    }
}

fn webauthn(issuer: &Issuer, brand: &str) -> Option<Webauthn> {
    let origin = Url::parse(issuer.origin()).ok()?;
    let host = origin.domain()?.to_owned();
    let builder = WebauthnBuilder::new(&host, &origin).ok()?.rp_name(brand).timeout(TIMEOUT);
    // Else a security key with a PIN would have to check its person from then on, though it is asked for no more than a touch.
    builder.danger_set_user_presence_only_security_keys(true).build().ok()
}

/// These, as a browser is told which it may take.
fn allowed(known: &[Passkey]) -> Value {
    let one = |passkey: &Passkey| {
        let id = base64url(&passkey.key.credential_id);
        json!({ "type": "public-key", "id": id, "transports": passkey.key.transports })
    };
    Value::Array(known.iter().map(one).collect())
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
mod tests;
