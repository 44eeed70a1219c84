//! The end of a walk: what needed the whole document to be read.

use std::collections::BTreeMap;

use crate::{
    format::{
        Table,
        conversion::{self, Form},
        plan::{Does, FieldRow, Plan, Scope},
        recognise::IdentityRule,
    },
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        finding::{Finding, Position},
        key,
        reason::Reason,
        value::Value,
    },
};

use super::{
    Draft, Identity, finding, leaf,
    leaf::{Leaf, Waiting},
    second,
    walk::Walk,
};

/// The draft of a walk.
pub(super) fn settled(table: &Table, plan: &Plan, mut walk: Walk<'_>) -> Draft {
    for ((row, index), pieces) in std::mem::take(&mut walk.pieces) {
        if let Some(field) = plan.field_row(row) {
            let text = leaf::join(field.parts, &pieces);
            let leaf = Leaf { text: &text, position: pieces.position, index };
            match pieces.unfit {
                Some(unfit) => walk.refuse(field, leaf, finding::unfit(field.target.field, &unfit)),
                None => walk.field(field, leaf),
            }
        }
    }
    walk.place_records();
    let (again, first): (Vec<Waiting>, Vec<Waiting>) = std::mem::take(&mut walk.waiting)
        .into_iter()
        .partition(|waiting| plan.field_row(waiting.row).is_some_and(|field| field.again.is_some()));
    let (named, first): (Vec<Waiting>, Vec<Waiting>) =
        first.into_iter().partition(|waiting| is_named(plan, waiting));
    for waiting in first {
        walk.settle(waiting);
    }
    walk.leave_pools();
    for waiting in again {
        walk.settle(waiting);
    }
    walk.settle_named(named);
    walk.settle_compounds();
    second::also(plan, &mut walk.draft);
    second::weigh(plan, &mut walk.draft);
    imply(plan, &mut walk.draft.certificate);
    identify(&table.identity, &mut walk.draft);
    walk.draft
}

/// Whether a leaf points to an entry by what that one says, so that all entries must be read before.
fn is_named(plan: &Plan, waiting: &Waiting) -> bool {
    plan.field_row(waiting.row).is_some_and(|field| matches!(field.form, Form::Named(_)))
}

/// The first entry that says each text in a field.
fn named_by(field: Field, certificate: &Certificate) -> BTreeMap<String, usize> {
    let mut entries = BTreeMap::new();
    for (index, value) in certificate.all(field) {
        if let Some(position) = index.positions().next() {
            entries.entry(value.to_string().trim().to_owned()).or_insert(position);
        }
    }
    entries
}

impl Walk<'_> {
    fn settle(&mut self, waiting: Waiting) {
        let plan = self.plan;
        match plan.rows.get(waiting.row).map(|row| &row.does) {
            Some(Does::Count(list)) => self.count(*list, &waiting),
            Some(Does::Pointer(list)) => self.point(*list, waiting),
            Some(Does::Field(field)) if field.again.is_some() => self.again(field, waiting),
            Some(Does::Field(field)) => match &field.form {
                Form::Key(list) => self.key(*list, field, waiting),
                _ if field.scope == Scope::Shared => self.shared(field, waiting),
                _ => {}
            },
            _ => {}
        }
    }

    fn count(&mut self, list: usize, waiting: &Waiting) {
        let met = self.entries.iter().filter(|((known, _), _)| *known == list);
        let here = met.filter(|((_, outer), _)| outer.outer(waiting.index.depth()) == waiting.index);
        let found: usize = here.map(|(_, entries)| entries).sum();
        if waiting.text.trim().parse() == Ok(found) {
            return;
        }
        let name = self.plan.lists.get(list).map_or("entries", |list| list.title());
        let advice = format!("the document has {found} of {name}; say the same here");
        let finding = Finding::warning(Reason::CountMismatch, advice).at(waiting.position.clone());
        self.draft.findings.push(finding);
    }

    fn key(&mut self, list: usize, field: &FieldRow, waiting: Waiting) {
        let order = (list, waiting.text.trim().to_owned());
        if let Some(number) = self.orders.get(&order).and_then(|position| conversion::ordinal(*position)) {
            return self.set(&field.target, number, waiting.position, waiting.index);
        }
        let name = self.plan.lists.get(list).map_or("list", |list| list.field.path());
        let advice = format!("name the order number of one of {name}");
        let finding = finding::about_field(field.target.field, Reason::LinkBroken, advice);
        let Waiting { text, position, index, .. } = waiting;
        self.refuse(field, Leaf { text: &text, position, index }, finding);
    }

    /// Pointers to entries by what those say in a field of their own; of several that say the same the first counts.
    fn settle_named(&mut self, named: Vec<Waiting>) {
        let plan = self.plan;
        let mut known: BTreeMap<Field, BTreeMap<String, usize>> = BTreeMap::new();
        for waiting in named {
            let Some(field) = plan.field_row(waiting.row) else { continue };
            let Form::Named(by) = &field.form else { continue };
            let entries =
                known.entry(by.field).or_insert_with(|| named_by(by.field, &self.draft.certificate));
            let position = entries.get(waiting.text.trim()).copied();
            if let Some(number) = position.and_then(conversion::ordinal) {
                self.set(&field.target, number, waiting.position, waiting.index);
                continue;
            }
            let advice = format!("name one of {by} of this document");
            let finding = finding::about_field(field.target.field, Reason::LinkBroken, advice);
            let Waiting { text, position, index, .. } = waiting;
            self.refuse(field, Leaf { text: &text, position, index }, finding);
        }
    }

    /// One value for every entry of the innermost list.
    fn shared(&mut self, field: &FieldRow, waiting: Waiting) {
        let Some(list) = field.target.loops().pop() else { return };
        let entries = self.draft.certificate.count(list, waiting.index);
        if entries == 0 {
            return self.draft.remainder.push((waiting.position.path, waiting.text));
        }
        for inner in (0..entries).filter_map(|entry| waiting.index.inside(entry)) {
            let position = waiting.position.clone();
            self.field(field, Leaf { text: &waiting.text, position, index: inner });
        }
    }

    /// A field another row reads as well: only where that one had no text; a text that says something else is kept.
    fn again(&mut self, field: &FieldRow, waiting: Waiting) {
        let Some(place) = field.target.place(waiting.index) else { return };
        let known = self.draft.certificate.at(place.field, place.index).cloned();
        let Waiting { text, position, index, .. } = waiting;
        match known {
            None if !self.refused.contains(&place) => {
                self.field(field, Leaf { text: &text, position, index });
            }
            Some(known) if says(field, &text, &known) => {}
            _ => self.draft.remainder.push((position.path, text)),
        }
    }
}

/// Whether a text is a spelling of this value: it reads as it, or is how the row would write it (a moment as a day).
fn says(field: &FieldRow, text: &str, known: &Value) -> bool {
    let written =
        || field.form.write(field.kind, Some(known), None).is_ok_and(|written| written.text == text);
    field.form.read(field.kind, text).is_ok_and(|read| read.main.as_ref() == Some(known)) || written()
}

/// Sets what the format implies, beside the fields it is implied by.
fn imply(plan: &Plan, certificate: &mut Certificate) {
    for implied in &plan.implied {
        let places: Vec<Place> = match &implied.with {
            None => implied.target.place(Index::TOP).into_iter().collect(),
            Some(with) => {
                let positions = certificate.all(with.field).filter_map(|(index, _)| with.positions(index));
                positions.filter_map(|positions| implied.target.place(positions)).collect()
            }
        };
        for place in places {
            certificate.set(place, implied.value.clone());
        }
    }
}

fn identify(rule: &IdentityRule, draft: &mut Draft) {
    let number = rule.number(&draft.certificate);
    let cut = number.as_ref().map(|number| rule.cut(number));
    if let (Some(number), Some(field)) = (&number, rule.number)
        && !rule.is_length(number)
    {
        let lengths = rule.lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let advice = format!("a number of this format has {lengths} characters");
        let place = Place { field, index: Index::TOP };
        let finding = finding::about_field(field, Reason::FieldInvalid, advice).about(place);
        draft.findings.push(located(finding, draft.sources.get(&place)));
    }
    let earlier = rule.earlier.map(Field::path).and_then(|path| draft.certificate.text(path));
    draft.identity = Identity {
        issuer: rule.issuer(&draft.certificate),
        lineage: cut.as_ref().map(|(lineage, _)| lineage.clone()),
        version: cut.and_then(|(_, version)| version),
        earlier_lineage: earlier
            .filter(|earlier| !key::is_placeholder(earlier))
            .map(|earlier| rule.cut(&earlier).0),
        number,
    };
}

fn located(finding: Finding, position: Option<&Position>) -> Finding {
    match position {
        Some(position) => finding.at(position.clone()),
        None => finding,
    }
}
