//! What a format can carry of another, told from the tables alone: no document is looked at.
//!
//! A source format can fill certain canonical fields; a target format carries certain ones and demands some of them. So
//! for a pair it is known beforehand what arrives, what is lost with every certificate, and what the target demands that
//! no document of the source can ever give. The last keeps a link from going live.
//!
//! **Invariant:** what is called unfillable is so for every document; a demand that depends on what a document holds (in
//! an optional element, in a list that may be empty) is never called so.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    format::{
        Table, canonical,
        conversion::Form,
        plan::{Does, Element, FieldRow, Implied, Plan, Repeat, SharedCodes},
    },
    model::dictionary::Field,
};

/// The list without which no certificate is: its entries are always there.
const GOODS: &str = "items[]";
/// Name of the canonical profile among formats.
const CANONICAL: &str = "canonical";
/// The plainest reason why a demand is never met.
pub const NO_SUCH_FIELD: &str = "the source has no such field";

/// One format, as a source and as a target.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Fields a document of it can give.
    pub fills: BTreeSet<Field>,
    /// Fields that are the same in every document of it.
    constants: BTreeMap<Field, String>,
    /// The codes its lists have, by field.
    codes: BTreeMap<Field, Vec<SharedCodes>>,
    /// The field that names its variant.
    variant: Option<Field>,
    /// Each of its variants as a target.
    targets: Vec<Target>,
    id: String,
}

/// One variant of a format, as what is written.
#[derive(Clone, Debug)]
struct Target {
    name: Option<String>,
    carries: BTreeSet<Field>,
    demands: Vec<Demand>,
    /// Lists that must have an entry.
    lists: Vec<Field>,
    /// What a document of it always means.
    always: Vec<(Field, String)>,
}

/// A field that must have a value.
#[derive(Clone, Debug)]
struct Demand {
    at: String,
    field: Field,
    /// Fields that do as well: the words beside a code, the weight instead of an amount.
    others: Vec<Field>,
    codes: Option<SharedCodes>,
}

/// A format among those that are held against each other.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its id; `canonical` for the canonical profile, whatever its syntax.
    pub id: String,
    /// Its table.
    pub table: &'a Table,
    /// What it can give and carry.
    pub coverage: Coverage,
}

/// What becomes of a source's fields in a target.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pair {
    /// Fields the source can fill and the target carries.
    pub arrives: Vec<Field>,
    /// Fields the source can fill and the target has no place for.
    pub lost: Vec<Field>,
    /// What the target demands and no document of the source can give.
    pub unfillable: Vec<Unfillable>,
}

/// A demand that is never met.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unfillable {
    /// Path in the target's own names.
    pub at: String,
    /// Canonical field.
    pub field: Field,
    /// Why, in words.
    pub why: String,
}

impl<'a> Entry<'a> {
    /// The canonical profile, and these tables.
    pub fn all(tables: impl Iterator<Item = &'a Table>) -> Vec<Self> {
        let tables = tables.map(|table| (table.id.to_string(), table));
        let own = canonical::json().map(|table| (CANONICAL.to_owned(), table));
        let entries = own.into_iter().chain(tables);
        entries.map(|(id, table)| Self { id, table, coverage: Coverage::of(table) }).collect()
    }
}

impl Coverage {
    /// Reads a table's plans.
    #[must_use]
    pub fn of(table: &Table) -> Self {
        let mut coverage = Self {
            fills: BTreeSet::new(),
            constants: BTreeMap::new(),
            codes: BTreeMap::new(),
            variant: table.plans.first().and_then(variant_field),
            targets: table.plans.iter().map(target).collect(),
            id: table.id.to_string(),
        };
        for plan in &table.plans {
            coverage.fills.extend(fields(plan));
            for row in field_rows(plan) {
                if let Form::Code(codes) | Form::Token(codes, _) = &row.form {
                    coverage.codes.entry(row.target.field).or_default().push(codes.clone());
                }
            }
        }
        if let [plan] = table.plans.as_slice() {
            let read = field_rows(plan).map(|row| row.target.field).collect::<BTreeSet<_>>();
            coverage.constants = always(plan).filter(|(field, _)| !read.contains(field)).collect();
        }
        coverage
    }

    /// What arrives, is lost and can never be filled from this format to another.
    #[must_use]
    pub fn to(&self, other: &Self) -> Pair {
        let targets = other.targets.iter().filter(|target| self.chooses(other, target)).collect::<Vec<_>>();
        let carried =
            targets.iter().flat_map(|target| target.carries.iter().copied()).collect::<BTreeSet<_>>();
        let (arrives, lost) = self.fills.iter().partition(|field| carried.contains(field));
        let unfillable = targets.iter().map(|target| self.misses(other, target)).min_by_key(Vec::len);
        Pair { arrives, lost, unfillable: unfillable.unwrap_or_default() }
    }

    /// Whether a certificate of this format may be written in a variant: the one it names, or the first.
    fn chooses(&self, other: &Self, target: &Target) -> bool {
        let first = other.targets.first().is_some_and(|first| first.name == target.name);
        let Some(variant) = other.variant else { return true };
        let names = |of: &Self| of.targets.iter().filter_map(|t| t.name.clone()).collect::<BTreeSet<_>>();
        if self.variant == Some(variant) {
            let mine = names(self);
            return target.name.as_ref().is_some_and(|name| mine.contains(name))
                || first && !mine.is_subset(&names(other));
        }
        first || self.fills.contains(&variant)
    }

    /// What a target demands that this format can never give.
    fn misses(&self, other: &Self, target: &Target) -> Vec<Unfillable> {
        let mut misses = Vec::new();
        for demand in &target.demands {
            if let Some(why) = self.cannot(demand) {
                misses.push(Unfillable { at: demand.at.clone(), field: demand.field, why });
            }
        }
        for list in target.lists.iter().filter(|list| !self.has_entries(**list)) {
            let why = "the target demands an entry, the source has none".to_owned();
            misses.push(Unfillable { at: list.path().to_owned(), field: *list, why });
        }
        for (field, value) in &target.always {
            if let Some(says) = self.constants.get(field).filter(|says| *says != value) {
                let why = format!("the target always means {value}, the source always {says}");
                misses.push(Unfillable { at: other.id.clone(), field: *field, why });
            }
        }
        misses.sort();
        misses.dedup();
        misses
    }

    fn cannot(&self, demand: &Demand) -> Option<String> {
        if demand.others.iter().any(|field| self.fills.contains(field)) {
            return None;
        }
        if !self.fills.contains(&demand.field) {
            return Some(NO_SUCH_FIELD.to_owned());
        }
        let (mine, theirs) = (self.codes.get(&demand.field)?, demand.codes.as_ref()?);
        let shared = |codes: &SharedCodes| codes.known().any(|code| theirs.national(code).is_some());
        (!mine.iter().any(shared)).then(|| "no code of the source's list is in the target's".to_owned())
    }

    fn has_entries(&self, list: Field) -> bool {
        self.fills.iter().any(|field| field.lists().contains(&list))
    }
}

fn target(plan: &Plan) -> Target {
    let mut demands = Vec::new();
    gather(plan, &plan.root, &mut demands);
    let required = plan.lists.iter().filter(|list| list.required);
    let mut lists = required.map(|list| list.field).collect::<Vec<_>>();
    count(plan, &plan.root, &mut lists);
    Target {
        name: plan.variant.clone(),
        carries: fields(plan).collect(),
        demands,
        lists,
        always: always(plan).collect(),
    }
}

/// Every canonical field of a plan: read by a row, kept beside one, implied, or a pointer to a record.
fn fields(plan: &Plan) -> impl Iterator<Item = Field> {
    let rows = field_rows(plan).flat_map(FieldRow::fields);
    let implied = plan.implied.iter().map(|implied| implied.target.field);
    let compounds = plan.compounds.iter().flat_map(|compound| &compound.is).map(|(target, _)| target.field);
    let links = plan.lists.iter().filter_map(|list| list.link.as_ref()).map(|link| link.field);
    rows.chain(compounds).chain(implied).chain(links)
}

fn field_rows(plan: &Plan) -> impl Iterator<Item = &FieldRow> {
    (0..plan.rows.len()).filter_map(|row| plan.field_row(row))
}

/// What every document of a plan means, its variant's name apart.
fn always(plan: &Plan) -> impl Iterator<Item = (Field, String)> {
    let fixed =
        |implied: &&Implied| implied.with.is_none() && Some(implied.value.to_string()) != plan.variant;
    plan.implied.iter().filter(fixed).map(|implied| (implied.target.field, implied.value.to_string()))
}

fn variant_field(plan: &Plan) -> Option<Field> {
    let name = plan.variant.as_ref()?;
    let holds = |implied: &&Implied| implied.with.is_none() && implied.value.to_string() == *name;
    plan.implied.iter().find(holds).map(|implied| implied.target.field)
}

/// The demands that hold for every document. Recursion is bounded by the plan's depth.
fn gather(plan: &Plan, element: &Element, demands: &mut Vec<Demand>) {
    if may_be_left_out(plan, element) {
        return;
    }
    if let Some((row, _)) = element.leaf
        && plan.rows.get(row).is_some_and(|row| row.required)
    {
        demands.extend(demand(plan, row));
    }
    element.children.iter().for_each(|child| gather(plan, child, demands));
}

/// The lists of which every document has to state the count. Recursion is bounded by the plan's depth.
fn count(plan: &Plan, element: &Element, lists: &mut Vec<Field>) {
    if may_be_left_out(plan, element) {
        return;
    }
    let row = element.leaf.and_then(|(row, _)| plan.rows.get(row)).filter(|row| row.required);
    if let Some(Does::Count(list)) = row.map(|row| &row.does) {
        lists.extend(plan.lists.get(*list).map(|list| list.field));
    }
    element.children.iter().for_each(|child| count(plan, child, lists));
}

fn may_be_left_out(plan: &Plan, element: &Element) -> bool {
    let depends = element.optional || element.when.is_some() || !element.having.is_empty();
    depends || may_be_empty(plan, element)
}

/// Whether an element repeats and may be there no time at all.
fn may_be_empty(plan: &Plan, element: &Element) -> bool {
    let list = match element.repeat {
        Repeat::Once | Repeat::Pieces => return false,
        Repeat::Entry(list) | Repeat::Group(list) | Repeat::Record(list) | Repeat::Pool(list) => {
            plan.lists.get(list)
        }
    };
    list.is_none_or(|list| !list.required && list.title() != GOODS)
}

fn demand(plan: &Plan, number: usize) -> Option<Demand> {
    let row = plan.rows.get(number)?;
    let field = match &row.does {
        Does::Field(field) => field,
        Does::Cell(compound, _) => {
            let mut fields = plan.compounds.get(*compound)?.is.iter().map(|(target, _)| target.field);
            let (at, field) = (row.at.clone(), fields.next()?);
            return Some(Demand { at, field, others: fields.collect(), codes: None });
        }
        _ => return None,
    };
    if field.ordinal || field.absent.is_some() {
        return None;
    }
    let (codes, words) = match &field.form {
        Form::Code(codes) => (Some(codes.clone()), None),
        Form::Token(codes, side) => (Some(codes.clone()), Some(side.field)),
        _ => (None, None),
    };
    let others = words.into_iter().chain(field.weight.as_ref().map(|weight| weight.field)).collect();
    Some(Demand { at: row.at.clone(), field: field.target.field, others, codes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::id::FormatId, problem::Problems};

    const HEAD: &str = "title = \"t\"\nsource = \"s\"\nrole = \"data\"\nsyntax = \"xml\"\nreads = true\nwrites = true\n\
                        [recognise]\nroot = \"Coo\"\n";

    fn coverage(text: &str) -> Coverage {
        let problems = Problems::default();
        let number = "{ at = \"Number\", is = \"number\", required = true },";
        let text = format!("{HEAD}{}", text.replace("NUMBER", number));
        let id = FormatId::new("test").unwrap();
        let table = Table::read(&id, &text, std::path::Path::new("partners/formats/codes"), "f", &problems);
        Coverage::of(&table.unwrap_or_else(|| panic!("{:#?}", problems.sorted())))
    }

    fn names(fields: &[Field]) -> Vec<&str> {
        fields.iter().map(|field| field.path()).collect()
    }

    #[test]
    fn what_both_know_arrives_and_the_rest_is_lost() {
        let rich = coverage(
            "[[block]]\nrows = [NUMBER\n{ at = \"T\", is = \"title\" }, { at = \"S\", is = \"status\" }]",
        );
        let poor = coverage("[[block]]\nrows = [NUMBER\n{ at = \"T\", is = \"title\" }]");
        let pair = rich.to(&poor);
        assert_eq!((names(&pair.arrives), names(&pair.lost)), (vec!["number", "title"], vec!["status"]));
        assert_eq!(rich.to(&rich).lost, Vec::new());
        assert_eq!(poor.to(&rich).unfillable, Vec::new(), "what is not demanded is not missed");
    }

    #[test]
    fn a_demand_counts_where_every_document_has_to_meet_it() {
        let poor = coverage("[[block]]\nrows = [NUMBER]");
        let misses = |text: &str| {
            let found = poor.to(&coverage(text)).unfillable;
            found.into_iter().map(|miss| miss.at).collect::<Vec<_>>()
        };
        let demand = "{ at = \"Name\", is = \"name\", required = true }";
        let block = |options: &str| {
            format!(
                "[[block]]\nrows = [NUMBER]\n[[block]]\nat = \"E\"\nis = \"exporter\"\n{options}\nrows = [{demand}]"
            )
        };
        assert_eq!(misses(&block("")), ["E/Name"]);
        assert_eq!(misses(&block("optional = true")), Vec::<String>::new());
        let list = |list: &str, at: &str, is: &str| {
            format!(
                "[[list]]\nis = \"{list}\"\nat = \"{at}[]\"\n[[block]]\nrows = [NUMBER\n{{ at = \"{at}[]/X\", is = \"{list}.{is}\", required = true }}]"
            )
        };
        assert_eq!(misses(&list("invoices[]", "I", "id")), Vec::<String>::new(), "there may be none");
        assert_eq!(misses(&list("items[]", "G", "description")), ["G[]/X"], "there are always goods");
    }

    #[test]
    fn codes_that_never_meet_are_never_filled() {
        let list = |code: &str| {
            coverage(&format!(
                "[[code_list]]\nname = \"own\"\nentries = {{ {code} = \"{code}\" }}\n[[block]]\nrows = [NUMBER\n\
                 {{ at = \"C\", is = \"originCountry\", codes = \"own\", required = true }}]"
            ))
        };
        let (a, b) = (list("AR"), list("BR"));
        assert_eq!(a.to(&a).unfillable, Vec::new());
        assert!(a.to(&b).unfillable[0].why.contains("no code of the source's list"));
    }

    #[test]
    fn two_formats_that_always_mean_different_things_never_meet() {
        let fixed = |name: &str| {
            coverage(&format!(
                "[[block]]\nrows = [NUMBER\n{{ is = \"agreement.code\", value = \"{name}\" }}]"
            ))
        };
        assert_eq!(fixed("RCEP").to(&fixed("RCEP")).unfillable, Vec::new());
        let never = fixed("USMCA").to(&fixed("RCEP")).unfillable;
        assert!(never[0].why.contains("always means RCEP"), "{never:?}");
    }
}
