//! The one schema of the settings: used for the defaults, the file, each variable, and the merged whole.

use std::{path::PathBuf, time::Duration};

use super::Config;
use super::parts::{Delivery, Identity, Listen, Log, LogFormat, LogLevel, Region, Store};
use crate::problem::{section::Section, unit::size_text};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Reads what a file says over `base`; what it does not say stays.
pub(super) fn read(base: &Config, file: &Section<'_>) -> Config {
    Config {
        listen: file.table("listen", |s| listen(&base.listen, s)).unwrap_or_else(|| base.listen.clone()),
        identity: file
            .table("identity", |s| identity(&base.identity, s))
            .unwrap_or_else(|| base.identity.clone()),
        region: file.table("region", |s| region(&base.region, s)).unwrap_or_else(|| base.region.clone()),
        store: file.table("store", |s| store(&base.store, s)).unwrap_or_else(|| base.store.clone()),
        delivery: file
            .table("delivery", |s| delivery(&base.delivery, s))
            .unwrap_or_else(|| base.delivery.clone()),
        log: file.table("log", |s| log(&base.log, s)).unwrap_or(base.log),
    }
}

/// What only shows in the whole: section, key, reason.
pub(super) fn check(config: &Config) -> Vec<(&'static str, &'static str, String)> {
    let Config { listen, store, .. } = config;
    let size = |bytes: usize| size_text(u64::try_from(bytes).unwrap_or(u64::MAX));
    let mut wrong = Vec::new();
    if listen.connections_per_peer_max > listen.connections_max {
        let reason = format!(
            "{} is more than connections_max: {}",
            listen.connections_per_peer_max, listen.connections_max
        );
        wrong.push(("listen", "connections_per_peer_max", reason));
    }
    if listen.bodies_in_flight_bytes_max < listen.body_bytes_max {
        let reason = format!(
            "{} is less than body_bytes_max: {}",
            size(listen.bodies_in_flight_bytes_max),
            size(listen.body_bytes_max)
        );
        wrong.push(("listen", "bodies_in_flight_bytes_max", reason));
    }
    if store.batch_max > store.queue_max {
        let reason = format!("{} is more than queue_max: {}", store.batch_max, store.queue_max);
        wrong.push(("store", "batch_max", reason));
    }
    if store.checkpoint_bytes_max < store.checkpoint_bytes {
        let reason = format!(
            "{} is less than checkpoint_bytes: {}",
            size_text(store.checkpoint_bytes_max),
            size_text(store.checkpoint_bytes)
        );
        wrong.push(("store", "checkpoint_bytes_max", reason));
    }
    wrong
}

fn listen(base: &Listen, section: &Section<'_>) -> Listen {
    let seconds = |low, high| Duration::from_secs(low)..=Duration::from_secs(high);
    let size = |key, low, high, base| bytes(section, key, (low, high)).unwrap_or(base);
    Listen {
        address: address(section).unwrap_or(base.address),
        handshake_timeout: section
            .duration("handshake_timeout", seconds(1, 60))
            .unwrap_or(base.handshake_timeout),
        request_timeout: section.duration("request_timeout", seconds(1, 300)).unwrap_or(base.request_timeout),
        connections_max: number(section, "connections_max", (1, 100_000)).unwrap_or(base.connections_max),
        connections_per_peer_max: number(section, "connections_per_peer_max", (1, 100_000))
            .unwrap_or(base.connections_per_peer_max),
        body_bytes_max: size("body_bytes_max", KIB, 64 * MIB, base.body_bytes_max),
        bodies_in_flight_bytes_max: size(
            "bodies_in_flight_bytes_max",
            MIB,
            4 * GIB,
            base.bodies_in_flight_bytes_max,
        ),
        header_bytes_max: size("header_bytes_max", 8 * KIB, 256 * KIB, base.header_bytes_max),
    }
}

fn identity(base: &Identity, section: &Section<'_>) -> Identity {
    let path = |key, base: &PathBuf| path(section, key).unwrap_or_else(|| base.clone());
    Identity {
        certs: path("certs", &base.certs),
        leaf: path("leaf", &base.leaf),
        key: path("key", &base.key),
        client_leaf: path("client_leaf", &base.client_leaf),
        client_key: path("client_key", &base.client_key),
        receipt_key: path("receipt_key", &base.receipt_key),
    }
}

fn region(base: &Region, section: &Section<'_>) -> Region {
    Region { folder: path(section, "folder").unwrap_or_else(|| base.folder.clone()) }
}

fn store(base: &Store, section: &Section<'_>) -> Store {
    Store {
        folder: path(section, "folder").unwrap_or_else(|| base.folder.clone()),
        queue_max: number(section, "queue_max", (1, 100_000)).unwrap_or(base.queue_max),
        batch_max: number(section, "batch_max", (1, 10_000)).unwrap_or(base.batch_max),
        readers: number(section, "readers", (1, 64)).unwrap_or(base.readers),
        checkpoint_bytes: section.size("checkpoint_bytes", MIB..=GIB).unwrap_or(base.checkpoint_bytes),
        checkpoint_bytes_max: section
            .size("checkpoint_bytes_max", MIB..=4 * GIB)
            .unwrap_or(base.checkpoint_bytes_max),
        rejections_per_member_max: section
            .count("rejections_per_member_max", 0..=1_000_000)
            .unwrap_or(base.rejections_per_member_max),
    }
}

fn delivery(base: &Delivery, section: &Section<'_>) -> Delivery {
    let count =
        |key, base: u32| section.count(key, 1..=1_000).and_then(|n| u32::try_from(n).ok()).unwrap_or(base);
    let seconds = |low, high| Duration::from_secs(low)..=Duration::from_secs(high);
    Delivery {
        window_deliveries_max: number(section, "window_deliveries_max", (1, 100_000))
            .unwrap_or(base.window_deliveries_max),
        breaker_failures: count("breaker_failures", base.breaker_failures),
        breaker_pause: section.duration("breaker_pause", seconds(1, 3_600)).unwrap_or(base.breaker_pause),
        refusals_in_a_row_max: count("refusals_in_a_row_max", base.refusals_in_a_row_max),
        answer_bytes_max: bytes(section, "answer_bytes_max", (KIB, MIB)).unwrap_or(base.answer_bytes_max),
        idle_connections_per_member_max: number(section, "idle_connections_per_member_max", (0, 256))
            .unwrap_or(base.idle_connections_per_member_max),
        drain_timeout: section.duration("drain_timeout", seconds(0, 600)).unwrap_or(base.drain_timeout),
    }
}

fn log(base: &Log, section: &Section<'_>) -> Log {
    let levels = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    Log {
        level: section.choice("level", &levels).unwrap_or(base.level),
        format: section
            .choice("format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])
            .unwrap_or(base.format),
    }
}

fn address(section: &Section<'_>) -> Option<std::net::SocketAddr> {
    let found = section.text("address")?;
    let address = found.value.parse().ok();
    if address.is_none() {
        let problem = found.spot.problem(format!("\"{}\" is not an address and port", found.value));
        section.add(problem.hint("write it as \"0.0.0.0:8443\" or \"[::]:8443\""));
    }
    address
}

fn path(section: &Section<'_>, key: &str) -> Option<PathBuf> {
    let found = section.text(key)?;
    if found.value.is_empty() {
        section.add(found.spot.problem("must name a path"));
        return None;
    }
    Some(found.value.into())
}

fn number(section: &Section<'_>, key: &str, (low, high): (u64, u64)) -> Option<usize> {
    section.count(key, low..=high).and_then(|number| usize::try_from(number).ok())
}

fn bytes(section: &Section<'_>, key: &str, (low, high): (u64, u64)) -> Option<usize> {
    section.size(key, low..=high).and_then(|size| usize::try_from(size).ok())
}
