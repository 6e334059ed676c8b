//! How many files the process may open: raised as far as the system lets it, and the connections that this leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Files that are open beside connections and the database: the socket, the log, what is sent to others, and what is read for a moment.
const OTHERS: u64 = 64;
/// Files of one connection to the database: SQLite opens the database, its log and its index.
const EACH: u64 = 3;

/// Raises the limit, and lowers `[server] max_connections` to what it leaves room for. A sentence when it had to.
pub(super) fn make_room(config: &mut Config) -> Option<String> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // A system that refuses to raise it leaves it as it was.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = if raised.is_ok() { maximum } else { current }?;
    let room = room(files, u64::from(config.database.max_connections));
    if u64::from(config.server.max_connections) <= room {
        return None;
    }
    let wanted = config.server.max_connections;
    config.server.max_connections = u32::try_from(room).unwrap_or(wanted);
    Some(format!(
        "server.max_connections is {wanted}, but the process may open {files} files (ulimit -n) and needs some for the database: it takes \
         {room} connections; raise the limit (LimitNOFILE= of systemd)"
    ))
}

/// The connections for which so many files leave room, at least a few.
fn room(files: u64, of_database: u64) -> u64 {
    files.saturating_sub(OTHERS + EACH * (of_database + 2)).max(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_for_the_database() {
        assert_eq!([room(1024, 8), room(256, 8), room(50, 8)], [930, 162, 10]);
    }
}
