//! What is particular to GitHub, Microsoft and Apple.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Apple, Github, Google, Microsoft};
use doorward::upstream::Ask;
use serde_json::{Value, json};

use super::{begin, finish, parameter, server, sign_in, unreached};
use crate::support::{Instead, unverified_claims};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const OTHER_TENANT: &str = "66666666-2222-3333-4444-555555555555";

fn octocat() -> Value {
    json!({ "id": 583_231, "login": "octocat", "name": "Mona", "email": "shown@example.org", "avatar_url": "https://img.test/1" })
}

#[tokio::test]
async fn a_github_account_is_known_by_its_number_and_its_primary_address() {
    let (server, fake) = server(Github, |_| {}).await;
    fake.person(octocat());
    fake.emails(json!([
        { "email": "other@example.org", "primary": false, "verified": true, "visibility": null },
        { "email": "mona@example.org", "primary": true, "verified": true, "visibility": "public" },
    ]));
    let sent = begin(&server, &Ask::default());
    assert!(sent.0.as_str().starts_with(&format!("{}/login/oauth/authorize?", fake.issuer())));
    assert_eq!(parameter(&sent.0, "scope").unwrap(), "read:user user:email");
    assert_eq!((parameter(&sent.0, "nonce"), parameter(&sent.0, "prompt")), (None, None));
    let vouched = finish(&server, &fake, &sent).await.unwrap();
    assert_eq!((vouched.issuer.as_str(), vouched.subject.as_str()), (fake.issuer().as_str(), "583231"));
    assert_eq!((vouched.name.as_deref(), vouched.preferred_username.as_deref()), (Some("Mona"), Some("octocat")));
    let email = vouched.email.unwrap();
    assert_eq!((email.address.as_str(), email.verified, email.trusted), ("mona@example.org", true, false));
    // GitHub cannot be asked for a password: the person is seen to choose the account.
    for ask in [
        Ask { fresh: true, ..Ask::default() },
        Ask { max_age: Some(300), ..Ask::default() },
        Ask { select_account: true, ..Ask::default() },
    ] {
        let sent = begin(&server, &ask);
        assert_eq!(parameter(&sent.0, "prompt").as_deref(), Some("select_account"), "{ask:?}");
        assert!(finish(&server, &fake, &sent).await.is_ok());
    }
}

#[tokio::test]
async fn google_always_lets_the_account_be_chosen() {
    let (server, _fake) = server(Google, |_| {}).await;
    for ask in [Ask::default(), Ask { max_age: Some(300), ..Ask::default() }, Ask { fresh: true, ..Ask::default() }] {
        assert_eq!(parameter(&begin(&server, &ask).0, "prompt").as_deref(), Some("select_account"), "{ask:?}");
    }
}

#[tokio::test]
async fn an_address_that_github_did_not_verify_is_not_taken() {
    let (server, fake) = server(Github, |_| {}).await;
    fake.person(octocat());
    let entry = |primary: Value, verified: Value| json!([{ "email": "mona@example.org", "primary": primary, "verified": verified }]);
    for none in
        [json!([]), entry(json!(false), json!(true)), entry(json!("true"), json!(true)), json!({ "message": "x" })]
    {
        fake.emails(none.clone());
        assert_eq!(sign_in(&server, &fake).await.unwrap().email, None, "{none}");
    }
    for verified in [json!(false), json!("true"), json!(null), json!(1)] {
        fake.emails(entry(json!(true), verified.clone()));
        assert!(!sign_in(&server, &fake).await.unwrap().email.unwrap().verified, "{verified}");
    }
    fake.answer("/api/v3/user/emails", Instead::Status(404));
    assert_eq!(sign_in(&server, &fake).await.unwrap().email, None);
    fake.answer("/api/v3/user/emails", Instead::Html);
    assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamMalformed));
    fake.mend("/api/v3/user/emails");
    for (instead, rejection) in [
        (Instead::Json(200, json!({ "error": "bad_verification_code" })), Rejection::UpstreamCodeRefused),
        (Instead::Json(200, json!({ "error": "incorrect_client_credentials" })), Rejection::UpstreamClientRefused),
        (Instead::Json(200, json!({ "error": "unverified_user_email" })), Rejection::UpstreamError),
    ] {
        fake.answer("/login/oauth/access_token", instead);
        assert_eq!(sign_in(&server, &fake).await, Err(rejection));
    }
    fake.mend("/login/oauth/access_token");
    fake.person(json!({ "login": "octocat" }));
    assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamNoSubject));
}

#[tokio::test]
async fn organizations_let_in_their_members_and_give_roles() {
    let (server, fake) = server(Github, |settings| {
        settings.allowed_organizations = vec!["octo".to_owned(), "other".to_owned()];
        settings.roles = [("octo".to_owned(), vec!["developer".to_owned()])].into();
    })
    .await;
    fake.person(octocat());
    assert_eq!(parameter(&begin(&server, &Ask::default()).0, "scope").unwrap(), "read:user user:email read:org");
    assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamNotAdmitted));
    fake.organization("octo", "pending");
    assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamNotAdmitted), "who is only invited is no member");
    fake.organization("octo", "active");
    assert_eq!(sign_in(&server, &fake).await.unwrap().roles, ["developer"]);
    // A limit of GitHub's, or an organization that has not approved us, takes no role away and turns nobody out for good.
    for path in ["/api/v3/user", "/api/v3/user/emails", "/api/v3/user/memberships/orgs/octo"] {
        for status in [403, 429] {
            fake.answer(path, Instead::Status(status));
            assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamUnavailable), "{path} {status}");
        }
        fake.mend(path);
    }
    fake.answer("/api/v3/user/memberships/orgs/octo", Instead::Status(404));
    assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamNotAdmitted));
}

#[tokio::test]
async fn microsoft_is_an_issuer_for_each_tenant_and_verifies_no_address() {
    let (server, fake) = unreached(Microsoft, |settings| {
        settings.tenants = vec![TENANT.to_owned(), "9188040d-6c67-4c5b-b112-36a304b66dad".to_owned()];
    })
    .await;
    let of = |tenant: &str| format!("{}/{tenant}/v2.0", fake.issuer());
    let provider = server.app.providers.get(super::ID).unwrap();
    assert!(provider.discover().await.is_err(), "the issuer of the host is none of a tenant");
    fake.discovery(json!({ "issuer": of("{tenantid}"), "authorization_response_iss_parameter_supported": null }));
    fake.callback(json!({ "iss": null }));
    provider.discover().await.unwrap();
    assert_eq!(fake.asked("/common/v2.0/.well-known/openid-configuration"), 2);
    fake.claims(json!({ "iss": of(TENANT), "tid": TENANT }));
    let vouched = sign_in(&server, &fake).await.unwrap();
    assert_eq!(vouched.issuer, of(TENANT));
    assert!(!vouched.email.unwrap().verified);
    for (claims, rejection) in [
        (json!({ "iss": of(OTHER_TENANT), "tid": OTHER_TENANT }), Rejection::UpstreamNotAdmitted),
        (json!({ "iss": of(OTHER_TENANT), "tid": TENANT }), Rejection::UpstreamWrongIssuer),
        (json!({ "iss": of(TENANT) }), Rejection::UpstreamWrongIssuer),
        (json!({ "iss": of("{tenantid}"), "tid": "{tenantid}" }), Rejection::UpstreamWrongIssuer),
        (json!({ "tid": TENANT }), Rejection::UpstreamWrongIssuer),
    ] {
        fake.claims(claims.clone());
        assert_eq!(sign_in(&server, &fake).await, Err(rejection), "{claims}");
    }
    let fresh = begin(&server, &Ask { fresh: true, ..Ask::default() });
    assert_eq!(parameter(&fresh.0, "prompt").unwrap(), "login");
    fake.claims(json!({ "iss": of(TENANT), "tid": TENANT, "auth_time": null }));
    assert_eq!(finish(&server, &fake, &fresh).await, Err(Rejection::UpstreamNotFresh));
}

#[tokio::test]
async fn apple_is_shown_a_token_of_the_teams_key_and_sends_the_name_along_once() {
    let folder = tempfile::tempdir().unwrap();
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let file = folder.path().join("AuthKey_KEY1.p8");
    std::fs::write(&file, pair.serialize_pem()).unwrap();
    let (server, fake) = unreached(Apple, |settings| {
        (settings.team_id, settings.key_id) = ("TEAM".to_owned(), "KEY1".to_owned());
        settings.private_key_file = file;
    })
    .await;
    // As Apple's own document has it.
    fake.discovery(json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] }));
    server.app.providers.discover().await;
    fake.person(json!({ "sub": "001.a", "email": "x@privaterelay.appleid.com", "email_verified": "true" }));
    fake.callback(json!({ "user": r#"{"name":{"firstName":"Ann","lastName":"Lee"},"email":"victim@example.org"}"# }));
    let sent = begin(&server, &Ask::default());
    assert_eq!(parameter(&sent.0, "response_mode").unwrap(), "form_post");
    assert_eq!(parameter(&sent.0, "scope").unwrap(), "openid name email");
    let vouched = finish(&server, &fake, &sent).await.unwrap();
    assert_eq!(vouched.name.as_deref(), Some("Ann Lee"));
    let email = vouched.email.unwrap();
    assert_eq!((email.address.as_str(), email.verified), ("x@privaterelay.appleid.com", true));
    fake.callback(json!({}));
    assert_eq!(sign_in(&server, &fake).await.unwrap().name, None);

    let secret = fake.last_posted("/token")["client_secret"].clone();
    let header = jsonwebtoken::decode_header(&secret).unwrap();
    assert_eq!((header.alg, header.kid.as_deref()), (jsonwebtoken::Algorithm::ES256, Some("KEY1")));
    let claims = unverified_claims(&secret);
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some("TEAM"), Some(fake.issuer().as_str())));
    assert_eq!(claims["sub"], crate::support::UPSTREAM_CLIENT);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.validate_exp = false;
    validation.set_audience(&[fake.issuer()]);
    let public = jsonwebtoken::DecodingKey::from_ec_der(pair.public_key_raw());
    assert!(jsonwebtoken::decode::<Value>(&secret, &public, &validation).is_ok());
}
