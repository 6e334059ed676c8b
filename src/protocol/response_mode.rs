//! How an authorization response travels (OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode).

use super::params::Params;
use super::redirect_uri;
use super::rejection::Rejection;

/// How an authorization response travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In its fragment: never sent to the application's server.
    Fragment,
    /// In the body of a POST that the browser makes.
    FormPost,
}

impl ResponseMode {
    /// The names on the wire, for the metadata.
    pub const NAMES: &'static [&'static str] = &["query", "fragment", "form_post"];

    /// Whether it is the one that needs no word.
    pub fn is_usual(&self) -> bool {
        *self == Self::Query
    }

    /// The mode that a request names; a form can be posted only to a web address.
    ///
    /// # Errors
    /// [`Rejection::WrongResponseMode`], [`Rejection::RepeatedParameter`].
    pub fn of(params: &Params, redirect_uri: &str) -> Result<Self, Rejection> {
        match params.single("response_mode")? {
            None | Some("query") => Ok(Self::Query),
            Some("fragment") => Ok(Self::Fragment),
            Some("form_post") if redirect_uri::origin(redirect_uri).is_some() => Ok(Self::FormPost),
            Some(_) => Err(Rejection::WrongResponseMode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_one_of_three_and_a_form_goes_to_the_web() {
        let of = |query: &str, uri: &str| ResponseMode::of(&Params::parse(query.as_bytes()).unwrap(), uri);
        let web = "https://rp.test/cb";
        assert_eq!(of("", web), Ok(ResponseMode::Query));
        assert_eq!(of("response_mode=query", web), Ok(ResponseMode::Query));
        assert_eq!(of("response_mode=fragment", web), Ok(ResponseMode::Fragment));
        assert_eq!(of("response_mode=form_post", web), Ok(ResponseMode::FormPost));
        assert_eq!(of("response_mode=form_post", "com.example.app:/cb"), Err(Rejection::WrongResponseMode));
        assert_eq!(of("response_mode=query.jwt", web), Err(Rejection::WrongResponseMode));
        for name in ResponseMode::NAMES {
            assert!(of(&format!("response_mode={name}"), web).is_ok());
        }
    }
}
