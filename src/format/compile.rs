//! From the rows of a file to the plans of a table, with every check that needs the dictionary.

use std::{collections::BTreeMap, path::Path};

use crate::{
    decode::{document::Syntax, proof::algorithm::Algorithm},
    model::{
        dictionary::Field,
        id::{Digest, FormatId},
    },
    problem::{Found, Problems, Spot, nearest},
};

use super::{
    Role, Table,
    codes::Lists,
    file::{File, RawBlock, RawIdentity, RawList},
    path::{self, National, Segment, Target},
    plan::{Element, Implied, List, Plan, Repeat, Row},
    recognise::{IdentityRule, Recognise, Steps, steps},
    row,
};

/// The part of a path that stands for the variant's element.
const VARIANT: &str = "{form}";

/// Builds the table; problems are recorded, and what is returned then is only good for further checks.
pub(super) fn table(
    id: &FormatId,
    text: &str,
    file: File,
    codes: &Path,
    problems: &Problems,
) -> Option<Table> {
    let mut lists = Lists::new(codes, problems);
    for list in &file.code_lists {
        lists.define(&list.name, &list.entries);
    }
    let names: Vec<Option<String>> = match &file.variants {
        None => vec![None],
        Some(variants) => variants.names.iter().map(|name| Some(name.value.clone())).collect(),
    };
    let plans = names
        .iter()
        .map(|name| Builder::new(&file, &lists, problems, name.clone()).plan())
        .collect::<Vec<_>>();
    check_roles(&file, problems);
    check_fields(&file, &plans, problems);
    let recognise = recognise(&file, problems);
    let identity = identity(&file.identity, problems);
    let digest = Digest::of(
        [text].into_iter().chain(lists.texts().iter().map(String::as_str)).collect::<String>().as_bytes(),
    );
    Some(Table {
        id: id.clone(),
        title: file.title,
        source: file.source,
        reconstructed: file.reconstructed,
        role: file.role,
        syntax: file.syntax,
        reads: file.reads,
        writes: file.writes,
        signature: file.signature,
        algorithms: file.algorithms,
        wrapping: file.wrapping,
        lengths: file.lengths,
        items_max: file.items_max,
        digest,
        namespaces: file
            .namespaces
            .into_iter()
            .map(|(prefix, uri)| (prefix_name(prefix), uri.value))
            .collect(),
        recognise,
        identity,
        plans,
    })
}

/// The default namespace is written under the key `default`.
fn prefix_name(key: String) -> String {
    if key == "default" { String::new() } else { key }
}

/// What holds for a format as a whole.
fn check_roles(file: &File, problems: &Problems) {
    let here = file.blocks.first().map(|block| Spot {
        line: 1,
        column: 1,
        key: String::new(),
        ..block.spot.clone()
    });
    let Some(here) = here else { return };
    if file.writes && file.signature.is_some() {
        let reason = "writes = true, but the hub holds no key for the format's signature";
        problems.add(here.problem(reason).hint("set writes = false; it still renders for trace and matrix"));
    }
    if file.writes && file.role == Role::Application {
        problems.add(here.problem("writes = true, but the hub never writes an application"));
    }
    if file.signature.is_some() && file.syntax != Syntax::Xml {
        problems.add(here.problem("a signature needs syntax = \"xml\""));
    }
    if file.signature.is_some() == file.algorithms.is_empty() {
        let words = Algorithm::ALL.map(Algorithm::word).join(", ");
        let reason = "\"signature\" and \"algorithms\" go together";
        problems.add(here.problem(reason).hint(format!("list those the format takes of: {words}")));
    }
    if !file.wrapping.is_empty() && file.syntax != Syntax::Json {
        problems.add(here.problem("\"wrapping\" needs syntax = \"json\""));
    }
    if file.recognise.root.is_none() && file.recognise.has.is_empty() {
        problems.add(
            here.problem("nothing says how its documents are recognised")
                .hint("add [recognise] with root or has"),
        );
    }
}

/// Mandatory fields of the dictionary that no row reads.
fn check_fields(file: &File, plans: &[Plan], problems: &Problems) {
    let Some(block) = file.blocks.first().filter(|_| file.reads) else { return };
    for plan in plans {
        let mapped = |field: Field| {
            (0..plan.rows.len()).any(|row| plan.field_row(row).is_some_and(|row| row.target.field == field))
                || plan.implied.iter().any(|implied| implied.target.field == field)
        };
        for field in Field::all().filter(|field| field.row().mandatory && !mapped(*field)) {
            let spot = Spot { line: 1, column: 1, key: String::new(), ..block.spot.clone() };
            problems.add(spot.problem(format!("no row reads the mandatory field {field}")));
        }
    }
}

fn recognise(file: &File, problems: &Problems) -> Recognise {
    let raw = &file.recognise;
    let space = |segment: &Segment| namespace(&file.namespaces, segment, file.syntax);
    let read = |found: &Found<String>| -> Steps {
        match National::parse(&found.value) {
            Ok(path) => steps(&path.steps().cloned().collect::<Vec<_>>(), space),
            Err(reason) => {
                problems.add(found.spot.problem(reason));
                Steps::new()
            }
        }
    };
    let below = |block: &RawBlock| {
        block.at.split_once(VARIANT).map(|(before, _)| before.trim_end_matches('/').to_owned())
    };
    let variant_below =
        file.blocks.iter().find_map(below).filter(|_| file.variants.is_some()).map(|before| {
            let path = National::parse(&before).unwrap_or_default();
            steps(&path.steps().cloned().collect::<Vec<_>>(), space)
        });
    Recognise {
        root: raw.root.as_ref().and_then(|root| read(root).pop()),
        has: raw.has.iter().map(read).collect(),
        lacks: raw.lacks.iter().map(read).collect(),
        version: raw.version_at.as_ref().map(|at| (read(at), raw.versions.clone())),
        variant_below,
    }
}

fn identity(raw: &RawIdentity, problems: &Problems) -> IdentityRule {
    let field = |found: &Found<String>| row::target(found, "", problems).map(|target| target.field);
    let length = |found: &Found<String>| {
        let length = found.value.parse().ok();
        if length.is_none() {
            problems.add(found.spot.problem("must be a number of characters in quotes"));
        }
        length
    };
    IdentityRule {
        issuer: raw.issuer.iter().filter_map(field).collect(),
        number: raw.number.as_ref().and_then(field),
        earlier: raw.earlier.as_ref().and_then(field),
        lengths: raw.lengths.iter().filter_map(length).collect(),
        rectification: raw.rectification.and_then(|n| usize::try_from(n).ok()),
    }
}

fn namespace(spaces: &[(String, Found<String>)], segment: &Segment, syntax: Syntax) -> Option<String> {
    let prefix = match &segment.prefix {
        Some(prefix) => prefix.as_str(),
        None if segment.attribute || syntax != Syntax::Xml => return None,
        None => "default",
    };
    spaces.iter().find(|(key, _)| key == prefix).map(|(_, uri)| uri.value.clone())
}

/// Builds the plan of one variant.
pub(super) struct Builder<'a> {
    pub(super) file: &'a File,
    pub(super) codes: &'a Lists<'a>,
    pub(super) problems: &'a Problems,
    variant: Option<String>,
    pub(super) lists: Vec<List>,
    repeats: BTreeMap<String, Repeat>,
    pub(super) rows: Vec<Row>,
    pub(super) implied: Vec<Implied>,
    /// Where each field is already read, for duplicates.
    pub(super) seen: BTreeMap<String, Spot>,
}

impl<'a> Builder<'a> {
    fn new(file: &'a File, codes: &'a Lists<'a>, problems: &'a Problems, variant: Option<String>) -> Self {
        let (lists, repeats) = (Vec::new(), BTreeMap::new());
        let (rows, implied, seen) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { file, codes, problems, variant, lists, repeats, rows, implied, seen }
    }

    fn plan(mut self) -> Plan {
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
        row::settle_implied(&mut self);
        if let (Some(variants), Some(name)) = (&self.file.variants, self.variant.clone()) {
            row::imply_variant(&mut self, &variants.is, &name);
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

    pub(super) fn space(&self, segment: &Segment) -> Option<String> {
        namespace(&self.file.namespaces, segment, self.file.syntax)
    }

    /// Whether a prefix of a path is declared.
    pub(super) fn knows_prefix(&self, segment: &Segment) -> bool {
        segment.prefix.as_ref().is_none_or(|prefix| self.file.namespaces.iter().any(|(key, _)| key == prefix))
    }

    /// How the last step of `path` repeats.
    pub(super) fn repeat_at(&self, path: &[Segment]) -> Repeat {
        self.repeats.get(&path::text(path)).copied().unwrap_or(Repeat::Once)
    }
}

fn descend<'t>(tree: &'t mut Element, path: &[Segment]) -> Option<&'t mut Element> {
    path.iter().try_fold(tree, |element, step| {
        element.children.iter_mut().find(|child| child.name == step.name && child.attribute == step.attribute)
    })
}

/// The canonical path of a row: the block's prefix before it, unless it begins with `/`.
pub(super) fn canonical_path(prefix: &str, path: &str) -> String {
    match path.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None if prefix.is_empty() => path.to_owned(),
        None => format!("{prefix}.{path}"),
    }
}

/// Reads a canonical path and reports what is wrong with it.
pub(super) fn parse_target(found: &Found<String>, path: &str, problems: &Problems) -> Option<Target> {
    match Target::parse(path) {
        Ok(target) => Some(target),
        Err((reason, hint)) => {
            let problem = found.spot.problem(reason);
            problems.add(crate::problem::Problem { hint, ..problem });
            None
        }
    }
}
