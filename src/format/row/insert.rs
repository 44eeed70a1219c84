//! A leaf's place in the tree of elements.

use crate::problem::Found;

use super::super::{
    compile::Builder,
    path::Segment,
    plan::{Does, Element, Repeat},
};

/// Puts a leaf into the tree, with the elements above it.
pub(super) fn insert(
    builder: &Builder<'_>,
    at: &Found<String>,
    tree: &mut Element,
    steps: &[Segment],
    leaf: (usize, usize),
) {
    let drops = |element: &Element| {
        element
            .leaf
            .and_then(|(row, _)| builder.rows.get(row))
            .is_some_and(|row| matches!(row.does, Does::Drop))
    };
    let mut element = tree;
    for (end, step) in steps.iter().enumerate() {
        if drops(element) {
            builder
                .problems
                .add(at.spot.problem("can never be reached: a row above it drops everything below"));
            return;
        }
        let space = builder.space(step);
        let same = |child: &Element| {
            child.name == step.name && child.space == space && child.attribute == step.attribute
        };
        let position = match element.children.iter().position(same) {
            Some(position) => position,
            None => {
                let repeat = match builder.repeat_at(steps.get(..=end).unwrap_or_default()) {
                    Repeat::Once if step.repeats => Repeat::Pieces,
                    repeat => repeat,
                };
                let attribute = step.attribute;
                element.children.push(Element { repeat, attribute, ..Element::new(&step.name, space) });
                element.children.len() - 1
            }
        };
        let Some(next) = element.children.get_mut(position) else { return };
        element = next;
    }
    let branch = element.children.iter().any(|child| !child.attribute);
    if element.leaf.is_some() {
        builder.problems.add(at.spot.problem("another row already says what this field is"));
    } else if branch {
        builder.problems.add(at.spot.problem("has fields inside and can have no value of its own"));
    }
    element.leaf = Some(leaf);
}
