//! The door for machines that watch: plain HTTP/1.1, three addresses, one request a connection.
//!
//! It has no TLS and knows nobody, so it is for this machine or a network that is the operator's own. Past the bound
//! of connections the oldest gives way, so that nobody who says nothing makes a healthy hub look ill; the members' door
//! never notices.

use std::{collections::VecDeque, convert::Infallible, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{Observer, health};
use crate::{stop::Tasks, telemetry::metrics};

/// Connections at once; for one more, the oldest is dropped.
pub const CONNECTIONS_MAX: usize = 16;
/// Longest wait for a whole request head.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest life of a connection, its answer included.
pub const CONNECTION_TIMEOUT: Duration = Duration::from_secs(20);
/// Largest request head, in bytes, and most header lines in it.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Most header lines of a request.
pub const HEAD_LINES_MAX: usize = 64;

/// Pause after a fault of accepting, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The door, bound and not yet open.
#[derive(Debug)]
pub struct Door {
    socket: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// Binds an address.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the stop signal.
    pub async fn run(self, observer: Observer, tasks: Tasks) {
        let mut open: VecDeque<CancellationToken> = VecDeque::new();
        loop {
            let accepted = tokio::select! {
                () = tasks.stopping() => return,
                accepted = self.socket.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            open.retain(|connection| !connection.is_cancelled());
            if open.len() >= CONNECTIONS_MAX
                && let Some(oldest) = open.pop_front()
            {
                oldest.cancel();
            }
            let connection = CancellationToken::new();
            open.push_back(connection.clone());
            let observer = observer.clone();
            tasks.spawn(async move {
                // Whoever is slower than that has its answer cut.
                let served = tokio::time::timeout(CONNECTION_TIMEOUT, serve(stream, observer));
                let _ = connection.run_until_cancelled(served).await;
                connection.cancel();
            });
        }
    }
}

async fn serve(stream: TcpStream, observer: Observer) {
    let service = service_fn(|request: Request<Incoming>| {
        let observer = observer.clone();
        async move { Ok::<_, Infallible>(answer(&request, &observer).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEAD_LINES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::trace!(%error, "a connection of one who watches ended early");
    }
}

async fn answer(request: &Request<Incoming>, observer: &Observer) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/livez" => told(&health::alive(&observer.facts())),
        "/readyz" => told(&health::ready(&observer.facts())),
        "/metrics" => text(StatusCode::OK, metrics::MEDIA_TYPE, observer.figures().await),
        _ => text(StatusCode::NOT_FOUND, "text/plain", "/livez, /readyz, /metrics\n".to_owned()),
    }
}

fn told(health: &health::Health) -> Response<Full<Bytes>> {
    let status = if health.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    text(status, "application/json", format!("{}\n", health.json()))
}

fn text(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
