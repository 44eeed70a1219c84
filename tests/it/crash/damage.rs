//! A flipped byte in the data folder: the hub says so and does not start, or starts with everything.

use std::{fs, path::PathBuf};

use coohub::cli::exit;

use super::{
    held, on_sled,
    process::{Process, log},
    storm::Storm,
};
use crate::support::hub::Community;

/// Pushes answered before the hub is killed.
const ANSWERS: u64 = 20;

/// Starts the hub, which must refuse; gives the end of its log.
async fn refused(community: &Community) -> String {
    let status = Process::spawn(community, &[]).listens().await.expect("it does not start");
    assert_eq!(status.code(), Some(i32::from(exit::STORAGE)), "{}", log(community));
    log(community).lines().last().unwrap_or_default().to_owned()
}

fn flip(path: &PathBuf, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_with_a_damaged_log_or_database_says_so_and_does_not_start() {
    if on_sled() {
        // Its files and its log are SQLite's; what sled says of its own is in `src/store/sled/tests.rs`.
        return;
    }
    let community = Community::shipped().await;
    let storm = Storm::new(&community);
    let mut process = Process::start(&community).await;
    storm.hub_is_at(process.port);
    let killing = async {
        storm.answered_further(ANSWERS).await;
        process.kill();
    };
    tokio::select! { () = storm.rages() => {} () = killing => {} }

    let (database, write_ahead) = (community.path("data/coohub.db"), community.path("data/coohub.db-wal"));
    let length = fs::read(&write_ahead).unwrap().len();
    for at in [9, length / 3, length / 2] {
        flip(&write_ahead, at);
        assert_eq!(
            refused(&community).await,
            "the store cannot be opened: stored data is damaged: write-ahead log",
            "byte {at}"
        );
        flip(&write_ahead, at);
    }
    process = Process::start(&community).await;
    storm.hub_is_at(process.port);
    held::receipts_are_kept(&storm, 0).await;
    process.signal("TERM");
    assert_eq!(process.ended().await.code(), Some(i32::from(exit::CLEAN)));

    // The letters at its head, its page size, the kind of its first page.
    for at in [3, 17, 100] {
        flip(&database, at);
        assert_eq!(
            refused(&community).await,
            "the store cannot be opened: stored data is damaged: database file",
            "byte {at}"
        );
        flip(&database, at);
    }
    process = Process::start(&community).await;
    storm.hub_is_at(process.port);
    held::receipts_are_kept(&storm, 0).await;
    drop(process);
}
