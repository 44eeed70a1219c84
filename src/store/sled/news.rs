//! News: told at once or gathered, counted, made a digest.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    batch::Batch,
    db::{Db, int, row},
    deliveries,
    delivery::{self, Place},
    key::{Key, Table},
    row::DeliveryRow,
    word::{self, option},
};
use crate::{
    model::{delivery::State, id::MemberId, reason::Reason, time::Timestamp},
    store::{
        Fault, READ_ROWS_MAX,
        news::{Digest, Gathered, Late, Noted, Pair, Pending, Telling, Way, is_within, way},
        pack::{self, Packed},
        recheck::took,
        record::{Delivery, Outcome},
    },
};

/// How often a reason is gathered for the next digest of a pair.
#[derive(Serialize, Deserialize)]
struct NewsRow {
    #[serde(with = "word")]
    source: MemberId,
    #[serde(with = "word")]
    target: MemberId,
    test: bool,
    #[serde(with = "word")]
    reason: Reason,
    count: u64,
    /// A message of the source, with which the digest is kept.
    anchor: i64,
}

/// A delivery that was counted, for the digest to name.
#[derive(Serialize, Deserialize)]
struct EntryRow {
    #[serde(with = "word")]
    reason: Reason,
    detail: String,
    #[serde(with = "word")]
    at: Timestamp,
}

/// What a source was told about a target.
#[derive(Default, Serialize, Deserialize)]
struct ToldRow {
    #[serde(with = "option")]
    digest: Option<Timestamp>,
    #[serde(with = "option")]
    delay: Option<Timestamp>,
    #[serde(with = "option")]
    since: Option<Timestamp>,
    notices: u32,
}

fn key(table: Table, pair: &Pair) -> Key {
    Key::of(table).text(pair.source.as_str()).text(pair.target.as_str()).flag(pair.test)
}

fn told(db: &Db, pair: &Pair) -> Result<ToldRow, Fault> {
    Ok(db.row(&key(Table::Told, pair))?.unwrap_or_default())
}

fn pair(row: &DeliveryRow) -> Pair {
    Pair { source: row.source.clone(), target: row.target.clone(), test: row.test }
}

/// Tells the source of what an outcome changed, as [`way`] says.
pub(super) fn tell(
    batch: &mut Batch,
    row: &DeliveryRow,
    (before, after): (&State, &State),
    outcome: &Outcome,
    notice: Option<&Packed>,
) -> Result<(), Fault> {
    let Some(telling) = outcome.telling.as_ref().filter(|_| took(before, after, outcome)) else {
        return Ok(());
    };
    let pair = pair(row);
    let withdrawn = withdraw(&mut batch.db, &pair, row.sequence)?;
    if *after == State::Delivered && !before.is_final() {
        return Ok(());
    }
    let pending = match withdrawn {
        true => Pending::Named,
        false if *after == State::Delivered => pending(&batch.db, &pair, before)?,
        false => Pending::No,
    };
    let (since, spent) = spent(&batch.db, &pair, outcome.at, telling)?;
    let most = telling.bounds.notices_max;
    match (way((before, after), pending, telling.notice.is_some(), spent, most), &telling.notice) {
        (Way::Never, _) => Ok(()),
        (Way::AtOnce, Some(new)) if batch.db.delivery_of(new.id)?.is_some() => Ok(()),
        (Way::AtOnce, Some(new)) => {
            let row_told = ToldRow { since: Some(since), notices: spent + 1, ..told(&batch.db, &pair)? };
            batch.db.put_row(key(Table::Told, &pair), &row_told)?;
            let packed = new.body.clone().map(pack::pack).transpose()?;
            let body = notice.or(packed.as_ref()).map(|body| batch.db.insert_body(row.message, body));
            let place =
                Place { message: row.message, chain: row.chain, body: body.transpose()?, config: None };
            delivery::insert(batch, new, &place).map(drop)
        }
        _ => gather(&mut batch.db, &pair, row, telling, outcome.at),
    }
}

/// Takes back what was gathered of a delivery by name; whether there was any.
fn withdraw(db: &mut Db, pair: &Pair, sequence: i64) -> Result<bool, Fault> {
    let entry = Key::of(Table::NewsEntry).int(sequence);
    let Some(EntryRow { reason, .. }) = db.row(&entry)? else { return Ok(false) };
    db.remove(entry);
    db.remove(key(Table::NewsOf, pair).text(reason.code()).int(sequence));
    let counted = key(Table::News, pair).text(reason.code());
    if let Some(row) = db.row::<NewsRow>(&counted)? {
        match row.count.saturating_sub(1) {
            0 => db.remove(counted),
            count => db.put_row(counted, &NewsRow { count, ..row })?,
        }
    }
    Ok(true)
}

/// Whether the digest to come may tell of a bad end that it does not name.
fn pending(db: &Db, pair: &Pair, before: &State) -> Result<Pending, Fault> {
    let reason = match before {
        State::Refused { reason } => *reason,
        State::Cancelled => Reason::OperatorCancelled,
        _ => Reason::Expired,
    };
    let Some(row) = db.row::<NewsRow>(&key(Table::News, pair).text(reason.code()))? else {
        return Ok(Pending::No);
    };
    let named = db.ints(&key(Table::NewsOf, pair).text(reason.code()))?.len();
    let unnamed = u64::try_from(named).is_ok_and(|named| row.count > named);
    Ok(if unnamed { Pending::Perhaps } else { Pending::No })
}

/// When the period of an instant began, and how many notices it had.
fn spent(db: &Db, pair: &Pair, at: Timestamp, telling: &Telling) -> Result<(Timestamp, u32), Fault> {
    let ToldRow { since, notices, .. } = told(db, pair)?;
    let within = since.filter(|since| is_within(*since, at, telling.bounds.period));
    Ok(within.map_or((at, 0), |since| (since, notices)))
}

fn gather(
    db: &mut Db,
    pair: &Pair,
    row: &DeliveryRow,
    telling: &Telling,
    at: Timestamp,
) -> Result<(), Fault> {
    let Pair { source, target, test } = pair.clone();
    let (reason, detail) = (telling.reason, telling.detail.clone());
    let counted = key(Table::News, pair).text(reason.code());
    let new = NewsRow { source, target, test, reason, count: 0, anchor: row.message };
    let known = db.row(&counted)?.unwrap_or(new);
    let count = known.count.saturating_add(1);
    db.put_row(counted, &NewsRow { count, ..known })?;
    if count <= u64::from(telling.bounds.entries_max) {
        db.put(key(Table::NewsOf, pair).text(reason.code()).int(row.sequence), Vec::new());
        db.put_row(Key::of(Table::NewsEntry).int(row.sequence), &EntryRow { reason, detail, at })?;
    }
    Ok(())
}

/// A digest from the future, of a clock that was put back since, keeps no other waiting.
pub(super) fn due(db: &Db, now: Timestamp, period: Duration) -> Result<Vec<Pair>, Fault> {
    let most = usize::try_from(READ_ROWS_MAX).unwrap_or(usize::MAX);
    let table = Key::of(Table::News);
    let (mut pairs, mut from) = (Vec::new(), table.0.clone());
    while let Some(entry) = db.scan_from(&table, from).next() {
        let NewsRow { source, target, test, .. } = row(&entry?.1)?;
        let pair = Pair { source, target, test };
        from = key(Table::News, &pair).end();
        let waits = |last: Timestamp| last <= now && last > now.minus(period);
        if pairs.len() < most && !told(db, &pair)?.digest.is_some_and(waits) {
            pairs.push(pair);
        }
    }
    Ok(pairs)
}

/// Heads to a target that are due, made at or before an instant, by when they were made.
fn waiting<'a>(
    db: &'a Db,
    target: &MemberId,
    before: Timestamp,
) -> impl Iterator<Item = Result<DeliveryRow, Fault>> + 'a {
    let entries = db.scan(&Key::of(Table::Age).text(target.as_str()));
    let rows = entries.map(|entry| db.delivery_at(int(&entry?)?));
    let past = move |row: &Result<DeliveryRow, Fault>| row.as_ref().is_ok_and(|row| row.created > before);
    rows.take_while(move |row| !past(row)).filter(|row| row.as_ref().map_or(true, |row| row.due.is_some()))
}

pub(super) fn late(db: &Db, target: &MemberId, before: Timestamp) -> Result<Vec<Late>, Fault> {
    let mut found: BTreeMap<Pair, (u64, Timestamp)> = BTreeMap::new();
    for row in waiting(db, target, before) {
        let row = row?;
        if row.source != *target {
            found.entry(pair(&row)).or_insert((0, row.created)).0 += 1;
        }
    }
    let most = usize::try_from(READ_ROWS_MAX).unwrap_or(usize::MAX);
    let late = found.into_iter().take(most).map(|(pair, (count, oldest))| {
        let ToldRow { digest, delay, .. } = told(db, &pair)?;
        Ok(Late { pair, count, oldest, digest, told: delay })
    });
    late.collect()
}

pub(super) fn late_of(db: &Db, of: &Pair, before: Timestamp, most: usize) -> Result<Vec<Delivery>, Fault> {
    let mut found = Vec::new();
    for row in waiting(db, &of.target, before) {
        let row = row?;
        if pair(&row) == *of && found.len() < most {
            found.push(deliveries::whole(db, row)?);
        }
    }
    Ok(found)
}

/// Carries a digest out; one that was carried out before, as after a commit of unknown outcome, changes nothing.
pub(super) fn digest(batch: &mut Batch, digest: Digest) -> Result<(), Fault> {
    let Digest { pair, at, bounds, late, write } = digest;
    let last = told(&batch.db, &pair)?;
    if last.digest.is_some_and(|last| is_within(last, at, bounds.period)) {
        return Ok(());
    }
    let most = usize::try_from(bounds.entries_max).unwrap_or(usize::MAX);
    let (gathered, anchor) = gathered(&mut batch.db, &pair, most)?;
    let of_late = match late {
        Some(id) => Some(batch.db.message_of(id)?.ok_or(Fault::MessageUnknown(id))?.sequence),
        None => None,
    };
    let Some(message) = of_late.or(anchor) else { return Ok(()) };
    let delay = late.map(|_| at).or(last.delay);
    batch.db.put_row(key(Table::Told, &pair), &ToldRow { digest: Some(at), delay, ..last })?;
    let mut new = write(gathered);
    let packed = new.body.take().map(pack::pack).transpose()?;
    let body = packed.map(|body| batch.db.insert_body(message, &body)).transpose()?;
    // A chain of its own: it waits behind no certificate, and none behind it.
    let chain = batch.db.number(Table::Chain)?;
    delivery::insert(batch, &new, &Place { message, chain, body, config: None }).map(drop)
}

/// Takes out what is gathered for a pair, and a message to keep its digest with.
fn gathered(db: &mut Db, pair: &Pair, most: usize) -> Result<(Gathered, Option<i64>), Fault> {
    let counted: Vec<_> = db.scan(&key(Table::News, pair)).collect::<Result<_, _>>()?;
    let (mut counts, mut anchor) = (Vec::new(), None);
    for (key, value) in counted {
        let row: NewsRow = row(&value)?;
        counts.push((row.reason, row.count));
        anchor = anchor.or(Some(row.anchor));
        db.remove(Key(key));
    }
    let mut named = Vec::new();
    let of: Vec<_> = db.scan(&key(Table::NewsOf, pair)).collect::<Result<_, _>>()?;
    for entry in of {
        let sequence = int(&entry)?;
        let key = Key::of(Table::NewsEntry).int(sequence);
        let row: EntryRow = db.row(&key)?.ok_or_else(|| Fault::corrupt("news"))?;
        named.push((row.reason == Reason::Expired, row.at, sequence, row));
        db.remove(key);
        db.remove(Key(entry.0));
    }
    named.sort_by_key(|(expired, at, sequence, _)| (*expired, *at, *sequence));
    let entries = named.into_iter().take(most).map(|(.., sequence, EntryRow { reason, detail, at })| {
        Ok(Noted { delivery: deliveries::by_sequence(db, sequence)?, reason, detail, at })
    });
    Ok((Gathered { counts, entries: entries.collect::<Result<_, Fault>>()? }, anchor))
}
