//! Counting deliveries by the hour.

use std::fmt::Write as _;

use rusqlite::{Connection, params};

use super::{messages::all, row::Columns};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        traffic::{CLASSES_MILLIS, HOUR_MILLIS, Traffic},
    },
};

pub(super) fn traffic(
    db: &Connection,
    target: &MemberId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Traffic>, Fault> {
    let classes = CLASSES_MILLIS.iter().enumerate().fold(String::new(), |mut text, (class, most)| {
        let _ = write!(text, " WHEN d.ended - d.created < {most} THEN {class}");
        text
    });
    let most = CLASSES_MILLIS.len();
    let sql = format!(
        "SELECT d.created / {HOUR_MILLIS}, m.source, m.agreement, d.state,
            CASE WHEN d.state <> 'delivered' THEN NULL{classes} ELSE {most} END, count(*)
        FROM delivery d INDEXED BY delivery_day JOIN message m ON m.sequence = d.message
        WHERE d.target = ?1 AND d.created >= ?2 AND d.created < ?3
            AND d.cargo = 'certificate' AND d.replay_of IS NULL AND m.test = 0
        GROUP BY 1, 2, 3, 4, 5"
    );
    all(db, &sql, params![target.as_str(), from.0, until.0], |row| {
        let mut c = Columns::of(row);
        let hour: i64 = c.take()?;
        Ok(Traffic {
            hour: Timestamp(hour * HOUR_MILLIS),
            source: c.name()?,
            agreement: c.name()?,
            state: c.take()?,
            class: c.take::<Option<i64>>()?.and_then(|class| usize::try_from(class).ok()),
            count: c.take::<i64>()?.unsigned_abs(),
        })
    })
}
