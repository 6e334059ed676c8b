//! The layer, over a client of `hyper-util`.

use bytes::Bytes;
use doorward_client::TokenSource;
use doorward_client::source::{BearerLayer, CallError};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Service, ServiceBuilder, ServiceExt};

use super::site::Site;
use super::{clock, source, text};

type Body = Full<Bytes>;

async fn call(layer: BearerLayer<Body>, site: &Site) -> StatusCode {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let mut service = ServiceBuilder::new().layer(layer).service(client);
    let request = Request::post(site.api()).header("x-more", "1").body(Full::from("body")).unwrap();
    service.ready().await.unwrap().call(request).await.unwrap().status()
}

#[tokio::test]
async fn each_request_has_a_token_and_a_401_is_tried_once_more() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    let layer = BearerLayer::new(source.clone());
    assert_eq!(call(layer.clone(), &site).await, 200);
    site.refuse("token-1");
    assert_eq!(call(layer.clone(), &site).await, 200);
    let body = |token: &str| (format!("Bearer {token}"), "POST body and more".to_owned());
    assert_eq!(site.calls(), [body("token-1"), body("token-1"), body("token-2")]);
    site.refuse_all(true);
    assert_eq!(call(layer, &site).await, 401);
    assert_eq!((site.count(), site.calls().len()), (2, 4));
}

#[tokio::test]
async fn what_may_not_be_sent_again_is_not_and_the_token_is_dropped_all_the_same() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    site.refuse("token-1");
    assert_eq!(call(BearerLayer::once(source.clone()), &site).await, 401);
    assert_eq!(site.calls().len(), 1);
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn a_request_with_its_own_authorization_goes_as_it_is() {
    let (site, clock) = (Site::start().await, clock());
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let service = ServiceBuilder::new().layer(BearerLayer::new(source(&site, &clock))).service(client);
    let request = Request::get(site.api()).header("authorization", "Basic eDp5").body(Body::default()).unwrap();
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), format!("{} ", site.origin));
    assert_eq!((site.count(), site.calls()), (0, vec![("Basic eDp5".to_owned(), "GET ".to_owned())]));
}

#[tokio::test]
async fn there_are_errors_for_no_token_and_for_no_tls() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    let send = async |source: &TokenSource, address: &str| {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let service = ServiceBuilder::new().layer(BearerLayer::new(source.clone())).service(client);
        service.oneshot(Request::get(address).body(Body::default()).unwrap()).await.unwrap_err()
    };
    assert!(matches!(send(&source, "http://notes.invalid/").await, CallError::InTheClear));
    assert_eq!(site.count(), 0);
    site.always(Some((503, None, String::new())));
    assert!(matches!(send(&source, &site.api()).await, CallError::Token(_)));
    assert!(site.calls().is_empty());
}
