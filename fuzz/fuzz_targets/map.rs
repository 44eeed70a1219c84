//! A document of any shipped format maps, and what was mapped survives being rendered and mapped again.
#![no_main]

use coohub::{decode::document::Syntax, map};
use coohub_fuzz::{TABLES, law, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for syntax in [Syntax::Xml, Syntax::Json, Syntax::Csv] {
        let Some(document) = read(syntax, bytes) else { continue };
        for table in TABLES.iter().filter(|table| table.recognises(&document)) {
            law(table, &map::map(table, &document).certificate);
        }
    }
});
