//! The socket itself: what is not a command, too long, too many, from nobody.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixStream,
    },
};

use coohub::control::{self, CONNECTIONS_MAX, wire::LINE_BYTES_MAX};
use serde_json::Value;

use super::coohub;
use crate::{crash::process::Process, support::hub::Community};

async fn started() -> Community {
    let mut at = Community::shipped().await;
    at.start().await;
    at
}

fn open(at: &Community) -> UnixStream {
    UnixStream::connect(at.path("data").join(control::FILE)).unwrap()
}

/// What the hub answers to some bytes.
fn answered(at: &Community, bytes: &[u8]) -> Vec<Value> {
    let mut stream = open(at);
    stream.write_all(bytes).unwrap();
    let lines = BufReader::new(stream).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

fn code(lines: &[Value]) -> &str {
    lines.last().unwrap()["problem"]["code"].as_str().unwrap_or("none")
}

const STATUS: &[u8] = b"{\"version\":1,\"do\":{\"status\":{}}}\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_is_told_so_and_the_hub_goes_on() {
    let at = started().await;
    let cases: [(&[u8], &str); 6] = [
        (b"\n", "command-malformed"),
        (b"\xff\xfe\n", "command-malformed"),
        (b"{\"version\":1,\"do\":{\"dance\":{}}}\n", "command-malformed"),
        (b"{\"version\":1,\"do\":{\"queue\":{\"state\":\"lost\",\"limit\":5}}}\n", "command-malformed"),
        (b"{\"version\":1,\"do\":{\"queue\":{\"after\":\"x\",\"limit\":5}}}\n", "command-malformed"),
        (b"{\"version\":9,\"do\":{\"status\":{}}}\n", "command-version"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(code(&answered(&at, bytes)), expected, "{}", String::from_utf8_lossy(bytes));
    }
    assert!(answered(&at, STATUS).last().unwrap().get("end").is_some());
    let done = at.hub().store().actions(None, None, 9).await.unwrap();
    assert!(done.iter().all(|(_, one)| one.user == "start"), "nothing was done: {done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_may_have_its_limit_and_not_one_byte_more() {
    let at = started().await;
    let padded = |length: usize| {
        let status = STATUS.trim_ascii_end();
        [status, &vec![b' '; length - status.len()], b"\n"].concat()
    };
    assert!(answered(&at, &padded(LINE_BYTES_MAX)).last().unwrap().get("end").is_some());
    assert_eq!(code(&answered(&at, &padded(LINE_BYTES_MAX + 1))), "body-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_connects_and_says_nothing_keeps_no_operator_out() {
    let at = started().await;
    let mut idle: Vec<UnixStream> = (0..CONNECTIONS_MAX).map(|_| open(&at)).collect();
    assert!(answered(&at, STATUS).last().unwrap().get("end").is_some());
    let mut told = String::new();
    idle[0].read_to_string(&mut told).unwrap();
    assert_eq!(told, "", "the oldest was closed");
    idle[1].write_all(STATUS).unwrap();
    BufReader::new(&idle[1]).read_line(&mut told).unwrap();
    assert!(told.contains("\"item\""), "the next one was not: {told}");
    let many: Vec<UnixStream> = (0..300).map(|_| open(&at)).collect();
    for _ in 0..3 {
        assert_eq!(coohub(&at, &["status"]).await.0, 0);
    }
    drop(many);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_or_nobodys_are_told_apart() {
    let at = started().await;
    let nobody = "0198f2a0-0000-7000-8000-000000000000";
    let because = ["--reason", "a try"];
    let cases: [(&[&str], u8, &str); 10] = [
        (&["cancel", "12"], 64, "command-malformed"),
        (&["hold", "--member", "No Such"], 64, "command-malformed"),
        (&["cancel", nobody], 65, "delivery-unknown"),
        (&["hold", nobody], 65, "delivery-unknown"),
        (&["hold", "--member", "nowhere"], 65, "member-unknown"),
        (&["try", "nowhere"], 65, "member-unknown"),
        (&["replay", nobody], 65, "delivery-unknown"),
        (&["replay", "--message", nobody], 65, "message-unknown"),
        (&["replay", "--target", "nowhere", "--since", "2026-01-01T00:00:00Z"], 65, "member-unknown"),
        (&["address", nobody, "--to", "corvania"], 65, "message-unknown"),
    ];
    for (arguments, expected, reason) in cases {
        let (code, out, err) = coohub(&at, &[arguments, &because].concat()).await;
        assert_eq!((code, out.as_str()), (expected, ""), "{arguments:?}: {err}");
        assert!(err.starts_with(&format!("{reason}: ")), "{arguments:?}: {err}");
    }
    let (code, _, err) = coohub(&at, &["queue", "show", nobody]).await;
    assert_eq!((code, err.starts_with("message-unknown: ")), (65, true), "{err}");
    let recorded = at.hub().store().actions(None, None, 100).await.unwrap();
    assert_eq!(recorded.len(), 9, "the start, and whatever was read, is on record: {recorded:?}");
    let (code, _, err) = coohub(&at, &["hold", "--member", "corvania"]).await;
    assert_eq!((code, err.contains("--reason")), (64, true), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_hub_it_is_unreachable_and_a_killed_hub_leaves_no_obstacle() {
    let at = Community::shipped().await;
    let (code, _, err) = coohub(&at, &["status"]).await;
    assert_eq!((code, err.starts_with("no hub is running")), (69, true), "{err}");
    let mut process = Process::start(&at).await;
    let socket = std::fs::metadata(at.path("data").join(control::FILE)).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert_eq!(coohub(&at, &["status"]).await.0, 0);
    process.kill_and_start(&at).await;
    assert_eq!(coohub(&at, &["status"]).await.0, 0);
    drop(process);
    let (code, _, err) = coohub(&at, &["status"]).await;
    assert_eq!((code, err.starts_with("no hub is running")), (69, true), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_stopped_in_order_leaves_no_socket() {
    let mut at = started().await;
    assert!(at.path("data").join(control::FILE).exists());
    at.stop().await;
    assert!(!at.path("data").join(control::FILE).exists());
}
