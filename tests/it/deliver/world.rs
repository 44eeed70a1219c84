//! A hub of lanes and mailboxes over a real store, with a clock turned by hand.

mod given;

use std::{collections::BTreeMap, future::Future, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use coohub::{
    clock::{Clock, Manual},
    decode::document::Syntax,
    deliver::{
        self, Deliveries, Dice, Handles,
        guard::ClockGuard,
        hold::Holds,
        inbox::{Entry, Inbox},
        sight::Sight,
    },
    evidence::key::SigningKey,
    model::{
        envelope::Function,
        id::{AgreementId, DeliveryId, Digest, MemberId, MessageId, MessageKey},
        key::Key,
        retry::Policy,
        time::Timestamp,
    },
    problem::Spot,
    region::{
        Region,
        address::Addresses,
        agreement::{Agreement, Link, LinkState, ProofDemand, Unseen},
        maintenance::Maintenance,
        member::{Acknowledge, Endpoint, Form, InboundRate, Member, OnUnrenderable, Rate, Reach, Takes},
    },
    stop::Tasks,
    store::{
        Config, Store,
        claim::Rank,
        lane::{Hold, Scope},
        record::{Acceptance, Accepted, Body, Cargo, Delivery, NewDelivery, Role, Routing, View},
        standing::Standing,
    },
    telemetry::{metrics::Metrics, trace::Traces},
};
use tokio::sync::watch;

pub(crate) use self::given::rate;
use self::given::*;
use crate::support::{
    partner::Partner,
    patience::{PATIENCE, patient, ticks},
};

pub(crate) const SOURCE: &str = "ru";
/// Turns of the clock after which what a test waits for is taken never to happen: some 300 seconds.
const TICKS_MAX: u32 = 150_000;

/// The hub under test.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) region: watch::Sender<Arc<Region>>,
    pub(crate) clock: Clock,
    pub(crate) hand: Arc<Manual>,
    pub(crate) handles: Handles,
    pub(crate) tasks: Tasks,
    folder: tempfile::TempDir,
}

/// How a target of the world is reached.
pub(crate) enum To<'a> {
    Push(&'a Partner),
    /// With a sandbox.
    Beside(&'a Partner, &'a Partner),
    Mailbox,
}

pub(crate) fn id(name: &str) -> MemberId {
    MemberId::new(name).unwrap()
}

impl World {
    /// Targets by name; nothing runs yet.
    pub(crate) fn new(targets: &[(&str, To<'_>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Config { folder: folder.path().to_owned(), ..Config::default() }).unwrap();
        let (clock, hand) = Clock::manual(Timestamp(1_700_000_000_000));
        let mut configs = BTreeMap::new();
        let mut members = vec![member(SOURCE, mailbox())];
        for (name, to) in targets {
            let mut at = |partner: &Partner| {
                configs.insert(partner.url.clone(), partner.tls());
                endpoint(&partner.url)
            };
            let (reach, sandbox) = match to {
                To::Mailbox => (mailbox(), None),
                To::Push(partner) => (Reach::Push(at(partner)), None),
                To::Beside(partner, sandbox) => (Reach::Push(at(partner)), Some(at(sandbox))),
            };
            members.push(Member { sandbox, ..member(name, reach) });
        }
        let (region, watched) = watch::channel(Arc::new(region(members)));
        let der = SigningKey::generate().unwrap();
        let handles = Handles {
            store: store.clone(),
            region: watched,
            clock: clock.clone(),
            key: Arc::new(SigningKey::from_pkcs8(&der).unwrap()),
            tls: Arc::new(move |endpoint: &Endpoint| {
                configs.get(&endpoint.url).cloned().ok_or_else(|| "no such partner".to_owned())
            }),
            dice: Dice::Loaded(0),
            holds: Holds::new(store.clone(), BTreeMap::new()),
            guard: ClockGuard::new(
                clock.clone(),
                store.clone(),
                None,
                deliver::Config::default().clock_step_max,
            ),
            sight: Sight::default(),
            metrics: Metrics::default(),
            traces: Traces::default(),
            config: patient(deliver::Config::default()),
        };
        Self { store, region, clock, hand, handles, tasks: Tasks::default(), folder }
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn run(&self) {
        self.tasks.spawn(Deliveries::new(self.handles.clone()).run(self.tasks.clone()));
    }

    /// Holds a target's whole lane, as an operator does.
    pub(crate) async fn hold(&self, target: &str) {
        let scope = Scope { target: id(target), source: None };
        let hold = Hold { why: "asked for".to_owned(), who: "aida".to_owned(), since: self.clock.now() };
        self.handles.holds.hold(scope, hold).await.unwrap();
    }

    pub(crate) fn inbox(&self) -> Inbox {
        Inbox::new(self.handles.clone())
    }

    /// Swaps in a region changed by `change`, as a reload does.
    pub(crate) fn reload(&self, change: impl FnOnce(&mut Region)) {
        let members = self.region.borrow().members.clone();
        let mut next = region(members.into_values().collect());
        next.agreements = self.region.borrow().agreements.clone();
        next.digest = Digest::of(&self.region.borrow().digest.0);
        change(&mut next);
        self.region.send_replace(Arc::new(next));
    }

    /// Waits no longer for a target's answers.
    pub(crate) fn timeout(&self, target: &str, timeout: Duration) {
        self.reload(|region| {
            let Reach::Push(endpoint) = &mut region.members.get_mut(&id(target)).unwrap().reach else {
                panic!("pushed to")
            };
            endpoint.timeout = timeout;
        });
    }

    /// Accepts and routes version `version` of certificate `number` to targets; gives the delivery ids.
    pub(crate) async fn send(&self, number: &str, version: u32, targets: &[&str]) -> Vec<DeliveryId> {
        self.send_with(number, version, targets, |_| {}).await
    }

    pub(crate) async fn send_with(
        &self,
        number: &str,
        version: u32,
        targets: &[&str],
        change: impl Fn(&mut NewDelivery),
    ) -> Vec<DeliveryId> {
        self.send_all((SOURCE, number, false), version, targets, change).await
    }

    /// As [`World::send`], from another source.
    pub(crate) async fn send_from(
        &self,
        source: &str,
        number: &str,
        version: u32,
        targets: &[&str],
    ) -> Vec<DeliveryId> {
        self.send_all((source, number, false), version, targets, |_| {}).await
    }

    /// Sends test traffic from a source to a target.
    pub(crate) async fn send_test(&self, source: &str, number: &str, target: &str) -> DeliveryId {
        self.send_all((source, number, true), 1, &[target], |_| {}).await[0]
    }

    async fn send_all(
        &self,
        (source, number, test): (&str, &str, bool),
        version: u32,
        targets: &[&str],
        change: impl Fn(&mut NewDelivery),
    ) -> Vec<DeliveryId> {
        let message = self.accept((source, test), number, version).await;
        let mut ids = Vec::new();
        let mut deliveries = Vec::new();
        for target in targets {
            let mut delivery = new_delivery(target, &format!("<cod number='{number}' version='{version}'/>"));
            delivery.created = self.clock.now();
            change(&mut delivery);
            ids.push(delivery.id);
            deliveries.push(delivery);
        }
        let config = Digest([1; 32]);
        self.store
            .route(Routing {
                message,
                config,
                at: Timestamp(0),
                deliveries,
                superseded: Vec::new(),
                unaddressed: false,
            })
            .await
            .unwrap();
        ids
    }

    async fn accept(&self, (source, test): (&str, bool), number: &str, version: u32) -> MessageId {
        let original = format!("<original number='{number}' version='{version}'/>");
        let subject = subject(number, version);
        let seen = self.store.standing(&subject, None).await.unwrap();
        let mut push = acceptance(original.as_bytes(), subject, seen, self.clock.now());
        push.source = self::id(source);
        push.test = test;
        let id = push.id;
        assert_eq!(self.store.accept(push).await.unwrap(), Accepted::Stored);
        id
    }

    pub(crate) async fn delivery(&self, id: DeliveryId) -> Delivery {
        self.store.delivery(id).await.unwrap().unwrap()
    }

    pub(crate) async fn word(&self, id: DeliveryId) -> &'static str {
        self.delivery(id).await.life.state.word()
    }

    /// Waits for a state, with the clock standing still.
    pub(crate) async fn stands_at(&self, id: DeliveryId, word: &str) -> Delivery {
        let mut changes = self.store.watch();
        loop {
            changes.mark_unchanged();
            let delivery = self.delivery(id).await;
            if delivery.life.state.word() == word {
                return delivery;
            }
            changes.changed().await.unwrap();
        }
    }

    /// Waits for a state while the clock runs a thousand times as fast as it should.
    pub(crate) async fn comes_to(&self, id: DeliveryId, word: &str) -> Delivery {
        self.while_time_flies(self.stands_at(id, word)).await
    }

    pub(crate) async fn while_time_flies<T>(&self, done: impl Future<Output = T>) -> T {
        self.while_time_passes(Duration::from_secs(2), done).await
    }

    /// The clock runs fifty times as fast as it should: what takes minutes is seen to, and takes no hour on a busy machine.
    pub(crate) async fn while_time_hurries<T>(&self, done: impl Future<Output = T>) -> T {
        self.while_time_passes(Duration::from_millis(100), done).await
    }

    /// Buckets fill, but no pause of a breaker or a retry ends.
    pub(crate) async fn while_time_creeps<T>(&self, done: impl Future<Output = T>) -> T {
        self.while_time_passes(Duration::from_millis(1), done).await
    }

    async fn while_time_passes<T>(&self, step: Duration, done: impl Future<Output = T>) -> T {
        tokio::pin!(done);
        let mut ticks = ticks();
        for _ in 0..TICKS_MAX {
            tokio::select! {
                value = &mut done => return value,
                _ = ticks.tick() => self.hand.advance(step),
            }
        }
        panic!("it did not come to pass");
    }

    /// What a member's mailbox offers once its bucket, empty at first, is full.
    pub(crate) async fn offered(&self, member: &str) -> Vec<Entry> {
        let inbox = self.inbox();
        assert!(
            inbox.collect(&id(member), false, (10, usize::MAX)).await.unwrap().is_empty(),
            "a burst has to be earned"
        );
        self.hand.advance(Duration::from_secs(1));
        inbox.collect(&id(member), false, (10, usize::MAX)).await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}
