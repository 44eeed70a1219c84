//! Nodes to XML 1.0, one element a line. The text is UTF-8; its declaration names the set it is then written in.

use crate::decode::document::Node;

/// Writes a document: the declaration, the namespaces on the document element, then the tree.
///
/// `namespaces` pairs prefixes with addresses; the empty prefix is the default namespace. A node in a namespace that
/// is not among them is written without prefix. `charset` is the name the declaration gives.
#[must_use]
pub fn write(root: &Node, namespaces: &[(String, String)], charset: &str) -> Vec<u8> {
    let mut out = String::with_capacity(4096);
    out.push_str(&format!("<?xml version=\"1.0\" encoding=\"{charset}\"?>\n"));
    let used = namespaces.iter().filter(|(_, address)| uses(root, address)).collect::<Vec<_>>();
    let declared = used.iter().map(|(prefix, address)| {
        let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
        (name, address.clone())
    });
    element(&mut out, root, (namespaces, 0), &declared.collect::<Vec<_>>());
    out.into_bytes()
}

fn uses(node: &Node, address: &str) -> bool {
    node.space.as_deref() == Some(address) || node.children.iter().any(|child| uses(child, address))
}

fn element(
    out: &mut String,
    node: &Node,
    (spaces, depth): (&[(String, String)], usize),
    declared: &[(String, String)],
) {
    indent(out, depth);
    out.push('<');
    name(out, node, spaces);
    for (key, value) in declared.iter().chain(&node.attributes) {
        out.push(' ');
        out.push_str(key);
        out.push_str("=\"");
        escape(out, value, true);
        out.push('"');
    }
    if node.children.is_empty() && node.text.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push('>');
    escape(out, &node.text, false);
    if !node.children.is_empty() {
        out.push('\n');
        for child in &node.children {
            element(out, child, (spaces, depth + 1), &[]);
        }
        indent(out, depth);
    }
    out.push_str("</");
    name(out, node, spaces);
    out.push_str(">\n");
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn name(out: &mut String, node: &Node, spaces: &[(String, String)]) {
    let space = node.space.as_ref().and_then(|space| spaces.iter().find(|(_, address)| address == space));
    if let Some((prefix, _)) = space.filter(|(prefix, _)| !prefix.is_empty()) {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(&node.name);
}

fn escape(out: &mut String, text: &str, attribute: bool) {
    let special = |byte| b"&<>\"\n\t\r".contains(&byte);
    super::escaped(out, text, special, |out, c| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' if attribute => out.push_str("&quot;"),
        '\n' if attribute => out.push_str("&#10;"),
        '\t' if attribute => out.push_str("&#9;"),
        '\r' => out.push_str("&#13;"),
        c => out.push(c),
    });
}
