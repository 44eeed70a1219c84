//! A table loads, or every reason why not is named with a line that exists.
#![no_main]

use coohub::{
    format::Table,
    model::{certificate::Certificate, id::FormatId},
    problem::Problems,
};
use coohub_fuzz::{codes, law};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(id) = FormatId::new("fuzzed") else { return };
    let problems = Problems::default();
    let table = Table::read(&id, text, codes(), "format.toml", &problems);
    let problems = problems.sorted();
    assert_eq!(table.is_none(), !problems.is_empty(), "{problems:#?}");
    if let Some(table) = table {
        law(&table, &Certificate::default());
    }
});
