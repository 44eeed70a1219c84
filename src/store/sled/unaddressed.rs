//! Certificates that name no importing country, until somebody addresses them or a later version takes their place.

use super::{
    batch::Batch,
    db::Db,
    key::{Key, Table},
    messages,
    row::MessageRow,
};
use crate::{
    model::envelope::Function,
    store::{Fault, backlog::COUNTED_MAX, record::Message},
};

/// A message was routed; `unaddressed` says that it waits to be addressed.
pub(super) fn routed(batch: &mut Batch, message: &MessageRow, unaddressed: bool) -> Result<(), Fault> {
    if message.function == Function::Response {
        return Ok(());
    }
    for other in batch.db.messages_of(message.chain)? {
        let later = message.function == Function::Cancellation || other.version <= message.version;
        let changed =
            Some(&other.lineage) == message.earlier.as_ref() || other.lineage == message.lineage && later;
        if other.sequence != message.sequence && changed {
            addressed(batch, other.sequence);
        }
    }
    if unaddressed {
        batch.db.put(Key::of(Table::Unaddressed).int(message.sequence), Vec::new());
    }
    Ok(())
}

/// A message was addressed.
pub(super) fn addressed(batch: &mut Batch, message: i64) {
    batch.db.remove(Key::of(Table::Unaddressed).int(message));
}

pub(super) fn count(db: &Db) -> Result<u32, Fault> {
    let most = usize::try_from(COUNTED_MAX).unwrap_or(usize::MAX);
    let entries = db.scan(&Key::of(Table::Unaddressed)).take(most).collect::<Result<Vec<_>, _>>()?;
    Ok(u32::try_from(entries.len()).unwrap_or(COUNTED_MAX))
}

pub(super) fn list(db: &Db, after: i64, most: usize) -> Result<Vec<Message>, Fault> {
    let table = Key::of(Table::Unaddressed);
    let entries = db.scan_from(&table, table.clone().int(after).next()).take(most);
    let last = |key: &[u8]| super::key::last_int(key).ok_or_else(|| Fault::corrupt("key"));
    entries.map(|entry| messages::whole(db, db.message_at(last(&entry?.0)?)?)).collect()
}
