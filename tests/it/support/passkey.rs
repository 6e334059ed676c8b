//! A device with one passkey, and the browser between it and a page. What it sends is written here byte for byte and signed by aws-lc, so it is a judge of
//! the crate that the server checks it with; what the browser says is true or not.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::EcdsaKeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::protocol::second_factor::SecondFactor;
use serde_json::{Value, json};

use super::maker::Attesting;
use super::passkey_key::{Key, KeyKind};
use super::{Answer, Browser, Form, Server, recovery_codes};

/// The make of the devices.
pub const AAGUID: &str = "bada5566-a7aa-401f-bd96-45619a55120d";

/// The flags of what a device says (WebAuthn §6.1): somebody was there, they were checked, the key may be copied, it is, and a key comes with it.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const MAY_BE_COPIED: u8 = 8;
const IS_COPIED: u8 = 16;
const ATTESTED: u8 = 64;

/// A device with room for one passkey, which counts how often that is used.
pub struct Device {
    passkey: Option<Passkey>,
    counter: u32,
    verifies: bool,
    copies: bool,
    is_copied: bool,
    /// Whether it finds its passkey without being told which.
    finds: bool,
    statement: Statement,
    kind: KeyKind,
}

/// What a device says of its make (WebAuthn §8).
pub enum Statement {
    /// Nothing.
    None,
    /// That it is as it says, by the key of the passkey itself.
    OfItself,
    /// What its maker attests (`packed`).
    Packed(Attesting),
    /// The same with a signature that is none.
    Bent(Attesting),
    /// In the way of U2F, which signs neither the make nor the flags.
    U2f(Attesting),
    /// In a way that nobody knows.
    Unheard,
}

struct Passkey {
    key: Key,
    id: String,
    user: String,
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

fn hash(data: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref().to_vec()
}

impl Device {
    /// An empty one, whose passkey comes along to other devices of the person.
    pub fn new() -> Self {
        Self {
            passkey: None,
            counter: 0,
            verifies: true,
            copies: true,
            is_copied: true,
            finds: true,
            statement: Statement::None,
            kind: KeyKind::Es256,
        }
    }

    /// An empty one, whose passkey stays there.
    pub fn security_key() -> Self {
        Self { copies: false, is_copied: false, ..Self::new() }
    }

    /// An empty one that knows a touch and no more: it checks nobody, and has no room for names.
    pub fn touch_key() -> Self {
        Self { verifies: false, finds: false, ..Self::security_key() }
    }

    /// The same, which says this of its make.
    pub fn saying(self, statement: Statement) -> Self {
        Self { statement, ..self }
    }

    /// The same, which makes keys of this kind.
    pub fn making(self, kind: KeyKind) -> Self {
        Self { kind, ..self }
    }

    /// Whether it checks who is there from now on.
    pub fn verify(&mut self, verifies: bool) {
        self.verifies = verifies;
    }

    /// Whether its passkey has come along to other devices by now.
    pub fn copy(&mut self, is_copied: bool) {
        self.is_copied = is_copied;
    }

    /// Sets the counter of its passkey, as putting it back to an earlier state does.
    pub fn count(&mut self, counter: u32) {
        self.counter = counter;
    }

    /// What it says of itself to this host (WebAuthn §6.1), with a key that was just made, if one was.
    fn data(&self, host: &str, made: &[u8]) -> Vec<u8> {
        let mut flags = PRESENT;
        for (flag, is_set) in [
            (VERIFIED, self.verifies),
            (MAY_BE_COPIED, self.copies),
            (IS_COPIED, self.is_copied),
            (ATTESTED, !made.is_empty()),
        ] {
            flags |= if is_set { flag } else { 0 };
        }
        [hash(host.as_bytes()), vec![flags], self.counter.to_be_bytes().to_vec(), made.to_vec()].concat()
    }

    /// Makes a passkey in the place of the former, as `navigator.credentials.create` answers.
    pub fn create(&mut self, options: &Value, said: &Said) -> Value {
        let client = said.client_data("webauthn.create", options);
        let takes = |alg: i64| options["pubKeyCredParams"].as_array().unwrap().iter().any(|one| one["alg"] == alg);
        assert!(takes(self.kind.alg()), "the server takes what the device has: {options}");
        let key = Key::new(self.kind);
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        let made = [&aaguid(AAGUID)[..], &[0, 16], &id, &key.cose()].concat();
        self.counter = 0;
        let data = self.data(&said.host, &made);
        let of_u2f = [&[0], &data[..32], &hash(&client), &id, key.public()].concat();
        let (format, statement) = self.statement.of(&key, &[data.clone(), hash(&client)].concat(), &of_u2f);
        // A map of three: the format, the statement and the data.
        let object = [&b"\xa3"[..], &named("fmt"), &named(format), &named("attStmt"), &statement, &named("authData")];
        let object = [object.concat(), bytes(&data)].concat();
        self.passkey = Some(Passkey { key, id: text(&id), user: options["user"]["id"].as_str().unwrap().to_owned() });
        json!({
            "id": text(&id),
            "rawId": text(&id),
            "type": "public-key",
            "clientExtensionResults": { "credProps": { "rk": self.finds } },
            "response": {
                "clientDataJSON": text(&client),
                "attestationObject": text(&object),
                "transports": ["internal", "hybrid"],
            },
        })
    }

    /// Shows its passkey, as `navigator.credentials.get` answers.
    pub fn get(&mut self, options: &Value, said: &Said) -> Value {
        let client = said.client_data("webauthn.get", options);
        self.counter += 1;
        let data = self.data(&said.host, &[]);
        let Passkey { key, id, user } = self.passkey.as_ref().unwrap();
        let signature = key.sign(&[data.clone(), hash(&client)].concat());
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(&client),
                "authenticatorData": text(&data),
                "signature": text(&signature),
                "userHandle": self.finds.then_some(user),
            },
        })
    }
}

impl Statement {
    /// Its format and what it says, as CBOR, of a key that was just made, about this data or that of U2F.
    fn of(&self, own: &Key, data: &[u8], of_u2f: &[u8]) -> (&'static str, Vec<u8>) {
        let signed = |key: &EcdsaKeyPair, data: &[u8]| key.sign(&SystemRandom::new(), data).unwrap().as_ref().to_vec();
        let alg_and_sig =
            |alg: &[u8], signature: &[u8]| [&named("alg")[..], alg, &named("sig"), &bytes(signature)].concat();
        // The makers sign by ES256 (-7).
        let by_maker = |signature: &[u8]| alg_and_sig(&[0x26], signature);
        let x5c = |by: &Attesting| {
            let above = bytes(&by.above.0).repeat(usize::from(by.above.1));
            [&named("x5c")[..], &[0x81 + by.above.1], &bytes(&by.certificate), &above].concat()
        };
        match self {
            Self::None => ("none", vec![0xa0]),
            Self::OfItself => ("packed", [&[0xa2][..], &alg_and_sig(own.cbor_alg(), &own.sign(data))].concat()),
            Self::Packed(by) => ("packed", [&[0xa3][..], &by_maker(&signed(&by.key, data)), &x5c(by)].concat()),
            Self::Bent(by) => ("packed", [&[0xa3][..], &by_maker(&signed(&by.key, of_u2f)), &x5c(by)].concat()),
            Self::U2f(by) => {
                let signature = [named("sig"), bytes(&signed(&by.key, of_u2f))].concat();
                ("fido-u2f", [&[0xa2][..], &signature, &x5c(by)].concat())
            }
            Self::Unheard => ("unheard-of", vec![0xa0]),
        }
    }
}

/// A text in CBOR, shorter than 24 bytes.
fn named(text: &str) -> Vec<u8> {
    [&[0x60 + u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// Bytes in CBOR, with a length of two bytes.
fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&[0x59], &u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

pub(super) fn aaguid(uuid: &str) -> [u8; 16] {
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

impl Answer {
    /// What the page asks the browser for as a security key.
    pub fn security_key_options(&self) -> Value {
        let options = self.field("#security-key", "data-options");
        let options = options.unwrap_or_else(|| panic!("no security key is asked for: {}", self.text()));
        serde_json::from_str(&options).unwrap()
    }
}

impl Answer {
    /// The page without what a passkey is asked for with, which is another each time.
    pub fn text_but_for_passkeys(&self) -> String {
        let Some(sealed) = self.field("[name=challenge]", "value") else { return self.text() };
        let challenge = self.passkey_options()["challenge"].as_str().unwrap().to_owned();
        self.text().replace(&sealed, "SEALED").replace(&challenge, "CHALLENGE")
    }
}

impl Server {
    /// Another node, where people have neither second factors nor passkeys.
    pub async fn without_factors(&self) -> Self {
        self.another_node_with(|config| {
            (config.sign_in.second_factor, config.sign_in.passkeys) = (SecondFactor::Off, false);
        })
        .await
    }

    /// Whoever is signed in there adds a passkey with this name on the device. With the recovery codes, if they are new.
    pub async fn add_passkey(&self, browser: &mut Browser, device: &mut Device, name: &str) -> Vec<String> {
        let page = browser.visit("/account/passkeys").await;
        let made = device.create(&page.passkey_options(), &Said::of(self));
        let form = page.form("#passkey-submit").with("name", name).with("credential", &made.to_string());
        let shown = browser.press(&form).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert!(shown.error_code().is_none(), "{}", shown.text());
        recovery_codes(&shown)
    }

    /// As [`Self::add_passkey`], a security key.
    pub async fn add_security_key(&self, browser: &mut Browser, device: &mut Device, name: &str) -> Vec<String> {
        let page = browser.visit("/account/passkeys").await;
        let made = device.create(&page.security_key_options(), &Said::of(self));
        let form = page.form("#security-key-submit").with("name", name).with("credential", &made.to_string());
        let shown = browser.press(&form).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert!(shown.error_code().is_none(), "{}", shown.text());
        recovery_codes(&shown)
    }

    /// The form of a page that asks for a security key, with that of this device.
    pub async fn with_security_key(&self, page: &Answer, device: &mut Device) -> Form {
        let shown = device.get(&page.security_key_options(), &Said::of(self));
        page.form("#security-key-submit").with("credential", &shown.to_string())
    }

    /// The form of a page that asks for a passkey, with that of this device.
    pub async fn with_passkey(&self, page: &Answer, device: &mut Device) -> Form {
        let shown = device.get(&page.passkey_options(), &Said::of(self));
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
