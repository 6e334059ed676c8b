//! Leases: who does what one node alone may do. A lease runs out by itself, so a node that dies holds nothing up.

use super::{Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;

statements! {
    TAKE_LEASE = "UPDATE leases SET holder = $2, expires_at = $4 WHERE name = $1 \
        AND (expires_at <= $3 OR expires_at > $4) RETURNING holder";
    RETURN_LEASE = "UPDATE leases SET expires_at = 0 WHERE name = $1 AND holder = $2";
}

/// What there is a lease for.
#[derive(Clone, Copy, Debug)]
pub enum Lease {
    /// To look after the signing keys.
    SigningKeys,
    /// To remove what has had its day.
    CleanUp,
    /// To seal the audit record.
    Audit,
    /// To warn of the secrets of clients that end soon.
    ExpiringSecrets,
}

impl Lease {
    const fn name(self) -> &'static str {
        match self {
            Self::SigningKeys => "signing keys",
            Self::CleanUp => "clean-up",
            Self::Audit => "audit",
            Self::ExpiringSecrets => "expiring secrets",
        }
    }
}

impl Transaction {
    /// Takes a lease for so many seconds; `false` when it is taken. One that would last longer than that was taken by a clock that was
    /// ahead, and does not count.
    pub async fn take_lease(
        &mut self,
        lease: Lease,
        holder: &str,
        now: Timestamp,
        seconds: i64,
    ) -> Result<bool, Failure> {
        let taken = on!(self, |c| sqlx::query_as::<_, (String,)>(TAKE_LEASE)
            .bind(lease.name())
            .bind(holder)
            .bind(now.seconds())
            .bind(now.plus(seconds).seconds())
            .fetch_optional(c)
            .await)?;
        Ok(taken.is_some())
    }

    /// Gives a lease back.
    pub async fn return_lease(&mut self, lease: Lease, holder: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(RETURN_LEASE).bind(lease.name()).bind(holder).execute(c).await.map(drop))
    }
}
