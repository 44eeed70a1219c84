//! The process killed again and again, at every labelled point and at random, and the power cut under it: nothing
//! acknowledged is lost, nothing comes unrecognisably twice, nothing overtakes.
//!
//! Method: the real binary serves the shipped community from a temporary folder; this process plays the sources and the
//! targets ([`storm`]). Three sources push lives of certificates ([`life`]: amendments, other destinations, replacements,
//! cancellations, answers of customs, attachments) under fixed message ids, and repeat the same id whenever a connection
//! breaks. Meanwhile the hub dies, and is started again. At the end everything is held against what was pushed ([`held`]).
//!
//! In a build with sled, `COOHUB__STORE__ENGINE=sled` lets that engine die.
//!
//! `COOHUB_KILLS=1000 cargo test --test it crash::a_hub` kills more often; `COOHUB_SEED` draws other moments. The power cut
//! ([`power`]) needs root: `tests/powercut/run`.

mod asked;
mod damage;
mod held;
mod life;
mod points;
mod power;
pub(crate) mod process;
mod storm;

use std::time::Duration;

use coohub::store;

use crate::support::{draw::Draw, hub::Community};
use process::Process;
use storm::Storm;

/// Kills of a short run.
const KILLS: usize = 8;
const SEED: u64 = 0xC00;
/// Pushes answered between a start and the next kill, at most; the moment within them is drawn.
const ANSWERS_BETWEEN_MAX: u64 = 80;
/// Further wait before a kill, at most, so that it falls anywhere in the work and not only on an answer.
const DELAY_MICROS_MAX: u64 = 30_000;
/// One kill in so many comes while the hub starts, after this wait at most.
const KILLS_PER_KILL_AT_START: u64 = 5;
const START_MICROS_MAX: u64 = 1_000_000;
/// Settings under which the log is copied, and started anew, all the time.
pub(crate) const BUSY_LOG: [(&str, &str); 2] =
    [("COOHUB__STORE__CHECKPOINT_BYTES", "1 MiB"), ("COOHUB__STORE__LOG_BYTES_MAX", "2 MiB")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_killed_in_a_storm_loses_nothing_and_repeats_only_what_it_must() {
    let kills = number("COOHUB_KILLS").unwrap_or(KILLS);
    let seed = number("COOHUB_SEED").map_or(SEED, |seed| seed as u64);
    say(&format!("seed {seed}, {kills} kills"));
    let community = Community::shipped().await;
    let storm = Storm::new(&community);
    let mut process = Process::start_with(&community, &BUSY_LOG).await;
    storm.hub_is_at(process.port);

    let killing = async {
        let mut draw = Draw(seed);
        for kill in 1..=kills {
            if draw.below(KILLS_PER_KILL_AT_START) == 0 {
                process.kill();
                process = Process::spawn(&community, &BUSY_LOG);
                tokio::time::sleep(Duration::from_micros(draw.below(START_MICROS_MAX))).await;
            } else {
                storm.answered_further(1 + draw.below(ANSWERS_BETWEEN_MAX)).await;
                tokio::time::sleep(Duration::from_micros(draw.below(DELAY_MICROS_MAX))).await;
            }
            process.kill();
            process = Process::start_with(&community, &BUSY_LOG).await;
            storm.hub_is_at(process.port);
            if kill % 50 == 0 {
                say(&format!("{kill} kills, {} lives begun", storm.lives().count()));
            }
        }
        storm.ends();
    };
    tokio::join!(storm.rages(), killing);
    held::all(&storm, kills).await;
}

/// Whether the hubs that die are on sled: they inherit what this process was told.
fn on_sled() -> bool {
    std::env::var("COOHUB__STORE__ENGINE").is_ok_and(|engine| engine == store::SLED)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "a failure is run again with its seed")]
fn say(line: &str) {
    println!("{line}");
}
