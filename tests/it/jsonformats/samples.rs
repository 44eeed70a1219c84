//! Real samples, mapped: every value is what was expected, and nothing of substance is left over.

use coohub::{decode::document::Syntax, map};
use serde_json::Value;

use super::{findings, found, issued, mapped, real, shipped, unmapped};
use crate::{formats, support::need::corpus};

/// edi3's document in its OpenAttestation wrapping.
const WRAPPED: &str = "edi3-coo/OA-Sample-minimal-pdf.json";

fn expect(found: &[String], wanted: &str) {
    let wanted: Vec<&str> = wanted.lines().collect();
    let missing: Vec<&&str> =
        wanted.iter().filter(|line| !found.iter().any(|found| found == *line)).collect();
    let extra: Vec<&String> = found.iter().filter(|found| !wanted.contains(&found.as_str())).collect();
    assert_eq!((missing, extra), (Vec::new(), Vec::new()));
    assert_eq!(found.len(), wanted.len());
}

const NOTHING: [&str; 0] = [];

#[test]
fn the_chafta_document_maps_whole_but_for_the_picture_of_a_signature() {
    let Some(sample) = real("chafta/sampleV2.ChaftaCooSampleV2.json") else { return };
    let draft = mapped(&formats::table("tradetrust-coo"), &sample);
    expect(&found(&draft), include_str!("chafta.txt"));
    assert_eq!(unmapped(&draft), ["/firstSignatoryAuthentication/signature"]);
    assert_eq!(findings(&draft), ["info field-invalid /firstSignatoryAuthentication/signature"]);
    assert_eq!(draft.identity.issuer.as_deref(), Some("id:wfa.org.au"));
}

#[test]
fn the_wrapped_edi3_document_maps_whole_but_for_its_files() {
    let Some(wrapped) = corpus(WRAPPED) else { return };
    let draft = map::map(&formats::table("tradetrust-coo"), &formats::document(Syntax::Json, &wrapped));
    expect(&found(&draft), include_str!("openattestation.txt"));
    let signatures =
        ["/data/firstSignatoryAuthentication/signature", "/data/secondSignatoryAuthentication/signature"];
    assert_eq!(unmapped(&draft), signatures);
    for (_, text) in &draft.remainder {
        assert!(text.starts_with("data:image/jpeg;base64, ") && text.len() < 128, "{text}");
    }
}

#[test]
fn the_tradetrust_sample_maps_and_each_of_its_placeholders_is_reported() {
    let Some(sample) = real("openattestation/sample-data.sampleDocument.json") else { return };
    let draft = mapped(&formats::table("tradetrust-coo"), &issued(sample));
    expect(&found(&draft), include_str!("tradetrust.txt"));
    let chain = "/supplyChainConsignment";
    let mut kept = vec![
        "/firstSignatoryAuthentication/signature".to_owned(),
        "/issueDateTime".to_owned(),
        format!("{chain}/exportCountry/code"),
        format!("{chain}/exporter/postalAddress/countryCode"),
        format!("{chain}/importCountry/code"),
        format!("{chain}/importer/postalAddress/countryCode"),
        format!("{chain}/importer/postalAddress/postcode"),
        format!("{chain}/loadingBaseportLocation/iD"),
    ];
    let mut left = unmapped(&draft);
    left.sort_unstable();
    kept.sort_unstable();
    assert_eq!(left, kept);
    assert_eq!(draft.findings.len(), kept.len());
}

#[test]
fn the_usmca_example_maps_whole() {
    let Some(sample) = real("usmca-vc/USMCACertificationOfOrigin.example.json") else { return };
    let draft = mapped(&formats::table("usmca-vc"), &sample);
    expect(&found(&draft), include_str!("usmca.txt"));
    assert_eq!((unmapped(&draft), findings(&draft)), (NOTHING.to_vec(), Vec::new()));
    assert_eq!(draft.identity.issuer.as_deref(), Some("did:web:prime-steel.example.com"));
}

#[test]
fn the_traceability_example_maps_whole() {
    let Some(sample) = real("usmca-vc/CertificationOfOrigin.example.json") else { return };
    let draft = mapped(&formats::table("traceability-coo"), &sample);
    expect(&found(&draft), include_str!("traceability.txt"));
    assert_eq!((unmapped(&draft), findings(&draft)), (NOTHING.to_vec(), Vec::new()));
}

/// Every JSON document there is, with the table it is of.
fn everything() -> Vec<(String, &'static str, Value)> {
    let mut all = Vec::new();
    for id in ["edi3-coo", "tradetrust-coo", "aanzfta-coo", "usmca-vc", "traceability-coo", "unece-prefcoo"] {
        let table = formats::table(id);
        for path in formats::samples(&table) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            all.push((name.clone(), id, shipped(id, &name)));
        }
    }
    let files = [
        ("edi3-coo", "edi3-coo/CertificateOfOrigin.sampleFull.json"),
        ("tradetrust-coo", "chafta/sampleV2.ChaftaCooSampleV2.json"),
        ("usmca-vc", "usmca-vc/USMCACertificationOfOrigin.example.json"),
        ("traceability-coo", "usmca-vc/CertificationOfOrigin.example.json"),
        // Without the issuers that wrapping adds it is edi3's content, and read as that.
        ("edi3-coo", "openattestation/sample-data.sampleDocument.json"),
    ];
    for (id, file) in files {
        all.extend(real(file).map(|value| (file.to_owned(), id, value)));
    }
    all.extend(real(WRAPPED).map(|value| (WRAPPED.to_owned(), "tradetrust-coo", value)));
    all
}

#[test]
fn each_json_document_is_recognised_by_exactly_one_table() {
    let tables = formats::tables();
    for (name, id, value) in everything() {
        let bytes = serde_json::to_vec(&value).unwrap();
        let document = formats::document(Syntax::Json, &bytes);
        let by: Vec<_> = tables.iter().filter(|table| table.recognises(&document)).collect();
        assert_eq!(by.iter().map(|table| table.id.as_str()).collect::<Vec<_>>(), [id], "{name}");
    }
}

#[test]
fn the_hub_writes_plain_data_and_no_credential() {
    let writes = |id| formats::table(id).writes;
    assert!(["edi3-coo", "unece-prefcoo"].into_iter().all(writes));
    assert!(!["tradetrust-coo", "aanzfta-coo", "usmca-vc", "traceability-coo"].into_iter().any(writes));
}
