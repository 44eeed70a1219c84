//! The attempt commit: evidence, next life, the successor's turn, what the source is told.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    delivery::{self, Row},
    news, resend, row,
    writer::Batch,
};
use crate::store::{
    Fault,
    life::settle,
    pack::Packed,
    record::{Attempt, Outcome},
};

const KNOWN: &str =
    "SELECT number, started, finished, outcome, status, detail, answer, grade, receipt FROM attempt
    WHERE delivery = ?1 AND number = ?2";
const INSERT: &str =
    "INSERT INTO attempt (delivery, number, started, finished, outcome, status, detail, answer, grade, receipt)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const COUNT: &str = "UPDATE delivery SET attempts = ?2 WHERE sequence = ?1";

/// Carries an outcome out.
pub(super) fn finish(batch: &mut Batch<'_>, outcome: &Outcome, notice: Option<&Packed>) -> Result<(), Fault> {
    let mut row = delivery::load(batch.db, outcome.delivery)?;
    let before = row.attempts;
    if let Some(attempt) = &outcome.attempt {
        row.attempts = record(batch.db, &row, attempt)?;
    }
    let next = settle(&row.stored, &outcome.life, outcome.attempt.is_some());
    if next != row.stored {
        delivery::write(batch, &row, &next, outcome.at)?;
    } else if row.attempts != before {
        batch.db.prepare_cached(COUNT)?.execute(params![row.sequence, row.attempts])?;
    }
    resend::answer(batch.db, row.sequence, outcome.attempt.as_ref(), outcome.at)?;
    news::tell(batch, &row, &next.life.state, outcome, notice)
}

/// Keeps an attempt as evidence and gives the number of attempts then made.
///
/// The same attempt told twice, after a commit of unknown outcome, is kept once. Another attempt under a number that is
/// taken gets the next one: evidence is never dropped.
fn record(db: &Connection, row: &Row, attempt: &Attempt) -> Result<u32, Fault> {
    if let Some(known) = known(db, row.sequence, attempt.number)?
        && known == *attempt
    {
        return Ok(row.attempts.max(attempt.number));
    }
    let number = attempt.number.max(row.attempts.saturating_add(1));
    db.prepare_cached(INSERT)?.execute(params![
        row.sequence,
        number,
        attempt.started.0,
        attempt.finished.0,
        attempt.outcome,
        attempt.status,
        attempt.detail,
        attempt.answer.map(|digest| digest.0),
        attempt.grade.map(String::from),
        attempt.receipt,
    ])?;
    Ok(number)
}

fn known(db: &Connection, delivery: i64, number: u32) -> Result<Option<Attempt>, Fault> {
    let mut statement = db.prepare_cached(KNOWN)?;
    let found = statement.query_row(params![delivery, number], |row| Ok(row::attempt(row))).optional()?;
    found.transpose()
}
