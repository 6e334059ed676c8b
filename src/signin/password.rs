//! Signing in with a password: the same words, the same status and the same work for every way in which it can fail
//! (OWASP ASVS 6.3.8).

use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::password::{Rank, Verdict, Waiter};
use crate::protocol::journey::Journey;
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::{email, new_password, password_form};
use crate::secret::{Secret, base64url, sha256};
use crate::storage::Place;

/// What a sign-in form brings.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The address as typed.
    pub email: Option<&'a str>,
    /// The password as typed.
    pub password: Option<Secret>,
}

/// An account that can sign in with a password.
struct Found {
    user_id: String,
    /// The hash of its password, as it was read.
    stored: String,
}

impl SignIns {
    /// Takes a password as a proof on a journey. Once it has a place, the attempt is evaluated to its end though the browser goes away,
    /// as it does when a form is sent twice.
    ///
    /// # Errors
    /// [`Rejection::MissingEmail`], [`Rejection::MissingPassword`], [`Rejection::PasswordTooLong`], [`Rejection::TooManyFailures`],
    /// [`Rejection::WrongCredentials`]; a failure when the database or the hasher cannot: then nobody is signed in.
    pub async fn with_password(
        &self,
        journey: Journey,
        attempt: Attempt<'_>,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let typed = attempt.email.ok_or(Rejection::MissingEmail)?.to_owned();
        let password = attempt.password.ok_or(Rejection::MissingPassword)?;
        if password_form::stored(password.expose()).chars().count() > new_password::MAX_LENGTH {
            return Err(Rejection::PasswordTooLong.into());
        }
        let network = network_of(&browser.address, &typed);
        let turn = self.lines.turn(&network).await?;
        let (sign_ins, browser) = (self.clone(), browser.clone());
        let evaluation = async move {
            let place = sign_ins.take_place(&network, now).await?;
            let outcome = sign_ins.evaluate(journey, (&typed, &password), (&browser, &place), now).await;
            drop(turn);
            outcome
        };
        tokio::spawn(evaluation).await.map_err(Failure::internal)?
    }

    /// Evaluates an attempt that has a place, and settles the place.
    async fn evaluate(
        &self,
        journey: Journey,
        (typed, password): (&str, &Secret),
        (browser, place): (&Browser, &Place),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let waiter = Waiter::from(browser.network(), Rank::SignIn);
        let (found, verdict) = match self.find(typed, password, waiter).await {
            Ok(found) => found,
            Err(failure) => {
                self.give_place_back(place).await?;
                return Err(failure.into());
            }
        };
        let outcome = self.prove(journey, (found, verdict, password), (browser, place), now).await;
        if outcome.is_err() {
            self.count_failure(place).await?;
        }
        outcome
    }

    /// The account that may sign in with a password, and what verifying it found: the same work whether or not there is one.
    async fn find(&self, typed: &str, password: &Secret, waiter: Waiter) -> Result<(Option<Found>, Verdict), Failure> {
        // An address that cannot exist is treated as one that does not.
        let account = match email::canonical(typed) {
            Ok(address) => self.storage.read().await?.user_by_email(&address).await?,
            Err(_) => None,
        };
        let found = account
            .filter(|account| account.user.disabled_at.is_none())
            .and_then(|account| Some(Found { stored: account.password_hash?, user_id: account.user.id }));
        let stored = found.as_ref().map(|found| found.stored.as_str());
        let verdict = self.hasher.verify(password.expose(), stored, waiter).await?;
        Ok((found, verdict))
    }

    /// Goes on with a right password, in one transaction that gives its place back; refuses any other.
    async fn prove(
        &self,
        journey: Journey,
        (found, verdict, password): (Option<Found>, Verdict, &Secret),
        (browser, place): (&Browser, &Place),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let (Some(found), Verdict::Right | Verdict::RightButOutdated) = (found, verdict) else {
            return Err(Rejection::WrongCredentials.into());
        };
        let newer = match verdict {
            Verdict::RightButOutdated => {
                Some(self.hasher.hash(password.expose(), Waiter::from(browser.network(), Rank::SignIn)).await?)
            }
            _ => None,
        };
        let mut transaction = self.storage.begin().await?;
        // What was read before the hash may have changed during it.
        if !transaction.confirm_password(&found.user_id, &found.stored, newer.as_deref()).await? {
            return Err(Rejection::WrongCredentials.into());
        }
        transaction.give_place_back(place).await?;
        let journey = journey.proved(&found.user_id, Kind::Password, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        Ok(progress)
    }

    /// Gives the place of an attempt back that was not evaluated: nobody has learned anything of the password.
    async fn give_place_back(&self, place: &Place) -> Result<(), Failure> {
        let mut transaction = self.storage.begin().await?;
        transaction.give_place_back(place).await?;
        transaction.commit().await
    }

    async fn count_failure(&self, place: &Place) -> Result<(), Failure> {
        let mut transaction = self.storage.begin().await?;
        transaction.count_failure(place).await?;
        transaction.commit().await
    }
}

/// What failures are counted for: an IPv4 address, or the /64 of an IPv6 one. Who comes from nobody knows where shares no place with all
/// others of that kind: there the account counts, whether or not there is one.
fn network_of(address: &str, typed: &str) -> String {
    match address.parse::<std::net::IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(std::net::IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(ip) => ip.to_string(),
        Err(_) => format!("unknown {}", base64url(&sha256(typed.trim().to_lowercase().as_bytes()))),
    }
}
