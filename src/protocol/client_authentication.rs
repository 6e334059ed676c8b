//! Client authentication at the token endpoint: exactly one way per request, one that is registered (RFC 6749 §2.3).
//!
//! What is wrong is told plainly. That a client exists is no secret: the authorization endpoint says the same to anybody.

use super::client::{AuthMethod, Client};
use super::client_secrets::{ClientSecret, ClientSecrets, SecretState};
use super::params::{self, Params};
use super::rejection::{Refusal, Rejection};
use crate::clock::Timestamp;
use crate::secret::Secret;

/// What a request presents: nothing is believed yet.
#[derive(Debug)]
pub struct Presented {
    /// The client it claims to be.
    pub unverified_client_id: String,
    method: AuthMethod,
    secret: Option<Secret>,
}

/// Reads the client authentication of a request.
///
/// # Errors
/// [`Rejection::MissingClientAuthentication`], [`Rejection::SeveralClientAuthentications`], [`Rejection::MalformedBasicHeader`],
/// [`Rejection::ClientAssertion`], [`Rejection::RepeatedParameter`].
pub fn presented(authorization: &[&[u8]], params: &Params) -> Result<Presented, Rejection> {
    let id = params.single("client_id")?;
    let secret = params.single("client_secret")?;
    if params.single("client_assertion")?.is_some() {
        return Err(Rejection::ClientAssertion);
    }
    match (authorization, id, secret) {
        ([], Some(id), Some(secret)) => Ok(Presented {
            unverified_client_id: id.to_owned(),
            method: AuthMethod::ClientSecretPost,
            secret: Some(Secret::presented(secret)),
        }),
        ([], Some(id), None) => {
            Ok(Presented { unverified_client_id: id.to_owned(), method: AuthMethod::None, secret: None })
        }
        ([], None, _) => Err(Rejection::MissingClientAuthentication),
        ([_], _, Some(_)) | ([_, _, ..], ..) => Err(Rejection::SeveralClientAuthentications),
        ([header], id, None) => {
            let (basic_id, basic_secret) = basic(header).ok_or(Rejection::MalformedBasicHeader)?;
            if id.is_none_or(|id| id == basic_id) {
                Ok(Presented {
                    unverified_client_id: basic_id,
                    method: AuthMethod::ClientSecretBasic,
                    secret: Some(basic_secret),
                })
            } else {
                Err(Rejection::SeveralClientAuthentications)
            }
        }
    }
}

/// Who has no secret.
static NOBODYS: ClientSecrets = ClientSecrets::NONE;

/// Decides whether the request is from the client, and by which of its secrets, with the place of that; by none when it is public. The work
/// is the same whether or not there is such a client, and however many secrets it has.
///
/// # Errors
/// [`Rejection::UnregisteredClient`], [`Rejection::MissingClientSecret`], [`Rejection::SecretOfPublicClient`],
/// [`Rejection::WrongClientAuthenticationMethod`] with the one that is right, [`Rejection::WrongClientSecret`],
/// [`Rejection::ExpiredClientSecret`] when the secret was right once, [`Rejection::ClientSwitchedOff`].
pub fn verify<'a>(
    presented: &Presented,
    client: Option<&'a Client>,
    now: Timestamp,
) -> Result<Option<(usize, &'a ClientSecret)>, Refusal> {
    let secrets: &ClientSecrets = client.map_or(&NOBODYS, |client| &client.secrets);
    let matching = presented.secret.as_ref().map(|secret| secrets.matching(&secret.hash()));
    let Some(client) = client else { return Err(Rejection::UnregisteredClient.into()) };
    if !client.auth_method.takes(presented.method) {
        return Err(match (client.auth_method, presented.method) {
            (_, AuthMethod::None) => Rejection::MissingClientSecret.into(),
            (AuthMethod::None, _) => Rejection::SecretOfPublicClient.into(),
            (registered, _) => Rejection::WrongClientAuthenticationMethod.of(registered.as_str()),
        });
    }
    let used = match matching {
        None if client.auth_method == AuthMethod::None => None,
        Some(Some((place, secret))) if secret.state(now) == SecretState::Live => Some((place, secret)),
        Some(Some(_)) => return Err(Rejection::ExpiredClientSecret.into()),
        _ => return Err(Rejection::WrongClientSecret.into()),
    };
    if client.is_enabled() { Ok(used) } else { Err(Rejection::ClientSwitchedOff.into()) }
}

/// Reads `Basic base64(id:secret)`; both halves are form-encoded (RFC 6749 §2.3.1).
fn basic(header: &[u8]) -> Option<(String, Secret)> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, credentials) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || credentials.len() > 4096 {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let half = |bytes: &[u8]| if bytes.contains(&b'&') { None } else { params::decode(bytes).ok() };
    let id = half(&decoded[..colon])?;
    (!id.is_empty()).then_some(())?;
    Some((id, Secret::presented(half(&decoded[colon + 1..])?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&[u8]], body: &str) -> Result<(String, AuthMethod), Rejection> {
        presented(headers, &Params::parse(body.as_bytes()).unwrap()).map(|p| (p.unverified_client_id, p.method))
    }

    #[test]
    fn a_request_authenticates_its_client_in_exactly_one_way() {
        // "a%2Bb:s%20x"
        let header: &[u8] = b"Basic YSUyQmI6cyUyMHg=";
        assert_eq!(read(&[header], "").unwrap(), ("a+b".into(), AuthMethod::ClientSecretBasic));
        assert_eq!(read(&[header], "client_id=a%2Bb").unwrap(), ("a+b".into(), AuthMethod::ClientSecretBasic));
        assert_eq!(read(&[], "client_id=a&client_secret=s").unwrap(), ("a".into(), AuthMethod::ClientSecretPost));
        assert_eq!(read(&[], "client_id=a").unwrap(), ("a".into(), AuthMethod::None));
        assert_eq!(read(&[], ""), Err(Rejection::MissingClientAuthentication));
        assert_eq!(read(&[header], "client_id=other"), Err(Rejection::SeveralClientAuthentications));
        assert_eq!(read(&[header], "client_secret=s"), Err(Rejection::SeveralClientAuthentications));
        assert_eq!(read(&[header, header], ""), Err(Rejection::SeveralClientAuthentications));
        assert_eq!(read(&[], "client_id=a&client_assertion=x"), Err(Rejection::ClientAssertion));
    }

    #[test]
    fn a_client_is_verified_by_whichever_of_its_secrets_lives() {
        use crate::protocol::client::ClientType;
        let at = Timestamp::from_seconds;
        let secret = |text: &str, expires_at: Option<i64>| ClientSecret {
            id: text.to_owned(),
            hash: Secret::presented(text).hash(),
            made_at: None,
            expires_at: expires_at.map(at),
        };
        let mut client = Client::new("a".to_owned(), ClientType::Web, at(0));
        client.secrets = ClientSecrets::one(secret("old", Some(50)));
        client.secrets.put(1, secret("new", None));
        let presents =
            |client: Option<&Client>, secret: &str, now: i64| -> Result<Option<(usize, String)>, Rejection> {
                let body = format!("client_id=a&client_secret={secret}");
                let presented = presented(&[], &Params::parse(body.as_bytes()).unwrap()).unwrap();
                let used = verify(&presented, client, at(now)).map_err(|refusal| refusal.rejection)?;
                Ok(used.map(|(place, secret)| (place, secret.id.clone())))
            };
        let known = Some(&client);
        for (client, secret, now, expected) in [
            (known, "old", 49, Ok(Some((0, "old".to_owned())))),
            (known, "new", 49, Ok(Some((1, "new".to_owned())))),
            (known, "new", 50, Ok(Some((1, "new".to_owned())))),
            (known, "old", 50, Err(Rejection::ExpiredClientSecret)),
            (known, "wrong", 50, Err(Rejection::WrongClientSecret)),
            (known, "", 50, Err(Rejection::MissingClientSecret)),
            (None, "old", 49, Err(Rejection::UnregisteredClient)),
        ] {
            assert_eq!(presents(client, secret, now), expected, "{secret} {now}");
        }
        client.disabled_at = Some(at(1));
        assert_eq!(presents(Some(&client), "new", 49), Err(Rejection::ClientSwitchedOff));
        assert_eq!(presents(Some(&client), "old", 50), Err(Rejection::ExpiredClientSecret));
        client.secrets = ClientSecrets::NONE;
        assert_eq!(presents(Some(&client), "new", 49), Err(Rejection::WrongClientSecret));
    }

    #[test]
    fn a_basic_header_is_read_strictly() {
        for malformed in ["Basic", "Basic ", "Basic !!!", "Basic YWJj", "Bearer YTpi", "Basic OmI=", "Basic /zpi"] {
            assert_eq!(read(&[malformed.as_bytes()], ""), Err(Rejection::MalformedBasicHeader), "{malformed}");
        }
        assert_eq!(read(&[b"Basic \xff"], ""), Err(Rejection::MalformedBasicHeader));
        assert_eq!(read(&[b"basic YTpi"], "").unwrap().0, "a");
    }
}
