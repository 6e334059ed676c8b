//! The pages of mails in a real Chromium, where people go through them: at a desk and on a phone, in both languages, light and dark, with axe.

use std::path::PathBuf;

use super::look::look;
use crate::support::{Chromium, Database, Live, Mail, Mailbox, PASSWORD, eventually, was_shown_on_sqlite};

const ANN: &str = "ann@example.org";
const EVE: &str = "eve@example.org";
const NEW_PASSWORD: &str = "a louder river at dusk";

struct Walk {
    browser: Chromium,
    server: Live,
    folder: PathBuf,
    /// The language that is asked for.
    language: &'static str,
}

impl Walk {
    async fn go(&self, path: &str) {
        let sign = if path.contains('?') { '&' } else { '?' };
        let address = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.server.issuer) };
        self.browser.goto(&format!("{address}{sign}ui_locales={}", self.language)).await;
    }

    async fn look(&self, name: &str) {
        look(&self.browser, &format!("mail-{name}-{}", self.language)).await;
    }

    /// The mail to an address in whose text this stands, when it has come.
    async fn mail(&self, address: &str, words: &str) -> Mail {
        let there = async || {
            let all = Mailbox::read(&self.folder);
            all.to(address).into_iter().find(|mail| mail.text.contains(words)).cloned()
        };
        eventually("the mail", there).await
    }
}

async fn walk(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let folder = database.folder.path().join("mails");
    let settings = [
        ("DOORWARD__MAIL__FOLDER", folder.to_str().unwrap()),
        ("DOORWARD__SIGN_IN__EMAIL", "true"),
        ("DOORWARD__UPSTREAM__GITHUB__CLIENT_ID", "c"),
        ("DOORWARD__UPSTREAM__GITHUB__CLIENT_SECRET", "s"),
        ("DOORWARD__UPSTREAM__GITHUB__REGISTER", "invited"),
    ];
    let server = Live::serve_with(&database, &settings);
    let user = ["user", "create", "--email", ANN, "--name", "Ann Lee", "--password-stdin"];
    server.command_with(&user, &format!("{PASSWORD}\n"));
    let walk = Walk { browser: Chromium::open(width, height).await, server, folder, language };
    let browser = &walk.browser;

    // A forgotten password, by the code.
    walk.go("/recover").await;
    walk.look("recover").await;
    browser.click("#recover-submit").await;
    browser.find("#email-error").await;
    walk.look("recover-empty").await;
    browser.type_into("#email", ANN).await;
    browser.click("#recover-submit").await;
    browser.find("#code").await;
    walk.look("code").await;
    browser.type_into("#code", "bcdf ghjk").await;
    browser.click("#code-submit").await;
    browser.find("#error").await;
    walk.look("code-wrong").await;
    let code = walk.mail(ANN, "/mail?").await.code();
    browser.type_into("#code", &code).await;
    browser.click("#code-submit").await;
    browser.find("#reset-submit").await;
    walk.look("new-password").await;
    browser.type_into("#password", "short").await;
    browser.click("#reset-submit").await;
    browser.find("#password-error").await;
    walk.look("new-password-wrong").await;
    browser.type_into("#password", NEW_PASSWORD).await;
    browser.click("#reset-submit").await;
    browser.find("#sign-out").await;

    // Another address, by the link, and back again.
    walk.go("/account/emails").await;
    walk.look("emails").await;
    browser.type_into("#email", "ann@elsewhere.example").await;
    browser.click("#change-email").await;
    browser.find("#code").await;
    let link = walk.mail("ann@elsewhere.example", "/mail?").await.link();
    walk.go(&link).await;
    walk.look("link").await;
    browser.click("#confirm").await;
    browser.find("#done").await;
    let undo = walk.mail(ANN, "ann@elsewhere.example").await.link();
    walk.go(&undo).await;
    walk.look("undo").await;
    browser.click("#confirm").await;
    browser.find("#reset-submit").await;

    // An account that begins with its address.
    walk.go("/register").await;
    walk.look("register").await;
    browser.type_into("#email", EVE).await;
    browser.click("#register-submit").await;
    browser.find("#code").await;
    walk.go(&walk.mail(EVE, "/mail?").await.link()).await;
    browser.click("#confirm").await;
    browser.find("#register-submit").await;
    walk.look("new-account").await;
    browser.type_into("#name", "Eve").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#register-submit").await;
    browser.find("#sign-out").await;

    // Signing in by a mail, and what it confirms later.
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    walk.go("/login").await;
    walk.look("login").await;
    browser.click("#email-sign-in").await;
    browser.find("#email-error").await;
    walk.look("sign-in-empty").await;
    browser.type_into("#email", EVE).await;
    browser.click("#email-sign-in").await;
    browser.find("#code").await;
    walk.look("sign-in-code").await;
    walk.go(&walk.mail(EVE, "with this mail").await.link()).await;
    walk.look("sign-in-link").await;
    browser.click("#confirm").await;
    browser.find("#sign-out").await;
    walk.go("/account").await;
    walk.look("account").await;
    let long_ago = r#"UPDATE sign_ins SET proofs = '[{"kind":"mail","at":1700000000}]', auth_time = 1700000000"#;
    database.db_execute(long_ago).await;
    browser.click("#sign-ins button").await;
    browser.find("#mail-proof").await;
    walk.look("proof").await;
    browser.click("#mail-proof").await;
    browser.find("#code").await;
    walk.look("proof-code").await;
    let proof = walk.mail(EVE, "the same browser").await;
    walk.go(&proof.link()).await;
    walk.look("proof-link").await;
    browser.click("#confirm").await;
    browser.find("#signed-out").await;

    // An invitation, which may be taken through a provider.
    let invite = ["user", "invite", "--email", "bob@example.org", "--name", "Bob Lee", "--print"];
    let link = walk.server.command(&invite)["link"].as_str().unwrap().to_owned();
    // The command does not know at which address this server listens.
    walk.go(&link[link.find("/mail?").unwrap()..]).await;
    walk.look("invitation").await;
    browser.click("#confirm").await;
    browser.find("#upstream-github").await;
    walk.look("invited").await;
    walk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_go_through_what_mails_lead_to_at_a_desk() {
    walk(1280, 900, "en").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_go_through_what_mails_lead_to_in_german_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    walk(390, 844, "de").await;
}
