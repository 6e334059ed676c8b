//! The secret of an API whose tokens are signed with HS256: taken from a file, shown once, replaced.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::output::note;
use crate::cli::{Output, arguments};
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::resource_secret::{LONGEST_OVERLAP, LONGEST_WRITING, SecretBytes};
use crate::registry::{Error, IssuedSecret, Registry};

/// `--secret-file`.
#[derive(Args)]
pub(super) struct SecretFile {
    /// With HS256: a file with the secret that the API has already: 32 random bytes, or the same in base64url or as hexadecimal digits
    /// [default: one is made].
    #[arg(long = "secret-file", value_name = "FILE")]
    path: Option<PathBuf>,
}

#[derive(Args)]
pub(in crate::cli) struct NewSecret {
    /// The API's identifier.
    identifier: String,
    /// How long the former secret goes on signing, so that the API can be given the new one beside it: 1h, 7d; 90d at most. With 0s the
    /// new one signs at once, and every token under a former one is worthless.
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = overlap)]
    overlap: i64,
    #[command(flatten)]
    file: SecretFile,
    #[command(flatten)]
    output: Output,
}

fn overlap(text: &str) -> Result<i64, String> {
    let seconds = arguments::seconds(text).filter(|seconds| *seconds <= LONGEST_OVERLAP);
    seconds.ok_or_else(|| format!("'{}' must be a time such as 1h or 7d, 90d at most, or 0s", text.escape_debug()))
}

impl SecretFile {
    /// The secret in the file, if one was named.
    ///
    /// # Errors
    /// A sentence when the file cannot be read, or has no secret in it.
    pub fn read(&self) -> Result<Option<SecretBytes>, Failure> {
        self.path.as_deref().map(read).transpose()
    }
}

fn read(path: &Path) -> Result<SecretBytes, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_WRITING + 1));
    let most = u64::try_from(LONGEST_WRITING + 1).unwrap_or(u64::MAX);
    let failed = |why: std::io::Error| Failure::internal(format!("the file {} cannot be read: {why}", path.display()));
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(failed)?;
    SecretBytes::read(&bytes).map_err(|why| Failure::internal(format!("the file {}: {why}", path.display())))
}

impl NewSecret {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let given = self.file.read()?;
        let issued = registry.renew_resource_secret(&self.identifier, given, self.overlap, act).await?.view;
        let mut thing = json!({ "identifier": self.identifier, "signs_from": issued.signs_from });
        add(&mut thing, &issued);
        self.output.thing(&thing);
        if self.output.json {
            return Ok(());
        }
        note(ONCE);
        note(if self.overlap == 0 {
            "It signs now. Every token under a former secret is worthless to this server; the API must forget that secret.".to_owned()
        } else {
            format!(
                "Give it to the API now, beside the former one: it signs from {}. `resource show` tells when the former one is over.",
                issued.signs_from
            )
        });
        Ok(())
    }
}

/// What is said of a secret that is shown.
const ONCE: &str = "The secret is shown this once. It is 32 bytes in base64url: decode it, and verify HS256 with the bytes. Whoever has it \
                    can make tokens for this API.";

/// Adds the secret to what is printed of its API.
pub(super) fn add(thing: &mut Value, issued: &IssuedSecret) {
    thing["kid"] = json!(issued.kid);
    thing["secret"] = json!(issued.secret.expose());
}

/// Says what is to be known of a secret that was printed.
pub(super) fn tell(issued: Option<&IssuedSecret>, output: Output) {
    if issued.is_some() && !output.json {
        note(ONCE);
    }
}
