//! The sources' side of the storm: what is pushed, over and over until it is answered, and what has to come of it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use coohub::{
    cli::member::{Answer, Error, Member},
    message,
};
use tokio::sync::{Semaphore, watch};

use crate::{
    flow::story::{bound_for, cancellation_of, reworded, tea},
    support::hub::{Community, LOOK, PATIENCE, acknowledge},
};

/// Pushes under way at once.
pub(super) const CONCURRENCY: usize = 8;
/// Where certificates go, by turns: two servers and a mailbox.
const TARGETS: [(&str, &str); 3] = [("XC", "corvania"), ("XB", "brisca"), ("XD", "dunmere")];
/// Entries the mailbox is asked for at once.
const ENTRIES_MAX: usize = 4;
/// Deliveries under way at once, over all targets: what one kill may cut off between target and commit.
pub(super) const IN_FLIGHT_MAX: usize = 2 * CONCURRENCY_PER_TARGET + ENTRIES_MAX;
/// As the community's pace has it.
const CONCURRENCY_PER_TARGET: usize = 4;
const SOURCE: &str = "almora";

/// A certificate with its life: every third is amended, every second of those cancelled.
pub(super) struct Certificate {
    number: usize,
}

/// One push under its fixed message id.
pub(super) struct Push {
    pub(super) key: String,
    media_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// What came to a target, in order of arrival there.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    pub(super) target: String,
    pub(super) delivery: String,
    pub(super) number: String,
    pub(super) cargo: String,
    version: String,
    pub(super) bytes: Vec<u8>,
}

/// Target, number, cargo, version.
pub(super) type What = (String, String, String, String);

impl Arrived {
    pub(super) fn what(&self) -> What {
        (self.target.clone(), self.number.clone(), self.cargo.clone(), self.version.clone())
    }

    /// Place in the certificate's life.
    pub(super) fn step(&self) -> u8 {
        match (self.cargo.as_str(), self.version.as_str()) {
            ("certificate", "1") => 1,
            ("certificate", _) => 2,
            _ => 3,
        }
    }
}

impl Certificate {
    fn name(&self) -> String {
        format!("AL-STORM-{:05}", self.number)
    }

    fn to(&self) -> (&'static str, &'static str) {
        TARGETS[self.number % TARGETS.len()]
    }

    fn is_amended(&self) -> bool {
        (self.number / TARGETS.len()).is_multiple_of(3)
    }

    fn is_cancelled(&self) -> bool {
        (self.number / TARGETS.len()).is_multiple_of(6)
    }

    /// Its pushes, in order.
    pub(super) fn pushes(&self) -> Vec<Push> {
        let name = self.name();
        let push = |step: &str, media_type, headers, body: String| Push {
            key: format!("{name}-{step}"),
            media_type,
            headers,
            body: body.into(),
        };
        let first = bound_for(&tea(&name), self.to().0);
        let mut pushes = vec![push("issue", "application/json", Vec::new(), first.to_string())];
        if self.is_amended() {
            let headers = vec![("coo-function", "4".to_owned())];
            let amended = reworded(&first, "two pallets");
            pushes.push(push("amend", "application/json", headers, amended.to_string()));
        }
        if self.is_cancelled() {
            let cancelled = cancellation_of(&name).to_string();
            pushes.push(push("cancel", message::MEDIA_TYPE, Vec::new(), cancelled));
        }
        pushes
    }

    /// What its target must get.
    pub(super) fn deliveries(&self) -> Vec<What> {
        let what = |cargo: &str, version: &str| {
            (self.to().1.to_owned(), self.name(), cargo.to_owned(), version.to_owned())
        };
        let mut deliveries = vec![what("certificate", "1")];
        deliveries.extend(self.is_amended().then(|| what("certificate", "2")));
        deliveries.extend(self.is_cancelled().then(|| what("cancellation", "2")));
        deliveries
    }
}

/// Everything pushed and everything answered.
pub(super) struct Storm {
    pub(super) certificates: Vec<Certificate>,
    receipts: Mutex<BTreeMap<String, Bytes>>,
    answered: watch::Sender<u64>,
    /// Port of the hub that runs now.
    port: AtomicU16,
    /// What the mailbox gave, in order.
    collected: Mutex<Vec<Arrived>>,
}

impl Storm {
    pub(super) fn new(certificates: usize) -> Self {
        Self {
            certificates: (0..certificates).map(|number| Certificate { number }).collect(),
            receipts: Mutex::default(),
            answered: watch::Sender::new(0),
            port: AtomicU16::new(0),
            collected: Mutex::default(),
        }
    }

    pub(super) fn hub_is_at(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }

    /// The receipt of each message id that was accepted.
    pub(super) fn receipts(&self) -> BTreeMap<String, Bytes> {
        self.receipts.lock().unwrap().clone()
    }

    /// Waits for that many further pushes to be answered, or for the last one.
    pub(super) async fn answered_further(&self, answers: u64) {
        let mut answered = self.answered.subscribe();
        let enough = (*answered.borrow() + answers).min(self.pushes() as u64);
        answered.wait_for(|count| *count >= enough).await.unwrap();
    }

    /// Pushes everything, [`CONCURRENCY`] certificates at a time, each in its own order.
    pub(super) async fn rage(&self, community: &Community) {
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        let lives = self.certificates.iter().map(|certificate| {
            let permits = permits.clone();
            async move {
                let _permit = permits.acquire().await.unwrap();
                for push in certificate.pushes() {
                    let answer = self.push(community, &push).await;
                    self.receipts.lock().unwrap().insert(push.key, answer.body);
                    self.answered.send_modify(|count| *count += 1);
                }
            }
        });
        together(lives.collect()).await;
    }

    /// Pushes until there is an answer; it must be an acceptance.
    pub(super) async fn push(&self, community: &Community, push: &Push) -> Answer {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        let mut tries = tokio::time::interval(LOOK);
        loop {
            tries.tick().await;
            let Push { key, media_type, headers, body } = push;
            match self.member(community, SOURCE).push(key, media_type, headers.clone(), body.clone()).await {
                Ok(answer) if matches!(answer.status, 200 | 202) => return answer,
                // Faults and full rooms are the hub's to name; then the same push is sent again.
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => panic!("{key}: {answer:?}"),
                Err(error) => assert!(tokio::time::Instant::now() < give_up, "{key}: {error}"),
            }
        }
    }

    /// A member's client of the hub that runs now.
    fn member(&self, community: &Community, name: &str) -> Member {
        community.member_at(name, self.port.load(Ordering::SeqCst))
    }

    /// Collects the mailbox until every delivery has arrived; gives all arrivals, repeats included.
    pub(super) async fn everything_arrived(&self, community: &Community) -> Vec<Arrived> {
        let expected: usize = self.certificates.iter().map(|one| one.deliveries().len()).sum();
        let give_up = tokio::time::Instant::now() + PATIENCE;
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            self.collect(community).await.unwrap();
            let arrived = self.arrived(community);
            let ids: std::collections::BTreeSet<_> = arrived.iter().map(|one| &one.delivery).collect();
            if ids.len() >= expected {
                return arrived;
            }
            if tokio::time::Instant::now() >= give_up {
                let here: Vec<_> = arrived.iter().map(Arrived::what).collect();
                let lives = self
                    .certificates
                    .iter()
                    .filter(|one| one.deliveries().iter().any(|what| !here.contains(what)));
                let missing: Vec<_> = lives.map(Certificate::name).collect();
                panic!("{} of {expected} deliveries arrived; not all of {missing:?}", ids.len());
            }
        }
    }

    /// Collects while the storm rages; whatever a kill cuts off comes again.
    ///
    /// Ends between two looks only: what was collected and not acknowledged would stay reserved for its lease.
    pub(super) async fn keep_collecting(&self, community: &Community) {
        let mut looks = tokio::time::interval(LOOK);
        while !self.is_over() {
            looks.tick().await;
            // Nobody to ask while the hub is down.
            let _ = self.collect(community).await;
        }
    }

    fn pushes(&self) -> usize {
        self.certificates.iter().map(|one| one.pushes().len()).sum()
    }

    fn is_over(&self) -> bool {
        *self.answered.borrow() >= self.pushes() as u64
    }

    /// Takes and acknowledges what the mailbox offers now.
    async fn collect(&self, community: &Community) -> Result<(), Error> {
        let dunmere = self.member(community, "dunmere");
        let entries = dunmere.get(&format!("/v1/inbox?limit={ENTRIES_MAX}")).await?.json();
        for entry in entries.as_array().unwrap() {
            let header = |name: &str| entry["headers"][name].as_str().unwrap_or_default().to_owned();
            let bytes = STANDARD.decode(entry["content"].as_str().unwrap()).unwrap();
            self.collected.lock().unwrap().push(arrived("dunmere", &header, bytes));
            assert_eq!(acknowledge(&dunmere, entry).await?.status, 200);
        }
        Ok(())
    }

    fn arrived(&self, community: &Community) -> Vec<Arrived> {
        let mut all = self.collected.lock().unwrap().clone();
        for target in community.pushed_to() {
            let received = community.partner(target).received();
            all.extend(
                received
                    .into_iter()
                    .map(|one| arrived(target, &|name| one.header(name).to_owned(), one.bytes.clone())),
            );
        }
        all
    }
}

fn arrived(target: &str, header: &dyn Fn(&str) -> String, bytes: Vec<u8>) -> Arrived {
    Arrived {
        target: target.to_owned(),
        delivery: header("CoO-Delivery"),
        number: header("CoO-Number"),
        cargo: header("CoO-Cargo"),
        version: header("CoO-Version"),
        bytes,
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
