//! From verdicts, refusals and faults to HTTP: the only place that does it.
//!
//! A problem is RFC 9457 JSON with a stable `code`; a fault is bland, its cause is in the log.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use super::{header::Poll, limit::Room};
use crate::{
    evidence::receipt::finding,
    intake::Verdict,
    model::{
        finding::{FINDINGS_MAX, Finding},
        reason::{Actor, Reason},
    },
    receipt::Answer,
    store::Fault,
    telemetry::field,
};

/// Media type of a problem.
pub(super) const PROBLEM: &str = "application/problem+json";
/// Media type of a receipt.
pub(super) const RECEIPT: &str = "application/jose";
/// `CoO-Message-Id`: the hub's id of a message.
pub(super) const MESSAGE_ID: HeaderName = HeaderName::from_static("coo-message-id");
/// `CoO-Duplicate`: this was taken before.
pub(super) const DUPLICATE: HeaderName = HeaderName::from_static("coo-duplicate");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// When to try again where nothing better is known, in seconds.
const RETRY_AFTER_SECONDS: u64 = 5;

/// The same for a disk that is nearly full: it takes somebody to make room.
const RETRY_AFTER_STORAGE_LOW_SECONDS: u64 = 60;

/// A request that is not served, for a coded reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    findings: Vec<Finding>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// Everything found, the first of which decides.
    pub(super) fn found(findings: Vec<Finding>) -> Self {
        let reason = findings.first().map_or(Reason::Fault, |finding| finding.reason);
        Self { reason, findings, retry_after: None }
    }

    /// A refusal with a sentence for whoever writes the request.
    pub(super) fn because(reason: Reason, advice: impl Into<String>) -> Self {
        Self::found(vec![Finding::severe(reason, advice)])
    }

    /// The same refusal with a time to try again.
    pub(super) fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    fn seconds(&self) -> Option<u64> {
        let wanted = self.reason.actor() == Actor::Later && self.reason != Reason::Timeout;
        let seconds = |wait: Duration| wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let usual = match self.reason {
            Reason::StorageLow => RETRY_AFTER_STORAGE_LOW_SECONDS,
            _ => RETRY_AFTER_SECONDS,
        };
        wanted.then(|| self.retry_after.map_or(usual, seconds).max(1))
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, findings: Vec::new(), retry_after: None }
    }
}

impl From<Fault> for Refusal {
    /// Logs the fault, since nobody behind this point sees it.
    fn from(fault: Fault) -> Self {
        tracing::error!({ field::REASON } = Reason::Fault.code(), error = %fault, "the store failed a request");
        Reason::Fault.into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.reason.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let retry_after = self.seconds();
        let mut response = problem(status, self.reason, &self.findings);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The answer to a push.
pub(super) fn verdict(verdict: Verdict) -> Response {
    let (status, id, receipt) = match verdict {
        Verdict::Accepted { id, receipt } => (StatusCode::ACCEPTED, id, receipt),
        Verdict::Duplicate { id, receipt } => (StatusCode::OK, id, receipt),
        Verdict::Rejected { reason, findings } => {
            return Refusal { reason, findings, retry_after: None }.into_response();
        }
    };
    let mut response = bytes(status, RECEIPT, receipt);
    let headers = response.headers_mut();
    set(headers, header::LOCATION, &format!("/v1/messages/{id}"));
    set(headers, MESSAGE_ID, &id.to_string());
    if status == StatusCode::OK {
        headers.insert(DUPLICATE, HeaderValue::from_static("true"));
    }
    response
}

/// JSON with status 200.
pub(super) fn json(body: &Value) -> Response {
    bytes(StatusCode::OK, "application/json", body.to_string())
}

/// A state with its entity tag, or 304 for whoever knows it.
pub(super) fn state(poll: &Poll, answer: &Answer) -> Response {
    let known = poll.known.contains(&answer.tag);
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { json(&answer.body) };
    set(response.headers_mut(), header::ETAG, &format!("\"{}\"", answer.tag));
    if !poll.wait.is_zero() {
        set(response.headers_mut(), PREFERENCE_APPLIED, &format!("wait={}", poll.wait.as_secs()));
    }
    response
}

/// Bytes of a media type.
pub(super) fn bytes(status: StatusCode, media_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    set(response.headers_mut(), header::CONTENT_TYPE, media_type);
    response
}

/// Bytes that hold their room in the door's memory until they are sent.
pub(super) fn held(room: Room, bytes: Vec<u8>) -> Body {
    Body::new(Full::new(Bytes::from(bytes)).map_frame(move |frame| {
        let _until_sent = &room;
        frame
    }))
}

/// Sets a header; a value that no header can carry is left out.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Adds what every answer carries.
pub(super) fn finish(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn problem(status: StatusCode, reason: Reason, findings: &[Finding]) -> Response {
    let code = reason.code();
    let detail = findings.first().map_or_else(|| plain(reason), |finding| finding.advice.as_str());
    let body = json!({
        "type": format!("urn:coohub:problem:{code}"),
        "title": code.replace('-', " "),
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
        "errors": findings.iter().take(FINDINGS_MAX).map(finding).collect::<Vec<_>>(),
    });
    bytes(status, PROBLEM, body.to_string())
}

/// A sentence for a reason that comes without findings.
fn plain(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownPeer => "This connection is not known as a member's.",
        Reason::NotFound => "There is nothing here for you.",
        Reason::MethodNotAllowed => "The method does not fit the address; see Allow.",
        Reason::TooManyRequests => "More than your pace allows; try again after the time given.",
        Reason::Busy => "The hub has no room at the moment; try again after the time given.",
        Reason::StorageLow => "The hub's disk is nearly full; try again after the time given.",
        Reason::StorageSlow => "The hub's disk is slow at the moment; try again after the time given.",
        Reason::Stopping => "The hub is about to stop; connect again after the time given.",
        Reason::Timeout => "The request did not arrive in time.",
        Reason::Fault => {
            "The hub could not do it; nothing was taken. Try the same again after the time given."
        }
        _ => "The request was not taken.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        deliver::sample,
        listen::{Config, limit::Limits},
        model::id::MessageId,
        region::agreement::LinkState,
    };

    fn id() -> MessageId {
        MessageId::parse("01930000-0000-7000-8000-000000000000").unwrap()
    }

    #[tokio::test]
    async fn a_duplicate_answers_200_with_the_very_receipt() {
        let accepted = verdict(Verdict::Accepted { id: id(), receipt: b"a.b.c".to_vec() });
        let duplicate = verdict(Verdict::Duplicate { id: id(), receipt: b"a.b.c".to_vec() });
        assert_eq!(accepted.status(), 202);
        assert!(accepted.headers().get(DUPLICATE).is_none());
        assert_eq!(duplicate.status(), 200);
        assert_eq!(duplicate.headers()[DUPLICATE], "true");
        assert_eq!(duplicate.headers()["location"], format!("/v1/messages/{}", id()));
        assert_eq!(duplicate.headers()["content-type"], "application/jose");
        let body = axum::body::to_bytes(duplicate.into_body(), 100).await.unwrap();
        assert_eq!(body, "a.b.c");
    }

    #[tokio::test]
    async fn a_rejection_is_a_problem_with_every_finding() {
        let findings = vec![
            Finding::severe(Reason::NotIssued, "A certificate needs its number."),
            Finding::warning(Reason::Unmapped, "One field was kept without being mapped."),
        ];
        let response = verdict(Verdict::Rejected { reason: Reason::NotIssued, findings });
        assert_eq!(response.status(), 422);
        assert!(response.headers().get("retry-after").is_none());
        assert_eq!(response.headers()["content-type"], PROBLEM);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "urn:coohub:problem:not-issued");
        assert_eq!(body["detail"], "A certificate needs its number.");
        assert_eq!(body["errors"][1]["code"], "unmapped");
    }

    #[tokio::test]
    async fn an_answer_holds_its_room_until_it_is_sent() {
        let config = Config {
            member_bodies_bytes_max: 10,
            body_room_timeout: Duration::from_millis(1),
            ..Config::default()
        };
        let limits = Limits::new(&config);
        let region = sample::region(LinkState::Live);
        let member = region.members.values().next().unwrap();
        let mut room = limits.room(member, 10).await.unwrap();
        room.shrink(8);
        let body = held(room, b"01234567".to_vec());
        assert!(limits.room(member, 2).await.is_ok(), "what it does not need is given back");
        assert_eq!(limits.room(member, 3).await.err(), Some(Reason::Busy));
        assert_eq!(axum::body::to_bytes(body, 100).await.unwrap(), "01234567");
        assert!(limits.room(member, 10).await.is_ok());
    }

    #[test]
    fn every_reason_that_asks_for_later_says_when() {
        for reason in Reason::all() {
            let response = Refusal::from(reason).into_response();
            let expected = matches!(reason.status(), 429 | 503)
                || matches!(reason, Reason::DecisionOvertaken | Reason::ChangeUnderWay);
            assert_eq!(response.headers().contains_key("retry-after"), expected, "{}", reason.code());
        }
        let early = Refusal::from(Reason::Busy).after(Duration::from_millis(1200)).into_response();
        assert_eq!(early.headers()["retry-after"], "2");
    }
}
