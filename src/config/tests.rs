//! Defaults, layers and the place a problem is said to stand.

use std::{path::PathBuf, time::Duration};

use super::*;
use crate::problem::unit;

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let problems = Problems::default();
    let config = read(text, &environment(variables), &problems);
    config.ok_or_else(|| problems.sorted().iter().map(ToString::to_string).collect())
}

/// Settings that differ from the defaults in every key that any build can set.
const OTHER: &str = r#"
[listen]
address = "127.0.0.1:1"
connections_max = 7
strangers_max = 7
handshakes_max = 7
handshakes_per_address_max = 7
handshake_timeout = "1s"
header_read_timeout = "1s"
body_read_timeout = "1s"
body_grace = "1s"
body_bytes_per_second_min = "7 B"
body_room_timeout = "1s"
request_timeout = "1s"
idle_timeout = "1s"
long_poll_max = "1s"
stop_notice = "1s"
drain_timeout = "1s"
body_bytes_max = "1 MiB"
bodies_in_flight_bytes_max = "1 MiB"
member_bodies_bytes_max = "1 MiB"
reserved_bodies_bytes_max = "1 MiB"
header_bytes_max = "8 KiB"
header_lines_max = 17
streams_max = 7
inbox_entries_max = 7
inbox_bytes_max = "1 KiB"
[identity]
certs = "x"
leaf = "x"
key = "x"
client_leaf = "x"
client_key = "x"
receipt_key = "x"
retired_receipt_keys = "x"
[region]
folder = "x"
[store]
folder = "x"
queue_operations_max = 7
batch_operations_max = 7
readers_max = 7
checkpoint_bytes = "1 MiB"
log_bytes_max = "1 MiB"
rejections_per_member_max = 7
free_bytes_min = "2 MiB"
free_percent_min = 7
accept_wait_max = "7s"
encrypted_volume_required = true
[intake]
documents_at_once_max = 7
parked_per_member_max = 7
attachment_bytes_max = "1 KiB"
attachments_per_message_max = 7
loose_attachment_bytes_per_member_max = "1 KiB"
loose_attachment_age_max = "1h"
[delivery]
window_deliveries_max = 7
sweep_period = "7s"
breaker_failures = 7
breaker_pause = "7s"
breaker_pause_max = "7s"
refusals_in_a_row_max = 7
stall_max = "7m"
clock_step_max = "7m"
connect_timeout = "7s"
handshake_timeout = "7s"
send_timeout = "7s"
answer_timeout = "7s"
idle_timeout = "7s"
idle_connections_per_member_max = 7
answer_bytes_max = "1 KiB"
reserved_entries_per_member_max = 7
resends_waiting_per_member_max = 7
resend_pause = "7s"
digest_period = "7m"
digest_entries_max = 7
notices_per_period_max = 7
delay_told_after = "7m"
delay_told_again = "7h"
[console]
address = ""
leaf = "x"
key = "x"
session_idle = "7m"
session_max = "7h"
content_operators = 2
[log]
level = "trace"
format = "json"
[telemetry]
address = ""
state_age_max = "1s"
otlp_sampled_percent = 7
[alerts]
period = "7s"
repeat_after = "7m"
partner_down_after = "7s"
oldest_after = "7m"
window = "7m"
no_echo_min = 7
rejected_percent = 7
rejected_min = 7
identity_notice = "3d"
identity_warning = "2d"
identity_critical = "1d"
free_bytes_min = "7 B"
commit_max = "7s"
webhook_url = "https://x.example/"
webhook_anchors = "x"
mail_folder = "x"
mail_from = "x@x"
mail_to = "x@x"
mail_files_max = 7
"#;

fn other() -> Config {
    read_with(OTHER, &[]).unwrap()
}

#[test]
fn the_defaults_in_words_are_the_defaults_in_code() {
    let problems = Problems::default();
    let file = Source::new("default.toml", DEFAULT);
    // Read over settings that differ everywhere, so that a key missing from the file would show.
    let config = file.read(&problems, |file| schema::read(&other(), file));
    assert_eq!(problems.sorted(), []);
    assert_eq!(config, Config::default());
    assert_eq!(whole::check(&config), []);
    assert_eq!(read_with("", &[]), Ok(Config::default()));
}

#[test]
fn the_other_settings_differ_in_every_key() {
    let values = |text| -> BTreeMap<_, _> {
        explained(text).into_iter().map(|(name, _, value)| (name, value)).collect()
    };
    let (defaults, others) = (values(DEFAULT), values(OTHER));
    let same = defaults.iter().filter(|(name, value)| others.get(*name).is_none_or(|other| other == *value));
    // What takes a build with a feature.
    let featured = ["COOHUB__STORE__ENGINE", "COOHUB__TELEMETRY__OTLP_ENDPOINT"];
    assert_eq!(same.map(|(name, _)| name).collect::<Vec<_>>(), featured);
    assert_eq!(others.len() + featured.len(), defaults.len(), "and name no other key");
}

#[test]
fn every_default_says_when_it_is_read() {
    let mut when = false;
    for line in DEFAULT.lines().skip_while(|line| !line.starts_with('[')) {
        when |= line.starts_with("# [start] ") || line.starts_with("# [reload] ");
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(when, "{line}");
            when = false;
        }
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[listen]\nconnections_max = 200\nbody_bytes_max = \"1 MiB\"\n[store]\nfolder = \"here\"\n";
    let variables = [
        ("COOHUB__LISTEN__CONNECTIONS_MAX", "300"),
        ("COOHUB__STORE__FOLDER", "123"),
        ("COOHUB__LOG__FORMAT", "json"),
        ("HOME", "/root"),
    ];
    let config = read_with(file, &variables).unwrap();
    assert_eq!((config.listen.connections_max, config.listen.body_bytes_max), (300, 1 << 20));
    assert_eq!(config.store.folder, PathBuf::from("123"), "a number is a fine name for a folder");
    assert_eq!(config.log.form, telemetry::Form::Json);
    assert_eq!(config.listen.handshake_timeout, Duration::from_secs(10));
}

#[test]
fn every_wrong_variable_is_named() {
    let variables = [
        ("COOHUB__LISTEN", "x"),
        ("COOHUB__LISTEN__ADDRESS", "localhost"),
        ("COOHUB__LISTEN__BODY_BYTES", "1 MiB"),
        ("COOHUB__LISTEN__CONNECTIONS_MAX", "many"),
        ("COOHUB__LISTN__ADDRESS", "x"),
        ("COOHUB__STORE__READERS_MAX", "65"),
    ];
    assert_eq!(
        read_with("", &variables).unwrap_err(),
        [
            "COOHUB__LISTEN: names no setting; write COOHUB__SECTION__KEY",
            "COOHUB__LISTEN__ADDRESS: listen.address: \"localhost\" is not an address and port; write it as \"0.0.0.0:8443\" or \"[::]:8443\"",
            "COOHUB__LISTEN__BODY_BYTES: listen.body_bytes: is not a known key; did you mean \"body_bytes_max\"?",
            "COOHUB__LISTEN__CONNECTIONS_MAX: listen.connections_max: must be a whole number",
            "COOHUB__LISTN__ADDRESS: listn: is not a known key; did you mean \"listen\"?",
            "COOHUB__STORE__READERS_MAX: store.readers_max: 65 is out of range; allowed: 1 to 64",
        ]
    );
}

#[test]
fn an_engine_that_is_none_and_one_that_the_build_lacks_are_told_apart() {
    let none = read_with("[store]\nengine = \"rocks\"\n", &[]).unwrap_err();
    let expected = "coohub.toml:2:10: store.engine: \"rocks\" is no engine; use one of: sqlite, sled";
    assert_eq!(none, [expected]);
    let sled = read_with("[store]\nengine = \"sled\"\n", &[]);
    if cfg!(feature = "sled") {
        assert_eq!(sled.unwrap().store.engine.word(), "sled");
    } else {
        let expected = "coohub.toml:2:10: store.engine: this build does not have sled; build the hub with: cargo build \
            --release --features sled";
        assert_eq!(sled.unwrap_err(), [expected]);
    }
}

#[test]
fn a_collector_is_a_plain_url_and_only_for_a_build_that_can_tell() {
    let set = |url: &str| read_with(&format!("[telemetry]\notlp_endpoint = \"{url}\"\n"), &[]);
    let place = "coohub.toml:2:17: telemetry.otlp_endpoint:";
    assert_eq!(set("").unwrap().telemetry.otlp.endpoint, None);
    if cfg!(feature = "otlp") {
        let endpoint = set("http://127.0.0.1:4318").unwrap().telemetry.otlp.endpoint.unwrap();
        assert_eq!(endpoint.authority, "127.0.0.1:4318");
        let expected = format!(
            "{place} \"https://x.example\" is not a plain http URL with a port; write it as \"http://127.0.0.1:4318\""
        );
        assert_eq!(set("https://x.example").unwrap_err(), [expected]);
    } else {
        let hint = "build the hub with: cargo build --release --features otlp";
        let expected = format!("{place} this build does not have otlp; {hint}");
        assert_eq!(set("http://127.0.0.1:4318").unwrap_err(), [expected]);
    }
}

/// The keys of settings, with what is said of each and their values.
fn explained(text: &str) -> Vec<(String, String, String)> {
    let (mut section, mut words, mut keys) = (String::new(), String::new(), Vec::new());
    for line in text.lines().skip_while(|line| !line.starts_with('[')) {
        if let Some(comment) = line.strip_prefix("# ") {
            words = format!("{words} {comment}");
        } else if let Some((key, value)) = line.split_once(" = ") {
            let name = format!("COOHUB__{}__{}", section.to_uppercase(), key.to_uppercase());
            keys.push((name, std::mem::take(&mut words), value.to_owned()));
        } else if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
        }
    }
    keys
}

#[test]
fn the_ranges_in_words_are_the_ranges_in_code() {
    let mut bare = Vec::new();
    for (name, words, value) in explained(DEFAULT) {
        let text = value.trim_matches('"');
        let beyond = match (unit::size(text), unit::duration(text), value.parse::<u64>()) {
            (Some(_), ..) => "1000 GiB",
            (_, Some(_), _) => "1000d",
            (.., Ok(_)) => "1000000000000",
            _ => {
                bare.push(name);
                continue;
            }
        };
        let problems = read_with("", &[(&name, beyond)]).unwrap_err();
        let (_, range) = problems[0].split_once("allowed: ").unwrap_or_else(|| panic!("{problems:?}"));
        let said = [".", ", not "].iter().any(|end| words.contains(&format!(" {range}{end}")));
        assert!(said, "{name}: {range}");
    }
    let bare: Vec<_> = bare.iter().map(|name| name.trim_start_matches(VARIABLE_PREFIX)).collect();
    let words = [
        "LISTEN__ADDRESS",
        "REGION__FOLDER",
        "STORE__FOLDER",
        "STORE__ENCRYPTED_VOLUME_REQUIRED",
        "STORE__ENGINE",
        "CONSOLE__ADDRESS",
        "CONSOLE__LEAF",
        "CONSOLE__KEY",
        "LOG__LEVEL",
        "LOG__FORMAT",
        "TELEMETRY__ADDRESS",
        "TELEMETRY__OTLP_ENDPOINT",
        "ALERTS__WEBHOOK_URL",
        "ALERTS__WEBHOOK_ANCHORS",
        "ALERTS__MAIL_FOLDER",
        "ALERTS__MAIL_FROM",
        "ALERTS__MAIL_TO",
    ];
    let of_the_identity = |name: &&&str| name.starts_with("IDENTITY__");
    assert_eq!(bare.iter().filter(of_the_identity).count(), 7);
    assert!(bare.iter().filter(|name| !of_the_identity(name)).eq(words.iter()), "{bare:?}");
}

#[test]
fn what_only_shows_in_the_whole_is_said_where_it_was_set() {
    let file = "[store]\nqueue_operations_max = 10\nbatch_operations_max = 20\n";
    let lines = |text, variables: &[(&str, &str)]| read_with(text, variables).unwrap_err();
    let reason = "is more than queue_operations_max: 10";
    assert_eq!(lines(file, &[]), [format!("coohub.toml:3:24: store.batch_operations_max: 20 {reason}")]);
    assert_eq!(
        lines(file, &[("COOHUB__STORE__BATCH_OPERATIONS_MAX", "30")]),
        [format!("COOHUB__STORE__BATCH_OPERATIONS_MAX: store.batch_operations_max: 30 {reason}")]
    );
    let hint = "this is its default: set it as well";
    assert_eq!(
        lines("[store]\nqueue_operations_max = 10\n", &[]),
        [format!("coohub.toml: store.batch_operations_max: 256 {reason}; {hint}")]
    );
}

#[test]
fn each_setting_that_does_not_fit_another_is_refused_and_at_the_edge_taken() {
    let cases = [
        (
            "listen",
            "handshakes_per_address_max = 65\nhandshakes_max = 64",
            "handshakes_per_address_max = 64\nhandshakes_max = 64",
        ),
        ("listen", "body_read_timeout = \"61s\"", "body_read_timeout = \"60s\""),
        (
            "listen",
            "body_room_timeout = \"6s\"\nbody_read_timeout = \"5s\"\nrequest_timeout = \"5s\"",
            "body_room_timeout = \"5s\"\nbody_read_timeout = \"5s\"\nrequest_timeout = \"5s\"",
        ),
        (
            "listen",
            "member_bodies_bytes_max = \"15 MiB\"\nbody_bytes_max = \"16 MiB\"",
            "member_bodies_bytes_max = \"16 MiB\"\nbody_bytes_max = \"16 MiB\"",
        ),
        (
            "console",
            "address = \"0.0.0.0:9480\"",
            "address = \"0.0.0.0:9480\"\nleaf = \"c.pem\"\nkey = \"c.key\"",
        ),
        ("console", "leaf = \"c.pem\"", "leaf = \"\""),
        ("console", "key = \"c.key\"", "key = \"\""),
        (
            "console",
            "session_max = \"1h\"\nsession_idle = \"2h\"",
            "session_max = \"1h\"\nsession_idle = \"1h\"",
        ),
        ("intake", "attachment_bytes_max = \"17 MiB\"", "attachment_bytes_max = \"16 MiB\""),
        (
            "intake",
            "loose_attachment_bytes_per_member_max = \"7 MiB\"",
            "loose_attachment_bytes_per_member_max = \"8 MiB\"",
        ),
        ("listen", "bodies_in_flight_bytes_max = \"15 MiB\"", "bodies_in_flight_bytes_max = \"16 MiB\""),
        ("store", "batch_operations_max = 1025", "batch_operations_max = 1024"),
        ("store", "log_bytes_max = \"15 MiB\"", "log_bytes_max = \"16 MiB\""),
        ("store", "free_bytes_min = \"255 MiB\"", "free_bytes_min = \"256 MiB\""),
        ("store", "free_bytes_min = \"1 B\"", "free_bytes_min = \"0 B\""),
        ("delivery", "breaker_pause_max = \"14s\"", "breaker_pause_max = \"15s\""),
    ];
    for (section, wrong, right) in cases {
        let key = wrong.split(' ').next().unwrap();
        let problems = read_with(&format!("[{section}]\n{wrong}\n"), &[]).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(&format!("{section}.{key}: ")), "{problems:?}");
        assert!(read_with(&format!("[{section}]\n{right}\n"), &[]).is_ok(), "{right}");
    }
}

#[test]
fn paths_are_joined_to_the_folder_the_hub_runs_from() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), "[identity]\nleaf = \"/etc/coohub/leaf.pem\"\n").unwrap();
    let problems = Problems::default();
    let config = load(folder.path(), &BTreeMap::new(), &problems).unwrap();
    assert_eq!(config.store.folder, folder.path().join("data"));
    assert_eq!(config.identity.key, folder.path().join("certs/dev/server.key"));
    assert_eq!(config.identity.leaf, PathBuf::from("/etc/coohub/leaf.pem"));
}
