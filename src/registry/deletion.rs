//! Deleting for good: a client, a person or an API with all that hangs on it. What that is can be asked first.

use serde::Serialize;

use super::role::last_admin;
use super::user::missing;
use super::{Changed, ClientView, Error, Registry, ResourceView, UserView, commit};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::problem::Problems;
use crate::protocol::resource::ResourceField;
use crate::storage::{Deletion, Gone, PAUSE, TRIES, Transaction, in_use};

/// What goes with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClientBelongings {
    /// How many people are using it: they have a grant that has not ended.
    pub users: i64,
    /// How many people have allowed it something.
    pub consents: i64,
}

/// What goes with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UserBelongings {
    /// How many sign-ins there are that were not ended.
    pub sign_ins: i64,
    /// How many applications have access.
    pub clients: i64,
}

/// What there is nothing of with this id is an [`Error::Missing`].
impl Registry {
    /// What goes with a client when it is deleted.
    pub async fn client_belongings(&self, client_id: &str) -> Result<ClientBelongings, Error> {
        let (users, consents) = self.storage.read().await?.belongings_of_client(client_id).await?;
        Ok(ClientBelongings { users, consents })
    }

    /// What goes with a person when the account is deleted.
    pub async fn user_belongings(&self, user_id: &str) -> Result<UserBelongings, Error> {
        let (sign_ins, clients) = self.storage.read().await?.belongings_of_user(user_id).await?;
        Ok(UserBelongings { sign_ins, clients })
    }

    /// Deletes a client with its grants, tokens and consents. No API names it any more as one that may introspect.
    pub async fn delete_client(&self, client_id: &str, act: &Act) -> Result<Changed<ClientView>, Error> {
        self.administers(act).await?;
        for _ in 0..TRIES {
            let mut transaction = self.storage.begin().await?;
            let client = transaction.hold_client(client_id).await?;
            let client = client.ok_or_else(|| Error::Missing(Noun::Client, client_id.to_owned()))?;
            forget_introspector(&mut transaction, client_id).await?;
            if transaction.delete_client(client_id, act.at).await? {
                let event = Event::of(act, Name::ClientDeleted).on(Noun::Client, client_id);
                commit(transaction, &event).await?;
                return Ok(Changed { view: ClientView::of(client, act.at), event, warnings: Vec::new() });
            }
            drop(transaction);
            tokio::time::sleep(PAUSE).await;
        }
        Err(in_use().into())
    }

    /// Deletes a person's account with its sign-ins, identities, grants, tokens and consents; applications are told by the back channel that the
    /// sign-ins have ended. It is named by an address or an id.
    pub async fn delete_user(&self, user: &str, act: &Act) -> Result<Changed<UserView>, Error> {
        self.administers(act).await?;
        let found = self.user(user).await?;
        match self.storage.delete_for_good(&found.id, act).await? {
            Deletion::Gone(gone) => {
                let Gone { account, identities, event } = *gone;
                let had_passkey = found.signs_in_by.contains(&"passkey");
                Ok(Changed { view: UserView::with(account, identities, had_passkey), event, warnings: Vec::new() })
            }
            Deletion::Missing => Err(missing(user)),
            Deletion::LastAdmin => Err(last_admin()),
        }
    }

    /// Deletes an API with its scopes.
    ///
    /// # Errors
    /// [`Error::Invalid`] while a client's own list names it: without it the list could be empty, which stands for every API.
    pub async fn delete_resource(&self, identifier: &str, act: &Act) -> Result<Changed<ResourceView>, Error> {
        self.administers(act).await?;
        let mut transaction = self.storage.begin().await?;
        let resource = transaction.hold_resource(identifier).await?;
        let resource = resource.ok_or_else(|| Error::Missing(Noun::Resource, identifier.to_owned()))?;
        let clients = transaction.clients_of_resource(identifier).await?;
        if !clients.is_empty() {
            let sentence = format!(
                "these clients name the resource {identifier} among those that they may ask for, change them first: {}",
                clients.join(", ")
            );
            return Err(Problems::one("identifier", sentence).into());
        }
        transaction.delete_resource(identifier).await?;
        let event = Event::of(act, Name::ResourceDeleted).on(Noun::Resource, identifier);
        commit(transaction, &event).await?;
        Ok(Changed { view: resource.into(), event, warnings: Vec::new() })
    }
}

async fn forget_introspector(transaction: &mut Transaction, client_id: &str) -> Result<(), Failure> {
    for named in transaction.resources().await?.iter().filter(|one| one.introspectors.iter().any(|id| id == client_id))
    {
        if let Some(mut resource) = transaction.hold_resource(&named.identifier).await? {
            resource.introspectors.retain(|id| id != client_id);
            transaction.change_resource(&resource, &[ResourceField::Introspectors]).await?;
        }
    }
    Ok(())
}
