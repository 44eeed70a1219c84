//! What must hold of every history, whatever it brings.

use std::collections::{BTreeMap, BTreeSet};

use coohub::{
    deliver::{
        Config,
        hold::Held,
        lane::{Rest, Why},
    },
    model::{delivery::State, id::DeliveryId, time::Timestamp},
    region::member::Rate,
};

use super::{memory::Memory, world::World};

/// Everything that is looked at when a history is over.
pub fn all(world: &World) {
    no_accepted_delivery_is_lost(world);
    nothing_overtakes_in_its_chain(world);
    no_test_delivery_ever_arrives_at_a_live_endpoint(world);
    for target in 0..world.targets() {
        the_rate_is_never_exceeded(world, target);
    }
}

/// Everything has ended; and what counts as delivered is in the partner's hands.
fn no_accepted_delivery_is_lost(world: &World) {
    let arrived: BTreeSet<DeliveryId> = world.log.arrived.iter().map(|(_, _, id)| *id).collect();
    for record in &world.memory.records {
        let state = &record.stored.life.state;
        assert!(state.is_final(), "{} to target {} is still {}", record.id, record.target, state.word());
        if *state == State::Delivered {
            assert!(arrived.contains(&record.id), "{} counts as delivered and never arrived", record.id);
        }
    }
}

/// Nor what counts at a sandbox: where it came says which it is.
fn no_test_delivery_ever_arrives_at_a_live_endpoint(world: &World) {
    for (_, target, id) in &world.log.arrived {
        let sandbox = world.target(*target).beside.is_some();
        assert_eq!(world.memory.get(*id).test, sandbox, "{id} came to target {target}");
    }
}

/// Per target and chain, first arrivals come in the order of acceptance.
fn nothing_overtakes_in_its_chain(world: &World) {
    let mut arrived = world.log.arrived.clone();
    arrived.sort();
    let mut last: BTreeMap<(usize, usize), DeliveryId> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (_, target, id) in arrived {
        if seen.insert(id) {
            let before = last.insert((target, world.memory.get(id).chain), id);
            assert!(before < Some(id), "{id} came to target {target} after {before:?}");
        }
    }
}

/// A bucket beside the hub's own, in whole numbers: count and weight never take what was not there.
///
/// A delivery heavier than the burst is let through by a full bucket and leaves it in debt.
fn the_rate_is_never_exceeded(world: &World, target: usize) {
    let Rate { count, weight, period, burst } = world.target(target).rate;
    let (count, weight, burst) = (i128::from(count.get()), i128::from(weight.get()), i128::from(burst.get()));
    let burst = burst.min(count);
    let (mut by_count, mut by_weight) =
        (Bucket::new(count, burst, period), Bucket::new(weight, (burst * weight / count).max(1), period));
    for (at, _, id) in world.log.begun.iter().filter(|(_, to, _)| *to == target) {
        by_count.take(1, *at);
        by_weight.take(i128::from(world.memory.get(*id).weight), *at);
    }
}

/// Levels are in units times milliseconds of the period, so that nothing is rounded.
struct Bucket {
    rate: i128,
    burst: i128,
    period: i128,
    level: i128,
    at: Timestamp,
}

impl Bucket {
    fn new(rate: i128, burst: i128, period: std::time::Duration) -> Self {
        let period = i128::try_from(period.as_millis()).unwrap();
        Self { rate, burst, period, level: burst * period, at: Timestamp(0) }
    }

    fn take(&mut self, units: i128, at: Timestamp) {
        let earned = i128::try_from(at.since(self.at).as_millis()).unwrap() * self.rate;
        self.level = (self.level + earned).min(self.burst * self.period);
        self.at = at;
        let needed = units.min(self.burst) * self.period;
        assert!(self.level >= needed, "{units} at {at} with {} of {needed} in the bucket", self.level);
        self.level -= units * self.period;
    }
}

/// Delivered absorbs; refused, expired and cancelled take a late success only.
pub fn what_has_ended_stays_ended(before: &State, after: &State) {
    if before.is_final() && before != after {
        assert!(*before != State::Delivered && *after == State::Delivered, "{before:?} became {after:?}");
    }
}

/// Nothing expires before its time because the wall clock was set, but by what is believed without asking, or after an
/// operator's word.
pub fn it_is_old_enough(world: &World, id: DeliveryId) {
    let (age, expiry) = (world.age(id), world.target(world.memory.get(id).target).policy.expiry);
    let believed = Config::default().clock_step_max;
    assert!(world.log.confirmed || age + believed >= expiry, "{id} expired after {age:?} of {expiry:?}");
}

/// Two versions under way at once could overtake each other between here and there.
pub fn a_chain_has_one_attempt_at_a_time(memory: &Memory, in_hand: &BTreeSet<DeliveryId>) {
    let mut chains = BTreeSet::new();
    for id in in_hand {
        assert!(chains.insert(memory.get(*id).chain), "a chain is sent twice at once: {in_hand:?}");
    }
}

/// A lane that rests without a time waits for something that will come.
pub fn every_open_delivery_has_a_wake_up(
    memory: &Memory,
    target: usize,
    in_hand: &BTreeSet<DeliveryId>,
    rest: Rest,
    held: &Held,
) {
    let due = |id: &DeliveryId| memory.get(*id).stored.life.state.due().is_some();
    // The next of a chain may be due while the one before is under way: it waits for its answer.
    let busy: BTreeSet<usize> = in_hand.iter().map(|id| memory.get(*id).chain).collect();
    let waiting: Vec<_> =
        memory.open(target).filter(|record| !busy.contains(&record.chain)).map(|record| record.id).collect();
    let heads: BTreeSet<usize> = memory
        .open(target)
        .filter(|record| record.stored.life.state != State::Queued)
        .map(|record| record.chain)
        .collect();
    for id in &waiting {
        assert!(heads.contains(&memory.get(*id).chain), "{id} is queued behind nothing");
    }
    match (rest.until, rest.why) {
        (Some(_), _) => {}
        (None, Why::Held) => assert!(*held != Held::default()),
        (None, Why::Permits | Why::Probe) => assert!(!in_hand.is_empty(), "{rest:?} with nothing in hand"),
        (None, _) => assert!(!waiting.iter().any(due), "{rest:?} with deliveries due: {waiting:?}"),
    }
}
