//! What all lanes and mailboxes share, each limit with its default; a member's own pace is in its file.

use std::time::Duration;

use crate::store::news::Bounds;

/// Settings of delivery, read at start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// Due deliveries a lane has in memory at once; the rest waits on disk.
    pub window_deliveries_max: usize,
    /// How often deliveries past their expiry are looked for, and the longest a lane sleeps without looking.
    pub sweep_period: Duration,
    /// Partner faults in a row that open a member's breaker.
    pub breaker_failures: u32,
    /// First pause of an open breaker; it doubles with every probe that fails.
    pub breaker_pause: Duration,
    /// Longest pause of a breaker.
    pub breaker_pause_max: Duration,
    /// Refusals in a row with one code that hold a lane: then something is wrong with more than one certificate.
    pub refusals_in_a_row_max: u32,
    /// How long a lane may stand beside due work, or not look round at all, before it is woken or begun anew; and how long
    /// a message may wait for its route before that is said.
    pub stall_max: Duration,
    /// Step of the wall clock, against the last time the hub was sure of it, past which nothing expires until an operator
    /// confirms.
    pub clock_step_max: Duration,
    /// Longest wait for a connection to a member: its name resolved, TCP connected.
    pub connect_timeout: Duration,
    /// Longest TLS handshake with a member.
    pub handshake_timeout: Duration,
    /// Longest time for a member to take a delivery's bytes.
    pub send_timeout: Duration,
    /// Longest time for the body of an answer, once its head is there; the wait for the head is in the member's file.
    pub answer_timeout: Duration,
    /// How long an unused connection to a member is kept.
    pub idle_timeout: Duration,
    /// Unused connections kept to one member; 0: a new one for each attempt.
    pub idle_connections_per_member_max: usize,
    /// Longest answer read, in bytes; what is longer is cut there and its connection closed.
    pub answer_bytes_max: usize,
    /// Most entries of one mailbox reserved at once.
    pub reserved_entries_per_member_max: usize,
    /// Most deliveries a member may have asked for again that were not sent since.
    pub resends_waiting_per_member_max: u32,
    /// Time since the last attempt at a delivery before its target may ask for it again.
    pub resend_pause: Duration,
    /// A source gets at most one digest about a target in this time.
    pub digest_period: Duration,
    /// Most deliveries a digest names; it counts the rest.
    pub digest_entries_max: u32,
    /// Most notices to a source about a target in a digest's period; what comes then is for the digest.
    pub notices_per_period_max: u32,
    /// How long a delivery waits before its source is told.
    pub delay_told_after: Duration,
    /// When the source is told again, while it still waits.
    pub delay_told_again: Duration,
}

impl Config {
    /// How much a source is told of one target.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            period: self.digest_period,
            notices_max: self.notices_per_period_max,
            entries_max: self.digest_entries_max,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window_deliveries_max: 16,
            sweep_period: Duration::from_secs(60),
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(15),
            breaker_pause_max: Duration::from_secs(300),
            refusals_in_a_row_max: 5,
            stall_max: Duration::from_secs(300),
            clock_step_max: Duration::from_secs(3_600),
            connect_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            idle_connections_per_member_max: 32,
            answer_bytes_max: 64 * 1024,
            reserved_entries_per_member_max: 1_000,
            resends_waiting_per_member_max: 100,
            resend_pause: Duration::from_secs(10),
            digest_period: Duration::from_secs(3_600),
            digest_entries_max: 100,
            notices_per_period_max: 100,
            delay_told_after: Duration::from_secs(3_600),
            delay_told_again: Duration::from_secs(24 * 3_600),
        }
    }
}
