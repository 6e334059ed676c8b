//! How the record is sealed: a row has a seal over all that stands in it, a batch of rows a hash over the ids and seals of its rows and the
//! hash of the batch before. Both are HMAC-SHA-256 under a key that only the master key opens, so whoever can write to the database alone
//! can neither change, remove, add nor reorder what is sealed without being seen. What is not seen is the removal of the newest batches
//! together with their rows: whoever wants to see that keeps the head, the number and hash of the newest batch, elsewhere.

use serde::{Deserialize, Serialize};

use crate::secret::MacKey;

/// A row as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number: in the order in which rows were written, with gaps.
    pub id: i64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What happened.
    pub event: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: Option<String>,
    /// Which person it concerns.
    pub user_id: Option<String>,
    /// Which client it concerns.
    pub client_id: Option<String>,
    /// From which network.
    pub network: Option<String>,
    /// By which request.
    pub trace: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// What else is to be known: JSON.
    pub details: String,
    /// How often it happened within its minute.
    pub times: i64,
}

/// The id and the seal of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSeal(pub i64, pub String);

/// How many characters a seal has: 128 bits in base64url.
const LENGTH: usize = 22;

impl Row {
    /// Its seal: 22 characters.
    pub fn seal(&self, key: &MacKey) -> RowSeal {
        let rest = (&self.client_id, &self.network, &self.trace, &self.outcome, &self.details, self.times);
        let whole = ((self.id, self.at, &self.event, &self.actor, &self.subject, &self.user_id), rest);
        // Plain texts and numbers always have a JSON form, and different ones have different forms.
        let text = serde_json::to_string(&whole).unwrap_or_default();
        let mut seal = key.sign(&[b"row", text.as_bytes()]);
        seal.truncate(LENGTH);
        RowSeal(self.id, seal)
    }
}

/// The hash of a batch: `seals` is the JSON of its rows' seals as it is stored, `before` the hash of the batch before, empty for the first.
pub fn hash(key: &MacKey, batch: i64, before: &str, seals: &str) -> String {
    key.sign(&[b"batch", &batch.to_be_bytes(), before.as_bytes(), seals.as_bytes()])
}

/// What shows that the rows of a batch, and all before it, were removed by us for their age.
pub fn anchor(key: &MacKey, batch: i64, hash: &str) -> String {
    key.sign(&[b"anchor", &batch.to_be_bytes(), hash.as_bytes()])
}

/// What is wrong with the rows of a batch, a sentence each.
pub fn faults(key: &MacKey, batch: i64, sealed: &[RowSeal], rows: &[Row]) -> Vec<String> {
    let mut faults = Vec::new();
    for RowSeal(id, seal) in sealed {
        match rows.iter().find(|row| row.id == *id) {
            None => faults.push(format!("batch {batch}: row {id} was removed")),
            Some(row) if row.seal(key).1 != *seal => faults.push(format!("batch {batch}: row {id} was changed")),
            Some(_) => {}
        }
    }
    let added = rows.iter().filter(|row| sealed.iter().all(|RowSeal(id, _)| *id != row.id));
    faults.extend(added.map(|row| format!("batch {batch}: row {} was added", row.id)));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64) -> Row {
        Row {
            id,
            at: 1_000_000,
            event: "client.created".into(),
            actor: "operator".into(),
            subject: Some("client:c".into()),
            user_id: None,
            client_id: Some("c".into()),
            network: None,
            trace: None,
            outcome: "success".into(),
            details: "{}".into(),
            times: 1,
        }
    }

    #[test]
    fn every_part_of_a_row_is_sealed() {
        let key = MacKey::new(&[7; 32]);
        let of = |change: fn(&mut Row)| {
            let mut changed = row(1);
            change(&mut changed);
            changed.seal(&key).1
        };
        let seals = [
            of(|_| {}),
            of(|row| row.id += 1),
            of(|row| row.at += 1),
            of(|row| row.event.push('x')),
            of(|row| row.actor.push('x')),
            of(|row| row.subject = None),
            of(|row| row.user_id = Some(String::new())),
            of(|row| row.user_id = Some("c".into())),
            of(|row| row.client_id = None),
            of(|row| row.network = Some("c".into())),
            of(|row| row.trace = Some("c".into())),
            of(|row| row.outcome.push('x')),
            of(|row| row.details.push('x')),
            of(|row| row.times += 1),
        ];
        let different: std::collections::HashSet<&String> = seals.iter().collect();
        assert_eq!(different.len(), seals.len());
        assert_ne!(row(1).seal(&MacKey::new(&[8; 32])), row(1).seal(&key));
    }

    #[test]
    fn what_is_wrong_with_a_batch_is_said_row_by_row() {
        let key = MacKey::new(&[7; 32]);
        let sealed: Vec<RowSeal> = (1..5).map(|id| row(id).seal(&key)).collect();
        let all: Vec<Row> = (1..5).map(row).collect();
        assert!(faults(&key, 3, &sealed, &all).is_empty());
        let changed = Row { outcome: "failure".into(), ..row(2) };
        let found = faults(&key, 3, &sealed, &[row(1), changed, row(4), row(9)]);
        assert_eq!(found, ["batch 3: row 2 was changed", "batch 3: row 3 was removed", "batch 3: row 9 was added"]);
    }
}
