//! The walk itself: plan and document side by side, node by node.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    decode::document::{Document, Node, Scalar},
    format::{
        Table, canonical,
        path::Target,
        plan::{Does, Element, FieldRow, Parts, Plan, Repeat},
    },
    model::{
        certificate::{Index, Place},
        finding::{Finding, Position},
        reason::Reason,
    },
    problem,
};

use super::{
    Draft,
    compound::Cells,
    finding,
    leaf::{Leaf, Pieces, Waiting},
    place::{Places, is_blank},
    pool::Pooled,
    record::{Link, Values},
    trail::Trail,
};

/// A walk under way, and what it leaves for the end.
pub(super) struct Walk<'a> {
    pub(super) table: &'a Table,
    pub(super) plan: &'a Plan,
    pub(super) draft: Draft,
    pub(super) trail: Trail,
    /// Entries of each list met so far, per position of the lists around it.
    pub(super) entries: BTreeMap<(usize, Index), usize>,
    /// Texts that arrive in several leaves, by row.
    pub(super) pieces: BTreeMap<(usize, Index), Pieces>,
    /// The same, on the group or record at hand.
    pub(super) loose: BTreeMap<usize, Pieces>,
    /// Position of the entry of a list that carries an order number.
    pub(super) orders: BTreeMap<(usize, String), usize>,
    /// Places whose text was no value of the field.
    pub(super) refused: BTreeSet<Place>,
    /// Leaves that only together mean something.
    pub(super) cells: BTreeMap<(usize, Index), Cells>,
    /// Leaves that can only be read when everything else is known.
    pub(super) waiting: Vec<Waiting>,
    /// Values on the group at hand.
    pub(super) group: Values,
    /// Values of the record at hand.
    pub(super) record: Values,
    /// Records met so far, by list.
    pub(super) records: BTreeMap<usize, Vec<Values>>,
    /// The number of each by what it says, so that equal ones are found without a look at all.
    pub(super) same: BTreeMap<(usize, Vec<(Target, String)>), usize>,
    /// Which entries point to them.
    pub(super) links: Vec<Link>,
    /// What is said once for all entries that point to it, by list.
    pub(super) pools: BTreeMap<usize, Vec<Pooled>>,
    /// Lists of which an entry is pointed to.
    pub(super) pointed: BTreeSet<usize>,
}

/// Walks a document.
pub(super) fn walk<'a>(table: &'a Table, plan: &'a Plan, document: &Document) -> Walk<'a> {
    let mut walk = Walk {
        table,
        plan,
        draft: Draft::default(),
        trail: Trail::new(document.syntax, &document.root),
        entries: BTreeMap::new(),
        pieces: BTreeMap::new(),
        loose: BTreeMap::new(),
        orders: BTreeMap::new(),
        refused: BTreeSet::new(),
        cells: BTreeMap::new(),
        waiting: Vec::new(),
        group: Values::new(),
        record: Values::new(),
        records: BTreeMap::new(),
        same: BTreeMap::new(),
        links: Vec::new(),
        pools: BTreeMap::new(),
        pointed: BTreeSet::new(),
    };
    walk.branch(&plan.root, &document.root, Index::TOP);
    walk
}

impl Walk<'_> {
    /// Everything inside an element. Recursion is bounded by the plan's depth.
    fn branch(&mut self, element: &Element, node: &Node, index: Index) {
        self.attributes(element, node, index);
        self.stray_text(node);
        let mut met = vec![0_usize; element.children.len()];
        let mut strangers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut places = Places::new(element, node);
        let mut next = 0;
        for child in &node.children {
            let known = places.of(child, next);
            let plan = known.and_then(|at| Some((at, element.children.get(at)?, met.get_mut(at)?)));
            match plan {
                Some((at, plan, met)) if *met == 0 || repeats(plan) || self.drops(plan) => {
                    next = at + 1;
                    *met += 1;
                    let number = plan.position.map_or(*met, |position| position + 1);
                    let repeats = child.listed || plan.repeat != Repeat::Once;
                    let mark = self.trail.down(&child.name, number, repeats);
                    if !self.visit(plan, child, index) {
                        *met -= 1;
                    }
                    self.trail.up(mark);
                }
                stranger => {
                    let again = stranger.as_ref().map(|(_, plan, _)| *plan);
                    let met = stranger.map_or(0, |(_, _, met)| *met);
                    let number = strangers.entry(&child.name).or_insert(met);
                    *number += 1;
                    let number = places.number(child).unwrap_or(*number);
                    let mark = self.trail.down(&child.name, number, child.listed);
                    match again {
                        Some(plan) => self.stands_again(plan, child, index),
                        None => self.misspelt(element, child),
                    }
                    self.left(again, child);
                    self.trail.up(mark);
                }
            }
        }
        for (child, met) in element.children.iter().zip(met) {
            if met == 0 && !child.attribute && places.counts(child) {
                self.missing(child, node, index);
            }
        }
    }

    /// One element the plan knows; whether it had anything to say.
    fn visit(&mut self, plan: &Element, node: &Node, index: Index) -> bool {
        match plan.repeat {
            Repeat::Once | Repeat::Pieces => self.content(plan, node, index),
            Repeat::Entry(list) => self.entry(list, plan, node, index),
            Repeat::Group(list) => self.group(list, plan, node, index),
            Repeat::Record(list) => self.record(list, plan, node, index),
            Repeat::Pool(list) => self.pool(list, plan, node, index),
        }
    }

    /// One entry of a list.
    fn entry(&mut self, list: usize, plan: &Element, node: &Node, index: Index) -> bool {
        let only = self.plan.lists.get(list).and_then(|list| list.only_where.as_ref());
        let counts =
            only.is_none_or(|(name, text)| node.child(name).is_some_and(|child| child.text.trim() == text));
        let position = self.entries.get(&(list, index)).copied().unwrap_or(0);
        match index.inside(position).filter(|_| counts) {
            Some(inner) => {
                self.entries.insert((list, index), position + 1);
                self.content(plan, node, inner);
            }
            None => self.left(Some(plan), node),
        }
        true
    }

    /// What an element says itself, and what is inside.
    pub(super) fn content(&mut self, plan: &Element, node: &Node, index: Index) -> bool {
        let Some((row, part)) = plan.leaf else {
            if node.scalar == Scalar::Branch {
                self.branch(plan, node, index);
                return true;
            }
            if !is_blank(node) {
                self.unmapped(node);
            } else if !plan.children.is_empty() {
                self.branch(plan, node, index);
            }
            return true;
        };
        if self.drops(plan) {
            return true;
        }
        if node.scalar == Scalar::Branch {
            self.unmapped(node);
            return false;
        }
        self.attributes(plan, node, index);
        if is_blank(node) {
            return false;
        }
        let position = self.trail.position(node);
        self.leaf((row, part), Leaf { text: &node.text, position, index });
        true
    }

    /// Whether an element is neither mapped nor kept, however often it stands there.
    fn drops(&self, plan: &Element) -> bool {
        let row = plan.leaf.and_then(|(row, _)| self.plan.rows.get(row));
        row.is_some_and(|row| matches!(row.does, Does::Drop))
    }

    fn attributes(&mut self, plan: &Element, node: &Node, index: Index) {
        for (name, value) in &node.attributes {
            let mark = self.trail.attribute(name);
            let known = plan.children.iter().find(|child| child.attribute && child.name == *name);
            match known.and_then(|child| child.leaf) {
                Some(leaf) if !value.trim().is_empty() => {
                    let position = self.trail.position(node);
                    self.leaf(leaf, Leaf { text: value, position, index });
                }
                Some(_) => {}
                None => self.draft.remainder.push((self.trail.text(), value.clone())),
            }
            self.trail.up(mark);
        }
    }

    /// Text beside elements belongs to no field.
    fn stray_text(&mut self, node: &Node) {
        if node.scalar == Scalar::Branch && !node.text.trim().is_empty() {
            self.draft.remainder.push((self.trail.text(), node.text.clone()));
        }
    }

    /// Keeps every leaf below a node the plan does not know.
    pub(super) fn unmapped(&mut self, node: &Node) {
        self.left(None, node);
    }

    /// Keeps every leaf below a node that is not read; what its plan, where it has one, drops is not kept here either.
    /// Recursion is bounded by the decoder's depth.
    pub(super) fn left(&mut self, plan: Option<&Element>, node: &Node) {
        let inner = |name: &str, attribute: bool| {
            let mut known = plan.into_iter().flat_map(|plan| &plan.children);
            known.find(|child| child.attribute == attribute && child.name == *name)
        };
        if node.scalar != Scalar::Branch && node.scalar != Scalar::Null {
            self.draft.remainder.push((self.trail.text(), node.text.clone()));
        }
        self.stray_text(node);
        for (name, value) in &node.attributes {
            if inner(name, true).is_some_and(|plan| self.drops(plan)) {
                continue;
            }
            let mark = self.trail.attribute(name);
            self.draft.remainder.push((self.trail.text(), value.clone()));
            self.trail.up(mark);
        }
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for child in &node.children {
            let number = numbers.entry(&child.name).or_default();
            *number += 1;
            let plan = inner(&child.name, false);
            if plan.is_some_and(|plan| self.drops(plan)) {
                continue;
            }
            let mark = self.trail.down(&child.name, *number, child.listed);
            self.left(plan, child);
            self.trail.up(mark);
        }
    }

    /// An element that has one place and stands there again: whoever reads the last one reads another document.
    fn stands_again(&mut self, plan: &Element, node: &Node, index: Index) {
        if let Repeat::Record(list) = plan.repeat
            && self.plan.lists.get(list).is_some_and(|list| list.several)
        {
            return;
        }
        let row = plan.leaf.and_then(|(row, _)| self.plan.rows.get(row));
        let advice = "this stands here once; the first one counts";
        let finding = match row.map(|row| &row.does) {
            Some(Does::Field(field)) => {
                let finding = finding::about_field(field.target.field, Reason::FieldInvalid, advice);
                match field.target.place(index) {
                    Some(place) => finding.about(place),
                    None => finding,
                }
            }
            Some(Does::Drop) => return,
            _ => Finding::warning(Reason::FieldInvalid, advice),
        };
        let position = self.trail.position(node);
        self.draft.findings.push(finding.at(position));
    }

    /// In the canonical profile a name nobody knows is a mistake of whoever wrote it, not another format's field.
    fn misspelt(&mut self, element: &Element, node: &Node) {
        if !canonical::is(self.table) {
            return;
        }
        let names = element.children.iter().map(|child| child.name.as_str());
        let hint = problem::nearest(&node.name, names).map_or_else(String::new, |hint| format!("; {hint}"));
        let advice = format!("the canonical profile has no field of this name here{hint}");
        let position = self.trail.position(node);
        self.draft.findings.push(Finding::warning(Reason::Unmapped, advice).at(position));
    }

    /// What an absent element should have said.
    fn missing(&mut self, plan: &Element, parent: &Node, index: Index) {
        let number = plan.position.map_or(1, |position| position + 1);
        let mark = self.trail.down(&plan.name, number, plan.position.is_some());
        let here = self.trail.position(parent);
        match plan.repeat {
            _ if plan.optional => {}
            Repeat::Entry(list) | Repeat::Group(list) | Repeat::Pool(list) => self.missing_list(list, here),
            Repeat::Record(list) => self.missing_record(list, here, index),
            Repeat::Once | Repeat::Pieces => {
                if let Some((row, _)) = plan.leaf.filter(|leaf| self.demands_part(*leaf)) {
                    self.missing_leaf(row, here, index);
                }
                let alone = |child: &&Element| child.when.as_ref().is_none_or(|when| !when.beside);
                for child in plan.children.iter().filter(|child| !child.attribute).filter(alone) {
                    self.missing(child, parent, index);
                }
            }
        }
        self.trail.up(mark);
    }

    fn missing_list(&mut self, list: usize, here: Position) {
        if let Some(list) = self.plan.lists.get(list).filter(|list| list.required) {
            let advice = format!("the format demands at least one of {}", list.title());
            self.draft.findings.push(Finding::warning(Reason::FieldMissing, advice).at(here));
        }
    }

    /// A record that each entry must have.
    fn missing_record(&mut self, list: usize, here: Position, index: Index) {
        let Some(list) = self.plan.lists.get(list).filter(|list| list.required) else { return };
        let advice = format!("the format demands one of {} here", list.field);
        let finding = Finding::warning(Reason::FieldMissing, advice).at(here);
        self.draft.findings.push(match list.link.as_ref().and_then(|link| link.place(index)) {
            Some(place) => finding.about(place),
            None => finding,
        });
    }

    /// Whether a leaf must be there where its row is required: of several lines the first, of several words each.
    fn demands_part(&self, (row, part): (usize, usize)) -> bool {
        let words = |field: &FieldRow| matches!(field.parts, Parts::Words(_));
        part == 0 || self.plan.field_row(row).is_some_and(words)
    }

    fn missing_leaf(&mut self, row: usize, here: Position, index: Index) {
        let Some(row) = self.plan.rows.get(row).filter(|row| row.required) else { return };
        let finding = match &row.does {
            Does::Field(field) => {
                let advice = format!("the format demands {}", row.at);
                let finding = finding::about_field(field.target.field, Reason::FieldMissing, advice);
                match field.target.place(index) {
                    Some(place) => finding.about(place),
                    None => finding,
                }
            }
            _ => Finding::warning(Reason::FieldMissing, format!("the format demands {}", row.at)),
        };
        self.draft.findings.push(finding.at(here));
    }
}

/// Whether several elements of this kind are read. Of records in an entry the first one is.
fn repeats(plan: &Element) -> bool {
    !matches!(plan.repeat, Repeat::Once | Repeat::Record(_))
}
