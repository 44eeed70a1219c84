//! The route commit: the unrouted marker out, deliveries and renderings in.

use rusqlite::OptionalExtension;

use super::{
    accept::insert_body,
    delivery::{self, Place},
    writer::Batch,
};
use crate::{
    model::id::MessageId,
    store::{Fault, job::PackedRouting},
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
    let rows =
        packed.bodies.iter().map(|body| insert_body(db, message, body)).collect::<Result<Vec<_>, _>>()?;
    for (new, body) in routing.deliveries.iter().zip(&packed.body_of) {
        let body = body.and_then(|at| rows.get(at).copied());
        delivery::insert(batch, new, &Place { message, chain, body, config: Some(routing.config) })?;
    }
    Ok(())
}
