//! The accept loop of the console: HTTP/1.1, with or without TLS, within limits.

use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderName, HeaderValue, Request, Response, header},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::{gate, paced::Paced};
use crate::stop::Tasks;

/// Connections at once; whoever comes beyond waits for one to end.
pub const CONNECTIONS_MAX: usize = 128;
/// Longest request head, in bytes.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Longest wait for a request head, and for the next request on a connection.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for a request body.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time for an answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest wait for a peer to take more of an answer (8 KiB, or all there is); then its connection ends.
pub const WRITE_WAIT_MAX: Duration = Duration::from_secs(20);

/// Longest life of a connection before it is closed behind the request under way; a browser makes another.
const CONNECTION_LIFE_MAX: Duration = Duration::from_secs(60);
/// Most header lines.
pub const HEAD_LINES_MAX: usize = 64;
/// Longest TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after a failed accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What a browser may do with any answer: nothing is kept, nothing comes from elsewhere, no script stands in a page.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct From(pub(super) IpAddr);

/// Accepts connections until the stop signal.
pub(super) async fn run(socket: TcpListener, tls: Option<Arc<ServerConfig>>, router: &Router, tasks: &Tasks) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            () = tasks.stopping() => return,
            accepted = accept(&socket, &room) => accepted,
        };
        let Some((stream, from, permit)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (tls, router, stop) = (tls.clone(), router.clone(), tasks.clone());
        tasks.spawn(async move {
            let _permit = permit;
            let stream = Paced::new(stream, WRITE_WAIT_MAX);
            match tls {
                None => converse(stream, from, router, &stop).await,
                Some(tls) => {
                    let shaken = TlsAcceptor::from(tls).accept(stream);
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, shaken).await {
                        converse(stream, from, router, &stop).await;
                    }
                }
            }
        });
    }
}

/// The next connection, once there is room for it.
async fn accept(
    socket: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, From, tokio::sync::OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.ok()?;
    let (stream, address) = socket.accept().await.ok()?;
    let _ = stream.set_nodelay(true);
    Some((stream, From(address.ip()), permit))
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: From,
    router: Router,
    tasks: &Tasks,
) {
    let own = tasks.clone();
    let service = service_fn(move |request| {
        let (router, tasks) = (router.clone(), own.clone());
        async move { Ok::<_, Infallible>(answer(request, from, router, &tasks).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEAD_LINES_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        () = tasks.stopping() => {}
        () = tokio::time::sleep(CONNECTION_LIFE_MAX) => {}
    }
    serving.as_mut().graceful_shutdown();
    // Whoever takes an answer slowly gives its place back all the same.
    let _ = tokio::time::timeout(REQUEST_TIMEOUT, serving).await;
}

async fn answer(request: Request<Incoming>, from: From, router: Router, tasks: &Tasks) -> Response<Body> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(from);
    let (reads, path) = (request.method().is_safe(), request.uri().path().to_owned());
    let answer = async move { router.oneshot(request).await.unwrap_or_else(|never| match never {}) };
    let answered = match reads {
        true => tokio::time::timeout(REQUEST_TIMEOUT, answer).await.ok(),
        false => tokio::time::timeout(REQUEST_TIMEOUT, to_its_end(answer, tasks)).await.ok().flatten(),
    };
    let mut response = answered.unwrap_or_else(|| gate::late(&path));
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What was asked to be done is done, also when whoever asked goes away: between its commit and its taking effect
/// nothing may stop it.
async fn to_its_end(
    answer: impl Future<Output = Response<Body>> + Send + 'static,
    tasks: &Tasks,
) -> Option<Response<Body>> {
    let (tell, told) = oneshot::channel();
    tasks.spawn(async move {
        let _ = tell.send(answer.await);
    });
    told.await.ok()
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_ended_when_whoever_asked_is_gone() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let (begun, has_begun) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        let begun = Arc::new(std::sync::Mutex::new(Some((begun, ended))));
        let act = post(async move || {
            let (begun, ended) = begun.lock().unwrap().take().unwrap();
            begun.send(()).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            ended.send(()).unwrap();
        });
        theirs.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let (peer, tasks) = (From(IpAddr::from([127, 0, 0, 1])), Tasks::default());
        let gone = async {
            has_begun.await.unwrap();
            drop(theirs);
        };
        tokio::join!(converse(ours, peer, Router::new().route("/", act), &tasks), gone);
        assert_eq!(has_ended.await, Ok(()));
    }

    #[tokio::test]
    async fn whoever_asks_and_does_not_read_loses_the_connection() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let router = Router::new().route("/", get(async || "x".repeat(1024 * 1024)));
        theirs.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let stream = Paced::new(ours, Duration::from_millis(20));
        let peer = From(IpAddr::from([127, 0, 0, 1]));
        // Without a bound on the write it would be held for minutes.
        let tasks = Tasks::default();
        let ended = tokio::time::timeout(CONNECTION_LIFE_MAX, converse(stream, peer, router, &tasks)).await;
        assert_eq!(ended, Ok(()));
        drop(theirs);
    }
}
