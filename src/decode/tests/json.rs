//! JSON: what is refused, what is kept, and agreement with `serde_json` on what JSON is.

use proptest::prelude::*;
use serde_json::Value;

use super::{Limits, Syntax, accepted, refusal, small, verdict};
use crate::decode::document::{Node, Scalar};

fn by_default(text: &str) -> &'static str {
    verdict(Syntax::Json, text, &Limits::default())
}

fn limited(text: &str) -> &'static str {
    verdict(Syntax::Json, text, &small())
}

#[test]
fn limits_pass_at_and_not_past() {
    assert_eq!(limited(r#"{"a":{"b":{}}}"#), "ok");
    assert_eq!(limited(r#"{"a":{"b":{"c":{}}}}"#), "json-too-deep");
    assert_eq!(limited(r#"{"a":{"b":[1]}}"#), "ok");
    assert_eq!(limited(r#"{"a":{"b":[[1]]}}"#), "json-too-deep");
    assert_eq!(limited(r#"{"a":[1,2,3,4]}"#), "ok");
    assert_eq!(limited(r#"{"a":[1,2,3,4,5]}"#), "json-too-many-nodes");
    assert_eq!(limited(r#"{"a":"123456789012"}"#), "ok");
    assert_eq!(limited(r#"{"a":"1234567890123"}"#), "json-text-too-long");
    assert_eq!(limited(r#"{"a":123456789012}"#), "ok");
    assert_eq!(limited(r#"{"a":1234567890123}"#), "json-text-too-long");
    assert_eq!(limited(r#"{"12345678":1}"#), "ok");
    assert_eq!(limited(r#"{"123456789":1}"#), "json-text-too-long");
    let deep = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    assert_eq!(by_default(&deep(64)), "ok");
    assert_eq!(by_default(&deep(65)), "json-too-deep");
    assert_eq!(by_default(&format!("{{\"a\":{}", "[".repeat(200_000))), "json-too-deep");
}

#[test]
fn names_given_twice_are_refused_by_pointer_even_when_escaped() {
    let found = refusal(Syntax::Json, "{\"a\":[{},{\n \"x/y\":1, \"\\u0078/y\":2}]}");
    assert_eq!(found.reason.code(), "json-duplicate-key");
    let position = found.position.unwrap();
    assert_eq!((position.path.as_str(), position.line, position.column), ("/a/1/x~1y", 2, 11));
    assert_eq!(by_default(r#"{"a":{"b":1},"c":{"b":1}}"#), "ok");
}

#[test]
fn u0000_is_refused_however_written() {
    assert_eq!(by_default("{\"a\":\"\0\"}"), "nul-character");
    assert_eq!(by_default(r#"{"a":"\u0000"}"#), "nul-character");
    assert_eq!(by_default(r#"{"\u0000":1}"#), "nul-character");
    assert_eq!(by_default(r#"{"a":"\\u0000"}"#), "ok");
}

#[test]
fn only_an_object_may_be_outermost() {
    for text in ["", "1", "[]", "\"a\"", "null", "{} {}", "{}x"] {
        assert_eq!(by_default(text), "json-malformed", "{text}");
    }
    assert_eq!(by_default("\u{FEFF} {} "), "ok");
    assert_eq!(verdict(Syntax::Json, b"{\"a\":\"\xE9\"}", &Limits::default()), "not-utf8");
}

#[test]
fn numbers_keep_their_digits_and_strings_their_characters() {
    let root = accepted(
        Syntax::Json,
        r#"{"n":4500.000000,"e":-1E+02,"s":"a\n\u00e9\uD83D\uDE00\/ é","t":true,"z":null,"o":{}}"#,
    );
    let kept: Vec<_> = root.document.root.children.iter().map(|n| (n.scalar, n.text.as_str())).collect();
    let expected = [
        (Scalar::Number, "4500.000000"),
        (Scalar::Number, "-1E+02"),
        (Scalar::Text, "a\né😀/ é"),
        (Scalar::Bool, "true"),
        (Scalar::Null, ""),
        (Scalar::Branch, ""),
    ];
    assert_eq!(kept, expected);
}

#[test]
fn elements_of_arrays_are_listed_under_the_name_of_the_array() {
    let root = accepted(Syntax::Json, "{\n\"a\":[1,\n {\"b\":2}],\"c\":[[3,4],[]],\"d\":[]}").document.root;
    let shape: Vec<_> = root.children.iter().map(|n| (n.name.as_str(), n.listed, n.children.len())).collect();
    assert_eq!(shape, [("a", true, 0), ("a", true, 1), ("c", true, 2), ("c", true, 0)]);
    let second = &root.children[1];
    assert_eq!((second.line, second.column), (3, 2));
    let inner: Vec<_> = root.children[2].children.iter().map(|n| (n.name.as_str(), n.listed)).collect();
    assert_eq!(inner, [("", true), ("", true)]);
}

#[test]
fn a_refusal_points_to_the_value_and_shows_none() {
    let found = refusal(Syntax::Json, "{\"goods\":[{\"name\":\"SECRET\"},\n{\"name\":01}]}");
    let position = found.position.clone().unwrap();
    assert_eq!((position.path.as_str(), position.line), ("/goods/1/name", 2));
    assert!(!found.to_string().contains("SECRET"));
}

/// What a document says, without positions, the way `serde_json` would have it.
fn value(node: &Node) -> Value {
    match node.scalar {
        Scalar::Text => Value::String(node.text.clone()),
        Scalar::Number => serde_json::from_str(&node.text).unwrap(),
        Scalar::Bool => Value::Bool(node.text == "true"),
        Scalar::Null => Value::Null,
        Scalar::Branch
            if !node.children.is_empty() && node.children.iter().all(|child| child.name.is_empty()) =>
        {
            Value::Array(node.children.iter().map(value).collect())
        }
        Scalar::Branch => object(node),
    }
}

fn object(node: &Node) -> Value {
    let mut members = serde_json::Map::new();
    for child in &node.children {
        if child.listed {
            let list = members.entry(child.name.clone()).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut().unwrap().push(value(child));
        } else {
            members.insert(child.name.clone(), value(child));
        }
    }
    Value::Object(members)
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
        "[^\0]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            // An empty list leaves no trace, so lists here have something in them.
            prop::collection::vec(inner.clone(), 1..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z/~\"\\\\é]{1,6}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_back(members in prop::collection::btree_map("[a-z]{1,6}", any_value(), 0..5), pretty: bool) {
        let given = Value::Object(members.into_iter().collect());
        let text = if pretty { serde_json::to_string_pretty(&given) } else { serde_json::to_string(&given) }.unwrap();
        prop_assert_eq!(value(&accepted(Syntax::Json, text).document.root), given);
    }

    #[test]
    fn near_json_is_taken_exactly_when_serde_json_takes_it(inner in r#"([\[\]{},: "\\.0-9eE+\-a]|\\u[dD0][0-9a-fA-F]{3}|true|null|"a"){0,12}"#) {
        let text = format!("{{\"k\":{inner}}}");
        let serde = serde_json::from_str::<Value>(&text).is_ok();
        let ours = by_default(&text);
        if ours != "json-duplicate-key" && ours != "nul-character" {
            // serde_json refuses a number beyond f64, which is JSON all the same.
            let beyond = serde_json::from_str::<Value>(&text).is_err_and(|e| e.to_string().contains("out of range"));
            prop_assert_eq!(ours == "ok", serde || beyond, "{} {}", text, ours);
        }
    }
}
