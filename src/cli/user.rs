//! `user`: people with an account.

use std::io::Read;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{Context, Output, start};
use crate::failure::Failure;
use crate::password::Hasher;
use crate::protocol::registration::MAX_NAME;
use crate::protocol::user::User;
use crate::protocol::{claims, email, new_password};
use crate::random;
use crate::storage::{Account, Storage};

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
    /// List the accounts.
    #[command(after_help = "Example:\n  doorward user list --json")]
    List(Output),
    /// Show an account.
    #[command(after_help = "Example:\n  doorward user show ann@example.org")]
    Show(Named),
    /// Change an account.
    #[command(after_help = "Example:\n  doorward user update ann@example.org --name 'Ann Lee-Smith' --role admin")]
    Update(Update),
    /// Switch an account off: every sign-in and token of the person ends at once.
    #[command(after_help = "Example:\n  doorward user disable ann@example.org")]
    Disable(Named),
    /// Switch an account on again.
    #[command(after_help = "Example:\n  doorward user enable ann@example.org")]
    Enable(Named),
}

#[derive(Args)]
pub(super) struct Named {
    /// An e-mail address or an id.
    user: String,
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
    /// A role, for access tokens; can be repeated, and replaces the former ones.
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
        let storage = start::storage(&context.config).await?;
        match self {
            Self::Create(create) => create.run(&context, &storage).await?,
            Self::List(output) => {
                let users = storage.read().await?.users().await?;
                let things: Vec<Value> = users.iter().map(thing).collect();
                output.list(&things, &["id", "email", "name", "roles", "state"], "There are no accounts yet.");
            }
            Self::Show(named) => named.output.thing(&thing(&find(&storage, &named.user).await?.user)),
            Self::Update(update) => update.run(&context, &storage).await?,
            Self::Disable(named) => switch(&context, &storage, named, true).await?,
            Self::Enable(named) => switch(&context, &storage, named, false).await?,
        }
        storage.close().await;
        Ok(())
    }
}

impl Create {
    async fn run(self, context: &Context, storage: &Storage) -> Result<(), Failure> {
        let now = context.clock.now();
        let mut account = Account {
            user: User {
                id: random::row_id(now),
                email: address(&self.email)?,
                email_verified: self.rest.email_verified,
                name: name(&self.name)?,
                claims: Map::new(),
                roles: Vec::new(),
                created_at: now,
                updated_at: now,
                disabled_at: None,
            },
            password_hash: None,
        };
        self.rest.apply(context, &mut account).await?;
        let mut transaction = storage.begin().await?;
        if !transaction.insert_user(&account).await? {
            return Err(Failure::internal(format!(
                "there is an account with the address {} already",
                account.user.email
            )));
        }
        transaction.commit().await?;
        self.output.thing(&thing(&account.user));
        Ok(())
    }
}

impl Update {
    async fn run(self, context: &Context, storage: &Storage) -> Result<(), Failure> {
        let mut account = find(storage, &self.user).await?;
        if let Some(text) = &self.email {
            let new = address(text)?;
            let holder = storage.read().await?.user_by_email(&new).await?;
            if holder.is_some_and(|holder| holder.user.id != account.user.id) {
                return Err(Failure::internal(format!("there is an account with the address {new} already")));
            }
            account.user.email_verified = account.user.email_verified && account.user.email == new;
            account.user.email = new;
        }
        if let Some(text) = &self.name {
            account.user.name = name(text)?;
        }
        let new_password = self.rest.password_stdin;
        self.rest.apply(context, &mut account).await?;
        account.user.updated_at = context.clock.now();
        let mut transaction = storage.begin().await?;
        transaction.update_user(&account).await?;
        if new_password {
            transaction.end_everything_of_user(&account.user.id, "new password", context.clock.now()).await?;
        }
        transaction.commit().await?;
        self.output.thing(&thing(&account.user));
        Ok(())
    }
}

impl Details {
    async fn apply(self, context: &Context, account: &mut Account) -> Result<(), Failure> {
        account.user.email_verified |= self.email_verified;
        if !self.roles.is_empty() {
            let fine = |role: &String| (1..=100).contains(&role.len()) && role.bytes().all(|b| b.is_ascii_graphic());
            if let Some(role) = self.roles.iter().find(|role| !fine(role)) {
                return Err(Failure::internal(format!(
                    "'{}' cannot be a role: 1 to 100 ASCII characters without spaces",
                    role.escape_debug()
                )));
            }
            account.user.roles = self.roles;
        }
        for setting in &self.claims {
            let (name, value) = claims::parse_setting(setting).map_err(Failure::internal)?;
            match value {
                Value::String(text) if text.is_empty() => account.user.claims.remove(&name),
                value => account.user.claims.insert(name, value),
            };
        }
        if self.password_stdin {
            let password = first_line()?;
            new_password::check(&password, &account.user.email, &account.user.name).map_err(|why| {
                Failure::internal(format!("{why} (at least {} characters)", new_password::MIN_LENGTH))
            })?;
            account.password_hash = Some(Hasher::new(&context.config.password)?.hash(&password).await?);
        }
        Ok(())
    }
}

async fn switch(context: &Context, storage: &Storage, named: Named, off: bool) -> Result<(), Failure> {
    let now = context.clock.now();
    let mut account = find(storage, &named.user).await?;
    account.user.disabled_at = off.then(|| account.user.disabled_at.unwrap_or(now));
    let mut transaction = storage.begin().await?;
    transaction.update_user(&account).await?;
    if off {
        transaction.end_everything_of_user(&account.user.id, "account switched off", now).await?;
    }
    transaction.commit().await?;
    let words = if off { "The account is off, and its sign-ins and tokens have ended." } else { "The account is on." };
    named.output.done(&thing(&account.user), words);
    Ok(())
}

/// The account with this e-mail address or id.
pub(super) async fn find(storage: &Storage, user: &str) -> Result<Account, Failure> {
    let mut reader = storage.read().await?;
    let by_email = match email::canonical(user) {
        Ok(address) => reader.user_by_email(&address).await?,
        Err(_) => None,
    };
    let found = match by_email {
        Some(account) => Some(account),
        None => reader.user(user).await?,
    };
    found.ok_or_else(|| Failure::internal(format!("there is no account '{}'", user.escape_debug())))
}

fn address(text: &str) -> Result<String, Failure> {
    email::canonical(text).map_err(|why| Failure::internal(format!("'{}': {why}", text.escape_debug())))
}

fn name(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    match (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => {
            Err(Failure::internal(format!("the name must have 1 to {MAX_NAME} characters and no control characters")))
        }
    }
}

fn first_line() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|_| Failure::internal("the password is not UTF-8"))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn thing(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "roles": user.roles,
        "claims": user.claims,
        "state": if user.disabled_at.is_some() { "off" } else { "on" },
        "created_at": user.created_at.to_string(),
    })
}
