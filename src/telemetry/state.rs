//! Figures that are read where they stand and set before a scrape: lanes, counts, the store's load, ends of leaves.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{
    known::{self, Known},
    metrics::{Label, Loop, member, put},
};
use crate::model::id::MemberId;

type Seconds = Gauge<f64, AtomicU64>;
type Words = Family<[Label; 1], Gauge>;

/// How many [`Figure`]s there are. Counted from the list of them, an optimised build would go in a circle.
const FIGURES: usize = 6;

/// The figures; set all of them, then scrape.
#[derive(Clone, Debug, Default)]
pub struct State {
    messages: Words,
    deliveries: Words,
    lanes: [Words; FIGURES],
    breakers: Family<[Label; 2], Gauge>,
    oldest: Family<[Label; 1], Seconds>,
    loops: Family<[Label; 1], Seconds>,
    waiting: Gauge,
    wait_seconds: Seconds,
    free_bytes: Gauge,
    log_bytes: Gauge,
    strained: Words,
    unrecorded: Gauge,
    own_leaves: Words,
    receipt_keys: Words,
    clock_doubted: Gauge,
    clock_step: Seconds,
    ready: Gauge,
    age: Seconds,
    alerts: Words,
    configuration: Words,
    build: Family<[Label; 2], Gauge>,
}

/// A figure of a lane that is a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// Deliveries not ended.
    Open,
    /// Of them, those that may go now.
    Due,
    /// Of them, those that are held.
    Held,
    /// Deliveries that ended without arriving.
    Dead,
    /// Those its customs has not answered in time.
    Overdue,
    /// 1 while the whole lane is held.
    Stopped,
}

/// A figure that stands alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Single {
    /// Operations that wait for the writer.
    Waiting,
    /// Free bytes.
    FreeBytes,
    /// Bytes of the write-ahead log.
    LogBytes,
    /// Rejections that were not recorded.
    Unrecorded,
    /// 1 while the clock is doubted.
    ClockDoubted,
    /// 1 while the hub takes what is new.
    Ready,
}

/// A figure in seconds that stands alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lasting {
    /// Wait of the oldest accept or outcome.
    Wait,
    /// Step of a clock that is doubted.
    ClockStep,
    /// Age of what was read from the store.
    Age,
}

impl Figure {
    const ALL: [(Self, Known); FIGURES] = [
        (Self::Open, known::LANE_OPEN),
        (Self::Due, known::LANE_DUE),
        (Self::Held, known::LANE_HELD),
        (Self::Dead, known::LANE_DEAD),
        (Self::Overdue, known::LANE_OVERDUE),
        (Self::Stopped, known::LANE_STOPPED),
    ];
}

impl State {
    pub(super) fn put(&self, registry: &mut Registry) {
        put(registry, known::MESSAGES, self.messages.clone());
        put(registry, known::DELIVERIES, self.deliveries.clone());
        for ((_, known), lanes) in Figure::ALL.into_iter().zip(&self.lanes) {
            put(registry, known, lanes.clone());
        }
        put(registry, known::LANE_SPARED, self.breakers.clone());
        put(registry, known::LANE_OLDEST, self.oldest.clone());
        put(registry, known::LOOPS, self.loops.clone());
        put(registry, known::WAITING, self.waiting.clone());
        put(registry, known::WAIT_SECONDS, self.wait_seconds.clone());
        put(registry, known::FREE_BYTES, self.free_bytes.clone());
        put(registry, known::LOG_BYTES, self.log_bytes.clone());
        put(registry, known::STRAINED, self.strained.clone());
        put(registry, known::UNRECORDED, self.unrecorded.clone());
        put(registry, known::OWN_LEAF, self.own_leaves.clone());
        put(registry, known::RECEIPT_KEYS, self.receipt_keys.clone());
        put(registry, known::CLOCK_DOUBTED, self.clock_doubted.clone());
        put(registry, known::CLOCK_STEP, self.clock_step.clone());
        put(registry, known::READY, self.ready.clone());
        put(registry, known::ALERTS, self.alerts.clone());
        put(registry, known::STATE_AGE, self.age.clone());
        put(registry, known::CONFIGURATION, self.configuration.clone());
        put(registry, known::BUILD, self.build.clone());
    }

    /// Forgets every lane, leaf and digest, so that one that is gone is not told of for ever.
    pub fn clear(&self) {
        self.lanes.iter().for_each(Family::clear);
        self.breakers.clear();
        self.oldest.clear();
        self.own_leaves.clear();
        self.configuration.clear();
    }

    /// Messages at a stage, by its word.
    pub fn messages(&self, stage: &'static str, count: u64) {
        self.messages.get_or_create(&[("stage", stage.into())]).set(number(count));
    }

    /// Deliveries in a state, by its word.
    pub fn deliveries(&self, state: &'static str, count: u64) {
        self.deliveries.get_or_create(&[("state", state.into())]).set(number(count));
    }

    /// A figure of a member's lane.
    pub fn lane(&self, of: &MemberId, figure: Figure, count: u32) {
        if let Some(lanes) = self.lanes.get(figure as usize) {
            lanes.get_or_create(&[member(of)]).set(count.into());
        }
    }

    /// Whether breakers keep back what is for a member: all of it, and that of single sources.
    pub fn breakers(&self, of: &MemberId, all: bool, source: bool) {
        for (spares, open) in [("all", all), ("source", source)] {
            self.breakers.get_or_create(&[member(of), ("spares", spares.into())]).set(open.into());
        }
    }

    /// The age of the oldest delivery that waits for a member, in seconds.
    pub fn oldest(&self, of: &MemberId, seconds: f64) {
        self.oldest.get_or_create(&[member(of)]).set(seconds);
    }

    /// How long ago a loop came round, in seconds.
    pub fn idle(&self, which: Loop, seconds: f64) {
        self.loops.get_or_create(&[("loop", which.word().into())]).set(seconds);
    }

    /// A figure that stands alone.
    pub fn set(&self, single: Single, count: u64) {
        let gauge = match single {
            Single::Waiting => &self.waiting,
            Single::FreeBytes => &self.free_bytes,
            Single::LogBytes => &self.log_bytes,
            Single::Unrecorded => &self.unrecorded,
            Single::ClockDoubted => &self.clock_doubted,
            Single::Ready => &self.ready,
        };
        gauge.set(number(count));
    }

    /// A figure in seconds that stands alone.
    pub fn lasts(&self, lasting: Lasting, seconds: f64) {
        let gauge = match lasting {
            Lasting::Wait => &self.wait_seconds,
            Lasting::ClockStep => &self.clock_step,
            Lasting::Age => &self.age,
        };
        gauge.set(seconds);
    }

    /// Whether nothing new is taken for a reason, by its code.
    pub fn strained(&self, strain: &'static str, so: bool) {
        self.strained.get_or_create(&[("strain", strain.into())]).set(so.into());
    }

    /// The end of a leaf of the hub's own, by what it is for, in seconds since 1970.
    pub fn own_leaf(&self, leaf: &'static str, ends_seconds: i64) {
        self.own_leaves.get_or_create(&[("leaf", leaf.into())]).set(ends_seconds);
    }

    /// Receipt keys in a state, by its word.
    pub fn receipt_keys(&self, state: &'static str, count: u64) {
        self.receipt_keys.get_or_create(&[("state", state.into())]).set(number(count));
    }

    /// Alerts that hold, by the word of their severity.
    pub fn alerts(&self, severity: &'static str, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.alerts.get_or_create(&[("severity", severity.into())]).set(number(count));
    }

    /// The configuration in force, by its digest in hexadecimal.
    pub fn configuration(&self, digest: String) {
        self.configuration.get_or_create(&[("digest", digest.into())]).set(1);
    }

    /// The program: its version, and what keeps its rows.
    pub fn build(&self, version: &'static str, engine: &'static str) {
        self.build.get_or_create(&[("version", version.into()), ("engine", engine.into())]).set(1);
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
