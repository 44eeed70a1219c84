//! Rows of deliveries: made, moved between states, promoted to head.

use super::{batch::Batch, key::Table, row::DeliveryRow};
use crate::{
    model::{
        delivery::{Life, State},
        id::{Digest, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        claim::Rank,
        life::{Stored, head},
        record::NewDelivery,
    },
};

/// Where a new delivery goes.
pub(super) struct Place {
    /// Sequence of its message.
    pub(super) message: i64,
    /// Chain it joins.
    pub(super) chain: i64,
    /// Number of what is sent.
    pub(super) body: Option<i64>,
    /// Configuration it was routed under; none for the hub's own word.
    pub(super) config: Option<Digest>,
}

/// Appends a delivery to its (target, chain): head if nothing before it is open, else queued.
pub(super) fn insert(batch: &mut Batch, new: &NewDelivery, place: &Place) -> Result<DeliveryRow, Fault> {
    if batch.db.delivery_of(new.id)?.is_some() {
        return Err(Fault::Engine("a delivery id given out twice".into()));
    }
    let behind = !batch.db.open_of(new.target.as_str(), place.chain)?.is_empty();
    // Without bytes there is nothing to send, whatever the caller says.
    let hold = new.held.or(place.body.is_none().then_some(Reason::Unrenderable));
    let state = if behind { State::Queued } else { head(hold, new.created) };
    let about = match new.about {
        Some(id) => batch.db.message_of(id)?.map(|message| message.sequence),
        None => None,
    };
    let message = batch.db.message_at(place.message)?;
    let row = DeliveryRow {
        sequence: batch.db.number(Table::Delivery)?,
        id: new.id,
        message: place.message,
        chain: place.chain,
        target: new.target.clone(),
        source: message.source,
        test: message.test,
        cargo: new.cargo,
        view: new.view,
        body: place.body,
        weight: new.weight,
        urgent: new.rank == Rank::Urgent,
        bulk: new.rank == Rank::Bulk,
        created: new.created,
        config: place.config,
        losses: new.losses.clone(),
        because: new.because.clone(),
        state: state.word().to_owned(),
        reason: hold,
        due: state.due(),
        failures: 0,
        attempts: 0,
        ended: None,
        about,
        gap: new.gap,
        replay_of: None,
        replaced: false,
    };
    row.save(&mut batch.db, None)?;
    if let Some(within) = new.answer_within {
        super::awaited::begin(&mut batch.db, place.message, &new.target, within)?;
    }
    batch.tally.count(&state, 1);
    batch.wakes.of(&new.target, &state);
    Ok(row)
}

/// The part of a stored delivery that an outcome looks at.
pub(super) fn stored(row: &DeliveryRow) -> Result<Stored, Fault> {
    let state = row.state()?;
    let hold = row.reason.filter(|_| state == State::Queued);
    Ok(Stored { life: Life { state, created: row.created, failures: row.failures }, hold })
}

/// Writes the next life of a delivery; when that ends it, the chain may need a new head.
pub(super) fn write(batch: &mut Batch, row: &DeliveryRow, next: &Stored, at: Timestamp) -> Result<(), Fault> {
    let (old, new) = (row.state()?, &next.life.state);
    let ended = new.is_final().then_some(at);
    let before = batch.db.delivery_at(row.sequence)?;
    let after = DeliveryRow { failures: next.life.failures, ended, ..row.moved(new, next.hold) };
    after.save(&mut batch.db, Some(&before))?;
    batch.tally.count(&old, -1 + i64::from(row.replaced));
    batch.tally.count(new, 1);
    if *new == State::Delivered {
        super::replaced::by_later(batch, row)?;
        super::awaited::arrived(&mut batch.db, row, at)?;
    }
    if new.is_final() {
        promote(batch, &row.target, row.chain, at)?;
    }
    batch.wakes.of(&row.target, new);
    Ok(())
}

/// Gives the chain a head, if it has none and something is queued.
pub(super) fn promote(batch: &mut Batch, target: &MemberId, chain: i64, now: Timestamp) -> Result<(), Fault> {
    let Some(first) = batch.db.open_of(target.as_str(), chain)?.into_iter().next() else { return Ok(()) };
    let row = batch.db.delivery_at(first)?;
    if row.state != State::Queued.word() {
        return Ok(());
    }
    let state = head(row.reason, now);
    row.moved(&state, None).save(&mut batch.db, Some(&row))?;
    batch.tally.count(&State::Queued, -1);
    batch.tally.count(&state, 1);
    batch.wakes.of(target, &state);
    Ok(())
}

/// After two chains became one: every open delivery to the target but the first is queued again, holds remembered.
pub(super) fn demote_all_but_first(batch: &mut Batch, target: &MemberId, chain: i64) -> Result<(), Fault> {
    for sequence in batch.db.open_of(target.as_str(), chain)?.into_iter().skip(1) {
        let row = batch.db.delivery_at(sequence)?;
        let state = row.state()?;
        if state != State::Queued {
            row.moved(&State::Queued, row.reason).save(&mut batch.db, Some(&row))?;
            batch.tally.count(&state, -1);
            batch.tally.count(&State::Queued, 1);
        }
    }
    Ok(())
}
