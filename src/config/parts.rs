//! The settings by part, each with its default; meaning and range stand in `default.toml`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Where and how members connect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listen {
    /// Address and port.
    pub address: SocketAddr,
    /// Longest TLS handshake.
    pub handshake_timeout: Duration,
    /// Longest wait for a whole request, and for its answer.
    pub request_timeout: Duration,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one network address.
    pub connections_per_peer_max: usize,
    /// Largest request body.
    pub body_bytes_max: usize,
    /// Memory for request bodies under way.
    pub bodies_in_flight_bytes_max: usize,
    /// Largest request head.
    pub header_bytes_max: usize,
}

/// The hub's own leaves and keys; paths of PEM files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Folder of anchors, leaves and keys.
    pub certs: PathBuf,
    /// Leaf shown to members that connect.
    pub leaf: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Leaf shown to members the hub delivers to.
    pub client_leaf: PathBuf,
    /// Its private key.
    pub client_key: PathBuf,
    /// Private key that signs receipts.
    pub receipt_key: PathBuf,
}

/// Where the region stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// Folder of members, agreements and formats.
    pub folder: PathBuf,
}

/// The store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Folder of the database.
    pub folder: PathBuf,
    /// Writes that may wait for the writer.
    pub queue_max: usize,
    /// Writes that share one sync.
    pub batch_max: usize,
    /// Connections that only read.
    pub readers: usize,
    /// Size of the write-ahead log at which a checkpoint begins beside normal work.
    pub checkpoint_bytes: u64,
    /// Size of the write-ahead log at which writers wait for a checkpoint.
    pub checkpoint_bytes_max: u64,
    /// Rejections kept per member.
    pub rejections_per_member_max: u64,
}

/// What all lanes share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Deliveries in memory, of all members together.
    pub window_deliveries_max: usize,
    /// Failed attempts in a row that open a member's breaker.
    pub breaker_failures: u32,
    /// How long an open breaker stays open.
    pub breaker_pause: Duration,
    /// Refusals in a row with one code that hold a lane.
    pub refusals_in_a_row_max: u32,
    /// Largest answer of a member that is read.
    pub answer_bytes_max: usize,
    /// Unused connections kept open to one member.
    pub idle_connections_per_member_max: usize,
    /// How long a stopping hub waits for what is under way.
    pub drain_timeout: Duration,
}

/// The log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Log {
    /// Least severity written.
    pub level: LogLevel,
    /// How a line looks.
    pub format: LogFormat,
}

/// Severity of a log line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLevel {
    /// Someone must act.
    Error,
    /// Degraded, but carrying on.
    Warn,
    /// Events of a certificate's life.
    Info,
    /// For inquiry.
    Debug,
    /// For closer inquiry.
    Trace,
}

/// How a log line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

const fn kib(n: usize) -> usize {
    n << 10
}

const fn mib(n: usize) -> usize {
    n << 20
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([0, 0, 0, 0], 8443)),
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            connections_max: 1_024,
            connections_per_peer_max: 128,
            body_bytes_max: mib(2),
            bodies_in_flight_bytes_max: mib(64),
            header_bytes_max: kib(16),
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            certs: "certs".into(),
            leaf: "dev/server.pem".into(),
            key: "dev/server.key".into(),
            client_leaf: "dev/client.pem".into(),
            client_key: "dev/client.key".into(),
            receipt_key: "dev/receipt.key".into(),
        }
    }
}

impl Default for Region {
    fn default() -> Self {
        Self { folder: "partners".into() }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            folder: "data".into(),
            queue_max: 1_024,
            batch_max: 256,
            readers: 4,
            checkpoint_bytes: 16 << 20,
            checkpoint_bytes_max: 256 << 20,
            rejections_per_member_max: 1_000,
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            window_deliveries_max: 2_000,
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(30),
            refusals_in_a_row_max: 5,
            answer_bytes_max: kib(64),
            idle_connections_per_member_max: 8,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: LogLevel::Info, format: LogFormat::Text }
    }
}
