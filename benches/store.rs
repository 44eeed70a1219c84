//! What one commit costs, and how many share it.
//!
//! Resource: the disk's sync and the CPU of one writer thread. Expectation: one caller gets a sync per accept, some 1,000
//! a second; 64 callers share each sync and meet the CPU of about 100 µs an accept, some 8,000 a second. The cycle adds
//! a route commit and three attempt commits, which share syncs too.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench ends at the first surprise and documents nothing"
)]

use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use coohub::{
    model::{
        delivery::{Life, State},
        envelope::Function,
        id::{AgreementId, DeliveryId, Digest, MemberId, MessageId, MessageKey},
        key::Key,
        time::Timestamp,
    },
    store::{
        Config, Store,
        claim::Rank,
        record::{Acceptance, Accepted, Attempt, Body, Cargo, NewDelivery, Outcome, Role, Routing, View},
        standing::Standing,
    },
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const TARGETS: [&str; 3] = ["ke", "tz", "ug"];
/// Callers at the same time.
const CALLERS: [u64; 3] = [1, 16, 64];

/// Numbers that differ over all benches of one run: every push is a new certificate.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// About 4 KB that compress as trade documents do: the same tags, other values.
fn document(number: u64, salt: &str) -> Vec<u8> {
    let mut text = String::new();
    for item in 0..18_u64 {
        let digest = Digest::of(format!("{salt} {number} {item}").as_bytes()).hex();
        text.push_str("<GoodsItem><ItemNumber>");
        text.push_str(&item.to_string());
        text.push_str("</ItemNumber><Description>");
        text.push_str(&digest);
        text.push_str("</Description><HSCode>0901.21</HSCode><Quantity unit=\"KGM\">");
        text.push_str(digest.get(..6).unwrap());
        text.push_str("</Quantity><Criterion>WO</Criterion></GoodsItem>");
    }
    text.into_bytes()
}

fn body(role: Role, bytes: Vec<u8>) -> Body {
    Body {
        role,
        format: "cod".to_owned(),
        table: Digest([0; 32]),
        media_type: "application/xml".to_owned(),
        bytes,
    }
}

fn push() -> Acceptance {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let text = format!("AR004A132600{number:08}");
    let digest = Digest::of(text.as_bytes());
    Acceptance {
        id: MessageId(Uuid::now_v7()),
        source: MemberId::new("issuer").unwrap(),
        key: MessageKey::new(&Uuid::now_v7().to_string()).unwrap(),
        digest,
        fingerprint: digest,
        received: NOW,
        function: Function::Original,
        subject: Key {
            agreement: AgreementId::new("ace").unwrap(),
            issuer: "chamber".to_owned(),
            number: text.clone(),
            lineage: text,
            version: Some(1),
        },
        earlier_lineage: None,
        canonical: Some(digest),
        format: None,
        media_type: "application/xml".to_owned(),
        config: digest,
        test: false,
        bulk: false,
        answer: None,
        duplicate_of: None,
        attachments: Vec::new(),
        demand: None,
        judgements: Vec::new(),
        leaves: std::collections::BTreeMap::new(),
        bodies: vec![
            body(Role::Original, document(number, "original")),
            body(Role::Canonical, document(number, "canonical")),
        ],
        receipt: digest.hex().repeat(12).into_bytes(),
        parked_until: None,
        parked_max: u32::MAX,
        seen: Standing::default(),
    }
}

fn delivery(target: &str, rendering: Vec<u8>) -> NewDelivery {
    NewDelivery {
        id: DeliveryId(Uuid::now_v7()),
        about: None,
        gap: None,
        target: MemberId::new(target).unwrap(),
        cargo: Cargo::Certificate,
        view: View::Full,
        body: Some(body(Role::Rendering, rendering)),
        weight: 18,
        rank: Rank::Usual,
        created: NOW,
        held: None,
        losses: Vec::new(),
        because: "importing party by destination country".to_owned(),
        answer_within: None,
    }
}

fn delivered(delivery: DeliveryId) -> Outcome {
    let attempt = Attempt {
        number: 1,
        started: NOW,
        finished: NOW,
        outcome: "delivered".to_owned(),
        status: Some(200),
        detail: "echo".to_owned(),
        answer: Some(Digest([1; 32])),
        grade: Some('C'),
        receipt: None,
    };
    let life = Life { state: State::Delivered, created: NOW, failures: 0 };
    Outcome { delivery, attempt: Some(attempt), life, at: NOW, telling: None }
}

async fn accept(store: Store) {
    assert_eq!(store.accept(push()).await.unwrap(), Accepted::Stored);
}

/// As the hub does it: early look-ups, accept, route, body and attempt of each of three targets.
async fn cycle(store: Store) {
    let push = push();
    let (message, rendering) = (push.id, push.bodies.first().unwrap().bytes.clone());
    assert!(store.receipt_of(&push.source, &push.key).await.unwrap().is_none());
    store.standing(&push.subject, None).await.unwrap();
    assert_eq!(store.accept(push).await.unwrap(), Accepted::Stored);
    let deliveries: Vec<_> = TARGETS.iter().map(|target| delivery(target, rendering.clone())).collect();
    let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id).collect();
    store
        .route(Routing {
            message,
            config: Digest([0; 32]),
            at: NOW,
            superseded: Vec::new(),
            unaddressed: false,
            deliveries,
        })
        .await
        .unwrap();
    for id in ids {
        store.sending(id).await.unwrap().unwrap();
        store.finish(delivered(id)).await.unwrap();
    }
}

/// Runs `count` of `work` over `callers` tasks and gives the time for all.
fn run<F>(
    runtime: &tokio::runtime::Runtime,
    store: &Store,
    callers: u64,
    count: u64,
    work: fn(Store) -> F,
) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let left = Arc::new(AtomicU64::new(count));
    let started = Instant::now();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..callers.min(count) {
            let (store, left) = (store.clone(), Arc::clone(&left));
            tasks.spawn(async move {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                    work(store.clone()).await;
                }
            });
        }
        tasks.join_all().await;
    });
    started.elapsed()
}

fn commits(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Config { folder: folder.path().to_owned(), ..Config::default() }).unwrap();
    let mut group = criterion.benchmark_group("store");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(6));
    for callers in CALLERS {
        group.bench_function(BenchmarkId::new("accept", callers), |bench| {
            bench.iter_custom(|count| run(&runtime, &store, callers, count, accept));
        });
    }
    for callers in CALLERS {
        group.bench_function(BenchmarkId::new("cycle", callers), |bench| {
            bench.iter_custom(|count| run(&runtime, &store, callers, count, cycle));
        });
    }
    group.finish();
}

criterion_group!(benches, commits);
criterion_main!(benches);
