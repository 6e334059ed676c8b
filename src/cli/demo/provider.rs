//! The sample provider: a second Doorward, on an address and a database of its own, through which one can sign in at the first. Nothing in
//! it is made for the demo: it is what anybody runs who starts `doorward serve` twice and makes one a client of the other.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::own_settings;
use crate::app::App;
use crate::cli::refused;
use crate::cli::start::{self, Made};
use crate::clock::Clock;
use crate::config::{Config, MailConfig, SecretSetting, UpstreamConfig};
use crate::failure::Failure;
use crate::http::demo::{Person, SampleProvider};
use crate::protocol::audit::Act;
use crate::protocol::client::ClientType;
use crate::protocol::edit::Edit;
use crate::protocol::upstream::ProviderKind;
use crate::registry::{self, ClientChange, NewUser, Registry, Renewal, UserChange};
use crate::secret::Secret;

/// The provider's name among the settings, and in the addresses of the first Doorward.
pub(super) const ID: &str = "sample";
/// Its name for people.
const NAME: &str = "Sample provider";
/// Below this path it has cookies of its own, also when the first Doorward is on the same host: cookies know no ports (RFC 6265 §8.5).
const PATH: &str = "/sample";
/// The first Doorward, as a client.
const CLIENT: &str = "doorward";
/// Another colour than the first's, so that one sees where one is.
const ACCENT: &str = "#5b4b9a";

/// Who has an account there.
const PEOPLE: [Person; 3] = [
    Person {
        name: "Pat Reyes",
        email: "pat@sample.example",
        story: "Has no account here. Sign in as Pat and one is made, once you have seen what it will say of you.",
    },
    KNOWN_HERE,
    Person {
        name: "Tina Lund",
        email: "tina@sample.example",
        story: "Somebody may have taken her address here before her. Be that somebody: create an account with it, and sign out. Then come \
                as Tina and say that it is not yours: she has the address, and that account is closed.",
    },
];
/// Who has one here as well, made by the operator.
const KNOWN_HERE: Person = Person {
    name: "Olga Berg",
    email: "olga@sample.example",
    story: "Has an account here with the same address and password. An equal address merges nothing: sign in to that account when you are \
            asked to, and the two are linked.",
};
/// The password of all of them.
const PASSWORD: &str = "blue kettles sing at noon";

/// The second Doorward, and what people are told of it.
pub(super) struct Provider {
    pub app: App,
    pub told: SampleProvider,
}

/// Builds the provider, registers its people and, as its client, the Doorward of these settings; which learn of it.
pub(super) async fn start(first: &mut Config, clock: Clock, bound: SocketAddr) -> Result<Provider, Failure> {
    let app = start::app(settings(first, bound)?, clock, &mut Made::new()).await?;
    let registry = Registry::new(app.storage.clone(), &app.config)?;
    let act = Act::of_operator(app.now());
    let issuer = &first.server.issuer;
    let client = ClientChange {
        name: Some(first.brand.name.clone()),
        redirect_uris: Some(vec![format!("{issuer}/upstream/{ID}/callback")]),
        post_logout_redirect_uris: Some(vec![format!("{issuer}/signed-out")]),
        backchannel_logout_uri: Edit::Set(format!("{issuer}/upstream/{ID}/backchannel-logout")),
        id_token_claims: Edit::Set(true),
        ..ClientChange::default()
    };
    super::sample(&registry, ClientType::Web, CLIENT, client, &act).await?;
    let issued = registry.renew_client_secret(CLIENT, Renewal::default(), &act).await.map_err(refused)?.view;
    for one in &PEOPLE {
        person(&registry, one, &act).await?;
    }
    app.refresh().await?;
    let issuer = app.issuer.as_str().to_owned();
    let told = SampleProvider { name: NAME, issuer: issuer.clone(), people: PEOPLE.to_vec(), password: PASSWORD };
    first.outgoing.allow.push(bound.to_string());
    first.upstream.push(UpstreamConfig {
        id: ID.to_owned(),
        kind: Some(ProviderKind::Oidc),
        name: NAME.to_owned(),
        issuer,
        client_id: CLIENT.to_owned(),
        client_secret: SecretSetting::new(issued.secret.expose()),
        // So that a take-over can be seen: it vouches for addresses as whoever runs the mailboxes can.
        trust_email: Some(true),
        ..UpstreamConfig::default()
    });
    Ok(Provider { app, told })
}

/// Makes here the account of whoever has one at both.
pub(super) async fn known_here(app: &App) -> Result<(), Failure> {
    person(&Registry::new(app.storage.clone(), &app.config)?, &KNOWN_HERE, &Act::of_operator(app.now())).await
}

/// The settings of the first, over a folder and with a name of its own.
fn settings(first: &Config, bound: SocketAddr) -> Result<Config, Failure> {
    let mut config = first.clone();
    own_settings(&mut config, first.server.data.join("provider"), &bound.to_string());
    config.server.issuer = format!("http://{bound}{PATH}");
    config.brand.name = NAME.to_owned();
    config.brand.logo = PathBuf::new();
    config.brand.accent = ACCENT.parse().map_err(Failure::internal)?;
    config.upstream.clear();
    config.mail = MailConfig::default();
    // It tells the first of those who have signed out.
    config.outgoing.allow.push(authority(&first.server.issuer));
    Ok(config)
}

/// The account, made if it is not there.
async fn person(registry: &Registry, person: &Person, act: &Act) -> Result<(), Failure> {
    match registry.user(person.email).await {
        Err(registry::Error::Missing(..)) => {}
        found => return found.map(drop).map_err(refused),
    }
    let details = UserChange {
        name: Some(person.name.to_owned()),
        email_verified: Some(true),
        password: Some(Secret::presented(PASSWORD)),
        ..UserChange::default()
    };
    registry.create_user(NewUser { email: person.email.to_owned(), details }, act).await.map(drop).map_err(refused)
}

/// The host and port of an address, as `[outgoing] allow` has them.
fn authority(issuer: &str) -> String {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}
