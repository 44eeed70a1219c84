//! Certificates that name no importing country, until somebody addresses them or a later version takes their place.

use rusqlite::{Connection, params};

use super::{messages::all, row};
use crate::store::{Fault, backlog::COUNTED_MAX, record::Message};

const KEEP: &str = "INSERT OR IGNORE INTO unaddressed (message) VALUES (?1)";
/// What a message changes or replaces needs no address any more, unless it is itself the older version.
const CHANGED: &str = "DELETE FROM unaddressed WHERE message IN (SELECT e.sequence FROM message m
    CROSS JOIN message e INDEXED BY message_chain ON e.chain = m.chain AND e.sequence <> m.sequence
    WHERE m.sequence = ?1 AND m.function <> 11 AND (e.lineage IS m.earlier
    OR e.lineage = m.lineage AND (m.function = 1 OR e.version <= m.version)))";
const ADDRESSED: &str = "DELETE FROM unaddressed WHERE message = ?1";
const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM unaddressed LIMIT ?1)";
const LIST: &str = "SELECT w.* FROM unaddressed u CROSS JOIN message_whole w ON w.sequence = u.message
    WHERE u.message > ?1 ORDER BY u.message LIMIT ?2";

/// A message was routed; `unaddressed` says that it waits to be addressed.
pub(super) fn routed(db: &Connection, message: i64, unaddressed: bool) -> Result<(), Fault> {
    db.prepare_cached(CHANGED)?.execute([message])?;
    if unaddressed {
        db.prepare_cached(KEEP)?.execute([message])?;
    }
    Ok(())
}

/// A message was addressed.
pub(super) fn addressed(db: &Connection, message: i64) -> Result<(), Fault> {
    db.prepare_cached(ADDRESSED)?.execute([message])?;
    Ok(())
}

pub(super) fn count(db: &Connection) -> Result<u32, Fault> {
    Ok(db.prepare_cached(COUNT)?.query_row([COUNTED_MAX], |row| row.get(0))?)
}

pub(super) fn list(db: &Connection, after: i64, rows_max: u32) -> Result<Vec<Message>, Fault> {
    all(db, LIST, params![after, rows_max], row::message)
}
