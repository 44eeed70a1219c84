//! Repetitions: entries, runs of entries with equal values, records inside entries.

use std::collections::BTreeSet;

use crate::{
    decode::document::{Node, Syntax},
    format::{
        conversion,
        list::List,
        path::Target,
        plan::{Element, Scope},
    },
    model::{certificate::Index, value::Value},
};

use super::walk::{After, Here, Walk};

impl Walk<'_> {
    /// The entries of a list; on a group, those of its run.
    ///
    /// An entry of which nothing arrives still holds its position when a later one does.
    pub(super) fn entries(&mut self, list: usize, plan: &Element, here: Here) -> Vec<Node> {
        let Some(field) = self.plan.lists.get(list).map(|list| list.field) else { return Vec::new() };
        let (first, end) = here.run.unwrap_or_else(|| (0, self.count(field, here.index)));
        let least = usize::from(first == end && self.has_repeated(plan));
        let elsewhere = self.pointed_to(list);
        let mut nodes = Vec::new();
        let mut filled = 0;
        for position in (first..end.max(first + least)).filter(|position| !elsewhere.contains(position)) {
            let Some(index) = here.index.inside(position) else { break };
            let before = self.kept.len();
            let node = self.entry(plan, Here { index, run: None, record: None, pool: None });
            if self.kept.len() > before {
                filled = nodes.len() + 1;
            }
            if nodes.len() != position && here.run.is_none() {
                self.moves(before, nodes.len());
            }
            nodes.push(node);
        }
        if here.run.is_none() {
            nodes.truncate(filled);
        }
        self.wrote(list, here.index, nodes.len());
        self.filter(list, plan, &mut nodes);
        nodes
    }

    /// Entries of a list that have their home in the entries that point to them.
    fn pointed_to(&self, list: usize) -> BTreeSet<usize> {
        let home = self.plan.lists.get(list).filter(|list| list.link.is_none()).and_then(|list| list.home);
        let Some(link) = home.and_then(|home| self.plan.lists.get(home)?.link.as_ref()) else {
            return BTreeSet::new();
        };
        self.certificate.all(link.field).filter_map(|(_, value)| conversion::position(value)).collect()
    }

    /// Values kept since `first` stand at another position of their list than in the certificate.
    fn moves(&mut self, first: usize, position: usize) {
        for kept in self.kept.iter_mut().skip(first) {
            let places = [Some(&mut kept.to), kept.again.as_mut()];
            for place in places.into_iter().flatten() {
                let inner = place.index.positions().skip(1);
                let moved = inner.fold(Index::TOP.inside(position), |index, inner| index?.inside(inner));
                place.index = moved.unwrap_or(place.index);
            }
        }
    }

    /// Whether anything of an entry arrives: a pointer to an entry of which nothing does says nothing.
    pub(super) fn says_anything(&self, list: usize, position: usize) -> bool {
        let Some(list) = self.plan.lists.get(list) else { return false };
        let Some(index) = Index::TOP.inside(position) else { return false };
        let rows = (0..self.plan.rows.len()).filter_map(|row| self.plan.field_row(row));
        let mut rows = rows.filter(|field| field.target.loops() == [list.field]);
        rows.any(|field| self.would_arrive(field, index))
    }

    fn entry(&mut self, plan: &Element, here: Here) -> Node {
        let empty = super::node(&plan.name, plan.space.as_ref());
        let mut node = if plan.leaf.is_some() {
            self.content(plan, here).into_iter().next().unwrap_or(empty)
        } else {
            self.inside(plan, empty, here)
        };
        node.listed = self.table.syntax == Syntax::Json;
        node
    }

    /// Whether a delimited format says something of the certificate itself in every row, so that one row is written even
    /// for a certificate without entries.
    fn has_repeated(&self, plan: &Element) -> bool {
        let repeats = |child: &Element| {
            let row = child.leaf.and_then(|(row, _)| self.plan.field_row(row));
            row.is_some_and(|field| field.scope == Scope::Repeated)
        };
        plan.children.iter().any(repeats)
    }

    /// Marks the entries of a filtered list as the ones that count.
    fn filter(&self, list: usize, plan: &Element, nodes: &mut [Node]) {
        let only = self.plan.lists.get(list).and_then(|list| list.only_where.as_ref());
        let Some((name, text)) = only else { return };
        let at = plan.children.iter().position(|child| child.name == *name);
        for node in nodes.iter_mut().filter(|node| node.child(name).is_none()) {
            let mut flag = Node::leaf(name, text);
            flag.space.clone_from(&plan.space);
            let place = at.unwrap_or(0).min(node.children.len());
            node.children.insert(place, flag);
        }
    }

    /// Runs of neighbours with equal values in the group's rows.
    pub(super) fn groups(&mut self, list: usize, plan: &Element, here: Here) -> Vec<Node> {
        let Some(field) = self.plan.lists.get(list).map(|list| list.field) else { return Vec::new() };
        let end = self.count(field, here.index);
        let mut targets = Vec::new();
        self.group_targets(plan, &mut targets);
        let signature = |walk: &Self, position: usize| -> Vec<Option<Value>> {
            let index = here.index.inside(position);
            let value = |target: &Target| Some(walk.value(target, index?)?.1);
            targets.iter().map(value).collect()
        };
        let mut nodes = Vec::new();
        let mut first = 0;
        while first < end {
            let here_says = signature(self, first);
            let same = (first + 1..end).take_while(|next| signature(self, *next) == here_says).count();
            let run = (first, first + 1 + same);
            let node = super::node(&plan.name, plan.space.as_ref());
            let mut node = self.inside(plan, node, Here { run: Some(run), ..here });
            node.listed = self.table.syntax == Syntax::Json;
            nodes.push(node);
            first = run.1;
        }
        nodes
    }

    /// The fields that stand on a group, with their second fields.
    fn group_targets(&self, plan: &Element, out: &mut Vec<Target>) {
        for child in &plan.children {
            if let Some(field) = child.leaf.and_then(|(row, _)| self.plan.field_row(row))
                && field.scope == Scope::Group
            {
                out.push(field.target.clone());
                out.extend(field.form.side().cloned());
            }
            if child.leaf.is_none() {
                self.group_targets(child, out);
            }
        }
    }

    /// The record an entry points to, written inside the entry.
    pub(super) fn record(&mut self, list: usize, plan: &Element, here: Here) -> Option<Node> {
        let known = self.plan.lists.get(list)?.clone();
        let position = self.pointed(&known, here.index)?;
        let at = self.kept.len();
        let node = super::node(&plan.name, plan.space.as_ref());
        // Where reading puts it is known only when it is written: equal records are one.
        let node = self.inside(plan, node, Here { record: Some(position), ..here });
        let says = self.kept.iter().skip(at);
        let mut says = says.map(|kept| (kept.to.field, kept.value.clone())).collect::<Vec<_>>();
        if says.is_empty() {
            return None;
        }
        says.sort_by_key(|(field, _)| *field);
        let records = self.records.entry(list).or_default();
        let to = records.iter().position(|record| *record == says).unwrap_or(records.len());
        if to == records.len() {
            records.push(says);
        }
        let head = self.plan.head_of(list);
        for kept in self.kept.iter_mut().skip(at) {
            kept.to.index = Index::TOP.inside(to)?;
            kept.after = head.map(After::Place);
        }
        let link = known.link.as_ref()?;
        let place = link.place(here.index);
        let from = place.filter(|place| self.certificate.at(place.field, place.index).is_some());
        self.keep(from, place, conversion::ordinal(to)?);
        if let Some(kept) = self.kept.last_mut() {
            kept.after = head.map(After::Pointer);
        }
        let listed = known.several && self.table.syntax == Syntax::Json;
        Some(Node { listed, ..node })
    }

    /// The position of the record an entry points to; the only one there is, when no entry points anywhere.
    fn pointed(&self, list: &List, index: Index) -> Option<usize> {
        let link = list.link.as_ref()?;
        let entries = self.count(list.field, Index::TOP);
        match self.value(link, index) {
            Some((_, value)) => conversion::position(&value).filter(|position| *position < entries),
            None => {
                (list.home.is_none() && entries == 1 && self.certificate.all(link.field).next().is_none())
                    .then_some(0)
            }
        }
    }
}
