//! The token for one purpose, and who fetches the next one: at most one at a time.
//!
//! What is asked on the way of a token that is there is one atomic pointer. Everything else happens under a lock that nobody holds while
//! waiting: a flight is one request for a token, and whoever needs its end waits for that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::client::{Client, Failed, Wanted};
use super::error::SourceError;
use super::pace::{Moment, Standing, pause};
use super::token::{Held, Token};

/// How often a token is dropped because an API refuses it: an API that refuses everything costs the server no more.
const BETWEEN_DROPS: Duration = Duration::from_secs(10);

/// What comes of a flight, once it does.
type Outcome = Option<Result<Token, SourceError>>;

/// The token for one purpose.
pub(super) struct Slot {
    client: Arc<Client>,
    wanted: Wanted,
    token: ArcSwapOption<Held>,
    course: Mutex<Course>,
}

/// How it goes.
#[derive(Default)]
struct Course {
    flight: Option<watch::Receiver<Outcome>>,
    /// In a row.
    failures: u32,
    paused: Option<Pause>,
    /// When an API last refused the token, and the token: of use again when no other can be had.
    dropped: Option<Moment>,
    aside: Option<Arc<Held>>,
}

/// Nobody asks for so long after a failure.
struct Pause {
    from: Moment,
    length: Duration,
    error: SourceError,
}

/// What somebody who has no token gets.
enum Boarding {
    Token(Token),
    Flight(watch::Receiver<Outcome>, Option<Landing>),
}

/// Whoever is to fetch a token. Lands once, at the latest when it is dropped.
struct Landing {
    slot: Arc<Slot>,
    tell: watch::Sender<Outcome>,
    landed: bool,
}

impl Course {
    /// Why nobody asks now.
    fn pause(&self, now: Moment) -> Option<&SourceError> {
        let paused = self.paused.as_ref().filter(|pause| pause.from.until(now) < pause.length);
        paused.map(|pause| &pause.error)
    }
}

impl Slot {
    pub(super) fn new(client: Arc<Client>, wanted: Wanted) -> Self {
        Self { client, wanted, token: ArcSwapOption::empty(), course: Mutex::default() }
    }

    /// The token, if there is one of use. An old one begins a flight, if nobody else does, and serves meanwhile.
    pub(super) fn held(self: &Arc<Self>) -> Option<Token> {
        let now = Moment::now(&self.client.clock);
        let held = self.token.load_full()?;
        match held.standing(now) {
            Standing::Fresh => {}
            Standing::Old => self.renew(now),
            Standing::Over => return None,
        }
        Some(Token(held))
    }

    /// A new token, by the one flight for everybody who waits.
    pub(super) async fn fetch(self: &Arc<Self>) -> Result<Token, SourceError> {
        let mut flight = match self.board()? {
            Boarding::Token(token) => return Ok(token),
            Boarding::Flight(flight, landing) => {
                landing.map(Landing::set_off).transpose()?;
                flight
            }
        };
        let outcome = flight.wait_for(Option::is_some).await.map_err(|_| SourceError::Lost)?;
        outcome.clone().unwrap_or(Err(SourceError::Lost))
    }

    fn board(self: &Arc<Self>) -> Result<Boarding, SourceError> {
        let mut course = self.course();
        let now = Moment::now(&self.client.clock);
        // Whoever came before may have fetched it meanwhile.
        if let Some(held) = self.token.load_full().filter(|held| held.standing(now) != Standing::Over) {
            return Ok(Boarding::Token(Token(held)));
        }
        if let Some(flight) = &course.flight {
            return Ok(Boarding::Flight(flight.clone(), None));
        }
        if let Some(error) = course.pause(now) {
            return Err(error.clone());
        }
        let landing = self.begin(&mut course);
        Ok(Boarding::Flight(landing.tell.subscribe(), Some(landing)))
    }

    /// Begins a flight, unless somebody has or it is not the time. Whoever decides right now decides for all: nobody waits.
    fn renew(self: &Arc<Self>, now: Moment) {
        let Ok(mut course) = self.course.try_lock() else { return };
        // The token that is there may be new by now.
        let is_old = self.token.load().as_ref().is_some_and(|held| held.standing(now) == Standing::Old);
        if !is_old || course.flight.is_some() || course.pause(now).is_some() {
            return;
        }
        let landing = self.begin(&mut course);
        drop(course);
        // Without a runtime it lands at once, and the old token serves on.
        let _ = landing.set_off();
    }

    fn begin(self: &Arc<Self>, course: &mut Course) -> Landing {
        let (tell, flight) = watch::channel(None);
        course.flight = Some(flight);
        Landing { slot: Arc::clone(self), tell, landed: false }
    }

    /// Takes it that an API refused this token; whether another try with what the source has now may help.
    pub(super) fn refused(&self, token: &Token) -> bool {
        let mut course = self.course();
        let now = Moment::now(&self.client.clock);
        match self.token.load_full() {
            Some(held) if token.is(&held) => {
                let lately = course.dropped.is_some_and(|at| at.until(now) < BETWEEN_DROPS);
                if lately || course.pause(now).is_some() {
                    return false;
                }
                course.dropped = Some(now);
                course.aside = Some(held);
                self.token.store(None);
                true
            }
            // Somebody was quicker.
            _ => true,
        }
    }

    fn land(&self, came: Result<Held, Failed>) -> Result<Token, SourceError> {
        let mut course = self.course();
        let now = Moment::now(&self.client.clock);
        course.flight = None;
        let aside = course.aside.take();
        match came {
            Ok(held) => {
                let held = Arc::new(held);
                self.token.store(Some(Arc::clone(&held)));
                (course.failures, course.paused) = (0, None);
                Ok(Token(held))
            }
            Err(Failed { error, retry_after }) => {
                course.failures = course.failures.saturating_add(1);
                let length = pause(course.failures, (self.client.jitter)(), retry_after);
                course.paused = Some(Pause { from: now, length, error: error.clone() });
                if aside.is_some() {
                    self.token.store(aside);
                }
                self.complain(&error, length);
                Err(error)
            }
        }
    }

    fn complain(&self, error: &SourceError, pause: Duration) {
        let (scope, resource) = (self.wanted.scope(), self.wanted.resource());
        let seconds = pause.as_secs();
        tracing::warn!(client = self.client.id, scope, resource, %error, pause = seconds, "no token could be fetched");
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Landing {
    /// Goes for the token, whatever becomes of whoever waits for it. Not under the lock: a runtime that ends drops this right here.
    fn set_off(mut self) -> Result<(), SourceError> {
        let Ok(runtime) = Handle::try_current() else {
            self.land(Err(SourceError::NoRuntime.into()));
            return Err(SourceError::NoRuntime);
        };
        runtime.spawn(async move {
            let came = self.slot.client.ask(&self.slot.wanted).await;
            self.land(came);
        });
        Ok(())
    }

    fn land(&mut self, came: Result<Held, Failed>) {
        self.landed = true;
        let _ = self.tell.send(Some(self.slot.land(came)));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.landed {
            self.land(Err(SourceError::Lost.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use http::{Request, Response};

    use super::*;
    use crate::http::Sending;
    use crate::{Http, TokenSource};

    /// Gives tokens without a network, and counts them.
    struct Giver(Arc<AtomicUsize>);

    impl Http for Giver {
        fn send(&self, _: Request<Bytes>) -> Sending<'_> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let body = br#"{"access_token":"token","token_type":"Bearer","expires_in":900}"#;
            Box::pin(async { Ok(Response::new(Bytes::from_static(body))) })
        }
    }

    #[tokio::test]
    async fn whoever_comes_to_the_lock_late_finds_the_token_that_another_fetched() {
        let given = Arc::new(AtomicUsize::new(0));
        let builder = TokenSource::at("https://login.example.org/token").client("service").secret("secret");
        let source = builder.http(Giver(Arc::clone(&given))).build().unwrap();
        source.get().await.unwrap();
        // This one saw none, and that one an old one, before they had the lock.
        source.slot.fetch().await.unwrap();
        source.slot.renew(Moment::now(&source.slot.client.clock));
        assert!(source.slot.course().flight.is_none());
        assert_eq!(given.load(Ordering::SeqCst), 1);
    }
}
