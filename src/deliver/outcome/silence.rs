//! What it is called when no answer came, or not all of it.

use std::{fmt, net::IpAddr, time::Duration};

use crate::problem::unit::{duration_text, size_text};

/// A phase of an exchange; each has its own deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Resolving the name and connecting.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Waiting for a connection, or for a stream on one that others use as well.
    Turn,
    /// Sending the delivery.
    Send,
    /// Waiting for the head of an answer.
    Head,
    /// Reading the answer's body.
    Body,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 6] =
        [Self::Connect, Self::Handshake, Self::Turn, Self::Send, Self::Head, Self::Body];

    /// What did not come about.
    fn missed(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::Handshake => "no TLS handshake",
            Self::Turn => "no connection or stream free",
            Self::Send => "the delivery was not taken",
            Self::Head => "no answer",
            Self::Body => "no end of the answer",
        }
    }
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Silence {
    /// The name was not resolved, or nobody took the connection.
    Unreachable(String),
    /// The name stands for an address that the member's file does not mean.
    Elsewhere(IpAddr),
    /// The TLS handshake failed.
    Tls(String),
    /// The deadline of a phase passed.
    Timeout(Phase, Duration),
    /// The connection broke before the head of an answer.
    Broken(String),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(cause) => write!(f, "unreachable: {cause}"),
            Self::Elsewhere(address) => write!(f, "elsewhere: the name stands for {address}"),
            Self::Tls(cause) => write!(f, "tls: {cause}"),
            Self::Timeout(phase, after) => {
                write!(f, "timeout: {} within {}", phase.missed(), duration_text(*after))
            }
            Self::Broken(cause) => write!(f, "broken: {cause}"),
        }
    }
}

/// Why an answer is incomplete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// It has more bytes than are read.
    Long(usize),
    /// It did not end in time.
    Slow(Duration),
    /// It broke off.
    Broken,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long(bytes) => write!(f, "answer-cut: over {}", size_text(*bytes as u64)),
            Self::Slow(after) => {
                write!(f, "answer-cut: {} within {}", Phase::Body.missed(), duration_text(*after))
            }
            Self::Broken => f.write_str("answer-cut: broken off"),
        }
    }
}
