//! What a target is given: the stored bytes and the headers that go with them.

use super::{
    Handles,
    attestation::{Attested, attest},
    entitlement::is_pilot,
    headers::{Facts, Headers, headers, shows_original},
};
use crate::{
    model::id::Digest,
    region::Region,
    store::{
        Fault,
        proof::Sending,
        record::{Body, Cargo, Delivery},
    },
};

/// A delivery ready to hand over.
pub(super) struct Parcel {
    pub(super) headers: Headers,
    pub(super) body: Body,
    pub(super) digest: Digest,
}

/// Why a delivery is not ready.
pub(super) enum Unready {
    /// It can never be sent as it is stored: there is nothing to send, or what is stored is damaged.
    Poison(&'static str),
    /// It shows the target more than the rules now allow.
    NotEntitled,
    /// The store failed; another time it may do.
    Fault(Fault),
}

impl From<Fault> for Unready {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Corrupt { .. } => Self::Poison("stored data is damaged"),
            Fault::DeliveryUnknown(_) | Fault::MessageUnknown(_) => Self::Poison("stored data is missing"),
            fault => Self::Fault(fault),
        }
    }
}

impl Handles {
    /// Packs a delivery for its next attempt; the bytes are those of every attempt before.
    pub(super) async fn parcel(&self, region: &Region, delivery: &Delivery) -> Result<Parcel, Unready> {
        let sending =
            self.store.sending(delivery.id).await?.ok_or(Unready::Poison("nothing was rendered"))?;
        let Sending { body, digest, provenance } = sending;
        if !self.may_see(region, delivery, &body).await? {
            return Err(Unready::NotEntitled);
        }
        let shown = shows_original(delivery).then_some(&provenance);
        let original = shown.map(|provenance| provenance.digest);
        let attachments = shown.map_or(&[][..], |provenance| provenance.attachments.as_slice());
        let official = provenance.official.as_ref().filter(|_| delivery.cargo == Cargo::Certificate);
        let attested = Attested { delivery, body: &body, digest, original, attachments, official };
        let attestation = attest(&self.key, region, &attested);
        let facts = Facts {
            body: &body,
            digest,
            attempt: delivery.attempts.saturating_add(1),
            attestation: &attestation,
            original: original.is_some(),
            attachments,
            pilot: is_pilot(region, delivery),
        };
        let headers = headers(delivery, &facts);
        Ok(Parcel { headers, body, digest })
    }
}
