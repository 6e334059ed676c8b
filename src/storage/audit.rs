//! The record of what happened: one row for each event, in the transaction of what it records. Rows are only ever added; one that counts a
//! flood is counted up until it is sealed.

use std::sync::{Arc, PoisonError};

use super::rows::json;
use super::{Storage, Transaction, on, statements};
use crate::failure::Failure;
use crate::protocol::audit::Event;

statements! {
    RECORD = "INSERT INTO audit (at, event, actor, subject, user_id, client_id, network, trace, outcome, details) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    // Whoever counts what is about different things says no more what it is about.
    COUNT = "INSERT INTO audit (at, event, actor, subject, user_id, client_id, network, trace, outcome, details, fold) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (fold) WHERE fold IS NOT NULL DO UPDATE SET \
        times = audit.times + 1, subject = CASE WHEN audit.subject = excluded.subject THEN audit.subject ELSE NULL END";
}

/// Who hears of events once they are committed.
pub(super) type Hearer = Arc<dyn Fn(&Event) + Send + Sync>;

impl Storage {
    /// Lets somebody hear of every event that is committed here, after its commit: nothing of this node that is told did not happen. It is
    /// called between requests' steps, so it must not take long.
    pub fn tell_events_to(&self, hearer: impl Fn(&Event) + Send + Sync + 'static) {
        self.hearers().write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(hearer));
    }

    /// Tells of what was recorded and committed, and logs it.
    pub(super) fn tell(&self, events: &[Event]) {
        for event in events {
            let text = |part: &Option<String>| part.clone().unwrap_or_default();
            let (subject, trace) =
                (event.subject.as_ref().map(ToString::to_string), event.trace.map(|id| id.to_string()));
            tracing::info!(
                trace = text(&trace),
                event = %event.name,
                actor = %event.actor,
                subject = text(&subject),
                user = text(&event.user_id),
                client = text(&event.client_id),
                network = text(&event.network),
                outcome = %event.outcome,
                "audit"
            );
            for hearer in self.hearers().read().unwrap_or_else(PoisonError::into_inner).iter() {
                hearer(event);
            }
        }
    }
}

impl Transaction {
    /// Records an event: to be called in the transaction of what it records, so that there is the one exactly when there is the other. One
    /// statement.
    pub async fn record(&mut self, event: &Event) -> Result<(), Failure> {
        let (details, fold) = (json(&event.details)?, event.fold());
        let statement = if fold.is_some() { COUNT } else { RECORD };
        on!(self, |c| {
            let query = sqlx::query(statement)
                .bind(event.at.seconds())
                .bind(event.name.as_str())
                .bind(event.actor.to_string())
                .bind(event.subject.as_ref().map(ToString::to_string))
                .bind(event.user_id.as_deref())
                .bind(event.client_id.as_deref())
                .bind(event.network.as_deref())
                .bind(event.trace.map(|trace| trace.to_string()))
                .bind(event.outcome.as_str())
                .bind(details);
            match fold {
                Some(fold) => query.bind(fold).execute(c).await.map(drop),
                None => query.execute(c).await.map(drop),
            }
        })?;
        self.recorded.push(event.clone());
        Ok(())
    }
}
