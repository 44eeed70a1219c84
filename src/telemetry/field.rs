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
/// Network address of a peer.
pub const PEER_ADDRESS: &str = "peer.address";
/// Thumbprint of a peer's leaf, base64url SHA-256.
pub const PEER_LEAF: &str = "peer.leaf";
