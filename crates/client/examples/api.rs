//! An API for people who may read notes. Against `doorward demo`:
//!
//! ```sh
//! ISSUER=http://localhost:8000 AUDIENCE=http://127.0.0.1:8001/api cargo run -p doorward-client --features axum --example api
//! ```
//!
//! `LISTEN` is where it listens, 127.0.0.1:9000 unless it says; its first line is where it does.

#![expect(clippy::print_stdout, reason = "it says where it listens")]

use axum::{Router, routing::get};
use doorward_client::{Caller, RequireAuth, RequireScope, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let verifier = Verifier::discover(var("ISSUER")?).audience(var("AUDIENCE")?).build().await?;
    let api = Router::new()
        .route("/notes", get(|caller: Caller| async move { format!("the notes of {}\n", caller.subject()) }))
        .layer(RequireScope::new("notes:read"))
        .layer(RequireAuth::new(verifier));
    let listener = tokio::net::TcpListener::bind(var("LISTEN").unwrap_or("127.0.0.1:9000".to_owned())).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, api).await?)
}

fn var(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("set {name}"))
}
