//! Reads about deliveries: what is due, what is overdue, what became of one.

use rusqlite::{Connection, OptionalExtension, Rows, params};

use super::{awaited, delivery::word, messages::all, resend, row};
use crate::{
    model::{
        delivery::State,
        envelope::{Answer, Function},
        id::{DeliveryId, MemberId, MessageId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        claim::{Claim, Stream},
        fault,
        read::ChainsAfter,
        record::{Attempt, Cargo, Delivery, View},
        sent::{Before, Sent, is_addressed},
    },
};

/// Straight out of the partial index: rows are looked up for those that are taken. Two texts, so that both statements stay
/// prepared side by side.
///
/// What was not tried yet is meant at once: where it is due ahead, it was made by a clock that was put back since.
pub(super) const DUE_FRESH: &str = "SELECT sequence, source FROM delivery INDEXED BY delivery_due
    WHERE target = ?1 AND urgent = ?2 AND (failures > 0) = 0 AND due IS NOT NULL
    ORDER BY due, source, sequence";
pub(super) const DUE_RETRIED: &str = "SELECT sequence, source FROM delivery INDEXED BY delivery_due
    WHERE target = ?1 AND urgent = ?2 AND (failures > 0) = 1 AND due IS NOT NULL AND due <= ?3
    ORDER BY due, source, sequence";
const NEXT_DUE: &str = "SELECT min(due) FROM delivery INDEXED BY delivery_due
    WHERE target = ?1 AND urgent = ?2 AND (failures > 0) = ?3 AND due IS NOT NULL";
/// The distinct targets with open deliveries, by one index search each.
const TARGETS: &str = "WITH RECURSIVE waiting (target) AS (
    SELECT min(target) FROM delivery INDEXED BY delivery_queue WHERE ended IS NULL
    UNION ALL
    SELECT (SELECT min(d.target) FROM delivery d INDEXED BY delivery_queue
            WHERE d.ended IS NULL AND d.target > waiting.target)
    FROM waiting WHERE waiting.target IS NOT NULL
) SELECT target FROM waiting WHERE target IS NOT NULL";
const OVERDUE: &str = "SELECT sequence FROM delivery INDEXED BY delivery_age
    WHERE target = ?1 AND created < ?2 AND ended IS NULL AND state <> 'queued' ORDER BY created, sequence LIMIT ?3";
const HELD_FOR: &str = "SELECT sequence FROM delivery INDEXED BY delivery_hold
    WHERE reason = ?1 AND ended IS NULL AND sequence > ?2 ORDER BY sequence LIMIT ?3";
const PREDECESSOR: &str =
    "SELECT 1 FROM message m JOIN message e ON e.chain = m.chain AND e.sequence <> m.sequence
    WHERE m.id = ?1 AND e.function IN (9, 4, 5) AND e.duplicate_of IS NULL
    AND NOT EXISTS (SELECT 1 FROM unrouted u WHERE u.message = e.sequence)
    AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.message = e.sequence) LIMIT 1";
/// From the highest version down, so that those that wait are skipped and the rest never read.
const LATEST_ROUTED: &str = "SELECT v.version FROM message m
    JOIN version v ON v.agreement = m.agreement AND v.issuer = m.issuer AND v.lineage = m.lineage
    WHERE m.id = ?1 AND v.message <> m.sequence
    AND NOT EXISTS (SELECT 1 FROM unrouted u WHERE u.message = v.message)
    AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.message = v.message) ORDER BY v.version DESC LIMIT 1";
const CHAINS: &str = "SELECT DISTINCT target, chain FROM delivery INDEXED BY delivery_queue
    WHERE ended IS NULL AND (target, chain) > (?1, ?2) ORDER BY target, chain LIMIT ?3";
const FIRST: &str = "SELECT state FROM delivery INDEXED BY delivery_queue
    WHERE target = ?1 AND chain = ?2 AND ended IS NULL ORDER BY sequence LIMIT 1";
const BY_SEQUENCE: &str = "SELECT * FROM delivery_whole WHERE sequence = ?1";
const BY_ID: &str = "SELECT sequence FROM delivery WHERE id = ?1";
const OF_MESSAGE: &str = "SELECT d.sequence FROM delivery d JOIN message m ON m.sequence = d.message
    WHERE m.id = ?1 ORDER BY d.sequence LIMIT ?2";
const ATTEMPTS: &str = "SELECT a.number, a.started, a.finished, a.outcome, a.status, a.detail, a.answer, a.grade,
    a.receipt     FROM attempt a JOIN delivery d ON d.sequence = a.delivery WHERE d.id = ?1 ORDER BY a.number DESC LIMIT ?2";
const LAST: &str = "SELECT number, started, finished, outcome, status, detail, answer, grade, receipt
    FROM attempt WHERE delivery = ?1 ORDER BY number DESC LIMIT 1";
const ANSWERS: &str = "SELECT answer, reason, at FROM answer WHERE delivery = ?1 ORDER BY message";
const SENT: &str =
    "SELECT d.sequence, d.target, d.id, e.id, e.function, s.agreement, s.issuer, s.number, s.lineage, s.version,
    e.earlier, s.lineage IS m.earlier, d.cargo, d.view, d.state, d.reason, d.due, d.because
    FROM message m CROSS JOIN message e ON e.chain = m.chain AND e.sequence <> m.sequence
    CROSS JOIN delivery d ON d.message = e.sequence
    JOIN message s ON s.sequence = coalesce(d.about, d.message)
    WHERE m.id = ?1 AND d.cargo IN ('certificate', 'cancellation') ORDER BY d.sequence DESC LIMIT ?2";

pub(super) fn due(
    db: &Connection,
    target: &MemberId,
    now: Timestamp,
    claim: &Claim,
) -> Result<Vec<Delivery>, Fault> {
    let mut taken: Vec<Delivery> = Vec::new();
    for sequence in resend::of_target(db, target)? {
        let wanted = |asked: &Delivery| claim.stream.has(asked.test) && !claim.skip.contains(&asked.id);
        taken.extend(readable(db, sequence)?.filter(wanted));
    }
    taken.truncate(claim.most);
    let mut turn = claim.turn;
    for rank in claim.stream.ranks().iter().copied() {
        let (mut fresh, mut retried) = (db.prepare_cached(DUE_FRESH)?, db.prepare_cached(DUE_RETRIED)?);
        let mut fresh = fresh.query(params![target.as_str(), word(rank)])?;
        let mut retried = retried.query(params![target.as_str(), word(rank), now.0])?;
        while taken.len() < claim.most {
            let first = turn.is_retried();
            let mut next = one(db, if first { &mut retried } else { &mut fresh }, claim)?;
            if next.is_none() {
                next = one(db, if first { &mut fresh } else { &mut retried }, claim)?;
            }
            let Some(delivery) = next else { break };
            turn = turn.after(delivery.life.failures > 0);
            taken.push(delivery);
        }
    }
    Ok(taken)
}

/// The next delivery that a claim does not leave out.
fn one(db: &Connection, rows: &mut Rows<'_>, claim: &Claim) -> Result<Option<Delivery>, Fault> {
    while let Some(row) = rows.next()? {
        let source: &str = row.get_ref(1)?.as_str().map_err(|_| Fault::corrupt("source"))?;
        if claim.without.iter().any(|without| without.as_str() == source) {
            continue;
        }
        let delivery = readable(db, row.get(0)?)?;
        // What was asked for is taken already.
        let next = delivery.filter(|next| next.asked.is_none() && !claim.skip.contains(&next.id));
        if let Some(delivery) = next {
            return Ok(Some(delivery));
        }
    }
    Ok(None)
}

pub(super) fn next_due(
    db: &Connection,
    target: &MemberId,
    stream: Stream,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let mut statement = db.prepare_cached(NEXT_DUE)?;
    let mut earliest: Option<i64> = None;
    for (rank, retried) in stream.ranks().iter().flat_map(|rank| [(*rank, false), (*rank, true)]) {
        let columns = params![target.as_str(), word(rank), retried];
        let first: Option<i64> = statement.query_row(columns, |row| row.get(0))?;
        let first = first.map(|due| if retried { due } else { due.min(now.0) });
        earliest = earliest.into_iter().chain(first).min();
    }
    let asked = resend::first(db, target, stream)?;
    Ok(earliest.map(Timestamp).into_iter().chain(asked).min())
}

/// Chains of open deliveries behind `after` whose first is queued, as if another were before it; and where to go on, from
/// the beginning again after the last page.
pub(super) fn headless(
    db: &Connection,
    after: &ChainsAfter,
    rows_max: u32,
) -> Result<(Vec<(MemberId, i64)>, ChainsAfter), Fault> {
    let start = after.as_ref().map_or(("", i64::MIN), |(target, chain)| (target.as_str(), *chain));
    let mut page = all(db, CHAINS, params![start.0, start.1, rows_max], |row| {
        let mut c = row::Columns::of(row);
        Ok((c.name()?, c.take::<i64>()?))
    })?;
    let full = page.len() >= usize::try_from(rows_max).unwrap_or(usize::MAX);
    let next = page.last().filter(|_| full).cloned();
    let mut first = db.prepare_cached(FIRST)?;
    let mut states = Vec::with_capacity(page.len());
    for (target, chain) in &page {
        let word: String = first.query_row((target.as_str(), chain), |row| row.get(0))?;
        states.push(word == State::Queued.word());
    }
    let mut headless = states.into_iter();
    page.retain(|_| headless.next().unwrap_or(false));
    Ok((page, next))
}

/// The distinct targets with open deliveries.
pub(super) fn targets_of(db: &Connection) -> Result<Vec<MemberId>, Fault> {
    all(db, TARGETS, [], |row| row::Columns::of(row).name())
}

pub(super) fn overdue(
    db: &Connection,
    target: Option<&MemberId>,
    before: Timestamp,
    rows_max: u32,
) -> Result<Vec<Delivery>, Fault> {
    let most = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let targets = match target {
        Some(target) => vec![target.clone()],
        None => targets_of(db)?,
    };
    let mut found: Vec<i64> = Vec::new();
    for target in targets {
        found.extend(all(db, OVERDUE, params![target.as_str(), before.0, rows_max], |row| {
            Ok(row.get::<_, i64>(0)?)
        })?);
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    all_readable(db, found)
}

pub(super) fn held_for(
    db: &Connection,
    reason: Reason,
    after: i64,
    rows_max: u32,
) -> Result<Vec<Delivery>, Fault> {
    all_readable(db, all(db, HELD_FOR, params![reason.code(), after, rows_max], |row| Ok(row.get(0)?))?)
}

pub(super) fn before(db: &Connection, id: MessageId) -> Result<Before, Fault> {
    let follows = db.prepare_cached(PREDECESSOR)?.exists([id.0.as_bytes()])?;
    let mut latest = db.prepare_cached(LATEST_ROUTED)?;
    let latest = latest.query_row([id.0.as_bytes()], |row| row.get(0)).optional()?;
    Ok(Before { follows, latest })
}

pub(super) fn delivery(db: &Connection, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
    let sequence = db.prepare_cached(BY_ID)?.query_row([id.0.as_bytes()], |row| row.get(0)).optional()?;
    sequence.map_or(Ok(None), |sequence| by_sequence(db, sequence))
}

pub(super) fn of_message(db: &Connection, id: MessageId, rows_max: u32) -> Result<Vec<Delivery>, Fault> {
    whole(db, all(db, OF_MESSAGE, params![id.0.as_bytes(), rows_max], |row| Ok(row.get(0)?))?)
}

pub(super) fn attempts(db: &Connection, id: DeliveryId, rows_max: u32) -> Result<Vec<Attempt>, Fault> {
    let mut attempts = all(db, ATTEMPTS, params![id.0.as_bytes(), rows_max], row::attempt)?;
    attempts.reverse();
    Ok(attempts)
}

pub(super) fn sent_to(db: &Connection, id: MessageId, rows_max: u32) -> Result<Vec<Sent>, Fault> {
    let mut sent = all(db, SENT, params![id.0.as_bytes(), rows_max], |row| {
        let mut c = row::Columns::of(row);
        let reason: Option<String> = row.get("reason")?;
        Ok(Sent {
            sequence: c.take()?,
            target: c.name()?,
            delivery: c.delivery_id()?,
            message: c.message_id()?,
            function: c.read("function", Function::of)?,
            subject: c.key()?,
            earlier_lineage: c.take()?,
            replaced: c.take()?,
            cargo: c.read("cargo", |word: String| Cargo::of(&word))?,
            view: c.read("view", |word: String| View::of(&word))?,
            state: c.state()?,
            hold: reason.as_deref().and_then(Reason::of),
            addressed: is_addressed(&c.take::<String>()?),
        })
    })?;
    sent.reverse();
    Ok(sent)
}

pub(super) fn whole(db: &Connection, sequences: Vec<i64>) -> Result<Vec<Delivery>, Fault> {
    let found = sequences.into_iter().map(|sequence| by_sequence(db, sequence));
    found.filter_map(Result::transpose).collect()
}

/// Those of them that can be read: what is damaged stands in the way of no other.
pub(super) fn all_readable(db: &Connection, sequences: Vec<i64>) -> Result<Vec<Delivery>, Fault> {
    let found = sequences.into_iter().map(|sequence| readable(db, sequence));
    found.filter_map(Result::transpose).collect()
}

/// A delivery, unless its row is damaged.
fn readable(db: &Connection, sequence: i64) -> Result<Option<Delivery>, Fault> {
    Ok(fault::readable("delivery", sequence, by_sequence(db, sequence))?.flatten())
}

pub(super) fn by_sequence(db: &Connection, sequence: i64) -> Result<Option<Delivery>, Fault> {
    let Some(mut delivery) = all(db, BY_SEQUENCE, [sequence], row::delivery)?.pop() else {
        return Ok(None);
    };
    if delivery.attempts > 0 {
        delivery.last = all(db, LAST, [sequence], row::attempt)?.pop();
    }
    delivery.asked = resend::asked(db, sequence)?;
    if delivery.life.state == State::Delivered {
        delivery.answer_until = awaited::until(db, sequence)?;
    }
    delivery.answers = all(db, ANSWERS, [sequence], |row| {
        let mut c = row::Columns::of(row);
        Ok((c.read("answer", |word: String| Answer::of(&word))?, c.take()?, c.timestamp()?))
    })?;
    Ok(Some(delivery))
}
