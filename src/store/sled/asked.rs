//! Requests of targets, and rejections: rows beside the rest.

use serde::{Deserialize, Serialize};

use super::{
    batch::Batch,
    db::{Db, int},
    key::{Key, Table, last_int},
    word::{self, option},
};
use crate::{
    model::{
        id::{Digest, MemberId, MessageKey},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        claim::Stream,
        record::{Attempt, Rejection},
        resend::{Asked, Resend},
    },
};

/// A rejected push.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct RejectionRow {
    #[serde(with = "word")]
    source: MemberId,
    #[serde(with = "option")]
    key: Option<MessageKey>,
    #[serde(with = "word")]
    digest: Digest,
    #[serde(with = "word")]
    at: Timestamp,
    #[serde(with = "word")]
    reason: Reason,
    findings: Vec<String>,
    #[serde(default)]
    test: bool,
}

impl RejectionRow {
    fn of(rejection: &Rejection) -> Self {
        let Rejection { source, key, digest, test, at, reason, findings } = rejection.clone();
        // An entry never holds a line break of its own, whatever the engine.
        let findings = findings.iter().map(|finding| finding.replace(['\n', '\r'], " ")).collect();
        Self { source, key, digest, at, reason, findings, test }
    }

    fn rejection(self) -> Rejection {
        let Self { source, key, digest, at, reason, findings, test } = self;
        Rejection { source, key, digest, test, at, reason, findings }
    }
}

/// Carries a request out.
pub(super) fn ask(batch: &mut Batch, resend: &Resend) -> Result<Asked, Fault> {
    let row = batch.db.delivery_of(resend.delivery)?.ok_or(Fault::DeliveryUnknown(resend.delivery))?;
    batch.wakes.targets.insert(row.target.clone());
    let key = Key::of(Table::Resend).int(row.sequence);
    if batch.db.get(&key)?.is_some() {
        return Ok(Asked::Already);
    }
    let of = Key::of(Table::ResendOf).text(row.target.as_str());
    let waiting = batch.db.ints(&of)?.len();
    if u32::try_from(waiting).is_ok_and(|waiting| waiting < resend.waiting_max) {
        batch.db.put_int(key, resend.at.0);
        batch.db.put(of.int(resend.at.0).int(row.sequence), Vec::new());
        return Ok(Asked::Recorded);
    }
    Ok(Asked::Full)
}

/// Takes a request out that an outcome answers: an attempt begun after it, or whatever else came of the delivery.
pub(super) fn answer(
    db: &mut Db,
    target: &MemberId,
    delivery: i64,
    attempt: Option<&Attempt>,
    at: Timestamp,
) -> Result<(), Fault> {
    let since = attempt.map_or(at, |attempt| attempt.started);
    let key = Key::of(Table::Resend).int(delivery);
    if let Some(asked) = db.int(&key)?.filter(|asked| *asked <= since.0) {
        db.remove(key);
        db.remove(Key::of(Table::ResendOf).text(target.as_str()).int(asked).int(delivery));
    }
    Ok(())
}

/// Deliveries that a target asked for, in the order in which it did. What stands still waits, whoever asks.
pub(super) fn of_target(db: &Db, target: &MemberId) -> Result<Vec<i64>, Fault> {
    let mut found = db.ints(&Key::of(Table::ResendOf).text(target.as_str()))?;
    let mut stands = Vec::with_capacity(found.len());
    for sequence in &found {
        stands.push(["queued", "held", "cancelled"].contains(&db.delivery_at(*sequence)?.state.as_str()));
    }
    let mut stands = stands.into_iter();
    found.retain(|_| !stands.next().unwrap_or(true));
    Ok(found)
}

/// When the earliest request of a target in a stream was made that can be answered.
pub(super) fn first(db: &Db, target: &MemberId, stream: Stream) -> Result<Option<Timestamp>, Fault> {
    for sequence in of_target(db, target)? {
        if stream.has(db.delivery_at(sequence)?.test) {
            let asked = db.get(&Key::of(Table::Resend).int(sequence))?;
            return Ok(asked.as_deref().and_then(last_int).map(Timestamp));
        }
    }
    Ok(None)
}

/// Keeps a rejection in place of the member's oldest ones.
pub(super) fn reject(batch: &mut Batch, rejection: &Rejection) -> Result<(), Fault> {
    let of = Key::of(Table::Rejection).text(rejection.source.as_str());
    // Taken out, so that a failure on the way makes the next call count anew.
    let mut kept = match batch.rejections.remove(rejection.source.as_str()) {
        Some(kept) => kept,
        None => u32::try_from(batch.db.ints(&of)?.len()).unwrap_or(u32::MAX),
    };
    let number = batch.db.number(Table::Rejection)?;
    batch.db.put_row(of.clone().int(number), &RejectionRow::of(rejection))?;
    kept = kept.saturating_add(1);
    let excess = usize::try_from(kept.saturating_sub(batch.rejections_max)).unwrap_or(usize::MAX);
    let oldest: Vec<i64> =
        batch.db.scan(&of).take(excess).map(|entry| int(&entry?)).collect::<Result<_, _>>()?;
    for number in oldest {
        batch.db.remove(of.clone().int(number));
    }
    batch.rejections.insert(rejection.source.to_string(), kept.min(batch.rejections_max));
    Ok(())
}

/// The newest rejections of a member, newest first.
pub(super) fn rejections(db: &Db, source: &MemberId, most: usize) -> Result<Vec<Rejection>, Fault> {
    let entries = db.scan(&Key::of(Table::Rejection).text(source.as_str()));
    let found: Vec<_> = entries.collect::<Result<_, _>>()?;
    found
        .iter()
        .rev()
        .take(most)
        .map(|(_, value)| Ok(super::db::row::<RejectionRow>(value)?.rejection()))
        .collect()
}
