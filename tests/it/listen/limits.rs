//! Each limit of the door: at it a request passes, past it there is a coded answer or an end.

use std::{num::NonZeroU32, time::Duration};

use coohub::{clock::Clock, listen::Config, region::member::InboundRate};

use crate::support::{
    client::{connect, content_digest, exchange, stream},
    door::{open, open_at},
    pki::{Leaf, Wanted},
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
async fn a_head_that_does_not_end_ends_the_connection() {
    let door = open(Config { header_read_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let mut slow = stream(&door.settings(&door.aa), door.address).await.unwrap();
    let answer = exchange(&mut slow, "GET /v1/ping HTTP/1.1\r\nhost: loc", "");
    let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("the connection ended");
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
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(client.get("/v1/ping").await.unwrap());
    }
    assert_eq!(codes[0].status, 200);
    assert_eq!(codes[1].status, 200);
    assert_eq!((codes[2].status.as_u16(), codes[2].code().as_str()), (429, "too-many-requests"));
    assert_eq!(codes[2].header("retry-after"), "1");
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
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("the place came back");
}

#[tokio::test]
async fn past_the_connections_of_the_door_peers_wait() {
    let door = open(Config { connections_max: 1, ..Config::default() }).await;
    let mut first = door.connect(&door.aa).await;
    let settings = door.settings(&door.bb);
    let mut second = Box::pin(connect(&settings, door.address));
    for _ in 0..20 {
        tokio::select! {
            biased;
            _ = &mut second => panic!("the second was let in beside the first"),
            answer = first.get("/v1/ping") => assert_eq!(answer.unwrap().status, 200),
        }
    }
    drop(first);
    assert_eq!(second.await.unwrap().get("/v1/ping").await.unwrap().status, 200);
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
