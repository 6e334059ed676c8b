//! The folder that mails are written into for development: one file for each, `TIME-ID.eml`, whole from the moment that it is there.

use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::failure::Failure;

/// A folder for mails. Its files are their owner's alone, for there are links in them that prove an address.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder, made when it is not there.
    pub fn new(path: &Path) -> Result<Self, Failure> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| Failure::internal(format!("mail.folder: {} cannot be made: {error}", path.display())))?;
        Ok(Self(path.to_owned()))
    }

    /// Keeps a mail. The same mail again is the same file.
    pub async fn keep(&self, id: &str, at: Timestamp, mail: Vec<u8>) -> Result<(), Failure> {
        // In their order by name; a colon is no letter of a file name everywhere.
        let path = self.0.join(format!("{}-{id}.eml", at.to_string().replace(':', "")));
        let unfinished = path.with_extension("part");
        let written = tokio::task::spawn_blocking(move || {
            let mut options = fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            file.write_all(&mail)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        });
        let written = written.await.map_err(Failure::internal)?;
        written.map_err(|error| {
            Failure::unavailable(format!("the folder {} cannot be written to: {error}", self.0.display()))
        })
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder {}", self.0.display())
    }
}
