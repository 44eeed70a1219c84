//! The accept commit: duplicate check, standing check, message, bodies, signatures, version, chain, receipt, and the
//! unrouted marker or the one that says what it waits for.

use rusqlite::{Connection, params};

use super::{attachment, awaited, chain, messages, parked, signatures, writer::Batch};
use crate::{
    model::{envelope::Function, key::normal_form},
    store::{
        Fault,
        pack::Packed,
        record::{Acceptance, Accepted},
    },
};

const MESSAGE: &str = "INSERT INTO message (id, source, key, digest, fingerprint, received, function, agreement, issuer,
    number, normal, lineage, earlier, version, chain, canonical, format, media_type, config, test, duplicate_of, demand, bulk)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)";
const RECEIPT: &str = "INSERT INTO receipt (message, bytes) VALUES (?1, ?2)";
const UNROUTED: &str = "INSERT INTO unrouted (message, chain) VALUES (?1, ?2)";
const BODY: &str =
    "INSERT INTO body (message, role, format, made_by, media_type, digest, size, coding, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
/// What is issued after its own cancellation, which waits for it, is cancelled from the start.
const VERSION: &str =
    "INSERT INTO version (agreement, issuer, number, version, lineage, message, canonical, cancelled)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT p.message FROM parked p JOIN message c ON c.sequence = p.message
    WHERE p.chain = ?8 AND p.awaits = ?5 AND c.function = 1 AND c.version >= ?4 ORDER BY p.message LIMIT 1))";
const CANCEL: &str = "UPDATE version SET cancelled = coalesce(cancelled, ?5)
    WHERE agreement = ?1 AND issuer = ?2 AND lineage = ?3 AND version = ?4";
const ANSWER: &str = "INSERT INTO answer (message, delivery, answer, reason, at)
    VALUES (?1, (SELECT sequence FROM delivery WHERE id = ?2), ?3, ?4, ?5)";

/// Carries an accept out.
pub(super) fn accept(batch: &mut Batch<'_>, push: &Acceptance, bodies: &[Packed]) -> Result<Accepted, Fault> {
    if let Some(repeated) = repeated(batch.db, push)? {
        return Ok(repeated);
    }
    let now = messages::standing(batch.db, &push.subject, push.earlier_lineage.as_deref())?;
    let writes_version = push.function.has_document() && push.duplicate_of.is_none();
    // A response is about a delivery; whatever became of the certificate since does not change it.
    if push.function != Function::Response && !push.seen.holds(&now, writes_version) {
        return Ok(Accepted::Changed);
    }
    let attachments = match attachment::named(batch.db, &push.source, &push.attachments)? {
        Ok(attachments) => attachments,
        Err(missing) => return Ok(Accepted::Missing(missing)),
    };
    if push.duplicate_of.is_none() && push.parked_until.is_some() && parked::is_full(batch.db, push)? {
        return Ok(Accepted::TooManyParked);
    }
    let chain = chain::of(batch, push)?;
    let latest = now.latest.as_ref().map(|known| known.version);
    let version = push.subject.version.or(if writes_version {
        Some(latest.unwrap_or(0).saturating_add(1))
    } else {
        latest
    });
    let sequence = insert_message(batch.db, push, chain, version)?;
    batch.db.prepare_cached(RECEIPT)?.execute(params![sequence, push.receipt])?;
    signatures::insert(batch.db, sequence, push)?;
    for body in bodies {
        insert_body(batch.db, sequence, body)?;
    }
    attachment::bind(batch.db, sequence, &attachments)?;
    if push.duplicate_of.is_none() {
        apply(batch.db, push, (sequence, chain), version)?;
        if let Some(until) = push.parked_until {
            parked::park(batch, push, (sequence, chain), until)?;
        } else {
            batch.db.prepare_cached(UNROUTED)?.execute([sequence, chain])?;
            batch.tally.unrouted += 1;
            batch.wakes.unrouted = true;
        }
    }
    batch.tally.messages += 1;
    Ok(Accepted::Stored)
}

/// Writes one body and gives its row id.
pub(super) fn insert_body(db: &Connection, message: i64, body: &Packed) -> Result<i64, Fault> {
    db.prepare_cached(BODY)?.execute(params![
        message,
        body.role.word(),
        body.format,
        body.made_by.0,
        body.media_type,
        body.digest.0,
        body.size,
        if body.compressed { "zstd" } else { "raw" },
        body.bytes,
    ])?;
    Ok(db.last_insert_rowid())
}

fn repeated(db: &Connection, push: &Acceptance) -> Result<Option<Accepted>, Fault> {
    let known = messages::receipt(db, &push.source, &push.key)?;
    Ok(known.map(|known| {
        if known.fingerprint == push.fingerprint {
            Accepted::Duplicate { id: known.id, receipt: known.receipt }
        } else {
            Accepted::Conflict
        }
    }))
}

fn insert_message(
    db: &Connection,
    push: &Acceptance,
    chain: i64,
    version: Option<u32>,
) -> Result<i64, Fault> {
    let key = &push.subject;
    db.prepare_cached(MESSAGE)?.execute(params![
        push.id.0.as_bytes(),
        push.source.as_str(),
        push.key.as_str(),
        push.digest.0,
        push.fingerprint.0,
        push.received.0,
        push.function.code(),
        key.agreement.as_str(),
        key.issuer,
        key.number,
        normal_form(&key.number),
        key.lineage,
        push.earlier_lineage,
        version,
        chain,
        push.canonical.map(|digest| digest.0),
        push.format.as_ref().map(|format| format.as_str()),
        push.media_type,
        push.config.0,
        push.test,
        push.duplicate_of.map(|id| *id.0.as_bytes()),
        push.demand,
        push.bulk,
    ])?;
    Ok(db.last_insert_rowid())
}

/// What the push does to what is known: a version more, a version cancelled, an answer more.
fn apply(
    db: &Connection,
    push: &Acceptance,
    (sequence, chain): (i64, i64),
    version: Option<u32>,
) -> Result<(), Fault> {
    let key = &push.subject;
    let (agreement, issuer) = (key.agreement.as_str(), &key.issuer);
    match push.function {
        Function::Original | Function::Amendment | Function::Replacement => {
            let canonical = push.canonical.map(|digest| digest.0);
            let row =
                params![agreement, issuer, key.number, version, key.lineage, sequence, canonical, chain];
            db.prepare_cached(VERSION)?.execute(row)?;
        }
        Function::Cancellation => {
            let row = params![agreement, issuer, key.lineage, version, sequence];
            db.prepare_cached(CANCEL)?.execute(row)?;
        }
        Function::Response => {
            if let Some((delivery, answer, reason)) = &push.answer {
                let row = params![sequence, delivery.0.as_bytes(), answer.word(), reason, push.received.0];
                db.prepare_cached(ANSWER)?.execute(row)?;
                awaited::answered(db, *delivery)?;
            }
        }
    }
    Ok(())
}
