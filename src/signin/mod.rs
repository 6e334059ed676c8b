//! The browser flow's decisions: the sealed pending request, signing in, registering, consent, and what comes next.
//!
//! Every way through the pages ends in [`SignIns::proceed`], which asks the one pure `next_step`. A stranger's request writes no row:
//! it travels sealed until somebody has signed in and agreed.

mod account;
mod authenticate;
mod forms;
mod password;
mod pending;
mod proceed;
mod register;

use std::sync::Arc;

pub use account::{AccountView, Ending};
pub use authenticate::{Browser, NewCookie};
pub use forms::Forms;
pub use password::Attempt;
pub use pending::PendingRequests;
pub use proceed::Proceed;
pub use register::{Problems, Registration};

use crate::config::{SignInConfig, TokensConfig};
use crate::password::Hasher;
use crate::protocol::issuer::Issuer;
use crate::sealing::MasterKey;
use crate::storage::{Directory, Storage};

/// The browser flow, with all that it decides from.
#[derive(Clone, Debug)]
pub struct SignIns {
    storage: Storage,
    directory: Directory,
    hasher: Hasher,
    issuer: Issuer,
    limits: SignInConfig,
    lifetimes: TokensConfig,
    /// Seals and opens pending requests.
    pub pending: Arc<PendingRequests>,
    /// Makes and checks what forms carry.
    pub forms: Arc<Forms>,
}

/// What the browser flow is built from.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The database.
    pub storage: Storage,
    /// Clients and resources in memory.
    pub directory: Directory,
    /// The password pool.
    pub hasher: Hasher,
    /// Who we are.
    pub issuer: Issuer,
    /// Under which everything that travels is sealed.
    pub master_key: &'a MasterKey,
    /// How long sign-ins hold.
    pub limits: SignInConfig,
    /// How long codes live.
    pub lifetimes: TokensConfig,
}

impl SignIns {
    /// The browser flow.
    pub fn new(parts: Parts<'_>) -> Self {
        Self {
            pending: Arc::new(PendingRequests::new(parts.master_key)),
            forms: Arc::new(Forms::new(parts.master_key)),
            storage: parts.storage,
            directory: parts.directory,
            hasher: parts.hasher,
            issuer: parts.issuer,
            limits: parts.limits,
            lifetimes: parts.lifetimes,
        }
    }
}
