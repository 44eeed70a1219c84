//! The commit of an operator's action, and the reads it is decided on.

use serde::{Deserialize, Serialize};

use super::{
    batch::Batch,
    db::{Db, int, row},
    delivery::{self, Place},
    key::{Key, Table},
    lanes, register, replaced, route,
    row::{DeliveryRow, MessageRow},
    unaddressed, word,
};
use crate::{
    model::{
        delivery::{Life, State},
        envelope::Function,
        id::{DeliveryId, MemberId, MessageId},
        time::Timestamp,
    },
    store::{
        Fault, READ_ROWS_MAX,
        action::{Acted, Action, Addition, Effect, Past, Trail, Verb},
        job::PackedAct,
        life::{Stored, settle},
        pack::Packed,
        sent::is_elsewhere,
    },
};

/// An action, as evidence.
#[derive(Serialize, Deserialize)]
struct ActionRow {
    #[serde(with = "word")]
    at: Timestamp,
    user: String,
    named: Option<String>,
    verb: String,
    about: String,
    reason: String,
    outcome: String,
}

/// Carries an action out, or writes nothing.
pub(super) fn act(batch: &mut Batch, act: &PackedAct) -> Result<Acted, Fault> {
    let changes = match &act.effect {
        Effect::Nothing | Effect::Lane(_) => true,
        Effect::Life(outcome) => {
            let row = batch.db.delivery_of(outcome.delivery)?;
            let row = row.ok_or(Fault::DeliveryUnknown(outcome.delivery))?;
            let stored = delivery::stored(&row)?;
            settle(&stored, &outcome.life, false) != stored
        }
        Effect::Sooner(id) => sooner(batch, *id, act.action.at)?,
        Effect::Send(additions) => holds(&batch.db, additions)?,
        Effect::Keep(entry) => register::holds(&batch.db, entry)?,
    };
    if !changes {
        return Ok(Acted::Unchanged);
    }
    match &act.effect {
        Effect::Nothing | Effect::Sooner(_) => {}
        Effect::Lane(change) => lanes::change(batch, change)?,
        Effect::Life(outcome) => {
            route::finish(batch, outcome, act.bodies.first().and_then(Option::as_ref))?;
            batch.wakes.recalled = true;
        }
        Effect::Send(additions) => {
            for (addition, body) in additions.iter().zip(&act.bodies) {
                send(batch, addition, body.as_ref())?;
            }
        }
        Effect::Keep(entry) => {
            if let Some(packed) = act.bodies.first().and_then(Option::as_ref) {
                register::insert(&mut batch.db, entry, act.action.at, packed)?;
            }
        }
    }
    insert(&mut batch.db, &act.action)?;
    Ok(Acted::Done)
}

fn insert(db: &mut Db, action: &Action) -> Result<(), Fault> {
    let Action { at, user, named, verb, about, reason, outcome } = action.clone();
    let number = db.number(Table::Action)?;
    db.put(Key::of(Table::ActionAbout).text(&about).down(number), Vec::new());
    let row = ActionRow { at, user, named, verb: verb.word().to_owned(), about, reason, outcome };
    db.put_row(Key::of(Table::Action).down(number), &row)
}

/// Makes a delivery due now that is due later; whether it was.
fn sooner(batch: &mut Batch, id: DeliveryId, now: Timestamp) -> Result<bool, Fault> {
    let row = batch.db.delivery_of(id)?.ok_or(Fault::DeliveryUnknown(id))?;
    let Stored { life, .. } = delivery::stored(&row)?;
    let is_later = life.state.due().is_some_and(|at| at > now);
    if is_later {
        let life = Life { state: State::Due { at: now }, ..life };
        delivery::write(batch, &row, &Stored { life, hold: None }, now)?;
    }
    Ok(is_later)
}

/// Whether what each addition was decided on is still so.
fn holds(db: &Db, additions: &[Addition]) -> Result<bool, Fault> {
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
fn is_sole(db: &Db, addition: &Addition) -> Result<bool, Fault> {
    let message = db.message_of(addition.message)?.ok_or(Fault::MessageUnknown(addition.message))?;
    for row in db.deliveries_of(message.sequence)? {
        if is_elsewhere(&addition.delivery.target, (&row.target, &row.because, &row.state()?)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn send(batch: &mut Batch, addition: &Addition, body: Option<&Packed>) -> Result<(), Fault> {
    let Addition { message, config, delivery, replay_of, .. } = addition;
    let message = batch.db.message_of(*message)?.ok_or(Fault::MessageUnknown(*message))?;
    let body = body.map(|body| batch.db.insert_body(message.sequence, body)).transpose()?;
    let place = Place { message: message.sequence, chain: message.chain, body, config: Some(*config) };
    let new = delivery::insert(batch, delivery, &place)?;
    unaddressed::addressed(batch, message.sequence);
    let Some(of) = replay_of else { return Ok(()) };
    let Some(DeliveryRow { about, gap, .. }) = batch.db.delivery_of(*of)? else { return Ok(()) };
    DeliveryRow { replay_of: Some(*of), about, gap, ..new.clone() }.save(&mut batch.db, Some(&new))?;
    replaced::by_repeat(batch, &new)
}

pub(super) fn trail(db: &Db, message: MessageId, target: &MemberId) -> Result<Option<Trail>, Fault> {
    let Some(message) = db.message_of(message)? else { return Ok(None) };
    let (mut newest, mut past) = (message.sequence, Vec::new());
    for other in db.messages_of(message.chain)? {
        if let Some(change) = change(db, &message, &other)? {
            newest = newest.max(change);
        }
        for row in db.deliveries_of(other.sequence)?.into_iter().filter(|row| row.target == *target) {
            let DeliveryRow { sequence, id, cargo, view, replay_of, ended, .. } = row;
            let state = row.state()?;
            let message = other.sequence;
            past.push((sequence, Past { delivery: id, message, cargo, view, replay_of, ended, state }));
        }
    }
    past.sort_by_key(|(sequence, _)| *sequence);
    let most = usize::try_from(READ_ROWS_MAX).unwrap_or(usize::MAX);
    let past = past.split_off(past.len().saturating_sub(most));
    let past = past.into_iter().map(|(_, past)| past).collect();
    Ok(Some(Trail { message: message.sequence, newest, past }))
}

/// Where another message of its chain stands as a change of a message: none, if it is no change of anything, yet.
///
/// A version that came after a higher one is no newer than that; what is parked is no change yet.
fn change(db: &Db, message: &MessageRow, other: &MessageRow) -> Result<Option<i64>, Fault> {
    let nothing = other.function == Function::Response || other.duplicate_of.is_some();
    if nothing || db.parked_as(other.sequence)?.is_some() {
        return Ok(None);
    }
    let cancels = [message.function, other.function].contains(&Function::Cancellation);
    let versions = other.version.zip(message.version);
    let same = versions.is_some_and(|(other, this)| other == this);
    let by_order = other.lineage != message.lineage || cancels || same;
    let later = versions.is_some_and(|(other, this)| other > this);
    Ok(Some(match (by_order, later) {
        (true, _) => other.sequence,
        (false, true) => other.sequence.max(message.sequence + 1),
        (false, false) => message.sequence,
    }))
}

pub(super) fn actions(
    db: &Db,
    about: Option<&str>,
    before: Option<i64>,
    most: usize,
) -> Result<Vec<(i64, Action)>, Fault> {
    let prefix = match about {
        Some(about) => Key::of(Table::ActionAbout).text(about),
        None => Key::of(Table::Action),
    };
    let from = before.map_or(prefix.0.clone(), |before| prefix.clone().down(before).next());
    let entries = db.scan_from(&prefix, from).take(most);
    let mut found = Vec::new();
    for entry in entries {
        let number = !int(&entry?)?;
        let value = db.get(&Key::of(Table::Action).down(number))?.ok_or_else(|| Fault::corrupt("action"))?;
        let ActionRow { at, user, named, verb, about, reason, outcome } = row(&value)?;
        let verb = Verb::of(&verb).ok_or_else(|| Fault::corrupt("verb of an action"))?;
        found.push((number, Action { at, user, named, verb, about, reason, outcome }));
    }
    Ok(found)
}
