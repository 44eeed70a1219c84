//! Rows whose text is read as a second field as well, or as another one.

use crate::problem::Found;

use super::super::{
    compile::Builder,
    file::RawRow,
    fit,
    path::Target,
    plan::{Also, Does, FieldRow, Weight},
};

/// The second field of `also`, and the one it is read beside.
pub(super) fn also(builder: &Builder<'_>, raw: &RawRow, field: &Target) -> Option<Also> {
    let also = raw.also.as_ref()?;
    let Some(with) = &raw.with else {
        let hint = "say with, the field beside which the second one is read";
        builder.problems.add(also.spot.problem("also needs with").hint(hint));
        return None;
    };
    Some(Also { target: like(builder, also, field)?, with: fit::side(builder, with, field)? })
}

/// Another field of the same kind, in the same lists.
pub(super) fn like(builder: &Builder<'_>, found: &Found<String>, field: &Target) -> Option<Target> {
    let other = fit::side(builder, found, field)?;
    if other.field.kind() != field.field.kind() || other.field.row().codes != field.field.row().codes {
        let reason = format!("{} is not of the same kind as {}", other.field, field.field);
        builder.problems.add(found.spot.problem(reason));
        return None;
    }
    Some(other)
}

/// Tells the rows beside which a second field is read that both must agree for them to be written.
pub(super) fn agree(builder: &mut Builder<'_>) {
    let seconds = fields(builder)
        .filter_map(|(number, field)| field.also.clone().map(|also| (number, also, field.target.clone())));
    for (number, also, main) in seconds.collect::<Vec<_>>() {
        let mut read = false;
        for row in &mut builder.rows {
            if let Does::Field(field) = &mut row.does
                && field.target == also.with
            {
                (read, field.agree) = (true, Some((also.target.clone(), main.clone())));
            }
        }
        let spot = builder.spots.get(number).cloned().unwrap_or_default();
        if !read {
            builder.problems.add(spot.problem(format!("no row reads {}", also.with)));
        }
        if fields(builder).any(|(_, field)| field.again.is_some() && field.target == main) {
            builder
                .problems
                .add(spot.problem(format!("another row repeats {main}, and would miss {}", also.target)));
        }
    }
}

/// Pairs each amount that may be a weight with its unit.
pub(super) fn weights(builder: &mut Builder<'_>) -> Vec<Weight> {
    let rows = fields(builder).filter_map(|(number, field)| {
        field.weight.clone().map(|to| (number, to, field.target.clone(), field.form.side().cloned()))
    });
    let rows = rows.collect::<Vec<_>>();
    let is_unit_of = |unit: &Target, amount: &Target| unit.to_string() == format!("{amount}Unit");
    let mut weights = Vec::new();
    for (number, to_amount, amount, _) in &rows {
        let unit = rows.iter().find(|(_, to, ..)| is_unit_of(to, to_amount));
        let amount_of = rows.iter().any(|(_, to, ..)| is_unit_of(to_amount, to));
        if let Some((row, to_unit, unit, text)) = unit {
            let (amount, unit, text, row) = (amount.clone(), unit.clone(), text.clone(), *row);
            let (to_amount, to_unit) = (to_amount.clone(), to_unit.clone());
            weights.push(Weight { amount, unit, text, to_amount, to_unit, row });
        } else if !amount_of {
            let spot = builder.spots.get(number.to_owned()).cloned().unwrap_or_default();
            let hint = "say weight on the amount and on its unit, such as netWeight and netWeightUnit";
            builder
                .problems
                .add(spot.problem(format!("{to_amount} has no row for its other half")).hint(hint));
        }
    }
    weights
}

fn fields<'a>(builder: &'a Builder<'_>) -> impl Iterator<Item = (usize, &'a FieldRow)> {
    builder.rows.iter().enumerate().filter_map(|(number, row)| match &row.does {
        Does::Field(field) => Some((number, &**field)),
        _ => None,
    })
}
