//! A PgBouncer of the test's own, in transaction mode, before the PostgreSQL of `DOORWARD_TEST_DATABASE`.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::database::server_address;
use super::{eventually_blocking, free_address};

/// A running PgBouncer. Killed when dropped.
pub struct Bouncer {
    child: Child,
    /// Its address and port.
    pub address: String,
    _folder: TempDir,
}

impl Bouncer {
    /// One that has so many sessions for each database, and these further lines in its file.
    pub fn start(sessions: usize, further: &str) -> Self {
        let (host, port) = server_address().rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let address: SocketAddr = free_address().parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host={host} port={port} user=doorward\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = {sessions}\nmax_client_conn = 1000\n{further}\n",
            address.port()
        );
        std::fs::write(&file, settings).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new("pgbouncer");
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            // It refuses root.
            command.args(["-u", "postgres"]);
        }
        let child =
            command.arg("-q").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("PgBouncer is installed: tests/run --only install");
        eventually_blocking("PgBouncer answers", || TcpStream::connect(address).ok());
        Self { child, address: address.to_string(), _folder: folder }
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
