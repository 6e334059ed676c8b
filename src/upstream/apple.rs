//! Apple: the client secret is a token that the team's key signs, made anew for each use; and the name of a person comes beside the code, once,
//! at the first sign-in. ("Creating a client secret", "Configuring your webpage for Sign in with Apple", developer.apple.com.)

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::config::UpstreamConfig;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::secret::{Secret, base64url};
use crate::tokens::SigningKey;

/// How long a client secret is good for, in seconds: for the one call that it is made for. (Apple allows six months.)
const LIFETIME: i64 = 300;

/// The team's key, as it lies in its file: PKCS #8 in PEM.
pub(super) fn key(config: &UpstreamConfig) -> Result<SigningKey, Failure> {
    let pem = config.private_key().map_err(Failure::internal)?;
    let body: Zeroizing<String> = Zeroizing::new(pem.expose().lines().filter(|line| !line.starts_with('-')).collect());
    let der = STANDARD.decode(body.as_bytes()).ok().map(Zeroizing::new);
    let key = der.and_then(|der| SigningKey::from_pkcs8(Algorithm::Es256, &der).ok());
    key.ok_or_else(|| {
        let file = config.private_key_file.display();
        Failure::internal(format!(
            "upstream.{}.private_key_file: {file} has no key of P-256 in PEM (PKCS #8)",
            config.id
        ))
    })
}

/// The client secret of this moment.
pub(super) fn client_secret(config: &UpstreamConfig, key: &SigningKey, now: Timestamp) -> Result<Secret, Failure> {
    let header = json!({ "alg": "ES256", "kid": config.key_id });
    let claims = json!({
        "iss": config.team_id,
        "iat": now.seconds(),
        "exp": now.plus(LIFETIME).seconds(),
        "aud": super::address::issuer(config),
        "sub": config.client_id,
    });
    let signed = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = key.sign(signed.as_bytes())?;
    Ok(Secret::presented(format!("{signed}.{}", base64url(&signature))))
}

/// The name in what Apple sends along at the first sign-in. It came through the browser unsigned: the person could as well type it, and may.
pub(super) fn name(user: &str) -> Option<String> {
    let user: Value = serde_json::from_str(user).ok()?;
    let part = |name: &str| user["name"][name].as_str().map(str::trim).filter(|part| !part.is_empty());
    let parts: Vec<&str> = [part("firstName"), part("lastName")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_in_two_parts_of_which_either_may_be_missing() {
        assert_eq!(name(r#"{"name":{"firstName":"Ann","lastName":"Lee"},"email":"a@b.test"}"#).unwrap(), "Ann Lee");
        assert_eq!(name(r#"{"name":{"firstName":" Ann "}}"#).unwrap(), "Ann");
        for none in ["", "x", "{}", r#"{"name":"Ann"}"#, r#"{"name":{"firstName":7}}"#] {
            assert_eq!(name(none), None, "{none}");
        }
    }
}
