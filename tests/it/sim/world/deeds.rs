//! What becomes of a life, and what operators, sweeps and restarts do in a history.

use super::*;

impl World {
    /// Commits what an event makes of a life, as the hub does.
    pub(super) fn settle(&mut self, id: DeliveryId, life: &Life, event: &Event, attempted: bool) {
        let now = self.now();
        let target = self.memory.get(id).target;
        let dice = u8::try_from(self.lanes[target].draw.below(256)).unwrap();
        let before = self.memory.get(id).stored.life.state.clone();
        let next = step(life, event, now, &self.policy(target), dice).unwrap();
        if self.memory.finish(id, &next, attempted, now) {
            self.lanes[target].lane.stir();
        }
        let after = self.memory.get(id).stored.life.state.clone();
        invariant::what_has_ended_stays_ended(&before, &after);
        if after.is_final() && after != before {
            self.log.late_successes += usize::from(before.is_final() && after == State::Delivered);
            self.log.ended.push((self.time(), target, id, after.word()));
            if after == State::Expired {
                invariant::it_is_old_enough(self, id);
            }
        }
    }

    pub(super) fn sweep(&mut self) {
        let now = self.now();
        if self.may_expire() {
            self.believe();
        }
        for target in 0..self.targets() {
            loop {
                let policy = self.policy(target);
                let overdue = self.memory.open(target).find(|record| {
                    record.stored.life.state != State::Queued
                        && now >= policy.expires(record.stored.life.created)
                });
                let Some(record) = overdue else { break };
                let (id, life) = (record.id, record.stored.life.clone());
                self.settle(id, &life, &Event::DeadlinePassed, false);
                self.changed(target);
            }
        }
        let over = self.agenda.values().all(|next| matches!(next, Happening::Wake(..)));
        if !over || (0..self.targets()).any(|target| self.memory.open(target).next().is_some()) {
            self.after(SWEEP, Happening::Sweep);
        }
    }

    pub(super) fn perform(&mut self, deed: Deed) {
        match deed {
            Deed::Restart => self.restart(),
            Deed::Hold(target) => {
                self.lanes[target].held.lane = true;
                self.changed(target);
            }
            Deed::Release(target) => {
                self.lanes[target].held = Held::default();
                self.changed(target);
            }
            Deed::Step(seconds) => self.hand.step(Duration::from_secs(seconds.unsigned_abs()), seconds > 0),
            Deed::Confirm => {
                self.believe();
                self.log.confirmed = true;
            }
            Deed::Cancel(target, draw) => self.cancel(target, draw),
            Deed::Reload(target) => {
                let way = self.way(target);
                self.lanes[target].lane.adopt(way);
                self.changed(target);
            }
        }
    }

    fn restart(&mut self) {
        self.process += 1;
        self.log.restarts += 1;
        let kept =
            self.lanes.iter().map(|running| (running.held.clone(), running.kept.clone(), running.owes_until));
        let kept: Vec<_> = kept.collect();
        let opened = kept.into_iter().enumerate().map(|(target, kept)| self.opened(target, kept));
        self.lanes = opened.collect();
        for target in 0..self.targets() {
            self.changed(target);
        }
    }

    fn cancel(&mut self, target: usize, draw: u64) {
        let in_hand = self.lanes[target].lane.in_hand();
        let mut open: Vec<_> = self.memory.open(target).map(|record| record.id).collect();
        if !draw.is_multiple_of(4) {
            open.retain(|id| in_hand.contains(id));
        }
        let Some(count) = std::num::NonZeroU64::new(open.len() as u64) else { return };
        let id = open[usize::try_from(draw % count).unwrap()];
        let life = self.memory.get(id).stored.life.clone();
        self.settle(id, &life, &Event::Cancelled, false);
        self.changed(target);
    }
}
