//! A scripted target: an HTTPS server that demands the hub's leaf, does as it is told and remembers what it was sent.
//!
//! HTTP/1.1 by hand on purpose: it can break off, drip and fall silent at any byte. HTTP/2 is in [`http2`].

mod http1;
mod http2;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use coohub::{
    evidence::{
        delivered::DELIVERED,
        key::{PublicKey, SigningKey},
    },
    model::id::Digest,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::hub::until;

/// What the target does with a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Behaviour {
    /// Stores and echoes id and digest in headers.
    Store,
    /// Stores, echoes, and says its time, so many seconds ahead.
    Dated(i64),
    /// Stores and echoes in headers, each of them twice.
    EchoTwice,
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
    /// Takes connections and says nothing, not even a handshake.
    BlackHole,
    /// Speaks HTTP without TLS.
    Plain,
    /// Reads the head of a request and nothing after it.
    TakesNoBody,
    /// Echoes in a JSON body that comes one byte at a time.
    DripBody,
    /// A head of so many bytes.
    GiantHead(usize),
    /// 200 and a body without end.
    EndlessBody,
    /// Stores and gives a signed receipt.
    Sign,
    /// Sends the sender to another port of this machine.
    Redirect(u16),
    /// Stores and echoes, then closes the connection.
    StoreThenClose,
    /// HTTP/2: ends the connection at the next request.
    GoAway,
    /// HTTP/2: resets the stream.
    ResetStream,
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
    /// Digest of the leaf the sender showed.
    pub(crate) leaf: Digest,
}

/// A running target; dropped, it is gone.
pub(crate) struct Partner {
    /// Where it takes deliveries.
    pub(crate) url: String,
    pub(crate) port: u16,
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
    connections: AtomicUsize,
    /// Bytes of endless answers that the sender let through.
    endless: AtomicUsize,
    /// Signs receipts.
    key: SigningKey,
    /// The TLS side, for connections to come.
    tls: Mutex<TlsAcceptor>,
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
        self.leaf_until(name, 4096)
    }

    /// A leaf that ends with the beginning of a year.
    fn leaf_until(&self, name: &str, year: i32) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
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
    fn of(headers: Vec<(String, String)>) -> Self {
        let leaf = Digest([0; 32]);
        Self { headers, bytes: Vec::new(), connection: 0, behaviour: Behaviour::Store, leaf }
    }

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
        Self::set_up(behaviour, 4096, &[]).await
    }

    /// As [`Partner::start`], with HTTP/2.
    pub(crate) async fn start_http2(behaviour: Behaviour) -> Self {
        Self::set_up(behaviour, 4096, &[b"h2"]).await
    }

    /// As [`Partner::start`], under a leaf that ended long ago.
    pub(crate) async fn start_expired(behaviour: Behaviour) -> Self {
        Self::set_up(behaviour, 2001, &[]).await
    }

    async fn set_up(behaviour: Behaviour, leaf_until: i32, protocols: &[&[u8]]) -> Self {
        let (own, hub) = (Pki::new(), Pki::new());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (leaf, key) = own.leaf_until("localhost", leaf_until);
        let verifier =
            WebPkiClientVerifier::builder_with_provider(hub.roots(), provider.clone()).build().unwrap();
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![leaf], key)
            .unwrap();
        server.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
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
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script: Mutex::new((VecDeque::new(), behaviour)),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            endless: AtomicUsize::new(0),
            key: SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap(),
            tls: Mutex::new(TlsAcceptor::from(Arc::new(server))),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(http1::accept(listener, shared.clone()));
        let url = format!("https://localhost:{port}/in");
        Self { url, port, anchor: String::new(), shared, tls: None, _accepting: accepting }
    }

    /// Takes connections to come under other leaves.
    pub(crate) fn serve_as(&self, server: ServerConfig) {
        *self.shared.tls.lock().unwrap() = TlsAcceptor::from(Arc::new(server));
    }

    /// The key its receipts are signed with.
    pub(crate) fn receipt_key(&self) -> PublicKey {
        self.shared.key.public()
    }

    /// Connections taken so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Bytes of endless answers that the sender let through.
    pub(crate) fn endless_bytes(&self) -> usize {
        self.shared.endless.load(Ordering::SeqCst)
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

    /// Everything received since it was taken last.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap())
    }

    /// Waits until `count` requests were received.
    pub(crate) async fn received_at_least(&self, count: usize) -> Vec<Received> {
        until(format_args!("{count} requests"), async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}

impl Shared {
    /// What is done with the next request, or with a connection before there is one.
    fn coming(&self) -> Behaviour {
        let script = self.script.lock().unwrap();
        *script.0.front().unwrap_or(&script.1)
    }

    fn next(&self) -> Behaviour {
        let mut script = self.script.lock().unwrap();
        script.0.pop_front().unwrap_or(script.1)
    }

    fn keep(&self, received: Received) {
        self.received.lock().unwrap().push(received);
    }
}
