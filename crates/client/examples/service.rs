//! A service that calls an API: it says once who it is, and at each call where the token comes from.
//!
//! Its environment tells it all: `ISSUER`, `CLIENT_ID`, `CLIENT_SECRET`, `SCOPE`, and `API`, the address that it calls. `doorward demo` shows a
//! service with its secret and an API to try it with.

#![expect(clippy::print_stdout, reason = "it says what the API answered")]

use std::env::var;
use std::error::Error;

use doorward_client::TokenSource;
use doorward_client::source::BearerFrom;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let source = TokenSource::discover(var("ISSUER")?)
        .client(var("CLIENT_ID")?)
        .secret(var("CLIENT_SECRET")?)
        .scope(var("SCOPE")?)
        .build()?;
    let api = reqwest::Client::new();
    let answer = api.get(var("API")?).bearer_from(&source).send().await?;
    println!("{} {}", answer.status().as_u16(), answer.text().await?);
    Ok(())
}
