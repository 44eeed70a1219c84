//! `coohub formats check`: everything that can be said of a table without a document of somebody else's.
//!
//! A *problem* keeps a table from being used or breaks a law on its samples; it makes the command fail. A *notice* is
//! allowed and worth knowing: a field a sender must state in a header, a code the format cannot spell.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    super::{exit, output::Output},
    samples,
};
use crate::{
    format::{
        FILE_NAME, Table,
        codes::list::Library,
        conversion::Form,
        plan::{FieldRow, SharedCodes},
    },
    model::{dictionary::Field, id::FormatId},
    problem::Problems,
    render::coverage::Coverage,
};

/// Most codes named in one line.
const CODES_NAMED_MAX: usize = 8;
/// Without these a certificate has no identity; where no row reads one, the sender's header or envelope must state it.
const IDENTITY: [(&str, &str); 2] = [
    ("agreement.code", "senders state it in the header CoO-Agreement"),
    ("issueDate", "the hub refuses every document as not issued"),
];
/// Any one of these says where a certificate goes.
const ADDRESSEE: [&str; 3] = ["destinationCountry", "importer.address.country", "consignee.address.country"];

/// Arguments of `formats check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Formats of the region, or folders that hold a format.toml; every format of the region when left out.
    pub what: Vec<String>,
    /// Folder of the region.
    #[arg(long, default_value = "partners")]
    pub region: PathBuf,
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

/// What was found about one table.
#[derive(Debug, Default)]
struct Report {
    id: String,
    title: String,
    problems: Vec<String>,
    notices: Vec<String>,
    gaps: Vec<Gap>,
    samples: usize,
    fields: usize,
}

/// Codes of a dictionary list that a table's list cannot spell.
#[derive(Debug)]
struct Gap {
    list: String,
    fields: BTreeSet<&'static str>,
    of: usize,
    missing: Vec<String>,
}

/// Checks tables; 0 when no problem was found, 64 for a format that is not there, 78 for problems.
pub fn run(arguments: &Args, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let folders = match folders(arguments) {
        Ok(folders) => folders,
        Err(unknown) => {
            err.line(unknown);
            return exit::USAGE;
        }
    };
    let reports: Vec<Report> = folders.iter().map(|folder| report(folder)).collect();
    if arguments.json {
        let all: Vec<Value> = reports.iter().map(Report::json).collect();
        out.line(serde_json::to_string_pretty(&json!({ "formats": all })).unwrap_or_default());
    } else {
        reports.iter().for_each(|report| report.say(out));
        out.line(summary(&reports));
    }
    if reports.iter().all(|report| report.problems.is_empty()) { exit::CLEAN } else { exit::CONFIGURATION }
}

fn folders(arguments: &Args) -> Result<Vec<PathBuf>, String> {
    let formats = arguments.region.join("formats");
    if arguments.what.is_empty() {
        let entries = fs::read_dir(&formats)
            .map_err(|error| format!("{} cannot be read: {}", formats.display(), error.kind()))?;
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.join(FILE_NAME).is_file())
            .collect();
        found.sort();
        return Ok(found);
    }
    let find = |what: &String| {
        let named = [formats.join(what), PathBuf::from(what)];
        let found = named.into_iter().find(|folder| folder.join(FILE_NAME).is_file());
        found.ok_or_else(|| {
            format!("{what} is neither a format of {} nor a folder with a {FILE_NAME}", formats.display())
        })
    };
    arguments.what.iter().map(find).collect()
}

fn report(folder: &Path) -> Report {
    let name =
        folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let name = name.unwrap_or_default();
    let mut report = Report { id: name.clone(), ..Report::default() };
    let Some(id) = FormatId::new(&name) else {
        report.problems.push(format!("{}: the folder's name is no id", folder.display()));
        return report;
    };
    let problems = Problems::default();
    let codes = folder.join("..").join("codes");
    let label = format!("{name}/{FILE_NAME}");
    let table = Table::load(&id, folder, &codes, &label, &problems);
    let library = Library::load(&codes, &problems);
    report.problems.extend(problems.sorted().iter().map(ToString::to_string));
    let Some(table) = table else { return report };
    let coverage = Coverage::of(&table);
    report.title.clone_from(&table.title);
    report.fields = coverage.fills.len();
    report.notices.extend(unmapped(&table, &coverage));
    report.gaps = gaps(&table, &library);
    let (samples, wrong) = samples::check(&table, folder);
    report.samples = samples;
    let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    report.problems.extend(wrong.iter().map(|(path, why)| format!("{name}/samples/{}: {why}", file(path))));
    if samples == 0 {
        report
            .notices
            .push("there is no sample beside the table, so nothing shows that it is right".to_owned());
    }
    report
}

/// What identity and routing need and no row reads.
fn unmapped(table: &Table, coverage: &Coverage) -> Vec<String> {
    let reads = |path: &str| Field::named(path).is_some_and(|field| coverage.fills.contains(&field));
    let mut notices = Vec::new();
    if !table.reads {
        return notices;
    }
    for (path, then) in IDENTITY.into_iter().filter(|(path, _)| !reads(path)) {
        notices.push(format!("no row reads {path}: {then}"));
    }
    if table.identity.issuer.is_empty() {
        notices.push(
            "[identity] names no issuer: senders state the issuing body in the header CoO-Issuer".to_owned(),
        );
    }
    if !ADDRESSEE.into_iter().any(reads) {
        let reason =
            format!("no row reads any of {}: nothing says where a certificate goes", ADDRESSEE.join(", "));
        notices.push(reason);
    }
    notices
}

/// Codes in force that a row's list cannot spell, one entry per list used.
fn gaps(table: &Table, library: &Library) -> Vec<Gap> {
    let mut found: BTreeMap<(String, Vec<String>), Gap> = BTreeMap::new();
    for plan in &table.plans {
        for (list, codes, field) in (0..plan.rows.len()).filter_map(|row| coded(plan.field_row(row)?)) {
            let Some(shared) = library.list(list) else { continue };
            let rows: Vec<_> = shared.rows().iter().filter(|row| row.until.is_none() && !row.user).collect();
            let missing: Vec<String> = rows
                .iter()
                .filter(|row| codes.national(&row.code).is_none())
                .map(|row| row.code.clone())
                .collect();
            if missing.is_empty() {
                continue;
            }
            let key = (list.to_owned(), missing.clone());
            let gap = Gap { list: list.to_owned(), fields: BTreeSet::new(), of: rows.len(), missing };
            found.entry(key).or_insert(gap).fields.insert(field.path());
        }
    }
    found.into_values().collect()
}

/// The dictionary's list of a row's codes, and the codes the row can spell.
fn coded(row: &FieldRow) -> Option<(&'static str, &SharedCodes, Field)> {
    match &row.form {
        Form::Code(codes) | Form::Token(codes, _) => {
            Some((row.target.field.row().codes, codes, row.target.field))
        }
        Form::Measure(codes, unit) => Some((unit.field.row().codes, codes, unit.field)),
        _ => None,
    }
}

impl Report {
    fn say(&self, out: &mut Output<'_>) {
        let samples =
            if self.samples == 1 { "1 sample".to_owned() } else { format!("{} samples", self.samples) };
        match self.title.as_str() {
            "" => out.line(format!("{}: does not load", self.id)),
            title => out.line(format!("{}: {title}; {} fields, {samples}", self.id, self.fields)),
        }
        self.problems.iter().for_each(|problem| out.line(format!("  problem: {problem}")));
        self.notices.iter().for_each(|notice| out.line(format!("  notice: {notice}")));
        self.gaps.iter().for_each(|gap| out.line(format!("  notice: {}", gap.words())));
    }

    fn json(&self) -> Value {
        let gap = |gap: &Gap| json!({ "list": gap.list, "fields": gap.fields, "of": gap.of, "missing": gap.missing });
        json!({
            "id": self.id, "title": self.title, "fields": self.fields, "samples": self.samples,
            "problems": self.problems, "notices": self.notices,
            "codeGaps": self.gaps.iter().map(gap).collect::<Vec<_>>(),
        })
    }
}

impl Gap {
    fn words(&self) -> String {
        let named =
            self.missing.iter().take(CODES_NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = self.missing.len().saturating_sub(CODES_NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let fields = self.fields.iter().copied().collect::<Vec<_>>().join(", ");
        format!(
            "cannot spell {} of {} {}: {named}{more}; in {fields}",
            self.missing.len(),
            self.of,
            self.list
        )
    }
}

fn summary(reports: &[Report]) -> String {
    let count =
        |number: usize, thing: &str| format!("{number} {thing}{}", if number == 1 { "" } else { "s" });
    let problems = reports.iter().map(|report| report.problems.len()).sum();
    let notices = reports.iter().map(|report| report.notices.len() + report.gaps.len()).sum();
    format!(
        "{}: {}, {}",
        count(reports.len(), "format"),
        if problems == 0 { "no problem".to_owned() } else { count(problems, "problem") },
        count(notices, "notice")
    )
}
