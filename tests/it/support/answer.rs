//! An answer of the server, with the private reason that never goes on the wire.

use axum::http::{HeaderMap, StatusCode};
use doorward::http::Reason;
use doorward::protocol::api_key::{self, PresentedKey};
use doorward::protocol::rejection::Rejection;
use scraper::{Html, Selector};
use serde_json::{Map, Value};
use url::Url;

use super::{Form, canaries, seen};

/// An answer of the server.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub reason: Option<Reason>,
}

impl Answer {
    /// Takes note of the secrets that it hands out: tokens, codes, cookies, keys.
    pub fn with_canaries(self) -> Self {
        if let Ok(body) = serde_json::from_slice::<Value>(&self.body) {
            for name in ["access_token", "refresh_token", "id_token", "client_secret"] {
                // The header of a token is the same for all.
                let text = body[name].as_str().unwrap_or_default();
                canaries::secret(text.split_once('.').map_or(text, |(_, rest)| rest));
            }
        }
        for (at, _) in PresentedKey::all_in(&self.body) {
            canaries::secret(std::str::from_utf8(&self.body[at..at + api_key::LENGTH]).unwrap());
        }
        for cookie in self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()) {
            canaries::secret(cookie.split(';').next().unwrap_or_default());
        }
        if let Some(address) = self.headers.get("location").and_then(|value| value.to_str().ok())
            && let Some((_, code)) = address.split_once("code=")
        {
            canaries::secret(code.split('&').next().unwrap_or_default());
        }
        self
    }

    /// A header's value; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }

    /// The body of an answer that must be 200.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{} {:?}", self.text(), self.reason);
        self.json()
    }

    /// Where it redirects to; must be 303.
    pub fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{} {:?}", self.text(), self.reason);
        self.header("location").to_owned()
    }

    /// Where the browser goes by itself: by a redirect, or by the page that stands for a long one.
    pub fn onward(&self) -> Option<String> {
        if self.status.is_redirection() {
            return Some(self.header("location").to_owned()).filter(|address| !address.is_empty());
        }
        // Reading each page as a document would take most of the time.
        if !self.text().contains("http-equiv=\"refresh\"") {
            return None;
        }
        let refresh = self.field("meta[http-equiv=refresh]", "content")?;
        let address = refresh.strip_prefix("0;url=").unwrap().to_owned();
        assert_eq!(self.field("#continue", "href").as_ref(), Some(&address), "the link leads elsewhere");
        Some(address)
    }

    /// A parameter of the address that the browser goes to by itself.
    pub fn location_param(&self, name: &str) -> Option<String> {
        let base = Url::parse("http://localhost:8000").unwrap();
        let address = self.onward().unwrap_or_else(|| panic!("{} {:?}", self.text(), self.reason));
        let url = base.join(&address).unwrap();
        url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    /// Asserts the status and the rule that said no.
    #[track_caller]
    pub fn refused(&self, status: u16, rejection: Rejection) -> &Self {
        match &self.reason {
            Some(Reason::Rejected(found)) => assert_eq!(found.rejection, rejection, "{}", self.text()),
            other => panic!("{} instead of {rejection:?}: {other:?} {}", self.status, self.text()),
        }
        assert_eq!(self.status.as_u16(), status, "{rejection:?}");
        seen::note(rejection);
        self
    }

    /// Asserts the status, and that one of these rules said no.
    #[track_caller]
    pub fn refused_in(&self, status: u16, rejections: &[Rejection]) -> &Self {
        match &self.reason {
            Some(Reason::Rejected(found)) if rejections.contains(&found.rejection) => {
                self.refused(status, found.rejection)
            }
            other => panic!("{} instead of {rejections:?}: {other:?} {}", self.status, self.text()),
        }
    }

    /// Asserts a refusal as JSON: status, rule, and the rule's code and words on the wire.
    #[track_caller]
    pub fn refused_json(&self, status: u16, rejection: Rejection) -> &Self {
        self.refused(status, rejection);
        let body = self.json();
        assert_eq!(body["error"], rejection.code().as_str());
        assert_eq!(body["error_description"].as_str(), self.words().as_deref());
        assert_eq!(self.header("cache-control"), "no-store");
        self
    }

    /// Asserts a challenge with these members, to the letter (RFC 6750 §3), and a body with the same ones.
    #[track_caller]
    pub fn challenged(&self, status: u16, members: &[(&str, &str)]) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        let told: Vec<String> = members.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        assert_eq!(self.header("www-authenticate"), format!("Bearer realm=\"doorward\", {}", told.join(", ")));
        assert_eq!(self.header("content-type"), "application/json");
        let body: Map<String, Value> =
            members.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        assert_eq!(self.json(), Value::Object(body));
    }

    /// Asserts a refusal as a page: an element with id `error` that holds the code and the words, and no redirect.
    #[track_caller]
    pub fn refused_page(&self, status: u16, rejection: Rejection) -> &Self {
        self.refused(status, rejection);
        assert_eq!(self.header("location"), "");
        assert_eq!(self.error_code().as_deref(), Some(rejection.code().as_str()), "{}", self.text());
        assert_eq!(self.text_of("#error"), self.words());
        self
    }

    /// Asserts a refusal that goes to the redirect URI with `error`, `state` and `iss`.
    #[track_caller]
    pub fn refused_redirect(&self, rejection: Rejection) -> &Self {
        self.refused(303, rejection);
        assert_eq!(self.location_param("error").as_deref(), Some(rejection.code().as_str()));
        assert_eq!(self.location_param("error_description"), self.words());
        assert!(self.location_param("iss").is_some());
        assert!(self.location_param("code").is_none());
        self
    }

    /// The public words of the refusal, with the parameter at fault.
    pub fn words(&self) -> Option<String> {
        let Some(Reason::Rejected(refusal)) = &self.reason else { return None };
        Some(refusal.description().into_owned())
    }

    /// An attribute of the first element that the selector finds.
    pub fn field(&self, selector: &str, attribute: &str) -> Option<String> {
        let document = Html::parse_document(&self.text());
        let selector = Selector::parse(selector).unwrap();
        document.select(&selector).next().and_then(|element| element.attr(attribute)).map(str::to_owned)
    }

    /// The attribute of every element that the selector finds.
    pub fn fields(&self, selector: &str, attribute: &str) -> Vec<String> {
        let document = Html::parse_document(&self.text());
        let selector = Selector::parse(selector).unwrap();
        document.select(&selector).filter_map(|element| element.attr(attribute)).map(str::to_owned).collect()
    }

    /// The error code that the page holds.
    pub fn error_code(&self) -> Option<String> {
        self.field("#error", "data-error")
    }

    /// The text of the first element that the selector finds.
    pub fn text_of(&self, selector: &str) -> Option<String> {
        let document = Html::parse_document(&self.text());
        let selector = Selector::parse(selector).unwrap();
        document.select(&selector).next().map(|element| element.text().collect::<String>().trim().to_owned())
    }

    /// Whether the page has such an element.
    pub fn has(&self, selector: &str) -> bool {
        self.text_of(selector).is_some()
    }

    /// The form around the element, as a browser would send it when that element is pressed.
    pub fn form(&self, submit: &str) -> Form {
        Form::read(&self.text(), submit)
    }
}
