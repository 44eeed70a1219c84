//! The interface for programs: the use cases of the pages as JSON, with the same sessions and rights.
//!
//! A program signs in once and sends the secret it got as a bearer token; a browser's session needs its token in the
//! header `coohub-token` with whatever changes anything.

mod administer;
mod describe;
mod schema;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Query, State},
    http::{Method, header},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use serde_json::{Value, json};

use super::{
    Shared, acts,
    gate::{Answered, Caller, Fields},
    pages::sign_in,
    right::Right,
    serve::From as Peer,
};
use crate::{
    model::reason::Reason,
    operate::{Cursor, PAGE_DELIVERIES_MAX, Query as Asked, Refusal, Which, asked},
};

pub use describe::openapi;

/// What the path of each route of the interface begins with.
pub(super) const PREFIX: &str = "/api/v1/";

type Declared = (Method, &'static str, Right, MethodRouter<Arc<Shared>>);

macro_rules! act {
    ($name:ident) => {
        async fn $name(
            State(shared): State<Arc<Shared>>,
            Extension(caller): Extension<Caller>,
            Extension(fields): Extension<Fields>,
        ) -> Answered {
            Ok(Json(acts::$name((&shared, &caller, &fields)).await?).into_response())
        }
    };
}

act!(hold);
act!(release);
act!(cancel);
act!(replay);
act!(address);
act!(attempt);

/// Every route of the interface.
pub(super) fn routes() -> impl Iterator<Item = Declared> {
    let looks = [
        ("/api/v1/openapi.json", get(description)),
        ("/api/v1/status", get(status)),
        ("/api/v1/lanes", get(lanes)),
        ("/api/v1/queue", get(queue)),
        ("/api/v1/certificates", get(certificates)),
        ("/api/v1/actions", get(actions)),
    ];
    let administers = [
        ("/api/v1/configuration", get(administer::running)),
        ("/api/v1/configuration/history", get(administer::history)),
        ("/api/v1/configuration/history/{number}", get(administer::applied)),
        ("/api/v1/accounts", get(administer::accounts)),
    ];
    let does = [
        ("/api/v1/hold", post(hold)),
        ("/api/v1/release", post(release)),
        ("/api/v1/cancel", post(cancel)),
        ("/api/v1/replay", post(replay)),
        ("/api/v1/address", post(address)),
        ("/api/v1/try", post(attempt)),
    ];
    let session = [
        (Method::POST, "/api/v1/session", Right::Open, post(begin)),
        (Method::POST, "/api/v1/session/end", Right::Look, post(end)),
    ];
    let looks = looks.into_iter().map(|(path, handler)| (Method::GET, path, Right::Look, handler));
    let does = does.into_iter().map(|(path, handler)| (Method::POST, path, Right::Act, handler));
    let administers = administers.into_iter();
    let administers = administers.map(|(path, handler)| (Method::GET, path, Right::Administer, handler));
    session.into_iter().chain(looks).chain(does).chain(administers)
}

async fn begin(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let (secret, role) = sign_in::admitted(&shared, &fields, peer).await?;
    Ok(Json(json!({"bearer": secret, "role": role.word()})).into_response())
}

async fn end(State(shared): State<Arc<Shared>>, Extension(caller): Extension<Caller>) -> Answered {
    sign_in::end(&shared, &caller).await?;
    Ok(Json(json!({"did": "sign-out"})).into_response())
}

async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi()).into_response()
}

async fn status(State(shared): State<Arc<Shared>>) -> Answered {
    Ok(Json(shared.change.status(&shared.operate).await?).into_response())
}

async fn lanes(State(shared): State<Arc<Shared>>) -> Answered {
    Ok(Json(json!({"items": shared.operate.lanes(None).await?})).into_response())
}

async fn queue(State(shared): State<Arc<Shared>>, Query(asked): Query<BTreeMap<String, String>>) -> Answered {
    let query = query(&asked)?;
    let (items, next) = shared.operate.queue(&query).await??;
    Ok(Json(json!({"items": items, "next": next.as_ref().map(Cursor::text)})).into_response())
}

async fn certificates(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let given = |name: &str| asked.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let which = match (given("id"), given("number")) {
        (Some(id), None) => Which::Id(uuid::Uuid::try_parse(id).map_err(|_| Reason::QueryInvalid)?),
        (None, Some(number)) => {
            Which::Number { issuer: given("issuer").map(str::to_owned), number: number.to_owned() }
        }
        _ => return Err(Refusal::new(Reason::QueryInvalid, "name an id, or a certificate number").into()),
    };
    Ok(Json(json!({"items": shared.operate.show(&which).await??})).into_response())
}

async fn actions(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let before =
        asked.get("before").map(|text| text.parse().map_err(|_| Reason::QueryInvalid)).transpose()?;
    let items = shared.operate.actions(None, before, PAGE_DELIVERIES_MAX).await?;
    let next = items.last().and_then(|last| last.get("action")).cloned().unwrap_or(Value::Null);
    Ok(Json(json!({"items": items, "next": next})).into_response())
}

/// The deliveries that a query string asks for; for the page of them as well.
pub(super) fn query(stated: &BTreeMap<String, String>) -> Result<Asked, super::gate::Failure> {
    let given = |name: &str| stated.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let member = |name: &str| given(name).map(asked::member).transpose();
    let after = given("after").map(|text| Cursor::parse(text).ok_or(Reason::QueryInvalid)).transpose()?;
    let limit = given("limit").map(|text| text.parse().map_err(|_| Reason::QueryInvalid)).transpose()?;
    Ok(Asked {
        target: member("target")?,
        source: member("source")?,
        state: given("state").map(str::to_owned),
        issuer: given("issuer").map(str::to_owned),
        number: given("number").map(str::to_owned),
        after,
        limit: limit.unwrap_or(PAGE_DELIVERIES_MAX),
    })
}
