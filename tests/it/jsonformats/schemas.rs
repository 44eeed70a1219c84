//! The published schemas: samples and renderings obey them, and every field of theirs is in a table.

use std::{collections::BTreeSet, error::Error};

use coohub::{
    decode::{self, limit::Limits},
    format::{
        Table,
        plan::{Does, Element},
    },
    render,
};
use jsonschema::{Retrieve, Uri, Validator};
use serde_json::{Value, json};

use super::{mapped, members, real};
use crate::formats;

/// Each format with a JSON Schema in the corpus.
const SCHEMAS: [(&str, &str); 4] = [
    ("edi3-coo", "edi3-coo/CertificateOfOrigin.schema.json"),
    ("tradetrust-coo", "openattestation/schema.json"),
    ("aanzfta-coo", "aanzfta/AANZFTA-CoO.schema.transcribed.json"),
    ("unece-prefcoo", "uncefact-prefcoo/UNECE-PreferentialCoO.json"),
];

/// edi3's schema leaves the country codes to another file; nothing is fetched.
struct CountryCodes;

impl Retrieve for CountryCodes {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        match uri.as_str() {
            "https://edi3.org/shared/openapi/ISO/codes.json" => {
                let code = json!({"type": "string", "pattern": "^[A-Z]{2}$"});
                Ok(json!({"components": {"schemas": {"ISO3166_Code": code}}}))
            }
            other => Err(format!("{other} is not fetched").into()),
        }
    }
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options().with_retriever(CountryCodes).should_validate_formats(true).build(schema).unwrap()
}

fn violations(validator: &Validator, document: &Value) -> Vec<String> {
    let violation = |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(document).map(violation).collect()
}

fn rendered(table: &Table, certificate: &coohub::model::certificate::Certificate) -> Value {
    let rendered = render::render(table, certificate).unwrap_or_else(|error| panic!("{:#?}", error.fields));
    serde_json::from_slice(&rendered.bytes).unwrap()
}

#[test]
fn shipped_samples_and_what_is_written_of_them_obey_the_published_schema() {
    for (id, file) in SCHEMAS {
        let Some(schema) = real(file) else { continue };
        let (table, validator) = (formats::table(id), validator(&schema));
        for path in formats::samples(&table) {
            let bytes = std::fs::read(&path).unwrap();
            // Of a wrapped sample the schema describes what is inside.
            let decoded = decode::decode(table.syntax, &bytes, &Limits::DEFAULT).unwrap();
            let sample: Value = serde_json::from_slice(&decoded.inside.unwrap_or(bytes)).unwrap();
            assert_eq!(violations(&validator, &sample), Vec::<String>::new(), "{}", path.display());
            let draft = mapped(&table, &sample);
            let mut found = violations(&validator, &rendered(&table, &draft.certificate));
            if !draft.remainder.is_empty() {
                // The picture of a signature is not carried over, and AANZFTA demands one.
                found.retain(|violation| !violation.ends_with("\"signature\" is a required property"));
            }
            assert_eq!(found, Vec::<String>::new(), "{} written again", path.display());
        }
    }
}

#[test]
fn whatever_the_hub_writes_of_any_sample_obeys_the_published_schema() {
    let tables = formats::tables();
    let mut written = 0;
    for (id, file) in SCHEMAS {
        let Some(schema) = real(file) else { continue };
        let (target, validator) = (formats::table(id), validator(&schema));
        for source in tables.iter().filter(|_| target.writes) {
            for path in formats::samples(source) {
                let certificate = formats::mapped(source, &path).certificate;
                let Ok(rendered) = render::render(&target, &certificate) else { continue };
                let document = serde_json::from_slice(&rendered.bytes).unwrap();
                let mut found = violations(&validator, &document);
                if id == "unece-prefcoo" {
                    // The published file admits one example's codes: Germany, steel cases, ships.
                    found.retain(|violation| !violation.contains("/content") && !violation.contains("oneOf"));
                }
                assert_eq!(found, Vec::<String>::new(), "{} as {id}", path.display());
                written += 1;
            }
        }
    }
    assert!(written > 10 || real(SCHEMAS[0].1).is_none(), "{written}");
}

#[test]
fn every_field_of_the_published_schema_is_in_the_table() {
    for (id, file) in SCHEMAS {
        let Some(schema) = real(file) else { continue };
        let mut fields = BTreeSet::new();
        leaves(&schema, &schema, "", &mut fields);
        assert!(fields.len() > 20, "{id}: {fields:?}");
        let known = known(&formats::table(id));
        let missing: Vec<&str> = fields
            .iter()
            .map(String::as_str)
            .filter(|field| !known.iter().any(|known| covers(known, field)))
            .filter(|field| id != "unece-prefcoo" || !left_out(field))
            .collect();
        assert_eq!(missing, Vec::<&str>::new(), "{id}");
    }
}

/// What the head of the UN/CEFACT table names as not mapped.
fn left_out(field: &str) -> bool {
    let last = field.rsplit('/').next().unwrap_or_default();
    field.contains("/associated/")
        || ["languageId", "languageLocaleId", "unitCode", "schemeAgencyId", "listAgencyId"].contains(&last)
}

/// Whether a row's path is a field, holds it, or is inside of it (where a schema says no more than that it is there).
fn covers((known, drops): &(String, bool), field: &str) -> bool {
    known == field
        || known.starts_with(&format!("{field}/"))
        || (*drops && field.starts_with(&format!("{known}/")))
}

/// Paths of every leaf of a table, and whether it drops what is below.
fn known(table: &Table) -> Vec<(String, bool)> {
    fn walk(table: &Table, element: &Element, path: &str, out: &mut Vec<(String, bool)>) {
        for child in &element.children {
            let path = format!("{path}/{}", child.name);
            if let Some((row, _)) = child.leaf {
                out.push((path.clone(), matches!(table.plans[0].rows[row].does, Does::Drop)));
            }
            walk(table, child, &path, out);
        }
    }
    let mut out = Vec::new();
    walk(table, &table.plans[0].root, "", &mut out);
    out
}

/// Paths of every leaf a schema describes.
fn leaves(root: &Value, node: &Value, path: &str, out: &mut BTreeSet<String>) {
    let mut found = BTreeSet::new();
    if let Some(target) = node["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        leaves(root, root.pointer(target).unwrap(), path, &mut found);
    }
    for key in ["allOf", "oneOf"] {
        for part in node[key].as_array().into_iter().flatten() {
            leaves(root, part, path, &mut found);
        }
    }
    if node["items"].is_object() {
        leaves(root, &node["items"], path, &mut found);
    }
    if node["properties"].is_object() {
        for (name, property) in members(&node["properties"]) {
            leaves(root, property, &format!("{path}/{name}"), &mut found);
        }
    }
    // One alternative may only say that there is a text here, where another says what is inside.
    if found.len() > 1 {
        found.remove(path);
    }
    if found.is_empty() {
        found.insert(path.to_owned());
    }
    out.extend(found);
}
