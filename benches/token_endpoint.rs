//! What a client-credentials request costs: the production router in process, once warm, in CPU time of the whole process, its log
//! lines and the jobs beside it included; and how often the bare signature that is.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]

mod cpu;
mod server;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use criterion::Criterion;
use doorward::http::{Site, site};

use cpu::CpuTime;
use server::Server;

async fn ask(site: Site, authorization: &str) {
    let request = Request::post("/token")
        .header(header::HOST, "localhost:8000")
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("grant_type=client_credentials&scope=notes%3Aread"));
    let response = site.answer(request.unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    to_bytes(response.into_body(), 1 << 16).await.unwrap();
}

fn main() {
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    let server = Server::start();
    let authorization = format!("Basic {}", STANDARD.encode(server.service.join(":")));
    server.runtime.spawn(server.app.clone().run_jobs(std::future::pending()));
    let site = site(server.app.clone());
    let bare = || server.key.sign(b"a message").unwrap();
    let request = || server.runtime.block_on(ask(site.clone(), &authorization));
    request();
    let connections = server.app.storage.connections_taken();

    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    criterion.bench_function("bare RS256 signature", |bencher| bencher.iter(bare));
    criterion.bench_function("client credentials", |bencher| bencher.iter(request));
    criterion.final_summary();

    let turns: Vec<(f64, f64)> =
        (0..40).map(|_| (cpu::of_one(50, || drop(bare())), cpu::of_one(50, request))).collect();
    let cost = cpu::median(turns.iter().map(|(_, request)| request / 1000.0).collect());
    let ratio = cpu::median(turns.iter().map(|(signature, request)| request / signature).collect());
    println!("a client-credentials request costs {cost:.0} µs of CPU, {ratio:.3} times the bare signature");
    println!("database connections taken: {}", server.app.storage.connections_taken() - connections);
}
