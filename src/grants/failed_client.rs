//! A client that could not prove to be one: what it is told, and what that leaves in the record.
//!
//! A secret is compared whatever has failed before, since 256 random bits cannot be guessed: so nobody is kept out by what others of their
//! network do. Who is wrong too often is told to wait, and leaves nothing. Of the others there is one row a minute for each network in the
//! wider sense, since a /48 has any number of narrower ones, and client; those of nobody knows where are never told to wait, and are written
//! at most once a second.

use super::Grants;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::protocol::audit::{Act, Actor, Event, Name, Noun, Origin, Outcome};
use crate::protocol::client::Client;
use crate::protocol::network::ClientNetwork;
use crate::protocol::rejection::{ErrorCode, Refusal};
use crate::rates::{Door, Rates};

impl Grants {
    /// What is answered to a request that was refused for its authentication; `claimed` is the registered client that it said to be from. When
    /// the failure cannot be recorded the log says so, and the answer is the same.
    pub async fn fail_client(
        &self,
        why: Refusal,
        claimed: Option<&Client>,
        (origin, now): (Origin, Timestamp),
        rates: &Rates,
    ) -> Error {
        if why.rejection.code() != ErrorCode::InvalidClient {
            return why.into();
        }
        let network = ClientNetwork::of(origin.address);
        if let Err(wait) = rates.take(Door::FailedClient, network) {
            return wait.into();
        }
        let is_known = network != ClientNetwork::Unknown;
        if is_known || rates.take(Door::FailedClientRecord, network).is_ok() {
            let event = Event::of(&Act::by(Actor::Nobody, origin, now), Name::ClientAuthenticationFailed);
            let mut event = event.ended_in(Outcome::Failure).counted();
            event.network = Some(network.site().to_string());
            let event = match claimed {
                Some(client) => event.on(Noun::Client, &client.client_id),
                None => event,
            };
            if let Err(failure) = self.storage.record(&event).await {
                tracing::warn!(%failure, "a failed authentication of a client cannot be recorded");
            }
        }
        why.into()
    }
}
