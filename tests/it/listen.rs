//! The members' door over real sockets: who gets in, what a request must be, what each limit does.
//!
//! Method: an open door for members `aa` (by pin) and `bb` (by authority and name) on an ephemeral port, and a client
//! that shows a leaf. Only what the door itself decides is asserted; what lies behind it has tests of its own.

mod limits;
mod reload;

use coohub::listen::Config;

use crate::support::{
    client::{connect, content_digest, settings, stream, without_leaf},
    door::open,
    hub::PATIENCE,
    pki::{Authority, Leaf, Wanted},
};

const DOCUMENT: &[u8] = b"<certificate/>";

#[tokio::test]
async fn ping_shows_the_member_over_both_versions_of_http() {
    let door = open(Config::default()).await;
    for protocol in ["http/1.1", "h2"] {
        for (leaf, member) in [(&door.aa, "aa"), (&door.bb, "bb")] {
            let settings = settings(leaf, &door.hub.der(), protocol);
            let answer = connect(&settings, door.address).await.unwrap().get("/v1/ping").await.unwrap();
            assert_eq!(answer.status, 200);
            assert_eq!(answer.json()["member"], member);
            assert_eq!(answer.json()["leaf"]["x5t#S256"].as_str().unwrap().len(), 43);
            assert_eq!(answer.json()["configuration"].as_str().unwrap().len(), 72);
        }
    }
}

#[tokio::test]
async fn an_unknown_peer_gets_one_bland_answer_and_no_second() {
    let door = open(Config::default()).await;
    let wrong_authority =
        Authority::root("x").leaf(&Wanted { names: &["urn:coohub:member:bb"], ..Wanted::default() });
    let wrong_key = Leaf::self_signed(&Wanted { names: &["aa.example"], ..Wanted::default() });
    let mut bodies = Vec::new();
    for leaf in [wrong_authority, wrong_key] {
        let mut client = door.connect(&leaf).await;
        let answer = client.get("/v1/ping").await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "unknown-peer"));
        assert_eq!(answer.header("connection"), "close");
        assert!(client.get("/v1/ping").await.is_err());
        bodies.push(answer.body);
    }
    assert_eq!(bodies[0], bodies[1], "the answer does not say which part failed");
}

#[tokio::test]
async fn without_a_leaf_there_is_no_connection() {
    let door = open(Config::default()).await;
    let refused = match connect(&without_leaf(&door.hub.der()), door.address).await {
        Ok(mut client) => client.get("/v1/ping").await.is_err(),
        Err(_) => true,
    };
    assert!(refused);
}

#[tokio::test]
async fn a_push_must_say_what_it_is() {
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    let digest = content_digest(DOCUMENT);
    let right =
        [("content-type", "application/xml"), ("idempotency-key", "k"), ("content-digest", digest.as_str())];
    let without = |name: &str| right.into_iter().filter(|(other, _)| *other != name).collect::<Vec<_>>();
    let with = |name: &'static str, value: &'static str| {
        without(name).into_iter().chain([(name, value)]).collect::<Vec<_>>()
    };
    let key_128 = "k".repeat(128);
    let key_129 = "k".repeat(129);
    let keyed =
        |key| without("idempotency-key").into_iter().chain([("idempotency-key", key)]).collect::<Vec<_>>();
    let twice: Vec<_> = right.into_iter().chain([("content-digest", digest.as_str())]).collect();
    let other_digest = with("content-digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:");
    let cases = [
        (without("idempotency-key"), 400, "header-missing"),
        (keyed(&key_129), 400, "header-invalid"),
        (without("content-digest"), 400, "header-missing"),
        (with("content-digest", "sha-256=:AA:"), 400, "header-invalid"),
        (twice, 400, "header-invalid"),
        (other_digest, 400, "digest-mismatch"),
        (without("content-type"), 415, "media-type"),
        (with("content-type", "application/pdf"), 415, "media-type"),
        (with("content-encoding", "gzip"), 415, "content-encoding"),
        (with("coo-function", "7"), 400, "header-invalid"),
    ];
    for (headers, status, code) in cases {
        let answer = client.post("/v1/messages", &headers, DOCUMENT).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{headers:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["type"], format!("urn:coohub:problem:{code}"));
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    let past_the_door = client.post("/v1/messages", &keyed(&key_128), DOCUMENT).await.unwrap();
    assert_ne!(past_the_door.status, 400, "128 characters are a key");
    let empty = client.push("k", b"").await.unwrap();
    assert_eq!((empty.status.as_u16(), empty.code().as_str()), (400, "body-empty"));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    let id = "01930000-0000-7000-8000-000000000000";
    let ack = format!("/v1/inbox/{id}/ack");
    let digest = format!(r#"{{"digest":"sha-256:{}"}}"#, "0".repeat(64));
    let cases = [
        ("GET", "/v1/nothing".to_owned(), "", 404, "not-found"),
        ("GET", "/v1/messages/nonsense".into(), "", 404, "not-found"),
        ("GET", "/v1/messages/%ff".into(), "", 404, "not-found"),
        ("GET", "/v1/deliveries/%ff/original".into(), "", 404, "not-found"),
        ("POST", "/v1/inbox/%ff/ack".into(), "", 404, "not-found"),
        ("GET", format!("/v1/messages/{id}"), "", 404, "not-found"),
        ("GET", format!("/v1/deliveries/{id}/original"), "", 404, "not-found"),
        ("POST", ack.clone(), &digest, 404, "not-found"),
        ("POST", ack.clone(), "{}", 422, "message-malformed"),
        ("POST", ack, &" ".repeat(1025), 413, "body-too-large"),
        ("GET", "/v1/inbox?limit=0".into(), "", 400, "query-invalid"),
        ("GET", "/v1/inbox?limit=101".into(), "", 400, "query-invalid"),
        ("GET", "/v1/inbox?all=1".into(), "", 400, "query-invalid"),
        ("DELETE", "/v1/messages".into(), "", 405, "method-not-allowed"),
    ];
    for (method, path, body, status, code) in cases {
        let answer = client.request(method, &path, &[], body.as_bytes()).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{method} {path}");
        if status == 405 {
            assert_eq!(answer.header("allow"), "POST");
        }
        if status == 413 {
            client = door.connect(&door.aa).await;
        }
    }
    for limit in ["", "?limit=1", "?limit=100"] {
        let inbox = client.get(&format!("/v1/inbox{limit}")).await.unwrap();
        assert_eq!((inbox.status.as_u16(), &inbox.body[..]), (200, &b"[]"[..]));
    }
}

#[tokio::test]
async fn the_key_set_is_published_and_nothing_is_cached() {
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    let keys = client.get("/v1/keys").await.unwrap();
    assert_eq!(keys.header("content-type"), "application/jwk-set+json");
    assert_eq!(keys.json()["keys"][0]["crv"], "Ed25519");
    let missing = client.get("/nothing").await.unwrap();
    let pushed = client.push("k", b"").await.unwrap();
    for answer in [keys, missing, pushed] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.headers.contains_key("server"));
    }
}

#[tokio::test]
async fn a_new_server_leaf_is_shown_to_new_connections_only() {
    let door = open(Config::default()).await;
    let mut before = door.connect(&door.aa).await;
    let leaf = crate::support::door::server_leaf(&door.hub);
    door.tls.store(coohub::tls::server(&leaf.own()).unwrap());
    let mut after = door.connect(&door.aa).await;
    assert_ne!(before.server, after.server);
    assert_eq!(after.server, leaf.der);
    for client in [&mut before, &mut after] {
        assert_eq!(client.get("/v1/ping").await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn before_the_door_closes_only_a_ping_says_so() {
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    assert_eq!(client.get("/v1/ping").await.unwrap().status, 200);
    door.leaving.cancel();
    let answer = client.get("/v1/ping").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "stopping"));
    assert_eq!(client.get("/v1/keys").await.unwrap().status, 200);
    assert_eq!(door.connect(&door.bb).await.get("/v1/keys").await.unwrap().status, 200);
}

#[tokio::test]
async fn whoever_is_refused_before_the_body_was_read_is_told_whether_the_connection_stays() {
    use crate::support::client::exchange;
    let door = open(Config::default()).await;
    let settings = door.settings(&door.aa);
    let head = |more: &str| {
        format!("POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\n{more}\r\n\r\n")
    };
    // A head is refused; what is little of its body is read over, and the connection serves the next request.
    for body in [1_000, 64 * 1024] {
        let mut stream = stream(&settings, door.address).await.unwrap();
        let push = head(&format!("content-length: {body}")) + &"a".repeat(body);
        let answer = exchange(&mut stream, &push, "\"errors\"").await;
        assert!(
            answer.starts_with("HTTP/1.1 4") && !answer.contains("connection: close"),
            "{body}: {answer}"
        );
        let ping =
            exchange(&mut stream, "GET /v1/ping HTTP/1.1\r\nhost: localhost\r\n\r\n", "\"leaf\"").await;
        assert!(ping.contains("HTTP/1.1 200"), "{body}: {ping}");
    }
    for push in [
        head("content-length: 65537"),
        head("content-length: 10\r\nexpect: 100-continue"),
        head("transfer-encoding: chunked") + "11000\r\n" + &"a".repeat(0x11000) + "\r\n",
    ] {
        let mut stream = stream(&settings, door.address).await.unwrap();
        let answer = exchange(&mut stream, &push, "").await;
        assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_hub_stops() {
    use crate::support::client::exchange;
    let door = open(Config::default()).await;
    let settings = door.settings(&door.aa);
    let mut busy = stream(&settings, door.address).await.unwrap();
    let mut idle = door.connect(&door.aa).await;
    idle.get("/v1/ping").await.unwrap();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/xml\r\nidempotency-key: k\r\n\
         content-digest: {}\r\ncontent-length: 14\r\nexpect: 100-continue\r\n\r\n",
        content_digest(b"other bytes")
    );
    exchange(&mut busy, &head, "100 Continue").await;
    door.tasks.stop();
    let answer = exchange(&mut busy, "<certificate/>", "").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("digest-mismatch") && answer.contains("connection: close"), "{answer}");
    assert!(idle.get("/v1/ping").await.is_err());
    assert!(door.tasks.drained(PATIENCE).await);
    // Another test may have got the port by now, and is nobody's hub but its own.
    assert!(stream(&settings, door.address).await.is_err());
}
