//! What rendering gives for small tables; the laws over generated certificates are in `tests/it/render.rs`.

use std::path::Path;

use super::*;
use crate::{
    decode::{self, limit::Limits},
    model::{dictionary::Field, id::FormatId, value::Value},
    problem::Problems,
};

const HEAD: &str = "title = \"t\"\nsource = \"s\"\nrole = \"data\"\nreads = true\nwrites = true\n\
                    [identity]\nnumber = \"number\"\n[limits]\nitems_max = 2\n";

fn table(syntax: &str, text: &str) -> Table {
    let problems = Problems::default();
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats/codes");
    let root = if syntax == "xml" { "root = \"Coo\"" } else { "has = [\"Number\"]" };
    let text = format!("syntax = \"{syntax}\"\n{HEAD}[recognise]\n{root}\n{text}");
    let table = Table::read(&FormatId::new("test").unwrap(), &text, &codes, "format.toml", &problems);
    let problems = problems.sorted();
    table.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn rows(rows: &str) -> Table {
    table("xml", &format!("[[block]]\nrows = [\n{{ at = \"Number\", is = \"number\" }},\n{rows}\n]\n"))
}

fn certificate(lines: &[(&str, &str)]) -> Certificate {
    let mut certificate = Certificate::default();
    for (path, text) in [("number", "7")].iter().chain(lines) {
        let mut general = String::new();
        let mut index = crate::model::certificate::Index::TOP;
        for (i, piece) in path.split('[').enumerate() {
            let (position, rest) = piece.split_once(']').unwrap_or(("", piece));
            if i > 0 {
                general.push_str("[]");
                index = index.inside(position.parse::<usize>().unwrap() - 1).unwrap();
            }
            general.push_str(rest);
        }
        let field = Field::named(&general).unwrap_or_else(|| panic!("{general}"));
        certificate.set(Place { field, index }, Value::parse(field.kind().unwrap(), text).unwrap());
    }
    certificate
}

fn text(table: &Table, certificate: &Certificate) -> String {
    String::from_utf8(render(table, certificate).unwrap().bytes).unwrap()
}

fn losses(table: &Table, certificate: &Certificate) -> Vec<String> {
    render(table, certificate).unwrap().losses.iter().map(Place::path).collect()
}

fn unfilled(table: &Table, certificate: &Certificate) -> Vec<String> {
    render(table, certificate).unwrap_err().fields.iter().map(ToString::to_string).collect()
}

#[test]
fn a_field_the_format_demands_is_named_when_the_certificate_has_none() {
    let table = rows("{ at = \"Exporter/Name\", is = \"exporter.name\", required = true },");
    assert_eq!(unfilled(&table, &certificate(&[])), ["Exporter/Name (exporter.name): no value"]);
}

#[test]
fn a_text_too_long_is_lost_or_refused_and_never_cut() {
    let long = certificate(&[("title", "four"), ("status", "five5")]);
    let optional =
        rows("{ at = \"T\", is = \"title\", max = 4 },\n{ at = \"S\", is = \"status\", max = 4 },");
    assert_eq!(losses(&optional, &long), ["status"]);
    assert!(text(&optional, &long).contains("<T>four</T>"));
    let required = rows("{ at = \"S\", is = \"status\", max = 4, required = true },");
    assert_eq!(unfilled(&required, &long), ["S (status): is longer than 4"]);
}

#[test]
fn a_date_is_never_moved_and_never_given_a_zone() {
    let zoneless = certificate(&[("issueDate", "2018-09-12T00:00:00")]);
    for (form, wanted) in
        [("day", "2018-09-12"), ("compact", "20180912"), ("datetime", "2018-09-12T00:00:00")]
    {
        let table = rows(&format!("{{ at = \"D\", is = \"issueDate\", date = \"{form}\" }},"));
        assert!(text(&table, &zoneless).contains(&format!("<D>{wanted}</D>")), "{form}");
    }
    let late = certificate(&[("issueDate", "2018-09-12T23:30:00-03:00")]);
    let day = rows("{ at = \"D\", is = \"issueDate\", date = \"day\" },");
    assert!(text(&day, &late).contains("<D>2018-09-12</D>"));
    let optional = rows("{ at = \"D\", is = \"issueDate\", date = \"zoned\" },");
    assert_eq!(losses(&optional, &zoneless), ["issueDate"]);
    let required = rows("{ at = \"D\", is = \"issueDate\", date = \"zoned\", required = true },");
    assert_eq!(unfilled(&required, &zoneless), ["D (issueDate): has no time zone"]);
}

#[test]
fn kilograms_are_not_written_for_pounds() {
    let table = rows(
        "{ at = \"Kg\", is = \"totals.grossWeight\" },\n\
         { is = \"totals.grossWeightUnit\", value = \"KGM\", with = \"totals.grossWeight\" },",
    );
    let kilograms = certificate(&[("totals.grossWeight", "5"), ("totals.grossWeightUnit", "KGM")]);
    assert_eq!(losses(&table, &kilograms), Vec::<String>::new());
    let pounds = certificate(&[("totals.grossWeight", "5"), ("totals.grossWeightUnit", "LBR")]);
    assert_eq!(losses(&table, &pounds), ["totals.grossWeight", "totals.grossWeightUnit"]);
    assert_eq!(losses(&table, &certificate(&[("totals.grossWeight", "5")])), ["totals.grossWeight"]);
}

#[test]
fn an_optional_element_that_cannot_be_completed_is_left_out_whole() {
    let table = table(
        "xml",
        "[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n]\n[[block]]\nat = \"Third\"\nis = \"thirdParty\"\n\
         optional = true\nrows = [\n{ at = \"Name\", is = \"name\", required = true },\n{ at = \"Text\", is = \"text\" },\n]\n",
    );
    let half = certificate(&[("thirdParty.text", "x")]);
    assert_eq!(losses(&table, &half), ["thirdParty.text"]);
    assert!(!text(&table, &half).contains("Third"));
    let whole = certificate(&[("thirdParty.name", "n"), ("thirdParty.text", "x")]);
    assert!(text(&table, &whole).contains("<Text>x</Text>"));
}

#[test]
fn neighbours_with_equal_values_share_a_group_and_one_invoice_for_all_is_written_in_each_line() {
    let table = table(
        "json",
        "[[list]]\nis = \"items[]\"\nat = \"Groups[]/Lines[]\"\n[[list]]\nis = \"invoices[]\"\nat = \"Groups[]/Lines[]/Invoice\"\n\
         link = \"items[].invoice\"\n[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"Groups[]/Criterion\", is = \"items[].origin.criterion\" },\n\
         { at = \"Groups[]/Lines[]/Name\", is = \"items[].description\" },\n\
         { at = \"Groups[]/Lines[]/Invoice/Id\", is = \"invoices[].id\" },\n]\n",
    );
    let mut lines = vec![("invoices[1].id", "I")];
    lines.extend([("items[1].origin.criterion", "WO"), ("items[2].origin.criterion", "WO")]);
    lines.extend([("items[1].description", "a"), ("items[2].description", "b")]);
    assert_eq!(
        text(&table, &certificate(&lines)),
        "{\"Number\":\"7\",\"Groups\":[{\"Criterion\":\"WO\",\"Lines\":[{\"Name\":\"a\",\"Invoice\":{\"Id\":\"I\"}},\
         {\"Name\":\"b\",\"Invoice\":{\"Id\":\"I\"}}]}]}"
    );
    lines.push(("items[2].origin.criterion", "PSR"));
    assert_eq!(text(&table, &certificate(&lines)).matches("Criterion").count(), 2);
    // With pointers, an invoice nobody points to has no home here.
    lines.extend([("items[1].invoice", "2"), ("invoices[2].id", "J")]);
    assert_eq!(losses(&table, &certificate(&lines)), ["invoices[1].id"]);
}

#[test]
fn more_items_than_the_format_takes_are_refused_at_one_past_the_limit() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"Goods[]/Name\", is = \"items[].description\" },\n]\n",
    );
    let two = [("items[1].description", "a"), ("items[2].description", "b")];
    assert!(render(&table, &certificate(&two)).is_ok());
    let three = [two[0], two[1], ("items[3].description", "c")];
    assert_eq!(
        unfilled(&table, &certificate(&three)),
        ["items[]: the format takes 2 goods items, the certificate has 3"]
    );
}

#[test]
fn a_delimited_document_says_the_certificate_once_a_row_even_without_items() {
    let table = table(
        "csv",
        "[[list]]\nis = \"items[]\"\nat = \"row[]\"\n[[block]]\nat = \"row[]\"\nrows = [\n\
         { at = \"Number\", is = \"number\", repeated = true },\n{ at = \"Item\", is = \"items[].number\", ordinal = true },\n\
         { at = \"Goods\", is = \"items[].description\" },\n]\n",
    );
    assert_eq!(text(&table, &certificate(&[])), "Number,Item,Goods\r\n7,,\r\n");
    let two = certificate(&[("items[1].description", "a, b"), ("items[2].description", "\"c\"")]);
    assert_eq!(text(&table, &two), "Number,Item,Goods\r\n7,1,\"a, b\"\r\n7,2,\"\"\"c\"\"\"\r\n");
}

#[test]
fn markup_in_values_stays_text() {
    let table = rows("{ at = \"T/@a\", is = \"title\" },\n{ at = \"T/B\", is = \"status\" },");
    let certificate = certificate(&[("title", "<\"&'>\n"), ("status", "]]><x>\r\n")]);
    let rendered = render(&table, &certificate).unwrap();
    let root = decode::decode(table.syntax, &rendered.bytes, &Limits::default()).unwrap().document.root;
    let marked = root.child("T").unwrap();
    assert_eq!(marked.attribute("a"), Some("<\"&'>\n"));
    assert_eq!(marked.child("B").unwrap().text, "]]><x>\r\n");
}

#[test]
fn a_control_character_is_a_loss_and_never_replaced() {
    let table = rows("{ at = \"T\", is = \"title\" },");
    assert_eq!(losses(&table, &certificate(&[("title", "a\u{1}b")])), ["title"]);
}

#[test]
fn a_repetition_is_not_written_for_a_value_that_the_first_row_cannot_spell() {
    let table = rows(
        "{ at = \"Name\", is = \"destinationCountry\", codes = \"countries.en\", again = true },\n\
         { at = \"To\", is = \"destinationCountry\", codes = \"countries\", max = 1 },",
    );
    let certificate = certificate(&[("destinationCountry", "BR")]);
    assert_eq!(losses(&table, &certificate), ["destinationCountry"]);
    assert!(!text(&table, &certificate).contains("Name"));
}

#[test]
fn an_element_before_a_position_is_written_empty_where_it_has_nothing_to_say() {
    let rows = "[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"P[3]\", is = \"title\" },\n\
                { at = \"P[2]/Q\", is = \"status\" },\n{ at = \"T[1]\", value = \"x\" },\n]\n";
    let certificate = certificate(&[("title", "t")]);
    let xml = text(&table("xml", rows), &certificate);
    assert!(xml.contains("  <P/>\n  <P/>\n  <P>t</P>\n  <T>x</T>\n"), "{xml}");
    let json = text(&table("json", rows), &certificate);
    assert_eq!(json, "{\"Number\":\"7\",\"P\":[null,null,\"t\"],\"T\":[\"x\"]}");
}

#[test]
fn the_certificate_decides_which_of_two_parties_an_element_is() {
    let block = |at: &str, is: &str, rest: &str| {
        format!(
            "[[block]]\nat = \"{at}\"\nis = \"{is}\"\n{rest}\nrows = [{{ at = \"N\", is = \"name\", required = true }}]\n"
        )
    };
    let table = table(
        "xml",
        &["[[block]]\nrows = [{ at = \"Number\", is = \"number\" }]\n".to_owned()]
            .into_iter()
            .chain([
                block("S", "exporter", "unless = \"E\""),
                block("S", "producer", "beside = \"E\""),
                block("E", "exporter", "having = \"producer\""),
            ])
            .collect::<String>(),
    );
    let plain = |certificate: &Certificate| text(&table, certificate).replace(['\n', ' '], "");
    let one = certificate(&[("exporter.name", "a")]);
    assert!(plain(&one).contains("<S><N>a</N></S></Coo>"));
    let two = certificate(&[("exporter.name", "a"), ("producer.name", "b")]);
    assert!(plain(&two).contains("<S><N>b</N></S><E><N>a</N></E></Coo>"));
    // Without an exporter the producer must not be taken for one.
    let producer = certificate(&[("producer.name", "b")]);
    let refused = ["E/N (exporter.name): no value", "S/N (exporter.name): no value"];
    assert_eq!(unfilled(&table, &producer), refused);
}

#[test]
fn an_entry_stands_where_it_is_pointed_to_or_in_the_head_and_pointers_follow() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n\
         [[list]]\nis = \"invoices[]\"\nat = \"Goods[]/Invoice\"\nlink = \"items[].invoice\"\n\
         [[list]]\nis = \"invoices[]\"\nat = \"Invoice[]\"\n\
         [[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n{ at = \"Goods[]/Invoice/Id\", is = \"invoices[].id\" },\n\
         { at = \"Invoice[]/Id\", is = \"invoices[].id\" },\n]\n",
    );
    let certificate = certificate(&[
        ("invoices[1].id", "A"),
        ("invoices[2].id", "B"),
        ("invoices[3].id", "C"),
        ("items[1].invoice", "1"),
    ]);
    let plain = text(&table, &certificate).replace(['\n', ' '], "");
    assert!(plain.contains(
        "<Goods><Invoice><Id>A</Id></Invoice></Goods><Invoice><Id>B</Id></Invoice><Invoice><Id>C</Id></Invoice></Coo>"
    ));
    let arrives = project(&table, &certificate);
    let lines =
        arrives.iter().map(|(place, value)| format!("{} = {value}", place.path())).collect::<Vec<_>>();
    let wanted = [
        "number = 7",
        "invoices[1].id = B",
        "invoices[2].id = C",
        "invoices[3].id = A",
        "items[1].invoice = 3",
    ];
    assert_eq!(lines, wanted);
    assert_eq!(losses(&table, &certificate), Vec::<String>::new());
}

#[test]
fn a_weight_is_written_where_there_is_no_other_amount_and_a_quantity_of_mass_arrives_as_one() {
    let table = table(
        "xml",
        "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n[[block]]\nrows = [\n{ at = \"Number\", is = \"number\" },\n\
         { at = \"Goods[]/Qty\", is = \"items[].quantity\", weight = \"netWeight\" },\n\
         { at = \"Goods[]/Unit\", is = \"items[].quantityUnit\", weight = \"netWeightUnit\", codes = \"units.es\", text = \"quantityUnitText\" },\n]\n",
    );
    let item = |amount: &str, unit: &str, weight: Option<&str>| {
        let mut lines = vec![("items[1].quantity", amount), ("items[1].quantityUnit", unit)];
        lines.retain(|(_, text)| !text.is_empty());
        lines.extend(
            weight.into_iter().flat_map(|n| [("items[1].netWeight", n), ("items[1].netWeightUnit", "KGM")]),
        );
        certificate(&lines)
    };
    let written = |certificate: &Certificate| {
        let text = text(&table, certificate).replace(['\n', ' '], "");
        let (_, goods) = text.split_once("<Goods>").unwrap();
        (goods.split_once("</Goods>").unwrap().0.to_owned(), losses(&table, certificate))
    };
    let both = |goods: &str, lost: &[&str]| {
        (goods.to_owned(), lost.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>())
    };
    let pieces = "<Qty>3</Qty><Unit>UNIDADES</Unit>";
    let kilos = "<Qty>5</Qty><Unit>KILOGRAMOS</Unit>";
    let weight_lost = ["items[1].netWeight", "items[1].netWeightUnit"];
    assert_eq!(written(&item("3", "C62", Some("5"))), both(pieces, &weight_lost));
    assert_eq!(written(&item("", "", Some("5"))), both(kilos, &[]));
    // The quantity moves: it arrives as net weight, so it is not lost.
    assert_eq!(written(&item("5", "KGM", None)), both(kilos, &[]));
    let arrives = project(&table, &item("5", "KGM", None));
    assert_eq!(
        arrives.at(Field::named("items[].quantity").unwrap(), arrives.iter().nth(1).unwrap().0.index),
        None
    );
    // A quantity in kilograms beside another net weight would be read as that: the weight is written.
    let quantity_lost = ["items[1].quantity", "items[1].quantityUnit"];
    assert_eq!(written(&item("6", "KGM", Some("5"))), both(kilos, &quantity_lost));
}

#[test]
fn one_unit_for_two_weights_is_written_where_they_agree() {
    let table = rows(
        "{ at = \"Unit\", is = \"packages[1].grossWeightUnit\", also = \"volumeUnit\", with = \"volume\", codes = \"units\" },\n\
         { at = \"Gross\", is = \"packages[1].grossWeight\" },\n{ at = \"Volume\", is = \"packages[1].volume\" },",
    );
    let units = |gross: &str, second: &str| {
        let mut lines = vec![("packages[1].grossWeightUnit", gross), ("packages[1].volumeUnit", second)];
        lines.retain(|(_, text)| !text.is_empty());
        lines.extend([("packages[1].grossWeight", "6"), ("packages[1].volume", "5")]);
        losses(&table, &certificate(&lines))
    };
    let lost = ["packages[1].volume", "packages[1].volumeUnit"];
    assert_eq!(units("KGM", "KGM"), Vec::<String>::new());
    assert_eq!(units("KGM", "GRM"), lost);
    assert_eq!(units("KGM", ""), &lost[..1]);
    assert_eq!(units("", "GRM"), lost);
}

#[test]
fn a_text_of_another_form_is_lost_or_refused() {
    let value = certificate(&[("title", "4a")]);
    let optional = rows("{ at = \"T\", is = \"title\", pattern = \"[0-9]+\" },");
    assert_eq!(losses(&optional, &value), ["title"]);
    let required = rows("{ at = \"T\", is = \"title\", min = 3, required = true },");
    assert_eq!(unfilled(&required, &value), ["T (title): is shorter than 3"]);
}
