//! What runs by itself; one file per job.

pub mod audit;
pub mod clean_up;
pub mod expiring_secrets;
pub mod leaving;
pub mod outbox;
pub mod secret_uses;
pub mod signing_keys;
