//! Bodies, within their length, their time and the budget of the whole door.

use axum::{
    body::{Body, HttpBody as _},
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::{Caller, Config, Shared, limit::Room, respond::Refusal};
use crate::model::reason::Reason;

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
    body: Body,
    bytes_max: u32,
) -> Result<Held, Refusal> {
    let stated =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let stated = stated.or_else(|| body.size_hint().exact());
    let room = match stated {
        Some(0) => return Err(Refusal::because(Reason::BodyEmpty, "The body is the document; it is empty.")),
        Some(length) => u32::try_from(length).ok().filter(|length| *length <= bytes_max),
        None => Some(bytes_max),
    };
    let room = room.ok_or_else(|| too_large(bytes_max))?;
    let member = caller.region.members.get(&caller.member).ok_or(Reason::UnknownPeer)?;
    let permit = shared.limits.room(member, room).await?;
    let Config { body_read_timeout, .. } = &shared.door.config;
    let reading = collect(body, usize::try_from(room).unwrap_or(usize::MAX), stated.is_some());
    let bytes = tokio::time::timeout(*body_read_timeout, reading).await.map_err(|_| Reason::Timeout)?;
    let bytes = bytes.map_err(|reason| match reason {
        Reason::BodyTooLarge => too_large(bytes_max),
        other => other.into(),
    })?;
    if bytes.is_empty() {
        return Err(Refusal::because(Reason::BodyEmpty, "The body is the document; it is empty."));
    }
    Ok(Held { bytes, _room: permit })
}

/// Collects a body into one buffer that never outgrows its room.
async fn collect(mut body: Body, room: usize, whole: bool) -> Result<Bytes, Reason> {
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

fn too_large(bytes_max: u32) -> Refusal {
    Refusal::because(Reason::BodyTooLarge, format!("A body has at most {bytes_max} bytes."))
}
