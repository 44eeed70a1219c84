//! From what stands in the hub to the figures that are scraped.

use std::{sync::PoisonError, time::Duration};

use super::{Observer, Parts, Snapshot, health};
use crate::{
    clock::Clock,
    model::reason::Reason,
    store::strain::Strain,
    telemetry::{
        metrics::Loop,
        state::{Figure, Lasting, Single, State},
    },
};

impl Observer {
    /// Every figure as it is now, in the text format of Prometheus.
    pub async fn figures(&self) -> String {
        // Without the store's answer the rest is still worth telling.
        let read = self.snapshot().await.ok();
        let metrics = &self.inner.parts.metrics;
        let _one = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let state = metrics.state();
        state.clear();
        if let Some((snapshot, age)) = read {
            lanes(state, &snapshot, age, self.inner.parts.clock.now());
        }
        self.moment(state);
        metrics.text()
    }

    fn moment(&self, state: &State) {
        let Parts { store, region, guard, metrics, own, engine, .. } = &self.inner.parts;
        let (load, own) = (store.load(), own.load_full());
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        state.set(Single::Waiting, number(load.waiting));
        state.lasts(Lasting::Wait, load.oldest_wait.as_secs_f64());
        state.set(Single::FreeBytes, load.free_bytes);
        state.set(Single::LogBytes, store.log_bytes().unwrap_or(0));
        state.strained(Reason::StorageLow.code(), load.strain == Some(Strain::SpaceLow));
        state.strained(Reason::StorageSlow.code(), load.strain == Some(Strain::Slow));
        state.set(Single::Unrecorded, store.rejections_dropped());
        let doubt = guard.doubt();
        state.set(Single::ClockDoubted, doubt.is_some().into());
        let step = doubt.map_or(Duration::ZERO, |doubt| {
            doubt.found.since(doubt.expected).max(doubt.expected.since(doubt.found))
        });
        state.lasts(Lasting::ClockStep, step.as_secs_f64());
        for (leaf, ends) in &own.leaves {
            state.own_leaf(leaf, ends.0.div_euclid(1000));
        }
        state.receipt_keys("current", 1);
        state.receipt_keys("retired", number(own.keys_retired));
        state.set(Single::Ready, health::ready(&self.facts()).is_well().into());
        let steady = Clock::Real.steady();
        for which in Loop::ALL {
            state.idle(which, steady.saturating_sub(metrics.round(which)).as_secs_f64());
        }
        state.configuration(region.borrow().digest.hex());
        state.build(env!("CARGO_PKG_VERSION"), engine);
    }
}

fn lanes(state: &State, snapshot: &Snapshot, age: Duration, now: crate::model::time::Timestamp) {
    let counts = &snapshot.counts;
    let routed = counts.messages.saturating_sub(counts.unrouted).saturating_sub(counts.parked);
    for (stage, count) in [("unrouted", counts.unrouted), ("parked", counts.parked), ("routed", routed)] {
        state.messages(stage, count);
    }
    for (word, count) in [
        ("open", counts.open),
        ("held", counts.held),
        ("delivered", counts.delivered),
        ("failed", counts.failed),
    ] {
        state.deliveries(word, count);
    }
    for lane in &snapshot.lanes {
        let backlog = &lane.backlog;
        state.lane(&lane.member, Figure::Open, backlog.open);
        state.lane(&lane.member, Figure::Due, backlog.due);
        state.lane(&lane.member, Figure::Held, backlog.held);
        state.lane(&lane.member, Figure::Dead, backlog.dead);
        state.lane(&lane.member, Figure::Overdue, backlog.overdue.map_or(0, |overdue| overdue.count));
        let sparing = &lane.sparing;
        state.breakers(&lane.member, sparing.all.is_some(), !sparing.sources.is_empty());
        state.lane(&lane.member, Figure::Stopped, lane.hold.is_some().into());
        let oldest = backlog.oldest.map_or(0.0, |at| now.since(at).as_secs_f64());
        state.oldest(&lane.member, oldest);
    }
    state.lasts(Lasting::Age, age.as_secs_f64());
}
