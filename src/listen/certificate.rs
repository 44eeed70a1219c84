//! One certificate by its number: its state, and asking for it again.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, Query, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Caller, Shared,
    api::{Problem, Resent},
    header as stated,
    respond::{self, Refusal},
};
use crate::{
    deliver::resend::{Answer, Wanted},
    model::{id::AgreementId, reason::Reason},
    receipt::certificate::Found,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    agreement: Option<String>,
}

/// The state of a certificate you pushed or are sent.
///
/// Its source sees every version with the deliveries of each; a target its own deliveries, the version it holds, and
/// whether the certificate stands, is cancelled, replaced or withdrawn, with what replaces it ("replacements") and what
/// else replaces the one it replaces itself ("rivals"). For everybody else it is not found. Ask with
/// If-None-Match and Prefer: wait to be answered as soon as something changes.
#[utoipa::path(
    get,
    path = "/v1/certificates/{issuer}/{number}",
    tag = "certificates",
    operation_id = "readCertificate",
    params(
        ("issuer" = String, Path, description = "Issuing body, as CoO-Issuer has it, percent-encoded."),
        ("number" = String, Path, description = "Certificate number, percent-encoded (/ is %2F). As written goes \
            before another one of the same letters and digits."),
        ("agreement" = Option<String>, Query, description = "Agreement, by id or alias, where more than one has the \
            number."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag you know."),
        ("Prefer" = Option<String>, Header, description = "wait=<seconds>, at most 60: wait for a change of the state \
            you know (RFC 7240)."),
    ),
    responses(
        (status = 200, description = "The state.", body = Object, content_type = "application/json",
            headers(("ETag" = String, description = "Changes whenever the state does."))),
        (status = 304, description = "Nothing has changed."),
        (status = 400, description = "More than one agreement has the number, or the query has another shape.",
            body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No certificate that you pushed or are sent.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn state(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    address: Result<Path<(String, String)>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let wanted = wanted(&caller, address, &uri)?;
    let poll = stated::Poll::of(&headers, shared.door.config.long_poll_max);
    let ask = |wait| shared.door.status.certificate(&caller.member, &wanted, poll.first(), wait);
    match caller.polled(poll.wait, ask).await? {
        Found::State(answer) => Ok(respond::state(&poll, &answer)),
        Found::Ambiguous(agreements) => Err(ambiguous(&agreements)),
        Found::Nothing => Err(Reason::NotFound.into()),
    }
}

/// Ask for a certificate you are sent, again and at once.
///
/// For the officer who has the goods before him and not the certificate. The hub's last word to you about the number
/// goes out ahead of everything else, whether you took it before, it waits for its retry, or your server did not answer
/// lately: under the same CoO-Delivery and with the same bytes. The answer means that the request is on disk. A mailbox
/// offers the entry again. Asking twice is harmless.
#[utoipa::path(
    post,
    path = "/v1/certificates/{issuer}/{number}/resend",
    tag = "certificates",
    operation_id = "resendCertificate",
    params(
        ("issuer" = String, Path, description = "Issuing body, as CoO-Issuer has it, percent-encoded."),
        ("number" = String, Path, description = "Certificate number, percent-encoded."),
        ("agreement" = Option<String>, Query, description = "Agreement, by id or alias, where more than one has the \
            number."),
    ),
    responses(
        (status = 202, description = "It goes out.", body = Resent, content_type = "application/json",
            headers(("Location" = String, description = "Where the state of the certificate is read."))),
        (status = 400, description = "More than one agreement has the number, or the query has another shape.",
            body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No certificate that you are sent.",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It is held, or you may no longer have it; the code says which.",
            body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "It was sent only just now, or too many that you asked for still wait.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn resend(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    address: Result<Path<(String, String)>, PathRejection>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let wanted = wanted(&caller, address, &uri)?;
    match shared.door.desk.resend(&caller.member, &wanted).await? {
        Answer::Asked(delivery) => {
            let body = json!({"delivery": delivery.to_string(), "state": "asked"});
            let mut response = (StatusCode::ACCEPTED, respond::json(&body)).into_response();
            let path = uri.path().strip_suffix("/resend").unwrap_or_default();
            let place = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
            respond::set(response.headers_mut(), header::LOCATION, &place);
            Ok(response)
        }
        Answer::Refused(reason, wait) => Err(refused(reason, wait)),
        Answer::Ambiguous(agreements) => Err(ambiguous(&agreements)),
    }
}

fn wanted(
    caller: &Caller,
    address: Result<Path<(String, String)>, PathRejection>,
    uri: &Uri,
) -> Result<Wanted, Refusal> {
    let Path((issuer, number)) = address.map_err(|_| Reason::NotFound)?;
    let Ok(Query(Which { agreement })) = Query::<Which>::try_from_uri(uri) else {
        return Err(Refusal::because(Reason::QueryInvalid, "The query is agreement=<id> or nothing."));
    };
    let agreement = match agreement {
        Some(name) => Some(caller.region.agreement(&name).ok_or(Reason::NotFound)?.id.clone()),
        None => None,
    };
    Ok(Wanted { issuer, number, agreement })
}

fn ambiguous(agreements: &[AgreementId]) -> Refusal {
    let names = agreements.iter().map(AgreementId::as_str).collect::<Vec<_>>().join(" or agreement=");
    Refusal::because(Reason::QueryInvalid, format!("Say which one you mean: agreement={names}."))
}

fn refused(reason: Reason, wait: Option<Duration>) -> Refusal {
    let advice = match reason {
        Reason::NotEntitled => "You may no longer have this certificate.",
        Reason::OperatorHold => "The hub's operator holds or ended this delivery; ask him.",
        Reason::Unrenderable => {
            "The certificate cannot be written in the form you take; the hub's operator must act."
        }
        Reason::TooManyRequests => "It was sent only just now, or too many that you asked for still wait.",
        reason => return reason.into(),
    };
    let refusal = Refusal::because(reason, advice);
    match wait {
        Some(wait) => refusal.after(wait),
        None => refusal,
    }
}
