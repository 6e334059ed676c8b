//! What is there already: opened by commands that make nothing, and looked at by `config check`.

use std::path::Path;

use super::{can_write_in, folder_of, is_new, key_file, key_is_missing, no_master_key, unreachable_database};
use crate::config::Config;
use crate::failure::Failure;
use crate::jobs::signing_keys::SigningKeys;
use crate::sealing::MasterKey;
use crate::storage::{Storage, Version};

/// The database as it is, with the master key that is here: nothing is made and nothing brought up to date.
pub(super) async fn open(config: &Config) -> Result<(Storage, Option<MasterKey>), Failure> {
    let key = key_file::standing(config)?;
    if let Some(path) = config.sqlite_path()
        && is_new(config, &path)?
    {
        return Err(nowhere(&path));
    }
    let storage = Storage::open(&config.database, false).await.map_err(|why| unreachable_database(&why))?;
    match look(config, &storage, key.as_ref()).await.and_then(usable) {
        Ok(()) => Ok((storage, key)),
        Err(failure) => {
            storage.close().await;
            Err(failure)
        }
    }
}

/// Everything about database and master key that a start would refuse.
pub(in crate::cli) async fn problems(config: &Config) -> Vec<Failure> {
    let key = match key_file::standing(config) {
        Ok(key) => key,
        // Without it nothing more can be said of the database than whether it answers.
        Err(failure) => return [Some(failure), reach(config, None).await.err()].into_iter().flatten().collect(),
    };
    let missing = (config.sqlite_path().is_none() && key.is_none()).then(no_master_key);
    missing.into_iter().chain(reach(config, Some(key)).await.err()).collect()
}

/// Whether the database can be used, or made; with the master key that is here when that is known.
async fn reach(config: &Config, key: Option<Option<MasterKey>>) -> Result<(), Failure> {
    if let Some(path) = config.sqlite_path()
        && is_new(config, &path)?
    {
        return can_be_made(folder_of(&path)).and_then(|()| can_be_made(config.data()));
    }
    let storage = Storage::open(&config.database, false).await.map_err(|why| unreachable_database(&why))?;
    let found = match key {
        Some(key) => look(config, &storage, key.as_ref()).await.and_then(|version| storage.can_migrate(version)),
        None => Ok(()),
    };
    storage.close().await;
    found
}

/// How far the database is; it must be the master key's.
async fn look(config: &Config, storage: &Storage, key: Option<&MasterKey>) -> Result<Version, Failure> {
    let version = storage.version().await?;
    if version == Version::Empty {
        return Ok(version);
    }
    let noted = storage.read().await?.master_key_id().await?;
    match (key, config.sqlite_path()) {
        (Some(key), _) => SigningKeys::check_owner(noted.as_deref(), key)?,
        (None, Some(path)) if noted.is_some() => return Err(key_is_missing(config, &path)),
        (None, _) => {}
    }
    Ok(version)
}

fn usable(version: Version) -> Result<(), Failure> {
    match version {
        Version::Current => Ok(()),
        Version::Empty => Err(Failure::internal("the database is empty: the first `doorward serve` makes its tables")),
        Version::Older(version) => Err(Failure::internal(format!(
            "the database is of an older version of Doorward (migration {version}): start the server or run `doorward migrate` first"
        ))),
    }
}

/// Whether a folder is there and can be written to, or could be made.
fn can_be_made(folder: &Path) -> Result<(), Failure> {
    let there = folder.ancestors().find(|ancestor| ancestor.as_os_str().is_empty() || ancestor.exists());
    let there = there.filter(|ancestor| !ancestor.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, is_there) = (folder.display(), there == folder);
    if there.is_dir() && can_write_in(there) {
        Ok(())
    } else if is_there {
        Err(Failure::internal(format!("the folder {folder} cannot be written to")))
    } else {
        let there = there.display();
        Err(Failure::internal(format!("the folder {folder} cannot be made: {there} cannot be written to")))
    }
}

fn nowhere(path: &Path) -> Failure {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Failure::internal(format!(
        "there is no database at {}: run this in the folder where the server runs, or name the server's settings with --config FILE \
         or DOORWARD__DATABASE__URL (the first `doorward serve` makes a database)",
        whole.display()
    ))
}
