//! One delivery to a member's endpoint outside its lane, as test traffic: for a checklist. Nothing is kept in the store.
//!
//! It goes out as any delivery does: by the same client, under the same leaf, deadlines, headers and attestation; what the
//! answer means is decided by the same function.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Handles,
    attestation::{Attested, attest},
    client::Client,
    headers::{Facts, headers},
    outcome::{Expected, Meaning, Received, Silence, classify},
};
use crate::{
    model::{id::Digest, time::Timestamp},
    region::{Region, member::Endpoint},
    store::record::{Body, Delivery},
    tls,
};

/// An endpoint on trial.
pub struct Trial<'a> {
    handles: &'a Handles,
    region: &'a Region,
    endpoint: &'a Endpoint,
    client: Client,
    /// The same without a leaf of ours.
    nameless: Client,
}

/// What came of one delivery.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What the answer means.
    pub meaning: Meaning,
    /// How long it took.
    pub elapsed: Duration,
    /// How far the other side's clock is ahead, if it says its time.
    pub ahead: Option<jiff::SignedDuration>,
    /// Whether anything answered at all.
    pub answered: bool,
}

impl<'a> Trial<'a> {
    /// Makes the clients of an endpoint.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn new(handles: &'a Handles, region: &'a Region, endpoint: &'a Endpoint) -> Result<Self, String> {
        let shown = (handles.tls)(endpoint)?;
        let client = |tls: &rustls::ClientConfig| {
            Client::new(endpoint, tls, &handles.config).map_err(|error| error.to_string())
        };
        let nameless = client(&tls::nameless(&shown))?;
        Ok(Self { handles, region, endpoint, client: client(&shown)?, nameless })
    }

    /// Sends a delivery and waits for what comes of it.
    pub async fn send(&self, delivery: &Delivery, body: &Body) -> Exchange {
        self.by(&self.client, delivery, body).await
    }

    /// Sends it without showing a leaf.
    pub async fn send_nameless(&self, delivery: &Delivery, body: &Body) -> Exchange {
        self.by(&self.nameless, delivery, body).await
    }

    async fn by(&self, client: &Client, delivery: &Delivery, body: &Body) -> Exchange {
        let digest = Digest::of(&body.bytes);
        let attested = Attested { delivery, body, digest, original: None, attachments: &[], official: None };
        let attestation = attest(&self.handles.key, self.region, &attested);
        let facts = Facts {
            body,
            digest,
            attempt: 1,
            attestation: &attestation,
            original: false,
            attachments: &[],
            pilot: false,
        };
        let headers = headers(delivery, &facts);
        let (began, clock) = (tokio::time::Instant::now(), &self.handles.clock);
        let sent = client.post(headers, Bytes::from(body.bytes.clone())).await;
        let received = sent.unwrap_or_else(|error| Received::Nothing(Silence::Broken(error.to_string())));
        let (elapsed, now) = (began.elapsed(), clock.now());
        let keys = self.endpoint.receipt_keys.as_slice();
        let expected =
            Expected { delivery: delivery.id, digest, acknowledge: self.endpoint.acknowledge, keys };
        let date = match &received {
            Received::Answer(answer) => answer.date.as_deref(),
            Received::Nothing(_) => None,
        };
        Exchange {
            meaning: classify(&expected, &received, now),
            elapsed,
            ahead: date.and_then(|text| ahead(text, now)),
            answered: matches!(received, Received::Answer(_)),
        }
    }

    /// The pause that keeps trials within the member's rate.
    pub async fn pause(&self, pause: Duration) {
        self.handles.clock.sleep(pause).await;
    }
}

/// How far a `Date` header (RFC 9110, section 5.6.7) is ahead of our clock.
fn ahead(text: &str, now: Timestamp) -> Option<jiff::SignedDuration> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(jiff::SignedDuration::from_millis(date.as_millisecond().saturating_sub(now.0)))
}
