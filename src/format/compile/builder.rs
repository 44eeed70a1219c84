//! The plan of one variant: lists first, then every row in its block.

use std::collections::BTreeMap;

use crate::{
    model::dictionary::Field,
    problem::{Found, Problems, Spot, nearest},
};

use super::{
    super::{
        codes::Lists,
        file::{File, RawBlock, RawList},
        path::{self, National, Segment},
        plan::{Element, Implied, List, Plan, Repeat, Row},
        row,
    },
    VARIANT, namespace,
};

/// Builds the plan of one variant.
pub(in crate::format) struct Builder<'a> {
    pub(in crate::format) file: &'a File,
    pub(in crate::format) codes: &'a Lists<'a>,
    pub(in crate::format) problems: &'a Problems,
    variant: Option<String>,
    pub(in crate::format) lists: Vec<List>,
    repeats: BTreeMap<String, Repeat>,
    pub(in crate::format) rows: Vec<Row>,
    /// Where each row stands in the file.
    pub(in crate::format) spots: Vec<Spot>,
    pub(in crate::format) implied: Vec<Implied>,
    /// Where each field is already read, for duplicates.
    pub(in crate::format) seen: BTreeMap<String, Spot>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        file: &'a File,
        codes: &'a Lists<'a>,
        problems: &'a Problems,
        variant: Option<String>,
    ) -> Self {
        let (lists, repeats) = (Vec::new(), BTreeMap::new());
        let (rows, spots, implied, seen) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
        Self { file, codes, problems, variant, lists, repeats, rows, spots, implied, seen }
    }

    pub(super) fn plan(mut self) -> Plan {
        for list in &self.file.lists {
            self.list(list);
        }
        let root = self.file.recognise.root.as_ref().and_then(|root| National::parse(&root.value).ok());
        let mut tree = match root.as_ref().and_then(|path| path.steps().next()) {
            Some(step) => Element::new(&step.name, namespace(&self.file.namespaces, step, self.file.syntax)),
            None => Element::new("", None),
        };
        for block in &self.file.blocks {
            self.block(block, &mut tree);
        }
        row::settle::settle(&mut self);
        if let (Some(variants), Some(name)) = (&self.file.variants, self.variant.clone()) {
            row::settle::imply_variant(&mut self, &variants.is, &name);
        }
        Plan { variant: self.variant, root: tree, rows: self.rows, lists: self.lists, implied: self.implied }
    }

    fn list(&mut self, raw: &RawList) {
        let Some(field) = Field::named(&raw.is.value).filter(|field| field.kind().is_none()) else {
            let lists = Field::all().filter(|field| field.kind().is_none()).map(Field::path);
            let problem =
                raw.is.spot.problem(format!("\"{}\" is not a list of the dictionary", raw.is.value));
            let hint = nearest(&raw.is.value, lists);
            self.problems.add(crate::problem::Problem { hint, ..problem });
            return;
        };
        let at = self.here(&raw.at.value);
        let path = match National::parse(&at) {
            Ok(path) => path.steps().cloned().collect::<Vec<_>>(),
            Err(reason) => return self.problems.add(raw.at.spot.problem(reason)),
        };
        let link = raw.link.as_ref().and_then(|link| row::target(link, "", self.problems));
        let number = self.lists.len();
        self.repeat(raw, &path, field, number);
        let only_where = raw.only_where.as_ref().map(|(name, text)| (name.value.clone(), text.clone()));
        self.lists.push(List { field, link, only_where, required: raw.required });
    }

    /// Says which steps of a list's path repeat, and as what.
    fn repeat(&mut self, raw: &RawList, path: &[Segment], field: Field, number: usize) {
        let repeating =
            path.iter().enumerate().filter(|(_, step)| step.repeats).map(|(at, _)| at).collect::<Vec<_>>();
        let key = |at: usize| path::text(path.iter().take(at + 1));
        if raw.link.is_some() {
            if path.last().is_some_and(|step| step.repeats) {
                self.problems.add(raw.at.spot.problem("a record inside an entry does not repeat there"));
            }
            self.repeats.insert(key(path.len().saturating_sub(1)), Repeat::Record(number));
            return;
        }
        let outer = field.lists().len();
        let (Some(last), true) = (repeating.last(), path.last().is_some_and(|step| step.repeats)) else {
            return self.problems.add(raw.at.spot.problem("a list ends in [], such as Goods[]"));
        };
        self.repeats.insert(key(*last), Repeat::Entry(number));
        match repeating.len() {
            n if n == outer + 1 => {}
            n if n == outer + 2 => {
                if let Some(group) = repeating.iter().rev().nth(1) {
                    self.repeats.insert(key(*group), Repeat::Group(number));
                }
            }
            n => {
                let reason = format!("has {n} times [], but {field} stands in {outer} lists");
                self.problems.add(raw.at.spot.problem(reason));
            }
        }
    }

    fn block(&mut self, block: &RawBlock, tree: &mut Element) {
        if !self.admits(&block.only) {
            return;
        }
        for raw in &block.rows {
            if !self.admits(&raw.only) {
                continue;
            }
            let at = raw.at.as_ref().map(|at| {
                let joined =
                    if block.at.is_empty() { at.value.clone() } else { format!("{}/{}", block.at, at.value) };
                Found { value: self.here(&joined), spot: at.spot.clone() }
            });
            row::add(self, raw, at, &block.is, tree);
        }
        if block.optional {
            let path = National::parse(&self.here(&block.at)).unwrap_or_default();
            if let Some(element) = descend(tree, &path.steps().cloned().collect::<Vec<_>>()) {
                element.optional = true;
            }
        }
    }

    fn here(&self, path: &str) -> String {
        self.variant.as_ref().map_or_else(|| path.to_owned(), |name| path.replace(VARIANT, name))
    }

    fn admits(&self, only: &[Found<String>]) -> bool {
        let names = self.file.variants.as_ref().map(|variants| &variants.names);
        for name in only {
            if !names.is_some_and(|names| names.iter().any(|known| known.value == name.value)) {
                self.problems
                    .add(name.spot.problem(format!("\"{}\" is not a variant of this table", name.value)));
            }
        }
        only.is_empty() || only.iter().any(|name| Some(&name.value) == self.variant.as_ref())
    }

    pub(in crate::format) fn space(&self, segment: &Segment) -> Option<String> {
        namespace(&self.file.namespaces, segment, self.file.syntax)
    }

    /// Whether a prefix of a path is declared.
    pub(in crate::format) fn knows_prefix(&self, segment: &Segment) -> bool {
        segment.prefix.as_ref().is_none_or(|prefix| self.file.namespaces.iter().any(|(key, _)| key == prefix))
    }

    /// How the last step of `path` repeats.
    pub(in crate::format) fn repeat_at(&self, path: &[Segment]) -> Repeat {
        self.repeats.get(&path::text(path)).copied().unwrap_or(Repeat::Once)
    }
}

fn descend<'t>(tree: &'t mut Element, path: &[Segment]) -> Option<&'t mut Element> {
    path.iter().try_fold(tree, |element, step| {
        element.children.iter_mut().find(|child| child.name == step.name && child.attribute == step.attribute)
    })
}
