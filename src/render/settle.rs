//! The end of a walk: what reading can only decide when it knows the whole document, decided here the same way.

use std::collections::BTreeSet;

use crate::{
    format::{
        conversion,
        path::Target,
        plan::{self, Does},
    },
    model::certificate::{Index, Place},
};

use super::walk::{After, Kept, Walk};

impl Walk<'_> {
    /// Leaves in `kept` what arrives.
    pub(super) fn settle(&mut self) {
        self.count_on();
        self.repeats_arrive_alone();
        self.seconds_arrive();
        self.weights_arrive();
    }

    /// One text for two fields: the second arrives beside its own field.
    fn seconds_arrive(&mut self) {
        let plan = self.plan;
        for row in &plan.rows {
            let Does::Field(field) = &row.does else { continue };
            let Some(also) = &field.also else { continue };
            let beside = |kept: &Kept| (kept.to.field == also.with.field).then_some(kept.to.index);
            let beside = self.kept.iter().filter_map(beside).collect::<BTreeSet<_>>();
            let second = |kept: &Kept| {
                let positions =
                    field.target.positions(kept.to.index).filter(|_| kept.to.field == field.target.field)?;
                let with = also.with.place(positions).filter(|with| beside.contains(&with.index));
                Some((with.and(also.target.place(positions))?, kept.value.clone()))
            };
            for (place, value) in self.kept.iter().filter_map(second).collect::<Vec<_>>() {
                let from = (self.certificate.at(place.field, place.index) == Some(&value)).then_some(place);
                self.keep(from, Some(place), value);
            }
        }
    }

    /// An amount in a unit of mass arrives as a weight.
    fn weights_arrive(&mut self) {
        let (plan, certificate) = (self.plan, self.certificate);
        for weight in &plan.weights {
            let mass = |kept: &&Kept| kept.to.field == weight.unit.field && plan::is_mass(&kept.value);
            let units = self.kept.iter().filter(mass).map(|kept| kept.to.index).collect::<BTreeSet<_>>();
            let weighed = |kept: &Kept, target: &Target| {
                (kept.to.field == target.field && units.contains(&kept.to.index))
                    .then(|| target.positions(kept.to.index))?
            };
            if let Some(text) = &weight.text {
                self.kept.retain(|kept| weighed(kept, text).is_none());
            }
            let mut equal = Vec::new();
            for kept in &mut self.kept {
                for (from, to) in [(&weight.amount, &weight.to_amount), (&weight.unit, &weight.to_unit)] {
                    let Some(place) = weighed(kept, from).and_then(|positions| to.place(positions)) else {
                        continue;
                    };
                    kept.to = place;
                    if certificate.at(place.field, place.index) == Some(&kept.value) {
                        equal.push(Kept { from: Some(place), ..kept.clone() });
                    }
                    break;
                }
            }
            self.kept.extend(equal);
        }
    }

    /// Records count on from the entries of their list's other home, now that those are written.
    fn count_on(&mut self) {
        for kept in &mut self.kept {
            let Some(after) = kept.after else { continue };
            let (After::Place(list) | After::Pointer(list)) = after;
            let first = self.written.get(&(list, Index::TOP)).copied().unwrap_or(0);
            match after {
                After::Place(_) => {
                    let position = kept.to.index.positions().next().map(|position| first + position);
                    let moved = position.and_then(|position| Index::TOP.inside(position));
                    kept.to.index = moved.unwrap_or(kept.to.index);
                }
                After::Pointer(_) => {
                    let position = conversion::position(&kept.value).map(|position| first + position);
                    kept.value = position.and_then(conversion::ordinal).unwrap_or(kept.value.clone());
                }
            }
        }
    }

    /// A row that only repeats a field brings it where no other row does.
    fn repeats_arrive_alone(&mut self) {
        if self.kept.iter().all(|kept| kept.again.is_none()) {
            return;
        }
        let first = self.kept.iter().filter(|kept| kept.again.is_none()).map(|kept| kept.to);
        let first = first.collect::<BTreeSet<Place>>();
        self.kept.retain(|kept| kept.again.is_none_or(|place| !first.contains(&place)));
    }
}
