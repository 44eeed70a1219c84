//! A leaf's place in the tree of elements.

use crate::problem::Found;

use super::super::{
    compile::Builder,
    path::Segment,
    plan::{Does, Element, Repeat, When},
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
        let (space, condition) = (builder.space(step), &builder.condition);
        let when = condition.when.as_ref().filter(|_| end + 1 == condition.depth);
        let named = |child: &Element| {
            child.name == step.name && child.space == space && child.attribute == step.attribute
        };
        let same =
            |child: &Element| named(child) && child.position == step.position && child.when.as_ref() == when;
        let position = match element.children.iter().position(same) {
            Some(position) => position,
            None => {
                for other in element.children.iter().filter(|child| named(child)) {
                    mixed(builder, at, (step, other), when);
                }
                let repeat = match builder.repeat_at(steps.get(..=end).unwrap_or_default()) {
                    Repeat::Once if step.repeats => Repeat::Pieces,
                    repeat => repeat,
                };
                let (attribute, position, when) = (step.attribute, step.position, when.cloned());
                let new = Element { repeat, attribute, position, when, ..Element::new(&step.name, space) };
                element.children.push(new);
                element.children.len() - 1
            }
        };
        let Some(next) = element.children.get_mut(position) else { return };
        element = next;
        if end + 1 == condition.depth {
            element.having.clone_from(&condition.having);
        }
    }
    let branch = element.children.iter().any(|child| !child.attribute);
    if element.leaf.is_some() {
        builder.problems.add(at.spot.problem("another row already says what this field is"));
    } else if branch {
        builder.problems.add(at.spot.problem("has fields inside and can have no value of its own"));
    }
    element.leaf = Some(leaf);
}

/// Two elements of one name must be told apart the same way: by position, or by what stands beside them.
fn mixed(
    builder: &Builder<'_>,
    at: &Found<String>,
    (step, other): (&Segment, &Element),
    when: Option<&When>,
) {
    let name = &step.name;
    if step.position.is_some() != other.position.is_some() {
        let reason = format!("{name} is used both with and without a position");
        builder.problems.add(at.spot.problem(reason));
    } else if step.position == other.position && !opposite(when, other.when.as_ref()) {
        let reason = format!("{name} stands in several blocks, and unless and beside do not tell them apart");
        let hint = "say unless on one and beside on the other, with the same element";
        builder.problems.add(at.spot.problem(reason).hint(hint));
    }
}

fn opposite(one: Option<&When>, other: Option<&When>) -> bool {
    matches!((one, other), (Some(a), Some(b)) if a.name == b.name && a.space == b.space && a.beside != b.beside)
}
