//! The walk itself: plan and certificate, element by element, in order of output.

use std::collections::BTreeMap;

use crate::{
    decode::document::{Node, Syntax},
    format::{
        Table,
        path::Target,
        plan::{Does, Element, Implied, Plan, Repeat},
    },
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        value::Value,
    },
};

use super::{Unfilled, place};

/// A value that arrives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Kept {
    /// Where it stands in the certificate; `None` for what the format adds.
    pub(super) from: Option<Place>,
    /// Where reading puts it.
    pub(super) to: Place,
    /// What reading gives.
    pub(super) value: Value,
    /// From a row that only repeats this field: it arrives where no other row brings it.
    pub(super) again: Option<Place>,
    /// What is still to be counted on: entries of the list's other home come first.
    pub(super) after: Option<After>,
}

/// What of a value depends on the entries of a list, which may be written later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    /// Its position.
    Place(usize),
    /// The position it names.
    Pointer(usize),
}

/// What a walk leaves.
pub(super) struct Walked {
    pub(super) root: Node,
    pub(super) kept: Vec<Kept>,
    pub(super) unfilled: Vec<Unfilled>,
}

/// A walk under way.
pub(super) struct Walk<'a> {
    pub(super) table: &'a Table,
    pub(super) plan: &'a Plan,
    pub(super) certificate: &'a Certificate,
    /// Entries of each list, per position of the lists around it.
    counts: BTreeMap<(Field, Index), usize>,
    /// Whether the certificate has any value of a field, by its number: most of what a format has room for is not there.
    has: Vec<bool>,
    pub(super) kept: Vec<Kept>,
    pub(super) unfilled: Vec<Unfilled>,
    /// Entries written of each list, per position of the lists around it.
    pub(super) written: BTreeMap<(usize, Index), usize>,
    /// The same, each addition by itself: what is taken back is taken from here.
    wrote: Vec<((usize, Index), usize)>,
    /// Records written so far, by list: what reading gives, apart from places.
    pub(super) records: BTreeMap<usize, Vec<Vec<(Field, Value)>>>,
    /// For each pool and each of its entries the positions of those that point to it.
    pub(super) pools: BTreeMap<usize, Vec<Vec<usize>>>,
}

/// Where the walk is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here {
    /// Positions in the lists around.
    pub(super) index: Index,
    /// On a group: the entries it is of, first and end.
    pub(super) run: Option<(usize, usize)>,
    /// In a record: its position in its own list.
    pub(super) record: Option<usize>,
    /// In a pool: its list, and which of its entries it is.
    pub(super) pool: Option<(usize, usize)>,
}

/// When an element is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Beside,
    Counts,
}

/// Walks a certificate.
pub(super) fn walk(table: &Table, certificate: &Certificate) -> Walked {
    let variant = variant(table, certificate);
    let Some(plan) = table.plan_for(variant.as_deref()) else {
        return Walked { root: Node::branch(""), kept: Vec::new(), unfilled: Vec::new() };
    };
    let mut walk = Walk {
        table,
        plan,
        certificate,
        counts: counts(certificate),
        has: has(certificate),
        kept: Vec::new(),
        unfilled: Vec::new(),
        written: BTreeMap::new(),
        wrote: Vec::new(),
        records: BTreeMap::new(),
        pools: BTreeMap::new(),
    };
    let top = Here { index: Index::TOP, run: None, record: None, pool: None };
    let root = super::node(&plan.root.name, plan.root.space.as_ref());
    let root = walk.inside(&plan.root, root, top);
    walk.refuse_too_many();
    walk.imply_always();
    walk.settle();
    Walked { root, kept: walk.kept, unfilled: walk.unfilled }
}

/// The variant the certificate says it is in.
fn variant(table: &Table, certificate: &Certificate) -> Option<String> {
    let plan = table.plans.first()?;
    plan.variant.as_ref()?;
    let holds =
        |implied: &&Implied| implied.with.is_none() && Some(implied.value.to_string()) == plan.variant;
    let field = plan.implied.iter().find(holds)?.target.field;
    certificate.at(field, Index::TOP).map(ToString::to_string)
}

/// Every list counted in one pass over the values.
fn counts(certificate: &Certificate) -> BTreeMap<(Field, Index), usize> {
    let mut counts = BTreeMap::new();
    for (place, _) in certificate.iter() {
        for (depth, (list, position)) in place.field.lists().iter().zip(place.index.positions()).enumerate() {
            let count: &mut usize = counts.entry((*list, place.index.outer(depth))).or_default();
            *count = (*count).max(position + 1);
        }
    }
    counts
}

/// The fields there are values of.
fn has(certificate: &Certificate) -> Vec<bool> {
    let mut has = vec![false; Field::all().len()];
    for (place, _) in certificate.iter() {
        has.get_mut(place.field.number()).into_iter().for_each(|field| *field = true);
    }
    has
}

impl Walk<'_> {
    /// How many entries a list has.
    pub(super) fn count(&self, list: Field, outer: Index) -> usize {
        self.counts.get(&(list, outer)).copied().unwrap_or(0)
    }

    /// Fills a node with what is inside an element. What depends on an element beside it comes after that one, counts
    /// come last: they need the lists written. Recursion is bounded by the plan's depth.
    pub(super) fn inside(&mut self, plan: &Element, mut node: Node, here: Here) -> Node {
        let plain = |child: &Element| child.position.is_none() && self.turn(child) == Turn::First;
        if plan.children.iter().all(plain) {
            for child in &plan.children {
                if self.stands(child, plan, &[], here) {
                    self.child(child, &mut node, here);
                }
            }
            return node;
        }
        let mut slots: Vec<Vec<Node>> = vec![Vec::new(); plan.children.len()];
        for turn in [Turn::First, Turn::Beside, Turn::Counts] {
            for (number, child) in plan.children.iter().enumerate() {
                if self.turn(child) == turn && self.stands(child, plan, &slots, here) {
                    self.child(child, &mut node, here);
                    if let Some(slot) = slots.get_mut(number) {
                        *slot = std::mem::take(&mut node.children);
                    }
                }
            }
        }
        place::hold_positions(plan, &mut slots, self.table.syntax);
        node.children = slots.into_iter().flatten().collect();
        node
    }

    /// Adds one child of an element to its node.
    fn child(&mut self, child: &Element, node: &mut Node, here: Here) {
        if child.attribute {
            let text = child.leaf.and_then(|leaf| self.leaf(leaf, here)).and_then(|mut nodes| nodes.pop());
            node.attributes.extend(text.map(|text| (child.name.clone(), text.text)));
        } else {
            node.children.append(&mut self.element(child, here));
        }
    }

    fn turn(&self, element: &Element) -> Turn {
        let row = element.leaf.and_then(|(row, _)| self.plan.rows.get(row));
        match row.map(|row| &row.does) {
            Some(Does::Count(_)) => Turn::Counts,
            _ if element.when.is_some() => Turn::Beside,
            _ => Turn::First,
        }
    }

    /// The nodes of one element of the plan.
    fn element(&mut self, plan: &Element, here: Here) -> Vec<Node> {
        let (list, nodes) = match plan.repeat {
            Repeat::Entry(list) => (list, self.entries(list, plan, here)),
            Repeat::Group(list) => (list, self.groups(list, plan, here)),
            Repeat::Record(list) => (list, self.record(list, plan, here).into_iter().collect()),
            Repeat::Pool(list) => (list, self.pool(list, plan, here)),
            Repeat::Once | Repeat::Pieces if plan.optional => return self.optional(plan, here),
            Repeat::Once | Repeat::Pieces => return self.content(plan, here),
        };
        if nodes.is_empty() {
            self.demand_entry(list, here);
        }
        nodes
    }

    /// An element with its leaf or what is inside; nothing when both are empty.
    pub(super) fn content(&mut self, plan: &Element, here: Here) -> Vec<Node> {
        if let Some(leaf) = plan.leaf {
            let mut nodes = self.leaf(leaf, here).unwrap_or_default();
            for node in &mut nodes {
                node.listed = plan.repeat == Repeat::Pieces && self.table.syntax == Syntax::Json;
                node.name.clone_from(&plan.name);
                node.space.clone_from(&plan.space);
            }
            let before = self.kept.len();
            let attributes = self.attributes(plan, here);
            if nodes.is_empty() && self.kept.len() > before {
                nodes.push(super::node(&plan.name, plan.space.as_ref()));
            }
            if let Some(first) = nodes.first_mut() {
                first.attributes = attributes;
            }
            return nodes;
        }
        let before = self.kept.len();
        // Most of what a format has room for stays empty: only what is written gets a name.
        let node = self.inside(plan, Node::branch(""), here);
        if self.kept.len() == before && !self.is_constant(plan) {
            return Vec::new();
        }
        vec![Node { name: plan.name.clone(), space: plan.space.clone(), ..node }]
    }

    /// Whether an element holds constants only: it goes with the element around it. Recursion is bounded by the plan's
    /// depth.
    fn is_constant(&self, plan: &Element) -> bool {
        let says = |child: &Element| match child.leaf.and_then(|(row, _)| self.plan.rows.get(row)) {
            Some(row) => matches!(row.does, Does::Fixed(_) | Does::Drop),
            None => self.is_constant(child),
        };
        let fixed = |child: &Element| {
            let row = child.leaf.and_then(|(row, _)| self.plan.rows.get(row));
            row.is_some_and(|row| matches!(row.does, Does::Fixed(_)))
        };
        plan.children.iter().all(says)
            && plan.children.iter().any(|child| fixed(child) || self.is_constant(child))
    }

    fn attributes(&mut self, plan: &Element, here: Here) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for child in plan.children.iter().filter(|child| child.attribute) {
            let nodes = child.leaf.and_then(|leaf| self.leaf(leaf, here)).unwrap_or_default();
            out.extend(nodes.into_iter().map(|node| (child.name.clone(), node.text)));
        }
        out
    }

    /// An element that may be left out whole: when it cannot be completed, nothing of it is written.
    fn optional(&mut self, plan: &Element, here: Here) -> Vec<Node> {
        let (kept, unfilled, wrote) = (self.kept.len(), self.unfilled.len(), self.wrote.len());
        let records: BTreeMap<_, _> = self.records.iter().map(|(list, all)| (*list, all.len())).collect();
        let nodes = self.content(plan, here);
        if self.unfilled.len() > unfilled || self.kept.len() == kept {
            self.kept.truncate(kept);
            self.unfilled.truncate(unfilled);
            for (place, nodes) in self.wrote.drain(wrote..) {
                self.written.entry(place).and_modify(|written| *written -= nodes);
            }
            for (list, all) in &mut self.records {
                all.truncate(records.get(list).copied().unwrap_or(0));
            }
            return Vec::new();
        }
        nodes
    }

    /// Nothing of a list was written where the format demands an entry.
    fn demand_entry(&mut self, list: usize, here: Here) {
        let Some(list) = self.plan.lists.get(list).filter(|list| list.required) else { return };
        let place = list.link.as_ref().and_then(|link| link.place(here.index));
        let why = Some(format!("needs an entry of {}", list.title()));
        self.unfilled.push(Unfilled { at: list.at.clone(), place, why });
    }

    /// A format takes so many goods items and no more.
    fn refuse_too_many(&mut self) {
        let Some(items) = Field::named("items[]") else { return };
        let have = self.count(items, Index::TOP);
        if let Some(most) = self.table.items_max
            && u32::try_from(have).unwrap_or(u32::MAX) > most
        {
            let why = Some(format!("the format takes {most} goods items, the certificate has {have}"));
            self.unfilled.push(Unfilled { at: items.path().to_owned(), place: None, why });
        }
    }

    /// Values the format implies whatever the certificate says; one that says otherwise cannot be written in it.
    fn imply_always(&mut self) {
        let plan = self.plan;
        for implied in plan.implied.iter().filter(|implied| implied.with.is_none()) {
            let Some(place) = implied.target.place(Index::TOP) else { continue };
            let says = self.certificate.at(place.field, place.index);
            let is_variant = Some(implied.value.to_string()) == plan.variant;
            let same = says == Some(&implied.value);
            if says.is_some() && !same && !is_variant {
                let why = Some(format!("a document of this format always means {}", implied.value));
                self.unfilled.push(Unfilled { at: self.table.id.to_string(), place: Some(place), why });
            }
            self.keep(same.then_some(place), Some(place), implied.value.clone());
        }
    }

    /// Counts entries that were written of a list.
    pub(super) fn wrote(&mut self, list: usize, outer: Index, nodes: usize) {
        *self.written.entry((list, outer)).or_default() += nodes;
        self.wrote.push(((list, outer), nodes));
    }

    /// Records that a value arrives, and what the format implies beside it.
    pub(super) fn keep(&mut self, from: Option<Place>, to: Option<Place>, value: Value) {
        if let Some(to) = to {
            self.kept.push(Kept { from, to, value, again: None, after: None });
        }
    }

    /// The value of a target at a position.
    pub(super) fn value(&self, target: &Target, index: Index) -> Option<(Place, Value)> {
        let there = self.has.get(target.field.number()).copied().unwrap_or(false);
        let place = target.place(index).filter(|_| there)?;
        Some((place, self.certificate.at(place.field, place.index)?.clone()))
    }
}
