//! What administrators see of the configuration and the accounts; it changes nothing.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
    response::IntoResponse as _,
};
use serde_json::{Value, json};

use crate::{
    change::PAGE_MAX,
    console::{
        Shared,
        gate::{Answered, Failure},
        pages::applied,
    },
    model::reason::Reason,
    operate::Refusal,
};

/// Configurations of one page where no limit is given: each is read whole.
const HISTORY_SHOWN: usize = 10;

/// What runs, and what waits for a second operator.
pub(super) async fn running(State(shared): State<Arc<Shared>>) -> Answered {
    let (_, mut running) = shared.change.settings().await?;
    if let Value::Object(members) = &mut running {
        members.insert("proposal".to_owned(), json!(shared.change.proposal().await?));
    }
    Ok(Json(running).into_response())
}

/// A page of what was applied, newest first.
pub(super) async fn history(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let given = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let before = given("before").map(|text| text.parse().map_err(|_| Reason::QueryInvalid)).transpose()?;
    let limit = match given("limit").map(str::parse) {
        None => HISTORY_SHOWN,
        Some(Ok(limit @ 1..=PAGE_MAX)) => limit,
        Some(_) => {
            let why = format!("limit is a number from 1 to {PAGE_MAX}");
            return Err(Refusal::new(Reason::QueryInvalid, why).into());
        }
    };
    let items = shared.change.history(before, limit).await?;
    let next = items.last().filter(|_| items.len() == limit).and_then(|last| last.get("number")).cloned();
    Ok(Json(json!({"items": items, "next": next})).into_response())
}

/// One configuration, with the digests of its files.
pub(super) async fn applied(State(shared): State<Arc<Shared>>, Path(number): Path<String>) -> Answered {
    let number = applied::number(&number)?;
    let found = shared.change.configuration(number).await?;
    Ok(Json(found.map_err(|refused| Failure::from(refused.refusal))?).into_response())
}

/// Every account, without what its password is known by.
pub(super) async fn accounts(State(shared): State<Arc<Shared>>) -> Answered {
    Ok(Json(json!({"items": shared.operate.accounts().await?})).into_response())
}
