//! The log: events by the stage words, ids and digests, never content.
//!
//! Levels: `error` someone must act; `warn` degraded but carrying on; `info` the life of messages and deliveries;
//! `debug` and `trace` for inquiry. Party names, document text, keys and raw bodies are never logged at any level.

pub mod field;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// A line per event, for people.
    #[default]
    Text,
    /// A JSON object per event, for machines.
    Json,
}

/// What the log shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Filter in the syntax of `tracing`: `info`, `warn,coohub::deliver=debug`.
    pub level: String,
    /// Text or JSON.
    pub form: Form,
}

impl Default for Config {
    fn default() -> Self {
        Self { level: "info".into(), form: Form::Text }
    }
}

/// Starts the log on standard error. A second start in one process changes nothing.
///
/// # Errors
/// The filter cannot be read.
pub fn start(config: &Config) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::builder().parse(&config.level)?;
    let colour = io::stderr().is_terminal();
    let registry = tracing_subscriber::registry().with(filter);
    let started = match config.form {
        Form::Text => registry.with(fmt::layer().with_ansi(colour).with_writer(io::stderr)).try_init(),
        Form::Json => registry.with(fmt::layer().json().with_writer(io::stderr)).try_init(),
    };
    // Somebody's subscriber is already there: tests start many hubs in one process.
    drop(started);
    Ok(())
}
