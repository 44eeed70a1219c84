//! The routes, declared once: for the router and for OpenAPI 3.1; and the shapes of their bodies.

use std::{collections::BTreeMap, sync::Arc};

use axum::Router;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Shared, about, attachment, certificate, describe, mailbox, message, reconciliation, respond::Refusal,
};
use crate::model::reason::Reason;

/// A refusal or rejection (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// `urn:coohub:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:coohub:problem:header-missing")]
    kind: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong, for whoever writes the request.
    detail: String,
    /// Stable code; the list is part of the hub's documentation.
    #[schema(example = "header-missing")]
    code: String,
    /// Everything found, severe first, at most 100.
    errors: Vec<Found>,
}

/// One thing found in a request or document. It never repeats a value of the document.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
struct Found {
    /// `info`, `warning` or `severe`.
    level: String,
    /// Stable code.
    code: String,
    /// Canonical field, where one is concerned.
    #[schema(nullable = false)]
    field: Option<String>,
    /// Id of the field in the WCO Data Model, where it has one.
    #[serde(rename = "wcoId")]
    #[schema(nullable = false)]
    wco_id: Option<String>,
    /// Path in the document as you sent it.
    #[schema(nullable = false)]
    path: Option<String>,
    /// Line, counted from 1.
    #[schema(nullable = false)]
    line: Option<u32>,
    /// Column, counted from 1.
    #[schema(nullable = false)]
    column: Option<u32>,
    /// What would be right.
    message: String,
}

/// One entry of the mailbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// Delivery id, the same whenever it is offered.
    delivery: String,
    /// The headers a push would carry: CoO-Delivery, CoO-Sequence and so on. CoO-Cargo says what it is: certificate,
    /// cancellation, response, or the hub's own word to you, notice or digest.
    headers: BTreeMap<String, String>,
    /// Media type of the content.
    media_type: String,
    /// `sha-256:` and the hexadecimal digest of the content's bytes.
    digest: String,
    /// The bytes, base64 with padding.
    #[schema(content_encoding = "base64")]
    content: String,
}

/// What an acknowledgement says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acknowledgement {
    /// `sha-256:` and the hexadecimal digest of the bytes you stored.
    #[schema(pattern = "^sha-256:[0-9a-fA-F]{64}$")]
    pub(super) digest: String,
}

/// What became of an acknowledged entry.
#[derive(Serialize, ToSchema)]
pub(super) struct Acknowledged {
    /// Delivery id.
    delivery: String,
    /// `delivered`.
    #[schema(example = "delivered")]
    state: String,
}

/// A delivery that goes out again.
#[derive(Serialize, ToSchema)]
pub(super) struct Resent {
    /// Delivery id, that of the first time.
    delivery: String,
    /// `asked`.
    #[schema(example = "asked")]
    state: String,
}

/// A member's word that it has compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Comparison {
    /// Number of the epoch it has compared in.
    pub(super) epoch: u64,
    /// `true`: what was missing is pushed again.
    pub(super) complete: bool,
}

/// A comparison that is recorded.
#[derive(Serialize, ToSchema)]
pub(super) struct Compared {
    /// Number of the epoch.
    epoch: u64,
    /// `true`.
    compared: bool,
}

/// The epoch the hub is in: a restore from a backup opens a new one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Epoch {
    /// Its number; 1 of a hub that was never restored.
    number: u64,
    /// First day of UTC to compare after a restore.
    compare_from: Option<String>,
    /// Whether you have compared, or need not.
    compared: bool,
}

/// How the hub sees the caller.
#[derive(Serialize, ToSchema)]
pub(super) struct Ping {
    /// The member you were recognised as.
    member: String,
    /// Your leaf.
    leaf: Leaf,
    /// The hub's time, RFC 3339 UTC.
    time: String,
    /// The id under which the hub speaks in messages.
    hub: String,
    /// Digest of the configuration.
    configuration: String,
    /// The epoch the hub is in.
    epoch: Epoch,
}

/// A leaf by its thumbprint.
#[derive(Serialize, ToSchema)]
struct Leaf {
    /// SHA-256 of the leaf, base64url (RFC 8705).
    #[serde(rename = "x5t#S256")]
    thumbprint: String,
}

/// A JWK set (RFC 7517).
#[derive(Serialize, ToSchema)]
#[schema(as = KeySet)]
pub(super) struct KeySet {
    /// Ed25519 keys (RFC 8037), named by thumbprint, with nbf and exp where known.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<serde_json::Value>,
}

/// The router, with its handles.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let (router, _) = declared().split_for_parts();
    router
        .fallback(async || Refusal::from(Reason::NotFound))
        .method_not_allowed_fallback(async || Refusal::from(Reason::MethodNotAllowed))
        .with_state(shared)
}

/// Each route with its description.
pub(super) fn declared() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::with_openapi(describe::base())
        .routes(routes!(message::push))
        .routes(routes!(message::state))
        .routes(routes!(certificate::state))
        .routes(routes!(certificate::resend))
        .routes(routes!(reconciliation::day, reconciliation::complete))
        .routes(routes!(mailbox::collect))
        .routes(routes!(mailbox::acknowledge))
        .routes(routes!(mailbox::original))
        .routes(routes!(attachment::put, attachment::get))
        .routes(routes!(about::ping))
        .routes(routes!(about::keys))
}
