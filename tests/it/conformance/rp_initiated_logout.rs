//! RP-Initiated Logout OP: who is signed out, with or without a question, and where the browser ends.

use url::form_urlencoded::Serializer;

use super::party::{Party, Tokens};
use super::person::{End, Mode, Person};
use super::provider::Provider;
use super::wrong_ways::{signed_by_a_stranger, unsigned};

const STATE: &str = "a state of the logout";

/// A person who is signed in to an application, which is about to sign the person out.
struct Bench {
    provider: Provider,
    person: Person,
    client: Party,
    tokens: Tokens,
}

impl Bench {
    async fn start() -> Self {
        let provider = Provider::start().await;
        let (mut person, client) = (Person::default(), provider.client.clone());
        let callback = person.ask(&provider, &client, Mode::Query, &[]).await.callback();
        let tokens = client.tokens(&provider, &callback, &[]).await;
        Self { provider, person, client, tokens }
    }

    async fn sign_out(&mut self, fields: &[(&str, &str)]) -> End {
        let query = Serializer::new(String::new()).extend_pairs(fields).finish();
        let address = format!("{}?{query}", self.provider.address("end_session_endpoint"));
        self.person.visit(&self.provider, &self.client, &address).await
    }

    /// A request with the hint and the registered address.
    async fn sign_out_with_hint(&mut self, hint: &str, state: Option<&str>) -> End {
        let uri = self.client.post_logout_redirect_uri.clone();
        let mut fields = vec![("id_token_hint", hint), ("post_logout_redirect_uri", &uri)];
        fields.extend(state.map(|state| ("state", state)));
        self.sign_out(&fields).await
    }

    /// Nobody is signed in any more.
    async fn nobody_is_signed_in(&mut self) {
        let callback =
            self.person.ask(&self.provider, &self.client, Mode::Query, &[("prompt", "none")]).await.callback();
        assert_eq!(callback.get("error").map(String::as_str), Some("login_required"), "{callback:?}");
    }

    /// The visit ended on a page of the provider, which says that the person is signed out or that something is wrong.
    fn stays(end: End) {
        let (status, text) = end.page();
        assert!(
            status == 400 || (status == 200 && text.contains("igned out")) || text.contains("Success"),
            "{status} {text}"
        );
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let provider = Provider::start().await;
    assert!(provider.address("end_session_endpoint").starts_with("https://"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let mut bench = Bench::start().await;
    let hint = bench.tokens.id_token.clone();
    let callback = bench.sign_out_with_hint(&hint, Some(STATE)).await.callback();
    assert_eq!(callback.into_iter().collect::<Vec<_>>(), [("state".to_owned(), STATE.to_owned())]);
    bench.nobody_is_signed_in().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let mut bench = Bench::start().await;
    let (hint, uri) = (bench.tokens.id_token.clone(), format!("{}/other", bench.client.post_logout_redirect_uri));
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &uri), ("state", STATE)];
    Bench::stays(bench.sign_out(&fields).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let mut bench = Bench::start().await;
    let hint = unsigned(&bench.tokens.id_token);
    Bench::stays(bench.sign_out_with_hint(&hint, Some(STATE)).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let mut bench = Bench::start().await;
    let uri = bench.client.post_logout_redirect_uri.clone();
    Bench::stays(bench.sign_out(&[("post_logout_redirect_uri", &uri), ("state", STATE)]).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    let mut bench = Bench::start().await;
    Bench::stays(bench.sign_out(&[]).await);
    assert_eq!(bench.person.confirmations, 1, "nobody is signed out unasked");
    bench.nobody_is_signed_in().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let mut bench = Bench::start().await;
    let hint = bench.tokens.id_token.clone();
    Bench::stays(bench.sign_out(&[("id_token_hint", &hint), ("state", STATE)]).await);
    bench.nobody_is_signed_in().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let mut bench = Bench::start().await;
    let hint = bench.tokens.id_token.clone();
    assert!(bench.sign_out_with_hint(&hint, None).await.callback().is_empty());
    bench.nobody_is_signed_in().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    let mut bench = Bench::start().await;
    Bench::stays(bench.sign_out(&[("state", STATE)]).await);
    bench.nobody_is_signed_in().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let mut bench = Bench::start().await;
    let (hint, uri) = (bench.tokens.id_token.clone(), format!("{}?extra=1", bench.client.post_logout_redirect_uri));
    Bench::stays(bench.sign_out(&[("id_token_hint", &hint), ("post_logout_redirect_uri", &uri)]).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let mut bench = Bench::start().await;
    let hint = signed_by_a_stranger(&bench.tokens.id_token);
    Bench::stays(bench.sign_out_with_hint(&hint, Some(STATE)).await);
}

#[tokio::test]
async fn locales_and_the_right_client_change_nothing_and_a_wrong_client_is_refused() {
    let mut bench = Bench::start().await;
    let (hint, uri) = (bench.tokens.id_token.clone(), bench.client.post_logout_redirect_uri.clone());
    let (own, other) = (bench.client.client_id.clone(), bench.provider.client2.client_id.clone());
    let usual = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &uri)];
    let (status, _) = bench.sign_out(&[&usual[..], &[("client_id", other.as_str())]].concat()).await.page();
    assert_eq!(status, 400);
    let fine =
        [("client_id", own.as_str()), ("ui_locales", "se tlh"), ("logout_hint", "ann@example.org"), ("extra", "1")];
    assert!(bench.sign_out(&[&usual[..], &fine].concat()).await.callback().is_empty());
    bench.nobody_is_signed_in().await;
}
