//! Wraps documents by the recipe of OpenAttestation 2.0, with nothing of the hub's code.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha3::{Digest as _, Keccak256};

/// Wraps a document, in a batch with others where `steps` are given.
pub(super) fn wrapped(document: &Value, steps: &[String]) -> Value {
    let mut count = 0;
    let data = salted(document, &mut count);
    let target = target(&data, &[]);
    let root = steps.iter().fold(target.clone(), |one, other| pair(&one, other));
    json!({
        "version": "https://schema.openattestation.com/2.0/schema.json",
        "data": data,
        "signature": {"type": "SHA3MerkleProof", "targetHash": target, "proof": steps, "merkleRoot": root},
    })
}

/// Salts every value; the salts are counted, so that the same document gives the same wrapper.
fn salted(value: &Value, count: &mut u32) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), salted(value, count)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(|value| salted(value, count)).collect::<Vec<_>>().into(),
        leaf => {
            *count += 1;
            let typed = match leaf {
                Value::String(text) => format!("string:{text}"),
                Value::Number(number) => format!("number:{number}"),
                Value::Bool(flag) => format!("boolean:{flag}"),
                _ => "null:null".to_owned(),
            };
            json!(format!("{count:08x}-0000-4000-8000-00000c00c00c:{typed}"))
        }
    }
}

/// The target hash of salted data with some digests hidden.
pub(super) fn target(data: &Value, hidden: &[String]) -> String {
    let mut digests = hidden.to_vec();
    flatten(data, "", &mut digests);
    digests.sort();
    keccak(json!(digests).to_string().as_bytes())
}

fn flatten(value: &Value, path: &str, digests: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| flatten(value, &below(name), digests));
        }
        Value::Array(values) if !values.is_empty() => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| flatten(value, &below(&index.to_string()), digests));
        }
        value => digests.push(digest(path, value)),
    }
}

/// The digest of one value at its path.
pub(super) fn digest(path: &str, value: &Value) -> String {
    let mut pair = Map::new();
    pair.insert(path.to_owned(), value.clone());
    keccak(Value::Object(pair).to_string().as_bytes())
}

/// Keccak-256, in hexadecimal.
pub(super) fn keccak(bytes: &[u8]) -> String {
    hex(&Keccak256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn pair(one: &str, other: &str) -> String {
    let bytes = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let mut both = [bytes(one), bytes(other)];
    both.sort();
    keccak(&both.concat())
}
