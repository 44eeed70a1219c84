//! `coohub serve`: the hub, until a signal ends it. SIGHUP reloads, SIGTERM and SIGINT drain.

use std::{collections::BTreeMap, path::PathBuf};

use tokio::signal::unix::{SignalKind, signal};
use tracing::error;

use super::{exit, output::Output};
use crate::{
    clock::Clock,
    config::{self, Config},
    hub::{Failure, Hub},
    problem::Problems,
    telemetry,
};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder the hub runs from, with coohub.toml.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

/// Runs the hub; 0 after an orderly end, 78, 74 or 1 otherwise.
pub fn run(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let problems = Problems::default();
    let Some(config) = config::load(&arguments.folder, environment, &problems) else {
        problems.sorted().iter().for_each(|problem| err.line(problem.to_string()));
        return exit::CONFIGURATION;
    };
    if let Err(error) = telemetry::start(&config.log) {
        err.line(format!("log.level: {error}"));
        return exit::CONFIGURATION;
    }
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(serve(config, out, err)),
        Err(error) => {
            err.line(format!("the runtime does not start: {error}"));
            exit::OTHER
        }
    }
}

async fn serve(config: Config, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let hub = match Hub::start(config, Clock::Real).await {
        Ok(hub) => hub,
        Err(failure) => return refused(&failure, err),
    };
    // The line a supervisor or a test waits for.
    out.line(format!("listening on {}", hub.address()));
    out.flush();
    let signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = signals else {
        err.line("signals cannot be caught");
        hub.drain().await;
        return exit::OTHER;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = hub.stopping() => break,
            _ = hangup.recv() => match hub.reload() {
                Ok(()) => {}
                Err(failure) => report(&failure),
            },
        }
    }
    let poisoned = hub.is_poisoned();
    match (poisoned, hub.drain().await) {
        (true, _) => exit::STORAGE,
        (false, true) => exit::CLEAN,
        (false, false) => exit::OTHER,
    }
}

/// A reload that failed: the hub goes on, the operator reads why.
fn report(failure: &Failure) {
    error!(%failure, "reload refused, the hub goes on as it was");
    if let Failure::Configuration(problems) = failure {
        problems.iter().for_each(|problem| error!(%problem, "not applied"));
    }
}

fn refused(failure: &Failure, err: &mut Output<'_>) -> u8 {
    err.line(failure.to_string());
    if let Failure::Configuration(problems) = failure {
        problems.iter().for_each(|problem| err.line(problem.to_string()));
    }
    match failure {
        Failure::Configuration(_) => exit::CONFIGURATION,
        Failure::Store(_) => exit::STORAGE,
        Failure::Bind { .. } => exit::OTHER,
    }
}
