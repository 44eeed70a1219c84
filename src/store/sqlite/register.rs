//! Books of named entries in the tables.

use rusqlite::{Connection, OptionalExtension, params};

use super::{messages::all, row::Columns};
use crate::{
    model::time::Timestamp,
    store::{
        Fault,
        pack::Packed,
        register::{Book, NewEntry, PackedEntry},
    },
};

const NEWEST: &str = "SELECT number FROM entry WHERE book = ?1 AND name = ?2 ORDER BY number DESC LIMIT 1";
const INSERT: &str = "INSERT INTO entry (book, name, at, digest, size, coding, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const TRIM: &str = "DELETE FROM entry WHERE number IN (
    SELECT number FROM entry WHERE book = ?1 AND name = ?2 ORDER BY number DESC LIMIT -1 OFFSET ?3)";
const OF_BOOK: &str = "SELECT number, name, at, digest, size, coding, bytes FROM entry
    WHERE book = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
const OF_NAME: &str = "SELECT number, name, at, digest, size, coding, bytes FROM entry
    WHERE book = ?1 AND number < ?2 AND name = ?4 ORDER BY number DESC LIMIT ?3";

/// Whether the newest entry of the name is the one that was seen.
pub(super) fn holds(db: &Connection, entry: &NewEntry) -> Result<bool, Fault> {
    let columns = params![entry.book.word(), entry.name];
    let newest = db.prepare_cached(NEWEST)?.query_row(columns, |row| row.get(0)).optional()?;
    Ok(newest == entry.seen)
}

pub(super) fn insert(db: &Connection, entry: &NewEntry, at: Timestamp, packed: &Packed) -> Result<(), Fault> {
    let (book, name) = (entry.book.word(), &entry.name);
    let coding = if packed.compressed { "zstd" } else { "raw" };
    let columns = params![book, name, at.0, packed.digest.0, packed.size, coding, packed.bytes];
    db.prepare_cached(INSERT)?.execute(columns)?;
    db.prepare_cached(TRIM)?.execute(params![book, name, entry.book.kept_max()])?;
    Ok(())
}

pub(super) fn entries(
    db: &Connection,
    book: Book,
    name: Option<&str>,
    before: Option<i64>,
    rows_max: u32,
) -> Result<Vec<PackedEntry>, Fault> {
    let before = before.unwrap_or(i64::MAX);
    let read = |row: &rusqlite::Row<'_>| {
        let mut c = Columns::of(row);
        let (number, name, at) = (c.take()?, c.take()?, c.timestamp()?);
        let (digest, size) = (c.digest()?, c.take()?);
        let compressed = c.take::<String>()? == "zstd";
        Ok(PackedEntry { number, name, at, packed: PackedEntry::packed(digest, size, compressed, c.take()?) })
    };
    match name {
        None => all(db, OF_BOOK, params![book.word(), before, rows_max], read),
        Some(name) => all(db, OF_NAME, params![book.word(), before, rows_max, name], read),
    }
}
