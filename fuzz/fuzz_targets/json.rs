//! JSON that is taken means one thing: written and read again it is the same tree.
#![no_main]

use coohub::{decode::document::Syntax, render};
use coohub_fuzz::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = read(Syntax::Json, bytes) else { return };
    let written = render::json::write(&document.root);
    let Some(again) = read(Syntax::Json, &written) else {
        panic!("what was written cannot be read: {}", String::from_utf8_lossy(&written))
    };
    assert_eq!(render::json::write(&again.root), written);
});
