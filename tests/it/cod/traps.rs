//! The traps of real certificates, one test each.

use std::fs;

use coohub::{
    decode::document::Syntax,
    map::{self, Draft},
    model::{
        finding::{Finding, Level},
        reason::Reason,
    },
    render,
};

use crate::{
    formats::{document, lines, samples, table, tables},
    support::need::corpus,
};

use super::made;

/// The text of a shipped sample.
fn sample(id: &str, name: &str) -> String {
    let path = samples(&table(id)).into_iter().find(|path| path.ends_with(name)).unwrap();
    fs::read_to_string(path).unwrap()
}

/// A sample with texts replaced, mapped.
fn changed(id: &str, name: &str, changes: &[(&str, &str)]) -> Draft {
    let mut text = sample(id, name);
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    map::map(&table(id), &document(Syntax::Xml, text.as_bytes()))
}

fn motores(changes: &[(&str, &str)]) -> Draft {
    changed("aladi-cod", "a14-forma18-motores.xml", changes)
}

fn cueros(changes: &[(&str, &str)]) -> Draft {
    changed("aladi-cod-2", "a60-forma60-cueros.xml", changes)
}

fn says(draft: &Draft, line: &str) {
    let found = lines(&draft.certificate);
    assert!(found.iter().any(|here| here == line), "{line} is not in {found:#?}");
}

fn only(draft: &Draft) -> &Finding {
    assert_eq!(draft.findings.len(), 1, "{:#?}", draft.findings);
    &draft.findings[0]
}

/// Reason, place and line of the only finding.
fn found(draft: &Draft) -> (Reason, String, u32) {
    let finding = only(draft);
    let place = finding.place.map(|place| place.path()).unwrap_or_default();
    (finding.reason, place, finding.position.as_ref().unwrap().line)
}

fn line_of(text: &str, part: &str) -> u32 {
    let at = text.lines().position(|line| line.contains(part)).unwrap();
    u32::try_from(at + 1).unwrap()
}

#[test]
fn a_byte_order_mark_changes_nothing_although_aladi_forbids_it() {
    let text = sample("aladi-cod", "a14-forma18-motores.xml");
    let marked = document(Syntax::Xml, format!("\u{FEFF}{text}").as_bytes());
    assert!(table("aladi-cod").recognises(&marked));
    assert_eq!(lines(&map::map(&table("aladi-cod"), &marked).certificate), lines(&motores(&[]).certificate));
}

#[test]
fn newlines_and_padding_in_a_token_are_collapsed_in_the_certificate_only() {
    let Some(bytes) = corpus("aladi-cod/A14-FormA18-unsigned.xml") else { return };
    let read = document(Syntax::Xml, &bytes);
    let draft = map::map(&table("aladi-cod"), &read);
    says(
        &draft,
        "items[1].origin.criterionText = XXXVIII Protocolo Adicional - Al Acuerdo de Complementacion Economica N° ACE 14 - Titulo III - ARTICULO 16",
    );
    // An address is a string, no token: its padding is the exporter's.
    let address =
        lines(&draft.certificate).into_iter().find(|line| line.starts_with("importer.address.line"));
    assert!(address.unwrap().ends_with("Unileste\n                            "));
}

#[test]
fn a_weight_with_six_zeros_has_no_decimals_and_one_with_five_digits_has_too_many() {
    let zeros = motores(&[("<GoodsItemWeightAmount>48<", "<GoodsItemWeightAmount>4500.000000<")]);
    assert_eq!(zeros.findings, Vec::new());
    says(&zeros, "items[1].quantity = 4500.000000");
    let digits = motores(&[("<GoodsItemWeightAmount>48<", "<GoodsItemWeightAmount>4500.00001<")]);
    assert_eq!(found(&digits).0, Reason::FieldInvalid);
}

#[test]
fn a_moment_keeps_its_offset_and_its_seven_digits_and_a_date_without_zone_its_day() {
    let draft = motores(&[
        ("2026-03-05T10:20:00-03:00", "2018-09-14T09:24:33.2592964-03:00"),
        ("<InvoiceDate>2026-03-02T00:00:00", "<InvoiceDate>2018-09-12T00:00:00"),
    ]);
    assert_eq!(draft.findings, Vec::new());
    says(&draft, "declaration.date = 2018-09-14T09:24:33.2592964-03:00");
    says(&draft, "invoices[1].date = 2018-09-12T00:00:00");
    for target in tables() {
        let arrives = render::trace(&target, &draft.certificate).arrives;
        let mut dates = lines(&arrives).into_iter().filter(|line| line.starts_with("invoices[1].date = "));
        assert!(
            dates.clone().all(|line| line.contains("= 2018-09-12")),
            "{}: {:?}",
            target.id,
            dates.next_back()
        );
    }
}

#[test]
fn a_number_has_20_or_26_characters_and_its_last_two_count_rectifications() {
    let numbers = [
        ("AR004A14260000042100", Some("AR004A142600000421"), Some(0)),
        ("AR004A14260000042103", Some("AR004A142600000421"), Some(3)),
        ("AR004A14260000000000042101", Some("AR004A142600000000000421"), Some(1)),
        ("AR004A142600004210", None, None),
    ];
    for (number, lineage, version) in numbers {
        let draft = motores(&[("AR004A14260000042100", number)]);
        assert_eq!(draft.identity.version, version, "{number}");
        match lineage {
            Some(lineage) => assert_eq!(draft.identity.lineage.as_deref(), Some(lineage)),
            None => {
                assert_eq!((only(&draft).level, only(&draft).reason), (Level::Severe, Reason::FieldInvalid))
            }
        }
    }
}

#[test]
fn a_version_is_read_by_its_own_table_and_1_8_1_which_never_was_by_none() {
    let text = sample("aladi-cod", "a14-forma18-motores.xml");
    let by = |version: &str| -> Vec<String> {
        let text = text.replace("<CODVer>1.8.2<", &format!("<CODVer>{version}<"));
        let read = document(Syntax::Xml, text.as_bytes());
        let tables = tables().into_iter().filter(|table| table.recognises(&read));
        tables.map(|table| table.id.to_string()).collect()
    };
    for version in ["1.8.0", "1.8.2", "1.8.3"] {
        assert_eq!(by(version), ["aladi-cod"], "{version}");
    }
    assert_eq!((by("2.0.0"), by("4.1.0")), (vec!["aladi-cod-2".to_owned()], vec!["aladi-cod-4".to_owned()]));
    for version in ["1.8.1", "1.8", "4.1.1", "9.0.0"] {
        assert_eq!(by(version), Vec::<String>::new(), "{version}");
    }
}

#[test]
fn a_form_that_came_later_is_none_of_an_earlier_version() {
    let draft = motores(&[("<FormA18>", "<FormA73>"), ("</FormA18>", "</FormA73>")]);
    assert_eq!((only(&draft).level, only(&draft).reason), (Level::Severe, Reason::FormatUnknown));
}

#[test]
fn a_unit_is_a_free_text_and_keeps_its_word() {
    let draft = motores(&[]);
    says(&draft, "items[1].quantityUnit = C62");
    says(&draft, "items[1].quantityUnitText = UNIDADES");
    let unknown = motores(&[("<GoodsItemMeasureUnit>UNIDADES<", "<GoodsItemMeasureUnit>FARDOS CHICOS<")]);
    let text = sample("aladi-cod", "a14-forma18-motores.xml");
    let line = line_of(&text, "<GoodsItemMeasureUnit>UNIDADES<");
    assert_eq!(found(&unknown), (Reason::CodeUnknown, "items[1].quantityUnit".to_owned(), line));
    says(&unknown, "items[1].quantityUnitText = FARDOS CHICOS");
}

#[test]
fn a_currency_is_a_free_text_and_keeps_its_words() {
    let draft = motores(&[]);
    says(&draft, "currency = USD");
    says(&draft, "currencyText = DOLARES ESTADOUNIDENSES");
    let unknown = motores(&[("DOLARES ESTADOUNIDENSES", "moneda de cuenta")]);
    assert_eq!(found(&unknown).0, Reason::CodeUnknown);
    says(&unknown, "currencyText = moneda de cuenta");
    assert_eq!(unknown.certificate.text("currency"), None);
}

#[test]
fn fob_is_in_us_dollars_by_rule_and_no_other_currency_can_be_written() {
    let cafe = changed("aladi-cod", "a14-forma14-cafe.xml", &[]);
    says(&cafe, "items[1].currency = USD");
    let table = table("aladi-cod");
    let plan = table.plans.iter().find(|plan| plan.variant.as_deref() == Some("FormA14")).unwrap();
    let currency = made::field("items[].currency");
    let dollars = made::certificate(plan, 1, |row| row.required);
    let none = dollars.only(|field| field != currency);
    let unfilled = render::trace(&table, &none).unfilled;
    assert!(unfilled.len() == 1 && unfilled[0].at.ends_with("/GoodsItemFOB"), "{unfilled:?}");
}

#[test]
fn items_name_invoices_by_order_number_whatever_numbers_those_are() {
    let alpaca = changed("aladi-cod-4", "a67-forma67-alpaca.xml", &[]);
    // The order numbers are 10 and 20; positions are what the certificate keeps.
    says(&alpaca, "items[1].invoice = 2");
    says(&alpaca, "items[2].invoice = 1");
}

#[test]
fn a_broken_link_and_an_order_number_given_twice_are_found_with_their_line() {
    let text = sample("aladi-cod", "a14-forma18-motores.xml");
    let broken = motores(&[("<GoodsInvoiceOrderNo>3<", "<GoodsInvoiceOrderNo>9<")]);
    let line = line_of(&text, "<GoodsInvoiceOrderNo>3<");
    assert_eq!(found(&broken), (Reason::LinkBroken, "items[4].invoice".to_owned(), line));
    let twice = motores(&[
        ("<InvoiceOrderNo>2<", "<InvoiceOrderNo>1<"),
        ("<GoodsInvoiceOrderNo>2<", "<GoodsInvoiceOrderNo>3<"),
    ]);
    let line = line_of(&text, "<InvoiceOrderNo>2<");
    assert_eq!(found(&twice), (Reason::LinkBroken, String::new(), line));
    let text = sample("aladi-cod-2", "a60-forma60-cueros.xml");
    let producer = cueros(&[("<GoodsProducerOrderNo>2<", "<GoodsProducerOrderNo>7<")]);
    // The pointer finds nobody, and nobody points to the second producer any more.
    let said =
        producer.findings.iter().map(|finding| (finding.reason, finding.position.as_ref().unwrap().line));
    let (pointer, number) =
        (line_of(&text, "<GoodsProducerOrderNo>2<"), line_of(&text, "<ProducerOrderNo>2<"));
    assert_eq!(said.collect::<Vec<_>>(), [(Reason::LinkBroken, pointer), (Reason::LinkBroken, number - 1)]);
}

#[test]
fn the_producer_is_the_exporter_or_another_and_may_be_confidential() {
    let draft = cueros(&[]);
    says(&draft, "items[1].producerIsExporter = true");
    says(&draft, "items[2].producerIsExporter = false");
    says(&draft, "items[2].producerConfidential = true");
    says(&draft, "items[2].producer.address.country = UY");
    for id in ["edi3-coo", "cn-singlewindow"] {
        let arrives = lines(&render::project(&table(id), &draft.certificate));
        assert!(arrives.contains(&"items[2].producer.name = Talabartería La Coronilla".to_owned()), "{id}");
    }
    let neither = cueros(&[("DIFERENTE", "OTRO")]);
    assert_eq!(found(&neither).0, Reason::FieldInvalid);
}

#[test]
fn a_regional_value_content_is_a_method_and_never_a_percentage() {
    let draft = cueros(&[]);
    says(&draft, "items[2].origin.contentMethod = CN");
    assert_eq!(draft.certificate.all(made::field("items[].origin.contentPercent")).count(), 0);
    let percent = cueros(&[("<GoodsItemRVC>CN<", "<GoodsItemRVC>45<")]);
    assert_eq!(found(&percent).0, Reason::CodeUnknown);
}

#[test]
fn several_other_instances_of_an_item_are_a_line_each() {
    says(&cueros(&[]), "items[2].origin.otherInstances = DMI\nACU");
}

#[test]
fn the_agreements_13_14_and_57_use_the_form_of_18() {
    for code in ["A02", "A13", "A14", "A57"] {
        let acronym = format!("<AgreementAcronym>{code}<");
        let draft = motores(&[("<AgreementAcronym>A14<", &acronym)]);
        assert_eq!(draft.findings, Vec::new(), "{code}");
        says(&draft, &format!("agreement.code = {code}"));
        says(&draft, "form = FormA18");
    }
}

#[test]
fn what_the_pdf_spells_otherwise_than_the_xsd_is_kept_but_not_mapped() {
    let port = motores(&[
        ("<TransportPortOfLoading>", "<TransportPortofLoading>"),
        ("</TransportPortOfLoading>", "</TransportPortofLoading>"),
    ]);
    assert_eq!(found(&port).0, Reason::FieldMissing);
    assert_eq!(port.remainder.len(), 1);
    let ruling = cueros(&[
        ("<GoodsArIssueDate>", "<GoodsARIssueDate>"),
        ("</GoodsArIssueDate>", "</GoodsARIssueDate>"),
    ]);
    assert_eq!((ruling.findings.len(), ruling.remainder.len()), (0, 1));
}

#[test]
fn a_field_is_one_canonical_field_whatever_version_or_agreement_calls_it() {
    let named = [
        ("aladi-cod", "FormR252", "exporter.address.city", "ExporterCity"),
        ("aladi-cod-2", "FormR252", "exporter.address.city", "ExporterCityLocality"),
        ("aladi-cod-4", "FormR252", "exporter.address.city", "ExporterCity"),
        ("aladi-cod", "FormR252", "issuer.address.city", "EHCity"),
        ("aladi-cod-2", "FormR252", "issuer.address.city", "EHCityLocality"),
        ("aladi-cod-4", "FormA18", "thirdParty.name", "ThirdOpBusinessName"),
        ("aladi-cod-4", "FormA72", "thirdParty.name", "Op3cBusinessName"),
        ("aladi-cod-4", "FormA60", "thirdParty.invoice.id", "ThirdOpInvoiceNo"),
        ("aladi-cod", "FormA33", "declaration.signatory", "RepresentativeSubmitterName"),
        ("aladi-cod-2", "FormA33", "declaration.signatory", "SubscriberSubmitterName"),
        ("aladi-cod", "FormA18", "pacRemarks", "PACInputsComment"),
        ("aladi-cod-4", "FormA18", "pacRemarks", "PACComments"),
    ];
    for (id, form, path, tag) in named {
        let table = table(id);
        let plan = table.plans.iter().find(|plan| plan.variant.as_deref() == Some(form)).unwrap();
        let certificate = made::certificate(plan, 1, |_| true);
        let text = certificate.text(path).unwrap_or_else(|| panic!("{id} {form}: {path}"));
        let bytes = render::bytes(&table, &render::trace(&table, &certificate).document);
        let written = String::from_utf8(bytes).unwrap();
        assert!(written.contains(&format!("<{tag}>{text}</{tag}>")), "{id} {form}: {tag}\n{written}");
    }
}

#[test]
fn ace_6_has_both_operators_and_the_third_one_counts_first() {
    let table = table("aladi-cod");
    let plan = table.plans.iter().find(|plan| plan.variant.as_deref() == Some("FormA6")).unwrap();
    let certificate =
        made::certificate(plan, 1, |row| row.required || row.at.ends_with("/ThirdOpBusinessName"));
    let bytes = render::bytes(&table, &render::trace(&table, &certificate).document);
    let text = String::from_utf8(bytes).unwrap();
    let end = "</ThirdOpComments>";
    assert!(text.contains(end) && !text.contains("Op3c"), "what 10.3 says is not said again: {text}");
    let op3c = "<Op3cComments><Op3cBusinessName>Otra S.A.</Op3cBusinessName></Op3cComments>";
    let text = text.replace(end, &format!("{end}{op3c}"));
    let map = |text: &str| map::map(&table, &document(Syntax::Xml, text.as_bytes()));
    let name = certificate.text("thirdParty.name").unwrap();
    let both = map(&text);
    says(&both, &format!("thirdParty.name = {name}"));
    assert_eq!((both.findings.len(), both.remainder.len()), (0, 1));
    let alone = map(&text.replace(&format!("<ThirdOpBusinessName>{name}</ThirdOpBusinessName>"), ""));
    says(&alone, "thirdParty.name = Otra S.A.");
    assert_eq!((alone.findings.len(), alone.remainder.len()), (0, 0));
}

#[test]
fn the_real_certificate_fills_the_same_places_as_ever() {
    let Some(bytes) = corpus("aladi-cod/A14-FormA18-unsigned.xml") else { return };
    let draft = map::map(&table("aladi-cod"), &document(Syntax::Xml, &bytes));
    assert_eq!((draft.findings.len(), draft.remainder.len()), (0, 0));
    let places: Vec<String> = draft.certificate.iter().map(|(place, _)| place.path()).collect();
    assert_eq!(places.join("\n") + "\n", include_str!("real-places.txt"));
}

#[test]
fn one_number_is_the_net_weight_in_a_unit_of_mass_and_the_quantity_in_another() {
    let draft = motores(&[]);
    says(&draft, "items[4].netWeight = 350.2500");
    says(&draft, "items[4].netWeightUnit = KGM");
    says(&draft, "items[3].quantity = 1200");
    for (path, entries) in [("items[].netWeight", 1), ("items[].quantity", 3)] {
        assert_eq!(draft.certificate.all(made::field(path)).count(), entries, "{path}");
    }
}

#[test]
fn a_number_of_the_application_is_a_number() {
    let draft = motores(&[("<DeclarationRequestNo>20260318<", "<DeclarationRequestNo>EXP-20260318<")]);
    assert_eq!(found(&draft).0, Reason::FieldInvalid);
    assert_eq!(draft.remainder.len(), 1);
}
