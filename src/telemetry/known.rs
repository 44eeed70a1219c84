//! Every metric by name: what it is called when it is scraped, its labels, and what it says.
//!
//! The list is closed. Labels are words of closed lists (stages, states, outcomes, reason codes) or ids of members of the
//! region; nothing of a certificate is ever a label.

/// A metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Name as scraped; a histogram's without `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// Labels, in order.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

const fn known(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Known {
    Known { name, labels, help }
}

const MEMBER: &[&str] = &["member"];

pub(super) const ALERTS: Known = known("coohub_alerts", &["severity"], "Alerts that hold, by severity");
pub(super) const PUSHES: Known =
    known("coohub_pushes_total", &["member", "verdict"], "Pushes answered, by source and verdict");
pub(super) const REJECTIONS: Known = known(
    "coohub_rejections_total",
    &["member", "reason"],
    "Pushes rejected, and requests refused at the door, by source and reason code",
);
pub(super) const ACCEPT_SECONDS: Known =
    known("coohub_accept_seconds", &[], "Time from the head of a push to its acceptance on disk");
pub(super) const RATE_LIMITED: Known =
    known("coohub_rate_limited_total", MEMBER, "Requests of a member past its pace");
pub(super) const STRANGERS: Known =
    known("coohub_strangers_total", &[], "Requests of peers that are no member");
pub(super) const HANDSHAKES: Known =
    known("coohub_handshakes_total", &["outcome"], "TLS handshakes of those who connect, by outcome");
pub(super) const HANDSHAKES_OPEN: Known = known("coohub_handshakes_open", &[], "TLS handshakes under way");
pub(super) const CONNECTIONS: Known = known(
    "coohub_connections_open",
    &["peer"],
    "Connections past their handshake, by who is at the other end",
);
pub(super) const BODIES: Known = known("coohub_bodies_bytes", &[], "Bytes of request bodies held in memory");
pub(super) const MEMBER_LEAF: Known = known(
    "coohub_member_leaf_end_timestamp_seconds",
    MEMBER,
    "End of the leaf that a member last connected with, since the start",
);
pub(super) const ATTEMPTS: Known =
    known("coohub_attempts_total", &["member", "outcome"], "Attempts at deliveries, by target and outcome");
pub(super) const DELIVERY_SECONDS: Known = known(
    "coohub_delivery_seconds",
    MEMBER,
    "Time from the routing of a delivery, moments after its acceptance, until its target had it",
);
pub(super) const COMMIT_SECONDS: Known =
    known("coohub_store_commit_seconds", &[], "Time of a commit of the store, its sync included");
pub(super) const BATCH: Known =
    known("coohub_store_batch_operations", &[], "Operations that shared one commit");
pub(super) const LOOPS: Known =
    known("coohub_loop_idle_seconds", &["loop"], "Time since a loop last came round");
pub(super) const MESSAGES: Known =
    known("coohub_messages", &["stage"], "Messages accepted, by how far they are");
pub(super) const DELIVERIES: Known =
    known("coohub_deliveries", &["state"], "Deliveries, by state; those held are among those open");
pub(super) const LANE_OPEN: Known = known("coohub_lane_open", MEMBER, "Deliveries to a member not ended");
pub(super) const LANE_DUE: Known = known("coohub_lane_due", MEMBER, "Deliveries to a member that may go now");
pub(super) const LANE_HELD: Known = known("coohub_lane_held", MEMBER, "Deliveries to a member that are held");
pub(super) const LANE_DEAD: Known =
    known("coohub_lane_dead", MEMBER, "Deliveries to a member refused, expired or cancelled");
pub(super) const LANE_OVERDUE: Known =
    known("coohub_lane_overdue", MEMBER, "Deliveries to a member that its customs has not answered in time");
pub(super) const LANE_OLDEST: Known =
    known("coohub_lane_oldest_seconds", MEMBER, "Age of the oldest delivery that waits for a member");
pub(super) const LANE_SPARED: Known = known(
    "coohub_lane_breaker_open",
    &["member", "spares"],
    "1 while attempts at a member fail and a breaker keeps deliveries back, all or those of one source",
);
pub(super) const LANE_STOPPED: Known =
    known("coohub_lane_held_whole", MEMBER, "1 while a member's whole lane is held");
pub(super) const WAITING: Known =
    known("coohub_store_waiting_operations", &[], "Operations that wait for the store's writer");
pub(super) const WAIT_SECONDS: Known = known(
    "coohub_store_wait_seconds",
    &[],
    "How long the oldest accept or outcome without an answer has waited",
);
pub(super) const FREE_BYTES: Known =
    known("coohub_store_free_bytes", &[], "Free bytes on the file system of the data folder");
pub(super) const LOG_BYTES: Known =
    known("coohub_store_log_bytes", &[], "Size of the store's write-ahead log");
pub(super) const STRAINED: Known =
    known("coohub_store_strained", &["strain"], "1 while nothing new is taken for this reason");
pub(super) const UNRECORDED: Known = known(
    "coohub_rejections_unrecorded",
    &[],
    "Rejections since the start that were not recorded, for lack of room",
);
pub(super) const OWN_LEAF: Known =
    known("coohub_leaf_end_timestamp_seconds", &["leaf"], "End of a leaf of the hub's own");
pub(super) const RECEIPT_KEYS: Known =
    known("coohub_receipt_keys", &["state"], "Receipt keys published: the one in use, and those retired");
pub(super) const CLOCK_DOUBTED: Known =
    known("coohub_clock_doubted", &[], "1 while the wall clock is not believed and nothing expires");
pub(super) const CLOCK_STEP: Known = known(
    "coohub_clock_step_seconds",
    &[],
    "How far a wall clock that is not believed is from what it should show",
);
pub(super) const READY: Known = known("coohub_ready", &[], "1 while the hub takes what is new");
pub(super) const STATE_AGE: Known = known(
    "coohub_state_age_seconds",
    &[],
    "Age of the figures about messages, deliveries and lanes, which are read from the store now and then",
);
pub(super) const CONFIGURATION: Known =
    known("coohub_configuration_info", &["digest"], "The configuration in force");
pub(super) const BUILD: Known = known("coohub_build_info", &["version", "engine"], "The program");

/// All of them, by name.
pub const ALL: [Known; 40] = [
    ACCEPT_SECONDS,
    ALERTS,
    ATTEMPTS,
    BODIES,
    BUILD,
    CLOCK_DOUBTED,
    CLOCK_STEP,
    CONFIGURATION,
    CONNECTIONS,
    DELIVERIES,
    DELIVERY_SECONDS,
    HANDSHAKES_OPEN,
    HANDSHAKES,
    LANE_SPARED,
    LANE_DEAD,
    LANE_DUE,
    LANE_HELD,
    LANE_STOPPED,
    LANE_OLDEST,
    LANE_OPEN,
    LANE_OVERDUE,
    OWN_LEAF,
    LOOPS,
    MEMBER_LEAF,
    MESSAGES,
    PUSHES,
    RATE_LIMITED,
    READY,
    RECEIPT_KEYS,
    REJECTIONS,
    UNRECORDED,
    STATE_AGE,
    BATCH,
    COMMIT_SECONDS,
    FREE_BYTES,
    LOG_BYTES,
    STRAINED,
    WAIT_SECONDS,
    WAITING,
    STRANGERS,
];
