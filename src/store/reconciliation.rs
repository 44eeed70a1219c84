//! What a member pushed and was sent between two instants, paged by key.

use super::{
    Fault, Store,
    read::rows,
    record::{Delivery, Message},
};
use crate::model::{id::MemberId, time::Timestamp};

/// Where a page begins: after this instant and sequence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct After {
    /// Instant of the last entry seen.
    pub at: Timestamp,
    /// Its sequence.
    pub sequence: i64,
}

/// The entries asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub until: Timestamp,
    /// Where the page begins; `None`: at the first entry.
    pub after: Option<After>,
}

impl Store {
    /// Messages of a member received within a span, by time of receipt, each with its deliveries.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn pushed_within(
        &self,
        source: &MemberId,
        span: Span,
        limit: usize,
    ) -> Result<Vec<(Message, Vec<Delivery>)>, Fault> {
        let source = source.clone();
        self.read(move |db| db.pushed(&source, &span, rows(limit))).await
    }

    /// Deliveries to a member made within a span, by time of creation, whatever became of them.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn sent_within(
        &self,
        target: &MemberId,
        span: Span,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        let target = target.clone();
        self.read(move |db| db.sent(&target, &span, rows(limit))).await
    }
}
