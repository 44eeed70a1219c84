//! Leaves that only together mean something.

use crate::{
    format::{compound::Compound, plan::Plan},
    model::{
        certificate::Index,
        finding::{Finding, Position},
        reason::Reason,
    },
};

use super::{finding, leaf::Leaf, walk::Walk};

/// The leaves of one compound at one place, by column.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells(Vec<Option<(String, Position)>>);

impl Cells {
    fn texts(&self) -> Vec<Option<String>> {
        self.0.iter().map(|cell| cell.as_ref().map(|(text, _)| text.clone())).collect()
    }

    /// Where a leaf stands; for one that is absent, the first that is there.
    fn position(&self, column: usize) -> Position {
        let own = self.0.get(column).and_then(Option::as_ref);
        own.or_else(|| self.0.iter().flatten().next()).map(|(_, at)| at.clone()).unwrap_or_default()
    }
}

impl Walk<'_> {
    pub(super) fn cell(&mut self, (compound, column): (usize, usize), leaf: Leaf<'_>) {
        let columns = self.plan.compounds.get(compound).map_or(0, |compound| compound.at.len());
        let cells = self.cells.entry((compound, leaf.index)).or_default();
        cells.0.resize(columns, None);
        if let Some(cell) = cells.0.get_mut(column) {
            *cell = Some((leaf.text.to_owned(), leaf.position));
        }
    }

    /// Reads what the leaves mean, now that everything else is known.
    pub(super) fn settle_compounds(&mut self) {
        let plan: &Plan = self.plan;
        for ((number, index), cells) in std::mem::take(&mut self.cells) {
            if let Some(compound) = plan.compounds.get(number) {
                self.settle_compound(compound, index, &cells);
            }
        }
    }

    fn settle_compound(&mut self, compound: &Compound, index: Index, cells: &Cells) {
        let given = compound.given.as_ref().and_then(|given| given.place(Index::TOP));
        let given = given.and_then(|place| self.draft.certificate.at(place.field, place.index));
        let given = given.map(ToString::to_string);
        let texts = cells.texts();
        let Some(tuple) = compound.read(given.as_deref(), &texts) else {
            let with = compound.given.as_ref().map(|given| format!(", with this {}", given.field));
            let leaves = compound.at.join(", ");
            let advice = format!("the format knows no such {leaves} together{}", with.unwrap_or_default());
            return self.strange(compound, (index, cells, 0), advice);
        };
        match tuple.values(&compound.is, &texts) {
            Ok(values) => {
                let (tuple, is) = (tuple.clone(), &compound.is);
                for (((target, _), value), cell) in is.iter().zip(values).zip(&tuple.is) {
                    let column = if let crate::format::compound::Cell::Any(leaf) = cell { *leaf } else { 0 };
                    if let Some(value) = value {
                        self.set(target, value, cells.position(column), index);
                    }
                }
            }
            Err(leaf) => {
                let advice = "this text is no value of its field".to_owned();
                self.strange(compound, (index, cells, leaf), advice);
            }
        }
    }

    /// A combination the table does not know: reported, and every leaf of it kept.
    fn strange(&mut self, compound: &Compound, (index, cells, leaf): (Index, &Cells, usize), advice: String) {
        let field = compound.is.first().map(|(target, _)| target);
        let finding = match field {
            Some(target) => {
                let finding = finding::about_field(target.field, Reason::FieldInvalid, advice);
                match target.place(index) {
                    Some(place) => finding.about(place),
                    None => finding,
                }
            }
            None => Finding::warning(Reason::FieldInvalid, advice),
        };
        self.draft.findings.push(finding.at(cells.position(leaf)));
        let kept = cells.0.iter().flatten().map(|(text, at)| (at.path.clone(), text.clone()));
        self.draft.remainder.extend(kept);
    }
}
