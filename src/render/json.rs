//! Nodes to JSON, without insignificant white space. Listed children of one name are an array.

use crate::decode::document::{Node, Scalar};

/// Writes a document.
#[must_use]
pub fn write(root: &Node) -> Vec<u8> {
    let mut out = String::with_capacity(4096);
    value(&mut out, root);
    out.into_bytes()
}

fn value(out: &mut String, node: &Node) {
    match node.scalar {
        Scalar::Branch => object(out, node),
        Scalar::Text => string(out, &node.text),
        Scalar::Number | Scalar::Bool => out.push_str(&node.text),
        Scalar::Null => out.push_str("null"),
    }
}

fn object(out: &mut String, node: &Node) {
    out.push('{');
    let mut before: Option<&Node> = None;
    for child in &node.children {
        let goes_on = child.listed && before.is_some_and(|before| before.listed && before.name == child.name);
        if goes_on {
            out.push(',');
        } else {
            close(out, before);
            if before.is_some() {
                out.push(',');
            }
            string(out, &child.name);
            out.push(':');
            if child.listed {
                out.push('[');
            }
        }
        value(out, child);
        before = Some(child);
    }
    close(out, before);
    out.push('}');
}

fn close(out: &mut String, before: Option<&Node>) {
    if before.is_some_and(|before| before.listed) {
        out.push(']');
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    let special = |byte| matches!(byte, b'"' | b'\\' | 0..b' ');
    super::escaped(out, text, special, |out, c| match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
    });
    out.push('"');
}
