//! What the store tells: every read of the handle, bounded, over one snapshot, and paged by key.
//!
//! Look-ups by key are made where they are asked for, pages and long bodies on blocking threads.

use super::{
    Fault, Store, aside,
    claim::{Claim, Stream},
    pack::{self, Packed},
    record::{Attempt, Body, Counts, Delivery, Message, Receipted, Rejection, Role},
    sent::{Before, Sent},
    standing::Standing,
};
use crate::model::{
    id::{DeliveryId, MemberId, MessageId, MessageKey},
    key::{Key, end, normal_form},
    reason::Reason,
    time::Timestamp,
};

/// Where a page of chains begins: behind this one; `None`: at the first.
pub type ChainsAfter = Option<(MemberId, i64)>;

/// Most rows one read gives, whatever limit it was asked for; page by key for more.
pub const READ_ROWS_MAX: u32 = 1_000;
/// Most deliveries that are claimed where they are asked for.
const LOOK_ROWS_MAX: usize = 16;

impl Store {
    /// What the store knows of a certificate number: latest version, the version `key` states, whether cancelled; and of
    /// the lineage or number that a replacement of that number replaces.
    ///
    /// # Errors
    /// [`Fault::Poisoned`], [`Fault::Closed`], [`Fault::Corrupt`] or [`Fault::Engine`], as every read.
    pub async fn standing(&self, key: &Key, earlier: Option<&str>) -> Result<Standing, Fault> {
        let (key, earlier) = (key.clone(), earlier.map(str::to_owned));
        self.look(move |db| db.standing(&key, earlier.as_deref())).await
    }

    /// What a source pushed under a message key: the duplicate check before any CPU is spent.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn receipt_of(&self, source: &MemberId, key: &MessageKey) -> Result<Option<Receipted>, Fault> {
        let (source, key) = (source.clone(), key.clone());
        self.look(move |db| db.receipt(&source, &key)).await
    }

    /// Messages without route commit, by accept sequence, from the one after `after_sequence`.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn unrouted(&self, after_sequence: i64, limit: usize) -> Result<Vec<Message>, Fault> {
        self.read(move |db| db.unrouted(after_sequence, rows(limit))).await
    }

    /// A message by the hub's id.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, Fault> {
        self.look(move |db| db.message(id)).await
    }

    /// The first body of a role that belongs to a message, checked against its digest.
    ///
    /// # Errors
    /// [`Fault::Corrupt`] when the digest differs; else as every read, see [`Store::standing`].
    pub async fn body(&self, id: MessageId, role: Role) -> Result<Option<Body>, Fault> {
        unpacked(self.look(|db| db.body(id, role)).await?).await
    }

    /// Certificates and cancellations sent to anybody for the other messages of a message's chain, oldest first.
    ///
    /// **Bounds:** the newest [`READ_ROWS_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn sent_to(&self, id: MessageId) -> Result<Vec<Sent>, Fault> {
        self.look(move |db| db.sent_to(id, READ_ROWS_MAX)).await
    }

    /// What was routed of a message's chain, the message itself apart.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn before(&self, id: MessageId) -> Result<Before, Fault> {
        self.look(move |db| db.before(id)).await
    }

    /// Messages that wait for the certificate they change, by accept sequence, from the one after `after_sequence`.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn parked(&self, after_sequence: i64, limit: usize) -> Result<Vec<Message>, Fault> {
        self.read(move |db| db.parked(after_sequence, rows(limit))).await
    }

    /// Certificates that name no importing country and that nobody addressed, by accept sequence, from the one after
    /// `after_sequence`; those that a later version took the place of are left out.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn unaddressed(&self, after_sequence: i64, limit: usize) -> Result<Vec<Message>, Fault> {
        self.read(move |db| db.unaddressed(after_sequence, rows(limit))).await
    }

    /// How many [`Store::unaddressed`] has, counted up to [`super::backlog::COUNTED_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn unaddressed_count(&self) -> Result<u32, Fault> {
        self.look(|db| db.unaddressed_count()).await
    }

    /// Open deliveries that are held for a reason, or will be once they are head, by sequence, from the one after
    /// `after_sequence`.
    ///
    /// Costs the rows it gives, whatever the backlog.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn held_for(
        &self,
        reason: Reason,
        after_sequence: i64,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        self.read(move |db| db.held_for(reason, after_sequence, rows(limit))).await
    }

    /// Deliveries of a target that are due at `now`, in the order of [`Store::claim`], without `skip`.
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
        self.claim(target, now, Claim { most: limit, skip: skip.to_vec(), ..Claim::default() }).await
    }

    /// What a lane takes next of what is due at `now`: what the target asked for again first, whatever its state and source,
    /// then urgent ones, first attempts and retries in fair shares (see [`super::claim`]), each by due time; at most
    /// [`READ_ROWS_MAX`].
    ///
    /// Costs the rows it gives and skips, and an index entry for each of a source it leaves out, whatever the backlog.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn claim(
        &self,
        target: &MemberId,
        now: Timestamp,
        mut claim: Claim,
    ) -> Result<Vec<Delivery>, Fault> {
        let target = target.clone();
        claim.most = usize::try_from(rows(claim.most)).unwrap_or(usize::MAX);
        // Who leaves a source out may pass over many of its entries.
        if claim.most <= LOOK_ROWS_MAX && claim.without.is_empty() {
            return self.look(move |db| db.due(&target, now, &claim)).await;
        }
        self.read(move |db| db.due(&target, now, &claim)).await
    }

    /// The earliest due time of a target in a stream, past or future; `None` when nothing of it is due.
    ///
    /// What was not tried yet is due by `now` at the latest, whatever a clock that had jumped ahead said of it.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn next_due(
        &self,
        target: &MemberId,
        stream: Stream,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        let target = target.clone();
        self.look(move |db| db.next_due(&target, stream, now)).await
    }

    /// When the earliest request of a target for a delivery of a stream was made that was not answered yet and can be.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn next_asked(&self, target: &MemberId, stream: Stream) -> Result<Option<Timestamp>, Fault> {
        let target = target.clone();
        self.look(move |db| db.next_asked(&target, stream)).await
    }

    /// Chains behind `after` that have open deliveries but no head, among the next `limit` chains; and where to go on.
    ///
    /// There are none, unless something is wrong: see [`super::lane::Change::Head`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn headless(
        &self,
        after: ChainsAfter,
        limit: usize,
    ) -> Result<(Vec<(MemberId, i64)>, ChainsAfter), Fault> {
        self.read(move |db| db.headless(&after, rows(limit))).await
    }

    /// Targets with open deliveries; costs a look-up each, whatever the backlog.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn waiting_targets(&self) -> Result<Vec<MemberId>, Fault> {
        self.read(|db| db.targets()).await
    }

    /// Heads, due or held, created before an instant: target by target, oldest first.
    ///
    /// Queued deliveries are left out: each shows up once it is head.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn overdue(&self, before: Timestamp, limit: usize) -> Result<Vec<Delivery>, Fault> {
        self.read(move |db| db.overdue(None, before, rows(limit))).await
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
        self.read(move |db| db.overdue(Some(&target), before, rows(limit))).await
    }

    /// A delivery by id, with answers and last attempt.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        self.look(move |db| db.delivery(id)).await
    }

    /// Deliveries of a message, with answers and last attempts, in the order they were made; at most [`READ_ROWS_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn deliveries(&self, id: MessageId) -> Result<Vec<Delivery>, Fault> {
        self.read(move |db| db.of_message(id, READ_ROWS_MAX)).await
    }

    /// Attempts at a delivery, oldest first; the newest [`READ_ROWS_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn attempts(&self, id: DeliveryId) -> Result<Vec<Attempt>, Fault> {
        self.read(move |db| db.attempts(id, READ_ROWS_MAX)).await
    }

    /// The newest rejections of a member, newest first.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn rejections(&self, source: &MemberId, limit: usize) -> Result<Vec<Rejection>, Fault> {
        let source = source.clone();
        self.read(move |db| db.rejections(&source, rows(limit))).await
    }

    /// Messages about a certificate number, however it is punctuated, newest first; of one issuing body if named. Where
    /// there are none, those whose number ends so: what is printed on a certificate may be the end of its number alone.
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
        self.read(move |db| {
            let (issuer, most) = (issuer.as_deref(), rows(limit));
            let found = db.find(issuer, &number, most)?;
            let normal = normal_form(&number);
            match end(&normal) {
                Some(end) if found.is_empty() => db.ending(issuer, (&normal, end), most),
                _ => Ok(found),
            }
        })
        .await
    }

    /// Counts kept by the commits themselves.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn counts(&self) -> Result<Counts, Fault> {
        self.look(|db| db.counts()).await
    }
}

/// The plain bytes of a body, made where they are asked for when that is short work.
pub(super) async fn unpacked(packed: Option<Packed>) -> Result<Option<Body>, Fault> {
    let Some(packed) = packed else { return Ok(None) };
    let length = usize::try_from(packed.size).unwrap_or(usize::MAX);
    aside(length, move || pack::unpack(packed)).await.map(Some)
}

pub(super) fn rows(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(READ_ROWS_MAX).min(READ_ROWS_MAX)
}
