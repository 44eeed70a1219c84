//! Leaves that only together mean something.

use crate::{
    decode::document::Node,
    format::{
        compound::Compound,
        conversion::Unfit,
        plan::{Does, Row},
    },
    model::{certificate::Index, value::Value},
};

use super::{
    Unfilled,
    walk::{Here, Walk},
};

impl Walk<'_> {
    /// One leaf of a compound; the first that is written says what arrives of all.
    pub(super) fn cell(
        &mut self,
        row: &Row,
        (number, column): (usize, usize),
        here: Here,
    ) -> Option<Vec<Node>> {
        let compound = self.plan.compounds.get(number)?;
        let values = compound.is.iter().map(|(field, _)| self.value(field, here.index)).collect::<Vec<_>>();
        let plain =
            values.iter().map(|value| value.as_ref().map(|(_, value)| value.clone())).collect::<Vec<_>>();
        let written = compound.write(self.given(compound).as_deref(), &plain);
        let written =
            written.filter(|(texts, _)| texts.iter().flatten().all(|text| self.table.charset.holds(text)));
        let text = written.as_ref().and_then(|(texts, _)| texts.get(column)?.clone());
        let (Some(text), Some((texts, carries))) = (text, written) else {
            self.cannot_say(row, compound, here);
            return None;
        };
        if texts.iter().position(Option::is_some) == Some(column) {
            for ((place, value), _) in values
                .into_iter()
                .zip(carries)
                .filter_map(|(value, carries)| value.filter(|_| carries).map(|value| (value, carries)))
            {
                self.keep(Some(place), Some(place), value);
            }
        }
        Some(vec![Node::leaf("", &text)])
    }

    /// What reading will know of the given field.
    fn given(&self, compound: &Compound) -> Option<String> {
        let given = compound.given.as_ref()?;
        let implied =
            self.plan.implied.iter().find(|implied| implied.target == *given && implied.with.is_none());
        if let Some(implied) = implied {
            return Some(implied.value.to_string());
        }
        let (_, value) = self.value(given, Index::TOP)?;
        let gives = |row: &Row| -> Option<Value> {
            let Does::Field(field) = &row.does else { return None };
            let reads = field.target == *given && self.would_arrive(field, Index::TOP);
            reads.then(|| field.form.write(field.kind, Some(&value), None).ok()?.gives.main)?
        };
        self.plan.rows.iter().find_map(gives).map(|value| value.to_string())
    }

    fn cannot_say(&mut self, row: &Row, compound: &Compound, here: Here) {
        if !row.required {
            return;
        }
        let place = compound.is.first().and_then(|(field, _)| field.place(here.index));
        let has = place.is_some_and(|place| self.certificate.at(place.field, place.index).is_some());
        let why = has.then(|| Unfit::Spelling.to_string());
        self.unfilled.push(Unfilled { at: row.at.clone(), place, why });
    }
}
