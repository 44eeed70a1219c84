//! What a handler left of a request's body: read over where that is little, so that the connection stays usable.
//!
//! Without it HTTP/1.1 ends the connection behind an answer to a request whose body was not read, and a client that was
//! not told so sends its next request into nothing. What is too long to be read over is said to close (RFC 9112 §9.6).

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Request, header},
};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};

/// Most bytes of a body that are read over behind an answer that did not need them.
pub(super) const BYTES_MAX: u64 = 64 * 1024;
/// How long that may take.
const TIME_MAX: Duration = Duration::from_secs(1);

/// A body on loan to a handler.
struct Lent {
    body: Option<Incoming>,
    back: Arc<Mutex<Option<Incoming>>>,
}

/// What comes back of a lent body, once its handler is done with it.
pub(super) struct Rest {
    back: Arc<Mutex<Option<Incoming>>>,
    /// Whether the sender waits for a 100 before it sends.
    waits: bool,
}

/// Lends the body of a request to its handler.
pub(super) fn lend(request: Request<Incoming>) -> (Request<Body>, Rest) {
    let back = Arc::new(Mutex::default());
    let rest = Rest { back: back.clone(), waits: request.headers().contains_key(header::EXPECT) };
    (request.map(|body| Body::new(Lent { body: Some(body), back })), rest)
}

impl Rest {
    /// Reads over what was left, if that is little; false when the connection cannot be used after it.
    pub(super) async fn drained(self) -> bool {
        let left = self.back.lock().unwrap_or_else(PoisonError::into_inner).take();
        match left {
            None => true,
            Some(_) if self.waits => false,
            Some(body) => tokio::time::timeout(TIME_MAX, read_over(body)).await.unwrap_or(false),
        }
    }
}

/// False when it is too long, or breaks off.
async fn read_over(mut body: Incoming) -> bool {
    let mut bytes = 0_u64;
    if body.size_hint().lower() > BYTES_MAX {
        return false;
    }
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        bytes = bytes
            .saturating_add(frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX)));
        if bytes > BYTES_MAX {
            return false;
        }
    }
    true
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        // At its end, or broken off, nothing of it is left to be read.
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.back.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}
