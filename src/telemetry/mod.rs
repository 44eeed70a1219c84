//! The log: events by the stage words, ids and digests, never content.
//!
//! Levels: `error` someone must act; `warn` degraded but carrying on; `info` the life of messages and deliveries;
//! `debug` and `trace` for inquiry. Party names, document text, keys and raw bodies are never logged at any level.
//!
//! And the figures ([`metrics`]): what is counted, under a closed list of names and labels ([`known`]); and spans, told to
//! a collector ([`otlp`]).

pub mod field;
pub mod known;
pub mod metrics;
pub mod otlp;
pub mod state;
pub mod trace;
mod word;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// A line per event, for people.
    #[default]
    Text,
    /// A JSON object per event, for machines.
    Json,
}

/// Levels, from nothing to everything.
pub const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What the log shows; read at start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Filter: a level, and levels of single modules, separated by commas: `warn,coohub::deliver=debug`.
    pub level: String,
    /// Text or JSON.
    pub form: Form,
}

impl Default for Config {
    fn default() -> Self {
        Self { level: "info".into(), form: Form::Text }
    }
}

/// The first part of a filter that is neither a level nor `module=level`; `None` when every part is.
///
/// Stricter than `tracing`, which takes a misspelt level for the name of a module and then shows nothing.
#[must_use]
pub fn unreadable(filter: &str) -> Option<&str> {
    let module =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
    filter.split(',').find(|part| match part.split_once('=') {
        Some((name, level)) => !module(name) || !LEVELS.contains(&level),
        None => !LEVELS.contains(part),
    })
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The filter cannot be read.
    #[error("log.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The system does not give what telling spans needs.
    #[error("spans cannot be told: {0}")]
    Spans(#[from] io::Error),
}

/// The log, and spans that are told, until the process ends.
#[must_use]
pub struct Telling {
    #[cfg(feature = "otlp")]
    spans: Option<otlp::export::Exporting>,
}

impl Telling {
    /// Tells what waits to be told, within [`otlp::FLUSH_TIMEOUT`].
    pub fn end(self) {
        #[cfg(feature = "otlp")]
        self.spans.into_iter().for_each(otlp::export::Exporting::end);
    }
}

/// Starts the log on standard error, and telling spans. A second start in one process changes nothing.
///
/// # Errors
/// [`Failure`]; nothing is logged then.
#[cfg_attr(not(feature = "otlp"), allow(unused_variables))]
pub fn start(config: &Config, spans: &otlp::Config) -> Result<Telling, Failure> {
    let filter = EnvFilter::builder().parse(&config.level)?;
    let colour = io::stderr().is_terminal();
    // The filter is the log's alone: what it leaves out may still be told to a collector.
    let log = match config.form {
        Form::Text => fmt::layer().with_ansi(colour).with_writer(io::stderr).with_filter(filter).boxed(),
        Form::Json => fmt::layer().json().with_writer(io::stderr).with_filter(filter).boxed(),
    };
    let registry = tracing_subscriber::registry().with(log);
    #[cfg(feature = "otlp")]
    let spans = otlp::export::Exporting::start(spans)?;
    #[cfg(feature = "otlp")]
    let registry = registry.with(spans.as_ref().map(otlp::export::Exporting::layer));
    // Somebody's subscriber may already be there: tests start many hubs in one process.
    drop(registry.try_init());
    Ok(Telling {
        #[cfg(feature = "otlp")]
        spans,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_and_levels_of_modules() {
        for good in ["info", "off", "warn,coohub::deliver=debug", "coohub=trace,rustls=error"] {
            assert_eq!(unreadable(good), None);
            assert!(EnvFilter::builder().parse(good).is_ok(), "{good}");
        }
        for (bad, part) in [
            ("inf", "inf"),
            ("", ""),
            ("info,coohub=loud", "coohub=loud"),
            ("info, coohub=debug", " coohub=debug"),
            ("=info", "=info"),
        ] {
            assert_eq!(unreadable(bad), Some(part));
        }
    }
}
