//! Pushing a message, and asking what became of it.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    extract::{Path, Request, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
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
    crash::{self, Point},
    intake::{Push, Verdict, seen::Deed},
    model::{
        id::{Digest, MessageId},
        reason::{Actor, Reason},
    },
    telemetry::{
        field, metrics,
        trace::{self, Parent},
    },
};

/// Push a certificate, an amendment, a replacement, a cancellation or a response.
///
/// The body is the document in your own national format, byte for byte as issued; nothing is wrapped around it. A 202
/// means that it is on the hub's disk: the receipt in the answer is the evidence, and delivering it is the hub's task
/// from here on. Push the same message again with the same Idempotency-Key whenever you are not sure: what was accepted
/// answers 200 with the very same receipt. A rejection binds nothing: correct the document and use the same key again.
///
/// A cancellation is a hub message: {"function": "cancellation", "agreement", "issuer", "number", "reason": {"code",
/// "text"}, "decided"}, and where you know them "version" and "country", the importing country of the certificate. The
/// country says where to send the cancellation of a certificate that the hub never saw. A change of such a certificate
/// may be parked, as its agreement says: the receipt warns of it (certificate-parked), and it goes out behind the
/// certificate once you push that.
#[utoipa::path(
    post,
    path = "/v1/messages",
    tag = "messages",
    operation_id = "pushMessage",
    params(
        ("Idempotency-Key" = String, Header, pattern = "^([A-Za-z0-9._~-]{1,128}|\"[A-Za-z0-9._~-]{1,128}\")$",
            description = "Your own id of this message: 1 to 128 characters of \
            A-Z a-z 0-9 . _ ~ -, bare or as a quoted string. The same key with the same headers and the same bytes is the \
            same message; with others it is refused (message-id-conflict)."),
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
        ("CoO-Bulk" = Option<String>, Header, description = "?1 for a certificate issued before its link went live: it is \
            delivered when nothing else waits for its target. The same message with and without it is the same."),
        ("CoO-Epoch" = Option<u64>, Header, description = "After a restore of the hub, before you have compared: the \
            epoch it is in, with a message that it lacks."),
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
        (status = 409, description = "The key was used for another message, or the number for another certificate.",
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
        { field::TRACE_ID } = Empty,
        { field::TRACE_PARENT } = Empty,
        { field::TRACE_SPAN } = Empty,
    );
    let own = trace::put(&span, parent(request.headers()));
    async {
        let (begun, source) = (Instant::now(), caller.member.clone());
        let answer = Box::pin(taken(&shared, caller, request)).await;
        let (verdict, reason) = match &answer {
            Ok(verdict) => counted(verdict),
            Err(refusal) => {
                tracing::info!({ field::REASON } = refusal.reason.code(), "push refused at the door");
                (metrics::Verdict::Refused, Some(refusal.reason))
            }
        };
        if let (Ok(Verdict::Accepted { id, .. }), Some(own)) = (&answer, own) {
            shared.door.traces.keep(*id, own);
        }
        reason.into_iter().for_each(|reason| shared.refused(&source, reason));
        shared.door.metrics.pushed(&source, verdict, begun.elapsed());
        answer.map(respond::verdict)
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
    let poll = stated::Poll::of(&headers, shared.door.config.long_poll_max);
    let ask = |wait| shared.door.status.message(&caller.member, id, poll.first(), wait);
    let answer = caller.polled(poll.wait, ask).await?;
    Ok(respond::state(&poll, &answer.ok_or(Reason::NotFound)?))
}

/// Headers, body, digest, verdict; the room of the body is given back with the answer.
async fn taken(shared: &Shared, caller: Caller, request: Request) -> Result<Verdict, Refusal> {
    let (parts, mut body) = request.into_parts();
    let Stated { key, digest, content, charset, envelope, epoch, signature } = stated::read(&parts.headers)?;
    Span::current().record(field::MESSAGE_KEY, key.as_str());
    if let Some(reason) = shared.door.intake.shed_push(&caller.member, &key).await? {
        body::pass_over(shared, &parts.headers, &mut body).await;
        return Err(reason.into());
    }
    let held = body::read(shared, &caller, &parts.headers, body, shared.door.config.body_bytes_max).await?;
    if Digest::of(&held.bytes) != digest {
        return Err(Refusal::because(
            Reason::DigestMismatch,
            "Content-Digest is not that of the body received.",
        ));
    }
    Span::current().record(field::BODY_BYTES, held.bytes.len()).record(field::BODY_DIGEST, digest.hex());
    let (source, received) = (caller.member.clone(), caller.received);
    let verdict = shared
        .door
        .intake
        .push(Push {
            region: caller.region,
            source: caller.member,
            key,
            envelope,
            epoch,
            content,
            charset,
            signature,
            body: held.bytes.clone(),
            digest,
            received: caller.received,
        })
        .await?;
    if matches!(verdict, Verdict::Duplicate { .. }) {
        shared.door.intake.seen().note(&source, Deed::Repeat, received);
    }
    log(&verdict);
    crash::at(Point::Answered);
    Ok(verdict)
}

/// Where the push belongs in its source's trace; a header that is not as it must be, or comes twice, is not there.
fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut stated = headers.get_all(trace::HEADER).iter();
    let first = stated.next().filter(|_| stated.next().is_none())?;
    Parent::parse(first.to_str().ok()?)
}

/// How a verdict counts: what may come again unchanged, as after a restore, was refused for no fault of the message.
fn counted(verdict: &Verdict) -> (metrics::Verdict, Option<Reason>) {
    match verdict {
        Verdict::Accepted { .. } => (metrics::Verdict::Accepted, None),
        Verdict::Duplicate { .. } => (metrics::Verdict::Duplicate, None),
        Verdict::Rejected { reason, .. } => match reason.actor() {
            Actor::Later => (metrics::Verdict::Refused, Some(*reason)),
            Actor::Source | Actor::Operator | Actor::Nobody => (metrics::Verdict::Rejected, Some(*reason)),
        },
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_come_again_unchanged_is_no_rejection_of_the_source() {
        let of = |reason| counted(&Verdict::Rejected { reason, findings: Vec::new() });
        for (reason, verdict) in [
            (Reason::NotCompared, metrics::Verdict::Refused),
            (Reason::Fault, metrics::Verdict::Refused),
            (Reason::NotIssued, metrics::Verdict::Rejected),
            (Reason::SignerStatusUnknown, metrics::Verdict::Rejected),
        ] {
            assert_eq!(of(reason), (verdict, Some(reason)), "{}", reason.code());
        }
    }
}
