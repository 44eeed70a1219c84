//! Alerts by webhook: one POST of JSON for everything that changed, by the client that delivers to members.
//!
//! Its limits hold here too: `https` alone, the anchors named, each phase within its time, answers cut, no redirect followed,
//! no proxy. What was not taken is kept and told with the next look; what is kept is bounded.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Config, board::Change, config::trusted};
use crate::{
    deliver::{self, Tls, client::Client, outcome::Received},
    model::time::Timestamp,
    region::{
        address::Addresses,
        member::{Acknowledge, Endpoint},
    },
};

/// Changes kept for a webhook that does not take them; the oldest give way.
pub const KEPT_MAX: usize = 200;

/// Where alerts are posted, and what waits to be.
pub(super) struct Webhook {
    endpoint: Endpoint,
    tls: Tls,
    config: deliver::Config,
    kept: VecDeque<Value>,
}

impl Webhook {
    /// The webhook of these settings, if they name one.
    pub(super) fn of(alerts: &Config, tls: Tls, config: deliver::Config) -> Option<Self> {
        let host = host(&alerts.webhook_url)?;
        let endpoint = Endpoint {
            url: alerts.webhook_url.clone(),
            anchors: alerts.webhook_anchors.clone(),
            trusted: Arc::default(),
            addresses: Addresses::new(&host, Vec::new()),
            leaf: None,
            acknowledge: Acknowledge::Status,
            receipt_keys: Vec::new(),
            timeout: config.answer_timeout,
        };
        Some(Self { endpoint, tls, config, kept: VecDeque::new() })
    }

    /// Posts these changes after those that are kept; whatever is not taken is kept.
    pub(super) async fn tell(&mut self, hub: &str, at: Timestamp, changes: &[Change]) {
        self.kept.extend(changes.iter().map(told));
        let over = self.kept.len().saturating_sub(KEPT_MAX);
        if over > 0 {
            tracing::warn!(
                dropped = over,
                "the webhook takes nothing: the oldest of what it was to be told is dropped"
            );
            self.kept.drain(..over);
        }
        if self.kept.is_empty() {
            return;
        }
        let body = json!({"hub": hub, "at": at.to_string(), "changes": self.kept}).to_string();
        match self.post(body).await {
            Ok(()) => self.kept.clear(),
            Err(why) => tracing::warn!(why, kept = self.kept.len(), "the webhook did not take the alerts"),
        }
    }

    /// A client anew each time: alerts are rare, and there may be a new leaf or other anchors.
    async fn post(&self, body: String) -> Result<(), String> {
        let file = self.endpoint.anchors.clone();
        let read = tokio::task::spawn_blocking(move || trusted(&file)).await;
        let trusted = read.map_err(|error| error.to_string())?;
        let endpoint = Endpoint {
            trusted: trusted.map_err(|why| format!("the file of its anchors {why}"))?.into(),
            ..self.endpoint.clone()
        };
        let tls = (self.tls)(&endpoint)?;
        let client = Client::new(&endpoint, &tls, &self.config).map_err(|error| error.to_string())?;
        let headers = vec![("content-type", "application/json".to_owned())];
        match client.post(headers, Bytes::from(body)).await.map_err(|error| error.to_string())? {
            Received::Answer(answer) if matches!(answer.status, 200..=299) => Ok(()),
            Received::Answer(answer) => Err(format!("status-{}", answer.status)),
            Received::Nothing(silence) => Err(silence.to_string()),
        }
    }
}

/// The host of an `https` URL; `None` for anything else.
#[must_use]
pub fn host(url: &str) -> Option<String> {
    let uri: hyper::Uri = url.parse().ok()?;
    (uri.scheme_str() == Some("https")).then(|| uri.host().map(str::to_owned))?
}

fn told(change: &Change) -> Value {
    let mut value = change.alert.json();
    if let Value::Object(members) = &mut value {
        members.insert("change".to_owned(), json!(change.what.word()));
    }
    value
}
