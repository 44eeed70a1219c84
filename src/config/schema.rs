//! The one schema of the settings: used for the defaults, the file, each variable, and the merged whole.
//!
//! A range stands here and, in words, in `default.toml`; a test compares the two. Where a part cannot do more than a
//! constant of its own says, the range ends there.

use std::{net::SocketAddr, num::NonZeroUsize, ops::RangeInclusive, path::PathBuf, time::Duration};

use super::{Config, Identity, Region, alerts};
use crate::{
    console, deliver, intake, listen, observe,
    problem::{Found, nearest, section::Section},
    receipt, store,
    telemetry::{self, otlp},
};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Reads what a file says over `base`; what it does not say stays.
pub(super) fn read(base: &Config, file: &Section<'_>) -> Config {
    Config {
        listen: file.table("listen", |s| listen(&base.listen, s)).unwrap_or_else(|| base.listen.clone()),
        identity: file
            .table("identity", |s| identity(&base.identity, s))
            .unwrap_or_else(|| base.identity.clone()),
        region: file.table("region", |s| region(&base.region, s)).unwrap_or_else(|| base.region.clone()),
        store: file.table("store", |s| store(&base.store, s)).unwrap_or_else(|| base.store.clone()),
        intake: file.table("intake", |s| intake(&base.intake, s)).unwrap_or_else(|| base.intake.clone()),
        delivery: file.table("delivery", |s| delivery(&base.delivery, s)).unwrap_or(base.delivery),
        console: file.table("console", |s| console(&base.console, s)).unwrap_or_else(|| base.console.clone()),
        log: file.table("log", |s| log(&base.log, s)).unwrap_or_else(|| base.log.clone()),
        telemetry: file
            .table("telemetry", |s| observe(&base.telemetry, s))
            .unwrap_or_else(|| base.telemetry.clone()),
        alerts: file
            .table("alerts", |s| alerts::read(&base.alerts, s))
            .unwrap_or_else(|| base.alerts.clone()),
        stated: super::StatedAll::default(),
    }
}

fn listen(base: &listen::Config, section: &Section<'_>) -> listen::Config {
    let seconds = |key, most: Duration, base| time(section, key, Duration::from_secs(1)..=most, base);
    let wait = |key, most: Duration, base| time(section, key, Duration::ZERO..=most, base);
    let body_bytes_most = u64::try_from(store::BODY_BYTES_MAX).unwrap_or(u64::MAX);
    let entries_most = u64::try_from(deliver::inbox::ENTRIES_MAX).unwrap_or(u64::MAX);
    listen::Config {
        address: address(section).unwrap_or(base.address),
        connections_max: count(section, "connections_max", 1..=100_000, base.connections_max),
        strangers_max: count(section, "strangers_max", 0..=100_000, base.strangers_max),
        handshakes_max: count(section, "handshakes_max", 1..=100_000, base.handshakes_max),
        handshakes_per_address_max: count(
            section,
            "handshakes_per_address_max",
            1..=100_000,
            base.handshakes_per_address_max,
        ),
        handshake_timeout: seconds("handshake_timeout", MINUTE, base.handshake_timeout),
        header_read_timeout: seconds("header_read_timeout", 5 * MINUTE, base.header_read_timeout),
        body_read_timeout: seconds("body_read_timeout", 5 * MINUTE, base.body_read_timeout),
        body_grace: seconds("body_grace", MINUTE, base.body_grace),
        body_bytes_per_second_min: size(
            section,
            "body_bytes_per_second_min",
            0..=MIB,
            base.body_bytes_per_second_min,
        ),
        body_room_timeout: wait("body_room_timeout", MINUTE, base.body_room_timeout),
        request_timeout: seconds("request_timeout", 5 * MINUTE, base.request_timeout),
        idle_timeout: seconds("idle_timeout", HOUR, base.idle_timeout),
        long_poll_max: wait("long_poll_max", receipt::WAIT_MAX, base.long_poll_max),
        stop_notice: wait("stop_notice", 5 * MINUTE, base.stop_notice),
        drain_timeout: wait("drain_timeout", 10 * MINUTE, base.drain_timeout),
        body_bytes_max: size(section, "body_bytes_max", KIB..=body_bytes_most, base.body_bytes_max),
        bodies_in_flight_bytes_max: size(
            section,
            "bodies_in_flight_bytes_max",
            MIB..=4 * GIB,
            base.bodies_in_flight_bytes_max,
        ),
        member_bodies_bytes_max: size(
            section,
            "member_bodies_bytes_max",
            MIB..=4 * GIB,
            base.member_bodies_bytes_max,
        ),
        reserved_bodies_bytes_max: size(
            section,
            "reserved_bodies_bytes_max",
            0..=4 * GIB,
            base.reserved_bodies_bytes_max,
        ),
        header_bytes_max: size(section, "header_bytes_max", 8 * KIB..=256 * KIB, base.header_bytes_max),
        header_lines_max: count(section, "header_lines_max", 16..=1_000, base.header_lines_max),
        streams_max: count(section, "streams_max", 1..=1_000, base.streams_max),
        inbox_entries_max: count(section, "inbox_entries_max", 1..=entries_most, base.inbox_entries_max),
        inbox_bytes_max: size(section, "inbox_bytes_max", KIB..=256 * MIB, base.inbox_bytes_max),
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
        retired_receipt_keys: path("retired_receipt_keys", &base.retired_receipt_keys),
    }
}

fn region(base: &Region, section: &Section<'_>) -> Region {
    Region { folder: path(section, "folder").unwrap_or_else(|| base.folder.clone()) }
}

fn store(base: &store::Config, section: &Section<'_>) -> store::Config {
    store::Config {
        folder: path(section, "folder").unwrap_or_else(|| base.folder.clone()),
        encrypted_volume_required: section
            .flag("encrypted_volume_required")
            .unwrap_or(base.encrypted_volume_required),
        engine: engine(section).unwrap_or(base.engine),
        queue_operations_max: count(section, "queue_operations_max", 1..=100_000, base.queue_operations_max),
        batch_operations_max: count(section, "batch_operations_max", 1..=10_000, base.batch_operations_max),
        readers_max: count(section, "readers_max", 1..=64, base.readers_max),
        checkpoint_bytes: size(section, "checkpoint_bytes", MIB..=GIB, base.checkpoint_bytes),
        log_bytes_max: size(section, "log_bytes_max", MIB..=4 * GIB, base.log_bytes_max),
        rejections_per_member_max: count(
            section,
            "rejections_per_member_max",
            0..=1_000_000,
            base.rejections_per_member_max,
        ),
        free_bytes_min: size(section, "free_bytes_min", 0..=64 * GIB, base.free_bytes_min),
        free_percent_min: count(section, "free_percent_min", 0..=50, base.free_percent_min),
        accept_wait_max: time(
            section,
            "accept_wait_max",
            Duration::from_millis(100)..=MINUTE,
            base.accept_wait_max,
        ),
    }
}

fn intake(base: &intake::Config, section: &Section<'_>) -> intake::Config {
    let at_once = base.documents_at_once_max.map_or(0, NonZeroUsize::get);
    let at_once = count(section, "documents_at_once_max", 0..=1_000, at_once);
    intake::Config {
        documents_at_once_max: NonZeroUsize::new(at_once),
        limits: base.limits.clone(),
        attachments: attachments(&base.attachments, section),
        parked_per_member_max: intake::ParkedMax(count(
            section,
            "parked_per_member_max",
            1..=1_000_000,
            base.parked_per_member_max.0,
        )),
    }
}

fn attachments(base: &intake::attachment::Limits, section: &Section<'_>) -> intake::attachment::Limits {
    let bytes_most = u64::try_from(store::BODY_BYTES_MAX).unwrap_or(u64::MAX);
    let most = u64::try_from(listen::ATTACHMENTS_MAX).unwrap_or(u64::MAX);
    intake::attachment::Limits {
        attachment_bytes_max: size(
            section,
            "attachment_bytes_max",
            KIB..=bytes_most,
            base.attachment_bytes_max,
        ),
        attachments_per_message_max: count(
            section,
            "attachments_per_message_max",
            0..=most,
            base.attachments_per_message_max,
        ),
        loose_attachment_bytes_per_member_max: size(
            section,
            "loose_attachment_bytes_per_member_max",
            KIB..=64 * GIB,
            base.loose_attachment_bytes_per_member_max,
        ),
        loose_attachment_age_max: time(
            section,
            "loose_attachment_age_max",
            HOUR..=365 * 24 * HOUR,
            base.loose_attachment_age_max,
        ),
    }
}

fn delivery(base: &deliver::Config, section: &Section<'_>) -> deliver::Config {
    let second = Duration::from_secs(1);
    let window_most = u64::from(store::READ_ROWS_MAX);
    deliver::Config {
        window_deliveries_max: count(
            section,
            "window_deliveries_max",
            1..=window_most,
            base.window_deliveries_max,
        ),
        sweep_period: time(section, "sweep_period", second..=HOUR, base.sweep_period),
        breaker_failures: count(section, "breaker_failures", 1..=1_000, base.breaker_failures),
        breaker_pause: time(section, "breaker_pause", second..=HOUR, base.breaker_pause),
        breaker_pause_max: time(section, "breaker_pause_max", second..=HOUR, base.breaker_pause_max),
        refusals_in_a_row_max: count(section, "refusals_in_a_row_max", 1..=1_000, base.refusals_in_a_row_max),
        stall_max: time(section, "stall_max", 2 * MINUTE..=24 * HOUR, base.stall_max),
        clock_step_max: time(section, "clock_step_max", MINUTE..=24 * HOUR, base.clock_step_max),
        connect_timeout: time(section, "connect_timeout", second..=MINUTE, base.connect_timeout),
        handshake_timeout: time(section, "handshake_timeout", second..=MINUTE, base.handshake_timeout),
        send_timeout: time(section, "send_timeout", second..=5 * MINUTE, base.send_timeout),
        answer_timeout: time(section, "answer_timeout", second..=5 * MINUTE, base.answer_timeout),
        idle_timeout: time(section, "idle_timeout", second..=HOUR, base.idle_timeout),
        idle_connections_per_member_max: count(
            section,
            "idle_connections_per_member_max",
            0..=256,
            base.idle_connections_per_member_max,
        ),
        answer_bytes_max: size(section, "answer_bytes_max", KIB..=MIB, base.answer_bytes_max),
        reserved_entries_per_member_max: count(
            section,
            "reserved_entries_per_member_max",
            1..=1_000,
            base.reserved_entries_per_member_max,
        ),
        resends_waiting_per_member_max: count(
            section,
            "resends_waiting_per_member_max",
            1..=1_000,
            base.resends_waiting_per_member_max,
        ),
        resend_pause: time(section, "resend_pause", Duration::ZERO..=HOUR, base.resend_pause),
        digest_period: time(section, "digest_period", MINUTE..=24 * HOUR, base.digest_period),
        digest_entries_max: count(section, "digest_entries_max", 1..=1_000, base.digest_entries_max),
        notices_per_period_max: count(
            section,
            "notices_per_period_max",
            0..=10_000,
            base.notices_per_period_max,
        ),
        delay_told_after: time(section, "delay_told_after", MINUTE..=24 * HOUR, base.delay_told_after),
        delay_told_again: time(section, "delay_told_again", HOUR..=7 * 24 * HOUR, base.delay_told_again),
    }
}

fn console(base: &console::Config, section: &Section<'_>) -> console::Config {
    // An empty text turns off what it names.
    let optional = |key: &str, base: &Option<PathBuf>| match section.text(key) {
        None => base.clone(),
        Some(found) => Some(found.value).filter(|path| !path.is_empty()).map(PathBuf::from),
    };
    let address = match section.text("address") {
        None => base.address,
        Some(found) if found.value.is_empty() => None,
        Some(found) => parsed(section, &found),
    };
    console::Config {
        address,
        leaf: optional("leaf", &base.leaf),
        key: optional("key", &base.key),
        session_idle: time(section, "session_idle", MINUTE..=24 * HOUR, base.session_idle),
        session_max: time(section, "session_max", 5 * MINUTE..=7 * 24 * HOUR, base.session_max),
        content_operators: count(section, "content_operators", 1..=2, base.content_operators),
    }
}

fn log(base: &telemetry::Config, section: &Section<'_>) -> telemetry::Config {
    let forms = [("text", telemetry::Form::Text), ("json", telemetry::Form::Json)];
    telemetry::Config {
        level: filter(section).unwrap_or_else(|| base.level.clone()),
        form: section.choice("format", &forms).unwrap_or(base.form),
    }
}

fn observe(base: &observe::Config, section: &Section<'_>) -> observe::Config {
    let address = match section.text("address") {
        None => base.address,
        Some(found) if found.value.is_empty() => None,
        Some(found) => parsed(section, &found),
    };
    let age = Duration::from_secs(1)..=5 * MINUTE;
    observe::Config {
        address,
        state_age_max: time(section, "state_age_max", age, base.state_age_max),
        otlp: otlp::Config {
            endpoint: collector(section).unwrap_or_else(|| base.otlp.endpoint.clone()),
            sampled_percent: count(section, "otlp_sampled_percent", 0..=100, base.otlp.sampled_percent),
        },
    }
}

/// Who is told of spans: `None` where nothing is said, `Some(None)` for nobody.
fn collector(section: &Section<'_>) -> Option<Option<otlp::Endpoint>> {
    let found = section.text("otlp_endpoint")?;
    let endpoint = otlp::Endpoint::of(&found.value);
    if found.value.is_empty() || otlp::BUILT && endpoint.is_some() {
        return Some(endpoint);
    }
    section.add(match otlp::BUILT {
        false => found.spot.problem("this build does not have otlp").hint(otlp::BUILD),
        true => found
            .spot
            .problem(format!("\"{}\" is not a plain http URL with a port", found.value))
            .hint("write it as \"http://127.0.0.1:4318\""),
    });
    None
}

fn filter(section: &Section<'_>) -> Option<String> {
    let found = section.text("level")?;
    let Some(part) = telemetry::unreadable(&found.value) else { return Some(found.value) };
    let levels = || format!("write a level ({}) or module=level", telemetry::LEVELS.join(", "));
    let level = part.rsplit('=').next().unwrap_or_default();
    let hint = nearest(level, telemetry::LEVELS).unwrap_or_else(levels);
    section.add(found.spot.problem(format!("\"{part}\" is no level and no module=level")).hint(hint));
    None
}

fn address(section: &Section<'_>) -> Option<SocketAddr> {
    parsed(section, &section.text("address")?)
}

fn parsed(section: &Section<'_>, found: &Found<String>) -> Option<SocketAddr> {
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

fn engine(section: &Section<'_>) -> Option<store::Kind> {
    let found = section.text("engine")?;
    let kind = store::Kind::of(&found.value);
    if kind.is_none() {
        section.add(match found.value.as_str() {
            store::SLED => found.spot.problem("this build does not have sled").hint(store::SLED_BUILD),
            other => found.spot.problem(format!("\"{other}\" is no engine")).hint("use one of: sqlite, sled"),
        });
    }
    kind
}

pub(super) fn count<T: TryFrom<u64>>(
    section: &Section<'_>,
    key: &str,
    range: RangeInclusive<u64>,
    base: T,
) -> T {
    section.count(key, range).and_then(|number| T::try_from(number).ok()).unwrap_or(base)
}

pub(super) fn size<T: TryFrom<u64>>(
    section: &Section<'_>,
    key: &str,
    range: RangeInclusive<u64>,
    base: T,
) -> T {
    section.size(key, range).and_then(|bytes| T::try_from(bytes).ok()).unwrap_or(base)
}

pub(super) fn time(
    section: &Section<'_>,
    key: &str,
    range: RangeInclusive<Duration>,
    base: Duration,
) -> Duration {
    section.duration(key, range).unwrap_or(base)
}
