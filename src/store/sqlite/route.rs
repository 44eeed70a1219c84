//! The route commit: the unrouted marker out, deliveries and renderings in; what waited for the certificate goes next.

use rusqlite::OptionalExtension;

use super::{
    accept::insert_body,
    delivery::{self, Place},
    parked, replaced, unaddressed,
    writer::Batch,
};
use crate::{
    model::{
        delivery::{Life, State},
        id::{DeliveryId, MessageId},
        time::Timestamp,
    },
    store::{
        Fault,
        job::PackedRouting,
        life::{Stored, settle},
        word::reason_of,
    },
};

const FIND: &str = "SELECT m.sequence, u.chain FROM message m LEFT JOIN unrouted u ON u.message = m.sequence
    WHERE m.id = ?1";
const BEFORE: &str = "SELECT m.id FROM unrouted u JOIN message m ON m.sequence = u.message
    WHERE u.chain = ?1 AND u.message < ?2 ORDER BY u.message LIMIT 1";
const UNMARK: &str = "DELETE FROM unrouted WHERE message = ?1";

/// Carries a routing out; one that was carried out before changes nothing.
pub(super) fn route(batch: &mut Batch<'_>, packed: &PackedRouting) -> Result<(), Fault> {
    let db = batch.db;
    let routing = &packed.routing;
    let found = db
        .prepare_cached(FIND)?
        .query_row([routing.message.0.as_bytes()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
        })
        .optional()?;
    let (message, chain) = match found.ok_or(Fault::MessageUnknown(routing.message))? {
        (message, Some(chain)) => (message, chain),
        (_, None) => return Ok(()),
    };
    let before: Option<[u8; 16]> =
        db.prepare_cached(BEFORE)?.query_row([chain, message], |row| row.get(0)).optional()?;
    if let Some(id) = before {
        return Err(Fault::Overtakes(MessageId(uuid::Uuid::from_bytes(id))));
    }
    db.prepare_cached(UNMARK)?.execute([message])?;
    batch.tally.unrouted -= 1;
    batch.wakes.moved = true;
    parked::let_go(batch, message, chain)?;
    unaddressed::routed(db, message, routing.unaddressed)?;
    let rows =
        packed.bodies.iter().map(|body| insert_body(db, message, body)).collect::<Result<Vec<_>, _>>()?;
    for (new, body) in routing.deliveries.iter().zip(&packed.body_of) {
        let body = body.and_then(|at| rows.get(at).copied());
        delivery::insert(batch, new, &Place { message, chain, body, config: Some(routing.config) })?;
    }
    for id in &routing.superseded {
        supersede(batch, *id, routing.at)?;
    }
    Ok(())
}

/// Ends an open delivery in favour of a later one, which moves up; what ended meanwhile is left as it is.
fn supersede(batch: &mut Batch<'_>, id: DeliveryId, at: Timestamp) -> Result<(), Fault> {
    let row = delivery::load(batch.db, id)?;
    let cancelled = Life { state: State::Cancelled, ..row.stored.life.clone() };
    let next = settle(&row.stored, &cancelled, false);
    if next == row.stored {
        return Ok(());
    }
    // Why it could not be sent is remembered: it tells a later version that the target never had it.
    let hold = reason_of(&row.stored.life.state).or(row.stored.hold);
    delivery::write(batch, &row, &Stored { hold, ..next }, at)?;
    replaced::superseded(batch, id)
}
