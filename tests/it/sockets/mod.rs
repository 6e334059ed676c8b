//! What comes over a socket and is no honest request: each is bounded in time and memory, and the next client is served.

mod bounds;
mod heads;
mod http2;
mod raw_http2;
mod unread;

use crate::support::{Database, Live};

/// A server with settings, given without their prefix.
async fn serve(settings: &[(&str, &str)]) -> (Database, Live) {
    let database = Database::copy().await;
    let named: Vec<(String, &str)> =
        settings.iter().map(|(name, value)| (format!("DOORWARD__SERVER__{name}"), *value)).collect();
    let named: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let live = Live::serve_with(&database, &named);
    (database, live)
}
