//! Starting: which database and which master key, and what the first start makes.
//!
//! SQLite only: the first start makes the data folder, the database and, unless one is configured, the master key, in that order, and
//! notes the key's id in the database last. So whatever moment a start is cut off at, the next one goes on; and a key without
//! its database, or a database without its key, is known for a loss and refused.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::jobs::signing_keys::SigningKeys;
use crate::sealing::MasterKey;
use crate::storage::{MigrationReport, Storage};

/// What a first start made, in words.
pub(super) type Made = Vec<String>;

/// Opens the database of the settings for a command: made and brought up to date if need be.
pub(super) async fn storage(config: &Config) -> Result<Storage, Failure> {
    Ok(open(config, &mut Vec::new()).await?.0)
}

/// Builds the application, with all that a first start makes.
pub(super) async fn app(config: Config, clock: Clock, made: &mut Made) -> Result<App, Failure> {
    let (storage, key) = open(&config, made).await?;
    let key = match key {
        Some(key) => key,
        None => return Err(no_master_key()),
    };
    let keys = SigningKeys::open(storage.clone(), &key).await?;
    if let Some(kid) = keys.make_first(clock.now()).await? {
        made.push(format!("a signing key: {kid}"));
    }
    App::build(config, storage, &key, clock).await
}

/// Brings the database up to date and tells what that was.
pub(super) async fn migrate(config: &Config) -> Result<MigrationReport, Failure> {
    if config.sqlite_path().is_some_and(|path| !path.exists()) {
        open(config, &mut Vec::new()).await?;
    }
    let storage = Storage::open(&config.database, false).await.map_err(|why| unreachable_database(&why))?;
    storage.migrate().await
}

/// The database and the master key. With PostgreSQL the key must be given; a command can do without.
async fn open(config: &Config, made: &mut Made) -> Result<(Storage, Option<MasterKey>), Failure> {
    match config.sqlite_path() {
        Some(path) => open_sqlite(config, &path, made).await.map(|(storage, key)| (storage, Some(key))),
        None => {
            let key = configured_key(config)?;
            let storage = Storage::open(&config.database, false).await.map_err(|why| unreachable_database(&why))?;
            storage.migrate().await?;
            Ok((storage, key))
        }
    }
}

async fn open_sqlite(config: &Config, path: &Path, made: &mut Made) -> Result<(Storage, MasterKey), Failure> {
    let configured = configured_key(config)?;
    let key_file = config.data().join("master.key");
    let key_exists = configured.is_none() && key_file.exists();
    let database_exists = path.exists();
    if key_exists && !database_exists {
        return Err(Failure::internal(format!(
            "there is a master key ({}) but no database ({}): put the database back, or move the key away to start anew",
            key_file.display(),
            path.display()
        )));
    }
    for folder in [Some(config.data()), path.parent()].into_iter().flatten() {
        make_folder(folder)?;
    }
    let storage = Storage::open(&config.database, true).await.map_err(|why| unreachable_database(&why))?;
    storage.migrate().await?;
    if !database_exists {
        made.push(format!("the database: {}", path.display()));
    }
    let noted = storage.read().await?.master_key_id().await?;
    let key = match (configured, key_exists, noted) {
        (Some(key), ..) => key,
        (None, true, _) => read_key(&key_file)?,
        (None, false, None) => {
            let key = MasterKey::generate();
            write_key(&key_file, &key)?;
            made.push(format!("the master key: {} (keep a copy of it apart from the database's)", key_file.display()));
            key
        }
        (None, false, Some(_)) => {
            return Err(Failure::internal(format!(
                "the database {} belongs to a master key, but {} is missing: put the key back",
                path.display(),
                key_file.display()
            )));
        }
    };
    Ok((storage, key))
}

/// The master key of the settings, if there is one.
fn configured_key(config: &Config) -> Result<Option<MasterKey>, Failure> {
    let file = &config.keys.master_key_file;
    if !file.as_os_str().is_empty() {
        return read_key(file).map(Some);
    }
    match config.keys.master_key.expose() {
        "" => Ok(None),
        text => MasterKey::parse(text).map(Some).ok_or_else(|| Failure::internal("keys.master_key cannot be read")),
    }
}

fn read_key(path: &Path) -> Result<MasterKey, Failure> {
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(|error| {
        Failure::internal(format!("the master key file {} cannot be read: {error}", path.display()))
    })?);
    MasterKey::parse(&text).ok_or_else(|| {
        Failure::internal(format!("the master key file {} does not hold 32 bytes in base64url", path.display()))
    })
}

/// Writes the key beside its place and moves it there: nobody ever sees half of it.
fn write_key(path: &Path, key: &MasterKey) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::internal(format!("the master key cannot be written to {}: {error}", path.display()))
    };
    let beside: PathBuf = path.with_extension("key.new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).map_err(failed)?;
    file.write_all(key.to_text().as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)?;
    // The name itself must survive a power cut too.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::internal(format!("the folder {} cannot be made: {error}", folder.display())))
}

fn unreachable_database(why: &Failure) -> Failure {
    Failure::internal(format!("the database cannot be opened: {why}"))
}

fn no_master_key() -> Failure {
    Failure::internal(
        "PostgreSQL needs a master key that all nodes share: give it in keys.master_key_file or DOORWARD__KEYS__MASTER_KEY \
         (make one with `openssl rand 32 | basenc --base64url`)",
    )
}
