//! A hub that opens on a long backlog: its memory, and the time to its first delivery.
//!
//! The backlog is put into the store as intake and route would, then the hub is started on it.

use std::time::{Duration, Instant};

use coohub::{
    model::{
        envelope::Function,
        id::{AgreementId, DeliveryId, Digest, MemberId, MessageId, MessageKey},
        key::Key,
        time::Timestamp,
    },
    problem::Problems,
    region::load,
    store::{
        Config, Store,
        claim::Rank,
        record::{Acceptance, Accepted, Body, Cargo, NewDelivery, Role, Routing, View},
        standing::Standing,
    },
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    certificate::{self, Template},
    community::{Community, Reach, target},
    figures::figure,
    hub::Hub,
    sink::{Behaviour, Sink},
};

/// Deliveries of each message.
const FAN_OUT: u64 = 100;
/// Messages written at once.
const AT_ONCE: u64 = 64;

/// Resident memory with deliveries queued for many members, all of them down, all of them tried.
pub(crate) async fn memory(deliveries: u64, members: u64) {
    let community = Community::new();
    let sink = Sink::start(&community).await;
    sink.behave(Behaviour::Down);
    community.write(&vec![Reach::Push(sink.port); members as usize]);
    fill(&community, deliveries, members).await;
    let hub = Hub::start(&community);
    for second in [1, 10, 20, 30, 60] {
        tokio::time::sleep(Duration::from_secs(if second <= 10 { second } else { 10 })).await;
        let (now, most) = hub.resident();
        figure(&format!("resident after about {second} s, all down"), format!("{now} MiB, most {most} MiB"));
    }
    sink.behave(Behaviour::Store);
    let start = Instant::now();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (now, most) = hub.resident();
        let what = format!("resident, {} delivered", sink.count());
        figure(&what, format!("{now} MiB, most {most} MiB, {:?} cpu", hub.cpu()));
    }
    figure("delivered meanwhile", super::figures::rate(sink.count(), start.elapsed()));
}

/// From a kill -9 with deliveries queued to the first of them delivered.
pub(crate) async fn restart(deliveries: u64) {
    const MEMBERS: u64 = 100;
    let community = Community::new();
    let sink = Sink::start(&community).await;
    // Attempts are under way when it is killed, and no breaker has opened that would be waited for.
    sink.behave(Behaviour::BlackHole);
    community.write(&vec![Reach::Push(sink.port); MEMBERS as usize]);
    fill(&community, deliveries, MEMBERS).await;
    let mut hub = Hub::start(&community);
    tokio::time::sleep(Duration::from_secs(5)).await;
    hub.kill();
    sink.behave(Behaviour::Store);
    let start = Instant::now();
    let hub = Hub::start(&community);
    figure("kill -9 to listening", format!("{:.2} s", start.elapsed().as_secs_f64()));
    while sink.count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    figure("kill -9 to first delivery", format!("{:.2} s", start.elapsed().as_secs_f64()));
    figure("resident", format!("{} MiB", hub.resident().0));
}

/// Messages with [`FAN_OUT`] deliveries each, to members by turns; all of them due.
async fn fill(community: &Community, deliveries: u64, members: u64) {
    let start = Instant::now();
    let folder = community.path("data");
    let store = Store::open(&Config { folder, ..Config::default() }).unwrap();
    // What was routed under the very configuration the hub has is not looked at again before it is sent.
    let problems = Problems::default();
    let region = load::load(&community.path("partners"), Some(&community.path("certs")), &problems);
    let config = region.unwrap_or_else(|| panic!("{:#?}", problems.sorted())).digest;
    let template = std::sync::Arc::new(Template::new());
    let mut tasks = JoinSet::new();
    for first in 0..AT_ONCE {
        let (store, template) = (store.clone(), template.clone());
        tasks.spawn(async move {
            let mut number = first;
            while number * FAN_OUT < deliveries {
                message(&store, &template, (number, config), members).await;
                number += AT_ONCE;
            }
        });
    }
    tasks.join_all().await;
    store.close().await;
    figure("put into the store", format!("{deliveries} in {:.0} s", start.elapsed().as_secs_f64()));
}

async fn message(store: &Store, template: &Template, (number, config): (u64, Digest), members: u64) {
    let now = coohub::clock::Clock::Real.now();
    let bytes = template.certificate(number, "XA").into_bytes();
    let push = push(number, now, &bytes);
    let message = push.id;
    assert_eq!(store.accept(push).await.unwrap(), Accepted::Stored);
    let turn = |at: u64| target(((number * FAN_OUT + at) % members) as usize);
    let deliveries = (0..FAN_OUT).map(|at| delivery(&turn(at), now, bytes.clone())).collect();
    store
        .route(Routing { message, config, at: now, superseded: Vec::new(), unaddressed: false, deliveries })
        .await
        .unwrap();
}

fn body(role: Role, bytes: Vec<u8>) -> Body {
    Body {
        role,
        format: "mec-origine-xml".to_owned(),
        table: Digest([0; 32]),
        media_type: "application/xml".to_owned(),
        bytes,
    }
}

fn push(number: u64, now: Timestamp, bytes: &[u8]) -> Acceptance {
    let name = certificate::name(number);
    let digest = Digest::of(bytes);
    Acceptance {
        id: MessageId(Uuid::now_v7()),
        source: MemberId::new("source").unwrap(),
        key: MessageKey::new(&format!("issue-{number}")).unwrap(),
        digest,
        fingerprint: digest,
        received: now,
        function: Function::Original,
        subject: Key {
            agreement: AgreementId::new("mecta").unwrap(),
            issuer: "CVN-DOUANES".to_owned(),
            number: name.clone(),
            lineage: name,
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
        bodies: vec![body(Role::Original, bytes.to_vec()), body(Role::Canonical, bytes.to_vec())],
        receipt: digest.hex().repeat(12).into_bytes(),
        parked_until: None,
        parked_max: u32::MAX,
        seen: Standing::default(),
    }
}

fn delivery(target: &str, now: Timestamp, bytes: Vec<u8>) -> NewDelivery {
    NewDelivery {
        id: DeliveryId(Uuid::now_v7()),
        target: MemberId::new(target).unwrap(),
        cargo: Cargo::Certificate,
        view: View::Full,
        body: Some(body(Role::Rendering, bytes)),
        weight: 4,
        rank: Rank::Usual,
        created: now,
        held: None,
        losses: Vec::new(),
        because: "importing party by destination country".to_owned(),
        answer_within: None,
        about: None,
        gap: None,
    }
}
