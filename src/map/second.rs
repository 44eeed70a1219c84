//! Texts that are read as a second field as well, or turn out to be another one.

use crate::{
    format::plan::{self, Does, Plan},
    model::certificate::Place,
};

use super::Draft;

/// One text for two fields: the second has the value of the first where the field beside it has any.
pub(super) fn also(plan: &Plan, draft: &mut Draft) {
    for row in &plan.rows {
        let Does::Field(field) = &row.does else { continue };
        let Some(also) = &field.also else { continue };
        let beside =
            draft.certificate.all(also.with.field).filter_map(|(index, _)| also.with.positions(index));
        for positions in beside.collect::<Vec<_>>() {
            let places = field.target.place(positions).zip(also.target.place(positions));
            let Some((main, second)) = places else { continue };
            if let Some(value) = draft.certificate.at(main.field, main.index).cloned() {
                draft.certificate.set(second, value);
                let source = draft.sources.get(&main).cloned();
                draft.sources.extend(source.map(|position| (second, position)));
            }
        }
    }
}

/// An amount in a unit of mass is a weight; the unit's own word is then its code.
pub(super) fn weigh(plan: &Plan, draft: &mut Draft) {
    for weight in &plan.weights {
        let units = draft.certificate.all(weight.unit.field).filter(|(_, unit)| plan::is_mass(unit));
        let positions = units.filter_map(|(index, _)| weight.unit.positions(index)).collect::<Vec<_>>();
        for positions in positions {
            let pair = [(&weight.amount, &weight.to_amount), (&weight.unit, &weight.to_unit)];
            for (from, to) in pair {
                let places = from.place(positions).zip(to.place(positions));
                if let Some((from, to)) = places {
                    moves(draft, from, to);
                }
            }
            let text = weight.text.as_ref().and_then(|text| text.place(positions));
            if let Some(text) = text {
                draft.certificate.take(text);
                draft.sources.remove(&text);
            }
        }
    }
}

fn moves(draft: &mut Draft, from: Place, to: Place) {
    if let Some(value) = draft.certificate.take(from) {
        draft.certificate.set(to, value);
        let source = draft.sources.remove(&from);
        draft.sources.extend(source.map(|position| (to, position)));
    }
}
