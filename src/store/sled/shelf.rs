//! Reads for operators and for members that compare: figures per target, pages of shelves, entries of a span.

use super::{
    awaited,
    db::{Db, int},
    deliveries::{next_due, whole},
    key::{Key, Table, last_int},
    messages,
    row::due,
};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault, READ_ROWS_MAX,
        backlog::{Backlog, COUNTED_MAX, LOOKED_AT_MAX, Listing, Page, Place, Shelf},
        claim::{Rank, Stream},
        reconciliation::Span,
        record::{Delivery, Message},
    },
};

/// Entries of an index, counted up to [`COUNTED_MAX`].
fn count(db: &Db, prefix: &Key) -> Result<u32, Fault> {
    let most = usize::try_from(COUNTED_MAX).unwrap_or(usize::MAX);
    let counted = db.scan(prefix).take(most).try_fold(0, |count, entry| entry.map(|_| count + 1))?;
    Ok(counted)
}

pub(super) fn backlog(db: &Db, target: &MemberId, now: Timestamp) -> Result<Backlog, Fault> {
    let of = |table| Key::of(table).text(target.as_str());
    let mut due_now = 0;
    for (rank, retried) in Rank::ALL.into_iter().flat_map(|rank| [(rank, false), (rank, true)]) {
        let prefix = due(target, rank, retried);
        let past = prefix.clone().int(now.0).end();
        for entry in db.scan(&prefix) {
            if due_now >= COUNTED_MAX || entry?.0 >= past {
                break;
            }
            due_now += 1;
        }
    }
    let oldest = db.scan(&of(Table::Age)).next().transpose()?;
    let oldest = oldest.map(|entry| db.delivery_at(int(&entry)?)).transpose()?;
    let mut oldest_live = None;
    for entry in db.scan(&of(Table::Age)).take(usize::try_from(COUNTED_MAX).unwrap_or(usize::MAX)) {
        let row = db.delivery_at(int(&entry?)?)?;
        if !row.test {
            oldest_live = Some(row.created);
            break;
        }
    }
    Ok(Backlog {
        open: count(db, &of(Table::Open))?,
        due: due_now,
        held: count(db, &of(Table::Held))?,
        dead: count(db, &of(Table::Dead))?,
        overdue: awaited::overdue(db, target, now)?,
        oldest: oldest.map(|row| row.created),
        oldest_live,
        next_due: next_due(db, target, Stream::All, now)?,
    })
}

/// The index a shelf is: entries of a target, what they are sorted by, and the delivery.
fn index(shelf: Shelf) -> Table {
    match shelf {
        Shelf::Waiting => Table::Age,
        Shelf::Held => Table::Held,
        Shelf::Queued => Table::Open,
        Shelf::Dead => Table::Dead,
        Shelf::Awaited => Table::AwaitedUntil,
    }
}

/// What an entry of such an index is sorted by within its target.
pub(super) fn sorted_by(key: &[u8]) -> Result<i64, Fault> {
    let front = key.len().checked_sub(8).and_then(|end| key.get(..end));
    front.and_then(last_int).ok_or_else(|| Fault::corrupt("key"))
}

pub(super) fn list(db: &Db, listing: &Listing, most: usize) -> Result<Page, Fault> {
    let state = listing.state.or((listing.shelf == Shelf::Queued).then_some("queued"));
    let table = index(listing.shelf);
    let mut prefix = Key::of(table);
    if let Some(target) = &listing.target {
        prefix = prefix.text(target.as_str());
    }
    let behind = |place: &Place| Key::of(table).text(&place.target).int(place.key).int(place.sequence).next();
    let from = listing.after.as_ref().map_or(prefix.0.clone(), behind);
    let (mut deliveries, mut place) = (Vec::new(), listing.after.clone());
    for (looked_at, entry) in (0..).zip(db.scan_from(&prefix, from)) {
        if deliveries.len() >= most || looked_at >= LOOKED_AT_MAX {
            return Ok(Page { deliveries, next: place });
        }
        let entry = entry?;
        let (row, key) = (db.delivery_at(int(&entry)?)?, sorted_by(&entry.0)?);
        place = Some(Place { target: row.target.to_string(), key, sequence: row.sequence });
        let of_source = listing.source.as_ref().is_none_or(|only| *only == row.source);
        let in_time = listing.until.is_none_or(|until| key <= until.0);
        if of_source && in_time && state.is_none_or(|state| state == row.state) {
            deliveries.push(whole(db, row)?);
        }
    }
    Ok(Page { deliveries, next: None })
}

/// Sequences in an index by member and time, within a span.
fn within(db: &Db, prefix: &Key, span: &Span, most: usize) -> Result<Vec<i64>, Fault> {
    let first = prefix.clone().int(span.from.0).0;
    let after = span.after.map(|after| prefix.clone().int(after.at.0).int(after.sequence).next());
    let end = prefix.clone().int(span.until.0).0;
    let from = after.map_or(first.clone(), |after| after.max(first));
    let mut found = Vec::new();
    for entry in db.scan_from(prefix, from).take(most) {
        let entry = entry?;
        if entry.0 >= end {
            break;
        }
        found.push(int(&entry)?);
    }
    Ok(found)
}

pub(super) fn pushed(
    db: &Db,
    source: &MemberId,
    span: &Span,
    most: usize,
) -> Result<Vec<(Message, Vec<Delivery>)>, Fault> {
    let each_max = usize::try_from(READ_ROWS_MAX).unwrap_or(usize::MAX);
    let sequences = within(db, &Key::of(Table::Pushed).text(source.as_str()), span, most)?;
    let whole_message = |sequence| {
        let deliveries = db.deliveries_of(sequence)?.into_iter().take(each_max);
        let deliveries = deliveries.map(|row| whole(db, row)).collect::<Result<_, _>>()?;
        Ok((messages::whole(db, db.message_at(sequence)?)?, deliveries))
    };
    sequences.into_iter().map(whole_message).collect()
}

pub(super) fn sent(db: &Db, target: &MemberId, span: &Span, most: usize) -> Result<Vec<Delivery>, Fault> {
    let sequences = within(db, &Key::of(Table::Sent).text(target.as_str()), span, most)?;
    sequences.into_iter().map(|sequence| whole(db, db.delivery_at(sequence)?)).collect()
}
