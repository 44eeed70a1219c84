//! The hub as a client: one pooled HTTPS client per member, the only place beside the doors where hyper lives.
//!
//! HTTP/1.1 over mutual TLS, connections kept alive: one request per connection at a time, so an answer that never
//! comes blocks nothing but its own connection, which is closed. No redirect is followed, no proxy used, no address
//! asked but the member's. Whatever happens becomes a [`Received`]; nothing here decides what it means.

use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, Response, Uri, body::Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tower::Service;

use super::{
    Config,
    headers::Headers,
    outcome::{Answer, Received, Silence},
};
use crate::region::member::Endpoint;

/// Longest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Why no client can be made for an endpoint, or no request for a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// Not an absolute `https` URL.
    #[error("the endpoint is not an https URL")]
    Url,
    /// A header value with characters that HTTP does not carry.
    #[error("the delivery has a header that HTTP does not carry")]
    Header,
}

/// A client for one member's endpoint.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<Bounded, Full<Bytes>>,
    url: Uri,
    timeout: Duration,
    answer_bytes_max: usize,
}

impl Client {
    /// A client that shows the identity and trusts the anchors of `tls`, within these limits.
    ///
    /// # Errors
    /// [`Unusable::Url`] for anything but an `https` URL.
    pub fn new(endpoint: &Endpoint, tls: &Arc<ClientConfig>, config: &Config) -> Result<Self, Unusable> {
        let url: Uri = endpoint.url.parse().map_err(|_| Unusable::Url)?;
        if url.scheme_str() != Some("https") || url.host().is_none() {
            return Err(Unusable::Url);
        }
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.idle_timeout)
            .pool_max_idle_per_host(config.idle_connections_per_member_max)
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .build(Bounded { https: https(tls), timeout: config.connect_timeout });
        Ok(Self { pool, url, timeout: endpoint.timeout, answer_bytes_max: config.answer_bytes_max })
    }

    /// Posts one delivery and waits for its answer, at most the endpoint's timeout.
    ///
    /// **Cancel safety:** dropped, the request is broken off; the target may have it all the same.
    ///
    /// # Errors
    /// [`Unusable::Header`]: nothing was sent. What the target or the network does is never an error.
    pub async fn post(&self, headers: Headers, body: Bytes) -> Result<Received, Unusable> {
        let mut request = Request::post(self.url.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|_| Unusable::Header)?;
        let deadline = tokio::time::Instant::now() + self.timeout;
        Ok(match tokio::time::timeout_at(deadline, self.pool.request(request)).await {
            Err(_) => Received::Nothing(Silence::Timeout),
            Ok(Err(error)) => Received::Nothing(silence(&error)),
            Ok(Ok(response)) => Received::Answer(read(response, deadline, self.answer_bytes_max).await),
        })
    }
}

/// A connector that speaks HTTPS alone, with the identity and anchors of `tls`.
#[must_use]
pub fn https(tls: &ClientConfig) -> HttpsConnector<HttpConnector> {
    let mut tls = tls.clone();
    // The connector names the protocols itself.
    tls.alpn_protocols.clear();
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().wrap_connector(http)
}

/// Reads an answer: its head counts even when its body does not come.
async fn read(response: Response<Incoming>, deadline: tokio::time::Instant, bytes_max: usize) -> Answer {
    let (head, mut body) = response.into_parts();
    let mut answer = Answer {
        status: head.status.as_u16(),
        media_type: text(&head.headers, "content-type"),
        delivery: text(&head.headers, "coo-delivery"),
        digest: text(&head.headers, "coo-digest"),
        retry_after: text(&head.headers, "retry-after"),
        body: Vec::new(),
        cut: false,
    };
    loop {
        let frame = match tokio::time::timeout_at(deadline, body.frame()).await {
            Ok(None) => return answer,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) | Err(_) => break,
        };
        let Ok(data) = frame.into_data() else { continue };
        let room = bytes_max.saturating_sub(answer.body.len());
        answer.body.extend(data.iter().take(room));
        if data.len() > room {
            break;
        }
    }
    answer.cut = true;
    answer
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Finds the cause in the chain of errors: in TLS 1.3 a refused identity shows up at the first read only.
fn silence(error: &(dyn Error + 'static)) -> Silence {
    let mut connecting = false;
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(client) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            connecting = client.is_connect();
        }
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Silence::Tls(tls.to_string());
        }
        if error.is::<TooSlow>() {
            return Silence::Timeout;
        }
        // An io::Error hides what it wraps from `source`.
        cause = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    let root = root(error);
    if connecting { Silence::Unreachable(root) } else { Silence::Broken(root) }
}

fn root(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// A connector that gives up after a while, whichever phase it hangs in.
#[derive(Clone, Debug)]
struct Bounded {
    https: HttpsConnector<HttpConnector>,
    timeout: Duration,
}

/// A connection was not made in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection in time")]
struct TooSlow;

type Fault = Box<dyn Error + Send + Sync>;

impl Service<Uri> for Bounded {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Fault>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connecting, timeout) = (self.https.call(to), self.timeout);
        Box::pin(async move {
            tokio::time::timeout(timeout, connecting).await.map_err(|_| Box::new(TooSlow) as Fault)?
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::region::member::Acknowledge;

    #[test]
    fn only_an_https_url_makes_a_client() {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let tls = Arc::new(tls);
        for (url, usable) in [
            ("https://customs.example/in", true),
            ("http://customs.example/in", false),
            ("/in", false),
            ("not a url", false),
        ] {
            let endpoint = Endpoint {
                url: url.to_owned(),
                anchors: PathBuf::new(),
                acknowledge: Acknowledge::Echo,
                timeout: Duration::from_secs(1),
            };
            assert_eq!(Client::new(&endpoint, &tls, &Config::default()).is_ok(), usable, "{url}");
        }
    }
}
