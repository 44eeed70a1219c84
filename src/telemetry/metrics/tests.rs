//! The list of metrics is what is scraped, and counting counts.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::telemetry::state::{Figure, Lasting, Single};

/// Figures with every metric and label in use.
fn all() -> Metrics {
    let metrics = Metrics::default();
    let id = MemberId::new("kg").unwrap();
    metrics.pushed(&id, Verdict::Accepted, Duration::from_millis(3));
    metrics.rejected(&id, Reason::NotIssued);
    metrics.rate_limited(&id);
    metrics.stranger();
    metrics.shaken(Handshake::Done);
    metrics.leaf_seen(&id, Timestamp(5_000));
    metrics.attempted(&id, Outcome::Silent);
    metrics.delivered(&id, Duration::from_secs(2));
    metrics.commits().made(3, Duration::from_millis(1));
    drop(metrics.connection(At::Member));
    let state = metrics.state();
    state.messages("routed", 1);
    state.deliveries("open", 1);
    let figures = [Figure::Open, Figure::Due, Figure::Held, Figure::Dead, Figure::Overdue, Figure::Stopped];
    for figure in figures {
        state.lane(&id, figure, 1);
    }
    state.breakers(&id, true, false);
    state.oldest(&id, 1.5);
    state.idle(Loop::Route, 1.0);
    state.set(Single::Waiting, 1);
    state.lasts(Lasting::Wait, 0.5);
    state.strained("storage-low", false);
    state.own_leaf("server", 9);
    state.alerts("notice", 1);
    state.receipt_keys("current", 1);
    state.configuration("ab".to_owned());
    state.build("1", "sqlite");
    metrics
}

#[test]
fn what_is_scraped_is_the_list_with_its_labels_and_no_more() {
    let text = all().text();
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        found.insert(name.split(' ').next().unwrap(), BTreeSet::new());
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, labels) = line.split_once('{').unwrap_or((line, ""));
        let series = series.split(' ').next().unwrap();
        let plain = ["_bucket", "_sum", "_count"].iter().find_map(|end| series.strip_suffix(end));
        let name = plain.filter(|plain| found.contains_key(plain)).unwrap_or(series);
        let labels = labels.split_once('}').map_or("", |(labels, _)| labels);
        let labels = labels.split(',').filter_map(|label| label.split_once('=')).map(|(name, _)| name);
        found.get_mut(name).unwrap().extend(labels.filter(|label| *label != "le"));
    }
    let listed = known::ALL.iter().map(|known| (known.name, known.labels.iter().copied().collect()));
    assert_eq!(found, listed.collect());
    assert!(known::ALL.is_sorted_by_key(|known| known.name));
}

#[test]
fn what_is_counted_until_dropped_goes_down_again() {
    let metrics = Metrics::default();
    let value = |name: &str| {
        let text = metrics.text();
        text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).unwrap()
    };
    let (one, two) = (metrics.body(100), metrics.body(20));
    assert_eq!(value("coohub_bodies_bytes "), "120");
    drop(one);
    assert_eq!(value("coohub_bodies_bytes "), "20");
    drop(two);
    assert_eq!(value("coohub_bodies_bytes "), "0");
}

#[test]
fn the_slowest_commit_is_told_once() {
    let commits = Commits::default();
    commits.made(1, Duration::from_millis(20));
    commits.made(1, Duration::from_millis(10));
    assert_eq!(commits.take_slowest(), Duration::from_millis(20));
    assert_eq!(commits.take_slowest(), Duration::ZERO);
}

#[test]
fn a_lane_that_is_gone_is_forgotten() {
    let metrics = all();
    assert!(metrics.text().contains("coohub_lane_open{member=\"kg\"} 1"));
    metrics.state().clear();
    assert!(!metrics.text().contains("coohub_lane_open{member=\"kg\"}"));
}
