//! What repeats around a leaf, and how that stands to the lists around its field.

use crate::{model::dictionary::Field, problem::Found};

use super::super::{
    compile::Builder,
    file::RawRow,
    path::{self, National, Target},
    plan::{Repeat, Scope},
};

/// What repeats around a leaf.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Lists whose entries surround it, outermost first.
    pub(super) loops: Vec<Field>,
    /// List on whose groups it stands.
    pub(super) group: Option<Field>,
    /// List in whose record, inside an entry, it stands.
    pub(super) record: Option<Field>,
    /// List whose entries point to the pool it stands in.
    pub(super) pool: Option<Field>,
    /// Number of the innermost list.
    pub(super) innermost: Option<usize>,
    /// Whether it repeats itself.
    pub(super) pieces: bool,
}

/// Walks the steps of a path and says what repeats around its leaf.
pub(super) fn around(
    builder: &Builder<'_>,
    raw: &RawRow,
    path: &National,
    at: &Found<String>,
) -> Option<Around> {
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
            Repeat::Pool(number) => (around.pool, around.innermost) = (list(number), Some(number)),
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

/// Whether the lists around the field are those that repeat around the leaf, and if not, how they go together.
pub(super) fn scope(builder: &Builder<'_>, raw: &RawRow, around: &Around, target: &Target) -> Option<Scope> {
    let wanted = target.loops();
    let here = &around.loops;
    let one_more = |longer: &[Field], shorter: &[Field]| {
        longer.len() == shorter.len() + 1 && longer.starts_with(shorter)
    };
    let wrong = |reason: String| {
        builder.problems.add(raw.spot.problem(reason));
        None
    };
    if let Some(pool) = around.pool {
        let plain = !raw.shared && !raw.repeated && !raw.ordinal && around.loops.is_empty();
        return if plain && wanted == [pool] {
            Some(Scope::Pool)
        } else {
            wrong(format!("{} is not a plain field of {pool}, whose entries point here", target.field))
        };
    }
    if raw.shared {
        let fits = one_more(&wanted, here);
        if let Some(list) = wanted.last().and_then(|list| builder.list_named(list.path())) {
            builder.refuse_two_homes(list, &raw.spot, "no field outside of it is shared by its entries");
        }
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
