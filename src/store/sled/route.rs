//! The route commit and the attempt commit.

use super::{
    asked,
    batch::Batch,
    delivery::{self, Place},
    key::{Key, Table, last_int},
    news, parked, replaced,
    row::{AttemptRow, DeliveryRow},
    unaddressed,
};
use crate::{
    model::{
        delivery::{Life, State},
        id::DeliveryId,
        time::Timestamp,
    },
    store::{
        Fault,
        job::PackedRouting,
        life::{Stored, settle},
        pack::Packed,
        record::{Attempt, Outcome},
        word::reason_of,
    },
};

/// Carries a routing out; one that was carried out before changes nothing.
pub(super) fn route(batch: &mut Batch, packed: &PackedRouting) -> Result<(), Fault> {
    let routing = &packed.routing;
    let message = batch.db.message_of(routing.message)?.ok_or(Fault::MessageUnknown(routing.message))?;
    let Some(chain) = batch.db.unrouted_in(message.sequence)? else { return Ok(()) };
    if let Some(entry) = batch.db.scan(&Key::of(Table::UnroutedChain).int(chain)).next() {
        let first = last_int(&entry?.0).ok_or_else(|| Fault::corrupt("key"))?;
        if first < message.sequence {
            return Err(Fault::Overtakes(batch.db.message_at(first)?.id));
        }
    }
    message.unmark(&mut batch.db, chain);
    batch.tally.unrouted -= 1;
    batch.wakes.moved = true;
    parked::let_go(batch, &message, chain)?;
    unaddressed::routed(batch, &message, routing.unaddressed)?;
    let bodies = packed.bodies.iter().map(|body| batch.db.insert_body(message.sequence, body));
    let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
    for (new, body) in routing.deliveries.iter().zip(&packed.body_of) {
        let body = body.and_then(|at| bodies.get(at).copied());
        let place = Place { message: message.sequence, chain, body, config: Some(routing.config) };
        delivery::insert(batch, new, &place)?;
    }
    for id in &routing.superseded {
        supersede(batch, *id, routing.at)?;
    }
    Ok(())
}

/// Ends an open delivery in favour of a later one, which moves up; what ended meanwhile is left as it is.
fn supersede(batch: &mut Batch, id: DeliveryId, at: Timestamp) -> Result<(), Fault> {
    let row = batch.db.delivery_of(id)?.ok_or(Fault::DeliveryUnknown(id))?;
    let stored = delivery::stored(&row)?;
    let cancelled = Life { state: State::Cancelled, ..stored.life.clone() };
    let next = settle(&stored, &cancelled, false);
    if next == stored {
        return Ok(());
    }
    // Why it could not be sent is remembered: it tells a later version that the target never had it.
    let hold = reason_of(&stored.life.state).or(stored.hold);
    delivery::write(batch, &row, &Stored { hold, ..next }, at)?;
    replaced::superseded(batch, row.sequence)
}

/// Carries an outcome out.
pub(super) fn finish(batch: &mut Batch, outcome: &Outcome, notice: Option<&Packed>) -> Result<(), Fault> {
    let before = batch.db.delivery_of(outcome.delivery)?.ok_or(Fault::DeliveryUnknown(outcome.delivery))?;
    let mut row = before.clone();
    if let Some(attempt) = &outcome.attempt {
        row.attempts = record(batch, &row, attempt)?;
    }
    let stored = delivery::stored(&row)?;
    let next = settle(&stored, &outcome.life, outcome.attempt.is_some());
    if next != stored {
        delivery::write(batch, &row, &next, outcome.at)?;
    } else if row.attempts != before.attempts {
        row.save(&mut batch.db, Some(&before))?;
    }
    let attempt = outcome.attempt.as_ref();
    asked::answer(&mut batch.db, &row.target, row.sequence, attempt, outcome.at)?;
    news::tell(batch, &row, (&stored.life.state, &next.life.state), outcome, notice)
}

/// Keeps an attempt as evidence and gives the number of attempts then made.
///
/// The same attempt told twice, after a commit of unknown outcome, is kept once. Another attempt under a number that is
/// taken gets the next one: evidence is never dropped.
fn record(batch: &mut Batch, row: &DeliveryRow, attempt: &Attempt) -> Result<u32, Fault> {
    let of = |number: u32| Key::of(Table::Attempt).int(row.sequence).int(i64::from(number));
    let known: Option<AttemptRow> = batch.db.row(&of(attempt.number))?;
    if known.is_some_and(|known| known.attempt() == *attempt) {
        return Ok(row.attempts.max(attempt.number));
    }
    let number = attempt.number.max(row.attempts.saturating_add(1));
    batch.db.put_row(of(number), &AttemptRow::of(attempt, number))?;
    Ok(number)
}
