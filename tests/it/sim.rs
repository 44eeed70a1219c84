//! Thousands of histories of a few partners, each in about a millisecond: what no single test would think of.
//!
//! Method: one seed draws a history, which is certificates with their changes, partners that misbehave by turns, restarts,
//! faults of our own, holds, releases and cancellations. It runs on a clock turned by hand over the hub's own parts:
//! `deliver::lane::Lane` with breaker and limiter, `deliver::outcome::classify`, `model::delivery::step` and
//! `store::life`. Store and network alone are replaced, by an in-memory store and scripted partners. What must hold of
//! every history is a named function (`invariant`). A failure prints its seed: `COOHUB_SEED=… cargo test sim` runs that
//! one history again; `COOHUB_HISTORIES=100000 cargo test --release sim` runs more of them.

mod invariant;
mod memory;
mod partner;
mod script;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::{script::Script, world::World};

/// Histories of a short run.
const HISTORIES: u64 = 300;

#[test]
fn nothing_is_lost_overtaken_flooded_or_forgotten_in_any_history() {
    let seeds: Vec<u64> = match number("COOHUB_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("COOHUB_HISTORIES").unwrap_or(HISTORIES)).collect(),
    };
    let mut seen = Seen::default();
    for seed in &seeds {
        let run = catch_unwind(AssertUnwindSafe(|| {
            let mut world = World::new(Script::draw(*seed));
            world.run();
            invariant::all(&world);
            seen.add(&world);
        }));
        assert!(run.is_ok(), "COOHUB_SEED={seed} breaks it");
    }
    println!("{} histories: {seen:?}", seeds.len());
    seen.must_have_met_everything(seeds.len());
}

#[test]
fn a_sick_partner_changes_nothing_for_the_others() {
    for seed in 0..HISTORIES / 5 {
        let script = Script::draw(seed).without_restarts();
        let mut sick = World::new(script.clone().with_black_hole(0));
        let mut well = World::new(script.with_health(0));
        sick.run();
        well.run();
        for target in 1..sick.targets() {
            assert_eq!(
                sick.transcript(target),
                well.transcript(target),
                "COOHUB_SEED={seed}, target {target}"
            );
        }
    }
}

#[test]
fn a_sick_sandbox_changes_nothing_for_its_endpoint_and_takes_all_test_traffic() {
    let mut tests = 0;
    for seed in 0..HISTORIES / 5 {
        let script = Script::draw(seed).with_sandbox();
        let sandbox = script.targets.len() - 1;
        let mut whole = World::new(script.clone());
        whole.run();
        invariant::all(&whole);
        let script = script.without_restarts();
        let mut sick = World::new(script.clone().with_black_hole(sandbox));
        let mut well = World::new(script.with_health(sandbox));
        sick.run();
        well.run();
        invariant::all(&sick);
        for target in 0..sandbox {
            assert_eq!(
                sick.transcript(target),
                well.transcript(target),
                "COOHUB_SEED={seed}, target {target}"
            );
        }
        tests += well.log.arrived.iter().filter(|(_, target, _)| *target == sandbox).count();
    }
    assert!(tests > 0, "no history met test traffic");
}

/// What the histories of a run met: a simulation that never gets anywhere proves nothing.
#[derive(Default, Debug)]
struct Seen {
    attempts: usize,
    delivered: usize,
    refused: usize,
    expired: usize,
    cancelled: usize,
    repeats: usize,
    restarts: usize,
    breakers: usize,
    late: usize,
}

impl Seen {
    fn add(&mut self, world: &World) {
        self.attempts += world.log.begun.len();
        self.repeats += world.repeats();
        self.restarts += world.log.restarts;
        self.breakers += world.log.breakers_opened;
        self.late += world.log.late_successes;
        for record in &world.memory.records {
            match record.stored.life.state.word() {
                "delivered" => self.delivered += 1,
                "refused" => self.refused += 1,
                "expired" => self.expired += 1,
                "cancelled" => self.cancelled += 1,
                _ => {}
            }
        }
    }

    fn must_have_met_everything(&self, histories: usize) {
        if histories < 100 {
            return;
        }
        let Self { attempts, delivered, refused, expired, cancelled, repeats, restarts, breakers, late } =
            self;
        for (what, count) in [
            ("attempts", attempts),
            ("delivered", delivered),
            ("refused", refused),
            ("expired", expired),
            ("cancelled", cancelled),
            ("repeats", repeats),
            ("restarts", restarts),
            ("breakers", breakers),
            ("late successes", late),
        ] {
            assert!(*count > 0, "no history met {what}");
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
