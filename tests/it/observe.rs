//! What machines that watch see of a running hub, and what they cannot do to it.
//!
//! Method: a whole hub, read as a scraper or a probe reads it: plain sockets, from outside.

use std::{net::SocketAddr, time::Duration};

use coohub::observe::{
    Config,
    door::{CONNECTIONS_MAX, HEAD_BYTES_MAX},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    command,
    hub::{Community, PATIENCE, sample, until},
};

const TEA: &str = "edi3-coo/samples/almora-corvania-tea.json";

/// A started hub that is watched, its figures read anew at each scrape.
async fn watched(change: impl FnOnce(&mut coohub::config::Config)) -> Community {
    let mut at = Community::shipped().await;
    at.start_with(|config| {
        let address = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.telemetry = Config { address, state_age_max: Duration::ZERO, ..Config::default() };
        change(config);
    })
    .await;
    at
}

/// Everything that comes back for some bytes.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A peer that was answered already may have closed.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

async fn get(at: &Community, path: &str) -> (u16, String) {
    let address = at.hub().watched().unwrap();
    ask(address, path).await
}

async fn ask(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = raw(address, format!("GET {path} HTTP/1.1\r\nhost: hub\r\n\r\n").as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    (head[9..12].parse().unwrap(), body.to_owned())
}

/// The value of a series.
async fn figure(at: &Community, series: &str) -> Option<f64> {
    let (status, text) = get(at, "/metrics").await;
    assert_eq!(status, 200);
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// Waits until a series has a value.
async fn becomes(at: &Community, series: &str, value: f64) {
    let what = format_args!("{series} is {value}");
    until(what, async || figure(at, series).await.filter(|found| *found == value)).await;
}

fn failing(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    let checks = body["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["ok"] == false).map(|check| check["check"].as_str().unwrap().into()).collect()
}

#[tokio::test]
async fn a_push_and_its_deliveries_are_counted_where_they_belong() {
    let at = watched(|_| {}).await;
    let almora = at.member("almora");
    let tea = sample(TEA);
    let push = |key: &'static str, text: String| {
        let almora = &almora;
        async move { almora.push(key, "application/json", Vec::new(), text.into()).await.unwrap().status }
    };
    assert_eq!(push("one", tea.clone()).await, 202);
    assert_eq!(push("one", tea.clone()).await, 200);
    assert_eq!(push("two", "{}".to_owned()).await, 422);
    for (verdict, count) in [("accepted", 1.0), ("duplicate", 1.0), ("rejected", 1.0)] {
        let series = format!("coohub_pushes_total{{member=\"almora\",verdict=\"{verdict}\"}}");
        assert_eq!(figure(&at, &series).await, Some(count), "{series}");
    }
    assert_eq!(
        figure(&at, "coohub_rejections_total{member=\"almora\",reason=\"format-unknown\"}").await,
        Some(1.0)
    );
    assert_eq!(figure(&at, "coohub_accept_seconds_count").await, Some(1.0));
    becomes(&at, "coohub_attempts_total{member=\"corvania\",outcome=\"delivered\"}", 1.0).await;
    becomes(&at, "coohub_messages{stage=\"routed\"}", 1.0).await;
    assert_eq!(figure(&at, "coohub_delivery_seconds_count{member=\"corvania\"}").await, Some(1.0));
    assert_eq!(figure(&at, "coohub_lane_open{member=\"corvania\"}").await, Some(0.0));
    assert_eq!(figure(&at, "coohub_bodies_bytes").await, Some(0.0));
    assert!(figure(&at, "coohub_store_commit_seconds_count").await.unwrap() >= 3.0);
    assert!(figure(&at, "coohub_member_leaf_end_timestamp_seconds{member=\"almora\"}").await.unwrap() > 1e9);
    assert!(figure(&at, "coohub_leaf_end_timestamp_seconds{leaf=\"client\"}").await.unwrap() > 1e9);
    assert!(figure(&at, "coohub_store_log_bytes").await.unwrap() > 0.0);
}

#[tokio::test]
async fn nothing_of_a_certificate_is_in_the_figures() {
    let at = watched(|_| {}).await;
    let answer = at
        .member("almora")
        .push("key-of-mine", "application/json", Vec::new(), sample(TEA).into())
        .await
        .unwrap();
    let id = answer.header("coo-message-id").unwrap().to_owned();
    at.settled("almora", &id).await;
    let (_, text) = get(&at, "/metrics").await;
    let number = at.state("almora", &id).await["number"].as_str().unwrap().to_owned();
    for word in [number.as_str(), &id, "key-of-mine", "tea"] {
        assert!(!text.to_lowercase().contains(&word.to_lowercase()), "{word}");
    }
}

#[tokio::test]
async fn figures_of_the_store_are_read_once_in_a_while_however_often_they_are_scraped() {
    let (clock, hand) = coohub::clock::Clock::manual(coohub::clock::Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    at.start_with(|config| {
        let address = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.telemetry = Config { address, ..Config::default() };
    })
    .await;
    assert_eq!(figure(&at, "coohub_state_age_seconds").await, Some(0.0));
    let answer =
        at.member("almora").push("one", "application/json", Vec::new(), sample(TEA).into()).await.unwrap();
    let id = answer.header("coo-message-id").unwrap();
    at.state_when("almora", id, |state| state["state"] == "routed").await;
    hand.advance(Duration::from_millis(9_999));
    assert_eq!(figure(&at, "coohub_messages{stage=\"routed\"}").await, Some(0.0));
    assert_eq!(figure(&at, "coohub_state_age_seconds").await, Some(9.999));
    hand.advance(Duration::from_millis(1));
    assert_eq!(figure(&at, "coohub_messages{stage=\"routed\"}").await, Some(1.0));
}

#[tokio::test]
async fn a_hub_that_runs_is_alive_and_ready_and_says_what_it_looked_at() {
    let at = watched(|_| {}).await;
    for (path, checks) in [
        ("/livez", &["store", "route", "deliver"][..]),
        ("/readyz", &["store", "staying", "storage", "region"]),
    ] {
        let (status, body) = get(&at, path).await;
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &told["status"]), (200, &Value::from("ok")), "{body}");
        let names: Vec<_> = told["checks"].as_array().unwrap().iter().map(|c| c["check"].clone()).collect();
        assert_eq!(names, checks);
    }
    assert_eq!(figure(&at, "coohub_ready").await, Some(1.0));
}

#[tokio::test]
async fn a_hub_that_has_no_room_is_alive_and_not_ready() {
    let at = watched(|config| config.store.free_bytes_min = u64::MAX).await;
    let (status, body) = get(&at, "/readyz").await;
    assert_eq!((status, failing(&body)), (503, vec!["storage".to_owned()]), "{body}");
    assert_eq!(get(&at, "/livez").await.0, 200);
    assert_eq!(figure(&at, "coohub_store_strained{strain=\"storage-low\"}").await, Some(1.0));
    assert_eq!(figure(&at, "coohub_ready").await, Some(0.0));
}

#[tokio::test]
async fn a_hub_that_drains_is_not_ready_and_still_answers() {
    let mut at = watched(|config| config.listen.stop_notice = PATIENCE).await;
    let address = at.hub().watched().unwrap();
    assert_eq!(ask(address, "/readyz").await.0, 200);
    let stop = tokio::spawn(async move { tokio::time::timeout(PATIENCE / 2, at.stop()).await.is_ok() });
    let body = until("it is not ready", async || {
        let (status, body) = ask(address, "/readyz").await;
        (status == 503).then_some(body)
    })
    .await;
    assert_eq!(failing(&body), ["staying"]);
    assert_eq!(ask(address, "/livez").await.0, 200);
    stop.abort();
}

#[tokio::test]
async fn the_door_takes_get_alone_and_three_paths_and_heads_of_a_length() {
    let at = watched(|_| {}).await;
    let address = at.hub().watched().unwrap();
    assert_eq!(get(&at, "/v1/ping").await.0, 404);
    let post = raw(address, b"POST /metrics HTTP/1.1\r\nhost: hub\r\ncontent-length: 0\r\n\r\n").await;
    assert!(post.starts_with("HTTP/1.1 405 ") && post.contains("allow: GET, HEAD"), "{post}");
    let head = raw(address, b"HEAD /metrics HTTP/1.1\r\nhost: hub\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    let long = |bytes: usize| {
        let line = "GET /livez HTTP/1.1\r\nx: ";
        format!("{line}{}\r\n\r\n", "x".repeat(bytes - line.len() - 4))
    };
    assert!(raw(address, long(HEAD_BYTES_MAX - 1).as_bytes()).await.starts_with("HTTP/1.1 200 "));
    assert!(raw(address, long(HEAD_BYTES_MAX * 2).as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let two = b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\nGET /livez HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_eq!(raw(address, two).await.matches("HTTP/1.1 200").count(), 1, "one request a connection");
}

#[tokio::test]
async fn past_the_bound_the_oldest_connection_gives_way_and_whoever_asks_is_answered() {
    let at = watched(|_| {}).await;
    let address = at.hub().watched().unwrap();
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS_MAX - 1 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /li").await.unwrap();
        idle.push(stream);
    }
    assert_eq!(ask(address, "/livez").await.0, 200, "at the bound");
    idle.push(TcpStream::connect(address).await.unwrap());
    for _ in 0..3 {
        assert_eq!(ask(address, "/livez").await.0, 200, "past it");
    }
    let mut first = idle.remove(0);
    let ended = tokio::time::timeout(PATIENCE, first.read_to_end(&mut Vec::new())).await.unwrap();
    assert!(ended.is_err() || ended.is_ok_and(|bytes| bytes == 0), "it was dropped without a word");
    assert_eq!(at.member("almora").get("/v1/ping").await.unwrap().status, 200);
}

#[test]
fn every_metric_is_described_with_its_labels_and_no_other_is() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let rows = readme.lines().filter(|line| line.starts_with("| `coohub_"));
    let told: Vec<String> = rows.map(str::to_owned).collect();
    let kind = |name: &str| match name {
        _ if name.ends_with("_total") => "counter",
        "coohub_accept_seconds" | "coohub_delivery_seconds" => "histogram",
        "coohub_store_commit_seconds" | "coohub_store_batch_operations" => "histogram",
        _ => "gauge",
    };
    let row = |known: &coohub::telemetry::known::Known| {
        let labels: Vec<_> = known.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}` | {} | {} | {} |", known.name, kind(known.name), labels.join(", "), known.help)
    };
    assert_eq!(told, coohub::telemetry::known::ALL.iter().map(row).collect::<Vec<_>>());
}

/// Words that begin like a metric's name in the expressions of the files for operators.
fn named(text: &str) -> std::collections::BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let names = words.filter(|word| word.starts_with("coohub_"));
    let plain = |name: &str| {
        let end = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        end.unwrap_or(name).to_owned()
    };
    names.map(plain).collect()
}

#[test]
fn rules_and_dashboard_name_metrics_that_exist_and_the_dashboard_all_that_there_are() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let known: std::collections::BTreeSet<String> =
        coohub::telemetry::known::ALL.iter().map(|known| known.name.to_owned()).collect();
    let rules = named(&read("alert-rules.yml"));
    assert!(rules.len() > 10 && rules.is_subset(&known), "{:?}", rules.difference(&known));
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let expressions: Vec<_> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten())
        .map(|target| target["expr"].as_str().unwrap())
        .collect();
    assert_eq!(named(&expressions.join(" ")), known);
}

#[test]
fn every_alert_is_explained() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    for kind in coohub::observe::alert::Kind::ALL {
        assert!(readme.contains(&format!("| `{}` |", kind.word())), "{}", kind.word());
    }
}

#[tokio::test]
async fn an_address_that_other_machines_reach_is_pointed_out_and_one_that_is_taken_is_named() {
    let mut at = Community::shipped().await;
    let check = |at: &Community, address: &str| {
        let node = format!("[telemetry]\naddress = \"{address}\"\n");
        std::fs::write(at.path("coohub.toml"), node).unwrap();
        let (code, out, _) = command::coohub(["check".as_ref(), at.folder()]);
        (code, out)
    };
    for (address, noticed) in
        [("127.0.0.1:9464", false), ("[::1]:9464", false), ("", false), ("0.0.0.0:9464", true)]
    {
        let (code, out) = check(&at, address);
        let said = out.contains("notice: coohub.toml: telemetry.address: other machines reach this address");
        assert_eq!((code, said), (0, noticed), "{address}: {out}");
    }
    let reached = |at: &Community, address: &str| {
        std::fs::write(at.path("coohub.toml"), format!("[listen]\naddress = \"{address}\"\n")).unwrap();
        command::coohub(["check".as_ref(), at.folder()]).1
    };
    let made = "identity.leaf: other machines reach the hub, and its leaf was made by coohub certs dev";
    assert!(!reached(&at, "127.0.0.1:8443").contains("coohub certs dev"));
    assert!(reached(&at, "0.0.0.0:8443").contains(made), "{}", reached(&at, "0.0.0.0:8443"));
    for (mode, noticed) in [(0o644, true), (0o640, false), (0o600, false)] {
        let key = at.path("certs/dev/receipt.key");
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        let out = reached(&at, "127.0.0.1:8443");
        let said = "identity.receipt_key: every user of this machine may read this private key (mode 0644)";
        assert_eq!(out.contains(said), noticed, "{mode:o}: {out}");
    }
    let (code, out) = check(&at, "localhost");
    assert!(
        code == 78 && out.contains("telemetry.address: \"localhost\" is not an address and port"),
        "{out}"
    );

    let node = "[console]\naddress = \"\"\n[listen]\naddress = \"127.0.0.1:0\"\n";
    std::fs::write(at.path("coohub.toml"), node).unwrap();
    at.start_with(|config| config.telemetry.address = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    let taken = at.hub().watched().unwrap();
    let mut other = Community::shipped().await;
    let problems = coohub::problem::Problems::default();
    let mut config =
        coohub::config::load(other.folder(), &std::collections::BTreeMap::new(), &problems).unwrap();
    config.telemetry.address = Some(taken);
    let refused = coohub::hub::Hub::start(config, coohub::clock::Clock::Real).await.err().unwrap();
    assert!(refused.to_string().starts_with(&format!("{taken} cannot be bound")), "{refused}");
    other.start().await;
}
