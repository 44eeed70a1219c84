//! The half of a lane that performs: reads, sends, commits and sleeps as the other half says.
//!
//! A member with a sandbox has two lanes, one to each place, which share nothing but holds and the member's pace as it is
//! written: what its sandbox does says nothing of its endpoint. So nothing is kept of a sandbox's lane but, in memory, until
//! when it is spared, and a row of refusals there holds nobody.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::{mpsc, watch};

use super::{
    super::{
        Handles, attempt::Attempt, changed, client::Client, entitlement::entitled, hold, settle::Happening,
        watchdog::Pulse,
    },
    memory::{Memory, Opening},
    state::{Lane, SHUN},
    way::way,
    word::{Effect, Ended, Entry, Rest, Step, Way, Why},
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
        member::{Endpoint, Member},
        place::Place,
    },
    stop::Tasks,
    store::{
        Fault,
        claim::Claim,
        lane::{Hold, Scope},
        record::Delivery,
    },
};

/// Attempts that may end before the lane has looked at them.
const ENDED_MAX: usize = 64;

/// A lane at work.
pub(in crate::deliver) struct Runner {
    target: MemberId,
    place: Place,
    handles: Handles,
    lane: Lane,
    memory: Memory,
    pulse: Pulse,
    road: Option<Road>,
    /// The deliveries of the lane's window.
    read: BTreeMap<DeliveryId, Delivery>,
    /// What `Store::recalls` said before they were read.
    recalls: u64,
    /// How often an operator asked for an attempt at once, as far as the lane knows.
    tries: u64,
    ended: mpsc::Receiver<Ended>,
    tell: mpsc::Sender<Ended>,
    /// Rises with every commit that made work for the lane.
    work: watch::Receiver<u64>,
}

/// How the target is reached under one region.
struct Road {
    region: Arc<Region>,
    made: Timestamp,
    /// `None` while no client can be made: the address or the TLS files are unusable.
    client: Option<(Client, Arc<Endpoint>)>,
    /// Whether one is needed.
    pushed: bool,
}

impl Road {
    /// Whether it is that of this region as loaded: a reload may bring new leaves with the same region. One without the
    /// client it needs is tried again after a while.
    fn is_current(&self, region: &Arc<Region>, now: Timestamp) -> bool {
        let usable = self.client.is_some() || !self.pushed;
        Arc::ptr_eq(&self.region, region) && (usable || now.since(self.made) < SHUN)
    }
}

impl Runner {
    pub(in crate::deliver) fn new(
        (target, place): (MemberId, Place),
        handles: Handles,
        kept: Opening,
        pulse: Pulse,
    ) -> Self {
        let (tell, ended) = mpsc::channel(ENDED_MAX);
        let mut lane = Lane::new(handles.config, handles.clock.clone(), kept.breakers.clone());
        lane.resume(kept.owes_until);
        let memory = Memory::new(target.clone(), place, kept);
        let (work, tries) = (handles.store.watch_target(&target), handles.holds.tries(&target));
        Self {
            target,
            place,
            handles,
            lane,
            memory,
            pulse,
            road: None,
            read: BTreeMap::new(),
            recalls: 0,
            tries,
            ended,
            tell,
            work,
        }
    }

    /// Runs until the stop signal. Attempts under way then end by themselves, watched by `tasks`; test traffic's at once.
    pub(in crate::deliver) async fn run(mut self, tasks: Tasks) {
        let mut region = self.handles.region.clone();
        let (mut holds, mut tries) = (self.handles.holds.watch(), self.handles.holds.watch_tries());
        let mut ended_one = false;
        while !tasks.is_stopping() {
            let current = region.borrow_and_update().clone();
            let rest = self.turn(&current, &tasks).await;
            self.pulse.leave(rest.why, self.lane.in_hand().len(), ended_one);
            ended_one = false;
            let longest = self.handles.clock.now().plus(self.handles.config.sweep_period);
            let until = rest.until.unwrap_or(longest).min(longest);
            tokio::select! {
                () = tasks.stopping() => {}
                Some(ended) = self.ended.recv() => {
                    ended_one = true;
                    self.note(&ended).await;
                    continue;
                }
                () = changed(&mut self.work) => {}
                () = changed(&mut region) => {}
                () = changed(&mut holds) => {}
                () = changed(&mut tries) => {}
                () = self.pulse.woken() => {}
                () = self.handles.clock.sleep_until(until) => {}
            }
            self.lane.stir();
        }
    }

    /// Starts whatever may start now, and says what the lane waits for then.
    async fn turn(&mut self, region: &Arc<Region>, tasks: &Tasks) -> Rest {
        self.adopt(region);
        let mut asked = false;
        loop {
            // What an operator stopped while this turn waited does not begin.
            self.lane.hold(self.handles.holds.of(&self.target));
            if self.recalls != self.handles.store.recalls() {
                self.lane.recall();
            }
            let now = self.handles.clock.now();
            let tries = self.handles.holds.tries(&self.target);
            if std::mem::replace(&mut self.tries, tries) < tries {
                self.lane.try_at(now);
            }
            let done = match self.lane.next(now) {
                Step::Rest(Rest { why: Why::Breaker, .. }) if !asked => {
                    asked = true;
                    self.ask().await
                }
                Step::Rest(rest) => {
                    if !self.lane.has_read() {
                        self.read.clear();
                    }
                    return rest;
                }
                Step::Look(claim) => self.look(region, claim, now).await,
                Step::SetAside(delivery, event) => self.set_aside(region, delivery, event).await,
                Step::Begin(delivery) => {
                    self.begin(delivery, region, tasks).await;
                    Ok(())
                }
            };
            if let Err(fault) = done {
                tracing::error!(target.id = %self.target, %fault, "a lane could not look for work");
                self.lane.failed(now);
            }
        }
    }

    /// Tells a lane that rests whether its target asked for something meanwhile.
    async fn ask(&mut self) -> Result<(), Fault> {
        if self.handles.store.next_asked(&self.target, self.lane.stream()).await?.is_some() {
            self.lane.ask();
        }
        Ok(())
    }

    /// Takes over a new region: a new client, the pace as configured now.
    fn adopt(&mut self, region: &Arc<Region>) {
        let now = self.handles.clock.now();
        if self.road.as_ref().is_some_and(|road| road.is_current(region, now)) {
            return;
        }
        let member = region.members.get(&self.target);
        let client = member.and_then(|member| self.client(member));
        let way = member.map_or(Way::Gone, |member| way(member, self.place, client.is_some()));
        let pushed = matches!(way, Way::Pushed(_));
        self.road = Some(Road { region: region.clone(), made: now, client, pushed });
        self.lane.adopt(way);
    }

    fn client(&self, member: &Member) -> Option<(Client, Arc<Endpoint>)> {
        let endpoint = member.server(self.place)?;
        let made = (self.handles.tls)(endpoint).and_then(|tls| {
            Client::new(endpoint, &tls, &self.handles.config).map_err(|error| error.to_string())
        });
        match made {
            Ok(client) => Some((client, Arc::new(endpoint.clone()))),
            Err(why) => {
                tracing::error!(target.id = %self.target, why, "a member's endpoint cannot be used");
                None
            }
        }
    }

    async fn look(&mut self, region: &Region, claim: Claim, now: Timestamp) -> Result<(), Fault> {
        let store = &self.handles.store;
        self.recalls = store.recalls();
        // What was committed before is in what is read now.
        self.work.mark_unchanged();
        let due = store.claim(&self.target, now, claim).await?;
        let entries: Vec<_> = due.iter().map(|delivery| self.entry(region, delivery, now)).collect();
        let next = match self.lane.asks_next(now, &entries) {
            true => store.next_due(&self.target, self.lane.stream(), now).await?,
            false => None,
        };
        // What was read is as old as its answer: a read that took long is not made again before it was used.
        self.lane.offer(self.handles.clock.now(), entries, next);
        self.read = due.into_iter().map(|delivery| (delivery.id, delivery)).collect();
        Ok(())
    }

    async fn begin(&mut self, delivery: DeliveryId, region: &Arc<Region>, tasks: &Tasks) {
        let client = self.road.as_ref().and_then(|road| road.client.clone());
        let (Some(read), Some((client, endpoint))) = (self.read.remove(&delivery), client) else {
            // Cannot be: the lane begins what it was given, over a road it was told of. It stays due.
            return self.note(&Ended::by_us(delivery)).await;
        };
        match self.memory.owe(&self.handles, self.lane.owes_until()).await {
            // The commit took its time: what an operator stopped meanwhile does not begin either.
            Ok(true) if self.is_stopped(&read.source) => {
                return self.lane.take_back(self.handles.clock.now(), delivery);
            }
            Ok(_) => {}
            Err(fault) => {
                tracing::error!(delivery.id = %delivery, %fault, "a heavy delivery is not begun");
                return self.note(&Ended::by_us(delivery)).await;
            }
        }
        let attempt = Attempt {
            delivery: read,
            region: region.clone(),
            client,
            endpoint,
            place: self.place,
            handles: self.handles.clone(),
        };
        // Nothing rests on test traffic: no stop waits for a slow sandbox, which may see a repeat after the next start.
        let (tell, running, cut) = (self.tell.clone(), tasks.clone(), attempt.delivery.test);
        tasks.spawn(async move {
            let ended = tokio::select! {
                ended = attempt.run() => ended,
                () = running.stopping(), if cut => return,
            };
            // A lane that stopped does not listen any more; what counts is on disk.
            let _ = tell.send(ended).await;
        });
    }

    async fn set_aside(&mut self, region: &Region, id: DeliveryId, event: Event) -> Result<(), Fault> {
        let Some(delivery) = self.read.remove(&id) else { return Ok(()) };
        let reason = match &event {
            Event::Held { reason } => reason.code(),
            _ => Reason::Expired.code(),
        };
        tracing::warn!(delivery.id = %id, target.id = %self.target, reason, "a delivery is not sent");
        let at = self.handles.clock.now();
        let happening = Happening { delivery: &delivery, event, attempt: None, at };
        self.handles.settle(region, happening).await?;
        Ok(())
    }

    fn entry(&self, region: &Region, delivery: &Delivery, now: Timestamp) -> Entry {
        Entry {
            delivery: delivery.id,
            chain: delivery.chain,
            source: delivery.source.clone(),
            weight: delivery.weight,
            retried: delivery.life.failures > 0,
            bar: self.handles.unsendable(region, delivery, now),
            asked: delivery.asked.is_some(),
        }
    }

    /// Tells the lane of an attempt that ended, and does what follows.
    async fn note(&mut self, ended: &Ended) {
        let now = self.handles.clock.now();
        for effect in self.lane.ended(now, ended) {
            match effect {
                effect if self.place == Place::Sandbox => {
                    tracing::info!(target.id = %self.target, ?effect, "a sandbox does not take what it is sent");
                }
                Effect::BreakerMoved(breaker) => {
                    tracing::warn!(target.id = %self.target, breaker, "a lane's breaker moved");
                }
                Effect::Alarm(detail) => {
                    let (target, delivery) = (&self.target, ended.delivery);
                    tracing::warn!(target.id = %target, delivery.id = %delivery, detail, "a target answers in a way that waiting will not mend");
                }
                Effect::Hold(source, code) => self.hold(source, &code, now).await,
            }
        }
        self.memory.spare(&self.handles, self.lane.kept()).await;
    }

    async fn hold(&self, source: Option<MemberId>, code: &str, since: Timestamp) {
        let whose = source.as_ref().map_or("everybody", |source| source.as_str());
        tracing::error!(target.id = %self.target, source.id = whose, code, "deliveries are held after refusals in a row");
        let scope = Scope { target: self.target.clone(), source };
        let hold = Hold { why: format!("refusals in a row: {code}"), who: hold::HUB.to_owned(), since };
        if let Err(fault) = self.handles.holds.hold(scope, hold).await {
            tracing::error!(target.id = %self.target, %fault, "a hold could not be stored");
        }
    }

    /// Whether an operator stopped the lane, a source's share of it, or something that was read, since the lane looked.
    fn is_stopped(&self, source: &MemberId) -> bool {
        let held = self.handles.holds.of(&self.target);
        held.lane || held.sources.contains(source) || self.recalls != self.handles.store.recalls()
    }
}

impl Handles {
    /// Why a delivery is not to be sent at all, if it is not.
    pub(in crate::deliver) fn unsendable(
        &self,
        region: &Region,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Option<Event> {
        // What its target asks for again may be as old as it likes.
        let expired = now >= self.policy(region, &delivery.target).expires(delivery.life.created);
        if expired && delivery.asked.is_none() {
            return Some(Event::DeadlinePassed);
        }
        (!entitled(region, delivery)).then_some(Event::Held { reason: Reason::NotEntitled })
    }
}
