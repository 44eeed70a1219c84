//! What the tables write, judged by the XSDs.

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::LazyLock};

use coohub::{
    decode::{
        document::Syntax,
        proof::sign::{SigningLeaf, sign_cod},
    },
    format::{
        Table,
        plan::{Plan, Row},
    },
    map,
    model::certificate::Certificate,
    render,
};

use crate::{
    formats::{document, lines, samples, table},
    support::need::{corpus, installed},
};

use super::{is_newer, made, matrix};

/// Each `CODVer`, the XSD its documents are judged by, and the table. `cod_ver_1.8.0.xsd` does not compile in libxml2; ALADI
/// validates 1.8.0 with the XSD of 1.8.2.
const DOCUMENTS: [(&str, &str, &str); 5] = [
    ("1.8.0", "1.8.2", "aladi-cod"),
    ("1.8.2", "1.8.2", "aladi-cod"),
    ("1.8.3", "1.8.3", "aladi-cod"),
    ("2.0.0", "2.0.0", "aladi-cod-2"),
    ("4.1.0", "4.1.0", "aladi-cod-4"),
];

static SIGNER: LazyLock<SigningLeaf> = LazyLock::new(|| {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["signer.example".to_owned()]).unwrap();
    let leaf_der = leaf.self_signed(&key).unwrap().der().to_vec();
    SigningLeaf { key_pkcs8_der: key.serialize_der(), leaf_der }
});

/// A rendering, after the laws that hold for it: everything arrives, and reading it again gives what arrived.
fn rendered(table: &Table, certificate: &Certificate) -> String {
    let traced = render::trace(table, certificate);
    assert_eq!((traced.unfilled, traced.losses), (Vec::new(), Vec::new()));
    let bytes = render::bytes(table, &traced.document);
    let read = document(Syntax::Xml, &bytes);
    assert!(table.recognises(&read));
    let draft = map::map(table, &read);
    assert_eq!(draft.findings, Vec::new());
    assert_eq!(draft.remainder, Vec::<(String, String)>::new());
    assert_eq!(lines(&draft.certificate), lines(&traced.arrives));
    String::from_utf8(bytes).unwrap()
}

/// What an XSD of the corpus says of documents by name; `None` when it cannot be asked.
fn judged(xsd: &str, documents: &BTreeMap<String, String>) -> Option<String> {
    corpus(&format!("aladi-cod/xsd/cod_ver_{xsd}.xsd"))?;
    if !installed("xmllint") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/aladi-cod/xsd");
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout", "--schema"]).arg(schemas.join(format!("cod_ver_{xsd}.xsd")));
    for (name, text) in documents {
        let file = folder.path().join(format!("{name}.xml"));
        fs::write(&file, text).unwrap();
        command.arg(file);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let bad = said.lines().filter(|line| !line.ends_with(" validates"));
    Some(bad.map(|line| line.replace(folder.path().to_str().unwrap(), "")).collect::<Vec<_>>().join("\n"))
}

/// Every form of every version, made and signed, against its XSD.
fn check(make: impl Fn(&str, &Plan) -> Certificate) {
    for (version, xsd, id) in DOCUMENTS {
        let table = table(id);
        let mut documents = BTreeMap::new();
        for plan in table.plans.iter().filter(|plan| !is_newer(xsd, plan.variant.as_ref().unwrap())) {
            let certificate = make(version, plan);
            let text = rendered(&table, &certificate);
            let written = if plan.variant.as_deref() == Some("FormA72") { "1.8.3" } else { "1.8.2" };
            let text = if id == "aladi-cod" { text.replacen(written, version, 1) } else { text };
            let signed = sign_cod(&text, &SIGNER, &SIGNER).unwrap();
            documents.insert(format!("{version}-{}", plan.variant.clone().unwrap()), signed);
        }
        let Some(said) = judged(xsd, &documents) else { return };
        assert_eq!(said, "", "CODVer {version}");
    }
}

/// 1.8.3 took `EHLocality` out; the table has it for 1.8.2.
fn as_in(version: &str, certificate: &Certificate) -> Certificate {
    let gone = made::field("issuer.address.region");
    certificate.only(|field| version != "1.8.3" || field != gone)
}

#[test]
fn a_certificate_with_every_field_of_its_form_is_valid_in_every_version() {
    check(|version, plan| as_in(version, &made::certificate(plan, 2, |_| true)));
}

#[test]
fn a_certificate_with_the_mandatory_fields_alone_is_valid_in_every_version() {
    // An invoice of which only its order number is known, as two forms allow, is nothing a certificate could hold.
    check(|version, plan| {
        let demanded = |row: &Row| row.required || matrix::is_mandatory(version, plan, row);
        made::certificate(plan, 1, |row| demanded(row) || row.at.ends_with("/InvoiceNo"))
    });
}

#[test]
fn what_an_exporter_sends_to_the_issuing_body_is_valid_unsigned() {
    let table = table("aladi-cod");
    let added = ["issuer.", "number", "issueDate", "controlCode"];
    let plans = table.plans.iter().filter(|plan| !is_newer("1.8.2", plan.variant.as_ref().unwrap()));
    let documents = plans.map(|plan| {
        let whole = made::certificate(plan, 2, |_| true);
        let sent = whole.only(|field| !added.iter().any(|start| field.path().starts_with(start)));
        (plan.variant.clone().unwrap(), rendered(&table, &sent))
    });
    let Some(said) = judged("1.8.2_exporter_unsigned", &documents.collect()) else { return };
    assert_eq!(said, "");
}

#[test]
fn the_xsds_do_judge() {
    let table = table("aladi-cod-4");
    let plan = table.plans.iter().find(|plan| plan.variant.as_deref() == Some("FormA33")).unwrap();
    let text = rendered(&table, &made::certificate(plan, 2, |_| true));
    let unsigned = BTreeMap::from([("unsigned".to_owned(), text.clone())]);
    let Some(said) = judged("4.1.0", &unsigned) else { return };
    assert!(said.contains("Missing child element(s)") && said.contains("Signature"), "{said}");
    let signed =
        sign_cod(&text.replace("<ProducerExporter>MISMO", "<ProducerExporter>OTRO"), &SIGNER, &SIGNER);
    let said = judged("4.1.0", &BTreeMap::from([("wrong".to_owned(), signed.unwrap())])).unwrap();
    assert!(said.contains("ProducerExporter"), "{said}");
}

#[test]
fn the_samples_beside_the_tables_are_valid() {
    for (version, xsd, id) in DOCUMENTS {
        let table = table(id);
        let texts = samples(&table).into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
        // The fictional community has country codes and an acronym of its own.
        let real = texts.filter(|(_, text)| !text.contains(">MEC<"));
        let here = real.filter(|(_, text)| text.contains(&format!("<CODVer>{version}<")));
        let signed = here.map(|(path, text)| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, sign_cod(&text, &SIGNER, &SIGNER).unwrap())
        });
        let documents: BTreeMap<String, String> = signed.collect();
        if documents.is_empty() {
            continue;
        }
        let Some(said) = judged(xsd, &documents) else { return };
        assert_eq!(said, "");
    }
}
