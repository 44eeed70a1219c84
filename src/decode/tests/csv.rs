//! CSV: header, rows, quotation and limits.

use super::{Limits, Syntax, accepted, refusal, small, verdict};

fn by_default(text: &str) -> &'static str {
    verdict(Syntax::Csv, text, &Limits::default())
}

fn limited(text: &str) -> &'static str {
    verdict(Syntax::Csv, text, &small())
}

#[test]
fn each_record_is_a_row_with_a_leaf_per_column() {
    let text = "\u{FEFF}HS,Name\r\n8408,\"two\r\nlines, \"\"quoted\"\"\"\r\n0101,\r\n";
    let root = accepted(Syntax::Csv, text).document.root;
    assert!(root.children.iter().all(|row| row.name == "row"));
    let cells: Vec<Vec<_>> = root
        .children
        .iter()
        .map(|row| row.children.iter().map(|cell| (cell.name.as_str(), cell.text.as_str())).collect())
        .collect();
    assert_eq!(cells[0], [("HS", "8408"), ("Name", "two\r\nlines, \"quoted\"")]);
    assert_eq!(cells[1], [("HS", "0101"), ("Name", "")]);
    assert_eq!((root.children[0].line, root.children[1].line), (2, 4));
}

#[test]
fn cells_are_parted_by_what_the_header_line_has_first() {
    for text in [
        "HS;Name\n8408;\"a;b, \"\"c\"\"\"\n",
        "HS\tName\n8408\t\"a;b, \"\"c\"\"\"\n",
        "\"HS\";Name\n8408;\"a;b, \"\"c\"\"\"\n",
        "\r\n\nHS;Name\n8408;\"a;b, \"\"c\"\"\"\n",
    ] {
        let root = accepted(Syntax::Csv, text).document.root;
        let cells: Vec<_> =
            root.children[0].children.iter().map(|cell| (cell.name.as_str(), cell.text.as_str())).collect();
        assert_eq!(cells, [("HS", "8408"), ("Name", "a;b, \"c\"")], "{text:?}");
    }
    assert_eq!(by_default("a;b\n1,2;3\n"), "ok");
    assert_eq!(by_default("a;b\n1,2\n"), "csv-malformed");
    assert_eq!(by_default("a;b\n1;\"2\",3\n"), "csv-malformed");
}

#[test]
fn ragged_rows_are_refused_with_their_number() {
    for text in ["a,b\n1,2\n3\n", "a,b\n1,2\n3,4,5\n", "a,b\r\n1,2\r\n3\r\n"] {
        let found = refusal(Syntax::Csv, text);
        assert_eq!(found.reason.code(), "csv-malformed");
        let position = found.position.unwrap();
        assert_eq!((position.path.as_str(), position.line), ("row 2", 3), "{text}");
    }
}

#[test]
fn a_header_names_every_column_once() {
    for text in ["", "\n", "a,,c\n", "a,b,a\n", ",\n"] {
        assert_eq!(by_default(text), "csv-malformed", "{text:?}");
    }
    assert_eq!(by_default("a,b"), "ok");
}

#[test]
fn quotation_marks_stand_where_rfc_4180_puts_them() {
    for text in ["a\n\"open", "a\n5\" pipe\n", "a\n\"x\"y\n", "a\n\"x\" \n", "a,b\n1,\"2\n3,4\n"] {
        assert_eq!(by_default(text), "csv-malformed", "{text:?}");
    }
    assert_eq!(by_default("a\n\"\"\n\"x\"\"\"\n\"\"\"x\"\n"), "ok");
}

#[test]
fn other_encodings_and_u0000_are_refused() {
    assert_eq!(verdict(Syntax::Csv, b"a\n\xE9\n", &Limits::default()), "not-utf8");
    assert_eq!(by_default("a\n\0\n"), "nul-character");
}

#[test]
fn limits_pass_at_and_not_past() {
    assert_eq!(limited("a,b\n"), "ok");
    assert_eq!(limited("a,b,c\n"), "csv-too-large");
    assert_eq!(limited("a\n1\n2\n3\n"), "ok");
    assert_eq!(limited("a\n1\n2\n3\n4\n"), "csv-too-large");
    assert_eq!(limited("a,b\n1,2\n3,4\n"), "ok");
    assert_eq!(limited("a,b\n1,2\n3,4\n5,6\n"), "csv-too-large");
    assert_eq!(limited("a\n1234\n"), "ok");
    assert_eq!(limited("a\n12345\n"), "csv-too-large");
    assert_eq!(limited("12345678\n"), "ok");
    assert_eq!(limited("123456789\n"), "csv-too-large");
}
