//! Links that an operator gives: invitations, and new passwords.

use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, Delivery, Error, Invitation};

use super::{ANN, EVE, NEW_PASSWORD, open, start};
use crate::support::{Database, Live, PASSWORD, Server};

fn invitation() -> Invitation {
    Invitation { email: " Ann@example.org".into(), name: "Ann Lee".into(), roles: vec!["editor".into()] }
}

#[tokio::test]
async fn somebody_who_was_invited_makes_an_account_where_nobody_else_can() {
    let server = Server::with_mail(|config| config.registration.enabled = false).await;
    let act = || Act::of_operator(server.clock.now());
    let invited = server.registry().invite(invitation(), Delivery::Mail, &act()).await.unwrap().view;
    assert_eq!((invited.email.as_str(), &invited.link), (ANN, &None));
    let mail = server.mailbox().await.latest_to(ANN);
    assert!(mail.text.contains("/mail?"));
    server.turn(6 * 86_400);
    let mut browser = server.browser();
    let page = open(&mut browser, &mail.link()).await;
    assert_eq!(page.field("#name", "value").as_deref(), Some("Ann Lee"));
    let page = browser.press(&page.form("#register-submit").with("password", PASSWORD)).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    let user = server.registry().user(ANN).await.unwrap();
    assert_eq!((user.roles, user.email_verified, user.made_by.as_str()), (vec!["editor".into()], true, "invitation"));
    server.browser().visit(&mail.link()).await.refused_page(400, Rejection::UnknownTicket);
    server.get("/register").await.refused_page(404, Rejection::RegistrationClosed);
}

#[tokio::test]
async fn a_link_is_shown_to_the_operator_where_it_is_not_sent() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let act = || Act::of_operator(server.clock.now());
    let unsent = server.registry().reset_password(ANN, Delivery::Mail, &act()).await.unwrap_err();
    assert!(unsent.to_string().contains("--print"), "{unsent}");
    let given = server.registry().reset_password(ANN, Delivery::Told, &act()).await.unwrap().view;
    let mut browser = server.browser();
    let page = open(&mut browser, &given.link.unwrap()).await;
    assert!(browser.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await.has("#sign-out"));
}

#[tokio::test]
async fn what_cannot_be_invited_or_reset_is_told() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let act = || Act::of_operator(server.clock.now());
    let refused =
        async |invitation: Invitation| match server.registry().invite(invitation, Delivery::Mail, &act()).await {
            Err(Error::Invalid(problems)) => problems.to_string(),
            other => panic!("{other:?}"),
        };
    assert!(refused(invitation()).await.contains("there is an account"));
    let odd = Invitation { email: EVE.into(), name: "n".repeat(201), roles: vec!["a b".into()] };
    let odd = refused(odd).await;
    assert!(odd.contains("name: ") && odd.contains("roles: "), "{odd}");
    assert!(refused(Invitation { email: "x".into(), ..invitation() }).await.contains("email: 'x'"));
    server.db_change_user(&ann, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    let off = server.registry().reset_password(&ann, Delivery::Mail, &act()).await.unwrap_err();
    assert!(off.to_string().contains("switched off"), "{off}");
    assert!(matches!(server.registry().reset_password(EVE, Delivery::Mail, &act()).await, Err(Error::Missing(..))));
    assert_eq!(server.mailbox().await.all().len(), 0);
}

/// A command that is run in the server's folder without its settings is the likeliest mistake of all: the link leads to the server all the same.
#[tokio::test]
async fn a_link_of_a_command_leads_to_the_server_beside_it_wherever_that_listens() {
    let database = Database::copy().await;
    let mut server = Live::serve(&database);
    let invite = ["user", "invite", "--email", ANN, "--name", "Ann Lee", "--print"];
    let link = server.command(&invite)["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/mail?", server.issuer)), "{link} does not lead to {}", server.issuer);

    // What was configured is an operator's will, such as before a move to another name, and told.
    server.set("DOORWARD__SERVER__ISSUER", "https://login.example.org");
    let moved = server.begin(&[&invite[..], &["--json"]].concat()).wait_with_output().unwrap();
    let (out, said) = (String::from_utf8(moved.stdout).unwrap(), String::from_utf8(moved.stderr).unwrap());
    assert!(out.contains("https://login.example.org/mail?"), "{out}{said}");
    let warning = format!("warning: the server of this database was last started as {}", server.issuer);
    assert!(said.starts_with(&warning) && said.contains("https://login.example.org"), "{said}");
}
