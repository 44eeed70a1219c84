//! What the operations of a batch work on.

use std::collections::BTreeMap;

use super::{
    db::Db,
    key::{Key, Table},
    row::DeliveryRow,
    row::{BodyRow, MessageRow, ParkedRow},
};
use crate::{
    model::id::{DeliveryId, MessageId},
    store::{Fault, changes::Wakes, pack::Packed, record::Stage, tally::Tally},
};

/// The tree with what is staged, and what the batch adds up beside its rows.
pub(super) struct Batch {
    pub(super) db: Db,
    pub(super) tally: Tally,
    pub(super) wakes: Wakes,
    /// Most rejections kept of each member.
    pub(super) rejections_max: u32,
    /// How many are kept, counted once and then remembered.
    pub(super) rejections: BTreeMap<String, u32>,
}

impl Db {
    /// A message's row by id.
    pub(super) fn message_of(&self, id: MessageId) -> Result<Option<MessageRow>, Fault> {
        match self.int(&Key::of(Table::MessageId).bytes(id.0.as_bytes()))? {
            Some(sequence) => self.message_at(sequence).map(Some),
            None => Ok(None),
        }
    }

    /// A message's row, which is there.
    pub(super) fn message_at(&self, sequence: i64) -> Result<MessageRow, Fault> {
        self.row(&Key::of(Table::Message).int(sequence))?.ok_or_else(|| Fault::corrupt("message"))
    }

    /// The messages of a chain, by sequence.
    pub(super) fn messages_of(&self, chain: i64) -> Result<Vec<MessageRow>, Fault> {
        let sequences = self.ints(&Key::of(Table::Chain).int(chain))?;
        sequences.into_iter().map(|sequence| self.message_at(sequence)).collect()
    }

    /// Whether a message still is to be routed, and the chain it is to be routed in.
    pub(super) fn unrouted_in(&self, sequence: i64) -> Result<Option<i64>, Fault> {
        self.int(&Key::of(Table::Unrouted).int(sequence))
    }

    /// How a message is parked, if it is.
    pub(super) fn parked_as(&self, sequence: i64) -> Result<Option<ParkedRow>, Fault> {
        self.row(&Key::of(Table::Parked).int(sequence))
    }

    /// How far a message is on its way.
    pub(super) fn stage(&self, sequence: i64) -> Result<Stage, Fault> {
        if let Some(ParkedRow { until, .. }) = self.parked_as(sequence)? {
            return Ok(Stage::Parked(until));
        }
        let marked = self.get(&Key::of(Table::Unrouted).int(sequence))?;
        Ok(match marked {
            Some(value) => Stage::Unrouted { given_up: value.first() == Some(&1) },
            None => Stage::Routed,
        })
    }

    /// A delivery's row by id.
    pub(super) fn delivery_of(&self, id: DeliveryId) -> Result<Option<DeliveryRow>, Fault> {
        match self.int(&Key::of(Table::DeliveryId).bytes(id.0.as_bytes()))? {
            Some(sequence) => self.delivery_at(sequence).map(Some),
            None => Ok(None),
        }
    }

    /// A delivery's row, which is there.
    pub(super) fn delivery_at(&self, sequence: i64) -> Result<DeliveryRow, Fault> {
        self.row(&Key::of(Table::Delivery).int(sequence))?.ok_or_else(|| Fault::corrupt("delivery"))
    }

    /// The deliveries of a message, by sequence.
    pub(super) fn deliveries_of(&self, message: i64) -> Result<Vec<DeliveryRow>, Fault> {
        let sequences = self.ints(&Key::of(Table::DeliveryOf).int(message))?;
        sequences.into_iter().map(|sequence| self.delivery_at(sequence)).collect()
    }

    /// The open deliveries of a chain to a target, by sequence: the first is its head.
    pub(super) fn open_of(&self, target: &str, chain: i64) -> Result<Vec<i64>, Fault> {
        self.ints(&Key::of(Table::Open).text(target).int(chain))
    }

    /// Writes one body of a message and gives its number.
    pub(super) fn insert_body(&mut self, message: i64, body: &Packed) -> Result<i64, Fault> {
        let number = self.number(Table::Body)?;
        self.put_row(Key::of(Table::Body).int(number), &BodyRow::of(body))?;
        self.put(Key::of(Table::BodyBytes).int(number), body.bytes.clone());
        let of = Key::of(Table::BodyOf).int(message).text(body.role.word());
        self.put(of.int(number), Vec::new());
        Ok(number)
    }

    /// A body by its number.
    pub(super) fn body_at(&self, number: i64) -> Result<Option<Packed>, Fault> {
        let Some(row) = self.row::<BodyRow>(&Key::of(Table::Body).int(number))? else { return Ok(None) };
        let bytes = self.get(&Key::of(Table::BodyBytes).int(number))?;
        Ok(Some(row.packed(bytes.ok_or_else(|| Fault::corrupt("body"))?)))
    }
}
