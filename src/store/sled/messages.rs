//! Reads about messages: standing, receipts, bodies, numbers, counts.

use std::collections::BTreeSet;

use super::{
    db::{Db, row},
    key::{Key, Table},
    row::{AnswerRow, MessageRow, TallyRow, VersionRow, one},
};
use crate::{
    model::{
        envelope::Function,
        id::{DeliveryId, MemberId, MessageId, MessageKey},
        key::{Key as Subject, normal_form},
    },
    store::{
        Fault,
        fault::readable,
        history::{CHANGES_MAX, Change, Of},
        pack::Packed,
        record::{Counts, Message, Receipted, Role},
        standing::{Cancelled, Known, Standing},
    },
};

/// What the versions of a number begin with.
pub(super) fn numbered(subject: &Subject, number: &str) -> Key {
    Key::of(Table::Number).text(subject.agreement.as_str()).text(&subject.issuer).text(number)
}

/// What the versions of a lineage begin with.
pub(super) fn lineage(subject: &Subject, lineage: &str) -> Key {
    Key::of(Table::Version).text(subject.agreement.as_str()).text(&subject.issuer).text(lineage)
}

/// What is known of a number, and for a replacement of the one it replaces.
pub(super) fn standing(db: &Db, key: &Subject, earlier: Option<&str>) -> Result<Standing, Fault> {
    let bearing = versions(db, &numbered(key, &key.number))?;
    let of = lineage_of(&bearing, &key.lineage);
    let latest = versions(db, &lineage(key, of))?.pop();
    let stated = match key.version {
        Some(version) => versions(db, &lineage(key, of).int(i64::from(version)))?.into_iter().next(),
        None => None,
    };
    let cancelled = match &latest {
        Some(VersionRow { cancelled: Some(by), .. }) => Some(cancelled(db, db.message_at(*by)?)?),
        Some(_) => None,
        None => cancelled_unseen(db, key)?,
    };
    let replaced = replaced(db, key, earlier.unwrap_or(of))?;
    let earlier = match earlier {
        Some(name) => {
            let bearing = versions(db, &numbered(key, name))?;
            versions(db, &lineage(key, lineage_of(&bearing, name)))?.pop()
        }
        None => None,
    };
    Ok(Standing {
        lineage: latest.as_ref().map(|_| of.to_owned()),
        latest: latest.map(|version| known(db, version)).transpose()?,
        stated: stated.map(|version| known(db, version)).transpose()?,
        cancelled,
        issued: bearing.iter().any(|version| version.issued),
        first: bearing.iter().map(|version| version.version).min(),
        earlier: earlier.map(|version| known(db, version)).transpose()?,
        replaced,
    })
}

/// The number of the newest replacement of a lineage by another one.
fn replaced(db: &Db, key: &Subject, lineage: &str) -> Result<Option<String>, Fault> {
    let Some(chain) = db.int(&super::chain::key(key, lineage))? else { return Ok(None) };
    let replaces = |message: &MessageRow| {
        (&message.agreement, &message.issuer) == (&key.agreement, &key.issuer)
            && message.earlier.as_deref() == Some(lineage)
            && message.function == Function::Replacement
            && message.lineage != lineage
            && message.number != key.number
            && message.duplicate_of.is_none()
    };
    Ok(db.messages_of(chain)?.into_iter().rfind(replaces).map(|message| message.number))
}

/// A message that only knows a number (a cancellation) finds its lineage by the versions that bear it.
fn lineage_of<'a>(bearing: &'a [VersionRow], otherwise: &'a str) -> &'a str {
    let issued = bearing.iter().find(|version| version.issued);
    issued.or(bearing.first()).map_or(otherwise, |version| &version.lineage)
}

fn versions(db: &Db, prefix: &Key) -> Result<Vec<VersionRow>, Fault> {
    db.scan(prefix).map(|entry| row(&entry?.1)).collect()
}

fn known(db: &Db, version: VersionRow) -> Result<Known, Fault> {
    let message = db.message_at(version.message)?;
    let VersionRow { version, canonical, .. } = version;
    let parked = db.parked_as(message.sequence)?.is_some();
    Ok(Known { message: message.id, version, canonical, test: message.test, parked })
}

fn cancelled(db: &Db, by: MessageRow) -> Result<Cancelled, Fault> {
    let parked = db.parked_as(by.sequence)?.is_some();
    Ok(Cancelled { message: by.id, content: by.canonical, parked })
}

/// The newest cancellation that came before its certificate: there is no version to mark.
fn cancelled_unseen(db: &Db, key: &Subject) -> Result<Option<Cancelled>, Fault> {
    for message in bearing(db, &key.number)?.into_iter().rev() {
        let same = message.agreement == key.agreement
            && (&message.issuer, &message.number) == (&key.issuer, &key.number)
            && message.function == Function::Cancellation;
        let late = key.version.is_none_or(|version| message.version.is_some_and(|later| later >= version));
        if same && late && !message.test && message.duplicate_of.is_none() {
            return cancelled(db, message).map(Some);
        }
    }
    Ok(None)
}

/// Messages about a number, however it is punctuated, by sequence.
pub(super) fn bearing(db: &Db, number: &str) -> Result<Vec<MessageRow>, Fault> {
    let sequences = db.ints(&Key::of(Table::Normal).text(&normal_form(number)))?;
    sequences.into_iter().map(|sequence| db.message_at(sequence)).collect()
}

pub(super) fn receipt(db: &Db, source: &MemberId, key: &MessageKey) -> Result<Option<Receipted>, Fault> {
    let key = Key::of(Table::MessageKey).text(source.as_str()).text(key.as_str());
    let Some(sequence) = db.int(&key)? else { return Ok(None) };
    let row = db.message_at(sequence)?;
    let receipt = receipt_of(db, sequence)?;
    Ok(Some(Receipted { id: row.id, fingerprint: row.fingerprint, receipt }))
}

fn receipt_of(db: &Db, sequence: i64) -> Result<Vec<u8>, Fault> {
    db.get(&Key::of(Table::Receipt).int(sequence))?.ok_or_else(|| Fault::corrupt("receipt"))
}

/// The first unrouted messages after one. What is damaged is told and passed over, with all that waits behind it in its
/// chain as far as the chain is known.
pub(super) fn unrouted(db: &Db, after: i64, most: usize) -> Result<Vec<Message>, Fault> {
    let table = Key::of(Table::Unrouted);
    let (mut taken, mut behind) = (Vec::new(), BTreeSet::new());
    for entry in db.scan_from(&table, table.clone().int(after).next()) {
        if taken.len() >= most {
            break;
        }
        let sequence = super::db::int(&entry?)?;
        let read = db.message_at(sequence).and_then(|row| {
            let chain = row.chain;
            if behind.contains(&chain) {
                return Ok(None);
            }
            whole(db, row).map(Some).inspect_err(|_| {
                behind.insert(chain);
            })
        });
        taken.extend(readable("message", sequence, read)?.flatten());
    }
    Ok(taken)
}

pub(super) fn message(db: &Db, id: MessageId) -> Result<Option<Message>, Fault> {
    db.message_of(id)?.map(|row| whole(db, row)).transpose()
}

pub(super) fn find(db: &Db, issuer: Option<&str>, number: &str, most: usize) -> Result<Vec<Message>, Fault> {
    let mut found = bearing(db, number)?;
    found.retain(|message| issuer.is_none_or(|issuer| issuer == message.issuer));
    found.into_iter().rev().take(most).map(|row| whole(db, row)).collect()
}

/// Messages whose number ends with this normal form.
pub(super) fn ending(
    db: &Db,
    issuer: Option<&str>,
    (normal, end): (&str, &str),
    most: usize,
) -> Result<Vec<Message>, Fault> {
    let sequences = db.ints(&Key::of(Table::NormalEnd).text(end))?;
    let found: Result<Vec<_>, _> =
        sequences.into_iter().rev().map(|sequence| db.message_at(sequence)).collect();
    let fits = |message: &MessageRow| {
        issuer.is_none_or(|issuer| issuer == message.issuer) && normal_form(&message.number).ends_with(normal)
    };
    found?.into_iter().filter(fits).take(most).map(|row| whole(db, row)).collect()
}

/// A message as it is given.
pub(super) fn whole(db: &Db, row: MessageRow) -> Result<Message, Fault> {
    let mut answer = None;
    if let Some(delivery) = row.answers {
        let answered: Option<AnswerRow> = db.row(&Key::of(Table::Answer).int(delivery).int(row.sequence))?;
        let id = db.delivery_at(delivery)?.id;
        answer = answered.map(|answered| (id, answered.answer, answered.reason));
    }
    Ok(Message {
        subject: row.subject(),
        sequence: row.sequence,
        id: row.id,
        source: row.source,
        key: row.key,
        digest: row.digest,
        received: row.received,
        function: row.function,
        chain: row.chain,
        format: row.format,
        media_type: row.media_type,
        test: row.test,
        bulk: row.bulk,
        answer,
        duplicate_of: row.duplicate_of,
        stage: db.stage(row.sequence)?,
        receipt: receipt_of(db, row.sequence)?,
    })
}

pub(super) fn body(db: &Db, id: MessageId, role: Role) -> Result<Option<Packed>, Fault> {
    let Some(message) = db.message_of(id)? else { return Ok(None) };
    let first = db.scan(&Key::of(Table::BodyOf).int(message.sequence).text(role.word())).next();
    let Some(entry) = first.transpose()? else { return Ok(None) };
    db.body_at(super::db::int(&entry)?)
}

/// What a delivery sends, and the sequence of its message.
pub(super) fn rendering(db: &Db, id: DeliveryId) -> Result<Option<(i64, Packed)>, Fault> {
    let Some(delivery) = db.delivery_of(id)? else { return Ok(None) };
    let Some(number) = delivery.body else { return Ok(None) };
    Ok(db.body_at(number)?.map(|packed| (delivery.message, packed)))
}

pub(super) fn counts(db: &Db) -> Result<Counts, Fault> {
    let tally: TallyRow = db.row(&one("tally"))?.unwrap_or_default();
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Counts {
        messages: count(tally.messages),
        unrouted: count(tally.unrouted),
        parked: count(tally.parked),
        open: count(tally.open),
        delivered: count(tally.delivered),
        failed: count(tally.failed),
        held: count(tally.held),
    })
}

/// Every message of the chains in which a number occurs, but answers, by sequence: the newest.
pub(super) fn changes(db: &Db, of: &Of) -> Result<Vec<Change>, Fault> {
    let bearing = bearing(db, &of.number)?.into_iter().filter(|message| message.issuer == of.issuer);
    let chains: BTreeSet<i64> = bearing.map(|message| message.chain).collect();
    let mut changes = Vec::new();
    for chain in chains {
        for row in db.messages_of(chain)? {
            let asked_for = of.agreement.as_ref().is_none_or(|agreement| *agreement == row.agreement);
            if row.function != Function::Response && asked_for {
                changes.push((row.sequence, change(db, row)?));
            }
        }
    }
    changes.sort_by_key(|(sequence, _)| *sequence);
    let most = usize::try_from(CHANGES_MAX).unwrap_or(usize::MAX);
    let newest = changes.split_off(changes.len().saturating_sub(most));
    Ok(newest.into_iter().map(|(_, change)| change).collect())
}

fn change(db: &Db, row: MessageRow) -> Result<Change, Fault> {
    Ok(Change {
        subject: row.subject(),
        message: row.id,
        source: row.source,
        key: row.key,
        received: row.received,
        function: row.function,
        earlier_lineage: row.earlier,
        chain: row.chain,
        digest: row.digest,
        test: row.test,
        duplicate_of: row.duplicate_of,
        stage: db.stage(row.sequence)?,
    })
}
