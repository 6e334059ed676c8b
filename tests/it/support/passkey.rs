//! A device with one passkey, and the browser between it and a page. The device is the software authenticator of 1Password, so it is a judge of the
//! server's own crate; what the browser says is written here, true or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkey_authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey_types::Passkey;
use passkey_types::ctap2::{Aaguid, Ctap2Error, get_assertion, make_credential};
use passkey_types::webauthn::PublicKeyCredentialUserEntity;
use serde_json::{Value, json};

use super::{Answer, Browser, Form, Server, recovery_codes};

/// The make of the devices.
pub const AAGUID: &str = "bada5566-a7aa-401f-bd96-45619a55120d";

/// A device with room for one passkey, which comes along to other devices of the person.
pub struct Device {
    authenticator: Authenticator<Option<Passkey>, Person>,
    verifies: Arc<AtomicBool>,
}

/// Who touches the device.
struct Person(Arc<AtomicBool>);

#[async_trait::async_trait]
impl UserValidationMethod for Person {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(&self, _: UiHint<'a, Passkey>, presence: bool, _: bool) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification: self.0.load(Ordering::Relaxed) })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// What the browser tells the device and the page.
#[derive(Clone, Debug)]
pub struct Said {
    pub origin: String,
    pub host: String,
    /// The type of ceremony; the true one without.
    pub kind: Option<&'static str>,
    /// The challenge; the one that was asked without.
    pub challenge: Option<String>,
    pub is_in_frame: bool,
}

impl Said {
    /// The truth.
    pub fn of(server: &Server) -> Self {
        let origin = server.app.issuer.origin().to_owned();
        let host = url::Url::parse(&origin).unwrap().host_str().unwrap().to_owned();
        Self { origin, host, kind: None, challenge: None, is_in_frame: false }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = self.challenge.as_deref().unwrap_or(options["challenge"].as_str().unwrap());
        let kind = self.kind.unwrap_or(kind);
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.is_in_frame })
            .to_string()
            .into_bytes()
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn hash(data: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref().to_vec()
}

impl Device {
    /// An empty one, which counts how often its passkey is used.
    pub fn new() -> Self {
        let verifies = Arc::new(AtomicBool::new(true));
        let aaguid: [u8; 16] = hex(AAGUID);
        let mut authenticator = Authenticator::new(Aaguid::from(aaguid), None, Person(verifies.clone()));
        authenticator.set_make_credentials_with_signature_counter(true);
        Self { authenticator, verifies }
    }

    /// Whether it checks who is there from now on.
    pub fn verify(&self, verifies: bool) {
        self.verifies.store(verifies, Ordering::Relaxed);
    }

    /// Sets the counter of its passkey, as putting it back to an earlier state does.
    pub fn count(&mut self, counter: u32) {
        self.authenticator.store_mut().as_mut().unwrap().counter = Some(counter);
    }

    /// Makes a passkey, as `navigator.credentials.create` answers.
    pub async fn create(&mut self, options: &Value, said: &Said) -> Value {
        let client = said.client_data("webauthn.create", options);
        let user = &options["user"];
        let request = make_credential::Request {
            client_data_hash: hash(&client).into(),
            rp: make_credential::PublicKeyCredentialRpEntity { id: said.host.clone(), name: None },
            user: PublicKeyCredentialUserEntity {
                id: bytes(&user["id"]).into(),
                name: user["name"].as_str().unwrap().to_owned(),
                display_name: user["displayName"].as_str().unwrap().to_owned(),
            },
            pub_key_cred_params: serde_json::from_value(options["pubKeyCredParams"].clone()).unwrap(),
            exclude_list: None,
            extensions: None,
            options: make_credential::Options { rk: true, up: true, uv: self.verifies.load(Ordering::Relaxed) },
            pin_auth: None,
            pin_protocol: None,
        };
        let made = self.authenticator.make_credential(request).await.unwrap();
        let id = text(&self.authenticator.store().as_ref().unwrap().credential_id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": text(&client),
                "attestationObject": text(&made.as_webauthn_bytes()),
                "transports": ["internal", "hybrid"],
            },
        })
    }

    /// Shows its passkey, as `navigator.credentials.get` answers.
    pub async fn get(&mut self, options: &Value, said: &Said) -> Value {
        let client = said.client_data("webauthn.get", options);
        let request = get_assertion::Request {
            rp_id: said.host.clone(),
            client_data_hash: hash(&client).into(),
            allow_list: None,
            extensions: None,
            options: make_credential::Options { rk: false, up: true, uv: self.verifies.load(Ordering::Relaxed) },
            pin_auth: None,
            pin_protocol: None,
        };
        let shown = self.authenticator.get_assertion(request).await.unwrap();
        let id = text(&self.authenticator.store().as_ref().unwrap().credential_id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(&client),
                "authenticatorData": text(&shown.auth_data.to_vec()),
                "signature": text(&shown.signature),
                "userHandle": shown.user.map(|user| text(&user.id)),
            },
        })
    }
}

fn hex(uuid: &str) -> [u8; 16] {
    let digits = uuid.replace('-', "");
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}

impl Answer {
    /// What the page asks the browser for.
    pub fn passkey_options(&self) -> Value {
        let options = self.field("form[data-passkey]", "data-options");
        serde_json::from_str(&options.unwrap_or_else(|| panic!("no passkey is asked for: {}", self.text()))).unwrap()
    }
}

impl Server {
    /// Whoever is signed in there adds a passkey with this name on the device. With the recovery codes, if they are new.
    pub async fn add_passkey(&self, browser: &mut Browser, device: &mut Device, name: &str) -> Vec<String> {
        let page = browser.visit("/account/passkeys").await;
        let made = device.create(&page.passkey_options(), &Said::of(self)).await;
        let form = page.form("#passkey-submit").with("name", name).with("credential", &made.to_string());
        let shown = browser.press(&form).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert!(shown.error_code().is_none(), "{}", shown.text());
        recovery_codes(&shown)
    }

    /// The form of a page that asks for a passkey, with that of this device.
    pub async fn with_passkey(&self, page: &Answer, device: &mut Device) -> Form {
        let shown = device.get(&page.passkey_options(), &Said::of(self)).await;
        page.form("#passkey-submit").with("credential", &shown.to_string())
    }

    /// A new browser that signs in with the passkey alone.
    pub async fn sign_in_with_passkey(&self, device: &mut Device) -> (Browser, Answer) {
        let mut browser = self.browser();
        let page = browser.visit("/login").await;
        let form = self.with_passkey(&page, device).await;
        let answer = browser.press(&form).await;
        (browser, answer)
    }
}
