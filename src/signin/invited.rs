//! Which invitation is a newcomer's, who comes by a provider: the one whose link this browser has shown, or the one to an address that the provider
//! answers for. There is no account before it is taken, so nothing is ever linked by it.

use super::SignIns;
use super::recover::proved;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::journey::Journey;
use crate::protocol::ticket::{Purpose, Ticket};
use crate::protocol::upstream::Vouched;
use crate::protocol::user::{EmailAuthority, MadeBy, User};
use crate::storage::{Reader, Transaction};

/// An invitation that is somebody's.
pub(super) struct Invited {
    /// The invitation.
    pub ticket: Ticket,
    /// Whether its link has been shown, which proves the mailbox; otherwise the provider answers for the address.
    by_link: bool,
}

impl Invited {
    /// The invitation of whoever is on this journey, for whom a provider has vouched.
    pub async fn find(
        reader: &mut Reader,
        journey: &Journey,
        vouched: &Vouched,
        now: Timestamp,
    ) -> Result<Option<Self>, Failure> {
        if !vouched.may_accept {
            return Ok(None);
        }
        if let Ok(mailed) = proved(journey, Purpose::Invite) {
            let shown = reader.ticket(&mailed.ticket).await?.map(|stored| stored.ticket);
            if let Some(ticket) = shown.filter(|ticket| now < ticket.expires_at) {
                return Ok(Some(Self { ticket, by_link: true }));
            }
        }
        let Some(email) = vouched.invited_email() else { return Ok(None) };
        let ticket = reader.invitation_to(&email.address, now).await?;
        Ok(ticket.map(|ticket| Self { ticket, by_link: false }))
    }

    /// The account that it gives, in the place of the one that whoever came without it would make. Who stands for the address stays who that was,
    /// unless its mailbox was shown.
    pub fn account(self, user: User) -> User {
        let (email_verified, email_authority) =
            if self.by_link { (true, EmailAuthority::Mail) } else { (user.email_verified, user.email_authority) };
        let Ticket { address, details, .. } = self.ticket;
        let email = Some(address);
        User { email, email_verified, email_authority, roles: details.roles, made_by: MadeBy::Invitation, ..user }
    }
}

impl SignIns {
    /// Takes the invitation of whoever is on this journey, once; `None` when there is none, or somebody has taken it.
    pub(super) async fn take_invitation(
        &self,
        transaction: &mut Transaction,
        (journey, vouched): (&Journey, &Vouched),
        now: Timestamp,
    ) -> Result<Option<Invited>, Failure> {
        let Some(invited) = Invited::find(transaction, journey, vouched, now).await? else { return Ok(None) };
        let is_taken = transaction.accept_invitation(&invited.ticket.id, now).await?;
        Ok(is_taken.then_some(invited))
    }
}
