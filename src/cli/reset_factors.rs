//! `user reset-factors`: a person who has lost every second factor.

use clap::Args;

use super::Output;
use super::arguments::Yes;
use super::output::{note, value};
use crate::protocol::audit::Act;
use crate::protocol::factor_reset::FactorResetView;
use crate::protocol::printable::escaped;
use crate::registry::{Error, FactorView, Registry, UserView};

#[derive(Args)]
pub(super) struct ResetFactors {
    /// An e-mail address or an id.
    user: String,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    output: Output,
}

impl ResetFactors {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let user = registry.user(&self.user).await?;
        let address = user.email.as_deref().unwrap_or("without an address");
        note(format!("The account {address} of '{}': {}.", escaped(&user.name), user.id));
        let factors = words(&user);
        if factors.is_empty() {
            note("It has no second factor. Its sign-ins and the access of applications end all the same.");
        } else {
            note(format!("It loses: {}. Its sign-ins and the access of applications end.", factors.join(", ")));
        }
        self.yes.or_ask("Take them away?")?;
        let user = registry.reset_factors(&user.id, act).await?.view;
        self.output.done(&value(&user), "The account has no second factor any more, and is signed out everywhere.");
        Ok(())
    }
}

/// The second factors of a person, each as a few words.
pub(super) fn words(user: &UserView) -> Vec<String> {
    let words = |factor: &FactorView| {
        let left = factor.left.map(|left| format!(" ({left} left)")).unwrap_or_default();
        let name = factor.name.as_deref().map(|name| format!(" '{}'", escaped(name))).unwrap_or_default();
        let attested = if factor.is_attested == Some(true) { " (attested)" } else { "" };
        format!("{}{name}{attested}{left} since {}", factor.kind, factor.created_at)
    };
    user.second_factors.iter().flatten().map(words).collect()
}

/// A request to take them away, in a few words.
pub(super) fn request(reset: &FactorResetView) -> String {
    format!("asked for at {}, waits until {}, lapses at {}", reset.asked_at, reset.opens_at, reset.lapses_at)
}
