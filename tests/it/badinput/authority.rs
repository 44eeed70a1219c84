//! What a source may not do to what was accepted before, nor after its grant.

use serde_json::json;

use super::{
    Row,
    requests::{json, message, row},
};
use crate::flow::story::tea;

/// Cancelled, live and once granted: each asks for more than that.
pub(super) fn rows() -> Vec<Row> {
    let live = json!({
        "function": "cancellation", "agreement": "mecta", "issuer": "id:chamber.almora.example",
        "number": "AL-SEEN", "reason": {"code": "x"}, "decided": "2026-11-20",
    });
    let mut past = live.clone();
    past["issuer"] = json!("PAST");
    vec![
        row(
            "original of cancelled",
            json(&tea("AL-GONE")).with("coo-version", "2"),
            (409, "certificate-cancelled", "issue a new one"),
        ),
        row(
            "test cancellation of a live certificate",
            message("almora", &live).with("coo-test", "?1"),
            (422, "test-not-allowed", "mind CoO-Test"),
        ),
        row(
            "cancellation after the grant",
            message("almora", &past),
            (403, "issuer-out-of-dates", "does not cover today"),
        ),
        row(
            "control characters in a number",
            json(&tea("AL\r\nBAD")),
            (422, "field-invalid", "none of them a control character"),
        ),
        row(
            "a number that reads otherwise than it is",
            json(&tea("AL-\u{202E}DAB")),
            (422, "field-invalid", "one that is not seen"),
        ),
        row(
            "an earlier number with what is not seen",
            json(&tea("AL-BAD")).with("coo-function", "5").with("coo-earlier", "AL-\u{200B}SEEN"),
            (422, "field-invalid", "the number of the certificate replaced"),
        ),
        row(
            "replacement of itself",
            json(&tea("AL-BAD")).with("coo-function", "5").with("coo-earlier", "AL-BAD"),
            (422, "replaces-itself", "a number of its own"),
        ),
    ]
}
