//! The ways in which a person can sign in, as the account page lists them: a password, what is linked, and what can be.

use super::moment::Moment;
use super::providers::{Mark, ProviderButton};
use crate::app::App;
use crate::clock::Timestamp;
use crate::protocol::upstream::{Identity, ProviderKind};
use crate::storage::PasswordTimes;

/// The ways of one person.
pub(super) struct Ways {
    /// How they stand to a password.
    pub password: PasswordWay,
    /// Whether a mail alone does.
    pub by_mail: bool,
    /// The authenticator beside those: since when there is one, and when it was last used.
    pub authenticator: Option<(Moment, Option<Moment>)>,
    /// How many passkeys there are.
    pub passkeys: usize,
    /// How many security keys.
    pub security_keys: usize,
    /// What is linked.
    pub linked: Vec<Linked>,
    /// What can be linked.
    pub links: Vec<Link>,
}

/// A password as a way in.
pub(super) enum PasswordWay {
    /// They have one: when it was chosen, and when it was last used, as far as that is known.
    Has(Option<Moment>, Option<Moment>),
    /// They have none, and can choose one.
    Lacks,
    /// There is none for them.
    No,
}

impl PasswordWay {
    /// Of an account that has one, and an address.
    pub fn of(app: &App, (has_one, has_address): (bool, bool), times: PasswordTimes, now: Timestamp) -> Self {
        let moment = |at: Option<Timestamp>| at.map(|at| Moment::new(at, now));
        if !app.config.sign_in.password || !has_address {
            Self::No
        } else if has_one {
            Self::Has(moment(times.set_at), moment(times.used_at))
        } else {
            Self::Lacks
        }
    }

    /// Whether it signs them in.
    pub const fn is_there(&self) -> bool {
        matches!(self, Self::Has(..))
    }
}

/// An identity of theirs.
pub(super) struct Linked {
    /// Its row id.
    pub identity: String,
    /// The id of its button.
    pub button: String,
    provider: String,
    /// The mark of its provider.
    pub mark: Mark,
    /// The provider's name, or its former id when the settings know it no more.
    pub name: String,
    /// The address at the provider.
    pub account: Option<String>,
    /// Whether its provider is switched on.
    is_usable: bool,
    /// When it was linked.
    pub added_at: Moment,
    /// When it was last used.
    pub used_at: Moment,
}

/// A provider whose account can be linked.
pub(super) struct Link {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its mark.
    pub mark: Mark,
    /// Whether one of its accounts is linked already.
    pub is_another: bool,
}

impl Ways {
    /// What is to be said of these identities, with a link for each of these providers.
    pub fn new(
        password: PasswordWay,
        identities: Vec<Identity>,
        providers: Vec<ProviderButton>,
        now: Timestamp,
    ) -> Self {
        let mut linked: Vec<Linked> = Vec::new();
        for identity in identities {
            let provider = providers.iter().find(|provider| provider.id == identity.provider);
            let unlink = format!("unlink-{}", identity.provider);
            let of_same = linked.iter().filter(|other| other.provider == identity.provider).count();
            linked.push(Linked {
                // No id of a provider has a full stop.
                button: if of_same == 0 { unlink } else { format!("{unlink}.{}", of_same + 1) },
                mark: provider.map_or(Mark { kind: ProviderKind::Oidc }, |provider| provider.mark),
                name: provider.map_or(identity.provider.clone(), |provider| provider.name.clone()),
                is_usable: provider.is_some(),
                provider: identity.provider,
                account: identity.email,
                added_at: Moment::new(identity.created_at, now),
                used_at: Moment::new(identity.last_used_at, now),
                identity: identity.id,
            });
        }
        let link = |provider: ProviderButton| Link {
            is_another: linked.iter().any(|way| way.provider == provider.id),
            id: provider.id,
            name: provider.name,
            mark: provider.mark,
        };
        let links = providers.into_iter().map(link).collect();
        Self { password, by_mail: false, authenticator: None, passkeys: 0, security_keys: 0, linked, links }
    }

    /// Whether this one cannot be given up: no other is left that can be used.
    pub fn is_last(&self, way: &Linked) -> bool {
        let mut others = self.linked.iter().filter(|other| other.identity != way.identity);
        let is_needed = self.linked.len() == 1 || way.is_usable;
        !self.password.is_there()
            && !self.by_mail
            && self.passkeys == 0
            && is_needed
            && !others.any(|other| other.is_usable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(id: &str, provider: &str) -> Identity {
        let now = Timestamp::from_seconds(1_800_000_000);
        Identity {
            id: id.to_owned(),
            user_id: "u".to_owned(),
            provider: provider.to_owned(),
            issuer: format!("https://{provider}.test"),
            subject: id.to_owned(),
            email: None,
            email_verified: false,
            roles: Vec::new(),
            created_at: now,
            last_used_at: now,
        }
    }

    #[test]
    fn each_identity_has_a_button_of_its_own_also_when_its_provider_is_gone() {
        let providers = || vec![ProviderButton::new(ProviderKind::Google, "google", "Google", None)];
        let identities = vec![identity("a", "google"), identity("b", "gone"), identity("c", "google")];
        let now = Timestamp::from_seconds(1_800_000_100);
        let ways = Ways::new(PasswordWay::No, identities, providers(), now);
        let buttons: Vec<_> = ways.linked.iter().map(|way| (way.button.as_str(), way.name.as_str())).collect();
        assert_eq!(buttons, [("unlink-google", "Google"), ("unlink-gone", "gone"), ("unlink-google.2", "Google")]);
        assert!(ways.links[0].is_another);
        let last = |with_password, identities| {
            let password = if with_password { PasswordWay::Has(None, None) } else { PasswordWay::Lacks };
            let ways = Ways::new(password, identities, providers(), now);
            ways.linked.iter().map(|way| ways.is_last(way)).collect::<Vec<_>>()
        };
        assert_eq!(last(false, vec![identity("a", "google"), identity("c", "google")]), [false, false]);
        assert_eq!(last(false, vec![identity("a", "google"), identity("b", "gone")]), [true, false]);
        assert_eq!(last(true, vec![identity("a", "google")]), [false]);
    }
}
