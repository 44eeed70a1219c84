//! `coohub serve`: the hub, until a signal ends it. SIGHUP reloads, SIGTERM and SIGINT drain, a second one ends at once.

use std::{collections::BTreeMap, path::PathBuf};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, warn};

use super::{exit, output::Output};
use crate::{
    clock::Clock,
    config::{self, Config},
    crash,
    hub::{Failure, Hub},
    listen,
    problem::Problems,
    telemetry,
};

/// Open files beside the door's sockets: the store, the connections to members, the files of a reload.
const FILES_BESIDE_THE_DOOR: u64 = 1024;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder the hub runs from, with coohub.toml.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

/// Why the hub ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// Somebody asked.
    Asked,
    /// A part of it cannot go on.
    Fault,
}

/// Runs the hub; 0 after an orderly end, 78, 74, 70 or 1 otherwise.
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
    if let Err(error) = crash::arm(environment) {
        err.line(error);
        return exit::CONFIGURATION;
    }
    let telling = match telemetry::start(&config.log, &config.telemetry.otlp) {
        Ok(telling) => telling,
        Err(failure) => {
            err.line(failure.to_string());
            return if matches!(failure, telemetry::Failure::Level(_)) {
                exit::CONFIGURATION
            } else {
                exit::OTHER
            };
        }
    };
    allow_files(&config.listen);
    let code = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let code = runtime.block_on(serve(config, out, err));
            // What was cut off is not waited for a second time: every commit is whole on disk or not there.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            err.line(format!("the runtime does not start: {error}"));
            exit::OTHER
        }
    };
    telling.end();
    code
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
    let end = loop {
        tokio::select! {
            _ = terminate.recv() => break End::Asked,
            _ = interrupt.recv() => break End::Asked,
            () = hub.stopping() => break End::Fault,
            _ = hangup.recv() => match hub.reload().await {
                Ok(()) => {}
                Err(failure) => report(&failure),
            },
        }
    };
    let store = hub.store().clone();
    let drained = tokio::select! {
        drained = hub.drain() => drained,
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
    };
    code(end, store.is_poisoned(), drained)
}

/// Raises the limit of open files to what the door's limits may need, as far as the system lets it.
fn allow_files(door: &listen::Config) {
    let sockets = [door.connections_max, door.strangers_max, door.handshakes_max];
    let wanted = sockets.iter().fold(FILES_BESIDE_THE_DOOR, |sum, most| {
        sum.saturating_add(u64::try_from(*most).unwrap_or(u64::MAX))
    });
    let limit = getrlimit(Resource::Nofile);
    let Some(allowed) = limit.current.filter(|allowed| *allowed < wanted) else { return };
    let most = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit });
    let now = if raised.is_ok() { most } else { allowed };
    if now < wanted {
        warn!(
            files.allowed = now,
            files.wanted = wanted,
            "the system allows fewer open files than the door's limits need"
        );
    }
}

/// What an end is called; never 0 when something went wrong or was cut off.
fn code(end: End, poisoned: bool, drained: bool) -> u8 {
    match (poisoned, end, drained) {
        (true, ..) => exit::STORAGE,
        (false, End::Fault, _) => exit::BUG,
        (false, End::Asked, true) => exit::CLEAN,
        (false, End::Asked, false) => exit::OTHER,
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
    if let Failure::Configuration(problems) | Failure::Before(problems) = failure {
        problems.iter().for_each(|problem| err.line(problem.to_string()));
    }
    match failure {
        Failure::Configuration(_) | Failure::Refused(_) | Failure::Before(_) => exit::CONFIGURATION,
        Failure::Store(_) => exit::STORAGE,
        Failure::Bind { .. } | Failure::Control { .. } => exit::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_that_was_asked_for_and_cut_nothing_off_is_clean() {
        let cases = [
            (End::Asked, false, true, exit::CLEAN),
            (End::Asked, false, false, exit::OTHER),
            (End::Asked, true, true, exit::STORAGE),
            (End::Fault, true, false, exit::STORAGE),
            (End::Fault, false, true, exit::BUG),
        ];
        for (end, poisoned, drained, expected) in cases {
            assert_eq!(code(end, poisoned, drained), expected, "{end:?} {poisoned} {drained}");
        }
    }
}
