//! What the documents claim and code can check.

use std::{fs, path::Path};

use coohub::model::reason::Reason;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_reason_code_has_its_page_and_no_page_is_left_over() {
    let pages = text("src/model/reasons.md");
    let mut written: Vec<&str> = pages.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut codes: Vec<&str> = Reason::all().map(Reason::code).collect();
    for reason in Reason::all() {
        assert!(pages.contains(&format!("Status {}.", reason.status())), "{}", reason.code());
    }
    written.sort_unstable();
    codes.sort_unstable();
    assert_eq!(written, codes);
}

#[test]
fn every_module_is_on_the_map() {
    let map = text("src/ARCHITECTURE.md");
    let modules = text("src/lib.rs");
    for module in modules.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let name = module.trim_end_matches(';');
        assert!(map.contains(&format!("[`{name}`]")), "{name} is not in ARCHITECTURE.md");
    }
}
