//! The format tables of a region, and what each can do. The one place of this module that knows `format::Table`.

use std::collections::BTreeMap;

use super::folder::Folder;
use crate::{format::Table, model::id::FormatId, problem::Problems};

/// What a table can do for a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Abilities {
    /// Documents of this format are understood.
    pub(super) reads: bool,
    /// Documents of this format are written.
    pub(super) writes: bool,
}

/// Reads every table; `None` for one with problems.
pub(super) fn read(folder: &Folder, problems: &Problems) -> BTreeMap<FormatId, Option<Table>> {
    let codes = folder.codes();
    let read = |(id, path): (&FormatId, &std::path::PathBuf)| {
        let label = format!("formats/{id}/format.toml");
        (id.clone(), load_table(id, path, &codes, &label, problems))
    };
    folder.formats.iter().map(read).collect()
}

/// Awaits `Table::load(id, folder, codes, label, problems)`; until then a table is a folder with a `format.toml`.
fn load_table(
    _id: &FormatId,
    folder: &std::path::Path,
    _codes: &std::path::Path,
    label: &str,
    problems: &Problems,
) -> Option<Table> {
    if folder.join("format.toml").is_file() {
        return Some(Table);
    }
    problems.add(crate::problem::Spot::file(label).problem("is missing"));
    None
}

/// Awaits the table's own word on what it reads and writes.
pub(super) fn abilities(_table: &Table) -> Abilities {
    Abilities { reads: true, writes: true }
}
