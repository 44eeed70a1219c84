//! One attempt: pack, send, classify, commit.

use std::sync::Arc;

use bytes::Bytes;
use tracing::{Instrument as _, field::Empty};

use super::{
    Handles,
    client::Client,
    entitlement::server,
    lane::Ended,
    outcome::{Expected, Meaning, classify},
    parcel::Unready,
    settle::Happening,
};
use crate::{
    crash::{self, Point},
    model::{delivery::Event, reason::Reason, time::Timestamp},
    region::{Region, member::Endpoint, place::Place},
    store::{
        Fault,
        record::{self, Delivery},
    },
    telemetry::{
        field,
        trace::{self, Parent},
    },
};

/// One attempt at one delivery, with what it needs.
pub(super) struct Attempt {
    pub(super) delivery: Delivery,
    pub(super) region: Arc<Region>,
    pub(super) client: Client,
    pub(super) endpoint: Arc<Endpoint>,
    /// Where the endpoint stands.
    pub(super) place: Place,
    pub(super) handles: Handles,
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
            { field::TRACE_ID } = Empty, { field::TRACE_PARENT } = Empty, { field::TRACE_SPAN } = Empty,
        );
        let own = trace::put(&span, self.handles.traces.of(self.delivery.message));
        self.make(own).instrument(span).await.unwrap_or_else(|fault| {
            tracing::error!(delivery.id = %id, %fault, "an attempt ended through a fault of ours");
            Ended::by_us(id)
        })
    }

    async fn make(&self, own: Option<Parent>) -> Result<Ended, Fault> {
        let started = self.handles.clock.now();
        let mut parcel = match self.handles.parcel(&self.region, &self.delivery).await {
            Ok(parcel) => parcel,
            Err(Unready::Poison(why)) => return self.set_aside(Reason::Fault, why).await,
            Err(Unready::NotEntitled) => {
                return self.set_aside(Reason::NotEntitled, "the rules now allow less").await;
            }
            Err(Unready::Fault(fault)) => return Err(fault),
        };
        let (delivery, digest, acknowledge) = (self.delivery.id, parcel.digest, self.endpoint.acknowledge);
        let expected = Expected { delivery, digest, acknowledge, keys: &self.endpoint.receipt_keys };
        match self.turned() {
            None => {}
            Some(true) => return Ok(Ended::by_us(delivery)),
            Some(false) => return self.set_aside(Reason::NotEntitled, "its target is live now").await,
        }
        parcel.headers.extend(own.map(|own| (trace::HEADER, own.to_string())));
        let Ok(received) = self.client.post(parcel.headers, Bytes::from(parcel.body.bytes)).await else {
            return self.set_aside(Reason::Fault, "a header cannot be carried").await;
        };
        crash::at(Point::Sent);
        let meaning = classify(&expected, &received, self.handles.clock.now());
        self.record(started, meaning).await
    }

    /// Whether test traffic goes elsewhere now, or nowhere (`Some(false)`): the region may be another than the lane went by,
    /// and what became live between the two takes none. What counts goes on as it was begun.
    fn turned(&self) -> Option<bool> {
        if !self.delivery.test {
            return None;
        }
        let region = self.handles.region.borrow();
        match server(&region, &self.delivery) {
            Some(endpoint) if endpoint.url == self.endpoint.url => None,
            other => Some(other.is_some()),
        }
    }

    async fn record(&self, started: Timestamp, meaning: Meaning) -> Result<Ended, Fault> {
        let at = self.handles.clock.now();
        let attempt = record::Attempt {
            number: self.delivery.attempts.saturating_add(1),
            started,
            finished: at,
            outcome: meaning.word().to_owned(),
            status: meaning.status,
            detail: meaning.detail.clone(),
            answer: meaning.answer,
            grade: meaning.grade(),
            receipt: meaning.receipt.clone(),
        };
        tracing::info!(
            outcome = attempt.outcome,
            detail = attempt.detail,
            elapsed.ms = at.since(started).as_millis(),
            "an attempt ended"
        );
        if meaning.alarm {
            // The lane warns of it, once.
            tracing::debug!(detail = attempt.detail, "a target answers in a way that waiting will not mend");
        }
        let (how, outcome, taken) = (meaning.how(), meaning.outcome(), meaning.event == Event::Succeeded);
        let ended = Ended { delivery: self.delivery.id, how, alarm: meaning.alarm.then_some(meaning.detail) };
        let happening =
            Happening { delivery: &self.delivery, event: meaning.event, attempt: Some(attempt), at };
        self.handles.settle(&self.region, happening).await?;
        // A member's figures, and the alerts made of them, are those of its endpoint.
        if self.place == Place::Own {
            self.handles.metrics.attempted(&self.delivery.target, outcome);
            if taken {
                self.handles.metrics.delivered(&self.delivery.target, at.since(self.delivery.life.created));
            }
        }
        Ok(ended)
    }

    /// A delivery that cannot be sent leaves the lane, so that the lane lives.
    async fn set_aside(&self, reason: Reason, why: &'static str) -> Result<Ended, Fault> {
        tracing::error!(delivery.id = %self.delivery.id, reason = reason.code(), why, "a delivery is held");
        let event = Event::Held { reason };
        let at = self.handles.clock.now();
        let happening = Happening { delivery: &self.delivery, event, attempt: None, at };
        self.handles.settle(&self.region, happening).await?;
        Ok(Ended::by_us(self.delivery.id))
    }
}
