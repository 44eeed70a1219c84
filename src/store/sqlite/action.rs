//! The commit of an operator's action, and the reads it is decided on.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    accept::insert_body,
    delivery::{self, Place},
    finish, lanes,
    messages::all,
    register, replaced,
    row::Columns,
    unaddressed,
    writer::Batch,
};
use crate::{
    model::{
        delivery::{Life, State},
        id::{DeliveryId, MemberId, MessageId},
        time::Timestamp,
    },
    store::{
        Fault, READ_ROWS_MAX,
        action::{Acted, Action, Addition, Effect, Past, Trail, Verb},
        job::PackedAct,
        life::{Stored, settle},
        pack::Packed,
        record::{Cargo, View},
        sent::is_elsewhere,
    },
};

const INSERT: &str = "INSERT INTO action (at, user, named, verb, about, reason, outcome)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const ACTIONS: &str = "SELECT id, at, user, named, verb, about, reason, outcome FROM action
    WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
const ABOUT: &str =
    "SELECT id, at, user, named, verb, about, reason, outcome FROM action INDEXED BY action_about
    WHERE about = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";
/// A version that came after a higher one is no newer than that; what is parked is no change yet.
const CHAIN: &str = "SELECT m.sequence, m.chain, (SELECT max(CASE
        WHEN e.lineage <> m.lineage OR e.function = 1 OR m.function = 1 OR e.version = m.version THEN e.sequence
        WHEN e.version > m.version THEN max(e.sequence, m.sequence + 1) ELSE m.sequence END) FROM message e
    WHERE e.chain = m.chain AND e.function <> 11 AND e.duplicate_of IS NULL
    AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.message = e.sequence))
    FROM message m WHERE m.id = ?1";
const PAST: &str = "SELECT d.id, e.sequence, d.cargo, d.view, d.replay_of, d.ended, d.state, d.reason, d.due
    FROM message e INDEXED BY message_chain CROSS JOIN delivery d INDEXED BY delivery_message
    ON d.message = e.sequence AND d.target = ?2 WHERE e.chain = ?1 ORDER BY d.sequence DESC LIMIT ?3";
const SENT: &str = "SELECT d.target, d.because, d.state, d.reason, d.due
    FROM message m CROSS JOIN delivery d INDEXED BY delivery_message ON d.message = m.sequence WHERE m.id = ?1";
const REPEATS: &str = "UPDATE delivery SET replay_of = ?2,
    (about, gap) = (SELECT about, gap FROM delivery WHERE id = ?2) WHERE id = ?1";

/// Carries an action out, or writes nothing.
pub(super) fn act(batch: &mut Batch<'_>, act: &PackedAct) -> Result<Acted, Fault> {
    let changes = match &act.effect {
        Effect::Nothing | Effect::Lane(_) => true,
        Effect::Life(outcome) => {
            let row = delivery::load(batch.db, outcome.delivery)?;
            settle(&row.stored, &outcome.life, false) != row.stored
        }
        Effect::Sooner(id) => sooner(batch, *id, act.action.at)?,
        Effect::Send(additions) => holds(batch.db, additions)?,
        Effect::Keep(entry) => register::holds(batch.db, entry)?,
    };
    if !changes {
        return Ok(Acted::Unchanged);
    }
    match &act.effect {
        Effect::Nothing | Effect::Sooner(_) => {}
        Effect::Lane(change) => lanes::change(batch, change)?,
        Effect::Life(outcome) => {
            finish::finish(batch, outcome, act.bodies.first().and_then(Option::as_ref))?;
            batch.wakes.recalled = true;
        }
        Effect::Send(additions) => {
            for (addition, body) in additions.iter().zip(&act.bodies) {
                send(batch, addition, body.as_ref())?;
            }
        }
        Effect::Keep(entry) => {
            if let Some(packed) = act.bodies.first().and_then(Option::as_ref) {
                register::insert(batch.db, entry, act.action.at, packed)?;
            }
        }
    }
    let Action { at, user, named, verb, about, reason, outcome } = &act.action;
    let columns = params![at.0, user, named, verb.word(), about, reason, outcome];
    batch.db.prepare_cached(INSERT)?.execute(columns)?;
    Ok(Acted::Done)
}

/// Makes a delivery due now that is due later; whether it was.
fn sooner(batch: &mut Batch<'_>, id: DeliveryId, now: Timestamp) -> Result<bool, Fault> {
    let row = delivery::load(batch.db, id)?;
    let is_later = row.stored.life.state.due().is_some_and(|at| at > now);
    if is_later {
        let life = Life { state: State::Due { at: now }, ..row.stored.life.clone() };
        delivery::write(batch, &row, &Stored { life, hold: None }, now)?;
    }
    Ok(is_later)
}

/// Whether what each addition was decided on is still so.
fn holds(db: &Connection, additions: &[Addition]) -> Result<bool, Fault> {
    for addition in additions {
        let now = trail(db, addition.message, &addition.delivery.target)?;
        let sole = !addition.sole || is_sole(db, addition)?;
        if now.ok_or(Fault::MessageUnknown(addition.message))? != addition.seen || !sole {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a message is addressed to no other member than the one it now goes to.
fn is_sole(db: &Connection, addition: &Addition) -> Result<bool, Fault> {
    let sent = all(db, SENT, [addition.message.0.as_bytes()], |row| {
        let mut c = Columns::of(row);
        Ok((c.name()?, c.take::<String>()?, c.state()?))
    })?;
    let to = &addition.delivery.target;
    Ok(!sent.iter().any(|(target, because, state)| is_elsewhere(to, (target, because, state))))
}

fn send(batch: &mut Batch<'_>, addition: &Addition, body: Option<&Packed>) -> Result<(), Fault> {
    let Addition { message, config, delivery, replay_of, .. } = addition;
    let (message, chain, _) = chain(batch.db, *message)?.ok_or(Fault::MessageUnknown(*message))?;
    let body = body.map(|body| insert_body(batch.db, message, body)).transpose()?;
    delivery::insert(batch, delivery, &Place { message, chain, body, config: Some(*config) })?;
    unaddressed::addressed(batch.db, message)?;
    if let Some(of) = replay_of {
        batch.db.prepare_cached(REPEATS)?.execute([delivery.id.0.as_bytes(), of.0.as_bytes()])?;
        replaced::by_repeat(batch, delivery.id)?;
    }
    Ok(())
}

/// A message's sequence, its chain, and the sequence of the newest message of it.
fn chain(db: &Connection, message: MessageId) -> Result<Option<(i64, i64, i64)>, Fault> {
    let mut statement = db.prepare_cached(CHAIN)?;
    let found = statement
        .query_row([message.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(found)
}

pub(super) fn trail(db: &Connection, message: MessageId, target: &MemberId) -> Result<Option<Trail>, Fault> {
    let Some((message, chain, newest)) = chain(db, message)? else { return Ok(None) };
    let mut past = all(db, PAST, params![chain, target.as_str(), READ_ROWS_MAX], |row| {
        let mut c = Columns::of(row);
        Ok(Past {
            delivery: c.delivery_id()?,
            message: c.take()?,
            cargo: c.read("cargo", |word: String| Cargo::of(&word))?,
            view: c.read("view", |word: String| View::of(&word))?,
            replay_of: c.take::<Option<[u8; 16]>>()?.map(|bytes| DeliveryId(uuid::Uuid::from_bytes(bytes))),
            ended: c.take::<Option<i64>>()?.map(crate::model::time::Timestamp),
            state: c.state()?,
        })
    })?;
    past.reverse();
    Ok(Some(Trail { message, newest, past }))
}

pub(super) fn actions(
    db: &Connection,
    about: Option<&str>,
    before: Option<i64>,
    rows_max: u32,
) -> Result<Vec<(i64, Action)>, Fault> {
    let before = before.unwrap_or(i64::MAX);
    let read = |row: &rusqlite::Row<'_>| {
        let mut c = Columns::of(row);
        let number = c.take()?;
        let action = Action {
            at: c.timestamp()?,
            user: c.take()?,
            named: c.take()?,
            verb: c.read("verb of an action", |word: String| Verb::of(&word))?,
            about: c.take()?,
            reason: c.take()?,
            outcome: c.take()?,
        };
        Ok((number, action))
    };
    match about {
        None => all(db, ACTIONS, params![before, rows_max], read),
        Some(about) => all(db, ABOUT, params![before, rows_max, about], read),
    }
}
