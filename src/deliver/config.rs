//! What all lanes and mailboxes share, each limit with its default; a member's own pace is in its file.

use std::time::Duration;

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
    /// Longest wait for a connection to a member, TLS handshake included.
    pub connect_timeout: Duration,
    /// How long an unused connection to a member is kept.
    pub idle_timeout: Duration,
    /// Unused connections kept to one member; 0: a new one for each attempt.
    pub idle_connections_per_member_max: usize,
    /// Longest answer read, in bytes; what is longer is cut there and its connection closed.
    pub answer_bytes_max: usize,
    /// Most entries of one mailbox reserved at once.
    pub reserved_entries_per_member_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window_deliveries_max: 64,
            sweep_period: Duration::from_secs(60),
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(15),
            breaker_pause_max: Duration::from_secs(300),
            refusals_in_a_row_max: 5,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            idle_connections_per_member_max: 32,
            answer_bytes_max: 64 * 1024,
            reserved_entries_per_member_max: 1_000,
        }
    }
}
