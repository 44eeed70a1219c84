//! The decode stage from outside: real documents are read, foreign signatures verify, and ours verify elsewhere.
//!
//! Real samples are read where they lie beside the project; without them a test says so and passes.

use coohub::decode::{
    decode,
    document::{Node, Syntax},
    limit::Limits,
    proof::{
        Profile, Proof,
        algorithm::Algorithm,
        sign::{SigningLeaf, sign_cod},
        verify,
    },
};

use crate::support::need::corpus;

fn at<'a>(root: &'a Node, path: &str) -> &'a Node {
    path.split('/').fold(root, |node, name| node.child(name).unwrap_or_else(|| panic!("no {name} in {path}")))
}

fn proof(xml: &str, algorithms: &[Algorithm]) -> Result<Proof, Vec<&'static str>> {
    let decoded = decode(Syntax::Xml, xml.as_bytes(), &Limits::default()).unwrap();
    verify(Profile::XmldsigCod, &decoded.tree.unwrap(), algorithms)
        .map_err(|findings| findings.iter().map(|finding| finding.reason.code()).collect())
}

fn leaf(algorithm: &'static rcgen::SignatureAlgorithm) -> SigningLeaf {
    let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let leaf =
        rcgen::CertificateParams::new(vec!["signer.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    SigningLeaf { key_pkcs8_der: key.serialize_der(), leaf_der: leaf.der().to_vec() }
}

const UNSIGNED: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<ns1:Envelope xmlns:ns1="http://www.w3.org/2001/12/soap-envelope"><ns1:CertOrigin><CODEH id="CODEH">
<CODExporter><COD id="COD"><CODVer>1.8.2</CODVer><Name>émbolo &amp; partes</Name></COD></CODExporter>
<EH><EHId>004</EHId></EH><CertificationEH><CertificateID>AR004A14260000000200</CertificateID></CertificationEH>
</CODEH></ns1:CertOrigin></ns1:Envelope>
"#;

#[test]
fn a_real_aladi_certificate_with_byte_order_mark_is_read_as_written() {
    let Some(bytes) = corpus("aladi-cod/A14-FormA18-unsigned.xml") else { return };
    assert!(bytes.starts_with(b"\xEF\xBB\xBF"));
    let decoded = decode(Syntax::Xml, &bytes, &Limits::default()).unwrap();
    let root = &decoded.document.root;
    assert_eq!(root.space.as_deref(), Some("http://www.w3.org/2001/12/soap-envelope"));
    let cod = at(root, "CertOrigin/CODEH/CODExporter/COD");
    assert_eq!((cod.attribute("id"), cod.space.as_deref()), (Some("COD"), None));
    let goods = at(cod, "FormA18/GoodsList/Goods");
    assert_eq!(at(goods, "GoodsItemWeightAmount").text, "4500.000000");
    let name = at(goods, "GoodsItemName");
    assert!(
        name.text.starts_with("LOS DEMÁS. LOS DEMÁS MOTORES.") && name.text.contains("POR\n      "),
        "{}",
        name.text
    );
    assert_eq!((name.line, name.column), (33, 33));
    let unsigned = verify(Profile::XmldsigCod, &decoded.tree.unwrap(), &Algorithm::STRONG).unwrap();
    assert_eq!(unsigned, Proof::default());
}

#[test]
fn a_real_edi3_certificate_is_read_with_its_lists() {
    let Some(bytes) = corpus("edi3-coo/CertificateOfOrigin.sampleFull.json") else { return };
    let root = decode(Syntax::Json, &bytes, &Limits::default()).unwrap().document.root;
    let items: Vec<&Node> = at(&root, "supplyChainConsignment").named("includedConsignmentItems").collect();
    assert!(!items.is_empty() && items.iter().all(|item| item.listed && item.line > 1));
}

#[test]
fn real_documents_fit_the_limits() {
    let files = [
        ("edi3-coo/OA-Sample-minimal-pdf.json", Syntax::Json),
        ("edi3-coo/CertificateOfOrigin.schema.json", Syntax::Json),
        ("aladi-cod/xsd/cod_ver_4.1.0.xsd", Syntax::Xml),
        ("aladi-cod/cod-field-requirements-rev13-annex6.csv", Syntax::Csv),
    ];
    for (file, syntax) in files {
        let Some(bytes) = corpus(file) else { return };
        let decoded = decode(syntax, &bytes, &Limits::default());
        assert!(decoded.is_ok(), "{file}: {}", decoded.err().unwrap());
    }
}

#[test]
fn certificates_signed_by_another_implementation_verify() {
    // Made with the XML signatures of OpenJDK 17: exclusive, 1.1 and 1.0 canonical forms, base64 in lines with `&#13;`.
    for xml in [include_str!("decode/cod-rsa-sha256.xml"), include_str!("decode/cod-ecdsa-sha256.xml")] {
        let proof = proof(xml, &Algorithm::STRONG).unwrap();
        let (exporter, official) = (proof.exporter.unwrap(), proof.official.unwrap());
        assert_eq!(exporter.leaf_digest, official.leaf_digest);
        assert!(official.subject.contains("CN=Sample signer"), "{}", official.subject);
    }
}

#[test]
fn sha1_signatures_verify_only_where_they_are_taken() {
    let xml = include_str!("decode/cod-rsa-sha1.xml");
    assert_eq!(proof(xml, &Algorithm::STRONG), Err(vec!["proof-algorithm", "proof-algorithm"]));
    assert!(proof(xml, &Algorithm::ALL).unwrap().official.is_some());
    let changed = xml.replace("8408.90.90", "8408.90.91");
    assert_eq!(proof(&changed, &Algorithm::ALL), Err(vec!["proof-invalid", "proof-invalid"]));
}

#[test]
fn a_signed_sample_verifies_when_read_again() {
    let (exporter, official) = (leaf(&rcgen::PKCS_ECDSA_P256_SHA256), leaf(&rcgen::PKCS_RSA_SHA256));
    let signed = sign_cod(UNSIGNED, &exporter, &official).unwrap();
    let proof = proof(&signed, &Algorithm::STRONG).unwrap();
    assert_eq!(proof.exporter.unwrap().leaf_der, exporter.leaf_der);
    assert_eq!(proof.official.unwrap().leaf_der, official.leaf_der);
}
