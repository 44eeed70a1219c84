//! Epochs in the tables.

use rusqlite::{Connection, params};

use super::messages::all;
use crate::{
    model::time::Timestamp,
    store::{
        Fault,
        epoch::{Comparison, Epoch, Standing},
        sqlite::row::Columns,
    },
};

const CURRENT: &str = "SELECT number, newest FROM epoch ORDER BY number DESC LIMIT 1";
const COMPARED: &str = "SELECT member FROM compared WHERE epoch = ?1";
const COMPARE: &str = "INSERT INTO compared (epoch, member, at)
    SELECT max(number), ?1, ?2 FROM epoch WHERE true ON CONFLICT DO NOTHING";
const NEWEST: &str = "SELECT max(at) FROM (SELECT max(received) AS at FROM message
    UNION ALL SELECT max(created) FROM delivery UNION ALL SELECT max(ended) FROM delivery
    UNION ALL SELECT max(finished) FROM attempt)";
const OPEN: &str = "INSERT INTO epoch (number, opened, newest)
    SELECT max(max(number) + 1, ?1), ?2, ?3 FROM epoch";
const RAISE: &str = "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1";
const BEGIN: &str = "INSERT INTO sqlite_sequence (name, seq)
    SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)";

/// The epoch of a database, and who has compared in it.
pub(super) fn standing(db: &Connection) -> Result<Standing, Fault> {
    let (number, newest): (i64, Option<i64>) =
        db.query_row(CURRENT, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let compared = all(db, COMPARED, [number], |row| Columns::of(row).name())?.into_iter().collect();
    let epoch = Epoch { number: u64::try_from(number).unwrap_or(0), newest: newest.map(Timestamp) };
    Ok(Standing { epoch, compared })
}

/// Carries a comparison out.
pub(super) fn compare(db: &Connection, comparison: &Comparison) -> Result<(), Fault> {
    db.prepare_cached(COMPARE)?.execute(params![comparison.member.as_str(), comparison.at.0])?;
    Ok(())
}

/// Time of the newest commit; looks through whole tables.
pub(super) fn newest(db: &Connection) -> Result<Timestamp, Fault> {
    Ok(Timestamp(db.query_row(NEWEST, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0)))
}

/// Opens a new epoch in a database that was put back, at `now`.
///
/// What was numbered after the backup is unknown now, so numbering goes on from the microsecond of the restore: no number
/// told to anybody is ever used again, as long as the hub commits less than a million rows a second.
pub(super) fn open(db: &mut Connection, now: Timestamp) -> Result<Epoch, Fault> {
    let newest = newest(db)?;
    let step = db.transaction()?;
    step.execute(OPEN, [now.0.div_euclid(1_000), now.0, newest.0])?;
    for table in ["message", "delivery"] {
        let from = now.0.saturating_mul(1_000);
        step.execute(RAISE, params![table, from])?;
        step.execute(BEGIN, params![table, from])?;
    }
    step.commit()?;
    Ok(standing(db)?.epoch)
}
