//! Signatures of a COD: what verifies, and every road of a forger that does not.

mod attack;
mod jws;

use std::sync::LazyLock;

use super::{Limits, accepted, fuzz::Dice};
use crate::decode::{
    document::{Node, Syntax},
    proof::{
        Profile, Proof, SignerRole,
        algorithm::Algorithm,
        sign::{Error, SigningLeaf, sign_cod, sign_part},
        verify,
    },
    xml::Tree,
};

const COD: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<ns1:Envelope xmlns:ns1="http://www.w3.org/2001/12/soap-envelope">
  <ns1:CertOrigin>
    <CODEH id="CODEH">
      <CODExporter>
        <COD id="COD"><CODVer>1.8.2</CODVer><Goods>Motores de émbolo &amp; partes</Goods><Code>8408.90</Code></COD>
      </CODExporter>
      <EH><EHId>004</EHId></EH>
      <CertificationEH><CertificateID>AR004A14260000000200</CertificateID></CertificationEH>
    </CODEH>
  </ns1:CertOrigin>
</ns1:Envelope>
"#;

static EXPORTER: LazyLock<SigningLeaf> = LazyLock::new(|| leaf("exporter", &rcgen::PKCS_ECDSA_P256_SHA256));
static OFFICIAL: LazyLock<SigningLeaf> = LazyLock::new(|| leaf("official", &rcgen::PKCS_RSA_SHA256));
static SIGNED: LazyLock<String> = LazyLock::new(|| sign_cod(COD, &EXPORTER, &OFFICIAL).unwrap());

fn leaf(name: &str, algorithm: &'static rcgen::SignatureAlgorithm) -> SigningLeaf {
    let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let leaf_der = params.self_signed(&key).unwrap().der().to_vec();
    SigningLeaf { key_pkcs8_der: key.serialize_der(), leaf_der }
}

fn proof(xml: &str) -> Result<Proof, Vec<&'static str>> {
    proof_with(xml, &Algorithm::STRONG)
}

/// The proof, or the codes of what was found.
fn proof_with(xml: &str, algorithms: &[Algorithm]) -> Result<Proof, Vec<&'static str>> {
    let tree = Tree::parse(xml.as_bytes(), &Limits::default()).unwrap_or_else(|finding| panic!("{finding}"));
    verify(Profile::XmldsigCod, &tree, algorithms)
        .map_err(|findings| findings.iter().map(|finding| finding.reason.code()).collect())
}

/// Replaces one text that must be there.
fn with(xml: &str, old: &str, new: &str) -> String {
    assert!(xml.contains(old), "the sample has no {old}");
    xml.replacen(old, new, 1)
}

#[test]
fn a_doubly_signed_certificate_names_both_leaves() {
    let proof = proof(&SIGNED).unwrap();
    let (exporter, official) = (proof.exporter.unwrap(), proof.official.unwrap());
    assert_eq!((exporter.role, exporter.subject.as_str()), (SignerRole::Exporter, "CN=exporter"));
    assert_eq!((official.role, official.subject.as_str()), (SignerRole::Official, "CN=official"));
    assert_eq!(exporter.leaf_der, EXPORTER.leaf_der);
    assert_eq!(official.leaf_digest, crate::model::id::Digest::of(&OFFICIAL.leaf_der));
}

#[test]
fn absent_signatures_are_no_finding() {
    assert_eq!(proof(COD).unwrap(), Proof::default());
    assert_eq!(proof("<a Id='x'><b Id='x'/></a>").unwrap(), Proof::default());
    let declared = sign_part(COD, SignerRole::Exporter, &EXPORTER).unwrap();
    let declared = proof(&declared).unwrap();
    assert!(declared.exporter.is_some() && declared.official.is_none());
    let official_alone = sign_part(COD, SignerRole::Official, &OFFICIAL).unwrap();
    assert!(proof(&official_alone).unwrap().exporter.is_none());
}

#[test]
fn one_leaf_may_sign_twice_and_a_renewed_leaf_of_one_key_is_told_apart() {
    let twice = sign_cod(COD, &EXPORTER, &EXPORTER).unwrap();
    assert!(proof(&twice).unwrap().official.is_some());
    let key = rcgen::KeyPair::generate().unwrap();
    let renewed = |year| {
        let mut params = rcgen::CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        SigningLeaf {
            key_pkcs8_der: key.serialize_der(),
            leaf_der: params.self_signed(&key).unwrap().der().to_vec(),
        }
    };
    let (old, new) = (renewed(2030), renewed(2031));
    let proof = proof(&sign_cod(COD, &old, &new).unwrap()).unwrap();
    assert_eq!(proof.exporter.unwrap().leaf_der, old.leaf_der);
    assert_eq!(proof.official.unwrap().leaf_der, new.leaf_der);
}

#[test]
fn a_byte_order_mark_and_other_line_ends_do_not_break_a_signature() {
    assert!(proof(&format!("\u{FEFF}{}", *SIGNED)).unwrap().official.is_some());
    assert!(proof(&SIGNED.replace('\n', "\r\n")).unwrap().official.is_some());
}

#[test]
fn a_changed_character_breaks_every_signature_that_covers_it() {
    assert_eq!(proof(&with(&SIGNED, "8408.90", "8408.91")), Err(vec!["proof-invalid", "proof-invalid"]));
    assert_eq!(proof(&with(&SIGNED, "<EHId>004", "<EHId>005")), Err(vec!["proof-invalid"]));
    assert_eq!(proof(&with(&SIGNED, "0200</Cert", "0201</Cert")), Err(vec!["proof-invalid"]));
}

#[test]
fn a_signature_by_another_key_than_its_leaf_is_invalid() {
    let other = SigningLeaf {
        key_pkcs8_der: leaf("x", &rcgen::PKCS_ECDSA_P256_SHA256).key_pkcs8_der,
        leaf_der: EXPORTER.leaf_der.clone(),
    };
    let forged = sign_cod(COD, &other, &OFFICIAL).unwrap();
    assert_eq!(proof(&forged), Err(vec!["proof-invalid"]));
}

#[test]
fn the_officials_key_cannot_sign_in_the_exporters_name() {
    let official = leaf("official", &rcgen::PKCS_ECDSA_P256_SHA256);
    let forger =
        SigningLeaf { key_pkcs8_der: official.key_pkcs8_der.clone(), leaf_der: EXPORTER.leaf_der.clone() };
    assert_eq!(proof(&sign_cod(COD, &forger, &official).unwrap()), Err(vec!["proof-invalid"]));
}

#[test]
fn weak_and_unknown_keys_are_refused() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    // RSA of 1024 bits: made once, since nothing here would make one.
    let short = include_str!("rsa-1024.b64").trim();
    let weak = with(&SIGNED, &STANDARD.encode(&EXPORTER.leaf_der), short);
    assert_eq!(proof(&weak), Err(vec!["proof-algorithm"]));
    let p384 = STANDARD.encode(leaf("p384", &rcgen::PKCS_ECDSA_P384_SHA384).leaf_der);
    assert_eq!(
        proof(&with(&SIGNED, &STANDARD.encode(&OFFICIAL.leaf_der), &p384)),
        Err(vec!["proof-algorithm"])
    );
}

#[test]
fn a_format_takes_the_algorithms_of_its_list_and_no_others() {
    let p384 = leaf("p384", &rcgen::PKCS_ECDSA_P384_SHA384);
    let signed = sign_cod(COD, &p384, &OFFICIAL).unwrap();
    assert!(signed.contains("#ecdsa-sha384") && signed.contains("xmldsig-more#sha384"));
    assert_eq!(proof(&signed).unwrap().exporter.unwrap().leaf_der, p384.leaf_der);
    let changed = with(&signed, "8408.90", "8408.91");
    assert_eq!(proof(&changed), Err(vec!["proof-invalid", "proof-invalid"]));
    let few = [Algorithm::RsaSha256, Algorithm::EcdsaSha256];
    assert_eq!(proof_with(&signed, &few), Err(vec!["proof-algorithm"]));
    assert_eq!(proof_with(&SIGNED, &few[..1]), Err(vec!["proof-algorithm"]));
    assert!(proof_with(&SIGNED, &few).is_ok());
    assert_eq!(proof_with(&SIGNED, &[]), Err(vec!["proof-algorithm", "proof-algorithm"]));
    // The algorithm must be that of the leaf's key: a P-384 key does not sign with SHA-256 here.
    let mixed = with(&signed, "#ecdsa-sha384", "#ecdsa-sha256");
    assert_eq!(proof(&mixed), Err(vec!["proof-algorithm"]));
    // A digest counts when an algorithm of the list uses its hash.
    let digest = with(&SIGNED, "2001/04/xmlenc#sha256", "2001/04/xmlenc#sha512");
    assert_eq!(proof_with(&digest, &few), Err(vec!["proof-algorithm"]));
    assert_eq!(proof(&digest), Err(vec!["proof-invalid", "proof-invalid"]));
}

/// What `map` may read of a certificate: everything signed, without positions and without the signatures themselves.
fn mapped(xml: &[u8]) -> Node {
    fn plain(node: &Node) -> Node {
        let children = node.children.iter().filter(|child| child.name != "Signature").map(plain).collect();
        Node { children, line: 0, column: 0, ..node.clone() }
    }
    let root = accepted(Syntax::Xml, xml).document.root;
    plain(root.child("CertOrigin").unwrap().child("CODEH").unwrap())
}

#[test]
fn a_mutated_certificate_does_not_verify_unless_it_reads_the_same() {
    let original = mapped(SIGNED.as_bytes());
    let mut dice = Dice(0x0051_67ED);
    let mut verified = 0;
    for _ in 0..3_000 {
        let mut bytes = SIGNED.clone().into_bytes();
        dice.mutate(&mut bytes);
        let Ok(tree) = Tree::parse(&bytes, &Limits::default()) else { continue };
        let Ok(proof) = verify(Profile::XmldsigCod, &tree, &Algorithm::ALL) else { continue };
        if proof.official.is_some() {
            verified += 1;
            assert_eq!(mapped(&bytes), original, "{}", String::from_utf8_lossy(&bytes));
        }
    }
    assert!(verified > 0, "no mutation left the signed content alone, so this proved nothing");
}

#[test]
fn a_comment_in_a_signed_field_hides_nothing_from_the_reader() {
    let commented = with(&SIGNED, "8408.90", "8408<!-- .91 -->.90");
    assert!(proof(&commented).unwrap().official.is_some());
    let root = accepted(Syntax::Xml, commented).document.root;
    let cod = ["CertOrigin", "CODEH", "CODExporter", "COD", "Code"];
    let code = cod.iter().fold(&root, |node, name| node.child(name).unwrap());
    assert_eq!(code.text, "8408.90");
}

#[test]
fn a_chain_may_stand_in_any_order_and_must_have_one_end() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let anchor_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "anchor");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let anchor_der = params.self_signed(&anchor_key).unwrap().der().to_vec();
    let issuer = rcgen::Issuer::new(params, anchor_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf_der = rcgen::CertificateParams::default().signed_by(&key, &issuer).unwrap().der().to_vec();
    let signed = sign_part(
        COD,
        SignerRole::Exporter,
        &SigningLeaf { key_pkcs8_der: key.serialize_der(), leaf_der: leaf_der.clone() },
    )
    .unwrap();
    let element = |der: &[u8]| format!("<ds:X509Certificate>{}</ds:X509Certificate>", STANDARD.encode(der));
    let (one, above) = (element(&leaf_der), element(&anchor_der));
    for chain in [format!("{one}{above}"), format!("{above}{one}")] {
        assert_eq!(proof(&with(&signed, &one, &chain)).unwrap().exporter.unwrap().leaf_der, leaf_der);
    }
    let unrelated = element(&EXPORTER.leaf_der);
    assert_eq!(proof(&with(&signed, &one, &format!("{one}{unrelated}"))), Err(vec!["proof-structure"]));
    assert_eq!(proof(&with(&signed, &one, &one.repeat(9))), Err(vec!["proof-structure"]));
}

#[test]
fn signing_needs_the_elements_it_covers_and_a_key_that_fits() {
    assert!(matches!(sign_cod("<a/>", &EXPORTER, &OFFICIAL), Err(Error::Missing("COD"))));
    let early = with(COD, "CertificationEH><C", "X><C").replace("</CertificationEH>", "</X>");
    assert!(matches!(sign_cod(&early, &EXPORTER, &OFFICIAL), Err(Error::Missing("CertificationEH"))));
    assert!(matches!(sign_cod("<a>", &EXPORTER, &OFFICIAL), Err(Error::Malformed(_))));
    let mixed =
        SigningLeaf { key_pkcs8_der: EXPORTER.key_pkcs8_der.clone(), leaf_der: OFFICIAL.leaf_der.clone() };
    assert!(matches!(sign_cod(COD, &mixed, &OFFICIAL), Err(Error::Leaf { role: "exporter", .. })));
}

#[test]
fn a_profile_is_known_by_its_word() {
    assert_eq!(Profile::of("xmldsig-cod"), Some(Profile::XmldsigCod));
    assert_eq!(Profile::of("xmldsig"), None);
}
