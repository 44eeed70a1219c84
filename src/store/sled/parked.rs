//! Messages that wait for the certificate they change: parked, let go after it, or given up.

use std::collections::BTreeSet;

use super::{
    batch::Batch,
    db::{Db, int},
    key::{Key, Table},
    messages,
    row::{MessageRow, ParkedRow, VersionRow},
};
use crate::{
    model::{envelope::Function, time::Timestamp},
    store::{
        Fault,
        record::{Acceptance, Message},
    },
};

/// Parks a message instead of marking it as unrouted.
pub(super) fn park(
    batch: &mut Batch,
    push: &Acceptance,
    message: &MessageRow,
    until: Timestamp,
) -> Result<(), Fault> {
    let awaits = push.earlier_lineage.clone().unwrap_or_else(|| push.subject.lineage.clone());
    save(&mut batch.db, message.sequence, &ParkedRow { chain: message.chain, awaits, until })?;
    batch.tally.parked += 1;
    Ok(())
}

fn save(db: &mut Db, message: i64, row: &ParkedRow) -> Result<(), Fault> {
    db.put(Key::of(Table::ParkedChain).int(row.chain).int(message), Vec::new());
    db.put(Key::of(Table::ParkedUntil).int(row.until.0).int(message), Vec::new());
    let source = db.message_at(message)?.source;
    db.put(Key::of(Table::ParkedOf).text(source.as_str()).int(message), Vec::new());
    db.put_row(Key::of(Table::Parked).int(message), row)
}

fn remove(db: &mut Db, message: i64, row: &ParkedRow) -> Result<(), Fault> {
    db.remove(Key::of(Table::ParkedChain).int(row.chain).int(message));
    db.remove(Key::of(Table::ParkedUntil).int(row.until.0).int(message));
    let source = db.message_at(message)?.source;
    db.remove(Key::of(Table::ParkedOf).text(source.as_str()).int(message));
    db.remove(Key::of(Table::Parked).int(message));
    Ok(())
}

/// Moves a parked message into another chain.
pub(super) fn join(db: &mut Db, message: i64, chain: i64) -> Result<(), Fault> {
    let Some(row) = db.parked_as(message)? else { return Ok(()) };
    remove(db, message, &row)?;
    save(db, message, &ParkedRow { chain, ..row })
}

/// Whether the source of a push has as many messages parked as it may.
pub(super) fn is_full(db: &Db, push: &Acceptance) -> Result<bool, Fault> {
    let most = usize::try_from(push.parked_max).unwrap_or(usize::MAX);
    let parked = db.scan(&Key::of(Table::ParkedOf).text(push.source.as_str())).take(most);
    Ok(parked.collect::<Result<Vec<_>, _>>()?.len() >= most)
}

/// Lets go what awaits the certificate that a message which is being routed issues.
pub(super) fn let_go(batch: &mut Batch, message: &MessageRow, chain: i64) -> Result<(), Fault> {
    if matches!(message.function, Function::Original | Function::Replacement) {
        move_on(batch, chain, |row| row.awaits == message.lineage, false)?;
    }
    Ok(())
}

/// Lets go the chains in which a message has waited for too long, at most `chains_max`; says how many messages go.
pub(super) fn give_up(batch: &mut Batch, now: Timestamp, chains_max: u32) -> Result<usize, Fault> {
    let most = usize::try_from(chains_max).unwrap_or(usize::MAX);
    let mut overdue = BTreeSet::new();
    for entry in batch.db.scan(&Key::of(Table::ParkedUntil)) {
        let row = batch.db.parked_as(int(&entry?)?)?.ok_or_else(|| Fault::corrupt("parked message"))?;
        if row.until > now || overdue.len() >= most {
            break;
        }
        overdue.insert(row.chain);
    }
    let mut gone = 0;
    for chain in overdue {
        // The whole chain, so that nothing of it overtakes.
        gone += move_on(batch, chain, |_| true, true)?;
    }
    Ok(gone)
}

fn move_on(
    batch: &mut Batch,
    chain: i64,
    which: impl Fn(&ParkedRow) -> bool,
    given_up: bool,
) -> Result<usize, Fault> {
    let mut moved = 0;
    for message in batch.db.ints(&Key::of(Table::ParkedChain).int(chain))? {
        let Some(row) = batch.db.parked_as(message)?.filter(&which) else { continue };
        remove(&mut batch.db, message, &row)?;
        batch.db.message_at(message)?.mark(&mut batch.db, chain, given_up);
        batch.tally.parked -= 1;
        batch.tally.unrouted += 1;
        batch.wakes.unrouted = true;
        moved += 1;
    }
    Ok(moved)
}

/// The cancellation that waits for a version: what is issued after its own cancellation is cancelled from the start.
pub(super) fn cancels(db: &Db, chain: i64, version: &VersionRow) -> Result<Option<i64>, Fault> {
    for message in db.ints(&Key::of(Table::ParkedChain).int(chain))? {
        let awaits = db.parked_as(message)?.is_some_and(|row| row.awaits == version.lineage);
        let row = db.message_at(message)?;
        let later = row.version.is_some_and(|cancelled| cancelled >= version.version);
        if awaits && later && row.function == Function::Cancellation {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

pub(super) fn list(db: &Db, after: i64, most: usize) -> Result<Vec<Message>, Fault> {
    let table = Key::of(Table::Parked);
    let entries = db.scan_from(&table, table.clone().int(after).next()).take(most);
    entries.map(|entry| messages::whole(db, db.message_at(int(&entry?)?)?)).collect()
}
