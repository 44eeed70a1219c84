//! `coohub formats matrix`: source by target, what arrives, what is lost, what can never be filled. Told from the tables.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::{
    super::{document, exit, output::Output},
    html,
};
use crate::{
    model::dictionary::Field,
    region::Region,
    render::coverage::{Entry, Pair, Unfillable},
};

/// Widest line of a text.
const COLUMNS_MAX: usize = 100;
/// Characters of one cell of the text.
const CELL: usize = 5;

/// Arguments of `formats matrix`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One pair in words: the source.
    #[arg(requires = "target")]
    pub source: Option<String>,
    /// One pair in words: the target.
    pub target: Option<String>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = To::Text)]
    pub to: To,
    /// File to write; the terminal when left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Folder of the region.
    #[arg(long, default_value = "partners")]
    pub region: PathBuf,
}

/// A form of the matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum To {
    /// A table for the terminal.
    Text,
    /// For programs.
    Json,
    /// One page that needs nothing else.
    Html,
}

/// Every format against every other.
#[derive(Debug)]
pub(super) struct Matrix<'a> {
    pub(super) community: &'a str,
    pub(super) entries: Vec<Entry<'a>>,
    /// Row by row: a source's pairs with each target.
    pub(super) pairs: Vec<Vec<Pair>>,
}

impl<'a> Matrix<'a> {
    fn of(region: &'a Region) -> Self {
        let entries = Entry::all(region.tables.values());
        let pairs = entries.iter().map(|source| {
            entries.iter().map(|target| source.coverage.to(&target.coverage)).collect::<Vec<_>>()
        });
        let pairs = pairs.collect();
        Self { community: &region.name, entries, pairs }
    }

    /// Every pair with its source and target.
    pub(super) fn each(&self) -> impl Iterator<Item = (&Entry<'a>, &Entry<'a>, &Pair)> {
        let rows = self.entries.iter().zip(&self.pairs);
        rows.flat_map(|(source, row)| {
            self.entries.iter().zip(row).map(move |(target, pair)| (source, target, pair))
        })
    }
}

/// Writes the matrix, or one pair of it; 0, 64 for a format that is not there, 78 for a region with problems.
pub fn run(arguments: &Args, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let region = match document::region(&arguments.region) {
        Ok(region) => region,
        Err(problems) => {
            problems.iter().for_each(|problem| err.line(problem.to_string()));
            return exit::CONFIGURATION;
        }
    };
    let matrix = Matrix::of(&region);
    let text = match (&arguments.source, &arguments.target) {
        (Some(source), Some(target)) => match one(&matrix, (source, target), arguments.to) {
            Ok(text) => text,
            Err(unknown) => {
                err.line(format!("{unknown} is no format; see coohub formats list"));
                return exit::USAGE;
            }
        },
        _ => match arguments.to {
            To::Text => text(&matrix),
            To::Json => lines(&json(&matrix)),
            To::Html => html::page(&matrix),
        },
    };
    let Some(file) = &arguments.out else {
        out.text(text.as_bytes());
        return exit::CLEAN;
    };
    match fs::write(file, text) {
        Ok(()) => exit::CLEAN,
        Err(error) => {
            err.line(format!("{} cannot be written: {}", file.display(), error.kind()));
            exit::STORAGE
        }
    }
}

fn one(matrix: &Matrix<'_>, (source, target): (&str, &str), to: To) -> Result<String, String> {
    for name in [source, target] {
        if !matrix.entries.iter().any(|entry| entry.id == *name) {
            return Err(name.to_owned());
        }
    }
    let found = matrix.each().find(|(from, into, _)| from.id == *source && into.id == *target);
    let Some((source, target, pair)) = found else { return Err(source.to_owned()) };
    Ok(match to {
        To::Json => lines(&pair_json(source, target, pair)),
        To::Text | To::Html => words(source, target, pair),
    })
}

fn lines(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn json(matrix: &Matrix<'_>) -> Value {
    let formats = matrix.entries.iter().map(|Entry { id, table, coverage }| {
        json!({
            "id": id, "title": table.title, "source": table.source, "is": super::words(table),
            "reads": table.reads, "writes": table.writes, "reconstructed": table.reconstructed,
            "fields": coverage.fills.len(),
        })
    });
    let pairs = matrix.each().map(|(source, target, pair)| pair_json(source, target, pair));
    json!({ "formats": formats.collect::<Vec<_>>(), "pairs": pairs.collect::<Vec<_>>() })
}

fn pair_json(source: &Entry<'_>, target: &Entry<'_>, pair: &Pair) -> Value {
    let paths = |fields: &[Field]| fields.iter().map(|field| field.path()).collect::<Vec<_>>();
    let never = |miss: &Unfillable| json!({ "at": miss.at, "field": miss.field.path(), "why": miss.why });
    json!({
        "source": source.id, "target": target.id,
        "counts": {
            "arrives": pair.arrives.len(), "lost": pair.lost.len(), "unfillable": pair.unfillable.len()
        },
        "arrives": paths(&pair.arrives), "lost": paths(&pair.lost),
        "unfillable": pair.unfillable.iter().map(never).collect::<Vec<_>>(),
    })
}

/// A field with its WCO id, where it has one.
pub(super) fn named(field: Field) -> String {
    match field.row().wco_id {
        "-" => field.path().to_owned(),
        id => format!("{} (WCO {id})", field.path()),
    }
}

fn text(matrix: &Matrix<'_>) -> String {
    let width = matrix.entries.iter().map(|entry| entry.id.len()).max().unwrap_or_default();
    let left = 3 + width + 2 + 6;
    let mut out = String::from(
        "Fields of each source (row) that each target (column) has no place for.\n\
         .  every field arrives    !  the target demands what the source can never give\n\
         *  the hub never writes it for a member: a trace only    ~  reconstructed from third parties\n",
    );
    let numbered: Vec<_> = (1..=matrix.entries.len()).collect();
    for columns in numbered.chunks((COLUMNS_MAX - left) / CELL) {
        out.push_str(&format!("\n{:<left$}", format!("{:<w$}fields", "", w = 3 + width + 2)));
        columns.iter().for_each(|number| out.push_str(&format!("{number:>CELL$}")));
        out.push('\n');
        for ((number, source), row) in numbered.iter().zip(&matrix.entries).zip(&matrix.pairs) {
            let mark = match (source.table.writes, source.table.reconstructed) {
                (false, true) => "*~",
                (false, false) => "* ",
                (true, true) => "~ ",
                (true, false) => "  ",
            };
            let fields = source.coverage.fills.len();
            out.push_str(&format!("{number:>2} {:<width$}{mark}{fields:>6}", source.id));
            let cells = columns.iter().filter_map(|column| row.get(column - 1));
            cells.for_each(|pair| out.push_str(&format!("{:>CELL$}", cell(pair))));
            out.push('\n');
        }
    }
    out.push_str("\ncoohub formats matrix SOURCE TARGET names the fields of one pair.\n");
    out
}

fn cell(pair: &Pair) -> String {
    let lost = if pair.lost.is_empty() { ".".to_owned() } else { pair.lost.len().to_string() };
    lost + if pair.unfillable.is_empty() { "" } else { "!" }
}

fn words(source: &Entry<'_>, target: &Entry<'_>, pair: &Pair) -> String {
    let mut out =
        format!("{} ({})\n-> {} ({})\n", source.id, source.table.title, target.id, target.table.title);
    if !target.table.writes {
        out.push_str(&format!(
            "The hub never writes {} for a member; this is what a trace shows.\n",
            target.id
        ));
    }
    let mut section = |heading: String, fields: &[Field]| {
        out.push_str(&format!("\n{heading}\n"));
        out.push_str(&wrapped(&fields.iter().map(|field| named(*field)).collect::<Vec<_>>()));
    };
    section(format!("{} arrive", counted(pair.arrives.len())), &pair.arrives);
    section(format!("{} lost: {} has no place for them", counted(pair.lost.len()), target.id), &pair.lost);
    out.push_str(&format!("\n{} can never be filled\n", counted(pair.unfillable.len())));
    for miss in &pair.unfillable {
        out.push_str(&format!("  {}, which is {}: {}\n", miss.at, named(miss.field), miss.why));
    }
    out
}

fn counted(number: usize) -> String {
    if number == 1 { "1 field".to_owned() } else { format!("{number} fields") }
}

/// Words with commas between, no line wider than a terminal.
fn wrapped(words: &[String]) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for (position, word) in words.iter().enumerate() {
        let end = if position + 1 < words.len() { "," } else { "" };
        if !line.is_empty() && 2 + line.chars().count() + 1 + word.chars().count() + end.len() > COLUMNS_MAX {
            out.push_str(&format!("  {line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        line.push_str(end);
    }
    if !line.is_empty() {
        out.push_str(&format!("  {line}\n"));
    }
    out
}
