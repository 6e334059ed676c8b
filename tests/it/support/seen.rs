//! Which rejections answers carried in this run: a file for each, beside the build, for the guard in `tests/rules.rs`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use doorward::protocol::rejection::Rejection;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Notes that an answer carried the rejection that its test wanted. The first note of a run ends those of the run before.
pub fn note(rejection: Rejection) {
    let folder = FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rejections");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    });
    std::fs::write(folder.join(rejection.reason()), "").unwrap();
}
