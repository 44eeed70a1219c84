//! Comparing a day with the hub, and saying that it was done.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, Request, State},
    http::Uri,
    response::Response,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Caller, Shared,
    api::{Compared, Comparison, Problem},
    body,
    respond::{self, Refusal},
};
use crate::{
    model::reason::Reason,
    receipt::reconciliation::{Day, ENTRIES_MAX, Page},
};

/// Entries of one page when `limit` does not say.
const ENTRIES_DEFAULT: usize = 100;
/// Longest body of a completion, in bytes.
const COMPLETION_BYTES_MAX: u32 = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    day: String,
    after: Option<String>,
    limit: Option<usize>,
}

/// Your day as the hub has it.
///
/// What you pushed on that day (UTC) and where it went, then what you were sent; a message belongs to the day on which
/// it was received, a delivery to that on which it was made. Compare it with your own records once a day. After a restore
/// of the hub, compare each day from compareFrom on, and push again what is missing, with CoO-Epoch.
#[utoipa::path(
    get,
    path = "/v1/reconciliation",
    tag = "reconciliation",
    operation_id = "readReconciliation",
    params(
        ("day" = String, Query, pattern = "^\\d{4}-\\d{2}-\\d{2}$", description = "The day, YYYY-MM-DD, in UTC."),
        ("after" = Option<String>, Query, description = "The next of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "Most entries to give: 1 to 500, 100 when not said."),
    ),
    responses(
        (status = 200, description = "Both lists, and next where there is more.",
            body = Object, content_type = "application/json"),
        (status = 400, description = "The query has another shape.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn day(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let (day, page, limit) = which(&uri).ok_or_else(|| {
        let rule = format!(
            "The query is day=<YYYY-MM-DD>, after=<next of the page before>, limit=<1 to {ENTRIES_MAX}>."
        );
        Refusal::because(Reason::QueryInvalid, rule)
    })?;
    let shown = shared.door.status.reconciliation(&caller.member, day, page, limit).await?;
    Ok(respond::json(&shown))
}

/// Say that you have compared.
///
/// After a restore of the hub, once what was missing is pushed again: from here on you push as ever. Saying it again is
/// harmless.
#[utoipa::path(
    post,
    path = "/v1/reconciliation",
    tag = "reconciliation",
    operation_id = "completeReconciliation",
    request_body(content = Comparison, content_type = "application/json"),
    responses(
        (status = 200, description = "Recorded on disk.", body = Compared, content_type = "application/json"),
        (status = 409, description = "The hub is in another epoch; compare anew.",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body has another shape.",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn complete(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let held = body::read(&shared, &caller, &parts.headers, body, COMPLETION_BYTES_MAX).await?;
    let said = serde_json::from_slice(&held.bytes).ok().filter(|said: &Comparison| said.complete);
    let Comparison { epoch, .. } = said.ok_or_else(|| {
        Refusal::because(Reason::MessageMalformed, "The body is {\"epoch\": <number>, \"complete\": true}.")
    })?;
    if !shared.door.status.compared(&caller.member, epoch, caller.received).await? {
        let advice = "The hub is in another epoch; read it from GET /v1/reconciliation and compare anew.";
        return Err(Refusal::because(Reason::EpochUnknown, advice));
    }
    Ok(respond::json(&json!({"epoch": epoch, "compared": true})))
}

fn which(uri: &Uri) -> Option<(Day, Page, usize)> {
    let Query(Which { day, after, limit }) = Query::try_from_uri(uri).ok()?;
    let page = match after {
        Some(after) => Page::parse(&after)?,
        None => Page::Pushed(None),
    };
    let limit = limit.unwrap_or(ENTRIES_DEFAULT);
    Some((Day::parse(&day)?, page, limit)).filter(|_| (1..=ENTRIES_MAX).contains(&limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_500_entries_and_not_501() {
        let of = |query: &str| which(&format!("/v1/reconciliation?{query}").parse().unwrap());
        assert!(of("day=2026-11-28").is_some_and(|(_, _, limit)| limit == ENTRIES_DEFAULT));
        assert!(of("day=2026-11-28&limit=500&after=sent.1.2").is_some());
        for wrong in
            ["", "day=today", "day=2026-11-28&limit=501", "day=2026-11-28&limit=0", "day=2026-11-28&after=x"]
        {
            assert!(of(wrong).is_none(), "{wrong}");
        }
    }
}
