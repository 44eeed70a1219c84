//! Where an exchange stands: told by its own body as the connection takes it, so that each phase has its own deadline.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::watch;

use crate::deliver::outcome::Phase;

/// Bytes handed over at once; smaller than what a connection buffers, so that a partner that stops taking is noticed.
const PIECE_BYTES: usize = 16 * 1024;

/// A body that says when the connection begins to take it and when it has it all.
///
/// It waits for a connection at first, is sent from the first piece on, and is dropped by the connection that has it.
#[derive(Debug)]
pub(super) struct Telling {
    rest: Bytes,
    phase: watch::Sender<Phase>,
}

impl Telling {
    /// A body, and where its exchange stands.
    pub(super) fn new(bytes: Bytes) -> (Self, watch::Receiver<Phase>) {
        let (phase, told) = watch::channel(Phase::Turn);
        (Self { rest: bytes, phase }, told)
    }
}

impl Body for Telling {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        self.phase.send_replace(Phase::Send);
        let length = self.rest.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Head);
    }
}
