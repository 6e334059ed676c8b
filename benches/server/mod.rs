//! The production application over an SQLite database of its own with one registered service, for benches.

use std::process::Command;
use std::sync::Arc;

use doorward::app::App;
use doorward::clock::Clock;
use doorward::config::Config;
use doorward::jobs::signing_keys::SigningKeys;
use doorward::sealing::MasterKey;
use doorward::storage::Storage;
use doorward::tokens::SigningKey;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The application, and the key that it signs with.
pub struct Server {
    pub app: App,
    pub key: Arc<SigningKey>,
    /// The service's id and secret.
    pub service: [String; 2],
    pub runtime: Runtime,
    _folder: TempDir,
}

impl Server {
    pub fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let service = register(&folder);
        let mut config = Config::load(None, []).unwrap();
        config.database.url = format!("sqlite://{}", folder.path().join("data/doorward.db").display());
        let master = std::fs::read_to_string(folder.path().join("data/master.key")).unwrap();
        let master = MasterKey::parse(&master).unwrap();
        let app = runtime.block_on(async {
            let storage = Storage::open(&config.database, false).await.unwrap();
            let keys = SigningKeys::open(storage.clone(), &master, &config).await.unwrap();
            keys.make_first(Clock::system().now()).await.unwrap();
            App::build(config, storage, &master, Clock::system()).await.unwrap()
        });
        let key = app.ring.signing_key([app.config.keys.algorithm].into_iter(), app.now()).unwrap();
        Self { app, key, service, runtime, _folder: folder }
    }
}

/// Makes the database and registers a service with the command line.
fn register(folder: &TempDir) -> [String; 2] {
    let output = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .args([
            "client",
            "create",
            "--type",
            "service",
            "--name",
            "Nightly job",
            "--scope",
            "notes:read notes:write",
            "--json",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let client: Value = serde_json::from_slice(&output.stdout).unwrap();
    ["client_id", "client_secret"].map(|name| client[name].as_str().unwrap().to_owned())
}
