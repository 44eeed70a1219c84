//! What ended without arriving, and counts no more: another delivery took its place.

use rusqlite::params;

use super::{delivery::Row, writer::Batch};
use crate::{
    model::id::DeliveryId,
    store::{Fault, record::Cargo},
};

const REPEATED: &str = "UPDATE delivery SET replaced = 1
    WHERE state IN ('refused', 'expired', 'cancelled') AND replaced = 0 AND id <> ?1
    AND (message, target, cargo) = (SELECT message, target, cargo FROM delivery WHERE id = ?1)";
const OVERTAKEN: &str = "UPDATE delivery INDEXED BY delivery_dead_chain SET replaced = 1
    WHERE target = ?1 AND chain = ?2 AND state IN ('refused', 'expired', 'cancelled') AND replaced = 0
    AND message < ?3 AND cargo IN ('certificate', 'cancellation')";
const ONE: &str = "UPDATE delivery SET replaced = 1
    WHERE id = ?1 AND state IN ('refused', 'expired', 'cancelled') AND replaced = 0";

/// A delivery repeats others of its message to its target: those that ended badly count no more.
pub(super) fn by_repeat(batch: &mut Batch<'_>, repeat: DeliveryId) -> Result<(), Fault> {
    let changed = batch.db.prepare_cached(REPEATED)?.execute([repeat.0.as_bytes()])?;
    forget(batch, changed);
    Ok(())
}

/// A delivery arrived: what ended badly of earlier messages of its chain to its target counts no more.
pub(super) fn by_later(batch: &mut Batch<'_>, later: &Row) -> Result<(), Fault> {
    if matches!(later.cargo, Cargo::Certificate | Cargo::Cancellation) {
        let columns = params![later.target.as_str(), later.chain, later.message];
        let changed = batch.db.prepare_cached(OVERTAKEN)?.execute(columns)?;
        forget(batch, changed);
    }
    Ok(())
}

/// A delivery was ended in favour of a later one.
pub(super) fn superseded(batch: &mut Batch<'_>, id: DeliveryId) -> Result<(), Fault> {
    let changed = batch.db.prepare_cached(ONE)?.execute([id.0.as_bytes()])?;
    forget(batch, changed);
    Ok(())
}

fn forget(batch: &mut Batch<'_>, changed: usize) {
    batch.tally.failed -= i64::try_from(changed).unwrap_or(i64::MAX);
}
