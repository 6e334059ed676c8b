//! Somebody who has lost every second factor.

use doorward::protocol::user::EmailAuthority;

use super::{Answer, Browser, Mail, Server, first_step};

/// How long a request to take second factors away waits, where nothing else is set.
pub const WAIT: i64 = 86_400;

impl Server {
    /// Makes a person who has read a mail of ours, and has set up an authenticator in the browser in which they are signed in. With that, the recovery
    /// codes and the id.
    pub async fn db_guarded(&self, email: &str) -> (Browser, Vec<String>, String) {
        let id = self.db_user(email).await;
        self.db_change_user(&id, |account| account.user.email_authority = EmailAuthority::Mail).await;
        // What happens to an account in its first minute is told to nobody.
        self.turn(61);
        let mut browser = self.browser();
        browser.sign_in(email).await;
        let (_, codes) = self.enrol(&mut browser).await;
        (browser, codes, id)
    }

    /// The mails about this to an address.
    pub async fn mails_about(&self, address: &str, about: &str) -> Vec<Mail> {
        let mailbox = self.mailbox().await;
        mailbox.to(address).into_iter().filter(|mail| mail.about() == about).cloned().collect()
    }

    /// Whoever has lost all gives the first proof, asks for the mail, and opens its link: the wait begins.
    pub async fn begin_reset(&self, email: &str) {
        let mut browser = self.browser();
        let page = lost_page(&mut browser, email).await;
        assert!(browser.press(&page.form("#lost-submit")).await.has("#read-mail"));
        let mails = self.mails_about(email, "reset_factors").await;
        let page = browser.visit(&mails.last().unwrap().link()).await;
        let page = browser.press(&page.form("#confirm")).await;
        assert!(page.text().contains("Your request waits"), "{}", page.text());
    }

    /// How many requests are under way.
    pub async fn db_resets(&self) -> i64 {
        self.database.db_number("SELECT count(*) FROM factor_resets").await
    }
}

/// The page for whoever has lost all, after the first proof in this browser.
pub async fn lost_page(browser: &mut Browser, email: &str) -> Answer {
    let step = first_step(browser, email).await;
    browser.visit(&step.field("#to-lost", "href").unwrap_or_else(|| panic!("{}", step.text()))).await
}
