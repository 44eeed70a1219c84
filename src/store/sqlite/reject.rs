//! Rejections: the newest of each member, never more than its quota.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::row::lines;
use crate::store::{Fault, record::Rejection};

const COUNT: &str = "SELECT count(*) FROM rejection WHERE source = ?1";
const INSERT: &str = "INSERT INTO rejection (source, key, digest, at, reason, findings, test)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const DROP_OLDEST: &str = "DELETE FROM rejection WHERE id IN (
    SELECT id FROM rejection WHERE source = ?1 ORDER BY id LIMIT ?2)";

/// How many rejections of each member are kept, counted once and then remembered.
pub(super) struct Quota {
    each_max: i64,
    kept: BTreeMap<String, i64>,
}

impl Quota {
    pub(super) fn new(each_max: u32) -> Self {
        Self { each_max: i64::from(each_max), kept: BTreeMap::new() }
    }

    /// Keeps a rejection in place of the member's oldest ones.
    pub(super) fn keep(&mut self, db: &Connection, rejection: &Rejection) -> Result<(), Fault> {
        let source = rejection.source.as_str();
        // Taken out, so that a failure on the way makes the next call count anew.
        let kept = match self.kept.remove(source) {
            Some(kept) => kept,
            None => db.prepare_cached(COUNT)?.query_row([source], |row| row.get(0))?,
        };
        db.prepare_cached(INSERT)?.execute(params![
            source,
            rejection.key.as_ref().map(|key| key.as_str()),
            rejection.digest.0,
            rejection.at.0,
            rejection.reason.code(),
            lines(&rejection.findings),
            rejection.test,
        ])?;
        let excess = kept + 1 - self.each_max;
        if excess > 0 {
            db.prepare_cached(DROP_OLDEST)?.execute(params![source, excess])?;
        }
        self.kept.insert(source.to_owned(), (kept + 1).min(self.each_max));
        Ok(())
    }
}
