//! The evidence of signatures: written by the accept commit, read for the source and for attestations.

use serde::{Deserialize, Serialize};

use super::{
    attachment,
    db::Db,
    key::{Key, Table},
    word::{self, option},
};
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

/// What was made of a signature.
#[derive(Serialize, Deserialize)]
struct JudgementRow {
    #[serde(with = "word")]
    capacity: Capacity,
    #[serde(with = "word")]
    leaf: Digest,
    subject: String,
    key: Option<String>,
    #[serde(with = "word")]
    verdict: Verdict,
    signed: Option<SignedRow>,
    rule: Option<RuleRow>,
    list: Option<ListRow>,
}

#[derive(Serialize, Deserialize)]
struct SignedRow {
    #[serde(with = "word")]
    from: Timestamp,
    #[serde(with = "word")]
    until: Timestamp,
    #[serde(with = "word")]
    stated: StatedBy,
}

#[derive(Serialize, Deserialize)]
struct RuleRow {
    #[serde(with = "word")]
    kind: RuleKind,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct ListRow {
    #[serde(with = "word")]
    digest: Digest,
    #[serde(with = "option")]
    this_update: Option<Timestamp>,
}

impl JudgementRow {
    fn of(judgement: &Judgement) -> Self {
        let Judgement { capacity, leaf, subject, key, signed, verdict, rule, list } = judgement.clone();
        let signed = signed.map(|SigningTime { from, until, stated }| SignedRow { from, until, stated });
        let rule = rule.map(|Rule { kind, name }| RuleRow { kind, name });
        let list =
            list.map(|ListUsed { digest, this_update }| ListRow { digest, this_update: Some(this_update) });
        Self { capacity, leaf, subject, key, verdict, signed, rule, list }
    }

    fn judgement(self) -> Judgement {
        let Self { capacity, leaf, subject, key, verdict, signed, rule, list } = self;
        let signed = signed.map(|SignedRow { from, until, stated }| SigningTime { from, until, stated });
        let rule = rule.map(|RuleRow { kind, name }| Rule { kind, name });
        let list = list.and_then(|ListRow { digest, this_update }| {
            this_update.map(|this_update| ListUsed { digest, this_update })
        });
        Judgement { capacity, leaf, subject, key, signed, verdict, rule, list }
    }
}

/// Writes the judgements of a push, and the leaves not kept yet.
pub(super) fn insert(db: &mut Db, message: i64, push: &Acceptance) -> Result<(), Fault> {
    for (digest, der) in &push.leaves {
        db.put(Key::of(Table::Leaf).bytes(&digest.0), der.clone());
    }
    let mut judged: Vec<_> = push.judgements.iter().map(JudgementRow::of).collect();
    judged.sort_by_key(|judgement| judgement.capacity.word());
    for judgement in &judged {
        db.put(Key::of(Table::SignedBy).bytes(&judgement.leaf.0).down(message), Vec::new());
    }
    if judged.is_empty() { Ok(()) } else { db.put_row(Key::of(Table::Judged).int(message), &judged) }
}

fn judgements(db: &Db, message: i64) -> Result<Vec<Judgement>, Fault> {
    let rows: Option<Vec<JudgementRow>> = db.row(&Key::of(Table::Judged).int(message))?;
    Ok(rows.unwrap_or_default().into_iter().map(JudgementRow::judgement).collect())
}

/// The proof kept with a message.
pub(super) fn proved(db: &Db, id: MessageId) -> Result<Option<Proved>, Fault> {
    let Some(message) = db.message_of(id)? else { return Ok(None) };
    let judgements = judgements(db, message.sequence)?;
    Ok(Some(Proved { demand: message.demand, config: message.config, judgements }))
}

/// What those a message is delivered to are told of its origin.
pub(super) fn provenance(db: &Db, message: i64) -> Result<Provenance, Fault> {
    let digest = db.message_at(message)?.digest;
    let judgements = judgements(db, message)?.into_iter();
    let official = judgements.into_iter().find(|judgement| judgement.capacity == Capacity::Official);
    Ok(Provenance { digest, attachments: attachment::of_message(db, message)?, official })
}

pub(super) fn leaf(db: &Db, digest: Digest) -> Result<Option<Vec<u8>>, Fault> {
    db.get(&Key::of(Table::Leaf).bytes(&digest.0))
}

/// Messages that a leaf signed, newest first.
pub(super) fn signed_by(db: &Db, leaf: Digest, most: usize) -> Result<Vec<MessageId>, Fault> {
    let entries = db.scan(&Key::of(Table::SignedBy).bytes(&leaf.0)).take(most);
    entries.map(|entry| Ok(db.message_at(!super::db::int(&entry?)?)?.id)).collect()
}
