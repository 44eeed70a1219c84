//! Traps that no test of a single format looks at.

use std::fs;

use coohub::{
    decode::{self, document::Syntax, limit::Limits, proof},
    map::{self, Draft},
    model::{finding::Level, reason::Reason},
    render::{self, coverage::Coverage},
};

use super::tables;
use crate::formats::{document, lines, mapped, samples, table};

/// The text of a sample.
fn sample(id: &str, name: &str) -> String {
    let path = samples(&table(id)).into_iter().find(|path| path.ends_with(name)).unwrap();
    fs::read_to_string(path).unwrap()
}

/// A sample of the China Single Window, changed.
fn china(name: &str, changes: &[(&str, &str)]) -> Draft {
    let mut text = sample("cn-singlewindow", name);
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    map::map(&table("cn-singlewindow"), &document(Syntax::Xml, text.as_bytes()))
}

fn at(draft: &Draft, path: &str) -> Option<String> {
    draft.certificate.iter().find(|(place, _)| place.path() == path).map(|(_, value)| value.to_string())
}

fn recognised(text: &str) -> Vec<String> {
    let read = document(Syntax::Xml, text.as_bytes());
    let tables = tables().iter().filter(|table| table.syntax == Syntax::Xml && table.recognises(&read));
    tables.map(|table| table.id.to_string()).collect()
}

#[test]
fn only_the_two_outer_elements_of_a_cod_stand_in_the_envelopes_namespace() {
    let text = sample("aladi-cod", "a14-forma18-motores.xml");
    assert_eq!(recognised(&text), ["aladi-cod"]);
    // The namespace of SOAP as it was finished is another one, and so is none.
    let later =
        text.replace("http://www.w3.org/2001/12/soap-envelope", "http://www.w3.org/2003/05/soap-envelope");
    assert_eq!(recognised(&later), Vec::<String>::new());
    // What is inside has none; an element in one is a stranger, kept and not mapped.
    let inside = text.replacen("<CODVer>", "<CODVer xmlns=\"http://www.w3.org/2001/12/soap-envelope\">", 1);
    assert_ne!(inside, text);
    assert_eq!(recognised(&inside), Vec::<String>::new());
    let name = text.replacen("<ExporterBusinessName>", "<ExporterBusinessName xmlns=\"urn:x\">", 1);
    let draft = map::map(&table("aladi-cod"), &document(Syntax::Xml, name.as_bytes()));
    assert_eq!(at(&draft, "exporter.name"), None);
    assert!(
        draft.remainder.iter().any(|(path, _)| path.ends_with("ExporterBusinessName")),
        "{:?}",
        draft.remainder
    );
}

#[test]
fn a_cod_certified_and_not_yet_countersigned_is_read_and_says_who_has_not_signed() {
    // No XSD has this stage: the issuing body's part is there and its official has not signed.
    let text = sample("aladi-cod", "a14-forma18-motores.xml");
    assert!(text.contains("<CertificationEH>") && !text.contains("Signature>"));
    let decoded = decode::decode(Syntax::Xml, text.as_bytes(), &Limits::DEFAULT).unwrap();
    let table = table("aladi-cod");
    let draft = map::map(&table, &decoded.document);
    assert!(draft.identity.number.is_some());
    let profile = table.signature.unwrap();
    let proof = proof::verify(profile, &decoded.tree.unwrap(), &table.algorithms).unwrap();
    assert!(proof.official.is_none() && proof.exporter.is_none());
}

#[test]
fn chinas_elements_in_the_namespace_of_signatures_are_no_signatures() {
    let text = sample("cn-singlewindow", "rcep-lamps.xml");
    assert_eq!(recognised(&text), ["cn-singlewindow"]);
    assert!(table("cn-singlewindow").signature.is_none());
    assert_eq!(at(&china("rcep-lamps.xml", &[]), "number").as_deref(), Some("RC26000000000017"));
    let sane = text.replace("xmlns=\"http://www.w3.org/2000/09/xmldsig#\"", "xmlns=\"urn:cn:coo\"");
    assert_eq!(recognised(&sane), Vec::<String>::new());
    // And a real signature is no certificate, whatever it is called.
    let signed = "<Certificate xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo/></Certificate>";
    assert_eq!(recognised(signed), Vec::<String>::new());
}

#[test]
fn the_share_china_states_is_that_of_imported_content_and_stays_it() {
    let draft = china("rcep-lamps.xml", &[]);
    assert_eq!(at(&draft, "items[1].origin.contentPercent").as_deref(), Some("36.5"));
    assert_eq!(at(&draft, "items[1].origin.contentMethod").as_deref(), Some("non-originating-share"));
    for target in tables() {
        let text =
            String::from_utf8(render::bytes(target, &render::trace(target, &draft.certificate).document));
        assert!(!text.unwrap().contains("63.5"), "{}: the hub does not compute a value content", target.id);
    }
}

#[test]
fn a_criterion_counts_only_in_the_kind_of_certificate_that_has_it() {
    let other = china("rcep-lamps.xml", &[("<OriCriteria>CTC<", "<OriCriteria>40%<")]);
    assert_eq!(at(&other, "items[2].origin.criterion"), None, "40% is Georgia's, and this is RCEP");
    let finding = &other.findings[0];
    assert_eq!((finding.reason, finding.level), (Reason::FieldInvalid, Level::Warning));
    assert!(finding.position.as_ref().unwrap().line > 0);
    assert!(other.remainder.iter().any(|(_, text)| text == "40%"));
    let wholly = china("rcep-lamps.xml", &[("<OriCriteria>CTC<", "<OriCriteria>CR<")]);
    assert_eq!(at(&wholly, "items[2].origin.criterion").as_deref(), Some("CR"), "chemical reaction, not WO");
}

#[test]
fn china_has_one_currency_for_all_items_and_numbers_of_nineteen_digits() {
    let draft = china("rcep-lamps.xml", &[]);
    assert_eq!(at(&draft, "items[1].currency").as_deref(), Some("USD"));
    assert_eq!(at(&draft, "items[2].currency").as_deref(), Some("USD"));
    let mut two = draft.certificate.clone();
    let (place, _) = two.iter().find(|(place, _)| place.path() == "items[2].currency").unwrap();
    two.set(place, coohub::model::value::Value::Code("CNY".to_owned()));
    let traced = render::trace(&table("cn-singlewindow"), &two);
    let lost: Vec<String> = traced.losses.iter().map(|place| place.path()).collect();
    assert!(lost.contains(&"items[2].currency".to_owned()), "one place, two currencies: {lost:?}");
    let most = "12345678901234.12345";
    let draft = china("rcep-lamps.xml", &[("<GoodsQty>3600<", &format!("<GoodsQty>{most}<"))]);
    assert_eq!(at(&draft, "items[1].quantity").as_deref(), Some(most));
    let text = render::bytes(
        &table("cn-singlewindow"),
        &render::trace(&table("cn-singlewindow"), &draft.certificate).document,
    );
    assert!(String::from_utf8(text).unwrap().contains(most), "no floating point on the way");
}

#[test]
fn chinas_names_and_units_are_kept_in_both_languages_or_named() {
    let draft = china("form-e-replacement.xml", &[]);
    assert_eq!(at(&draft, "items[1].localDescription").as_deref(), Some("瓷砖"));
    assert_eq!(at(&draft, "items[1].quantityUnitText").as_deref(), Some("SQUARE FEET OF TILE"));
    assert_eq!(at(&draft, "items[1].quantityUnit"), None, "no code is guessed");
    assert!(draft.findings.iter().any(|finding| finding.reason == Reason::CodeUnknown));
    // The unit in Chinese has no place of its own and is kept as it came.
    let lamps = china("rcep-lamps.xml", &[]);
    assert!(lamps.remainder.iter().any(|(path, text)| path.ends_with("GoodsUnit") && text == "个"));
}

#[test]
fn bytes_of_another_encoding_are_refused_with_their_place_and_never_guessed() {
    let text = sample("ru-ct1", "am-ru-cognac.xml");
    let (windows, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
    let (korean, _, _) = encoding_rs::EUC_KR.encode("<a>원산지증명서</a>");
    let latin = b"<a>Le\xEDme</a>";
    for (syntax, bytes) in [
        (Syntax::Xml, &windows[..]),
        (Syntax::Xml, &korean[..]),
        (Syntax::Xml, &latin[..]),
        (Syntax::Csv, b"a,b\n\xE9,1\n"),
        (Syntax::Json, b"{\"a\": \"\xE9\"}"),
    ] {
        let Err(finding) = decode::decode(syntax, bytes, &Limits::DEFAULT) else {
            panic!("{syntax:?} is taken")
        };
        assert_eq!(finding.reason, Reason::NotUtf8);
        assert!(finding.position.unwrap().line > 0 && finding.advice.contains("UTF-8"));
    }
    let declared = "<?xml version=\"1.0\" encoding=\"EUC-KR\"?><a/>";
    let Err(finding) = decode::decode(Syntax::Xml, declared.as_bytes(), &Limits::DEFAULT) else {
        panic!("taken")
    };
    assert_eq!(finding.reason, Reason::NotUtf8);
}

#[test]
fn countries_in_any_spelling_are_one_code_and_the_closed_list_of_aladi_stays_closed() {
    let goods = |code: &str| {
        let text = sample("aladi-cod", "a14-forma18-motores.xml");
        let text = text.replacen("<ImporterCountry>BR<", &format!("<ImporterCountry>{code}<"), 1);
        map::map(&table("aladi-cod"), &document(Syntax::Xml, text.as_bytes()))
    };
    let country = |draft: &Draft| at(draft, "importer.address.country").or(at(draft, "destinationCountry"));
    for code in ["AR", "BO", "BR", "CL", "CO", "CU", "EC", "MX", "PA", "PY", "PE", "UY", "VE"] {
        assert_eq!(country(&goods(code)).as_deref(), Some(code));
    }
    for code in ["US", "DO", "Brasil", "BRA", "076"] {
        let draft = goods(code);
        assert!(draft.findings.iter().any(|finding| finding.reason == Reason::CodeUnknown), "{code}");
    }
}

/// Canonical fields of which a format has none, as the crosswalk of fields says, and every one is named as lost.
#[test]
fn what_a_format_has_no_place_for_is_named_as_lost() {
    let json = ["edi3-coo", "aanzfta-coo", "tradetrust-coo"];
    let lacking: [(&[&str], &[&str]); 4] = [
        (
            &["aladi-cod", "aladi-cod-2", "aladi-cod-4"],
            &[
                "items[].packages[].quantity",
                "items[].packages[].kind",
                "marks",
                "transport.means.name",
                "transport.voyage",
                "transport.departureDate",
                "items[].grossWeight",
            ],
        ),
        (
            &json,
            &[
                "items[].value",
                "items[].fob",
                "items[].origin.contentPercent",
                "items[].origin.contentMethod",
                "thirdPartyInvoicing",
                "thirdParty.name",
                "backToBack",
                "retroactive",
                "exhibition",
                "producerConfidential",
                "accumulation",
            ],
        ),
        (
            &["ru-ct1", "ru-ct2", "ru-ct3", "ru-form-a"],
            &["items[].hs.code", "items[].hs.edition", "exhibition", "backToBack"],
        ),
        (&["cn-singlewindow"], &["items[].hs.edition", "backToBack"]),
    ];
    let canonical = Coverage::of(coohub::format::canonical::json().unwrap());
    for (formats, fields) in lacking {
        for format in formats {
            let pair = canonical.to(&Coverage::of(&table(format)));
            for field in fields {
                let lost = pair.lost.iter().any(|lost| lost.path() == *field);
                assert!(lost, "{format} is said to carry {field}");
            }
        }
    }
}

#[test]
fn what_only_china_and_the_cod_have_arrives_in_them_and_is_lost_by_name_elsewhere() {
    let china = mapped(&table("cn-singlewindow"), &samples(&table("cn-singlewindow"))[1]).certificate;
    let known = lines(&china);
    for field in ["exhibition", "producerConfidential"] {
        let has = known.iter().any(|line| line.starts_with(&format!("{field} = ")));
        for target in tables() {
            let traced = render::trace(target, &china);
            let arrives = lines(&traced.arrives).iter().any(|line| line.starts_with(&format!("{field} = ")));
            let lost = traced.losses.iter().any(|place| place.path() == field);
            assert!(!has || arrives != lost, "{}: {field}", target.id);
        }
    }
}
