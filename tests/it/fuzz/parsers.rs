//! The parsers one by one.

use std::net::IpAddr;
use std::sync::OnceLock;

use doorward::clock::Timestamp;
use doorward::config::{Config, OutgoingConfig};
use doorward::outgoing::Outgoing;
use doorward::protocol::claims_request::ClaimsRequest;
use doorward::protocol::client::{Client, ClientType};
use doorward::protocol::forwarded::{self, ForwardedHeader};
use doorward::protocol::issuer::Issuer;
use doorward::protocol::new_password::{Words, check};
use doorward::protocol::params::Params;
use doorward::protocol::pkce::{self, PkceMode};
use doorward::protocol::redirect_uri::{destination, form_action_source, registered, registrable};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::trace::{TraceId, TraceParent};
use doorward::protocol::{accept, claims, client_authentication, device, email, password_form, prompt};
use doorward::secret::{Secret, base64url, sha256};
use doorward::tokens::{KeyRing, VerifiedIdToken, VerifiedToken};
use serde_json::Value;
use url::Url;

use super::{try_bytes, try_texts};

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

#[test]
fn a_redirect_uri_is_one_that_is_registered_byte_for_byte() {
    let mut spa = Client::new("app".to_owned(), ClientType::Spa, START);
    spa.redirect_uris = vec!["https://rp.test/cb".to_owned(), "http://127.0.0.1:8000/cb".to_owned()];
    let mut native = Client::new("tool".to_owned(), ClientType::Native, START);
    native.redirect_uris = vec!["http://127.0.0.1/cb".to_owned(), "com.example.app:/cb".to_owned()];
    let seeds = [
        "https://rp.test/cb",
        "http://127.0.0.1:49152/cb",
        "http://127.0.0.1/cb",
        "com.example.app:/cb",
        "javascript:alert(1)",
    ];
    try_texts(&seeds, |uri| {
        let is_own = spa.redirect_uris.iter().any(|own| own == uri);
        assert_eq!(registered(uri, &spa).is_ok(), is_own, "{uri:?}");
        if registered(uri, &native).is_ok() && !native.redirect_uris.iter().any(|own| own == uri) {
            let port = uri.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix("/cb"));
            assert!(port.is_some_and(|port| port.parse::<u16>().is_ok()), "{uri:?}");
        }
        for kind in [ClientType::Spa, ClientType::Web, ClientType::Native] {
            if registrable(uri, kind).is_ok() {
                let (url, source) = (Url::parse(uri).unwrap(), form_action_source(uri));
                assert!(!source.contains([';', ',', ' ', '\'', '"']), "{uri:?} may lead to {source:?}");
                assert!(url.fragment().is_none() && url.username().is_empty(), "{uri:?}");
                assert!(kind == ClientType::Native || matches!(url.scheme(), "http" | "https"), "{uri:?}");
                assert!(!["javascript", "data", "vbscript", "file"].contains(&url.scheme()), "{uri:?}");
            }
        }
        let _ = destination(uri);
    });
}

#[test]
fn parameters_are_read_and_written_the_same() {
    let seeds =
        ["client_id=app&redirect_uri=https%3A%2F%2Frp.test%2Fcb&state=a+b", "a=1&a=2&&=x&b", "scope=openid%20profile"];
    try_bytes(&seeds, |bytes| {
        if let Ok(params) = Params::parse(bytes) {
            let again = Params::parse(params.to_query().as_bytes()).unwrap();
            assert!(params.iter().eq(again.iter()), "{:?}", String::from_utf8_lossy(bytes));
            let _ = (params.single("a").is_ok(), params.refuse_repeated().is_ok());
        }
    });
}

#[test]
fn client_authentication_reads_what_a_client_writes_and_no_more() {
    let seeds = ["Basic YXBwOnNlY3JldA==", "Basic YXBwOnNlY3JldA", "basic  YXBw", "Bearer x", "Basic JTAwOiUwMA=="];
    let nothing = Params::parse(b"").unwrap();
    try_bytes(&seeds, |bytes| {
        if let Ok(presented) = client_authentication::presented(&[bytes], &nothing) {
            assert!(bytes.len() >= 6 && bytes[..6].eq_ignore_ascii_case(b"Basic "), "{bytes:?}");
            let _ = client_authentication::verify(&presented, None, Timestamp::from_seconds(0));
        }
        assert!(client_authentication::presented(&[bytes, bytes], &nothing).is_err());
    });
}

#[test]
fn no_text_is_a_token_of_ours() {
    let ring = KeyRing::new(Vec::new(), START);
    let issuer = Issuer::parse("https://login.test").unwrap();
    let header = base64url(br#"{"alg":"RS256","typ":"at+jwt","kid":"a"}"#);
    let claims = base64url(br#"{"iss":"https://login.test","sub":"a","aud":"b","client_id":"c","exp":1900000000,"iat":1800000000,"jti":"d"}"#);
    let whole = format!("{header}.{claims}.{}", base64url(&[7; 256]));
    let none = format!("{}.{claims}.", base64url(br#"{"alg":"none"}"#));
    try_texts(&[&whole, &none, "a.b.c", "..", "eyJhbGciOiJIUzI1NiJ9.e30."], |text| {
        let token = Secret::presented(text);
        assert!(VerifiedToken::verify(&token, &ring, &issuer, START).is_err(), "{text:?}");
        assert!(VerifiedIdToken::verify(&token, &ring, &issuer).is_err(), "{text:?}");
    });
}

#[test]
fn a_verifier_is_right_only_for_its_own_challenge() {
    let verifier = "verifier-verifier-verifier-verifier-verifier";
    let own = base64url(&sha256(verifier.as_bytes()));
    let seeds = [own.as_str(), verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"];
    try_texts(&seeds, |text| {
        let query = format!("code_challenge_method=S256&code_challenge={}", text.replace(['&', '%', '+', '#'], "_"));
        let Ok(params) = Params::parse(query.as_bytes()) else { return };
        let challenge = pkce::challenge(&params, PkceMode::Required, &ScopeSet::default());
        if let Ok(Some(challenge)) = challenge {
            assert_eq!(challenge.as_str().len(), 43, "{text:?}");
            assert_eq!(pkce::verify(Some(&challenge), Some(verifier)).is_ok(), challenge.as_str() == own, "{text:?}");
            let given = base64url(&sha256(text.as_bytes()));
            assert_eq!(pkce::verify(Some(&challenge), Some(text)).is_ok(), challenge.as_str() == given, "{text:?}");
        }
    });
}

#[test]
fn scopes_are_sets_of_plain_tokens() {
    try_texts(&["openid profile email", "read:notes write:notes", "a  a b", ""], |text| {
        if let Ok(set) = ScopeSet::parse(text) {
            let again = ScopeSet::parse(&set.to_string()).unwrap();
            assert!(set.is_within(&again) && again.is_within(&set), "{text:?}");
            let plain = |token: &str| token.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
            assert!(set.iter().all(|token| !token.is_empty() && plain(token)), "{text:?}");
        }
        let _ = prompt::parse(Some(text));
    });
}

#[test]
fn what_proxies_say_is_an_address_or_nothing() {
    let seeds =
        ["203.0.113.7, 10.0.0.1", "for=\"[2001:db8::1]:443\";proto=https, for=unknown", "for=_hidden;by=x", "[::1]:80"];
    try_texts(&seeds, |text| {
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            for entry in header.entries(text) {
                if let Some(address) = forwarded::address(entry) {
                    assert_eq!(forwarded::address(&address.to_string()), Some(address), "{text:?}");
                }
            }
        }
    });
}

/// Whether nobody outside is meant, by what the standard library and the registries say.
fn is_inner(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(ip) => {
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.octets()[0] == 0
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
        }
    }
}

#[test]
fn no_address_that_is_not_public_is_called() {
    let outgoing = Outgoing::new(&OutgoingConfig::default()).unwrap();
    let seeds = [
        "https://example.org/cb",
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://[64:ff9b::7f00:1]/",
        "https://10.0.0.1:8443/x",
        "https://user:password@example.org/",
        "http://example.org/",
    ];
    try_texts(&seeds, |text| {
        if outgoing.check(text).is_ok() {
            let url = Url::parse(text).unwrap();
            assert!(url.scheme() == "https" && url.username().is_empty() && url.password().is_none(), "{text:?}");
            match url.host() {
                Some(url::Host::Ipv4(ip)) => assert!(!is_inner(ip.into()), "{text:?}"),
                Some(url::Host::Ipv6(ip)) => assert!(!is_inner(ip.into()), "{text:?}"),
                host => assert!(host.is_some(), "{text:?}"),
            }
        }
    });
}

#[test]
fn the_claims_parameter_and_claims_of_people_are_bounded() {
    let all = ScopeSet::parse("openid profile email address phone").unwrap();
    let seeds = [
        r#"{"userinfo":{"email":null,"name":{"essential":true}},"id_token":{"acr":{"values":["a","b"]},"sub":{"value":"x"}}}"#,
        r#"{"id_token":{"auth_time":{"essential":true}}}"#,
        r#"{"userinfo":{"userinfo":{"userinfo":{}}}}"#,
        "birthdate=2000-01-01",
        "address={\"locality\":\"Ulm\"}",
    ];
    try_texts(&seeds, |text| {
        if let Ok(asked) = ClaimsRequest::parse(Some(text), Some(text), &all) {
            assert!(asked.scopes().is_within(&all), "{text:?}");
        }
        if let Ok((name, value)) = claims::parse_setting(text)
            && let Ok(kept) = claims::check(&name, value)
            && kept != Value::Null
        {
            assert_eq!(claims::check(&name, kept.clone()), Ok(kept), "{text:?}");
        }
    });
}

#[test]
fn a_browser_is_called_by_one_of_few_names() {
    let seeds = [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
        "curl/8.0",
    ];
    try_texts(&seeds, |text| {
        let name = device::name(text);
        assert!(
            name.len() < 60 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' '),
            "{text:?} is {name:?}"
        );
    });
}

#[test]
fn a_mailbox_has_one_form() {
    let seeds = [
        "Ann.Lee+x@Example.ORG",
        "a@b",
        "ann@m\u{fc}ller.test",
        "ann@xn--mller-kva.test",
        "\"a b\"@example.org",
        "a@b@c",
    ];
    try_texts(&seeds, |text| {
        if let Ok(address) = email::canonical(text) {
            assert_eq!(email::canonical(&address).as_deref(), Ok(address.as_str()), "{text:?}");
            assert!(address.is_ascii() && address.len() <= 254 && address.matches('@').count() == 1, "{text:?}");
            assert!(!address.contains([' ', ',', ';', '<', '>', '"', '\\', '\0']), "{text:?}");
            assert_eq!(address, address.to_ascii_lowercase());
        }
    });
}

#[test]
fn a_configuration_is_read_or_every_mistake_is_told() {
    let seeds = [
        "a.test:1,b.test:2",
        "10.0.0.0/8,::1",
        "https://login.test",
        "86400",
        "RS256",
        "#0b6b5b",
        "127.0.0.1:0",
        "sqlite://x.db",
    ];
    static KEYS: OnceLock<Vec<String>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let defaults = serde_json::to_value(Config::load(None, []).unwrap()).unwrap();
        let sections = defaults.as_object().unwrap().iter();
        let keys = sections.flat_map(|(section, keys)| {
            let keys = keys.as_object().into_iter().flatten().map(|(key, _)| key.to_uppercase());
            keys.map(|key| format!("DOORWARD__{}__{key}", section.to_uppercase())).collect::<Vec<_>>()
        });
        keys.collect()
    });
    try_texts(&seeds, |text| {
        let text = text.replace('\0', "");
        let at = text.bytes().map(usize::from).sum::<usize>();
        let variables =
            [(keys[at % keys.len()].clone(), text.clone()), ("DOORWARD__NOWHERE__X".to_owned(), text.clone())];
        for count in [1, 2] {
            if let Err(mistakes) = Config::load(None, variables[..count].to_vec()) {
                assert!(!mistakes.to_string().is_empty(), "{text:?}");
            } else {
                assert_eq!(count, 1, "an unknown key was taken");
            }
        }
        if let Ok(issuer) = Issuer::parse(&text) {
            assert_eq!(issuer.as_str(), text);
        }
    });
}

#[test]
fn a_new_password_is_judged_whatever_it_is() {
    let issuer = Issuer::parse("https://login.rivermill.test").unwrap();
    let words = Words::of_site(&issuer, "River Mill").with_person("ann@example.org", "Ann Lee");
    try_texts(
        &["a quiet river at dawn", "P@ssw0rd 4@8({[<3 1990-12-31", "qwertzuiop", "\u{fc}ber den stillen Fluss"],
        |text| {
            if let Err(fault) = check(text, &words) {
                let is_weak = fault.strength.is_some_and(|strength| strength.score < 3);
                assert_eq!(is_weak, fault.rejection == Rejection::PasswordTooCommon, "{text:?}");
            }
            let stored = password_form::stored(text);
            assert_eq!(*password_form::stored(&stored), *stored, "{text:?}");
            assert!(password_form::forms(text).contains(&stored));
        },
    );
}

#[test]
fn the_trace_of_whoever_asks_is_read_or_left() {
    try_texts(
        &[
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09-x",
        ],
        |text| {
            if let Some(parent) = TraceParent::parse(text) {
                assert_eq!(TraceParent::parse(&parent.to_string()), Some(parent), "{text:?}");
                assert_eq!(TraceId::parse(&parent.trace.to_string()), Some(parent.trace));
            }
        },
    );
}

#[test]
fn what_is_signed_was_asked_for() {
    const SIGNED: &str = "application/token-introspection+jwt";
    let seeds = [
        "application/token-introspection+jwt;q=0.5, */*;q=0.1",
        "application/json;q=0, application/*",
        "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    ];
    try_bytes(&seeds, |accept| {
        let given = accept::preferred(&[accept], "application/json", &[SIGNED]);
        let text = String::from_utf8_lossy(accept).to_lowercase();
        assert!(given != SIGNED || [SIGNED, "application/*", "*/*"].iter().any(|range| text.contains(range)), "{text}");
        let also = [accept, b", application/json"].concat();
        let is_text = std::str::from_utf8(accept).is_ok();
        assert!(!is_text || accept::preferred(&[&also], "application/json", &[SIGNED]) != SIGNED, "{text}");
    });
}
