//! One leaf: its text becomes a value at a place, a piece of one, or waits for the end.

use crate::{
    format::{
        conversion::{Form, Read, Unfit},
        path::Target,
        plan::{Does, FieldRow, Parts, Scope},
    },
    model::{
        certificate::Index,
        finding::{Finding, Position},
        reason::Reason,
        value::Value,
    },
};

use super::{finding, record::Found, walk::Walk};

/// A leaf that can only be read when everything else is known.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) row: usize,
    pub(super) index: Index,
    pub(super) text: String,
    pub(super) position: Position,
}

/// Pieces of one text, in order; a named leaf has its fixed place.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    pub(super) texts: Vec<Option<String>>,
    /// The first of them that is not of the row's form.
    pub(super) unfit: Option<Unfit>,
    pub(super) position: Position,
}

/// A leaf of the document at hand.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'t> {
    /// Its text, not blank.
    pub(super) text: &'t str,
    /// Where it stands in the document.
    pub(super) position: Position,
    /// Positions of the lists around it.
    pub(super) index: Index,
}

impl Walk<'_> {
    /// Reads one leaf by its row; `part` says which piece of the row's text it is.
    pub(super) fn leaf(&mut self, (row, part): (usize, usize), leaf: Leaf<'_>) {
        let plan = self.plan;
        match plan.rows.get(row).map(|row| &row.does) {
            None | Some(Does::Drop) => {}
            Some(Does::Fixed(texts)) => self.fixed(texts, leaf),
            Some(Does::Cell(compound, column)) => self.cell((*compound, *column), leaf),
            Some(Does::Count(_) | Does::Pointer(_)) => self.wait(row, leaf),
            Some(Does::Ordinal(list)) => self.ordinal(*list, leaf),
            Some(Does::Field(field)) if field.absent.as_deref() == Some(leaf.text.trim()) => {}
            Some(Does::Field(field)) if field.parts != Parts::One => self.piece(row, part, field, leaf),
            Some(Does::Field(field)) => {
                let later = field.again.is_some()
                    || field.scope == Scope::Shared
                    || matches!(field.form, Form::Key(_) | Form::Named(_));
                if later { self.wait(row, leaf) } else { self.field(field, leaf) }
            }
        }
    }

    fn wait(&mut self, row: usize, leaf: Leaf<'_>) {
        let (text, position, index) = (leaf.text.to_owned(), leaf.position, leaf.index);
        self.waiting.push(Waiting { row, index, text, position });
    }

    fn ordinal(&mut self, list: usize, leaf: Leaf<'_>) {
        let entry = match self.pools.get(&list) {
            Some(pool) => pool.len(),
            None => leaf.index.positions().last().unwrap_or(0),
        };
        if self.orders.insert((list, leaf.text.trim().to_owned()), entry).is_some() {
            let advice = "give each entry an order number of its own";
            self.draft.findings.push(Finding::warning(Reason::LinkBroken, advice).at(leaf.position));
        }
    }

    fn fixed(&mut self, texts: &[String], leaf: Leaf<'_>) {
        if texts.iter().any(|known| known == leaf.text.trim()) {
            return;
        }
        let advice = format!("the format has {} here", texts.join(" or "));
        self.draft.remainder.push((leaf.position.path.clone(), leaf.text.to_owned()));
        self.draft.findings.push(Finding::warning(Reason::FieldInvalid, advice).at(leaf.position));
    }

    fn piece(&mut self, row: usize, part: usize, field: &FieldRow, leaf: Leaf<'_>) {
        let pieces = match field.scope {
            Scope::Group | Scope::Record | Scope::Pool => self.loose.entry(row).or_default(),
            _ => self.pieces.entry((row, leaf.index)).or_default(),
        };
        if pieces.texts.is_empty() {
            pieces.position = leaf.position;
        }
        match field.parts {
            Parts::Fields(number) | Parts::Words(number) => {
                pieces.texts.resize(number, None);
                if let Some(place) = pieces.texts.get_mut(part) {
                    *place = Some(leaf.text.to_owned());
                }
            }
            _ => pieces.texts.push(Some(leaf.text.to_owned())),
        }
        let formed = field.formed(self.table.lengths, leaf.text);
        pieces.unfit = pieces.unfit.take().or(formed.err());
        // Values of a group or record are gathered while the walk is inside it, so their text grows in place.
        let (joined, position) = (join(field.parts, pieces), pieces.position.clone());
        let values = match field.scope {
            Scope::Group => &mut self.group,
            Scope::Record | Scope::Pool => &mut self.record,
            _ => return,
        };
        values.retain(|found| found.target != field.target);
        self.field(field, Leaf { text: &joined, position, index: leaf.index });
    }

    /// Reads a text and puts the value where it belongs; what does not fit is kept and reported.
    pub(super) fn field(&mut self, field: &FieldRow, leaf: Leaf<'_>) {
        let formed = if field.parts == Parts::One { self.formed(field, leaf.text) } else { Ok(()) };
        match formed.and_then(|()| field.form.read(field.kind, leaf.text)) {
            Ok(read) => {
                self.report(field, &read, &leaf);
                self.put(field, read, leaf);
            }
            Err(unfit) => {
                let finding = finding::unfit(field.target.field, &unfit);
                self.refuse(field, leaf, finding);
            }
        }
    }

    /// A text that is no value of its field: reported, kept, and no other row may fill the field in its stead.
    pub(super) fn refuse(&mut self, field: &FieldRow, leaf: Leaf<'_>, finding: Finding) {
        self.find(field, &leaf, finding);
        self.draft.remainder.push((leaf.position.path, leaf.text.to_owned()));
        self.refused.extend(field.target.place(leaf.index));
    }

    pub(super) fn formed(&self, field: &FieldRow, text: &str) -> Result<(), Unfit> {
        field.formed(self.table.lengths, text)
    }

    /// Adds a finding about a field, where it stands on both sides.
    pub(super) fn find(&mut self, field: &FieldRow, leaf: &Leaf<'_>, finding: Finding) {
        let finding = finding.at(leaf.position.clone());
        self.draft.findings.push(match field.target.place(leaf.index) {
            Some(place) => finding.about(place),
            None => finding,
        });
    }

    /// Findings about a value that is taken all the same.
    fn report(&mut self, field: &FieldRow, read: &Read, leaf: &Leaf<'_>) {
        let name = field.target.field;
        let about = |reason, advice: String| finding::about_field(name, reason, advice);
        if read.unknown_code {
            let advice = format!(
                "no code is known for this word; use one of the format's list for {name}; it is kept as text"
            );
            self.find(field, leaf, about(Reason::CodeUnknown, advice));
        }
        let length = self.table.lengths.of(leaf.text.trim());
        if let Some(max) = field.max.filter(|max| field.parts == Parts::One && length > *max) {
            self.find(field, leaf, about(Reason::FieldTooLong, format!("the format allows {max}")));
        }
        if let (Form::Decimal { digits: Some((total, fraction)), .. }, Some(Value::Decimal(decimal))) =
            (&field.form, &read.main)
            && !decimal.fits(*total, *fraction)
        {
            let advice = format!("the format allows {total} digits, {fraction} of them after the point");
            self.find(field, leaf, about(Reason::FieldInvalid, advice));
        }
    }

    fn put(&mut self, field: &FieldRow, read: Read, leaf: Leaf<'_>) {
        let Leaf { position, index, .. } = leaf;
        let side = field.form.side().map(|side| (side.clone(), read.side));
        let main = (field.target.clone(), read.main);
        for (target, value) in std::iter::once(main).chain(side) {
            let Some(value) = value else { continue };
            let position = position.clone();
            match field.scope {
                Scope::Group => self.group.push(Found { target, value, position }),
                Scope::Record | Scope::Pool => self.record.push(Found { target, value, position }),
                Scope::Repeated => self.repeated(&target, value, position, index),
                Scope::Same | Scope::Shared => self.set(&target, value, position, index),
            }
        }
    }

    /// Sets a value; the first one stays.
    pub(super) fn set(&mut self, target: &Target, value: Value, position: Position, index: Index) {
        let Some(place) = target.place(index) else { return };
        self.draft.certificate.set(place, value);
        self.draft.sources.insert(place, position);
    }

    /// The same field in every entry: all must say the same.
    fn repeated(&mut self, target: &Target, value: Value, position: Position, index: Index) {
        let Some(place) = target.place(index) else { return };
        match self.draft.certificate.at(place.field, place.index) {
            None => self.set(target, value, position, index),
            Some(first) if *first == value => {}
            Some(_) => {
                let advice = "every row must say the same here; the first one counts";
                let finding = finding::about_field(place.field, Reason::FieldInvalid, advice);
                self.draft.remainder.push((position.path.clone(), value.to_string()));
                self.draft.findings.push(finding.about(place).at(position));
            }
        }
    }
}

/// One text of its pieces.
#[must_use]
pub(super) fn join(parts: Parts, pieces: &Pieces) -> String {
    let texts = pieces.texts.iter().flatten().map(String::as_str).collect::<Vec<_>>();
    texts.join(parts.joiner())
}
