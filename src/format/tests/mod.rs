//! What loading a table reports.

mod constructs;

use std::path::{Path, PathBuf};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats")
}

const HEAD: &str = "title = \"t\"\nsource = \"s\"\nrole = \"data\"\nsyntax = \"xml\"\nreads = true\nwrites = true\n\
                    [recognise]\nroot = \"Coo\"\n";

fn problems(text: &str) -> Vec<String> {
    let problems = Problems::default();
    let text = format!("{HEAD}{text}");
    let id = FormatId::new("test").unwrap();
    let table = Table::read(&id, &text, &folder().join("codes"), "format.toml", &problems);
    assert_eq!(table.is_none(), !problems.is_empty());
    problems.sorted().iter().map(ToString::to_string).collect()
}

fn row(row: &str) -> Vec<String> {
    problems(&format!("[[block]]\nrows = [\n{{ at = \"Number\", is = \"number\" }},\n{row}\n]\n"))
}

#[test]
fn every_shipped_table_loads() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !path.is_dir() || name == "codes" {
            continue;
        }
        let problems = Problems::default();
        let id = FormatId::new(&name).unwrap();
        let table =
            Table::load(&id, &path, &folder().join("codes"), &format!("{name}/format.toml"), &problems);
        let problems = problems.sorted().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(problems, Vec::<String>::new());
        assert!(table.is_some());
    }
}

#[test]
fn an_unknown_field_is_reported_with_its_line_and_the_nearest() {
    let found = row("{ at = \"Name\", is = \"exporter.nam\" },");
    assert_eq!(
        found,
        [
            "format.toml:12:21: block[1].rows[2].is: \"exporter.nam\" is not a field of the dictionary; did you mean \"exporter.name\"?"
        ]
    );
}

#[test]
fn signatures_come_with_their_algorithms_and_wrappers_with_json() {
    let head = |signed: &str| {
        let text = format!("{HEAD}[[block]]\nrows = [{{ at = \"Number\", is = \"number\" }}]\n");
        let text = text.replace("writes = true", &format!("writes = false\n{signed}"));
        let problems = Problems::default();
        let id = FormatId::new("test").unwrap();
        let table = Table::read(&id, &text, &folder().join("codes"), "format.toml", &problems);
        (table, problems.sorted().iter().map(ToString::to_string).collect::<String>())
    };
    let (_, found) = head("signature = \"xmldsig-cod\"");
    assert!(found.contains("\"signature\" and \"algorithms\" go together"), "{found}");
    let (_, found) = head("algorithms = [\"rsa-sha256\"]");
    assert!(found.contains("go together"), "{found}");
    let (_, found) = head("signature = \"xmldsig-cod\"\nalgorithms = [\"rsa-sha265\"]");
    assert!(found.contains("\"rsa-sha265\" is not a valid choice; did you mean \"rsa-sha256\"?"), "{found}");
    let (_, found) = head("wrapping = [\"openattestation-3\"]");
    assert!(found.contains("did you mean \"openattestation-2\"?"), "{found}");
    let (_, found) = head("wrapping = [\"openattestation-2\"]");
    assert!(found.contains("\"wrapping\" needs syntax = \"json\""), "{found}");
    let (_, found) = head("sha1 = true");
    assert!(found.contains("sha1"), "the former flag is not passed over: {found}");
    let cod = Table::load(
        &FormatId::new("aladi-cod").unwrap(),
        &folder().join("aladi-cod"),
        &folder().join("codes"),
        "format.toml",
        &Problems::default(),
    );
    assert_eq!(cod.unwrap().algorithms, Algorithm::ALL);
}

#[test]
fn a_conversion_that_does_not_fit_is_reported() {
    for (text, reason) in [
        ("{ at = \"D\", is = \"issueDate\" },", "issueDate is a date"),
        (
            "{ at = \"N\", is = \"exporter.name\", date = \"day\" },",
            "\"date\" does not fit exporter.name, which is a text",
        ),
        ("{ at = \"C\", is = \"originCountry\" },", "originCountry is a code"),
        (
            "{ at = \"C\", is = \"originCountry\", codes = \"countrys\" },",
            "there is no code list \"countrys\"",
        ),
        ("{ at = \"C\", is = \"originCountry\", codes = \"countries.xx\" },", "has no column \"xx\""),
        ("{ at = \"W\", is = \"totals.grossWeight\", max = 3 },", "\"max\" does not fit"),
        ("{ at = \"N\", is = \"exporter.name\", comma = true },", "\"comma\" does not fit exporter.name"),
        (
            "{ at = \"W\", is = \"totals.grossWeight\", comma = true, number = true },",
            "comma does not go with",
        ),
        ("{ at = \"X\" },", "says nothing about this field"),
        ("{ at = \"Q/@x\", is = \"items[]\" },", "is a list; name a field in it"),
    ] {
        let found = row(text);
        assert!(found.iter().any(|problem| problem.contains(reason)), "{text}: {found:?}");
    }
}

#[test]
fn lists_must_match_on_both_sides() {
    let found = row("{ at = \"Name\", is = \"items[].description\" },");
    assert!(found[0].contains("the field is in no list, but items[].description is in items[]"), "{found:?}");
    let found = row("{ at = \"Goods[]/Name\", is = \"items[].description\" },");
    assert!(found[0].contains("Goods[] repeats, but nothing says what it is"), "{found:?}");
    let list = "[[list]]\nis = \"items[]\"\nat = \"Goods[]\"\n";
    let block = "[[block]]\nrows = [\n{ at = \"Goods[]/Name\", is = \"number\" },\n]\n";
    let found = problems(&format!("{list}{block}"));
    let reason = "the field is in items[], but number is in no list";
    assert!(found.iter().any(|problem| problem.contains(reason)), "{found:?}");
}

#[test]
fn duplicate_and_unreachable_rows_are_reported() {
    let found = row("{ at = \"Other\", is = \"number\" },");
    assert!(found[0].contains("number is already read in line 11"), "{found:?}");
    assert_eq!(row("{ at = \"Other\", is = \"number\", again = true },"), Vec::<String>::new());
    let found = row("{ at = \"Other\", is = \"title\", written = false },");
    assert!(found[0].contains("no other row writes this field; it goes with again = true"), "{found:?}");
    let found = row("{ at = \"Other\", is = \"title\", again = true },");
    assert!(found[0].contains("no other row reads title; take again = true away"), "{found:?}");
    let found = row("{ at = \"Number\", is = \"title\" },");
    assert!(found[0].contains("another row already says what this field is"), "{found:?}");
    let found = row("{ at = \"Person\", drop = \"personal\" },\n{ at = \"Person/Name\", is = \"title\" },");
    assert!(found[0].contains("can never be reached"), "{found:?}");
    let found = row(
        "{ at = \"Number/Inner\", is = \"title\" },\n{ at = \"A/B\", is = \"form\" },\n{ at = \"A\", is = \"status\" },",
    );
    assert!(found.iter().any(|problem| problem.contains("has fields inside")), "{found:?}");
}

#[test]
fn a_mandatory_field_that_no_row_reads_is_reported() {
    let found = problems("[[block]]\nrows = [\n{ at = \"Name\", is = \"exporter.name\" },\n]\n");
    assert!(found[0].contains("no row reads the mandatory field number"), "{found:?}");
}

#[test]
fn the_canonical_profile_is_a_table_with_every_field() {
    use crate::model::dictionary::Field;
    let fields = Field::all().filter(|field| field.kind().is_some()).count();
    for table in [canonical::json().unwrap(), canonical::xml().unwrap()] {
        assert_eq!(table.plans[0].rows.len(), fields);
    }
}
