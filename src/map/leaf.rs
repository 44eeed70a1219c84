//! One leaf: its text becomes a value at a place, a piece of one, or waits for the end.

use crate::{
    format::{
        conversion::{Form, Read},
        path::Target,
        plan::{Does, FieldRow, Parts, Scope},
    },
    model::{
        certificate::Index,
        dictionary::Field,
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
    pub(super) position: Position,
}

impl Walk<'_> {
    /// Reads one leaf whose text is not blank.
    pub(super) fn leaf(&mut self, (row, part): (usize, usize), text: &str, position: Position, index: Index) {
        let plan = self.plan;
        let Some(does) = plan.rows.get(row).map(|row| &row.does) else { return };
        let wait = |position| Waiting { row, index, text: text.to_owned(), position };
        match does {
            Does::Drop => {}
            Does::Fixed(texts) => self.fixed(texts, text, position),
            Does::Count(_) => self.waiting.push(wait(position)),
            Does::Ordinal(list) => {
                let last = index.positions().last().unwrap_or(0);
                let known = self.orders.insert((*list, text.trim().to_owned()), last);
                if known.is_some() {
                    let advice = "give each entry an order number of its own";
                    self.draft.findings.push(Finding::warning(Reason::LinkBroken, advice).at(position));
                }
            }
            Does::Field(field) if field.parts != Parts::One => {
                self.piece(row, (part, field), text, position, index)
            }
            Does::Field(field) => {
                let later = field.again || field.scope == Scope::Shared || matches!(field.form, Form::Key(_));
                if later {
                    self.waiting.push(wait(position));
                } else {
                    self.field(field, text, position, index);
                }
            }
        }
    }

    fn fixed(&mut self, texts: &[String], text: &str, position: Position) {
        if texts.iter().any(|known| known == text.trim()) {
            return;
        }
        let advice = format!("the format has {} here", texts.join(" or "));
        self.draft.remainder.push((position.path.clone(), text.to_owned()));
        self.draft.findings.push(Finding::warning(Reason::FieldInvalid, advice).at(position));
    }

    fn piece(
        &mut self,
        row: usize,
        (part, field): (usize, &FieldRow),
        text: &str,
        position: Position,
        index: Index,
    ) {
        let pieces = match field.scope {
            Scope::Group | Scope::Record => self.loose.entry(row).or_default(),
            _ => self.pieces.entry((row, index)).or_default(),
        };
        if pieces.texts.is_empty() {
            pieces.position = position;
        }
        match field.parts {
            Parts::Fields(number) => {
                pieces.texts.resize(number, None);
                if let Some(place) = pieces.texts.get_mut(part) {
                    *place = Some(text.to_owned());
                }
            }
            _ => pieces.texts.push(Some(text.to_owned())),
        }
        // Values of a group or record are gathered while the walk is inside it, so their text grows in place.
        let (joined, position) = (join(field.parts, pieces), pieces.position.clone());
        let values = match field.scope {
            Scope::Group => &mut self.group,
            Scope::Record => &mut self.record,
            _ => return,
        };
        values.retain(|found| found.target != field.target);
        self.field(field, &joined, position, index);
    }

    /// Reads a text and puts the value where it belongs; what does not fit is kept and reported.
    pub(super) fn field(&mut self, field: &FieldRow, text: &str, position: Position, index: Index) {
        match field.form.read(field.kind, text) {
            Ok(read) => {
                self.report(field, &read, text, &position, index);
                self.put(field, read, position, index);
            }
            Err(unfit) => {
                let finding = finding::unfit(field.target.field, &unfit);
                let finding = match field.target.place(index) {
                    Some(place) => finding.about(place),
                    None => finding,
                };
                self.draft.remainder.push((position.path.clone(), text.to_owned()));
                self.draft.findings.push(finding.at(position));
            }
        }
    }

    /// Findings about a value that is taken all the same.
    fn report(&mut self, field: &FieldRow, read: &Read, text: &str, position: &Position, index: Index) {
        let mut add = |field: Field, place, reason, advice: String| {
            let finding = finding::about_field(field, reason, advice).at(position.clone());
            self.draft.findings.push(match place {
                Some(place) => finding.about(place),
                None => finding,
            });
        };
        let (name, place) = (field.target.field, field.target.place(index));
        if read.unknown_code {
            add(
                name,
                place,
                Reason::CodeUnknown,
                format!("no code is known for this word; it is kept as text beside {name}"),
            );
        }
        let whole = field.parts == Parts::One || matches!(field.parts, Parts::Fields(_));
        if let Some(max) = field.max.filter(|max| whole && self.table.lengths.of(text.trim()) > *max) {
            add(name, place, Reason::FieldTooLong, format!("the format allows {max}"));
        }
        if let (Form::Decimal { digits: Some((total, fraction)), .. }, Some(Value::Decimal(decimal))) =
            (&field.form, &read.main)
            && !decimal.fits(*total, *fraction)
        {
            let advice = format!("the format allows {total} digits, {fraction} of them after the point");
            add(name, place, Reason::FieldInvalid, advice);
        }
    }

    fn put(&mut self, field: &FieldRow, read: Read, position: Position, index: Index) {
        let side = field.form.side().map(|side| (side.clone(), read.side));
        let main = (field.target.clone(), read.main);
        for (target, value) in std::iter::once(main).chain(side) {
            let Some(value) = value else { continue };
            match field.scope {
                Scope::Group => self.group.push(Found { target, value, position: position.clone() }),
                Scope::Record => self.record.push(Found { target, value, position: position.clone() }),
                Scope::Repeated => self.repeated(&target, value, position.clone(), index),
                Scope::Same | Scope::Shared => self.set(&target, value, position.clone(), index),
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
    texts.join(if matches!(parts, Parts::Chunks { .. }) { "" } else { "\n" })
}
