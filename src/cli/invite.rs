//! `user invite` and `user reset-password`: links that let somebody choose a password.

use clap::Args;

use super::Output;
use super::output::{note, value, warn};
use crate::protocol::audit::Act;
use crate::registry::{Changed, Delivery, Error, Invitation, LinkView, Registry};

#[derive(Args)]
pub(super) struct Invite {
    /// The e-mail address.
    #[arg(long, value_name = "E")]
    email: String,
    /// The full name, which the person may change.
    #[arg(long, value_name = "N", default_value = "")]
    name: String,
    /// A role that the account will have; can be repeated.
    #[arg(long = "role", value_name = "R")]
    roles: Vec<String>,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct ResetPassword {
    /// An e-mail address or an id.
    user: String,
    #[command(flatten)]
    print: Print,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Print {
    /// Print the link, this once, instead of sending it: whoever has it has the account.
    #[arg(long)]
    print: bool,
}

impl Print {
    fn delivery(&self) -> Delivery {
        if self.print { Delivery::Told } else { Delivery::Mail }
    }
}

impl Invite {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let invitation = Invitation { email: self.email, name: self.name, roles: self.roles };
        let Changed { view: link, warnings, .. } = registry.invite(invitation, self.print.delivery(), act).await?;
        tell(self.output, &link);
        warn(&warnings);
        Ok(())
    }
}

impl ResetPassword {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let link = registry.reset_password(&self.user, self.print.delivery(), act).await?.view;
        tell(self.output, &link);
        Ok(())
    }
}

fn tell(output: Output, view: &LinkView) {
    if view.link.is_none() && !output.json {
        note(format!("A mail goes to {} as soon as a server runs.", view.email));
    }
    output.thing(&value(view));
}
