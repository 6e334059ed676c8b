//! `api-key scan`: keys of ours in files, in folders with all that is below them, and in what is piped in.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Output;
use crate::cli::output::{note, value};
use crate::failure::Failure;
use crate::protocol::api_key::{LENGTH, PresentedKey};
use crate::protocol::audit::Act;
use crate::registry::{ApiKeyView, Registry};

/// How much is read at once, in bytes.
const PIECE: usize = 1 << 20;
/// How many keys are asked about at once.
const BATCH: usize = 500;

#[derive(Args)]
pub(in crate::cli) struct Scan {
    /// Files and folders; `-` for what is piped in.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// A key at a place.
struct Finding {
    path: String,
    line: usize,
    key: PresentedKey,
}

/// What was looked at.
#[derive(Default)]
struct Looked {
    files: usize,
    findings: Vec<Finding>,
    unreadable: usize,
}

impl Scan {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Failure> {
        let mut looked = Looked::default();
        for path in &self.paths {
            if path.as_os_str() == "-" {
                looked.read("-", &mut io::stdin().lock());
            } else {
                looked.path(path);
            }
        }
        let mut known: HashMap<String, ApiKeyView> = HashMap::new();
        let mut once: BTreeMap<&str, &PresentedKey> = BTreeMap::new();
        once.extend(looked.findings.iter().map(|finding| (finding.key.id.as_str(), &finding.key)));
        let once: Vec<PresentedKey> = once.into_values().cloned().collect();
        for batch in once.chunks(BATCH) {
            let found = registry.known_api_keys(batch, act.at).await?;
            known.extend(found.into_iter().map(|key| (key.id.clone(), key)));
        }
        let things: Vec<Value> = looked.findings.iter().map(|finding| told(finding, &known)).collect();
        self.output.list(
            &things,
            &["path", "line", "id", "state", "name", "user_id", "client_id"],
            "No key was found.",
        );
        note(format!("{} files were looked at.", looked.files));
        let live = known.values().filter(|key| matches!(key.state, "live" | "replaced")).count();
        if live > 0 {
            return Err(Failure::internal(format!(
                "{live} of the keys can be used by whoever reads them there: doorward api-key rotate KEY_ID --now, or revoke"
            )));
        }
        if looked.unreadable > 0 {
            return Err(Failure::internal(format!("{} files or folders could not be read", looked.unreadable)));
        }
        Ok(())
    }
}

fn told(finding: &Finding, known: &HashMap<String, ApiKeyView>) -> Value {
    let mut thing = json!({ "path": finding.path, "line": finding.line, "id": finding.key.id, "state": "unknown" });
    if let (Some(thing), Some(key)) = (thing.as_object_mut(), known.get(&finding.key.id))
        && let Value::Object(key) = value(key)
    {
        thing.extend(key);
    }
    thing
}

impl Looked {
    /// A file, or a folder with all that is below it. A symbolic link below a folder is not followed: it may lead anywhere.
    fn path(&mut self, path: &Path) {
        let looked = fs::metadata(path).and_then(|found| {
            if found.is_dir() {
                return self.folder(path);
            }
            let mut file = File::open(path)?;
            self.read(&path.display().to_string(), &mut file);
            Ok(())
        });
        looked.unwrap_or_else(|why| self.complain(&path.display().to_string(), &why));
    }

    fn folder(&mut self, path: &Path) -> io::Result<()> {
        let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::path);
        for entry in entries {
            let kind = entry.file_type()?;
            if kind.is_dir() || kind.is_file() {
                self.path(&entry.path());
            }
        }
        Ok(())
    }

    /// Reads piece by piece, so that what stands across two pieces is found, and found once.
    fn read(&mut self, name: &str, reader: &mut impl Read) {
        self.files += 1;
        let (mut bytes, mut line, mut is_carried) = (Vec::new(), 1, false);
        loop {
            let read = reader.take(PIECE as u64).read_to_end(&mut bytes);
            let is_end = match read {
                Ok(length) => length == 0,
                Err(why) => {
                    self.complain(name, &why);
                    true
                }
            };
            for (at, key) in PresentedKey::all_in(&bytes) {
                // At its very end what goes on is not known yet, and at its beginning what was carried over was looked at before.
                let is_whole = is_end || at + LENGTH < bytes.len();
                if is_whole && !(is_carried && at == 0) {
                    let before = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
                    self.findings.push(Finding { path: name.to_owned(), line: line + before, key });
                }
            }
            if is_end {
                return;
            }
            let done = bytes.len().saturating_sub(LENGTH + 1);
            line += bytes.drain(..done).filter(|byte| *byte == b'\n').count();
            is_carried |= done > 0;
        }
    }

    fn complain(&mut self, name: &str, why: &io::Error) {
        self.unreadable += 1;
        note(format!("doorward: {name}: {why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::api_key;
    use crate::random;

    #[test]
    fn a_key_is_found_once_wherever_two_pieces_meet() {
        let (_, key) = api_key::assemble(&random::digits::<{ api_key::NAME_DIGITS }>(), &random::secret_digits());
        for before in PIECE - LENGTH - 3..PIECE + 3 {
            let text = format!("{}\n{} {}", ".".repeat(before - 1), key.expose(), "a\n".repeat(PIECE));
            let mut looked = Looked::default();
            looked.read("here", &mut text.as_bytes());
            let lines: Vec<usize> = looked.findings.iter().map(|finding| finding.line).collect();
            assert_eq!(lines, [2], "{before}");
        }
    }
}
