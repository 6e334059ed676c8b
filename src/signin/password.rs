//! Signing in with a password: the same words, the same status and the same work for every way in which it can fail
//! (OWASP ASVS 6.3.8).

use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::password::Verdict;
use crate::protocol::journey::Journey;
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::{email, new_password};
use crate::secret::Secret;

/// What a sign-in form brings.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The address as typed.
    pub email: Option<&'a str>,
    /// The password as typed.
    pub password: Option<Secret>,
}

impl SignIns {
    /// Takes a password as a proof on a journey.
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
        let typed = attempt.email.ok_or(Rejection::MissingEmail)?;
        let password = attempt.password.ok_or(Rejection::MissingPassword)?;
        if password.expose().chars().count() > new_password::MAX_LENGTH {
            return Err(Rejection::PasswordTooLong.into());
        }
        self.count_attempt(&browser.address, now).await?;

        // An address that cannot exist is treated as one that does not.
        let account = match email::canonical(typed) {
            Ok(address) => self.storage.read().await?.user_by_email(&address).await?,
            Err(_) => None,
        };
        let usable = account.filter(|account| account.user.disabled_at.is_none() && account.password_hash.is_some());
        let stored = usable.as_ref().and_then(|account| account.password_hash.as_deref());
        let verdict = self.hasher.verify(password.expose(), stored).await?;
        let (Some(account), Some(stored), Verdict::Right | Verdict::RightButOutdated) = (&usable, stored, verdict)
        else {
            return Err(Rejection::WrongCredentials.into());
        };
        let newer = match verdict {
            Verdict::RightButOutdated => Some(self.hasher.hash(password.expose()).await?),
            _ => None,
        };

        let mut transaction = self.storage.begin().await?;
        // What was read before the hash may have changed during it.
        if !transaction.confirm_password(&account.user.id, stored, newer.as_deref()).await? {
            return Err(Rejection::WrongCredentials.into());
        }
        transaction.take_back_attempt(&network_of(&browser.address)).await?;
        let journey = journey.proved(&account.user.id, Kind::Password, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        Ok(progress)
    }

    /// Counts an attempt before it is evaluated: a store that cannot count lets nobody guess.
    async fn count_attempt(&self, address: &str, now: Timestamp) -> Result<(), Error> {
        let network = network_of(address);
        let mut transaction = self.storage.begin().await?;
        let (count, until) = transaction.count_attempt(&network, now).await?;
        transaction.commit().await?;
        if count > self.limits.failures_per_minute {
            let wait = until.seconds().saturating_sub(now.seconds());
            return Err(Rejection::TooManyFailures.for_seconds(wait.unsigned_abs()).into());
        }
        Ok(())
    }
}

/// The network that failures are counted for: an IPv4 address, or the /64 of an IPv6 one.
fn network_of(address: &str) -> String {
    match address.parse::<std::net::IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(std::net::IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(ip) => ip.to_string(),
        Err(_) => address.to_owned(),
    }
}
