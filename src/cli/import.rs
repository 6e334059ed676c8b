//! `user import`: accounts that come from another server by a file.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use super::Output;
use super::output::{note, value, warn};
use crate::config::Config;
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::second_factor::SecondFactor;
use crate::registry::{Error, Importing, Registry};

/// How large a file may be, in bytes.
const LARGEST: u64 = 32 << 20;

#[derive(Args)]
pub(super) struct Import {
    /// A file with a JSON object a line; `-` reads from standard input.
    file: PathBuf,
    /// Check everything, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    output: Output,
}

impl Import {
    pub async fn run(self, config: &Config, registry: &Registry, act: &Act) -> Result<(), Error> {
        let file = self.read()?;
        let importing = if self.dry_run { Importing::Trial } else { Importing::Earnest };
        let imported = registry.import_users(&file, importing, act).await?;
        let (accounts, authenticators) = (imported.accounts.len(), imported.authenticators);
        let end = if imported.written { "" } else { " Nothing was written." };
        let words = format!("Accounts: {accounts}, with an authenticator: {authenticators}.{end}");
        self.output.done(&value(&imported), words);
        warn(&imported.warnings);
        if authenticators > 0 && config.sign_in.second_factor == SecondFactor::Off {
            warn(&["sign_in.second_factor is \"off\": nobody is asked for a code until that is changed".to_owned()]);
        }
        if imported.written {
            note(
                "They have no password yet. People choose one by a mail (\"forgot password\"), or you give one: doorward user reset-password, user update --password-stdin.",
            );
        }
        Ok(())
    }

    /// The file, which may hold seeds.
    fn read(&self) -> Result<Zeroizing<String>, Failure> {
        let name = self.file.display();
        let failed = |why: std::io::Error| Failure::internal(format!("the file {name} cannot be read: {why}"));
        let mut text = Zeroizing::new(String::new());
        let read = if self.file.as_os_str() == "-" {
            std::io::stdin().lock().take(LARGEST + 1).read_to_string(&mut text)
        } else {
            File::open(&self.file).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
        };
        if u64::try_from(read.map_err(failed)?).is_ok_and(|size| size > LARGEST) {
            return Err(Failure::internal(format!("the file {name} is larger than 32 MiB: part it")));
        }
        Ok(text)
    }
}
