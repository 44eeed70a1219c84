//! The power fails: what reached the device is all that survives. Needs root, so it is run by `tests/powercut/run`.
//!
//! Method: the data folder lies on an ext4 whose device is a file in memory, mounted so that for minutes nothing but a sync
//! writes anything back. At a moment drawn from a seed the hub is stopped (SIGSTOP), the device is copied as it is, the
//! hub is killed, the copy is mounted in the place of the first, as a machine would that comes up again, and the hub goes on
//! from there in the same storm. After each cut every push acknowledged since the one before is asked for again; at the
//! end everything is held against what was pushed.
//!
//! Not shown: a device that loses what it said was written, and a cut in the middle of one sync. Copied while a sync is
//! under way, the image would be of no single moment: of a journal after the file system moved on, of tables before.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{BUSY_LOG, DELAY_MICROS_MAX, Draw, SEED, held, number, process::Process, say, storm::Storm};
use crate::support::hub::Community;

/// Pushes answered between two cuts, at most; the moment within them is drawn.
const ANSWERS_BETWEEN_MAX: u64 = 60;
/// Pushes answered before the cut of the control.
const ANSWERS_OF_CONTROL: u64 = 50;

/// A disk that keeps only what was written to it.
struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// An empty one, in the folder the script made.
    fn new() -> Self {
        let folder = PathBuf::from(std::env::var("COOHUB_POWERCUT").expect("tests/powercut/run says where"));
        let disk = Self { folder };
        run("truncate", &["-s", "700M", disk.path("image")]);
        run("mkfs.ext4", &["-q", "-F", disk.path("image")]);
        disk.mount();
        disk
    }

    /// Copies what reached the device.
    fn copy(&self) {
        run("cp", &["--sparse=auto", self.path("image"), self.path("copy")]);
    }

    /// Goes on with the copy; whoever wrote must be dead.
    fn cut(&self) {
        run("umount", &[self.path("disk")]);
        std::fs::rename(self.folder.join("copy"), self.folder.join("image")).unwrap();
        self.mount();
    }

    fn mount(&self) {
        // Five minutes until the file system writes back by itself; a run between two cuts takes seconds.
        run("mount", &["-o", "loop,commit=300,noatime", self.path("image"), self.path("disk")]);
    }

    fn path(&self, name: &str) -> &'static str {
        self.folder.join(name).to_str().unwrap().to_owned().leak()
    }

    /// Variables that put the hub's data on it.
    fn variables(&self) -> Vec<(&'static str, &'static str)> {
        let own =
            [("COOHUB__STORE__FOLDER", self.path("disk/data")), ("COOHUB__STORE__FREE_BYTES_MIN", "0 B")];
        BUSY_LOG.into_iter().chain(own).collect()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.join("disk")).status();
        let _ = std::fs::remove_file(self.folder.join("image"));
    }
}

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root and a loop device: tests/powercut/run"]
async fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let cuts = number("COOHUB_CUTS").unwrap_or(3);
    let seed = number("COOHUB_SEED").map_or(SEED, |seed| seed as u64);
    say(&format!("seed {seed}, {cuts} power cuts"));
    let (community, disk) = (Community::shipped().await, Disk::new());
    let storm = Storm::new(&community);
    let mut process = Process::start_with(&community, &disk.variables()).await;
    storm.hub_is_at(process.port);

    let cutting = async {
        let (mut draw, mut held) = (Draw(seed), 0);
        for cut in 1..=cuts {
            storm.answered_further(1 + draw.below(ANSWERS_BETWEEN_MAX)).await;
            tokio::time::sleep(Duration::from_micros(draw.below(DELAY_MICROS_MAX))).await;
            process.freeze().await;
            disk.copy();
            process.kill();
            disk.cut();
            process = Process::start_with(&community, &disk.variables()).await;
            storm.hub_is_at(process.port);
            let acknowledged = storm.acknowledged(0).len();
            held::receipts_are_kept(&storm, held).await;
            say(&format!("cut {cut}: {} acknowledged since the last, all there", acknowledged - held));
            held = acknowledged;
        }
        storm.ends();
    };
    tokio::join!(storm.rages(), cutting);
    held::all(&storm, cuts).await;
    drop(process);
}

/// Shows that the method bites.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root and a loop device: tests/powercut/run"]
async fn without_syncs_a_power_cut_loses_what_was_acknowledged() {
    let (community, disk) = (Community::shipped().await, Disk::new());
    let storm = Storm::new(&community);
    let mut variables = disk.variables();
    variables.push(("LD_PRELOAD", disk.path("nosync.so")));
    // What sled syncs with is no call that a library can take away.
    variables.push(("COOHUB__STORE__ENGINE", "sqlite"));
    assert!(Path::new(disk.path("nosync.so")).exists());
    let mut process = Process::start_with(&community, &variables).await;
    storm.hub_is_at(process.port);
    tokio::select! {
        () = storm.rages() => {}
        () = storm.answered_further(ANSWERS_OF_CONTROL) => {}
    }
    process.freeze().await;
    disk.copy();
    process.kill();
    disk.cut();
    variables.retain(|(name, _)| *name != "LD_PRELOAD");
    process = Process::spawn(&community, &variables);
    let acknowledged = storm.acknowledged(0);
    let lost = match process.listens().await {
        // What is left is no store any more.
        Some(_) => acknowledged.len(),
        None => {
            storm.hub_is_at(process.port);
            held::lost(&storm, &acknowledged).await
        }
    };
    say(&format!("control without syncs: {lost} of {} acknowledged pushes lost", acknowledged.len()));
    assert!(lost > 0, "a cut without any sync lost nothing, so it shows nothing with them either");
}
