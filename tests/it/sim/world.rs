//! What happens in a history, event by event.

mod deeds;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use coohub::{
    clock::{Clock, Manual},
    deliver::{
        Config,
        guard::Anchor,
        hold::Held,
        lane::{Effect, Ended, Entry, How, Lane, Pace, Rest, Step, Way},
        outcome::{Expected, Received, classify},
    },
    model::{
        delivery::{Event, Life, State, step},
        id::{DeliveryId, Digest, MemberId},
        retry::Policy,
        time::Timestamp,
    },
    region::{maintenance::Maintenance, member::Acknowledge},
    store::{
        claim::{Claim, Stream},
        lane::Spared,
    },
};

use super::{
    invariant,
    memory::Memory,
    partner::Conduct,
    script::{Deed, Push, Script, Target},
};
use crate::support::draw::Draw;

const START: Timestamp = Timestamp(1_700_000_000_000);
/// Events after which a history is taken never to come to its end.
const EVENTS_MAX: usize = 200_000;
/// How often overdue deliveries are looked for; the hub looks every minute, which would be most of a history.
const SWEEP: Duration = Duration::from_secs(600);

pub struct World {
    pub script: Script,
    pub memory: Memory,
    pub log: Log,
    clock: Clock,
    hand: Arc<Manual>,
    /// When the wall clock was last believed.
    anchor: Anchor,
    lanes: Vec<Running>,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    ticks: u64,
    /// Counts restarts: what an earlier process had under way is nobody's any more.
    process: u64,
}

/// A lane of the process that runs now, and the draws of its partner.
struct Running {
    lane: Lane,
    draw: Draw,
    held: Held,
    /// The breakers as they are on disk.
    kept: Kept,
    /// What the target's weight owes, as it is on disk.
    owes_until: Option<Timestamp>,
    /// The wake-up that counts; earlier ones on the agenda are stale.
    wake: u64,
}

type Kept = Vec<(Option<MemberId>, Spared)>;
/// What of a lane outlives the process.
type Survives = (Held, Kept, Option<Timestamp>);

/// What is looked at in the end.
#[derive(Default)]
pub struct Log {
    /// Attempts begun: when, to whom, which.
    pub begun: Vec<(Timestamp, usize, DeliveryId)>,
    /// What partners have: when, who, which; repeats included.
    pub arrived: Vec<(Timestamp, usize, DeliveryId)>,
    /// How deliveries ended, in order.
    pub ended: Vec<(Timestamp, usize, DeliveryId, &'static str)>,
    /// When each delivery was made, by the time that really is.
    pub created: Vec<Timestamp>,
    pub confirmed: bool,
    pub restarts: usize,
    pub breakers_opened: usize,
    pub late_successes: usize,
}

enum Happening {
    Push(Push),
    Wake(usize, u64),
    Answered(Box<Answered>),
    Sweep,
    Deed(Deed),
}

/// An answer on its way back.
struct Answered {
    process: u64,
    target: usize,
    /// The life as the lane read it.
    life: Life,
    delivery: DeliveryId,
    digest: Digest,
    received: Received,
}

impl World {
    pub fn new(script: Script) -> Self {
        let (clock, hand) = Clock::manual(START);
        let mut world = Self {
            memory: Memory::default(),
            log: Log::default(),
            clock,
            hand,
            anchor: Anchor { wall: START, steady: Duration::ZERO },
            lanes: Vec::new(),
            agenda: BTreeMap::new(),
            ticks: 0,
            process: 0,
            script,
        };
        world.lanes = (0..world.targets()).map(|target| world.opened(target, Survives::default())).collect();
        for push in world.script.pushes.clone() {
            world.plan(START.plus(push.at), Happening::Push(push));
        }
        for (at, deed) in world.script.deeds.clone() {
            world.plan(START.plus(at), Happening::Deed(deed));
        }
        world.plan(START.plus(SWEEP), Happening::Sweep);
        world
    }

    pub fn targets(&self) -> usize {
        self.script.targets.len()
    }

    /// Time since a delivery was made, by the time that really is.
    pub fn age(&self, id: DeliveryId) -> Duration {
        let place = usize::try_from(id.0.as_u128() - 1).unwrap();
        self.time().since(self.log.created[place])
    }

    pub fn target(&self, target: usize) -> &Target {
        &self.script.targets[target]
    }

    /// Runs until everything has ended.
    pub fn run(&mut self) {
        for _ in 0..EVENTS_MAX {
            let Some(((at, _), happening)) = self.agenda.pop_first() else { return };
            self.hand.advance(at.since(self.time()));
            match happening {
                Happening::Push(push) => self.push(&push),
                Happening::Wake(target, wake) if self.lanes[target].wake == wake => self.changed(target),
                Happening::Wake(..) => {}
                Happening::Answered(answered) => self.answered(*answered),
                Happening::Sweep => self.sweep(),
                Happening::Deed(deed) => self.perform(deed),
            }
        }
        panic!("a history that does not end");
    }

    /// Deliveries that came to a partner more than once, counted by repeat.
    pub fn repeats(&self) -> usize {
        let mut seen = BTreeSet::new();
        self.log.arrived.iter().filter(|(_, _, id)| !seen.insert(*id)).count()
    }

    /// Everything that was begun towards, came to and ended at one target.
    pub fn transcript(&self, target: usize) -> Vec<String> {
        let begun = self.log.begun.iter().filter(|one| one.1 == target).map(|one| format!("{one:?}"));
        let arrived = self.log.arrived.iter().filter(|one| one.1 == target).map(|one| format!("{one:?}"));
        let ended = self.log.ended.iter().filter(|one| one.1 == target).map(|one| format!("{one:?}"));
        begun.chain(arrived).chain(ended).collect()
    }

    /// What the wall clock shows.
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time that really is, which the agenda and the log keep to.
    fn time(&self) -> Timestamp {
        START.plus(self.clock.steady())
    }

    fn after(&mut self, delay: Duration, happening: Happening) {
        self.plan(self.time().plus(delay), happening);
    }

    fn may_expire(&self) -> bool {
        let step_max = Config::default().clock_step_max;
        self.anchor.doubt(self.now(), self.clock.steady(), step_max).is_none()
    }

    /// A target's policy, as the hub takes it: nothing expires while the wall clock is doubted.
    fn policy(&self, target: usize) -> Policy {
        let mut policy = self.target(target).policy.clone();
        if !self.may_expire() {
            policy.expiry = Duration::MAX;
        }
        policy
    }

    fn believe(&mut self) {
        self.anchor = Anchor { wall: self.now(), steady: self.clock.steady() };
    }

    fn plan(&mut self, at: Timestamp, happening: Happening) {
        self.ticks += 1;
        self.agenda.insert((at, self.ticks), happening);
    }

    fn opened(&self, target: usize, (held, kept, owes_until): Survives) -> Running {
        let config = Config { sweep_period: SWEEP, ..Config::default() };
        let mut lane = Lane::new(config, self.clock.clone(), kept.clone());
        lane.resume(owes_until);
        lane.adopt(self.way(target));
        let draw = self.script.draw.branch(100 + target as u64 + 1_000 * self.process);
        // Wake-ups of a dead process must not be taken for those of the new one.
        Running { lane, draw, held, kept, owes_until, wake: self.process * 1_000_000 }
    }

    fn way(&self, target: usize) -> Way {
        let Target { rate, permits, .. } = *self.target(target);
        Way::Pushed(Pace {
            rate,
            permits,
            maintenance: Maintenance::default(),
            reachable: true,
            stream: match (self.target(target).beside, self.sandbox_of(target)) {
                (Some(_), _) => Stream::Test,
                (None, Some(_)) => Stream::Live,
                (None, None) => Stream::All,
            },
        })
    }

    fn sandbox_of(&self, member: usize) -> Option<usize> {
        (0..self.targets()).find(|target| self.target(*target).beside == Some(member))
    }

    fn push(&mut self, push: &Push) {
        for member in push.targets.iter().copied() {
            let target = self.sandbox_of(member).filter(|_| push.test).unwrap_or(member);
            self.memory.insert((target, member), push, self.now());
            self.log.created.push(self.time());
            self.changed(target);
        }
    }

    /// A commit touched a target's deliveries: its lane looks again.
    fn changed(&mut self, target: usize) {
        self.lanes[target].lane.stir();
        self.turn(target);
    }

    fn turn(&mut self, target: usize) {
        let held = self.lanes[target].held.clone();
        self.lanes[target].lane.hold(held);
        loop {
            let now = self.now();
            match self.lanes[target].lane.next(now) {
                Step::Rest(rest) => return self.rest(target, rest),
                Step::Look(claim) => self.look(target, &claim),
                Step::SetAside(id, event) => {
                    let life = self.memory.get(id).stored.life.clone();
                    self.settle(id, &life, &event, false);
                }
                Step::Begin(id) => self.begin(target, id),
            }
        }
    }

    fn rest(&mut self, target: usize, rest: Rest) {
        let now = self.now();
        let in_hand = self.lanes[target].lane.in_hand();
        let held = &self.lanes[target].held;
        invariant::every_open_delivery_has_a_wake_up(&self.memory, target, &in_hand, rest, held);
        self.lanes[target].wake += 1;
        if let Some(until) = rest.until {
            assert!(until > now, "a lane that rests until now spins: {rest:?}");
            let wake = self.lanes[target].wake;
            self.after(until.since(now).min(SWEEP), Happening::Wake(target, wake));
        }
    }

    fn look(&mut self, target: usize, claim: &Claim) {
        let now = self.now();
        let policy = self.policy(target);
        let member = self.target(target).beside.unwrap_or(target);
        let due = self.memory.due(member, now, claim);
        let entries: Vec<_> = due
            .into_iter()
            .map(|record| Entry {
                delivery: record.id,
                chain: i64::try_from(record.chain).unwrap(),
                source: record.source.clone(),
                weight: record.weight,
                retried: record.stored.life.failures > 0,
                asked: false,
                bar: (now >= policy.expires(record.stored.life.created)).then_some(Event::DeadlinePassed),
            })
            .collect();
        let asks_next = self.lanes[target].lane.asks_next(now, &entries);
        let next = if asks_next { self.memory.next_due(target) } else { None };
        self.lanes[target].lane.offer(now, entries, next);
    }

    fn begin(&mut self, target: usize, id: DeliveryId) {
        let now = self.time();
        invariant::a_chain_has_one_attempt_at_a_time(&self.memory, &self.lanes[target].lane.in_hand());
        let running = &mut self.lanes[target];
        running.owes_until = running.lane.owes_until().or(running.owes_until);
        self.log.begun.push((now, target, id));
        let digest = Digest::of(id.0.as_bytes());
        let conduct = self.conduct(target, now);
        let reaction = conduct.react(id, digest, &mut self.lanes[target].draw);
        if let Some(after) = reaction.stored_after {
            self.log.arrived.push((now.plus(after), target, id));
        }
        let answered = Answered {
            process: self.process,
            target,
            life: self.memory.get(id).stored.life.clone(),
            delivery: id,
            digest,
            received: reaction.received,
        };
        self.after(reaction.answered_after, Happening::Answered(Box::new(answered)));
    }

    fn conduct(&self, target: usize, now: Timestamp) -> Conduct {
        let since = now.since(START);
        let conducts = &self.target(target).conducts;
        conducts
            .iter()
            .rev()
            .find(|(from, _)| *from <= since)
            .map_or(Conduct::Healthy, |(_, conduct)| *conduct)
    }

    fn answered(&mut self, answered: Answered) {
        let Answered { process, target, life, delivery, digest, received } = answered;
        if process != self.process {
            return;
        }
        let now = self.now();
        let expected = Expected { delivery, digest, acknowledge: Acknowledge::Echo, keys: &[] };
        let meaning = classify(&expected, &received, now);
        // One commit in fifty fails, by a fault of ours.
        let how = if self.lanes[target].draw.below(50) == 0 {
            How::OurFault
        } else {
            self.settle(delivery, &life, &meaning.event, true);
            match meaning.event {
                Event::Succeeded => How::Taken,
                Event::Refused { .. } => How::Refused(meaning.detail),
                _ => How::PartnerFault,
            }
        };
        let ended = Ended { delivery, how, alarm: None };
        for effect in self.lanes[target].lane.ended(now, &ended) {
            match effect {
                Effect::Alarm(_) => {}
                Effect::BreakerMoved(word) => self.log.breakers_opened += usize::from(word == "open"),
                Effect::Hold(source, _) => {
                    let held = &mut self.lanes[target].held;
                    held.lane |= source.is_none();
                    held.sources.extend(source);
                    self.after(Duration::from_secs(3_600), Happening::Deed(Deed::Release(target)));
                }
            }
        }
        if let Some(kept) = self.lanes[target].lane.kept() {
            self.lanes[target].kept = kept;
        }
        // Its end wakes the lane; whether that looks again is for the lane to know.
        self.turn(target);
    }
}
