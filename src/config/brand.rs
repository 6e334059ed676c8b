//! `[brand]`: how the pages look.

use serde::{Deserialize, Serialize};

/// `[brand]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BrandConfig {
    /// The name on the pages.
    pub name: String,
}

impl BrandConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        match (1..=60).contains(&self.name.chars().count()) {
            true => Ok(()),
            false => Err("brand.name must have 1 to 60 characters".to_owned()),
        }
    }
}
