//! A connection whose peer takes what is sent to it: one that does not ends.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// What a peer must take within the longest wait, in bytes: a peer that takes single ones holds a connection too.
const PROGRESS_BYTES: usize = 8 * 1024;

/// A stream with a bound on how long its peer may leave what is written to it.
pub(super) struct Paced<S> {
    stream: S,
    wait_max: Duration,
    waiting: Option<Waiting>,
}

/// Something that the peer has not taken yet.
struct Waiting {
    over: Pin<Box<Sleep>>,
    taken: usize,
}

impl<S> Paced<S> {
    /// A stream whose peer must take 8 KiB, or all there is, within each `wait_max`.
    pub(super) fn new(stream: S, wait_max: Duration) -> Self {
        Self { stream, wait_max, waiting: None }
    }

    /// What became of a write; an error once the peer has left it for too long.
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.taken = waiting.taken.saturating_add(bytes);
                }
                self.waiting.take_if(|waiting| waiting.taken >= PROGRESS_BYTES);
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let wait_max = self.wait_max;
                let began = || Waiting { over: Box::pin(tokio::time::sleep(wait_max)), taken: 0 };
                ready!(self.waiting.get_or_insert_with(began).over.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Everything was written when this is asked: nothing waits any more.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn whoever_takes_nothing_is_left() {
        let (ours, theirs) = duplex(64);
        let error = Paced::new(ours, SHORT).write_all(&[b'x'; 65]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }

    #[tokio::test]
    async fn whoever_takes_single_bytes_is_left_too() {
        let (ours, mut theirs) = duplex(64);
        let writing = async move { Paced::new(ours, SHORT).write_all(&[b'x'; 2 * PROGRESS_BYTES]).await };
        let dripping = async {
            while theirs.read_u8().await.is_ok() {
                tokio::time::sleep(SHORT / 10).await;
            }
        };
        let (written, ()) = tokio::join!(writing, dripping);
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn whoever_takes_it_bit_by_bit_in_time_gets_it_all() {
        let (ours, mut theirs) = duplex(PROGRESS_BYTES);
        let all = vec![b'x'; 8 * PROGRESS_BYTES];
        let writing = async move { Paced::new(ours, Duration::from_secs(30)).write_all(&all).await };
        let reading = async {
            let mut read = Vec::new();
            theirs.read_to_end(&mut read).await.unwrap();
            read.len()
        };
        let (written, read) = tokio::join!(writing, reading);
        assert_eq!((written.is_ok(), read), (true, 8 * PROGRESS_BYTES));
    }
}
