//! A detached JWS: what verifies, and everything a forger or a careless sender writes that does not.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::{OFFICIAL, leaf};
use crate::{
    decode::proof::{
        Profile, Proof, Signer, SignerRole,
        jws::{
            Algorithm, CHAIN_MAX, HEADER_CHARACTERS_MAX,
            sign::{Error, Official, sign, sign_as, signature},
            verify,
        },
    },
    model::{id::Digest, time::Timestamp},
};

const BODY: &[u8] = "{\"id\": \"MEC-26-1\", \"name\": \"émbolo\"}\r\n".as_bytes();

static EDWARDS: LazyLock<Official> = LazyLock::new(|| official("edwards", &rcgen::PKCS_ED25519));
static RSA: LazyLock<Official> = LazyLock::new(|| Official {
    chain: vec![OFFICIAL.leaf_der.clone()],
    key_pkcs8_der: OFFICIAL.key_pkcs8_der.clone(),
});

fn official(name: &str, algorithm: &'static rcgen::SignatureAlgorithm) -> Official {
    let made = leaf(name, algorithm);
    Official { chain: vec![made.leaf_der], key_pkcs8_der: made.key_pkcs8_der }
}

fn code(detached: &str, body: &[u8]) -> &'static str {
    verify(detached, body).map_or_else(|finding| finding.reason.code(), |_| "verified")
}

/// Signs any header by Ed25519, so that only what the header says can be wrong.
fn signed(header: &Value) -> String {
    signed_text(&header.to_string())
}

fn signed_text(header: &str) -> String {
    let protected = URL_SAFE_NO_PAD.encode(header);
    let over = format!("{protected}.{}", URL_SAFE_NO_PAD.encode(BODY));
    let made = signature(Algorithm::EdDsa, &EDWARDS.key_pkcs8_der, over.as_bytes()).unwrap();
    format!("{protected}..{}", URL_SAFE_NO_PAD.encode(made))
}

/// A good header with members added or replaced.
fn header(more: Value) -> Value {
    let mut header = json!({"alg": "EdDSA", "x5c": [STANDARD.encode(&EDWARDS.chain[0])]});
    header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    header
}

#[test]
fn each_algorithm_taken_verifies_and_names_the_leaf() {
    let p256 = official("p256", &rcgen::PKCS_ECDSA_P256_SHA256);
    let cases = [
        (Algorithm::Es256, &p256),
        (Algorithm::Ps256, &*RSA),
        (Algorithm::Rs256, &*RSA),
        (Algorithm::EdDsa, &*EDWARDS),
    ];
    for (algorithm, official) in cases {
        let detached = sign_as(algorithm, BODY, official, None).unwrap();
        let signer = verify(&detached, BODY).unwrap_or_else(|finding| panic!("{algorithm:?}: {finding}"));
        assert_eq!((signer.role, signer.signed_at), (SignerRole::Official, None));
        assert_eq!(signer.leaf_digest, Digest::of(&official.chain[0]));
        assert_eq!(code(&detached, b"{}"), "proof-invalid", "{algorithm:?}");
        assert_eq!(
            code(&detached, &BODY[..BODY.len() - 2]),
            "proof-invalid",
            "a line end is part of the body"
        );
    }
}

#[test]
fn a_signature_of_another_algorithm_or_key_than_the_header_names_is_refused() {
    let pss = sign_as(Algorithm::Ps256, BODY, &RSA, None).unwrap();
    let (_, value) = pss.split_once("..").unwrap();
    let (pkcs1, _) = sign_as(Algorithm::Rs256, BODY, &RSA, None).unwrap().split_once("..").map(own).unwrap();
    assert_eq!(code(&format!("{pkcs1}..{value}"), BODY), "proof-invalid");
    let another = Official {
        chain: EDWARDS.chain.clone(),
        key_pkcs8_der: official("x", &rcgen::PKCS_ED25519).key_pkcs8_der,
    };
    assert_eq!(code(&sign_as(Algorithm::EdDsa, BODY, &another, None).unwrap(), BODY), "proof-invalid");
    // A P-256 signature in DER, as openssl writes it, is not what ES256 has.
    let p256 = official("p256", &rcgen::PKCS_ECDSA_P256_SHA256);
    let detached = sign_as(Algorithm::Es256, BODY, &p256, None).unwrap();
    let (protected, raw) = detached.split_once("..").unwrap();
    let raw = URL_SAFE_NO_PAD.decode(raw).unwrap();
    let der = [&[0x30, 0x44, 0x02, 0x20], &raw[..32], &[0x02, 0x20], &raw[32..]].concat();
    assert_eq!(code(&format!("{protected}..{}", URL_SAFE_NO_PAD.encode(der)), BODY), "proof-invalid");
}

fn own((left, right): (&str, &str)) -> (String, String) {
    (left.to_owned(), right.to_owned())
}

#[test]
fn algorithms_and_keys_outside_the_list_are_refused_before_any_mathematics() {
    for alg in
        [json!("none"), json!("HS256"), json!("ES384"), json!("eddsa"), json!(""), json!(1), json!(["EdDSA"])]
    {
        assert_eq!(code(&signed(&header(json!({"alg": alg}))), BODY), "proof-algorithm", "{alg}");
    }
    assert_eq!(code(&signed(&json!({"x5c": [STANDARD.encode(&EDWARDS.chain[0])]})), BODY), "proof-algorithm");
    for alg in ["ES256", "PS256", "RS256"] {
        assert_eq!(
            code(&signed(&header(json!({"alg": alg}))), BODY),
            "proof-algorithm",
            "{alg} with Ed25519"
        );
    }
    let short = include_str!("rsa-1024.b64").trim();
    let weak = header(json!({"alg": "RS256", "x5c": [short]}));
    assert_eq!(code(&signed(&weak), BODY), "proof-algorithm");
    let p384 = official("p384", &rcgen::PKCS_ECDSA_P384_SHA384);
    let longer = header(json!({"alg": "ES256", "x5c": [STANDARD.encode(&p384.chain[0])]}));
    assert_eq!(code(&signed(&longer), BODY), "proof-algorithm");
    assert_eq!(sign(BODY, &p384, None), Err(Error::Kind));
}

#[test]
fn a_header_that_brings_its_own_key_or_asks_for_more_is_refused() {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"});
    for more in [
        json!({"jku": "https://example.org/keys"}),
        json!({"x5u": "https://example.org/leaf.pem"}),
        json!({"jwk": jwk}),
        json!({"jwk": null}),
        json!({"crit": ["exp"], "exp": 1}),
        json!({"crit": ["b64"]}),
        json!({"crit": ["iat"]}),
        json!({"crit": "b64", "b64": true}),
        json!({"crit": [["b64"]], "b64": true}),
        json!({"crit": ["x5c"]}),
        json!({"b64": false}),
        json!({"b64": false, "crit": ["b64"]}),
        json!({"b64": "true"}),
        json!({"x5c": []}),
        json!({"x5c": STANDARD.encode(&EDWARDS.chain[0])}),
        json!({"x5c": ["AA=="]}),
        json!({"x5c": ["%"]}),
        json!({"x5c": [STANDARD.encode([EDWARDS.chain[0].as_slice(), b"x"].concat())]}),
        json!({"x5c": [URL_SAFE_NO_PAD.encode(&EDWARDS.chain[0])]}),
        json!({"x5t#S256": "AA"}),
        json!({"x5t#S256": URL_SAFE_NO_PAD.encode([0; 32])}),
    ] {
        assert_eq!(code(&signed(&header(more.clone())), BODY), "proof-structure", "{more}");
    }
    for more in [
        json!({"kid": "any", "typ": "JOSE", "cty": "json", "unknown": {"a": [1]}}),
        json!({"b64": true, "crit": ["b64"]}),
        json!({"x5t#S256": URL_SAFE_NO_PAD.encode(Digest::of(&EDWARDS.chain[0]).0)}),
    ] {
        assert_eq!(code(&signed(&header(more.clone())), BODY), "verified", "{more}");
    }
    let twice = header(json!({})).to_string().replacen('{', "{\"alg\":\"ES256\",", 1);
    assert_eq!(code(&signed_text(&twice), BODY), "proof-structure", "a name given twice");
    assert_eq!(code(&signed_text("[]"), BODY), "proof-structure");
}

#[test]
fn only_the_detached_form_is_read() {
    let good = signed(&header(json!({})));
    let (protected, value) = good.split_once("..").unwrap();
    let payload = URL_SAFE_NO_PAD.encode(BODY);
    for bad in [
        String::new(),
        "..".to_owned(),
        protected.to_owned(),
        format!("{protected}.{value}"),
        format!("{protected}.{payload}.{value}"),
        format!("{protected}..{value}."),
        format!("{protected}=..{value}"),
        format!("{protected}..{value}="),
        format!("{protected} ..{value}"),
        format!("{protected}..{value}, {good}"),
    ] {
        assert_eq!(code(&bad, BODY), "proof-structure", "{bad}");
    }
    assert_eq!(code(&format!("{protected}.."), BODY), "proof-invalid", "no signature");
}

#[test]
fn a_header_is_read_to_its_limit_and_no_further() {
    let padded = |length: usize| signed(&header(json!({"kid": "k".repeat(length)})));
    let room = HEADER_CHARACTERS_MAX - padded(0).len();
    let longest = (0..=room).rev().find(|length| padded(*length).len() <= HEADER_CHARACTERS_MAX).unwrap();
    assert_eq!(code(&padded(longest), BODY), "verified");
    assert_eq!(code(&padded(longest + 2), BODY), "proof-structure");
}

#[test]
fn a_chain_runs_from_the_leaf_upwards_to_its_limit() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "anchor");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let anchor = STANDARD.encode(params.self_signed(&key).unwrap().der());
    let issuer = rcgen::Issuer::new(params, key);
    let own = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let leaf = rcgen::CertificateParams::default().signed_by(&own, &issuer).unwrap().der().to_vec();
    let made = |chain: Vec<String>| {
        let protected = URL_SAFE_NO_PAD.encode(json!({"alg": "EdDSA", "x5c": chain}).to_string());
        let over = format!("{protected}.{}", URL_SAFE_NO_PAD.encode(BODY));
        let value = signature(Algorithm::EdDsa, &own.serialize_der(), over.as_bytes()).unwrap();
        code(&format!("{protected}..{}", URL_SAFE_NO_PAD.encode(value)), BODY)
    };
    let leaf = STANDARD.encode(leaf);
    let above = |count: usize| std::iter::once(leaf.clone()).chain(vec![anchor.clone(); count]).collect();
    assert_eq!(made(above(1)), "verified");
    assert_eq!(made(above(CHAIN_MAX - 1)), "verified", "a self-signed anchor is above itself");
    assert_eq!(made(above(CHAIN_MAX)), "proof-structure");
    assert_eq!(made(vec![leaf.clone(), STANDARD.encode(&EDWARDS.chain[0])]), "proof-structure");
    // The anchor's leaf first: its key did not sign.
    assert_eq!(made(vec![anchor, leaf]), "proof-structure");
}

#[test]
fn the_signing_time_is_what_the_header_states_once_with_a_zone() {
    let at = |more: Value| verify(&signed(&header(more)), BODY).map(|signer| signer.signed_at);
    let text = |more: Value| at(more).unwrap().map(|date| date.as_str().to_owned());
    assert_eq!(text(json!({"iat": 1_774_944_000})).as_deref(), Some("2026-03-31T08:00:00Z"));
    assert_eq!(
        text(json!({"sigT": "2026-03-31T08:00:00Z", "crit": ["sigT"]})).as_deref(),
        Some("2026-03-31T08:00:00Z")
    );
    for bad in [
        json!({"iat": "1774944000"}),
        json!({"iat": 1.5}),
        json!({"iat": 99_999_999_999_999_i64}),
        json!({"iat": -99_999_999_999_i64}),
        json!({"sigT": "2026-03-31T08:00:00"}),
        json!({"sigT": "2026-03-31"}),
        json!({"sigT": 1}),
        json!({"sigT": "2026-03-31T08:00:00Z", "iat": 1_774_944_000}),
    ] {
        assert_eq!(at(bad.clone()).map_err(|finding| finding.reason.code()), Err("proof-structure"), "{bad}");
    }
    let made = sign(BODY, &RSA, Some(Timestamp(1_774_944_000_999))).unwrap();
    assert_eq!(verify(&made, BODY).unwrap().signed_at.unwrap().as_str(), "2026-03-31T08:00:00Z");
}

#[test]
fn a_key_that_is_not_the_leafs_is_noticed_before_anything_is_sent() {
    let mixed = Official { chain: RSA.chain.clone(), key_pkcs8_der: EDWARDS.key_pkcs8_der.clone() };
    assert_eq!(sign(BODY, &mixed, None), Err(Error::Key));
    let other = Official {
        chain: EDWARDS.chain.clone(),
        key_pkcs8_der: official("x", &rcgen::PKCS_ED25519).key_pkcs8_der,
    };
    assert_eq!(sign(BODY, &other, None), Err(Error::Key));
    assert_eq!(sign(BODY, &Official { chain: Vec::new(), ..other }, None), Err(Error::Leaf));
    assert!(sign(BODY, &EDWARDS, None).is_ok());
}

#[test]
fn beside_signatures_of_its_own_a_document_takes_the_header_of_the_same_leaf_only() {
    let by = |official: &Official| verify(&sign(BODY, official, None).unwrap(), BODY).unwrap();
    let own = |official: Option<Signer>| Proof { official, ..Proof::default() };
    let cod = Some(Profile::XmldsigCod);
    let taken = own(None).with_detached(None, by(&RSA)).unwrap();
    assert_eq!(taken.official, Some(by(&RSA)));
    assert_eq!(own(None).with_detached(cod, by(&RSA)).unwrap(), own(None), "it stands in for nothing");
    let both = own(Some(by(&RSA))).with_detached(cod, by(&RSA)).unwrap();
    assert_eq!(both.official, Some(by(&RSA)));
    let two = own(Some(by(&EDWARDS))).with_detached(cod, by(&RSA));
    assert_eq!(two.map_err(|finding| finding.reason.code()), Err("proof-structure"));
}
