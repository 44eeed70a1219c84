//! What the hub counts and times while it works; read by whoever scrapes it.
//!
//! Counting is an atomic, behind a read lock where there are labels. A hub has figures of its own: nothing is global, so
//! many hubs live in one process. What can be read from the store is not counted here but set before a scrape
//! ([`State`]).

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

pub use super::word::{At, Handshake, Loop, Outcome, Verdict};
use super::{
    known::{self, Known},
    state::State,
};
use crate::model::{id::MemberId, reason::Reason, time::Timestamp};

/// Media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Upper bounds, in seconds, of what somebody waits for.
const WAITS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Upper bounds, in seconds, of the time a delivery takes: a partner may be down for days.
const JOURNEYS: [f64; 14] =
    [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 43_200.0, 259_200.0];
/// Upper bounds of operations in one batch.
const BATCHES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// A label: its name, and a word of a closed list or a member's id.
pub(super) type Label = (&'static str, Cow<'static, str>);
type Counters<const N: usize> = Family<[Label; N], Counter>;
type Gauges<const N: usize> = Family<[Label; N], Gauge>;
type Journeys = Family<[Label; 1], Histogram, fn() -> Histogram>;

/// The hub's figures; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    all: Arc<All>,
}

/// Something counted until it is dropped.
#[derive(Debug)]
pub struct Counted {
    gauge: Gauge,
    by: i64,
}

/// What the store's writer measures.
#[derive(Clone, Debug)]
pub struct Commits {
    seconds: Histogram,
    operations: Histogram,
    slowest_micros: Arc<AtomicU64>,
}

#[derive(Debug)]
struct All {
    pushes: Counters<2>,
    rejections: Counters<2>,
    accept_seconds: Histogram,
    rate_limited: Counters<1>,
    strangers: Counter,
    handshakes: Counters<1>,
    handshakes_open: Gauge,
    connections: Gauges<1>,
    bodies: Gauge,
    member_leaves: Gauges<1>,
    attempts: Counters<2>,
    delivery_seconds: Journeys,
    commits: Commits,
    rounds: [AtomicU64; Loop::ALL.len()],
    state: State,
    registry: Registry,
}

impl Default for Commits {
    fn default() -> Self {
        let (seconds, operations) = (Histogram::new(WAITS), Histogram::new(BATCHES));
        Self { seconds, operations, slowest_micros: Arc::default() }
    }
}

impl Commits {
    /// A commit of so many operations took so long.
    pub fn made(&self, operations: usize, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
        self.operations.observe(f64::from(u32::try_from(operations).unwrap_or(u32::MAX)));
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.slowest_micros.fetch_max(micros, Ordering::Relaxed);
    }

    /// The slowest commit since this was last asked.
    #[must_use]
    pub fn take_slowest(&self) -> Duration {
        Duration::from_micros(self.slowest_micros.swap(0, Ordering::Relaxed))
    }
}

impl Metrics {
    /// Figures of a hub whose store measures with `commits`.
    #[must_use]
    pub fn new(commits: Commits) -> Self {
        Self { all: Arc::new(All::new(commits)) }
    }

    /// A push of a member was answered, so long after its head came.
    pub fn pushed(&self, source: &MemberId, verdict: Verdict, took: Duration) {
        self.all.pushes.get_or_create(&[member(source), ("verdict", verdict.word().into())]).inc();
        if verdict == Verdict::Accepted {
            self.all.accept_seconds.observe(took.as_secs_f64());
        }
    }

    /// Pushes of a member answered so far, by verdict.
    #[must_use]
    pub fn pushes(&self, source: &MemberId, verdict: Verdict) -> u64 {
        let labels = [member(source), ("verdict", verdict.word().into())];
        self.all.pushes.get(&labels).map_or(0, |counter| counter.get())
    }

    /// A request of a member was refused, or its push rejected.
    pub fn rejected(&self, source: &MemberId, reason: Reason) {
        self.all.rejections.get_or_create(&[member(source), ("reason", reason.code().into())]).inc();
    }

    /// A request of a member was past its pace.
    pub fn rate_limited(&self, source: &MemberId) {
        self.all.rate_limited.get_or_create(&[member(source)]).inc();
    }

    /// Somebody who is no member asked for something.
    pub fn stranger(&self) {
        self.all.strangers.inc();
    }

    /// A handshake ended.
    pub fn shaken(&self, outcome: Handshake) {
        self.all.handshakes.get_or_create(&[("outcome", outcome.word().into())]).inc();
    }

    /// A handshake is under way.
    #[must_use]
    pub fn handshake(&self) -> Counted {
        Counted::new(self.all.handshakes_open.clone(), 1)
    }

    /// A connection is open.
    #[must_use]
    pub fn connection(&self, at: At) -> Counted {
        Counted::new(self.all.connections.get_or_create_owned(&[("peer", at.word().into())]), 1)
    }

    /// A body of so many bytes is held.
    #[must_use]
    pub fn body(&self, bytes: usize) -> Counted {
        Counted::new(self.all.bodies.clone(), i64::try_from(bytes).unwrap_or(i64::MAX))
    }

    /// A member connected with a leaf that ends then.
    pub fn leaf_seen(&self, of: &MemberId, ends: Timestamp) {
        self.all.member_leaves.get_or_create(&[member(of)]).set(ends.0.div_euclid(1000));
    }

    /// When the leaf ends that a member last connected with, if it did since the start.
    #[must_use]
    pub fn leaf_of(&self, of: &MemberId) -> Option<Timestamp> {
        let ends = self.all.member_leaves.get(&[member(of)])?.get();
        Some(Timestamp(ends.saturating_mul(1000)))
    }

    /// An attempt at a delivery ended.
    pub fn attempted(&self, target: &MemberId, outcome: Outcome) {
        self.all.attempts.get_or_create(&[member(target), ("outcome", outcome.word().into())]).inc();
    }

    /// Attempts at deliveries to a member that ended so.
    #[must_use]
    pub fn attempts(&self, target: &MemberId, outcome: Outcome) -> u64 {
        let labels = [member(target), ("outcome", outcome.word().into())];
        self.all.attempts.get(&labels).map_or(0, |counter| counter.get())
    }

    /// A target has a delivery, so long after it was made.
    pub fn delivered(&self, target: &MemberId, took: Duration) {
        self.all.delivery_seconds.get_or_create(&[member(target)]).observe(took.as_secs_f64());
    }

    /// What the store's writer measures.
    #[must_use]
    pub fn commits(&self) -> &Commits {
        &self.all.commits
    }

    /// A loop came round, at this steady time.
    pub fn came_round(&self, which: Loop, steady: Duration) {
        if let Some(round) = self.all.rounds.get(which as usize) {
            round.store(u64::try_from(steady.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// The steady time at which a loop last came round.
    #[must_use]
    pub fn round(&self, which: Loop) -> Duration {
        let round = self.all.rounds.get(which as usize);
        Duration::from_millis(round.map_or(0, |round| round.load(Ordering::Relaxed)))
    }

    /// What is set before a scrape.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.all.state
    }

    /// Every figure, in the text format of Prometheus (0.0.4).
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = prometheus_text::encode(&mut text, &self.all.registry);
        text
    }
}

impl Counted {
    fn new(gauge: Gauge, by: i64) -> Self {
        gauge.inc_by(by);
        Self { gauge, by }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge.dec_by(self.by);
    }
}

impl Default for All {
    fn default() -> Self {
        Self::new(Commits::default())
    }
}

impl All {
    fn new(commits: Commits) -> Self {
        let mut all = Self {
            pushes: Family::default(),
            rejections: Family::default(),
            accept_seconds: Histogram::new(WAITS),
            rate_limited: Family::default(),
            strangers: Counter::default(),
            handshakes: Family::default(),
            handshakes_open: Gauge::default(),
            connections: Family::default(),
            bodies: Gauge::default(),
            member_leaves: Family::default(),
            attempts: Family::default(),
            delivery_seconds: Family::new_with_constructor(|| Histogram::new(JOURNEYS)),
            commits,
            rounds: Default::default(),
            state: State::default(),
            registry: Registry::default(),
        };
        let mut registry = Registry::default();
        put(&mut registry, known::PUSHES, all.pushes.clone());
        put(&mut registry, known::REJECTIONS, all.rejections.clone());
        put(&mut registry, known::ACCEPT_SECONDS, all.accept_seconds.clone());
        put(&mut registry, known::RATE_LIMITED, all.rate_limited.clone());
        put(&mut registry, known::STRANGERS, all.strangers.clone());
        put(&mut registry, known::HANDSHAKES, all.handshakes.clone());
        put(&mut registry, known::HANDSHAKES_OPEN, all.handshakes_open.clone());
        put(&mut registry, known::CONNECTIONS, all.connections.clone());
        put(&mut registry, known::BODIES, all.bodies.clone());
        put(&mut registry, known::MEMBER_LEAF, all.member_leaves.clone());
        put(&mut registry, known::ATTEMPTS, all.attempts.clone());
        put(&mut registry, known::DELIVERY_SECONDS, all.delivery_seconds.clone());
        put(&mut registry, known::COMMIT_SECONDS, all.commits.seconds.clone());
        put(&mut registry, known::BATCH, all.commits.operations.clone());
        all.state.put(&mut registry);
        all.registry = registry;
        all
    }
}

/// Registers a metric under its known name.
pub(super) fn put(registry: &mut Registry, known: Known, metric: impl Metric) {
    // The encoder adds it again.
    registry.register(known.name.trim_end_matches("_total"), known.help, metric);
}

/// The label of a member.
pub(super) fn member(id: &MemberId) -> Label {
    ("member", id.as_str().to_owned().into())
}

#[cfg(test)]
mod tests;
