//! The path of the node at hand, as findings and the remainder name it.

use crate::{
    decode::document::{Node, Syntax},
    model::finding::Position,
};

/// A path that grows and shrinks with the walk.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    syntax: Syntax,
    text: String,
}

/// How far to go back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

impl Trail {
    /// At the document element.
    /// The element of JSON and CSV has no name, unless the document was inside another.
    pub(super) fn new(syntax: Syntax, root: &Node) -> Self {
        let text = if root.name.is_empty() { String::new() } else { format!("/{}", root.name) };
        Self { syntax, text }
    }

    /// Goes down to a child, the `number`th of its name counted from 1; `repeats` when there can be several.
    pub(super) fn down(&mut self, name: &str, number: usize, repeats: bool) -> Mark {
        let mark = Mark(self.text.len());
        match self.syntax {
            Syntax::Csv if self.text.is_empty() => self.text.push_str(&format!("row {number}")),
            Syntax::Csv => self.text.push_str(&format!(", column \"{name}\"")),
            Syntax::Json => {
                self.text.push('/');
                if name.contains(['~', '/']) {
                    self.text.push_str(&name.replace('~', "~0").replace('/', "~1"));
                } else {
                    self.text.push_str(name);
                }
                if repeats {
                    self.text.push_str(&format!("/{}", number.saturating_sub(1)));
                }
            }
            Syntax::Xml => {
                self.text.push('/');
                self.text.push_str(name);
                if repeats || number > 1 {
                    self.text.push_str(&format!("[{number}]"));
                }
            }
        }
        mark
    }

    /// Goes down to an attribute.
    pub(super) fn attribute(&mut self, name: &str) -> Mark {
        let mark = Mark(self.text.len());
        self.text.push_str("/@");
        self.text.push_str(name);
        mark
    }

    /// Goes back up.
    pub(super) fn up(&mut self, mark: Mark) {
        self.text.truncate(mark.0);
    }

    /// The path.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    /// The position of a node at this path.
    pub(super) fn position(&self, node: &Node) -> Position {
        node.position(self.text.clone())
    }
}
