//! Delimited text (RFC 4180) with a header line to a document.
//!
//! The root has a branch `row` per record, and each row a leaf per column, named by the header. The library mends what
//! is badly quoted; a certificate must not be read from mended text, so a strict scan runs first.
//!
//! Cells are parted by comma, semicolon or tab: by whichever the header line has first.
//!
//! **Invariant:** every row has every column of the header, and quotation marks stand only where RFC 4180 puts them.

use ::csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::{
    document::{Document, Node, Syntax},
    limit::Limits,
    text::{self, Lines},
};
use crate::model::{
    finding::{Finding, Position},
    reason::Reason,
};

/// What may part the cells of a row.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads a document.
///
/// # Errors
/// `not-utf8`, `nul-character`, `csv-malformed` with the number of the row, `csv-too-large` past a limit.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Document, Finding> {
    let text = text::checked(bytes)?;
    let delimiter = delimiter(text);
    quotation(text, delimiter)?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| ragged(text, &error))?.clone();
    columns(&header, limits)?;
    let mut root = Node::branch("");
    let mut lines = Lines::new(text);
    for record in reader.into_records() {
        let record = record.map_err(|error| ragged(text, &error))?;
        let (line, _) = lines.at(start(text, record.position()));
        let place = Place { row: root.children.len() + 1, line };
        if place.row > limits.csv_rows_max || place.row * header.len() > limits.csv_cells_max {
            let Limits { csv_rows_max: rows, csv_cells_max: cells, .. } = limits;
            let advice = format!("send at most {rows} rows and {cells} cells in one document");
            return Err(place.finding(Reason::CsvTooLarge, advice, None));
        }
        root.children.push(row(&header, &record, place, limits)?);
    }
    Ok(Document { syntax: Syntax::Csv, root })
}

/// The first delimiter of the header line, which blank lines may precede, outside quotation marks; with one column it does not matter.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            byte if !quoted && DELIMITERS.contains(&byte) => return byte,
            _ => {}
        }
    }
    b','
}

/// A record: its number, header not counted, and its line.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    line: u32,
}

impl Place {
    fn finding(self, reason: Reason, advice: impl Into<String>, column: Option<&str>) -> Finding {
        let column = column.map(|name| format!(", column \"{name}\"")).unwrap_or_default();
        let path = format!("row {}{column}", self.row);
        Finding::severe(reason, advice).at(Position { path, line: self.line, column: 0 })
    }
}

fn row(header: &StringRecord, record: &StringRecord, place: Place, limits: &Limits) -> Result<Node, Finding> {
    let mut row = Node { line: place.line, column: 1, ..Node::branch("row") };
    for (name, cell) in header.iter().zip(record) {
        if cell.len() > limits.csv_cell_bytes_max {
            let advice = format!("send at most {} bytes in one cell", limits.csv_cell_bytes_max);
            return Err(place.finding(Reason::CsvTooLarge, advice, Some(name)));
        }
        row.children.push(Node { line: place.line, ..Node::leaf(name, cell) });
    }
    Ok(row)
}

fn columns(header: &StringRecord, limits: &Limits) -> Result<(), Finding> {
    let at_header = |reason, advice: String| {
        let position = Position { path: "header".to_owned(), line: 1, column: 0 };
        Err(Finding::severe(reason, advice).at(position))
    };
    if header.len() > limits.csv_columns_max {
        let advice = format!("send at most {} columns", limits.csv_columns_max);
        return at_header(Reason::CsvTooLarge, advice);
    }
    if header.iter().any(|name| name.len() > limits.name_bytes_max) {
        let advice = format!("name columns in at most {} bytes", limits.name_bytes_max);
        return at_header(Reason::CsvTooLarge, advice);
    }
    let names: std::collections::BTreeSet<&str> = header.iter().collect();
    if header.is_empty() || names.contains("") || names.len() < header.len() {
        let advice = "start with a header line that names every column, each name once";
        return at_header(Reason::CsvMalformed, advice.to_owned());
    }
    Ok(())
}

/// Where a record starts. The library's position may stand before the line break that ended the one before.
fn start(text: &str, position: Option<&::csv::Position>) -> usize {
    let offset = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
    let rest = text.get(offset..).unwrap_or_default();
    offset + rest.bytes().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

fn ragged(text: &str, error: &::csv::Error) -> Finding {
    let record = error.position().map_or(0, ::csv::Position::record);
    let (line, _) = Lines::new(text).at(start(text, error.position()));
    let place = Place { row: usize::try_from(record).unwrap_or(usize::MAX), line };
    let advice = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, .. } => {
            format!("give every row the {expected_len} cells of the header")
        }
        _ => "send delimited text as RFC 4180 describes it".to_owned(),
    };
    place.finding(Reason::CsvMalformed, advice, None)
}

/// Where a scan for quotation marks is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Before the first character of a cell.
    Start,
    /// In a cell without quotation marks.
    Plain,
    /// Between quotation marks.
    Quoted,
    /// After a quotation mark that closed the cell, unless another follows.
    Closed,
}

/// Refuses quotation marks that RFC 4180 does not allow: inside a plain cell, before more text, never closed.
fn quotation(text: &str, delimiter: u8) -> Result<(), Finding> {
    let mut mark = Mark::Start;
    for (offset, byte) in text.bytes().enumerate() {
        mark = match (mark, byte) {
            (Mark::Quoted, b'"') => Mark::Closed,
            (Mark::Quoted, _) => Mark::Quoted,
            (_, b'\r' | b'\n') => Mark::Start,
            (_, byte) if byte == delimiter => Mark::Start,
            (Mark::Start | Mark::Closed, b'"') => Mark::Quoted,
            (Mark::Closed, _) | (_, b'"') => return misquoted(text, offset),
            _ => Mark::Plain,
        };
    }
    if mark == Mark::Quoted { misquoted(text, text.len()) } else { Ok(()) }
}

fn misquoted(text: &str, offset: usize) -> Result<(), Finding> {
    let advice = "quote a whole cell and double each quotation mark in it";
    Err(Finding::severe(Reason::CsvMalformed, advice).at(text::position(text, offset, String::new())))
}
