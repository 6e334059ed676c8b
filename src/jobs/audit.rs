//! Seals the record of what happened, checks the seals, and removes what is older than the settings say. No request waits for any of it.
//!
//! The key of the seals is random, made at the first sealing, and lies in the database sealed under the master key: so another master key
//! leaves the record verifiable (`key rewrap` seals the key anew), and who has the database alone can seal nothing. One node at a time seals,
//! by a lease; what keeps the chain right is the transaction, which holds its end.

use std::sync::{Arc, OnceLock};

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::seal::{self, RowSeal};
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::{MacKey, base64url, from_base64url};
use crate::storage::{AuditBatch, Lease, Reader, Storage, Transaction};

/// The purpose under which the key is sealed.
const PURPOSE: &str = "audit record";
/// What the sealed key is bound to.
const FORM: &[u8] = b"audit key 1";
/// How long a node's turn lasts, in seconds: a little less than the time until it asks again.
const TURN: i64 = 9;
/// How many rows a batch has at most: their seals take less than a millisecond.
const BATCH: i64 = 200;
/// How old a row must be that counts a flood, in seconds: its minute is over then, by the clock of every node.
const RIPE: i64 = 180;

/// Looks after the record of what happened. Clones are the same.
#[derive(Clone, Debug)]
pub struct AuditRecord {
    storage: Storage,
    master: MasterKey,
    sealing: Arc<SealingKey>,
    key: Arc<OnceLock<MacKey>>,
    retention: i64,
    node: Arc<str>,
}

/// What checking the record found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The number and hash of the newest batch.
    pub head: Option<(i64, String)>,
    /// How many batches were checked.
    pub batches: i64,
    /// How many sealed rows were checked.
    pub sealed: usize,
    /// How many rows are not sealed yet.
    pub unsealed: i64,
    /// The last batch whose rows were removed for their age.
    pub removed_through: Option<i64>,
    /// Whether the batch that was noted before is there.
    pub has_expected: bool,
    /// What is wrong, a sentence each; nothing when the record is as it was written.
    pub faults: Vec<String>,
}

impl AuditRecord {
    /// Over this storage; rows are kept for `retention` seconds, for ever when that is 0.
    pub fn new(storage: Storage, master: &MasterKey, retention: i64) -> Self {
        let (sealing, node) = (Arc::new(master.sealing_key(PURPOSE)), random::id().into());
        Self { storage, master: master.clone(), sealing, key: Arc::default(), retention, node }
    }

    /// Seals what is there to seal, when it is this node's turn; tells how many rows that were.
    ///
    /// # Errors
    /// When the database fails: the rest is sealed next time.
    pub async fn run(&self, now: Timestamp) -> Result<usize, Failure> {
        if !self.storage.read_uncounted().await?.is_to_seal(now.minus(RIPE)).await? {
            return Ok(0);
        }
        let mut transaction = self.storage.begin().await?;
        if !transaction.take_lease(Lease::Audit, &self.node, now, TURN).await? {
            return Ok(0);
        }
        transaction.commit().await?;
        let mut sealed = 0;
        loop {
            let count = self.seal(now).await?;
            sealed += count;
            if count < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(sealed);
            }
        }
    }

    /// Seals one batch, whoever's turn it is; tells how many rows it has.
    ///
    /// # Errors
    /// When the database fails, or the key of the seals cannot be had.
    pub async fn seal(&self, now: Timestamp) -> Result<usize, Failure> {
        let key = self.key_or_new().await?;
        let mut transaction = self.storage.begin().await?;
        transaction.hold_audit_chain().await?;
        let (last, before) = transaction.last_audit_batch().await?.unwrap_or_default();
        let rows = transaction.claim_audit_rows(last + 1, now.minus(RIPE), BATCH).await?;
        let Some(newest) = rows.iter().map(|row| row.at).max() else { return Ok(0) };
        let seals: Vec<RowSeal> = rows.iter().map(|row| row.seal(key)).collect();
        let hash = |seals: &str| seal::hash(key, last + 1, &before, seals);
        transaction.insert_audit_batch((last + 1, Timestamp::from_seconds(newest)), &seals, hash, now).await?;
        transaction.commit().await?;
        Ok(rows.len())
    }

    /// Removes the batches whose newest row is older than the settings say, the oldest first; tells how many rows that were. Whoever can
    /// write to the database must not make us remove the record for them: a batch that is not as it was written stays, and all after it,
    /// and the log says so.
    ///
    /// # Errors
    /// When the database fails: the rest goes next time.
    pub async fn prune(&self, now: Timestamp) -> Result<u64, Failure> {
        let (mut gone, before) = (0, now.minus(self.retention).seconds());
        if self.retention == 0 {
            return Ok(gone);
        }
        loop {
            let oldest = self.storage.read_uncounted().await?.oldest_audit_batch().await?;
            if oldest.is_none_or(|oldest| oldest.newest_at >= before) {
                return Ok(gone);
            }
            let key = self.key_or_new().await?;
            let mut transaction = self.storage.begin().await?;
            transaction.hold_audit_chain().await?;
            let Some(oldest) = transaction.oldest_audit_batch().await?.filter(|oldest| oldest.newest_at < before)
            else {
                return Ok(gone);
            };
            let number = oldest.batch;
            let faults = match hash_before(&mut transaction, key, number).await? {
                Some(former) => check(&mut transaction, (key, &former), &oldest).await?.1,
                None => vec![format!("batch {number}: what is before it was changed or removed")],
            };
            if let Some(fault) = faults.first() {
                tracing::warn!(
                    fault,
                    "a batch of the audit record is not as it was written, and is kept: see doorward audit verify"
                );
                return Ok(gone);
            }
            gone += transaction.remove_audit_batch(number, &seal::anchor(key, number, &oldest.hash)).await?;
            transaction.commit().await?;
        }
    }

    /// Checks everything that is sealed; also that the batch with this number still has this hash, as somebody has noted it before.
    ///
    /// # Errors
    /// When the database fails, or the key of the seals cannot be opened.
    pub async fn verify(&self, expected: Option<&(i64, String)>) -> Result<Verified, Failure> {
        let mut reader = self.storage.read_uncounted().await?;
        let mut found = Verified { unsealed: reader.unsealed_audit_rows().await?, ..Verified::default() };
        let stray = reader.stray_audit_rows().await?;
        found.faults.extend(stray.iter().map(|id| format!("row {id} is of a batch that is not there")));
        // In this order, since the key comes with the first batch.
        let is_sealed = reader.last_audit_batch().await?.is_some();
        let Some(key) = self.key(&mut reader).await? else {
            if is_sealed {
                return Err(no_key());
            }
            if let Some((number, _)) = expected {
                found.faults.push(format!("batch {number} is not the one that was noted"));
            }
            return Ok(found);
        };
        let (mut last, mut before) = (0, String::new());
        let mut next = reader.audit_batch_after(last).await?;
        while let Some(batch) = next {
            if is_anchor(&key, &batch) {
                found.removed_through = Some(batch.batch);
            } else {
                let (rows, mut faults) = check(&mut reader, (&key, &before), &batch).await?;
                if batch.batch != last + 1 {
                    faults.push(missing(last + 1, batch.batch - 1));
                }
                if !faults.is_empty() {
                    // The clean-up may have removed its rows after we had read it.
                    next = reader.audit_batch_after(last).await?;
                    if next.as_ref() != Some(&batch) {
                        continue;
                    }
                }
                found.faults.extend(faults);
                found.sealed += rows;
                found.batches += 1;
            }
            (last, before) = (batch.batch, batch.hash.clone());
            if expected.is_some_and(|(number, hash)| *number == batch.batch && *hash == batch.hash) {
                found.has_expected = true;
            }
            found.head = Some((batch.batch, batch.hash));
            next = reader.audit_batch_after(last).await?;
        }
        let was_removed = |number: i64| found.removed_through.is_some_and(|removed| number < removed);
        if let Some((number, _)) = expected.filter(|(number, _)| !found.has_expected && !was_removed(*number)) {
            found.faults.push(format!("batch {number} is not the one that was noted"));
        }
        Ok(found)
    }

    /// The key of the seals; made when there is none and nothing is sealed yet.
    async fn key_or_new(&self) -> Result<&MacKey, Failure> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let mut transaction = self.storage.begin().await?;
        // Whoever gives the database to another master key waits, or has done so.
        transaction.hold_audit_chain().await?;
        let is_ours = transaction.master_key_id().await?.is_none_or(|noted| self.master.use_key(&noted));
        let is_lost = transaction.audit_key().await?.is_none() && transaction.last_audit_batch().await?.is_some();
        if is_lost || !is_ours {
            return Err(no_key());
        }
        let fresh = base64url(&self.sealing.seal(FORM, &random::bytes::<32>()));
        transaction.keep_audit_key(&fresh).await?;
        let key = self.key(&mut transaction).await?.ok_or_else(no_key)?;
        transaction.commit().await?;
        Ok(self.key.get_or_init(|| key))
    }

    async fn key(&self, reader: &mut Reader) -> Result<Option<MacKey>, Failure> {
        let Some(sealed) = reader.audit_key().await? else { return Ok(None) };
        let opened = from_base64url(&sealed).and_then(|sealed| self.sealing.open(FORM, &sealed));
        let bytes: Option<[u8; 32]> = opened.and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(|bytes| Some(MacKey::new(&bytes))).ok_or_else(no_key)
    }
}

/// Seals the key of the seals with the master key that is in use now, when there is one.
pub(super) async fn reseal(transaction: &mut Transaction, master: &MasterKey) -> Result<(), Failure> {
    transaction.hold_audit_chain().await?;
    let Some(sealed) = transaction.audit_key().await? else { return Ok(()) };
    let sealing = master.sealing_key(PURPOSE);
    let key = from_base64url(&sealed).and_then(|sealed| sealing.open(FORM, &sealed)).ok_or_else(no_key)?;
    transaction.change_audit_key(&base64url(&sealing.seal(FORM, &key))).await
}

/// Whether the rows of this batch, and all before it, were removed by us for their age.
fn is_anchor(key: &MacKey, batch: &AuditBatch) -> bool {
    batch.anchor.as_deref() == Some(seal::anchor(key, batch.batch, &batch.hash).as_str())
}

/// The hash that the oldest batch was sealed after: that of our anchor, or none at all when it is the first one. `None` when there is
/// neither.
async fn hash_before(reader: &mut Reader, key: &MacKey, oldest: i64) -> Result<Option<String>, Failure> {
    if oldest == 1 {
        return Ok(Some(String::new()));
    }
    let before = reader.audit_batch_after(oldest - 2).await?.filter(|before| before.batch == oldest - 1);
    Ok(before.filter(|before| is_anchor(key, before)).map(|before| before.hash))
}

/// Checks one batch, after the one with the hash `before`; tells how many rows it has, and what is wrong.
async fn check(
    reader: &mut Reader,
    (key, before): (&MacKey, &str),
    batch: &AuditBatch,
) -> Result<(usize, Vec<String>), Failure> {
    let (number, mut faults) = (batch.batch, Vec::new());
    if batch.anchor.is_some() {
        faults.push(format!("batch {number}: its rows were removed, and not by the clean-up"));
        return Ok((0, faults));
    }
    if seal::hash(key, number, before, &batch.seals) != batch.hash {
        faults.push(format!("batch {number}: it was changed, or one before it was"));
    }
    let rows = reader.rows_of_audit_batch(number).await?;
    match batch.row_seals() {
        Some(sealed) => faults.extend(seal::faults(key, number, &sealed, &rows)),
        None => faults.push(format!("batch {number}: its seals cannot be read")),
    }
    // No hash is over that time, which is there to find old batches by; what the rows say counts.
    if faults.is_empty() && rows.iter().map(|row| row.at).max() != Some(batch.newest_at) {
        faults.push(format!("batch {number}: the time of its newest row was changed"));
    }
    Ok((rows.len(), faults))
}

fn missing(first: i64, last: i64) -> String {
    if first == last { format!("batch {first} was removed") } else { format!("batches {first} to {last} were removed") }
}

fn no_key() -> Failure {
    Failure::internal(
        "the key of the audit record is missing or was changed, or belongs to another master key: put it back from a backup (table meta, \
         audit_key)",
    )
}
