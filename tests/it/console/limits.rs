//! Each limit of the console's connections: at it a request is answered, past it there is a refusal or a wait.

use coohub::{
    console::{CONNECTIONS_MAX, DOCUMENT_FORM_BYTES_MAX, FORM_BYTES_MAX, HEAD_BYTES_MAX, HEAD_LINES_MAX},
    operate::account::Role,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    PASSWORD,
    client::{Client, account, open},
};
use crate::support::hub::Community;

const LINE: &str = "GET /sign-in HTTP/1.1\r\nhost: localhost\r\n";

async fn connect(at: &Community) -> TcpStream {
    TcpStream::connect(at.hub().console().unwrap()).await.unwrap()
}

/// What comes first of the answer to these bytes.
async fn told(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    String::from_utf8_lossy(&start).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_its_bytes_and_lines_and_no_more() {
    let at = open().await;
    let padded = |bytes: usize, end: &str| {
        let start = format!("{LINE}x-long: ");
        let rest = "a".repeat(bytes - start.len() - end.len());
        format!("{start}{rest}{end}")
    };
    let lines = |count: usize| (0..count).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    for (request, status) in [
        (padded(HEAD_BYTES_MAX, "\r\n\r\n"), "HTTP/1.1 200"),
        // The next byte could not be its end any more.
        (padded(HEAD_BYTES_MAX, ""), "HTTP/1.1 431"),
        (format!("{LINE}{}\r\n", lines(HEAD_LINES_MAX - 1)), "HTTP/1.1 200"),
        (format!("{LINE}{}\r\n", lines(HEAD_LINES_MAX)), "HTTP/1.1 431"),
    ] {
        assert_eq!(told(&mut connect(&at).await, &request).await, status, "{} bytes", request.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_the_bytes_of_its_form_and_not_one_more() {
    let at = open().await;
    account(&at, "otto", Role::Operator).await;
    let mut otto = Client::of(&at);
    otto.sign_in("otto", PASSWORD).await;
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let padded = |length: usize| {
        let start = format!("coohub-token={}&x=", otto.token());
        let rest = "r".repeat(length - start.len());
        start + &rest
    };
    for (path, most, read) in
        [("/cancel", FORM_BYTES_MAX, 400), ("/playground", DOCUMENT_FORM_BYTES_MAX, 200)]
    {
        assert_eq!(otto.ask("POST", path, &kind, padded(most)).await.status, read, "{path} at it");
        assert_eq!(otto.ask("POST", path, &kind, padded(most + 1)).await.status, 413, "{path} past it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_more_waits_for_another_to_end() {
    let at = open().await;
    let request = format!("{LINE}\r\n");
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        open.push(connect(&at).await);
    }
    assert_eq!(told(open.last_mut().unwrap(), &request).await, "HTTP/1.1 200", "at the bound");
    let mut late = connect(&at).await;
    late.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0];
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        assert!(late.try_read(&mut first).is_err(), "it was answered beside {CONNECTIONS_MAX} others");
    }
    drop(open.pop());
    assert_eq!(late.read(&mut first).await.unwrap(), 1, "the place of the one that ended");
}
