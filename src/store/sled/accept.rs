//! The accept commit: duplicate check, standing check, message, bodies, signatures, version, chain, receipt, mark.

use super::{
    attachment,
    batch::Batch,
    chain,
    db::Db,
    key::{Key, Table},
    messages, parked,
    row::{AnswerRow, MessageRow, VersionRow},
    signatures,
};
use crate::{
    model::envelope::Function,
    store::{
        Fault,
        pack::Packed,
        record::{Acceptance, Accepted},
    },
};

/// Carries an accept out.
pub(super) fn accept(batch: &mut Batch, push: &Acceptance, bodies: &[Packed]) -> Result<Accepted, Fault> {
    if let Some(known) = messages::receipt(&batch.db, &push.source, &push.key)? {
        return Ok(match known.fingerprint == push.fingerprint {
            true => Accepted::Duplicate { id: known.id, receipt: known.receipt },
            false => Accepted::Conflict,
        });
    }
    let now = messages::standing(&batch.db, &push.subject, push.earlier_lineage.as_deref())?;
    let writes_version = push.function.has_document() && push.duplicate_of.is_none();
    // A response is about a delivery; whatever became of the certificate since does not change it.
    if push.function != Function::Response && !push.seen.holds(&now, writes_version) {
        return Ok(Accepted::Changed);
    }
    let missing = attachment::missing(&batch.db, &push.source, &push.attachments)?;
    if !missing.is_empty() {
        return Ok(Accepted::Missing(missing));
    }
    if push.duplicate_of.is_none() && push.parked_until.is_some() && parked::is_full(&batch.db, push)? {
        return Ok(Accepted::TooManyParked);
    }
    let chain = chain::of(batch, push)?;
    let latest = now.latest.as_ref().map(|known| known.version);
    let version = push.subject.version.or(if writes_version {
        Some(latest.unwrap_or(0).saturating_add(1))
    } else {
        latest
    });
    let row = row(&mut batch.db, push, chain, version)?;
    row.insert(&mut batch.db)?;
    batch.db.put(Key::of(Table::Receipt).int(row.sequence), push.receipt.clone());
    signatures::insert(&mut batch.db, row.sequence, push)?;
    for body in bodies {
        batch.db.insert_body(row.sequence, body)?;
    }
    attachment::bind(&mut batch.db, row.sequence, push)?;
    if push.duplicate_of.is_none() {
        apply(&mut batch.db, push, &row)?;
        if let Some(until) = push.parked_until {
            parked::park(batch, push, &row, until)?;
        } else {
            row.mark(&mut batch.db, chain, false);
            batch.tally.unrouted += 1;
            batch.wakes.unrouted = true;
        }
    }
    batch.tally.messages += 1;
    Ok(Accepted::Stored)
}

fn row(db: &mut Db, push: &Acceptance, chain: i64, version: Option<u32>) -> Result<MessageRow, Fault> {
    if db.message_of(push.id)?.is_some() {
        return Err(Fault::Engine("a message id given out twice".into()));
    }
    let answers = match &push.answer {
        Some((delivery, ..)) => db.delivery_of(*delivery)?.map(|row| row.sequence),
        None => None,
    };
    let subject = push.subject.clone();
    Ok(MessageRow {
        sequence: db.number(Table::Message)?,
        id: push.id,
        source: push.source.clone(),
        key: push.key.clone(),
        digest: push.digest,
        fingerprint: push.fingerprint,
        received: push.received,
        function: push.function,
        agreement: subject.agreement,
        issuer: subject.issuer,
        number: subject.number,
        lineage: subject.lineage,
        version,
        earlier: push.earlier_lineage.clone(),
        chain,
        canonical: push.canonical,
        format: push.format.clone(),
        media_type: push.media_type.clone(),
        config: push.config,
        test: push.test,
        bulk: push.bulk,
        duplicate_of: push.duplicate_of,
        demand: push.demand.map(str::to_owned),
        answers,
    })
}

/// What the push does to what is known: a version more, a version cancelled, an answer more.
fn apply(db: &mut Db, push: &Acceptance, row: &MessageRow) -> Result<(), Fault> {
    match (push.function, row.version) {
        (Function::Original | Function::Amendment | Function::Replacement, Some(version)) => {
            insert_version(db, push, row, version)?;
        }
        (Function::Cancellation, Some(version)) => {
            let of = messages::lineage(&row.subject(), &row.lineage).int(i64::from(version));
            let found: Vec<_> = db.scan(&of).collect::<Result<_, _>>()?;
            for (key, value) in found {
                let known: VersionRow = super::db::row(&value)?;
                let cancelled = known.cancelled.or(Some(row.sequence));
                db.put_row(Key(key), &VersionRow { cancelled, ..known })?;
            }
        }
        (Function::Response, _) => {
            if let (Some((_, answer, reason)), Some(delivery)) = (&push.answer, row.answers) {
                let of = Key::of(Table::Answer).int(delivery).int(row.sequence);
                let (answer, reason) = (*answer, reason.clone());
                db.put_row(of, &AnswerRow { answer, reason, at: push.received })?;
                super::awaited::answered(db, delivery)?;
            }
        }
        (_, None) => {}
    }
    Ok(())
}

/// Writes a version, which there is once.
fn insert_version(db: &mut Db, push: &Acceptance, row: &MessageRow, version: u32) -> Result<(), Fault> {
    let subject = &push.subject;
    let mut version_row = VersionRow {
        version,
        message: row.sequence,
        issued: push.function != Function::Amendment,
        lineage: subject.lineage.clone(),
        canonical: push.canonical,
        cancelled: None,
    };
    version_row.cancelled = parked::cancels(db, row.chain, &version_row)?;
    let numbered = messages::numbered(subject, &subject.number).int(i64::from(version));
    if db.get(&numbered)?.is_some() {
        return Err(Fault::Engine("a version stored twice".into()));
    }
    db.put_row(numbered, &version_row)?;
    let of = messages::lineage(subject, &subject.lineage).int(i64::from(version));
    db.put_row(of.text(&subject.number), &version_row)
}
