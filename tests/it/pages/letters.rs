//! Addresses and passwords in other letters than ASCII's: each has one form, however it was typed.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use doorward::protocol::rejection::Rejection;

use crate::support::{PASSWORD, Server};

#[tokio::test]
async fn an_address_at_a_domain_in_other_letters_is_one_account_in_every_form() {
    let server = Server::start().await;
    let mut newcomer = server.browser();
    let form =
        newcomer.visit("/register").await.form("#register-submit").with("name", "Ann").with("password", PASSWORD);
    newcomer.press(&form.clone().with("email", "ann@b\u{fc}cher.example")).await;
    let kept = "SELECT COUNT(*) FROM users WHERE email = 'ann@xn--bcher-kva.example'";
    assert_eq!(server.database.db_number(kept).await, 1);
    for typed in ["ann@b\u{fc}cher.example", "Ann@BU\u{308}CHER.example", "ann@xn--bcher-kva.example"] {
        assert!(server.browser().sign_in(typed).await.has("#sign-out"), "{typed}");
        let mut other = server.browser();
        let form =
            other.visit("/register").await.form("#register-submit").with("name", "Eve").with("password", PASSWORD);
        other.submit(&form.with("email", typed)).await.refused_page(400, Rejection::EmailTaken);
    }
    let mut other = server.browser();
    let form = other.visit("/register").await.form("#register-submit").with("name", "Eve").with("password", PASSWORD);
    let look_alike = form.with("email", "\u{430}nn@b\u{fc}cher.example");
    other.submit(&look_alike).await.refused_page(400, Rejection::MalformedEmail);
}

#[tokio::test]
async fn a_password_counts_in_every_form_and_one_that_was_stored_in_another_is_stored_anew() {
    const COMPOSED: &str = "\u{fc}ber den stillen Fluss";
    const DECOMPOSED: &str = "u\u{308}ber den stillen Fluss";
    let server = Server::start().await;
    let id = server.db_user("ann@example.org").await;
    // As a version without the rule stored what was typed on a system that decomposes.
    let (salt, mut output) = ([7; 16], [0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, Some(32)).unwrap());
    argon2.hash_password_into(DECOMPOSED.as_bytes(), &salt, &mut output).unwrap();
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    let former = format!("$argon2id$v=19$m=8,t=1,p=1${salt}${output}");
    server.database.db_execute(&format!("UPDATE users SET password_hash = '{former}' WHERE id = '{id}'")).await;
    // Two forms are tried and the present one is hashed; then it is found at once.
    for (typed, hashes) in [(COMPOSED, 3), (COMPOSED, 1), (DECOMPOSED, 1)] {
        let before = server.app.hasher.hashes_computed();
        let mut browser = server.browser();
        let page = browser.visit("/login").await;
        assert!(browser.sign_in_on(&page, "ann@example.org", typed).await.has("#sign-out"));
        assert_eq!(server.app.hasher.hashes_computed() - before, hashes);
    }
    let left = format!("SELECT COUNT(*) FROM users WHERE password_hash = '{former}'");
    assert_eq!(server.database.db_number(&left).await, 0);
}
