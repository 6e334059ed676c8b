//! A browser over real sockets: keeps cookies, fills in forms, follows the server's own redirects and stops where another site begins.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder, header, redirect};
use url::Url;

use super::{Answer, Form, PASSWORD};

/// A browser.
pub struct LiveBrowser {
    origin: Url,
    http: reqwest::Client,
    pub cookies: BTreeMap<String, String>,
    /// Every page and redirect that it was given.
    pub seen: Vec<Answer>,
}

/// An HTTP client that follows no redirect and knows no proxy.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap()
}

/// Sends a request; the answer, which over a socket has no reason.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.unwrap().to_vec(), reason: None }.with_canaries()
}

impl LiveBrowser {
    pub fn new(origin: &str) -> Self {
        Self::with(origin, http())
    }

    /// A browser that sends its requests by this client.
    pub fn with(origin: &str, http: reqwest::Client) -> Self {
        Self { origin: Url::parse(origin).unwrap(), http, cookies: BTreeMap::new(), seen: Vec::new() }
    }

    async fn send(&mut self, mut request: RequestBuilder) -> Answer {
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let answer = send(request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value.is_empty() || attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        self.seen.push(answer.clone());
        answer
    }

    /// Opens an address of the server, whole or as a path.
    pub async fn get(&mut self, address: &str) -> Answer {
        let url = self.origin.join(address).unwrap();
        assert_eq!(url.origin(), self.origin.origin(), "not an address of the server");
        self.send(self.http.request(Method::GET, url)).await
    }

    /// Opens an address and follows redirects within the server.
    pub async fn visit(&mut self, address: &str) -> Answer {
        let answer = self.get(address).await;
        self.follow(answer).await
    }

    async fn follow(&mut self, mut answer: Answer) -> Answer {
        while let Some(next) = answer.onward().filter(|next| next.starts_with('/')) {
            answer = self.get(&next).await;
        }
        answer
    }

    /// Sends a form as our own page would, and follows redirects within the server.
    pub async fn press(&mut self, form: &Form) -> Answer {
        let request = self
            .http
            .request(Method::POST, self.origin.join(&form.action).unwrap())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, self.origin.origin().ascii_serialization())
            .body(form.body());
        let answer = self.send(request).await;
        self.follow(answer).await
    }

    /// Signs in without any application.
    pub async fn sign_in(&mut self, email: &str) {
        let page = self.visit("/login").await;
        let form = page.form("#login-submit").with("email", email).with("password", PASSWORD);
        let answer = self.press(&form).await;
        assert!(answer.has("#sign-out"), "{}", answer.text());
    }

    /// Whether the account page knows who is here.
    pub async fn is_signed_in(&mut self) -> bool {
        self.visit("/account").await.has("#sign-out")
    }

    /// Goes through an authorization request as a willing person: signs in when asked, allows when asked. What comes back is the
    /// redirect to the client.
    pub async fn authorize(&mut self, address: &str, email: &str) -> Answer {
        let mut answer = self.visit(address).await;
        if answer.has("#login-submit") {
            let form = answer.form("#login-submit").with("email", email).with("password", PASSWORD);
            answer = self.press(&form).await;
        }
        if answer.has("#allow") {
            answer = self.press(&answer.form("#allow")).await;
        }
        assert!(answer.onward().is_some(), "no redirect to the client: {}", answer.text());
        answer
    }
}
