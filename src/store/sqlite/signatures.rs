//! The evidence of signatures: written by the accept commit, read for the source and for attestations.

use rusqlite::{Connection, Row, params};

use super::{attachment, messages::all, row::Columns};
use crate::{
    model::{
        id::{Digest, MessageId},
        judgement::{Capacity, Judgement, ListUsed, Rule, RuleKind, SigningTime, StatedBy, Verdict},
        time::Timestamp,
    },
    store::{
        Fault,
        proof::{Proved, Provenance},
        record::Acceptance,
    },
};

const LEAF: &str = "INSERT OR IGNORE INTO leaf (digest, der) VALUES (?1, ?2)";
const SIGNATURE: &str = "INSERT INTO signature (message, capacity, leaf, subject, key, verdict, signed_from, signed_last,
    stated_by, rule, rule_name, list, list_made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
const OF_MESSAGE: &str =
    "SELECT s.capacity, s.leaf, s.subject, s.key, s.verdict, s.signed_from, s.signed_last, s.stated_by,
    s.rule, s.rule_name, s.list, s.list_made FROM signature s WHERE s.message = ?1 ORDER BY s.capacity";
const MESSAGE: &str = "SELECT sequence, demand, config FROM message WHERE id = ?1";
const DIGEST: &str = "SELECT digest FROM message WHERE sequence = ?1";
const DER: &str = "SELECT der FROM leaf WHERE digest = ?1";
const SIGNED_BY: &str = "SELECT m.id FROM signature s JOIN message m ON m.sequence = s.message
    WHERE s.leaf = ?1 ORDER BY s.message DESC LIMIT ?2";

/// Writes the judgements of a push, and the leaves not kept yet.
pub(super) fn insert(db: &Connection, message: i64, push: &Acceptance) -> Result<(), Fault> {
    for (digest, der) in &push.leaves {
        db.prepare_cached(LEAF)?.execute(params![digest.0, der])?;
    }
    for judgement in &push.judgements {
        let (signed, rule, list) = (judgement.signed, judgement.rule.as_ref(), judgement.list);
        db.prepare_cached(SIGNATURE)?.execute(params![
            message,
            judgement.capacity.word(),
            judgement.leaf.0,
            judgement.subject,
            judgement.key,
            judgement.verdict.word(),
            signed.map(|signed| signed.from.0),
            signed.map(|signed| signed.until.0),
            signed.map(|signed| signed.stated.word()),
            rule.map(|rule| rule.kind.word()),
            rule.map(|rule| &rule.name),
            list.map(|list| list.digest.0),
            list.map(|list| list.this_update.0),
        ])?;
    }
    Ok(())
}

/// The proof kept with a message.
pub(super) fn proved(db: &Connection, id: MessageId) -> Result<Option<Proved>, Fault> {
    let found = all(db, MESSAGE, [id.0.as_bytes()], |row| {
        let mut c = Columns::of(row);
        Ok((c.take::<i64>()?, c.take()?, c.digest()?))
    });
    let Some((sequence, demand, config)) = found?.pop() else { return Ok(None) };
    Ok(Some(Proved { demand, config, judgements: all(db, OF_MESSAGE, [sequence], judgement)? }))
}

/// What those a message is delivered to are told of its origin.
pub(super) fn provenance(db: &Connection, message: i64) -> Result<Provenance, Fault> {
    let digest = all(db, DIGEST, [message], |row| Columns::of(row).digest())?.pop();
    let judgements = all(db, OF_MESSAGE, [message], judgement)?;
    let official = judgements.into_iter().find(|judgement| judgement.capacity == Capacity::Official);
    let attachments = attachment::of_message(db, message)?;
    Ok(Provenance { digest: digest.ok_or_else(|| Fault::corrupt("message"))?, attachments, official })
}

pub(super) fn leaf(db: &Connection, digest: Digest) -> Result<Option<Vec<u8>>, Fault> {
    Ok(all(db, DER, [digest.0], |row| Ok(row.get(0)?))?.pop())
}

pub(super) fn signed_by(db: &Connection, leaf: Digest, rows_max: u32) -> Result<Vec<MessageId>, Fault> {
    all(db, SIGNED_BY, params![leaf.0, rows_max], |row| Columns::of(row).message_id())
}

fn judgement(row: &Row<'_>) -> Result<Judgement, Fault> {
    let mut c = Columns::of(row);
    let capacity = c.read("capacity of a signature", |word: String| Capacity::of(&word))?;
    let (leaf, subject, key) = (c.digest()?, c.take()?, c.take()?);
    let verdict = c.read("verdict of a signature", |word: String| Verdict::of(&word))?;
    let (from, last, stated): (Option<i64>, Option<i64>, Option<String>) = (c.take()?, c.take()?, c.take()?);
    let signed = match (from, last, stated.as_deref().and_then(StatedBy::of)) {
        (Some(from), Some(until), Some(stated)) => {
            Some(SigningTime { from: Timestamp(from), until: Timestamp(until), stated })
        }
        _ => None,
    };
    let (kind, name): (Option<String>, Option<String>) = (c.take()?, c.take()?);
    let rule = kind.as_deref().and_then(RuleKind::of).zip(name).map(|(kind, name)| Rule { kind, name });
    let (list, made): (Option<[u8; 32]>, Option<i64>) = (c.take()?, c.take()?);
    let list =
        list.zip(made).map(|(list, made)| ListUsed { digest: Digest(list), this_update: Timestamp(made) });
    Ok(Judgement { capacity, leaf, subject, key, signed, verdict, rule, list })
}
