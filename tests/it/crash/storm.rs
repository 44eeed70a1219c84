//! The storm: members push lives of certificates, again and again until each push is answered, and take what comes.
//!
//! It goes on until it is told to end, however often the hub dies meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use coohub::{
    cli::member::{Answer, Error, Member},
    model::id::Digest,
};
use tokio::sync::watch;

use super::life::{Life, Push, What};
use crate::support::hub::{Community, LOOK, PATIENCE, acknowledge};

/// Lives under way at once.
const CONCURRENCY: usize = 8;
/// Members that collect.
const MAILBOXES: [&str; 2] = ["dunmere", "estalia"];
/// Entries a mailbox is asked for at once.
const ENTRIES_MAX: usize = 4;
/// Members that are pushed to, and deliveries under way at once to each, as the community's pace has it.
const PUSHED_TO: usize = 3;
const CONCURRENCY_PER_TARGET: usize = 4;
/// Deliveries under way at once, over all targets: what one death may cut off between target and commit.
pub(super) const IN_FLIGHT_MAX: usize = PUSHED_TO * CONCURRENCY_PER_TARGET + MAILBOXES.len() * ENTRIES_MAX;

/// What came to a target, in order of arrival there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Arrived {
    pub(super) target: &'static str,
    pub(super) delivery: String,
    pub(super) what: What,
    pub(super) bytes: Digest,
}

/// A push that was acknowledged.
#[derive(Clone)]
pub(super) struct Acknowledged {
    pub(super) push: Push,
    pub(super) receipt: Bytes,
    id: String,
}

/// Everything pushed and everything that came.
pub(super) struct Storm<'a> {
    community: &'a Community,
    /// Lives begun.
    begun: AtomicUsize,
    over: AtomicBool,
    acknowledged: Mutex<Vec<Acknowledged>>,
    answers: watch::Sender<u64>,
    arrived: Mutex<Vec<Arrived>>,
    arrivals: watch::Sender<usize>,
    /// Port of the hub that runs now.
    port: AtomicU16,
    clients: Mutex<BTreeMap<&'static str, (u16, Member)>>,
}

impl<'a> Storm<'a> {
    pub(super) fn new(community: &'a Community) -> Self {
        Self {
            community,
            begun: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            acknowledged: Mutex::default(),
            answers: watch::Sender::new(0),
            arrived: Mutex::default(),
            arrivals: watch::Sender::new(0),
            port: AtomicU16::new(0),
            clients: Mutex::default(),
        }
    }

    pub(super) fn hub_is_at(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }

    /// Lives that have begun so far.
    pub(super) fn lives(&self) -> impl Iterator<Item = Life> {
        (0..self.begun.load(Ordering::SeqCst)).map(Life::of)
    }

    /// What was acknowledged so far, but for the first ones.
    pub(super) fn acknowledged(&self, skip: usize) -> Vec<Acknowledged> {
        self.acknowledged.lock().unwrap().iter().skip(skip).cloned().collect()
    }

    /// Everything that came, repeats included.
    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// Waits for that many further pushes to be answered.
    pub(super) async fn answered_further(&self, answers: u64) {
        let mut answered = self.answers.subscribe();
        let enough = *answered.borrow() + answers;
        answered.wait_for(|count| *count >= enough).await.unwrap();
    }

    /// Begins no further life.
    pub(super) fn ends(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Rages until it is told to end and every life that began has ended; takes what comes meanwhile.
    pub(super) async fn rages(&self) {
        let raging = AtomicUsize::new(CONCURRENCY);
        let worker = || async {
            while !self.over.load(Ordering::SeqCst) {
                self.lives_one(Life::of(self.begun.fetch_add(1, Ordering::SeqCst))).await;
            }
            raging.fetch_sub(1, Ordering::SeqCst);
        };
        let collector = async {
            let mut looks = tokio::time::interval(LOOK);
            while raging.load(Ordering::SeqCst) > 0 {
                looks.tick().await;
                self.take().await;
            }
        };
        tokio::join!(together((0..CONCURRENCY).map(|_| worker()).collect()), collector);
    }

    /// Takes what comes until every delivery has arrived; patience counts from the last arrival.
    pub(super) async fn everything_arrives(&self) {
        let mut missing: BTreeSet<(&str, What)> = self.lives().flat_map(Life::deliveries).collect();
        let (mut seen, mut give_up) = (0, tokio::time::Instant::now() + PATIENCE);
        let mut looks = tokio::time::interval(LOOK);
        while !missing.is_empty() {
            looks.tick().await;
            self.take().await;
            let arrived = self.arrived();
            for one in arrived.iter().skip(seen) {
                if missing.remove(&(one.target, one.what.clone())) {
                    give_up = tokio::time::Instant::now() + PATIENCE;
                }
            }
            seen = arrived.len();
            if tokio::time::Instant::now() >= give_up {
                panic!("{} deliveries are missing:\n{}", missing.len(), self.told_of(&missing).await);
            }
        }
    }

    /// Pushes until there is an answer; it must be an acceptance.
    pub(super) async fn push(&self, push: &Push) -> Answer {
        if let Some(attachment) = &push.attachment {
            let put = || async { self.client(push.source).put("application/pdf", attachment.clone()).await };
            let answer = self.until_answered(&push.key, put).await;
            assert!(matches!(answer.status, 200 | 201), "{}: {answer:?}", push.key);
        }
        let once = || async {
            let Push { source, key, media_type, headers, body, .. } = push;
            self.client(source).push(key, media_type, headers.clone(), body.clone()).await
        };
        let answer = self.until_answered(&push.key, once).await;
        assert!(matches!(answer.status, 200 | 202), "{}: {answer:?}", push.key);
        answer
    }

    /// A member's client of the hub that runs now.
    pub(super) fn client(&self, name: &'static str) -> Member {
        let port = self.port.load(Ordering::SeqCst);
        let mut clients = self.clients.lock().unwrap();
        let known = clients.entry(name).or_insert_with(|| (port, self.community.member_at(name, port)));
        if known.0 != port {
            *known = (port, self.community.member_at(name, port));
        }
        known.1.clone()
    }

    async fn lives_one(&self, life: Life) {
        for push in life.pushes() {
            self.acknowledges(push).await;
        }
        if let Some((target, what)) = life.answered() {
            let delivery = self.delivery_of(target, &what).await;
            self.acknowledges(life.answer(&delivery)).await;
        }
    }

    async fn acknowledges(&self, push: Push) {
        let answer = self.push(&push).await;
        let id = answer.header("coo-message-id").unwrap_or_default().to_owned();
        self.acknowledged.lock().unwrap().push(Acknowledged { push, receipt: answer.body, id });
        self.answers.send_modify(|count| *count += 1);
    }

    /// The id of a delivery once it has arrived.
    async fn delivery_of(&self, target: &str, what: &What) -> String {
        let (mut arrivals, mut seen) = (self.arrivals.subscribe(), 0);
        loop {
            arrivals.mark_unchanged();
            let found = {
                let arrived = self.arrived.lock().unwrap();
                let from = std::mem::replace(&mut seen, arrived.len());
                let mut news = arrived.iter().skip(from);
                news.find(|one| one.target == target && one.what == *what).map(|one| one.delivery.clone())
            };
            if let Some(delivery) = found {
                return delivery;
            }
            let Ok(waited) = tokio::time::timeout(PATIENCE, arrivals.changed()).await else {
                let missing = BTreeSet::from([(target, what.clone())]);
                panic!("{what:?} does not come to {target}:\n{}", self.told_of(&missing).await);
            };
            waited.unwrap();
        }
    }

    async fn until_answered<F: Future<Output = Result<Answer, Error>>>(
        &self,
        key: &str,
        ask: impl Fn() -> F,
    ) -> Answer {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        let mut tries = tokio::time::interval(LOOK);
        loop {
            tries.tick().await;
            match ask().await {
                // Faults and full rooms are the hub's to name; then the same is sent again.
                Ok(answer) if answer.status != 503 => return answer,
                Ok(answer) => assert!(tokio::time::Instant::now() < give_up, "{key}: {answer:?}"),
                Err(error) => assert!(tokio::time::Instant::now() < give_up, "{key}: {error}"),
            }
        }
    }

    /// Takes what came to servers, and what the mailboxes offer now.
    async fn take(&self) {
        for target in self.community.pushed_to() {
            let name = TARGETS.into_iter().find(|known| *known == target).unwrap();
            for one in self.community.partner(target).take() {
                self.arrives(arrived(name, &|header| one.header(header).to_owned(), &one.bytes));
            }
        }
        for mailbox in MAILBOXES {
            // While the hub is down there is nobody to ask; what a death cuts off comes again.
            let _ = self.collect(mailbox).await;
        }
    }

    async fn collect(&self, mailbox: &'static str) -> Result<(), Error> {
        let member = self.client(mailbox);
        let entries = member.get(&format!("/v1/inbox?limit={ENTRIES_MAX}")).await?.json();
        for entry in entries.as_array().into_iter().flatten() {
            let header = |name: &str| entry["headers"][name].as_str().unwrap_or_default().to_owned();
            let bytes = STANDARD.decode(entry["content"].as_str().unwrap()).unwrap();
            self.arrives(arrived(mailbox, &header, &bytes));
            let answer = acknowledge(&member, entry).await?;
            assert!(matches!(answer.status, 200 | 503), "{answer:?}");
        }
        Ok(())
    }

    fn arrives(&self, one: Arrived) {
        self.arrived.lock().unwrap().push(one);
        self.arrivals.send_modify(|count| *count += 1);
    }

    /// What the hub tells the sources of some lives with something missing.
    async fn told_of(&self, missing: &BTreeSet<(&str, What)>) -> String {
        const SHOWN_MAX: usize = 3;
        let lives: BTreeSet<_> = missing.iter().filter_map(|(_, what)| Life::owning(&what.0)).collect();
        let mut told = format!("{:?}", missing.iter().take(SHOWN_MAX).collect::<Vec<_>>());
        let acknowledged = self.acknowledged(0);
        for life in lives.into_iter().take(SHOWN_MAX) {
            let of_life = |one: &&Acknowledged| Life::owning(&one.push.key) == Some(life);
            for one in acknowledged.iter().filter(of_life) {
                let state = self.client(one.push.source).get(&format!("/v1/messages/{}", one.id)).await;
                told +=
                    &format!("\n{}: {}", one.push.key, state.map_or(serde_json::Value::Null, |s| s.json()));
            }
        }
        told
    }
}

/// Members' names, as long as the program lives.
const TARGETS: [&str; 5] = ["almora", "brisca", "corvania", "dunmere", "estalia"];

fn arrived(target: &'static str, header: &dyn Fn(&str) -> String, bytes: &[u8]) -> Arrived {
    Arrived {
        target,
        delivery: header("CoO-Delivery"),
        what: (header("CoO-Number"), header("CoO-Cargo"), header("CoO-Version")),
        bytes: Digest::of(bytes),
    }
}

/// Runs all to their end on this task: what they borrow needs no counting.
async fn together(futures: Vec<impl Future<Output = ()>>) {
    let mut pending: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    std::future::poll_fn(|context| {
        for slot in &mut pending {
            if slot.as_mut().is_some_and(|future| future.as_mut().poll(context).is_ready()) {
                *slot = None;
            }
        }
        if pending.iter().all(Option::is_none) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}
