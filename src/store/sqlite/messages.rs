//! Reads about messages: standing, receipts, bodies, search, counts.

use std::collections::BTreeSet;

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
        fault::readable,
        pack::Packed,
        record::{Counts, Message, Receipted, Rejection, Role},
        standing::{Cancelled, Known, Standing},
    },
};

/// The lineage of a number, whether it was issued rather than only amended, and its first version.
const LINEAGE: &str = "SELECT v.lineage, m.function IN (9, 5), (SELECT min(f.version) FROM version f
        WHERE f.agreement = ?1 AND f.issuer = ?2 AND f.number = ?3)
    FROM version v JOIN message m ON m.sequence = v.message
    WHERE v.agreement = ?1 AND v.issuer = ?2 AND v.number = ?3 ORDER BY m.function IN (9, 5) DESC LIMIT 1";
/// By name, or the planner takes a stated version to be worth a walk through every certificate of its issuer.
pub(super) const LATEST: &str = "SELECT m.id, v.version, v.canonical, m.test, p.message IS NOT NULL, c.id, c.canonical, w.message IS NOT NULL
    FROM version v INDEXED BY version_lineage JOIN message m ON m.sequence = v.message LEFT JOIN parked p ON p.message = v.message
    LEFT JOIN message c ON c.sequence = v.cancelled LEFT JOIN parked w ON w.message = v.cancelled
    WHERE v.agreement = ?1 AND v.issuer = ?2 AND v.lineage = ?3 ORDER BY v.version DESC LIMIT 1";
pub(super) const STATED: &str = "SELECT m.id, v.version, v.canonical, m.test, p.message IS NOT NULL, c.id, c.canonical, w.message IS NOT NULL
    FROM version v INDEXED BY version_lineage JOIN message m ON m.sequence = v.message LEFT JOIN parked p ON p.message = v.message
    LEFT JOIN message c ON c.sequence = v.cancelled LEFT JOIN parked w ON w.message = v.cancelled
    WHERE v.agreement = ?1 AND v.issuer = ?2 AND v.lineage = ?3 AND v.version = ?4";
/// A cancellation that came before its certificate: there is no version to mark.
const CANCELLED_UNSEEN: &str = "SELECT m.id, m.canonical, p.message IS NOT NULL
    FROM message m INDEXED BY message_normal LEFT JOIN parked p ON p.message = m.sequence
    WHERE m.normal = ?1 AND m.agreement = ?2 AND m.issuer = ?3 AND m.number = ?4 AND m.function = 1 AND m.test = 0
    AND m.duplicate_of IS NULL AND (?5 IS NULL OR m.version >= ?5) ORDER BY m.sequence DESC LIMIT 1";
/// The newest replacement of a lineage by another one.
const REPLACED: &str =
    "SELECT m.number FROM lineage l CROSS JOIN message m INDEXED BY message_chain ON m.chain = l.chain
    WHERE l.agreement = ?1 AND l.issuer = ?2 AND l.lineage = ?3 AND m.agreement = ?1 AND m.issuer = ?2
    AND m.earlier = ?3 AND m.function = 5 AND m.lineage <> ?3 AND m.number <> ?4 AND m.duplicate_of IS NULL
    ORDER BY m.sequence DESC LIMIT 1";
const RECEIPT: &str =
    "SELECT m.id, m.fingerprint, r.bytes FROM message m JOIN receipt r ON r.message = m.sequence
    WHERE m.source = ?1 AND m.key = ?2";
/// The whole of a message, and behind it what its marker says of it.
const UNROUTED: &str =
    "SELECT w.*, u.message AS marked, u.chain AS waits_in FROM unrouted u CROSS JOIN message_whole w
    ON w.sequence = u.message WHERE u.message > ?1 ORDER BY u.message";
const MESSAGE: &str = "SELECT * FROM message_whole WHERE id = ?1";
const BY_SEQUENCE: &str = "SELECT * FROM message_whole WHERE sequence = ?1";
const FIND: &str = "SELECT sequence FROM message INDEXED BY message_normal
    WHERE normal = ?1 AND (?2 IS NULL OR issuer = ?2) ORDER BY sequence DESC LIMIT ?3";
const ENDING: &str = "SELECT sequence FROM message INDEXED BY message_end
    WHERE substr(normal, -6) = ?4 AND substr(normal, -length(?1)) = ?1 AND (?2 IS NULL OR issuer = ?2)
    ORDER BY sequence DESC LIMIT ?3";
const BODY: &str = "SELECT b.role, b.format, b.made_by, b.media_type, b.digest, b.size, b.coding, b.bytes
    FROM body b JOIN message m ON m.sequence = b.message WHERE m.id = ?1 AND b.role = ?2 ORDER BY b.id LIMIT 1";
const RENDERING: &str =
    "SELECT b.role, b.format, b.made_by, b.media_type, b.digest, b.size, b.coding, b.bytes, d.message
    FROM delivery d JOIN body b ON b.id = d.body WHERE d.id = ?1";
const REJECTIONS: &str = "SELECT source, key, digest, at, reason, findings, test FROM rejection
    WHERE source = ?1 ORDER BY id DESC LIMIT ?2";
const COUNTS: &str = "SELECT messages, unrouted, open, delivered, failed, held, parked FROM tally";

/// What is known of a number, and for a replacement of the one it replaces.
pub(super) fn standing(db: &Connection, key: &Key, earlier: Option<&str>) -> Result<Standing, Fault> {
    let number = numbered(db, key, &key.number)?;
    let (agreement, issuer) = (key.agreement.as_str(), &key.issuer);
    let of = number.as_ref().map_or(&key.lineage, |number| &number.lineage);
    let latest = all(db, LATEST, params![agreement, issuer, of], known)?.pop();
    let stated = match key.version {
        Some(version) => all(db, STATED, params![agreement, issuer, of, version], known)?.pop(),
        None => None,
    };
    let cancelled = match &latest {
        Some((_, by)) => by.clone(),
        None => cancelled_unseen(db, key)?,
    };
    let replaced = earlier.unwrap_or(of);
    let replaced =
        all(db, REPLACED, params![agreement, issuer, replaced, key.number], |row| Ok(row.get(0)?))?;
    let earlier = match earlier {
        Some(name) => {
            let number = numbered(db, key, name)?;
            let of = number.as_ref().map_or(name, |number| &number.lineage);
            all(db, LATEST, params![agreement, issuer, of], known)?.pop()
        }
        None => None,
    };
    let lineage = latest.as_ref().map(|_| of.clone());
    Ok(Standing {
        latest: latest.map(|(known, _)| known),
        stated: stated.map(|(known, _)| known),
        cancelled,
        lineage,
        issued: number.as_ref().is_some_and(|number| number.issued),
        first: number.map(|number| number.first),
        earlier: earlier.map(|(known, _)| known),
        replaced: replaced.into_iter().next(),
    })
}

/// What the versions that bear a number say of it.
struct Numbered {
    lineage: String,
    issued: bool,
    first: u32,
}

/// A message that only knows a number (a cancellation) finds its lineage by it.
fn numbered(db: &Connection, key: &Key, number: &str) -> Result<Option<Numbered>, Fault> {
    let found =
        db.prepare_cached(LINEAGE)?.query_row(params![key.agreement.as_str(), key.issuer, number], |row| {
            Ok(Numbered { lineage: row.get(0)?, issued: row.get(1)?, first: row.get(2)? })
        });
    Ok(found.optional()?)
}

fn cancelled_unseen(db: &Connection, key: &Key) -> Result<Option<Cancelled>, Fault> {
    let number =
        params![normal_form(&key.number), key.agreement.as_str(), key.issuer, key.number, key.version];
    let found = all(db, CANCELLED_UNSEEN, number, |row| cancelled(&mut Columns::of(row)))?;
    Ok(found.into_iter().flatten().next())
}

/// A version, and the message that cancelled it.
fn known(row: &Row<'_>) -> Result<(Known, Option<Cancelled>), Fault> {
    let mut c = Columns::of(row);
    let known = Known {
        message: c.message_id()?,
        version: c.take()?,
        canonical: c.take::<Option<[u8; 32]>>()?.map(Digest),
        test: c.take()?,
        parked: c.take()?,
    };
    Ok((known, cancelled(&mut c)?))
}

fn cancelled(c: &mut Columns<'_>) -> Result<Option<Cancelled>, Fault> {
    let (id, content) = (c.take::<Option<[u8; 16]>>()?, c.take::<Option<[u8; 32]>>()?);
    let parked = c.take()?;
    Ok(id.map(|id| Cancelled {
        message: MessageId(uuid::Uuid::from_bytes(id)),
        content: content.map(Digest),
        parked,
    }))
}

pub(super) fn receipt(
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

/// The first unrouted messages after one. What is damaged is told and passed over, with all that waits behind it in its
/// chain.
pub(super) fn unrouted(db: &Connection, after: i64, rows_max: u32) -> Result<Vec<Message>, Fault> {
    let most = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let mut statement = db.prepare_cached(UNROUTED)?;
    let mut rows = statement.query([after])?;
    let (mut taken, mut behind) = (Vec::new(), BTreeSet::new());
    while taken.len() < most
        && let Some(row) = rows.next()?
    {
        let (sequence, chain): (i64, i64) = (row.get("marked")?, row.get("waits_in")?);
        if behind.contains(&chain) {
            continue;
        }
        match readable("message", sequence, row::message(row))? {
            Some(message) => taken.push(message),
            None => drop(behind.insert(chain)),
        }
    }
    Ok(taken)
}

pub(super) fn message(db: &Connection, id: MessageId) -> Result<Option<Message>, Fault> {
    Ok(all(db, MESSAGE, [id.0.as_bytes()], row::message)?.pop())
}

pub(super) fn find(
    db: &Connection,
    issuer: Option<&str>,
    number: &str,
    rows_max: u32,
) -> Result<Vec<Message>, Fault> {
    by_sequence(db, FIND, params![normal_form(number), issuer, rows_max])
}

/// Messages whose number ends with this normal form.
pub(super) fn ending(
    db: &Connection,
    issuer: Option<&str>,
    (normal, end): (&str, &str),
    rows_max: u32,
) -> Result<Vec<Message>, Fault> {
    by_sequence(db, ENDING, params![normal, issuer, rows_max, end])
}

/// The messages of a query for sequences.
fn by_sequence(
    db: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Message>, Fault> {
    let found: Vec<i64> = all(db, query, parameters, |row| Ok(row.get(0)?))?;
    let mut messages = Vec::with_capacity(found.len());
    for sequence in found {
        messages.extend(all(db, BY_SEQUENCE, [sequence], row::message)?);
    }
    Ok(messages)
}

pub(super) fn body(db: &Connection, id: MessageId, role: Role) -> Result<Option<Packed>, Fault> {
    Ok(all(db, BODY, params![id.0.as_bytes(), role.word()], packed)?.pop())
}

/// What a delivery sends, and the sequence of its message.
pub(super) fn rendering(db: &Connection, id: DeliveryId) -> Result<Option<(i64, Packed)>, Fault> {
    Ok(all(db, RENDERING, [id.0.as_bytes()], |row| Ok((row.get(8)?, packed(row)?)))?.pop())
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

pub(super) fn rejections(db: &Connection, source: &MemberId, rows_max: u32) -> Result<Vec<Rejection>, Fault> {
    all(db, REJECTIONS, params![source.as_str(), rows_max], |row| {
        let mut c = Columns::of(row);
        Ok(Rejection {
            source: c.name()?,
            key: c.take::<Option<String>>()?.and_then(|text| MessageKey::new(&text)),
            digest: c.digest()?,
            at: c.timestamp()?,
            reason: c.read("reason of a rejection", |code: String| Reason::of(&code))?,
            findings: c.lines()?,
            test: c.take()?,
        })
    })
}

pub(super) fn counts(db: &Connection) -> Result<Counts, Fault> {
    let counted = db.prepare_cached(COUNTS)?.query_row([], |row| {
        let count = |column| row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(Counts {
            messages: count(0)?,
            unrouted: count(1)?,
            open: count(2)?,
            delivered: count(3)?,
            failed: count(4)?,
            held: count(5)?,
            parked: count(6)?,
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
