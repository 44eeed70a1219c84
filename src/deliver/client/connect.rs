//! Makes a connection: the name, an address that may be meant, TCP, TLS; each step under its own deadline.

use std::{
    error::Error,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
    vec,
};

use hyper::{
    Uri,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_util::{
    client::legacy::connect::{
        Connected, Connection, HttpConnector,
        dns::{GaiResolver, Name},
    },
    rt::TokioIo,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower::Service;

use crate::{deliver::outcome::Phase, region::address::Addresses};

/// Why there is no connection; anything else is the operating system's word for it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unconnected {
    /// A step took too long.
    #[error("too slow")]
    Late(Phase, Duration),
    /// The name stands for addresses that the member's file does not mean.
    #[error("the name stands for {0}, which is not an address the member's file names")]
    Elsewhere(IpAddr),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed")]
    Handshake(#[source] io::Error),
}

/// Longest time for each step.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To resolve the name and have a TCP connection.
    pub connect: Duration,
    /// To have TLS on it.
    pub handshake: Duration,
}

type Fault = Box<dyn Error + Send + Sync>;
type Later<T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send>>;

/// A connector that speaks TLS alone, with the identity and anchors of its configuration, to certain addresses alone.
///
/// The environment is not asked: there is no proxy.
#[derive(Clone)]
pub struct Connector {
    tcp: HttpConnector<Resolver>,
    tls: TlsConnector,
    addresses: Arc<Addresses>,
    limits: Limits,
}

impl Connector {
    /// A connector to these addresses within these limits.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>, addresses: Addresses, limits: Limits) -> Self {
        let addresses = Arc::new(addresses);
        let resolver = Resolver { system: GaiResolver::new(), addresses: addresses.clone() };
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self { tcp, tls: TlsConnector::from(tls), addresses, limits }
    }

    async fn connect(mut self, to: Uri) -> Result<Secured, Fault> {
        let host = to.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        // An address in place of a name is not resolved.
        if let Ok(literal) = host.parse()
            && !self.addresses.mean(literal)
        {
            return Err(Unconnected::Elsewhere(literal).into());
        }
        let name = ServerName::try_from(host)?;
        let Limits { connect, handshake } = self.limits;
        let tcp = match tokio::time::timeout(connect, self.tcp.call(to)).await {
            Ok(made) => made?.into_inner(),
            Err(_) => return Err(Unconnected::Late(Phase::Connect, connect).into()),
        };
        match tokio::time::timeout(handshake, self.tls.connect(name, tcp)).await {
            Ok(Ok(tls)) => Ok(Secured(TokioIo::new(tls))),
            Ok(Err(error)) => Err(Unconnected::Handshake(error).into()),
            Err(_) => Err(Unconnected::Late(Phase::Handshake, handshake).into()),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Secured;
    type Error = Fault;
    type Future = Later<Secured>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Later<Secured> {
        Box::pin(self.clone().connect(to))
    }
}

/// The system's resolver, of whose answers only those are used that may be meant.
#[derive(Clone, Debug)]
struct Resolver {
    system: GaiResolver,
    addresses: Arc<Addresses>,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Fault;
    type Future = Later<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.system.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolving, addresses) = (self.system.call(name), self.addresses.clone());
        Box::pin(async move {
            let (meant, others): (Vec<_>, Vec<_>) =
                resolving.await?.partition(|found| addresses.mean(found.ip()));
            match (meant.is_empty(), others.first()) {
                (true, Some(other)) => Err(Unconnected::Elsewhere(other.ip()).into()),
                _ => Ok(meant.into_iter()),
            }
        })
    }
}

/// A TLS connection, as the pool wants it.
#[derive(Debug)]
pub struct Secured(TokioIo<TlsStream<TcpStream>>);

impl Connection for Secured {
    fn connected(&self) -> Connected {
        let (tcp, tls) = self.0.inner().get_ref();
        match tls.alpn_protocol() {
            Some(b"h2") => tcp.connected().negotiated_h2(),
            _ => tcp.connected(),
        }
    }
}

impl Read for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl Write for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, parts)
    }
}
