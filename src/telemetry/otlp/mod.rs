//! Spans of the stages, told to a collector by OTLP (OpenTelemetry Protocol 1, `http/protobuf`); in a build that has the
//! feature of this name.
//!
//! A span has the fields of the log and nothing else. Telling is bounded and holds up nothing: what does not fit into the
//! queue, and what the collector does not take in time, is lost.

#[cfg(feature = "otlp")]
mod collector;
#[cfg(feature = "otlp")]
pub(super) mod export;
#[cfg(feature = "otlp")]
pub(super) mod place;

use std::time::Duration;

/// Whether this build can tell spans.
pub const BUILT: bool = cfg!(feature = "otlp");
/// How to get a build that can.
pub const BUILD: &str = "build the hub with: cargo build --release --features otlp";
/// Spans that wait to be told; what comes past them is lost.
pub const QUEUE_SPANS_MAX: usize = 4_096;
/// Spans in one request.
pub const BATCH_SPANS_MAX: usize = 256;
/// How long a span waits for others to be told with.
pub const BATCH_WAIT: Duration = Duration::from_secs(1);
/// Longest wait for the collector to take a request.
pub const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait, at the end, for what is still in the queue to be told.
pub const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The path of traces below a collector's own.
const PATH: &str = "/v1/traces";

/// Settings, read at start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The collector; `None`: nobody is told.
    pub endpoint: Option<Endpoint>,
    /// Traces that are told, in percent; which ones follows from the trace's id. Default 100.
    pub sampled_percent: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self { endpoint: None, sampled_percent: 100 }
    }
}

/// Where a collector takes traces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Host and port, as they are connected to.
    pub authority: String,
    /// Path of traces.
    pub path: String,
}

impl Endpoint {
    /// Reads a plain `http` URL with a port and perhaps a path, below which `/v1/traces` is.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let url: hyper::Uri = url.parse().ok()?;
        let plain = url.scheme_str() == Some("http") && url.query().is_none();
        let authority = url.authority().filter(|named| plain && !named.as_str().contains('@'))?;
        authority.port_u16().filter(|port| *port != 0)?;
        let path = format!("{}{PATH}", url.path().trim_end_matches('/'));
        Some(Self { authority: authority.as_str().to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_a_plain_url_with_a_port() {
        let read = |url| Endpoint::of(url).map(|at| (at.authority, at.path));
        let at = |authority: &str, path: &str| Some((authority.to_owned(), path.to_owned()));
        assert_eq!(read("http://127.0.0.1:4318"), at("127.0.0.1:4318", "/v1/traces"));
        assert_eq!(read("http://[::1]:4318/"), at("[::1]:4318", "/v1/traces"));
        assert_eq!(read("http://otel.internal:80/tenant/"), at("otel.internal:80", "/tenant/v1/traces"));
        for bad in [
            "",
            "127.0.0.1:4318",
            "https://127.0.0.1:4318",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://127.0.0.1:65536",
            "http://name:word@127.0.0.1:4318",
            "http://127.0.0.1:4318/?tenant=1",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
