//! A worker that calls an API for as long as it runs: through tokens that end, keys that rotate, keys that are revoked, and an issuer that is
//! away for a while.
//!
//! Its environment tells it all: `ISSUER`, `CLIENT_ID`, `CLIENT_SECRET`, `SCOPE`, `API`, the address that it calls, and `EVERY`, after how many
//! milliseconds each time (1000 unless it says). It says one line for each call: the status, or why there was none.

#![expect(clippy::print_stdout, reason = "it says what became of each call")]

use std::env::var;
use std::error::Error;
use std::time::Duration;

use doorward_client::TokenSource;
use doorward_client::source::BearerFrom;
use tokio::time::{MissedTickBehavior, interval};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let source = TokenSource::discover(var("ISSUER")?)
        .client(var("CLIENT_ID")?)
        .secret(var("CLIENT_SECRET")?)
        .scope(var("SCOPE")?)
        .build()?;
    let (api, address) = (reqwest::Client::new(), var("API")?);
    let every = var("EVERY").ok().map_or(Ok(1000), |every| every.parse())?;
    let mut turns = interval(Duration::from_millis(every));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        // A worker does its work at the next turn when it cannot be done at this one.
        match api.get(&address).bearer_from(&source).send().await {
            Ok(answer) => println!("{}", answer.status().as_u16()),
            Err(error) => println!("no answer: {error}"),
        }
    }
}
