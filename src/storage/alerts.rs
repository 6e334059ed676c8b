//! Alerts: what has happened to an account is told to its address, by a mail that is enqueued in the very transaction that records it.

use serde_json::Value;

use super::mail_outbox::NewMail;
use super::{Transaction, on, statements};
use crate::failure::Failure;
use crate::protocol::alert::Alert;
use crate::protocol::audit::Event;
use crate::protocol::device::Device;
use crate::protocol::message::{About, LANGUAGE, Message, Occasion};

statements! {
    ALERTED = "SELECT email, created_at, claims FROM users WHERE id = $1";
    NAME_OF_CLIENT = "SELECT name FROM clients WHERE client_id = $1";
}

/// What happens to an account within so many seconds of its beginning is part of making it.
const NEW: i64 = 60;

impl Transaction {
    /// Tells the owner of the account what an event means to them, if anything: at the account's address, if it has one.
    pub(super) async fn alert(&mut self, event: &Event) -> Result<(), Failure> {
        let (Some(alert), Some(user_id)) = (Alert::of(event), event.user_id.as_deref()) else { return Ok(()) };
        if !self.storage.sends_mail() {
            return Ok(());
        }
        let row = on!(self, |c| sqlx::query_as::<_, (Option<String>, i64, String)>(ALERTED)
            .bind(user_id)
            .fetch_optional(c)
            .await)?;
        match row {
            Some((Some(address), made_at, claims)) if event.at.seconds() >= made_at.saturating_add(NEW) => {
                let alert = self.named(alert).await?;
                let language = language_of(&claims);
                self.alert_at(&address, (alert, &language), event).await
            }
            _ => Ok(()),
        }
    }

    /// Tells a former address of an account that it leads there no more. It must have been its owner's: one that nobody has shown to be theirs may be
    /// anybody's.
    pub async fn alert_former(&mut self, address: &str, locale: Option<&str>, event: &Event) -> Result<(), Failure> {
        self.alert_elsewhere(address, (Alert::AddressChanged, locale.unwrap_or(LANGUAGE)), event).await
    }

    /// Tells somebody at this address, who may not be the one that did it: not from where that was, nor with what.
    pub(super) async fn alert_elsewhere(
        &mut self,
        address: &str,
        alert: (Alert, &str),
        event: &Event,
    ) -> Result<(), Failure> {
        let event = Event { network: None, device: Device::default(), ..event.clone() };
        self.alert_at(address, alert, &event).await
    }

    /// Tells somebody at this address.
    pub(super) async fn alert_at(
        &mut self,
        address: &str,
        (alert, language): (Alert, &str),
        event: &Event,
    ) -> Result<(), Failure> {
        let device = Some(event.device).filter(|device| device.is_known()).map(|device| device.to_string());
        let occasion = Occasion { at: event.at, network: event.network.clone(), device };
        let most = alert.most_per_hour();
        let message = Message { to: address.to_owned(), about: About::Alert(alert), occasion, ticket: None };
        let mail = NewMail {
            message: &message,
            user_id: event.user_id.as_deref(),
            asked_from: None,
            language,
            expires_at: None,
            now: event.at,
        };
        self.enqueue_so_often(&mail, most).await.map(drop)
    }

    /// Puts names that people know in the place of ids.
    async fn named(&mut self, alert: Alert) -> Result<Alert, Failure> {
        Ok(match alert {
            Alert::TokenReused { client: Some(id), everywhere } => {
                let row =
                    on!(self, |c| sqlx::query_as::<_, (String,)>(NAME_OF_CLIENT).bind(&id).fetch_optional(c).await)?;
                Alert::TokenReused { client: row.map(|(name,)| name), everywhere }
            }
            Alert::IdentityLinked { provider } => {
                Alert::IdentityLinked { provider: self.storage.provider_name(provider) }
            }
            Alert::IdentityUnlinked { provider } => {
                Alert::IdentityUnlinked { provider: self.storage.provider_name(provider) }
            }
            other => other,
        })
    }
}

/// The language that the person has said (`locale`, OpenID Connect Core §5.1), as a tag; English when they have not.
fn language_of(claims: &str) -> String {
    let claims: Value = serde_json::from_str(claims).unwrap_or_default();
    claims["locale"].as_str().unwrap_or(LANGUAGE).to_owned()
}
