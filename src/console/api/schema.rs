//! What answers hold: each object with its members and their types.

use serde_json::{Map, Value, json};

/// An object: its name, and its members with their types.
///
/// A type is a JSON type or the name of another object; in brackets it is a list of such, with `?` it may be null. A
/// member with `~` is not always there.
type Object = (&'static str, &'static [(&'static str, &'static str)]);

const SMALL: [Object; 12] = [
    ("Session", &[("bearer", "string"), ("role", "string")]),
    ("Doubt", &[("expected", "string"), ("found", "string")]),
    (
        "RefusedOnDay",
        &[
            ("day", "string"),
            ("daysAgo", "integer"),
            ("member", "string"),
            ("reason", "string"),
            ("count", "integer"),
        ],
    ),
    ("Spared", &[("source", "string"), ("until", "string")]),
    ("CustomsAnswer", &[("answer", "string"), ("reason", "string?"), ("at", "string")]),
    (
        "Alert",
        &[
            ("alert", "string"),
            ("severity", "string"),
            ("about", "string"),
            ("since", "string"),
            ("text", "string"),
            ("todo", "string"),
        ],
    ),
    (
        "Action",
        &[
            ("action", "integer"),
            ("at", "string"),
            ("user", "string"),
            ("as", "string?"),
            ("did", "string"),
            ("about", "string"),
            ("reason", "string"),
            ("outcome", "string"),
        ],
    ),
    ("Account", &[("account", "string"), ("role", "string"), ("disabled", "boolean"), ("changed", "string")]),
    ("Advised", &[("member", "string"), ("checklist", "string")]),
    ("ChangedFile", &[("file", "string"), ("what", "string")]),
    (
        "Proposal",
        &[
            ("at", "string"),
            ("configuration", "string"),
            ("user", "string"),
            ("as", "string?"),
            ("reason", "string"),
        ],
    ),
    (
        "Running",
        &[
            ("region", "string"),
            ("folder", "string"),
            ("configuration", "string"),
            ("number", "integer?"),
            ("operators", "integer"),
            ("proposal", "Proposal?"),
        ],
    ),
];

const LARGE: [Object; 8] = [
    (
        "Status",
        &[
            ("version", "string"),
            ("region", "string"),
            ("configuration", "string"),
            ("now", "string"),
            ("messages", "integer"),
            ("unrouted", "integer"),
            ("parked", "integer"),
            ("open", "integer"),
            ("held", "integer"),
            ("delivered", "integer"),
            ("failed", "integer"),
            ("clockDoubted", "Doubt?"),
            ("alerts", "[Alert]"),
            ("refused", "[RefusedOnDay]"),
            ("rejectionsDropped", "integer"),
            ("unaddressed", "integer"),
            ("storage", "string?"),
            ("freeBytes", "integer"),
            ("epoch", "integer"),
            ("notCompared", "[string]"),
            ("advised", "[Advised]"),
            ("proposed", "Proposal?"),
        ],
    ),
    (
        "Lane",
        &[
            ("member", "string"),
            ("reach", "string"),
            ("stands", "string"),
            ("open", "integer"),
            ("due", "integer"),
            ("held", "integer"),
            ("dead", "integer"),
            ("overdue", "integer"),
            ("overdueSince", "string?"),
            ("oldest", "string?"),
            ("oldestSeconds", "integer?"),
            ("nextDue", "string?"),
            ("maintenanceUntil", "string?"),
            ("hold", "string?"),
            ("heldSources", "[string]"),
            ("sparedUntil", "string?"),
            ("sparedSources", "[Spared]"),
            ("sandboxSparedUntil", "string?"),
        ],
    ),
    (
        "Attempt",
        &[
            ("number", "integer"),
            ("started", "string"),
            ("finished", "string"),
            ("outcome", "string"),
            ("status", "integer?"),
            ("detail", "string?"),
            ("answerDigest", "string?"),
            ("grade", "string?"),
            ("receipt", "string?"),
        ],
    ),
    (
        "Delivery",
        &[
            ("delivery~", "string"),
            ("message", "string"),
            ("source", "string"),
            ("target~", "string"),
            ("cargo~", "string"),
            ("function", "string?"),
            ("view~", "string"),
            ("agreement", "string"),
            ("issuer", "string"),
            ("number", "string"),
            ("version", "integer?"),
            ("test", "boolean"),
            ("state", "string"),
            ("reason", "string?"),
            ("due~", "string?"),
            ("created", "string"),
            ("attempts~", "integer"),
            ("because~", "string"),
            ("unseen~", "string?"),
            ("replayOf~", "string?"),
            ("configuration~", "string?"),
            ("format~", "string?"),
            ("digest~", "string?"),
            ("losses~", "[string]"),
            ("answers~", "[CustomsAnswer]"),
            ("answerUntil~", "string?"),
            ("lastAttempt~", "Attempt?"),
            ("attemptsMade~", "[Attempt]"),
            ("actions~", "[Action]"),
            ("parkedUntil~", "string?"),
            ("cancelReason~", "string?"),
            ("mailbox~", "boolean?"),
        ],
    ),
    (
        "Message",
        &[
            ("message", "string"),
            ("source", "string"),
            ("messageId", "string"),
            ("received", "string"),
            ("function", "string"),
            ("agreement", "string"),
            ("issuer", "string"),
            ("number", "string"),
            ("version", "integer?"),
            ("format", "string?"),
            ("digest", "string"),
            ("test", "boolean"),
            ("state", "string"),
            ("businessDuplicateOf", "string?"),
            ("configuration", "string?"),
            ("proof", "string?"),
            ("signatures", "[object]?"),
            ("findings", "[object]?"),
            ("findingsCount", "integer?"),
            ("actions", "[Action]"),
            ("deliveries", "[Delivery]"),
        ],
    ),
    (
        "Configuration",
        &[
            ("number", "integer"),
            ("at", "string"),
            ("configuration~", "string"),
            ("how~", "string"),
            ("user~", "string"),
            ("as~", "string?"),
            ("confirmedBy~", "string?"),
            ("reason~", "string"),
            ("files~", "integer"),
            ("kept~", "boolean"),
            ("previous~", "integer?"),
            ("changed~", "[ChangedFile]"),
            ("digests~", "object"),
        ],
    ),
    (
        "Done",
        &[
            ("did", "string"),
            ("about~", "string"),
            ("outcome~", "string"),
            ("delivery~", "string"),
            ("target~", "string"),
            ("items~", "[Repeated]"),
        ],
    ),
    (
        "Repeated",
        &[
            ("target", "string"),
            ("delivery~", "string"),
            ("replayOf~", "string"),
            ("message~", "string"),
            ("number~", "string"),
            ("notReplayed~", "string"),
            ("code~", "string"),
            ("detail~", "string"),
        ],
    ),
];

/// Every object that an answer may hold, by name.
pub(super) fn objects() -> Map<String, Value> {
    SMALL.iter().chain(&LARGE).map(|(name, members)| ((*name).to_owned(), object(members))).collect()
}

/// What a route answers.
pub(super) fn answer(path: &str) -> Value {
    let list = |item: &str, next: Option<&str>| {
        let mut properties = Map::from_iter([("items".to_owned(), typed(&format!("[{item}]")))]);
        properties.extend(next.map(|next| ("next".to_owned(), typed(next))));
        let required: Vec<_> = properties.keys().cloned().collect();
        json!({"type": "object", "required": required, "properties": properties})
    };
    match path {
        "/api/v1/session" => typed("Session"),
        "/api/v1/status" => typed("Status"),
        "/api/v1/lanes" => list("Lane", None),
        "/api/v1/queue" => list("Delivery", Some("string?")),
        "/api/v1/certificates" => list("Message", None),
        "/api/v1/actions" => list("Action", Some("integer?")),
        "/api/v1/configuration" => typed("Running"),
        "/api/v1/configuration/history" => list("Configuration", Some("integer?")),
        "/api/v1/configuration/history/{number}" => typed("Configuration"),
        "/api/v1/accounts" => list("Account", None),
        "/api/v1/openapi.json" => typed("object"),
        _ => typed("Done"),
    }
}

fn object(members: &[(&str, &str)]) -> Value {
    let name = |name: &str| name.trim_end_matches('~').to_owned();
    let always = members.iter().filter(|(member, _)| !member.ends_with('~'));
    let required: Vec<_> = always.map(|(member, _)| name(member)).collect();
    let properties: Map<_, _> = members.iter().map(|(member, word)| (name(member), typed(word))).collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn typed(word: &str) -> Value {
    if let Some(word) = word.strip_suffix('?') {
        return json!({"anyOf": [typed(word), {"type": "null"}]});
    }
    match word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
        Some(item) => json!({"type": "array", "items": typed(item)}),
        None if word.starts_with(char::is_uppercase) => {
            json!({"$ref": format!("#/components/schemas/{word}")})
        }
        None => json!({"type": word}),
    }
}
