//! A device with one passkey, and the browser before it: each line of the input is an origin, `create` or `get`, and the options of a page as JSON; each line
//! of the output is what `navigator.credentials` answers with.

use std::io::BufRead;

use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use url::Url;

/// Its owner, who is there and unlocks it.
struct Owner;

#[async_trait::async_trait]
impl UserValidationMethod for Owner {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence: true, verification: true })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

fn main() {
    let mut device = Authenticator::new(Aaguid::new_empty(), None::<Passkey>, Owner, RustCryptoBackend);
    device.set_make_credentials_with_signature_counter(true);
    let mut browser = Client::new(device).allows_insecure_localhost(true);
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (origin, rest) = line.split_once(' ').unwrap();
        let (kind, options) = rest.split_once(' ').unwrap();
        let origin = Url::parse(origin).unwrap();
        let options = format!(r#"{{"publicKey":{options}}}"#);
        let answer = if kind == "create" {
            let options: CredentialCreationOptions = serde_json::from_str(&options).unwrap();
            let made = pollster::block_on(browser.register(&origin, options, DefaultClientData)).unwrap();
            serde_json::to_string(&made).unwrap()
        } else {
            let options: CredentialRequestOptions = serde_json::from_str(&options).unwrap();
            let shown = pollster::block_on(browser.authenticate(&origin, options, DefaultClientData)).unwrap();
            serde_json::to_string(&shown).unwrap()
        };
        println!("{answer}");
    }
}
