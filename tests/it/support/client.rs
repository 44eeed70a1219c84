//! A small client of the members' door: one connection with a leaf, HTTP/1.1 or 2, and the bare stream beneath it.

use std::{io, net::SocketAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use coohub::model::id::Digest;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, StatusCode, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, HandshakeKind, pki_types::ServerName};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::pki::Leaf;

/// A connection.
pub struct Client {
    sender: Sender,
    /// Whether the TLS session was resumed.
    pub resumed: bool,
    /// DER of the server's leaf.
    pub server: Vec<u8>,
}

enum Sender {
    Http1(conn::http1::SendRequest<Full<Bytes>>),
    Http2(conn::http2::SendRequest<Full<Bytes>>),
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// TLS settings of a client with this leaf that trusts this anchor; one value keeps its sessions.
pub fn settings(leaf: &Leaf, anchor: &[u8], protocol: &str) -> Arc<ClientConfig> {
    let mut config = coohub::tls::client(&leaf.own(), &[anchor.to_vec()]).unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Arc::new(config)
}

/// TLS settings of a client that shows no leaf.
pub fn without_leaf(anchor: &[u8]) -> Arc<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(anchor.to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(versions.with_root_certificates(roots).with_no_client_auth())
}

/// Opens a TLS stream, to speak bare HTTP on.
pub async fn stream(settings: &Arc<ClientConfig>, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(settings.clone()).connect(name, socket).await
}

/// Opens a connection; TLS 1.3 reports a refused leaf only at the first request.
pub async fn connect(settings: &Arc<ClientConfig>, address: SocketAddr) -> io::Result<Client> {
    let stream = stream(settings, address).await?;
    let session = stream.get_ref().1;
    let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
    let server = session.peer_certificates().unwrap()[0].to_vec();
    let http2 = session.alpn_protocol() == Some(b"h2");
    let sender = if http2 {
        let (sender, driver) =
            conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(other)?;
        tokio::spawn(driver);
        Sender::Http2(sender)
    } else {
        let (sender, driver) = conn::http1::handshake(TokioIo::new(stream)).await.map_err(other)?;
        tokio::spawn(driver);
        Sender::Http1(sender)
    };
    Ok(Client { sender, resumed, server })
}

impl Client {
    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.request("GET", path, &[], b"").await
    }

    /// Posts with the headers given and no others.
    pub async fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        self.request("POST", path, headers, body).await
    }

    /// Pushes an XML document with the headers it needs.
    pub async fn push(&mut self, key: &str, body: &[u8]) -> io::Result<Answer> {
        let digest = content_digest(body);
        let headers =
            [("content-type", "application/xml"), ("idempotency-key", key), ("content-digest", &digest)];
        self.post("/v1/messages", &headers, body).await
    }

    pub async fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let body = Full::new(Bytes::copy_from_slice(body));
        let answer = match &mut self.sender {
            Sender::Http1(sender) => {
                let request = request(method, path, headers).header("host", "localhost").body(body).unwrap();
                sender.ready().await.map_err(other)?;
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                let address = format!("https://localhost{path}");
                let request = request(method, &address, headers).body(body).unwrap();
                sender.ready().await.map_err(other)?;
                sender.send_request(request).await
            }
        };
        let (parts, body) = answer.map_err(other)?.into_parts();
        let body = body.collect().await.map_err(other)?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The problem's code; empty when it is none.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Writes bare text and reads until the server closes or `enough` has come.
pub async fn exchange(stream: &mut TlsStream<TcpStream>, text: &str, enough: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        // A server that closes without a farewell has closed all the same.
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read);
        if count == 0 || (!enough.is_empty() && text.contains(enough)) {
            return text.into_owned();
        }
    }
}

pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Digest::of(body).0))
}

fn request(method: &str, address: &str, headers: &[(&str, &str)]) -> hyper::http::request::Builder {
    let start = Request::builder().method(method).uri(address);
    headers.iter().fold(start, |request, (name, value)| request.header(*name, *value))
}

fn other(error: hyper::Error) -> io::Error {
    io::Error::other(error)
}
