//! `[passkeys]`: which devices people may use. Whether they use any says `sign_in.passkeys`.

use serde::{Deserialize, Serialize};

use crate::protocol::passkey::Aaguid;

/// `[passkeys]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeysConfig {
    /// The makes of devices whose passkeys are taken; all when there is none.
    pub authenticators: Vec<Aaguid>,
}
