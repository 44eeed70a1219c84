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
