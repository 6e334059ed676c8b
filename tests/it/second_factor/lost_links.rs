//! The links of those that are told when somebody has lost all, also where the account is no more or never was.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::ticket::{Details, Purpose};
use doorward::registry::{Act, NewIdentity};
use doorward::secret::Secret;
use doorward::storage::GivenLink;

use super::ANN;
use crate::support::{Server, WAIT};

pub(super) const FORMER: &str = "ann@former.example";
pub(super) const AT_PROVIDER: &str = "ann@provider.example";

/// Ann has an account at a provider, which says that it has verified an address, and had another address here some days ago.
pub(super) async fn add_addresses(server: &Server, ann: &str) {
    let theirs = NewIdentity { provider: "id".into(), issuer: "https://id.example.com".into(), subject: "ann".into() };
    server.registry().link_identity(ann, &theirs, &Act::of_operator(server.clock.now())).await.unwrap();
    let set = format!("UPDATE identities SET email = '{AT_PROVIDER}', email_verified = 1");
    server.database.db_execute(&set).await;
    let undo = GivenLink {
        purpose: Purpose::Undo,
        address: FORMER,
        user_id: Some(ann),
        secret: &Secret::presented("a way back"),
        details: Details::default(),
        expires_at: server.clock.now().plus(3 * WAIT),
    };
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.give_link(&undo).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn every_address_that_is_told_can_stop_a_request() {
    const ALL: [&str; 3] = [ANN, FORMER, AT_PROVIDER];
    for address in ALL {
        let server = Server::with_mail(|_| {}).await;
        let (_, _, ann) = server.db_guarded(ANN).await;
        add_addresses(&server, &ann).await;
        server.begin_reset(ANN).await;
        let link = async |to: &str| server.mails_about(to, "factor_reset_began").await.remove(0).link();
        let mut browser = server.browser();
        let page = browser.visit(&link(address).await).await;
        assert_eq!(server.db_resets().await, 1, "programs look at links before people do");
        let page = browser.press(&page.form("#confirm")).await;
        assert!(page.text().contains("Your second factors stay"), "{address}: {}", page.text());
        assert_eq!(server.database.db_counts(&["factor_resets", "factors", "recovery_codes"]).await, [0, 2, 10]);
        let ended = format!(
            "SELECT count(*) FROM audit WHERE event = 'factor_reset.ended' AND user_id = '{ann}' \
             AND details LIKE '%\"reason\":\"stopped by a link\"%'"
        );
        assert_eq!(server.database.db_number(&ended).await, 1, "{address}");
        assert!(server.mailbox().await.alerts_to(ANN).contains(&"factor_reset_ended".to_owned()), "{address}");
        for other in ALL {
            server.browser().visit(&link(other).await).await.refused_page(400, Rejection::UnknownTicket);
        }
    }
}
