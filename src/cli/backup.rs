//! `coohub backup` and `coohub restore`: the store, out to a file and back in.

use std::{collections::BTreeMap, error::Error, io::ErrorKind, path::PathBuf};

use super::{
    exit,
    follow::{self, Follow, Pace},
    output::Output,
    progress::Progress,
};
use crate::{
    clock::Clock,
    config,
    problem::Problems,
    store::{Fault, backup},
};

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// File to make; into a folder, one named after the time.
    pub to: PathBuf,
    /// Folder the hub runs from, with coohub.toml.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Go on: into a folder, another whenever something changed, until a signal.
    #[arg(long)]
    pub follow: bool,
    /// How often, and how many stay.
    #[command(flatten)]
    pub pace: Pace,
}

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// A backup, or a data folder that a hub left.
    pub backup: PathBuf,
    /// Folder the hub is to run from, with coohub.toml; its data folder has no database yet.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

/// Copies the store to a file, whether the hub runs or not; 0, 74 or 78.
pub fn backup(
    arguments: &BackupArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let problems = Problems::default();
    let Some(config) = config::load(&arguments.folder, environment, &problems) else {
        return wrong(problems, err);
    };
    let mut to = arguments.to.clone();
    if arguments.follow {
        return Follow { store: &config.store.folder, to: &to, pace: &arguments.pace }.run(out, err);
    }
    if to.is_dir() {
        to.push(follow::name(Clock::Real.now()));
    }
    let mut progress = Progress::new();
    let made = backup::backup(&config.store.folder, &to, &mut |done, all| {
        progress.at((done, all), "pages copied", err);
    });
    progress.clear(err);
    match made {
        Ok(made) => {
            let (file, bytes, newest) = (made.file.display(), made.bytes, made.newest);
            out.line(format!("{file}: {bytes} bytes, newest commit {newest}"));
            out.line("keep certs/, partners/ and coohub.toml beside it; they are not in it");
            exit::CLEAN
        }
        Err(fault) => failed(&fault, err),
    }
}

/// Puts a backup into an empty data folder and opens a new epoch; 0, 74 or 78.
pub fn restore(
    arguments: &RestoreArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let problems = Problems::default();
    let Some(config) = config::load(&arguments.folder, environment, &problems) else {
        return wrong(problems, err);
    };
    let mut progress = Progress::new();
    let now = Clock::Real.now();
    let restored = backup::restore(&arguments.backup, &config.store.folder, now, &mut |done, all| {
        progress.at((done, all), "pages copied", err);
    });
    progress.clear(err);
    match restored {
        Ok(epoch) => {
            let newest = epoch.newest.map(|newest| newest.to_string()).unwrap_or_default();
            out.line(format!("epoch {} is open; the backup ends at {newest}", epoch.number));
            out.line("each member compares (GET /v1/reconciliation) and completes before it pushes as ever");
            exit::CLEAN
        }
        Err(fault) => failed(&fault, err),
    }
}

fn wrong(problems: Problems, err: &mut Output<'_>) -> u8 {
    problems.sorted().iter().for_each(|problem| err.line(problem.to_string()));
    exit::CONFIGURATION
}

pub(super) fn failed(fault: &Fault, err: &mut Output<'_>) -> u8 {
    if let Fault::File { path, cause } = fault
        && cause.kind() == ErrorKind::AlreadyExists
    {
        err.line(format!("{} is there already and stays: name another, or move it away", path.display()));
        return exit::STORAGE;
    }
    let causes = std::iter::successors(fault.source(), |cause: &&dyn Error| (*cause).source());
    let words: Vec<_> = std::iter::once(fault.to_string()).chain(causes.map(ToString::to_string)).collect();
    err.line(words.join(": "));
    exit::STORAGE
}
