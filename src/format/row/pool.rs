//! Entries said once, outside, that others point to by order number.

use crate::problem::Found;

use super::super::{
    compile::Builder,
    plan::{Does, Element, FieldRow, Repeat, Scope},
};
use super::around::Around;

/// A leaf that points to an entry of a pool: in the entries of its list, after the pool itself.
pub(super) fn pointer(builder: &mut Builder<'_>, key: &Found<String>, around: &Around) -> Option<Does> {
    let number = builder.list_named(&key.value);
    let list = number.and_then(|number| builder.lists.get(number)).filter(|list| list.pool.is_some());
    let Some((number, field)) = number.zip(list.map(|list| list.field)) else {
        let reason = format!("\"{}\" is not a [[list]] with this name", key.value);
        let hint = "without is, key names entries that are said once: name = \"producers\" on a [[list]]";
        builder.problems.add(key.spot.problem(reason).hint(hint));
        return None;
    };
    let outer = around.group.is_some() || around.record.is_some() || around.pool.is_some();
    if outer || around.loops != [field] {
        let reason = format!("stands in an entry of {field} itself, whose entries point to {}", key.value);
        builder.problems.add(key.spot.problem(reason));
    }
    if !builder.rows.iter().any(|row| matches!(row.does, Does::Ordinal(list) if list == number)) {
        let reason = format!("stands before the order numbers of {}", key.value);
        let hint = "the order of the rows is that of the output: put the [[block]] with ordinal = true first";
        builder.problems.add(key.spot.problem(reason).hint(hint));
    }
    builder.refuse_two_homes(builder.list_named(field.path())?, &key.spot, "its entries point to nothing");
    Some(Does::Pointer(number))
}

/// What a pool needs to come back as it was: a pointer, and one that is always written.
pub(in crate::format) fn check(builder: &Builder<'_>, tree: &Element) {
    let in_pool = |row: &&Does| matches!(row, Does::Field(field) if is_in_pool(field));
    for (number, list) in builder.lists.iter().enumerate().filter(|(_, list)| list.pool.is_some()) {
        let points = |does: &Does| matches!(does, Does::Pointer(list) if *list == number);
        let does = || builder.rows.iter().map(|row| &row.does);
        if does().any(|does| in_pool(&does)) && !does().any(points) {
            let found = builder.spots.iter().zip(does()).find(|(_, does)| in_pool(does));
            let Some((spot, _)) = found else { continue };
            let reason = format!("nothing points to {}", list.title());
            let hint = format!("add a row with key = \"{}\" to the entries of {}", list.title(), list.field);
            builder.problems.add(spot.problem(reason).hint(hint));
        }
    }
    conditional(builder, tree, (false, false));
}

fn is_in_pool(field: &FieldRow) -> bool {
    field.scope == Scope::Pool
}

/// Pointers that may be left out, and pools that may be written after them, are problems. Recursion is bounded by the
/// plan's depth.
fn conditional(builder: &Builder<'_>, element: &Element, (turns, may_lack): (bool, bool)) {
    let turns = turns || element.when.is_some();
    let may_lack = may_lack || turns || element.optional || !element.having.is_empty();
    let row = element.leaf.map(|(row, _)| row);
    let does = row.and_then(|row| builder.rows.get(row)).map(|row| &row.does);
    if let (Some(Does::Pointer(_)), Some(spot), true) =
        (does, row.and_then(|row| builder.spots.get(row)), may_lack)
    {
        let reason = "a pointer cannot stand in a block with optional, unless, beside or having";
        builder.problems.add(spot.problem(reason));
    }
    let first = element.children.iter().find_map(|child| child.leaf).map(|(row, _)| row);
    if let (Repeat::Pool(_), Some(spot), true) =
        (element.repeat, first.and_then(|row| builder.spots.get(row)), turns)
    {
        let reason = "what others point to cannot stand in a block with unless or beside";
        builder.problems.add(spot.problem(reason));
    }
    element.children.iter().for_each(|child| conditional(builder, child, (turns, may_lack)));
}
