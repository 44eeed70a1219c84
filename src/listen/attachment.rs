//! Attachments: put ahead of the message that names them, and fetched by whoever has its full view.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{
    Caller, Shared,
    api::Problem,
    body, header as stated,
    respond::{self, Refusal},
};
use crate::{
    intake::seen::Deed,
    model::{id::Digest, reason::Reason},
    store::attachment::Put,
};

/// Longest media type, in characters.
const MEDIA_TYPE_CHARACTERS_MAX: usize = 128;
/// What bytes are that nobody named a type for.
const MEDIA_TYPE_DEFAULT: &str = "application/octet-stream";

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// Put an attachment, before the message that names it.
///
/// The address is the SHA-256 of the bytes, so a repeat is harmless. What no accepted message of yours names is removed
/// after a while; what one names stays as long as the message. The bytes are kept as they are and never looked into.
#[utoipa::path(
    put,
    path = "/v1/attachments/{digest}",
    tag = "attachments",
    operation_id = "putAttachment",
    params(
        ("digest" = String, Path, pattern = "^(sha-256:)?[0-9a-fA-F]{64}$",
            description = "SHA-256 of the bytes, hexadecimal; sha-256: may stand before it."),
        ("Content-Digest" = Option<String>, Header, pattern = "sha-256=:[A-Za-z0-9+/]{43}=:",
            description = "SHA-256 of the body (RFC 9530); it must agree with the address."),
    ),
    request_body(description = "The bytes, of any media type, without Content-Encoding. Content-Type is kept with them.",
        content = String, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "On disk.", headers(("Location" = String, description = "Where it is read."))),
        (status = 200, description = "It was there already.",
            headers(("Location" = String, description = "Where it is read."))),
        (status = 400, description = "The body has another digest, or is empty, or a header is wrong.",
            body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The address is no digest.",
            body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time.",
            body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "It is too large, or you have too many bytes here that no message names.",
            body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "A Content-Encoding.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    address: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let source = caller.member.clone();
    let answer = taken(&shared, caller, address, request).await;
    answer.inspect_err(|refusal| shared.refused(&source, refusal.reason))
}

async fn taken(
    shared: &Shared,
    caller: Caller,
    address: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let digest = of(address)?;
    let (parts, mut body) = request.into_parts();
    let media_type = checked(&parts.headers, digest)?;
    if let Some(reason) = shared.door.intake.shed() {
        body::pass_over(shared, &parts.headers, &mut body).await;
        return Err(reason.into());
    }
    let most = shared.door.intake.attachment_bytes_max();
    let held = body::read(shared, &caller, &parts.headers, body, most).await?;
    if Digest::of(&held.bytes) != digest {
        let advice = "The address is not the SHA-256 of the body received.";
        return Err(Refusal::because(Reason::DigestMismatch, advice));
    }
    let put = shared.door.intake.put(&caller.member, media_type, held.bytes.to_vec()).await?;
    shared.door.intake.seen().note(&caller.member, Deed::Attachment, caller.received);
    let status = match put {
        Put::Stored => StatusCode::CREATED,
        Put::Known => StatusCode::OK,
        Put::NoRoom => {
            let advice =
                "You have too many bytes here that no message names; push the messages that name them first.";
            return Err(Refusal::because(Reason::AttachmentQuota, advice));
        }
    };
    tracing::info!(source.id = %caller.member, body.bytes = held.bytes.len(), body.digest = %digest.hex(), "attachment put");
    let mut response = status.into_response();
    respond::set(response.headers_mut(), header::LOCATION, &format!("/v1/attachments/{}", digest.hex()));
    Ok(response)
}

/// The bytes of an attachment.
///
/// For the member who put it, and for whoever was sent a message with the full view that names it. For everybody else it
/// is not found.
#[utoipa::path(
    get,
    path = "/v1/attachments/{digest}",
    tag = "attachments",
    operation_id = "readAttachment",
    params(("digest" = String, Path, pattern = "^(sha-256:)?[0-9a-fA-F]{64}$",
        description = "One of those in CoO-Attachment.")),
    responses(
        (status = 200, description = "The bytes as they were put, with their media type.",
            body = String, content_type = "application/octet-stream",
            headers(("Content-Digest" = String, description = "SHA-256 of the body (RFC 9530)."))),
        (status = 404, description = "Nothing here for you.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    address: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let digest = of(address)?;
    let kept = shared.door.inbox.attachment(&caller.member, digest).await?.ok_or(Reason::NotFound)?;
    // Whoever asks and does not read holds its own share of the door's memory, and nobody else's.
    let member = caller.region.members.get(&caller.member).ok_or(Reason::UnknownPeer)?;
    let room = shared.limits.room(member, u32::try_from(kept.size).unwrap_or(u32::MAX)).await?;
    let bytes = shared.door.inbox.attachment_bytes(&kept).await?.ok_or(Reason::NotFound)?;
    let mut response = respond::bytes(StatusCode::OK, &kept.media_type, respond::held(room, bytes));
    respond::set(response.headers_mut(), CONTENT_DIGEST, &stated::content_digest(digest));
    Ok(response)
}

fn of(address: Result<Path<String>, PathRejection>) -> Result<Digest, Refusal> {
    Ok(address.ok().and_then(|Path(text)| Digest::parse(&text)).ok_or(Reason::NotFound)?)
}

/// The media type, once nothing in the headers speaks against the body.
fn checked(headers: &HeaderMap, digest: Digest) -> Result<String, Refusal> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        let advice = "Bodies are taken as they are, without Content-Encoding.";
        return Err(Refusal::because(Reason::ContentEncoding, advice));
    }
    if stated::digest(headers).is_some_and(|stated| stated != Some(digest)) {
        let advice = "Content-Digest is not the digest in the address.";
        return Err(Refusal::because(Reason::DigestMismatch, advice));
    }
    let Some(media_type) = headers.get(header::CONTENT_TYPE) else {
        return Ok(MEDIA_TYPE_DEFAULT.to_owned());
    };
    let text = media_type.to_str().ok().filter(|text| text.len() <= MEDIA_TYPE_CHARACTERS_MAX);
    text.filter(|text| text.split_once('/').is_some_and(|(kind, of)| !kind.is_empty() && !of.is_empty()))
        .map(str::to_owned)
        .ok_or_else(|| {
            Refusal::because(Reason::HeaderInvalid, "Content-Type is a media type of at most 128 characters.")
        })
}
