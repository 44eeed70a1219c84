//! The JSON formats against real samples and their own schemas: what is expected was written down from the crosswalk of
//! fields first, by hand, and stands beside this file.

mod samples;
mod schemas;
mod traps;

use coohub::{
    decode::document::Syntax,
    format::Table,
    map::{self, Draft},
};
use serde_json::{Map, Value};

use crate::{formats, support::need::corpus};

/// Maps a JSON value with a table that must recognise it.
fn mapped(table: &Table, value: &Value) -> Draft {
    let document = formats::document(Syntax::Json, &serde_json::to_vec(value).unwrap());
    assert!(table.recognises(&document), "not recognised by {}", table.id);
    map::map(table, &document)
}

/// A JSON file of the corpus.
fn real(path: &str) -> Option<Value> {
    corpus(path).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

/// The sample of the TradeTrust schema as its issuer would wrap it: OpenAttestation demands issuers.
fn issued(mut sample: Value) -> Value {
    let store = "0x0000000000000000000000000000000000000000";
    sample["issuers"] = serde_json::json!([{"name": "Any Chamber", "documentStore": store}]);
    sample
}

/// A value changed at a JSON pointer; `None` removes it.
fn with(mut value: Value, pointer: &str, new: Option<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
    match (parent, new) {
        (Value::Object(members), Some(new)) => drop(members.insert(name.to_owned(), new)),
        (Value::Object(members), None) => drop(members.remove(name)),
        (Value::Array(values), Some(new)) => values.push(new),
        _ => panic!("nothing to remove at {pointer}"),
    }
    value
}

/// A shipped sample.
fn shipped(table: &str, name: &str) -> Value {
    let table = formats::table(table);
    let path = formats::samples(&table).into_iter().find(|path| path.ends_with(name)).unwrap();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The values of a certificate, sorted; line breaks inside a text as ` / `.
fn found(draft: &Draft) -> Vec<String> {
    let mut lines = formats::lines(&draft.certificate);
    lines.iter_mut().for_each(|line| *line = line.replace('\n', " / "));
    lines.sort();
    lines
}

/// A value of a certificate.
fn at(draft: &Draft, path: &str) -> Option<String> {
    draft.certificate.iter().find(|(place, _)| place.path() == path).map(|(_, value)| value.to_string())
}

/// Findings as `reason path`.
fn findings(draft: &Draft) -> Vec<String> {
    let path = |finding: &coohub::model::finding::Finding| {
        finding.position.as_ref().map(|position| position.path.clone()).unwrap_or_default()
    };
    let word = |finding| format!("{} {} {}", level(finding), finding.reason.code(), path(finding));
    draft.findings.iter().map(word).collect()
}

fn level(finding: &coohub::model::finding::Finding) -> &'static str {
    finding.level.word()
}

/// Paths kept as unmapped.
fn unmapped(draft: &Draft) -> Vec<&str> {
    draft.remainder.iter().map(|(path, _)| path.as_str()).collect()
}

/// The members of an object.
fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}
