//! What the store tells: every read of the handle, bounded, over one snapshot, and paged by key.

use super::{
    Fault, Store, pack,
    record::{Attempt, Body, Counts, Delivery, Message, Receipted, Rejection, Role, Sent, Standing},
    sqlite::{deliveries, messages},
};
use crate::model::{
    id::{DeliveryId, MemberId, MessageId, MessageKey},
    key::Key,
    time::Timestamp,
};

/// Most rows one read gives, whatever limit it was asked for; page by key for more.
pub const READ_ROWS_MAX: u32 = 1_000;

impl Store {
    /// What the store knows of a certificate number: latest version, the version `key` states, whether cancelled.
    ///
    /// # Errors
    /// [`Fault::Poisoned`], [`Fault::Closed`], [`Fault::Corrupt`] or [`Fault::Engine`], as every read.
    pub async fn standing(&self, key: &Key) -> Result<Standing, Fault> {
        let key = key.clone();
        self.read(move |db| messages::standing(db, &key)).await
    }

    /// What a source pushed under a message key: the duplicate check before any CPU is spent.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn receipt_of(&self, source: &MemberId, key: &MessageKey) -> Result<Option<Receipted>, Fault> {
        let (source, key) = (source.clone(), key.clone());
        self.read(move |db| messages::receipt(db, &source, &key)).await
    }

    /// Messages without route commit, by accept sequence, from the one after `after_sequence`.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn unrouted(&self, after_sequence: i64, limit: usize) -> Result<Vec<Message>, Fault> {
        self.read(move |db| messages::unrouted(db, after_sequence, rows(limit))).await
    }

    /// A message by the hub's id.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, Fault> {
        self.read(move |db| messages::message(db, id)).await
    }

    /// The first body of a role that belongs to a message, checked against its digest.
    ///
    /// # Errors
    /// [`Fault::Corrupt`] when the digest differs; else as every read, see [`Store::standing`].
    pub async fn body(&self, id: MessageId, role: Role) -> Result<Option<Body>, Fault> {
        self.read(move |db| messages::body(db, id, role)?.map(pack::unpack).transpose()).await
    }

    /// What a delivery sends, checked against its digest; `None` when nothing could be rendered.
    ///
    /// # Errors
    /// As [`Store::body`].
    pub async fn rendering(&self, id: DeliveryId) -> Result<Option<Body>, Fault> {
        self.read(move |db| messages::rendering(db, id)?.map(pack::unpack).transpose()).await
    }

    /// Certificates and cancellations sent to anybody for earlier messages of a message's chain, oldest first.
    ///
    /// **Bounds:** the newest [`READ_ROWS_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn sent_to(&self, id: MessageId) -> Result<Vec<Sent>, Fault> {
        self.read(move |db| deliveries::sent_to(db, id, READ_ROWS_MAX)).await
    }

    /// Deliveries of a target that are due at `now`: urgent first, then by due time, then by sequence; without `skip`,
    /// which are those the lane has in hand.
    ///
    /// Costs the rows it gives and skips, whatever the backlog.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn due(
        &self,
        target: &MemberId,
        now: Timestamp,
        limit: usize,
        skip: &[DeliveryId],
    ) -> Result<Vec<Delivery>, Fault> {
        let (target, skip) = (target.clone(), skip.to_vec());
        self.read(move |db| deliveries::due(db, &target, now, rows(limit), &skip)).await
    }

    /// The earliest due time of a target, past or future; `None` when nothing of it is due.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn next_due(&self, target: &MemberId) -> Result<Option<Timestamp>, Fault> {
        let target = target.clone();
        self.read(move |db| deliveries::next_due(db, &target)).await
    }

    /// Targets with open deliveries, and how many each has; counts every one of them, so not for a hot path.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn waiting_targets(&self) -> Result<Vec<(MemberId, u64)>, Fault> {
        self.read(deliveries::waiting_targets).await
    }

    /// Heads, due or held, created before an instant: target by target, oldest first.
    ///
    /// Queued deliveries are left out: each shows up once it is head.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn overdue(&self, before: Timestamp, limit: usize) -> Result<Vec<Delivery>, Fault> {
        self.read(move |db| deliveries::overdue(db, None, before, rows(limit))).await
    }

    /// As [`Store::overdue`], of one target, each of which has its own expiry.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn overdue_of(
        &self,
        target: &MemberId,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        let target = target.clone();
        self.read(move |db| deliveries::overdue(db, Some(&target), before, rows(limit))).await
    }

    /// A delivery by id, with answers and last attempt.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        self.read(move |db| deliveries::delivery(db, id)).await
    }

    /// Deliveries of a message, with answers and last attempts, in the order they were made; at most [`READ_ROWS_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn deliveries(&self, id: MessageId) -> Result<Vec<Delivery>, Fault> {
        self.read(move |db| deliveries::of_message(db, id, READ_ROWS_MAX)).await
    }

    /// Attempts at a delivery, oldest first; the newest [`READ_ROWS_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn attempts(&self, id: DeliveryId) -> Result<Vec<Attempt>, Fault> {
        self.read(move |db| deliveries::attempts(db, id, READ_ROWS_MAX)).await
    }

    /// The newest rejections of a member, newest first.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn rejections(&self, source: &MemberId, limit: usize) -> Result<Vec<Rejection>, Fault> {
        let source = source.clone();
        self.read(move |db| messages::rejections(db, &source, rows(limit))).await
    }

    /// Messages about a certificate number, however it is punctuated, newest first; of one issuing body if named.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn find(
        &self,
        issuer: Option<&str>,
        number: &str,
        limit: usize,
    ) -> Result<Vec<Message>, Fault> {
        let (issuer, number) = (issuer.map(str::to_owned), number.to_owned());
        self.read(move |db| messages::find(db, issuer.as_deref(), &number, rows(limit))).await
    }

    /// Counts kept by the commits themselves.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn counts(&self) -> Result<Counts, Fault> {
        self.read(messages::counts).await
    }
}

pub(super) fn rows(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(READ_ROWS_MAX).min(READ_ROWS_MAX)
}
