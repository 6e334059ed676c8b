//! Signing out at the request of an application (OpenID Connect RP-Initiated Logout 1.0): whom it may sign out without a question, and
//! where the browser may go afterwards.

use url::form_urlencoded::Serializer;

use super::client::Client;
use super::params::Params;
use super::rejection::{Refusal, Rejection};

/// The longest request, in bytes of its query or body.
pub const MAX_LENGTH: usize = 16_384;

/// What an ID token that comes back as a hint says; its signature is verified.
#[derive(Debug, Clone)]
pub struct LogoutHint {
    /// The client it was given to.
    pub client_id: String,
    /// The sign-in it came from, if it came from one.
    pub sid: Option<String>,
}

/// A checked request to sign out.
#[derive(Debug, Clone)]
pub struct EndSession {
    /// Where the browser goes afterwards; to our own page when `None`.
    pub target: Option<LogoutTarget>,
    /// The sign-in that the application means.
    pub sid: Option<String>,
}

/// A registered place, with the request's `state`.
#[derive(Debug, Clone)]
pub struct LogoutTarget {
    uri: String,
    state: Option<String>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutStep {
    /// End the browser's sign-in without a question.
    End,
    /// Ask the person.
    Ask,
    /// Nobody is signed in: nothing to end.
    Nothing,
}

/// The client that a request is from: the one of the hint, or the one that it names.
///
/// # Errors
/// [`Rejection::HintOfAnotherClient`] when these are two, [`Rejection::RepeatedParameter`].
pub fn client_id<'a>(params: &'a Params, hint: Option<&'a LogoutHint>) -> Result<Option<&'a str>, Refusal> {
    match (params.single("client_id")?, hint.map(|hint| hint.client_id.as_str())) {
        (Some(named), Some(hinted)) if named != hinted => Err(Rejection::HintOfAnotherClient.into()),
        (named, hinted) => Ok(hinted.or(named)),
    }
}

impl EndSession {
    /// Checks a request; `client` is the one of [`client_id`], when there is such a client.
    ///
    /// # Errors
    /// [`Rejection::RepeatedParameter`], [`Rejection::MissingLogoutClient`], [`Rejection::UnregisteredPostLogoutRedirectUri`].
    pub fn check(params: &Params, hint: Option<&LogoutHint>, client: Option<&Client>) -> Result<Self, Refusal> {
        params.refuse_repeated()?;
        let target = match params.single("post_logout_redirect_uri")? {
            None => None,
            Some(uri) => {
                let client = client.filter(|client| client.is_enabled()).ok_or(Rejection::MissingLogoutClient)?;
                if !client.metadata.post_logout_redirect_uris.iter().any(|registered| registered == uri) {
                    return Err(Rejection::UnregisteredPostLogoutRedirectUri.into());
                }
                Some(LogoutTarget { uri: uri.to_owned(), state: params.single("state")?.map(str::to_owned) })
            }
        };
        Ok(Self { target, sid: hint.and_then(|hint| hint.sid.clone()) })
    }

    /// Decides; `current` is the id of this browser's live sign-in. Only a hint that came out of that very sign-in goes without a
    /// question: any page can send a browser here.
    pub fn step(&self, current: Option<&str>) -> LogoutStep {
        match (current, self.sid.as_deref()) {
            (None, _) => LogoutStep::Nothing,
            (Some(current), Some(sid)) if current == sid => LogoutStep::End,
            (Some(_), _) => LogoutStep::Ask,
        }
    }
}

impl LogoutTarget {
    /// The registered URI.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The address to go to.
    pub fn address(&self) -> String {
        let Some(state) = &self.state else { return self.uri.clone() };
        let separator = if self.uri.contains('?') { '&' } else { '?' };
        format!("{}{separator}{}", self.uri, Serializer::new(String::new()).append_pair("state", state).finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hint_of_this_very_sign_in_goes_without_a_question() {
        let request = |sid: Option<&str>| EndSession { target: None, sid: sid.map(str::to_owned) };
        assert_eq!(request(Some("s")).step(Some("s")), LogoutStep::End);
        assert_eq!(request(Some("other")).step(Some("s")), LogoutStep::Ask);
        assert_eq!(request(None).step(Some("s")), LogoutStep::Ask);
        assert_eq!(request(Some("s")).step(None), LogoutStep::Nothing);
    }

    #[test]
    fn the_state_comes_back_unchanged() {
        let target = |uri: &str, state: Option<&str>| LogoutTarget { uri: uri.into(), state: state.map(str::to_owned) };
        assert_eq!(target("https://rp.test/out", None).address(), "https://rp.test/out");
        assert_eq!(target("https://rp.test/out", Some("a b&c")).address(), "https://rp.test/out?state=a+b%26c");
        assert_eq!(target("https://rp.test/out?x=1", Some("s")).address(), "https://rp.test/out?x=1&state=s");
    }
}
