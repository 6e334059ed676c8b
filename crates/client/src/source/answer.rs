//! What a token endpoint's answer means (RFC 6749 §5): pure.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use serde::Deserialize;
use serde_json::Number;

use super::error::{Refusal, SourceError};

/// The longest answer that is read, in bytes.
const MOST: usize = 64 * 1024;
/// The longest life that is believed, in seconds: a year.
const LONGEST_LIFE: u64 = 365 * 24 * 60 * 60;
/// How much of what the server says about a refusal is kept, in bytes.
const MOST_SAID: usize = 500;

/// A token as it was given.
pub(super) struct Given {
    /// `Bearer` and the token; marked as sensitive.
    pub(super) header: HeaderValue,
    /// How long it lives.
    pub(super) life: Duration,
    /// The scopes, when the server says them: then they are others than were asked for, or may be.
    pub(super) scope: Option<String>,
}

/// The members that count; each at most once.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<Number>,
    scope: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Reads an answer. A token without `expires_in` is believed to live for `assumed`.
pub(super) fn read(status: u16, body: &[u8], assumed: Duration) -> Result<Given, SourceError> {
    if body.len() > MOST {
        return Err(SourceError::Unusable("it is longer than 64 KiB"));
    }
    let answer = serde_json::from_slice::<Answer>(body);
    if status != 200 {
        return Err(answer.ok().and_then(|answer| refusal(status, answer)).unwrap_or(SourceError::Answered(status)));
    }
    let answer = answer.map_err(|_| SourceError::Unusable("it is no JSON object of the right members"))?;
    let Some(token) = &answer.access_token else {
        return Err(refusal(status, answer).unwrap_or(SourceError::Unusable("it has no access_token")));
    };
    if !answer.token_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(SourceError::Unusable("its token_type is not Bearer"));
    }
    Ok(Given { header: header(token)?, life: life(answer.expires_in, assumed)?, scope: answer.scope })
}

/// The header of a token of the only form that one can have (`b64token`, RFC 6750 §2.1): none that begins another header.
fn header(token: &str) -> Result<HeaderValue, SourceError> {
    let body = token.trim_end_matches('=');
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let wrong = SourceError::Unusable("its access_token is not of the form of one");
    if body.is_empty() || !body.bytes().all(is_fine) {
        return Err(wrong);
    }
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| wrong)?;
    header.set_sensitive(true);
    Ok(header)
}

fn life(expires_in: Option<Number>, assumed: Duration) -> Result<Duration, SourceError> {
    let Some(seconds) = expires_in else { return Ok(assumed) };
    match seconds.as_u64() {
        Some(seconds @ 1..=LONGEST_LIFE) => Ok(Duration::from_secs(seconds)),
        _ => Err(SourceError::Unusable("its expires_in is not from one second to a year")),
    }
}

fn refusal(status: u16, answer: Answer) -> Option<SourceError> {
    let error = said(&answer.error?);
    let description = answer.error_description.map(|text| said(&text));
    Some(SourceError::Refused(Arc::new(Refusal { status, error, description })))
}

/// What the server says, as it may stand in a log line: no control characters, and not too much.
fn said(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if out.len() + c.len_utf8() > MOST_SAID {
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSUMED: Duration = Duration::from_secs(300);

    fn of(body: &str) -> Result<Given, SourceError> {
        read(200, body.as_bytes(), ASSUMED)
    }

    #[test]
    fn a_bearer_token_is_taken_with_its_life() {
        for (life, expires_in) in [(300, ""), (300, r#","expires_in":null"#), (1, r#","expires_in":1"#)] {
            let given =
                of(&format!(r#"{{"access_token":"a.b-_~+/==","token_type":"bEARER"{expires_in},"x":[1]}}"#)).unwrap();
            assert_eq!(given.header, "Bearer a.b-_~+/==");
            assert!(given.header.is_sensitive());
            assert_eq!((given.life.as_secs(), given.scope), (life, None));
        }
        let given = of(r#"{"access_token":"a","token_type":"Bearer","expires_in":31536000,"scope":"b c"}"#).unwrap();
        assert_eq!((given.life.as_secs(), given.scope.as_deref()), (31_536_000, Some("b c")));
    }

    #[test]
    fn an_answer_that_cannot_be_used_is_refused() {
        let token = r#""access_token":"a","token_type":"Bearer""#;
        let long = format!(r#"{{{token},"x":"{}"}}"#, "x".repeat(MOST));
        let lives = ["0", "-1", "31536001", "1.5", "1e400", "1e3", "\"900\"", "[900]", "true", "99999999999999999999"];
        let bad_lives = lives.map(|life| format!(r#"{{{token},"expires_in":{life}}}"#));
        let bad_tokens = ["", "=", "a b", "a=b", "a\\r\\nX: y", "\u{e9}", "a\\u0000"]
            .map(|token| format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#));
        let others = [
            "",
            "null",
            "[]",
            "{}",
            "<html>",
            r#"{"access_token":"a"}"#,
            r#"{"access_token":"a","token_type":null}"#,
            r#"{"access_token":"a","token_type":"DPoP"}"#,
            r#"{"access_token":"a","token_type":"Bearer "}"#,
            r#"{"access_token":["a"],"token_type":"Bearer"}"#,
            r#"{"token_type":"Bearer"}"#,
            r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#,
            r#"{"access_token":"a","token_type":"Bearer"}x"#,
            &long,
        ];
        let all = others.into_iter().chain(bad_lives.iter().chain(&bad_tokens).map(String::as_str));
        for body in all {
            let refused = of(body).map(|given| given.header);
            assert!(matches!(refused, Err(SourceError::Unusable(_))), "{body}: {refused:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_the_server_said_and_nothing_that_breaks_a_line() {
        let body = format!(r#"{{"error":"invalid_client","error_description":"a\nb{}"}}"#, "\u{20ac}".repeat(1000));
        let error = read(401, body.as_bytes(), ASSUMED).map(drop).unwrap_err();
        let SourceError::Refused(refusal) = &error else { unreachable!("{error:?}") };
        assert_eq!((refusal.status, refusal.error.as_str()), (401, "invalid_client"));
        let description = refusal.description.as_deref().unwrap();
        assert!(description.starts_with("a b\u{20ac}") && (490..=MOST_SAID).contains(&description.len()));
        // Some servers say so with 200.
        let error = of(r#"{"error":"invalid_scope"}"#).map(drop).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string()),
            (Some("invalid_scope"), "the server gives no token: invalid_scope".to_owned())
        );
    }

    #[test]
    fn a_token_counts_in_an_answer_of_200_alone() {
        let token = br#"{"access_token":"a","token_type":"Bearer","expires_in":9}"#;
        for status in [201, 204, 302, 400, 500] {
            let refused = read(status, token, ASSUMED).map(|given| given.header);
            assert!(matches!(refused, Err(SourceError::Answered(said)) if said == status));
        }
        assert!(matches!(read(503, b"<html>", ASSUMED), Err(SourceError::Answered(503))));
    }
}
