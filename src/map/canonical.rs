//! The canonical profile read back: the dictionary's own table ([`crate::format::canonical`]).

use crate::{
    decode::document::{Document, Syntax},
    format::{Table, canonical},
};

use super::Draft;

/// Whether a document is of the canonical profile in this syntax.
///
/// JSON needs a member `number` and another one the dictionary knows at the top, so that no other format's document is
/// taken for it by accident; XML is told by its document element.
#[must_use]
pub fn recognises(syntax: Syntax, document: &Document) -> bool {
    let Some(table) = table(syntax) else { return false };
    let known = |name: &str| {
        table.plans.first().is_some_and(|plan| plan.root.children.iter().any(|child| child.name == name))
    };
    let plain = syntax == Syntax::Xml
        || (document.root.child("number").is_some()
            && document.root.children.iter().any(|child| child.name != "number" && known(&child.name)));
    syntax == document.syntax && plain && table.recognises(document)
}

/// Maps a document of the canonical profile, by its own syntax; CSV has no canonical profile and gives an empty draft.
#[must_use]
pub fn map(document: &Document) -> Draft {
    table(document.syntax).map_or_else(Draft::default, |table| super::map(table, document))
}

fn table(syntax: Syntax) -> Option<&'static Table> {
    match syntax {
        Syntax::Xml => canonical::xml(),
        Syntax::Json => canonical::json(),
        Syntax::Csv => None,
    }
}
