//! A hub of lanes and mailboxes over a real store, with a clock turned by hand.

use std::{collections::BTreeMap, future::Future, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use coohub::{
    clock::{Clock, Manual},
    decode::document::Syntax,
    deliver::{
        self, Deliveries, Dice, Handles,
        hold::Holds,
        inbox::{Entry, Inbox},
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
        agreement::{Agreement, Link, LinkState, ProofDemand, Unseen},
        member::{Acknowledge, Endpoint, Form, InboundRate, Member, OnUnrenderable, Rate, Reach, Takes},
    },
    stop::Tasks,
    store::{
        Config, Store,
        record::{Acceptance, Accepted, Body, Cargo, Delivery, NewDelivery, Role, Routing, Standing, View},
    },
};
use tokio::sync::watch;

use crate::support::partner::Partner;

pub(crate) const SOURCE: &str = "ru";
/// Turns of the clock after which what a test waits for is taken never to happen: some 20 seconds.
const TICKS_MAX: u32 = 10_000;

/// The hub under test.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) region: watch::Sender<Arc<Region>>,
    pub(crate) clock: Clock,
    pub(crate) hand: Arc<Manual>,
    pub(crate) handles: Handles,
    pub(crate) tasks: Tasks,
    _folder: tempfile::TempDir,
}

/// How a target of the world is reached.
pub(crate) enum To<'a> {
    Push(&'a Partner),
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
            members.push(member(
                name,
                match to {
                    To::Mailbox => mailbox(),
                    To::Push(partner) => {
                        configs.insert(partner.url.clone(), partner.tls());
                        push_to(&partner.url)
                    }
                },
            ));
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
            holds: Holds::default(),
            config: deliver::Config::default(),
        };
        Self { store, region, clock, hand, handles, tasks: Tasks::default(), _folder: folder }
    }

    pub(crate) fn run(&self) {
        self.tasks.spawn(Deliveries::new(self.handles.clone()).run(self.tasks.clone()));
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
        let message = self.accept(number, version).await;
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
        self.store.route(Routing { message, config, deliveries }).await.unwrap();
        ids
    }

    async fn accept(&self, number: &str, version: u32) -> MessageId {
        let original = format!("<original number='{number}' version='{version}'/>");
        let subject = subject(number, version);
        let seen = self.store.standing(&subject).await.unwrap();
        let push = acceptance(original.as_bytes(), subject, seen, self.clock.now());
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

    /// Buckets fill, but no pause of a breaker or a retry ends.
    pub(crate) async fn while_time_creeps<T>(&self, done: impl Future<Output = T>) -> T {
        self.while_time_passes(Duration::from_millis(1), done).await
    }

    async fn while_time_passes<T>(&self, step: Duration, done: impl Future<Output = T>) -> T {
        tokio::pin!(done);
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
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
            inbox.collect(&id(member), 10, usize::MAX).await.unwrap().is_empty(),
            "a burst has to be earned"
        );
        self.hand.advance(Duration::from_secs(1));
        inbox.collect(&id(member), 10, usize::MAX).await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

fn subject(number: &str, version: u32) -> Key {
    Key {
        agreement: AgreementId::new("eaeu").unwrap(),
        issuer: "RU-TPP".to_owned(),
        number: number.to_owned(),
        lineage: number.to_owned(),
        version: Some(version),
    }
}

fn acceptance(original: &[u8], subject: Key, seen: Standing, received: Timestamp) -> Acceptance {
    let id = MessageId(uuid::Uuid::now_v7());
    let digest = Digest::of(original);
    Acceptance {
        id,
        source: self::id(SOURCE),
        key: MessageKey::new(&id.to_string()).unwrap(),
        digest,
        fingerprint: digest,
        received,
        function: if subject.version == Some(1) { Function::Original } else { Function::Amendment },
        subject,
        earlier_lineage: None,
        canonical: Some(digest),
        format: None,
        media_type: "application/xml".to_owned(),
        config: Digest([1; 32]),
        test: false,
        answer: None,
        duplicate_of: None,
        attachments: Vec::new(),
        demand: None,
        judgements: Vec::new(),
        leaves: BTreeMap::new(),
        bodies: vec![body(Role::Original, original)],
        receipt: b"receipt".to_vec(),
        seen,
    }
}

fn body(role: Role, bytes: &[u8]) -> Body {
    Body {
        role,
        format: "canonical-xml".to_owned(),
        table: Digest([0; 32]),
        media_type: "application/xml".to_owned(),
        bytes: bytes.to_vec(),
    }
}

fn new_delivery(target: &str, text: &str) -> NewDelivery {
    NewDelivery {
        id: DeliveryId(uuid::Uuid::now_v7()),
        target: id(target),
        cargo: Cargo::Certificate,
        view: View::Full,
        body: Some(body(Role::Rendering, text.as_bytes())),
        weight: 1,
        urgent: false,
        created: Timestamp(0),
        held: None,
        losses: Vec::new(),
        because: "importing party".to_owned(),
    }
}

fn region(members: Vec<Member>) -> Region {
    let agreement = Agreement {
        id: AgreementId::new("eaeu").unwrap(),
        name: "EAEU".to_owned(),
        aliases: Vec::new(),
        parties: Vec::new(),
        unions: Vec::new(),
        proof: Some(ProofDemand::Connection),
        proof_by_format: BTreeMap::new(),
        importing_party: Vec::new(),
        copies: Vec::new(),
        links: vec![Link { from: None, to: None, state: LinkState::Live }],
        hs_edition: None,
        criteria: None,
        unseen: Unseen::Forward,
        severe: Vec::new(),
    };
    Region {
        id: "eaeu".to_owned(),
        name: "Eurasian".to_owned(),
        hub: "hub".to_owned(),
        members: members.into_iter().map(|member| (member.id.clone(), member)).collect(),
        agreements: BTreeMap::from([(agreement.id.clone(), agreement)]),
        tables: BTreeMap::new(),
        codes: coohub::format::codes::list::Library::default(),
        digest: Digest([1; 32]),
    }
}

fn mailbox() -> Reach {
    Reach::Mailbox { lease: Duration::from_secs(300) }
}

fn push_to(url: &str) -> Reach {
    Reach::Push(Endpoint {
        url: url.to_owned(),
        anchors: PathBuf::new(),
        acknowledge: Acknowledge::Echo,
        timeout: Duration::from_millis(500),
    })
}

pub(crate) fn rate(count: u32, seconds: u64, burst: u32) -> Rate {
    let number = |n| NonZeroU32::new(n).unwrap();
    let period = Duration::from_secs(seconds);
    Rate { count: number(count), weight: number(count), period, burst: number(burst) }
}

/// A member whose rate is no hindrance.
fn member(name: &str, reach: Reach) -> Member {
    let many = NonZeroU32::new(1000).unwrap();
    let minute = Duration::from_secs(60);
    Member {
        id: id(name),
        name: name.to_owned(),
        suspended: false,
        identities: Vec::new(),
        bodies: Vec::new(),
        customs: Vec::new(),
        sends: Vec::new(),
        takes: Takes {
            form: Form::Canonical(Syntax::Xml),
            per_agreement: BTreeMap::new(),
            on_unrenderable: OnUnrenderable::Hold,
            items_max: 100,
        },
        reach,
        rate: rate(1_000_000, 1, 1_000_000),
        concurrency: NonZeroU32::new(4).unwrap(),
        retry: Policy::new(vec![minute, minute * 5], minute * 60 * 24 * 7, minute * 60, 20).unwrap(),
        inbound: InboundRate { per_second: many, burst: many, connections_max: 10 },
        spot: Spot { file: Arc::from("members/x.toml"), line: 0, column: 0, key: String::new() },
    }
}
