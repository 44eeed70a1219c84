//! Lane state: holds, breakers, the time last heard; and who compared in the epoch.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    batch::Batch,
    db::{Db, row},
    delivery,
    key::{Key, Table},
    row::one,
    word::{self, option},
};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        epoch::{Comparison, Epoch, Standing},
        lane::{Change, Hold, Lanes, Scope, Spared},
    },
};

#[derive(Serialize, Deserialize)]
struct HoldRow {
    #[serde(with = "word")]
    target: MemberId,
    #[serde(with = "option")]
    source: Option<MemberId>,
    why: String,
    who: String,
    #[serde(with = "word")]
    since: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct SparedRow {
    #[serde(with = "word")]
    target: MemberId,
    #[serde(with = "option")]
    source: Option<MemberId>,
    faults: u32,
    #[serde(with = "option")]
    until: Option<Timestamp>,
    pause_millis: u64,
}

#[derive(Serialize, Deserialize)]
struct DebtRow {
    #[serde(with = "word")]
    target: MemberId,
    #[serde(with = "word")]
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct ComparedRow {
    #[serde(with = "word")]
    member: MemberId,
    #[serde(with = "word")]
    at: Timestamp,
}

/// Reads what is kept of every lane.
pub(super) fn all(db: &Db) -> Result<Lanes, Fault> {
    let mut lanes = Lanes { heard: db.int(&one("heard"))?.map(Timestamp), ..Lanes::default() };
    for entry in db.scan(&Key::of(Table::LaneHold)) {
        let HoldRow { target, source, why, who, since } = row(&entry?.1)?;
        lanes.holds.insert(Scope { target, source }, Hold { why, who, since });
    }
    for entry in db.scan(&Key::of(Table::LaneBreaker)) {
        let SparedRow { target, source, faults, until, pause_millis } = row(&entry?.1)?;
        let pause = Duration::from_millis(pause_millis);
        lanes.spared.insert(Scope { target, source }, Spared { faults, until, pause });
    }
    for entry in db.scan(&Key::of(Table::LaneDebt)) {
        let DebtRow { target, until } = row(&entry?.1)?;
        lanes.debts.insert(target, until);
    }
    Ok(lanes)
}

/// Carries a change out; a change that frees a lane wakes it.
pub(super) fn change(batch: &mut Batch, change: &Change) -> Result<(), Fault> {
    match change {
        Change::Hold(Scope { target, source }, hold) => {
            let Hold { why, who, since } = hold.clone();
            let row = HoldRow { target: target.clone(), source: source.clone(), why, who, since };
            batch.db.put_row(key(Table::LaneHold, target, source.as_ref()), &row)?;
        }
        Change::Release(scopes) => {
            for Scope { target, source } in scopes {
                batch.db.remove(key(Table::LaneHold, target, source.as_ref()));
                batch.wakes.targets.insert(target.clone());
            }
        }
        Change::Spare(target, spared) => spare(&mut batch.db, target, spared)?,
        Change::Owe(target, until) => {
            let row = DebtRow { target: target.clone(), until: *until };
            batch.db.put_row(Key::of(Table::LaneDebt).text(target.as_str()), &row)?;
        }
        Change::Heard(at) => batch.db.put_int(one("heard"), at.0),
        Change::Head(target, chain, at) => {
            delivery::promote(batch, target, *chain, *at)?;
            batch.wakes.targets.insert(target.clone());
        }
    }
    Ok(())
}

/// Keeps the breakers of a target in place of all that was kept.
fn spare(db: &mut Db, target: &MemberId, spared: &[(Option<MemberId>, Spared)]) -> Result<(), Fault> {
    let kept: Vec<_> =
        db.scan(&Key::of(Table::LaneBreaker).text(target.as_str())).collect::<Result<_, _>>()?;
    for (kept, _) in kept {
        db.remove(Key(kept));
    }
    for (source, Spared { faults, until, pause }) in spared {
        let pause_millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let (target, source) = (target.clone(), source.clone());
        let key = key(Table::LaneBreaker, &target, source.as_ref());
        db.put_row(key, &SparedRow { target, source, faults: *faults, until: *until, pause_millis })?;
    }
    Ok(())
}

fn key(table: Table, target: &MemberId, source: Option<&MemberId>) -> Key {
    Key::of(table).text(target.as_str()).text(source.map_or("", |source| source.as_str()))
}

/// The epoch, and who compared in it. There is the first only: a restore is not offered.
pub(super) fn standing(db: &Db) -> Result<Standing, Fault> {
    let rows = db.scan(&Key::of(Table::Compared)).map(|entry| Ok(row::<ComparedRow>(&entry?.1)?.member));
    let compared = rows.collect::<Result<BTreeSet<_>, Fault>>()?;
    Ok(Standing { epoch: Epoch { number: 1, newest: None }, compared })
}

/// Carries a comparison out.
pub(super) fn compare(db: &mut Db, comparison: &Comparison) -> Result<(), Fault> {
    let key = Key::of(Table::Compared).text(comparison.member.as_str());
    if db.get(&key)?.is_some() {
        return Ok(());
    }
    db.put_row(key, &ComparedRow { member: comparison.member.clone(), at: comparison.at })
}
