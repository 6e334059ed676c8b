//! Back-Channel Logout OP: the application is told by its back channel. Against the binary alone: the channel is a server of this test.

use serde_json::json;
use url::form_urlencoded::Serializer;

use super::person::{Mode, Person};
use super::provider::Provider;
use crate::support::Receiver;

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let provider = Provider::start().await;
    assert!(provider.address("end_session_endpoint").starts_with("https://"));
    assert_eq!(provider.metadata["backchannel_logout_supported"], true);
    assert_eq!(provider.metadata["backchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let receiver = Receiver::start().await;
    let provider = Provider::binary(&[("DOORWARD__OUTGOING__ALLOW", &receiver.address.to_string())]).await;
    let client = provider.back_channel_client(&receiver.uri()).await;
    let mut person = Person::default();
    let callback = person.ask(&provider, &client, Mode::Query, &[]).await.callback();
    let tokens = client.tokens(&provider, &callback, &[]).await;

    let fields =
        [("id_token_hint", tokens.id_token.as_str()), ("post_logout_redirect_uri", &client.post_logout_redirect_uri)];
    let query = Serializer::new(String::new()).extend_pairs(fields).finish();
    let address = format!("{}?{query}", provider.address("end_session_endpoint"));
    person.visit(&provider, &client, &address).await.callback();

    let token = receiver.next().await;
    assert_eq!(jsonwebtoken::decode_header(&token).unwrap().typ.as_deref(), Some("logout+jwt"));
    let claims = client.verify(&provider, &token).await;
    assert_eq!((&claims["sub"], &claims["sid"]), (&tokens.claims["sub"], &tokens.claims["sid"]));
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(claims["jti"].is_string());
    assert!(claims.get("nonce").is_none());
    let callback = person.ask(&provider, &client, Mode::Query, &[("prompt", "none")]).await.callback();
    assert_eq!(callback["error"], "login_required");
}
