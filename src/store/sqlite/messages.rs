//! Reads about messages: standing, receipts, bodies, search, counts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row::{self, Columns};
use crate::{
    model::{
        id::{DeliveryId, Digest, MemberId, MessageId, MessageKey},
        key::{Key, normal_form},
        reason::Reason,
    },
    store::{
        Fault,
        pack::Packed,
        record::{Counts, Known, Message, Receipted, Rejection, Role, Standing},
    },
};

const LINEAGE: &str =
    "SELECT lineage FROM version WHERE agreement = ?1 AND issuer = ?2 AND number = ?3 LIMIT 1";
const LATEST: &str = "SELECT m.id, v.version, v.canonical, m.test, c.id
    FROM version v JOIN message m ON m.sequence = v.message LEFT JOIN message c ON c.sequence = v.cancelled
    WHERE v.agreement = ?1 AND v.issuer = ?2 AND v.lineage = ?3 ORDER BY v.version DESC LIMIT 1";
const STATED: &str = "SELECT m.id, v.version, v.canonical, m.test, c.id
    FROM version v JOIN message m ON m.sequence = v.message LEFT JOIN message c ON c.sequence = v.cancelled
    WHERE v.agreement = ?1 AND v.issuer = ?2 AND v.lineage = ?3 AND v.version = ?4";
/// A cancellation that came before its certificate: there is no version to mark.
const CANCELLED_UNSEEN: &str = "SELECT id FROM message INDEXED BY message_normal
    WHERE normal = ?1 AND agreement = ?2 AND issuer = ?3 AND number = ?4 AND function = 1 AND test = 0
    AND (?5 IS NULL OR version >= ?5) ORDER BY sequence LIMIT 1";
const RECEIPT: &str =
    "SELECT m.id, m.fingerprint, r.bytes FROM message m JOIN receipt r ON r.message = m.sequence
    WHERE m.source = ?1 AND m.key = ?2";
const UNROUTED: &str = "SELECT w.* FROM unrouted u CROSS JOIN message_whole w ON w.sequence = u.message
    WHERE u.message > ?1 ORDER BY u.message LIMIT ?2";
const MESSAGE: &str = "SELECT * FROM message_whole WHERE id = ?1";
const BY_SEQUENCE: &str = "SELECT * FROM message_whole WHERE sequence = ?1";
const FIND: &str = "SELECT sequence FROM message INDEXED BY message_normal
    WHERE normal = ?1 AND (?2 IS NULL OR issuer = ?2) ORDER BY sequence DESC LIMIT ?3";
const BODY: &str = "SELECT b.role, b.format, b.made_by, b.media_type, b.digest, b.size, b.coding, b.bytes
    FROM body b JOIN message m ON m.sequence = b.message WHERE m.id = ?1 AND b.role = ?2 ORDER BY b.id LIMIT 1";
const RENDERING: &str =
    "SELECT b.role, b.format, b.made_by, b.media_type, b.digest, b.size, b.coding, b.bytes
    FROM delivery d JOIN body b ON b.id = d.body WHERE d.id = ?1";
const REJECTIONS: &str = "SELECT source, key, digest, at, reason, findings FROM rejection
    WHERE source = ?1 ORDER BY id DESC LIMIT ?2";
const COUNTS: &str = "SELECT messages, unrouted, open, delivered, failed, held FROM tally";

/// A message that only knows a number (a cancellation) finds its lineage by it.
pub(in crate::store) fn standing(db: &Connection, key: &Key) -> Result<Standing, Fault> {
    let number = params![key.agreement.as_str(), key.issuer, key.number];
    let lineage: Option<String> =
        db.prepare_cached(LINEAGE)?.query_row(number, |row| row.get(0)).optional()?;
    let (agreement, issuer) = (key.agreement.as_str(), &key.issuer);
    let of = lineage.as_ref().unwrap_or(&key.lineage);
    let latest = all(db, LATEST, params![agreement, issuer, of], known)?.pop();
    let stated = match key.version {
        Some(version) => all(db, STATED, params![agreement, issuer, of, version], known)?.pop(),
        None => None,
    };
    let cancelled = match &latest {
        Some((_, by)) => *by,
        None => cancelled_unseen(db, key)?,
    };
    let lineage = latest.as_ref().map(|_| of.clone());
    Ok(Standing {
        latest: latest.map(|(known, _)| known),
        stated: stated.map(|(known, _)| known),
        cancelled,
        lineage,
    })
}

fn cancelled_unseen(db: &Connection, key: &Key) -> Result<Option<MessageId>, Fault> {
    let number =
        params![normal_form(&key.number), key.agreement.as_str(), key.issuer, key.number, key.version];
    let found = all(db, CANCELLED_UNSEEN, number, |row| Columns::of(row).message_id());
    Ok(found?.pop())
}

/// A version, and the message that cancelled it.
fn known(row: &Row<'_>) -> Result<(Known, Option<MessageId>), Fault> {
    let mut c = Columns::of(row);
    let known = Known {
        message: c.message_id()?,
        version: c.take()?,
        canonical: c.take::<Option<[u8; 32]>>()?.map(Digest),
        test: c.take()?,
    };
    let by = c.take::<Option<[u8; 16]>>()?;
    Ok((known, by.map(|id| MessageId(uuid::Uuid::from_bytes(id)))))
}

pub(in crate::store) fn receipt(
    db: &Connection,
    source: &MemberId,
    key: &MessageKey,
) -> Result<Option<Receipted>, Fault> {
    let found = all(db, RECEIPT, (source.as_str(), key.as_str()), |row| {
        let mut c = Columns::of(row);
        Ok(Receipted { id: c.message_id()?, fingerprint: c.digest()?, receipt: c.take()? })
    });
    Ok(found?.pop())
}

pub(in crate::store) fn unrouted(db: &Connection, after: i64, rows_max: u32) -> Result<Vec<Message>, Fault> {
    all(db, UNROUTED, params![after, rows_max], row::message)
}

pub(in crate::store) fn message(db: &Connection, id: MessageId) -> Result<Option<Message>, Fault> {
    Ok(all(db, MESSAGE, [id.0.as_bytes()], row::message)?.pop())
}

pub(in crate::store) fn find(
    db: &Connection,
    issuer: Option<&str>,
    number: &str,
    rows_max: u32,
) -> Result<Vec<Message>, Fault> {
    let found: Vec<i64> =
        all(db, FIND, params![normal_form(number), issuer, rows_max], |row| Ok(row.get(0)?))?;
    let mut messages = Vec::with_capacity(found.len());
    for sequence in found {
        messages.extend(all(db, BY_SEQUENCE, [sequence], row::message)?);
    }
    Ok(messages)
}

pub(in crate::store) fn body(db: &Connection, id: MessageId, role: Role) -> Result<Option<Packed>, Fault> {
    Ok(all(db, BODY, params![id.0.as_bytes(), role.word()], packed)?.pop())
}

pub(in crate::store) fn rendering(db: &Connection, id: DeliveryId) -> Result<Option<Packed>, Fault> {
    Ok(all(db, RENDERING, [id.0.as_bytes()], packed)?.pop())
}

fn packed(row: &Row<'_>) -> Result<Packed, Fault> {
    let mut c = Columns::of(row);
    Ok(Packed {
        role: c.read("role of a body", |word: String| Role::of(&word))?,
        format: c.take()?,
        made_by: c.digest()?,
        media_type: c.take()?,
        digest: c.digest()?,
        size: c.take()?,
        compressed: c.take::<String>()? == "zstd",
        bytes: c.take()?,
    })
}

pub(in crate::store) fn rejections(
    db: &Connection,
    source: &MemberId,
    rows_max: u32,
) -> Result<Vec<Rejection>, Fault> {
    all(db, REJECTIONS, params![source.as_str(), rows_max], |row| {
        let mut c = Columns::of(row);
        Ok(Rejection {
            source: c.name()?,
            key: c.take::<Option<String>>()?.and_then(|text| MessageKey::new(&text)),
            digest: c.digest()?,
            at: c.timestamp()?,
            reason: c.read("reason of a rejection", |code: String| Reason::of(&code))?,
            findings: c.lines()?,
        })
    })
}

pub(in crate::store) fn counts(db: &Connection) -> Result<Counts, Fault> {
    let counted = db.prepare_cached(COUNTS)?.query_row([], |row| {
        let count = |column| row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(Counts {
            messages: count(0)?,
            unrouted: count(1)?,
            open: count(2)?,
            delivered: count(3)?,
            failed: count(4)?,
            held: count(5)?,
        })
    });
    Ok(counted?)
}

/// Every row of a query, read by `read`.
pub(super) fn all<T>(
    db: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
    read: impl Fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query(parameters)?;
    let mut taken = Vec::new();
    while let Some(row) = rows.next()? {
        taken.push(read(row)?);
    }
    Ok(taken)
}
