//! A member's own system in the demo: a server that takes deliveries, keeps them, and can be switched off and on.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::{
    model::id::Digest,
    stop::Tasks,
    tls::{self, OwnLeaf},
};

/// Largest delivery taken, in bytes.
const DELIVERY_BYTES_MAX: usize = 16 << 20;

/// A member's server.
pub(super) struct Server {
    address: SocketAddr,
    tls: TlsAcceptor,
    taken: Arc<Mutex<Vec<Taken>>>,
    up: CancellationToken,
}

/// A delivery taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// Delivery id.
    pub(super) delivery: String,
    /// What it is: certificate, cancellation, response, notice.
    pub(super) cargo: String,
    /// Certificate number.
    pub(super) number: String,
    /// Version.
    pub(super) version: String,
    /// Media type.
    pub(super) media_type: String,
    /// The body.
    pub(super) body: Bytes,
}

impl Server {
    /// A server on a free port of the loopback interface, switched on.
    pub(super) async fn start(own: &OwnLeaf, tasks: &Tasks) -> io::Result<Self> {
        let mut config = (*tls::server(own).map_err(io::Error::other)?).clone();
        // It speaks HTTP/1.1 alone, and says so.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let socket = TcpListener::bind(("127.0.0.1", 0)).await?;
        let mut server = Self {
            address: socket.local_addr()?,
            tls: TlsAcceptor::from(Arc::new(config)),
            taken: Arc::default(),
            up: CancellationToken::new(),
        };
        server.serve(socket, tasks);
        Ok(server)
    }

    /// Its port.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it has taken so far, in order.
    pub(super) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().map(|taken| taken.clone()).unwrap_or_default()
    }

    /// Switches it off: the port is closed, connections break.
    pub(super) fn switch_off(&self) {
        self.up.cancel();
    }

    /// Switches it on again, on the same port.
    pub(super) async fn switch_on(&mut self, tasks: &Tasks) -> io::Result<()> {
        let socket = TcpListener::bind(self.address).await?;
        self.serve(socket, tasks);
        Ok(())
    }

    fn serve(&mut self, socket: TcpListener, tasks: &Tasks) {
        self.up = tasks.child_signal();
        let (up, tls, taken, all) = (self.up.clone(), self.tls.clone(), self.taken.clone(), tasks.clone());
        tasks.spawn(async move {
            loop {
                let stream = tokio::select! {
                    () = up.cancelled() => return,
                    accepted = socket.accept() => accepted,
                };
                let Ok((stream, _)) = stream else { continue };
                let (up, tls, taken) = (up.clone(), tls.clone(), taken.clone());
                all.spawn(async move {
                    tokio::select! {
                        () = up.cancelled() => {}
                        () = connection(stream, tls, taken) => {}
                    }
                });
            }
        });
    }
}

async fn connection(stream: tokio::net::TcpStream, tls: TlsAcceptor, taken: Arc<Mutex<Vec<Taken>>>) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let service = service_fn(move |request| take(request, taken.clone()));
    let http = hyper::server::conn::http1::Builder::new();
    // A connection that breaks is the hub's to retry.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

/// Keeps a delivery and echoes its id and digest, which says "stored".
async fn take(
    request: Request<Incoming>,
    taken: Arc<Mutex<Vec<Taken>>>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (head, body) = request.into_parts();
    let text =
        |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let body = Limited::new(body, DELIVERY_BYTES_MAX).collect().await.map_err(io::Error::other)?.to_bytes();
    let digest = format!("sha-256=:{}:", STANDARD.encode(Digest::of(&body).0));
    let delivery = text("coo-delivery");
    if let Ok(mut taken) = taken.lock()
        && !taken.iter().any(|known| known.delivery == delivery)
    {
        taken.push(Taken {
            delivery: delivery.clone(),
            cargo: text("coo-cargo"),
            number: text("coo-number"),
            version: text("coo-version"),
            media_type: text("content-type"),
            body,
        });
    }
    let answer = Response::builder().header("coo-delivery", delivery).header("coo-digest", digest);
    answer.body(Full::new(Bytes::new())).map_err(io::Error::other)
}
