//! Answers that a target's customs still owes, where the agreement states a time for them.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::delivery::Row;
use crate::{
    model::{
        id::{DeliveryId, MemberId},
        time::Timestamp,
    },
    store::{
        Fault,
        backlog::{COUNTED_MAX, OVERDUE_COUNTED, Overdue},
        record::Cargo,
    },
};

const AWAIT: &str = "INSERT OR IGNORE INTO awaited (message, target, within) VALUES (?1, ?2, ?3)";
const ARRIVED: &str = "UPDATE awaited SET delivery = ?3, until = ?4 + within WHERE message = ?1 AND target = ?2 AND until IS NULL";
const OVERTAKEN: &str = "DELETE FROM awaited WHERE target = ?1 AND message < ?3
    AND message IN (SELECT sequence FROM message INDEXED BY message_chain WHERE chain = ?2)";
const ANSWERED: &str =
    "DELETE FROM awaited WHERE (message, target) = (SELECT message, target FROM delivery WHERE id = ?1)";
const OVERDUE: &str = "SELECT count(*), min(until) FROM (SELECT until FROM awaited INDEXED BY awaited_until
    WHERE target = ?1 AND until BETWEEN ?2 AND ?3 ORDER BY until LIMIT ?4)";
const UNTIL: &str = "SELECT until FROM awaited WHERE (message, target) =
    (SELECT message, target FROM delivery WHERE sequence = ?1) AND until IS NOT NULL";

/// A certificate is on its way to a target, whose answer is due so long after its arrival.
pub(super) fn begin(db: &Connection, message: i64, target: &MemberId, within: Duration) -> Result<(), Fault> {
    let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
    db.prepare_cached(AWAIT)?.execute(params![message, target.as_str(), within])?;
    Ok(())
}

/// A delivery arrived: its answer is due, and none is to what it takes the place of.
pub(super) fn arrived(db: &Connection, row: &Row, at: Timestamp) -> Result<(), Fault> {
    if matches!(row.cargo, Cargo::Certificate | Cargo::Cancellation) {
        let target = row.target.as_str();
        db.prepare_cached(OVERTAKEN)?.execute(params![target, row.chain, row.message])?;
        db.prepare_cached(ARRIVED)?.execute(params![row.message, target, row.sequence, at.0])?;
    }
    Ok(())
}

/// A delivery was answered, or one that repeats it.
pub(super) fn answered(db: &Connection, delivery: DeliveryId) -> Result<(), Fault> {
    db.prepare_cached(ANSWERED)?.execute([delivery.0.as_bytes()])?;
    Ok(())
}

/// Answers of a target that are overdue.
pub(super) fn overdue(db: &Connection, target: &MemberId, now: Timestamp) -> Result<Option<Overdue>, Fault> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?));
    let span = params![target.as_str(), now.minus(OVERDUE_COUNTED).0, now.0, COUNTED_MAX];
    let (count, since) = db.prepare_cached(OVERDUE)?.query_row(span, read)?;
    Ok(since.map(|since| Overdue { count, since: Timestamp(since) }))
}

/// When the answer to what arrived is due, if it is awaited.
pub(super) fn until(db: &Connection, delivery: i64) -> Result<Option<Timestamp>, Fault> {
    let until = db.prepare_cached(UNTIL)?.query_row([delivery], |row| row.get(0)).optional()?;
    Ok(until.map(Timestamp))
}
