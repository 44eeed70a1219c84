//! Field names of spans and events, declared once: dotted by entity, the unit in the name.

/// Id the hub gave a message.
pub const MESSAGE_ID: &str = "message.id";
/// The source's own id of a message.
pub const MESSAGE_KEY: &str = "message.key";
/// Member that pushes.
pub const SOURCE_ID: &str = "source.id";
/// Length of a body, in bytes.
pub const BODY_BYTES: &str = "body.bytes";
/// SHA-256 of a body, hexadecimal.
pub const BODY_DIGEST: &str = "body.digest";
/// Verdict on a push: accepted, duplicate, rejected, fault.
pub const VERDICT: &str = "verdict";
/// Reason code.
pub const REASON: &str = "reason.code";
/// Trace, hexadecimal, as the `traceparent` of whoever asked says.
pub const TRACE_ID: &str = "trace.id";
/// Span above in that trace, hexadecimal: of whoever asked, or of the push that a delivery comes from.
pub const TRACE_PARENT: &str = "trace.parent";
/// The hub's own span in that trace, hexadecimal, as it is passed on.
pub const TRACE_SPAN: &str = "trace.span";
/// Network address of a peer.
pub const PEER_ADDRESS: &str = "peer.address";
/// Thumbprint of a peer's leaf, base64url SHA-256.
pub const PEER_LEAF: &str = "peer.leaf";
