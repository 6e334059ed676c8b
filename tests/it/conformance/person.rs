//! A person in front of a browser: follows redirects, signs in and agrees where asked, and sees where it ends.
//!
//! Knows pages by what stands on them, not by whose they are: a form with a password, a question to allow, a question whether to sign out,
//! a form addressed to the application.

use std::collections::BTreeMap;

use reqwest::{Method, Response, header};
use scraper::{ElementRef, Html, Selector};
use url::Url;
use url::form_urlencoded::{Serializer, parse};

use super::party::Party;
use super::provider::Provider;
use crate::support::Authenticator;

/// How the answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Query,
    FormPost,
}

/// What came back to the application.
pub type Callback = BTreeMap<String, String>;

/// Where a visit ended.
#[derive(Debug)]
pub enum End {
    /// Back at the application, with these parameters.
    Application(Callback),
    /// On a page of the provider: its status and text.
    Page(u16, String),
}

/// A person in front of a browser.
#[derive(Default)]
pub struct Person {
    cookies: BTreeMap<String, Cookie>,
    /// What shows the codes that they are asked for beside the password.
    pub authenticator: Option<Authenticator>,
    /// How often a form with a password was filled in.
    pub logins: u32,
    /// How often one with such a code was.
    pub codes: u32,
    /// How often access was allowed.
    pub consents: u32,
    /// How often signing out was confirmed.
    pub confirmations: u32,
}

#[derive(Clone)]
struct Cookie {
    value: String,
    goes_everywhere: bool,
}

/// A form on a page.
struct Form {
    action: String,
    by_get: bool,
    fields: Vec<(String, String)>,
    password: Option<String>,
    texts: Vec<String>,
    buttons: Vec<[Option<String>; 3]>,
}

impl End {
    /// What came back to the application.
    #[track_caller]
    pub fn callback(self) -> Callback {
        match self {
            Self::Application(callback) => callback,
            Self::Page(status, text) => panic!("the visit ended on a page: {status} {text}"),
        }
    }

    /// The page it ended on, whatever its status.
    #[track_caller]
    pub fn page(self) -> (u16, String) {
        match self {
            Self::Page(status, text) => (status, text),
            Self::Application(callback) => panic!("the visit ended at the application: {callback:?}"),
        }
    }
}

impl Person {
    /// Sends an authorization request: the usual parameters, with these in their place or, when empty, without them.
    pub async fn ask(&mut self, provider: &Provider, party: &Party, mode: Mode, changes: &[(&str, &str)]) -> End {
        let fields = authorization_request(party, mode, changes);
        let query = Serializer::new(String::new()).extend_pairs(&fields).finish();
        let address = format!("{}?{query}", provider.address("authorization_endpoint"));
        self.visit(provider, party, &address).await
    }

    /// As [`Person::ask`], by a form on the application's page: a POST from another site.
    pub async fn ask_by_post(&mut self, provider: &Provider, party: &Party, mode: Mode) -> End {
        let fields = authorization_request(party, mode, &[]);
        let address = provider.address("authorization_endpoint");
        let site = party.redirect_uri.clone();
        let answer = self.send(provider, Request::post(&address, &fields, &site)).await;
        self.go_on(provider, party, address, answer).await
    }

    /// Opens an address and goes on as a willing person to the end.
    pub async fn visit(&mut self, provider: &Provider, party: &Party, address: &str) -> End {
        let answer = self.send(provider, Request::get(address)).await;
        self.go_on(provider, party, address.to_owned(), answer).await
    }

    async fn go_on(&mut self, provider: &Provider, party: &Party, mut address: String, mut answer: Response) -> End {
        for _ in 0..20 {
            let base = Url::parse(&address).unwrap();
            let next = match answer.headers().get(header::LOCATION).filter(|_| answer.status().is_redirection()) {
                Some(location) => {
                    let url = base.join(location.to_str().unwrap()).unwrap();
                    if let Some(callback) = arrival(&url, party) {
                        return End::Application(callback);
                    }
                    Request::get(url.as_str())
                }
                None => {
                    let status = answer.status().as_u16();
                    let text = answer.text().await.unwrap();
                    match self.act(provider, party, &base, (status, &text)) {
                        Ok(request) => request,
                        Err(end) => return end.unwrap_or(End::Page(status, text)),
                    }
                }
            };
            address.clone_from(&next.address);
            answer = self.send(provider, next).await;
        }
        panic!("no end after twenty steps, at {address}");
    }

    /// What a willing person does on a page; nothing more to do is an end.
    fn act(
        &mut self,
        provider: &Provider,
        party: &Party,
        base: &Url,
        page: (u16, &str),
    ) -> Result<Request, Option<End>> {
        for form in forms(page.1) {
            let action = base.join(&form.action).unwrap();
            if action.as_str() == party.redirect_uri && form.texts.is_empty() && form.password.is_none() {
                return Err(Some(End::Application(form.fields.into_iter().collect())));
            }
            if page.0 >= 400 {
                continue;
            }
            let button = |wanted: [Option<&str>; 3]| {
                let fits = |b: &&[Option<String>; 3]| {
                    b.iter().zip(wanted).all(|(has, want)| want.is_none() || has.as_deref() == want)
                };
                form.buttons.iter().find(fits)
            };
            let (filled, pressed) = if let Some(password) = &form.password {
                self.logins += 1;
                let texts = form.texts.iter().map(|name| (name.clone(), provider.email.clone()));
                let filled: Vec<_> = texts.chain([(password.clone(), provider.password.clone())]).collect();
                (filled, button([None; 3]))
            } else if let Some(authenticator) = self.authenticator.as_ref().filter(|_| form.texts == ["code"]) {
                self.codes += 1;
                let now = provider.now().expect("an authenticator goes by the clock of the provider");
                (vec![("code".to_owned(), authenticator.code_at(now))], button([None; 3]))
            } else if let Some(allow) = button([Some("allow"), None, None]) {
                self.consents += 1;
                (vec![], Some(allow))
            } else if form.fields.contains(&("prompt".to_owned(), "consent".to_owned())) {
                self.consents += 1;
                (vec![], button([None; 3]))
            } else if let Some(yes) =
                button([Some("confirm"), None, None]).or(button([None, Some("logout"), Some("yes")]))
            {
                self.confirmations += 1;
                (vec![], Some(yes))
            } else {
                continue;
            };
            let mut fields = form.fields.clone();
            fields.retain(|(name, _)| filled.iter().all(|(known, _)| known != name));
            fields.extend(filled);
            if let Some([_, Some(name), value]) = pressed {
                fields.push((name.clone(), value.clone().unwrap_or_default()));
            }
            assert!(!form.by_get, "a form that changes something is posted");
            return Ok(Request::post(action.as_str(), &fields, base.as_str()));
        }
        Err(None)
    }

    async fn send(&mut self, provider: &Provider, request: Request) -> Response {
        let mut sent = provider.http().request(request.method.clone(), &request.address);
        let target = Url::parse(&request.address).unwrap();
        let same_site = request.from.as_ref().is_none_or(|from| from.origin() == target.origin());
        // SameSite=Lax: a cookie goes along from another site only with a GET.
        let goes = |cookie: &&Cookie| same_site || cookie.goes_everywhere || request.method == Method::GET;
        let cookies: Vec<String> =
            self.cookies.iter().filter(|(_, c)| goes(c)).map(|(name, c)| format!("{name}={}", c.value)).collect();
        if !cookies.is_empty() {
            sent = sent.header(header::COOKIE, cookies.join("; "));
        }
        if let (Some(from), Some(body)) = (&request.from, request.body) {
            sent = sent
                .header(header::ORIGIN, from.origin().ascii_serialization())
                .header("sec-fetch-site", if same_site { "same-origin" } else { "cross-site" })
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        let answer = sent.send().await.unwrap();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let (pair, attributes) = set.to_str().unwrap().split_once(';').unwrap_or((set.to_str().unwrap(), ""));
            let (name, value) = pair.split_once('=').unwrap();
            let attributes = attributes.to_ascii_lowercase();
            match value.is_empty() || attributes.contains("max-age=0") || attributes.contains("1970") {
                true => drop(self.cookies.remove(name)),
                false => {
                    let goes_everywhere = attributes.contains("samesite=none");
                    self.cookies.insert(name.to_owned(), Cookie { value: value.to_owned(), goes_everywhere });
                }
            }
        }
        answer
    }
}

struct Request {
    method: Method,
    address: String,
    body: Option<String>,
    from: Option<Url>,
}

impl Request {
    fn get(address: &str) -> Self {
        Self { method: Method::GET, address: address.to_owned(), body: None, from: None }
    }

    fn post(address: &str, fields: &[(String, String)], from: &str) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        Self {
            method: Method::POST,
            address: address.to_owned(),
            body: Some(body),
            from: Some(Url::parse(from).unwrap()),
        }
    }
}

/// The parameters of an authorization request, in the usual order.
pub fn authorization_request(party: &Party, mode: Mode, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let usual = [
        ("client_id", party.client_id.as_str()),
        ("redirect_uri", &party.redirect_uri),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "a state of no meaning"),
        ("nonce", "a nonce of no meaning"),
    ];
    let mode = (mode == Mode::FormPost).then_some(("response_mode", "form_post"));
    let changed = |name: &str| changes.iter().any(|(known, _)| *known == name);
    let kept = usual.into_iter().chain(mode).filter(|(name, _)| !changed(name));
    let given = changes.iter().copied().filter(|(_, value)| !value.is_empty());
    kept.chain(given).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The parameters that a redirect to the application carries.
fn arrival(url: &Url, party: &Party) -> Option<Callback> {
    let at = [&party.redirect_uri, &party.post_logout_redirect_uri];
    let bare = url.as_str().split(['?', '#']).next().unwrap_or_default();
    at.iter().any(|uri| uri.as_str() == bare).then(|| {
        let carried = url.fragment().or(url.query()).unwrap_or_default();
        parse(carried.as_bytes()).into_owned().collect()
    })
}

fn forms(html: &str) -> Vec<Form> {
    let document = Html::parse_document(html);
    let all = Selector::parse("form").unwrap();
    document.select(&all).map(|form| read(&document, form)).collect()
}

fn read(document: &Html, form: ElementRef<'_>) -> Form {
    let id = form.attr("id").unwrap_or_default();
    let inputs: Vec<ElementRef<'_>> = form.select(&Selector::parse("input[name]").unwrap()).collect();
    let of_kind = |kinds: &[&str]| {
        let names = inputs.iter().filter(|input| kinds.contains(&input.attr("type").unwrap_or("text")));
        names.map(|input| input.attr("name").unwrap().to_owned()).collect::<Vec<_>>()
    };
    let buttons = Selector::parse("button").unwrap();
    let belongs = |button: &ElementRef<'_>| match button.attr("form") {
        Some(named) => named == id,
        None => button.ancestors().any(|node| node == *form),
    };
    Form {
        action: form.attr("action").unwrap_or_default().to_owned(),
        by_get: !form.attr("method").unwrap_or("get").eq_ignore_ascii_case("post"),
        fields: inputs
            .iter()
            .filter(|input| input.attr("type") == Some("hidden"))
            .map(|i| (i.attr("name").unwrap().to_owned(), i.attr("value").unwrap_or_default().to_owned()))
            .collect(),
        password: of_kind(&["password"]).pop(),
        texts: of_kind(&["text", "email"]),
        buttons: document
            .select(&buttons)
            .filter(belongs)
            .map(|button| ["id", "name", "value"].map(|name| button.attr(name).map(str::to_owned)))
            .collect(),
    }
}
