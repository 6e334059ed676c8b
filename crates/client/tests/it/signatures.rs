//! Signatures of others: the examples of the specifications, and of libraries that nobody here wrote.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_client::jws::Jws;
use doorward_client::{Algorithm, PublicKey, Refusal};
use jsonwebtoken::Algorithm as Theirs;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use crate::support::{Signer, good, rules, set, unsigned, verified};

/// RFC 7515 Appendix A.2 to A.4, RFC 8037 Appendix A.4: key and token.
fn examples() -> [(Value, String); 4] {
    let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pC\
             gNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg66\
             5xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyu\
             XpoQ";
    let rsa = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1\
               dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDw\
               usC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    let p256 = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let p521_x = "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk";
    let p521_y = "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2";
    let p521 = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0\
                aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    let okp = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let ed25519 = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhij\
                   cNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    [
        (json!({ "kty": "RSA", "alg": "RS256", "n": n, "e": "AQAB" }), format!("eyJhbGciOiJSUzI1NiJ9.{claims}.{rsa}")),
        (json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }), format!("eyJhbGciOiJFUzI1NiJ9.{claims}.{p256}")),
        (json!({ "kty": "EC", "crv": "P-521", "x": p521_x, "y": p521_y }), p521.to_owned()),
        (json!({ "kty": "OKP", "crv": "Ed25519", "x": okp }), ed25519.to_owned()),
    ]
}

#[test]
fn the_examples_of_the_specifications_are_right_and_another_byte_is_not() {
    for (jwk, token) in examples() {
        let key = PublicKey::from_jwk(jwk.to_string().as_bytes()).unwrap();
        assert!(Jws::parse(&token).unwrap().verify(&key).is_ok(), "{jwk}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            let other = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(Jws::parse(&other).unwrap().verify(&key).err(), Some(Refusal::Signature));
            bytes[at] ^= 1;
        }
        for wrong in ["", signature.get(..signature.len() - 4).unwrap(), &format!("{signature}AAAA")] {
            let other = format!("{signed}.{wrong}");
            assert_eq!(Jws::parse(&other).unwrap().verify(&key).err(), Some(Refusal::Signature));
        }
    }
}

#[test]
fn tokens_of_another_library_are_taken_by_each_algorithm_and_no_other() {
    let rs256 = Signer::rsa(Theirs::RS256);
    // The same key by the other padding.
    let ps256 = Signer { key: rs256.key.clone(), algorithm: Theirs::PS256, kid: "rsa" };
    let same = |algorithm| Signer { key: rs256.key.clone(), algorithm, kid: "rsa" };
    let pairs = [
        (&rs256, Algorithm::Rs256),
        (&same(Theirs::RS384), Algorithm::Rs384),
        (&same(Theirs::RS512), Algorithm::Rs512),
        (&ps256, Algorithm::Ps256),
        (&same(Theirs::PS384), Algorithm::Ps384),
        (&same(Theirs::PS512), Algorithm::Ps512),
        (&Signer::p384(), Algorithm::Es384),
        (&Signer::ed25519(), Algorithm::EdDsa),
    ];
    for (signer, algorithm) in pairs {
        let token = signer.token(&good());
        let claims = verified(&rules().algorithms(Algorithm::ALL), &token, &signer.set()).unwrap();
        assert_eq!((claims.subject.as_str(), claims.scopes.len()), ("ann", 2));
        let others: Vec<Algorithm> = Algorithm::ALL.iter().copied().filter(|other| *other != algorithm).collect();
        let refused = verified(&rules().algorithms(&others), &token, &signer.set());
        assert_eq!(refused.unwrap_err(), Refusal::Algorithm, "not the allowed one");
        // Unless it is said otherwise the usual ones count.
        let by_default = verified(&rules(), &token, &signer.set());
        assert_eq!(by_default.is_ok(), Algorithm::USUAL.contains(&algorithm), "{algorithm:?}");
    }
    // A key that names one algorithm verifies no other, however right that is.
    assert_eq!(verified(&rules(), &ps256.token(&good()), &rs256.set()).unwrap_err(), Refusal::Algorithm);
    // One that names none verifies both paddings, each by its name.
    let mut jwk = rs256.jwk();
    jwk.as_object_mut().unwrap().remove("alg");
    for signer in [&rs256, &ps256] {
        assert!(verified(&rules(), &signer.token(&good()), &set(std::slice::from_ref(&jwk))).is_ok());
    }
    // Nor does a key by itself, whoever found it.
    let key = PublicKey::from_jwk(rs256.jwk().to_string().as_bytes()).unwrap();
    let named_otherwise = rs256.sign(&ps256.header().to_string(), &good().to_string());
    assert_eq!(Jws::parse(&named_otherwise).unwrap().verify(&key).err(), Some(Refusal::Algorithm));
    let swapped = rs256.sign(&ps256.header().to_string(), &good().to_string());
    assert_eq!(verified(&rules(), &swapped, &set(&[jwk])).unwrap_err(), Refusal::Signature);
}

#[test]
fn tokens_of_p256_are_taken_in_the_one_form_of_their_signature() {
    let signing = SigningKey::from_slice(&[7; 32]).unwrap();
    let point = signing.verifying_key().to_sec1_point(false);
    let coordinate =
        |bytes: Option<_>| URL_SAFE_NO_PAD.encode::<&[u8]>(bytes.map(|b: &p256::FieldBytes| &b[..]).unwrap());
    let jwk =
        json!({ "kty": "EC", "crv": "P-256", "kid": "a", "x": coordinate(point.x()), "y": coordinate(point.y()) });
    let signed = unsigned(r#"{"alg":"ES256","typ":"at+jwt","kid":"a"}"#, &good().to_string());
    let signature: Signature = signing.sign(signed.as_bytes());
    let token = |bytes: &[u8]| format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes));
    let keys = set(&[jwk]);
    assert!(verified(&rules(), &token(&signature.to_bytes()), &keys).is_ok());
    assert_eq!(verified(&rules(), &token(signature.to_der().as_bytes()), &keys).unwrap_err(), Refusal::Signature);
    // Psychic signatures (CVE-2022-21449).
    assert_eq!(verified(&rules(), &token(&[0; 64]), &keys).unwrap_err(), Refusal::Signature);
}
