//! What the documents claim and code can check.

use std::{collections::BTreeSet, fs, path::Path};

use coohub::{
    decode::{proof::algorithm::Algorithm, wrapping::Wrapping},
    model::reason::Reason,
};

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

/// The words of fenced blocks, comments left out, and of `code` in lines.
fn code(markdown: &str) -> BTreeSet<&str> {
    let (mut fenced, mut words) = (false, BTreeSet::new());
    let between = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    for line in markdown.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else {
            let line = if fenced { line.split('#').next().unwrap_or_default() } else { line };
            let spans = line.split('`').enumerate().filter(|(number, _)| fenced || number % 2 == 1);
            words.extend(spans.flat_map(|(_, span)| span.split(between)));
        }
    }
    words
}

#[test]
fn every_key_and_word_of_a_format_table_is_documented() {
    let readme = text("partners/formats/README.md");
    let known = code(&readme);
    let reader = text("src/format/file.rs");
    let choices = text("src/format/mod.rs");
    let is_word = |word: &&str| {
        !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_' || c == b'-')
    };
    let of_choices =
        choices.lines().filter(|line| line.contains(", Self::")).flat_map(|line| line.split('"'));
    let mut keys: BTreeSet<&str> = reader.split('"').chain(of_choices).filter(is_word).collect();
    keys.extend(Algorithm::ALL.map(Algorithm::word));
    keys.extend(Wrapping::ALL.map(Wrapping::word));
    assert!(
        keys.len() > 90
            && ["charset", "slashed", "rectification_digits"].iter().all(|key| keys.contains(key))
    );
    let missing: Vec<&str> = keys.into_iter().filter(|key| !known.contains(key)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "partners/formats/README.md does not say them");
}
