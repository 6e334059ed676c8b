//! What runs by itself; one file per job.

pub mod signing_keys;
