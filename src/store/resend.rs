//! What targets asked for again: an officer at the desk has the goods before him and not the certificate.
//!
//! A request is a row beside the delivery and changes nothing of it: what is delivered stays delivered. [`Store::due`]
//! gives such a delivery before all others, whatever its state or due time, until an attempt begun after the request is
//! on record. So a crash forgets no request, and one that was answered is not answered twice.

use super::{Fault, Store, job::Job, queue::Side};
use crate::model::{id::DeliveryId, time::Timestamp};

/// A request for a delivery, by its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resend {
    /// The delivery.
    pub delivery: DeliveryId,
    /// When it was asked for.
    pub at: Timestamp,
    /// Most requests of one target that may wait at once.
    pub waiting_max: u32,
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// On disk.
    Recorded,
    /// It was asked for before and not sent since; that request stands.
    Already,
    /// As many of the target's requests wait as may; nothing was written.
    Full,
}

impl Store {
    /// Records that a target asks for a delivery again.
    ///
    /// **Durability:** synced to disk when it returns [`Asked::Recorded`].
    ///
    /// # Errors
    /// [`Fault::DeliveryUnknown`]; else as [`Store::accept`].
    pub async fn resend(&self, resend: Resend) -> Result<Asked, Fault> {
        self.commit(Side::Urgent, |reply| Job::Resend { resend, reply }).await
    }
}
