//! Signs a person in and lets them consent, as a browser does it: pages, cookies, forms, redirects. It knows what the contract of the pages
//! promises (names of inputs, ids of buttons) and nothing else of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::Outcome;
use crate::http::Connection;
use crate::operation::{encoded, form_head, get, with_body};

/// How many redirects and pages lie at most between an application and its code.
const STEPS: usize = 12;

/// A browser of one person.
pub struct Browser {
    connection: Connection,
    host: String,
    cookies: BTreeMap<String, String>,
    /// The header that says from where it comes, as a proxy sends it; or nothing.
    forwarded: String,
    /// The page to sign in, once it is open.
    page: Option<Form>,
}

/// A form on a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Its inputs, by name.
    pub fields: Vec<(String, String)>,
}

/// Where a request led.
enum Led {
    To(String),
    Page(String),
}

impl Browser {
    /// A browser without cookies, at the server on this address.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            connection: Connection::new(address),
            host: address.to_string(),
            cookies: BTreeMap::new(),
            forwarded: String::new(),
            page: None,
        }
    }

    /// The same, at a network address of its own, by the word of a proxy.
    pub fn from(server: SocketAddr, address: &str) -> Self {
        Self { forwarded: format!("X-Forwarded-For: {address}\r\n"), ..Self::new(server) }
    }

    /// The same, at a server that has this name.
    pub fn called(server: SocketAddr, host: &str) -> Self {
        Self { host: host.to_owned(), ..Self::new(server) }
    }

    /// Opens the page to sign in.
    ///
    /// # Errors
    /// When another page comes.
    pub async fn ready_to_sign_in(&mut self) -> Outcome<()> {
        let Led::Page(html) = self.open("/login").await? else { return Err("expected the page to sign in".into()) };
        self.page = Some(Form::around(&html, "login-submit").ok_or("the page to sign in has no such button")?);
        Ok(())
    }

    /// Fills in the page that is open; the status of the answer, and whether it says how long to wait.
    ///
    /// # Errors
    /// When no page is open, or the connection fails.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Outcome<(u16, bool)> {
        let form = self.page.take().ok_or("the page to sign in is not open")?;
        let request = self.filled_in(form, &[("email", email), ("password", password)]);
        let answer = self.connection.exchange(&request).await?;
        Ok((answer.status, answer.header("retry-after").is_some()))
    }

    /// Opens a page and presses the button of this id on it, whatever the answer is; its body.
    ///
    /// # Errors
    /// When the page has no such button, or the connection fails.
    pub async fn press(&mut self, page: &str, button: &str) -> Outcome<String> {
        let Led::Page(html) = self.open(page).await? else { return Err(format!("{page} is no page").into()) };
        let form = Form::around(&html, button).ok_or_else(|| format!("{page} has no button {button}"))?;
        let request = self.filled_in(form, &[]);
        Ok(self.connection.exchange(&request).await?.text())
    }

    /// Opens a page once and fills in the form around the button of this id, for each of these values of a field; the requests, which are not sent.
    ///
    /// # Errors
    /// When the page has no such button, or the connection fails.
    pub async fn filled(
        &mut self,
        page: &str,
        button: &str,
        (field, values): (&str, &[String]),
    ) -> Outcome<Vec<Vec<u8>>> {
        let Led::Page(html) = self.open(page).await? else { return Err(format!("{page} is no page").into()) };
        let form = || Form::around(&html, button).ok_or_else(|| format!("{page} has no button {button}"));
        values.iter().map(|value| Ok(self.filled_in(form()?, &[(field, value)]))).collect()
    }

    /// Opens a page, fills in the form around the button of this id and presses it, which must lead on.
    ///
    /// # Errors
    /// When the page has no such button, or another page comes.
    pub async fn press_through(&mut self, page: &str, button: &str, filled: &[(&str, &str)]) -> Outcome<()> {
        let Led::Page(html) = self.open(page).await? else { return Err(format!("{page} is no page").into()) };
        let form = Form::around(&html, button).ok_or_else(|| format!("{page} has no button {button}"))?;
        match self.submit(form, filled).await? {
            Led::To(_) => Ok(()),
            Led::Page(html) => Err(format!("{button} of {page} led to another page:\n{html}").into()),
        }
    }

    /// Opens a page; the form around the button of this id, and what this attribute of it says.
    ///
    /// # Errors
    /// When the page has no such button or attribute.
    pub async fn asked(&mut self, page: &str, button: &str, attribute: &str) -> Outcome<(Form, String)> {
        let Led::Page(html) = self.open(page).await? else { return Err(format!("{page} is no page").into()) };
        let asked = Form::around(&html, button).zip(Form::says(&html, button, attribute));
        Ok(asked.ok_or_else(|| format!("{page} has no button {button} in a form with {attribute}"))?)
    }

    /// Sends a form, which must be answered with a page that has this.
    ///
    /// # Errors
    /// When it is another page; the page is shown.
    pub async fn submit_there(&mut self, form: Form, filled: &[(&str, &str)], has: &str) -> Outcome<()> {
        match self.submit(form, filled).await? {
            Led::Page(html) if html.contains(has) => Ok(()),
            Led::Page(html) => Err(format!("expected a page with {has}, but the server sent:\n{html}").into()),
            Led::To(place) => {
                Err(format!("expected a page with {has}, but the server sent the browser to {place}").into())
            }
        }
    }

    /// Goes to an address, whatever the answer is; its status.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn go(&mut self, path: &str) -> Outcome<u16> {
        let request = get(&self.host, path, &format!("{}Cookie: {}\r\n", self.forwarded, self.cookies()));
        Ok(self.connection.exchange(&request).await?.status)
    }

    /// Opens an authorization request and does what the pages ask, until the browser is sent back to the application.
    ///
    /// # Errors
    /// When a page is neither the one to sign in nor the one to consent; the page is shown.
    pub async fn authorize(&mut self, location: &str, email: &str, password: &str) -> Outcome<()> {
        let own = format!("http://{}", self.host);
        let mut led = self.open(location).await?;
        for _ in 0..STEPS {
            led = match led {
                Led::To(place) => match place.strip_prefix(&own).unwrap_or(&place) {
                    path if path.starts_with('/') => self.open(path).await?,
                    _ => return Ok(()),
                },
                Led::Page(html) => {
                    if let Some(form) = Form::around(&html, "login-submit") {
                        self.submit(form, &[("email", email), ("password", password)]).await?
                    } else if let Some(form) = Form::around(&html, "allow") {
                        self.submit(form, &[("decision", "allow")]).await?
                    } else {
                        return Err(format!(
                            "expected the page to sign in or to consent, but the server sent:\n{html}"
                        )
                        .into());
                    }
                }
            };
        }
        Err(format!("{STEPS} pages and redirects did not lead back to the application").into())
    }

    /// The `Cookie` header's value.
    pub fn cookies(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    async fn open(&mut self, path: &str) -> Outcome<Led> {
        let request = get(&self.host, path, &format!("{}Cookie: {}\r\n", self.forwarded, self.cookies()));
        self.send(&request).await
    }

    async fn submit(&mut self, form: Form, filled: &[(&str, &str)]) -> Outcome<Led> {
        let request = self.filled_in(form, filled);
        self.send(&request).await
    }

    /// A request with the form.
    fn filled_in(&self, mut form: Form, filled: &[(&str, &str)]) -> Vec<u8> {
        form.fields.retain(|(name, _)| filled.iter().all(|(other, _)| name != other));
        let mut fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        fields.extend(filled);
        let lines = format!("{}Origin: http://{}\r\nCookie: {}\r\n", self.forwarded, self.host, self.cookies());
        with_body(&form_head(&self.host, &form.action, &lines), &encoded(&fields))
    }

    async fn send(&mut self, request: &[u8]) -> Outcome<Led> {
        let answer = self.connection.exchange(request).await?;
        for line in answer.headers("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        match (answer.status, answer.header("location")) {
            (302 | 303, Some(location)) => Ok(Led::To(location.to_owned())),
            (200, _) => Ok(Led::Page(answer.text())),
            _ => Err(answer.unexpected("a page or a redirect")),
        }
    }
}

impl Form {
    /// The form around the button of this id, with the values of its inputs.
    pub fn around(html: &str, button: &str) -> Option<Self> {
        let (opening, form) = parts(html, button)?;
        let inputs = form.split("<input").skip(1).filter_map(|rest| rest.split_once('>')).map(|(input, _)| input);
        let fields =
            inputs.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())));
        Some(Self { action: attribute(opening, "action")?, fields: fields.collect() })
    }

    /// What an attribute of the form around the button of this id says.
    pub fn says(html: &str, button: &str, name: &str) -> Option<String> {
        attribute(parts(html, button)?.0, name)
    }
}

/// The form around the button of this id: its first tag, and all of it.
fn parts<'a>(html: &'a str, button: &str) -> Option<(&'a str, &'a str)> {
    let at = html.find(&format!("id=\"{button}\""))?;
    let form = &html[html[..at].rfind("<form")?..];
    let form = &form[..form.find("</form>")?];
    Some((form.split_once('>')?.0, form))
}

/// An attribute in double quotes, which is how our pages write them.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#34;", "\""), ("&amp;", "&")];
    Some(entities.iter().fold(value.to_owned(), |value, (entity, text)| value.replace(entity, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_around_a_button_is_read() {
        let html = r#"<form action="/other"><input name="csrf" value="no"></form>
            <form method="post" action="/login?a=1&amp;b=2" novalidate>
            <input type="hidden" name="csrf" value="x&#39;y">
            <input id="email" name="email" type="email" required>
            <button id="login-submit" type="submit">Sign in</button></form><form action="/third"></form>"#;
        let form = Form::around(html, "login-submit").unwrap();
        assert_eq!(form.action, "/login?a=1&b=2");
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(fields, [("csrf", "x'y"), ("email", "")]);
        assert_eq!(Form::around(html, "allow"), None);
    }
}
