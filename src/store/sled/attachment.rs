//! Attachments: put, bound by the accept commit, removed.

use super::{
    batch::Batch,
    db::{Db, int, row},
    key::{Key, Table},
    row::{AttachmentRow, BodyRow},
};
use crate::{
    model::{
        id::{DeliveryId, Digest, MemberId},
        time::Timestamp,
    },
    store::{
        Fault,
        attachment::{COUNTED_BYTES_MIN, DELIVERIES_MAX, Kept, PackedAttachment, Put, REMOVED_AT_ONCE_MAX},
        pack::Packed,
        record::Acceptance,
    },
};

fn key(table: Table, member: &MemberId, digest: Digest) -> Key {
    Key::of(table).bytes(&digest.0).text(member.as_str())
}

fn find(db: &Db, member: &MemberId, digest: Digest) -> Result<Option<AttachmentRow>, Fault> {
    db.row(&key(Table::Attachment, member, digest))
}

/// Carries a put out.
pub(super) fn put(batch: &mut Batch, put: &PackedAttachment) -> Result<Put, Fault> {
    let (db, packed, member) = (&mut batch.db, &put.packed, &put.member);
    if let Some(known) = find(db, member, packed.digest)? {
        let later = AttachmentRow { put: known.put.max(put.at), ..known.clone() };
        save(db, Some(&known), &later)?;
        return Ok(Put::Known);
    }
    let least = i64::try_from(COUNTED_BYTES_MIN).unwrap_or(i64::MAX);
    let mut loose = packed.size.max(least);
    for entry in db.scan(&Key::of(Table::Loose).text(member.as_str())) {
        let size = super::key::last_int(&entry?.1).ok_or_else(|| Fault::corrupt("size"))?;
        loose = loose.saturating_add(size.max(least));
    }
    if u64::try_from(loose).map_or(true, |after| after > put.loose_bytes_max) {
        return Ok(Put::NoRoom);
    }
    let row = AttachmentRow { member: member.clone(), put: put.at, named: false, body: BodyRow::of(packed) };
    save(db, None, &row)?;
    db.put(key(Table::AttachmentBytes, member, packed.digest), packed.bytes.clone());
    Ok(Put::Stored)
}

/// Writes a row, and what it counts as and ages by while no message names it.
fn save(db: &mut Db, before: Option<&AttachmentRow>, row: &AttachmentRow) -> Result<(), Fault> {
    if let Some(before) = before {
        forget(db, before);
    }
    if !row.named {
        let loose = Key::of(Table::Loose).text(row.member.as_str()).bytes(&row.body.digest.0);
        db.put_int(loose, row.body.size);
        db.put_row(age(row), row)?;
    }
    db.put_row(key(Table::Attachment, &row.member, row.body.digest), row)
}

fn forget(db: &mut Db, row: &AttachmentRow) {
    db.remove(Key::of(Table::Loose).text(row.member.as_str()).bytes(&row.body.digest.0));
    db.remove(age(row));
}

fn age(row: &AttachmentRow) -> Key {
    Key::of(Table::LooseAge).int(row.put.0).bytes(&row.body.digest.0).text(row.member.as_str())
}

/// Those of what a member's message names that are not there.
pub(super) fn missing(db: &Db, member: &MemberId, digests: &[Digest]) -> Result<Vec<Digest>, Fault> {
    let mut missing = Vec::new();
    for digest in digests {
        if find(db, member, *digest)?.is_none() {
            missing.push(*digest);
        }
    }
    Ok(missing)
}

/// Binds attachments to a message: from here on they stay.
pub(super) fn bind(db: &mut Db, message: i64, push: &Acceptance) -> Result<(), Fault> {
    for (position, digest) in (0_i64..).zip(&push.attachments) {
        db.put(Key::of(Table::Attached).int(message).int(position), digest.0.to_vec());
        db.put(Key::of(Table::AttachedTo).bytes(&digest.0).int(message), Vec::new());
        if let Some(loose) = find(db, &push.source, *digest)?.filter(|row| !row.named) {
            save(db, Some(&loose), &AttachmentRow { named: true, ..loose.clone() })?;
        }
    }
    Ok(())
}

/// Removes what no message names and is too old.
pub(super) fn remove(batch: &mut Batch, before: Timestamp) -> Result<usize, Fault> {
    let most = usize::try_from(REMOVED_AT_ONCE_MAX).unwrap_or(usize::MAX);
    let entries = batch.db.scan(&Key::of(Table::LooseAge)).take(most);
    let oldest: Vec<AttachmentRow> = entries.map(|entry| row(&entry?.1)).collect::<Result<_, Fault>>()?;
    let old = || oldest.iter().filter(|row| row.put < before);
    for row in old() {
        forget(&mut batch.db, row);
        for table in [Table::Attachment, Table::AttachmentBytes] {
            batch.db.remove(key(table, &row.member, row.body.digest));
        }
    }
    Ok(old().count())
}

pub(super) fn kept(db: &Db, member: &MemberId, digest: Digest) -> Result<Option<Kept>, Fault> {
    let Some(AttachmentRow { member, body, .. }) = find(db, member, digest)? else { return Ok(None) };
    let size = u64::try_from(body.size).map_err(|_| Fault::corrupt("size of an attachment"))?;
    Ok(Some(Kept { member, digest: body.digest, media_type: body.media_type, size }))
}

pub(super) fn packed(db: &Db, member: &MemberId, digest: Digest) -> Result<Option<Packed>, Fault> {
    let Some(row) = find(db, member, digest)? else { return Ok(None) };
    let bytes = db.get(&key(Table::AttachmentBytes, member, digest))?;
    Ok(Some(row.body.packed(bytes.ok_or_else(|| Fault::corrupt("attachment"))?)))
}

/// What a message names, in its order.
pub(super) fn of_message(db: &Db, message: i64) -> Result<Vec<Digest>, Fault> {
    let entries = db.scan(&Key::of(Table::Attached).int(message));
    let digest = |value: Vec<u8>| value.try_into().map(Digest).map_err(|_| Fault::corrupt("digest"));
    entries.map(|entry| digest(entry?.1)).collect()
}

/// Deliveries to a target of messages that name an attachment, newest first.
pub(super) fn deliveries(db: &Db, target: &MemberId, digest: Digest) -> Result<Vec<DeliveryId>, Fault> {
    let mut found = Vec::new();
    for entry in db.scan(&Key::of(Table::AttachedTo).bytes(&digest.0)) {
        let rows = db.deliveries_of(int(&entry?)?)?.into_iter();
        found.extend(rows.filter(|row| row.target == *target).map(|row| (row.sequence, row.id)));
    }
    found.sort_by_key(|(sequence, _)| !sequence);
    let most = usize::try_from(DELIVERIES_MAX).unwrap_or(usize::MAX);
    Ok(found.into_iter().take(most).map(|(_, id)| id).collect())
}
