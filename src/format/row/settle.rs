//! What rows say of each other, known when all of them are read.

use crate::{model::value::Value, problem::Found};

use super::{
    super::{
        compile::Builder,
        file::RawRow,
        path::Target,
        plan::{Does, Implied, Row, Scope, Weight},
    },
    alone, compound, second, target,
};

/// A row without national path: a value the format implies.
pub(super) fn implied(builder: &mut Builder<'_>, raw: &RawRow, prefix: &str) {
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
            alone(builder, &target, (&is.spot, "", false));
            builder.implied.push(Implied { target, value, with });
        }
        Err(misfit) => builder.problems.add(value.spot.problem(misfit.to_string())),
    }
}

/// Ties rows together once all of them are known; gives the amounts that may be weights.
pub(in crate::format) fn settle(builder: &mut Builder<'_>) -> Vec<Weight> {
    imply(builder);
    compound::whole(builder);
    again(builder);
    second::agree(builder);
    second::weights(builder)
}

/// Tells each row that only repeats a field which rows read it first.
fn again(builder: &mut Builder<'_>) {
    let field = |row: &Row| match &row.does {
        Does::Field(field) => Some((field.target.clone(), field.again.is_some())),
        _ => None,
    };
    let fields = builder.rows.iter().map(field).collect::<Vec<_>>();
    for (number, row) in builder.rows.iter_mut().enumerate() {
        let Does::Field(own) = &mut row.does else { continue };
        let Some(again) = &mut own.again else { continue };
        let reads = |other: &Option<(Target, bool)>| {
            other.as_ref().is_some_and(|(target, again)| !again && target.covers(&own.target))
        };
        *again = (0..fields.len()).filter(|other| fields.get(*other).is_some_and(reads)).collect();
        let Some(spot) = builder.spots.get(number) else { continue };
        if again.is_empty() {
            let reason = format!("no other row reads {}", own.target.field);
            builder.problems.add(spot.problem(reason).hint("take again = true away"));
        }
        if !matches!(own.scope, Scope::Same | Scope::Repeated) {
            let reason = "again cannot stand on a group, in a record or beside shared";
            builder.problems.add(spot.problem(reason));
        }
    }
}

/// Tells each row beside which a value is implied that it only means that value.
fn imply(builder: &mut Builder<'_>) {
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
pub(in crate::format) fn imply_variant(builder: &mut Builder<'_>, is: &Found<String>, name: &str) {
    let Some(target) = target(is, "", builder.problems) else { return };
    let value = target.field.kind().and_then(|kind| Value::parse(kind, name).ok());
    match value {
        Some(value) if target.loops().is_empty() => {
            builder.implied.push(Implied { target, value, with: None })
        }
        _ => builder.problems.add(is.spot.problem("cannot hold the name of a variant")),
    }
}
