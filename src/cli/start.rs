//! Starting, and opening what a start has made: which database and which master key, and what the first start makes.
//!
//! SQLite only: the first start makes the data folder, the database and, unless one is configured, the master key, in that order, and
//! notes the key's id in the database last. So whatever moment a start is cut off at, the next one goes on; and a key without
//! its database, or a database without its key, is known for a loss and refused. One process at a time does so. What is refused
//! leaves everything as it was: folders that were made for nothing are taken back, and no migration runs under a wrong key.

mod existing;
mod key_file;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::output::note;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::jobs::audit::AuditRecord;
use crate::jobs::signing_keys::SigningKeys;
use crate::protocol::issuer::Issuer;
use crate::registry::Registry;
use crate::sealing::MasterKey;
use crate::storage::{MigrationReport, Post, Storage};
use crate::telemetry;

pub(super) use existing::problems;
pub(super) use key_file::warnings;

/// What a first start made, in words.
pub(super) type Made = Vec<String>;

/// What a command may do with the database of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Take it as it is: who lists or changes what is there makes nothing.
    Existing,
    /// Make it, with its master key, and bring it up to date: who creates the first thing may come before the first start.
    Made,
}

/// Opens the database for a command, with the registry over it.
pub(super) async fn registry(config: &Config, opening: Opening) -> Result<(Storage, Registry), Failure> {
    let (storage, key) = match opening {
        Opening::Existing => existing::open(config).await?,
        Opening::Made => open(config, &mut Vec::new()).await?,
    };
    let config = &under_own_issuer(config, &storage).await?;
    let registry = Registry::new(storage.clone(), config)?;
    let Some(key) = key else { return Ok((storage, registry)) };
    // The server sends it. Without the key none can be sealed, and nobody is told of what is done here.
    if config.mail.is_on() {
        storage.send_mail(Post::new(&key, config));
    }
    Ok((storage, registry.with_master_key(&key)))
}

/// The settings with the issuer that the server beside this command has, so that links lead to it. One that was configured stays, and is told of.
async fn under_own_issuer(config: &Config, storage: &Storage) -> Result<Config, Failure> {
    let mut config = config.clone();
    let configured = Issuer::parse(&config.server.issuer).map_err(Failure::internal)?;
    let Some(own) = storage.read().await?.own_issuer().await?.filter(|own| own != configured.as_str()) else {
        return Ok(config);
    };
    if config.issuer_is_configured {
        note(format!(
            "warning: the server of this database was last started as {own}, and by these settings it is {}: links lead there",
            configured.as_str()
        ));
    } else {
        config.server.issuer = own;
    }
    Ok(config)
}

/// Opens the database that is there, for who only looks.
pub(super) async fn storage(config: &Config) -> Result<Storage, Failure> {
    existing::open(config).await.map(|(storage, _)| storage)
}

/// Opens the database that is there, with what looks after the audit record when the master key is here.
pub(super) async fn audit(config: &Config) -> Result<(Storage, Option<AuditRecord>), Failure> {
    let (storage, key) = existing::open(config).await?;
    let record = key.map(|key| AuditRecord::new(storage.clone(), &key, config.audit.retention));
    Ok((storage, record))
}

/// Opens the database that is there, with what looks after the signing keys when the master key is here.
pub(super) async fn keys(config: &Config) -> Result<(Storage, Option<SigningKeys>), Failure> {
    let (storage, key) = existing::open(config).await?;
    let keys = match key {
        Some(key) => Some(SigningKeys::open(storage.clone(), &key, config).await?),
        None => None,
    };
    Ok((storage, keys))
}

/// Builds the application, with all that a first start makes.
pub(super) async fn app(config: Config, clock: Clock, made: &mut Made) -> Result<App, Failure> {
    if config.sqlite_path().is_none() && key_file::configured(&config)?.is_none() {
        return Err(no_master_key());
    }
    // Before anything is made.
    config.brand.read_logo().map_err(Failure::internal)?;
    super::config::passkeys(&config)?;
    let (storage, key) = open(&config, made).await?;
    let key = key.ok_or_else(no_master_key)?;
    match build(config, storage.clone(), &key, clock, made).await {
        Ok(app) => Ok(app),
        Err(failure) => {
            storage.close().await;
            Err(failure)
        }
    }
}

async fn build(
    config: Config,
    storage: Storage,
    key: &MasterKey,
    clock: Clock,
    made: &mut Made,
) -> Result<App, Failure> {
    let keys = SigningKeys::open(storage.clone(), key, &config).await?;
    if let Some(kid) = keys.make_first(clock.now()).await? {
        made.push(format!("a signing key: {kid}"));
    }
    let issuer = Issuer::parse(&config.server.issuer).map_err(Failure::internal)?;
    if storage.read().await?.own_issuer().await?.as_deref() != Some(issuer.as_str()) {
        let mut transaction = storage.begin().await?;
        transaction.note_own_issuer(issuer.as_str()).await?;
        transaction.commit().await?;
    }
    App::build(config, storage, key, clock).await
}

/// Brings the database up to date and tells what that was.
pub(super) async fn migrate(config: &Config) -> Result<MigrationReport, Failure> {
    if config.sqlite_path().is_some_and(|path| !path.exists()) {
        open(config, &mut Vec::new()).await?.0.close().await;
    }
    let _lock = match config.sqlite_path() {
        Some(path) => Some(lock_folder(folder_of(&path))?),
        None => None,
    };
    let storage = when_there(config).await?;
    let report = storage.migrate().await;
    storage.close().await;
    report
}

/// The database and the master key. With PostgreSQL the key must be given; a command can do without.
async fn open(config: &Config, made: &mut Made) -> Result<(Storage, Option<MasterKey>), Failure> {
    match config.sqlite_path() {
        Some(path) => open_sqlite(config, &path, made).await.map(|(storage, key)| (storage, Some(key))),
        None => {
            let key = key_file::configured(config)?;
            let storage = when_there(config).await?;
            bring_up_to_date(&storage, key.as_ref()).await?;
            Ok((storage, key))
        }
    }
}

/// Refuses what can be refused before it makes anything, and takes back the folders that it made for nothing.
async fn open_sqlite(config: &Config, path: &Path, made: &mut Made) -> Result<(Storage, MasterKey), Failure> {
    let own_key_file = key_file::own_place(config);
    let configured = key_file::configured(config)?;
    // The key before the database: another process that is just making both makes the database first.
    let kept = if configured.is_some() { None } else { key_file::kept(config)? };
    let is_new = is_new(config, path)?;
    let has_key = configured.is_some() || kept.is_some();
    let data = configured.is_none().then_some(config.data());
    let folders = make_folders(&[data, path.parent()])?;
    if is_new && !has_key && !can_write_in(folder_of(&own_key_file)) {
        take_back(&folders);
        return Err(Failure::internal(format!("the folder {} cannot be written to", config.data().display())));
    }
    let _lock = lock_folder(folder_of(path)).inspect_err(|_| take_back(&folders))?;
    let mut said: Made = folders.iter().map(|folder| format!("the folder: {}", folder.display())).collect();
    said.extend((!path.exists()).then(|| format!("the database: {}", path.display())));
    keep_to_owner(path).inspect_err(|_| take_back(&folders))?;
    let opened = Storage::open(&config.database, true).await.map_err(|why| unreachable_database(&why));
    let storage = opened.inspect_err(|_| take_back(&folders))?;
    let key = async {
        bring_up_to_date(&storage, configured.as_ref().or(kept.as_ref())).await?;
        match configured.or(kept) {
            Some(key) => Ok(key),
            None => own_key(config, &storage, path, &mut said).await,
        }
    };
    match key.await {
        Ok(key) => {
            made.append(&mut said);
            Ok((storage, key))
        }
        Err(failure) => {
            storage.close().await;
            take_back(&folders);
            Err(failure)
        }
    }
}

/// Whether SQLite's file is yet to be made.
fn is_new(config: &Config, path: &Path) -> Result<bool, Failure> {
    let (is_new, key_file) = (!path.exists(), key_file::own_place(config));
    if is_new && !key_file::is_given(config) && key_file.exists() {
        return Err(Failure::internal(format!(
            "there is a master key ({}) but no database ({}): put the database back, or move the key away to start anew",
            key_file.display(),
            path.display()
        )));
    }
    if path.is_dir() {
        return Err(Failure::internal(format!("the database {} is a folder: name a file", path.display())));
    }
    Ok(is_new)
}

/// Runs the migrations, unless the database is another master key's: that one is left as it is.
async fn bring_up_to_date(storage: &Storage, key: Option<&MasterKey>) -> Result<(), Failure> {
    if let Some(key) = key {
        // A database without tables belongs to nobody yet.
        let noted = storage.read().await?.master_key_id().await.ok().flatten();
        SigningKeys::check_owner(noted.as_deref(), key)?;
    }
    storage.migrate().await.map(drop)
}

/// The key in the data folder, made if the database has never had one.
async fn own_key(config: &Config, storage: &Storage, path: &Path, made: &mut Made) -> Result<MasterKey, Failure> {
    let noted = storage.read().await?.master_key_id().await?;
    let place = key_file::own_place(config);
    match (place.exists(), noted) {
        (true, _) => key_file::read(&place),
        (false, None) => {
            let key = MasterKey::generate();
            key_file::write(&place, &key)?;
            made.push(format!("the master key: {} (keep a copy of it apart from the database's)", place.display()));
            Ok(key)
        }
        (false, Some(_)) => Err(key_is_missing(config, path)),
    }
}

fn key_is_missing(config: &Config, path: &Path) -> Failure {
    Failure::internal(format!(
        "the database {} belongs to a master key, but {} is missing: put the key back",
        path.display(),
        key_file::own_place(config).display()
    ))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the folders that do not exist, for this user alone, parents first; those that it made.
fn make_folders(wanted: &[Option<&Path>]) -> Result<Vec<PathBuf>, Failure> {
    let mut made = Vec::new();
    for folder in wanted.iter().flatten() {
        let mut missing: Vec<&Path> =
            folder.ancestors().take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists()).collect();
        missing.reverse();
        for folder in missing {
            if let Err(error) = fs::DirBuilder::new().mode(0o700).create(folder)
                && !folder.is_dir()
            {
                take_back(&made);
                let why = format!("the folder {} cannot be made: {error}", folder.display());
                return Err(Failure::internal(why));
            }
            made.push(folder.to_owned());
        }
    }
    Ok(made)
}

/// One process at a time makes a database, brings it up to date and makes its key: SQLite has no lock that spans them. Holds until
/// what it returns is dropped, or the process ends.
fn lock_folder(folder: &Path) -> Result<fs::File, Failure> {
    let locked = fs::File::open(folder).and_then(|lock| lock.lock().map(|()| lock));
    locked.map_err(|error| Failure::internal(format!("the folder {} cannot be locked: {error}", folder.display())))
}

/// Whether the key can be written later: found out before the database is made.
fn can_write_in(folder: &Path) -> bool {
    let probe = folder.join(".doorward-probe");
    let written = fs::write(&probe, "").is_ok();
    let _ = fs::remove_file(&probe);
    written
}

/// Removes folders that were just made; one that holds something stays.
fn take_back(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// Makes the database's file, unless it is there, so that its owner alone can read it; what SQLite puts beside it follows its mode.
fn keep_to_owner(path: &Path) -> Result<(), Failure> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Failure::internal(format!("the database {} cannot be made: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// The database, waited for.
async fn when_there(config: &Config) -> Result<Storage, Failure> {
    let say = |why: &Failure| {
        if telemetry::is_started() {
            tracing::warn!(cause = %why, "the database is not there yet: waiting for it");
        } else {
            note(format!("the database is not there yet, waiting for it: {why}"));
        }
    };
    Storage::open_when_there(&config.database, say).await.map_err(|why| unreachable_database(&why))
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
