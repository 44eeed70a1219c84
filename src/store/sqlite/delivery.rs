//! Rows of deliveries: made, moved between states, promoted to head.

use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Batch;
use crate::{
    model::{
        delivery::{Life, State},
        id::{DeliveryId, Digest, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        claim::Rank,
        life::{Stored, head},
        record::{Cargo, NewDelivery},
        sent::Gap,
        word::{reason_of, state},
    },
};

const EXISTS: &str = "SELECT 1 FROM delivery WHERE id = ?1";
const OPEN: &str = "SELECT 1 FROM delivery INDEXED BY delivery_queue
    WHERE target = ?1 AND chain = ?2 AND ended IS NULL LIMIT 1";
const INSERT: &str =
    "INSERT INTO delivery (id, message, chain, target, cargo, view, body, weight, urgent, created, config,
    losses, because, state, reason, due, failures, attempts, ended, about, gap, source, test)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(test, ?19, ?9), ?10, ?11, ?12, ?13, ?14, ?15, ?16, 0, 0, NULL,
    (SELECT sequence FROM message WHERE id = ?17), ?18, source, test FROM message WHERE sequence = ?2";
const LOAD: &str = "SELECT sequence, message, chain, target, state, reason, due, created, failures, attempts,
    cargo, replaced FROM delivery WHERE id = ?1";
const MOVE: &str =
    "UPDATE delivery SET state = ?2, reason = ?3, due = ?4, failures = ?5, attempts = ?6, ended = ?7
    WHERE sequence = ?1";
const DEFER: &str = "UPDATE delivery SET due = ?2, failures = ?3, attempts = ?4 WHERE sequence = ?1";
const FIRST: &str = "SELECT sequence, state, reason FROM delivery INDEXED BY delivery_queue
    WHERE target = ?1 AND chain = ?2 AND ended IS NULL ORDER BY sequence LIMIT 1";
const PROMOTE: &str = "UPDATE delivery SET state = ?2, reason = ?3, due = ?4 WHERE sequence = ?1";
const HEADS: &str = "SELECT sequence, state FROM delivery INDEXED BY delivery_queue
    WHERE target = ?1 AND chain = ?2 AND ended IS NULL ORDER BY sequence";
const DEMOTE: &str = "UPDATE delivery SET state = 'queued', due = NULL WHERE sequence = ?1";

/// Where a new delivery goes.
pub(super) struct Place {
    /// Sequence of its message.
    pub(super) message: i64,
    /// Chain of its message.
    pub(super) chain: i64,
    /// Row of what is sent.
    pub(super) body: Option<i64>,
    /// Configuration it was routed under; none for the hub's own word.
    pub(super) config: Option<Digest>,
}

/// The part of a stored delivery that an outcome looks at.
pub(super) struct Row {
    pub(super) sequence: i64,
    pub(super) message: i64,
    pub(super) chain: i64,
    pub(super) target: MemberId,
    pub(super) stored: Stored,
    pub(super) attempts: u32,
    pub(super) cargo: Cargo,
    /// Another took its place after it ended badly: it is not counted among those.
    pub(super) replaced: bool,
}

/// What the column `urgent` says.
pub(super) fn word(rank: Rank) -> i64 {
    match rank {
        Rank::Urgent => 1,
        Rank::Usual => 0,
        Rank::Bulk => -1,
        Rank::Test => -2,
    }
}

/// Whether the store has a delivery of this id.
pub(super) fn exists(db: &Connection, id: DeliveryId) -> Result<bool, Fault> {
    Ok(db.prepare_cached(EXISTS)?.exists([id.0.as_bytes()])?)
}

/// Appends a delivery to its (target, chain): head if nothing before it is open, else queued.
pub(super) fn insert(batch: &mut Batch<'_>, new: &NewDelivery, place: &Place) -> Result<(), Fault> {
    let db = batch.db;
    let behind = db.prepare_cached(OPEN)?.exists((new.target.as_str(), place.chain))?;
    // Without bytes there is nothing to send, whatever the caller says.
    let hold = new.held.or(place.body.is_none().then_some(Reason::Unrenderable));
    let state = if behind { State::Queued } else { head(hold, new.created) };
    let inserted = db.prepare_cached(INSERT)?.execute(params![
        new.id.0.as_bytes(),
        place.message,
        place.chain,
        new.target.as_str(),
        new.cargo.word(),
        new.view.word(),
        place.body,
        new.weight,
        word(new.rank),
        new.created.0,
        place.config.map(|digest| digest.0),
        super::row::lines(&new.losses),
        new.because,
        state.word(),
        hold.map(Reason::code),
        state.due().map(|at| at.0),
        new.about.map(|id| *id.0.as_bytes()),
        new.gap.map(Gap::word),
        word(new.rank.of(true)),
    ])?;
    if inserted != 1 {
        return Err(Fault::corrupt("message of a delivery"));
    }
    if let Some(within) = new.answer_within {
        super::awaited::begin(db, place.message, &new.target, within)?;
    }
    batch.tally.count(&state, 1);
    batch.wakes.of(&new.target, &state);
    Ok(())
}

/// Loads what an outcome looks at.
pub(super) fn load(db: &Connection, id: DeliveryId) -> Result<Row, Fault> {
    let mut statement = db.prepare_cached(LOAD)?;
    let mut rows = statement.query([id.0.as_bytes()])?;
    let row = rows.next()?.ok_or(Fault::DeliveryUnknown(id))?;
    let mut c = super::row::Columns::of(row);
    let (sequence, message, chain, target) = (c.take()?, c.take()?, c.take()?, c.name()?);
    let (word, reason) = (c.take::<String>()?, c.take::<Option<String>>()?);
    let (reason, due) = (reason.as_deref().and_then(Reason::of), c.take::<Option<i64>>()?.map(Timestamp));
    let hold = reason.filter(|_| word == State::Queued.word());
    let state = state(&word, reason, due)?;
    let life = Life { state, created: c.timestamp()?, failures: c.take()? };
    let (attempts, cargo) = (c.take()?, c.read("cargo", |word: String| Cargo::of(&word))?);
    let (stored, replaced) = (Stored { life, hold }, c.take()?);
    Ok(Row { sequence, message, chain, target, stored, attempts, cargo, replaced })
}

/// Writes the next life of a delivery; when that ends it, the chain may need a new head.
pub(super) fn write(batch: &mut Batch<'_>, row: &Row, next: &Stored, at: Timestamp) -> Result<(), Fault> {
    let (old, new) = (&row.stored.life.state, &next.life.state);
    if let (State::Due { .. }, State::Due { at: due }) = (old, new) {
        // The common case by far while a target is down; leaves every index but the due one alone.
        let columns = params![row.sequence, due.0, next.life.failures, row.attempts];
        batch.db.prepare_cached(DEFER)?.execute(columns)?;
    } else {
        let reason = reason_of(new).or(next.hold).map(Reason::code);
        let (due, ended) = (new.due().map(|due| due.0), new.is_final().then_some(at.0));
        let columns = params![row.sequence, new.word(), reason, due, next.life.failures, row.attempts, ended];
        batch.db.prepare_cached(MOVE)?.execute(columns)?;
        batch.tally.count(old, -1 + i64::from(row.replaced));
        batch.tally.count(new, 1);
    }
    if *new == State::Delivered {
        super::replaced::by_later(batch, row)?;
        super::awaited::arrived(batch.db, row, at)?;
    }
    if new.is_final() {
        promote(batch, &row.target, row.chain, at)?;
    }
    batch.wakes.of(&row.target, new);
    Ok(())
}

/// Gives the chain a head, if it has none and something is queued.
pub(super) fn promote(
    batch: &mut Batch<'_>,
    target: &MemberId,
    chain: i64,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut statement = batch.db.prepare_cached(FIRST)?;
    let next = statement
        .query_row((target.as_str(), chain), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
        })
        .optional()?;
    let Some((sequence, word, reason)) = next else {
        return Ok(());
    };
    if word != State::Queued.word() {
        return Ok(());
    }
    let state = head(reason.as_deref().and_then(Reason::of), now);
    let columns =
        params![sequence, state.word(), reason_of(&state).map(Reason::code), state.due().map(|at| at.0)];
    batch.db.prepare_cached(PROMOTE)?.execute(columns)?;
    batch.tally.count(&State::Queued, -1);
    batch.tally.count(&state, 1);
    batch.wakes.of(target, &state);
    Ok(())
}

/// After two chains became one: every open delivery to the target but the first is queued again, holds remembered.
pub(super) fn demote_all_but_first(batch: &mut Batch<'_>, target: &str, chain: i64) -> Result<(), Fault> {
    let open: Vec<(i64, String)> = batch
        .db
        .prepare_cached(HEADS)?
        .query_map((target, chain), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (sequence, word) in open.into_iter().skip(1) {
        if word != State::Queued.word() {
            batch.db.prepare_cached(DEMOTE)?.execute([sequence])?;
            batch.tally.held -= i64::from(word == "held");
        }
    }
    Ok(())
}
