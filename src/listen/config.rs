//! Address and limits of the door, each with its default.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Port of the members' door where none is configured.
const PORT: u16 = 8443;

/// The door's address and every limit of it; read at start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Where the door listens; the hub binds it and hands over the socket. This machine alone where none is configured.
    pub address: SocketAddr,
    /// Connections of members at once; past it, one more is told to come again. A member's own cap is in its file.
    pub connections_max: usize,
    /// Connections at once of peers that are no members, or members past a cap; past it, they are dropped after the
    /// handshake.
    pub strangers_max: usize,
    /// Connections at once that have not done their handshake; past it, the oldest of them is dropped.
    pub handshakes_max: usize,
    /// The same from one address, an IPv6 network of 64 bits being one.
    pub handshakes_per_address_max: usize,
    /// Longest TLS handshake.
    pub handshake_timeout: Duration,
    /// Longest wait for a whole request head on HTTP/1.1, counted from the end of the answer before it.
    pub header_read_timeout: Duration,
    /// Longest wait for a whole body, once it is asked for.
    pub body_read_timeout: Duration,
    /// In each stretch of so long, a body comes on by [`Config::body_bytes_per_second_min`].
    pub body_grace: Duration,
    /// Least bytes a second of a body; 0: it may take [`Config::body_read_timeout`] as it likes.
    pub body_bytes_per_second_min: u32,
    /// Longest wait for room in [`Config::member_bodies_bytes_max`] and [`Config::bodies_in_flight_bytes_max`].
    pub body_room_timeout: Duration,
    /// Longest time from head to answer; the wait of a long poll comes on top.
    pub request_timeout: Duration,
    /// Longest time a connection stays open without a request under way.
    pub idle_timeout: Duration,
    /// Longest `Prefer: wait`; more is taken as this.
    pub long_poll_max: Duration,
    /// Time from the word to stop until the door closes, in which a ping says so and everything else goes on.
    pub stop_notice: Duration,
    /// Time for requests under way to finish once a connection is to close; then it is cut. A hub that stops waits as
    /// long for everything under way.
    pub drain_timeout: Duration,
    /// Longest body of a push, in bytes.
    pub body_bytes_max: u32,
    /// Bytes of bodies held at once, over all members; taken before a body is read.
    pub bodies_in_flight_bytes_max: usize,
    /// Bytes of bodies of one member held at once, so that a slow one leaves room for the others.
    pub member_bodies_bytes_max: usize,
    /// Further bytes of bodies, for a member that holds none: one slow body of each of the others leaves it room.
    pub reserved_bodies_bytes_max: usize,
    /// Longest request head, in bytes; HTTP/1.1 has at least 8 KiB.
    pub header_bytes_max: u32,
    /// Most header lines of an HTTP/1.1 request.
    pub header_lines_max: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams_max: u32,
    /// Most entries one look into the mailbox gives.
    pub inbox_entries_max: usize,
    /// Bytes of bodies after which a mailbox answer takes no further entry.
    pub inbox_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            connections_max: 2048,
            strangers_max: 64,
            handshakes_max: 512,
            handshakes_per_address_max: 128,
            handshake_timeout: Duration::from_secs(10),
            header_read_timeout: Duration::from_secs(30),
            body_read_timeout: Duration::from_secs(30),
            body_grace: Duration::from_secs(5),
            body_bytes_per_second_min: 1024,
            body_room_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(120),
            long_poll_max: Duration::from_secs(60),
            stop_notice: Duration::ZERO,
            drain_timeout: Duration::from_secs(30),
            body_bytes_max: 2 * 1024 * 1024,
            bodies_in_flight_bytes_max: 64 * 1024 * 1024,
            member_bodies_bytes_max: 16 * 1024 * 1024,
            reserved_bodies_bytes_max: 16 * 1024 * 1024,
            header_bytes_max: 16 * 1024,
            header_lines_max: 64,
            streams_max: 32,
            inbox_entries_max: 100,
            inbox_bytes_max: 8 * 1024 * 1024,
        }
    }
}
