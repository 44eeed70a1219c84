//! `coohub formats list`: the format tables of a region, each with its honest role.

use std::path::PathBuf;

use super::{document, exit, output::Output};
use crate::format::{Role, Table};

/// What to do with formats.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the format tables of a region.
    List(Args),
}

/// Arguments of `formats list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the region.
    #[arg(long, default_value = "partners")]
    pub region: PathBuf,
}

/// A line per format.
pub fn run(command: &Command, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let Command::List(arguments) = command;
    match document::region(&arguments.region) {
        Ok(region) => {
            let width = region.tables.keys().map(|id| id.as_str().len()).max().unwrap_or_default();
            for table in region.tables.values() {
                out.line(format!("{:<width$}  {}", table.id.as_str(), words(table)));
            }
            exit::CLEAN
        }
        Err(problems) => {
            problems.iter().for_each(|problem| err.line(problem.to_string()));
            exit::CONFIGURATION
        }
    }
}

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
    format!("{role}, {ways}{signed}{honest}: {}", table.title)
}
