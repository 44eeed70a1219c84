//! What rendering gives for small tables; the laws over generated certificates are in `tests/it/render.rs`.

mod constructs;

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
