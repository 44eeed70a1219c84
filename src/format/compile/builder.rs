//! The plan of one variant: lists first, then every row in its block.

use std::collections::BTreeMap;

use crate::{
    model::dictionary::Field,
    problem::{Found, Problems, Spot, nearest},
};

use super::{
    super::{
        codes::Lists,
        compound::Compound,
        file::{File, RawBlock, RawRow},
        list::List,
        path::{self, National, Segment},
        plan::{Element, Implied, Plan, Repeat, Row, When},
        row,
    },
    VARIANT, namespace,
};

/// Builds the plan of one variant.
pub(in crate::format) struct Builder<'a> {
    pub(in crate::format) file: &'a File,
    pub(in crate::format) codes: &'a Lists<'a>,
    pub(in crate::format) problems: &'a Problems,
    pub(super) variant: Option<String>,
    pub(in crate::format) lists: Vec<List>,
    pub(super) repeats: BTreeMap<String, Repeat>,
    pub(in crate::format) rows: Vec<Row>,
    /// Where each row stands in the file.
    pub(in crate::format) spots: Vec<Spot>,
    pub(in crate::format) implied: Vec<Implied>,
    /// Where each field is already read, for duplicates.
    pub(in crate::format) seen: BTreeMap<String, Vec<Reader>>,
    /// Beside what the block at hand counts.
    pub(in crate::format) condition: Condition,
    /// Leaves that only together mean something.
    pub(in crate::format) compounds: Vec<Compound>,
}

/// Beside what a block counts, and when it is written.
#[derive(Clone, Default, Debug)]
pub(in crate::format) struct Condition {
    /// How many steps down its element is.
    pub(in crate::format) depth: usize,
    /// Path of the other element, and whether it must be there.
    pub(in crate::format) other: Option<(String, bool)>,
    /// The same, as the plan has it.
    pub(in crate::format) when: Option<When>,
    /// Fields of which the certificate must have one.
    pub(in crate::format) having: Vec<Field>,
}

/// A row that reads a field.
#[derive(Clone, Debug)]
pub(in crate::format) struct Reader {
    /// Where it stands in the file.
    pub(in crate::format) spot: Spot,
    /// Its path.
    pub(in crate::format) at: String,
    /// Its block's condition.
    pub(in crate::format) other: Option<(String, bool)>,
    /// Whether it is in a record inside an entry.
    pub(in crate::format) record: bool,
}

impl Reader {
    /// Whether no value is read by both: they are in the two homes of a list, or one counts only without the element that
    /// the other needs.
    pub(in crate::format) fn excludes(&self, that: &Self) -> bool {
        let without = |a: &Self, b: &Self| match &a.other {
            Some((other, false)) => {
                b.at.strip_prefix(other.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    || b.other == Some((other.clone(), true))
            }
            _ => false,
        };
        self.record != that.record || without(self, that) || without(that, self)
    }
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
        let (condition, compounds) = (Condition::default(), Vec::new());
        Self {
            file,
            codes,
            problems,
            variant,
            lists,
            repeats,
            rows,
            spots,
            implied,
            seen,
            condition,
            compounds,
        }
    }

    pub(super) fn plan(mut self) -> Plan {
        for list in &self.file.lists {
            self.list(list);
        }
        self.compounds = row::compound::all(&self);
        let root = self.file.recognise.root.as_ref().and_then(|root| National::parse(&root.value).ok());
        let mut tree = match root.as_ref().and_then(|path| path.steps().next()) {
            Some(step) => Element::new(&step.name, namespace(&self.file.namespaces, step, self.file.syntax)),
            None => Element::new("", None),
        };
        for block in &self.file.blocks {
            self.block(block, &mut tree);
        }
        row::pool::check(&self, &tree);
        let weights = row::settle::settle(&mut self);
        if let (Some(variants), Some(name)) = (&self.file.variants, self.variant.clone()) {
            row::settle::imply_variant(&mut self, &variants.is, &name);
        }
        let Self { variant, rows, lists, implied, compounds, .. } = self;
        Plan { variant, root: tree, rows, lists, implied, weights, compounds }
    }

    fn block(&mut self, block: &RawBlock, tree: &mut Element) {
        if !self.admits(&block.only) {
            return;
        }
        self.condition = self.condition_of(block);
        for raw in &block.rows {
            self.row(raw, (&block.at, &block.is), tree);
        }
        if block.optional {
            let path = National::parse(&self.here(&block.at)).unwrap_or_default();
            let steps = path.steps().cloned().collect::<Vec<_>>();
            if let Some(element) = descend(tree, &steps, &self.condition) {
                element.optional = true;
            }
        }
    }

    /// One row, or those of its shape.
    fn row(&mut self, raw: &RawRow, (at, is): (&str, &str), tree: &mut Element) {
        if !self.admits(&raw.only) {
            return;
        }
        let joined = raw.at.as_ref().map(|below| Found {
            value: if at.is_empty() { below.value.clone() } else { format!("{at}/{}", below.value) },
            spot: below.spot.clone(),
        });
        let Some(name) = &raw.shape else {
            let joined = joined.map(|at| at.map(|path| self.here(&path)));
            return row::add(self, raw, joined, is, tree);
        };
        let file = self.file;
        let Some(shape) = file.shapes.iter().find(|shape| shape.name.value == name.value) else {
            let hint = nearest(&name.value, file.shapes.iter().map(|shape| shape.name.value.as_str()));
            let problem = name.spot.problem(format!("there is no [[shape]] named \"{}\"", name.value));
            return self.problems.add(crate::problem::Problem { hint, ..problem });
        };
        let at = joined.map_or_else(|| at.to_owned(), |at| at.value);
        let is = raw.is.as_ref().map_or_else(|| is.to_owned(), |below| row::canonical_path(is, &below.value));
        for inner in &shape.rows {
            match &inner.shape {
                Some(inner) => self.problems.add(inner.spot.problem("a shape does not hold another shape")),
                None => self.row(inner, (&at, &is), tree),
            }
        }
    }

    /// What `unless`, `beside` and `having` of a block say.
    fn condition_of(&self, block: &RawBlock) -> Condition {
        let (other, beside) = match (&block.unless, &block.beside) {
            (None, None) => (None, false),
            (Some(other), None) => (Some(other), false),
            (None, Some(other)) => (Some(other), true),
            (Some(_), Some(other)) => {
                self.problems.add(other.spot.problem("a block has unless or beside, not both"));
                (Some(other), true)
            }
        };
        let Some(spot) = other.or(block.having.as_ref()).map(|said| said.spot.clone()) else {
            return Condition::default();
        };
        let path = National::parse(&self.here(&block.at)).unwrap_or_default();
        let steps = path.steps().cloned().collect::<Vec<_>>();
        if block.at.is_empty() {
            self.problems.add(spot.problem("the block has no at that this could be about"));
        }
        if other.is_some() && block.having.is_some() {
            let hint = "say having on the block of the other element; its being there decides here";
            self.problems.add(spot.problem("a block has unless or beside, or having, not both").hint(hint));
        }
        let parent = path::text(steps.iter().take(steps.len().saturating_sub(1)));
        let when = other.and_then(|other| self.other(other, beside));
        let below = |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
        let other = other.map(|other| (below(&other.value), beside));
        let having = block.having.as_ref().map_or_else(Vec::new, |having| self.group(having));
        Condition { depth: steps.len(), other, when, having }
    }

    fn other(&self, found: &Found<String>, beside: bool) -> Option<When> {
        let path = National::parse(&found.value).ok();
        match path.as_ref().map(|path| path.steps().collect::<Vec<_>>()).as_deref() {
            Some([step]) if !step.attribute && !step.repeats && step.position.is_none() => {
                Some(When { name: step.name.clone(), space: self.space(step), beside })
            }
            _ => {
                self.problems.add(found.spot.problem("names one element beside this one, without a path"));
                None
            }
        }
    }

    /// The fields of a canonical group.
    fn group(&self, found: &Found<String>) -> Vec<Field> {
        let below = |field: &Field| {
            let rest = field.path().strip_prefix(found.value.as_str());
            field.kind().is_some() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let fields = Field::all().filter(below).collect::<Vec<_>>();
        if fields.is_empty() {
            let problem = found.spot.problem(format!("\"{}\" is no group of the dictionary", found.value));
            let groups =
                Field::all().filter_map(|field| field.path().rsplit_once('.').map(|(group, _)| group));
            self.problems.add(crate::problem::Problem { hint: nearest(&found.value, groups), ..problem });
        }
        fields
    }

    pub(super) fn here(&self, path: &str) -> String {
        let path = path::meant(self.file.syntax, path);
        self.variant.as_ref().map_or_else(|| path.clone().into_owned(), |name| path.replace(VARIANT, name))
    }

    /// Whether the variant at hand demands a row.
    pub(in crate::format) fn demands(&self, raw: &RawRow) -> bool {
        let Some(first) = raw.required_in.first() else { return raw.required };
        if raw.required {
            let reason = "required = true and required_in: say one of them";
            self.problems.add(first.spot.problem(reason));
        }
        for name in raw.required_in.iter().filter(|_| !raw.only.is_empty()) {
            if !raw.only.iter().any(|only| only.value == name.value) {
                let reason = format!("\"{}\" is demanded, but only leaves it out", name.value);
                self.problems.add(name.spot.problem(reason));
            }
        }
        self.admits(&raw.required_in)
    }

    pub(super) fn admits(&self, only: &[Found<String>]) -> bool {
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

/// The element at a path; at the end of it the one that a block's condition tells apart.
fn descend<'t>(tree: &'t mut Element, path: &[Segment], condition: &Condition) -> Option<&'t mut Element> {
    path.iter().enumerate().try_fold(tree, |element, (end, step)| {
        let when = condition.when.as_ref().filter(|_| end + 1 == condition.depth);
        let same = |child: &&mut Element| {
            child.name == step.name
                && child.attribute == step.attribute
                && child.position == step.position
                && child.when.as_ref() == when
        };
        element.children.iter_mut().find(same)
    })
}
