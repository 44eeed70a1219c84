//! Other programs verify what we sign, and we what they sign: xmlsec1, and signxml for Python.

use std::{fs, path::PathBuf, process::Command};

use coohub::decode::{
    decode,
    document::Syntax,
    limit::Limits,
    proof::{
        Profile, Proof,
        algorithm::Algorithm,
        sign::{SigningLeaf, sign_cod},
        verify,
    },
};

use crate::support::need::{installed, python};

const UNSIGNED: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<ns1:Envelope xmlns:ns1="http://www.w3.org/2001/12/soap-envelope"><ns1:CertOrigin><CODEH id="CODEH">
<CODExporter><COD id="COD"><CODVer>1.8.2</CODVer><Name>émbolo &amp; partes</Name></COD></CODExporter>
<EH><EHId>004</EHId></EH><CertificationEH><CertificateID>AR004A14260000000200</CertificateID></CertificationEH>
</CODEH></ns1:CertOrigin></ns1:Envelope>
"#;

/// A folder with leaves and keys in PEM.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// Makes a leaf with its key: `<name>.pem` and `<name>.key`.
    fn leaf(&self, name: &str, algorithm: &'static rcgen::SignatureAlgorithm) -> SigningLeaf {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let leaf = params.self_signed(&key).unwrap();
        self.write(&format!("{name}.pem"), &leaf.pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
        SigningLeaf { key_pkcs8_der: key.serialize_der(), leaf_der: leaf.der().to_vec() }
    }
}

/// Runs a program that must succeed.
fn run(what: &str, command: &mut Command) {
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{what}: {}", String::from_utf8_lossy(&said));
}

fn proof(xml: &[u8], taken: &[Algorithm]) -> Result<Proof, String> {
    let decoded = decode(Syntax::Xml, xml, &Limits::default()).unwrap_or_else(|finding| panic!("{finding}"));
    verify(Profile::XmldsigCod, &decoded.tree.unwrap(), taken)
        .map_err(|findings| findings.iter().map(ToString::to_string).collect())
}

/// Holds a document signed elsewhere to what must be true of it: both verify, by their algorithm alone, and no change
/// goes unnoticed.
fn believed(what: &str, xml: &[u8], by: &SigningLeaf, algorithm: Algorithm) {
    let both = proof(xml, &[algorithm]).unwrap_or_else(|found| panic!("{what}: {found}"));
    assert_eq!(both.exporter.unwrap().leaf_der, by.leaf_der, "{what}");
    assert_eq!(both.official.unwrap().leaf_der, by.leaf_der, "{what}");
    let others: Vec<_> = Algorithm::ALL.into_iter().filter(|other| *other != algorithm).collect();
    assert!(proof(xml, &others).unwrap_err().contains("proof-algorithm"), "{what}");
    let changed = String::from_utf8(xml.to_vec()).unwrap().replace("1.8.2", "1.8.3");
    assert!(proof(changed.as_bytes(), &[algorithm]).unwrap_err().contains("proof-invalid"), "{what}");
}

fn xmlsec(mode: &str, signature: &str) -> Command {
    let place = format!("//*[local-name()='{signature}']/*[local-name()='Signature']");
    let mut command = Command::new("xmlsec1");
    command.args([mode, "--id-attr:id", "COD", "--id-attr:id", "CODEH", "--node-xpath", &place]);
    command
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    if !installed("xmlsec1") {
        return;
    }
    let desk = Desk::new();
    let exporters = [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_RSA_SHA256];
    for algorithm in exporters {
        let (exporter, official) =
            (desk.leaf("exporter", algorithm), desk.leaf("official", &rcgen::PKCS_RSA_SHA256));
        let file = desk.write("cod.xml", &sign_cod(UNSIGNED, &exporter, &official).unwrap());
        for (signature, leaf) in [("CODExporter", "exporter.pem"), ("CertOrigin", "official.pem")] {
            let mut command = xmlsec("--verify", signature);
            run(signature, command.arg("--pubkey-cert-pem").arg(desk.path(leaf)).arg(&file));
        }
    }
}

/// An empty signature for xmlsec1 to fill.
fn template(reference: &str, method: &str, digest: &str, canonical: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"{canonical}\"/><ds:SignatureMethod Algorithm=\"{method}\"/>\
         <ds:Reference URI=\"{reference}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
         <ds:Transform Algorithm=\"{canonical}\"/></ds:Transforms><ds:DigestMethod Algorithm=\"{digest}\"/>\
         <ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
}

#[test]
fn we_verify_what_xmlsec1_signs() {
    if !installed("xmlsec1") {
        return;
    }
    const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
    const ENC: &str = "http://www.w3.org/2001/04/xmlenc#";
    const OLD: &str = "http://www.w3.org/2000/09/xmldsig#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let desk = Desk::new();
    let rsa = desk.leaf("rsa", &rcgen::PKCS_RSA_SHA256);
    let p256 = desk.leaf("p256", &rcgen::PKCS_ECDSA_P256_SHA256);
    let p384 = desk.leaf("p384", &rcgen::PKCS_ECDSA_P384_SHA384);
    let cases = [
        (Algorithm::RsaSha1, ("rsa", &rsa), format!("{OLD}rsa-sha1"), format!("{OLD}sha1")),
        (Algorithm::RsaSha256, ("rsa", &rsa), format!("{MORE}rsa-sha256"), format!("{ENC}sha256")),
        (Algorithm::RsaSha384, ("rsa", &rsa), format!("{MORE}rsa-sha384"), format!("{MORE}sha384")),
        (Algorithm::RsaSha512, ("rsa", &rsa), format!("{MORE}rsa-sha512"), format!("{ENC}sha512")),
        (Algorithm::EcdsaSha256, ("p256", &p256), format!("{MORE}ecdsa-sha256"), format!("{ENC}sha256")),
        (Algorithm::EcdsaSha384, ("p384", &p384), format!("{MORE}ecdsa-sha384"), format!("{MORE}sha384")),
    ];
    for (algorithm, (name, leaf), method, digest) in cases {
        for canonical in [inclusive, exclusive] {
            let after = |tag: &str, uri: &str| format!("{tag}{}", template(uri, &method, &digest, canonical));
            let both = UNSIGNED.replace("</COD>", &after("</COD>", "#COD"));
            let both = both.replace("</CODEH>", &after("</CODEH>", "#CODEH"));
            let mut file = desk.write("0.xml", &both);
            let keys = format!(
                "{},{}",
                desk.path(&format!("{name}.key")).display(),
                desk.path(&format!("{name}.pem")).display()
            );
            for (signature, next) in [("CODExporter", "1.xml"), ("CertOrigin", "2.xml")] {
                let mut command = xmlsec("--sign", signature);
                command.args(["--privkey-pem", &keys, "--output"]).arg(desk.path(next)).arg(&file);
                run(algorithm.word(), &mut command);
                file = desk.path(next);
            }
            believed(
                &format!("{} {canonical}", algorithm.word()),
                &fs::read(&file).unwrap(),
                leaf,
                algorithm,
            );
        }
    }
}

fn signxml(arguments: &[&str], desk: &Desk) -> Option<Command> {
    let mut command = python("signxml")?;
    command.current_dir(desk.0.path());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/proofs/oracle.py")).args(arguments);
    Some(command)
}

#[test]
fn signxml_verifies_what_we_sign() {
    let desk = Desk::new();
    let Some(mut check) = signxml(&["verify", "cod.xml", "exporter.pem", "official.pem"], &desk) else {
        return;
    };
    let exporters = [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_RSA_SHA256];
    for algorithm in exporters {
        let (exporter, official) =
            (desk.leaf("exporter", algorithm), desk.leaf("official", &rcgen::PKCS_RSA_SHA256));
        desk.write("cod.xml", &sign_cod(UNSIGNED, &exporter, &official).unwrap());
        run("signxml", &mut check);
    }
    let changed = fs::read_to_string(desk.path("cod.xml")).unwrap().replace("1.8.2", "1.8.3");
    desk.write("cod.xml", &changed);
    assert!(!check.output().unwrap().status.success(), "the oracle says no when it must");
}

#[test]
fn we_verify_what_signxml_signs() {
    let desk = Desk::new();
    if signxml(&[], &desk).is_none() {
        return;
    }
    desk.write("unsigned.xml", UNSIGNED);
    let rsa = desk.leaf("rsa", &rcgen::PKCS_RSA_SHA256);
    let p256 = desk.leaf("p256", &rcgen::PKCS_ECDSA_P256_SHA256);
    let p384 = desk.leaf("p384", &rcgen::PKCS_ECDSA_P384_SHA384);
    let (c14n, later, exclusive) =
        ("CANONICAL_XML_1_0", "CANONICAL_XML_1_1", "EXCLUSIVE_XML_CANONICALIZATION_1_0");
    for (algorithm, (name, leaf), method, digest, form) in [
        (Algorithm::RsaSha1, ("rsa", &rsa), "RSA_SHA1", "SHA1", c14n),
        (Algorithm::RsaSha256, ("rsa", &rsa), "RSA_SHA256", "SHA256", exclusive),
        (Algorithm::RsaSha384, ("rsa", &rsa), "RSA_SHA384", "SHA384", later),
        (Algorithm::RsaSha512, ("rsa", &rsa), "RSA_SHA512", "SHA512", c14n),
        (Algorithm::EcdsaSha256, ("p256", &p256), "ECDSA_SHA256", "SHA256", later),
        (Algorithm::EcdsaSha384, ("p384", &p384), "ECDSA_SHA384", "SHA384", exclusive),
    ] {
        let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
        let arguments = ["sign", "unsigned.xml", "signed.xml", &key, &pem, method, digest, form];
        run(method, &mut signxml(&arguments, &desk).unwrap());
        believed(method, &fs::read(desk.path("signed.xml")).unwrap(), leaf, algorithm);
    }
}
