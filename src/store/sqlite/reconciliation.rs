//! Reads by member and time, for comparing.

use rusqlite::{Connection, params};

use super::{
    deliveries::{of_message, whole},
    messages::all,
    row,
};
use crate::{
    model::id::MemberId,
    store::{
        Fault,
        read::READ_ROWS_MAX,
        reconciliation::Span,
        record::{Delivery, Message},
    },
};

const PUSHED: &str = "SELECT w.* FROM message m INDEXED BY message_day
    CROSS JOIN message_whole w ON w.sequence = m.sequence
    WHERE m.source = ?1 AND m.received >= ?2 AND m.received < ?3 AND (m.received, m.sequence) > (?4, ?5)
    ORDER BY m.received, m.sequence LIMIT ?6";
const SENT: &str = "SELECT sequence FROM delivery INDEXED BY delivery_day
    WHERE target = ?1 AND created >= ?2 AND created < ?3 AND (created, sequence) > (?4, ?5)
    ORDER BY created, sequence LIMIT ?6";

pub(super) fn pushed(
    db: &Connection,
    source: &MemberId,
    span: &Span,
    rows_max: u32,
) -> Result<Vec<(Message, Vec<Delivery>)>, Fault> {
    let (at, sequence) = after(span);
    let row = params![source.as_str(), span.from.0, span.until.0, at, sequence, rows_max];
    let messages = all(db, PUSHED, row, row::message)?;
    let deliveries = |message: Message| {
        let deliveries = of_message(db, message.id, READ_ROWS_MAX)?;
        Ok((message, deliveries))
    };
    messages.into_iter().map(deliveries).collect()
}

pub(super) fn sent(
    db: &Connection,
    target: &MemberId,
    span: &Span,
    rows_max: u32,
) -> Result<Vec<Delivery>, Fault> {
    let (at, sequence) = after(span);
    let row = params![target.as_str(), span.from.0, span.until.0, at, sequence, rows_max];
    whole(db, all(db, SENT, row, |row| Ok(row.get(0)?))?)
}

fn after(span: &Span) -> (i64, i64) {
    span.after.map_or((i64::MIN, i64::MIN), |after| (after.at.0, after.sequence))
}
