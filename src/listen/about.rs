//! What the hub says of itself and of the caller.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use serde_json::json;

use super::{
    Caller, Shared,
    api::{KeySet, Ping},
    respond::{self, Refusal},
};
use crate::{
    evidence::receipt::digest,
    intake::seen::Deed,
    model::{id::Digest, reason::Reason},
};

/// See how the hub sees you.
///
/// The first request of a new connection: it shows the member you were recognised as, your leaf, the hub's time, and
/// under which configuration that was judged. A hub that is about to stop answers 503 (stopping).
#[utoipa::path(
    get,
    path = "/v1/ping",
    tag = "hub",
    operation_id = "ping",
    responses((status = 200, description = "You are known.", body = Ping, content_type = "application/json")),
)]
pub(super) async fn ping(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refusal> {
    if shared.door.leaving.is_cancelled() {
        return Err(Reason::Stopping.into());
    }
    shared.door.intake.seen().note(&caller.member, Deed::Ping, caller.received);
    Ok(respond::json(&json!({
        "member": caller.member.as_str(),
        "leaf": {"x5t#S256": caller.peer.thumbprint()},
        "time": caller.received.to_string(),
        "hub": caller.region.hub,
        "configuration": digest(caller.region.digest),
        "epoch": shared.door.status.epoch(&caller.member),
    })))
}

/// The keys that the hub's receipts and attestations verify with.
///
/// A JWK set (RFC 7517). Keys no longer signed with stay in it, with exp where it is known: what they signed verifies for ever. Keep a
/// copy beside your receipts.
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "hub",
    operation_id = "readKeys",
    responses((status = 200, description = "The published set.", body = KeySet,
        content_type = "application/jwk-set+json",
        headers(("ETag" = String, description = "Changes when the set does.")))),
)]
pub(super) async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    let keys = shared.door.keys.load();
    let set = json!({"keys": keys.iter().map(|key| key.to_jwk()).collect::<Vec<_>>()}).to_string();
    let tag = format!("\"{}\"", Digest::of(set.as_bytes()).hex());
    let mut response = respond::bytes(StatusCode::OK, "application/jwk-set+json", set);
    respond::set(response.headers_mut(), axum::http::header::ETAG, &tag);
    response
}
