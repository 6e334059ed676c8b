//! What a verification takes from the heap: as much with a thousand keys as with one.

use doorward_client::Verifier;
use doorward_client::testing::Issuer;
use serde_json::json;

use crate::support::{API, Signer, good, rules, set, verified};

#[test]
fn a_verification_allocates_no_more_with_a_thousand_keys_than_with_one() {
    let signer = Signer::ed25519();
    let token = signer.token(&good());
    let allocated = |count: usize| {
        let more = (1..count).map(|n| {
            let mut jwk = signer.jwk();
            jwk["kid"] = n.to_string().into();
            jwk
        });
        let keys = set(&more.chain([signer.jwk()]).collect::<Vec<_>>());
        let used = allocation_counter::measure(|| drop(verified(&rules(), &token, &keys).unwrap()));
        (used.count_total, used.bytes_total)
    };
    assert_eq!(allocated(1), allocated(1000));
    assert!(allocated(1).0 < 60, "{:?}", allocated(1));
}

#[test]
fn nor_does_a_verifier() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let issuer = runtime.block_on(Issuer::start());
    let token = issuer.token(API).sign();
    let allocated = |count: usize| {
        let key = issuer.key_set()["keys"][0].clone();
        let mut keys = vec![key.clone(); count];
        for (n, other) in keys.iter_mut().enumerate().skip(1) {
            other["kid"] = n.to_string().into();
        }
        issuer.answer_key_set_with(Some(json!({ "keys": keys }).to_string().into_bytes()));
        let verifier: Verifier = runtime.block_on(issuer.verifier(API).build()).unwrap();
        // What a thread needs once for the atomic pointer.
        runtime.block_on(verifier.verify(&token)).unwrap();
        let used = allocation_counter::measure(|| drop(runtime.block_on(verifier.verify(&token)).unwrap()));
        (used.count_total, used.bytes_total)
    };
    assert_eq!(allocated(1), allocated(1000));
}
