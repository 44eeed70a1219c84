//! Which of the plan's elements a node is.

use std::collections::BTreeMap;

use crate::{
    decode::document::{Node, Scalar},
    format::plan::{Element, When},
};

/// The children of one node, told apart: by name, by position, by what stands beside them.
pub(super) struct Places<'a> {
    plan: &'a [Element],
    parent: &'a Node,
    /// How many nodes of each name were met, where the plan counts them.
    met: Option<BTreeMap<&'a str, usize>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(plan: &'a Element, parent: &'a Node) -> Self {
        let counts = plan.children.iter().any(|child| child.position.is_some());
        Self { plan: &plan.children, parent, met: counts.then(BTreeMap::new) }
    }

    /// The plan's element for the next node; documents mostly keep the plan's order, so the search begins where the last
    /// one ended.
    pub(super) fn of(&mut self, node: &'a Node, start: usize) -> Option<usize> {
        let met = self.met.as_mut().map(|met| {
            let met = met.entry(&node.name).or_default();
            *met += 1;
            *met - 1
        });
        let fits = |element: &Element| {
            !element.attribute
                && element.name == node.name
                && element.space == node.space
                && (element.position.is_none() || element.position == met)
                && self.counts(element)
        };
        let (before, after) = self.plan.split_at_checked(start).unwrap_or((self.plan, &[]));
        let found = after.iter().position(fits).map(|at| start + at);
        found.or_else(|| before.iter().rposition(fits))
    }

    /// Which one of its name a node that was met last is, counted from 1, where the plan tells them apart.
    pub(super) fn number(&self, node: &Node) -> Option<usize> {
        let told = |element: &Element| element.position.is_some() && element.name == node.name;
        let met = self.met.as_ref().filter(|_| self.plan.iter().any(told))?;
        met.get(node.name.as_str()).copied()
    }

    /// Whether an element counts here, by what stands beside it.
    pub(super) fn counts(&self, element: &Element) -> bool {
        element.when.as_ref().is_none_or(|when| when.beside == self.has(when))
    }

    fn has(&self, when: &When) -> bool {
        let that = |node: &&Node| node.name == when.name && node.space == when.space;
        let empty = |node: &Node| is_blank(node) && node.children.is_empty() && node.attributes.is_empty();
        self.parent.children.iter().filter(that).any(|node| !empty(node))
    }
}

/// Whether a node has no text.
pub(super) fn is_blank(node: &Node) -> bool {
    node.scalar == Scalar::Null || node.text.trim().is_empty()
}
