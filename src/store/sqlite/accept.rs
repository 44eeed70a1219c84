//! The accept commit: duplicate check, standing check, message, bodies, signatures, version, chain, receipt, unrouted
//! marker.

use rusqlite::{Connection, params};

use super::{attachment, chain, messages, signatures, writer::Batch};
use crate::{
    model::{envelope::Function, key::normal_form},
    store::{
        Fault,
        pack::Packed,
        record::{Acceptance, Accepted, Standing},
    },
};

const MESSAGE: &str = "INSERT INTO message (id, source, key, digest, fingerprint, received, function, agreement, issuer,
    number, normal, lineage, earlier, version, chain, canonical, format, media_type, config, test, duplicate_of, demand)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
const RECEIPT: &str = "INSERT INTO receipt (message, bytes) VALUES (?1, ?2)";
const UNROUTED: &str = "INSERT INTO unrouted (message, chain) VALUES (?1, ?2)";
const BODY: &str =
    "INSERT INTO body (message, role, format, made_by, media_type, digest, size, coding, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const VERSION: &str = "INSERT INTO version (agreement, issuer, number, version, lineage, message, canonical)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const CANCEL: &str = "UPDATE version SET cancelled = coalesce(cancelled, ?5)
    WHERE agreement = ?1 AND issuer = ?2 AND lineage = ?3 AND version = ?4";
const ANSWER: &str = "INSERT INTO answer (message, delivery, answer, reason, at)
    VALUES (?1, (SELECT sequence FROM delivery WHERE id = ?2), ?3, ?4, ?5)";

/// Carries an accept out.
pub(super) fn accept(batch: &mut Batch<'_>, push: &Acceptance, bodies: &[Packed]) -> Result<Accepted, Fault> {
    if let Some(repeated) = repeated(batch.db, push)? {
        return Ok(repeated);
    }
    let now = messages::standing(batch.db, &push.subject)?;
    let writes_version = push.function.has_document() && push.duplicate_of.is_none();
    // A response is about a delivery; whatever became of the certificate since does not change it.
    if push.function != Function::Response && !holds(&push.seen, &now, writes_version) {
        return Ok(Accepted::Changed);
    }
    let attachments = match attachment::named(batch.db, &push.source, &push.attachments)? {
        Ok(attachments) => attachments,
        Err(missing) => return Ok(Accepted::Missing(missing)),
    };
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
        apply(batch.db, push, sequence, version)?;
        batch.db.prepare_cached(UNROUTED)?.execute([sequence, chain])?;
        batch.tally.unrouted += 1;
        batch.wakes.unrouted = true;
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

/// Whether what the decision was made on is still so.
///
/// A push that stated no version may have been given one meanwhile, so a stated version that only the second look finds
/// matters where this push would write that very version.
fn holds(seen: &Standing, now: &Standing, writes_version: bool) -> bool {
    let stated = match (&seen.stated, &now.stated) {
        (None, Some(_)) => !writes_version,
        (before, after) => before == after,
    };
    stated && seen.latest == now.latest && seen.cancelled == now.cancelled
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
    ])?;
    Ok(db.last_insert_rowid())
}

/// What the push does to what is known: a version more, a version cancelled, an answer more.
fn apply(db: &Connection, push: &Acceptance, sequence: i64, version: Option<u32>) -> Result<(), Fault> {
    let key = &push.subject;
    let (agreement, issuer) = (key.agreement.as_str(), &key.issuer);
    match push.function {
        Function::Original | Function::Amendment | Function::Replacement => {
            let canonical = push.canonical.map(|digest| digest.0);
            let row = params![agreement, issuer, key.number, version, key.lineage, sequence, canonical];
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
            }
        }
    }
    Ok(())
}
