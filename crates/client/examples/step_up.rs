//! An API that some people may call any time, and for some calls only after they signed in with a second factor, lately. Against `doorward demo`:
//!
//! ```sh
//! ISSUER=http://localhost:8000 AUDIENCE=http://127.0.0.1:8001/api cargo run -p doorward-client --features axum --example step_up
//! ```
//!
//! `LISTEN` is where it listens, 127.0.0.1:9000 unless it says; its first line is where it does.

#![expect(clippy::print_stdout, reason = "it says where it listens")]

use std::time::Duration;

use axum::Router;
use axum::routing::{delete, get};
use doorward_client::{Allowed, Caller, Need, Needs, RequireAuth, RequireScope, Verifier};

/// What deleting needs.
struct DeleteNotes;

impl Needs for DeleteNotes {
    fn need() -> Need {
        Need::all([
            Need::scope("notes:delete"),
            Need::acr(["phrh", "phr", "https://refeds.org/profile/mfa"]),
            Need::fresh(Duration::from_secs(300)),
        ])
    }
}

async fn delete_notes(caller: Allowed<DeleteNotes>) -> String {
    format!("the notes of {} are gone\n", caller.subject())
}

async fn notes(caller: Caller) -> String {
    format!("the notes of {}\n", caller.subject())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let verifier = Verifier::discover(var("ISSUER")?).audience(var("AUDIENCE")?).build().await?;
    let api = Router::new()
        .route("/notes", get(notes).layer(RequireScope::new("notes:read")))
        .route("/notes", delete(delete_notes))
        .layer(RequireAuth::new(verifier));
    let listener = tokio::net::TcpListener::bind(var("LISTEN").unwrap_or("127.0.0.1:9000".to_owned())).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, api).await?)
}

fn var(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("set {name}"))
}
