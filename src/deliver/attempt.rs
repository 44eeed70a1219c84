//! One attempt: pack, send, classify, commit.

use std::sync::Arc;

use bytes::Bytes;
use tracing::Instrument as _;

use super::{
    Handles,
    client::Client,
    outcome::{Expected, Meaning, classify},
    parcel::Unready,
    settle::Happening,
};
use crate::{
    model::{delivery::Event, id::DeliveryId, reason::Reason, time::Timestamp},
    region::{Region, member::Acknowledge},
    store::{
        Fault,
        record::{self, Delivery},
    },
};

/// The evidence grade of an answer that echoes, or of a status taken for one.
pub(super) const GRADE_ECHO: char = 'C';

/// One attempt at one delivery, with what it needs.
pub(super) struct Attempt {
    pub(super) delivery: Delivery,
    pub(super) region: Arc<Region>,
    pub(super) client: Client,
    pub(super) acknowledge: Acknowledge,
    pub(super) handles: Handles,
}

/// An attempt that ended, committed or not.
pub(super) struct Ended {
    pub(super) delivery: DeliveryId,
    pub(super) how: How,
}

/// What an attempt says about its target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum How {
    /// It took the delivery.
    Taken,
    /// It refused the delivery with this code.
    Refused(String),
    /// It did not answer, or not as agreed.
    PartnerFault,
    /// Nothing: the attempt ended through a fault of ours.
    OurFault,
}

impl Attempt {
    /// Makes the attempt and commits what came of it.
    ///
    /// **Cancel safety:** none needed; the hub's task set waits for it, and a process that dies offers it again.
    pub(super) async fn run(self) -> Ended {
        let id = self.delivery.id;
        let span = tracing::info_span!(
            "deliver", delivery.id = %id, target.id = %self.delivery.target,
            attempt.number = self.delivery.attempts.saturating_add(1),
        );
        let how = self.make().instrument(span).await.unwrap_or_else(|fault| {
            tracing::error!(delivery.id = %id, %fault, "an attempt ended through a fault of ours");
            How::OurFault
        });
        Ended { delivery: id, how }
    }

    async fn make(&self) -> Result<How, Fault> {
        let started = self.handles.clock.now();
        let parcel = match self.handles.parcel(&self.region, &self.delivery).await {
            Ok(parcel) => parcel,
            Err(Unready::Poison(why)) => return self.set_aside(why).await,
            Err(Unready::Fault(fault)) => return Err(fault),
        };
        let expected =
            Expected { delivery: self.delivery.id, digest: parcel.digest, acknowledge: self.acknowledge };
        let Ok(received) = self.client.post(parcel.headers, Bytes::from(parcel.body.bytes)).await else {
            return self.set_aside("a header cannot be carried").await;
        };
        let meaning = classify(&expected, &received, self.handles.clock.now());
        self.record(started, meaning).await
    }

    async fn record(&self, started: Timestamp, meaning: Meaning) -> Result<How, Fault> {
        let at = self.handles.clock.now();
        let attempt = record::Attempt {
            number: self.delivery.attempts.saturating_add(1),
            started,
            finished: at,
            outcome: meaning.word().to_owned(),
            status: meaning.status,
            detail: meaning.detail.clone(),
            answer: meaning.answer,
            grade: matches!(meaning.event, Event::Succeeded).then_some(GRADE_ECHO),
        };
        tracing::info!(
            outcome = attempt.outcome,
            detail = attempt.detail,
            elapsed.ms = at.since(started).as_millis(),
            "an attempt ended"
        );
        let how = match &meaning.event {
            Event::Succeeded => How::Taken,
            Event::Refused { .. } => How::Refused(meaning.detail),
            _ => How::PartnerFault,
        };
        let happening =
            Happening { delivery: &self.delivery, event: meaning.event, attempt: Some(attempt), at };
        self.handles.settle(&self.region, happening).await?;
        Ok(how)
    }

    /// A delivery that can never be sent leaves the lane, so that the lane lives.
    async fn set_aside(&self, why: &'static str) -> Result<How, Fault> {
        tracing::error!(delivery.id = %self.delivery.id, why, "a delivery cannot be sent and is held");
        let event = Event::Held { reason: Reason::Fault };
        let at = self.handles.clock.now();
        let happening = Happening { delivery: &self.delivery, event, attempt: None, at };
        self.handles.settle(&self.region, happening).await?;
        Ok(How::OurFault)
    }
}
