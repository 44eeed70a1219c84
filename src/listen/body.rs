//! Bodies, within their length, their time and the budget of the whole door.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _},
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::{Caller, Config, Shared, limit::Room, respond::Refusal};
use crate::model::reason::Reason;

/// Bytes of a body too large that are still read, and thrown away, so that its sender gets to read why.
const DISCARDED_BYTES_MAX: usize = 64 << 20;

/// A body in memory, with the room it takes until it is dropped.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _room: Room,
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
        // Whoever expects a 100 has not begun to send, and is spared it.
        if !headers.contains_key(header::EXPECT) {
            discard(&mut body, body_read_timeout).await;
        }
        return Err(too_large(bytes_max));
    };
    let member = caller.region.members.get(&caller.member).ok_or(Reason::UnknownPeer)?;
    let permit = shared.limits.room(member, room).await?;
    let reading = collect(&mut body, usize::try_from(room).unwrap_or(usize::MAX), stated.is_some());
    let bytes = match tokio::time::timeout(body_read_timeout, reading).await {
        Ok(Err(Reason::BodyTooLarge)) => {
            drop(permit);
            discard(&mut body, body_read_timeout).await;
            return Err(too_large(bytes_max));
        }
        Ok(bytes) => bytes?,
        Err(_) => return Err(Reason::Timeout.into()),
    };
    if bytes.is_empty() {
        return Err(Refusal::because(Reason::BodyEmpty, "The body is the document; it is empty."));
    }
    Ok(Held { bytes, _room: permit })
}

/// Collects a body into one buffer that never outgrows its room.
async fn collect(body: &mut Body, room: usize, whole: bool) -> Result<Bytes, Reason> {
    let mut bytes = BytesMut::with_capacity(if whole { room } else { 0 });
    while let Some(frame) = body.frame().await {
        // A body that breaks off has no other end: the peer is gone or broke its own framing.
        let frame = frame.map_err(|_| Reason::Timeout)?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > room {
            return Err(Reason::BodyTooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
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
