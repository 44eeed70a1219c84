//! Refusals, counted by day, member and reason.

use rusqlite::{Connection, params};

use super::{messages::all, row::Columns};
use crate::{
    model::reason::Reason,
    store::{
        Fault,
        refused::{DAYS_MAX, Refused},
    },
};

const ADD: &str = "INSERT INTO refused (day, member, reason, count) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (day, member, reason) DO UPDATE SET count = count + excluded.count";
const FORGET: &str = "DELETE FROM refused WHERE day <= ?1";
const SINCE: &str = "SELECT day, member, reason, count FROM refused WHERE day >= ?1";

/// Adds what was counted, and forgets days that are too old.
pub(super) fn add(db: &Connection, counted: &[Refused]) -> Result<(), Fault> {
    for Refused { day, member, reason, count } in counted {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        db.prepare_cached(ADD)?.execute(params![day, member.as_str(), reason.code(), count])?;
    }
    if let Some(newest) = counted.iter().map(|refused| refused.day).max() {
        db.prepare_cached(FORGET)?.execute([newest.saturating_sub(DAYS_MAX)])?;
    }
    Ok(())
}

pub(super) fn since(db: &Connection, from: i64) -> Result<Vec<Refused>, Fault> {
    all(db, SINCE, [from], |row| {
        let mut c = Columns::of(row);
        Ok(Refused {
            day: c.take()?,
            member: c.name()?,
            reason: c.read("reason", |code: String| Reason::of(&code))?,
            count: c.take::<i64>()?.unsigned_abs(),
        })
    })
}
