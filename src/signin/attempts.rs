//! The one way in which a person's secret is tried, whatever the secret and whatever the page: a place is taken, the attempt is evaluated,
//! and the place is settled. What may be tried at a moment is said in [`crate::protocol::attempts`]; the database counts
//! ([`crate::storage::Place`]).
//!
//! A further door (a code sent by mail, a second factor) begins with [`SignIns::look`], or with [`SignIns::look_at_code`] where what is typed is a few
//! digits beside a proof that whoever guesses may have and make browsers known by; it asks [`SignIns::reserve`] before it compares anything,
//! and ends in [`Transaction::count_success`](crate::storage::Transaction::count_success) within the transaction that goes on with the right
//! secret, or in [`SignIns::count_failure`], or, when it could not compare, in [`SignIns::give_back`]. It does so in a task of its own, that ends
//! though the browser goes away. So all doors share one set of counters.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::line::{PATIENCE, in_vain};
use super::{Browser, SignIns, devices};
use crate::clock::Timestamp;
use crate::config::{LimitsConfig, Network};
use crate::failure::{Error, Failure};
use crate::protocol::attempts::{Counter, FOR_EVER, Kind, Limits, Subject};
use crate::protocol::audit::{Act, Actor, Event, Name, Noun, Outcome};
use crate::protocol::email;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::second_factor::Guards;
use crate::sealing::MasterKey;
use crate::secret::MacKey;
use crate::storage::{Account, Place, Reader, Transaction};

/// How long to wait before asking again for a place that an attempt on another node holds.
const PAUSE: Duration = Duration::from_millis(50);
/// What is said of when to come back to an account that is closed until somebody clears it, in seconds.
const A_DAY: u64 = 86_400;

/// What attempts are counted by.
#[derive(Debug)]
pub(super) struct Counting {
    limits: Limits,
    trusted: Vec<Network>,
    names: MacKey,
}

/// Whose secret is tried, and from where.
pub(super) struct Tried {
    /// The account of that name, if there is one.
    pub account: Option<Account>,
    /// The device, when the account knows it.
    pub device: Option<String>,
    subjects: Vec<Subject>,
    /// The account as strangers try it, when a known device may clear what they did.
    cleared: Option<Subject>,
    counters: Vec<(String, Counter)>,
}

/// The places of an attempt.
#[derive(Debug)]
pub(super) struct Held {
    places: Vec<Place>,
    cleared: Option<Place>,
}

impl Counting {
    pub fn new(config: &LimitsConfig, master: &MasterKey) -> Self {
        Self { limits: config.attempts(), trusted: config.trusted_networks.clone(), names: master.mac_key("attempts") }
    }

    /// What an attempt of a stranger is counted for. An account that there is not counts as one that there is, by a keyed hash of what was typed.
    fn strangers(&self, typed: &str, account: Option<&Account>, browser: &Browser) -> Vec<Subject> {
        let name = match account {
            Some(account) => account.user.id.clone(),
            None => format!("?{}", self.names.sign(&[typed.as_bytes()])),
        };
        Subject::of_stranger(&name, browser.network(), self.trusts(browser))
    }

    /// Whether a browser is in a network in which many people share an address.
    pub fn trusts(&self, browser: &Browser) -> bool {
        browser.origin.address.is_some_and(|ip| self.trusted.iter().any(|network| network.contains(ip)))
    }

    /// Why no attempt may be evaluated now, as far as failures say.
    fn refusal(&self, tried: &Tried, now: Timestamp) -> Option<Refusal> {
        let until = |subject: &Subject| self.limits.refused_until(subject.kind, &tried.counter(subject), now);
        let until = tried.subjects.iter().filter_map(until).max()?;
        Some(if until == FOR_EVER {
            Rejection::ClosedToStrangers.for_seconds(A_DAY)
        } else {
            Rejection::TooManyFailures.for_seconds(until.seconds().saturating_sub(now.seconds()).unsigned_abs())
        })
    }
}

impl Tried {
    /// The attempt as that of a known device: counted for that, a code also for all those together in which no second factor was ever shown, and for
    /// nothing that strangers do, unless either has failed too often.
    fn of_known(self, limits: &Limits, (subjects, device): (Vec<Subject>, String)) -> Self {
        if subjects.iter().any(|subject| limits.forgets(&self.counter(subject))) {
            return self;
        }
        let has_failed = |account: &Subject| account.kind == Kind::Account && self.counter(account).in_row > 0;
        let cleared = self.subjects.iter().find(|subject| has_failed(subject)).cloned();
        Self { device: Some(device), subjects, cleared, ..self }
    }

    /// Whether there seems to be a place in each counter; one that is not there yet has some.
    fn has_room(&self, limits: &Limits, now: Timestamp) -> bool {
        let counted = |subject: &Subject| self.counters.iter().find(|(id, _)| *id == subject.id);
        let mut found = self.subjects.iter().filter_map(|subject| Some((subject.kind, counted(subject)?.1)));
        found.all(|(kind, counter)| limits.has_room(kind, &counter, now))
    }

    fn counter(&self, subject: &Subject) -> Counter {
        self.counters.iter().find(|(id, _)| *id == subject.id).map(|(_, counter)| *counter).unwrap_or_default()
    }

    /// Who waits for their turn together, and how many of them at most have one at once.
    pub fn line(&self, limits: &Limits) -> (String, i64) {
        let of = |kind| self.subjects.iter().find(|subject| subject.kind == kind);
        match of(Kind::Network) {
            Some(network) => (network.id.clone(), limits.per_minute),
            None => {
                let own = of(Kind::Device).or_else(|| of(Kind::Pair));
                (own.map(|subject| subject.id.clone()).unwrap_or_default(), limits.account_per_minute)
            }
        }
    }
}

impl SignIns {
    /// Looks up whose secret is to be tried and what was counted, by reading alone. What cannot be an address is looked for as any other:
    /// nobody is to tell one from the other.
    ///
    /// # Errors
    /// [`Rejection::TooManyFailures`], [`Rejection::ClosedToStrangers`]: then nothing may be compared; a failure when the database fails.
    pub(super) async fn look(&self, typed: &str, browser: &Browser, now: Timestamp) -> Result<Tried, Error> {
        let address = email::canonical(typed);
        let mut reader = self.storage.read().await?;
        // There is no account without an address.
        let account = reader.user_by_email(address.as_deref().unwrap_or_default()).await?;
        let name = address.unwrap_or_else(|_| typed.trim().to_lowercase());
        self.look_with(reader, (name, account), (browser, false), now).await
    }

    /// As [`SignIns::look`], for an account that is known already.
    ///
    /// # Errors
    /// As [`SignIns::look`].
    pub(super) async fn look_at(&self, account: Account, browser: &Browser, now: Timestamp) -> Result<Tried, Error> {
        let reader = self.storage.read().await?;
        self.look_with(reader, (String::new(), Some(account)), (browser, false), now).await
    }

    /// As [`SignIns::look_at`], for a code of the account: by itself it could be guessed, however many devices are known. In one in which a second factor was
    /// shown before, its person alone can be.
    ///
    /// # Errors
    /// As [`SignIns::look`].
    pub(super) async fn look_at_code(
        &self,
        account: Account,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Tried, Error> {
        let reader = self.storage.read().await?;
        self.look_with(reader, (String::new(), Some(account)), (browser, true), now).await
    }

    async fn look_with(
        &self,
        mut reader: Reader,
        (name, account): (String, Option<Account>),
        (browser, is_code): (&Browser, bool),
        now: Timestamp,
    ) -> Result<Tried, Error> {
        let known = |account: &Account| {
            let device = self.devices.known(browser.device.as_ref(), account, now)?;
            // In the order of their names.
            let codes = is_code.then(|| Subject::of_codes(&account.user.id, devices::shown_as(&device)));
            let subjects = codes.into_iter().chain([Subject::of_device(&account.user.id, &device)]);
            Some((subjects.collect::<Vec<_>>(), device))
        };
        let known = account.as_ref().and_then(known);
        let strangers = self.counting.strangers(&name, account.as_ref(), browser);
        let all: Vec<Subject> =
            strangers.iter().chain(known.iter().flat_map(|(subjects, _)| subjects)).cloned().collect();
        let counters = reader.counters(&all).await?;
        drop(reader);
        let tried = Tried { account, device: None, subjects: strangers, cleared: None, counters };
        let tried = match known {
            Some(known) => tried.of_known(&self.counting.limits, known),
            None => tried,
        };
        match self.counting.refusal(&tried, now) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(tried),
        }
    }

    /// Takes the places for an attempt. Who finds all of them taken by failures is refused, and by attempts under way, waits for those.
    ///
    /// # Errors
    /// As [`SignIns::look`], and a failure when all places are held for too long.
    pub(super) async fn reserve(&self, tried: &mut Tried, is_stale: bool, now: Timestamp) -> Result<Held, Error> {
        let mut is_stale = is_stale;
        let asking = async {
            loop {
                if is_stale {
                    tried.counters = self.storage.read().await?.counters(&tried.subjects).await?;
                    if let Some(refusal) = self.counting.refusal(tried, now) {
                        return Err(Error::from(refusal));
                    }
                }
                let limits = &self.counting.limits;
                let asked = |subject: &Subject| Place::asked(subject.clone(), limits, &tried.counter(subject), now);
                let mut places: Vec<Place> = tried.subjects.iter().map(asked).collect();
                // Whoever waits reads: of those who write there is one at a time.
                if tried.has_room(limits, now) {
                    let mut transaction = self.storage.begin().await?;
                    if transaction.take_places(&mut places, now).await? {
                        transaction.commit().await?;
                        let cleared = tried.cleared.as_ref().map(asked);
                        return Ok(Held { places, cleared });
                    }
                }
                is_stale = true;
                sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err(in_vain().into()))
    }

    /// Counts the attempt as a failure, with all that follows from it.
    pub(super) async fn count_failure(&self, held: &Held, browser: &Browser, now: Timestamp) -> Result<(), Failure> {
        let limits = &self.counting.limits;
        let mut transaction = self.storage.begin().await?;
        let mut counted = transaction.count_failures(&held.places, now).await?;
        let mut spread_far = Vec::new();
        let of_pair = counted.iter().find(|(subject, _)| subject.kind == Kind::Pair);
        if let Some((pair, _)) = of_pair.filter(|(_, counter)| counter.is_to_spread(now)) {
            let site = Subject::of_site(pair.account.as_deref().unwrap_or_default(), browser.network());
            let spread = transaction.count_spread(&held.places, site.as_ref(), now).await?;
            counted.retain(|(subject, _)| spread.iter().all(|(other, _)| other != subject));
            counted.extend(spread.iter().cloned());
            spread_far.extend(
                spread.into_iter().filter(|(subject, counter)| limits.spreads_too_far_now(subject.kind, counter)),
            );
            for (subject, counter) in &spread_far {
                let act = Act::by(Actor::Nobody, browser.origin, now);
                let (noun, id) = sprayed(subject);
                let event = Event::of(&act, Name::SignInSprayed).on(noun, id).ended_in(Outcome::Failure);
                transaction.record(&event.with("spread", counter.spread)).await?;
            }
        }
        let mut closed = None;
        for (subject, counter) in &counted {
            let Some(after) = limits.after_failure(subject.kind, counter, now) else { continue };
            transaction.close_counter(&subject.id, after, now).await?;
            if subject.kind != Kind::Device {
                closed = closed.max(after.closed_until);
            }
        }
        if let (Some(until), Some(account)) = (closed, held.account()) {
            transaction.note_attempts(&account.subject.id, until, now).await?;
            let until = if until == FOR_EVER { "cleared".to_owned() } else { until.to_string() };
            let event = held.event(Name::LockoutBegan, browser, now).with("until", until);
            transaction.record(&event.with("reason", "too many failed sign-ins")).await?;
        }
        transaction.record(&held.event(Name::SignInFailed, browser, now).counted()).await?;
        transaction.commit().await?;
        for (subject, counter) in &spread_far {
            let (noun, id) = sprayed(subject);
            tracing::warn!(%noun, id, spread = counter.spread, "failed sign-ins to many accounts, or from many networks");
        }
        Ok(())
    }

    /// Counts a first factor as right, in the transaction that goes on with it. Of an account with a second factor it gives its places back and opens
    /// nothing: whoever knows the one would have as many guesses at the other as they like.
    pub(super) async fn count_first_factor(
        &self,
        transaction: &mut Transaction,
        (guards, held): (Guards, &Held),
        now: Timestamp,
    ) -> Result<(), Failure> {
        if self.has_second_factors() && guards.are_any(self.has_passkeys()) {
            transaction.give_places_back(&held.places).await
        } else {
            held.succeed(transaction, now).await
        }
    }

    /// Gives the places of an attempt back that was not evaluated: nobody has learned anything of the secret.
    pub(super) async fn give_back(&self, held: &Held) -> Result<(), Failure> {
        let mut transaction = self.storage.begin().await?;
        transaction.give_places_back(&held.places).await?;
        transaction.commit().await
    }

    /// The numbers that attempts are counted by.
    pub(super) fn attempt_limits(&self) -> &Limits {
        &self.counting.limits
    }
}

/// An account as attempts are counted for it, as the record names it: a person's, or nobody's by the hash of what was typed.
fn whose(account: &str) -> (Noun, &str) {
    account.strip_prefix('?').map_or((Noun::User, account), |hash| (Noun::Address, hash))
}

impl Held {
    /// Counts the attempt as right, in the transaction that goes on with it. From a known device it opens the account again.
    pub async fn succeed(&self, transaction: &mut Transaction, now: Timestamp) -> Result<(), Failure> {
        // The name of the account's counter comes first.
        let all: Vec<Place> = self.cleared.iter().chain(&self.places).cloned().collect();
        transaction.count_success(&all, now).await
    }

    /// As [`Held::succeed`], for the device alone that it was made on: what strangers did to the account stays as it is. Whoever has stolen a kept device
    /// and the password would open it over and over, and guess at the code from elsewhere.
    pub async fn succeed_here(&self, transaction: &mut Transaction, now: Timestamp) -> Result<(), Failure> {
        transaction.count_success(&self.places, now).await
    }

    /// What an attempt that failed leaves in the record: of an account, or of a name that is nobody's, by its hash.
    fn event(&self, name: Name, browser: &Browser, now: Timestamp) -> Event {
        let event = Event::of(&Act::by(Actor::Nobody, browser.origin, now), name).ended_in(Outcome::Failure);
        let account = self.places.iter().find_map(|place| place.subject.account.as_deref());
        let (noun, id) = whose(account.unwrap_or_default());
        event.on(noun, id)
    }

    fn account(&self) -> Option<&Place> {
        self.places.iter().find(|place| place.subject.kind == Kind::Account)
    }
}

/// What is sprayed: an account from many networks, or many accounts from one network.
fn sprayed(subject: &Subject) -> (Noun, &str) {
    match (&subject.account, &subject.network) {
        (Some(account), _) => whose(account),
        (None, network) => (Noun::Network, network.as_deref().unwrap_or_default()),
    }
}
