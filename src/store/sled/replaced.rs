//! What ended without arriving, and counts no more: another delivery took its place.

use super::{
    batch::Batch,
    key::{Key, Table},
    row::DeliveryRow,
};
use crate::store::{Fault, record::Cargo};

impl DeliveryRow {
    /// Whether it ended without arriving.
    pub(super) fn is_dead(&self) -> bool {
        ["refused", "expired", "cancelled"].contains(&self.state.as_str())
    }
}

/// A delivery repeats others of its message to its target: those that ended badly count no more.
pub(super) fn by_repeat(batch: &mut Batch, repeat: &DeliveryRow) -> Result<(), Fault> {
    for row in batch.db.deliveries_of(repeat.message)? {
        if row.target == repeat.target && row.cargo == repeat.cargo && row.sequence != repeat.sequence {
            forget(batch, &row)?;
        }
    }
    Ok(())
}

/// A delivery arrived: what ended badly of earlier messages of its chain to its target counts no more.
pub(super) fn by_later(batch: &mut Batch, later: &DeliveryRow) -> Result<(), Fault> {
    let of_certificate = |cargo| matches!(cargo, Cargo::Certificate | Cargo::Cancellation);
    if !of_certificate(later.cargo) {
        return Ok(());
    }
    let dead = Key::of(Table::DeadChain).text(later.target.as_str()).int(later.chain);
    for sequence in batch.db.ints(&dead)? {
        let row = batch.db.delivery_at(sequence)?;
        if row.message < later.message && of_certificate(row.cargo) {
            forget(batch, &row)?;
        }
    }
    Ok(())
}

/// A delivery was ended in favour of a later one.
pub(super) fn superseded(batch: &mut Batch, sequence: i64) -> Result<(), Fault> {
    let row = batch.db.delivery_at(sequence)?;
    forget(batch, &row)
}

fn forget(batch: &mut Batch, row: &DeliveryRow) -> Result<(), Fault> {
    if row.is_dead() && !row.replaced {
        DeliveryRow { replaced: true, ..row.clone() }.save(&mut batch.db, Some(row))?;
        batch.tally.failed -= 1;
    }
    Ok(())
}
