//! The hub as a client: one pooled HTTPS client per member, the only place beside the doors where hyper lives.
//!
//! HTTP/2 or 1.1 by ALPN, over mutual TLS, connections kept alive. On HTTP/1.1 each connection has one request at a time;
//! on HTTP/2 all share one, a stream each, which is reset when its deadline passes; nothing more begins on such a
//! connection, and one that answers no ping is dropped. So an answer that never comes blocks nothing but itself. Each
//! phase of an exchange has its own deadline ([`Phase`]). No redirect is followed, no proxy used, no address asked but those the member's file means.
//! Whatever happens becomes a [`Received`]; nothing here decides what it means.
//!
//! **Invariant:** one call sends a delivery once at most. The pool tries another connection only for a request of which
//! the first took nothing, not even its head.

mod connect;
mod phase;
mod silence;

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{HeaderMap, Request, Response, Uri, body::Incoming};
use hyper_util::{
    client::legacy::{
        Client as Pool, ResponseFuture,
        connect::{CaptureConnection, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tokio::{sync::watch, time::Instant};

use self::{phase::Telling, silence::silence};
use super::{
    Config,
    headers::Headers,
    outcome::{Answer, Cut, Phase, Received, Silence},
};
use crate::region::member::Endpoint;

pub use self::connect::{Connector, Limits};

/// Protocols offered by ALPN, preferred first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// Longest head of an answer, in bytes.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// Bytes of one answer, and of all answers on one HTTP/2 connection, that may be under way unread.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bytes of one delivery held by an HTTP/2 connection whose peer does not take them.
const SENDING_BYTES_MAX: usize = 64 * 1024;
/// How often an HTTP/2 connection in use is asked whether it lives, and how long it has to say so.
const PING_PERIOD: Duration = Duration::from_secs(10);
const PONG_TIMEOUT: Duration = Duration::from_secs(10);

/// Why no client can be made for an endpoint, or no request for a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// Not an absolute `https` URL.
    #[error("the endpoint is not an https URL")]
    Url,
    /// A header value with characters that HTTP does not carry.
    #[error("the delivery has a header that HTTP does not carry")]
    Header,
}

/// A client for one member's endpoint.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<Connector, Telling>,
    url: Uri,
    answer: Duration,
    config: Config,
}

impl Client {
    /// A client that shows the identity and trusts the anchors of `tls`, within these limits.
    ///
    /// # Errors
    /// [`Unusable::Url`] for anything but an `https` URL.
    pub fn new(endpoint: &Endpoint, tls: &ClientConfig, config: &Config) -> Result<Self, Unusable> {
        let url: Uri = endpoint.url.parse().map_err(|_| Unusable::Url)?;
        if url.scheme_str() != Some("https") || url.host().is_none() {
            return Err(Unusable::Url);
        }
        let mut tls = tls.clone();
        tls.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        let limits = Limits { connect: config.connect_timeout, handshake: config.handshake_timeout };
        let connector = Connector::new(Arc::new(tls), endpoint.addresses.clone(), limits);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(config.idle_timeout)
            .pool_max_idle_per_host(config.idle_connections_per_member_max)
            // HTTP/1.1 reads ahead as much again before it looks at the length.
            .http1_max_buf_size(HEAD_BYTES_MAX as usize / 2)
            .http2_max_header_list_size(HEAD_BYTES_MAX)
            .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_max_send_buf_size(SENDING_BYTES_MAX)
            .http2_keep_alive_interval(PING_PERIOD)
            .http2_keep_alive_timeout(PONG_TIMEOUT)
            .build(connector);
        Ok(Self { pool, url, answer: endpoint.timeout, config: *config })
    }

    /// Posts one delivery and waits for its answer, each phase at most as long as it may take.
    ///
    /// **Cancel safety:** dropped, the request is broken off; the target may have it all the same.
    ///
    /// # Errors
    /// [`Unusable::Header`]: nothing was sent. What the target or the network does is never an error.
    pub async fn post(&self, headers: Headers, body: Bytes) -> Result<Received, Unusable> {
        let mut request = Request::post(self.url.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (body, told) = Telling::new(body);
        let mut request = request.body(body).map_err(|_| Unusable::Header)?;
        let connection = capture_connection(&mut request);
        let received = match self.head(self.pool.request(request), told).await {
            Err(silence) => Received::Nothing(silence),
            Ok(response) => Received::Answer(self.read(response).await),
        };
        leave(&connection, &received);
        Ok(received)
    }

    /// Waits for the head of an answer through every phase before it.
    async fn head(
        &self,
        answering: ResponseFuture,
        mut told: watch::Receiver<Phase>,
    ) -> Result<Response<Incoming>, Silence> {
        let mut answering = pin!(answering);
        loop {
            let phase = *told.borrow_and_update();
            let after = self.longest(phase);
            let deadline = Instant::now() + after;
            tokio::select! {
                answer = &mut answering => return answer.map_err(|error| silence(&error)),
                Ok(()) = told.changed() => {}
                () = tokio::time::sleep_until(deadline) => return Err(Silence::Timeout(phase, after)),
            }
        }
    }

    /// Longest time for a phase.
    fn longest(&self, phase: Phase) -> Duration {
        let Config { connect_timeout, handshake_timeout, send_timeout, answer_timeout, .. } = self.config;
        match phase {
            Phase::Connect => connect_timeout,
            Phase::Handshake => handshake_timeout,
            // Either a connection is made meanwhile, or another one comes free.
            Phase::Turn => connect_timeout.saturating_add(handshake_timeout),
            Phase::Send => send_timeout,
            Phase::Head => self.answer,
            Phase::Body => answer_timeout,
        }
    }

    /// Reads an answer: its head counts even when its body does not come.
    async fn read(&self, response: Response<Incoming>) -> Answer {
        let (head, mut body) = response.into_parts();
        let mut answer = Answer {
            status: head.status.as_u16(),
            media_type: text(&head.headers, "content-type"),
            delivery: all(&head.headers, "coo-delivery"),
            digest: all(&head.headers, "coo-digest"),
            retry_after: text(&head.headers, "retry-after"),
            date: text(&head.headers, "date"),
            body: Vec::new(),
            cut: None,
        };
        let after = self.longest(Phase::Body);
        let deadline = Instant::now() + after;
        answer.cut = loop {
            let frame = match tokio::time::timeout_at(deadline, body.frame()).await {
                Ok(None) => break None,
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(_))) => break Some(Cut::Broken),
                Err(_) => break Some(Cut::Slow(after)),
            };
            let Ok(data) = frame.into_data() else { continue };
            let room = self.config.answer_bytes_max.saturating_sub(answer.body.len());
            answer.body.extend(data.iter().take(room));
            if data.len() > room {
                break Some(Cut::Long(self.config.answer_bytes_max));
            }
        };
        answer
    }
}

/// Begins nothing more on an HTTP/2 connection on which a deadline passed: what hung there may hang the next.
fn leave(connection: &CaptureConnection, received: &Received) {
    let hung = match received {
        Received::Nothing(silence) => matches!(silence, Silence::Timeout(..)),
        Received::Answer(answer) => matches!(answer.cut, Some(Cut::Slow(_))),
    };
    if hung && let Some(connection) = connection.connection_metadata().as_ref() {
        connection.poison();
    }
}

/// Every line of a header as one value (RFC 9110 §5.3): what is said twice is no echo of one delivery.
fn all(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The first line of a header.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::region::{address::Addresses, member::Acknowledge};

    #[test]
    fn only_an_https_url_makes_a_client() {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        for (url, usable) in [
            ("https://customs.example/in", true),
            ("http://customs.example/in", false),
            ("/in", false),
            ("not a url", false),
        ] {
            let endpoint = Endpoint {
                url: url.to_owned(),
                anchors: PathBuf::new(),
                trusted: Arc::default(),
                addresses: Addresses::new("customs.example", Vec::new()),
                leaf: None,
                acknowledge: Acknowledge::Echo,
                receipt_keys: Vec::new(),
                timeout: Duration::from_secs(1),
            };
            assert_eq!(Client::new(&endpoint, &tls, &Config::default()).is_ok(), usable, "{url}");
        }
    }
}
