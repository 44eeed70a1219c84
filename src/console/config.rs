//! The settings of the console.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Where and how operators open the console.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its address; `None`: there is no console.
    pub address: Option<SocketAddr>,
    /// PEM file of the leaf it shows, with its intermediates; `None`: without TLS, on loopback alone.
    pub leaf: Option<PathBuf>,
    /// PEM file of that leaf's key.
    pub key: Option<PathBuf>,
    /// Longest pause in a session.
    pub session_idle: Duration,
    /// Longest session.
    pub session_max: Duration,
    /// Operators it takes to read the content of a document.
    pub content_operators: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: Some(SocketAddr::from(([127, 0, 0, 1], 9480))),
            leaf: None,
            key: None,
            session_idle: Duration::from_secs(30 * 60),
            session_max: Duration::from_secs(12 * 60 * 60),
            content_operators: 1,
        }
    }
}
