//! The canonical profile as a table of its own, made from the dictionary: the same walks read and write it.
//!
//! JSON: nested objects and arrays in dictionary order, named as the paths; decimals and dates as strings (many readers
//! lose digits of JSON numbers), flags as booleans. XML: elements in `PascalCase` in the namespace [`NAMESPACE`], a list as
//! repeated elements of its name.

use std::{collections::BTreeMap, sync::LazyLock};

use crate::{
    decode::{charset::Charset, document::Syntax},
    model::{
        dictionary::Field,
        id::{Digest, FormatId},
        value::Kind,
    },
};

use super::{
    DateForm, Lengths, Role, Table,
    conversion::Form,
    list::List,
    path::Target,
    plan::{Does, Element, FieldRow, Plan, Repeat, Row},
    recognise::{IdentityRule, Recognise},
};

/// Namespace of the canonical XML.
pub const NAMESPACE: &str = "urn:coohub:coo:1";
/// Document element of the canonical XML.
pub const ROOT: &str = "CertificateOfOrigin";

static JSON: LazyLock<Option<Table>> = LazyLock::new(|| table(Syntax::Json));
static XML: LazyLock<Option<Table>> = LazyLock::new(|| table(Syntax::Xml));

/// The canonical profile in JSON.
///
/// `None` only if its own id were not a name, which a test excludes.
#[must_use]
pub fn json() -> Option<&'static Table> {
    JSON.as_ref()
}

/// The canonical profile in XML; see [`json`].
#[must_use]
pub fn xml() -> Option<&'static Table> {
    XML.as_ref()
}

/// Whether a table is the canonical profile, whose names are the hub's own: one it does not know is misspelt.
#[must_use]
pub fn is(table: &Table) -> bool {
    [json(), xml()].into_iter().flatten().any(|own| own.id == table.id)
}

fn table(syntax: Syntax) -> Option<Table> {
    let xml = syntax == Syntax::Xml;
    let space = xml.then(|| NAMESPACE.to_owned());
    let root = xml.then(|| (ROOT.to_owned(), space.clone()));
    Some(Table {
        id: FormatId::new(if xml { "canonical-xml" } else { "canonical-json" })?,
        title: "canonical profile".to_owned(),
        source: "src/model/dictionary.tsv".to_owned(),
        reconstructed: false,
        role: Role::Data,
        syntax,
        reads: true,
        writes: true,
        signature: None,
        algorithms: Vec::new(),
        wrapping: Vec::new(),
        lengths: Lengths::Characters,
        schema: None,
        schema_file: None,
        charset: Charset::UTF_8,
        items_max: None,
        delimiter: b',',
        digest: Digest::of(Field::all().map(Field::path).collect::<String>().as_bytes()),
        namespaces: space.iter().map(|space| (String::new(), space.clone())).collect(),
        recognise: Recognise { root, ..Recognise::default() },
        identity: IdentityRule {
            issuer: Field::named("issuer.id").into_iter().collect(),
            number: Field::named("number"),
            earlier: Field::named("earlier.number"),
            ..IdentityRule::default()
        },
        plans: vec![plan(space)],
    })
}

fn plan(space: Option<String>) -> Plan {
    let root = if space.is_some() { ROOT } else { "" };
    let mut plan = Plan {
        variant: None,
        root: Element::new(root, space),
        rows: Vec::new(),
        lists: Vec::new(),
        implied: Vec::new(),
        weights: Vec::new(),
        compounds: Vec::new(),
    };
    let mut numbers = BTreeMap::new();
    for field in Field::all().filter(|field| field.kind().is_none()) {
        numbers.insert(field, plan.lists.len());
        plan.lists.push(List::new(field));
    }
    for field in Field::all() {
        let Some(kind) = field.kind() else { continue };
        let form = match kind {
            Kind::Text(_) | Kind::Code(_) => Form::Text(false),
            Kind::Decimal(..) => Form::Decimal { digits: None, number: false, comma: false },
            Kind::Date => Form::Date(DateForm::Any),
            Kind::Flag => Form::Flag(None),
        };
        let number = plan.rows.len();
        let does = Does::Field(Box::new(FieldRow::plain(Target::every(field), kind, form)));
        plan.rows.push(Row { at: field.path().replace('.', "/"), does, required: false, line: 0 });
        insert(&mut plan.root, field, &numbers, number);
    }
    plan
}

fn insert(root: &mut Element, field: Field, numbers: &BTreeMap<Field, usize>, row: usize) {
    let space = root.space.clone();
    let mut element = root;
    let mut lists = field.lists().iter();
    for step in field.path().split('.') {
        let list = step.strip_suffix("[]");
        let name = list.unwrap_or(step);
        let name = if space.is_some() { pascal(name) } else { name.to_owned() };
        let position = match element.children.iter().position(|child| child.name == name) {
            Some(position) => position,
            None => {
                let number = list.and_then(|_| lists.clone().next()).and_then(|list| numbers.get(list));
                let repeat = number.map_or(Repeat::Once, |number| Repeat::Entry(*number));
                element.children.push(Element { repeat, ..Element::new(&name, space.clone()) });
                element.children.len() - 1
            }
        };
        if list.is_some() {
            lists.next();
        }
        let Some(next) = element.children.get_mut(position) else { return };
        element = next;
    }
    element.leaf = Some((row, 0));
}

fn pascal(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
