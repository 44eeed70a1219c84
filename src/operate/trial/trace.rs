//! Each field of a document, the row that read it, what it is, and where it goes.
//!
//! The values shown are those of the caller's own document. Nothing here is logged.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Read;
use crate::{
    decode::document::Syntax,
    format::{
        Table, canonical,
        conversion::Form as Spelling,
        plan::{Does, Plan, Row},
    },
    model::{
        certificate::{Certificate, Place},
        finding::Position,
        value::Value as Checked,
    },
    region::{Region, member::Form},
    render::{self, Traced},
};

/// A document's way through one table, and perhaps on into another.
#[derive(Debug)]
pub struct Trace<'a> {
    read: &'a Read,
    from: &'a Table,
    /// How `from` read it; chosen once, for choosing looks through the whole certificate.
    by: Option<&'a Plan>,
    to: Option<Target<'a>>,
}

/// The table a document goes on into.
#[derive(Debug)]
struct Target<'a> {
    table: &'a Table,
    plan: Option<&'a Plan>,
    traced: Traced,
    lost: BTreeSet<Place>,
}

/// Where a value of the certificate ends.
enum Fate {
    Arrives(Vec<String>),
    Lost(String),
}

impl<'a> Trace<'a> {
    /// Traces a document, into `to` if there is a target. `None` when its own form is no table of the region.
    #[must_use]
    pub fn of(region: &'a Region, read: &'a Read, to: Option<&'a Table>) -> Option<Self> {
        let from = table(region, &read.form)?;
        let certificate = &read.draft.certificate;
        let to = to.map(|table| {
            let traced = render::trace(table, certificate);
            let lost = traced.losses.iter().copied().collect();
            Target { table, plan: plan(table, certificate), traced, lost }
        });
        Some(Self { read, from, by: plan(from, certificate), to })
    }

    /// Whether the target can be written.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.to.as_ref().is_none_or(|to| to.traced.unfilled.is_empty())
    }

    /// A line per field, in order of the document; then what came from nowhere and what nobody took.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let fields = self.fields().into_iter();
        let mut lines: Vec<String> =
            fields.map(|(place, value, position)| self.line(place, value, position)).collect();
        for (path, _) in &self.read.draft.remainder {
            lines.push(format!("{path} -> nothing: no row takes it, kept as unmapped"));
        }
        for unfilled in self.to.iter().flat_map(|to| &to.traced.unfilled) {
            lines.push(format!("cannot be filled: {unfilled}"));
        }
        lines
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let fields = self.fields().into_iter().map(|(place, value, position)| {
            let mut members = Map::new();
            if let Some(position) = position {
                members.insert("path".into(), json!(position.path));
                members.insert("line".into(), json!(position.line));
                members.insert("column".into(), json!(position.column));
            }
            if let Some(row) = self.rule(place, position) {
                members.insert("rule".into(), json!({ "at": row.at, "line": row.line }));
            }
            let row = place.field.row();
            members.insert("field".into(), json!(place.path()));
            members.insert("wcoElement".into(), json!(some(row.element)));
            members.insert("wcoId".into(), json!(some(row.wco_id)));
            members.insert("value".into(), json!(value.to_string()));
            match self.fate(place, value) {
                Some(Fate::Arrives(at)) => drop(members.insert("to".into(), json!(at))),
                Some(Fate::Lost(why)) => drop(members.insert("lost".into(), json!(why))),
                None => {}
            }
            Value::Object(members)
        });
        let unmapped = self.read.draft.remainder.iter().map(|(path, _)| path);
        let unfilled = self.to.iter().flat_map(|to| &to.traced.unfilled).map(ToString::to_string);
        json!({
            "source": self.from.id.as_str(),
            "target": self.to.as_ref().map(|to| to.table.id.as_str()),
            "fields": fields.collect::<Vec<_>>(),
            "unmapped": unmapped.collect::<Vec<_>>(),
            "unfilled": unfilled.collect::<Vec<_>>(),
        })
    }

    /// Every value, those of the document in its order first.
    fn fields(&self) -> Vec<(Place, &Checked, Option<&Position>)> {
        let sources = &self.read.draft.sources;
        let values = self.read.draft.certificate.iter();
        let mut fields: Vec<_> = values.map(|(place, value)| (place, value, sources.get(&place))).collect();
        fields.sort_by_key(|(_, _, position)| {
            position.map_or((true, 0, 0), |position| (false, position.line, position.column))
        });
        fields
    }

    fn line(&self, place: Place, value: &Checked, position: Option<&Position>) -> String {
        let mut line = match position {
            Some(Position { path, line: 0, .. }) => path.clone(),
            Some(Position { path, line, column: 0 }) => format!("{line} {path}"),
            Some(Position { path, line, column }) => format!("{line}:{column} {path}"),
            None => "implied by the format".to_owned(),
        };
        line.push_str(&format!(" -> {}", place.path()));
        if let Some(id) = some(place.field.row().wco_id) {
            line.push_str(&format!(" (WCO {id})"));
        }
        line.push_str(&format!(" = {:?}", value.to_string()));
        match self.rule(place, position) {
            Some(Row { line: 0, at, .. }) => line.push_str(&format!("  [row {at}]")),
            Some(row) => line.push_str(&format!("  [format.toml:{}]", row.line)),
            None => {}
        }
        match self.fate(place, value) {
            Some(Fate::Arrives(at)) => line.push_str(&format!("  => {}", at.join(", "))),
            Some(Fate::Lost(why)) => line.push_str(&format!("  => lost: {why}")),
            None => {}
        }
        line
    }

    /// The row that read a value: of those that read its field, the one whose own name ends the position's path.
    fn rule(&self, place: Place, position: Option<&Position>) -> Option<&Row> {
        let plan = self.by?;
        let path = &position?.path;
        let rows = rows(plan, place).collect::<Vec<_>>();
        let ends = |row: &&&Row| own_name(path) == own_name(&row.at);
        rows.iter().find(ends).or_else(|| rows.first()).copied()
    }

    fn fate(&self, place: Place, value: &Checked) -> Option<Fate> {
        let Target { table, plan, lost, .. } = self.to.as_ref()?;
        let certificate = &self.read.draft.certificate;
        let plan = (*plan)?;
        if lost.contains(&place) {
            return Some(Fate::Lost(why(table, plan, (certificate, place), value)));
        }
        let mut at: Vec<String> = rows(plan, place).map(|row| row.at.clone()).collect();
        at.dedup();
        let link = || "the place of the entry it points to".to_owned();
        let implied = || format!("what every document of {} means", table.id);
        if at.is_empty() {
            let pointer =
                plan.lists.iter().any(|list| list.link.as_ref().is_some_and(|l| l.field == place.field));
            at.push(if pointer { link() } else { implied() });
        }
        Some(Fate::Arrives(at))
    }
}

/// The table of a form.
#[must_use]
pub fn table<'a>(region: &'a Region, form: &Form) -> Option<&'a Table> {
    match form {
        Form::Table(id) => region.tables.get(id),
        Form::Canonical(Syntax::Xml) => canonical::xml(),
        Form::Canonical(_) => canonical::json(),
    }
}

/// The plan of the variant a certificate names.
fn plan<'a>(table: &'a Table, certificate: &Certificate) -> Option<&'a Plan> {
    let named = |plan: &&Plan| {
        let holds = |(_, value): (Place, &Checked)| Some(value.to_string()) == plan.variant;
        plan.implied
            .iter()
            .any(|implied| implied.with.is_none() && Some(implied.value.to_string()) == plan.variant)
            && certificate.iter().any(holds)
    };
    table.plans.iter().find(named).or(table.plans.first())
}

/// The rows that read or keep a field.
fn rows(plan: &Plan, place: Place) -> impl Iterator<Item = &Row> {
    plan.rows.iter().filter(move |row| match &row.does {
        Does::Field(field) => field.fields().any(|field| field == place.field),
        Does::Cell(compound, _) => {
            let compound = plan.compounds.get(*compound);
            compound.is_some_and(|compound| compound.is.iter().any(|(target, _)| target.field == place.field))
        }
        _ => false,
    })
}

/// Why a value does not arrive.
fn why(table: &Table, plan: &Plan, (certificate, place): (&Certificate, Place), value: &Checked) -> String {
    let row = match rows(plan, place).next().map(|row| &row.does) {
        None => return format!("{} has no place for it", table.id),
        Some(Does::Field(row)) => row,
        Some(_) => {
            return format!("{} has no word for what it says together with the fields beside it", table.id);
        }
    };
    if row.target.field != place.field {
        return format!("{} writes {} in its place", table.id, row.target.field);
    }
    let side = row.form.side().and_then(|side| certificate.at(side.field, place.index));
    if matches!(row.form, Spelling::Key(_)) {
        return "the entry it points to does not arrive".to_owned();
    }
    match row.form.write(row.kind, Some(value), side) {
        Err(unfit) => format!("in {} this value {unfit}", table.id),
        Ok(written) => match row.max {
            Some(max) if table.lengths.of(&written.text) > max => {
                format!("{} takes at most {max} characters or bytes", table.id)
            }
            _ if written.gives.main.as_ref() != Some(value) => {
                format!("{} cannot say all of it", table.id)
            }
            _ => "what it stands with in the target is not there or says otherwise".to_owned(),
        },
    }
}

/// The last name of a path, without prefix, position or quotes.
fn own_name(path: &str) -> &str {
    let listed = |step: &&str| !step.is_empty() && !step.bytes().all(|c| c.is_ascii_digit());
    let last = path.rsplit(['/', '"', '{', '}']).find(listed).unwrap_or(path);
    let last = last.split('[').next().unwrap_or(last);
    let last = last.rsplit(':').next().unwrap_or(last);
    last.strip_prefix('@').unwrap_or(last)
}

fn some(text: &str) -> Option<&str> {
    (text != "-").then_some(text)
}
