//! Signing in through a provider in a real Chromium, on the demo: two Doorwards, of which one is the other's provider. The pictures are in
//! `target/screenshots`: look at them after a change of a page.

use doorward::clock::Clock;
use sqlx::Connection;

use super::look::look;
use crate::support::{Chromium, Database, Live, PASSWORD, was_shown_on_sqlite};

/// The password of the people of the sample provider.
const THEIRS: &str = "blue kettles sing at noon";
/// A page of the sample provider's, which lies below a path.
const THERE: &str = "html:has(link[href^='/sample/'])";
/// A page of ours.
const HERE: &str = "html:not(:has(link[href^='/sample/']))";

struct Walk {
    folder: tempfile::TempDir,
    server: Live,
    app: String,
    provider: String,
    browser: Chromium,
}

impl Walk {
    async fn start(width: u32, height: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Live::run(folder.path(), vec![], &["demo", "--listen", "127.0.0.1:0", "--json"]);
        let address = |name: &str| server.ready[name].as_str().unwrap().to_owned();
        let (app, provider) = (address("app"), address("provider"));
        Self { folder, server, app, provider, browser: Chromium::open(width, height).await }
    }

    /// Lets the proofs of everybody who is signed in here be older than ten minutes.
    async fn grow_old(&self) {
        let file = self.folder.path().join("demo-data").join("doorward.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut database = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let older = sqlx::query("UPDATE sign_ins SET proofs = json_set(proofs, '$[0].at', $1) WHERE ended_at IS NULL");
        let long_ago = Clock::system().now().minus(700).seconds();
        assert!(older.bind(long_ago).execute(&mut database).await.unwrap().rows_affected() > 0);
        database.close().await.unwrap();
    }

    async fn look(&self, name: &str) {
        look(&self.browser, &format!("provider-{name}")).await;
    }

    async fn fill_in(&self, fields: &[(&str, &str)], submit: &str) {
        for (field, text) in fields {
            self.browser.find(field).await;
            self.browser.evaluate(&format!("document.querySelector('{field}').value = ''")).await;
            self.browser.type_into(field, text).await;
        }
        self.browser.click(submit).await;
    }

    /// From the app to our sign-in page.
    async fn ask_to_sign_in(&self) {
        self.browser.goto(&self.app).await;
        self.browser.click("#sign-in:not([hidden])").await;
        self.browser.find(&format!("{HERE} #upstream-sample")).await;
    }

    /// At the provider, where nobody is signed in: signs in, and lets us know who it is.
    async fn be(&self, email: &str) {
        self.browser.find(&format!("{THERE} #login-submit")).await;
        self.fill_in(&[("#email", email), ("#password", THEIRS)], "#login-submit").await;
        self.browser.click(&format!("{THERE} #allow")).await;
    }

    /// From our consent page to the app, where the person is greeted.
    async fn arrive(&self, greeting: &str) {
        self.browser.click(&format!("{HERE} #allow")).await;
        self.browser.find("#call-section:not([hidden])").await;
        assert_eq!(self.browser.text("#headline").await, greeting);
    }

    async fn account(&self) {
        self.browser.goto(&format!("{}/account", self.server.issuer)).await;
        self.browser.find(&format!("{HERE} #ways")).await;
    }

    async fn sign_out(&self) {
        self.account().await;
        self.browser.click("#sign-out").await;
        self.browser.find(&format!("{HERE} #signed-out")).await;
    }

    /// Signs out at the provider, and forgets the app's tokens.
    async fn sign_out_there(&self) {
        self.browser.goto(&format!("{}/logout", self.provider)).await;
        self.browser.click(&format!("{THERE} #confirm")).await;
        self.browser.find(&format!("{THERE} #signed-out")).await;
        self.browser.goto(&self.app).await;
        self.browser.evaluate("sessionStorage.clear()").await;
    }

    async fn nothing_was_forbidden(&self) {
        let complaints = self.browser.complaints().await;
        assert!(complaints.iter().all(|words| words.contains("400 (Bad Request)")), "{complaints:?}");
    }

    /// Pat comes for the first time, and for the second.
    async fn first_and_second(&self) {
        self.ask_to_sign_in().await;
        self.look("login").await;
        self.browser.click("#upstream-sample").await;
        self.browser.find(&format!("{THERE} #login-submit")).await;
        self.look("theirs").await;
        self.be("pat@sample.example").await;
        self.browser.find(&format!("{HERE} #create-account")).await;
        self.look("first").await;
        self.fill_in(&[("#name", "Patricia Reyes")], "#create-account").await;
        self.arrive("Hello, Patricia Reyes.").await;
        self.account().await;
        assert!(self.browser.text("#ways").await.contains("Sample provider"));
        self.browser.find("#unlink-sample:disabled").await;
        self.look("account").await;
        self.browser.click("#sign-out").await;
        self.browser.find(&format!("{HERE} #signed-out")).await;
        self.look("signed-out").await;

        self.browser.goto(&self.app).await;
        self.browser.evaluate("sessionStorage.clear()").await;
        self.ask_to_sign_in().await;
        self.browser.find("#upstream-sample .last").await;
        self.look("login-again").await;
        self.browser.click("#upstream-sample").await;
        // They are signed in there still, and have let us know who they are.
        self.arrive("Hello, Patricia Reyes.").await;
        self.confirm().await;
        self.own_password().await;
        self.sign_out().await;
        self.sign_out_there().await;
        self.nothing_was_forbidden().await;
    }

    /// Something sensitive, ten minutes later: who has no password proves it anew at the provider, which asks again although they are signed in there.
    async fn confirm(&self) {
        let pat = [("#email", "pat@sample.example"), ("#password", THEIRS)];
        self.account().await;
        self.grow_old().await;
        self.browser.click("#link-sample").await;
        self.browser.find(&format!("{HERE} #upstream-sample")).await;
        let asked = "return document.querySelectorAll('#password').length";
        assert_eq!(self.browser.evaluate(asked).await, 0, "there is none");
        self.look("confirm").await;
        self.browser.click("#upstream-sample").await;
        self.browser.find(&format!("{THERE} #login-submit")).await;
        self.fill_in(&pat, "#login-submit").await;
        // That was the proof. Now it is done: which account there is to be linked is for her to choose, and it is hers already.
        self.browser.find(&format!("{THERE} #login-submit")).await;
        self.fill_in(&pat, "#login-submit").await;
        self.browser.find(&format!("{HERE} #done")).await;
        self.look("confirmed").await;
    }

    /// She chooses a password, which she has to prove for that it is her, and does without it again.
    async fn own_password(&self) {
        self.grow_old().await;
        self.account().await;
        self.browser.click("#to-first-password").await;
        self.browser.find("#begin-password").await;
        self.look("first-password-begins").await;
        self.browser.click("#begin-password").await;
        self.browser.find(&format!("{HERE} #upstream-sample")).await;
        self.look("first-password-confirm").await;
        self.browser.click("#upstream-sample").await;
        self.browser.find(&format!("{THERE} #login-submit")).await;
        self.fill_in(&[("#email", "pat@sample.example"), ("#password", THEIRS)], "#login-submit").await;
        self.browser.find(&format!("{HERE} #set-password")).await;
        self.look("first-password").await;
        self.fill_in(&[("#password", "short")], "#set-password").await;
        self.browser.find("#password-error").await;
        self.look("first-password-refused").await;
        self.fill_in(&[("#password", "a quiet river at noon")], "#set-password").await;
        self.browser.find(&format!("{HERE} #done")).await;
        self.look("first-password-done").await;
        self.browser.goto(&format!("{}/account/password", self.server.issuer)).await;
        self.browser.find("#remove-password").await;
        self.look("password").await;
        self.browser.click("#remove-password").await;
        self.browser.find(&format!("{HERE} #to-first-password")).await;
        self.look("password-removed").await;
    }

    /// Olga has an account here: nothing merges, and she links the two; unlinks them, and links them again.
    async fn refused_merge(&self) {
        self.ask_to_sign_in().await;
        self.browser.click("#upstream-sample").await;
        self.be("olga@sample.example").await;
        self.browser.find(&format!("{HERE} #account-exists")).await;
        self.look("account-exists").await;
        self.browser.click("#sign-in-instead").await;
        self.browser.find(&format!("{HERE} #login-submit")).await;
        // The way that she came is not offered again.
        self.browser.find(&format!("{HERE} #to-link")).await;
        let offered = "return document.querySelectorAll('#providers li').length";
        assert_eq!(self.browser.evaluate(offered).await, 0);
        self.look("login-to-link").await;
        self.fill_in(&[("#email", "olga@sample.example"), ("#password", THEIRS)], "#login-submit").await;
        self.browser.find("#link").await;
        self.look("link").await;
        self.browser.click("#link").await;
        self.arrive("Hello, Olga Berg.").await;
        self.account().await;
        self.look("account-linked").await;
        self.browser.click("#unlink-sample:enabled").await;
        self.browser.find("#done").await;
        self.look("unlinked").await;
        self.browser.click("#link-sample").await;
        // Which account there is for her to choose.
        self.browser.find(&format!("{THERE} #login-submit")).await;
        self.fill_in(&[("#email", "olga@sample.example"), ("#password", THEIRS)], "#login-submit").await;
        self.browser.find(&format!("{HERE} #unlink-sample")).await;
        self.look("linked").await;
        self.sign_out().await;
        self.sign_out_there().await;
        self.nothing_was_forbidden().await;
    }

    /// Somebody has taken Tina's address before her: it is hers.
    async fn take_over(&self) {
        self.ask_to_sign_in().await;
        self.browser.click("#to-register").await;
        self.browser.find("#register-submit").await;
        self.look("register").await;
        let fields = [("#name", "Not Tina"), ("#email", "tina@sample.example"), ("#password", PASSWORD)];
        self.fill_in(&fields, "#register-submit").await;
        self.arrive("Hello, Not Tina.").await;
        self.sign_out().await;
        self.browser.goto(&self.app).await;
        self.browser.evaluate("sessionStorage.clear()").await;

        self.ask_to_sign_in().await;
        self.browser.click("#upstream-sample").await;
        self.be("tina@sample.example").await;
        self.browser.find(&format!("{HERE} #account-exists")).await;
        self.look("take-over").await;
        self.browser.click("summary").await;
        self.browser.picture("page-provider-take-over-open").await;
        self.browser.click("#take-address").await;
        self.arrive("Hello, Tina Lund.").await;
        self.account().await;
        assert!(self.browser.text("main").await.contains("tina@sample.example"));
        self.look("account-taken-over").await;
        self.sign_out().await;
        let former = [("#email", "tina@sample.example"), ("#password", PASSWORD)];
        self.browser.goto(&format!("{}/login", self.server.issuer)).await;
        self.fill_in(&former, "#login-submit").await;
        self.browser.find("#error").await;
        self.nothing_was_forbidden().await;
    }
}

async fn everything(width: u32, height: u32) {
    let walk = Walk::start(width, height).await;
    walk.first_and_second().await;
    walk.refused_merge().await;
    walk.take_over().await;
    walk.browser.close().await;
}

#[tokio::test]
async fn first_and_second_sign_in_link_unlink_merge_and_take_over_are_shown_at_a_desk() {
    everything(1280, 900).await;
}

#[tokio::test]
async fn first_and_second_sign_in_link_unlink_merge_and_take_over_are_shown_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    everything(390, 844).await;
}

/// A server with a provider of each kind, none of which answers.
async fn six(width: u32, height: u32) {
    let database = Database::copy().await;
    let of = |id: &str, key: &str, value: &str| (format!("DOORWARD__UPSTREAM__{id}__{key}"), value.to_owned());
    let mut settings = Vec::new();
    for id in ["GOOGLE", "GITHUB", "MICROSOFT", "APPLE", "SAMPLE", "CORP"] {
        settings.push(of(id, "CLIENT_ID", "doorward"));
        settings.push(of(id, "CLIENT_SECRET", "a secret of ours"));
    }
    for (id, name) in [("SAMPLE", "Sample provider"), ("CORP", "The organisation with an exceedingly long name")] {
        settings.extend([of(id, "KIND", "oidc"), of(id, "NAME", name)]);
        settings.push(of(id, "ISSUER", &format!("https://127.0.0.1:9/{id}")));
    }
    let key = database.folder.path().join("apple.p8");
    std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    settings.retain(|(name, _)| name != "DOORWARD__UPSTREAM__APPLE__CLIENT_SECRET");
    settings.extend([of("APPLE", "TEAM_ID", "ABCDE12345"), of("APPLE", "KEY_ID", "FGHIJ67890")]);
    settings.push(of("MICROSOFT", "TENANTS", "common"));
    settings.push(of("APPLE", "PRIVATE_KEY_FILE", key.to_str().unwrap()));
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let server = Live::serve_with(&database, &settings);
    server.user("ann@example.org");
    let browser = Chromium::open(width, height).await;
    browser.goto(&format!("{}/login", server.issuer)).await;
    browser.find("#upstream-corp").await;
    look(&browser, "provider-six").await;
    for id in ["google", "github", "microsoft", "apple", "sample", "corp"] {
        let size = format!(
            "const at = document.querySelector('#upstream-{id}').getBoundingClientRect(); return Math.min(at.width, at.height)"
        );
        assert!(browser.evaluate(&size).await.as_f64().unwrap() >= 44.0, "{id}");
    }
    browser.click("#upstream-sample").await;
    browser.find("#error").await;
    look(&browser, "provider-down").await;
    // The other ways go on.
    browser.click("#again").await;
    browser.type_into("#email", "ann@example.org").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#links").await;
    look(&browser, "provider-account-six").await;
    browser.close().await;
}

#[tokio::test]
async fn a_page_stays_calm_with_six_providers_and_says_when_one_is_down_at_a_desk() {
    if was_shown_on_sqlite() {
        return;
    }
    six(1280, 900).await;
}

#[tokio::test]
async fn a_page_stays_calm_with_six_providers_and_says_when_one_is_down_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    six(390, 844).await;
}
