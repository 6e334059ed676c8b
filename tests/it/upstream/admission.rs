//! What the settings make of what a provider says: whose address counts, who may make an account, and which roles groups give.

use doorward::config::Register;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Google, Oidc};
use doorward::protocol::upstream::Synced;
use serde_json::{Value, json};

use super::{server, sign_in};

#[tokio::test]
async fn an_address_is_verified_by_the_json_value_true_alone() {
    let (server, fake) = server(Oidc, |_| {}).await;
    for said in [json!(true), json!(false), json!("true"), json!("false"), json!(1), json!(null), json!([true])] {
        fake.claims(json!({ "email_verified": said }));
        let email = sign_in(&server, &fake).await.unwrap().email.unwrap();
        assert_eq!((email.verified, email.trusted), (said == true, false), "{said}");
    }
    for address in ["", "ann", "ann@example.org,eve@example.org", "ann\u{ff20}example.org"] {
        fake.claims(json!({ "email": address }));
        assert_eq!(sign_in(&server, &fake).await.unwrap().email, None, "{address}");
    }
    for none in [json!(null), json!(7), json!(["ann@example.org"])] {
        fake.claims(json!({ "email": none }));
        assert_eq!(sign_in(&server, &fake).await.unwrap().email, None, "{none}");
    }
    fake.claims(json!({ "email": " Ann@Example.ORG " }));
    assert_eq!(sign_in(&server, &fake).await.unwrap().email.unwrap().address, "ann@example.org");
}

#[tokio::test]
async fn who_speaks_as_google_does_is_trusted_with_no_mailbox_but_as_the_settings_say() {
    let (default, fake) = server(Google, |_| {}).await;
    for claims in [json!({ "email": "ann@gmail.com" }), json!({ "email": "ann@example.org", "hd": "example.org" })] {
        fake.claims(claims.clone());
        let email = sign_in(&default, &fake).await.unwrap().email.unwrap();
        assert_eq!((email.verified, email.trusted), (true, false), "{claims}");
    }
    for trust in [true, false] {
        let (server, fake) = server(Google, |settings| settings.trust_email = Some(trust)).await;
        fake.claims(json!({ "email": "ann@gmail.com" }));
        assert_eq!(sign_in(&server, &fake).await.unwrap().email.unwrap().trusted, trust);
        fake.claims(json!({ "email": "ann@gmail.com", "email_verified": "true" }));
        assert!(!sign_in(&server, &fake).await.unwrap().email.unwrap().trusted, "it is not verified");
    }
}

#[tokio::test]
async fn hosted_domains_are_demanded_in_the_token() {
    let domains = || vec!["example.org".to_owned(), "example.com".to_owned()];
    let (server, fake) = server(Google, |settings| settings.hosted_domains = domains()).await;
    let (url, _) = super::begin(&server, &doorward::upstream::Ask::default());
    assert_eq!(super::parameter(&url, "hd").unwrap(), "*");
    for wrong in
        [json!({}), json!({ "hd": "evil.test" }), json!({ "hd": ["example.org"] }), json!({ "hd": "EXAMPLE.ORG" })]
    {
        fake.claims(wrong.clone());
        assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamNotAdmitted), "{wrong}");
    }
    fake.claims(json!({ "hd": "example.com" }));
    assert!(sign_in(&server, &fake).await.is_ok());
}

#[tokio::test]
async fn who_may_make_an_account_is_for_the_settings() {
    let may = async |register: Register, domains: &[&str], groups: &[&str], claims: Value| {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let (domains, groups) = (owned(domains), owned(groups));
        let (server, fake) = server(Oidc, |settings| {
            (settings.register, settings.allowed_domains, settings.allowed_groups) = (register, domains, groups);
        })
        .await;
        fake.claims(claims);
        let vouched = sign_in(&server, &fake).await.unwrap();
        assert_eq!(vouched.may_accept && register == Register::Open, vouched.may_register);
        (vouched.may_register, vouched.may_accept)
    };
    use Register::{Closed, Invited, Open};
    assert_eq!(may(Open, &[], &[], json!({ "email": null })).await, (true, true));
    assert_eq!(may(Closed, &[], &[], json!({})).await, (false, false));
    assert_eq!(may(Invited, &[], &[], json!({})).await, (false, true), "who was invited may");
    assert_eq!(may(Invited, &["example.com"], &[], json!({})).await, (false, false));
    assert_eq!(may(Invited, &[], &["eng"], json!({ "groups": "eng" })).await, (false, true));
    assert_eq!(may(Open, &["example.org"], &[], json!({})).await, (true, true));
    assert_eq!(may(Open, &["example.org"], &[], json!({ "email_verified": "true" })).await, (false, false));
    assert_eq!(may(Open, &["example.org"], &[], json!({ "email": "ann@evil.example.org" })).await, (false, false));
    assert_eq!(may(Open, &["example.org"], &[], json!({ "email": null })).await, (false, false));
    assert_eq!(may(Open, &[], &["eng"], json!({ "groups": ["all", "eng"] })).await, (true, true));
    assert_eq!(may(Open, &[], &["eng"], json!({ "groups": ["all"] })).await, (false, false));
    assert_eq!(may(Open, &[], &["eng"], json!({ "groups": { "eng": true } })).await, (false, false));
    assert_eq!(
        may(Open, &["example.org"], &["eng"], json!({ "groups": "eng", "email": "ann@a.test" })).await,
        (false, false)
    );
}

#[tokio::test]
async fn roles_come_from_the_mapping_and_from_no_claim() {
    let mapping = |settings: &mut doorward::config::UpstreamConfig| {
        settings.groups_claim = "teams".to_owned();
        settings.roles = [("eng", vec!["developer", "reader"]), ("ops", vec!["operator", "reader"])]
            .map(|(group, roles)| (group.to_owned(), roles.into_iter().map(str::to_owned).collect()))
            .into();
        settings.sync = vec![Synced::Name];
    };
    let (server, fake) = server(Oidc, mapping).await;
    for (claims, roles) in [
        (json!({ "teams": ["eng", "ops", "admin"] }), vec!["developer", "operator", "reader"]),
        (json!({ "teams": "eng" }), vec!["developer", "reader"]),
        (json!({ "teams": ["admin"], "roles": ["admin"], "groups": ["eng"] }), vec![]),
        (json!({ "teams": [["eng"], 7, null] }), vec![]),
        (json!({}), vec![]),
    ] {
        fake.claims(claims.clone());
        let vouched = sign_in(&server, &fake).await.unwrap();
        assert_eq!(vouched.roles, roles, "{claims}");
        assert_eq!(vouched.sync, [Synced::Name]);
    }
}

#[tokio::test]
async fn claims_are_mapped_and_a_mapped_address_is_not_verified_by_what_is_said_of_another() {
    let (server, fake) = server(Oidc, |settings| {
        settings.claims = [("name", "display"), ("email", "mail"), ("preferred_username", "nick")]
            .map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()))
            .into();
        settings.pass_acr = true;
    })
    .await;
    fake.claims(json!({
        "display": "Annie", "mail": "other@example.org", "nick": "ann7", "acr": "gold", "amr": ["pwd", "otp", 7], "sid": "s1",
        "picture": "https://img.test/a.png",
    }));
    let vouched = sign_in(&server, &fake).await.unwrap();
    assert_eq!((vouched.name.as_deref(), vouched.preferred_username.as_deref()), (Some("Annie"), Some("ann7")));
    let email = vouched.email.unwrap();
    assert_eq!((email.address.as_str(), email.verified), ("other@example.org", false));
    assert_eq!((vouched.acr.as_deref(), vouched.sid.as_deref()), (Some("gold"), Some("s1")));
    assert_eq!(
        (vouched.amr, vouched.picture.as_deref()),
        (vec!["pwd".to_owned(), "otp".to_owned()], Some("https://img.test/a.png"))
    );
}

#[tokio::test]
async fn what_a_provider_says_is_text_of_one_line_or_nothing() {
    let (server, fake) = server(Oidc, |_| {}).await;
    for name in ["\u{202e}evil", "a\nb", "", "   ", &"a".repeat(201)] {
        fake.claims(json!({ "name": name, "preferred_username": name }));
        let vouched = sign_in(&server, &fake).await.unwrap();
        assert_eq!((vouched.name, vouched.preferred_username), (None, None), "{name:?}");
    }
    for picture in ["javascript:alert(1)", "data:text/html,x", "/a.png", "x"] {
        fake.claims(json!({ "picture": picture }));
        assert_eq!(sign_in(&server, &fake).await.unwrap().picture, None, "{picture}");
    }
    fake.claims(
        json!({ "name": null, "given_name": "Ann", "family_name": "<b>Lee</b>", "acr": "gold", "amr": ["pwd"] }),
    );
    let vouched = sign_in(&server, &fake).await.unwrap();
    assert_eq!(vouched.name.as_deref(), Some("Ann <b>Lee</b>"));
    assert_eq!((vouched.acr, vouched.amr), (None, vec![]), "neither is passed on unasked");
}

#[tokio::test]
async fn what_is_kept_of_a_sign_in_has_a_bound() {
    let (server, fake) = server(Oidc, |settings| settings.pass_acr = true).await;
    for word in ["s".repeat(256), String::new(), "a\0b".to_owned(), "a\nb".to_owned(), "\u{202e}a".to_owned()] {
        fake.claims(json!({ "sid": word, "acr": word, "amr": [word, "pwd"] }));
        let vouched = sign_in(&server, &fake).await.unwrap();
        assert_eq!((vouched.sid, vouched.acr, vouched.amr), (None, None, vec!["pwd".to_owned()]), "{word:?}");
    }
    let (word, method) = ("s".repeat(255), "m".repeat(64));
    fake.claims(json!({ "sid": word, "acr": word, "amr": [method, "m".repeat(65)] }));
    let vouched = sign_in(&server, &fake).await.unwrap();
    assert_eq!((vouched.sid, vouched.acr, vouched.amr), (Some(word.clone()), Some(word), vec![method]));
    fake.claims(json!({ "amr": (0..1000).map(|at| at.to_string()).collect::<Vec<_>>() }));
    assert_eq!(sign_in(&server, &fake).await.unwrap().amr.len(), 10);
    let picture = |bytes: usize| format!("https://img.test/{}", "p".repeat(bytes - 17));
    for (bytes, is_kept) in [(1024, true), (1025, false)] {
        fake.claims(json!({ "picture": picture(bytes), "preferred_username": "u".repeat(200) }));
        let vouched = sign_in(&server, &fake).await.unwrap();
        assert_eq!((vouched.picture.is_some(), vouched.preferred_username.is_some()), (is_kept, true), "{bytes}");
    }
    for subject in ["s".repeat(256), "a\0".to_owned(), "\u{202e}a".to_owned()] {
        fake.claims(json!({ "sub": subject }));
        assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamNoSubject), "{subject:?}");
    }
}
