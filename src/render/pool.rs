//! What several entries have in common, written once and pointed to by order number.

use crate::{
    decode::document::{Node, Syntax},
    format::plan::{Element, Row, Scope},
    model::{certificate::Index, value::Value},
};

use super::{
    Unfilled, field,
    walk::{Here, Walk},
};

impl Walk<'_> {
    /// The entries of a pool: one for all entries of its list that say the same.
    pub(super) fn pool(&mut self, list: usize, plan: &Element, here: Here) -> Vec<Node> {
        let groups = self.groups_of(list, plan);
        let entries = groups.len();
        self.pools.insert(list, groups);
        let node = |walk: &mut Self, number: usize| {
            let node = super::node(&plan.name, plan.space.as_ref());
            let node = walk.inside(plan, node, Here { pool: Some((list, number)), ..here });
            Node { listed: walk.table.syntax == Syntax::Json, ..node }
        };
        let nodes = (0..entries).map(|number| node(self, number)).collect::<Vec<_>>();
        self.wrote(list, Index::TOP, nodes.len());
        nodes
    }

    /// Positions of the entries that have anything to say in a pool, those together that say the same.
    fn groups_of(&self, list: usize, plan: &Element) -> Vec<Vec<usize>> {
        let mut rows = Vec::new();
        leaves(plan, &mut rows);
        let rows = rows.into_iter().filter_map(|row| self.plan.field_row(row));
        let rows = rows.filter(|field| field.scope == Scope::Pool).collect::<Vec<_>>();
        let said = |index: Index| -> Vec<Option<Value>> {
            let targets = rows.iter().flat_map(|field| {
                let implied = field.implies.as_ref().map(|(target, _)| target);
                std::iter::once(&field.target).chain(field.form.side()).chain(implied)
            });
            targets.map(|target| Some(self.value(target, index)?.1)).collect()
        };
        let entries = self.plan.lists.get(list).map_or(0, |list| self.count(list.field, Index::TOP));
        let mut groups: Vec<(Vec<Option<Value>>, Vec<usize>)> = Vec::new();
        for position in 0..entries {
            let Some(index) = Index::TOP.inside(position) else { break };
            if !rows.iter().any(|field| self.would_arrive(field, index)) {
                continue;
            }
            let says = said(index);
            match groups.iter_mut().find(|(known, _)| *known == says) {
                Some((_, positions)) => positions.push(position),
                None => groups.push((says, vec![position])),
            }
        }
        groups.into_iter().map(|(_, positions)| positions).collect()
    }

    /// Positions of the entries that point to the entry of a pool at hand.
    pub(super) fn pointing(&self, here: Here) -> &[usize] {
        let group = here.pool.and_then(|(list, number)| self.pools.get(&list)?.get(number));
        group.map_or(&[], Vec::as_slice)
    }

    /// The order number of what an entry points to, where that was written.
    pub(super) fn pointer(&mut self, row: &Row, list: usize, here: Here) -> Option<Vec<Node>> {
        let written = self.written.get(&(list, Index::TOP)).copied().unwrap_or(0);
        let position = here.index.positions().last();
        let mut groups = self.pools.get(&list).into_iter().flatten().take(written);
        let Some(number) = groups.position(|group| group.iter().any(|known| Some(*known) == position)) else {
            if row.required {
                let name = self.plan.lists.get(list).map_or("list", |list| list.title());
                let why = Some(format!("points to no entry of {name}"));
                self.unfilled.push(Unfilled { at: row.at.clone(), place: None, why });
            }
            return None;
        };
        // What arrived there arrives because of this pointer: an entry that says nothing else must stay.
        let mine = |index: Index| index.outer(here.index.depth()) == here.index;
        let kept = self.kept.iter().find(|kept| mine(kept.to.index)).cloned();
        self.kept.extend(kept);
        Some(vec![field::number(&(number + 1).to_string())])
    }
}

/// The rows of an element's leaves. Recursion is bounded by the plan's depth.
fn leaves(element: &Element, rows: &mut Vec<usize>) {
    rows.extend(element.leaf.map(|(row, _)| row));
    element.children.iter().for_each(|child| leaves(child, rows));
}
