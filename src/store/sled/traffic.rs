//! Counting deliveries by the hour: row by row, for the tree has no aggregates.

use std::collections::BTreeMap;

use super::{
    db::{Db, int},
    key::{Key, Table},
};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        record::Cargo,
        traffic::{HOUR_MILLIS, Traffic, class},
    },
};

pub(super) fn traffic(
    db: &Db,
    target: &MemberId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Traffic>, Fault> {
    let prefix = Key::of(Table::Sent).text(target.as_str());
    let (first, end) = (prefix.clone().int(from.0).0, prefix.clone().int(until.0).0);
    let mut counted: BTreeMap<Traffic, u64> = BTreeMap::new();
    for entry in db.scan_from(&prefix, first) {
        let entry = entry?;
        if entry.0 >= end {
            break;
        }
        let row = db.delivery_at(int(&entry)?)?;
        if row.cargo != Cargo::Certificate || row.replay_of.is_some() || row.test {
            continue;
        }
        let took = row.ended.filter(|_| row.state == "delivered").map(|ended| ended.0 - row.created.0);
        let key = Traffic {
            hour: Timestamp(row.created.0.div_euclid(HOUR_MILLIS) * HOUR_MILLIS),
            source: row.source.clone(),
            agreement: db.message_at(row.message)?.agreement,
            state: row.state.clone(),
            class: took.map(class),
            count: 0,
        };
        *counted.entry(key).or_default() += 1;
    }
    Ok(counted.into_iter().map(|(key, count)| Traffic { count, ..key }).collect())
}
