//! What only shows in the whole: a setting that makes another one useless or impossible.

use super::Config;
use crate::problem::unit::{duration_text, size_text};

/// A setting that does not fit another: section, key, reason.
pub(super) type Misfit = (&'static str, &'static str, String);

/// Every setting that does not fit another.
pub(super) fn check(config: &Config) -> Vec<Misfit> {
    let mut wrong = listen(config);
    wrong.extend(intake(config));
    wrong.extend(store(config));
    wrong.extend(delivery(config));
    wrong.extend(alerts(config));
    wrong.extend(console(config));
    wrong
}

fn listen(config: &Config) -> Vec<Misfit> {
    let listen = &config.listen;
    let (handshakes, request) = (listen.handshakes_max, listen.request_timeout);
    let of_one = listen.handshakes_per_address_max;
    let body = usize::try_from(listen.body_bytes_max).unwrap_or(usize::MAX);
    let (member, all) = (listen.member_bodies_bytes_max, listen.bodies_in_flight_bytes_max);
    let misfits = [
        more(("handshakes_per_address_max", of_one), ("handshakes_max", handshakes), plain),
        more(("body_read_timeout", listen.body_read_timeout), ("request_timeout", request), duration_text),
        more(("body_room_timeout", listen.body_room_timeout), ("request_timeout", request), duration_text),
        less(("member_bodies_bytes_max", member), ("body_bytes_max", body), bytes),
        less(("bodies_in_flight_bytes_max", all), ("member_bodies_bytes_max", member), bytes),
    ];
    within("listen", misfits)
}

fn intake(config: &Config) -> Vec<Misfit> {
    let limits = &config.intake.attachments;
    let one = limits.attachment_bytes_max;
    let room = u32::try_from(config.listen.member_bodies_bytes_max).unwrap_or(u32::MAX);
    let loose = limits.loose_attachment_bytes_per_member_max;
    let misfits = [
        more(("attachment_bytes_max", one), ("listen.member_bodies_bytes_max", room), |n| {
            size_text(n.into())
        }),
        less(
            ("loose_attachment_bytes_per_member_max", loose),
            ("attachment_bytes_max", one.into()),
            size_text,
        ),
    ];
    within("intake", misfits)
}

fn store(config: &Config) -> Vec<Misfit> {
    let store = &config.store;
    let (batch, queue) = (store.batch_operations_max, store.queue_operations_max);
    let (log, checkpoint) = (store.log_bytes_max, store.checkpoint_bytes);
    // A log at its largest, and the database grown by what it holds: more than that is never written between two looks.
    let reserve = if store.free_bytes_min == 0 { u64::MAX } else { store.free_bytes_min };
    let misfits = [
        less(("free_bytes_min", reserve), ("twice log_bytes_max", log.saturating_mul(2)), size_text),
        more(("batch_operations_max", batch), ("queue_operations_max", queue), plain),
        less(("log_bytes_max", log), ("checkpoint_bytes", checkpoint), size_text),
    ];
    within("store", misfits)
}

fn delivery(config: &Config) -> Vec<Misfit> {
    let (first, longest) = (config.delivery.breaker_pause, config.delivery.breaker_pause_max);
    within("delivery", [less(("breaker_pause_max", longest), ("breaker_pause", first), duration_text)])
}

fn alerts(config: &Config) -> Vec<Misfit> {
    let alerts = &config.alerts;
    let (notice, warning) = (alerts.identity_notice, alerts.identity_warning);
    let unproven = !alerts.webhook_url.is_empty() && alerts.webhook_anchors.as_os_str().is_empty();
    let anchors = "names no file, and the server of webhook_url must chain to an anchor in one".to_owned();
    let misfits = [
        more(("identity_warning", warning), ("identity_notice", notice), duration_text),
        more(("identity_critical", alerts.identity_critical), ("identity_warning", warning), duration_text),
        unproven.then_some(("webhook_anchors", anchors)),
    ];
    within("alerts", misfits)
}

fn console(config: &Config) -> Vec<Misfit> {
    let console = &config.console;
    let open = console.address.filter(|address| !address.ip().is_loopback());
    let bare = match (&console.leaf, &console.key) {
        (None, None) => open.map(|address| {
            ("address", format!("{address} is not loopback: the console takes a leaf and a key there"))
        }),
        (Some(_), None) => Some(("leaf", "has no key: set console.key as well".to_owned())),
        (None, Some(_)) => Some(("key", "has no leaf: set console.leaf as well".to_owned())),
        (Some(_), Some(_)) => None,
    };
    let (idle, longest) = (console.session_idle, console.session_max);
    within("console", [bare, less(("session_max", longest), ("session_idle", idle), duration_text)])
}

fn within<const N: usize>(
    section: &'static str,
    misfits: [Option<(&'static str, String)>; N],
) -> Vec<Misfit> {
    misfits.into_iter().flatten().map(|(key, reason)| (section, key, reason)).collect()
}

fn more<T: PartialOrd + Copy>(
    (key, value): (&'static str, T),
    (other, most): (&str, T),
    text: fn(T) -> String,
) -> Option<(&'static str, String)> {
    (value > most).then(|| (key, format!("{} is more than {other}: {}", text(value), text(most))))
}

fn less<T: PartialOrd + Copy>(
    (key, value): (&'static str, T),
    (other, least): (&str, T),
    text: fn(T) -> String,
) -> Option<(&'static str, String)> {
    (value < least).then(|| (key, format!("{} is less than {other}: {}", text(value), text(least))))
}

fn plain(number: usize) -> String {
    number.to_string()
}

fn bytes(number: usize) -> String {
    size_text(u64::try_from(number).unwrap_or(u64::MAX))
}
