//! Compounds of a table, checked, and the rows that are their columns.

use crate::{model::value::Value, problem::Found};

use super::{
    super::{
        compile::Builder,
        compound::{Cell, Compound, Tuple},
        file::{RawCompound, RawTuple},
        path::{self, National},
        plan::{Does, Row},
    },
    around::Around,
    target,
};

/// The cell of a tuple that stands for any text.
const ANY: &str = "*";

/// Every compound of the table.
pub(in crate::format) fn all(builder: &Builder<'_>) -> Vec<Compound> {
    builder.file.compounds.iter().map(|raw| compound(builder, raw)).collect()
}

fn compound(builder: &Builder<'_>, raw: &RawCompound) -> Compound {
    let fields = raw.is.iter().filter_map(|is| {
        let target = target(is, "", builder.problems)?;
        let kind = target.field.kind();
        if kind.is_none() {
            builder.problems.add(is.spot.problem(format!("{} is a list; name a field in it", target.field)));
        }
        Some((target, kind?))
    });
    let is = fields.collect::<Vec<_>>();
    let given = raw.given.as_ref().and_then(|given| target(given, "", builder.problems));
    if given.as_ref().is_some_and(|given| !given.loops().is_empty()) {
        builder.problems.add(raw.name.spot.problem("the given field stands in a list"));
    }
    let mut compound =
        Compound { given, at: raw.at.iter().map(|at| at.value.clone()).collect(), is, tuples: Vec::new() };
    for line in &raw.tuples {
        let Some(tuple) = tuple(builder, line, &compound) else { continue };
        if compound.tuples.iter().any(|before| covers(before, &tuple)) {
            builder.problems.add(line.spot.problem("can never be reached: a tuple before it fits as well"));
        }
        compound.tuples.push(tuple);
    }
    compound
}

fn tuple(builder: &Builder<'_>, raw: &RawTuple, compound: &Compound) -> Option<Tuple> {
    let wrong = |reason: String| builder.problems.add(raw.spot.problem(reason));
    if raw.given.is_some() && compound.given.is_none() {
        wrong("the compound names no given field".to_owned());
    }
    for (side, have, want) in
        [("at", raw.at.len(), compound.at.len()), ("is", raw.is.len(), compound.is.len())]
    {
        if have != want {
            wrong(format!("{side} has {have} cells, the compound has {want}"));
            return None;
        }
    }
    if raw.at.iter().all(|cell| cell.value.trim().is_empty()) {
        wrong("a tuple of nothing is never read".to_owned());
    }
    let places = |cells: &[Found<String>]| {
        let any = cells.iter().enumerate().filter(|(_, cell)| cell.value == ANY);
        any.map(|(number, _)| number).collect::<Vec<_>>()
    };
    let (at, is) = (places(&raw.at), places(&raw.is));
    if at.len() != is.len() {
        wrong("each * of at passes to one * of is, in order".to_owned());
        return None;
    }
    for (cell, (field, kind)) in raw.is.iter().zip(&compound.is) {
        let literal = !matches!(cell.value.as_str(), ANY | "");
        if let Some(misfit) = Value::parse(*kind, &cell.value).err().filter(|_| literal) {
            builder.problems.add(cell.spot.problem(format!("{}: {misfit}", field.field)));
        }
    }
    let cells = |cells: &[Found<String>], others: &[usize]| {
        let mut others = others.iter();
        let cell = |cell: &Found<String>| match cell.value.trim() {
            "" => Cell::Absent,
            ANY => others.next().map_or(Cell::Absent, |other| Cell::Any(*other)),
            text => Cell::Text(text.to_owned()),
        };
        cells.iter().map(cell).collect::<Vec<_>>()
    };
    let given = raw.given.iter().flat_map(|given| given.value.split('|'));
    let given = given.map(|value| value.trim().to_owned()).collect();
    Some(Tuple { given, at: cells(&raw.at, &is), is: cells(&raw.is, &at) })
}

/// Whether every document of the second tuple is one of the first.
fn covers(first: &Tuple, second: &Tuple) -> bool {
    let cell = |(a, b): (&Cell, &Cell)| match (a, b) {
        (Cell::Any(_), Cell::Absent) => false,
        (Cell::Any(_), _) => true,
        (a, b) => a == b,
    };
    let given = first.given.is_empty()
        || (!second.given.is_empty() && second.given.iter().all(|value| first.given.contains(value)));
    given && first.at.iter().zip(&second.at).all(cell)
}

/// The column of a compound that a row is.
pub(super) fn cell(
    builder: &mut Builder<'_>,
    name: &Found<String>,
    (around, path): (&Around, &National),
) -> Option<Does> {
    let number = builder.file.compounds.iter().position(|compound| compound.name.value == name.value);
    let Some(number) = number else {
        let reason = format!("there is no [[compound]] named \"{}\"", name.value);
        builder.problems.add(name.spot.problem(reason));
        return None;
    };
    let compound = builder.compounds.get(number)?.clone();
    let leaf = path::text(&path.parts);
    let Some(column) = compound.at.iter().position(|at| *at == leaf) else {
        let hint = format!("its leaves are {}", compound.at.join(", "));
        builder.problems.add(name.spot.problem(format!("has no leaf {leaf}")).hint(hint));
        return None;
    };
    let plain = around.group.is_none() && around.record.is_none() && around.pool.is_none();
    if !plain || compound.is.iter().any(|(field, _)| field.loops() != around.loops) {
        builder.problems.add(name.spot.problem("its fields stand in other lists than this leaf"));
    }
    if column == 0 {
        for (field, _) in &compound.is {
            super::alone(builder, field, (&name.spot, &leaf, false));
        }
    }
    Some(Does::Cell(number, column))
}

/// Every leaf of a compound has a row; without one its tuples could never be read.
pub(super) fn whole(builder: &Builder<'_>) {
    for (number, compound) in builder.compounds.iter().enumerate() {
        let Some(raw) = builder.file.compounds.get(number) else { continue };
        for (column, at) in raw.at.iter().enumerate() {
            let is = |row: &Row| matches!(row.does, Does::Cell(n, c) if (n, c) == (number, column));
            if !builder.rows.iter().any(is) {
                let reason = format!("no row is the leaf {} of this compound", at.value);
                builder.problems.add(at.spot.problem(reason));
            }
        }
        if let Some(given) = &compound.given {
            let reads = |row: &Row| matches!(&row.does, Does::Field(field) if field.target == *given);
            let implied = builder.implied.iter().any(|implied| implied.target == *given)
                || builder
                    .file
                    .variants
                    .as_ref()
                    .is_some_and(|variants| variants.is.value == given.to_string());
            if !implied && !builder.rows.iter().any(reads) {
                builder.problems.add(raw.name.spot.problem(format!("no row reads {given}")));
            }
        }
    }
}
