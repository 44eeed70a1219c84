//! Requests of targets in the tables: written, offered, answered by an attempt.

use rusqlite::{Connection, OptionalExtension, params};

use super::{messages::all, writer::Batch};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        claim::Stream,
        record::Attempt,
        resend::{Asked, Resend},
    },
};

const FIND: &str = "SELECT d.sequence, d.target, r.delivery IS NOT NULL
    FROM delivery d LEFT JOIN resend r ON r.delivery = d.sequence WHERE d.id = ?1";
const WAITING: &str = "SELECT count(*) FROM resend WHERE target = ?1";
const INSERT: &str = "INSERT INTO resend (delivery, target, asked) VALUES (?1, ?2, ?3)";
const ANSWER: &str = "DELETE FROM resend WHERE delivery = ?1 AND asked <= ?2";
const ASKED: &str = "SELECT asked FROM resend WHERE delivery = ?1";
/// What stands still waits, whoever asks; a request outlasts a hold.
const OF_TARGET: &str = "SELECT r.delivery FROM resend r JOIN delivery d ON d.sequence = r.delivery
    WHERE r.target = ?1 AND d.state NOT IN ('queued', 'held', 'cancelled') ORDER BY r.asked, r.delivery";
const FIRST: &str = "SELECT r.asked FROM resend r JOIN delivery d ON d.sequence = r.delivery
    WHERE r.target = ?1 AND d.test IN (?2, ?3) AND d.state NOT IN ('queued', 'held', 'cancelled')
    ORDER BY r.asked LIMIT 1";

/// Carries a request out.
pub(super) fn ask(batch: &mut Batch<'_>, resend: &Resend) -> Result<Asked, Fault> {
    let found = all(batch.db, FIND, [resend.delivery.0.as_bytes()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
    })?;
    let (sequence, target, asked) =
        found.into_iter().next().ok_or(Fault::DeliveryUnknown(resend.delivery))?;
    let member = MemberId::new(&target).ok_or_else(|| Fault::corrupt("target of a delivery"))?;
    batch.wakes.targets.insert(member);
    if asked {
        return Ok(Asked::Already);
    }
    let waiting: i64 = batch.db.prepare_cached(WAITING)?.query_row([&target], |row| row.get(0))?;
    if waiting >= i64::from(resend.waiting_max) {
        return Ok(Asked::Full);
    }
    batch.db.prepare_cached(INSERT)?.execute(params![sequence, target, resend.at.0])?;
    Ok(Asked::Recorded)
}

/// Takes a request out that an outcome answers: an attempt begun after it, or whatever else came of the delivery.
pub(super) fn answer(
    db: &Connection,
    delivery: i64,
    attempt: Option<&Attempt>,
    at: Timestamp,
) -> Result<(), Fault> {
    let since = attempt.map_or(at, |attempt| attempt.started);
    db.prepare_cached(ANSWER)?.execute([delivery, since.0])?;
    Ok(())
}

/// When a delivery was asked for again, if it was and was not sent since.
pub(super) fn asked(db: &Connection, delivery: i64) -> Result<Option<Timestamp>, Fault> {
    let asked = db.prepare_cached(ASKED)?.query_row([delivery], |row| row.get(0)).optional()?;
    Ok(asked.map(Timestamp))
}

/// Deliveries that a target asked for, in the order in which it did.
pub(super) fn of_target(db: &Connection, target: &MemberId) -> Result<Vec<i64>, Fault> {
    all(db, OF_TARGET, [target.as_str()], |row| Ok(row.get(0)?))
}

/// When the earliest request of a target in a stream was made.
pub(super) fn first(db: &Connection, target: &MemberId, stream: Stream) -> Result<Option<Timestamp>, Fault> {
    let columns = params![target.as_str(), !stream.has(false), stream.has(true)];
    let first = db.prepare_cached(FIRST)?.query_row(columns, |row| row.get(0)).optional()?;
    Ok(first.map(Timestamp))
}
