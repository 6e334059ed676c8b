//! A sign-in with a passkey, and the device that has it. What the device says is written here byte for byte (WebAuthn Level 3), and what the pages
//! are asked for is their contract: the form around `passkey-submit`, and the question in its `data-options`.

use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use crate::Outcome;
use crate::browser::{Browser, Form};
use crate::http::Connection;
use crate::operation::{encoded, form_head, get, with_body};

/// The name of the machine under which a browser has passkeys; an address is none.
const HOST: &str = "localhost";
/// The button of the form that asks for a passkey.
const BUTTON: &str = "passkey-submit";
/// What a device says with a sign-in: somebody was there, and was checked (WebAuthn §6.1).
const CHECKED: u8 = 0b101;
/// The same with a new passkey.
const NEW: u8 = 0b100_0101;

/// Signs in with a passkey, a new browser each time.
#[derive(Clone)]
pub struct PasskeySignIn {
    host: String,
    key: Arc<EcdsaKeyPair>,
    id: String,
    user: String,
    /// How often it was used.
    counter: u32,
}

/// What the server at this address must be called, for its people to have passkeys.
pub fn issuer(address: SocketAddr) -> String {
    format!("http://{}", host(address))
}

fn host(address: SocketAddr) -> String {
    format!("{HOST}:{}", address.port())
}

impl PasskeySignIn {
    /// Signs this person in with the password and adds a passkey, on the pages.
    ///
    /// # Errors
    /// When a page is not as expected.
    pub async fn enrol(address: SocketAddr, email: &str, password: &str) -> Outcome<Self> {
        let host = host(address);
        let mut browser = Browser::called(address, &host);
        browser.press_through("/login", "login-submit", &[("email", email), ("password", password)]).await?;
        let (form, options) = browser.asked("/account/passkeys", BUTTON, "data-options").await?;
        let options: Value = serde_json::from_str(&options)?;
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| "no key can be made")?;
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).map_err(|_| "no random bytes")?;
        let made = attestation(&key, id);
        let client = client_data("webauthn.create", &options, &host)?;
        let credential = json!({
            "id": BASE64URL.encode(id),
            "rawId": BASE64URL.encode(id),
            "type": "public-key",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": BASE64URL.encode(client),
                "attestationObject": BASE64URL.encode(made),
                "transports": ["internal"],
            },
        });
        let user = options["user"]["id"].as_str().ok_or("nobody is asked for a passkey")?.to_owned();
        browser.submit_there(form, &[("credential", &credential.to_string())], "id=\"codes\"").await?;
        Ok(Self { host, key: Arc::new(key), id: BASE64URL.encode(id), user, counter: 0 })
    }

    /// Opens the page to sign in, and answers what it asks.
    ///
    /// # Errors
    /// When the connection fails, or an answer is not the expected one.
    pub async fn once(&mut self, connection: &mut Connection) -> Outcome<()> {
        let answer = connection.exchange(&get(&self.host, "/login", "")).await?;
        let page = answer.text();
        let asked = Form::around(&page, BUTTON).zip(Form::says(&page, BUTTON, "data-options"));
        let Some((mut form, options)) = asked else { return Err(answer.unexpected("a page that asks for a passkey")) };
        let pairs = answer.headers("set-cookie").into_iter().filter_map(|line| line.split(';').next());
        let lines = format!("Origin: http://{}\r\nCookie: {}\r\n", self.host, pairs.collect::<Vec<_>>().join("; "));
        let credential = self.shown(&serde_json::from_str(&options)?)?;
        form.fields.retain(|(name, _)| name != "credential");
        form.fields.push(("credential".to_owned(), credential));
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let request = with_body(&form_head(&self.host, &form.action, &lines), &encoded(&fields));
        let answer = connection.exchange(&request).await?;
        if answer.status == 303 { Ok(()) } else { Err(answer.unexpected("a redirect of somebody who is signed in")) }
    }

    /// What the browser sends for the device.
    fn shown(&mut self, options: &Value) -> Outcome<String> {
        self.counter += 1;
        let data = data(CHECKED, self.counter, &[]);
        let client = client_data("webauthn.get", options, &self.host)?;
        let signed = [&*data, digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).map_err(|_| "nothing can be signed")?;
        let credential = json!({
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL.encode(client),
                "authenticatorData": BASE64URL.encode(data),
                "signature": BASE64URL.encode(signature.as_ref()),
                "userHandle": self.user,
            },
        });
        Ok(credential.to_string())
    }
}

/// What the browser says of itself (WebAuthn §5.8.1).
fn client_data(ceremony: &str, options: &Value, host: &str) -> Outcome<String> {
    let challenge = options["challenge"].as_str().ok_or("a passkey is asked for without a challenge")?;
    let origin = format!("http://{host}");
    Ok(json!({ "type": ceremony, "challenge": challenge, "origin": origin, "crossOrigin": false }).to_string())
}

/// What the device says of itself (WebAuthn §6.1).
fn data(flags: u8, counter: u32, key: &[u8]) -> Vec<u8> {
    [digest(&SHA256, HOST.as_bytes()).as_ref(), &[flags], &counter.to_be_bytes(), key].concat()
}

/// A new key without a word on who made the device (WebAuthn §6.5 and §8.7), in CBOR.
fn attestation(key: &EcdsaKeyPair, id: [u8; 16]) -> Vec<u8> {
    // An uncompressed point, and RFC 9053 §7.1.1: an EC2 key for ES256 on P-256.
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let cose = [&b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..], x, b"\x22\x58\x20", y].concat();
    let no_make = [0; 16];
    let data = data(NEW, 0, &[&no_make[..], &[0, 16], &id, &cose].concat());
    // It is longer than 23 bytes and shorter than 256.
    [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[data.len() as u8], &data].concat()
}
