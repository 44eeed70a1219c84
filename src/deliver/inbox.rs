//! The mailbox door: members without a server collect what lanes would push.
//!
//! The same due heads in the same order, the same pace, entitlement and expiry, the same headers. What is offered is
//! reserved for the member's lease, in memory: an entry that is not acknowledged in time, or whose reservation a crash
//! forgot, is offered again with the same id and bytes. Only an acknowledgement that names the digest counts, and the
//! next version of a chain is offered after it. Test traffic is offered apart, to whoever asks for it: for what counts it is
//! as if there were none.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex as Lock, PoisonError},
    time::Duration,
};

use tokio::sync::Mutex;

use super::{
    Handles,
    headers::Headers,
    limiter::Limiter,
    outcome::GRADE_ECHO,
    parcel::{Parcel, Unready},
    settle::Happening,
};
use crate::{
    crash::{self, Point},
    model::{
        delivery::{Event, State},
        id::{DeliveryId, Digest, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    region::{
        Region,
        member::{Member, Reach},
    },
    store::{
        Fault,
        attachment::Kept,
        claim::{Claim, Stream},
        record::{Attempt, Body, Delivery, Role},
    },
    telemetry::{field, metrics::Outcome, trace},
};

/// Most entries one collection gives, whatever it is asked for.
pub const ENTRIES_MAX: usize = 100;

/// The mailboxes; cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    handles: Handles,
    // One lock per mailbox: two collections of one member must not reserve the same entry.
    boxes: Arc<Lock<Boxes>>,
}

/// The mailboxes of members, each apart for what counts and for test traffic (`true`).
type Boxes = BTreeMap<(MemberId, bool), Arc<Mutex<Mailbox>>>;

/// What is remembered of one member's mailbox; none of it is on disk.
struct Mailbox {
    limiter: Limiter,
    /// When each reservation began and when it ends.
    leases: BTreeMap<DeliveryId, Lease>,
}

#[derive(Clone, Copy)]
struct Lease {
    since: Timestamp,
    until: Timestamp,
}

/// One entry offered to its member.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Delivery id, stable over repeats.
    pub delivery: DeliveryId,
    /// Headers of the delivery, the same a push would carry (`CoO-Delivery`, `CoO-Sequence`, …).
    pub headers: Headers,
    /// What is delivered.
    pub body: Body,
    /// Digest of the body's bytes.
    pub digest: Digest,
}

/// How an acknowledgement ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acknowledged {
    /// Recorded as delivered, on disk.
    Delivered,
    /// It was delivered before.
    Already,
    /// The digest is not that of what was offered.
    WrongDigest,
    /// There is no such delivery for this member.
    Unknown,
}

impl Inbox {
    /// The mailboxes of a hub.
    #[must_use]
    pub fn new(handles: Handles) -> Self {
        let inbox = Self { handles, boxes: Arc::default() };
        // A bucket starts empty; it fills from the start of the hub, not from a member's first look.
        let region = inbox.handles.region.borrow().clone();
        for (member, _) in region.members.values().filter_map(mailbox) {
            [false, true].into_iter().for_each(|test| drop(inbox.mailbox(member, test)));
        }
        inbox
    }

    /// Offers up to `limit` due entries, either test traffic or what counts, and reserves them for the member's lease; none
    /// after the one whose bytes reach `bytes_max`.
    ///
    /// **Bounds:** [`ENTRIES_MAX`] entries at once, [`super::Config::reserved_entries_per_member_max`] reserved; the
    /// member's rate.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn collect(
        &self,
        member: &MemberId,
        test: bool,
        (limit, bytes_max): (usize, usize),
    ) -> Result<Vec<Entry>, Fault> {
        let region = self.handles.region.borrow().clone();
        let Some((member, lease)) = region.members.get(member).and_then(mailbox) else {
            return Ok(Vec::new());
        };
        let held = self.handles.holds.of(&member.id);
        if held.lane {
            return Ok(Vec::new());
        }
        let mailbox = self.mailbox(member, test);
        let mut mailbox = mailbox.lock().await;
        mailbox.limiter.retune(member.rate);
        let now = self.handles.clock.now();
        mailbox.leases.retain(|_, lease| lease.until > now);
        let reserved_max = self.handles.config.reserved_entries_per_member_max;
        let room = limit.min(ENTRIES_MAX).min(reserved_max.saturating_sub(mailbox.leases.len()));
        let skip = mailbox.leases.keys().copied().collect();
        let without = held.sources.into_iter().collect();
        let stream = if test { Stream::Test } else { Stream::Live };
        let claim = Claim { most: room, skip, without, stream, ..Claim::default() };
        let mut entries = Vec::new();
        let mut bytes = 0_usize;
        for delivery in self.handles.store.claim(&member.id, now, claim).await? {
            let unsendable = self.handles.unsendable(&region, &delivery, now);
            let spent = || bytes >= bytes_max || mailbox.limiter.ready(delivery.weight).is_err();
            let offered = match unsendable {
                Some(event) => self.set_aside(&region, &delivery, event).await.map(|()| None),
                None if spent() => break,
                None => self.parcel(&region, &delivery).await,
            };
            match offered {
                Ok(parcel) => entries.extend(parcel.map(|Parcel { mut headers, body, digest }| {
                    headers.extend(self.span(&delivery));
                    bytes = bytes.saturating_add(body.bytes.len());
                    Entry { delivery: delivery.id, headers, body, digest }
                })),
                Err(fault) if entries.is_empty() => return Err(fault),
                Err(fault) => {
                    tracing::error!(delivery.id = %delivery.id, %fault, "a mailbox shows what comes before it");
                    break;
                }
            }
        }
        // What is not shown is not reserved.
        let reserved = Lease { since: now, until: now.plus(lease) };
        mailbox.leases.extend(entries.iter().map(|entry| (entry.delivery, reserved)));
        if !entries.is_empty() {
            crash::at(Point::Offered);
        }
        Ok(entries)
    }

    /// Takes an entry as delivered; late or unasked, as long as the digest is right.
    ///
    /// **Durability:** on disk when it returns [`Acknowledged::Delivered`].
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn acknowledge(
        &self,
        member: &MemberId,
        delivery: DeliveryId,
        digest: Digest,
    ) -> Result<Acknowledged, Fault> {
        let Some(delivery) = self.offered(member, delivery).await? else { return Ok(Acknowledged::Unknown) };
        match &delivery.rendered {
            Some((_, _, sent)) if *sent == digest => {}
            Some(_) => return Ok(Acknowledged::WrongDigest),
            None => return Ok(Acknowledged::Unknown),
        }
        if delivery.life.state == State::Delivered && delivery.asked.is_none() {
            return Ok(Acknowledged::Already);
        }
        let region = self.handles.region.borrow().clone();
        let at = self.handles.clock.now();
        let since = self.release(member, &delivery).await.map_or(at, |lease| lease.since);
        let attempt = Attempt {
            number: delivery.attempts.saturating_add(1),
            started: since,
            finished: at,
            outcome: "collected".to_owned(),
            status: None,
            detail: "acknowledged".to_owned(),
            answer: None,
            grade: Some(GRADE_ECHO),
            receipt: None,
        };
        let happening =
            Happening { delivery: &delivery, event: Event::Succeeded, attempt: Some(attempt), at };
        self.handles.settle(&region, happening).await?;
        self.handles.metrics.attempted(member, Outcome::Collected);
        self.handles.metrics.delivered(member, at.since(delivery.life.created));
        tracing::info!(delivery.id = %delivery.id, target.id = %member, "an entry was collected");
        Ok(Acknowledged::Delivered)
    }

    /// The original behind a delivery, for a target with the full view; `None` for anybody else.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn original(&self, member: &MemberId, delivery: DeliveryId) -> Result<Option<Body>, Fault> {
        let Some(delivery) = self.offered(member, delivery).await? else { return Ok(None) };
        let region = self.handles.region.borrow().clone();
        if !self.handles.shows_whole(&region, &delivery).await? {
            return Ok(None);
        }
        self.handles.store.body(delivery.message, Role::Original).await
    }

    /// An attachment, for the member who put it and for targets of a message with the full view that names it; `None` for
    /// anybody else.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn attachment(&self, member: &MemberId, digest: Digest) -> Result<Option<Kept>, Fault> {
        let store = &self.handles.store;
        if let Some(own) = store.attachment(member, digest).await? {
            return Ok(Some(own));
        }
        let region = self.handles.region.borrow().clone();
        for delivery in store.deliveries_naming(member, digest).await? {
            let Some(delivery) = self.offered(member, delivery).await? else { continue };
            if self.handles.shows_whole(&region, &delivery).await? {
                return store.attachment(&delivery.source, digest).await;
            }
        }
        Ok(None)
    }

    /// The bytes of an attachment that may be shown.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn attachment_bytes(&self, kept: &Kept) -> Result<Option<Vec<u8>>, Fault> {
        self.handles.store.attachment_bytes(kept).await
    }

    /// A delivery of the member's that it may have seen: one still queued behind another is not yet its to know.
    async fn offered(&self, member: &MemberId, delivery: DeliveryId) -> Result<Option<Delivery>, Fault> {
        let found = self.handles.store.delivery(delivery).await?;
        Ok(found.filter(|found| found.target == *member && found.life.state != State::Queued))
    }

    /// Where an offer belongs in the trace of its source, if that is still known: a span of its own, as for a push.
    fn span(&self, delivery: &Delivery) -> Option<(&'static str, String)> {
        let own = self.handles.traces.of(delivery.message)?.child()?;
        tracing::debug!(
            delivery.id = %delivery.id,
            { field::TRACE_ID } = own.trace(),
            { field::TRACE_SPAN } = own.span(),
            "an entry is offered"
        );
        Some((trace::HEADER, own.to_string()))
    }

    /// What is offered; `None` when the delivery can never be, and is held.
    async fn parcel(&self, region: &Region, delivery: &Delivery) -> Result<Option<Parcel>, Fault> {
        match self.handles.parcel(region, delivery).await {
            Ok(parcel) => Ok(Some(parcel)),
            Err(Unready::Fault(fault)) => Err(fault),
            Err(Unready::NotEntitled) => {
                self.set_aside(region, delivery, Event::Held { reason: Reason::NotEntitled }).await?;
                Ok(None)
            }
            Err(Unready::Poison(why)) => {
                tracing::error!(delivery.id = %delivery.id, why, "a delivery cannot be offered and is held");
                self.set_aside(region, delivery, Event::Held { reason: Reason::Fault }).await?;
                Ok(None)
            }
        }
    }

    async fn set_aside(&self, region: &Region, delivery: &Delivery, event: Event) -> Result<(), Fault> {
        let at = self.handles.clock.now();
        self.handles.settle(region, Happening { delivery, event, attempt: None, at }).await?;
        Ok(())
    }

    /// Offers an entry at the next look, whatever it was reserved for.
    pub(super) async fn offer_again(&self, member: &MemberId, delivery: &Delivery) {
        self.release(member, delivery).await;
    }

    async fn release(&self, member: &MemberId, delivery: &Delivery) -> Option<Lease> {
        let of = (member.clone(), delivery.test);
        let mailbox = self.boxes.lock().unwrap_or_else(PoisonError::into_inner).get(&of).cloned()?;
        mailbox.lock().await.leases.remove(&delivery.id)
    }

    fn mailbox(&self, member: &Member, test: bool) -> Arc<Mutex<Mailbox>> {
        let mut boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            let limiter = Limiter::new(member.rate, &self.handles.clock);
            Arc::new(Mutex::new(Mailbox { limiter, leases: BTreeMap::new() }))
        };
        boxes.entry((member.id.clone(), test)).or_insert_with(fresh).clone()
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

/// A member that collects, and its lease.
fn mailbox(member: &Member) -> Option<(&Member, Duration)> {
    match member.reach {
        Reach::Mailbox { lease } => Some((member, lease)),
        Reach::Push(_) => None,
    }
}
