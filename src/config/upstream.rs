//! `[[upstream]]`: the providers that people may sign in through, each with what is registered there and who may come.
//!
//! What is looked at here needs no file and no network. Whether a provider answers, and as what, is seen while the server runs, and
//! concerns that provider alone ([`crate::upstream`]).

mod check;
mod entries;
pub mod issuers;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SecretSetting;
use crate::protocol::assurance;
use crate::protocol::upstream::{ProviderKind, Synced};

pub use check::is_tenant;
pub(super) use entries::take;

/// Who may make an account by a first sign-in through a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    /// Whoever the other settings let in.
    #[default]
    Open,
    /// Whoever was invited: at an address that the provider has verified, or with the link of the invitation.
    Invited,
    /// Nobody, invited or not; who has linked an account signs in.
    Closed,
}

/// One `[[upstream]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamConfig {
    /// Our name for it: 1 to 32 of `a-z`, `0-9` and `-`. Part of the callback address.
    pub id: String,
    /// What it is; when not given, what the id names.
    pub kind: Option<ProviderKind>,
    /// Whether it can be used.
    pub enabled: bool,
    /// Our name there.
    pub client_id: String,
    /// The secret that goes with it; empty when it is in a file, or there is none.
    pub client_secret: SecretSetting,
    /// A file that holds it; empty when not given.
    pub client_secret_file: PathBuf,
    /// The issuer of an OpenID provider; empty for the kind's own.
    pub issuer: String,
    /// Hosts (with their port, when it is not that of the scheme) beside the issuer's own on which its endpoints may be.
    pub endpoint_hosts: Vec<String>,
    /// Its name on buttons; when not given, the kind's, or the id.
    pub name: String,
    /// Who may make an account.
    pub register: Register,
    /// Domains of verified addresses with which an account may be made; empty: any.
    pub allowed_domains: Vec<String>,
    /// Groups of which one is needed to make an account; empty: none.
    pub allowed_groups: Vec<String>,
    /// The claim that holds groups.
    pub groups_claim: String,
    /// Our roles for each group.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Whether an address that it verified may be taken from an account that never proved it; when not given, where the provider runs the
    /// mailbox.
    pub trust_email: Option<bool>,
    /// Further scopes to ask for.
    pub scopes: Vec<String>,
    /// Which claims hold our `name`, `email`, `preferred_username` and `picture`.
    pub claims: BTreeMap<String, String>,
    /// Which of its `acr` count here, and each as which class of ours; no other counts.
    pub trust_acr: BTreeMap<String, String>,
    /// Whether its `acr` and `amr` are passed on.
    pub pass_acr: bool,
    /// What each sign-in refreshes on the account: `name`, `picture`.
    pub sync: Vec<Synced>,
    /// Google: the Workspace domains that are let in; empty: everybody.
    pub hosted_domains: Vec<String>,
    /// GitHub: the organizations of which one is needed; empty: none.
    pub allowed_organizations: Vec<String>,
    /// GitHub: where its pages are.
    pub base_url: String,
    /// GitHub: where its API is.
    pub api_url: String,
    /// Microsoft: ids of the tenants that are let in, or one of the words `common`, `organizations` and `consumers`.
    pub tenants: Vec<String>,
    /// Apple: the team.
    pub team_id: String,
    /// Apple: the name of the team's key.
    pub key_id: String,
    /// Apple: the file with that key (PKCS #8 in PEM).
    pub private_key_file: PathBuf,
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            id: String::new(),
            kind: None,
            enabled: true,
            client_id: String::new(),
            client_secret: SecretSetting::default(),
            client_secret_file: PathBuf::new(),
            issuer: String::new(),
            endpoint_hosts: Vec::new(),
            name: String::new(),
            register: Register::Open,
            allowed_domains: Vec::new(),
            allowed_groups: Vec::new(),
            groups_claim: "groups".to_owned(),
            roles: BTreeMap::new(),
            trust_email: None,
            scopes: Vec::new(),
            claims: BTreeMap::new(),
            trust_acr: BTreeMap::new(),
            pass_acr: false,
            sync: Vec::new(),
            hosted_domains: Vec::new(),
            allowed_organizations: Vec::new(),
            base_url: String::new(),
            api_url: String::new(),
            tenants: Vec::new(),
            team_id: String::new(),
            key_id: String::new(),
            private_key_file: PathBuf::new(),
        }
    }
}

impl UpstreamConfig {
    /// What it is.
    pub fn kind(&self) -> ProviderKind {
        self.kind.unwrap_or(ProviderKind::Oidc)
    }

    /// The strongest class of ours that a word of one of these providers counts as, if any does.
    pub fn strongest_class(providers: &[&Self]) -> Option<&'static str> {
        assurance::strongest(providers.iter().flat_map(|provider| provider.trust_acr.values().map(String::as_str)))
    }

    /// The secret, from the setting or from its file; empty when there is none.
    ///
    /// # Errors
    /// A sentence when the file cannot be read.
    pub fn secret(&self) -> Result<SecretSetting, String> {
        self.read("client_secret_file", &self.client_secret_file, &self.client_secret)
    }

    /// Apple's key, from its file; empty when there is none.
    ///
    /// # Errors
    /// A sentence when the file cannot be read.
    pub fn private_key(&self) -> Result<SecretSetting, String> {
        self.read("private_key_file", &self.private_key_file, &SecretSetting::default())
    }

    /// Wipes the secret out of the settings: to be called when it has been read.
    pub fn forget_secrets(&mut self) {
        self.client_secret = SecretSetting::default();
    }

    fn read(&self, key: &str, file: &PathBuf, inline: &SecretSetting) -> Result<SecretSetting, String> {
        if file.as_os_str().is_empty() {
            return Ok(inline.clone());
        }
        let unusable = |why: &str| format!("upstream.{}.{key}: {}: {why}", self.id, file.display());
        let text = std::fs::read_to_string(file).map_err(|error| unusable(&error.to_string()))?;
        let text = text.trim();
        if text.is_empty() { Err(unusable("the file is empty")) } else { Ok(SecretSetting::new(text)) }
    }
}
