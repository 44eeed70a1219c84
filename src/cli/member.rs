//! The hub as a member sees it: a client of the members' door, for `coohub push` and the demo.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{HeaderMap, Request, Uri};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use crate::{
    deliver::client::{Connector, Limits},
    model::id::Digest,
    region::address::Addresses,
    tls::{self, OwnLeaf},
};

/// Longest answer read, in bytes.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Longest wait for a TCP connection, and for TLS on it; the hub, or this machine, may stand still for a while.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for an answer; long polls come on top of the hub's own limit.
const TIMEOUT: Duration = Duration::from_secs(90);

/// A member's side of its one connection.
#[derive(Clone)]
pub struct Member {
    pool: Client<Connector, Full<Bytes>>,
    hub: String,
}

/// An answer of the hub.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The leaf, key or anchors cannot be used.
    #[error("{0}")]
    Tls(#[from] tls::Error),
    /// The address is no `https` URL, or a header has characters HTTP does not carry.
    #[error("the request cannot be made: {0}")]
    Request(String),
    /// The hub could not be reached, broke off, or did not answer in time.
    #[error("the hub cannot be reached: {0}")]
    Unreachable(String),
}

/// A request: method and path, headers, body.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// `GET`, `POST` or `PUT`.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Headers beside those the client sets itself.
    pub headers: Vec<(&'a str, String)>,
    /// Body.
    pub body: Bytes,
}

impl Member {
    /// A client that shows `own` to the hub at `hub` (`https://host:port`) and trusts `anchors` alone.
    ///
    /// # Errors
    /// [`Error::Tls`] when leaf or anchors cannot be used.
    pub fn new(hub: &str, own: &OwnLeaf, anchors: &[Vec<u8>]) -> Result<Self, Error> {
        let config = Arc::new(tls::client(own, anchors)?);
        let limits = Limits { connect: CONNECT_TIMEOUT, handshake: CONNECT_TIMEOUT };
        let connector = Connector::new(config, Addresses::anywhere(), limits);
        let pool = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { pool, hub: hub.trim_end_matches('/').to_owned() })
    }

    /// Pushes a body under a message id; the digest header is computed here.
    ///
    /// # Errors
    /// [`Error`]; what the hub answers is never one.
    pub async fn push(
        &self,
        key: &str,
        media_type: &str,
        mut headers: Vec<(&str, String)>,
        body: Bytes,
    ) -> Result<Answer, Error> {
        let digest = format!("sha-256=:{}:", STANDARD.encode(Digest::of(&body).0));
        headers.push(("idempotency-key", key.to_owned()));
        headers.push(("content-digest", digest));
        headers.push(("content-type", media_type.to_owned()));
        self.ask(Ask { method: "POST", path: "/v1/messages", headers, body }).await
    }

    /// Puts an attachment under the digest of its bytes.
    ///
    /// # Errors
    /// As [`Member::push`].
    pub async fn put(&self, media_type: &str, body: Bytes) -> Result<Answer, Error> {
        let path = format!("/v1/attachments/{}", Digest::of(&body).hex());
        let headers = vec![("content-type", media_type.to_owned())];
        self.ask(Ask { method: "PUT", path: &path, headers, body }).await
    }

    /// Reads a path.
    ///
    /// # Errors
    /// As [`Member::push`].
    pub async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.ask(Ask { method: "GET", path, ..Ask::default() }).await
    }

    /// Makes any request.
    ///
    /// # Errors
    /// As [`Member::push`].
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Error> {
        let uri: Uri = format!("{}{}", self.hub, ask.path)
            .parse()
            .map_err(|_| Error::Request("not an https URL".into()))?;
        let mut request = Request::builder().method(ask.method).uri(uri);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(ask.body)).map_err(|error| Error::Request(error.to_string()))?;
        let exchange = async {
            let response =
                self.pool.request(request).await.map_err(|error| Error::Unreachable(cause(&error)))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX)
                .collect()
                .await
                .map_err(|error| Error::Unreachable(error.to_string()))?;
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
        };
        tokio::time::timeout(TIMEOUT, exchange)
            .await
            .map_err(|_| Error::Unreachable("no answer in time".into()))?
    }
}

impl Answer {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON, `null` when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The innermost cause, which says most.
fn cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    last.to_string()
}
