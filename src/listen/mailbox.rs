//! The mailbox of a member without a server, and the original behind a delivery.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Query, Request, State, rejection::PathRejection},
    http::{HeaderName, StatusCode, Uri},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Caller, Shared,
    api::{Acknowledged, Acknowledgement, Entry, Problem},
    body, header as stated,
    respond::{self, Refusal},
};
use crate::{
    deliver::inbox,
    evidence::receipt::digest,
    model::{
        id::{DeliveryId, Digest},
        reason::Reason,
    },
};

/// Entries of one look when `limit` does not say.
const ENTRIES_DEFAULT: usize = 10;
/// Longest body of an acknowledgement, in bytes.
const ACKNOWLEDGEMENT_BYTES_MAX: u32 = 1024;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    limit: Option<usize>,
    #[serde(default)]
    test: bool,
}

/// Collect what waits for you.
///
/// Entries come in the same order, with the same headers and evidence as a push to a server would have. What you do not
/// acknowledge is offered again after your lease, under the same delivery id.
#[utoipa::path(
    get,
    path = "/v1/inbox",
    tag = "mailbox",
    operation_id = "collectInbox",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Most entries to give: 1 to 100, 10 when not said."),
        ("test" = Option<bool>, Query, description = "true for test traffic, which is given to nobody else; false, or not said, for what counts."),
    ),
    responses(
        (status = 200, description = "Entries, oldest first; an empty array when nothing waits.",
            body = Vec<Entry>, content_type = "application/json"),
        (status = 400, description = "The query has another shape.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn collect(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let most = shared.door.config.inbox_entries_max;
    let look = Query::<Look>::try_from_uri(&uri).ok();
    let look = look.map(|Query(Look { limit, test })| (limit.unwrap_or(ENTRIES_DEFAULT), test));
    let (limit, test) = look.filter(|(limit, _)| (1..=most).contains(limit)).ok_or_else(|| {
        let words = format!("The query is limit=<1 to {most}>, test=<true or false>, both or nothing.");
        Refusal::because(Reason::QueryInvalid, words)
    })?;
    let bounds = (limit, shared.door.config.inbox_bytes_max);
    let entries = shared.door.inbox.collect(&caller.member, test, bounds).await?;
    Ok(respond::json(&entries.iter().map(shown).collect()))
}

/// Acknowledge an entry: you have stored it.
///
/// Give back the digest of the bytes you stored, so that both sides know they hold the same. Acknowledging again is
/// harmless and answers CoO-Duplicate: true.
#[utoipa::path(
    post,
    path = "/v1/inbox/{id}/ack",
    tag = "mailbox",
    operation_id = "acknowledgeEntry",
    params(("id" = String, Path, description = "The delivery id.")),
    request_body(content = Acknowledgement, content_type = "application/json"),
    responses(
        (status = 200, description = "Recorded on disk as delivered.",
            body = Acknowledged, content_type = "application/json",
            headers(("CoO-Duplicate" = String, description = "true when it was acknowledged before."))),
        (status = 400, description = "The digest is not that of what was offered.",
            body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No delivery of yours.",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body has another shape.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn acknowledge(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let delivery = id.ok().and_then(|Path(id)| DeliveryId::parse(&id)).ok_or(Reason::NotFound)?;
    let (parts, body) = request.into_parts();
    let held = body::read(&shared, &caller, &parts.headers, body, ACKNOWLEDGEMENT_BYTES_MAX).await?;
    let said = said(&held.bytes).ok_or_else(|| {
        Refusal::because(
            Reason::MessageMalformed,
            "The body is {\"digest\": \"sha-256:<64 hexadecimal digits>\"}.",
        )
    })?;
    let mut response = respond::json(&json!({"delivery": delivery.to_string(), "state": "delivered"}));
    match shared.door.inbox.acknowledge(&caller.member, delivery, said).await? {
        inbox::Acknowledged::Delivered => Ok(response),
        inbox::Acknowledged::Already => {
            respond::set(response.headers_mut(), respond::DUPLICATE, "true");
            Ok(response)
        }
        inbox::Acknowledged::WrongDigest => {
            Err(Refusal::because(Reason::DigestMismatch, "The digest is not that of what was offered."))
        }
        inbox::Acknowledged::Unknown => Err(Reason::NotFound.into()),
    }
}

/// The original document behind a delivery to you, byte for byte.
///
/// Only for targets that an agreement's copy rule gives the full view.
#[utoipa::path(
    get,
    path = "/v1/deliveries/{id}/original",
    tag = "mailbox",
    operation_id = "readOriginal",
    params(("id" = String, Path, description = "The delivery id, from CoO-Delivery.")),
    responses(
        (status = 200, description = "The bytes as the source pushed them, with their media type.",
            body = String, content_type = "application/octet-stream",
            headers(("Content-Digest" = String, description = "SHA-256 of the body (RFC 9530)."))),
        (status = 404, description = "No delivery of yours, or none with the full view.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn original(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let delivery = id.ok().and_then(|Path(id)| DeliveryId::parse(&id)).ok_or(Reason::NotFound)?;
    let member = caller.region.members.get(&caller.member).ok_or(Reason::UnknownPeer)?;
    // Its length is known once it is read: the most it may have is taken until then.
    let mut room = shared.limits.room(member, shared.door.config.body_bytes_max).await?;
    let body = shared.door.inbox.original(&caller.member, delivery).await?.ok_or(Reason::NotFound)?;
    room.shrink(body.bytes.len());
    let digest = stated::content_digest(Digest::of(&body.bytes));
    let mut response = respond::bytes(StatusCode::OK, &body.media_type, respond::held(room, body.bytes));
    respond::set(response.headers_mut(), CONTENT_DIGEST, &digest);
    Ok(response)
}

fn shown(entry: &inbox::Entry) -> Value {
    let headers = entry.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    json!({
        "delivery": entry.delivery.to_string(),
        "headers": Value::Object(headers.collect()),
        "mediaType": entry.body.media_type,
        "digest": digest(entry.digest),
        "content": STANDARD.encode(&entry.body.bytes),
    })
}

fn said(body: &[u8]) -> Option<Digest> {
    let Acknowledgement { digest } = serde_json::from_slice(body).ok()?;
    Digest::from_hex(digest.strip_prefix("sha-256:")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::{Body, Role};

    fn entry(bytes: usize) -> inbox::Entry {
        let bytes = vec![b'a'; bytes];
        inbox::Entry {
            delivery: DeliveryId::parse("01930000-0000-7000-8000-000000000000").unwrap(),
            headers: vec![("CoO-Delivery", "01930000-0000-7000-8000-000000000000".into())],
            digest: Digest::of(&bytes),
            body: Body {
                role: Role::Original,
                format: "x".into(),
                table: Digest([0; 32]),
                media_type: "application/xml".into(),
                bytes,
            },
        }
    }

    #[test]
    fn an_entry_carries_its_bytes_as_base64() {
        let shown = shown(&entry(3));
        assert_eq!(shown["content"], "YWFh");
        assert_eq!(shown["digest"], digest(Digest::of(b"aaa")));
        assert_eq!(shown["headers"]["CoO-Delivery"], shown["delivery"]);
    }

    #[test]
    fn an_acknowledgement_is_a_digest_and_nothing_else() {
        let right = json!({"digest": digest(Digest::of(b"aaa"))});
        assert_eq!(said(right.to_string().as_bytes()), Some(Digest::of(b"aaa")));
        let more = json!({"digest": digest(Digest::of(b"aaa")), "outcome": "received"});
        assert_eq!(said(more.to_string().as_bytes()), None);
        assert_eq!(said(br#"{"digest":"aa"}"#), None);
    }
}
