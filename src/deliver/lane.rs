//! One target's lane: claims due heads, sends them at the target's pace, and never ends.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc;

use super::{
    Handles,
    attempt::{Attempt, Ended, How},
    breaker::{Breaker, Gate},
    changed,
    client::Client,
    entitlement::entitled,
    hold::Refusals,
    limiter::Limiter,
    settle::{Happening, policy},
};
use crate::{
    model::{
        delivery::Event,
        id::{DeliveryId, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    region::{
        Region,
        member::{Endpoint, Member, Reach},
    },
    stop::Tasks,
    store::{Fault, record::Delivery},
};

/// How long what was read is trusted before it is read again: what became urgent meanwhile waits no longer.
const WINDOW_AGE_MAX: Duration = Duration::from_secs(1);
/// Attempts that may end before the lane has looked at them.
const ENDED_MAX: usize = 64;
/// Pause after a fault of ours.
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// How long a delivery is left alone after a fault of ours with it.
const SHUN: Duration = Duration::from_secs(30);

/// A lane, and everything it remembers; none of it is on disk.
pub(super) struct Lane {
    target: MemberId,
    handles: Handles,
    road: Option<Road>,
    window: VecDeque<Delivery>,
    window_read: Timestamp,
    in_hand: BTreeSet<DeliveryId>,
    shunned: BTreeMap<DeliveryId, Timestamp>,
    breaker: Breaker,
    refusals: Refusals,
    ended: mpsc::Receiver<Ended>,
    tell: mpsc::Sender<Ended>,
}

/// How the target is reached under one region.
struct Road {
    region: Arc<Region>,
    made: Timestamp,
    limiter: Limiter,
    /// `None` while no client can be made: the address or the TLS files are unusable.
    client: Option<(Client, Endpoint)>,
    concurrency: usize,
}

impl Road {
    /// Whether it is that of this region as loaded: a reload may bring new leaves with the same region. One without
    /// client is tried again after a while.
    fn is_current(&self, region: &Arc<Region>, now: Timestamp) -> bool {
        Arc::ptr_eq(&self.region, region) && (self.client.is_some() || now.since(self.made) < SHUN)
    }
}

impl Lane {
    pub(super) fn new(target: MemberId, handles: Handles) -> Self {
        let (tell, ended) = mpsc::channel(ENDED_MAX);
        Self {
            target,
            handles,
            road: None,
            window: VecDeque::new(),
            window_read: Timestamp::default(),
            in_hand: BTreeSet::new(),
            shunned: BTreeMap::new(),
            breaker: Breaker::default(),
            refusals: Refusals::default(),
            ended,
            tell,
        }
    }

    /// Runs until the stop signal. Attempts under way then end by themselves, watched by `tasks`.
    pub(super) async fn run(mut self, tasks: Tasks) {
        let mut work = self.handles.store.watch_target(&self.target);
        let mut region = self.handles.region.clone();
        let mut holds = self.handles.holds.watch();
        while !tasks.is_stopping() {
            let current = region.borrow_and_update().clone();
            let rest = self.turn(&current, &tasks).await.unwrap_or_else(|fault| {
                tracing::error!(target.id = %self.target, %fault, "a lane could not look for work");
                Some(self.handles.clock.now().plus(FAULT_PAUSE))
            });
            let longest = self.handles.clock.now().plus(self.handles.config.sweep_period);
            let until = rest.unwrap_or(longest).min(longest);
            tokio::select! {
                () = tasks.stopping() => {}
                Some(ended) = self.ended.recv() => self.note(ended),
                () = changed(&mut work) => {}
                () = changed(&mut region) => {}
                () = changed(&mut holds) => {}
                () = self.handles.clock.sleep_until(until) => {}
            }
        }
    }

    /// Starts whatever may start now, and says when to look again; `None`: when something changes.
    async fn turn(&mut self, region: &Arc<Region>, tasks: &Tasks) -> Result<Option<Timestamp>, Fault> {
        let member = region.members.get(&self.target);
        if member.is_some_and(|member| matches!(member.reach, Reach::Mailbox { .. })) {
            self.road = None;
            return Ok(None);
        }
        self.adopt(region, member);
        loop {
            let now = self.handles.clock.now();
            if let Some(rest) = self.obstacle(now) {
                return Ok(rest);
            }
            let Some(delivery) = self.next(now).await? else { return self.next_due(now).await };
            if let Some(event) = unsendable(region, &delivery, now) {
                self.set_aside(region, &delivery, event).await?;
            } else if let Err(wait) = self.begin(&delivery, region, tasks) {
                self.window.push_front(delivery);
                return Ok(Some(now.plus(wait)));
            }
        }
    }

    /// Takes over a new region: a new client, the pace as configured now.
    fn adopt(&mut self, region: &Arc<Region>, member: Option<&Member>) {
        let Some(member) = member else { return self.road = None };
        let now = self.handles.clock.now();
        if self.road.as_ref().is_some_and(|road| road.is_current(region, now)) {
            return;
        }
        let rate = member.rate;
        let mut limiter = match self.road.take() {
            Some(road) => road.limiter,
            None => Limiter::new(rate, &self.handles.clock),
        };
        limiter.retune(rate);
        let concurrency = usize::try_from(member.concurrency.get()).unwrap_or(usize::MAX);
        let client = self.client(member);
        self.road = Some(Road { region: region.clone(), made: now, limiter, client, concurrency });
    }

    fn client(&self, member: &Member) -> Option<(Client, Endpoint)> {
        let Reach::Push(endpoint) = &member.reach else { return None };
        let made = (self.handles.tls)(endpoint).and_then(|tls| {
            Client::new(endpoint, &tls, &self.handles.config).map_err(|error| error.to_string())
        });
        match made {
            Ok(client) => Some((client, endpoint.clone())),
            Err(why) => {
                tracing::error!(target.id = %self.target, why, "a member's endpoint cannot be used");
                None
            }
        }
    }

    /// What keeps the whole lane from starting anything: `Some(None)` until something changes.
    fn obstacle(&self, now: Timestamp) -> Option<Option<Timestamp>> {
        let permits = self.road.as_ref().map_or(1, |road| road.concurrency);
        if self.in_hand.len() >= permits || self.handles.holds.why(&self.target).is_some() {
            return Some(None);
        }
        match self.breaker.gate(now) {
            Gate::Free | Gate::Probe => None,
            Gate::Shut(until) => Some(Some(until)),
            Gate::Probing => Some(None),
        }
    }

    /// The next due delivery that is not in hand.
    async fn next(&mut self, now: Timestamp) -> Result<Option<Delivery>, Fault> {
        if now.since(self.window_read) >= WINDOW_AGE_MAX {
            self.window.clear();
        }
        if self.window.is_empty() {
            self.shunned.retain(|_, until| *until > now);
            let skip: Vec<_> = self.in_hand.iter().chain(self.shunned.keys()).copied().collect();
            let most = self.handles.config.window_deliveries_max;
            self.window = self.handles.store.due(&self.target, now, most, &skip).await?.into();
            self.window_read = now;
        }
        Ok(self.window.pop_front())
    }

    /// When the next delivery is due; soon again when the earliest one is that in hand, which hides the others.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        let next = self.handles.store.next_due(&self.target).await?;
        Ok(next.map(|at| at.max(now.plus(WINDOW_AGE_MAX))))
    }

    /// Begins an attempt, unless the pace says to wait.
    fn begin(&mut self, delivery: &Delivery, region: &Arc<Region>, tasks: &Tasks) -> Result<(), Duration> {
        let Some(road) = &self.road else { return Err(SHUN) };
        let Some((client, endpoint)) = &road.client else { return Err(SHUN) };
        road.limiter.ready(delivery.weight)?;
        let attempt = Attempt {
            delivery: delivery.clone(),
            region: region.clone(),
            client: client.clone(),
            acknowledge: endpoint.acknowledge,
            handles: self.handles.clone(),
        };
        self.breaker = self.breaker.began();
        self.in_hand.insert(delivery.id);
        let tell = self.tell.clone();
        tasks.spawn(async move {
            let ended = attempt.run().await;
            // A lane that stopped does not listen any more; what counts is on disk.
            let _ = tell.send(ended).await;
        });
        Ok(())
    }

    async fn set_aside(&mut self, region: &Region, delivery: &Delivery, event: Event) -> Result<(), Fault> {
        tracing::warn!(delivery.id = %delivery.id, target.id = %self.target, "a delivery is not sent");
        let at = self.handles.clock.now();
        self.handles.settle(region, Happening { delivery, event, attempt: None, at }).await?;
        Ok(())
    }

    /// Learns from an attempt that ended.
    fn note(&mut self, ended: Ended) {
        self.in_hand.remove(&ended.delivery);
        let now = self.handles.clock.now();
        let before = self.breaker;
        self.breaker = match &ended.how {
            How::Taken | How::Refused(_) => before.answered(),
            How::PartnerFault => before.failed(now, &self.handles.config),
            How::OurFault => before.undecided(now),
        };
        if before.word() != self.breaker.word() {
            tracing::warn!(target.id = %self.target, breaker = self.breaker.word(), "a lane's breaker moved");
        }
        let row_max = self.handles.config.refusals_in_a_row_max;
        match ended.how {
            How::Taken => self.refusals.taken(),
            How::Refused(code) if self.refusals.refused(&code, row_max) => {
                tracing::error!(target.id = %self.target, code, "a lane is held after refusals in a row");
                self.handles.holds.hold(&self.target, &format!("refusals in a row: {code}"));
            }
            How::OurFault => drop(self.shunned.insert(ended.delivery, now.plus(SHUN))),
            How::Refused(_) | How::PartnerFault => {}
        }
    }
}

/// Why a delivery is not to be sent at all, if it is not.
pub(super) fn unsendable(region: &Region, delivery: &Delivery, now: Timestamp) -> Option<Event> {
    if now >= policy(region, &delivery.target).expires(delivery.life.created) {
        return Some(Event::DeadlinePassed);
    }
    (!entitled(region, delivery)).then_some(Event::Held { reason: Reason::NotEntitled })
}
