//! A scripted target: an HTTPS server that demands the hub's leaf, does as it is told and remembers what it was sent.
//!
//! HTTP/1.1 by hand on purpose: it can break off, drip and fall silent at any byte.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use coohub::model::id::Digest;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// What the target does with a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Behaviour {
    /// Stores and echoes id and digest in headers.
    Store,
    /// Stores and echoes in a JSON body.
    StoreJson,
    /// Answers 409 with the digest: it had the delivery already.
    Known,
    /// Stores, then breaks the connection without a word.
    StoreThenReset,
    /// Drops every connection.
    Down,
    /// A status with an empty body.
    Status(u16),
    /// 200 without echo.
    NoEcho,
    /// 200 with a page.
    Html,
    /// 429 with `Retry-After` in seconds.
    RetryAfter(u64),
    /// 422 problem document with a code.
    Refuse(&'static str),
    /// Takes the request and never answers.
    Hang,
    /// Answers one byte at a time, more slowly than anyone waits.
    Drip,
    /// Breaks off in the middle of the answer's body.
    ResetMidBody,
}

/// A request as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Received {
    /// Names in lower case, and values.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) bytes: Vec<u8>,
    /// Number of the connection it came over.
    pub(crate) connection: usize,
    /// What was done with it.
    pub(crate) behaviour: Behaviour,
}

/// A running target; dropped, it is gone.
pub(crate) struct Partner {
    /// Where it takes deliveries.
    pub(crate) url: String,
    /// PEM of the anchor its leaf chains to.
    #[allow(dead_code, reason = "for tests that configure a member by files")]
    pub(crate) anchor: String,
    shared: Arc<Shared>,
    /// The hub's side of the connection, where the target made it.
    tls: Option<Arc<ClientConfig>>,
    /// Dropped with the target, which ends it.
    _accepting: JoinSet<()>,
}

struct Shared {
    script: Mutex<(VecDeque<Behaviour>, Behaviour)>,
    received: Mutex<Vec<Received>>,
    arrived: Notify,
}

/// An anchor and leaves under it, for tests.
pub(crate) struct Pki {
    issuer: Issuer<'static, KeyPair>,
    /// PEM of the anchor.
    pub(crate) anchor: String,
    der: CertificateDer<'static>,
}

impl Pki {
    /// A new anchor.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let anchor = params.self_signed(&key).unwrap();
        Self { anchor: anchor.pem(), der: anchor.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// A leaf for a name, and its key.
    pub(crate) fn leaf(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        (leaf.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        Arc::new(roots)
    }
}

impl Received {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The delivery id.
    pub(crate) fn delivery(&self) -> &str {
        self.header("CoO-Delivery")
    }
}

impl Partner {
    /// Starts a target on a free port, with an anchor of its own and another for the hub's leaf.
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let (own, hub) = (Pki::new(), Pki::new());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (leaf, key) = own.leaf("localhost");
        let verifier =
            WebPkiClientVerifier::builder_with_provider(hub.roots(), provider.clone()).build().unwrap();
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![leaf], key)
            .unwrap();
        let (leaf, key) = hub.leaf("hub.example");
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(own.roots())
            .with_client_auth_cert(vec![leaf], key)
            .unwrap();
        let partner = Self::serving(server, behaviour).await;
        Self { anchor: own.anchor, tls: Some(Arc::new(client)), ..partner }
    }

    /// Starts a target on a free port under leaves that others made.
    pub(crate) async fn serving(server: ServerConfig, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/in", listener.local_addr().unwrap().port());
        let shared = Arc::new(Shared {
            script: Mutex::new((VecDeque::new(), behaviour)),
            received: Mutex::default(),
            arrived: Notify::new(),
        });
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, acceptor, shared.clone()));
        Self { url, anchor: String::new(), shared, tls: None, _accepting: accepting }
    }

    /// The hub's side of the connection: trusts this target, shows the hub's leaf.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        self.tls.clone().unwrap()
    }

    /// Does this from now on.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.shared.script.lock().unwrap().1 = behaviour;
    }

    /// Does these once each, in order, before what it does otherwise.
    pub(crate) fn script(&self, behaviours: &[Behaviour]) {
        self.shared.script.lock().unwrap().0.extend(behaviours);
    }

    /// Everything received so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// Waits until `count` requests were received.
    pub(crate) async fn received_at_least(&self, count: usize) -> Vec<Received> {
        loop {
            let arrived = self.shared.arrived.notified();
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            arrived.await;
        }
    }
}

impl Shared {
    fn is_down(&self) -> bool {
        let script = self.script.lock().unwrap();
        script.0.front().unwrap_or(&script.1) == &Behaviour::Down
    }

    fn next(&self) -> Behaviour {
        let mut script = self.script.lock().unwrap();
        script.0.pop_front().unwrap_or(script.1)
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        if shared.is_down() {
            continue;
        }
        let (acceptor, shared) = (acceptor.clone(), shared.clone());
        connections.spawn(async move { serve(stream, acceptor, shared, number).await });
    }
}

/// Serves one connection until either side has enough; `None` is the end.
async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>, number: usize) -> Option<()> {
    let mut stream = BufReader::new(acceptor.accept(stream).await.ok()?);
    loop {
        let mut received = read(&mut stream).await?;
        if shared.is_down() {
            return None;
        }
        received.connection = number;
        received.behaviour = shared.next();
        let behaviour = received.behaviour;
        let reply = reply(behaviour, &received);
        shared.received.lock().unwrap().push(received);
        shared.arrived.notify_waiters();
        let stream = stream.get_mut();
        match behaviour {
            Behaviour::Hang => std::future::pending::<()>().await,
            Behaviour::StoreThenReset => return None,
            Behaviour::Drip => drip(stream, &reply).await?,
            _ => stream.write_all(&reply).await.ok()?,
        }
        stream.flush().await.ok()?;
        if behaviour == Behaviour::ResetMidBody {
            return None;
        }
    }
}

async fn read(stream: &mut BufReader<TlsStream<TcpStream>>) -> Option<Received> {
    let mut headers = Vec::new();
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut received = Received { headers, bytes: Vec::new(), connection: 0, behaviour: Behaviour::Store };
    received.bytes.resize(received.header("content-length").parse().unwrap_or(0), 0);
    stream.read_exact(&mut received.bytes).await.ok()?;
    Some(received)
}

async fn drip(stream: &mut TlsStream<TcpStream>, reply: &[u8]) -> Option<()> {
    let mut drops = tokio::time::interval(Duration::from_millis(100));
    for byte in reply {
        drops.tick().await;
        stream.write_all(&[*byte]).await.ok()?;
        stream.flush().await.ok()?;
    }
    Some(())
}

fn reply(behaviour: Behaviour, received: &Received) -> Vec<u8> {
    let id = received.delivery();
    let digest = received.header("Content-Digest");
    let echo = format!("CoO-Delivery: {id}\r\nCoO-Digest: {digest}\r\n");
    let hex = Digest::of(&received.bytes).hex();
    let json = "Content-Type: application/json\r\n";
    let problem = "Content-Type: application/problem+json\r\n";
    match behaviour {
        Behaviour::Store => answer(202, &echo, ""),
        Behaviour::StoreJson => {
            answer(200, json, &format!(r#"{{"delivery":"{id}","digest":"sha-256:{hex}"}}"#))
        }
        Behaviour::Known => answer(409, &format!("CoO-Digest: {digest}\r\n"), ""),
        Behaviour::Status(status) => answer(status, "", ""),
        Behaviour::NoEcho => answer(200, json, "{}"),
        Behaviour::Html => answer(200, "Content-Type: text/html\r\n", "<html>Welcome</html>"),
        Behaviour::RetryAfter(seconds) => answer(429, &format!("Retry-After: {seconds}\r\n"), ""),
        Behaviour::Refuse(code) => answer(422, problem, &format!(r#"{{"code":"{code}"}}"#)),
        Behaviour::ResetMidBody => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"deliv".to_vec(),
        Behaviour::Drip => answer(200, &echo, ""),
        Behaviour::Hang | Behaviour::Down | Behaviour::StoreThenReset => Vec::new(),
    }
}

fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
