//! The integration tests: one binary, mirroring `src/http`, over the production router in process and the real binary on a socket.
//! `DOORWARD_TEST_DATABASE` says on which database; `DOORWARD_LONG=1` asks for the long rounds.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod attacks;
mod audience;
mod audit;
mod authorization_code;
mod cleanup;
mod commands;
mod config;
mod conformance;
mod connections;
mod demo;
mod docs;
mod endpoints;
mod failures;
mod floors;
mod full_disk;
mod fuzz;
mod grants;
mod identities;
mod issuer_path;
mod keys;
mod kill;
mod long_state;
mod lost_answers;
mod middleware;
mod migrations;
mod model;
mod narrowing;
mod newcomer;
mod news;
mod nginx;
mod openid;
mod operator;
mod pages;
mod pgbouncer;
mod prompts;
mod races;
mod reference;
mod refresh_token;
mod refused_start;
mod registry;
mod relying_party;
mod revoke_introspect;
mod rules;
mod secrets;
mod sockets;
mod sources;
mod start;
mod statements;
mod stop;
mod storage;
mod support;
mod tls;
mod upstream;
