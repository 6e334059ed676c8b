//! A browser: keeps cookies, fills in forms, follows our own redirects and stops where another site begins.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::audit::Origin;
use doorward::protocol::device::Device;
use doorward::protocol::trace::TraceId;
use doorward::secret::Secret;
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeMap;
use url::form_urlencoded::Serializer;

use super::{Answer, Client, PASSWORD, Server};

/// A filled-in form.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The form around the button, with the button's own name and value.
    pub fn read(html: &str, submit: &str) -> Self {
        let document = Html::parse_document(html);
        let button = document
            .select(&Selector::parse(submit).unwrap())
            .next()
            .unwrap_or_else(|| panic!("no {submit} on the page: {html}"));
        let form = button.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "form").unwrap();
        let mut fields: Vec<(String, String)> = form
            .select(&Selector::parse("input").unwrap())
            // A box that nobody ticks is not sent; what a key may do is ticked whole by whoever reads the form.
            .filter(|input| {
                let is_box = input.attr("type") == Some("checkbox");
                let is_scope = input.attr("name").is_some_and(|name| name.starts_with("scope."));
                !is_box || is_scope || input.attr("checked").is_some()
            })
            .filter_map(|input| {
                Some((input.attr("name")?.to_owned(), input.attr("value").unwrap_or_default().to_owned()))
            })
            .collect();
        for select in form.select(&Selector::parse("select").unwrap()) {
            let chosen = select.select(&Selector::parse("option[selected]").unwrap()).next();
            let value = chosen.and_then(|option| option.attr("value")).unwrap_or_default();
            fields.extend(select.attr("name").map(|name| (name.to_owned(), value.to_owned())));
        }
        if let Some(name) = button.attr("name") {
            fields.push((name.to_owned(), button.attr("value").unwrap_or_default().to_owned()));
        }
        let action = button.attr("formaction").or_else(|| form.attr("action"));
        Self { action: action.unwrap().to_owned(), fields }
    }

    /// The form with a field set, whether or not it was there.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The form without a field.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// The form sent to another path.
    pub fn to(self, path: &str) -> Self {
        Self { action: path.to_owned(), ..self }
    }

    /// A field's value.
    pub fn field(&self, name: &str) -> String {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub fn body(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}

/// A browser.
#[derive(Clone)]
pub struct Browser {
    server: Server,
    pub cookies: BTreeMap<String, String>,
    /// The network address it comes from.
    pub address: String,
}

impl Browser {
    pub fn new(server: &Server) -> Self {
        Self { server: server.clone(), cookies: BTreeMap::new(), address: "203.0.113.7".to_owned() }
    }

    /// What the server knows of this browser when it sends a form.
    pub fn presented(&self) -> doorward::signin::Browser {
        let origin =
            Origin { address: self.address.parse().ok(), trace: TraceId::of([7; 16]), device: Device::default() };
        doorward::signin::Browser {
            address: self.address.clone(),
            origin,
            user_agent: String::new(),
            cookie: self.cookies.get("doorward_sign_in").map(Secret::presented),
            device: None,
            here: doorward::signin::Acquaintance::NotAsked,
        }
    }

    /// The same browser, with the same cookies, at another node.
    pub fn at(&self, server: &Server) -> Self {
        Self { server: server.clone(), ..self.clone() }
    }

    /// Sends a request with this browser's cookies and keeps the ones that come back.
    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let answer = self.server.send_from(&self.address, request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value.is_empty() || attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Opens an address of the server.
    pub async fn get(&mut self, path: &str) -> Answer {
        let path = path.strip_prefix(self.server.app.issuer.origin()).unwrap_or(path);
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Opens an address and follows redirects within the server.
    pub async fn visit(&mut self, path: &str) -> Answer {
        let answer = self.get(path).await;
        self.follow(answer).await
    }

    /// Follows redirects within the server.
    pub async fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..20 {
            let Some(next) = answer.onward().filter(|next| next.starts_with('/')) else { return answer };
            answer = self.get(&next).await;
        }
        panic!("it leads on without an end: {:?}", answer.onward())
    }

    /// Sends a form as our own page would, and does not follow.
    pub async fn submit(&mut self, form: &Form) -> Answer {
        let origin = self.server.app.issuer.origin().to_owned();
        self.submit_with(form, &[("origin", &origin)]).await
    }

    /// Sends a form with these headers alone beside its cookies and its type, as a page of another site might.
    pub async fn submit_with(&mut self, form: &Form, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(&form.action).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(form.body())).unwrap()).await
    }

    /// Sends a form and follows redirects within the server.
    pub async fn press(&mut self, form: &Form) -> Answer {
        let answer = self.submit(form).await;
        self.follow(answer).await
    }

    /// Fills in the sign-in page.
    pub async fn sign_in_on(&mut self, page: &Answer, email: &str, password: &str) -> Answer {
        self.press(&filled(&page.form("#login-submit"), email, password)).await
    }

    /// Signs in without any application.
    pub async fn sign_in(&mut self, email: &str) -> Answer {
        let page = self.visit(self.server.app.issuer.place("/login?as=another").as_str()).await;
        let answer = self.sign_in_on(&page, email, PASSWORD).await;
        assert!(answer.has("#sign-out"), "{}", answer.text());
        answer
    }

    /// Goes through an authorization request as a willing person: signs in when asked, allows when asked. What comes back is the
    /// redirect to the client, or the page where it ended.
    pub async fn authorize(&mut self, client: &Client, email: &str, extra: &str) -> Answer {
        let mut answer = self.visit(&client.authorization_url(extra)).await;
        if answer.has("#login-submit") {
            answer = self.sign_in_on(&answer.clone(), email, PASSWORD).await;
        }
        if answer.has("#allow") {
            answer = self.press(&answer.form("#allow")).await;
        }
        answer
    }

    /// As [`Browser::authorize`], and the code out of the redirect.
    pub async fn code(&mut self, client: &Client, email: &str, extra: &str) -> String {
        let answer = self.authorize(client, email, extra).await;
        answer.location_param("code").unwrap_or_else(|| panic!("no code: {}", answer.location()))
    }
}

/// The sign-in form of a new browser.
pub async fn login_form(server: &Server) -> (Browser, Form) {
    let mut browser = server.browser();
    let form = browser.visit("/login").await.form("#login-submit");
    (browser, form)
}

/// A sign-in form filled in.
pub fn filled(form: &Form, email: &str, password: &str) -> Form {
    form.clone().with("email", email).with("password", password)
}

/// A new browser that has signed in with [`PASSWORD`], at the consent page of a request.
pub async fn asked(server: &Server, client: &Client, email: &str, extra: &str) -> (Browser, Answer) {
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url(extra)).await;
    let page = browser.sign_in_on(&login, email, PASSWORD).await;
    assert!(page.has("#allow"), "{}", page.text());
    (browser, page)
}
