//! One line per figure.

use std::time::Duration;

/// Prints a figure.
pub(crate) fn figure(what: &str, value: impl std::fmt::Display) {
    println!("{what:<44} {value}");
}

/// `p50 / p95 / p99 / max` in milliseconds.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| {
        let last = times.len().saturating_sub(1);
        times.get(last * share / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    format!(
        "p50 {:.1}, p95 {:.1}, p99 {:.1}, max {:.1} ms ({})",
        at(50),
        at(95),
        at(99),
        at(100),
        times.len()
    )
}

/// Milliseconds of `spent` for each of `count`.
pub(crate) fn each(spent: Duration, count: u64) -> String {
    format!("{:.3} ms", spent.as_secs_f64() * 1e3 / count.max(1) as f64)
}

/// `count` in `time`, per second.
pub(crate) fn rate(count: u64, time: Duration) -> String {
    format!("{:.0}/s", count as f64 / time.as_secs_f64())
}
