//! `user`: people with an account.

use std::collections::BTreeMap;
use std::io::Read;

use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use super::arguments::{self, Part};
use super::identity::{Link, Unlink};
use super::import::Import;
use super::invite::{Invite, ResetPassword};
use super::leaving::{self, Delete};
use super::output::{note, value, warn};
use super::reset_factors::ResetFactors;
use super::role::ToPerson;
use super::start::{self, Opening};
use super::{Context, Output, refused, reset_factors};
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::claims;
use crate::protocol::problem::Problems;
use crate::registry::{Changed, Error, Giving, IdentityView, NewUser, Registry, State, UserChange, UserView};
use crate::secret::Secret;
use crate::storage::UserFilter;

/// People with an account.
#[derive(Subcommand)]
#[command(
    after_help = "Example:\n  echo 'a quiet river at dawn' | doorward user create --email ann@example.org --name 'Ann Lee' --password-stdin"
)]
pub(super) enum UserCommand {
    /// Make an account.
    #[command(
        after_help = "Example:\n  echo 'a quiet river at dawn' | doorward user create --email ann@example.org --name 'Ann Lee' --password-stdin --json"
    )]
    Create(Create),
    /// Make the accounts of a file, all or none, each with the authenticator that its person has already.
    #[command(
        after_help = "A line is a JSON object: email and name, and as wanted email_verified, roles, claims, and totp, the seed of an authenticator in base32\nor as an otpauth address. An account that there is already is not changed: its line is refused, and the file with it.\n\nExamples:\n  doorward user import people.jsonl --dry-run\n  doorward user import people.jsonl --json"
    )]
    Import(Import),
    /// Invite somebody to make an account, whether or not people may register: by a link that works for seven days.
    #[command(
        after_help = "Examples:\n  doorward user invite --email ann@example.org --name 'Ann Lee' --role editor\n  doorward user invite --email ann@example.org --print --json"
    )]
    Invite(Invite),
    /// Give somebody a link by which they choose a new password within half an hour. Until then nothing changes.
    #[command(
        after_help = "Examples:\n  doorward user reset-password ann@example.org\n  doorward user reset-password ann@example.org --print"
    )]
    ResetPassword(ResetPassword),
    /// List the accounts.
    #[command(
        after_help = "Examples:\n  doorward user list --search lee\n  doorward user list --without-second-factor --limit 100 --json"
    )]
    List(List),
    /// Show an account.
    #[command(after_help = "Example:\n  doorward user show ann@example.org")]
    Show(Named),
    /// Change an account. Given roles replace the former ones; an empty value clears them.
    #[command(after_help = "Example:\n  doorward user update ann@example.org --name 'Ann Lee-Smith' --role admin")]
    Update(Update),
    /// Switch an account off: every sign-in and token of the person ends at once.
    #[command(after_help = "Example:\n  doorward user disable ann@example.org")]
    Disable(Named),
    /// Switch an account on again.
    #[command(after_help = "Example:\n  doorward user enable ann@example.org")]
    Enable(Named),
    /// Let everybody try again to sign in to an account that too many failed attempts have closed, at once on every node.
    #[command(after_help = "Example:\n  doorward user unlock ann@example.org")]
    Unlock(Named),
    /// Take every second factor from somebody who has lost them, and end all that they are signed in to. The person is told by mail.
    #[command(
        after_help = "Make sure that it is them who asks: without a second factor the password is all that guards the account.\n\nExamples:\n  doorward user reset-factors ann@example.org\n  doorward user reset-factors ann@example.org --yes --json"
    )]
    ResetFactors(ResetFactors),
    /// Give a person a role.
    #[command(after_help = "Example:\n  doorward user grant-role ann@example.org editor")]
    GrantRole(ToPerson),
    /// Take a role from a person.
    #[command(after_help = "Example:\n  doorward user revoke-role ann@example.org editor")]
    RevokeRole(ToPerson),
    /// Let an account at a provider sign the person in: for support, people do it themselves on their account page.
    #[command(
        after_help = "Make sure that it is theirs: whoever has it there can do here what the person can.\n\nExample:\n  doorward user link ann@example.org --provider google --subject 110248495921238986420"
    )]
    Link(Link),
    /// Let an account at a provider sign the person in no more; the sign-ins that came by it end. The last way in stays, unless --force.
    #[command(
        after_help = "Examples:\n  doorward user unlink ann@example.org --provider google\n  doorward user unlink ann@example.org --issuer https://id.example.com --subject 4711"
    )]
    Unlink(Unlink),
    /// Delete an account, with its sign-ins and all that the person has granted: for good, or with some days to come back. Says first what goes, and asks.
    #[command(
        after_help = "With --grace everything ends at once, and a mail to the address brings the account back until the time is over; so does\ndoorward user undelete.\n\nExamples:\n  doorward user delete ann@example.org\n  doorward user delete ann@example.org --grace 7d\n  doorward user delete ann@example.org --yes --json"
    )]
    Delete(Delete),
    /// Bring back an account that is about to be deleted. One that was switched off stays so.
    #[command(after_help = "Example:\n  doorward user undelete ann@example.org")]
    Undelete(Named),
    /// Write down all that is known of a person, as JSON: what they get on their page "Your data".
    #[command(
        after_help = "There are neither secrets nor hashes in it.\n\nExample:\n  doorward user export ann@example.org > ann.json"
    )]
    Export(Named),
}

#[derive(Args)]
pub(super) struct Named {
    /// An e-mail address or an id.
    pub user: String,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Args)]
pub(super) struct List {
    /// Only those with this in their address or name.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those that have no second factor.
    #[arg(long)]
    without_second_factor: bool,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Create {
    /// The e-mail address to sign in with.
    #[arg(long, value_name = "E")]
    email: String,
    /// The full name.
    #[arg(long, value_name = "N")]
    name: String,
    #[command(flatten)]
    rest: Details,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Update {
    /// An e-mail address or an id.
    user: String,
    /// A new e-mail address.
    #[arg(long, value_name = "E")]
    email: Option<String>,
    /// A new name.
    #[arg(long, value_name = "N")]
    name: Option<String>,
    #[command(flatten)]
    rest: Details,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Details {
    /// Read the password from standard input: its first line.
    #[arg(long)]
    password_stdin: bool,
    /// A role, for access tokens; can be repeated. An update takes all others away.
    #[arg(long = "role", value_name = "R")]
    roles: Vec<String>,
    /// The person has proved the address.
    #[arg(long)]
    email_verified: bool,
    /// A standard claim such as `given_name=Ann`; can be repeated. An empty value takes it away.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
}

impl UserCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let makes = matches!(self, Self::Create(_) | Self::Import(Import { dry_run: false, .. }));
        let opening = if makes { Opening::Made } else { Opening::Existing };
        let (storage, registry) = start::registry(&context.config, opening).await?;
        let act = context.act();
        let done = match self {
            Self::Create(create) => create.run(&registry, &act).await,
            Self::Import(import) => import.run(&context.config, &registry, &act).await,
            Self::Invite(invite) => invite.run(&registry, &act).await,
            Self::ResetPassword(reset) => reset.run(&registry, &act).await,
            Self::List(wanted) => list(&registry, wanted).await,
            Self::Show(named) => registry.user(&named.user).await.map(|user| {
                show(named.output, &user);
                tell_way_in(&user);
            }),
            Self::ResetFactors(reset) => reset.run(&registry, &act).await,
            Self::GrantRole(to) => to.give(&registry, Giving::Grant, &act).await,
            Self::RevokeRole(to) => to.give(&registry, Giving::Revoke, &act).await,
            Self::Link(link) => link.run(&context.config, &registry, &act).await,
            Self::Unlink(unlink) => unlink.run(&registry, &act).await,
            Self::Update(update) => update.run(&registry, &act).await,
            Self::Disable(named) => switch(&registry, named, State::Off, &act).await,
            Self::Enable(named) => switch(&registry, named, State::On, &act).await,
            Self::Unlock(Named { user, output }) => registry.unlock_user(&user, &act).await.map(|unlocked| {
                output.done(&json!({ "id": unlocked.view, "unlocked": true }), "Everybody can try again to sign in.");
            }),
            Self::Delete(delete) => delete.run(&registry, &act).await,
            Self::Undelete(named) => leaving::undelete(&registry, named, &act).await,
            Self::Export(named) => leaving::export(&registry, named, &act).await,
        };
        storage.close().await;
        done.map_err(refused)
    }
}

impl Create {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let details = UserChange { name: Some(self.name), ..self.rest.change()? };
        let Changed { view: user, warnings, .. } =
            registry.create_user(NewUser { email: self.email, details }, act).await?;
        show(self.output, &user);
        warn(&warnings);
        tell_way_in(&user);
        Ok(())
    }
}

impl Update {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let change = UserChange { email: self.email, name: self.name, ..self.rest.change()? };
        let Changed { view: user, warnings, .. } = registry.change_user(&self.user, change, act).await?;
        show(self.output, &user);
        warn(&warnings);
        Ok(())
    }
}

impl Details {
    fn change(self) -> Result<UserChange, Error> {
        let mut given = BTreeMap::new();
        for setting in &self.claims {
            let (name, value) = claims::parse_setting(setting).map_err(|why| Problems::one("claims", why))?;
            given.insert(name, value);
        }
        Ok(UserChange {
            email_verified: self.email_verified.then_some(true),
            roles: arguments::list(self.roles),
            claims: given,
            password: if self.password_stdin { Some(first_line()?) } else { None },
            ..UserChange::default()
        })
    }
}

/// Prints an account; for a person each identity as a few words.
pub(super) fn show(output: Output, user: &UserView) {
    let mut thing = value(user);
    if !output.json {
        let words = |identity: &IdentityView| {
            let at = identity.email.as_ref().map(|email| format!(" ({email})")).unwrap_or_default();
            format!("{} {}{at}", identity.provider, identity.subject)
        };
        let words: Vec<String> = user.identities.iter().flatten().map(words).collect();
        thing["identities"] = json!(words);
        thing["second_factors"] = json!(reset_factors::words(user));
        if let Some(reset) = &user.factor_reset {
            thing["factor_reset"] = json!(reset_factors::request(reset));
        }
    }
    output.thing(&thing);
}

/// Says so when nobody can sign in with the account.
fn tell_way_in(user: &UserView) {
    if user.signs_in_by.is_empty() {
        let (lacks, how) = match &user.email {
            Some(email) => ("no password", format!("{email} --password-stdin")),
            None => ("neither an address nor a provider", format!("{} --email E --password-stdin", user.id)),
        };
        note(format!(
            "Nobody can sign in with this account yet: it has {lacks}. To give it one, type it here: doorward user update {how}"
        ));
    }
}

async fn list(registry: &Registry, List { search, without_second_factor, part, output }: List) -> Result<(), Error> {
    let which = UserFilter { search: search.as_deref(), without_second_factor };
    let things = part.read(async |page| registry.users(&which, page).await).await?;
    let none = match (&search, without_second_factor) {
        (Some(_), false) => "No account has that in its address or name.",
        (Some(_), true) => "No account has that in its address or name, and no second factor.",
        (None, false) => "There are no accounts yet.",
        (None, true) => "Every account has a second factor.",
    };
    output.list(&things, &["id", "email", "name", "roles", "state"], none);
    Ok(())
}

async fn switch(registry: &Registry, named: Named, to: State, act: &Act) -> Result<(), Error> {
    let user = registry.switch_user(&named.user, to, act).await?.view;
    let off = to == State::Off;
    let words = if off { "The account is off, and its sign-ins and tokens have ended." } else { "The account is on." };
    named.output.done(&value(&user), words);
    Ok(())
}

fn first_line() -> Result<Secret, Failure> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|_| Failure::internal("the password is not UTF-8"))?;
    Ok(Secret::presented(text.lines().next().unwrap_or_default()))
}
