//! The source: pushes certificates over many connections, as fast as it is answered or at a rate of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use coohub::model::id::Digest;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::TlsConnector;

use super::{
    certificate::Template,
    community::{COUNTRIES, Community},
    hub::Hub,
};

/// How much is pushed, and how fast.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) connections: usize,
    /// Certificates a second; none: each connection pushes as soon as it is answered.
    pub(crate) rate: Option<u64>,
    /// Number of the first certificate.
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// Ends earlier after this long.
    pub(crate) longest: Duration,
    /// Countries certificates are bound for, by turns.
    pub(crate) countries: usize,
}

/// A certificate that was accepted.
#[derive(Clone, Copy)]
pub(crate) struct Pushed {
    pub(crate) number: u64,
    /// When it was to be pushed: with a rate, a late push counts from when it was due.
    pub(crate) due: Instant,
    pub(crate) answered: Instant,
}

/// What the tasks of one run share.
struct Run {
    plan: Plan,
    template: Template,
    next: AtomicU64,
    start: Instant,
}

/// The source's connections to a hub.
#[derive(Clone)]
pub(crate) struct Source {
    tls: Arc<ClientConfig>,
    hub: std::net::SocketAddr,
}

impl Source {
    pub(crate) fn new(community: &Community, hub: &Hub) -> Self {
        let mut tls = community.source();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { tls: Arc::new(tls), hub: hub.address }
    }

    /// Pushes by plan; every push must be accepted.
    pub(crate) async fn run(&self, plan: Plan) -> Vec<Pushed> {
        let mut connections = Vec::new();
        for _ in 0..plan.connections {
            connections.push(self.connect().await);
        }
        let next = AtomicU64::new(0);
        let run = Arc::new(Run { plan, template: Template::new(), next, start: Instant::now() });
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn(push_all(connection, run.clone()));
        }
        tasks.join_all().await.concat()
    }

    /// Pushes one thing.
    pub(crate) async fn push(&self, key: &str, media_type: &str, body: String) {
        send(&mut self.connect().await, key, media_type, body).await;
    }

    async fn connect(&self) -> http1::SendRequest<Full<Bytes>> {
        let socket = TcpStream::connect(self.hub).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(self.tls.clone()).connect(name, socket).await.unwrap();
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(driver);
        sender
    }
}

async fn push_all(mut connection: http1::SendRequest<Full<Bytes>>, run: Arc<Run>) -> Vec<Pushed> {
    let mut pushed = Vec::new();
    loop {
        let turn = run.next.fetch_add(1, Ordering::Relaxed);
        if turn >= run.plan.count || run.start.elapsed() >= run.plan.longest {
            return pushed;
        }
        let due = match run.plan.rate {
            Some(rate) => run.start + Duration::from_nanos(turn * 1_000_000_000 / rate),
            None => Instant::now(),
        };
        tokio::time::sleep_until(due.into()).await;
        let number = run.plan.first + turn;
        let country = COUNTRIES[number as usize % run.plan.countries];
        let body = run.template.certificate(number, country);
        send(&mut connection, &format!("issue-{number}"), "application/xml", body).await;
        pushed.push(Pushed { number, due, answered: Instant::now() });
    }
}

async fn send(connection: &mut http1::SendRequest<Full<Bytes>>, key: &str, media_type: &str, body: String) {
    let digest = format!("sha-256=:{}:", STANDARD.encode(Digest::of(body.as_bytes()).0));
    let request = Request::post("/v1/messages")
        .header("host", "localhost")
        .header("content-type", media_type)
        .header("idempotency-key", key)
        .header("content-digest", digest)
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    connection.ready().await.unwrap();
    let answer = connection.send_request(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 202, "{}", String::from_utf8_lossy(&body));
}
