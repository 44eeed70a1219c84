//! The forms of the Russian customs album: what the tables write is valid by the customs service's own schemas, and what
//! they read is what was written.

mod fill;
mod traps;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use coohub::{decode::document::Syntax, format::Table, map, model::certificate::Certificate, render};

use crate::{
    formats::{document, lines, samples, table},
    support::need::{corpus, installed},
};

/// Tables and the document elements of their schemas.
pub(crate) const FORMS: [(&str, &str); 5] = [
    ("ru-ct1", "SertifST1Form"),
    ("ru-ct2", "SertifST2Form"),
    ("ru-ct3", "SertifST3Form"),
    ("ru-form-a", "SertifAForm"),
    ("ru-eav", "SertifEAVForm"),
];

/// Asserts that a document is valid by the schema of the corpus; says so where it or xmllint is not there.
fn assert_valid(form: &str, bytes: &[u8]) {
    let schema = format!("ru-fts/{form}.xsd");
    if corpus(&schema).is_none() || !installed("xmllint") {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(schema);
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(path)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(bytes));
}

/// Renders a certificate of which everything must arrive, holds it against the schema, and reads it again.
fn assert_survives(table: &Table, form: &str, certificate: &Certificate) {
    let traced = render::trace(table, certificate);
    assert!(traced.unfilled.is_empty(), "{}: {:#?}", table.id, traced.unfilled);
    let lost: Vec<String> = traced.losses.iter().map(|place| place.path()).collect();
    assert_eq!(lost, Vec::<String>::new(), "{}", table.id);
    let bytes = render::bytes(table, &traced.document);
    assert_valid(form, &bytes);
    let read = document(Syntax::Xml, &bytes);
    assert!(table.recognises(&read));
    let draft = map::map(table, &read);
    assert_eq!(lines(&draft.certificate), lines(certificate), "{}", table.id);
    assert_eq!(lines(&draft.certificate), lines(&render::project(table, certificate)), "{}", table.id);
    assert_eq!((draft.findings, draft.remainder), (Vec::new(), Vec::new()), "{}", table.id);
}

#[test]
fn every_sample_is_valid_by_its_schema_as_it_came_and_as_it_is_written() {
    for (name, form) in FORMS {
        let table = table(name);
        for sample in samples(&table) {
            let bytes = std::fs::read(&sample).unwrap();
            assert_valid(form, &bytes);
            let certificate = map::map(&table, &document(Syntax::Xml, &bytes)).certificate;
            assert_valid(form, &render::render(&table, &certificate).unwrap().bytes);
        }
    }
}

#[test]
fn every_field_a_form_carries_arrives_at_its_greatest_length() {
    for (name, form) in FORMS {
        let table = table(name);
        assert_survives(&table, form, &fill::full(&table));
    }
}

#[test]
fn what_a_form_demands_is_enough() {
    for (name, form) in FORMS {
        let table = table(name);
        let least = fill::least(&table);
        assert_survives(&table, form, &least);
        assert!(least.iter().count() < 35, "{name}: {:#?}", lines(&least));
    }
}

#[test]
fn no_form_is_ever_sent() {
    for (name, _) in FORMS {
        let table = table(name);
        assert!(table.reads && !table.writes, "{name} is another agreement's proof");
        assert!(!table.reconstructed, "{name} is known from its own schema");
    }
}
