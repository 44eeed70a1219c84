//! Answers that a target's customs still owes, where the agreement states a time for them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    db::Db,
    key::{Key, Table},
    row::DeliveryRow,
    shelf::sorted_by,
};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        backlog::{COUNTED_MAX, OVERDUE_COUNTED, Overdue},
        record::Cargo,
    },
};

/// An answer awaited.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct AwaitedRow {
    /// Milliseconds from arrival.
    within: i64,
    /// The first delivery that arrived, if one did, and when the answer to it is due.
    arrived: Option<(i64, i64)>,
}

fn key(message: i64, target: &MemberId) -> Key {
    Key::of(Table::Awaited).int(message).text(target.as_str())
}

fn due(target: &MemberId) -> Key {
    Key::of(Table::AwaitedUntil).text(target.as_str())
}

/// A certificate is on its way to a target, whose answer is due so long after its arrival.
pub(super) fn begin(db: &mut Db, message: i64, target: &MemberId, within: Duration) -> Result<(), Fault> {
    let key = key(message, target);
    if db.get(&key)?.is_none() {
        let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
        db.put_row(key, &AwaitedRow { within, arrived: None })?;
    }
    Ok(())
}

/// A delivery arrived: its answer is due, and none is to what it takes the place of.
pub(super) fn arrived(db: &mut Db, row: &DeliveryRow, at: Timestamp) -> Result<(), Fault> {
    if !matches!(row.cargo, Cargo::Certificate | Cargo::Cancellation) {
        return Ok(());
    }
    for earlier in db.ints(&Key::of(Table::Chain).int(row.chain))? {
        if earlier < row.message {
            end(db, earlier, &row.target)?;
        }
    }
    let key = key(row.message, &row.target);
    if let Some(AwaitedRow { within, arrived: None }) = db.row(&key)? {
        let until = at.0.saturating_add(within);
        db.put(due(&row.target).int(until).int(row.sequence), Vec::new());
        db.put_row(key, &AwaitedRow { within, arrived: Some((row.sequence, until)) })?;
    }
    Ok(())
}

/// A delivery was answered, or one that repeats it.
pub(super) fn answered(db: &mut Db, delivery: i64) -> Result<(), Fault> {
    let row = db.delivery_at(delivery)?;
    end(db, row.message, &row.target)
}

fn end(db: &mut Db, message: i64, target: &MemberId) -> Result<(), Fault> {
    let key = key(message, target);
    if let Some(AwaitedRow { arrived, .. }) = db.row(&key)? {
        db.remove(key);
        if let Some((delivery, until)) = arrived {
            db.remove(due(target).int(until).int(delivery));
        }
    }
    Ok(())
}

/// Answers of a target that are overdue.
pub(super) fn overdue(db: &Db, target: &MemberId, now: Timestamp) -> Result<Option<Overdue>, Fault> {
    let (prefix, mut overdue) = (due(target), None::<Overdue>);
    let past = prefix.clone().int(now.0).end();
    let from = prefix.clone().int(now.minus(OVERDUE_COUNTED).0).0;
    for entry in db.scan_from(&prefix, from).take(usize::try_from(COUNTED_MAX).unwrap_or(usize::MAX)) {
        let (key, _) = entry?;
        if key >= past {
            break;
        }
        let Overdue { count, since } = match overdue {
            Some(overdue) => overdue,
            None => Overdue { count: 0, since: Timestamp(sorted_by(&key)?) },
        };
        overdue = Some(Overdue { count: count + 1, since });
    }
    Ok(overdue)
}

/// When the answer to what arrived is due, if it is awaited.
pub(super) fn until(db: &Db, row: &DeliveryRow) -> Result<Option<Timestamp>, Fault> {
    let awaited: Option<AwaitedRow> = db.row(&key(row.message, &row.target))?;
    Ok(awaited.and_then(|awaited| awaited.arrived).map(|(_, until)| Timestamp(until)))
}
