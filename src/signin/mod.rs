//! The browser flow's decisions: the sealed journey, proofs and what they sign in, consent, and what comes next.
//!
//! Every way through the pages ends in [`SignIns::proceed`], which asks the one pure `next_step`. A stranger's request writes no row:
//! its journey travels sealed until somebody has signed in and agreed.
//!
//! A new proof is a file here that ends in `SignIns::advance`, as `password.rs` does.

mod account;
mod attempts;
mod authenticate;
mod by_mail;
mod challenges;
mod change_password;
mod devices;
mod enrolling;
mod errands;
mod factors;
mod forms;
mod history;
mod identities;
mod invited;
mod journeys;
mod kept_devices;
mod keys_shown;
mod leaving;
mod line;
mod lost_factors;
mod newcomer;
mod own_passkeys;
mod own_password;
mod passkeys;
mod password;
mod proceed;
mod profile;
mod provider_logout;
mod recover;
mod recovery_codes;
mod register;
mod register_by_passkey;
mod second_step;
mod security_keys;
mod standing;
mod tickets;
mod ways_left;

use std::sync::Arc;

pub use account::AccountView;
pub use authenticate::{Acquaintance, Browser, NewCookie, Progress};
pub use change_password::PasswordChange;
pub use devices::KNOWN_FOR;
pub use enrolling::Enrolled;
pub use errands::{Purpose, Returned, Stray};
pub use factors::{Enrolment, Offer, OwnFactors};
pub use forms::Forms;
pub use history::History;
pub use identities::{Met, Unlinked};
pub use journeys::{Journeys, Lost};
pub use kept_devices::OwnDevice;
pub use lost_factors::LostFactors;
pub use newcomer::Meeting;
pub use own_passkeys::NewPasskey;
pub use own_password::Owned;
pub use passkeys::{PasskeyRequest, ShownPasskey};
pub use password::Attempt;
pub use proceed::Proceed;
pub use profile::NotKept;
pub use register::{Declined, Problems, Registration};
pub use register_by_passkey::FirstPasskey;
pub use second_step::{Pending, Shown};
pub use standing::Standing;
pub use tickets::Wanted;

use self::attempts::Counting;
use self::challenges::Challenges;
use self::devices::Devices;
use self::errands::Errands;
use self::factors::Factors;
use self::line::Lines;
use self::tickets::Tickets;
use crate::config::{LimitsConfig, RecoveryConfig, SignInConfig, TokensConfig, UpstreamConfig};
use crate::leaked::Leaked;
use crate::passkeys::Ceremonies;
use crate::password::Hasher;
use crate::protocol::issuer::Issuer;
use crate::protocol::mailbox::Powers;
use crate::protocol::new_password::Words;
use crate::protocol::next_step::Policy;
use crate::rates::Rates;
use crate::sealing::MasterKey;
use crate::storage::{Directory, Storage};

/// How long after authenticating a person may do what is sensitive, in seconds.
const FRESH: i64 = 600;

/// The browser flow, with all that it decides from.
#[derive(Clone, Debug)]
pub struct SignIns {
    storage: Storage,
    directory: Directory,
    hasher: Hasher,
    leaked: Leaked,
    words: Words,
    issuer: Issuer,
    limits: SignInConfig,
    recovery: RecoveryConfig,
    lifetimes: TokensConfig,
    policy: Policy,
    lines: Lines,
    rates: Rates,
    counting: Arc<Counting>,
    devices: Arc<Devices>,
    errands: Arc<Errands>,
    factors: Arc<Factors>,
    passkeys: Option<Arc<Ceremonies>>,
    challenges: Arc<Challenges>,
    tickets: Arc<Tickets>,
    /// Whether an account begins with a proof of its address.
    proves_addresses: bool,
    /// What mail is good for.
    by_mail: Powers,
    providers: Arc<[String]>,
    /// Those of them that can be asked for a fresh proof.
    timed: Arc<[String]>,
    /// Begins, seals and opens journeys.
    pub journeys: Arc<Journeys>,
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
    /// Passwords that nobody may choose.
    pub leaked: Leaked,
    /// The words of this site, which make a password weak.
    pub words: Words,
    /// How often a network may ask.
    pub rates: Rates,
    /// Who we are.
    pub issuer: Issuer,
    /// Under which everything that travels is sealed.
    pub master_key: &'a MasterKey,
    /// How long sign-ins hold.
    pub limits: SignInConfig,
    /// How people come back who have lost what they sign in with.
    pub recovery: RecoveryConfig,
    /// How many attempts may fail.
    pub attempts: &'a LimitsConfig,
    /// How long codes live.
    pub lifetimes: TokensConfig,
    /// The providers that are switched on.
    pub providers: Vec<&'a UpstreamConfig>,
    /// Whether mail can be sent.
    pub with_mail: bool,
    /// Whether an account begins with a proof of its address, by mail.
    pub proves_addresses: bool,
    /// The ceremonies of passkeys, where people have them.
    pub passkeys: Option<Ceremonies>,
}

impl SignIns {
    /// The browser flow.
    pub fn new(parts: Parts<'_>) -> Self {
        Self {
            policy: Policy {
                fresh: FRESH,
                passes_classes: parts.providers.iter().any(|provider| provider.pass_acr),
                vouched: UpstreamConfig::strongest_class(&parts.providers),
                with_password: parts.limits.password,
                second_factor: parts.limits.second_factor,
                demanded: None,
                passkeys: parts.passkeys.as_ref().map(Ceremonies::kept_at_best),
                keep_device: parts.limits.keep_device_days.saturating_mul(86_400),
            },
            lines: Lines::default(),
            counting: Arc::new(Counting::new(parts.attempts, parts.master_key)),
            devices: Arc::new(Devices::new(parts.master_key)),
            errands: Arc::new(Errands::new(parts.master_key)),
            factors: Arc::new(Factors::new(parts.master_key)),
            passkeys: parts.passkeys.map(Arc::new),
            challenges: Arc::new(Challenges::new(parts.master_key)),
            tickets: Arc::new(Tickets::new(parts.master_key)),
            proves_addresses: parts.proves_addresses,
            by_mail: Powers { is_on: parts.with_mail, resets: parts.limits.password, signs_in: parts.limits.email },
            timed: ids(&parts.providers, |provider| provider.kind().tells_when()),
            providers: ids(&parts.providers, |_| true),
            journeys: Arc::new(Journeys::new(parts.master_key)),
            forms: Arc::new(Forms::new(parts.master_key)),
            storage: parts.storage,
            directory: parts.directory,
            hasher: parts.hasher,
            leaked: parts.leaked,
            words: parts.words,
            rates: parts.rates,
            issuer: parts.issuer,
            limits: parts.limits,
            recovery: parts.recovery,
            lifetimes: parts.lifetimes,
        }
    }
}

/// The ids of those of these providers.
fn ids(providers: &[&UpstreamConfig], of: impl Fn(&UpstreamConfig) -> bool) -> Arc<[String]> {
    providers.iter().filter(|provider| of(provider)).map(|provider| provider.id.clone()).collect()
}
