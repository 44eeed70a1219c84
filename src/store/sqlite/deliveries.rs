//! Reads about deliveries: what is due, what is overdue, what became of one.

use rusqlite::{Connection, OptionalExtension, params};

use super::{messages::all, row};
use crate::{
    model::{
        envelope::{Answer, Function},
        id::{DeliveryId, MemberId, MessageId},
        time::Timestamp,
    },
    store::{
        Fault,
        record::{Attempt, Cargo, Delivery, Sent, View},
    },
};

/// Sequences only, straight out of the partial index: rows are looked up for those that are taken.
pub(super) const DUE: &str = "SELECT sequence FROM delivery INDEXED BY delivery_due
    WHERE target = ?1 AND urgent = ?2 AND due IS NOT NULL AND due <= ?3 ORDER BY due, sequence";
const NEXT_DUE: &str = "SELECT min(due) FROM delivery INDEXED BY delivery_due
    WHERE target = ?1 AND urgent = ?2 AND due IS NOT NULL";
/// The distinct targets with open deliveries, by one index search each.
const TARGETS: &str = "WITH RECURSIVE waiting (target) AS (
    SELECT min(target) FROM delivery INDEXED BY delivery_queue WHERE ended IS NULL
    UNION ALL
    SELECT (SELECT min(d.target) FROM delivery d INDEXED BY delivery_queue
            WHERE d.ended IS NULL AND d.target > waiting.target)
    FROM waiting WHERE waiting.target IS NOT NULL
) SELECT target FROM waiting WHERE target IS NOT NULL";
const OPEN_OF: &str =
    "SELECT count(*) FROM delivery INDEXED BY delivery_queue WHERE target = ?1 AND ended IS NULL";
const OVERDUE: &str = "SELECT sequence FROM delivery INDEXED BY delivery_age
    WHERE target = ?1 AND created < ?2 AND ended IS NULL AND state <> 'queued' ORDER BY created, sequence LIMIT ?3";
const BY_SEQUENCE: &str = "SELECT * FROM delivery_whole WHERE sequence = ?1";
const BY_ID: &str = "SELECT sequence FROM delivery WHERE id = ?1";
const OF_MESSAGE: &str = "SELECT d.sequence FROM delivery d JOIN message m ON m.sequence = d.message
    WHERE m.id = ?1 ORDER BY d.sequence LIMIT ?2";
const ATTEMPTS: &str = "SELECT a.number, a.started, a.finished, a.outcome, a.status, a.detail, a.answer, a.grade
    FROM attempt a JOIN delivery d ON d.sequence = a.delivery WHERE d.id = ?1 ORDER BY a.number DESC LIMIT ?2";
const LAST: &str = "SELECT number, started, finished, outcome, status, detail, answer, grade
    FROM attempt WHERE delivery = ?1 ORDER BY number DESC LIMIT 1";
const ANSWERS: &str = "SELECT answer, reason, at FROM answer WHERE delivery = ?1 ORDER BY message";
const SENT: &str =
    "SELECT d.target, d.id, e.id, e.function, e.agreement, e.issuer, e.number, e.lineage, e.version,
    e.earlier, e.lineage IS m.earlier, d.cargo, d.view, d.state, d.reason, d.due
    FROM message m CROSS JOIN message e ON e.chain = m.chain AND e.sequence < m.sequence
    CROSS JOIN delivery d ON d.message = e.sequence
    WHERE m.id = ?1 AND d.cargo IN ('certificate', 'cancellation') ORDER BY d.sequence DESC LIMIT ?2";

pub(in crate::store) fn due(
    db: &Connection,
    target: &MemberId,
    now: Timestamp,
    rows_max: u32,
    skip: &[DeliveryId],
) -> Result<Vec<Delivery>, Fault> {
    let most = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let mut taken = Vec::new();
    for urgent in [true, false] {
        let mut statement = db.prepare_cached(DUE)?;
        let mut rows = statement.query(params![target.as_str(), urgent, now.0])?;
        while taken.len() < most {
            let Some(row) = rows.next()? else { break };
            let delivery = by_sequence(db, row.get(0)?)?;
            taken.extend(delivery.filter(|delivery| !skip.contains(&delivery.id)));
        }
    }
    Ok(taken)
}

pub(in crate::store) fn next_due(db: &Connection, target: &MemberId) -> Result<Option<Timestamp>, Fault> {
    let mut statement = db.prepare_cached(NEXT_DUE)?;
    let mut first = |urgent: bool| -> Result<Option<i64>, Fault> {
        Ok(statement.query_row(params![target.as_str(), urgent], |row| row.get(0))?)
    };
    let (urgent, usual) = (first(true)?, first(false)?);
    Ok(urgent.into_iter().chain(usual).min().map(Timestamp))
}

pub(in crate::store) fn waiting_targets(db: &Connection) -> Result<Vec<(MemberId, u64)>, Fault> {
    let mut waiting = Vec::new();
    for target in targets(db)? {
        let count: i64 = db.prepare_cached(OPEN_OF)?.query_row([target.as_str()], |row| row.get(0))?;
        waiting.push((target, u64::try_from(count).unwrap_or(0)));
    }
    Ok(waiting)
}

fn targets(db: &Connection) -> Result<Vec<MemberId>, Fault> {
    all(db, TARGETS, [], |row| row::Columns::of(row).name())
}

pub(in crate::store) fn overdue(
    db: &Connection,
    target: Option<&MemberId>,
    before: Timestamp,
    rows_max: u32,
) -> Result<Vec<Delivery>, Fault> {
    let most = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let targets = match target {
        Some(target) => vec![target.clone()],
        None => targets(db)?,
    };
    let mut found: Vec<i64> = Vec::new();
    for target in targets {
        found.extend(all(db, OVERDUE, params![target.as_str(), before.0, rows_max], |row| {
            Ok(row.get::<_, i64>(0)?)
        })?);
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    whole(db, found)
}

pub(in crate::store) fn delivery(db: &Connection, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
    let sequence = db.prepare_cached(BY_ID)?.query_row([id.0.as_bytes()], |row| row.get(0)).optional()?;
    sequence.map_or(Ok(None), |sequence| by_sequence(db, sequence))
}

pub(in crate::store) fn of_message(
    db: &Connection,
    id: MessageId,
    rows_max: u32,
) -> Result<Vec<Delivery>, Fault> {
    whole(db, all(db, OF_MESSAGE, params![id.0.as_bytes(), rows_max], |row| Ok(row.get(0)?))?)
}

pub(in crate::store) fn attempts(
    db: &Connection,
    id: DeliveryId,
    rows_max: u32,
) -> Result<Vec<Attempt>, Fault> {
    let mut attempts = all(db, ATTEMPTS, params![id.0.as_bytes(), rows_max], row::attempt)?;
    attempts.reverse();
    Ok(attempts)
}

pub(in crate::store) fn sent_to(db: &Connection, id: MessageId, rows_max: u32) -> Result<Vec<Sent>, Fault> {
    let mut sent = all(db, SENT, params![id.0.as_bytes(), rows_max], |row| {
        let mut c = row::Columns::of(row);
        Ok(Sent {
            target: c.name()?,
            delivery: c.delivery_id()?,
            message: c.message_id()?,
            function: c.read("function", Function::of)?,
            subject: c.key()?,
            earlier_lineage: c.take()?,
            replaced: c.take()?,
            cargo: c.read("cargo", |word: String| Cargo::of(&word))?,
            view: c.read("view", |word: String| View::of(&word))?,
            state: c.state()?,
        })
    })?;
    sent.reverse();
    Ok(sent)
}

fn whole(db: &Connection, sequences: Vec<i64>) -> Result<Vec<Delivery>, Fault> {
    let found = sequences.into_iter().map(|sequence| by_sequence(db, sequence));
    found.filter_map(Result::transpose).collect()
}

fn by_sequence(db: &Connection, sequence: i64) -> Result<Option<Delivery>, Fault> {
    let Some(mut delivery) = all(db, BY_SEQUENCE, [sequence], row::delivery)?.pop() else {
        return Ok(None);
    };
    if delivery.attempts > 0 {
        delivery.last = all(db, LAST, [sequence], row::attempt)?.pop();
    }
    delivery.answers = all(db, ANSWERS, [sequence], |row| {
        let mut c = row::Columns::of(row);
        Ok((c.read("answer", |word: String| Answer::of(&word))?, c.take()?, c.timestamp()?))
    })?;
    Ok(Some(delivery))
}
