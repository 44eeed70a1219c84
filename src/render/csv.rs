//! Nodes to delimited text (RFC 4180): a header with every column of the table, a line per `row`.

use crate::decode::document::Node;

/// What makes a cell stand in quotation marks: every delimiter, because readers tell the one in use by the header line.
const QUOTED: [char; 6] = [',', ';', '\t', '"', '\r', '\n'];

/// Writes a document with these columns and this delimiter.
#[must_use]
pub fn write(root: &Node, columns: &[String], delimiter: u8) -> Vec<u8> {
    let delimiter = char::from(delimiter);
    let mut out = String::with_capacity(1024);
    line(&mut out, delimiter, columns.iter().map(String::as_str));
    for row in root.named("row") {
        let cells = columns.iter().map(|column| row.child(column).map_or("", |cell| cell.text.as_str()));
        line(&mut out, delimiter, cells);
    }
    out.into_bytes()
}

fn line<'a>(out: &mut String, delimiter: char, cells: impl Iterator<Item = &'a str>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(delimiter);
        }
        if cell.contains(QUOTED) || cell.starts_with(' ') || cell.ends_with(' ') {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}
