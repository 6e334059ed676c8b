//! Two secrets of a client: both work while one takes the place of the other, and each ends when it is said to, on every node.

use doorward::protocol::audit::{Act, Name};
use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Changed, ClientChange, ClientSecretView, Error, IssuedClientSecret, Renewal, State};

use super::{web, wrong_fields};
use crate::support::{Client, Database, Live, Server};

const DAY: i64 = 86_400;
/// How often each meeting is tried: which of the two comes first is left to chance.
const ROUNDS: usize = 10;

const AT_ONCE: Renewal = Renewal { overlap: None, life: None };

const fn beside(seconds: i64) -> Renewal {
    Renewal { overlap: Some(seconds), life: None }
}

const fn ending(seconds: i64) -> Renewal {
    Renewal { overlap: None, life: Some(seconds) }
}

/// The operator, now.
fn act(server: &Server) -> Act {
    Act::of_operator(server.clock.now())
}

async fn try_renew(server: &Server, client: &Client, how: Renewal) -> Result<Changed<IssuedClientSecret>, Error> {
    server.registry().renew_client_secret(&client.id, how, &act(server)).await
}

/// The client with another secret, and the id of that.
async fn renewed(server: &Server, client: &Client, how: Renewal) -> (Client, String) {
    let view = try_renew(server, client, how).await.unwrap().view;
    let mut renewed = client.clone();
    renewed.secret = Some(view.secret.expose().to_owned());
    server.poll().await;
    (renewed, view.id)
}

async fn listed(server: &Server, client: &Client) -> Vec<ClientSecretView> {
    server.registry().client_secrets(&client.id, server.clock.now()).await.unwrap()
}

#[tokio::test]
async fn both_secrets_work_until_the_overlap_is_over_on_every_node() {
    let server = Server::start().await;
    let other = server.another_node().await;
    for kind in [ClientType::Service, ClientType::Web] {
        let former = server.db_client(kind, |_| {}).await;
        let works = async |client: &Client| match kind {
            ClientType::Service => drop(client.credentials(&[]).await.ok()),
            _ => drop(refresh(client).await.refused_json(400, Rejection::UnknownRefreshToken)),
        };
        for node in [&server, &other] {
            node.poll().await;
            works(&former.on(node)).await;
        }
        let (new, _) = renewed(&server, &former, beside(7 * DAY)).await;
        for turn in [0, 7 * DAY - 1] {
            server.turn(turn);
            for node in [&server, &other] {
                node.poll().await;
                works(&former.on(node)).await;
                works(&new.on(node)).await;
            }
        }
        server.turn(1);
        for node in [&server, &other] {
            node.poll().await;
            works(&new.on(node)).await;
            refresh(&former.on(node)).await.refused_json(401, Rejection::ExpiredClientSecret);
        }
    }
}

async fn refresh(client: &Client) -> crate::support::Answer {
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await
}

#[tokio::test]
async fn without_an_overlap_all_others_are_worthless_at_once() {
    let server = Server::start().await;
    let first = server.db_client(ClientType::Service, |_| {}).await;
    let (second, _) = renewed(&server, &first, beside(DAY)).await;
    let (third, id) = renewed(&server, &first, AT_ONCE).await;
    for worthless in [&first, &second] {
        worthless.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
    }
    third.credentials(&[]).await.ok();
    let all = listed(&server, &first).await;
    assert_eq!((all.len(), all[0].id.as_str(), all[0].expires_at.as_deref()), (1, id.as_str(), None));
}

#[tokio::test]
async fn a_secret_that_was_given_an_end_is_refused_from_then_on_and_its_holder_is_told_why() {
    let server = Server::start().await;
    let mut new = web("Notebook");
    new.details.secret_life = Some(90 * DAY);
    let made = server.registry().create_client(new, &act(&server)).await.unwrap().view;
    assert_eq!(made.secret_expires_at.as_deref(), Some("2027-04-15T08:00:00Z"));
    assert_eq!(made.client.secrets, 1);
    let mut client = server.db_client(ClientType::Web, |_| {}).await;
    client.id = made.client.client_id;
    client.secret = made.secret.map(|secret| secret.expose().to_owned());
    server.turn(90 * DAY - 1);
    refresh(&client).await.refused_json(400, Rejection::UnknownRefreshToken);
    server.turn(1);
    let told = refresh(&client).await;
    told.refused_json(401, Rejection::ExpiredClientSecret);
    assert_eq!(told.json()["error"], "invalid_client");
    let mut wrong = client.clone();
    wrong.secret = Some("wrong".to_owned());
    refresh(&wrong).await.refused_json(401, Rejection::WrongClientSecret);
    let shown = server.registry().client(&client.id, server.clock.now()).await.unwrap();
    assert_eq!((shown.secrets, shown.state), (0, State::On));
    // The next one takes the other place, and the expired one is still told what it is.
    let (new, _) = renewed(&server, &client, Renewal { overlap: Some(DAY), life: Some(DAY) }).await;
    refresh(&new).await.refused_json(400, Rejection::UnknownRefreshToken);
    refresh(&client).await.refused_json(401, Rejection::ExpiredClientSecret);
    let states: Vec<&str> = listed(&server, &client).await.iter().map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["live", "expired"]);
}

#[tokio::test]
async fn a_third_secret_is_refused_while_two_work() {
    let server = Server::start().await;
    let first = server.db_client(ClientType::Service, |_| {}).await;
    let (second, id) = renewed(&server, &first, beside(DAY)).await;
    assert_eq!(wrong_fields(try_renew(&server, &first, beside(DAY)).await), ["overlap"]);
    for works in [&first, &second] {
        works.credentials(&[]).await.ok();
    }
    server.registry().revoke_client_secret(&first.id, &id, &act(&server)).await.unwrap();
    let (third, _) = renewed(&server, &first, beside(DAY)).await;
    second.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
    server.turn(DAY);
    let (fourth, _) = renewed(&server, &first, beside(DAY)).await;
    for works in [&third, &fourth] {
        works.credentials(&[]).await.ok();
    }
    let places = "SELECT COUNT(*) FROM client_secrets";
    assert_eq!(server.database.db_number(places).await, 2, "the one whose time was over has given its place away");
}

#[tokio::test]
async fn the_last_secret_that_works_is_not_revoked_and_a_public_client_has_none() {
    let server = Server::start().await;
    let registry = server.registry();
    let client = server.db_client(ClientType::Service, |_| {}).await;
    let refused = registry.revoke_client_secret(&client.id, "first", &act(&server)).await;
    let sentence = refused.as_ref().unwrap_err().to_string();
    assert!(sentence.contains("client disable") && sentence.contains("client new-secret"), "{sentence}");
    assert_eq!(wrong_fields(refused), ["secret"]);
    let (new, id) = renewed(&server, &client, beside(DAY)).await;
    assert_eq!(wrong_fields(registry.revoke_client_secret(&client.id, "second", &act(&server)).await), ["secret"]);
    registry.revoke_client_secret(&client.id, "first", &act(&server)).await.unwrap();
    server.poll().await;
    client.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
    new.credentials(&[]).await.ok();
    assert_eq!(wrong_fields(registry.revoke_client_secret(&client.id, &id, &act(&server)).await), ["secret"]);

    let public = server.db_client(ClientType::Spa, |_| {}).await;
    assert_eq!(wrong_fields(try_renew(&server, &public, AT_ONCE).await), ["auth_method"]);
    assert_eq!(wrong_fields(registry.revoke_client_secret(&public.id, "x", &act(&server)).await), ["auth_method"]);
    assert!(listed(&server, &public).await.is_empty());
    for missing in [
        registry.client_secrets("nobody", server.clock.now()).await.map(drop),
        registry.revoke_client_secret("nobody", "x", &act(&server)).await.map(drop),
    ] {
        assert!(matches!(missing, Err(Error::Missing(..))), "{missing:?}");
    }
}

#[tokio::test]
async fn times_that_cannot_be_are_told_and_nothing_changes() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Service, |_| {}).await;
    for (how, field) in [
        (beside(0), "overlap"),
        (beside(400 * DAY), "overlap"),
        (ending(0), "secret_expires"),
        (ending(-5), "secret_expires"),
    ] {
        assert_eq!(wrong_fields(try_renew(&server, &client, how).await), [field], "{how:?}");
    }
    let needless = ClientChange { secret_life: Some(DAY), ..ClientChange::default() };
    let refused = server.registry().change_client(&client.id, needless, &act(&server)).await;
    assert_eq!(wrong_fields(refused), ["secret_expires"]);
    server.poll().await;
    client.credentials(&[]).await.ok();
    assert_eq!(listed(&server, &client).await.len(), 1);
}

#[tokio::test]
async fn a_client_that_becomes_public_or_is_deleted_keeps_no_secret() {
    let server = Server::start().await;
    let registry = server.registry();
    let client = server.db_client(ClientType::Web, |_| {}).await;
    renewed(&server, &client, beside(DAY)).await;
    let kept = "SELECT COUNT(*) FROM client_secrets";
    assert_eq!(server.database.db_number(kept).await, 2);
    let method = |method| ClientChange { auth_method: Some(method), ..ClientChange::default() };
    let public = registry.change_client(&client.id, method(AuthMethod::None), &act(&server)).await.unwrap().view;
    assert_eq!((public.client.secrets, server.database.db_number(kept).await), (0, 0));
    let ending = ClientChange { secret_life: Some(DAY), ..method(AuthMethod::ClientSecret) };
    let again = registry.change_client(&client.id, ending, &act(&server)).await.unwrap().view;
    assert!(again.secret.is_some() && again.secret_expires_at.is_some() && again.client.secrets == 1, "{again:?}");
    renewed(&server, &client, beside(DAY)).await;
    registry.delete_client(&client.id, &act(&server)).await.unwrap();
    assert_eq!(server.database.db_number(kept).await, 0);
}

#[tokio::test]
async fn of_two_who_add_a_secret_at_once_one_is_refused() {
    let server = Server::start().await;
    let other = server.another_node().await;
    for _ in 0..ROUNDS {
        let client = server.db_client(ClientType::Service, |_| {}).await;
        let (one, two) =
            tokio::join!(try_renew(&server, &client, beside(DAY)), try_renew(&other, &client, beside(DAY)));
        let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(wrong_fields(lost), ["overlap"]);
        let mut new = client.clone();
        new.secret = Some(won.unwrap().view.secret.expose().to_owned());
        server.poll().await;
        for works in [&client, &new] {
            works.credentials(&[]).await.ok();
        }
        // Beside one that ends all others: whichever was first, what is left is what the last of them said.
        let (added, alone) =
            tokio::join!(try_renew(&server, &client, beside(DAY)), try_renew(&other, &client, AT_ONCE));
        let (added, alone) = (added.map(|added| added.view), alone.unwrap().view);
        let ids: Vec<String> = listed(&server, &client).await.into_iter().map(|one| one.id).collect();
        assert!(ids.contains(&alone.id) && ids.len() == 1 + usize::from(added.is_ok()), "{ids:?} {added:?}");
    }
}

#[tokio::test]
async fn each_change_is_an_event_without_a_secret() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Service, |_| {}).await;
    let added = try_renew(&server, &client, Renewal { overlap: Some(DAY), life: Some(9 * DAY) }).await.unwrap();
    let event = &added.event;
    assert_eq!((event.name, event.client_id.as_deref()), (Name::ClientSecretRenewed, Some(client.id.as_str())));
    let details = serde_json::json!({
        "secret": added.view.id, "expires_at": "2027-01-24T08:00:00Z", "former_until": "2027-01-16T08:00:00Z",
    });
    assert_eq!(serde_json::json!(event.details), details);
    assert!(!format!("{added:?}").contains(added.view.secret.expose()));
    let ended = server.registry().revoke_client_secret(&client.id, "first", &act(&server)).await.unwrap().event;
    assert_eq!((ended.name, &ended.details["secret"]), (Name::ClientSecretRevoked, &serde_json::json!("first")));
    for event in ["client.secret_renewed", "client.secret_revoked"] {
        let rows = format!("SELECT COUNT(*) FROM audit WHERE event = '{event}' AND actor = 'operator'");
        assert_eq!(server.database.db_number(&rows).await, 1, "{event}");
    }
}

#[tokio::test]
async fn when_a_secret_was_last_used_is_noted_by_the_minute_and_no_request_waits_for_it() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let former = server.db_client(ClientType::Service, |_| {}).await;
    let (new, id) = renewed(&server, &former, beside(7 * DAY)).await;
    let used = async |id: &str| -> Option<String> {
        listed(&server, &former).await.into_iter().find(|one| one.id == id).unwrap().last_used_at
    };
    // That client credentials run no statement, `statements.rs` counts.
    for _ in 0..3 {
        former.credentials(&[]).await.ok();
    }
    assert_eq!(used("first").await, None);
    assert_eq!(server.app.secret_uses.write().await.unwrap(), 1);
    assert_eq!((used("first").await.as_deref(), used(&id).await), (Some("2027-01-15T08:00:00Z"), None));
    assert_eq!(server.app.secret_uses.write().await.unwrap(), 0, "nothing is written twice");
    // A wrong secret and an expired one are no use of any; of two nodes the later use stays, whichever writes last.
    let mut wrong = former.clone();
    wrong.secret = Some("wrong".to_owned());
    wrong.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
    server.turn(10);
    former.credentials(&[]).await.ok();
    server.turn(10);
    other.poll().await;
    for client in [&former, &new] {
        client.on(&other).credentials(&[]).await.ok();
    }
    assert_eq!(other.app.secret_uses.write().await.unwrap(), 2);
    assert_eq!(server.app.secret_uses.write().await.unwrap(), 1);
    for id in ["first", &id] {
        assert_eq!(used(id).await.as_deref(), Some("2027-01-15T08:00:20Z"), "{id}");
    }
    // One that goes on keeps what is known of it; one that has taken a place is not what was there before.
    new.credentials(&[]).await.ok();
    server.registry().revoke_client_secret(&former.id, &id, &act(&server)).await.unwrap();
    let (_, third) = renewed(&server, &former, beside(DAY)).await;
    server.app.secret_uses.write().await.unwrap();
    assert_eq!((used("first").await.as_deref(), used(&third).await), (Some("2027-01-15T08:00:20Z"), None));
    // What cannot be written is written the next time.
    former.credentials(&[]).await.ok();
    server.database.db_execute("ALTER TABLE client_secrets RENAME COLUMN last_used_at TO hidden").await;
    assert!(server.app.secret_uses.write().await.is_err());
    server.database.db_execute("ALTER TABLE client_secrets RENAME COLUMN hidden TO last_used_at").await;
    assert_eq!(server.app.secret_uses.write().await.unwrap(), 1);
}

#[tokio::test]
async fn a_secret_that_ends_within_fourteen_days_is_warned_of_once_a_day_by_one_node() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let client = server.db_client(ClientType::Service, |_| {}).await;
    let (_, id) = renewed(&server, &client, ending(20 * DAY)).await;
    let off = server.db_client(ClientType::Service, |_| {}).await;
    renewed(&server, &off, ending(15 * DAY)).await;
    server.registry().switch_client(&off.id, State::Off, &act(&server)).await.unwrap();
    let warned = async |server: &Server| -> Vec<(String, String)> {
        let warned = server.app.expiring_secrets.warn(server.clock.now()).await.unwrap();
        warned.into_iter().map(|one| (one.client_id, one.secret_id)).collect()
    };
    let counted = async || {
        let now = server.clock.now();
        server.app.storage.read().await.unwrap().secrets_expiring(now, now.plus(14 * DAY)).await.unwrap()
    };
    server.turn(6 * DAY - 1);
    assert_eq!((warned(&server).await, counted().await), (vec![], 0));
    server.turn(1);
    let own = vec![(client.id.clone(), id.clone())];
    assert_eq!((warned(&server).await, warned(&other).await, counted().await), (own.clone(), vec![], 1));
    server.turn(DAY - 1);
    assert_eq!((warned(&other).await, warned(&server).await), (vec![], vec![]));
    server.turn(1);
    assert_eq!((warned(&other).await, warned(&server).await), (own, vec![]));
    // What has ended is warned of no more.
    server.turn(13 * DAY);
    assert_eq!((warned(&server).await, counted().await), (vec![], 0));
}

#[tokio::test]
async fn secrets_are_renewed_listed_and_revoked_by_command_beside_a_running_server() {
    let database = Database::copy().await;
    let mut server = Live::serve(&database);
    let service = server.client("service", &[]);
    let asks = async |secret: &str| {
        let mut client = server.client("service", &[]);
        (client.id, client.secret) = (service.id.clone(), Some(secret.to_owned()));
        client.token(&[("grant_type", "client_credentials")]).await.status.as_u16()
    };
    let former = service.secret.clone().unwrap();
    assert_eq!(asks(&former).await, 200);
    let renewed = server.command(&["client", "new-secret", &service.id, "--overlap", "7d", "--expires", "10d"]);
    let (new, id) = (renewed["client_secret"].as_str().unwrap(), renewed["secret_id"].as_str().unwrap());
    assert!(renewed["former_until"].is_string() && renewed["secret_expires_at"].is_string(), "{renewed}");
    crate::support::eventually("the new secret counts", async || (asks(new).await == 200).then_some(())).await;
    assert_eq!(asks(&former).await, 200);
    assert_eq!(server.command(&["client", "show", &service.id])["secrets"], 2);
    let said = server.refused(&["client", "new-secret", &service.id, "--overlap", "7d"]);
    assert!(said.contains("has two secrets that work"), "{said}");
    for wrong in ["0d", "7", "-1d", "soon"] {
        let ran = server.begin(&["client", "new-secret", &service.id, &format!("--overlap={wrong}")]);
        assert_eq!(ran.wait_with_output().unwrap().status.code(), Some(2), "{wrong}");
    }
    // Whoever stops a server loses nothing of it; the next one warns as it starts.
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let secrets = server.command(&["client", "secrets", &service.id]);
    for secret in secrets.as_array().unwrap() {
        assert!(secret["last_used_at"].is_string() && secret["created_at"].is_string(), "{secret}");
        assert_eq!((&secret["state"], secret["expires_at"].is_string()), (&serde_json::json!("live"), true));
        assert_eq!(secret.as_object().unwrap().len(), 5, "{secret}");
    }
    let ids: Vec<&str> = secrets.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(ids.len() == 2 && ids.contains(&id) && !secrets.to_string().contains(new), "{secrets}");
    let again = Live::serve(&database);
    let lines = crate::support::eventually("it warns", async || {
        let log = again.log();
        let lines: Vec<String> =
            log.lines().filter(|line| line.contains("a client secret ends soon")).map(str::to_owned).collect();
        (lines.len() == 2).then_some(lines)
    })
    .await;
    assert!(lines.iter().all(|line| line.contains("WARN") && line.contains(&service.id)), "{lines:?}");
    assert!(ids.iter().all(|id| lines.iter().any(|line| line.contains(id))), "{lines:?}");
    let other = ids.iter().find(|one| **one != id).unwrap();
    let revoked = again.command(&["client", "revoke-secret", &service.id, other]);
    assert_eq!(revoked, serde_json::json!({ "client_id": service.id, "id": other, "revoked": true }));
    let last = again.refused(&["client", "revoke-secret", &service.id, id]);
    assert!(last.contains("last secret") && last.contains("client disable"), "{last}");
    assert!(again.say(&["client", "secrets", &service.id], "").contains("last used at"));
}
