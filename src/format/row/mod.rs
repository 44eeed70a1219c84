//! One row of a table: placed in the tree of elements, paired with its field, checked.

mod around;
pub(super) mod compound;
mod insert;
pub(super) mod pool;
mod second;
pub(super) mod settle;

use crate::{
    decode::pattern::Pattern,
    model::value::Kind,
    problem::{Found, Problem, Problems, Spot},
};

use self::{
    around::{Around, around, scope},
    insert::insert,
};
use super::{
    Repeated,
    compile::{Builder, Reader},
    conversion::Form,
    file::RawRow,
    fit,
    path::{self, National, Target},
    plan::{Does, Element, FieldRow, Parts, Row, Scope},
};

/// Most pieces of one text where a row does not say.
const PIECES_MAX: usize = 999;

/// Reads the canonical path of a row or setting; problems are recorded.
pub(super) fn target(found: &Found<String>, prefix: &str, problems: &Problems) -> Option<Target> {
    match Target::parse(&canonical_path(prefix, &found.value)) {
        Ok(target) => Some(target),
        Err((reason, hint)) => {
            problems.add(Problem { hint, ..found.spot.problem(reason) });
            None
        }
    }
}

/// The canonical path of a row: the block's prefix before it, unless it begins with `/`.
pub(super) fn canonical_path(prefix: &str, path: &str) -> String {
    match path.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None if prefix.is_empty() => path.to_owned(),
        None => format!("{prefix}.{path}"),
    }
}

/// Adds one row.
pub(super) fn add(
    builder: &mut Builder<'_>,
    raw: &RawRow,
    at: Option<Found<String>>,
    prefix: &str,
    tree: &mut Element,
) {
    let Some(at) = at else { return settle::implied(builder, raw, prefix) };
    let path = match National::parse(&at.value) {
        Ok(path) => path,
        Err(reason) => return builder.problems.add(at.spot.problem(reason)),
    };
    let Some(around) = around(builder, raw, &path, &at) else { return };
    let text = path::text(path.steps());
    let Some(does) = does(builder, raw, prefix, &around, &path) else { return };
    once(builder, raw, &does, &text);
    let number = builder.rows.len();
    let required = builder.demands(raw);
    builder.rows.push(Row { at: text, does, required, line: raw.spot.line });
    builder.spots.push(raw.spot.clone());
    for (part, last) in path.parts.iter().enumerate() {
        let mut steps = path.parents.clone();
        steps.push(last.clone());
        insert(builder, &at, tree, &steps, (number, part));
    }
}

fn does(
    builder: &mut Builder<'_>,
    raw: &RawRow,
    prefix: &str,
    around: &Around,
    path: &National,
) -> Option<Does> {
    if raw.drop.is_some() {
        return Some(Does::Drop);
    }
    if let (true, Some(list)) = (raw.ordinal, around.innermost) {
        builder.refuse_two_homes(list, &raw.spot, "its entries have no order numbers");
    }
    if let Some(count) = &raw.count {
        let number = builder.list_named(&count.value);
        if number.is_none() {
            let reason = format!("\"{}\" is not a [[list]] of this table", count.value);
            builder.problems.add(count.spot.problem(reason));
        }
        return number.map(Does::Count);
    }
    if let Some(name) = &raw.compound {
        return compound::cell(builder, name, (around, path));
    }
    if let (None, Some(key)) = (&raw.is, &raw.key) {
        return pool::pointer(builder, key, around);
    }
    let Some(is) = &raw.is else {
        return match (&raw.value, raw.ordinal) {
            (Some(value), _) => {
                Some(Does::Fixed(value.value.split('|').map(|text| text.trim().to_owned()).collect()))
            }
            (None, true) if around.innermost.is_some() => around.innermost.map(Does::Ordinal),
            _ => {
                let hint = "say is, value, count, ordinal, key, compound or drop";
                builder.problems.add(raw.spot.problem("says nothing about this field").hint(hint));
                None
            }
        };
    };
    let target = target(is, prefix, builder.problems)?;
    let Some(kind) = target.field.kind() else {
        builder.problems.add(is.spot.problem(format!("{} is a list; name a field in it", target.field)));
        return None;
    };
    Some(Does::Field(Box::new(field_row(builder, raw, around, (target, kind), path)?)))
}

/// The fields a row reads must be read by no other.
fn once(builder: &mut Builder<'_>, raw: &RawRow, does: &Does, at: &str) {
    let (Does::Field(field), Some(is)) = (does, &raw.is) else { return };
    if !field.written && field.again.is_none() {
        let reason = "written = false, but no other row writes this field";
        builder.problems.add(is.spot.problem(reason).hint("it goes with again = true"));
    }
    if field.again.is_none() {
        let record = field.scope == Scope::Record;
        for second in field.also.iter().map(|also| &also.target).chain(&field.weight) {
            alone(builder, second, (&is.spot, at, record));
        }
        alone(builder, &field.target, (&is.spot, at, record));
    }
}

/// Records that a field is read here; further rows must say that they repeat it.
pub(super) fn alone(builder: &mut Builder<'_>, target: &Target, (spot, at, record): (&Spot, &str, bool)) {
    let (other, at) = (builder.condition.other.clone(), at.to_owned());
    let reader = Reader { spot: spot.clone(), at, other, record };
    let readers = builder.seen.entry(target.to_string()).or_default();
    if let Some(first) = readers.iter().find(|first| !first.excludes(&reader)) {
        let reason = format!("{target} is already read in line {}", first.spot.line);
        let hint = "say again = true on the row that only repeats it";
        builder.problems.add(spot.problem(reason).hint(hint));
    }
    readers.push(reader);
}

fn field_row(
    builder: &mut Builder<'_>,
    raw: &RawRow,
    around: &Around,
    (target, kind): (Target, Kind),
    path: &National,
) -> Option<FieldRow> {
    let scope = scope(builder, raw, around, &target)?;
    let form = fit::form(builder, raw, &target, kind)?;
    let parts = match (raw.repeat, path.parts.len()) {
        (None, 1) => Parts::One,
        (None, several) if raw.join.is_some() => Parts::Words(several),
        (None, several) => Parts::Fields(several),
        (Some(Repeated::Lines), _) => Parts::Lines { times: raw.times.unwrap_or(PIECES_MAX) },
        (Some(Repeated::Chunks), _) => {
            let Some(size) = raw.max else {
                builder.problems.add(raw.spot.problem("chunks need max, the characters of one piece"));
                return None;
            };
            Parts::Chunks { size, times: raw.times.unwrap_or(PIECES_MAX) }
        }
    };
    if parts != Parts::One && !matches!(kind, Kind::Text(_)) {
        builder
            .problems
            .add(raw.spot.problem(format!("{} is not a text, it cannot be in parts", target.field)));
    }
    let also = second::also(builder, raw, &target);
    let weight = raw.weight.as_ref().and_then(|weight| second::like(builder, weight, &target));
    let row = FieldRow {
        scope,
        min: raw.min,
        max: raw.max,
        pattern: pattern(builder, raw),
        absent: raw.absent.as_ref().map(|absent| absent.value.clone()),
        parts,
        also,
        weight,
        ordinal: raw.ordinal,
        again: raw.again.then(Vec::new),
        written: raw.written,
        ..FieldRow::plain(target, kind, form)
    };
    check(builder, raw, &row);
    Some(row)
}

fn pattern(builder: &Builder<'_>, raw: &RawRow) -> Option<Pattern> {
    let found = raw.pattern.as_ref()?;
    let pattern = Pattern::new(&found.value);
    pattern
        .map_err(|reason| builder.problems.add(found.spot.problem(format!("is no pattern: {reason}"))))
        .ok()
}

/// What does not go together on one row.
fn check(builder: &Builder<'_>, raw: &RawRow, row: &FieldRow) {
    let wrong = |reason: &str| builder.problems.add(raw.spot.problem(reason));
    if raw.min.zip(raw.max).is_some_and(|(min, max)| min > max) {
        wrong("min is more than max");
    }
    let plain = row.scope == Scope::Same && row.parts == Parts::One;
    if (row.min.is_some() || row.pattern.is_some())
        && row.parts != Parts::One
        && matches!(row.scope, Scope::Group | Scope::Record | Scope::Pool)
    {
        wrong("min and pattern do not go with a text in parts on a group or in a record");
    }
    if (row.also.is_some() || row.weight.is_some()) && (!plain || raw.again || raw.ordinal) {
        wrong(
            "also and weight go with a field of its own place only, without again, ordinal, shared and the like",
        );
    }
    if let Some(absent) = &row.absent {
        if absent.trim() != absent || absent.is_empty() {
            wrong("absent is a text without white space around it");
        }
        if row.parts != Parts::One || raw.again || raw.ordinal {
            wrong("absent does not go with again, ordinal and a text in parts");
        }
    }
    if row.weight.is_some() && matches!(row.form, Form::Measure(..) | Form::Key(_) | Form::Named(_)) {
        wrong("weight does not go with unit and key");
    }
}
