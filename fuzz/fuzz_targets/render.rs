//! Any certificate at all, given in the canonical profile, keeps the law of every shipped table.
#![no_main]

use coohub::{decode::document::Syntax, map};
use coohub_fuzz::{TABLES, law, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = read(Syntax::Json, bytes) else { return };
    let certificate = map::canonical::map(&document).certificate;
    for table in TABLES.iter() {
        law(table, &certificate);
    }
});
