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
        file::{File, RawBlock, RawList, RawRow},
        path::{self, National, Segment},
        plan::{Element, Implied, List, Plan, Repeat, Row, When},
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
        let weights = row::settle::settle(&mut self);
        if let (Some(variants), Some(name)) = (&self.file.variants, self.variant.clone()) {
            row::settle::imply_variant(&mut self, &variants.is, &name);
        }
        let Self { variant, rows, lists, implied, compounds, .. } = self;
        Plan { variant, root: tree, rows, lists, implied, weights, compounds }
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
        let several = link.is_some() && path.last().is_some_and(|step| step.repeats);
        let home = self.other_home(raw, field);
        let own = List {
            at: path::text(&path),
            link,
            several,
            home,
            only_where,
            required: raw.required,
            ..List::new(field)
        };
        self.lists.push(own);
    }

    /// The list that is the first home of this one, which becomes the second.
    fn other_home(&mut self, raw: &RawList, field: Field) -> Option<usize> {
        let number = self.lists.len();
        let other = self.lists.iter().position(|list| list.field == field)?;
        let known = self.lists.get_mut(other)?;
        let reason = if known.home.is_some() || known.link.is_some() == raw.link.is_some() {
            format!("{field} is a [[list]] already; of its two homes one has link and the other has not")
        } else if !field.lists().is_empty() {
            format!("{field} stands in another list; only a list outside of all others can have two homes")
        } else {
            known.home = Some(number);
            return Some(other);
        };
        self.problems.add(raw.is.spot.problem(reason));
        None
    }

    /// The list of a canonical path; of two homes the one without link.
    pub(in crate::format) fn list_named(&self, path: &str) -> Option<usize> {
        let named = |list: &List| list.field.path() == path;
        let head = self.lists.iter().position(|list| named(list) && list.link.is_none());
        head.or_else(|| self.lists.iter().position(named))
    }

    /// Reports what cannot be said of a list with two homes, whose entries get their positions only at the end.
    pub(in crate::format) fn refuse_two_homes(&self, list: usize, spot: &Spot, what: &str) {
        if let Some(list) = self.lists.get(list).filter(|list| list.home.is_some()) {
            self.problems.add(spot.problem(format!("{} has two homes, so {what}", list.field)));
        }
    }

    /// Says which steps of a list's path repeat, and as what.
    fn repeat(&mut self, raw: &RawList, path: &[Segment], field: Field, number: usize) {
        let key = |at: usize| path::text(path.iter().take(at + 1));
        // The groups of a list around this one are no repetition of their own.
        let grouped = |at: usize| matches!(self.repeats.get(&key(at)), Some(Repeat::Group(_)));
        let repeating = path.iter().enumerate().filter(|(_, step)| step.repeats).map(|(at, _)| at);
        let repeating = repeating.filter(|at| !grouped(*at)).collect::<Vec<_>>();
        if raw.link.is_some() {
            self.repeats.insert(key(path.len().saturating_sub(1)), Repeat::Record(number));
            return;
        }
        // Groups of a list around this one are no groups of this one.
        let known = |at: &&usize| matches!(self.repeats.get(&key(**at)), Some(Repeat::Group(_)));
        let groups = repeating.iter().filter(known).count();
        let outer = field.lists().len() + groups;
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
                let outer = field.lists().len();
                let reason = format!("has {n} times [], but {field} stands in {outer} lists");
                self.problems.add(raw.at.spot.problem(reason));
            }
        }
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

    fn here(&self, path: &str) -> String {
        let path = path::meant(self.file.syntax, path);
        self.variant.as_ref().map_or_else(|| path.clone().into_owned(), |name| path.replace(VARIANT, name))
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
