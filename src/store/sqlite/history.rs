//! Reads about one certificate: its messages, and the deliveries that concern one member.

use rusqlite::{Connection, params};

use super::{deliveries::whole, messages::all, row::Columns};
use crate::{
    model::{
        envelope::Function,
        id::{AgreementId, MemberId, MessageId, MessageKey},
        key::normal_form,
    },
    store::{
        Fault,
        history::{CHANGES_MAX, Change, Of},
        record::Delivery,
    },
};

/// Every message of the chains in which a number occurs; an answer is about a delivery, not a change.
const CHANGES: &str =
    "SELECT m.id, m.source, m.key, m.received, m.function, m.agreement, m.issuer, m.number, m.lineage,
    m.version, m.earlier, m.chain, m.digest, m.test, m.duplicate_of, p.until, u.given_up
    FROM (SELECT DISTINCT chain FROM message INDEXED BY message_normal WHERE normal = ?1 AND issuer = ?2) c
    CROSS JOIN message m ON m.chain = c.chain LEFT JOIN unrouted u ON u.message = m.sequence
    LEFT JOIN parked p ON p.message = m.sequence
    WHERE m.function <> 11 AND (?3 IS NULL OR m.agreement = ?3) ORDER BY m.sequence DESC LIMIT ?4";
const TO_MEMBER: &str = "SELECT d.sequence FROM message m CROSS JOIN delivery d ON d.message = m.sequence
    WHERE m.chain = ?1 AND d.target = ?2 AND d.cargo IN ('certificate', 'cancellation')
    ORDER BY d.sequence DESC LIMIT ?3";

pub(super) fn changes(db: &Connection, of: &Of) -> Result<Vec<Change>, Fault> {
    let agreement = of.agreement.as_ref().map(AgreementId::as_str);
    let parameters = params![normal_form(&of.number), of.issuer, agreement, CHANGES_MAX];
    let mut changes = all(db, CHANGES, parameters, change)?;
    changes.reverse();
    Ok(changes)
}

pub(super) fn sent_to_member(
    db: &Connection,
    chain: i64,
    member: &MemberId,
    rows_max: u32,
) -> Result<Vec<Delivery>, Fault> {
    let parameters = params![chain, member.as_str(), rows_max];
    let mut sequences: Vec<i64> = all(db, TO_MEMBER, parameters, |row| Ok(row.get(0)?))?;
    sequences.reverse();
    whole(db, sequences)
}

fn change(row: &rusqlite::Row<'_>) -> Result<Change, Fault> {
    let mut c = Columns::of(row);
    Ok(Change {
        message: c.message_id()?,
        source: c.name()?,
        key: c.read("message key", |text: String| MessageKey::new(&text))?,
        received: c.timestamp()?,
        function: c.read("function", Function::of)?,
        subject: c.key()?,
        earlier_lineage: c.take()?,
        chain: c.take()?,
        digest: c.digest()?,
        test: c.take()?,
        duplicate_of: c.take::<Option<[u8; 16]>>()?.map(|bytes| MessageId(uuid::Uuid::from_bytes(bytes))),
        stage: c.stage()?,
    })
}
