//! Defaults, layers and the place a problem is said to stand.

use std::{path::PathBuf, time::Duration};

use super::*;

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let problems = Problems::default();
    let config = read(text, &environment(variables), &problems);
    config.ok_or_else(|| problems.sorted().iter().map(ToString::to_string).collect())
}

/// Settings that differ from the defaults in every key.
fn other() -> Config {
    let text = r#"
        [listen]
        address = "127.0.0.1:1"
        handshake_timeout = "1s"
        request_timeout = "1s"
        connections_max = 7
        connections_per_peer_max = 7
        body_bytes_max = "1 MiB"
        bodies_in_flight_bytes_max = "1 MiB"
        header_bytes_max = "8 KiB"
        [identity]
        certs = "x"
        leaf = "x"
        key = "x"
        client_leaf = "x"
        client_key = "x"
        receipt_key = "x"
        [region]
        folder = "x"
        [store]
        folder = "x"
        queue_max = 7
        batch_max = 7
        readers = 7
        checkpoint_bytes = "1 MiB"
        checkpoint_bytes_max = "1 MiB"
        rejections_per_member_max = 7
        [delivery]
        window_deliveries_max = 7
        breaker_failures = 7
        breaker_pause = "7s"
        refusals_in_a_row_max = 7
        answer_bytes_max = "1 KiB"
        idle_connections_per_member_max = 7
        drain_timeout = "7s"
        [log]
        level = "trace"
        format = "json"
    "#;
    read_with(text, &[]).unwrap()
}

#[test]
fn the_defaults_in_words_are_the_defaults_in_code() {
    let problems = Problems::default();
    let file = Source::new("default.toml", DEFAULT);
    // Read over settings that differ everywhere, so that a key missing from the file would show.
    let config = file.read(&problems, |file| schema::read(&other(), file));
    assert_eq!(problems.sorted(), []);
    assert_eq!(config, Config::default());
    assert_eq!(schema::check(&config), []);
    assert_eq!(read_with("", &[]), Ok(Config::default()));
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
    assert_eq!(config.log.format, LogFormat::Json);
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
        ("COOHUB__STORE__READERS", "65"),
    ];
    assert_eq!(
        read_with("", &variables).unwrap_err(),
        [
            "COOHUB__LISTEN: names no setting; write COOHUB__SECTION__KEY",
            "COOHUB__LISTEN__ADDRESS: listen.address: \"localhost\" is not an address and port; write it as \"0.0.0.0:8443\" or \"[::]:8443\"",
            "COOHUB__LISTEN__BODY_BYTES: listen.body_bytes: is not a known key; did you mean \"body_bytes_max\"?",
            "COOHUB__LISTEN__CONNECTIONS_MAX: listen.connections_max: must be a whole number",
            "COOHUB__LISTN__ADDRESS: listn: is not a known key; did you mean \"listen\"?",
            "COOHUB__STORE__READERS: store.readers: 65 is out of range; allowed: 1 to 64",
        ]
    );
}

#[test]
fn what_only_shows_in_the_whole_is_said_where_it_was_set() {
    let file = "[store]\nqueue_max = 10\nbatch_max = 20\n";
    let lines = |text, variables: &[(&str, &str)]| read_with(text, variables).unwrap_err();
    assert_eq!(lines(file, &[]), ["coohub.toml:3:13: store.batch_max: 20 is more than queue_max: 10"]);
    assert_eq!(
        lines(file, &[("COOHUB__STORE__BATCH_MAX", "30")]),
        ["COOHUB__STORE__BATCH_MAX: store.batch_max: 30 is more than queue_max: 10"]
    );
    assert_eq!(
        lines("[store]\nqueue_max = 10\n", &[]),
        ["coohub.toml: store.batch_max: 256 is more than queue_max: 10; this is its default: set it as well"]
    );
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
