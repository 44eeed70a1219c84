//! `coohub backup --follow`: one backup after another into a folder, the newest kept.
//!
//! Each is a whole backup, proved and synced before it has its name; nothing is copied while nothing was written. One
//! that fails is told and tried again a pause later: the folder may be another machine's, and away for a while.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use tokio::signal::unix::{SignalKind, signal};

use super::{backup::failed, exit, output::Output, progress::Progress};
use crate::{
    clock::Clock,
    model::time::Timestamp,
    problem::unit,
    store::backup::{self, Mark},
};

/// Fewest seconds between two backups.
pub const EVERY_SECONDS_MIN: u64 = 5;
/// Most backups kept.
pub const KEPT_MAX: u64 = 10_000;

const PREFIX: &str = "coohub-";
const SUFFIX: &str = ".db";
const UNFINISHED: &str = ".db.part";

/// How often, and how many stay.
#[derive(Clone, Debug, clap::Args)]
pub struct Pace {
    /// With --follow: the pause between two backups, 5s or more; longer where the last one took longer.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = every)]
    pub every: Duration,
    /// With --follow: backups kept, the newest.
    #[arg(long, value_name = "COUNT", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=KEPT_MAX))]
    pub keep: u64,
}

/// The name of a backup made at a time; names sort as their times do.
pub(super) fn name(at: Timestamp) -> String {
    format!("{PREFIX}{}{SUFFIX}", at.to_string().replace(':', ""))
}

/// Waits; false once a signal says to end.
pub(super) type Wait<'a> = &'a mut dyn FnMut(Duration) -> bool;

/// Runs what goes on and on, and waits between its rounds, until SIGTERM or SIGINT; gives its exit code.
pub(super) fn until_signal(
    err: &mut Output<'_>,
    rounds: &mut dyn FnMut(&mut Output<'_>, Wait<'_>) -> u8,
) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            err.line(format!("the runtime does not start: {error}"));
            return exit::OTHER;
        }
    };
    let entered = runtime.enter();
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    drop(entered);
    let [Ok(mut terminate), Ok(mut interrupt)] = signals else {
        err.line("signals cannot be caught");
        return exit::OTHER;
    };
    rounds(err, &mut |pause| {
        runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(pause) => true,
                _ = terminate.recv() => false,
                _ = interrupt.recv() => false,
            }
        })
    })
}

/// Backups of a store into a folder.
pub(super) struct Follow<'a> {
    pub(super) store: &'a Path,
    pub(super) to: &'a Path,
    pub(super) pace: &'a Pace,
}

impl Follow<'_> {
    /// Backs up until a signal; 0 when the last one succeeded, 74 otherwise.
    pub(super) fn run(&self, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
        until_signal(err, &mut |err, wait| self.rounds(out, err, wait))
    }

    /// Backs up whenever something was written, for as long as `wait` says to go on.
    fn rounds(&self, out: &mut Output<'_>, err: &mut Output<'_>, wait: Wait<'_>) -> u8 {
        let mut copied: Option<Mark> = None;
        loop {
            let (seen, began) = (backup::mark(self.store), Instant::now());
            if copied.as_ref() != Some(&seen) {
                copied = self.once(out, err).then_some(seen);
                out.flush();
            }
            // A store that takes long to copy is not copied all the time.
            if !wait(self.pace.every.max(began.elapsed())) {
                return if copied.is_some() { exit::CLEAN } else { exit::STORAGE };
            }
        }
    }

    /// One backup, and what it makes superfluous removed; false when it failed.
    fn once(&self, out: &mut Output<'_>, err: &mut Output<'_>) -> bool {
        let to = self.to;
        if !to.is_dir() {
            err.line(format!("{} is no folder, or is not there now", to.display()));
            return false;
        }
        let mut progress = Progress::new();
        let made = backup::backup(self.store, &to.join(name(Clock::Real.now())), &mut |done, all| {
            progress.at((done, all), "pages copied", err);
        });
        progress.clear(err);
        match made {
            Ok(made) => {
                let (file, bytes, newest) = (made.file.display(), made.bytes, made.newest);
                out.line(format!("{file}: {bytes} bytes, newest commit {newest}"));
            }
            Err(fault) => {
                let _ = failed(&fault, err);
                return false;
            }
        }
        if let Err(error) = tidy(to, self.pace.keep) {
            err.line(format!("{}: older backups cannot be removed: {error}", to.display()));
        }
        true
    }
}

/// Removes what is not to be kept of a folder.
fn tidy(folder: &Path, keep: u64) -> io::Result<()> {
    let names = fs::read_dir(folder)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    superfluous(names.collect(), keep).iter().try_for_each(|name| fs::remove_file(folder.join(name)))
}

/// Which files of a folder go: of our names all but the newest, and what was left unfinished. Other files are nobody's
/// business here.
fn superfluous(mut names: Vec<String>, keep: u64) -> Vec<String> {
    names.retain(|name| name.starts_with(PREFIX));
    let (unfinished, mut whole): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| name.ends_with(UNFINISHED));
    whole.retain(|name| name.ends_with(SUFFIX));
    whole.sort_unstable_by(|a, b| b.cmp(a));
    let kept = usize::try_from(keep).unwrap_or(usize::MAX);
    unfinished.into_iter().chain(whole.into_iter().skip(kept)).collect()
}

fn every(text: &str) -> Result<Duration, String> {
    let least = Duration::from_secs(EVERY_SECONDS_MIN);
    match unit::duration(text) {
        Some(pause) if pause >= least => Ok(pause),
        Some(_) => Err(format!("at least {}", unit::duration_text(least))),
        None => Err("a number and its unit: 30s, 5m, 1h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Config, Store};

    fn pace(keep: u64) -> Pace {
        Pace { every: Duration::from_secs(EVERY_SECONDS_MIN), keep }
    }

    fn listed(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_backup_follows_each_change_and_none_follows_none() {
        let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let config = Config { folder: data.path().join("data"), ..Config::default() };
        drop(Store::open(&config).unwrap());
        let (mut out, mut err, mut waits) = (Vec::new(), Vec::new(), 0);
        let code = {
            let (mut out, mut err) = (Output::new(&mut out), Output::new(&mut err));
            Follow { store: &config.folder, to: to.path(), pace: &pace(2) }.rounds(
                &mut out,
                &mut err,
                &mut |_| {
                    waits += 1;
                    // Opening it writes; the rounds between change nothing.
                    if waits % 2 == 0 {
                        drop(Store::open(&config).unwrap());
                    }
                    waits < 7
                },
            )
        };
        let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap());
        assert_eq!((code, err.as_str()), (exit::CLEAN, ""), "{out}");
        assert_eq!(out.lines().count(), 4, "{out}");
        let kept: Vec<_> =
            out.lines().rev().take(2).map(|line| line.split(": ").next().unwrap().to_owned()).collect();
        let names = listed(to.path());
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(kept.iter().all(|file| Path::new(file).exists()), "{kept:?} {names:?}");
    }

    #[test]
    fn a_folder_that_is_away_is_tried_again() {
        let (data, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let config = Config { folder: data.path().join("data"), ..Config::default() };
        drop(Store::open(&config).unwrap());
        let to = away.path().join("mounted");
        let (mut out, mut err, mut waits) = (Vec::new(), Vec::new(), 0);
        let mut run = |ends_at: u32, out: &mut Vec<u8>, err: &mut Vec<u8>| {
            let (mut out, mut err) = (Output::new(out), Output::new(err));
            Follow { store: &config.folder, to: &to, pace: &pace(2) }.rounds(&mut out, &mut err, &mut |_| {
                waits += 1;
                if waits == 2 {
                    fs::create_dir(&to).unwrap();
                }
                waits < ends_at
            })
        };
        assert_eq!(run(1, &mut out, &mut err), exit::STORAGE);
        assert_eq!(run(3, &mut out, &mut err), exit::CLEAN);
        assert_eq!(String::from_utf8(err).unwrap().lines().count(), 2);
        assert_eq!(listed(&to).len(), 1);
    }

    #[test]
    fn a_pause_has_a_unit_and_is_no_shorter_than_the_least() {
        assert_eq!(every("5s").unwrap(), Duration::from_secs(EVERY_SECONDS_MIN));
        assert_eq!(every("4s").unwrap_err(), "at least 5s");
        assert_eq!(every("5").unwrap_err(), "a number and its unit: 30s, 5m, 1h");
    }

    #[test]
    fn the_newest_of_our_names_stay_and_other_files_are_left_alone() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let folder = names(&[
            "coohub-2026-11-28T101500.000Z.db",
            "coohub-2026-11-29T101500.000Z.db",
            "coohub-2026-11-27T101500.000Z.db",
            "coohub-2026-11-28T000000.000Z.db.part",
            "coohub.toml",
            "coohub-notes.txt",
            "old.db",
        ]);
        let gone = names(&["coohub-2026-11-28T000000.000Z.db.part", "coohub-2026-11-27T101500.000Z.db"]);
        assert_eq!(superfluous(folder.clone(), 2), gone);
        assert_eq!(superfluous(folder, 3), gone[..1]);
    }
}
