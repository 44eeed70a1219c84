//! The mailbox door: members without a server collect what lanes would push.

use crate::{
    model::id::{DeliveryId, Digest, MemberId},
    store::{Fault, record::Body},
};

/// The mailboxes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Inbox;

/// One entry offered to its member.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Delivery id, stable over repeats.
    pub delivery: DeliveryId,
    /// Headers of the delivery, the same a push would carry (`CoO-Delivery`, `CoO-Sequence`, …).
    pub headers: Vec<(&'static str, String)>,
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
    /// Offers up to `limit` due entries and reserves them for the member's lease.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn collect(&self, member: &MemberId, limit: usize) -> Result<Vec<Entry>, Fault> {
        let _ = (member, limit);
        Ok(Vec::new())
    }

    /// Takes an entry as delivered.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn acknowledge(
        &self,
        member: &MemberId,
        delivery: DeliveryId,
        digest: Digest,
    ) -> Result<Acknowledged, Fault> {
        let _ = (member, delivery, digest);
        Ok(Acknowledged::Unknown)
    }

    /// The original behind a delivery, for a target with the full view; `None` for anybody else.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn original(&self, member: &MemberId, delivery: DeliveryId) -> Result<Option<Body>, Fault> {
        let _ = (member, delivery);
        Ok(None)
    }
}
