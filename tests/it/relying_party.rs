//! A relying party that others wrote (the crate openidconnect) against the real binary, and verifiers that have nothing but the JWKS.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreProviderMetadata};
use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse, UserInfoClaims,
};
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPublicKey};
use serde_json::Value;

use crate::support::{Answer, Database, Live, LiveClient, http, unverified_claims};

const EMAIL: &str = "ann@example.org";
/// The DER of a DigestInfo with SHA-256, up to the digest (RFC 8017 §9.2).
const SHA256: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

/// Carries the crate's requests with our own HTTP client.
async fn carry(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = http().execute(request.try_into()?).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut answer = HttpResponse::new(response.bytes().await?.to_vec());
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

async fn server() -> (Database, Live, String) {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let user = server.user(EMAIL);
    (database, server, user)
}

async fn a_whole_flow(server: &Live, user: &str, registered: LiveClient, authentication: AuthType) {
    let issuer = IssuerUrl::new(server.issuer.clone()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &carry).await.unwrap();
    let secret = registered.secret.clone().map(ClientSecret::new);
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(registered.id.clone()), secret)
        .set_auth_type(authentication)
        .set_redirect_uri(RedirectUrl::new("https://rp.test/cb".to_owned()).unwrap());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (address, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let answer = server.browser().authorize(address.as_str(), EMAIL).await;
    assert!(answer.location().starts_with("https://rp.test/cb?"));
    assert_eq!(answer.location_param("state").as_ref(), Some(state.secret()));
    assert_eq!(answer.location_param("iss").as_ref(), Some(&server.issuer));

    let code = AuthorizationCode::new(answer.location_param("code").unwrap());
    let exchange = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
    let tokens = exchange.request_async(&carry).await.unwrap();
    let id_token = tokens.id_token().unwrap();
    let verifier = client.id_token_verifier();
    let claims = id_token.claims(&verifier, &nonce).unwrap();
    assert_eq!(claims.subject().as_str(), user);
    assert!(id_token.claims(&verifier, &Nonce::new_random()).is_err(), "another nonce must not do");
    let (algorithm, key) = (id_token.signing_alg().unwrap(), id_token.signing_key(&verifier).unwrap());
    let at_hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&at_hash));

    let asking = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).unwrap();
    let about: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> = asking.request_async(&carry).await.unwrap();
    assert_eq!(about.email().map(|email| email.as_str()), Some(EMAIL));
    assert_eq!(about.name().unwrap().get(None).map(|name| name.as_str()), Some("Ann Lee"));
}

#[tokio::test]
async fn a_foreign_relying_party_signs_a_person_in_for_an_app_in_a_browser() {
    let (_database, server, user) = server().await;
    let client = server.client("spa", &[]);
    a_whole_flow(&server, &user, client, AuthType::RequestBody).await;
}

#[tokio::test]
async fn a_foreign_relying_party_signs_a_person_in_for_an_app_with_a_secret() {
    let (_database, server, user) = server().await;
    let client = server.client("web", &[]);
    a_whole_flow(&server, &user, client, AuthType::BasicAuth).await;
    let client = server.client("web", &["--auth-method", "client_secret_post"]);
    a_whole_flow(&server, &user, client, AuthType::RequestBody).await;
}

#[tokio::test]
async fn a_foreign_relying_party_finds_and_uses_an_issuer_with_a_path() {
    let database = Database::copy().await;
    let server = Live::serve_below(&database, "/auth/people");
    let user = server.user(EMAIL);
    let client = server.client("web", &[]);
    a_whole_flow(&server, &user, client, AuthType::BasicAuth).await;
}

/// The key of the JWKS that the token names; nothing else of the server is asked.
async fn published_key(server: &Live, token: &str) -> Value {
    let jwks: Answer = server.browser().get("/.well-known/jwks.json").await;
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let jwks = jwks.json();
    jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str()).unwrap().clone()
}

/// Whether the signature is right, by the crate rsa.
fn verifies_with_rsa(key: &Value, token: &str) -> bool {
    let number = |name: &str| BoxedUint::from_be_slice_vartime(&bytes(key[name].as_str().unwrap()));
    let public = RsaPublicKey::new(number("n"), number("e")).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256.into() };
    public.verify(scheme, &doorward::secret::sha256(signed.as_bytes()), &bytes(signature)).is_ok()
}

/// Whether signature and times are right, by the crate jsonwebtoken.
fn verifies_with_jsonwebtoken(key: &Value, token: &str, audience: &str) -> bool {
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.clone()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[audience]);
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).is_ok()
}

fn bytes(base64url: &str) -> Vec<u8> {
    doorward::secret::from_base64url(base64url).unwrap()
}

#[tokio::test]
async fn every_token_verifies_with_the_published_keys_alone() {
    let (_database, server, user) = server().await;
    let app = server.client("spa", &[]);
    let api = "https://api.example.org";
    server.command(&["resource", "create", "--identifier", api, "--name", "Notes", "--scope", "notes:read"]);
    let service = server.client("service", &["--scope", "notes:read"]);

    let redirect = server.browser().authorize(&app.authorization_path("scope=openid"), EMAIL).await;
    let tokens = app.redeem(&redirect).await.ok();
    let fields = [("grant_type", "client_credentials"), ("resource", api)];
    let credentials = service.token_when_known(&fields).await.ok();
    for (token, audience, subject) in [
        (&tokens["access_token"], server.issuer.as_str(), &user),
        (&tokens["id_token"], app.id.as_str(), &user),
        (&credentials["access_token"], api, &service.id),
    ] {
        let token = token.as_str().unwrap();
        let key = published_key(&server, token).await;
        assert!(verifies_with_rsa(&key, token) && verifies_with_jsonwebtoken(&key, token, audience));
        assert_eq!(unverified_claims(token)["sub"], subject.as_str());
        let (start, end) = token.split_at(token.len() - 40);
        let changed = if end.starts_with('x') { 'y' } else { 'x' };
        let other = format!("{start}{changed}{}", &end[1..]);
        assert!(!verifies_with_rsa(&key, &other) && !verifies_with_jsonwebtoken(&key, &other, audience));
    }
}
