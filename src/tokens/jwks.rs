//! The JSON Web Key Set as bytes, rendered when keys change or one's time to leave has come (RFC 7517 §5).

use serde_json::{Value, json};

use super::ring::HeldKey;
use crate::clock::Timestamp;
use crate::protocol::entity::Entity;
use crate::protocol::key_life::{KeyLife, Stage};

/// A rendered key set.
#[derive(Debug, Clone)]
pub struct Jwks {
    /// The JSON text.
    pub entity: Entity,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Jwks {
    /// The keys that are published at `now`: those that sign first, then the next, then the retired.
    pub(super) fn render(held: &[HeldKey], lives: &[KeyLife], now: Timestamp) -> Self {
        let mut keys: Vec<(usize, &Value)> = Vec::new();
        let mut until: Option<Timestamp> = None;
        for key in held {
            let standing = key.life.standing(lives, now);
            let Ok(public) = key.public.as_ref().map(|public| public.jwk()) else { continue };
            if standing.published {
                let rank = [Stage::Active, Stage::Next, Stage::Retired].iter().position(|s| *s == standing.stage);
                keys.push((rank.unwrap_or(3), public));
                until = until.into_iter().chain(standing.published_until).min();
            }
        }
        keys.sort_by_key(|(rank, _)| *rank);
        let body = json!({ "keys": keys.into_iter().map(|(_, jwk)| jwk).collect::<Vec<_>>() }).to_string();
        Self { entity: Entity::of(body), from: now, until }
    }

    /// Whether it is what is published at `now`. The clock may have jumped back since.
    pub(super) fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}
