//! Pushing a message, and asking what became of it.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tracing::{Instrument as _, Span, field::Empty};

use super::{
    Caller, Shared,
    api::Problem,
    body,
    header::{self as stated, Stated},
    respond::{self, Refusal},
};
use crate::{
    intake::{Push, Verdict},
    model::{
        id::{Digest, MessageId},
        reason::Reason,
    },
    telemetry::field,
};

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Push a certificate, an amendment, a replacement, a cancellation or a response.
///
/// The body is the document in your own national format, byte for byte as issued; nothing is wrapped around it. A 202
/// means that it is on the hub's disk: the receipt in the answer is the evidence, and delivering it is the hub's task
/// from here on. Push the same message again with the same Idempotency-Key whenever you are not sure: what was accepted
/// answers 200 with the very same receipt. A rejection binds nothing: correct the document and use the same key again.
#[utoipa::path(
    post,
    path = "/v1/messages",
    tag = "messages",
    operation_id = "pushMessage",
    params(
        ("Idempotency-Key" = String, Header, pattern = "^\"?[A-Za-z0-9._~-]{1,128}\"?$",
            description = "Your own id of this message: 1 to 128 characters of \
            A-Z a-z 0-9 . _ ~ -, bare or as a quoted string. The same key with the same bytes is the same message."),
        ("Content-Digest" = String, Header, pattern = "sha-256=:[A-Za-z0-9+/]{43}=:",
            description = "SHA-256 of the body (RFC 9530): sha-256=:<base64>:"),
        ("CoO-Function" = Option<String>, Header, description = "Message function (UN/EDIFACT 1225) as number or \
            word: 9 original (the default), 4 amendment, 5 replacement, 1 cancellation, 11 response."),
        ("CoO-Agreement" = Option<String>, Header, description = "Agreement, by id or alias, where the document does \
            not say it."),
        ("CoO-Issuer" = Option<String>, Header, description = "Issuing body, where the document does not say it."),
        ("CoO-Number" = Option<String>, Header, description = "Certificate number, literally, in UTF-8."),
        ("CoO-Version" = Option<u32>, Header, description = "Version, where you number versions."),
        ("CoO-Earlier" = Option<String>, Header, description = "Number of the certificate that a replacement \
            replaces."),
        ("CoO-Format" = Option<String>, Header, description = "Format id, where you wish to insist on one."),
        ("CoO-Attachment" = Option<String>, Header, description = "SHA-256 of each attachment, sha-256:<hexadecimal>, \
            separated by commas: all of them, put to /v1/attachments/{digest} before. A document that names digests \
            itself needs no header."),
        ("CoO-Test" = Option<String>, Header, description = "?1 for test traffic, which never reaches a live \
            endpoint."),
        ("CoO-Signature" = Option<String>, Header, description = "The official's detached JWS over the body, \
            <protected>..<signature>: RFC 7515 appendix F, alg ES256, PS256, RS256 or EdDSA, the leaf in x5c."),
    ),
    request_body(
        description = "The document, UTF-8, without Content-Encoding. A cancellation or response is a hub message.",
        content(
            (String = "application/xml"),
            (Object = "application/json"),
            (String = "text/csv"),
            (Object = "application/vnd.coohub.message+json"),
        ),
    ),
    responses(
        (status = 202, description = "Accepted and on disk. The body is the signed receipt, a compact JWS.",
            body = String, content_type = "application/jose", headers(
                ("Location" = String, description = "Where its state is read."),
                ("CoO-Message-Id" = String, description = "The hub's id of the message."))),
        (status = 200, description = "Accepted before; the stored receipt, byte for byte.",
            body = String, content_type = "application/jose", headers(
                ("Location" = String, description = "Where its state is read."),
                ("CoO-Message-Id" = String, description = "The hub's id of the message."),
                ("CoO-Duplicate" = String, description = "true"))),
        (status = 400, description = "A header is missing or wrong, the digest does not fit, or the body is empty.",
            body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "You are not known, or may not speak for this issuing body.",
            body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time.",
            body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The key was used for other bytes, or the number for another certificate.",
            body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.",
            body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not a media type the hub takes, or a Content-Encoding.",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Rejected: errors lists everything found, with field and position.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn push(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refusal> {
    let span = tracing::info_span!(
        "push",
        { field::SOURCE_ID } = %caller.member,
        { field::MESSAGE_KEY } = Empty,
        { field::MESSAGE_ID } = Empty,
        { field::BODY_BYTES } = Empty,
        { field::BODY_DIGEST } = Empty,
    );
    async {
        let answer = Box::pin(taken(&shared, caller, request)).await;
        if let Err(refusal) = &answer {
            tracing::info!({ field::REASON } = refusal.reason.code(), "push refused at the door");
        }
        answer
    }
    .instrument(span)
    .await
}

/// The state of a message you pushed.
///
/// Only its source sees a message; for everyone else it is not found. Ask with If-None-Match and Prefer: wait to be
/// answered as soon as something changes.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}",
    tag = "messages",
    operation_id = "readMessage",
    params(
        ("id" = String, Path, description = "The hub's id of the message, from CoO-Message-Id."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag you know."),
        ("Prefer" = Option<String>, Header, description = "wait=<seconds>, at most 60: wait for a change of the state \
            you know (RFC 7240)."),
    ),
    responses(
        (status = 200, description = "The state: targets, deliveries, their answers.",
            body = Object, content_type = "application/json",
            headers(("ETag" = String, description = "Changes whenever the state does."))),
        (status = 304, description = "Nothing has changed."),
        (status = 404, description = "No message of yours.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn state(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = id.ok().and_then(|Path(id)| MessageId::parse(&id)).ok_or(Reason::NotFound)?;
    let wait = stated::wait(&headers, shared.door.config.long_poll_max);
    let known = stated::known_tags(&headers);
    let first = known.first().map(String::as_str);
    let answer =
        shared.door.status.message(&caller.member, id, first, wait).await?.ok_or(Reason::NotFound)?;
    let mut response = if known.contains(&answer.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        respond::json(&answer.body)
    };
    respond::set(response.headers_mut(), header::ETAG, &format!("\"{}\"", answer.tag));
    if !wait.is_zero() {
        let applied = HeaderValue::from_str(&format!("wait={}", wait.as_secs()));
        response.headers_mut().extend(applied.map(|value| (PREFERENCE_APPLIED, value)));
    }
    Ok(response)
}

/// Headers, body, digest, verdict; the room of the body is given back with the answer.
async fn taken(shared: &Shared, caller: Caller, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let Stated { key, digest, content, charset, envelope, signature } = stated::read(&parts.headers)?;
    Span::current().record(field::MESSAGE_KEY, key.as_str());
    let held = body::read(shared, &caller, &parts.headers, body, shared.door.config.body_bytes_max).await?;
    if Digest::of(&held.bytes) != digest {
        return Err(Refusal::because(
            Reason::DigestMismatch,
            "Content-Digest is not that of the body received.",
        ));
    }
    Span::current().record(field::BODY_BYTES, held.bytes.len()).record(field::BODY_DIGEST, digest.hex());
    let verdict = shared
        .door
        .intake
        .push(Push {
            region: caller.region,
            source: caller.member,
            key,
            envelope,
            content,
            charset,
            signature,
            body: held.bytes.clone(),
            digest,
            received: caller.received,
        })
        .await?;
    log(&verdict);
    Ok(respond::verdict(verdict))
}

fn log(verdict: &Verdict) {
    match verdict {
        Verdict::Accepted { id, .. } => {
            Span::current().record(field::MESSAGE_ID, tracing::field::display(id));
            tracing::info!({ field::VERDICT } = "accepted", "message accepted");
        }
        Verdict::Duplicate { id, .. } => {
            Span::current().record(field::MESSAGE_ID, tracing::field::display(id));
            tracing::info!({ field::VERDICT } = "duplicate", "message was accepted before");
        }
        Verdict::Rejected { reason, findings } => {
            let findings = findings.len();
            tracing::info!(
                { field::VERDICT } = "rejected",
                { field::REASON } = reason.code(),
                findings,
                "message rejected"
            );
        }
    }
}
