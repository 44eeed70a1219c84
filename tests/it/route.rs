//! Who gets a certificate, and why: the plan as a table over regions and documents.

use coohub::{
    decode::{self, document::Syntax, limit::Limits},
    map,
    model::id::{AgreementId, MemberId},
    region::{Region, agreement::CopyView},
    route::plan::{self, Case},
};

use crate::support::region::TestRegion;

/// The plan for a document of almora's, in words.
fn planned(region: &Region, fields: &str, test: bool) -> Vec<String> {
    let document = format!(r#"{{"number": "A-1", "issueDate": "2026-03-01", {fields}}}"#);
    let decoded = decode::decode(Syntax::Json, document.as_bytes(), &Limits::DEFAULT).unwrap();
    let certificate = map::canonical::map(&decoded.document).certificate;
    let case = Case {
        region,
        agreement: &region.agreements[&AgreementId::new("mecta").unwrap()],
        source: &MemberId::new("almora").unwrap(),
        certificate: &certificate,
        test,
    };
    match plan::plan(&case) {
        Err(finding) => vec![finding.reason.code().to_owned()],
        Ok(plan) => {
            let view = |view: &CopyView| match view {
                CopyView::Full => "full",
                CopyView::Minimised(_) => "minimised",
                CopyView::Notice => "notice",
            };
            let targets =
                plan.targets().into_iter().map(|target| format!("{} {}", target.member, view(&target.view)));
            let obstacles = plan.obstacles().into_iter().map(|finding| finding.reason.code().to_owned());
            let findings = plan.findings.iter().map(|finding| finding.reason.code().to_owned());
            targets.chain(obstacles).chain(findings).collect()
        }
    }
}

#[test]
fn the_importing_party_is_whom_the_fields_agree_on() {
    let region = TestRegion::mec().load();
    let importer = r#""importer": {"address": {"country": "XC"}}"#;
    let table = [
        (r#""destinationCountry": "XC""#.to_owned(), vec!["corvania full"]),
        (importer.to_owned(), vec!["corvania full"]),
        (format!(r#""destinationCountry": "XC", {importer}"#), vec!["corvania full"]),
        (format!(r#""destinationCountry": "XD", {importer}"#), vec!["destination-conflict"]),
        (r#""destinationCountry": "FR""#.to_owned(), vec!["destination-not-party"]),
        (r#""title": "nowhere yet""#.to_owned(), vec!["destination-missing"]),
        (r#""destinationCountry": "XA""#.to_owned(), vec!["no-link"]),
    ];
    for (fields, expected) in table {
        assert_eq!(planned(&region, &fields, false), expected, "{fields}");
    }
}

#[test]
fn a_union_is_delivered_as_its_agreement_says() {
    let with = |deliver: &str| {
        let union = format!("\n[[union]]\ncode = \"XU\"\nmembers = [\"XC\", \"XD\"]\n{deliver}\n");
        TestRegion::mec().edit("agreements/mecta.toml", "", &union).load()
    };
    let named = r#""destinationCountry": "XU", "importer": {"address": {"country": "XD"}}"#;
    let outside = r#""destinationCountry": "XU", "importer": {"address": {"country": "XE"}}"#;
    let alone = r#""destinationCountry": "XU""#;
    assert_eq!(planned(&with("deliver = \"all\""), alone, false), ["corvania full", "dunmere full"]);
    assert_eq!(planned(&with("deliver = \"named\""), named, false), ["dunmere full"]);
    assert_eq!(planned(&with("deliver = \"named\""), alone, false), ["destination-not-party"]);
    assert_eq!(planned(&with("deliver = \"named\""), outside, false), ["destination-conflict"]);
    assert_eq!(
        planned(&with("deliver = \"central\"\ncentral = \"corvania\""), alone, false),
        ["corvania full"]
    );
}

#[test]
fn a_copy_needs_its_condition_and_a_link_and_the_fullest_view_wins() {
    let copy = "\n[[copy]]\nname = \"transit\"\nwhen = \"transport.transit.country\"\nis = [\"XE\"]\nto = \"estalia\"\nview = \"notice\"\n";
    let region = TestRegion::mec().edit("agreements/mecta.toml", "", copy).load();
    let transit = r#""transport": {"transit": {"country": "XE"}}"#;
    assert_eq!(
        planned(&region, &format!(r#""destinationCountry": "XC", {transit}"#), false),
        ["corvania full", "estalia notice"]
    );
    assert_eq!(planned(&region, r#""destinationCountry": "XC""#, false), ["corvania full"]);
    assert_eq!(
        planned(&region, &format!(r#""destinationCountry": "XE", {transit}"#), false),
        ["estalia full"]
    );
}

#[test]
fn test_traffic_and_live_traffic_never_meet() {
    let to = |state: &str| {
        TestRegion::mec()
            .edit("agreements/mecta.toml", "state = \"live\"", &format!("state = \"{state}\""))
            .load()
    };
    let fields = r#""destinationCountry": "XC""#;
    assert_eq!(planned(&to("live"), fields, false), ["corvania full"]);
    assert_eq!(planned(&to("live"), fields, true), ["test-not-allowed"]);
    assert_eq!(planned(&to("test"), fields, false), ["no-link"]);
    assert_eq!(planned(&to("test"), fields, true), ["corvania full"]);
    assert_eq!(planned(&to("suspended"), fields, false), ["no-link"]);
}
