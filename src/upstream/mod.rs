//! The client side of sign-in through providers: where a browser is sent, and what its coming back means (OpenID Connect Core §3.1, RFC 6749
//! §4.1, with PKCE always). OpenID providers are spoken to by what their discovery says, GitHub by what its documentation says.
//!
//! What discovery gave is in memory and looked after by a job ([`Providers::keep_up_to_date`]). Two endpoints alone ever wait for a provider: a
//! callback, for ten seconds at most; and where it tells that a session has ended, for one call of five seconds once a minute, when a token that says
//! all that it should names a key that is not known. No callback waits for that one. A provider that cannot be used, for whatever reason, fails closed and alone. Who a vouched-for person is here, is not
//! decided here.

mod address;
mod apple;
mod begin;
mod discovery;
mod exchange;
mod github;
mod microsoft;
mod openid;
mod signed;
mod vouching;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::task::JoinSet;
use url::Url;

use crate::clock::Timestamp;
use crate::config::UpstreamConfig;
use crate::failure::Error;
use crate::outgoing::Outgoing;
use crate::protocol::issuer::Issuer;
use crate::protocol::printable;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::{Callback, Errand, ProviderKind, Vouched};
use crate::protocol::upstream_token::LogoutToken;
use crate::random;

pub use begin::Ask;
use discovery::Known;
use exchange::Credentials;

/// How long all calls for one callback may take together. Each alone has the five seconds of every outgoing call.
const DEADLINE: Duration = Duration::from_secs(10);
/// How often discovery is repeated when it went well,
const RENEW_EVERY: Duration = Duration::from_secs(3600);
/// and how soon when it did not, the last of these from then on.
const TRY_AGAIN: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600)];

/// The providers of the settings that are switched on. Clones share them.
#[derive(Clone, Debug)]
pub struct Providers(Arc<[Provider]>);

/// One provider. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Provider(Arc<Parts>);

/// What a provider is made of.
#[derive(Debug)]
struct Parts {
    config: UpstreamConfig,
    /// Our address to which it sends browsers back.
    callback: String,
    credentials: Credentials,
    outgoing: Outgoing,
    /// What discovery gave last; GitHub has none.
    known: ArcSwapOption<Known>,
    /// Our address to which it tells that a session there has ended.
    backchannel: String,
    /// Why it cannot be used, or not be relied on, now.
    trouble: Mutex<Option<String>>,
    /// Why its token endpoint refused us the last time, if it did.
    refusal: Mutex<Option<&'static str>>,
    /// Of callbacks,
    refetched: Refetched,
    /// and of logout tokens, which a stranger may send as many of as they like: no callback waits for what one of those made us do.
    refetched_for_logout: Refetched,
}

/// When keys were last fetched for the sake of an unknown one; held while they are.
type Refetched = tokio::sync::Mutex<Option<Timestamp>>;

impl Providers {
    /// The providers as configured. Nobody is called. One whose secret cannot be read is among them, and says so.
    pub fn new(config: &[UpstreamConfig], outgoing: &Outgoing, issuer: &Issuer) -> Self {
        let enabled = config.iter().filter(|one| one.enabled);
        Self(enabled.map(|one| Provider::new(one, outgoing, issuer)).collect())
    }

    /// All of them, in the order of the settings.
    pub fn all(&self) -> &[Provider] {
        &self.0
    }

    /// The one with this id, unless it is switched off.
    pub fn get(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.id() == id)
    }

    /// Discovers all of them once, at the same time.
    pub async fn discover(&self) {
        let mut calls = JoinSet::new();
        for provider in &*self.0 {
            let provider = provider.clone();
            calls.spawn(async move { provider.discover().await });
        }
        calls.join_all().await;
    }

    /// Keeps what is known of each up to date, until it is dropped.
    pub async fn keep_up_to_date(&self) {
        let mut loops = JoinSet::new();
        for provider in self.0.iter().cloned() {
            loops.spawn(provider.keep_up_to_date());
        }
        loops.join_all().await;
        // Without any there is nothing to do, and nobody to be told that.
        std::future::pending().await
    }
}

impl Provider {
    fn new(config: &UpstreamConfig, outgoing: &Outgoing, issuer: &Issuer) -> Self {
        let credentials = Credentials::read(config);
        let mut config = config.clone();
        config.forget_secrets();
        let is_ready = config.kind() == ProviderKind::Github && credentials.trouble().is_none();
        Self(Arc::new(Parts {
            callback: issuer.address(&format!("/upstream/{}/callback", config.id)),
            backchannel: issuer.address(&format!("/upstream/{}/backchannel-logout", config.id)),
            refusal: Mutex::default(),
            credentials,
            outgoing: outgoing.clone(),
            known: ArcSwapOption::empty(),
            trouble: Mutex::new((!is_ready).then(|| "it has not been reached yet".to_owned())),
            refetched: Refetched::default(),
            refetched_for_logout: Refetched::default(),
            config,
        }))
    }

    /// Its id in the settings.
    pub fn id(&self) -> &str {
        &self.0.config.id
    }

    /// Whose rules it follows.
    pub fn kind(&self) -> ProviderKind {
        self.0.config.kind()
    }

    /// Its name, as it stands on its button.
    pub fn name(&self) -> &str {
        &self.0.config.name
    }

    /// Its settings, without secrets.
    pub fn config(&self) -> &UpstreamConfig {
        &self.0.config
    }

    /// Our address to which it sends browsers back.
    pub fn callback(&self) -> &str {
        &self.0.callback
    }

    /// Our address to which it tells that a session there has ended (Back-Channel Logout §2.2).
    pub fn backchannel(&self) -> &str {
        &self.0.backchannel
    }

    /// The issuer that its identities are kept under. Of a Microsoft that takes many tenants each has its own.
    pub fn issuer(&self) -> String {
        address::issuer(&self.0.config)
    }

    /// Where a person signs out there (RP-Initiated Logout §2), when it has that.
    pub fn end_session_endpoint(&self) -> Option<Url> {
        self.0.known.load().as_ref()?.end_session.clone()
    }

    /// Why it cannot be used, or not be relied on, now; for the operator. That it refused us holds until it takes a code again.
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        trouble.or_else(|| self.0.refusal.lock().unwrap_or_else(PoisonError::into_inner).map(str::to_owned))
    }

    /// Why its secret or key cannot be read, when that is so: a mistake of the settings.
    pub fn mistake(&self) -> Option<&str> {
        self.0.credentials.trouble()
    }

    /// Where a browser is sent, and what must be remembered until it comes back. From memory alone.
    ///
    /// # Errors
    /// [`Rejection::UpstreamUnavailable`] while its discovery has not succeeded, or when its secret cannot be read.
    pub fn begin(&self, ask: &Ask<'_>, state: &str, now: Timestamp) -> Result<(Url, Errand), Rejection> {
        begin::begin(&self.0, ask, state, now)
    }

    /// What the provider vouches for, when a browser has come back from this errand. Every call for it together takes ten seconds at most.
    ///
    /// # Errors
    /// The rule that says no; never what the provider wrote.
    pub async fn finish(&self, errand: &Errand, callback: &Callback<'_>, now: Timestamp) -> Result<Vouched, Error> {
        let exchanged = async {
            let code = self.0.code(errand, callback)?;
            match self.kind() {
                ProviderKind::Github => self.0.finish_github(errand, code).await,
                _ => self.0.finish_openid(errand, code, callback, now).await,
            }
        };
        match tokio::time::timeout(DEADLINE, exchanged).await {
            Ok(vouched) => Ok(vouched?),
            Err(_) => {
                self.0.tell("it took longer than ten seconds");
                Err(Rejection::UpstreamUnavailable.into())
            }
        }
    }

    /// Checks a logout token of this provider (Back-Channel Logout §2.6). That it is taken once is for whoever asks.
    ///
    /// # Errors
    /// [`Rejection::WrongLogoutToken`].
    pub async fn logout_token(&self, token: &str, now: Timestamp) -> Result<LogoutToken, Error> {
        let checked = tokio::time::timeout(DEADLINE, self.0.logout_token(token, now)).await;
        checked.unwrap_or(Err(Rejection::WrongLogoutToken)).map_err(Error::from)
    }

    /// Asks the provider anew who it is and which keys it signs with. What was known before stays when that fails.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub async fn discover(&self) -> Result<(), String> {
        let discovered = self.0.discovered().await;
        let mut trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&discovered, trouble.is_some()) {
            (Err(why), _) if trouble.as_ref() != Some(why) => {
                tracing::warn!(provider = self.id(), why, "a provider cannot be used to sign in");
            }
            (Ok(()), true) => tracing::info!(provider = self.id(), "a provider can be used to sign in"),
            _ => {}
        }
        *trouble = discovered.clone().err();
        discovered
    }

    /// Discovers it once, and shows it a code that is none: who we are there is looked at first (RFC 6749 §4.1.3), so the answer says whether
    /// it knows us.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub async fn check(&self, now: Timestamp) -> Result<(), String> {
        self.0.discovered().await?;
        let code = "a-code-of-doorward-upstream-check";
        // Whoever refuses the code, and nothing else, has known us. Any other answer is no proof of that.
        let problem = match self.0.redeem(code, random::secret().expose(), now).await {
            Err(Rejection::UpstreamCodeRefused) => return Ok(()),
            Err(Rejection::UpstreamClientRefused) => exchange::UNKNOWN_CLIENT,
            Err(Rejection::UpstreamUnavailable) => "its token endpoint does not answer",
            Err(Rejection::UpstreamMalformed) => "what its token endpoint answers cannot be read",
            Err(_) => "its token endpoint refuses us, and does not say that it is for the code",
            Ok(_) => "its token endpoint takes a code that it never gave out",
        };
        Err(problem.to_owned())
    }

    async fn keep_up_to_date(self) {
        let mut failures = 0;
        loop {
            let pause = match self.discover().await {
                Ok(()) => {
                    failures = 0;
                    RENEW_EVERY
                }
                Err(_) => {
                    failures += 1;
                    TRY_AGAIN[(failures - 1).min(TRY_AGAIN.len() - 1)]
                }
            };
            tokio::time::sleep(pause).await;
        }
    }
}

impl Parts {
    /// Discovers it. One to which we cannot show who we are is discovered as well, for the sake of its logout tokens, but cannot be used.
    async fn discovered(&self) -> Result<(), String> {
        let discovered = self.discover().await;
        self.credentials.trouble().map_or(discovered, |why| Err(why.to_owned()))
    }

    /// Notes that the token endpoint refused us, or does so no more.
    fn note_refusal(&self, why: Option<&'static str>) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Tells the operator why somebody could not sign in. What a provider wrote is shown as text and cut.
    fn tell(&self, why: &str) {
        let why: String = printable::escaped(why).chars().take(300).collect();
        tracing::warn!(provider = self.config.id, why, "a sign-in through a provider failed");
    }

    /// As [`Parts::tell`], with the rule that says no.
    fn refuse(&self, rejection: Rejection, why: impl std::fmt::Display) -> Rejection {
        self.tell(&format!("{}: {why}", rejection.reason()));
        rejection
    }
}
