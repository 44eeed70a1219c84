//! `coohub formats` and `coohub map --trace`: what an author of tables and an operator are told.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use coohub::{render, render::coverage::Coverage};
use serde_json::Value;

use crate::{
    formats::{mapped, samples, tables},
    support::{command, region::TestRegion},
};

/// Exit code, answer and complaint of a command over a region.
fn run(words: &str, region: &Path) -> (u8, String, String) {
    let words = words.split(' ').map(OsString::from);
    command::coohub(words.chain(["--region".into(), region.into()]))
}

fn partners() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("partners")
}

fn json(words: &str) -> Value {
    let (code, out, err) = run(words, &partners());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// A folder with one table and a sample, of which a test spoils something.
struct Author(tempfile::TempDir);

const TABLE: &str = r#"title = "Test"
source = "none"
role = "data"
syntax = "json"
reads = true
writes = true
[recognise]
has = ["certificate"]
[identity]
number = "number"
[[block]]
rows = [
  { at = "certificate", is = "number", required = true },
  { at = "day", is = "issueDate", date = "day" },
  { at = "from", is = "originCountry", codes = "own" },
]
[[code_list]]
name = "own"
entries = { Here = "AR" }
"#;

impl Author {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let author = Self(folder);
        author.write("test/format.toml", TABLE);
        author.write("test/samples/one.json", r#"{"certificate": "7", "day": "2026-03-01", "from": "Here"}"#);
        let golden = r#"{"number": "7", "issueDate": "2026-03-01", "originCountry": "AR"}"#;
        author.write("test/samples/one.canonical.json", golden);
        let codes = "title = \"t\"\nsource = \"s\"\ncodes = [{ is = \"AR\" }, { is = \"BR\" }, { is = \"AN\", until = \"2010-12-15\" }]\n";
        author.write("codes/countries.toml", codes);
        author
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join("formats").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn check(&self) -> (u8, String) {
        let (code, out, err) = run("formats check", self.0.path());
        (code, out + &err)
    }
}

#[test]
fn a_good_table_has_notices_at_most() {
    let (code, said) = Author::new().check();
    assert_eq!(code, 0, "{said}");
    for wanted in [
        "test: Test; 3 fields, 1 sample",
        "notice: no row reads agreement.code: senders state it in the header CoO-Agreement",
        "notice: no row reads any of destinationCountry",
        "notice: cannot spell 1 of 2 countries: BR; in originCountry",
        "1 format: no problem, 4 notices",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
}

#[test]
fn an_author_who_errs_is_told_file_line_and_remedy() {
    let spoil = |old: &str, new: &str| {
        let author = Author::new();
        assert!(TABLE.contains(old));
        author.write("test/format.toml", &TABLE.replacen(old, new, 1));
        author.check()
    };
    for (old, new, wanted) in [
        (
            "is = \"number\", req",
            "is = \"numbr\", req",
            "format.toml:13:30: block[1].rows[1].is: \"numbr\" is not a field of the dictionary; did you mean \"number\"?",
        ),
        (
            "codes = \"own\"",
            "codes = \"owns\"",
            "block[1].rows[3].codes: there is no code list \"owns\"; did you mean \"own\"?",
        ),
        ("Here = \"AR\"", "Here = \"QQ\"", "its code \"QQ\" is not in formats/codes/countries.toml"),
        (
            "at = \"day\"",
            "at = \"Day\"",
            "samples/one.json: does not give one.canonical.json: they differ at issueDate; coohub map SAMPLE",
        ),
        ("has = [\"certificate\"]", "has = [\"other\"]", "samples/one.json: the table does not recognise it"),
    ] {
        let (code, said) = spoil(old, new);
        assert_eq!(code, 78, "{said}");
        assert!(said.contains("  problem: ") && said.contains(wanted), "{wanted} is not in\n{said}");
    }
    let author = Author::new();
    author.write(
        "codes/countries.toml",
        "title = \"t\"\nsource = \"s\"\ncodes = [\n{ is = \"AR\" },\n{ is = \"AR\" },\n]\n",
    );
    let (code, said) = author.check();
    assert_eq!(code, 78);
    assert!(
        said.contains("formats/codes/countries.toml:5:8: codes[2].is: the code \"AR\" stands in line 4"),
        "{said}"
    );
}

#[test]
fn one_table_can_be_checked_by_name_or_by_folder_and_an_unknown_one_is_said_so() {
    let author = Author::new();
    let folder = author.0.path().join("formats/test");
    for what in ["test", folder.to_str().unwrap()] {
        let (code, out, _) = run(&format!("formats check {what} --json"), author.0.path());
        let said: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, said["formats"][0]["id"].as_str()), (0, Some("test")));
        assert_eq!(said["formats"][0]["codeGaps"][0]["missing"], serde_json::json!(["BR"]));
    }
    let (code, _, err) = run("formats check tset", author.0.path());
    assert_eq!(code, 64);
    assert!(err.contains("tset is neither a format"), "{err}");
}

#[test]
fn the_shipped_tables_have_no_problem() {
    let (code, out, _) = run("formats check", &partners());
    assert_eq!(code, 0, "{out}");
}

#[test]
fn the_matrix_has_every_pair_of_at_least_twelve_formats() {
    let matrix = json("formats matrix --to json");
    let formats: Vec<&str> =
        matrix["formats"].as_array().unwrap().iter().map(|format| format["id"].as_str().unwrap()).collect();
    assert!(formats.len() >= 12 && formats[0] == "canonical", "{formats:?}");
    let pairs = matrix["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), formats.len() * formats.len());
    for pair in pairs {
        let count = |what: &str| pair[what].as_array().unwrap().len() as u64;
        for what in ["arrives", "lost", "unfillable"] {
            assert_eq!(pair["counts"][what].as_u64(), Some(count(what)), "{pair}");
        }
        if pair["source"] == pair["target"] {
            assert_eq!((count("lost"), count("unfillable")), (0, 0), "{}", pair["source"]);
        }
        if pair["target"] == "canonical" {
            assert_eq!((count("lost"), count("unfillable")), (0, 0), "{}", pair["source"]);
        }
    }
}

#[test]
fn the_matrix_keeps_its_word_on_every_sample() {
    let tables = tables();
    for source in &tables {
        let from = Coverage::of(source);
        for sample in samples(source) {
            let certificate = mapped(source, &sample).certificate;
            let has: BTreeSet<_> = certificate.iter().map(|(place, _)| place.field).collect();
            for target in &tables {
                let pair = from.to(&Coverage::of(target));
                let what = format!("{} in {}", sample.display(), target.id);
                let traced = render::trace(target, &certificate);
                let lost: BTreeSet<_> = traced.losses.iter().map(|place| place.field).collect();
                assert!(
                    has.iter().all(|field| from.fills.contains(field)),
                    "{what}: more than its table can fill"
                );
                let kept = |field: &&_| has.contains(field) && !lost.contains(field);
                assert_eq!(pair.lost.iter().find(kept), None, "{what}: lost by the matrix, and arrives");
                if !pair.unfillable.is_empty() {
                    assert!(!traced.unfilled.is_empty(), "{what}: {:?} is filled", pair.unfillable);
                }
            }
        }
    }
}

#[test]
fn the_text_fits_a_terminal_and_one_pair_is_told_in_words() {
    let (code, out, _) = run("formats matrix", &partners());
    assert_eq!(code, 0);
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let (code, out, _) = run("formats matrix aladi-cod edi3-coo", &partners());
    assert_eq!(code, 0);
    for wanted in ["number (WCO D014)", "lost: edi3-coo has no place for them", "can never be filled"] {
        assert!(out.contains(wanted), "{out}");
    }
    let (code, _, err) = run("formats matrix aladi-cod edi4", &partners());
    assert_eq!((code, err.trim()), (64, "edi4 is no format; see coohub formats list"));
    assert_eq!(run("formats matrix aladi-cod", &partners()).0, 64, "a source needs a target");
}

#[test]
fn the_page_stands_alone_and_every_cell_leads_to_its_lists() {
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("matrix.html");
    let (code, out, _) = run(&format!("formats matrix --to html --out {}", path.display()), &partners());
    assert_eq!((code, out.as_str()), (0, ""));
    let page = fs::read_to_string(&path).unwrap();
    for foreign in ["<script", "src=", "http://", "https://", "@import", "<link"] {
        let fetched = page
            .lines()
            .find(|line| line.contains(foreign) && !line.contains("Source: ") && !line.contains("<code>"));
        assert_eq!(fetched, None, "the page needs {foreign}");
    }
    let ids: BTreeSet<&str> =
        page.split("id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let links: Vec<&str> =
        page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() > 144, "{}", links.len());
    assert_eq!(links.iter().find(|link| !ids.contains(*link)), None);
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

#[test]
fn a_trace_says_of_each_field_where_it_stands_what_it_is_and_where_it_goes() {
    let sample = partners().join("formats/mec-csv/samples/dunmere-estalia-third-party.csv");
    let trace = format!("map {} --trace --json", sample.display());
    let alone = json(&trace);
    assert_eq!((alone["source"].as_str(), alone["target"].as_str()), (Some("mec-csv"), None));
    let traced = json(&format!("{trace} --to edi3-coo"));
    let fields = traced["fields"].as_array().unwrap();
    let named = |name: &str| fields.iter().find(|field| field["field"] == name).unwrap();
    let number = named("number");
    assert_eq!(number["wcoId"], "D014");
    assert!(number["line"].as_u64() > Some(1), "{number}");
    assert!(number["path"].as_str().unwrap().starts_with("row 1, column "), "{number}");
    let rule = number["rule"]["line"].as_u64().unwrap();
    let table = fs::read_to_string(partners().join("formats/mec-csv/format.toml")).unwrap();
    let row = table.lines().nth(usize::try_from(rule).unwrap() - 1).unwrap();
    assert!(row.contains("is = \"number\""), "line {rule} is {row}");
    assert_eq!(number["to"], serde_json::json!(["iD"]));
    let lost: Vec<&Value> = fields.iter().filter(|field| field.get("lost").is_some()).collect();
    assert!(!lost.is_empty() && lost.iter().all(|field| field.get("to").is_none()));
    assert!(lost.iter().any(|field| field["lost"] == "edi3-coo has no place for it"), "{lost:?}");
    for field in fields {
        assert!(field.get("lost").is_some() != field.get("to").is_some(), "{field}");
        assert!(field["line"].is_null() || field["rule"]["line"].as_u64() > Some(0), "{field}");
    }
}

#[test]
fn a_trace_in_words_is_a_line_per_field_and_says_what_the_hub_would_warn_about() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.json");
    fs::write(&file, "{\"number\": \"1\", \"issueDate\": \"2015-01-01\",\n \"originCountry\": \"AN\"}")
        .unwrap();
    let (code, out, err) = run(&format!("map {} --trace --to mec-csv", file.display()), &partners());
    assert!(
        out.contains("2:19 /originCountry -> originCountry (WCO 063) = \"AN\"  [row originCountry]"),
        "{out}"
    );
    assert!(out.contains("cannot be filled: "), "{out}");
    assert_eq!(code, 65);
    assert!(err.contains("code-out-of-dates originCountry"), "{err}");
    assert_eq!(run(&format!("map {}", file.display()), &partners()).0, 64, "neither --to nor --trace");
}

#[test]
fn a_live_link_that_could_never_be_written_needs_a_fallback() {
    let table = |name: &str, more: &str| {
        TABLE
            .replace("title = \"Test\"", &format!("title = \"{name}\""))
            .replace("\n]\n[[code", &format!("\n{more}]\n[[code"))
    };
    let region = |fallback: &str| {
        TestRegion::mec()
            .file("formats/poor/format.toml", &table("Poor", ""))
            .file(
                "formats/rich/format.toml",
                &table("Rich", "  { at = \"name\", is = \"exporter.name\", required = true },\n")
                    .replace("certificate", "paper"),
            )
            .edit("members/almora.toml", "sends = [", "sends = [\"poor\", ")
            .edit("members/brisca.toml", "form = \"canonical-json\"", &format!("form = \"rich\"\n{fallback}"))
    };
    let problems = region("").problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    for wanted in [
        "members/brisca.toml",
        "comes as poor under mecta can never be written as rich",
        "name (exporter.name)",
        "on_unrenderable",
    ] {
        assert!(problems[0].contains(wanted), "{wanted}: {}", problems[0]);
    }
    let loaded = region("on_unrenderable = \"original\"").load();
    let notices = coohub::region::notice::notices(&loaded);
    assert!(
        notices.iter().any(|notice| notice.reason.contains("goes out as takes.on_unrenderable")),
        "{notices:#?}"
    );
}
