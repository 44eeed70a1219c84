//! News in the tables: told at once or gathered, counted, made a digest.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    accept::insert_body,
    deliveries,
    delivery::{self, Place, Row},
    messages::all,
    row::Columns,
    writer::Batch,
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

const PAIR: &str = "SELECT source, target, test FROM delivery WHERE sequence = ?1";
const WITHDRAW: &str = "DELETE FROM news_entry WHERE delivery = ?1 RETURNING source, target, test, code";
const LESS: &str =
    "UPDATE news SET count = count - 1 WHERE source = ?1 AND target = ?2 AND test = ?3 AND code = ?4";
const NONE_LEFT: &str = "DELETE FROM news
    WHERE source = ?1 AND target = ?2 AND test = ?3 AND code = ?4 AND count <= 0";
const UNNAMED: &str = "SELECT n.count > (SELECT count(*) FROM news_entry e
        WHERE e.source = ?1 AND e.target = ?2 AND e.test = ?3 AND e.code = ?4)
    FROM news n WHERE n.source = ?1 AND n.target = ?2 AND n.test = ?3 AND n.code = ?4";
const COUNT: &str =
    "INSERT INTO news (source, target, test, code, count, anchor) VALUES (?1, ?2, ?3, ?4, 1, ?5)
    ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count";
const NAME: &str = "INSERT OR REPLACE INTO news_entry (delivery, source, target, test, code, detail, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const SPENT: &str = "SELECT since, notices FROM told WHERE source = ?1 AND target = ?2 AND test = ?3";
const SPEND: &str = "INSERT INTO told (source, target, test, since, notices) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET since = excluded.since, notices = excluded.notices";
/// A digest from the future, of a clock that was put back since, keeps no other waiting.
const DUE: &str = "SELECT DISTINCT n.source, n.target, n.test FROM news n
    LEFT JOIN told t ON (t.source, t.target, t.test) = (n.source, n.target, n.test)
    WHERE t.digest IS NULL OR t.digest > ?1 OR t.digest <= ?2 LIMIT ?3";
const LATE: &str = "SELECT d.source, ?1, d.test, count(*), min(d.created),
        (SELECT t.digest FROM told t WHERE (t.source, t.target, t.test) = (d.source, ?1, d.test)),
        (SELECT t.delay FROM told t WHERE (t.source, t.target, t.test) = (d.source, ?1, d.test))
    FROM delivery d INDEXED BY delivery_age
    WHERE d.target = ?1 AND d.created <= ?2 AND d.ended IS NULL AND d.state <> 'queued' AND d.state = 'pending'
    AND d.source <> ?1 GROUP BY d.source, d.test LIMIT ?3";
const LATE_OF: &str = "SELECT sequence FROM delivery INDEXED BY delivery_age
    WHERE target = ?2 AND created <= ?4 AND ended IS NULL AND state <> 'queued' AND state = 'pending'
    AND source = ?1 AND test = ?3 ORDER BY created, sequence LIMIT ?5";
const LAST: &str = "SELECT digest FROM told WHERE source = ?1 AND target = ?2 AND test = ?3";
const COUNTS: &str = "SELECT code, count, anchor FROM news WHERE source = ?1 AND target = ?2 AND test = ?3";
const ENTRIES: &str = "SELECT delivery, code, detail, at FROM news_entry
    WHERE source = ?1 AND target = ?2 AND test = ?3 ORDER BY code = 'expired', at, delivery LIMIT ?4";
const END: &str = "DELETE FROM news WHERE source = ?1 AND target = ?2 AND test = ?3";
const END_ENTRIES: &str = "DELETE FROM news_entry WHERE source = ?1 AND target = ?2 AND test = ?3";
const TOLD: &str = "INSERT INTO told (source, target, test, digest, delay, since, notices)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, 0)
    ON CONFLICT DO UPDATE SET digest = excluded.digest, delay = coalesce(excluded.delay, delay)";
const MESSAGE: &str = "SELECT sequence FROM message WHERE id = ?1";
const NEW_CHAIN: &str = "INSERT INTO chain DEFAULT VALUES";

/// Tells the source of what an outcome changed, as [`way`] says.
pub(super) fn tell(
    batch: &mut Batch<'_>,
    row: &Row,
    after: &State,
    outcome: &Outcome,
    notice: Option<&Packed>,
) -> Result<(), Fault> {
    let before = &row.stored.life.state;
    let Some(telling) = outcome.telling.as_ref().filter(|_| took(before, after, outcome)) else {
        return Ok(());
    };
    let withdrawn = withdraw(batch.db, row.sequence)?;
    if *after == State::Delivered && !before.is_final() {
        return Ok(());
    }
    let pair = pair(batch.db, row.sequence)?;
    let pending = match withdrawn {
        true => Pending::Named,
        false if *after == State::Delivered => pending(batch.db, &pair, before)?,
        false => Pending::No,
    };
    let (since, spent) = spent(batch.db, &pair, outcome.at, telling)?;
    let most = telling.bounds.notices_max;
    match (way((before, after), pending, telling.notice.is_some(), spent, most), &telling.notice) {
        (Way::Never, _) => Ok(()),
        (Way::AtOnce, Some(new)) if delivery::exists(batch.db, new.id)? => Ok(()),
        (Way::AtOnce, Some(new)) => {
            let columns = params![pair.source.as_str(), pair.target.as_str(), pair.test, since.0, spent + 1];
            batch.db.prepare_cached(SPEND)?.execute(columns)?;
            let packed = new.body.clone().map(pack::pack).transpose()?;
            let body = notice.or(packed.as_ref()).map(|body| insert_body(batch.db, row.message, body));
            let body = body.transpose()?;
            delivery::insert(
                batch,
                new,
                &Place { message: row.message, chain: row.chain, body, config: None },
            )
        }
        _ => gather(batch.db, &pair, row, telling, outcome.at),
    }
}

fn pair(db: &Connection, sequence: i64) -> Result<Pair, Fault> {
    let mut statement = db.prepare_cached(PAIR)?;
    let mut rows = statement.query([sequence])?;
    let row = rows.next()?.ok_or_else(|| Fault::corrupt("source of a delivery"))?;
    pair_of(&mut Columns::of(row))
}

fn pair_of(c: &mut Columns<'_>) -> Result<Pair, Fault> {
    Ok(Pair { source: c.name()?, target: c.name()?, test: c.take()? })
}

/// Takes back what was gathered of a delivery by name; whether there was any.
fn withdraw(db: &Connection, sequence: i64) -> Result<bool, Fault> {
    let Some((pair, code)) = all(db, WITHDRAW, [sequence], |row| {
        let mut c = Columns::of(row);
        Ok((pair_of(&mut c)?, c.take::<String>()?))
    })?
    .pop() else {
        return Ok(false);
    };
    for statement in [LESS, NONE_LEFT] {
        let columns = params![pair.source.as_str(), pair.target.as_str(), pair.test, code];
        db.prepare_cached(statement)?.execute(columns)?;
    }
    Ok(true)
}

/// Whether the digest to come may tell of a bad end that it does not name.
fn pending(db: &Connection, pair: &Pair, before: &State) -> Result<Pending, Fault> {
    let reason = match before {
        State::Refused { reason } => *reason,
        State::Cancelled => Reason::OperatorCancelled,
        _ => Reason::Expired,
    };
    let columns = params![pair.source.as_str(), pair.target.as_str(), pair.test, reason.code()];
    let unnamed = db.prepare_cached(UNNAMED)?.query_row(columns, |row| row.get(0)).optional()?;
    Ok(if unnamed.unwrap_or(false) { Pending::Perhaps } else { Pending::No })
}

/// When the period of an instant began, and how many notices it had.
fn spent(db: &Connection, pair: &Pair, at: Timestamp, telling: &Telling) -> Result<(Timestamp, u32), Fault> {
    let columns = params![pair.source.as_str(), pair.target.as_str(), pair.test];
    let known = db
        .prepare_cached(SPENT)?
        .query_row(columns, |row| Ok((Timestamp(row.get(0)?), row.get(1)?)))
        .optional()?;
    Ok(known.filter(|(since, _)| is_within(*since, at, telling.bounds.period)).unwrap_or((at, 0)))
}

fn gather(db: &Connection, pair: &Pair, row: &Row, telling: &Telling, at: Timestamp) -> Result<(), Fault> {
    let (source, target, code) = (pair.source.as_str(), pair.target.as_str(), telling.reason.code());
    let columns = params![source, target, pair.test, code, row.message];
    let count: i64 = db.prepare_cached(COUNT)?.query_row(columns, |row| row.get(0))?;
    if count <= i64::from(telling.bounds.entries_max) {
        let columns = params![row.sequence, source, target, pair.test, code, telling.detail, at.0];
        db.prepare_cached(NAME)?.execute(columns)?;
    }
    Ok(())
}

pub(super) fn due(db: &Connection, now: Timestamp, period: Duration) -> Result<Vec<Pair>, Fault> {
    let columns = params![now.0, now.minus(period).0, READ_ROWS_MAX];
    all(db, DUE, columns, |row| pair_of(&mut Columns::of(row)))
}

pub(super) fn late(db: &Connection, target: &MemberId, before: Timestamp) -> Result<Vec<Late>, Fault> {
    all(db, LATE, params![target.as_str(), before.0, READ_ROWS_MAX], |row| {
        let mut c = Columns::of(row);
        let pair = pair_of(&mut c)?;
        let count = c.read("count", |count: i64| u64::try_from(count).ok())?;
        let (oldest, digest, told) = (c.timestamp()?, c.take::<Option<i64>>()?, c.take::<Option<i64>>()?);
        Ok(Late { pair, count, oldest, digest: digest.map(Timestamp), told: told.map(Timestamp) })
    })
}

pub(super) fn late_of(
    db: &Connection,
    pair: &Pair,
    before: Timestamp,
    rows_max: u32,
) -> Result<Vec<Delivery>, Fault> {
    let columns = params![pair.source.as_str(), pair.target.as_str(), pair.test, before.0, rows_max];
    deliveries::all_readable(db, all(db, LATE_OF, columns, |row| Ok(row.get(0)?))?)
}

/// Carries a digest out; one that was carried out before, as after a commit of unknown outcome, changes nothing.
pub(super) fn digest(batch: &mut Batch<'_>, digest: Digest) -> Result<(), Fault> {
    let Digest { pair, at, bounds, late, write } = digest;
    let (source, target) = (pair.source.as_str(), pair.target.as_str());
    let key = params![source, target, pair.test];
    let last: Option<Option<i64>> =
        batch.db.prepare_cached(LAST)?.query_row(key, |row| row.get(0)).optional()?;
    if last.flatten().is_some_and(|last| is_within(Timestamp(last), at, bounds.period)) {
        return Ok(());
    }
    let (gathered, anchor) = gathered(batch.db, &pair, bounds.entries_max)?;
    let of_late = late.map(|id| {
        batch.db.prepare_cached(MESSAGE)?.query_row([id.0.as_bytes()], |row| row.get(0)).map_err(Fault::from)
    });
    let Some(message) = of_late.transpose()?.or(anchor) else { return Ok(()) };
    for statement in [END, END_ENTRIES] {
        batch.db.prepare_cached(statement)?.execute(key)?;
    }
    let delay = late.map(|_| at.0);
    batch.db.prepare_cached(TOLD)?.execute(params![source, target, pair.test, at.0, delay])?;
    let mut new = write(gathered);
    let packed = new.body.take().map(pack::pack).transpose()?;
    let body = packed.map(|body| insert_body(batch.db, message, &body)).transpose()?;
    // A chain of its own: it waits behind no certificate, and none behind it.
    batch.db.prepare_cached(NEW_CHAIN)?.execute([])?;
    let chain = batch.db.last_insert_rowid();
    delivery::insert(batch, &new, &Place { message, chain, body, config: None })
}

/// What is gathered for a pair, and a message to keep its digest with.
fn gathered(db: &Connection, pair: &Pair, rows_max: u32) -> Result<(Gathered, Option<i64>), Fault> {
    let (source, target) = (pair.source.as_str(), pair.target.as_str());
    let counts = all(db, COUNTS, params![source, target, pair.test], |row| {
        let mut c = Columns::of(row);
        let reason = c.read("code of news", |code: String| Reason::of(&code))?;
        Ok(((reason, c.read("count", |count: i64| u64::try_from(count).ok())?), c.take::<i64>()?))
    })?;
    let anchor = counts.first().map(|(_, anchor)| *anchor);
    let named = all(db, ENTRIES, params![source, target, pair.test, rows_max], |row| {
        let mut c = Columns::of(row);
        let sequence = c.take::<i64>()?;
        let reason = c.read("code of news", |code: String| Reason::of(&code))?;
        Ok((sequence, reason, c.take::<String>()?, c.timestamp()?))
    })?;
    let mut entries = Vec::with_capacity(named.len());
    for (sequence, reason, detail, at) in named {
        let delivery = deliveries::by_sequence(db, sequence)?.ok_or_else(|| Fault::corrupt("news"))?;
        entries.push(Noted { delivery, reason, detail, at });
    }
    Ok((Gathered { counts: counts.into_iter().map(|(count, _)| count).collect(), entries }, anchor))
}
