//! The application: everything that handlers need, built once and shared by one pointer. Floors 2 and 3 meet here and in `http/`.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Logo, UpstreamConfig};
use crate::failure::Failure;
use crate::grants::Grants;
use crate::jobs::audit::AuditRecord;
use crate::jobs::clean_up::CleanUp;
use crate::jobs::expiring_secrets::ExpiringSecrets;
use crate::jobs::leaving::Departures;
use crate::jobs::outbox::logouts::Logouts;
use crate::jobs::outbox::mails::Mails;
use crate::jobs::outbox::{self, Outbox, Round, Underway};
use crate::jobs::secret_uses::SecretUses;
use crate::jobs::signing_keys::SigningKeys;
use crate::leaked::Leaked;
use crate::mail::Mailer;
use crate::outgoing::Outgoing;
use crate::passkeys::Ceremonies;
use crate::password::Hasher;
use crate::protocol::assurance;
use crate::protocol::audit::{Act, Event, Name, ecs};
use crate::protocol::entity::Entity;
use crate::protocol::issuer::Issuer;
use crate::protocol::metadata;
use crate::protocol::new_password::Words;
use crate::rates::Rates;
use crate::registry::Registry;
use crate::sealing::MasterKey;
use crate::signin::{self, SignIns};
use crate::storage::{Directory, Post, Storage};
use crate::telemetry::{self, numbers};
use crate::tokens::{KeyRing, Mint};
use crate::upstream::Providers;

/// How often memory is brought up to date: what others changed counts within a second.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How often this node asks whether it is its turn to remove what has had its day.
const CLEAN_EVERY: Duration = Duration::from_secs(300);
/// How often this node asks whether it is its turn to seal the audit record.
const SEAL_EVERY: Duration = Duration::from_secs(10);

/// The application. A clone is the same one, and costs one count up: so handlers and jobs hold it by value and read its [`Parts`].
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// What the application is made of. A field per concern.
#[derive(Debug)]
pub struct Parts {
    /// The settings, without the master key: that one is in memory once, behind what was derived from it.
    pub config: Config,
    /// Who we are.
    pub issuer: Issuer,
    /// What we say of ourselves, rendered.
    pub metadata: Entity,
    /// Tells the time.
    pub clock: Clock,
    /// The database.
    pub storage: Storage,
    /// Clients and resources in memory.
    pub directory: Directory,
    /// The signing keys in memory.
    pub ring: KeyRing,
    /// Signs tokens.
    pub mint: Mint,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// How often a network may ask for something.
    pub rates: Rates,
    /// The token endpoint's decisions.
    pub grants: Grants,
    /// What is registered here, for those of its faces that are not commands.
    pub registry: Registry,
    /// The browser flow's decisions.
    pub sign_ins: SignIns,
    /// The installation's logo.
    pub logo: Option<Logo>,
    /// Fetches from others.
    pub outgoing: Outgoing,
    /// The providers that people may sign in through.
    pub providers: Providers,
    logouts: Outbox<Logouts>,
    /// `None` while mail is off.
    mails: Option<Outbox<Mails>>,
    /// Removes what has had its day.
    pub clean_up: CleanUp,
    /// Ends accounts.
    pub departures: Departures,
    /// Remembers when clients used their secrets.
    pub secret_uses: SecretUses,
    /// Warns of secrets that end soon.
    pub expiring_secrets: ExpiringSecrets,
    /// Looks after the record of what happened.
    pub audit: AuditRecord,
    /// Looks after the signing keys.
    pub signing_keys: SigningKeys,
    draining: AtomicBool,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Builds the application over an open, migrated database that has its signing key.
    ///
    /// # Errors
    /// A sentence: the master key is not this database's, a key cannot be opened, the issuer is wrong.
    pub async fn build(
        mut config: Config,
        storage: Storage,
        master_key: &MasterKey,
        clock: Clock,
    ) -> Result<Self, Failure> {
        config.keys.forget_secrets();
        storage.tell_events_to(|event| numbers::event(event.name.as_str(), event.outcome.as_str()));
        storage.roles_come_of(config.providers());
        let issuer = Issuer::parse(&config.server.issuer).map_err(Failure::internal)?;
        let signing_keys = SigningKeys::open(storage.clone(), master_key, &config).await?;
        let ring = KeyRing::default();
        signing_keys.load(&ring, clock.now()).await?;
        let directory = Directory::load(storage.clone()).await?;
        let logo = config.brand.read_logo().map_err(Failure::internal)?;
        let (hasher, leaked) = (Hasher::new(&config.password)?, Leaked::new(&config.password)?);
        let rates = Rates::new(&config.limits, &clock);
        if config.audit.stdout {
            storage.tell_events_to(|event| telemetry::event(&ecs::object(event).to_string()));
        }
        let mailer = Mailer::new(&config, &issuer)?;
        if mailer.is_some() {
            storage.send_mail(Post::new(master_key, &config));
        }
        let mint = Mint::new(ring.clone(), issuer.clone());
        let outgoing = Outgoing::new(&config.outgoing)?;
        let providers = Providers::new(&config.upstream, &outgoing, &issuer);
        config.upstream.iter_mut().for_each(UpstreamConfig::forget_secrets);
        let passkeys = Ceremonies::new(&issuer, &config.brand.name, &config.passkeys)?;
        let passkeys = passkeys.filter(|_| config.sign_in.passkeys);
        let enabled: Vec<&UpstreamConfig> = config.upstream.iter().filter(|provider| provider.enabled).collect();
        let vouched = UpstreamConfig::strongest_class(&enabled);
        let kept = passkeys.as_ref().map(Ceremonies::kept_at_best);
        let classes = assurance::classes(config.sign_in.password, config.sign_in.second_factor, kept, vouched);
        Ok(Self(Arc::new(Parts {
            logouts: Outbox::new(Logouts {
                storage: storage.clone(),
                directory: directory.clone(),
                mint: mint.clone(),
                outgoing: outgoing.clone(),
                default: config.keys.algorithm,
            }),
            mails: mailer.map(|mailer| Outbox::new(Mails { storage: storage.clone(), mailer })),
            mint,
            logo,
            outgoing,
            providers,
            grants: Grants::new(storage.clone(), directory.clone(), issuer.clone(), &config),
            registry: Registry::beside(storage.clone(), &config, (hasher.clone(), leaked.clone()))?,
            sign_ins: SignIns::new(signin::Parts {
                storage: storage.clone(),
                directory: directory.clone(),
                hasher: hasher.clone(),
                leaked,
                words: Words::of_site(&issuer, &config.brand.name),
                rates: rates.clone(),
                issuer: issuer.clone(),
                master_key,
                limits: config.sign_in.clone(),
                recovery: config.recovery,
                attempts: &config.limits,
                lifetimes: config.tokens.clone(),
                providers: enabled,
                with_mail: config.mail.is_on(),
                proves_addresses: config.mail.is_on() && config.registration.prove_address,
                passkeys,
            }),
            audit: AuditRecord::new(storage.clone(), master_key, config.audit.retention),
            departures: Departures::new(storage.clone(), issuer.clone(), config.registration.unproven_days),
            clean_up: CleanUp::new(storage.clone(), config.sign_in.idle),
            secret_uses: SecretUses::new(storage.clone()),
            expiring_secrets: ExpiringSecrets::new(storage.clone()),
            metadata: Entity::of(metadata::document(&issuer, classes).to_string()),
            config,
            issuer,
            clock,
            storage,
            directory,
            ring,
            hasher,
            rates,
            signing_keys,
            draining: AtomicBool::default(),
        })))
    }

    /// Whether an account begins with a proof of its address.
    pub fn proves_addresses(&self) -> bool {
        self.config.mail.is_on() && self.config.registration.prove_address
    }

    /// Whether people sign in by a mail alone.
    pub fn signs_in_by_mail(&self) -> bool {
        self.config.mail.is_on() && self.config.sign_in.email
    }

    /// The time now. A request asks once.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Says that the process is on its way out: from now on it is not ready.
    pub fn begin_draining(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the process is on its way out.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// The signing keys, brought up to date first when that was too long ago to rely on them: the clock has jumped, the machine slept,
    /// or the database was away.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn fresh_keys(&self, now: Timestamp) -> Result<&KeyRing, Failure> {
        self.signing_keys.freshen(&self.ring, now).await?;
        Ok(&self.ring)
    }

    /// Records that the server begins to serve, or has ended. When that cannot be written the log says so: a server that can read goes on.
    pub async fn record_life(&self, name: Name) {
        let event = Event::of(&Act::of_system(self.now()), name).with("version", env!("CARGO_PKG_VERSION"));
        if let Err(failure) = self.storage.record(&event).await {
            tracing::warn!(%failure, event = %name, "it cannot be recorded");
        }
    }

    /// Does what runs by itself, until `stop` comes.
    pub async fn run_jobs(self, stop: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = self.keep_up_to_date() => {}
            () = self.deliver_outbox(&self.logouts) => {}
            () = self.deliver_mails_in_turn() => {}
            () = self.clean_up_in_turn() => {}
            () = self.seal_audit_record() => {}
            () = self.providers.keep_up_to_date() => {}
            () = self.secret_uses.keep_writing() => {}
            () = self.expiring_secrets.keep_warning(&self.clock) => {}
            () = stop => {}
        }
        if let Err(failure) = self.secret_uses.write().await {
            tracing::warn!(%failure, "when secrets of clients were used in the last minute is not noted");
        }
    }

    /// Removes what has had its day, every few minutes, when it is this node's turn.
    async fn clean_up_in_turn(&self) {
        loop {
            tokio::time::sleep(CLEAN_EVERY).await;
            self.rates.forget_idle();
            match self.clean_up.run(self.now()).await {
                Ok(None) => {}
                Ok(Some(count)) => {
                    tracing::debug!(count, "rows that had their day are removed");
                    if let Err(failure) = self.departures.run(self.now()).await {
                        tracing::warn!(%failure, "accounts that are over cannot be ended");
                    }
                    if let Err(failure) = self.audit.prune(self.now()).await {
                        tracing::warn!(%failure, "old rows of the audit record cannot be removed");
                    }
                }
                Err(failure) => tracing::warn!(%failure, "what had its day cannot be removed"),
            }
        }
    }

    /// Seals what was recorded, every few seconds, when it is this node's turn.
    async fn seal_audit_record(&self) {
        let mut failing = false;
        loop {
            tokio::time::sleep(SEAL_EVERY).await;
            let sealed = self.audit.run(self.now()).await;
            if let Err(failure) = &sealed
                && !failing
            {
                tracing::warn!(%failure, "the audit record cannot be sealed");
            }
            failing = sealed.is_err();
        }
    }

    /// Sends the mails that wait; never ends, though mail be off.
    async fn deliver_mails_in_turn(&self) {
        match &self.mails {
            Some(mails) => self.deliver_outbox(mails).await,
            None => std::future::pending().await,
        }
    }

    /// Delivers what lies in an outbox: looks once a second, and at once when there is more than was taken.
    async fn deliver_outbox(&self, outbox: &Outbox<impl Round>) {
        let (mut underway, mut failing) = (Underway::new(), false);
        loop {
            let begun = self.begin_delivery(outbox, &mut underway).await;
            if let Err(failure) = &begun
                && !failing
            {
                tracing::warn!(%failure, "the outbox cannot be delivered");
            }
            failing = begun.is_err();
            let is_full = begun.is_ok_and(|count| count > 0);
            tokio::select! {
                () = tokio::time::sleep(outbox::EVERY), if !is_full => {}
                // Who has been told of some may be told of more.
                Some(done) = underway.join_next(), if !is_full => {
                    if let Ok(Err(failure)) = done {
                        tracing::warn!(%failure, "what became of something in the outbox cannot be noted");
                    }
                }
                else => {}
            }
        }
    }

    async fn begin_delivery(&self, outbox: &Outbox<impl Round>, underway: &mut Underway) -> Result<usize, Failure> {
        let now = self.now();
        self.fresh_keys(now).await?;
        outbox.begin(underway, now).await
    }

    /// Tells the clients that are to be told now of ended sign-ins; tells how many were tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliver_logouts(&self) -> Result<usize, Failure> {
        let now = self.now();
        self.fresh_keys(now).await?;
        self.logouts.deliver(now).await
    }

    /// Sends the mails that are to be sent now; tells how many were tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliver_mails(&self) -> Result<usize, Failure> {
        match &self.mails {
            Some(mails) => mails.deliver(self.now()).await,
            None => Ok(0),
        }
    }

    /// Brings memory up to date, twice a second.
    async fn keep_up_to_date(&self) {
        let mut failing = false;
        let mut ticks = tokio::time::interval(REFRESH_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.refresh().await {
                Ok(()) => {
                    failing = false;
                    self.signing_keys.attend(&self.ring, self.now());
                }
                Err(failure) if !failing => {
                    failing = true;
                    tracing::warn!(%failure, "memory cannot be brought up to date");
                }
                Err(_) => {}
            }
        }
    }

    /// Brings what is in memory up to date once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self) -> Result<(), Failure> {
        let asked = self.now();
        self.directory.poll_after(async |news| self.signing_keys.hear(&self.ring, news, asked).await).await?
    }
}
