//! What a token costs that the source has: less than 200 ns, of which the larger part are two looks at the clock.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::task::{Context, Poll, Waker};

use arc_swap::ArcSwapOption;
use criterion::Criterion;
use doorward_client::http::Sending;
use doorward_client::source::Token;
use doorward_client::{Clock, Http, TokenSource};

/// Gives tokens without a network.
struct Giver;

impl Http for Giver {
    fn send(&self, _: http::Request<bytes::Bytes>) -> Sending<'_> {
        let body = br#"{"access_token":"token","token_type":"Bearer","expires_in":86400}"#;
        Box::pin(async { Ok(http::Response::new(bytes::Bytes::from_static(body))) })
    }
}

/// What is there at once.
fn now(source: &TokenSource) -> Token {
    let mut getting = std::pin::pin!(source.get());
    match getting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(token) => token.expect("the source has a token"),
        Poll::Pending => panic!("the source has no token"),
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let builder = TokenSource::at("https://login.example.org/token").client("service").secret("secret");
    let source = builder.http(Giver).build().unwrap();
    runtime.block_on(source.get()).unwrap();

    let mut criterion = Criterion::default().configure_from_args();
    let pointer = ArcSwapOption::from_pointee(1);
    criterion.bench_function("bare: an atomic pointer", |bencher| bencher.iter(|| black_box(pointer.load_full())));
    let clock = Clock::system();
    criterion.bench_function("bare: a look at both clocks", |bencher| {
        bencher.iter(|| black_box((clock.now(), clock.steady())));
    });
    criterion.bench_function("a token that the source has", |bencher| bencher.iter(|| now(&source)));
    criterion.bench_function("its header", |bencher| bencher.iter(|| black_box(now(&source).header())));
    criterion.final_summary();
}
