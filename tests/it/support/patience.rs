//! How long a test waits, and a hub under test: on a machine whose disk stalls, whose processor is slow, or that stands
//! still for a while, no deadline passes that a test is not about.

use std::{fmt, time::Duration};

use coohub::{config, deliver};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::door;

/// Longest wait for something that must happen; far more than it takes, also on a machine whose disk stalls.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
/// Pause between two looks at what cannot be waited for.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// What a look finds, once it finds anything; it is looked again and again, and after [`PATIENCE`] it is said what was
/// waited for. For a state that is written down at the end: `fmt::from_fn`.
pub(crate) async fn until<T>(what: impl fmt::Display, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    match tokio::time::timeout(PATIENCE, found).await {
        Ok(found) => found,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// Turns of a clock that runs fast, none of which is made up for: a process that stood still leaves the hub its time
/// between any two.
pub(crate) fn ticks() -> Interval {
    let mut ticks = interval(Duration::from_millis(2));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// As [`be_patient`], in the environment, for a hub in a process of its own.
pub(crate) const PATIENT: [(&str, &str); 12] = [
    ("COOHUB__LISTEN__HANDSHAKE_TIMEOUT", "1m"),
    ("COOHUB__LISTEN__HEADER_READ_TIMEOUT", "5m"),
    ("COOHUB__LISTEN__REQUEST_TIMEOUT", "5m"),
    ("COOHUB__LISTEN__BODY_READ_TIMEOUT", "5m"),
    ("COOHUB__LISTEN__BODY_GRACE", "1m"),
    ("COOHUB__LISTEN__DRAIN_TIMEOUT", "10m"),
    ("COOHUB__STORE__ACCEPT_WAIT_MAX", "1m"),
    ("COOHUB__STORE__FREE_BYTES_MIN", "0 B"),
    ("COOHUB__STORE__FREE_PERCENT_MIN", "0"),
    ("COOHUB__DELIVERY__CONNECT_TIMEOUT", "1m"),
    ("COOHUB__DELIVERY__HANDSHAKE_TIMEOUT", "1m"),
    ("COOHUB__DELIVERY__ANSWER_TIMEOUT", "5m"),
];

/// No machine is so slow, and no disk so full, that a limit is met that a test is not about.
pub(crate) fn be_patient(config: &mut config::Config) {
    config.listen = door::patient(config.listen.clone());
    config.listen.drain_timeout = PATIENCE;
    config.store.accept_wait_max = PATIENCE;
    (config.store.free_bytes_min, config.store.free_percent_min) = (0, 0);
    config.delivery = patient(config.delivery);
}

/// The same for what members are sent.
pub(crate) fn patient(config: deliver::Config) -> deliver::Config {
    deliver::Config {
        connect_timeout: PATIENCE,
        handshake_timeout: PATIENCE,
        send_timeout: PATIENCE,
        answer_timeout: PATIENCE,
        ..config
    }
}
