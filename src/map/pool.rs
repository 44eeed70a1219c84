//! What is said once, outside, and holds for each entry that points to it by order number.

use crate::{
    decode::document::Node,
    format::plan::{Element, Scope},
    model::{
        certificate::Index,
        finding::{Finding, Position},
        reason::Reason,
    },
};

use super::{leaf::Waiting, record::Values, walk::Walk};

/// An entry of a pool.
pub(super) struct Pooled {
    values: Values,
    position: Position,
    used: bool,
}

impl Walk<'_> {
    /// Keeps an entry until it is known who points to it.
    pub(super) fn pool(&mut self, list: usize, plan: &Element, node: &Node, index: Index) -> bool {
        self.pools.entry(list).or_default();
        self.record.clear();
        self.forget_pieces(Scope::Pool);
        self.content(plan, node, index);
        let (values, position) = (std::mem::take(&mut self.record), self.trail.position(node));
        *self.entries.entry((list, index)).or_default() += 1;
        self.pools.entry(list).or_default().push(Pooled { values, position, used: false });
        true
    }

    /// An entry points to one of a pool: what is said there holds for it.
    pub(super) fn point(&mut self, list: usize, waiting: Waiting) {
        self.pointed.insert(list);
        let Waiting { text, position, index, .. } = waiting;
        let order = self.orders.get(&(list, text.trim().to_owned())).copied();
        let pooled = order.and_then(|number| self.pools.get_mut(&list)?.get_mut(number));
        if let Some(pooled) = pooled {
            pooled.used = true;
            for found in pooled.values.clone() {
                self.set(&found.target, found.value, found.position, index);
            }
            return;
        }
        let name = self.plan.lists.get(list).map_or("list", |list| list.title());
        let advice = format!("name the order number of one of {name}");
        self.draft.remainder.push((position.path.clone(), text));
        self.draft.findings.push(Finding::warning(Reason::LinkBroken, advice).at(position));
    }

    /// The only entry of a pool holds for all where nobody points anywhere; others that nobody points to are kept.
    pub(super) fn leave_pools(&mut self) {
        for (list, pool) in std::mem::take(&mut self.pools) {
            let Some(known) = self.plan.lists.get(list) else { continue };
            let (field, name) = (known.field, known.title());
            let is_list = |number: &usize| {
                self.plan.lists.get(*number).is_some_and(|list| list.field == field && list.pool.is_none())
            };
            let met = self.entries.iter().filter(|((number, _), _)| is_list(number));
            let entries = met.map(|(_, entries)| *entries).sum::<usize>();
            let for_all = pool.len() == 1 && !self.pointed.contains(&list) && entries > 0;
            for Pooled { values, position, .. } in pool.into_iter().filter(|pooled| !pooled.used) {
                if for_all {
                    for index in (0..entries).filter_map(|entry| Index::TOP.inside(entry)) {
                        for found in &values {
                            self.set(&found.target, found.value.clone(), found.position.clone(), index);
                        }
                    }
                } else if !values.is_empty() {
                    let advice =
                        format!("no entry of {field} points to this one of {name}; it is kept as unmapped");
                    self.draft.findings.push(Finding::warning(Reason::LinkBroken, advice).at(position));
                    let kept = values.into_iter().map(|found| (found.position.path, found.value.to_string()));
                    self.draft.remainder.extend(kept);
                }
            }
        }
    }
}
