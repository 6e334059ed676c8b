//! The master key: given in the settings, or in its file in the data folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::folder_of;
use crate::config::{Config, SecretSetting};
use crate::failure::Failure;
use crate::sealing::MasterKey;

/// Where the key of a first start lies.
pub(super) fn own_place(config: &Config) -> PathBuf {
    config.data().join("master.key")
}

/// Whether the settings have a master key, or say where one is.
pub(super) fn is_given(config: &Config) -> bool {
    !config.keys.master_key.expose().is_empty() || !config.keys.master_key_file.as_os_str().is_empty()
}

/// The master key that is here: of the settings, or else with SQLite the one in the data folder.
pub(super) fn standing(config: &Config) -> Result<Option<MasterKey>, Failure> {
    match configured(config)? {
        Some(key) => Ok(Some(key)),
        None => kept(config),
    }
}

/// The master key in the data folder, if it is there. With PostgreSQL no key is ever looked for there.
pub(super) fn kept(config: &Config) -> Result<Option<MasterKey>, Failure> {
    let place = own_place(config);
    if config.sqlite_path().is_some() && place.exists() {
        with_former(config, read(&place)?).map(Some)
    } else {
        Ok(None)
    }
}

/// The master key of the settings, if there is one, with the former one that they have.
pub(super) fn configured(config: &Config) -> Result<Option<MasterKey>, Failure> {
    match given(&config.keys.master_key, &config.keys.master_key_file)? {
        Some(key) => with_former(config, key).map(Some),
        None => Ok(None),
    }
}

/// A master key together with the former one of the settings, if they have one.
fn with_former(config: &Config, key: MasterKey) -> Result<MasterKey, Failure> {
    let former = given(&config.keys.former_master_key, &config.keys.former_master_key_file)?;
    Ok(former.map_or(key.clone(), |former| key.accepting(&former)))
}

fn given(inline: &SecretSetting, file: &Path) -> Result<Option<MasterKey>, Failure> {
    match inline.expose() {
        "" if file.as_os_str().is_empty() => Ok(None),
        "" => read(file).map(Some),
        text => MasterKey::parse(text).map(Some).ok_or_else(|| Failure::internal("a master key cannot be read")),
    }
}

pub(super) fn read(path: &Path) -> Result<MasterKey, Failure> {
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(|error| {
        Failure::internal(format!("the master key file {} cannot be read: {error}", path.display()))
    })?);
    MasterKey::parse(&text).ok_or_else(|| {
        Failure::internal(format!("the master key file {} does not hold 32 bytes in base64url", path.display()))
    })
}

/// Writes the key beside its place and moves it there: nobody ever sees half of it.
pub(super) fn write(path: &Path, key: &MasterKey) -> Result<(), Failure> {
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
    fs::File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Those of the key's files that others than their owner and its group can read: a sentence each.
pub(in crate::cli) fn warnings(config: &Config) -> Vec<String> {
    let keys = &config.keys;
    let own = (!is_given(config) && config.sqlite_path().is_some()).then(|| own_place(config));
    let files = [&keys.master_key_file, &keys.former_master_key_file].into_iter().chain(&own);
    let open = files.filter_map(|file| {
        let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
        let shown = file.display();
        (mode & 0o007 != 0).then(|| {
            format!(
                "the master key file {shown} is open to every user of this machine (mode {mode:04o}): chmod 600 {shown}"
            )
        })
    });
    open.collect()
}
