//! Identities: which accounts at providers sign a person in. People link and unlink them by themselves on the account page; here operators do
//! it for them, when support calls for it, and list all.

use serde::Serialize;

use super::user::{UserView, missing};
use super::{Error, Registry};
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::mailbox::is_way_in;
use crate::protocol::page::{Listed, Page};
use crate::protocol::printable::is_printable;
use crate::protocol::problem::Problems;
use crate::protocol::upstream::{Identity, Vouched, is_last_way_in};
use crate::random;

/// The longest subject, in bytes (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;

/// An identity as every face shows it beside its person. Times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdentityView {
    /// The provider, by its id in the configuration.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// The `sub` of the person there.
    pub subject: String,
    /// The address that the provider gave last.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: String,
    /// When it last signed somebody in; when it was linked, as long as it has not.
    pub last_used_at: String,
}

/// An identity as a list of all shows it.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityEntry {
    /// Whom it signs in.
    pub user_id: String,
    /// The identity.
    #[serde(flatten)]
    pub identity: IdentityView,
    /// Whether the provider said that the person has proved the address.
    pub email_verified: bool,
    /// The roles that come of it.
    pub roles: Vec<String>,
}

/// An identity that is to be linked.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// The provider, by its id in the configuration.
    pub provider: String,
    /// Its issuer, as its ID tokens have it.
    pub issuer: String,
    /// The `sub` of the person there.
    pub subject: String,
}

/// Which identity of a person: the one of which all that is given is so.
#[derive(Clone, Debug, Default)]
pub struct WhichIdentity {
    /// The provider, by its id in the configuration.
    pub provider: Option<String>,
    /// Its issuer.
    pub issuer: Option<String>,
    /// The `sub` of the person there.
    pub subject: Option<String>,
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        Self {
            provider: identity.provider,
            issuer: identity.issuer,
            subject: identity.subject,
            email: identity.email,
            created_at: identity.created_at.to_string(),
            last_used_at: identity.last_used_at.to_string(),
        }
    }
}

impl From<Identity> for IdentityEntry {
    fn from(mut identity: Identity) -> Self {
        Self {
            user_id: std::mem::take(&mut identity.user_id),
            email_verified: identity.email_verified,
            roles: std::mem::take(&mut identity.roles),
            identity: identity.into(),
        }
    }
}

impl NewIdentity {
    fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        if !url::Url::parse(&self.issuer).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host()) {
            problems.add("issuer", format!("'{}' is no address of an issuer", self.issuer.escape_debug()));
        }
        if !(1..=MAX_SUBJECT).contains(&self.subject.len()) || !is_printable(&self.subject) {
            problems.add("subject", format!("must have 1 to {MAX_SUBJECT} bytes, all of them printable"));
        }
        problems.unless_any(())
    }
}

impl WhichIdentity {
    fn is(&self, identity: &Identity) -> bool {
        let is = |given: &Option<String>, known: &str| given.as_deref().is_none_or(|given| given == known);
        is(&self.provider, &identity.provider)
            && is(&self.issuer, &identity.issuer)
            && is(&self.subject, &identity.subject)
    }
}

/// What is wrong is an [`Error::Invalid`], an unknown person an [`Error::Missing`]. Both changes are recorded by what makes them.
impl Registry {
    /// Links an account at a provider to a person, who is named by an address or an id: from now on it signs them in.
    pub async fn link_identity(&self, user: &str, new: &NewIdentity, act: &Act) -> Result<UserView, Error> {
        self.administers(act).await?;
        new.check()?;
        let id = self.user(user).await?.id;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&id).await?.ok_or_else(|| missing(user))?;
        let said = Vouched::of(&new.provider, &new.issuer, &new.subject);
        if !transaction.insert_identity(&said.identity(random::row_id(act.at), &id, act.at), act).await? {
            let owner = transaction.identity(&new.issuer, &new.subject).await?;
            let whose = owner.map_or_else(|| "another".to_owned(), |owner| owner.user_id);
            let whose = if whose == id { "this account already".to_owned() } else { format!("the account {whose}") };
            return Err(Problems::one("subject", format!("is linked to {whose}")).into());
        }
        let view = UserView::whole(&mut transaction, account).await?;
        transaction.commit().await?;
        Ok(view)
    }

    /// Unlinks an account at a provider from a person: the sign-ins that came by it end, and the roles that came of it go. The last way in
    /// stays, unless `even_last`.
    pub async fn unlink_identity(
        &self,
        user: &str,
        which: &WhichIdentity,
        even_last: bool,
        act: &Act,
    ) -> Result<UserView, Error> {
        self.administers(act).await?;
        let id = self.user(user).await?.id;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&id).await?.ok_or_else(|| missing(user))?;
        let identities = transaction.identities_of_user(&id).await?;
        let meant: Vec<&Identity> = identities.iter().filter(|identity| which.is(identity)).collect();
        let [identity] = meant.as_slice() else {
            let sentence = match meant.len() {
                0 => "the account has none that is so",
                _ => "the account has several that are so: name the subject as well",
            };
            return Err(Problems::one("identity", sentence).into());
        };
        let has_other = (self.with_password && account.has_password())
            || is_way_in(self.by_mail, &account.user)
            || (self.with_passkeys && transaction.guards(&id).await?.passkey.is_some());
        let is_usable = |provider: &str| self.usable.iter().any(|id| id == provider);
        if !even_last && is_last_way_in(&identity.id, &identities, has_other, is_usable) {
            let sentence = "it is the last way in to the account: give it another first, or insist";
            return Err(Problems::one("identity", sentence).into());
        }
        transaction.delete_identity(&identity.id, &id, act).await?;
        let account = transaction.user(&id).await?.ok_or_else(|| missing(user))?;
        let view = UserView::whole(&mut transaction, account).await?;
        transaction.commit().await?;
        Ok(view)
    }

    /// A page of all identities, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identities(&self, page: Page) -> Result<Listed<IdentityEntry>, Failure> {
        Ok(self.storage.read().await?.identities_of(&page).await?.map(IdentityEntry::from))
    }
}
