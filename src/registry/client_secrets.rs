//! The secrets of a client: making another, at once or with an overlap, listing them, and putting one out of use.
//!
//! The client is held while its secrets change: of two who want to add one at the same time, the other finds two that live.

use serde::Serialize;

use super::client::missing;
use super::{Changed, Error, Registry, commit};
use crate::clock::Timestamp;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::client::{AuthMethod, Client};
use crate::protocol::client_secrets::{ClientSecret, ClientSecrets, Kept, SecretState, check_life, check_overlap};
use crate::protocol::problem::Problems;
use crate::random;
use crate::secret::Secret;
use crate::storage::Transaction;

/// How a client gets another secret.
#[derive(Clone, Copy, Debug, Default)]
pub struct Renewal {
    /// For how many seconds the former one goes on; without it all others are worthless at once.
    pub overlap: Option<i64>,
    /// How many seconds the new one lives; without it, it has no end.
    pub life: Option<i64>,
}

/// A new secret, which is shown this once.
#[derive(Debug)]
pub struct IssuedClientSecret {
    /// Whose it is.
    pub client_id: String,
    /// The secret.
    pub secret: Secret,
    /// Its id.
    pub id: String,
    /// When it ends (RFC 3339), when it does.
    pub expires_at: Option<String>,
    /// Until when the former one goes on (RFC 3339), when one does.
    pub former_until: Option<String>,
}

/// A secret as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ClientSecretView {
    /// Names it among those of the client.
    pub id: String,
    /// Whether it is good for anything.
    pub state: SecretState,
    /// When it was made (RFC 3339); `None` when it is from before that was kept.
    pub created_at: Option<String>,
    /// When it ends (RFC 3339); `None` when it has no end.
    pub expires_at: Option<String>,
    /// When it was last used (RFC 3339), as far as that is noted.
    pub last_used_at: Option<String>,
}

/// What is unknown, is an [`Error::Missing`] client or an [`Error::Invalid`] secret.
impl Registry {
    /// Makes a new secret: in place of all others, which are worthless at once, or beside the one that lives.
    pub async fn renew_client_secret(
        &self,
        client_id: &str,
        how: Renewal,
        act: &Act,
    ) -> Result<Changed<IssuedClientSecret>, Error> {
        self.administers(act).await?;
        let (secret, new) = made_secret(how.life, act.at)?;
        let until = how.overlap.map(|seconds| check_overlap(seconds).map(|()| act.at.plus(seconds))).transpose();
        let until = until.map_err(|why| Problems::one("overlap", why))?;
        let mut transaction = self.storage.begin().await?;
        let mut client = held(&mut transaction, client_id).await?;
        let (id, expires_at) = (new.id.clone(), told(new.expires_at));
        match until {
            None => client.secrets = ClientSecrets::one(new),
            Some(until) => client.secrets.add(new, until, act.at).map_err(|_| both_live(&client))?,
        }
        let former = client.secrets.iter().find(|one| one.id != id && one.state(act.at) == SecretState::Live);
        let former_until = former.and_then(|former| told(former.expires_at));
        let mut event =
            Event::of(act, Name::ClientSecretRenewed).on(Noun::Client, client_id).with("secret", id.as_str());
        for (name, at) in [("expires_at", &expires_at), ("former_until", &former_until)] {
            if let Some(at) = at {
                event = event.with(name, at.as_str());
            }
        }
        written(transaction, &client, &event).await?;
        let view = IssuedClientSecret { client_id: client.client_id, secret, id, expires_at, former_until };
        Ok(Changed { view, event, warnings: Vec::new() })
    }

    /// The secrets of a client, the newest first; none of a public one.
    pub async fn client_secrets(&self, client_id: &str, now: Timestamp) -> Result<Vec<ClientSecretView>, Error> {
        let mut reader = self.storage.read().await?;
        let client = reader.client(client_id).await?.ok_or_else(|| missing(client_id))?;
        let used = reader.secrets_used(client_id).await?;
        let mut secrets: Vec<&ClientSecret> = client.secrets.iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.made_at));
        let view = |secret: &ClientSecret| ClientSecretView {
            id: secret.id.clone(),
            state: secret.state(now),
            created_at: told(secret.made_at),
            expires_at: told(secret.expires_at),
            last_used_at: used.iter().find(|(id, _)| *id == secret.id).map(|(_, at)| at.to_string()),
        };
        Ok(secrets.into_iter().map(view).collect())
    }

    /// Puts a secret out of use at once. The last that lives stays: a client without any is switched off, and looks like one that is on.
    pub async fn revoke_client_secret(&self, client_id: &str, id: &str, act: &Act) -> Result<Changed<()>, Error> {
        self.administers(act).await?;
        let mut transaction = self.storage.begin().await?;
        let mut client = held(&mut transaction, client_id).await?;
        client.secrets.revoke(id, act.at).map_err(|why| {
            let sentence = match why {
                Kept::Unknown => format!("the client {client_id} has no secret '{}'", id.escape_debug()),
                Kept::LastLive => format!(
                    "it is the last secret of the client {client_id} that works: make another with `client new-secret`, or switch the client \
                     off with `client disable`"
                ),
            };
            Problems::one("secret", sentence)
        })?;
        let event = Event::of(act, Name::ClientSecretRevoked).on(Noun::Client, client_id).with("secret", id);
        written(transaction, &client, &event).await?;
        Ok(Changed { view: (), event, warnings: Vec::new() })
    }
}

/// A new secret that lives for so many seconds, and what is kept of it.
///
/// # Errors
/// When it cannot live so long.
pub(super) fn made_secret(life: Option<i64>, now: Timestamp) -> Result<(Secret, ClientSecret), Problems> {
    let expires_at = life.map(|seconds| check_life(seconds).map(|()| now.plus(seconds))).transpose();
    let expires_at = expires_at.map_err(|why| Problems::one("secret_expires", why))?;
    let secret = random::secret();
    let kept = ClientSecret { id: random::short_id(), hash: secret.hash(), made_at: Some(now), expires_at };
    Ok((secret, kept))
}

/// The client, held, when it is one that has secrets.
async fn held(transaction: &mut Transaction, client_id: &str) -> Result<Client, Error> {
    let client = transaction.hold_client(client_id).await?.ok_or_else(|| missing(client_id))?;
    if client.auth_method == AuthMethod::None {
        let sentence = format!("the client {client_id} is public: it has no secret");
        return Err(Problems::one("auth_method", sentence).into());
    }
    Ok(client)
}

async fn written(mut transaction: Transaction, client: &Client, event: &Event) -> Result<(), Error> {
    transaction.change_secrets(client).await?;
    transaction.client_changed(&client.client_id).await?;
    Ok(commit(transaction, event).await?)
}

fn both_live(client: &Client) -> Problems {
    let sentence = format!(
        "the client {} has two secrets that work: end one first with `client revoke-secret`, or make one without an overlap, which ends both",
        client.client_id
    );
    Problems::one("overlap", sentence)
}

fn told(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
