//! The OpenAPI 3.1 description of the interface for programs.

#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name gives null where it is absent")]

use serde_json::{Map, Value, json};

use super::schema;

/// A route in words: method, path, what it does, and the names and meanings of what it takes.
type Words = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const DELIVERY: (&str, &str) = ("delivery", "Id of a delivery.");
const MEMBER: (&str, &str) = ("member", "A member, by the name of its file.");
const REASON: (&str, &str) = ("reason", "Why, 1 to 500 characters; kept for ever.");

/// Every route.
pub(super) const ROUTES: [Words; 18] = [
    (
        "post",
        "/api/v1/session",
        "Sign in; gives a bearer token.",
        &[("name", "The account."), ("password", "Its password.")],
    ),
    ("post", "/api/v1/session/end", "End the session.", &[]),
    ("get", "/api/v1/openapi.json", "This description.", &[]),
    ("get", "/api/v1/status", "The hub in figures.", &[]),
    ("get", "/api/v1/lanes", "Every lane: what waits for whom, since when, and what keeps it.", &[]),
    (
        "get",
        "/api/v1/queue",
        "A page of deliveries; next goes into after.",
        &[
            (
                "state",
                "pending, held, queued, refused, expired, cancelled, dead for the last three, unanswered, parked or unaddressed; beside a number also delivered.",
            ),
            ("target", "Only those to this member."),
            ("source", "Only those of this member."),
            ("issuer", "Only those about this issuing body's certificates."),
            ("number", "Only those about this certificate number; delivered ones too."),
            ("after", "What the page before said as next."),
            ("limit", "Most of them, up to 200."),
        ],
    ),
    (
        "get",
        "/api/v1/certificates",
        "Everything about a message, delivery or certificate number but its content.",
        &[
            ("id", "Id of a message or delivery."),
            ("number", "A certificate number …"),
            ("issuer", "… of this issuing body."),
        ],
    ),
    (
        "get",
        "/api/v1/actions",
        "What operators did, newest first.",
        &[("before", "Only older ones than this number.")],
    ),
    (
        "get",
        "/api/v1/configuration",
        "The configuration that runs, and what waits for a second operator; for administrators.",
        &[],
    ),
    (
        "get",
        "/api/v1/configuration/history",
        "A page of what was applied, newest first, with the files each changed; next goes into before. For administrators.",
        &[
            ("before", "Only older ones than this number."),
            ("limit", "Most of them, 10 unless stated, up to 50."),
        ],
    ),
    (
        "get",
        "/api/v1/configuration/history/{number}",
        "One configuration that was applied, with the digests of its files; for administrators.",
        &[],
    ),
    ("get", "/api/v1/accounts", "Every account with its role; for administrators.", &[]),
    ("post", "/api/v1/hold", "Keep a lane or a delivery from going on.", &[MEMBER, DELIVERY, REASON]),
    ("post", "/api/v1/release", "Let it go on.", &[MEMBER, DELIVERY, REASON]),
    ("post", "/api/v1/try", "Have an attempt at once at a member whose breaker is open.", &[MEMBER, REASON]),
    ("post", "/api/v1/cancel", "End a delivery.", &[DELIVERY, REASON]),
    (
        "post",
        "/api/v1/replay",
        "Deliver again what is missed.",
        &[
            DELIVERY,
            ("message", "Id of a message, to every target that misses it or to member alone."),
            MEMBER,
            ("since", "With a member alone: whatever ended there without arriving from this instant on."),
            ("lost", "true: also what the target confirmed, and lost."),
            REASON,
        ],
    ),
    (
        "post",
        "/api/v1/address",
        "Send a certificate that names no importing country to a member.",
        &[
            ("message", "Id of the message."),
            MEMBER,
            ("also", "true: also where it was addressed to another member before."),
            REASON,
        ],
    ),
];

/// A header and its type.
type Header = Option<(&'static str, &'static str)>;

/// What a request may be refused with whatever it asks for.
const REFUSED: [(&str, &str, Header); 4] = [
    (
        "401",
        "not-signed-in, or sign-in-refused: name and password do not belong together.",
        Some(("WWW-Authenticate", "string")),
    ),
    ("403", "role-too-low, or form-forged: a browser's session without its token.", None),
    (
        "429",
        "sign-in-locked: too many sign-ins failed; Retry-After says in how many seconds the next is listened to.",
        Some(("Retry-After", "integer")),
    ),
    ("503", "busy, or a fault of the hub's own.", Some(("Retry-After", "integer"))),
];

/// Whether a route may be refused with a status: only who signs in is locked out.
fn applies(path: &str, status: &str) -> bool {
    status != "429" || path == "/api/v1/session"
}

fn problem(meaning: &str) -> Value {
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    json!({"description": meaning, "content": {"application/problem+json": {"schema": schema}}})
}

/// The description as indented JSON, with a line feed at its end.
#[must_use]
pub fn openapi() -> String {
    let mut paths = Map::new();
    for (method, path, summary, takes) in ROUTES {
        let mut operation = json!({
            "summary": summary,
            "responses": {
                "200": {"description": "Done, or what was asked for.", "content": {"application/json": {"schema": schema::answer(path)}}},
                "default": problem("A problem, RFC 9457."),
            },
        });
        for (status, meaning, header) in REFUSED.into_iter().filter(|(status, ..)| applies(path, status)) {
            let told = &mut operation["responses"][status];
            *told = problem(meaning);
            if let Some((name, kind)) = header {
                told["headers"] = json!({ name: {"schema": {"type": kind}} });
            }
        }
        if path == "/api/v1/session" {
            operation["security"] = json!([]);
        }
        match method {
            "get" => {
                let within = path.contains("{number}").then(|| json!({
                    "name": "number", "in": "path", "required": true, "description": "Its number in the history.",
                    "schema": {"type": "integer"},
                }));
                operation["parameters"] = takes.iter().map(query).chain(within).collect();
            }
            _ => operation["requestBody"] = body(takes),
        }
        paths.insert(path.to_owned(), json!({ method: operation }));
    }
    let mut schemas = schema::objects();
    let problem = json!({
        "type": "object", "required": ["type", "code", "status", "detail"],
        "properties": {
            "type": {"type": "string"}, "code": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
        },
    });
    schemas.insert("Problem".to_owned(), problem);
    let whole = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "coohub console", "version": "1",
            "description": "For operators' programs, with the rights of the account that signed in. Roles and limits are those of the pages.",
        },
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    });
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

fn query((name, meaning): &(&str, &str)) -> Value {
    json!({"name": name, "in": "query", "required": false, "description": meaning, "schema": {"type": "string"}})
}

fn body(takes: &[(&str, &str)]) -> Value {
    let properties: Map<String, Value> = takes
        .iter()
        .map(|(name, meaning)| ((*name).to_owned(), json!({"type": "string", "description": meaning})))
        .collect();
    json!({"required": true, "content": {"application/json": {"schema": {"type": "object", "properties": properties}}}})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_of_the_interface_is_described_and_no_other() {
        let routes = super::super::routes()
            .map(|(method, path, ..)| (method.as_str().to_lowercase(), path.to_owned()));
        let described = ROUTES.iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()));
        assert_eq!(routes.collect::<BTreeSet<_>>(), described.collect::<BTreeSet<_>>());
        let read: Value = serde_json::from_str(&openapi()).unwrap();
        assert_eq!(read["paths"].as_object().unwrap().len(), ROUTES.len());
    }
}
