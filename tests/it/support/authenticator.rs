//! An authenticator in a test's pocket. It makes its codes by the HMAC of aws-lc-rs and a few lines of RFC 4226, so it is a judge of the server's own.

use aws_lc_rs::hmac;

use super::{Answer, Browser, PASSWORD, Server, filled};

/// An authenticator, or none yet.
#[derive(Clone, Debug)]
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    /// With the key that a page shows.
    pub fn with(base32: &str) -> Self {
        let mut bits = String::new();
        for letter in base32.bytes() {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter);
            bits += &format!("{:05b}", value.unwrap_or_else(|| panic!("not base32: {base32}")));
        }
        let byte = |at: usize| u8::from_str_radix(&bits[at..at + 8], 2).unwrap();
        Self((0..bits.len() / 8).map(|at| byte(at * 8)).collect())
    }

    /// The bytes of the key.
    pub fn key(&self) -> &[u8] {
        &self.0
    }

    /// The code of a moment, in seconds.
    pub fn code_at(&self, seconds: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// The code that it shows now.
    pub fn code(&self, server: &Server) -> String {
        self.code_at(server.clock.now().seconds())
    }

    /// A code that is wrong now and for a while.
    pub fn wrong(&self, server: &Server) -> String {
        let now = server.clock.now().seconds();
        let right: Vec<String> = (-3..=3).map(|step| self.code_at(now + step * 30)).collect();
        ["000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"]
            .into_iter()
            .find(|code| right.iter().all(|right| right != code))
            .unwrap()
            .to_owned()
    }
}

impl Server {
    /// Whoever is signed in there sets up an authenticator, and a step of the clock later it has another code. With the recovery codes, if they
    /// are new.
    pub async fn enrol(&self, browser: &mut Browser) -> (Authenticator, Vec<String>) {
        let page = browser.visit("/account/authenticator").await;
        let secret = page.text_of("#totp-secret").unwrap_or_else(|| panic!("no key: {}", page.text()));
        let authenticator = Authenticator::with(&secret);
        let form = page.form("#totp-submit").with("code", &authenticator.code(self));
        let shown = browser.press(&form).await;
        let codes = recovery_codes(&shown);
        self.turn(30);
        (authenticator, codes)
    }
}

/// The recovery codes that a page shows.
pub fn recovery_codes(page: &Answer) -> Vec<String> {
    let document = scraper::Html::parse_document(&page.text());
    let codes = scraper::Selector::parse("#codes code").unwrap();
    document.select(&codes).map(|code| code.text().collect()).collect()
}

/// Signs in with the password as far as it goes.
pub async fn first_step(browser: &mut Browser, email: &str) -> Answer {
    let page = browser.visit("/login?as=another").await;
    browser.press(&filled(&page.form("#login-submit"), email, PASSWORD)).await
}
