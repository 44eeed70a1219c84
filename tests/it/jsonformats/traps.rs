//! The traps of the JSON formats, each a test.

use coohub::{decode::document::Syntax, map, render};
use serde_json::{Value, json};

use super::{at, findings, found, mapped, real, shipped, unmapped, with};
use crate::formats;

const PICTURE: &str = "data:image/png;base64,iVBORw0KGgo=";
const NOTHING: [&str; 0] = [];

fn aanzfta() -> Value {
    shipped("aanzfta-coo", "wool-melbourne-hanoi.json")
}

fn edi3() -> Value {
    shipped("edi3-coo", "almora-dunmere-late.json")
}

fn usmca() -> Value {
    shipped("usmca-vc", "valves-ontario-texas.json")
}

#[test]
fn a_country_is_read_as_code_or_as_name_whatever_the_schema_says() {
    let table = formats::table("aanzfta-coo");
    for (name, code) in
        [("Australia", "AU"), ("AU", "AU"), ("australia", "AU"), ("Vietnam", "VN"), ("New Zealand", "NZ")]
    {
        let country = json!({"name": name});
        let sample =
            with(aanzfta(), "/credentialSubject/supplyChainConsignment/exportCountry", Some(country));
        assert_eq!(at(&mapped(&table, &sample), "exportCountry").as_deref(), Some(code), "{name}");
    }
    let usmca = mapped(&formats::table("usmca-vc"), &usmca());
    assert_eq!(at(&usmca, "exporter.address.country").as_deref(), Some("CA"));
    assert_eq!(at(&usmca, "importer.address.country").as_deref(), Some("US"));
    assert_eq!(at(&usmca, "producer.address.country").as_deref(), Some("CA"));
}

#[test]
fn a_country_is_written_as_its_own_schema_says() {
    let written = |id: &str, sample: &Value| {
        let table = formats::table(id);
        let rendered = render::render(&table, &mapped(&table, sample).certificate).unwrap();
        serde_json::from_slice::<Value>(&rendered.bytes).unwrap()
    };
    let names = written("aanzfta-coo", &shipped("aanzfta-coo", "wool-names-for-codes.json"));
    let chain = &names["credentialSubject"]["supplyChainConsignment"];
    assert_eq!(
        (&chain["exportCountry"], &chain["importCountry"]),
        (&json!({"name": "Australia"}), &json!({"name": "Vietnam"}))
    );
    assert_eq!(chain["consignee"]["postalAddress"]["countryCode"], "VN");
    let named = with(edi3(), "/supplyChainConsignment/exportCountry", Some(json!({"name": "Australia"})));
    assert_eq!(written("edi3-coo", &named)["supplyChainConsignment"]["exportCountry"], json!({"code": "AU"}));
}

#[test]
fn a_name_and_a_code_that_disagree_are_both_seen() {
    let both = json!({"code": "AU", "name": "New Zealand"});
    let draft = mapped(
        &formats::table("edi3-coo"),
        &with(edi3(), "/supplyChainConsignment/exportCountry", Some(both)),
    );
    assert_eq!(at(&draft, "exportCountry").as_deref(), Some("AU"));
    assert_eq!(unmapped(&draft), ["/supplyChainConsignment/exportCountry/name"]);
}

#[test]
fn a_country_that_is_neither_is_reported_and_not_taken() {
    let draft = mapped(
        &formats::table("edi3-coo"),
        &with(edi3(), "/supplyChainConsignment/importCountry", Some(json!({"code": "Ruritania"}))),
    );
    assert_eq!(at(&draft, "destinationCountry"), None);
    assert_eq!(findings(&draft), ["severe code-unknown /supplyChainConsignment/importCountry/code"]);
}

#[test]
fn criterion_and_producer_of_a_group_hold_for_each_line_in_it() {
    let draft =
        mapped(&formats::table("tradetrust-coo"), &shipped("tradetrust-coo", "spices-singapore-perth.json"));
    let of = |item: usize, field: &str| at(&draft, &format!("items[{item}].{field}"));
    let criteria: Vec<_> = (1..=3).map(|item| of(item, "origin.criterion").unwrap()).collect();
    assert_eq!(criteria, ["PSR", "PSR", "WP"]);
    assert_eq!(
        (of(1, "producer.name"), of(2, "producer.name")),
        (of(2, "producer.name"), of(1, "producer.name"))
    );
    assert_eq!(of(3, "producer.name"), None);
    assert_eq!(
        (of(1, "invoice"), of(2, "invoice"), of(3, "invoice")),
        (Some("1".into()), Some("2".into()), Some("1".into()))
    );
}

#[test]
fn a_weight_is_a_number_and_its_unit_in_one_text() {
    let pointer = "/credentialSubject/supplyChainConsignment/includedConsignmentItems/0/tradeLineItems/0/transportPackages/0/grossWeight";
    let weigh =
        |text: &str| mapped(&formats::table("aanzfta-coo"), &with(aanzfta(), pointer, Some(json!(text))));
    for (text, number, unit) in
        [("450 Kg", "450", "KGM"), ("450.00 kg", "450.00", "KGM"), ("0.5t", "0.5", "TNE")]
    {
        let draft = weigh(text);
        assert_eq!(at(&draft, "items[1].packages[1].grossWeight").as_deref(), Some(number), "{text}");
        assert_eq!(at(&draft, "items[1].packages[1].grossWeightUnit").as_deref(), Some(unit), "{text}");
    }
    for text in ["450 stone", "heavy", "1,200 Kg"] {
        let draft = weigh(text);
        assert_eq!(at(&draft, "items[1].packages[1].grossWeight"), None, "{text}");
        assert_eq!((unmapped(&draft), draft.findings.len()), (vec![pointer], 1), "{text}");
    }
}

#[test]
fn a_port_is_the_locode_behind_its_prefix_and_a_bare_word_is_none() {
    let pointer = "/supplyChainConsignment/loadingBaseportLocation/iD";
    let table = formats::table("edi3-coo");
    let port = |text: &str| mapped(&table, &with(edi3(), pointer, Some(json!(text))));
    assert_eq!(at(&port("unece.un.org:locode:AUMEL"), "transport.loading.id").as_deref(), Some("AUMEL"));
    for text in ["SIN", "unece.un.org:locode:SIN"] {
        let bad = port(text);
        assert_eq!(at(&bad, "transport.loading.id"), None, "{text}");
        assert_eq!(
            (unmapped(&bad), findings(&bad)),
            (vec![pointer], vec![format!("warning field-invalid {pointer}")])
        );
    }
}

#[test]
fn a_date_keeps_its_milliseconds_its_zone_and_its_day() {
    let table = formats::table("aanzfta-coo");
    for text in ["2026-05-04T23:30:00.000Z", "2026-05-04T23:30:00+10:00", "2026-05-04T00:00:00.000Z"] {
        let draft = mapped(&table, &with(aanzfta(), "/credentialSubject/issueDateTime", Some(json!(text))));
        assert_eq!(at(&draft, "issueDate").as_deref(), Some(text));
        let csv = render::trace(&formats::table("mec-csv"), &draft.certificate);
        assert!(csv.arrives.text("issueDate").unwrap().starts_with("2026-05-04"));
    }
}

#[test]
fn a_date_without_zone_is_read_as_it_is_and_cannot_be_written_where_a_zone_is_demanded() {
    let table = formats::table("edi3-coo");
    let draft = mapped(&table, &with(edi3(), "/issueDateTime", Some(json!("2026-07-02T00:00:00"))));
    assert_eq!(at(&draft, "issueDate").as_deref(), Some("2026-07-02T00:00:00"));
    let rendered = render::render(&table, &draft.certificate).unwrap();
    assert!(rendered.losses.iter().any(|place| place.path() == "issueDate"));
    let day = mapped(&table, &with(edi3(), "/issueDateTime", Some(json!("2 July 2026"))));
    assert_eq!((at(&day, "issueDate"), unmapped(&day)), (None, vec!["/issueDateTime"]));
}

#[test]
fn a_number_keeps_its_digits_and_its_json_type() {
    let table = formats::table("edi3-coo");
    let text =
        serde_json::to_string(&edi3()).unwrap().replace("\"sequenceNumber\":1,", "\"sequenceNumber\":1.0,");
    let draft = map::map(&table, &formats::document(Syntax::Json, text.as_bytes()));
    assert_eq!(at(&draft, "items[1].number").as_deref(), Some("1.0"));
    let bytes = render::render(&table, &draft.certificate).unwrap().bytes;
    assert!(String::from_utf8(bytes).unwrap().contains("\"sequenceNumber\":1.0,"));
    let package = json!({"itemQuantity": {"content": "1200.500"}, "levelCode": {"content": "1"}});
    let pointer = "/specifiedConsignment/0/includedConsignmentItem/1/includedTradeLineItem/0/physicalReferencedLogisticsPackage";
    let table = formats::table("unece-prefcoo");
    let draft = mapped(
        &table,
        &with(shipped("unece-prefcoo", "machines-hamburg.json"), pointer, Some(json!([package]))),
    );
    let written: Value =
        serde_json::from_slice(&render::render(&table, &draft.certificate).unwrap().bytes).unwrap();
    assert_eq!(written.pointer(pointer).unwrap()[0]["itemQuantity"], json!({"content": "1200.500"}));
}

#[test]
fn a_signature_may_be_a_token_a_picture_or_absent() {
    let table = formats::table("aanzfta-coo");
    let pointer = "/credentialSubject/firstSignatoryAuthentication/signature";
    let token = mapped(&table, &aanzfta());
    assert!(at(&token, "declaration.signature").unwrap().starts_with("eyJ"));
    let picture = mapped(&table, &with(aanzfta(), pointer, Some(json!(PICTURE))));
    assert_eq!(at(&picture, "declaration.signature"), None);
    assert_eq!(findings(&picture), [format!("info field-invalid {pointer}")]);
    let absent = mapped(&table, &with(aanzfta(), pointer, None));
    assert_eq!((findings(&absent), unmapped(&absent)), (Vec::new(), NOTHING.to_vec()));
}

#[test]
fn no_file_is_kept_in_what_is_left_over() {
    let file = "QUJD".repeat(50_000);
    let sample = with(
        aanzfta(),
        "/scan",
        Some(json!({"content": file, "again": format!("data:application/pdf;base64,{file}")})),
    );
    let draft = mapped(&formats::table("aanzfta-coo"), &sample);
    assert_eq!(unmapped(&draft), ["/scan/content", "/scan/again"]);
    for (_, text) in &draft.remainder {
        assert!(text.contains("150000 bytes, sha256:") && text.len() < 128, "{text}");
    }
}

#[test]
fn what_wraps_a_document_is_dropped_and_its_attachments_are_named() {
    let draft =
        mapped(&formats::table("tradetrust-coo"), &shipped("tradetrust-coo", "spices-singapore-perth.json"));
    assert_eq!((unmapped(&draft), findings(&draft)), (NOTHING.to_vec(), Vec::new()));
    let attachments: Vec<String> =
        found(&draft).into_iter().filter(|line| line.starts_with("attachments")).collect();
    assert_eq!(
        attachments,
        [
            "attachments[1].mediaType = application/pdf",
            "attachments[1].name = packing-list.pdf",
            "attachments[2].mediaType = application/pdf",
            "attachments[2].name = bill-of-lading.pdf",
        ]
    );
}

#[test]
fn type_arrays_are_read_and_written_in_their_order() {
    let Some(sample) = real("usmca-vc/USMCACertificationOfOrigin.example.json") else { return };
    let table = formats::table("usmca-vc");
    let written = render::trace(&table, &mapped(&table, &sample).certificate);
    let written: Value = serde_json::from_slice(&render::bytes(&table, &written.document)).unwrap();
    // The same document but for the names of countries, which the schema wants as codes.
    let mut wanted = sample;
    for (party, code) in [("importerDetails/0", "MX"), ("producerDetails", "US")] {
        let pointer = format!("/credentialSubject/{party}/location/address/addressCountry");
        *wanted.pointer_mut(&pointer).unwrap() = json!(code);
    }
    assert_eq!(written, wanted);
    let swapped = with(usmca(), "/type", Some(json!(["USMCACertificationOfOrigin", "VerifiableCredential"])));
    assert_eq!(findings(&mapped(&table, &swapped)).len(), 2);
}

#[test]
fn further_importers_stay_unmapped_and_the_flag_says_that_there_are_various() {
    let other = json!({"type": ["Organization"], "name": "Second Importer"});
    let sample = with(usmca(), "/credentialSubject/importerDetails/1", Some(other));
    let sample = with(sample, "/credentialSubject/variousImporters", Some(json!(true)));
    let draft = mapped(&formats::table("usmca-vc"), &sample);
    assert_eq!(at(&draft, "importer.name").as_deref(), Some("Gulf Pipeworks LLC"));
    assert_eq!(at(&draft, "variousImporters").as_deref(), Some("true"));
    assert!(
        unmapped(&draft).contains(&"/credentialSubject/importerDetails/1/name"),
        "{:?}",
        unmapped(&draft)
    );
}

#[test]
fn an_exporter_without_tax_number_is_known_by_its_identifier() {
    let draft = mapped(&formats::table("usmca-vc"), &usmca());
    assert_eq!(at(&draft, "exporter.id").as_deref(), Some("10000 0001 RT0001"));
    assert_eq!(at(&draft, "producer.id").as_deref(), Some("did:web:steel-town-castings.example"));
}

#[test]
fn a_number_that_is_no_uri_is_written_as_one_and_read_back_as_it_was() {
    let certificate =
        mapped(&formats::table("tradetrust-coo"), &shipped("tradetrust-coo", "spices-singapore-perth.json"));
    let table = formats::table("edi3-coo");
    let rendered = render::render(&table, &certificate.certificate).unwrap();
    let written: Value = serde_json::from_slice(&rendered.bytes).unwrap();
    assert_eq!(written["iD"], "urn:coohub:id:SCO%202026/00913");
    assert_eq!(at(&mapped(&table, &written), "number").as_deref(), Some("SCO 2026/00913"));
}

#[test]
fn hs_codes_have_dots_in_edi3_and_digits_in_the_others() {
    let table = formats::table("tradetrust-coo");
    let draft = mapped(&table, &shipped("tradetrust-coo", "spices-singapore-perth.json"));
    assert_eq!(at(&draft, "items[1].hs.code").as_deref(), Some("090812"));
    let written = render::trace(&table, &draft.certificate);
    assert!(String::from_utf8(render::bytes(&table, &written.document)).unwrap().contains("\"0908.12\""));
    let usmca = mapped(&formats::table("usmca-vc"), &usmca());
    assert_eq!(
        (at(&usmca, "items[2].hs.code"), at(&usmca, "items[2].hs.type")),
        (Some("8481909060".into()), Some("HTS".into()))
    );
}
