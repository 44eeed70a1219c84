//! Which of the plan's elements is written where several share a name.

use crate::{
    decode::document::{Node, Scalar, Syntax},
    format::plan::Element,
};

use super::walk::{Here, Walk};

impl Walk<'_> {
    /// Whether an element counts here: by what was written beside it, and by what the certificate has.
    pub(super) fn stands(&self, child: &Element, plan: &Element, slots: &[Vec<Node>], here: Here) -> bool {
        let has = |field| {
            let mut all = self.certificate.all(field);
            all.any(|(index, _)| index.outer(here.index.depth()) == here.index)
        };
        if !child.having.is_empty() && !child.having.iter().any(|field| has(*field)) {
            return false;
        }
        let Some(when) = &child.when else { return true };
        let that = |element: &Element| element.name == when.name && element.space == when.space;
        let mut others = plan.children.iter().zip(slots).filter(|(element, _)| that(element));
        when.beside == others.any(|(_, nodes)| !nodes.is_empty())
    }
}

/// Where elements of a name are told apart by position, each stands at its own: those before it that have nothing to say
/// are written empty.
pub(super) fn hold_positions(plan: &Element, slots: &mut [Vec<Node>], syntax: Syntax) {
    for (number, first) in plan.children.iter().enumerate().filter(|(_, child)| child.position.is_some()) {
        let named = |child: &Element| child.name == first.name && child.space == first.space;
        if plan.children.iter().take(number).any(named) {
            continue;
        }
        let mut nodes: Vec<Option<Node>> = Vec::new();
        for (child, slot) in plan.children.iter().zip(slots.iter_mut()).filter(|(child, _)| named(child)) {
            let (Some(position), Some(node)) = (child.position, slot.pop()) else { continue };
            nodes.resize(nodes.len().max(position + 1), None);
            if let Some(place) = nodes.get_mut(position) {
                *place = Some(node);
            }
        }
        let empty = || Node { scalar: Scalar::Null, ..super::node(&first.name, first.space.as_ref()) };
        let nodes = nodes.into_iter().map(|node| node.unwrap_or_else(empty));
        let listed = syntax == Syntax::Json;
        if let Some(slot) = slots.get_mut(number) {
            *slot = nodes.map(|node| Node { listed, ..node }).collect();
        }
    }
}
