//! What a token costs: the mint of an access token beside the bare RS256 signature on the same key, in CPU time, in one run. The
//! promise is that what stands around the signature costs at most a tenth of it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]

mod cpu;
mod server;

use std::hint::black_box;

use criterion::Criterion;
use doorward::grants::{Granted, TokenRequest};
use doorward::protocol::audience::Audience;
use doorward::protocol::audit::Origin;
use doorward::protocol::device::Device;
use doorward::protocol::params::Params;
use doorward::protocol::trace::TraceId;
use doorward::random;

use cpu::CpuTime;
use server::Server;

/// The access token of a person, as large as they usually are.
async fn granted(server: &Server) -> Granted {
    let app = &server.app;
    let client = app.directory.client(&server.service[0]).await.unwrap().unwrap();
    let params = Params::parse(b"grant_type=client_credentials&scope=notes:read+notes:write").unwrap();
    let now = app.now();
    let keys = app.fresh_keys(now).await.unwrap();
    let origin = Origin { address: None, trace: TraceId::of([7; 16]), device: Device::default() };
    let request = TokenRequest { client: &client, params: &params, keys, confirmation: None, origin, now };
    let mut granted = app.grants.redeem(request).await.unwrap();
    let authorization = &mut granted.authorization;
    authorization.subject = random::row_id(now);
    authorization.grant_id = Some(random::id());
    authorization.audience = Audience::of("https://api.example.org");
    authorization.roles = vec!["editor".to_owned()];
    granted
}

fn main() {
    let server = Server::start();
    let Granted { authorization, signers } = server.runtime.block_on(granted(&server));
    let mint = || server.app.mint.tokens(&authorization, &signers).unwrap();
    let token = mint().access_token;
    let signed = token.rsplit_once('.').unwrap().0.as_bytes();
    let bare = || server.key.sign(signed).unwrap();

    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    criterion.bench_function("bare RS256 signature", |bencher| bencher.iter(bare));
    criterion.bench_function("mint of an access token", |bencher| bencher.iter(mint));
    criterion.final_summary();

    // By turns, so that a change of the processor's speed meets both alike.
    let turns = 40;
    let ratios = (0..turns).map(|_| {
        let signature = cpu::of_one(50, || drop(black_box(bare())));
        cpu::of_one(50, || drop(black_box(mint()))) / signature
    });
    let ratio = cpu::median(ratios.collect());
    println!("the mint costs {ratio:.3} times the bare signature (at most 1.1 is promised)");
}
