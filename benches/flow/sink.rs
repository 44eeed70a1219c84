//! A target's server: takes deliveries over mutual TLS and says so, or does not.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{certificate, community::Community};

/// What a sink does with a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Behaviour {
    /// Takes it.
    Store,
    /// Takes it after five seconds.
    Slow,
    /// Never answers.
    BlackHole,
    /// Drops the connection.
    Down,
}

/// A delivery that arrived.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) number: u64,
    pub(crate) at: Instant,
    pub(crate) cancellation: bool,
}

/// A running sink.
pub(crate) struct Sink {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    behaviour: AtomicU8,
    count: AtomicU64,
    arrivals: Mutex<Vec<Arrival>>,
}

impl Sink {
    pub(crate) async fn start(community: &Community) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(coohub::tls::server(&community.server()).unwrap());
        let shared = Arc::new(Shared {
            behaviour: AtomicU8::new(Behaviour::Store as u8),
            count: AtomicU64::new(0),
            arrivals: Mutex::default(),
        });
        tokio::spawn(accept(listener, acceptor, shared.clone()));
        Self { port, shared }
    }

    /// Does this from now on.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.shared.behaviour.store(behaviour as u8, Ordering::Relaxed);
    }

    /// Deliveries taken so far.
    pub(crate) fn count(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.shared.arrivals.lock().unwrap().clone()
    }
}

impl Shared {
    fn does(&self, behaviour: Behaviour) -> bool {
        self.behaviour.load(Ordering::Relaxed) == behaviour as u8
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        if !shared.does(Behaviour::Down) {
            tokio::spawn(serve(stream, acceptor.clone(), shared.clone()));
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    stream.set_nodelay(true).unwrap();
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(|request| take(request, shared.clone()));
    // A connection that breaks is the hub's to mend.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn take(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?;
    drop(body);
    let at = Instant::now();
    if shared.does(Behaviour::Down) {
        return Err(std::io::Error::other("down"));
    } else if shared.does(Behaviour::BlackHole) {
        std::future::pending::<Infallible>().await;
    } else if shared.does(Behaviour::Slow) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let text = |name: &str| head.headers[name].to_str().unwrap();
    if let Some(number) = certificate::number(text("coo-number")) {
        let cancellation = text("coo-cargo") == "cancellation";
        shared.arrivals.lock().unwrap().push(Arrival { number, at, cancellation });
    }
    shared.count.fetch_add(1, Ordering::Relaxed);
    let answer = Response::builder()
        .header("coo-delivery", &head.headers["coo-delivery"])
        .header("coo-digest", &head.headers["content-digest"]);
    Ok(answer.body(Full::new(Bytes::new())).unwrap())
}
