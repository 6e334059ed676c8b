//! Accounts that come from another server by a file, with the authenticators that their people have: all of them, or none.
//!
//! An authenticator counts at once, for it was proved where it comes from. Its seed is sealed as any other, and stands in no record.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::role;
use super::user::taken;
use super::{Error, Registry, UserChange};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::authenticator::Seed;
use crate::protocol::import::{self, Line, MOST_AT_ONCE};
use crate::protocol::problem::Problems;
use crate::protocol::second_factor::FactorKind;
use crate::protocol::user::{MadeBy, User};
use crate::random;
use crate::storage::{Account, FactorSeal, NewFactor, Transaction};

/// Whether an import is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importing {
    /// Everything is checked as if it were, and nothing is written.
    Trial,
    /// The accounts are made.
    Earnest,
}

/// What was imported, as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ImportView {
    /// Each account, in the order of the file.
    pub accounts: Vec<ImportedView>,
    /// How many have an authenticator.
    pub authenticators: usize,
    /// Whether it was written; not so after a trial.
    pub written: bool,
    /// What may be a mistake, though it can be: a sentence each.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// An account that was imported.
#[derive(Clone, Debug, Serialize)]
pub struct ImportedView {
    /// Its line in the file, counted from 1.
    pub line: usize,
    /// Its id; `None` in a trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its address.
    pub email: String,
    /// Whether it has an authenticator.
    pub authenticator: bool,
}

/// An account that is to be written.
struct Ready {
    line: usize,
    user: User,
    seed: Option<Seed>,
}

impl Registry {
    /// Makes an account of every line of a file ([`import`]), with its authenticator if the line has a seed. Nothing is written when anything is wrong.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all that is wrong, each with its line; a failure when the database fails.
    pub async fn import_users(&self, file: &str, importing: Importing, act: &Act) -> Result<ImportView, Error> {
        self.administers(act).await?;
        let mut problems = Problems::default();
        let people = read(file, act, &mut problems);
        let mut transaction = self.storage.begin().await?;
        let mut writing = Writing { act, problems, roles: HashSet::new(), warnings: Vec::new() };
        for ready in &people {
            writing.account(&mut transaction, ready).await?;
            let Some(seed) = &ready.seed else { continue };
            match &self.seal {
                Some(seal) => writing.authenticator(&mut transaction, &seal.factors, (&ready.user.id, seed)).await?,
                None => {
                    let why = "no seed can be kept without the master key: it is not in these settings";
                    writing.problems.add(field(ready.line, "totp"), why);
                }
            }
        }
        let mut warnings = writing.problems.unless_any(writing.warnings)?;
        warnings.extend(short_ones(&people));
        if importing == Importing::Earnest {
            transaction.commit().await?;
        }
        Ok(view(people, importing, warnings))
    }
}

/// The accounts of a file, and in `problems` what is wrong with the other lines.
fn read(file: &str, act: &Act, problems: &mut Problems) -> Vec<Ready> {
    let mut people = Vec::new();
    let mut addresses: HashMap<String, usize> = HashMap::new();
    for (at, (line, text)) in import::lines(file).enumerate() {
        if at == MOST_AT_ONCE {
            problems
                .add("file", format!("has more than {MOST_AT_ONCE} accounts: part it, and import one after the other"));
            break;
        }
        let ready = Line::read(text).and_then(|read| ready(line, read, act));
        let ready = match ready {
            Ok(ready) => ready,
            Err(found) => {
                problems.add_below(&format!("line {line}"), found);
                continue;
            }
        };
        match addresses.get(ready.user.called()) {
            Some(first) => problems.add(field(line, "email"), format!("line {first} has the same address")),
            None => {
                addresses.insert(ready.user.called().to_owned(), line);
                people.push(ready);
            }
        }
    }
    if people.is_empty() && problems.iter().next().is_none() {
        problems.add("file", "has no accounts in it");
    }
    people
}

fn ready(line: usize, read: Line, act: &Act) -> Result<Ready, Problems> {
    let mut user = User::new(random::row_id(act.at), MadeBy::Operator, act.at);
    let Line { email, name, email_verified, roles, claims, seed } = read;
    let change = UserChange {
        email: Some(email),
        email_verified: Some(email_verified),
        name: Some(name),
        roles: Some(roles),
        claims,
        password: None,
    };
    change.apply(&mut user, None)?;
    Ok(Ready { line, user, seed })
}

/// Writes, and collects what is wrong.
struct Writing<'a> {
    act: &'a Act,
    problems: Problems,
    /// The roles that are known to be there.
    roles: HashSet<String>,
    warnings: Vec<String>,
}

impl Writing<'_> {
    async fn account(&mut self, transaction: &mut Transaction, ready: &Ready) -> Result<(), Failure> {
        let new: Vec<String> = ready.user.roles.iter().filter(|role| !self.roles.contains(*role)).cloned().collect();
        match role::make_missing(transaction, &new, self.act).await {
            Ok(made) => self.warnings.extend(made),
            Err(Error::Failed(failure)) => return Err(failure),
            Err(Error::Invalid(found)) => self.problems.add_below(&format!("line {}", ready.line), found),
            Err(missing @ Error::Missing(..)) => self.problems.add(field(ready.line, "roles"), missing.to_string()),
        }
        self.roles.extend(new);
        let account = Account::new(ready.user.clone(), None);
        if !transaction.insert_user(&account).await? {
            self.problems.add(field(ready.line, "email"), taken(account.user.called()));
            return Ok(());
        }
        let event = Event::of(self.act, Name::UserCreated).on(Noun::User, &account.user.id);
        transaction.record(&event.with("imported", true)).await
    }

    async fn authenticator(
        &mut self,
        transaction: &mut Transaction,
        seal: &FactorSeal,
        (user_id, seed): (&str, &Seed),
    ) -> Result<(), Failure> {
        if self.problems.iter().next().is_some() {
            // Nothing will be written, and whose account is another's has no row.
            return Ok(());
        }
        let id = random::id();
        let new = NewFactor {
            id: &id,
            user_id,
            kind: FactorKind::Authenticator,
            secret: seed.as_bytes(),
            last_step: 0,
            at: self.act.at,
        };
        transaction.keep_factor(seal, &new).await?;
        let event = Event::of(self.act, Name::AuthenticatorAdded).on(Noun::User, user_id);
        transaction.record(&event.with("replaced", false).with("imported", true)).await
    }
}

/// The name of a member of a line.
fn field(line: usize, name: &str) -> String {
    format!("line {line}, {name}")
}

fn short_ones(people: &[Ready]) -> Option<String> {
    let short = people.iter().filter(|ready| ready.seed.as_ref().is_some_and(Seed::is_short));
    let lines: Vec<String> = short.map(|ready| ready.line.to_string()).collect();
    let words = if lines.len() == 1 { "a seed" } else { "seeds" };
    (!lines.is_empty()).then(|| {
        format!(
            "{words} of fewer than 128 bits, shorter than RFC 4226 wants, in line {}: they work, and people do well to set up another authenticator",
            lines.join(", ")
        )
    })
}

fn view(people: Vec<Ready>, importing: Importing, warnings: Vec<String>) -> ImportView {
    let written = importing == Importing::Earnest;
    let authenticators = people.iter().filter(|ready| ready.seed.is_some()).count();
    let account = |Ready { line, user, seed }: Ready| ImportedView {
        line,
        email: user.called().to_owned(),
        id: written.then_some(user.id),
        authenticator: seed.is_some(),
    };
    ImportView { accounts: people.into_iter().map(account).collect(), authenticators, written, warnings }
}
