//! Passwords that have leaked, which whoever guesses tries first (NIST SP 800-63B-4 §3.1.1.2): looked up in a file of their SHA-1 hashes, as
//! it is published, without anybody being asked.
//!
//! The file is sorted and as large as it likes: the place of a hash is found by halving, with positioned reads of a few bytes each. It is
//! opened anew each time, so another one can be put in its place. One that cannot be read or is not in order refuses every new password for
//! as long, rather than let one through.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::config::PasswordConfig;
use crate::failure::Failure;
use crate::protocol::password_form;
use crate::secret::sha1;

/// The length of a hash, in hexadecimal digits.
const DIGITS: usize = 40;
/// The longest line, in bytes: a hash, a colon, the largest count and two ends of the line.
const LONGEST_LINE: usize = 64;

/// The list of leaked passwords, if there is one. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Leaked(Option<Arc<Path>>);

impl Leaked {
    /// The list that the settings name.
    ///
    /// # Errors
    /// A sentence when it cannot be read or is no list of hashes.
    pub fn new(config: &PasswordConfig) -> Result<Self, Failure> {
        let path: &Path = &config.leaked;
        if path.as_os_str().is_empty() {
            return Ok(Self(None));
        }
        let list = List::open(path).and_then(|list| list.check().map(|()| list));
        list.map_err(|why| Failure::internal(format!("password.leaked: {}: {why}", path.display())))?;
        Ok(Self(Some(path.into())))
    }

    /// Whether the password stands in the list.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn contains(&self, password: &str) -> Result<bool, Failure> {
        let Some(path) = self.0.clone() else { return Ok(false) };
        // As it is stored, and as it was typed: lists hold what people typed.
        let hashes = [password_form::stored(password).as_bytes(), password.as_bytes()].map(hex);
        let work = move || {
            let list = List::open(&path)?;
            Ok(list.contains(&hashes[0])? || (hashes[1] != hashes[0] && list.contains(&hashes[1])?))
        };
        let found = tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?;
        found.map_err(|why: io::Error| Failure::unavailable(format!("the list of leaked passwords: {why}")))
    }
}

type Hash = [u8; DIGITS];

fn hex(password: &[u8]) -> Hash {
    let mut digits = [0; DIGITS];
    for (two, byte) in digits.chunks_exact_mut(2).zip(sha1(password)) {
        two.copy_from_slice(&[
            b"0123456789ABCDEF"[usize::from(byte >> 4)],
            b"0123456789ABCDEF"[usize::from(byte & 15)],
        ]);
    }
    digits
}

/// The open file.
struct List {
    file: File,
    length: u64,
}

impl List {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Looks at the first line, the last, and one in the middle: whether they are hashes, and in order.
    fn check(&self) -> io::Result<()> {
        let first = self.line_from(0)?.ok_or_else(|| wrong("it is empty"))?;
        let middle = self.line_from(self.length / 2)?.map_or(first.hash, |line| line.hash);
        let end = self.length.saturating_sub(2 * LONGEST_LINE as u64).max(self.length / 2);
        let last = self.line_from(end)?.map_or(middle, |line| line.hash);
        if first.hash <= middle && middle <= last { Ok(()) } else { Err(wrong("its hashes are not in order")) }
    }

    fn contains(&self, wanted: &Hash) -> io::Result<bool> {
        // The line, if there is one, begins in here.
        let (mut from, mut to) = (0, self.length);
        while from < to {
            let middle = from + (to - from) / 2;
            let Some(line) = self.line_from(middle)?.filter(|line| line.begins < to) else {
                // Nothing begins behind the middle any more.
                to = middle;
                continue;
            };
            match line.hash.cmp(wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => from = line.ends,
                Ordering::Greater => to = middle,
            }
        }
        Ok(false)
    }

    /// The first line that begins at the place or behind it.
    fn line_from(&self, place: u64) -> io::Result<Option<Line>> {
        let mut bytes = [0; 2 * LONGEST_LINE];
        // A line begins where another has ended: so look from one byte before.
        let from = place.saturating_sub(1);
        let read = self.read(&mut bytes, from)?;
        let text = &bytes[..read];
        let skipped = if place == 0 { 0 } else { text.iter().position(|b| *b == b'\n').map_or(read, |at| at + 1) };
        let rest = &text[skipped..];
        if rest.is_empty() {
            return if from + read as u64 >= self.length { Ok(None) } else { Err(wrong("a line is too long")) };
        }
        let hash = rest.get(..DIGITS).and_then(|digits| Hash::try_from(digits).ok());
        let hash =
            hash.filter(|hash| hash.iter().all(u8::is_ascii_hexdigit)).map(|hash| hash.map(|b| b.to_ascii_uppercase()));
        let begins = from + skipped as u64;
        let line = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
        match (hash, rest.get(DIGITS)) {
            (Some(hash), None | Some(b':' | b'\r' | b'\n')) => {
                Ok(Some(Line { hash, begins, ends: begins + line as u64 }))
            }
            _ => Err(wrong("its lines must begin with the 40 hexadecimal digits of a SHA-1 hash")),
        }
    }

    /// Reads until the bytes are full or the file ends.
    fn read(&self, bytes: &mut [u8], from: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < bytes.len() {
            match self.file.read_at(&mut bytes[done..], from + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

/// A line: its hash, and from where to where it reaches.
struct Line {
    hash: Hash,
    begins: u64,
    ends: u64,
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;

    fn file(lines: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(lines).unwrap();
        file
    }

    fn config(file: &NamedTempFile) -> PasswordConfig {
        PasswordConfig {
            memory_kib: 64,
            iterations: 1,
            parallelism: 1,
            queue: 9,
            queue_share: 9,
            leaked: file.path().to_owned(),
        }
    }

    #[tokio::test]
    async fn every_password_of_the_list_is_found_and_no_other() {
        let passwords: Vec<String> = (0..500).map(|n| format!("leaked password {n}")).collect();
        let sorted = |count: usize| {
            let mut hashes: Vec<Hash> = passwords[..count].iter().map(|password| hex(password.as_bytes())).collect();
            hashes.sort();
            hashes
        };
        for count in [1, 2, 3, 499, 500] {
            for (end, is_lower) in [("\r\n", false), ("\n", false), (":1\n", true), (":12345678\r\n", false)] {
                let lines: Vec<String> =
                    sorted(count).iter().map(|hash| str::from_utf8(hash).unwrap().to_owned()).collect();
                let mut text = lines.join(end);
                if count % 2 == 1 {
                    text.push_str(end);
                }
                let text = if is_lower { text.to_lowercase() } else { text };
                let file = file(text.as_bytes());
                let leaked = Leaked::new(&config(&file)).unwrap();
                for (at, password) in passwords.iter().enumerate() {
                    assert_eq!(leaked.contains(password).await.unwrap(), at < count, "{at} of {count} with {end:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_list_is_refused_with_the_reason() {
        let refused = |text: &str| Leaked::new(&config(&file(text.as_bytes()))).unwrap_err().detail;
        assert!(refused("").ends_with("it is empty"));
        assert!(refused("password\n").contains("40 hexadecimal digits"));
        assert!(refused(&format!("{}\n{}\n", "F".repeat(40), "0".repeat(40))).contains("order"));
        assert!(refused(&format!("{}0\n", "F".repeat(40))).contains("40 hexadecimal digits"));
        let folder = PasswordConfig { leaked: "/".into(), ..config(&file(b"")) };
        assert!(Leaked::new(&folder).is_err());
    }

    #[tokio::test]
    async fn a_list_that_has_gone_lets_nothing_through() {
        let file = file("0".repeat(40).as_bytes());
        let leaked = Leaked::new(&config(&file)).unwrap();
        assert!(!leaked.contains("x").await.unwrap());
        drop(file);
        assert!(leaked.contains("x").await.unwrap_err().passing);
    }
}
