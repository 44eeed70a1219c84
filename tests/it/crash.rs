//! The process killed again and again: nothing acknowledged is lost, nothing comes unrecognisably twice, nothing overtakes.
//!
//! Method: the real binary serves the shipped community from a temporary folder; this process plays the sources and the
//! targets. Sources push stories of certificates (issue, amendment, cancellation), eight at a time, under fixed message
//! ids, and repeat the same id whenever a connection breaks. Meanwhile the hub is killed with SIGKILL at moments drawn
//! from a seed, and started again. At the end everything is held against what was pushed.
//!
//! `COOHUB_KILLS=100 cargo test crash` kills more often and pushes more in proportion; `COOHUB_SEED` draws other moments.

pub(crate) mod process;
mod storm;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::support::hub::Community;
use process::Process;
use storm::{Arrived, Certificate, IN_FLIGHT_MAX, Storm};

/// Kills of a short run.
const KILLS: usize = 5;
/// Certificates pushed per kill.
const CERTIFICATES_PER_KILL: usize = 40;
const SEED: u64 = 0xC00;
/// Pushes answered between a start and the next kill, at most; the moment within them is drawn.
const ANSWERS_BETWEEN_MAX: u64 = 100;
/// Further wait before a kill, at most, so that it falls anywhere in the work and not only on an answer.
const DELAY_MICROS_MAX: u64 = 30_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_killed_in_a_storm_loses_nothing_and_repeats_only_what_it_must() {
    let kills = number("COOHUB_KILLS").unwrap_or(KILLS);
    let seed = number("COOHUB_SEED").map_or(SEED, |seed| seed as u64);
    say(&format!("seed {seed}, {kills} kills"));
    let community = Community::shipped().await;
    // An acknowledgement that a kill cut off is asked for again soon.
    community.edit("members/dunmere.toml", "lease = \"10m\"", "lease = \"5s\"");
    let storm = Storm::new(kills * CERTIFICATES_PER_KILL);
    let mut process = Process::start(&community).await;
    storm.hub_is_at(process.port);

    let killing = async {
        let mut draw = Draw(seed);
        for _ in 0..kills {
            let answers = 1 + draw.below(ANSWERS_BETWEEN_MAX);
            storm.answered_further(answers).await;
            tokio::time::sleep(Duration::from_micros(draw.below(DELAY_MICROS_MAX))).await;
            process.kill_and_start(&community).await;
            storm.hub_is_at(process.port);
        }
    };
    tokio::join!(storm.rage(&community), killing, storm.keep_collecting(&community));

    let arrived = storm.everything_arrived(&community).await;
    every_push_has_its_receipt_and_keeps_it(&community, &storm).await;
    every_target_has_what_it_must_and_nothing_else(&storm, &arrived);
    repeats_are_few_and_recognisable(&arrived, kills);
    nothing_overtakes(&arrived);
}

/// The same message id gives the same receipt, byte for byte, however often it was interrupted.
async fn every_push_has_its_receipt_and_keeps_it(community: &Community, storm: &Storm) {
    let first = storm.receipts();
    assert_eq!(first.len(), storm.certificates.iter().map(|one| one.pushes().len()).sum::<usize>());
    for certificate in &storm.certificates {
        for push in certificate.pushes() {
            let answer = storm.push(community, &push).await;
            assert_eq!(answer.status, 200, "{} was accepted before", push.key);
            assert_eq!(answer.body, first[&push.key], "{} has another receipt", push.key);
        }
    }
}

/// Deliveries, however often repeated, are exactly one per (certificate, version, target).
fn every_target_has_what_it_must_and_nothing_else(storm: &Storm, arrived: &[Arrived]) {
    let mut expected: Vec<_> = storm.certificates.iter().flat_map(Certificate::deliveries).collect();
    let once: BTreeMap<&str, &Arrived> = arrived.iter().map(|one| (one.delivery.as_str(), one)).collect();
    let mut have: Vec<_> = once.values().map(|one| one.what()).collect();
    expected.sort();
    have.sort();
    let lost: Vec<_> = expected.iter().filter(|one| !have.contains(one)).collect();
    let foreign: Vec<_> = have.iter().filter(|one| !expected.contains(one)).collect();
    assert!(lost.is_empty() && foreign.is_empty(), "lost {lost:?}, foreign {foreign:?}");
    assert_eq!(have, expected, "the same under two delivery ids");
}

/// What came again came with the same id and bytes, and no more often than attempts were cut off.
fn repeats_are_few_and_recognisable(arrived: &[Arrived], kills: usize) {
    let mut first: BTreeMap<&str, &Arrived> = BTreeMap::new();
    let mut repeats = 0;
    for one in arrived {
        match first.get(one.delivery.as_str()) {
            None => drop(first.insert(&one.delivery, one)),
            Some(known) => {
                repeats += 1;
                assert_eq!((known.what(), &known.bytes), (one.what(), &one.bytes), "{}", one.delivery);
            }
        }
    }
    say(&format!("{} arrivals, {repeats} repeats", arrived.len()));
    assert!(repeats <= kills * IN_FLIGHT_MAX, "{repeats} repeats after {kills} kills");
}

/// Per target and certificate, first arrivals come in the order of the pushes.
fn nothing_overtakes(arrived: &[Arrived]) {
    let mut seen = BTreeSet::new();
    let mut last: BTreeMap<(&str, &str), u8> = BTreeMap::new();
    for one in arrived.iter().filter(|one| seen.insert(one.delivery.as_str())) {
        let before = last.insert((&one.target, &one.number), one.step());
        assert!(before < Some(one.step()), "{} of {} came to {} too late", one.cargo, one.number, one.target);
    }
}

/// A stream of draws from a seed (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "a failure is run again with its seed")]
fn say(line: &str) {
    println!("{line}");
}
