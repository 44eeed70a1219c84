//! Lane state in the tables: holds, breakers, the time last heard.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{delivery, messages::all, row::Columns, writer::Batch};
use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault,
        lane::{Change, Hold, Lanes, Scope, Spared},
    },
};

const HOLDS: &str = "SELECT target, source, why, who, since FROM lane_hold";
const BREAKERS: &str = "SELECT target, source, faults, until, pause FROM lane_breaker";
const DEBTS: &str = "SELECT target, until FROM lane_debt";
const HEARD: &str = "SELECT at FROM heard";
const HOLD: &str =
    "INSERT OR REPLACE INTO lane_hold (target, source, why, who, since) VALUES (?1, ?2, ?3, ?4, ?5)";
const RELEASE: &str = "DELETE FROM lane_hold WHERE target = ?1 AND source = ?2";
const CLOSE: &str = "DELETE FROM lane_breaker WHERE target = ?1";
const SPARE: &str =
    "INSERT INTO lane_breaker (target, source, faults, until, pause) VALUES (?1, ?2, ?3, ?4, ?5)";
const OWE: &str = "INSERT OR REPLACE INTO lane_debt (target, until) VALUES (?1, ?2)";
const HEAR: &str = "INSERT OR REPLACE INTO heard (one, at) VALUES (1, ?1)";

/// Reads what is kept of every lane.
pub(super) fn all_lanes(db: &Connection) -> Result<Lanes, Fault> {
    let holds = all(db, HOLDS, [], |row| {
        let mut c = Columns::of(row);
        let scope = scope(&mut c)?;
        Ok((scope, Hold { why: c.take()?, who: c.take()?, since: c.timestamp()? }))
    })?;
    let spared = all(db, BREAKERS, [], |row| {
        let mut c = Columns::of(row);
        let scope = scope(&mut c)?;
        let (faults, until) = (c.take()?, c.take::<Option<i64>>()?.map(Timestamp));
        let pause = c.read("pause", |millis: i64| u64::try_from(millis).ok().map(Duration::from_millis))?;
        Ok((scope, Spared { faults, until, pause }))
    })?;
    let debts = all(db, DEBTS, [], |row| {
        let mut c = Columns::of(row);
        Ok((c.name()?, c.timestamp()?))
    })?;
    let heard: Option<i64> = db.prepare_cached(HEARD)?.query_row([], |row| row.get(0)).optional()?;
    let (holds, spared) = (holds.into_iter().collect(), spared.into_iter().collect());
    Ok(Lanes { holds, spared, debts: debts.into_iter().collect(), heard: heard.map(Timestamp) })
}

/// Carries a change out; a change that frees a lane wakes it.
pub(super) fn change(batch: &mut Batch<'_>, change: &Change) -> Result<(), Fault> {
    let db = batch.db;
    match change {
        Change::Hold(scope, hold) => {
            let (target, source) = (scope.target.as_str(), word(scope.source.as_ref()));
            db.prepare_cached(HOLD)?.execute(params![target, source, hold.why, hold.who, hold.since.0])?;
        }
        Change::Release(scopes) => {
            for Scope { target, source } in scopes {
                db.prepare_cached(RELEASE)?.execute([target.as_str(), word(source.as_ref())])?;
                batch.wakes.targets.insert(target.clone());
            }
        }
        Change::Spare(target, spared) => {
            db.prepare_cached(CLOSE)?.execute([target.as_str()])?;
            for (source, Spared { faults, until, pause }) in spared {
                let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
                let (source, until) = (word(source.as_ref()), until.map(|until| until.0));
                db.prepare_cached(SPARE)?.execute(params![target.as_str(), source, faults, until, pause])?;
            }
        }
        Change::Owe(target, until) => {
            db.prepare_cached(OWE)?.execute(params![target.as_str(), until.0])?;
        }
        Change::Heard(at) => {
            db.prepare_cached(HEAR)?.execute([at.0])?;
        }
        Change::Head(target, chain, at) => {
            delivery::promote(batch, target, *chain, *at)?;
            batch.wakes.targets.insert(target.clone());
        }
    }
    Ok(())
}

/// How the tables say everybody.
fn word(source: Option<&MemberId>) -> &str {
    source.map_or("", |source| source.as_str())
}

fn scope(c: &mut Columns<'_>) -> Result<Scope, Fault> {
    let target = c.name()?;
    let source = c.read("source", |text: String| match text.as_str() {
        "" => Some(None),
        name => MemberId::new(name).map(Some),
    })?;
    Ok(Scope { target, source })
}
