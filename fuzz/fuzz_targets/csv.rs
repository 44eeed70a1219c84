//! Delimited text that is taken means one thing: written and read again it has the same cells.
#![no_main]

use coohub::{
    decode::document::{Document, Syntax},
    render,
};
use coohub_fuzz::read;
use libfuzzer_sys::fuzz_target;

fn cells(document: &Document) -> Vec<Vec<(String, String)>> {
    let cells = |row: &coohub::decode::document::Node| {
        row.children.iter().map(|cell| (cell.name.clone(), cell.text.clone())).collect()
    };
    document.root.children.iter().map(cells).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = read(Syntax::Csv, bytes) else { return };
    let Some(first) = document.root.children.first() else { return };
    let columns: Vec<String> = first.children.iter().map(|cell| cell.name.clone()).collect();
    let written = render::csv::write(&document.root, &columns, b',');
    let Some(again) = read(Syntax::Csv, &written) else {
        panic!("what was written cannot be read: {}", String::from_utf8_lossy(&written))
    };
    assert_eq!(cells(&again), cells(&document));
});
