//! Each limit of the door: at it a request passes, past it there is a coded answer or an end.

use std::{num::NonZeroU32, time::Duration};

use coohub::{clock::Clock, listen::Config, region::member::InboundRate};

use crate::{
    flow::story::tea,
    support::{
        client::{content_digest, exchange, stream},
        door::{open, open_at},
        hub::{Community, PATIENCE, until},
        pki::{Leaf, Wanted},
    },
};

fn head(length: &str) -> String {
    let digest = content_digest(b"<certificate/>");
    format!(
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/xml\r\nidempotency-key: k\r\n\
         content-digest: {digest}\r\n{length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_body_has_its_length_and_not_one_byte_more() {
    let door = open(Config { body_bytes_max: 100, ..Config::default() }).await;
    let settings = door.settings(&door.aa);
    let mut client = door.connect(&door.aa).await;
    assert_ne!(client.push("k", &[b'a'; 100]).await.unwrap().status, 413);
    let answer = client.push("k", &[b'a'; 101]).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "body-too-large"));

    let chunked = |bytes: usize| {
        format!("{}{bytes:x}\r\n{}\r\n0\r\n\r\n", head("transfer-encoding: chunked"), "a".repeat(bytes))
    };
    let mut at = stream(&settings, door.address).await.unwrap();
    let answer = exchange(&mut at, &chunked(100), "digest-mismatch").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let mut past = stream(&settings, door.address).await.unwrap();
    let answer = exchange(&mut past, &chunked(101), "body-too-large").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn room_for_a_body_is_taken_before_it_is_read_and_always_given_back() {
    let config = Config {
        body_bytes_max: 100,
        bodies_in_flight_bytes_max: 100,
        reserved_bodies_bytes_max: 0,
        body_room_timeout: Duration::ZERO,
        ..Config::default()
    };
    let door = open(config).await;
    let settings = door.settings(&door.aa);
    let mut first = stream(&settings, door.address).await.unwrap();
    exchange(&mut first, &head("content-length: 87\r\nexpect: 100-continue"), "100 Continue").await;

    let mut client = door.connect(&door.bb).await;
    let answer = client.push("k", b"<certificate/>").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "busy"));
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    let mut client = door.connect(&door.bb).await;
    assert_ne!(client.push("k", &[b'a'; 13]).await.unwrap().code(), "busy", "13 bytes fit beside 87");

    exchange(&mut first, &"a".repeat(87), "digest-mismatch").await;
    let mut client = door.connect(&door.bb).await;
    for failure in ["header-missing", "digest-mismatch", "body-too-large", "digest-mismatch"] {
        let answer = match failure {
            "header-missing" => client.post("/v1/messages", &[], &[b'a'; 100]).await,
            "body-too-large" => client.push("k", &[b'a'; 101]).await,
            _ => {
                let other = content_digest(b"other");
                let headers = [
                    ("content-type", "text/csv"),
                    ("idempotency-key", "k"),
                    ("content-digest", other.as_str()),
                ];
                client.post("/v1/messages", &headers, &[b'a'; 100]).await
            }
        };
        assert_eq!(answer.unwrap().code(), failure);
        client = door.connect(&door.bb).await;
    }
}

#[tokio::test]
async fn a_member_that_fills_its_share_of_room_leaves_the_others_theirs() {
    let config =
        Config { member_bodies_bytes_max: 100, body_room_timeout: Duration::ZERO, ..Config::default() };
    let door = open(config).await;
    let mut slow = stream(&door.settings(&door.aa), door.address).await.unwrap();
    exchange(&mut slow, &head("content-length: 90\r\nexpect: 100-continue"), "100 Continue").await;
    let mut own = door.connect(&door.aa).await;
    assert_ne!(own.push("k", &[b'a'; 10]).await.unwrap().code(), "busy", "10 bytes fit beside 90");
    assert_eq!(own.push("k", &[b'a'; 11]).await.unwrap().code(), "busy");
    let mut other = door.connect(&door.bb).await;
    assert_ne!(other.push("k", &[b'a'; 100]).await.unwrap().code(), "busy");
}

#[tokio::test]
async fn however_much_room_others_hold_each_member_gets_one_body_in() {
    let config = Config {
        member_bodies_bytes_max: 100,
        bodies_in_flight_bytes_max: 100,
        reserved_bodies_bytes_max: 50,
        body_room_timeout: Duration::ZERO,
        ..Config::default()
    };
    let door = open(config).await;
    let slow = |bytes: usize| head(&format!("content-length: {bytes}\r\nexpect: 100-continue"));
    let mut most = stream(&door.settings(&door.aa), door.address).await.unwrap();
    exchange(&mut most, &slow(90), "100 Continue").await;
    let mut own = door.connect(&door.aa).await;
    assert_ne!(own.push("k", &[b'a'; 10]).await.unwrap().code(), "busy", "the last of what all share");
    let mut rest = stream(&door.settings(&door.aa), door.address).await.unwrap();
    exchange(&mut rest, &slow(10), "100 Continue").await;

    let mut other = door.connect(&door.bb).await;
    assert_eq!(other.push("k", &[b'a'; 51]).await.unwrap().code(), "busy", "51 do not fit into the reserve");
    let mut first = stream(&door.settings(&door.bb), door.address).await.unwrap();
    exchange(&mut first, &slow(40), "100 Continue").await;
    let mut other = door.connect(&door.bb).await;
    let second = other.push("k", &[b'a'; 10]).await.unwrap();
    assert_eq!(second.code(), "busy", "the reserve is for members that hold nothing");
}

#[tokio::test]
async fn a_body_that_hardly_comes_is_a_timeout_before_its_time_is_over() {
    let drip = |bytes_per_second| Config {
        body_grace: Duration::from_millis(50),
        body_bytes_per_second_min: bytes_per_second,
        body_read_timeout: Duration::from_secs(30),
        ..Config::default()
    };
    let door = open(drip(1000)).await;
    let mut slow = stream(&door.settings(&door.aa), door.address).await.unwrap();
    let answer = exchange(&mut slow, &format!("{}<cert", head("content-length: 14")), "").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"timeout\""), "{answer}");

    let door = open(Config { body_read_timeout: Duration::from_millis(200), ..drip(0) }).await;
    let mut slow = stream(&door.settings(&door.aa), door.address).await.unwrap();
    exchange(&mut slow, &format!("{}<cert", head("content-length: 14\r\nexpect: 100-continue")), "408").await;
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let door = open(Config { header_read_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let mut slow = stream(&door.settings(&door.aa), door.address).await.unwrap();
    let answer = exchange(&mut slow, "GET /v1/ping HTTP/1.1\r\nhost: loc", "");
    let answer = tokio::time::timeout(PATIENCE, answer).await.expect("the connection ended");
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_timeout() {
    let door = open(Config { body_read_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let mut slow = stream(&door.settings(&door.aa), door.address).await.unwrap();
    let answer = exchange(&mut slow, &format!("{}<cert", head("content-length: 14")), "").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"timeout\""), "{answer}");
}

#[tokio::test]
async fn a_connection_without_requests_ends() {
    let door = open(Config { idle_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let mut idle = stream(&door.settings(&door.aa), door.address).await.unwrap();
    assert_eq!(exchange(&mut idle, "", "").await, "");
    let mut stranger =
        stream(&door.settings(&Leaf::self_signed(&Wanted::default())), door.address).await.unwrap();
    assert_eq!(exchange(&mut stranger, "", "").await, "");
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends() {
    use tokio::io::AsyncReadExt as _;
    let door = open(Config { handshake_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let mut socket = tokio::net::TcpStream::connect(door.address).await.unwrap();
    assert_eq!(socket.read(&mut [0; 16]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn headers_over_their_limit_are_refused() {
    let door = open(Config::default()).await;
    let settings = door.settings(&door.aa);
    let lines = |count: usize| (0..count).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    let ping = |headers: &str| format!("GET /v1/ping HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    let most = Config::default().header_lines_max;
    let cases = [
        (ping(&lines(most - 1)), "HTTP/1.1 200"),
        (ping(&lines(most)), "HTTP/1.1 431"),
        (ping(&format!("x-long: {}\r\n", "a".repeat(15 * 1024))), "HTTP/1.1 200"),
        (ping(&format!("x-long: {}\r\n", "a".repeat(17 * 1024))), "HTTP/1.1 431"),
    ];
    for (request, status) in cases {
        let mut bare = stream(&settings, door.address).await.unwrap();
        let answer = exchange(&mut bare, &request, "\r\n\r\n").await;
        assert!(answer.starts_with(status), "{status}: {answer}");
    }
}

#[tokio::test]
async fn a_member_over_its_pace_is_told_when_to_come_back() {
    let some = |n| NonZeroU32::new(n).unwrap();
    let door = open_at(Config::default(), Clock::Real, |member| {
        member.inbound = InboundRate { per_second: some(1), burst: some(2), connections_max: 8 };
    })
    .await;
    let mut client = door.connect(&door.aa).await;
    for _ in 0..2 {
        assert_eq!(client.get("/v1/ping").await.unwrap().status, 200, "its burst");
    }
    // A slow machine may let a second pass between two pings, and never between all of them.
    let mut past = client.get("/v1/ping").await.unwrap();
    for _ in 0..50 {
        if past.status != 200 {
            break;
        }
        past = client.get("/v1/ping").await.unwrap();
    }
    assert_eq!((past.status.as_u16(), past.code().as_str()), (429, "too-many-requests"));
    assert_eq!(past.header("retry-after"), "1");
    let mut other = door.connect(&door.bb).await;
    assert_eq!(other.get("/v1/ping").await.unwrap().status, 200, "a pace is one member's own");
}

#[tokio::test]
async fn a_member_has_its_connections_and_not_one_more() {
    let door = open_at(Config::default(), Clock::Real, |member| member.inbound.connections_max = 2).await;
    let mut first = door.connect(&door.aa).await;
    let mut second = door.connect(&door.aa).await;
    for client in [&mut first, &mut second] {
        assert_eq!(client.get("/v1/ping").await.unwrap().status, 200);
    }
    let mut third = door.connect(&door.aa).await;
    let answer = third.get("/v1/ping").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too-many-requests"));
    assert!(third.get("/v1/ping").await.is_err());
    let mut other = door.connect(&door.bb).await;
    assert_eq!(other.get("/v1/ping").await.unwrap().status, 200);

    // The place comes back once the server has seen the end of the first.
    drop(first);
    let back = async { while door.connect(&door.aa).await.get("/v1/ping").await.unwrap().status != 200 {} };
    tokio::time::timeout(PATIENCE, back).await.expect("the place came back");
}

#[tokio::test]
async fn past_the_connections_of_the_door_one_more_is_told_to_come_again() {
    let door = open(Config { connections_max: 1, ..Config::default() }).await;
    let mut first = door.connect(&door.aa).await;
    assert_eq!(first.get("/v1/ping").await.unwrap().status, 200);
    let mut second = door.connect(&door.bb).await;
    let answer = second.get("/v1/ping").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "busy"));
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    drop(first);
    let back = async { while door.connect(&door.bb).await.get("/v1/ping").await.unwrap().status != 200 {} };
    tokio::time::timeout(PATIENCE, back).await.expect("the place came back");
}

#[tokio::test]
async fn connections_past_a_members_own_cap_take_no_place_of_others() {
    let config = Config { connections_max: 3, strangers_max: 1, ..Config::default() };
    let door = open_at(config, Clock::Real, |member| member.inbound.connections_max = 1).await;
    let mut own = door.connect(&door.aa).await;
    assert_eq!(own.get("/v1/ping").await.unwrap().status, 200);
    let mut surplus = Vec::new();
    for _ in 0..10 {
        surplus.push(stream(&door.settings(&door.aa), door.address).await.unwrap());
    }
    let mut other = door.connect(&door.bb).await;
    assert_eq!(other.get("/v1/ping").await.unwrap().status, 200);
    assert_eq!(own.get("/v1/ping").await.unwrap().status, 200);
}

#[tokio::test]
async fn sockets_that_do_not_shake_hands_give_way_to_those_that_do() {
    use tokio::io::AsyncReadExt as _;
    let config = Config { handshakes_max: 4, handshakes_per_address_max: 4, ..Config::default() };
    let door = open(Config { handshake_timeout: Duration::from_secs(60), ..config }).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(tokio::net::TcpStream::connect(door.address).await.unwrap());
    }
    assert_eq!(door.connect(&door.aa).await.get("/v1/ping").await.unwrap().status, 200);
    for socket in &mut idle[..36] {
        assert_eq!(socket.read(&mut [0; 1]).await.unwrap_or(0), 0, "the oldest were dropped");
    }
}

#[tokio::test]
async fn strangers_cannot_take_the_places_of_members() {
    let door = open(Config { strangers_max: 1, ..Config::default() }).await;
    let settings = door.settings(&Leaf::self_signed(&Wanted::default()));
    let mut first = stream(&settings, door.address).await.unwrap();
    // An interim answer proves that the first stranger has its place.
    let mut second = stream(&settings, door.address).await.unwrap();
    let mut firsts = tokio::spawn(async move { exchange(&mut first, "", "").await });
    let mut seconds = tokio::spawn(async move { exchange(&mut second, "", "").await });
    // One of the two is dropped at once, whichever came second; the other waits for its idle time.
    let dropped = tokio::select! {
        ended = &mut firsts => ended,
        ended = &mut seconds => ended,
    };
    assert_eq!(dropped.unwrap(), "");
    assert_eq!(door.connect(&door.aa).await.get("/v1/ping").await.unwrap().status, 200);
    assert!(!firsts.is_finished() || !seconds.is_finished());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_not_answered_in_time_may_be_taken_and_is_sent_again() {
    let mut at = Community::shipped().await;
    at.start_with(|config| config.listen.request_timeout = Duration::from_millis(300)).await;
    // Somebody else writes, so that no commit ends.
    let mut db = rusqlite::Connection::open(at.path("data/coohub.db")).unwrap();
    let writing = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let push = async || {
        let body = tea("AL-1").to_string().into();
        at.member("almora").push("k", "application/json", Vec::new(), body).await.unwrap()
    };
    let late = push().await;
    assert_eq!((late.status, late.json()["code"].as_str()), (503, Some("busy")));
    assert!(late.json()["detail"].as_str().unwrap().contains("may have been taken"), "{late:?}");
    drop(writing);
    until("an acceptance", async || (push().await.status < 300).then_some(())).await;
}
