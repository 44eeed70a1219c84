//! `coohub formats`: the tables of a region listed, checked, and compared pair by pair.

pub mod check;
mod html;
pub mod matrix;
mod samples;

use std::path::PathBuf;

use super::{document, exit, output::Output};
use crate::format::{Role, Table};

/// What to do with formats.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the format tables of a region.
    List(Args),
    /// Check tables: their files, codes, samples and laws.
    Check(check::Args),
    /// Show what arrives, what is lost and what can never be filled, from every format to every other.
    Matrix(matrix::Args),
}

/// Arguments of `formats list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the region.
    #[arg(long, default_value = "partners")]
    pub region: PathBuf,
}

/// Runs the command; the exit code says whether all is well.
pub fn run(command: &Command, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    match command {
        Command::List(arguments) => list(arguments, out, err),
        Command::Check(arguments) => check::run(arguments, out, err),
        Command::Matrix(arguments) => matrix::run(arguments, out, err),
    }
}

/// A line per format.
fn list(arguments: &Args, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    match document::region(&arguments.region) {
        Ok(region) => {
            let width = region.tables.keys().map(|id| id.as_str().len()).max().unwrap_or_default();
            for table in region.tables.values() {
                out.line(format!("{:<width$}  {}: {}", table.id.as_str(), words(table), table.title));
            }
            exit::CLEAN
        }
        Err(problems) => {
            problems.iter().for_each(|problem| err.line(problem.to_string()));
            exit::CONFIGURATION
        }
    }
}

/// What a table's documents are and what the hub does with them.
fn words(table: &Table) -> String {
    let role = match table.role {
        Role::Issued => "issued document",
        Role::Application => "application form",
        Role::ImportRecord => "import record",
        Role::Data => "data profile",
    };
    let ways = match (table.reads, table.writes) {
        (true, true) => "read and written",
        (true, false) => "read",
        (false, true) => "written",
        (false, false) => "for traces only",
    };
    let signed = if table.signature.is_some() { ", signed" } else { "" };
    let honest = if table.reconstructed { ", reconstructed" } else { "" };
    format!("{role}, {ways}{signed}{honest}")
}
