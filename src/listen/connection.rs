//! One connection, from its handshake to its end.

use std::{
    convert::Infallible,
    future::{Future, pending},
    io,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, Version, header},
    response::IntoResponse as _,
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use rustls::ServerConfig;
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, watch},
    time::Instant,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{
    Caller, Config, Shared,
    handshake::Handshake,
    header as stated, leftover, limit,
    respond::{self, Refusal},
    standing::{self, Standing},
};
use crate::{
    authenticate::Peer,
    model::{id::MemberId, reason::Reason},
    region::Region,
    stop::Tasks,
    telemetry::{
        field,
        metrics::{At, Counted, Handshake as Shaken},
    },
};

/// Smallest head buffer that HTTP/1.1 parsing works with, in bytes.
const HEAD_BYTES_MIN: usize = 8192;
/// HTTP/2 bytes a peer may send unasked on one stream, and on one connection: small, since they are outside the
/// budget of bodies.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// How long a peer that is no member may keep a connection without a request.
const STRANGER_IDLE: Duration = Duration::from_secs(5);

/// Runs HTTP/2 streams as tasks of the hub's.
#[derive(Clone)]
pub(super) struct Executor(pub(super) Tasks);

/// A connection past its handshake.
struct Connection {
    shared: Arc<Shared>,
    router: Router,
    standing: Standing,
    admission: Admission,
    /// Counts until it is dropped.
    _open: Counted,
    activity: Activity,
    /// Ends the connection after the requests under way.
    close: CancellationToken,
}

/// On what terms a connection was let in; holds what it counts against until it ends.
enum Admission {
    Member(MemberId, #[expect(dead_code, reason = "counts until it is dropped")] limit::Pass),
    /// A member past a cap, which is told so.
    Surplus(limit::Past, #[expect(dead_code, reason = "counts until it is dropped")] OwnedSemaphorePermit),
    Stranger(#[expect(dead_code, reason = "counts until it is dropped")] OwnedSemaphorePermit),
}

/// Requests under way, and since when there is none.
struct Activity {
    under_way: AtomicUsize,
    quiet_since: Mutex<Instant>,
}

/// Counts one request until it is dropped.
struct UnderWay<'a>(&'a Activity);

/// Serves a connection until it ends; the stop signal and a reload may end it.
pub(super) async fn serve(
    shared: Arc<Shared>,
    router: Router,
    (stream, tls, waiting): (TcpStream, Arc<ServerConfig>, Handshake),
    executor: Executor,
) {
    let address = stream.peer_addr().map_or_else(|_| "unknown".to_owned(), |address| address.to_string());
    let _ = stream.set_nodelay(true);
    let handshake = TlsAcceptor::from(tls).accept(stream);
    let (timeout, metrics) = (shared.door.config.handshake_timeout, shared.door.metrics.clone());
    let under_way = metrics.handshake();
    let shaken = tokio::select! {
        () = executor.0.stopping() => return,
        () = waiting.overtaken() => return metrics.shaken(Shaken::Overtaken),
        shaken = tokio::time::timeout(timeout, handshake) => shaken,
    };
    drop(under_way);
    metrics.shaken(match &shaken {
        Ok(Ok(_)) => Shaken::Done,
        Ok(Err(_)) => Shaken::Failed,
        Err(_) => Shaken::Late,
    });
    let stream = match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!({ field::PEER_ADDRESS } = address, %error, "a handshake failed");
            return;
        }
    };
    drop(waiting);
    let Some(peer) = peer(&stream) else { return };
    let close = executor.0.child_signal();
    if let Some(connection) = Connection::admit(shared, router, peer, close) {
        Arc::new(connection).drive(stream, executor).await;
    } else {
        tracing::warn!(
            { field::PEER_ADDRESS } = address,
            "too many strangers or surplus; a connection was dropped"
        );
    }
}

/// The peer that the handshake proved; also on a resumed session, which remembers the leaf.
fn peer(stream: &TlsStream<TcpStream>) -> Option<Peer> {
    let (leaf, chain) = stream.get_ref().1.peer_certificates()?.split_first()?;
    Peer::parse(leaf, chain.iter().map(|der| der.to_vec()).collect()).ok()
}

impl Connection {
    fn admit(shared: Arc<Shared>, router: Router, peer: Peer, close: CancellationToken) -> Option<Self> {
        let standing = Standing::new(Arc::new(peer));
        let region = shared.door.region.borrow().clone();
        let member = standing.member(&region, shared.door.clock.now()).ok();
        let strangers = &shared.limits.strangers;
        let admission = match member.and_then(|id| region.members.get(&id)) {
            Some(member) => match shared.limits.connect(member) {
                Ok(pass) => Admission::Member(member.id.clone(), pass),
                Err(past) => Admission::Surplus(past, strangers.clone().try_acquire_owned().ok()?),
            },
            None => Admission::Stranger(strangers.clone().try_acquire_owned().ok()?),
        };
        let metrics = &shared.door.metrics;
        let open = metrics.connection(match &admission {
            Admission::Member(member, _) => {
                metrics.leaf_seen(member, standing.peer.ends());
                At::Member
            }
            Admission::Surplus(..) => At::Surplus,
            Admission::Stranger(_) => At::Stranger,
        });
        let activity = Activity { under_way: AtomicUsize::new(0), quiet_since: Mutex::new(Instant::now()) };
        Some(Self { shared, router, standing, admission, _open: open, activity, close })
    }

    /// Runs HTTP on the stream; after the close signal, requests under way have the drain time to finish.
    async fn drive(self: Arc<Self>, stream: TlsStream<TcpStream>, executor: Executor) {
        let config = &self.shared.door.config;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let builder = builder(config, http2, executor);
        let service = service_fn(|request| {
            let connection = self.clone();
            async move { Ok::<_, Infallible>(connection.answer(request).await) }
        });
        let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            ended = serving.as_mut() => return ended.unwrap_or_else(|error| log_end(&*error)),
            () = self.closing() => serving.as_mut().graceful_shutdown(),
        }
        if let Ok(Err(error)) = tokio::time::timeout(config.drain_timeout, serving).await {
            log_end(&*error);
        }
    }

    /// Waits until the connection is to close: by signal, by a reload, or because nothing happens on it.
    async fn closing(&self) {
        let idle = match self.admission {
            Admission::Member(..) => self.shared.door.config.idle_timeout,
            Admission::Surplus(..) | Admission::Stranger(_) => {
                STRANGER_IDLE.min(self.shared.door.config.idle_timeout)
            }
        };
        tokio::select! {
            () = self.close.cancelled() => {}
            () = self.overtaken() => {}
            () = self.activity.quiet_for(idle) => {}
        }
    }

    /// Waits for a reload under which the connection may not stay.
    async fn overtaken(&self) {
        let mut regions = self.shared.door.region.clone();
        let mut before = regions.borrow_and_update().clone();
        loop {
            let after = next(&mut regions).await;
            if let Admission::Member(member, _) = &self.admission
                && !standing::survives(
                    &self.standing,
                    member,
                    [&before, &after],
                    self.shared.door.clock.now(),
                )
            {
                return;
            }
            before = after;
        }
    }

    /// Answers one request, whatever it is.
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let _under_way = self.activity.begin();
        let version = request.version();
        let (request, rest) = leftover::lend(request);
        let response = match self.caller() {
            Ok(caller) => self.route(request, caller).await,
            Err(refusal) => {
                drop(request);
                self.note(&refusal);
                refusal.into_response()
            }
        };
        let mut response = respond::finish(response);
        if version < Version::HTTP_2 && self.is_over(response.status(), rest).await {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Whether an HTTP/1.1 connection ends behind this answer.
    async fn is_over(&self, status: StatusCode, rest: leftover::Rest) -> bool {
        let late = status == StatusCode::REQUEST_TIMEOUT;
        late || self.close.is_cancelled() || !rest.drained().await || self.close.is_cancelled()
    }

    /// Judges who asks, under the region of this moment.
    fn caller(&self) -> Result<Caller, Refusal> {
        let door = &self.shared.door;
        let (region, received) = (door.region.borrow().clone(), door.clock.now());
        let member = self.standing.member(&region, received).map_err(|unknown| {
            let leaf = self.standing.peer.thumbprint();
            tracing::warn!({ field::PEER_LEAF } = leaf, reason = %unknown, "an unknown peer was refused");
            door.metrics.stranger();
            Reason::UnknownPeer
        })?;
        if let Admission::Surplus(past, _) = &self.admission {
            let (reason, advice) = match past {
                limit::Past::Own => (Reason::TooManyRequests, "You have as many connections as you may."),
                limit::Past::All => (Reason::Busy, "The hub has as many connections as it may."),
            };
            self.shared.refused(&member, reason);
            return Err(Refusal::because(reason, advice));
        }
        let known = region.members.get(&member).ok_or(Reason::UnknownPeer)?;
        let paced = self.shared.limits.request(known);
        paced.map_err(|wait| {
            door.metrics.rate_limited(&member);
            self.shared.refused(&member, Reason::TooManyRequests);
            Refusal::from(Reason::TooManyRequests).after(wait)
        })?;
        let (peer, close) = (self.standing.peer.clone(), self.close.clone());
        Ok(Caller { region, member, peer, received, close })
    }

    async fn route(&self, mut request: Request<Body>, caller: Caller) -> Response<Body> {
        let config = &self.shared.door.config;
        let longest = config.request_timeout + stated::wait(request.headers(), config.long_poll_max);
        let member = caller.member.clone();
        request.extensions_mut().insert(caller);
        match tokio::time::timeout(longest, self.router.clone().oneshot(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            // What it did is not known here: a commit goes on without whoever waits for it.
            Err(_) => {
                tracing::warn!(source.id = %member, "a request was not answered in time");
                let advice =
                    "The hub did not answer in time; it may have been taken. Send the very same again.";
                Refusal::because(Reason::Busy, advice).into_response()
            }
        }
    }

    /// Ends the connection when its peer, not its request, was refused.
    fn note(&self, refusal: &Refusal) {
        if refusal.reason == Reason::UnknownPeer || matches!(self.admission, Admission::Surplus(..)) {
            self.close.cancel();
        }
    }
}

impl Activity {
    fn begin(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(self)
    }

    /// Waits until no request was under way for so long.
    async fn quiet_for(&self, limit: Duration) {
        loop {
            let quiet_since = *self.quiet_since.lock().unwrap_or_else(PoisonError::into_inner);
            let quiet = self.under_way.load(Ordering::SeqCst) == 0;
            if quiet && quiet_since.elapsed() >= limit {
                return;
            }
            let from = if quiet { quiet_since } else { Instant::now() };
            tokio::time::sleep_until(from + limit).await;
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.quiet_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(async move {
            task.await;
        });
    }
}

/// HTTP by what ALPN agreed, so that no connection waits for its protocol to be guessed.
fn builder(config: &Config, http2: bool, executor: Executor) -> auto::Builder<Executor> {
    let head_bytes = usize::try_from(config.header_bytes_max).unwrap_or(usize::MAX).max(HEAD_BYTES_MIN);
    let builder = auto::Builder::new(executor);
    let mut builder = if http2 { builder.http2_only() } else { builder.http1_only() };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_read_timeout)
        .max_headers(config.header_lines_max)
        .max_buf_size(head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.streams_max)
        .max_header_list_size(config.header_bytes_max)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    builder
}

/// The next region; waits for ever when no reload can come any more.
async fn next(regions: &mut watch::Receiver<Arc<Region>>) -> Arc<Region> {
    if regions.changed().await.is_err() {
        return pending().await;
    }
    regions.borrow_and_update().clone()
}

fn log_end(error: &(dyn std::error::Error + 'static)) {
    tracing::debug!(%error, "a connection ended early");
}
