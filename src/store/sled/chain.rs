//! Chains: a lineage and everything that names it as replaced.

use std::collections::BTreeSet;

use super::{
    batch::Batch,
    db::Db,
    delivery,
    key::{Key, Table},
    parked,
};
use crate::{
    model::{envelope::Function, key::Key as Subject},
    store::{
        Fault,
        record::{Acceptance, Stage},
    },
};

/// The chain of a push, made or joined as needed.
///
/// # Errors
/// [`Fault::DeliveryUnknown`] for a response to a delivery that is not in the store.
pub(super) fn of(batch: &mut Batch, push: &Acceptance) -> Result<i64, Fault> {
    if let (Function::Response, Some((delivery, _, _))) = (push.function, &push.answer) {
        let row = batch.db.delivery_of(*delivery)?.ok_or(Fault::DeliveryUnknown(*delivery))?;
        return Ok(batch.db.message_at(row.message)?.chain);
    }
    let subject = &push.subject;
    let own = batch.db.int(&key(subject, &subject.lineage))?;
    let Some(earlier) = &push.earlier_lineage else {
        return own.map_or_else(|| open(&mut batch.db, subject, &subject.lineage), Ok);
    };
    let chain = match (batch.db.int(&key(subject, earlier))?, own) {
        (Some(earlier_chain), Some(own_chain)) if earlier_chain != own_chain => {
            merge(batch, own_chain, earlier_chain)?;
            earlier_chain
        }
        (Some(chain), _) => chain,
        (None, Some(chain)) => {
            batch.db.put_int(key(subject, earlier), chain);
            chain
        }
        (None, None) => open(&mut batch.db, subject, earlier)?,
    };
    if own != Some(chain) {
        batch.db.put_int(key(subject, &subject.lineage), chain);
    }
    Ok(chain)
}

/// Where the chain of a lineage stands.
pub(super) fn key(subject: &Subject, lineage: &str) -> Key {
    Key::of(Table::Lineage).text(subject.agreement.as_str()).text(&subject.issuer).text(lineage)
}

fn open(db: &mut Db, subject: &Subject, lineage: &str) -> Result<i64, Fault> {
    let chain = db.number(Table::Chain)?;
    db.put_int(key(subject, lineage), chain);
    Ok(chain)
}

/// Moves everything of one chain into another: a replacement turned up after something that already names its number.
///
/// Rare, and the only writing that touches older rows of a chain. Every target keeps one head: the first by sequence.
fn merge(batch: &mut Batch, from: i64, into: i64) -> Result<(), Fault> {
    let mut targets = BTreeSet::new();
    for message in batch.db.messages_of(from)? {
        let subject = message.subject();
        for lineage in [Some(&message.lineage), message.earlier.as_ref()].into_iter().flatten() {
            if batch.db.int(&key(&subject, lineage))? == Some(from) {
                batch.db.put_int(key(&subject, lineage), into);
            }
        }
        // A digest is kept with a message and is in a chain of its own.
        let rows = batch.db.deliveries_of(message.sequence)?;
        for row in rows.into_iter().filter(|row| row.chain == from) {
            if row.ended.is_none() {
                targets.insert(row.target.clone());
            }
            super::row::DeliveryRow { chain: into, ..row.clone() }.save(&mut batch.db, Some(&row))?;
        }
        if let Stage::Unrouted { given_up } = batch.db.stage(message.sequence)? {
            message.unmark(&mut batch.db, from);
            message.mark(&mut batch.db, into, given_up);
        }
        parked::join(&mut batch.db, message.sequence, into)?;
        message.join(&mut batch.db, into)?;
    }
    for target in targets {
        delivery::demote_all_but_first(batch, &target, into)?;
    }
    Ok(())
}
