//! What makes a document an issued certificate of a body its source may speak for.
//!
//! Method: a good document in the canonical profile, one change a row, and the codes that come of it.

use coohub::{
    decode::{self, document::Syntax, limit::Limits, proof::Proof},
    map,
    model::{
        envelope::Envelope,
        finding::{Finding, Level},
        id::MemberId,
        time::Timestamp,
        value::Date,
    },
    region::{Region, member::Form},
    validate::{self, Case},
};

use crate::support::region::TestRegion;

const GOOD: &str = r#"{
    "number": "A-1", "agreement": {"code": "mecta"}, "issueDate": "2026-03-01",
    "issuer": {"id": "XA1"}, "destinationCountry": "XC",
    "invoices": [{"id": "7", "date": "2026-02-20"}],
    "items": [{"number": "1", "description": "tea", "hs": {"code": "090230"}}]
}"#;

fn judged(
    region: &Region,
    member: &str,
    document: &str,
    envelope: &Envelope,
    proof: &Proof,
) -> Result<Vec<Finding>, Vec<Finding>> {
    let decoded = decode::decode(Syntax::Json, document.as_bytes(), &Limits::DEFAULT).unwrap();
    let draft = map::canonical::map(&decoded.document);
    let case = Case {
        region,
        source: &region.members[&MemberId::new(member).unwrap()],
        envelope,
        draft: &draft,
        proof,
        form: &Form::Canonical(Syntax::Json),
        today: &Date::new("2026-11-23").unwrap(),
        received: Timestamp::parse("2026-11-23T12:00:00Z").unwrap(),
    };
    validate::validate(&case).map(|judged| judged.findings)
}

fn codes(found: &[Finding], level: Level) -> Vec<&'static str> {
    found.iter().filter(|finding| finding.level == level).map(|finding| finding.reason.code()).collect()
}

/// Severe codes of the good document with one thing changed.
fn severe(region: &Region, change: (&str, &str)) -> Vec<&'static str> {
    assert!(GOOD.contains(change.0), "{}", change.0);
    let document = GOOD.replacen(change.0, change.1, 1);
    match judged(region, "almora", &document, &Envelope::original(), &Proof::default()) {
        Ok(_) => Vec::new(),
        Err(findings) => codes(&findings, Level::Severe),
    }
}

#[test]
fn each_thing_that_keeps_a_document_from_being_issued_has_its_code() {
    let region = TestRegion::mec().load();
    let table: &[((&str, &str), &[&str])] = &[
        (("", ""), &[]),
        (("\"number\": \"A-1\",", ""), &["not-issued"]),
        (("\"A-1\"", "\"б/н\""), &["not-issued"]),
        (("\"issueDate\": \"2026-03-01\",", ""), &["not-issued"]),
        (("\"issuer\": {\"id\": \"XA1\"},", ""), &["not-issued"]),
        (("XA1", "XB1"), &["issuer-not-yours"]),
        (("2026-03-01", "2019-03-01"), &["issuer-out-of-dates", "agreement-not-party"]),
        (("\"mecta\"", "\"afta\""), &["agreement-unknown"]),
        (("\"agreement\": {\"code\": \"mecta\"},", ""), &["agreement-unknown"]),
    ];
    for (change, expected) in table {
        assert_eq!(severe(&region, *change), *expected, "{change:?}");
    }
}

#[test]
fn one_finding_names_all_that_lacks() {
    let region = TestRegion::mec().load();
    let findings =
        judged(&region, "almora", r#"{"title": "a draft"}"#, &Envelope::original(), &Proof::default())
            .unwrap_err();
    let not_issued = findings.iter().find(|finding| finding.reason.code() == "not-issued").unwrap();
    assert!(
        not_issued.advice.contains("the issuing body, the certificate number, the issue date"),
        "{}",
        not_issued.advice
    );
}

#[test]
fn the_substance_of_origin_is_warned_about_and_raised_only_by_the_agreement() {
    let tea = GOOD.replacen("\"2026-02-20\"", "\"2026-04-01\"", 1).replacen("090230", "9O", 1);
    let region = TestRegion::mec().load();
    let findings = judged(&region, "almora", &tea, &Envelope::original(), &Proof::default()).unwrap();
    assert_eq!(codes(&findings, Level::Warning), ["field-invalid", "field-invalid"]);

    let strict = TestRegion::mec()
        .edit("agreements/mecta.toml", "proof =", "severe = [\"field-invalid\"]\nproof =")
        .load();
    let findings = judged(&strict, "almora", &tea, &Envelope::original(), &Proof::default()).unwrap_err();
    assert_eq!(codes(&findings, Level::Severe), ["field-invalid", "field-invalid"]);
}

#[test]
fn an_invoice_number_that_names_no_invoice_is_a_warning_with_its_line() {
    let region = TestRegion::mec().load();
    for (number, expected) in [("1", &[][..]), ("4", &["link-broken"])] {
        let item = format!("\"items\": [\n{{\"invoice\": \"{number}\", ");
        let document = GOOD.replacen("\"items\": [{", &item, 1);
        let found = judged(&region, "almora", &document, &Envelope::original(), &Proof::default()).unwrap();
        assert_eq!(codes(&found, Level::Warning), expected);
        for finding in found.iter().filter(|finding| finding.reason.code() == "link-broken") {
            assert_eq!(finding.position.as_ref().map(|position| position.line), Some(6), "{finding}");
            assert_eq!(finding.advice, "there is no invoices[4]");
        }
    }
}

#[test]
fn what_envelope_and_document_both_state_must_agree() {
    let region = TestRegion::mec().load();
    let agree = Envelope { number: Some("A-1".into()), issuer: Some("XA1".into()), ..Envelope::original() };
    assert!(judged(&region, "almora", GOOD, &agree, &Proof::default()).is_ok());
    let differ = Envelope { number: Some("A-2".into()), issuer: Some("XB1".into()), ..Envelope::original() };
    let findings = judged(&region, "almora", GOOD, &differ, &Proof::default()).unwrap_err();
    assert_eq!(codes(&findings, Level::Severe), ["envelope-mismatch", "envelope-mismatch"]);
}
