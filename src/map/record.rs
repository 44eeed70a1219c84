//! Values that do not stand where they are read: on a group of entries, or in a record inside an entry.

use crate::{
    decode::document::Node,
    format::{
        conversion,
        path::Target,
        plan::{Element, Scope},
    },
    model::{
        certificate::Index,
        finding::{Finding, Position},
        reason::Reason,
        value::Value,
    },
};

use super::walk::Walk;

/// A value read, whose place is not yet known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) target: Target,
    pub(super) value: Value,
    pub(super) position: Position,
}

/// Values of one group or record.
pub(super) type Values = Vec<Found>;

/// An entry's pointer to a record in it.
pub(super) struct Link {
    list: usize,
    record: usize,
    index: Index,
    position: Position,
}

impl Walk<'_> {
    /// A group of entries: what stands on it holds for each of them.
    pub(super) fn group(&mut self, list: usize, plan: &Element, node: &Node, index: Index) -> bool {
        let first = self.entries.get(&(list, index)).copied().unwrap_or(0);
        self.group.clear();
        self.forget_pieces(Scope::Group);
        self.content(plan, node, index);
        let values = std::mem::take(&mut self.group);
        let end = self.entries.get(&(list, index)).copied().unwrap_or(0);
        if first == end {
            self.group_without_entries(values);
            return true;
        }
        for inner in (first..end).filter_map(|position| index.inside(position)) {
            for found in &values {
                self.set(&found.target, found.value.clone(), found.position.clone(), inner);
            }
        }
        true
    }

    /// A new group or record begins: no text goes on from the one before.
    pub(super) fn forget_pieces(&mut self, scope: Scope) {
        let plan = self.plan;
        self.loose.retain(|row, _| plan.field_row(*row).is_some_and(|field| field.scope != scope));
    }

    fn group_without_entries(&mut self, values: Values) {
        let Some(first) = values.first() else { return };
        let advice = "this group has no entries; what stands on it is kept as unmapped";
        let finding = Finding::warning(Reason::FieldMissing, advice).at(first.position.clone());
        self.draft.findings.push(finding);
        let kept = values.iter().map(|found| (found.position.path.clone(), found.value.to_string()));
        self.draft.remainder.extend(kept);
    }

    /// A record inside an entry: the entry points to it, and equal records are one. Says whether there was anything.
    pub(super) fn record(&mut self, list: usize, plan: &Element, node: &Node, index: Index) -> bool {
        self.record.clear();
        self.forget_pieces(Scope::Record);
        self.content(plan, node, index);
        let mut values = std::mem::take(&mut self.record);
        values.sort_by_key(|found| found.target.field);
        if values.is_empty() {
            return false;
        }
        let says = values.iter().map(|found| (found.target.clone(), found.value.to_string())).collect();
        let records = self.records.entry(list).or_default();
        let record = *self.same.entry((list, says)).or_insert(records.len());
        if record == records.len() {
            records.push(values);
        }
        let position = self.trail.position(node);
        self.links.push(Link { list, record, index, position });
        true
    }

    /// Gives the records their positions: after the entries of the list's other home, wherever in the document that is.
    pub(super) fn place_records(&mut self) {
        let plan = self.plan;
        let before = |walk: &Self, list: usize| {
            let head = plan.head_of(list).and_then(|head| walk.entries.get(&(head, Index::TOP)));
            head.copied().unwrap_or(0)
        };
        for (list, records) in std::mem::take(&mut self.records) {
            let first = before(self, list);
            for (record, values) in records.into_iter().enumerate() {
                let Some(inner) = Index::TOP.inside(first + record) else { break };
                for found in values {
                    self.set(&found.target, found.value, found.position, inner);
                }
            }
        }
        for Link { list, record, index, position } in std::mem::take(&mut self.links) {
            let link = plan.lists.get(list).and_then(|list| list.link.as_ref());
            if let (Some(link), Some(number)) = (link, conversion::ordinal(before(self, list) + record)) {
                self.set(link, number, position, index);
            }
        }
    }
}
