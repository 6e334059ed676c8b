//! What the claims of a provider's token must be, once its signature is known to be right (OpenID Connect Core §3.1.3.7, Back-Channel Logout
//! §2.6). Pure: who signed it, and with what, is for `upstream/`.

use serde_json::{Map, Value};

use super::printable::is_printable;
use super::rejection::Rejection;
use super::upstream::Errand;
use crate::clock::Timestamp;

/// How far the clocks of a provider and of this server may differ, in seconds.
pub const CLOCK_DIFFERENCE: i64 = 60;
/// How old a logout token may be, in seconds.
const LOGOUT_LIFETIME: i64 = 300;
/// The event of a logout token (Back-Channel Logout §2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Claims, as JSON has them.
pub type Claims = Map<String, Value>;

/// A logout token that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// The issuer.
    pub issuer: String,
    /// Whose sessions have ended.
    pub subject: Option<String>,
    /// Which session has ended; without it all of the subject's.
    pub sid: Option<String>,
    /// Its id: it is taken once.
    pub jti: String,
    /// The moment from which it is worthless.
    pub expires_at: Timestamp,
}

/// Checks the claims of an ID token for us, `client_id`, from one of these issuers.
///
/// # Errors
/// The rule that says no.
pub fn check_id_token(
    claims: &Claims,
    issuers: &[&str],
    client_id: &str,
    nonce: &str,
    now: Timestamp,
) -> Result<(), Rejection> {
    check_parties(claims, issuers, client_id)?;
    check_times(claims, now)?;
    // Absent is as wrong as another: we always send one.
    if text(claims, "nonce") != Some(nonce) {
        return Err(Rejection::UpstreamWrongNonce);
    }
    subject(claims).map(drop)
}

/// The subject: 1 to 255 bytes that can be shown (OpenID Connect Core §2).
///
/// # Errors
/// [`Rejection::UpstreamNoSubject`].
pub fn subject(claims: &Claims) -> Result<&str, Rejection> {
    let is_fine = |sub: &&str| (1..=255).contains(&sub.len()) && is_printable(sub);
    text(claims, "sub").filter(is_fine).ok_or(Rejection::UpstreamNoSubject)
}

/// Checks when the person authenticated there, against what was asked for. `tells` says whether this provider must say so; where it cannot,
/// that the person came back counts.
///
/// # Errors
/// [`Rejection::UpstreamNotFresh`].
pub fn check_freshness(claims: &Claims, errand: &Errand, tells: bool, now: Timestamp) -> Result<(), Rejection> {
    let oldest = match (errand.fresh, errand.max_age) {
        (true, _) => errand.begun_at,
        (false, Some(age)) => now.minus(age),
        (false, None) => return Ok(()),
    };
    match auth_time(claims) {
        Some(at) if at >= oldest.minus(CLOCK_DIFFERENCE) => Ok(()),
        None if !tells => Ok(()),
        _ => Err(Rejection::UpstreamNotFresh),
    }
}

/// When the person authenticated there.
pub fn auth_time(claims: &Claims) -> Option<Timestamp> {
    claims.get("auth_time").and_then(Value::as_i64).map(Timestamp::from_seconds)
}

/// Checks the claims of a logout token for us.
///
/// # Errors
/// [`Rejection::WrongLogoutToken`].
pub fn check_logout_token(
    claims: &Claims,
    issuers: &[&str],
    client_id: &str,
    now: Timestamp,
) -> Result<LogoutToken, Rejection> {
    let wrong = Rejection::WrongLogoutToken;
    check_parties(claims, issuers, client_id).map_err(|_| wrong)?;
    let issued_at = number(claims, "iat").ok_or(wrong)?;
    let expires_at =
        number(claims, "exp").map_or(issued_at.plus(LOGOUT_LIFETIME), |exp| exp.min(issued_at.plus(LOGOUT_LIFETIME)));
    if now >= expires_at || issued_at > now.plus(CLOCK_DIFFERENCE) {
        return Err(wrong);
    }
    let is_logout = claims.get("events").and_then(|events| events.get(LOGOUT_EVENT)).is_some_and(Value::is_object);
    // A token with a nonce could be an ID token (§2.4).
    if !is_logout || claims.contains_key("nonce") {
        return Err(wrong);
    }
    let (subject, sid) = (member(claims, "sub")?, member(claims, "sid")?);
    let jti = member(claims, "jti")?.ok_or(wrong)?;
    if subject.is_none() && sid.is_none() {
        return Err(wrong);
    }
    let issuer = text(claims, "iss").ok_or(wrong)?.to_owned();
    Ok(LogoutToken { issuer, subject, sid, jti, expires_at })
}

fn check_parties(claims: &Claims, issuers: &[&str], client_id: &str) -> Result<(), Rejection> {
    if !text(claims, "iss").is_some_and(|iss| issuers.contains(&iss)) {
        return Err(Rejection::UpstreamWrongIssuer);
    }
    // Nobody beside us whom we do not know may hold it (§3.1.3.7, 3).
    let is_for_us = match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(audiences)) => !audiences.is_empty() && audiences.iter().all(|one| one == client_id),
        _ => false,
    };
    if !is_for_us {
        return Err(Rejection::UpstreamWrongAudience);
    }
    match claims.get("azp") {
        Some(party) if party != client_id => Err(Rejection::UpstreamWrongParty),
        _ => Ok(()),
    }
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), Rejection> {
    let (Some(expires), Some(issued)) = (number(claims, "exp"), number(claims, "iat")) else {
        return Err(Rejection::UpstreamExpiredToken);
    };
    if now >= expires.plus(CLOCK_DIFFERENCE) {
        return Err(Rejection::UpstreamExpiredToken);
    }
    if issued > now.plus(CLOCK_DIFFERENCE) {
        return Err(Rejection::UpstreamFutureToken);
    }
    Ok(())
}

fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

fn number(claims: &Claims, name: &str) -> Option<Timestamp> {
    claims.get(name).and_then(Value::as_i64).map(Timestamp::from_seconds)
}

/// A text of a logout token that may be left out.
fn member(claims: &Claims, name: &str) -> Result<Option<String>, Rejection> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=255).contains(&text.len()) => Ok(Some(text.clone())),
        Some(_) => Err(Rejection::WrongLogoutToken),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn claims(change: Value) -> Claims {
        let mut claims = json!({
            "iss": "https://id.test", "aud": "us", "sub": "7", "nonce": "n", "iat": NOW.seconds(), "exp": NOW.seconds() + 300,
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut claims = claims.as_object().unwrap().clone();
        claims.retain(|_, value| !value.is_null());
        claims
    }

    #[test]
    fn an_id_token_is_for_us_from_there_and_of_this_sign_in() {
        let check = |change| check_id_token(&claims(change), &["https://id.test"], "us", "n", NOW);
        for fine in [
            json!({}),
            json!({ "aud": ["us"], "azp": "us" }),
            json!({ "exp": NOW.seconds() - CLOCK_DIFFERENCE + 1 }),
            json!({ "iat": NOW.seconds() + CLOCK_DIFFERENCE }),
        ] {
            assert_eq!(check(fine.clone()), Ok(()), "{fine}");
        }
        for (change, rejection) in [
            (json!({ "iss": "https://id.test/" }), Rejection::UpstreamWrongIssuer),
            (json!({ "iss": null }), Rejection::UpstreamWrongIssuer),
            (json!({ "aud": "them" }), Rejection::UpstreamWrongAudience),
            (json!({ "aud": ["us", "them"] }), Rejection::UpstreamWrongAudience),
            (json!({ "aud": [] }), Rejection::UpstreamWrongAudience),
            (json!({ "aud": null }), Rejection::UpstreamWrongAudience),
            (json!({ "azp": "them" }), Rejection::UpstreamWrongParty),
            (json!({ "azp": 7 }), Rejection::UpstreamWrongParty),
            (json!({ "exp": NOW.seconds() - CLOCK_DIFFERENCE }), Rejection::UpstreamExpiredToken),
            (json!({ "exp": null }), Rejection::UpstreamExpiredToken),
            (json!({ "exp": "9999999999" }), Rejection::UpstreamExpiredToken),
            (json!({ "iat": null }), Rejection::UpstreamExpiredToken),
            (json!({ "iat": NOW.seconds() + CLOCK_DIFFERENCE + 1 }), Rejection::UpstreamFutureToken),
            (json!({ "nonce": "m" }), Rejection::UpstreamWrongNonce),
            (json!({ "nonce": null }), Rejection::UpstreamWrongNonce),
            (json!({ "sub": "" }), Rejection::UpstreamNoSubject),
            (json!({ "sub": 7 }), Rejection::UpstreamNoSubject),
            (json!({ "sub": "a\n" }), Rejection::UpstreamNoSubject),
            (json!({ "sub": "a\0" }), Rejection::UpstreamNoSubject),
            (json!({ "sub": "\u{202e}a" }), Rejection::UpstreamNoSubject),
            (json!({ "sub": "a".repeat(256) }), Rejection::UpstreamNoSubject),
        ] {
            assert_eq!(check(change.clone()), Err(rejection), "{change}");
        }
    }

    #[test]
    fn who_must_authenticate_anew_has_done_so_since_the_browser_left() {
        let begun_at = NOW.minus(100);
        let errand = |fresh, max_age| Errand {
            provider: "x".into(),
            nonce: "n".into(),
            verifier: "v".into(),
            fresh,
            max_age,
            begun_at,
        };
        let check = |auth_time: Value, fresh, max_age, tells| {
            check_freshness(&claims(json!({ "auth_time": auth_time })), &errand(fresh, max_age), tells, NOW).is_ok()
        };
        let at = |ago: i64| json!(NOW.seconds() - ago);
        assert!(check(at(100), true, None, true) && check(at(160), true, None, true));
        assert!(!check(at(161), true, None, true) && !check(at(161), true, None, false));
        assert!(!check(json!(null), true, None, true) && check(json!(null), true, None, false));
        assert!(!check(json!("x"), true, None, true));
        assert!(check(at(360), false, Some(300), true) && !check(at(361), false, Some(300), true));
        assert!(check(at(90_000), false, None, true) && check(json!(null), false, None, true));
    }

    #[test]
    fn a_logout_token_is_of_its_kind_fresh_and_names_somebody() {
        let check = |change: Value| {
            let mut all = json!({ "nonce": null, "jti": "j", "sid": "s", "events": { LOGOUT_EVENT: {} } });
            all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            check_logout_token(&claims(all), &["https://id.test"], "us", NOW)
        };
        let token = check(json!({})).unwrap();
        assert_eq!((token.subject.as_deref(), token.sid.as_deref(), token.jti.as_str()), (Some("7"), Some("s"), "j"));
        assert!(check(json!({ "sub": null })).is_ok() && check(json!({ "sid": null })).is_ok());
        assert!(check(json!({ "exp": null })).is_ok());
        for wrong in [
            json!({ "sub": null, "sid": null }),
            json!({ "jti": null }),
            json!({ "jti": 7 }),
            json!({ "nonce": "n" }),
            json!({ "events": null }),
            json!({ "events": { LOGOUT_EVENT: true } }),
            json!({ "events": [LOGOUT_EVENT] }),
            json!({ "aud": "them" }),
            json!({ "iss": "https://other.test" }),
            json!({ "exp": NOW.seconds() }),
            json!({ "iat": NOW.seconds() - LOGOUT_LIFETIME }),
            json!({ "iat": NOW.seconds() + CLOCK_DIFFERENCE + 1 }),
            json!({ "iat": null }),
        ] {
            assert_eq!(check(wrong.clone()), Err(Rejection::WrongLogoutToken), "{wrong}");
        }
    }
}
