//! Bodies, within their length, their time and the budget of the whole door.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _},
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::{Caller, Config, Shared, limit::Room, respond::Refusal};
use crate::{model::reason::Reason, telemetry::metrics::Counted};

/// Bytes of a body too large that are still read, and thrown away, so that its sender gets to read why.
const DISCARDED_BYTES_MAX: usize = 64 << 20;

/// How fast a body must come, stretch by stretch, so that one that hardly comes does not hold its room.
struct Pace {
    stretch: Duration,
    bytes_min: usize,
    /// End of this stretch.
    due: Instant,
    /// Bytes that were here at its beginning.
    before: usize,
}

/// A body in memory, with the room it takes until it is dropped.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _room: Room,
    _counted: Counted,
}

/// Reads a body of at most `bytes_max`; takes its room first: its stated length, or the most it may have.
///
/// # Errors
/// [`Reason::BodyTooLarge`], [`Reason::BodyEmpty`], [`Reason::Timeout`], [`Reason::Busy`]; the room is given back.
pub(super) async fn read(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    mut body: Body,
    bytes_max: u32,
) -> Result<Held, Refusal> {
    let Config { body_read_timeout, .. } = shared.door.config;
    let stated =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let stated = stated.or_else(|| body.size_hint().exact());
    let room = match stated {
        Some(0) => return Err(Refusal::because(Reason::BodyEmpty, "The body is the document; it is empty.")),
        Some(length) => u32::try_from(length).ok().filter(|length| *length <= bytes_max),
        None => Some(bytes_max),
    };
    let Some(room) = room else {
        pass_over(shared, headers, &mut body).await;
        return Err(too_large(bytes_max));
    };
    let member = caller.region.members.get(&caller.member).ok_or(Reason::UnknownPeer)?;
    let permit = shared.limits.room(member, room).await?;
    let counted = shared.door.metrics.body(usize::try_from(room).unwrap_or(usize::MAX));
    let pace = Pace::of(&shared.door.config);
    let reading = collect(&mut body, usize::try_from(room).unwrap_or(usize::MAX), stated.is_some(), pace);
    let bytes = match tokio::time::timeout(body_read_timeout, reading).await {
        Ok(Err(Reason::BodyTooLarge)) => {
            drop((permit, counted));
            discard(&mut body, body_read_timeout).await;
            return Err(too_large(bytes_max));
        }
        Ok(bytes) => bytes?,
        Err(_) => return Err(Reason::Timeout.into()),
    };
    if bytes.is_empty() {
        return Err(Refusal::because(Reason::BodyEmpty, "The body is the document; it is empty."));
    }
    Ok(Held { bytes, _room: permit, _counted: counted })
}

/// Lets a body that is not wanted go by, so that its sender gets to read why; takes no room.
pub(super) async fn pass_over(shared: &Shared, headers: &HeaderMap, body: &mut Body) {
    // Whoever expects a 100 has not begun to send, and is spared it.
    if !headers.contains_key(header::EXPECT) {
        discard(body, shared.door.config.body_read_timeout).await;
    }
}

/// Collects a body into one buffer that never outgrows its room.
async fn collect(body: &mut Body, room: usize, whole: bool, mut pace: Pace) -> Result<Bytes, Reason> {
    let mut bytes = BytesMut::with_capacity(if whole { room } else { 0 });
    loop {
        let frame = match timeout_at(pace.due, body.frame()).await {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(bytes.freeze()),
            Err(_) => {
                pace = pace.kept(bytes.len()).ok_or(Reason::Timeout)?;
                continue;
            }
        };
        // A body that breaks off has no other end: the peer is gone or broke its own framing.
        let frame = frame.map_err(|_| Reason::Timeout)?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > room {
            return Err(Reason::BodyTooLarge);
        }
        bytes.extend_from_slice(&data);
    }
}

impl Pace {
    fn of(config: &Config) -> Self {
        let (stretch, bytes_per_second_min) = (config.body_grace, config.body_bytes_per_second_min);
        let bytes_min = stretch.as_millis().saturating_mul(bytes_per_second_min.into()) / 1000;
        let bytes_min = usize::try_from(bytes_min).unwrap_or(usize::MAX);
        Self { stretch, bytes_min, due: Instant::now() + stretch, before: 0 }
    }

    /// The next stretch, once one is over with `bytes` here; `None` when too few came in it.
    fn kept(self, bytes: usize) -> Option<Self> {
        let enough = bytes.saturating_sub(self.before) >= self.bytes_min;
        enough.then_some(Self { due: self.due + self.stretch, before: bytes, ..self })
    }
}

/// Reads on without keeping anything, for a while: a connection closed on a sender takes the answer with it.
async fn discard(body: &mut Body, time: Duration) {
    let reading = async {
        let mut bytes = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            bytes = bytes.saturating_add(frame.data_ref().map_or(0, |data| data.len()));
            if bytes > DISCARDED_BYTES_MAX {
                return;
            }
        }
    };
    // The answer is the same however it ends.
    let _ = tokio::time::timeout(time, reading).await;
}

fn too_large(bytes_max: u32) -> Refusal {
    Refusal::because(Reason::BodyTooLarge, format!("A body has at most {bytes_max} bytes."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_keeps_its_pace_in_each_stretch_or_not_at_all() {
        let config = Config {
            body_grace: Duration::from_secs(5),
            body_bytes_per_second_min: 100,
            ..Config::default()
        };
        let second = Pace::of(&config).kept(500).expect("500 bytes in 5 s are 100 a second");
        assert!(Pace::of(&config).kept(499).is_none());
        let due = second.due;
        assert_eq!(second.kept(1000).expect("500 more").due, due + config.body_grace);
        let fast_once = Pace::of(&config).kept(1 << 20).unwrap();
        assert!(fast_once.kept((1 << 20) + 499).is_none(), "having been fast is no credit");
        let free = Config { body_bytes_per_second_min: 0, ..config };
        assert!(Pace::of(&free).kept(0).is_some());
    }
}
