//! Passkeys and security keys: adding them and taking them away, and signing in with them. How they are attacked stands in `attacks/`.

mod account;
mod attested;
mod on_the_way;
mod own;
mod security_keys;
mod sign_in;

const ANN: &str = "ann@example.org";
const EVE: &str = "eve@example.org";
const BOB: &str = "bob@example.org";

/// The one text that a statement of the test's own gives.
async fn text(server: &crate::support::Server, sql: &str) -> String {
    server.database.db_rows::<(String,)>(sql).await.remove(0).0
}
