//! The half of a lane that decides. Pure: every instant comes in as a value.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{
    super::{
        Config,
        breaker::{Breaker, CLOSED, Gate},
        hold::Held,
        limiter::Limiter,
    },
    alarm::Alarms,
    row::{Breakers, Refusals},
    word::{Effect, Ended, Entry, How, Pace, Rest, Step, Way, Why, is_ahead},
};
use crate::{
    clock::Clock,
    model::{
        id::{DeliveryId, MemberId},
        time::Timestamp,
    },
    store::{
        claim::{Claim, Stream, Turn},
        lane::Spared,
    },
};

/// How long what was read is trusted before it is read again: what became urgent meanwhile waits no longer.
const WINDOW_AGE_MAX: Duration = Duration::from_secs(1);
/// Pause after a fault of ours.
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// How long a delivery is left alone after a fault of ours with it, and a target that cannot be reached at all.
pub(super) const SHUN: Duration = Duration::from_secs(30);

/// Attempts under way at once at a target that has not answered yet: hundreds of targets that are down when the hub starts
/// would else cost it all their permits in half-made connections.
const UNANSWERED_MAX: usize = 4;

/// Longest debt that is taken over: a wall clock that was set back must not stop a lane for good.
const DEBT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// An attempt under way.
#[derive(Debug)]
struct InHand {
    source: MemberId,
    chain: i64,
}

/// A lane, and everything it remembers.
#[derive(Debug)]
pub struct Lane {
    clock: Clock,
    config: Config,
    way: Way,
    limiter: Option<Limiter>,
    window: VecDeque<Entry>,
    window_read: Timestamp,
    /// Nothing is due but what is in the window, and when that changes by itself.
    idle: Option<Option<Timestamp>>,
    /// Something due was passed over for what is under way: it may go when that ends.
    passed_over: bool,
    /// End of the pause after a fault of ours.
    pause: Option<Timestamp>,
    in_hand: BTreeMap<DeliveryId, InHand>,
    /// The target answered since the lane was opened, and since its breaker last opened.
    answered: bool,
    /// Until when the target's weight was in debt when the lane was last kept.
    owes_until: Option<Timestamp>,
    shunned: BTreeMap<DeliveryId, Timestamp>,
    turn: Turn,
    breakers: Breakers,
    refusals: Refusals,
    held: Held,
    alarms: Alarms,
    /// The target asked for something: it is worth a probe.
    asked: bool,
}

impl Lane {
    /// A lane with the breakers that were kept of it; [`Lane::adopt`] tells it how its target is reached.
    #[must_use]
    pub fn new(config: Config, clock: Clock, kept: Vec<(Option<MemberId>, Spared)>) -> Self {
        Self {
            clock,
            config,
            way: Way::Gone,
            limiter: None,
            window: VecDeque::new(),
            window_read: Timestamp::default(),
            idle: None,
            passed_over: false,
            pause: None,
            in_hand: BTreeMap::new(),
            answered: false,
            owes_until: None,
            shunned: BTreeMap::new(),
            turn: Turn::default(),
            breakers: Breakers::of(kept),
            refusals: Refusals::default(),
            held: Held::default(),
            alarms: Alarms::default(),
            asked: false,
        }
    }

    /// Takes over how its target is reached now. What was read under another region is read again; an unchanged rate
    /// keeps its bucket, and a target that was not pushed to begins with an empty one.
    pub fn adopt(&mut self, way: Way) {
        self.limiter = match (self.limiter.take(), &way) {
            (Some(mut limiter), Way::Pushed(pace)) => {
                limiter.retune(pace.rate);
                Some(limiter)
            }
            (None, Way::Pushed(pace)) => {
                let limiter = Limiter::new(pace.rate, &self.clock);
                let owed = self.owes_until.map(|until| until.since(self.clock.now()));
                limiter.owe(owed.unwrap_or_default().min(DEBT_MAX));
                Some(limiter)
            }
            (_, Way::Gone | Way::Collects) => None,
        };
        self.way = way;
        self.window.clear();
        self.stir();
    }

    /// Takes over what an earlier lane of the target left in debt; before the first [`Lane::adopt`].
    pub fn resume(&mut self, owes_until: Option<Timestamp>) {
        self.owes_until = owes_until;
    }

    /// Until when the target's weight is in debt, after a delivery heavier than its burst: to be kept before it goes.
    #[must_use]
    pub fn owes_until(&self) -> Option<Timestamp> {
        let owed = self.limiter.as_ref().map(Limiter::owes).filter(|owed| !owed.is_zero());
        owed.map(|owed| self.clock.now().plus(owed))
    }

    /// Takes over what of the lane is held.
    pub fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// The target asked for something again, which shows that it is there: one look for it, and one probe, are worth
    /// while even while the breaker is shut.
    pub fn ask(&mut self) {
        self.asked = true;
        self.recall();
    }

    /// An operator knows that the target is back: a probe goes at once, whatever pause is left, at the target's pace.
    pub fn try_at(&mut self, now: Timestamp) {
        self.breakers.try_at(now);
        self.recall();
    }

    /// An operator may have held or ended what was read: nothing of it begins before it is read again.
    pub fn recall(&mut self) {
        self.window.clear();
        self.stir();
    }

    /// Something changed: what was not due may be due.
    pub fn stir(&mut self) {
        self.idle = None;
    }

    /// A read or a commit of the lane's own failed: it pauses a moment.
    pub fn failed(&mut self, now: Timestamp) {
        self.pause = Some(now.plus(FAULT_PAUSE));
    }

    /// What to do next at `now`.
    pub fn next(&mut self, now: Timestamp) -> Step {
        if let Some(rest) = self.obstacle(now) {
            return Step::Rest(self.give_back(rest));
        }
        if !is_ahead(now, self.window_read.plus(WINDOW_AGE_MAX), WINDOW_AGE_MAX) {
            self.window.clear();
        }
        let mut window = std::mem::take(&mut self.window);
        let read = window.len();
        window.retain(|entry| self.passes(entry, now));
        self.passed_over |= window.len() < read;
        self.window = window;
        let Some(entry) = self.window.pop_front() else { return self.look(now) };
        if let Gate::Shut(until) = self.breakers.all().gate(now)
            && !entry.asked
        {
            self.asked = false;
            return Step::Rest(self.give_back(Rest { until: Some(until), why: Why::Breaker }));
        }
        if let Some(event) = entry.bar {
            return Step::SetAside(entry.delivery, event);
        }
        if let Err(rest) = self.leave(entry.weight, now) {
            self.window.push_front(entry);
            return Step::Rest(rest);
        }
        self.asked = false;
        self.turn = self.turn.after(entry.retried);
        self.breakers.began(&entry.source);
        self.in_hand.insert(entry.delivery, InHand { source: entry.source, chain: entry.chain });
        Step::Begin(entry.delivery)
    }

    /// Whether the lane is to be told when the earliest head is due: these are all there are, or it takes none of them.
    #[must_use]
    pub fn asks_next(&self, now: Timestamp, entries: &[Entry]) -> bool {
        self.is_whole(entries) || !entries.iter().any(|entry| self.passes(entry, now))
    }

    /// Takes what was read on [`Step::Look`], in the order in which it is to be sent, and when the earliest head is due,
    /// where [`Lane::asks_next`] said so.
    pub fn offer(&mut self, now: Timestamp, mut entries: Vec<Entry>, next_due: Option<Timestamp>) {
        let (whole, read) = (self.is_whole(&entries), entries.len());
        entries.retain(|entry| self.passes(entry, now));
        self.passed_over = entries.len() < read;
        let spared = self.breakers.without(now).and_then(|(_, until)| until);
        let next = next_due.into_iter().chain(spared).min();
        // Soon again when the earliest one is among these or in hand, which hides the others.
        let rests = whole || entries.is_empty();
        self.idle = rests.then(|| next.map(|at| at.max(now.plus(WINDOW_AGE_MAX))));
        self.window = entries.into();
        self.window_read = now;
    }

    /// Learns from an attempt that ended.
    ///
    /// What follows a delivery that was taken is told by its commit; all else that an end may let go is looked for.
    pub fn ended(&mut self, now: Timestamp, ended: &Ended) -> Vec<Effect> {
        if self.passed_over || ended.how != How::Taken || self.breakers.any_counts() {
            self.stir();
        }
        let Some(InHand { source, .. }) = self.in_hand.remove(&ended.delivery) else { return Vec::new() };
        let before = self.breakers.all().word();
        let hold = match &ended.how {
            How::Taken => {
                self.breakers.answered(&source);
                self.refusals.taken(&source);
                None
            }
            How::Refused(code) => {
                self.breakers.answered(&source);
                let held = self.refusals.refused(code, &source, self.config.refusals_in_a_row_max);
                held.map(|source| Effect::Hold(source, code.clone()))
            }
            How::PartnerFault => {
                self.breakers.failed(&source, now, &self.config);
                None
            }
            How::OurFault => {
                self.breakers.undecided(&source, now);
                self.shunned.insert(ended.delivery, now.plus(SHUN));
                None
            }
        };
        let after = self.breakers.all().word();
        self.answered |= matches!(ended.how, How::Taken | How::Refused(_));
        self.answered &= matches!(self.breakers.all(), Breaker::Closed { .. });
        self.alarms.spared(self.breakers.spare_any());
        let alarm = ended.alarm.as_ref().filter(|cause| self.alarms.is_news(cause));
        let moved = ((before == CLOSED) != (after == CLOSED)).then_some(Effect::BreakerMoved(after));
        moved.into_iter().chain(alarm.cloned().map(Effect::Alarm)).chain(hold).collect()
    }

    /// Takes back what was to begin and did not, because an operator stopped it: it may begin when it is read again.
    pub fn take_back(&mut self, now: Timestamp, delivery: DeliveryId) {
        if let Some(InHand { source, .. }) = self.in_hand.remove(&delivery) {
            self.breakers.undecided(&source, now);
        }
        self.recall();
    }

    /// Whether it may still begin something of what was read last.
    #[must_use]
    pub fn has_read(&self) -> bool {
        !self.window.is_empty()
    }

    /// Deliveries in hand: attempts begun and not ended.
    #[must_use]
    pub fn in_hand(&self) -> BTreeSet<DeliveryId> {
        self.in_hand.keys().copied().collect()
    }

    /// The target's breaker as it stands.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        self.breakers.all()
    }

    /// What is to be kept of the breakers, target's and sources'; `None` while a probe is under way, after which they are
    /// as before or changed again.
    #[must_use]
    pub fn kept(&self) -> Option<Vec<(Option<MemberId>, Spared)>> {
        self.breakers.kept()
    }

    /// Whether fewer were read than asked for, so that there are no others.
    fn is_whole(&self, entries: &[Entry]) -> bool {
        entries.len() < self.config.window_deliveries_max
    }

    /// Whether a delivery may go out as far as its source and its chain are concerned; one that was asked for may be the
    /// probe. The next of a chain may be due while the one before it is still under way, if that was ended meanwhile.
    fn passes(&self, entry: &Entry, now: Timestamp) -> bool {
        if self.in_hand.values().any(|under_way| under_way.chain == entry.chain) {
            return false;
        }
        let spared = self.breakers.without(now).filter(|(source, _)| **source == entry.source);
        let probe = entry.asked && spared.is_none_or(|(_, until)| until.is_some());
        !self.held.sources.contains(&entry.source) && (spared.is_none() || probe)
    }

    /// The sources whose deliveries stand still while others' go out.
    fn without(&self, now: Timestamp) -> Vec<MemberId> {
        let spared = self.breakers.without(now).map(|(source, _)| source);
        self.held.sources.iter().chain(spared).cloned().collect()
    }

    /// What keeps the whole lane from starting anything.
    fn obstacle(&mut self, now: Timestamp) -> Option<Rest> {
        let rest = |until, why| Some(Rest { until, why });
        let (permits, closed) = match &self.way {
            Way::Collects => return rest(None, Why::Mailbox),
            Way::Gone => (1, None),
            Way::Pushed(pace) if self.answered => (pace.permits, pace.maintenance.over(now)),
            Way::Pushed(pace) => (pace.permits.min(UNANSWERED_MAX), pace.maintenance.over(now)),
        };
        self.pause = self.pause.filter(|until| is_ahead(now, *until, FAULT_PAUSE));
        if self.pause.is_some() {
            return rest(self.pause, Why::Fault);
        }
        if self.held.lane {
            return rest(None, Why::Held);
        }
        if closed.is_some() {
            return rest(closed, Why::Maintenance);
        }
        if self.in_hand.len() >= permits {
            return rest(None, Why::Permits);
        }
        match self.breakers.all().gate(now) {
            Gate::Free | Gate::Probe => None,
            Gate::Shut(_) if self.asked => None,
            Gate::Shut(until) => rest(Some(until), Why::Breaker),
            Gate::Probing => rest(None, Why::Probe),
        }
    }

    /// Gives back what was read, behind an obstacle that stands longer than it would be trusted.
    fn give_back(&mut self, rest: Rest) -> Rest {
        if matches!(rest.why, Why::Breaker | Why::Held | Why::Maintenance | Why::Mailbox) {
            self.window = VecDeque::new();
        }
        rest
    }

    /// Reads on, unless nothing was due a moment ago.
    fn look(&mut self, now: Timestamp) -> Step {
        let without = self.without(now);
        if let Some(until) = self.idle
            && until.is_none_or(|until| until > now)
        {
            let why = match without.is_empty() {
                true => Why::Idle,
                false if self.held.sources.is_empty() => Why::Breaker,
                false => Why::Held,
            };
            return Step::Rest(Rest { until, why });
        }
        self.shunned.retain(|_, until| is_ahead(now, *until, SHUN));
        let skip = self.in_hand.keys().chain(self.shunned.keys()).copied().collect();
        let (most, turn, stream) = (self.config.window_deliveries_max, self.turn, self.stream());
        Step::Look(Claim { most, skip, without, turn, stream })
    }

    /// Which of the target's deliveries the lane takes.
    pub(super) fn stream(&self) -> Stream {
        match &self.way {
            Way::Pushed(pace) => pace.stream,
            Way::Gone | Way::Collects => Stream::All,
        }
    }

    /// Takes one delivery's share of the target's pace.
    fn leave(&self, weight: u32, now: Timestamp) -> Result<(), Rest> {
        let rest = |wait, why| Rest { until: Some(now.plus(wait)), why };
        let (Way::Pushed(Pace { reachable: true, .. }), Some(limiter)) = (&self.way, &self.limiter) else {
            return Err(rest(SHUN, Why::Unreachable));
        };
        limiter.ready(weight).map_err(|wait| rest(wait, Why::Rate))
    }
}
