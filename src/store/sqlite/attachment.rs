//! Attachments in the tables: put, bound by the accept commit, removed.

use rusqlite::{Connection, params};

use super::{messages::all, row::Columns};
use crate::{
    model::{
        id::{DeliveryId, Digest, MemberId},
        time::Timestamp,
    },
    store::{
        Fault,
        attachment::{COUNTED_BYTES_MIN, DELIVERIES_MAX, Kept, PackedAttachment, Put, REMOVED_AT_ONCE_MAX},
        pack::Packed,
        record::Role,
    },
};

const KNOWN: &str = "UPDATE attachment SET put = max(put, ?3) WHERE digest = ?1 AND member = ?2";
const LOOSE: &str = "SELECT coalesce(sum(max(size, ?2)), 0) FROM attachment WHERE member = ?1 AND named = 0";
const INSERT: &str = "INSERT INTO attachment (member, digest, media_type, size, put, named, coding, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)";
const ID: &str = "SELECT id FROM attachment WHERE digest = ?1 AND member = ?2";
const NAME: &str = "UPDATE attachment SET named = 1 WHERE id = ?1 AND named = 0";
const BIND: &str = "INSERT INTO attached (message, position, attachment) VALUES (?1, ?2, ?3)";
const REMOVE: &str = "DELETE FROM attachment WHERE id IN (
    SELECT id FROM attachment WHERE named = 0 AND put < ?1 ORDER BY put LIMIT ?2)";
const KEPT: &str =
    "SELECT member, digest, media_type, size FROM attachment WHERE digest = ?1 AND member = ?2";
const PACKED: &str =
    "SELECT media_type, digest, size, coding, bytes FROM attachment WHERE digest = ?1 AND member = ?2";
const OF_MESSAGE: &str = "SELECT a.digest FROM attached d JOIN attachment a ON a.id = d.attachment
    WHERE d.message = ?1 ORDER BY d.position";
const DELIVERIES: &str = "SELECT d.id FROM attachment a
    JOIN attached n ON n.attachment = a.id
    JOIN delivery d ON d.message = n.message
    WHERE a.digest = ?1 AND d.target = ?2 ORDER BY d.sequence DESC LIMIT ?3";

/// Carries a put out.
pub(super) fn put(db: &Connection, put: &PackedAttachment) -> Result<Put, Fault> {
    let (packed, member) = (&put.packed, put.member.as_str());
    if db.prepare_cached(KNOWN)?.execute(params![packed.digest.0, member, put.at.0])? > 0 {
        return Ok(Put::Known);
    }
    let least = i64::try_from(COUNTED_BYTES_MIN).unwrap_or(i64::MAX);
    let loose: i64 = db.prepare_cached(LOOSE)?.query_row(params![member, least], |row| row.get(0))?;
    let after = loose.saturating_add(packed.size.max(least));
    if u64::try_from(after).map_or(true, |after| after > put.loose_bytes_max) {
        return Ok(Put::NoRoom);
    }
    db.prepare_cached(INSERT)?.execute(params![
        member,
        packed.digest.0,
        packed.media_type,
        packed.size,
        put.at.0,
        if packed.compressed { "zstd" } else { "raw" },
        packed.bytes,
    ])?;
    Ok(Put::Stored)
}

/// The rows of what a member's message names, in its order.
///
/// # Errors
/// Within: the digests that are not there.
pub(super) fn named(
    db: &Connection,
    member: &MemberId,
    digests: &[Digest],
) -> Result<Result<Vec<i64>, Vec<Digest>>, Fault> {
    let (mut rows, mut missing) = (Vec::with_capacity(digests.len()), Vec::new());
    for digest in digests {
        match all(db, ID, params![digest.0, member.as_str()], |row| Ok(row.get(0)?))?.pop() {
            Some(row) => rows.push(row),
            None => missing.push(*digest),
        }
    }
    Ok(if missing.is_empty() { Ok(rows) } else { Err(missing) })
}

/// Binds attachments to a message: from here on they stay.
pub(super) fn bind(db: &Connection, message: i64, attachments: &[i64]) -> Result<(), Fault> {
    for (position, attachment) in (0_i64..).zip(attachments) {
        db.prepare_cached(BIND)?.execute([message, position, *attachment])?;
        db.prepare_cached(NAME)?.execute([attachment])?;
    }
    Ok(())
}

/// Removes what no message names and is too old.
pub(super) fn remove(db: &Connection, before: Timestamp) -> Result<usize, Fault> {
    Ok(db.prepare_cached(REMOVE)?.execute(params![before.0, REMOVED_AT_ONCE_MAX])?)
}

pub(super) fn kept(db: &Connection, member: &MemberId, digest: Digest) -> Result<Option<Kept>, Fault> {
    let found = all(db, KEPT, params![digest.0, member.as_str()], |row| {
        let mut c = Columns::of(row);
        Ok(Kept {
            member: c.name()?,
            digest: c.digest()?,
            media_type: c.take()?,
            size: c.read("size of an attachment", |size: i64| u64::try_from(size).ok())?,
        })
    });
    Ok(found?.pop())
}

pub(super) fn packed(db: &Connection, member: &MemberId, digest: Digest) -> Result<Option<Packed>, Fault> {
    let found = all(db, PACKED, params![digest.0, member.as_str()], |row| {
        let mut c = Columns::of(row);
        Ok(Packed {
            role: Role::Original,
            format: String::new(),
            made_by: Digest([0; 32]),
            media_type: c.take()?,
            digest: c.digest()?,
            size: c.take()?,
            compressed: c.take::<String>()? == "zstd",
            bytes: c.take()?,
        })
    });
    Ok(found?.pop())
}

/// What a message names, in its order.
pub(super) fn of_message(db: &Connection, message: i64) -> Result<Vec<Digest>, Fault> {
    all(db, OF_MESSAGE, [message], |row| Columns::of(row).digest())
}

pub(super) fn deliveries(
    db: &Connection,
    target: &MemberId,
    digest: Digest,
) -> Result<Vec<DeliveryId>, Fault> {
    let parameters = params![digest.0, target.as_str(), DELIVERIES_MAX];
    all(db, DELIVERIES, parameters, |row| Columns::of(row).delivery_id())
}
