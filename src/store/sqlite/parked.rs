//! Messages that wait for the certificate they change: parked, let go after it, or given up.

use rusqlite::{Connection, params};

use super::{messages::all, row, writer::Batch};
use crate::{
    model::time::Timestamp,
    store::{
        Fault,
        record::{Acceptance, Message},
    },
};

const PARK: &str = "INSERT INTO parked (message, chain, awaits, until, source) VALUES (?1, ?2, ?3, ?4, ?5)";
/// As far as it matters.
const OF_SOURCE: &str =
    "SELECT count(*) FROM (SELECT 1 FROM parked INDEXED BY parked_source WHERE source = ?1 LIMIT ?2)";
/// What awaits the certificate that a message issues.
const LET_GO: &str = "INSERT INTO unrouted (message, chain) SELECT p.message, p.chain
    FROM message m CROSS JOIN parked p ON p.chain = ?2 AND p.awaits = m.lineage
    WHERE m.sequence = ?1 AND m.function IN (9, 5)";
const OVERDUE: &str = "SELECT DISTINCT chain FROM parked INDEXED BY parked_until WHERE until <= ?1
    ORDER BY until LIMIT ?2";
/// The whole chain, so that nothing of it overtakes.
const GIVE_UP: &str = "INSERT INTO unrouted (message, chain, given_up)
    SELECT message, chain, 1 FROM parked WHERE chain = ?1";
const UNPARK: &str = "DELETE FROM parked WHERE chain = ?1
    AND EXISTS (SELECT 1 FROM unrouted u WHERE u.message = parked.message)";
const LIST: &str = "SELECT w.* FROM parked p CROSS JOIN message_whole w ON w.sequence = p.message
    WHERE p.message > ?1 ORDER BY p.message LIMIT ?2";

/// Parks a message instead of marking it as unrouted.
pub(super) fn park(
    batch: &mut Batch<'_>,
    push: &Acceptance,
    (message, chain): (i64, i64),
    until: Timestamp,
) -> Result<(), Fault> {
    let awaits = push.earlier_lineage.as_ref().unwrap_or(&push.subject.lineage);
    let columns = params![message, chain, awaits, until.0, push.source.as_str()];
    batch.db.prepare_cached(PARK)?.execute(columns)?;
    batch.tally.parked += 1;
    Ok(())
}

/// Whether the source of a push has as many messages parked as it may.
pub(super) fn is_full(db: &Connection, push: &Acceptance) -> Result<bool, Fault> {
    let columns = params![push.source.as_str(), push.parked_max];
    let parked: u32 = db.prepare_cached(OF_SOURCE)?.query_row(columns, |row| row.get(0))?;
    Ok(parked >= push.parked_max)
}

/// Lets go what awaits the certificate of a message that is being routed.
pub(super) fn let_go(batch: &mut Batch<'_>, message: i64, chain: i64) -> Result<(), Fault> {
    let moved = batch.db.prepare_cached(LET_GO)?.execute([message, chain])?;
    moved_on(batch, chain, moved).map(drop)
}

/// Lets go the chains in which a message has waited for too long, at most `chains_max`; says how many messages go.
pub(super) fn give_up(batch: &mut Batch<'_>, now: Timestamp, chains_max: u32) -> Result<usize, Fault> {
    let overdue: Vec<i64> = all(batch.db, OVERDUE, params![now.0, chains_max], |row| Ok(row.get(0)?))?;
    let mut gone = 0;
    for chain in overdue {
        let moved = batch.db.prepare_cached(GIVE_UP)?.execute([chain])?;
        gone += moved_on(batch, chain, moved)?;
    }
    Ok(gone)
}

fn moved_on(batch: &mut Batch<'_>, chain: i64, moved: usize) -> Result<usize, Fault> {
    if moved > 0 {
        batch.db.prepare_cached(UNPARK)?.execute([chain])?;
        let count = i64::try_from(moved).unwrap_or(i64::MAX);
        batch.tally.parked -= count;
        batch.tally.unrouted += count;
        batch.wakes.unrouted = true;
    }
    Ok(moved)
}

pub(super) fn list(db: &Connection, after: i64, rows_max: u32) -> Result<Vec<Message>, Fault> {
    all(db, LIST, params![after, rows_max], row::message)
}
