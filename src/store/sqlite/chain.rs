//! Chains: a lineage and everything that names it as replaced.

use rusqlite::{Connection, OptionalExtension, params};

use super::delivery;
use crate::{
    model::{envelope::Function, key::Key},
    store::{Fault, record::Acceptance, sqlite::writer::Batch},
};

const OF_LINEAGE: &str = "SELECT chain FROM lineage WHERE agreement = ?1 AND issuer = ?2 AND lineage = ?3";
const OF_DELIVERY: &str =
    "SELECT m.chain FROM delivery d JOIN message m ON m.sequence = d.message WHERE d.id = ?1";
const NEW: &str = "INSERT INTO chain DEFAULT VALUES";
const BIND: &str = "INSERT INTO lineage (agreement, issuer, lineage, chain) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (agreement, issuer, lineage) DO UPDATE SET chain = excluded.chain";

/// The chain of a push, made or joined as needed.
///
/// # Errors
/// [`Fault::DeliveryUnknown`] for a response to a delivery that is not in the store.
pub(super) fn of(batch: &mut Batch<'_>, push: &Acceptance) -> Result<i64, Fault> {
    if let (Function::Response, Some((delivery, _, _))) = (push.function, &push.answer) {
        let chain =
            batch.db.prepare_cached(OF_DELIVERY)?.query_row([delivery.0.as_bytes()], |row| row.get(0));
        return chain.optional()?.ok_or(Fault::DeliveryUnknown(*delivery));
    }
    let own = find(batch.db, &push.subject, &push.subject.lineage)?;
    let Some(earlier) = &push.earlier_lineage else {
        return own.map_or_else(|| open(batch.db, &push.subject, &push.subject.lineage), Ok);
    };
    let chain = match (find(batch.db, &push.subject, earlier)?, own) {
        (Some(earlier_chain), Some(own_chain)) if earlier_chain != own_chain => {
            merge(batch, own_chain, earlier_chain)?;
            earlier_chain
        }
        (Some(chain), _) => chain,
        (None, Some(chain)) => {
            bind(batch.db, &push.subject, earlier, chain)?;
            chain
        }
        (None, None) => open(batch.db, &push.subject, earlier)?,
    };
    if own != Some(chain) {
        bind(batch.db, &push.subject, &push.subject.lineage, chain)?;
    }
    Ok(chain)
}

fn find(db: &Connection, key: &Key, lineage: &str) -> Result<Option<i64>, Fault> {
    let mut statement = db.prepare_cached(OF_LINEAGE)?;
    Ok(statement.query_row((key.agreement.as_str(), &key.issuer, lineage), |row| row.get(0)).optional()?)
}

fn open(db: &Connection, key: &Key, lineage: &str) -> Result<i64, Fault> {
    db.prepare_cached(NEW)?.execute([])?;
    let chain = db.last_insert_rowid();
    bind(db, key, lineage, chain)?;
    Ok(chain)
}

fn bind(db: &Connection, key: &Key, lineage: &str, chain: i64) -> Result<(), Fault> {
    db.prepare_cached(BIND)?.execute(params![key.agreement.as_str(), key.issuer, lineage, chain])?;
    Ok(())
}

/// Moves everything of one chain into another: a replacement turned up after something that already names its number.
///
/// Rare, and the only writing that touches older rows of a chain. Every target keeps one head: the first by sequence.
fn merge(batch: &mut Batch<'_>, from: i64, into: i64) -> Result<(), Fault> {
    const LINEAGES: &str =
        "UPDATE lineage SET chain = ?2 WHERE chain = ?1 AND (agreement, issuer, lineage) IN (
        SELECT agreement, issuer, lineage FROM message WHERE chain = ?1
        UNION SELECT agreement, issuer, earlier FROM message WHERE chain = ?1 AND earlier IS NOT NULL)";
    const TARGETS: &str = "SELECT DISTINCT target FROM delivery WHERE ended IS NULL
        AND message IN (SELECT sequence FROM message WHERE chain = ?1)";
    const DELIVERIES: &str = "UPDATE delivery SET chain = ?2
        WHERE chain = ?1 AND message IN (SELECT sequence FROM message WHERE chain = ?1)";
    const MESSAGES: &str = "UPDATE message SET chain = ?2 WHERE chain = ?1";
    const UNROUTED: &str = "UPDATE unrouted SET chain = ?2 WHERE chain = ?1";
    const PARKED: &str = "UPDATE parked SET chain = ?2 WHERE chain = ?1";
    let db = batch.db;
    let targets: Vec<String> =
        db.prepare_cached(TARGETS)?.query_map([from], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for statement in [LINEAGES, DELIVERIES, UNROUTED, PARKED, MESSAGES] {
        db.prepare_cached(statement)?.execute([from, into])?;
    }
    for target in targets {
        delivery::demote_all_but_first(batch, &target, into)?;
    }
    Ok(())
}
