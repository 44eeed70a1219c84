//! Refusals, counted by day, member and reason.

use serde::{Deserialize, Serialize};

use super::{
    db::{Db, row},
    key::{Key, Table},
    word,
};
use crate::{
    model::{id::MemberId, reason::Reason},
    store::{
        Fault,
        refused::{DAYS_MAX, Refused},
    },
};

#[derive(Serialize, Deserialize)]
struct RefusedRow {
    day: i64,
    #[serde(with = "word")]
    member: MemberId,
    #[serde(with = "word")]
    reason: Reason,
    count: u64,
}

/// Adds what was counted, and forgets days that are too old.
pub(super) fn add(db: &mut Db, counted: &[Refused]) -> Result<(), Fault> {
    for Refused { day, member, reason, count } in counted.iter().cloned() {
        let key = Key::of(Table::Refused).int(day).text(member.as_str()).text(reason.code());
        let before = db.row::<RefusedRow>(&key)?.map_or(0, |row| row.count);
        db.put_row(key, &RefusedRow { day, member, reason, count: before.saturating_add(count) })?;
    }
    let Some(newest) = counted.iter().map(|refused| refused.day).max() else { return Ok(()) };
    let old = newest.saturating_sub(DAYS_MAX);
    let rows = db.scan(&Key::of(Table::Refused)).collect::<Result<Vec<_>, _>>()?;
    for (key, value) in rows {
        if row::<RefusedRow>(&value)?.day <= old {
            db.remove(Key(key));
        }
    }
    Ok(())
}

pub(super) fn since(db: &Db, from: i64) -> Result<Vec<Refused>, Fault> {
    let prefix = Key::of(Table::Refused);
    let first = prefix.clone().int(from).0;
    let told = |entry: Result<(Vec<u8>, Vec<u8>), Fault>| {
        let RefusedRow { day, member, reason, count } = row(&entry?.1)?;
        Ok(Refused { day, member, reason, count })
    };
    db.scan_from(&prefix, first).map(told).collect()
}
