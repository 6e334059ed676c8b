//! Links that an operator gives: to somebody who is invited, and to somebody who is to choose a new password. The mail carries it, or the operator.

use serde::Serialize;

use super::role::make_missing;
use super::user::missing;
use super::{Changed, Error, Registry, commit};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::email;
use crate::protocol::issuer::Issuer;
use crate::protocol::message::{About, Carried, LANGUAGE, Occasion};
use crate::protocol::problem::Problems;
use crate::protocol::registration::MAX_NAME;
use crate::protocol::ticket::{Details, Purpose};
use crate::protocol::user::check_role;
use crate::random;
use crate::storage::GivenLink;

/// Who is invited.
#[derive(Clone, Debug, Default)]
pub struct Invitation {
    /// The address.
    pub email: String,
    /// The name, which the person may change; empty when it is not known.
    pub name: String,
    /// The roles that the account will have.
    pub roles: Vec<String>,
}

/// How a link gets to whom it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By mail.
    Mail,
    /// By the operator, who is told it this once.
    Told,
}

/// A link, as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct LinkView {
    /// Whose mailbox it proves.
    pub email: String,
    /// The link, when the operator brings it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Until when it works (RFC 3339).
    pub expires_at: String,
}

impl Registry {
    /// Invites somebody to make an account, whether or not people may register. A former invitation to the address works no more.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an address, name or role that cannot be, an address that is an account's, and where mail is off and the link is to be
    /// sent.
    pub async fn invite(&self, new: Invitation, by: Delivery, act: &Act) -> Result<Changed<LinkView>, Error> {
        self.administers(act).await?;
        let mut problems = Problems::default();
        let address = match email::canonical(&new.email) {
            Ok(address) => address,
            Err(why) => return Err(Problems::one("email", format!("'{}': {why}", new.email.escape_debug())).into()),
        };
        if new.name.chars().count() > MAX_NAME {
            problems.add("name", format!("has more than {MAX_NAME} characters"));
        }
        for why in new.roles.iter().filter_map(|role| check_role(role).err()) {
            problems.add("roles", why);
        }
        problems.unless_any(())?;
        if self.storage.read().await?.user_by_email(&address).await?.is_some() {
            return Err(
                Problems::one("email", format!("there is an account with the address {address} already")).into()
            );
        }
        let event = Event::of(act, Name::UserInvited).with("roles", new.roles.clone());
        let details = Details { name: new.name.trim().to_owned(), roles: new.roles };
        self.give((Purpose::Invite, &address, None), details, by, (event, act)).await
    }

    /// Gives somebody a link by which they choose a new password. `user` is an address or an id.
    ///
    /// # Errors
    /// [`Error::Missing`]; [`Error::Invalid`] for an account that is off or has no address, and where mail is off and the link is to be sent.
    pub async fn reset_password(&self, user: &str, by: Delivery, act: &Act) -> Result<Changed<LinkView>, Error> {
        self.administers(act).await?;
        let id = self.user(user).await?.id;
        let user = self.storage.read().await?.user(&id).await?.ok_or_else(|| missing(user))?.user;
        let refuse = |why: &str| Err(Problems::one("user", why.to_owned()).into());
        let Some(address) = &user.email else { return refuse("has no address to sign in with") };
        if user.disabled_at.is_some() {
            return refuse("is switched off: doorward user enable comes first");
        }
        if user.delete_after.is_some() {
            return refuse("is about to be deleted: doorward user undelete comes first");
        }
        let event = Event::of(act, Name::UserRecoveryBegan).on(Noun::User, &user.id);
        self.give((Purpose::Reset, address, Some(&user.id)), Details::default(), by, (event, act)).await
    }

    async fn give(
        &self,
        (purpose, address, user_id): (Purpose, &str, Option<&str>),
        details: Details,
        by: Delivery,
        (event, act): (Event, &Act),
    ) -> Result<Changed<LinkView>, Error> {
        if by == Delivery::Mail && !self.with_mail {
            let why = "cannot be sent: there is no [mail] in the settings; --print shows it to you instead";
            return Err(Problems::one("link", why.to_owned()).into());
        }
        let now = event.at;
        let secret = random::secret();
        let link = Issuer::parse(&self.issuer).map_err(Failure::internal)?.link_of(&secret);
        let expires_at = now.plus(purpose.lifetime());
        let mut transaction = self.storage.begin().await?;
        let warnings = make_missing(&mut transaction, &details.roles, act).await?;
        let of = Some(details.name.clone()).filter(|name| !name.is_empty());
        let given = GivenLink { purpose, address, user_id, secret: &secret, details, expires_at };
        match by {
            Delivery::Mail => {
                let about = About::Ticket(Carried { purpose, link: link.clone(), code: None, of });
                transaction.send_link(&given, (about, Occasion::here(now)), LANGUAGE, now).await?;
            }
            Delivery::Told => drop(transaction.give_link(&given).await?),
        }
        commit(transaction, &event).await?;
        let link = (by == Delivery::Told).then_some(link);
        let view = LinkView { email: address.to_owned(), link, expires_at: expires_at.to_string() };
        Ok(Changed { view, event, warnings })
    }
}
