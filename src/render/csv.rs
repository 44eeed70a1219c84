//! Nodes to delimited text (RFC 4180): a header with every column of the table, a line per `row`.

use crate::decode::document::Node;

/// What makes a cell stand in quotation marks: every delimiter, because readers tell the one in use by the header line, and
/// the mark that readers take off the beginning of a file.
const QUOTED: [char; 7] = [',', ';', '\t', '"', '\r', '\n', '\u{feff}'];

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
    let start = out.len();
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
    // The only cell of a row, when empty, would be a blank line, which is no row.
    if out.len() == start {
        out.push_str("\"\"");
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{document::Syntax, limit::Limits};

    #[test]
    fn a_byte_order_mark_that_is_text_stays_text() {
        let document = Node { children: vec![Node::branch("row")], ..Node::branch("") };
        let written = write(&document, &["\u{feff}a".to_owned()], b',');
        let read = crate::decode::decode(Syntax::Csv, &written, &Limits::DEFAULT);
        let read = read.unwrap_or_else(|finding| panic!("{finding}")).document.root;
        assert_eq!(read.children[0].children[0].name, "\u{feff}a");
    }

    #[test]
    fn a_row_whose_only_cell_is_empty_stays_a_row() {
        let read = |bytes: &[u8]| crate::decode::decode(Syntax::Csv, bytes, &Limits::DEFAULT);
        let document = read(b"a\n\"\"\nb\n").unwrap_or_else(|finding| panic!("{finding}")).document;
        let written = write(&document.root, &["a".to_owned()], b',');
        assert_eq!(written, b"a\r\n\"\"\r\nb\r\n");
        assert_eq!(read(&written).map_or(0, |again| again.document.root.children.len()), 2);
    }
}
