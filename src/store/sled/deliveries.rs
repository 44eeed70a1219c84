//! Reads about deliveries: what is due, what is overdue, what became of one.

use super::{
    asked, awaited,
    db::{Db, Scan, int, row},
    key::{Key, Table, last_int},
    messages,
    row::{AnswerRow, AttemptRow, BodyRow, DeliveryRow, VersionRow, due as due_key},
};
use crate::{
    model::{
        delivery::{Life, State},
        id::{DeliveryId, MemberId, MessageId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        claim::{Claim, Stream},
        fault::readable,
        read::ChainsAfter,
        record::{Attempt, Cargo, Delivery, Stage},
        sent::{Before, Sent, is_addressed},
    },
};

pub(super) fn due(db: &Db, target: &MemberId, now: Timestamp, claim: &Claim) -> Result<Vec<Delivery>, Fault> {
    let mut taken: Vec<Delivery> = Vec::new();
    for sequence in asked::of_target(db, target)? {
        taken.extend(readable("delivery", sequence, by_sequence(db, sequence))?);
    }
    taken.retain(|asked| claim.stream.has(asked.test) && !claim.skip.contains(&asked.id));
    taken.truncate(claim.most);
    let mut turn = claim.turn;
    for rank in claim.stream.ranks().iter().copied() {
        let mut fresh = db.scan(&due_key(target, rank, false));
        let mut retried = db.scan(&due_key(target, rank, true));
        while taken.len() < claim.most {
            let (first, second) =
                if turn.is_retried() { (&mut retried, &mut fresh) } else { (&mut fresh, &mut retried) };
            let mut next = one(db, first, now, claim)?;
            if next.is_none() {
                next = one(db, second, now, claim)?;
            }
            let Some(delivery) = next else { break };
            turn = turn.after(delivery.life.failures > 0);
            taken.push(delivery);
        }
    }
    Ok(taken)
}

/// The next due delivery that a claim does not leave out.
fn one(db: &Db, entries: &mut Scan<'_>, now: Timestamp, claim: &Claim) -> Result<Option<Delivery>, Fault> {
    for entry in entries {
        let sequence = int(&entry?)?;
        let Some(row) = readable("delivery", sequence, db.delivery_at(sequence))? else { continue };
        // What was not tried yet is meant at once: where it is due ahead, the clock was put back since.
        if row.failures > 0 && row.due.is_none_or(|at| at > now) {
            return Ok(None);
        }
        let other = !claim.stream.has(row.test);
        if other || claim.without.contains(&row.source) || claim.skip.contains(&row.id) {
            continue;
        }
        let delivery = readable("delivery", sequence, whole(db, row))?;
        // What was asked for is taken already.
        if let Some(delivery) = delivery.filter(|delivery| delivery.asked.is_none()) {
            return Ok(Some(delivery));
        }
    }
    Ok(None)
}

pub(super) fn next_due(
    db: &Db,
    target: &MemberId,
    stream: Stream,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let mut earliest = asked::first(db, target, stream)?;
    for (rank, retried) in stream.ranks().iter().flat_map(|rank| [(*rank, false), (*rank, true)]) {
        for entry in db.scan(&due_key(target, rank, retried)) {
            let sequence = int(&entry?)?;
            let Some(row) = readable("delivery", sequence, db.delivery_at(sequence))? else { continue };
            let due = row.due.map(|due| if retried { due } else { due.min(now) });
            earliest = earliest.into_iter().chain(due).min();
            break;
        }
    }
    Ok(earliest)
}

/// Chains of open deliveries behind `after` whose first is queued, as if another were before it; and where to go on.
pub(super) fn headless(
    db: &Db,
    after: &ChainsAfter,
    most: usize,
) -> Result<(Vec<(MemberId, i64)>, ChainsAfter), Fault> {
    let table = Key::of(Table::Open);
    let of = |(target, chain): &(MemberId, i64)| table.clone().text(target.as_str()).int(*chain);
    let mut from = after.as_ref().map_or(table.0.clone(), |chain| of(chain).end());
    let (mut page, mut headless) = (Vec::new(), Vec::new());
    while page.len() < most {
        let Some(entry) = db.scan_from(&table, from).next() else { return Ok((headless, None)) };
        let head = db.delivery_at(int(&entry?)?)?;
        let chain = (head.target, head.chain);
        from = of(&chain).end();
        if head.state == State::Queued.word() {
            headless.push(chain.clone());
        }
        page.push(chain);
    }
    Ok((headless, page.pop()))
}

/// The distinct targets with open deliveries: one look-up each.
pub(super) fn targets(db: &Db) -> Result<Vec<MemberId>, Fault> {
    let table = Key::of(Table::Open);
    let (mut targets, mut from) = (Vec::new(), table.0.clone());
    while let Some(entry) = db.scan_from(&table, from).next() {
        let target = db.delivery_at(int(&entry?)?)?.target;
        from = table.clone().text(target.as_str()).end();
        targets.push(target);
    }
    Ok(targets)
}

pub(super) fn overdue(
    db: &Db,
    target: Option<&MemberId>,
    before: Timestamp,
    most: usize,
) -> Result<Vec<Delivery>, Fault> {
    let targets = match target {
        Some(target) => vec![target.clone()],
        None => targets(db)?,
    };
    let mut found = Vec::new();
    for target in targets {
        for entry in db.scan(&Key::of(Table::Age).text(target.as_str())) {
            let sequence = int(&entry?)?;
            let Some(row) = readable("delivery", sequence, db.delivery_at(sequence))? else { continue };
            if found.len() >= most || row.created >= before {
                break;
            }
            found.extend(readable("delivery", sequence, whole(db, row))?);
        }
    }
    Ok(found)
}

pub(super) fn held_for(db: &Db, reason: Reason, after: i64, most: usize) -> Result<Vec<Delivery>, Fault> {
    let table = Key::of(Table::Hold).text(reason.code());
    let entries = db.scan_from(&table, table.clone().int(after).next()).take(most);
    let mut found = Vec::new();
    for entry in entries {
        let sequence = int(&entry?)?;
        found.extend(readable("delivery", sequence, by_sequence(db, sequence))?);
    }
    Ok(found)
}

pub(super) fn before(db: &Db, id: MessageId) -> Result<Before, Fault> {
    let Some(message) = db.message_of(id)? else { return Ok(Before::default()) };
    let is_routed = |sequence| Ok::<_, Fault>(db.stage(sequence)? == Stage::Routed);
    let mut before = Before::default();
    for other in db.messages_of(message.chain)? {
        let carries = other.function.has_document() && other.duplicate_of.is_none();
        if other.sequence != message.sequence && carries && is_routed(other.sequence)? {
            before.follows = true;
            break;
        }
    }
    for entry in db.scan(&messages::lineage(&message.subject(), &message.lineage)) {
        let version: VersionRow = row(&entry?.1)?;
        if version.message != message.sequence && is_routed(version.message)? {
            before.latest = Some(version.version);
        }
    }
    Ok(before)
}

pub(super) fn delivery(db: &Db, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
    db.delivery_of(id)?.map(|row| whole(db, row)).transpose()
}

pub(super) fn of_message(db: &Db, id: MessageId, most: usize) -> Result<Vec<Delivery>, Fault> {
    let Some(message) = db.message_of(id)? else { return Ok(Vec::new()) };
    db.deliveries_of(message.sequence)?.into_iter().take(most).map(|row| whole(db, row)).collect()
}

pub(super) fn attempts(db: &Db, id: DeliveryId, most: usize) -> Result<Vec<Attempt>, Fault> {
    let Some(delivery) = db.delivery_of(id)? else { return Ok(Vec::new()) };
    let mut attempts = attempts_of(db, delivery.sequence)?;
    Ok(attempts.split_off(attempts.len().saturating_sub(most)))
}

fn attempts_of(db: &Db, sequence: i64) -> Result<Vec<Attempt>, Fault> {
    let entries = db.scan(&Key::of(Table::Attempt).int(sequence));
    entries.map(|entry| Ok(row::<AttemptRow>(&entry?.1)?.attempt())).collect()
}

pub(super) fn sent_to(db: &Db, id: MessageId, most: usize) -> Result<Vec<Sent>, Fault> {
    let Some(message) = db.message_of(id)? else { return Ok(Vec::new()) };
    let mut sent = Vec::new();
    for other in db.messages_of(message.chain)? {
        if other.sequence == message.sequence {
            continue;
        }
        for row in db.deliveries_of(other.sequence)? {
            if !matches!(row.cargo, Cargo::Certificate | Cargo::Cancellation) {
                continue;
            }
            let subject = db.message_at(row.about.unwrap_or(row.message))?.subject();
            sent.push(Sent {
                sequence: row.sequence,
                state: row.state()?,
                target: row.target,
                delivery: row.id,
                message: other.id,
                function: other.function,
                earlier_lineage: other.earlier.clone(),
                replaced: message.earlier.as_ref() == Some(&subject.lineage),
                subject,
                cargo: row.cargo,
                view: row.view,
                hold: row.reason,
                addressed: is_addressed(&row.because),
            });
        }
    }
    sent.sort_by_key(|sent| sent.sequence);
    Ok(sent.split_off(sent.len().saturating_sub(most)))
}

/// Certificates and cancellations to a member of the messages of a chain, by sequence: the newest.
pub(super) fn sent_to_member(
    db: &Db,
    chain: i64,
    member: &MemberId,
    most: usize,
) -> Result<Vec<Delivery>, Fault> {
    let mut sequences = Vec::new();
    for message in db.messages_of(chain)? {
        let rows = db.deliveries_of(message.sequence)?.into_iter();
        let sent = |row: &DeliveryRow| matches!(row.cargo, Cargo::Certificate | Cargo::Cancellation);
        sequences.extend(rows.filter(|row| row.target == *member && sent(row)).map(|row| row.sequence));
    }
    sequences.sort_unstable();
    let newest = sequences.split_off(sequences.len().saturating_sub(most));
    newest.into_iter().map(|sequence| by_sequence(db, sequence)).collect()
}

pub(super) fn by_sequence(db: &Db, sequence: i64) -> Result<Delivery, Fault> {
    whole(db, db.delivery_at(sequence)?)
}

/// A delivery as it is given.
pub(super) fn whole(db: &Db, row: DeliveryRow) -> Result<Delivery, Fault> {
    let message = db.message_at(row.message)?;
    let subject = match row.about {
        Some(about) => db.message_at(about)?.subject(),
        None => message.subject(),
    };
    let rendered = match row.body {
        Some(body) => db.row::<BodyRow>(&Key::of(Table::Body).int(body))?,
        None => None,
    };
    let answers = db.scan(&Key::of(Table::Answer).int(row.sequence)).map(|entry| {
        let AnswerRow { answer, reason, at } = self::row(&entry?.1)?;
        Ok((answer, reason, at))
    });
    let attempts = if row.attempts > 0 { attempts_of(db, row.sequence)? } else { Vec::new() };
    let state = row.state()?;
    let answer_until = if state == State::Delivered { awaited::until(db, &row)? } else { None };
    let asked = db.get(&Key::of(Table::Resend).int(row.sequence))?;
    Ok(Delivery {
        life: Life { state, created: row.created, failures: row.failures },
        id: row.id,
        sequence: row.sequence,
        chain: row.chain,
        message: message.id,
        source: message.source,
        function: message.function,
        subject,
        target: row.target,
        cargo: row.cargo,
        view: row.view,
        attempts: row.attempts,
        weight: row.weight,
        test: message.test,
        rendered: rendered.map(|body| (body.format, body.media_type, body.digest)),
        losses: row.losses,
        because: row.because,
        config: row.config,
        gap: row.gap,
        replay_of: row.replay_of,
        answers: answers.collect::<Result<_, Fault>>()?,
        answer_until,
        last: attempts.into_iter().next_back(),
        asked: asked.as_deref().and_then(last_int).map(Timestamp),
    })
}
