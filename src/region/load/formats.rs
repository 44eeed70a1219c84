//! The format tables of a region, and what each can do. The one place of this module that knows `format::Table`.

use std::collections::BTreeMap;

use super::folder::Folder;
use crate::{files::Files, format::Table, model::id::FormatId, problem::Problems};

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
    let read = |(id, files): (&FormatId, &Files)| {
        let label = format!("formats/{id}/format.toml");
        (id.clone(), Table::load(id, files, &codes, &label, problems))
    };
    folder.formats.iter().map(read).collect()
}

/// What the table itself says it reads and writes.
pub(super) fn abilities(table: &Table) -> Abilities {
    Abilities { reads: table.reads, writes: table.writes }
}
