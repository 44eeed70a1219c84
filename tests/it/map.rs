//! Mapping a document that is not as it should be: what is found, where, and what is kept.

use coohub::{
    decode::document::Syntax,
    map,
    model::{
        finding::{Finding, Level},
        reason::Reason,
    },
};

use crate::formats::{document, lines, samples, table};

/// The COD sample with one text replaced.
fn cod(from: &str, to: &str) -> map::Draft {
    let table = table("aladi-cod");
    let sample = samples(&table).into_iter().find(|path| path.ends_with("a14-forma18-motores.xml")).unwrap();
    let text = std::fs::read_to_string(sample).unwrap();
    assert!(text.contains(from), "{from}");
    map::map(&table, &document(Syntax::Xml, text.replacen(from, to, 1).as_bytes()))
}

fn only(draft: &map::Draft) -> &Finding {
    assert_eq!(draft.findings.len(), 1, "{:#?}", draft.findings);
    &draft.findings[0]
}

#[test]
fn a_wrong_count_is_a_warning_with_its_line() {
    let draft = cod("<GoodsQty>4</GoodsQty>", "<GoodsQty>5</GoodsQty>");
    let finding = only(&draft);
    assert_eq!((finding.level, finding.reason), (Level::Warning, Reason::CountMismatch));
    let position = finding.position.as_ref().unwrap();
    assert!(position.path.ends_with("/GoodsList/GoodsQty"), "{position}");
    assert!(position.line > 0);
}

#[test]
fn a_link_to_no_invoice_is_broken_and_its_text_is_kept() {
    let draft = cod("<GoodsInvoiceOrderNo>3<", "<GoodsInvoiceOrderNo>9<");
    assert_eq!(only(&draft).reason, Reason::LinkBroken);
    assert_eq!(only(&draft).place.unwrap().path(), "items[4].invoice");
    assert_eq!(draft.remainder.len(), 1);
}

#[test]
fn an_unknown_importing_country_is_severe_because_the_hub_routes_by_it() {
    let draft = cod("<ImporterCountry>BR<", "<ImporterCountry>FR<");
    let finding = only(&draft);
    assert_eq!((finding.level, finding.reason), (Level::Severe, Reason::CodeUnknown));
    assert!(!finding.advice.contains("FR"), "a finding never quotes the document");
}

#[test]
fn a_number_of_a_length_the_format_does_not_know_is_severe() {
    let draft = cod("AR004A14260000042100", "AR004A1426000004210");
    assert_eq!((only(&draft).level, only(&draft).reason), (Level::Severe, Reason::FieldInvalid));
    assert_eq!(draft.identity.lineage.as_deref(), Some("AR004A1426000004210"));
    assert_eq!(draft.identity.version, None);
}

#[test]
fn the_identity_is_issuer_lineage_and_version() {
    let draft = cod("AR004A14260000042100", "AR004A14260000042101");
    assert_eq!(draft.identity.issuer.as_deref(), Some("AR004"));
    assert_eq!(draft.identity.number.as_deref(), Some("AR004A14260000042101"));
    assert_eq!(draft.identity.lineage.as_deref(), Some("AR004A142600000421"));
    assert_eq!(draft.identity.version, Some(1));
}

#[test]
fn an_absent_demanded_field_is_missing_at_its_place() {
    let draft = cod("<GoodsItemCode>8421.23.00</GoodsItemCode>", "");
    assert_eq!(only(&draft).reason, Reason::FieldMissing);
    assert_eq!(only(&draft).place.unwrap().path(), "items[3].hs.code");
}

#[test]
fn signatures_are_neither_mapped_nor_kept() {
    let signature = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignatureValue>AAAA</SignatureValue></Signature>";
    let draft = cod("</COD>\n", &format!("</COD>{signature}\n"));
    assert_eq!((draft.findings, draft.remainder), (Vec::new(), Vec::new()));
}

#[test]
fn order_numbers_are_followed_not_positions() {
    // The invoices change places; the items still point to the same ones.
    let table = table("aladi-cod");
    let sample = samples(&table).into_iter().find(|path| path.ends_with("a14-forma18-motores.xml")).unwrap();
    let text = std::fs::read_to_string(sample).unwrap();
    let swapped = text
        .replacen("<InvoiceOrderNo>1<", "<InvoiceOrderNo>x<", 1)
        .replacen("<InvoiceOrderNo>3<", "<InvoiceOrderNo>1<", 1)
        .replacen("<InvoiceOrderNo>x<", "<InvoiceOrderNo>3<", 1);
    let draft = map::map(&table, &document(Syntax::Xml, swapped.as_bytes()));
    let found = lines(&draft.certificate);
    assert!(found.contains(&"items[1].invoice = 3".to_owned()), "{found:#?}");
    assert!(found.contains(&"items[4].invoice = 1".to_owned()), "{found:#?}");
}
