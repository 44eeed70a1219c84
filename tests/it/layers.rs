//! The module graph is a DAG of layers, and the tree keeps its size.
//!
//! Method: every `crate::<module>` path in `src/` is read as text and compared with the table below, which is the one
//! place where a new dependency between modules is decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Hardest cap on the lines of a source file.
const FILE_LINES_MAX: usize = 400;

/// Layer and, for same-layer imports, the modules it may use and why.
const LAYERS: &[(&str, u8, &[&str])] = &[
    ("model", 0, &[]),
    ("stop", 0, &[]),
    ("problem", 0, &[]),
    ("files", 0, &[]),
    ("crash", 0, &[]),
    ("clock", 1, &[]),
    ("telemetry", 1, &[]),
    ("tls", 1, &[]),
    ("decode", 1, &[]),
    ("format", 2, &[]),
    ("evidence", 2, &[]),
    ("message", 2, &[]),
    ("map", 3, &[]),
    ("render", 3, &[]),
    ("region", 4, &[]),
    ("store", 4, &[]),
    ("validate", 5, &[]),
    ("authenticate", 6, &[]),
    // Intake dry-runs the very plan and rendition that the route loop will make.
    ("intake", 6, &["route"]),
    ("route", 6, &[]),
    // What a target may see is asked again at each claim, of the very plan that routed it.
    ("deliver", 6, &["route"]),
    // What a target is shown of a certificate is what it may be sent of it.
    ("receipt", 6, &["deliver"]),
    ("listen", 7, &[]),
    ("observe", 7, &[]),
    // An operator is shown the alerts that machines are told.
    ("operate", 7, &["observe"]),
    // Who asks, why not, and the record of it are the same for every action of an operator.
    ("change", 7, &["operate"]),
    ("control", 8, &[]),
    ("console", 8, &[]),
    // The settings gather those of each part, the console's among them.
    ("config", 8, &["console"]),
    ("hub", 9, &[]),
    ("cli", 10, &[]),
];

/// Crates that only some modules may name.
const FENCED: &[(&str, &[&str])] = &[
    ("rusqlite::", &["store/sqlite/"]),
    ("sled::Tree", &["store/sled/"]),
    (
        "hyper::",
        &[
            "listen/",
            "console/",
            "deliver/client/",
            "observe/",
            "cli/",
            "region/load/reach.rs",
            "telemetry/otlp/",
        ],
    ),
    ("opentelemetry::", &["telemetry/otlp/"]),
    ("opentelemetry_sdk::", &["telemetry/otlp/"]),
    ("axum::", &["listen/", "console/"]),
    ("maud::", &["console/"]),
    ("argon2::", &["operate/account/"]),
    ("uppsala::", &["decode/"]),
    ("bergshamra", &["decode/"]),
    ("jsonschema::", &["decode/schema/"]),
    ("prometheus_client::", &["telemetry/"]),
    ("governor::", &["listen/", "deliver/"]),
];

/// What may not appear in the words of the domain.
const NOT_IN_MODEL: &[&str] = &["serde", "tokio", "async fn", "std::fs", "std::net", "rusqlite"];

#[test]
fn modules_use_only_what_lies_below() {
    let layers: BTreeMap<&str, (u8, &[&str])> = LAYERS.iter().map(|(m, l, same)| (*m, (*l, *same))).collect();
    let mut wrong = BTreeSet::new();
    for (file, text) in sources() {
        let Some(module) = module_of(&file) else { continue };
        let (own, same) =
            layers.get(module.as_str()).copied().unwrap_or_else(|| panic!("{module} has no layer"));
        for used in uses(&text) {
            let Some((layer, _)) = layers.get(used.as_str()) else {
                wrong.insert(format!(
                    "{file}: crate::{used} is not a module: name items through their module"
                ));
                continue;
            };
            if used != module && *layer >= own && !same.contains(&used.as_str()) {
                wrong.insert(format!("{file}: {module} (layer {own}) may not use {used} (layer {layer})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn crates_stay_behind_their_fences() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let code = code_of(&text);
        for (name, places) in FENCED {
            if code.contains(name) && !places.iter().any(|place| file.starts_with(place)) {
                wrong.push(format!("{file}: {name} belongs to {}", places.join(", ")));
            }
        }
        let forbidden =
            NOT_IN_MODEL.iter().filter(|word| file.starts_with("model/") && code.contains(**word));
        wrong.extend(
            forbidden.map(|word| format!("{file}: {word} does not belong to the words of the domain")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut sizes: Vec<(usize, String)> = sources()
        .into_iter()
        .filter(|(file, _)| !file.ends_with("tests.rs"))
        .map(|(f, t)| (t.lines().count(), f))
        .collect();
    sizes.sort();
    let median = sizes[sizes.len() / 2].0;
    let longest =
        sizes.iter().rev().take(5).map(|(n, f)| format!("{n:>5} {f}")).collect::<Vec<_>>().join("\n");
    println!(
        "{} files, {} lines, median {median}, longest:\n{longest}",
        sizes.len(),
        sizes.iter().map(|s| s.0).sum::<usize>()
    );
    let long: Vec<_> = sizes.iter().filter(|(lines, _)| *lines > FILE_LINES_MAX).collect();
    assert!(long.is_empty(), "over {FILE_LINES_MAX} lines: {long:?}");
}

#[test]
fn every_integration_test_file_is_in_the_module_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let list = fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_module = path.extension().is_some_and(|e| e == "rs") || path.join("mod.rs").exists();
        if is_module && name != "main" {
            assert!(list.contains(&format!("mod {name};")), "tests/it/{name} is not in main.rs");
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// The top-level module of a file; `lib.rs` and `main.rs` belong to none.
fn module_of(file: &str) -> Option<String> {
    let first = file.split('/').next().unwrap().trim_end_matches(".rs");
    (first != "lib" && first != "main").then(|| first.to_owned())
}

/// Code without comments, so that prose may name what it likes.
fn code_of(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// First path segments after `crate::`, in single and in braced imports.
fn uses(text: &str) -> BTreeSet<String> {
    let code = code_of(text);
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.extend(segment(rest)),
            Some(braced) => found.extend(top_segments(braced)),
        }
    }
    found
}

fn segment(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// First segments at depth 0 of `a::{b, c}, d::e}`.
fn top_segments(braced: &str) -> Vec<String> {
    let (mut depth, mut fresh, mut out) = (0usize, true, Vec::new());
    for (at, c) in braced.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && depth == 0 && c.is_ascii_alphabetic() => {
                out.extend(segment(&braced[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    out
}
