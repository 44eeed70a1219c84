//! Reads for operators: figures per target, and pages of shelves. Every query runs along one index.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{awaited, deliveries::by_sequence};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        backlog::{Backlog, COUNTED_MAX, LOOKED_AT_MAX, Listing, Page, Place, Shelf},
        claim::Stream,
    },
};

const OPEN: &str = "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY delivery_queue
    WHERE target = ?1 AND ended IS NULL LIMIT ?2)";
const DUE: &str = "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY delivery_due
    WHERE target = ?1 AND urgent IN (-2, -1, 0, 1) AND due IS NOT NULL AND due <= ?3 LIMIT ?2)";
const HELD: &str = "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY delivery_held
    WHERE target = ?1 AND state = 'held' LIMIT ?2)";
const DEAD: &str = "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY delivery_dead
    WHERE target = ?1 AND state IN ('refused', 'expired', 'cancelled') AND replaced = 0 LIMIT ?2)";
const OLDEST: &str = "SELECT min(created) FROM delivery INDEXED BY delivery_age
    WHERE target = ?1 AND ended IS NULL AND state <> 'queued'";
// Test traffic has the rank -2 and no other.
const OLDEST_LIVE: &str = "SELECT created FROM (
    SELECT created, urgent FROM delivery INDEXED BY delivery_age
    WHERE target = ?1 AND ended IS NULL AND state <> 'queued' ORDER BY created, sequence LIMIT ?2)
    WHERE urgent <> -2 LIMIT 1";

/// Sequence, target, key and state of what is on a shelf after a place, with its source.
pub(super) fn shelf(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Waiting => {
            "SELECT d.sequence, d.target, d.created, d.state, m.source
            FROM delivery d INDEXED BY delivery_age CROSS JOIN message m ON m.sequence = d.message
            WHERE d.ended IS NULL AND d.state <> 'queued' AND (d.target, d.created, d.sequence) > (?1, ?2, ?3)
            ORDER BY d.target, d.created, d.sequence LIMIT ?4"
        }
        Shelf::Held => {
            "SELECT d.sequence, d.target, d.created, d.state, m.source
            FROM delivery d INDEXED BY delivery_held CROSS JOIN message m ON m.sequence = d.message
            WHERE d.state = 'held' AND (d.target, d.created, d.sequence) > (?1, ?2, ?3)
            ORDER BY d.target, d.created, d.sequence LIMIT ?4"
        }
        Shelf::Queued => {
            "SELECT d.sequence, d.target, d.chain, d.state, m.source
            FROM delivery d INDEXED BY delivery_queue CROSS JOIN message m ON m.sequence = d.message
            WHERE d.ended IS NULL AND (d.target, d.chain, d.sequence) > (?1, ?2, ?3)
            ORDER BY d.target, d.chain, d.sequence LIMIT ?4"
        }
        Shelf::Dead => {
            "SELECT d.sequence, d.target, d.ended, d.state, m.source
            FROM delivery d INDEXED BY delivery_dead CROSS JOIN message m ON m.sequence = d.message
            WHERE d.state IN ('refused', 'expired', 'cancelled') AND d.replaced = 0
            AND (d.target, d.ended, d.sequence) > (?1, ?2, ?3)
            ORDER BY d.target, d.ended, d.sequence LIMIT ?4"
        }
        Shelf::Awaited => {
            "SELECT a.delivery, a.target, a.until, 'delivered', m.source
            FROM awaited a INDEXED BY awaited_until CROSS JOIN message m ON m.sequence = a.message
            WHERE a.until IS NOT NULL AND (a.target, a.until, a.delivery) > (?1, ?2, ?3)
            ORDER BY a.target, a.until, a.delivery LIMIT ?4"
        }
    }
}

pub(super) fn backlog(db: &Connection, target: &MemberId, now: Timestamp) -> Result<Backlog, Fault> {
    let count = |query: &str| -> Result<u32, Fault> {
        Ok(db.prepare_cached(query)?.query_row((target.as_str(), COUNTED_MAX), |row| row.get(0))?)
    };
    let due =
        db.prepare_cached(DUE)?.query_row(params![target.as_str(), COUNTED_MAX, now.0], |row| row.get(0))?;
    let oldest: Option<i64> = db.prepare_cached(OLDEST)?.query_row([target.as_str()], |row| row.get(0))?;
    let oldest_live: Option<i64> = db
        .prepare_cached(OLDEST_LIVE)?
        .query_row((target.as_str(), COUNTED_MAX), |row| row.get(0))
        .optional()?;
    Ok(Backlog {
        open: count(OPEN)?,
        due,
        held: count(HELD)?,
        dead: count(DEAD)?,
        overdue: awaited::overdue(db, target, now)?,
        oldest: oldest.map(Timestamp),
        oldest_live: oldest_live.map(Timestamp),
        next_due: super::deliveries::next_due(db, target, Stream::All, now)?,
    })
}

pub(super) fn list(db: &Connection, listing: &Listing, rows_max: u32) -> Result<Page, Fault> {
    let wanted = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let state = listing.state.or((listing.shelf == Shelf::Queued).then_some("queued"));
    let mut place = listing.after.clone().unwrap_or_else(|| {
        let target = listing.target.as_ref().map(ToString::to_string).unwrap_or_default();
        Place { target, key: i64::MIN, sequence: 0 }
    });
    let mut deliveries = Vec::new();
    let mut statement = db.prepare_cached(shelf(listing.shelf))?;
    let from = params![place.target, place.key, place.sequence, LOOKED_AT_MAX];
    let mut rows = statement.query(from)?;
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        let (sequence, target, key): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if listing.target.as_ref().is_some_and(|only| only.as_str() != target) {
            return Ok(Page { deliveries, next: None });
        }
        if deliveries.len() >= wanted {
            return Ok(Page { deliveries, next: Some(place) });
        }
        let (word, source): (String, String) = (row.get(3)?, row.get(4)?);
        let fits = state.is_none_or(|state| state == word)
            && listing.source.as_ref().is_none_or(|only| only.as_str() == source)
            && listing.until.is_none_or(|until| key <= until.0);
        if fits {
            deliveries.extend(by_sequence(db, sequence)?);
        }
        place = Place { target, key, sequence };
        looked_at += 1;
    }
    Ok(Page { deliveries, next: (looked_at == LOOKED_AT_MAX).then_some(place) })
}
