//! Salted values: their digests, and the values without salt.
//!
//! A value's digest is that of `{"<path>":"<salted>"}`, the path joined by points: `items.0.name`. So a name with a
//! point in it, or of digits alone, could be moved to another place without the digest noticing; such names are
//! refused. An empty list or object has a digest too, and an empty list leaves no node in the tree: therefore a second
//! reading of the same text leads, and is held to the tree value by value.

use serde_json::{Map, Value};

use super::{Keccak, merkle::keccak, structure, unlike};
use crate::{
    decode::document::{Node, Scalar},
    model::finding::Finding,
};

/// Length of a salt, a UUID, in bytes.
const SALT_BYTES: usize = 36;
/// Where a UUID has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// A document without salt.
pub(super) struct Unsalted {
    pub(super) root: Node,
    /// The same as JSON.
    pub(super) value: Value,
    /// One digest per value.
    pub(super) digests: Vec<Keccak>,
}

/// Takes the salt off every value below `data`.
///
/// # Errors
/// `proof-structure`, at the value or name concerned.
pub(super) fn unsalted(data: &Node, values: &Value) -> Result<Unsalted, Finding> {
    let mut walk = Walk { digests: Vec::new() };
    let members = values.as_object().ok_or_else(|| unlike(data))?;
    let (root, value) = walk.object(data, members, "")?;
    Ok(Unsalted { root, value, digests: walk.digests })
}

/// A step of a JSON pointer (RFC 6901).
pub(super) fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Where the value of a path stands in the original.
fn pointer(path: &str) -> String {
    format!("/data/{}", step(path).replace('.', "/"))
}

/// A value without salt, as a node and as JSON.
type Plain = (Node, Value);

struct Walk {
    digests: Vec<Keccak>,
}

impl Walk {
    fn object(&mut self, node: &Node, members: &Map<String, Value>, path: &str) -> Result<Plain, Finding> {
        let mut children = node.children.iter();
        let mut kept = Vec::with_capacity(node.children.len());
        let mut plain = Map::new();
        for (name, value) in members {
            let path = below(node, path, name)?;
            let value = match value {
                Value::Array(values) => self.list(&mut children, (name, values), &path, &mut kept)?,
                value => {
                    let child = children.next().filter(|child| child.name == *name && !child.listed);
                    let (child, value) = self.value(child.ok_or_else(|| unlike(node))?, value, &path)?;
                    kept.push(child);
                    value
                }
            };
            plain.insert(name.clone(), value);
        }
        Ok((Node { children: kept, ..bare(node) }, Value::Object(plain)))
    }

    fn list<'n>(
        &mut self,
        nodes: &mut impl Iterator<Item = &'n Node>,
        (name, values): (&str, &[Value]),
        path: &str,
        kept: &mut Vec<Node>,
    ) -> Result<Value, Finding> {
        if values.is_empty() {
            self.digest(path, "[]");
        }
        let mut plain = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let path = format!("{path}.{index}");
            let node = nodes.next().ok_or_else(|| unlike(&Node::branch(name)))?;
            if node.name != name || !node.listed {
                return Err(unlike(node));
            }
            let (node, value) = self.value(node, value, &path)?;
            kept.push(node);
            plain.push(value);
        }
        Ok(Value::Array(plain))
    }

    fn value(&mut self, node: &Node, value: &Value, path: &str) -> Result<Plain, Finding> {
        match value {
            Value::Object(members) if members.is_empty() => {
                self.digest(path, "{}");
                Ok((node.clone(), value.clone()))
            }
            Value::Object(members) => self.object(node, members, path),
            Value::Array(values) => {
                let mut kept = Vec::with_capacity(values.len());
                let plain = self.list(&mut node.children.iter(), ("", values), path, &mut kept)?;
                Ok((Node { children: kept, ..bare(node) }, plain))
            }
            Value::String(text) if node.scalar == Scalar::Text && node.text == *text => {
                self.digest(path, &value.to_string());
                let (scalar, text) = plain(text).ok_or_else(|| salted(node, path))?;
                let value = match scalar {
                    Scalar::Text | Scalar::Branch => Value::String(text.to_owned()),
                    Scalar::Number | Scalar::Bool => serde_json::from_str(text).unwrap_or_default(),
                    Scalar::Null => Value::Null,
                };
                Ok((Node { scalar, text: text.to_owned(), ..bare(node) }, value))
            }
            _ => Err(salted(node, path)),
        }
    }

    /// Adds the digest of a value as it is written in JSON.
    fn digest(&mut self, path: &str, written: &str) {
        let path = Value::String(path.to_owned());
        self.digests.push(keccak(format!("{{{path}:{written}}}").as_bytes()));
    }
}

/// A node without its content.
fn bare(node: &Node) -> Node {
    Node {
        scalar: node.scalar,
        listed: node.listed,
        line: node.line,
        column: node.column,
        ..Node::branch(&node.name)
    }
}

/// The path of a member whose name cannot be taken for a path or a place in a list.
fn below(node: &Node, path: &str, name: &str) -> Result<String, Finding> {
    if name.is_empty() || name.contains('.') || name.bytes().all(|byte| byte.is_ascii_digit()) {
        let advice = "use no name that is empty, of digits alone or with a point: its place is not covered by the hash";
        return Err(structure(node, pointer(path).trim_end_matches('/'), advice));
    }
    Ok(if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") })
}

fn salted(node: &Node, path: &str) -> Finding {
    let advice = "salt each value as OpenAttestation 2.0 does: <uuid>:<type>:<value>, the type one of string, number, boolean, null, undefined";
    structure(node, &pointer(path), advice)
}

/// Type and text of a salted value; none when it is not of that form.
fn plain(salted: &str) -> Option<(Scalar, &str)> {
    let (salt, typed) = salted.split_at_checked(SALT_BYTES)?;
    let sound = |(at, byte): (usize, u8)| {
        if HYPHENS.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    if !salt.bytes().enumerate().all(sound) {
        return None;
    }
    let (kind, text) = typed.strip_prefix(':')?.split_once(':')?;
    match (kind, text) {
        ("string", _) => Some((Scalar::Text, text)),
        ("number", _) if is_number(text) => Some((Scalar::Number, text)),
        ("boolean", "true" | "false") => Some((Scalar::Bool, text)),
        ("null", "null") | ("undefined", "undefined") => Some((Scalar::Null, "")),
        _ => None,
    }
}

/// Whether a text is a JSON number and nothing else.
fn is_number(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    starts
        && text.ends_with(|last: char| last.is_ascii_digit())
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}
