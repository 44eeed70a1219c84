//! One row of a table: placed in the tree of elements, paired with its field, checked.

use crate::{
    model::{
        dictionary::Field,
        value::{Kind, Value},
    },
    problem::{Found, Problems},
};

use super::{
    Repeated,
    compile::{Builder, canonical_path, parse_target},
    file::RawRow,
    fit,
    path::{self, National, Segment, Target},
    plan::{Does, Element, FieldRow, Implied, Parts, Repeat, Row, Scope},
};

/// Most pieces of one text where a row does not say.
const PIECES_MAX: usize = 999;

/// What repeats around a leaf.
#[derive(Debug, Default)]
struct Around {
    /// Lists whose entries surround it, outermost first.
    loops: Vec<Field>,
    /// List on whose groups it stands.
    group: Option<Field>,
    /// List in whose record, inside an entry, it stands.
    record: Option<Field>,
    /// Number of the innermost list.
    innermost: Option<usize>,
    /// Whether it repeats itself.
    pieces: bool,
}

/// Reads the canonical path of a row or setting; problems are recorded.
pub(super) fn target(found: &Found<String>, prefix: &str, problems: &Problems) -> Option<Target> {
    parse_target(found, &canonical_path(prefix, &found.value), problems)
}

/// Adds one row.
pub(super) fn add(
    builder: &mut Builder<'_>,
    raw: &RawRow,
    at: Option<Found<String>>,
    prefix: &str,
    tree: &mut Element,
) {
    let Some(at) = at else { return implied(builder, raw, prefix) };
    let path = match National::parse(&at.value) {
        Ok(path) => path,
        Err(reason) => return builder.problems.add(at.spot.problem(reason)),
    };
    let Some(around) = around(builder, raw, &path, &at) else { return };
    let Some(does) = does(builder, raw, prefix, &around, &path) else { return };
    let text = path::text(path.steps());
    let number = builder.rows.len();
    builder.rows.push(Row { at: text, does, required: raw.required });
    for (part, last) in path.parts.iter().enumerate() {
        let mut steps = path.parents.clone();
        steps.push(last.clone());
        insert(builder, &at, tree, &steps, (number, part));
    }
}

/// Walks the steps of a path and says what repeats around its leaf.
fn around(builder: &Builder<'_>, raw: &RawRow, path: &National, at: &Found<String>) -> Option<Around> {
    let steps = path.steps().cloned().collect::<Vec<_>>();
    let mut around = Around::default();
    for end in 1..=steps.len() {
        let (here, step) = (steps.get(..end)?, steps.get(end - 1)?);
        if !builder.knows_prefix(step) {
            let prefix = step.prefix.clone().unwrap_or_default();
            builder.problems.add(at.spot.problem(format!("\"{prefix}:\" is not declared in [namespaces]")));
        }
        let list = |number: usize| builder.lists.get(number).map(|list| list.field);
        match builder.repeat_at(here) {
            Repeat::Entry(number) => {
                around.loops.extend(list(number));
                (around.group, around.innermost) = (None, Some(number));
            }
            Repeat::Group(number) => around.group = list(number),
            Repeat::Record(number) => around.record = list(number),
            Repeat::Once | Repeat::Pieces if !step.repeats => {}
            Repeat::Once | Repeat::Pieces if end == steps.len() && raw.repeat.is_some() => {
                around.pieces = true;
            }
            _ => {
                let reason = format!("{} repeats, but nothing says what it is", path::text(here));
                let hint = "add a [[list]], or repeat = \"lines\" or \"chunks\" for one long text";
                builder.problems.add(at.spot.problem(reason).hint(hint));
                return None;
            }
        }
    }
    Some(around)
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
    if let Some(count) = &raw.count {
        let number = builder.lists.iter().position(|list| list.field.path() == count.value);
        if number.is_none() {
            let reason = format!("\"{}\" is not a [[list]] of this table", count.value);
            builder.problems.add(count.spot.problem(reason));
        }
        return number.map(Does::Count);
    }
    let Some(is) = &raw.is else {
        return match (&raw.value, raw.ordinal) {
            (Some(value), _) => {
                Some(Does::Fixed(value.value.split('|').map(|text| text.trim().to_owned()).collect()))
            }
            (None, true) if around.innermost.is_some() => around.innermost.map(Does::Ordinal),
            _ => {
                let hint = "say is, value, count, ordinal or drop";
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
    let row = field_row(builder, raw, around, (target, kind), path)?;
    once(builder, raw, is, prefix);
    Some(Does::Field(Box::new(row)))
}

/// A field is read by one row; further rows must say so.
fn once(builder: &mut Builder<'_>, raw: &RawRow, is: &Found<String>, prefix: &str) {
    if raw.again {
        return;
    }
    let path = canonical_path(prefix, &is.value);
    if let Some(first) = builder.seen.get(&path) {
        let reason = format!("{path} is already read in line {}", first.line);
        builder
            .problems
            .add(is.spot.problem(reason).hint("say again = true on the row that only repeats it"));
    }
    builder.seen.insert(path, is.spot.clone());
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
    Some(FieldRow {
        target,
        kind,
        scope,
        form,
        max: raw.max,
        parts,
        implies: None,
        ordinal: raw.ordinal,
        again: raw.again,
    })
}

/// Whether the lists around the field are those that repeat around the leaf, and if not, how they go together.
fn scope(builder: &Builder<'_>, raw: &RawRow, around: &Around, target: &Target) -> Option<Scope> {
    let wanted = target.loops();
    let here = &around.loops;
    let one_more = |longer: &[Field], shorter: &[Field]| {
        longer.len() == shorter.len() + 1 && longer.starts_with(shorter)
    };
    let wrong = |reason: String| {
        builder.problems.add(raw.spot.problem(reason));
        None
    };
    if raw.shared {
        let fits = one_more(&wanted, here);
        return if fits {
            Some(Scope::Shared)
        } else {
            wrong(format!("{} is in no list that this field is outside of", target.field))
        };
    }
    if raw.repeated {
        let fits = one_more(here, &wanted);
        return if fits {
            Some(Scope::Repeated)
        } else {
            wrong(format!("{} is not just outside the list around this field", target.field))
        };
    }
    match (around.record, around.group) {
        (Some(record), _) if wanted == [record] => Some(Scope::Record),
        (None, Some(group)) if wanted.last() == Some(&group) && one_more(&wanted, here) => Some(Scope::Group),
        (None, None) if wanted == *here => Some(Scope::Same),
        _ => {
            let names = |lists: &[Field]| match lists {
                [] => "no list".to_owned(),
                lists => lists.iter().map(|list| list.path()).collect::<Vec<_>>().join(", "),
            };
            wrong(format!(
                "the field is in {}, but {} is in {}; the repetitions of both sides must match",
                names(here),
                target.field,
                names(&wanted)
            ))
        }
    }
}

/// Puts a leaf into the tree, with the elements above it.
fn insert(
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

/// A row without national path: a value the format implies.
fn implied(builder: &mut Builder<'_>, raw: &RawRow, prefix: &str) {
    let (Some(is), Some(value)) = (&raw.is, &raw.value) else {
        return builder.problems.add(raw.spot.problem("a row without at needs is and value"));
    };
    let Some(target) = target(is, prefix, builder.problems) else { return };
    let Some(kind) = target.field.kind() else { return };
    let with = raw.with.as_ref().and_then(|with| self::target(with, prefix, builder.problems));
    let loops = with.as_ref().map_or_else(Vec::new, Target::loops);
    if target.loops() != loops {
        return builder
            .problems
            .add(is.spot.problem("must stand in the same lists as the field in \"with\""));
    }
    match Value::parse(kind, &value.value) {
        Ok(value) => {
            once(builder, raw, is, prefix);
            builder.implied.push(Implied { target, value, with });
        }
        Err(misfit) => builder.problems.add(value.spot.problem(misfit.to_string())),
    }
}

/// Tells each row beside which a value is implied that it only means that value.
pub(super) fn settle_implied(builder: &mut Builder<'_>) {
    for implied in &builder.implied {
        let Some(with) = &implied.with else { continue };
        for row in &mut builder.rows {
            if let Does::Field(field) = &mut row.does
                && field.target == *with
            {
                field.implies = Some((implied.target.clone(), implied.value.clone()));
            }
        }
    }
}

/// The variant's name as a canonical value.
pub(super) fn imply_variant(builder: &mut Builder<'_>, is: &Found<String>, name: &str) {
    let Some(target) = target(is, "", builder.problems) else { return };
    let value = target.field.kind().and_then(|kind| Value::parse(kind, name).ok());
    match value {
        Some(value) if target.loops().is_empty() => {
            builder.implied.push(Implied { target, value, with: None })
        }
        _ => builder.problems.add(is.spot.problem("cannot hold the name of a variant")),
    }
}
