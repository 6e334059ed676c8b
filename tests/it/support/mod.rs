//! What tests are written with. `Browser` and `Client` speak HTTP only; what touches the database is named `db_...`.

mod answer;
pub mod axe;
mod bouncer;
mod browser;
mod canaries;
mod chromium;
mod client;
mod database;
mod eventually;
pub mod forge;
mod live;
mod live_browser;
mod live_client;
mod mailbox;
mod parallel;
mod provider;
mod receiver;
mod rounds;
mod seen;
mod server;
pub mod socket;

pub use answer::Answer;
pub use bouncer::Bouncer;
pub use browser::{Browser, Form, asked, filled, login_form};
pub use chromium::Chromium;
pub use client::{Client, by_get_and_post, redeem_at_once, unverified_claims};
pub use database::{Database, MASTER_KEY, is_postgres};
pub use eventually::{END, eventually, eventually_blocking};
pub use live::{Live, binary, free_address, refused, refused_by};
pub use live_browser::{LiveBrowser, http};
pub use live_client::LiveClient;
pub use parallel::parallel;
pub use provider::{Instead, Provider, Signing, UPSTREAM_CLIENT};
pub use receiver::Receiver;
pub use rounds::{is_long, rounds};
pub use server::{PASSWORD, Server, VERIFIER, challenge};
