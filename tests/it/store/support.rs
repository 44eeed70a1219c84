//! Builders: a push, a delivery, an outcome, each complete and each changed by struct update.

use std::time::Duration;

use coohub::{
    model::{
        delivery::{Life, State},
        envelope::Function,
        id::{AgreementId, DeliveryId, Digest, MemberId, MessageId, MessageKey},
        key::Key,
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Config, Store,
        claim::Rank,
        news::{Bounds, Telling},
        record::{Acceptance, Accepted, Attempt, Body, Cargo, NewDelivery, Outcome, Role, Routing, View},
        standing::Standing,
    },
};
use uuid::Uuid;

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(&folder)).unwrap();
    Fixture { store, folder }
}

pub(crate) fn config(folder: &tempfile::TempDir) -> Config {
    Config { folder: folder.path().join("data"), engine: super::ENGINE, ..Config::default() }
}

pub(crate) fn member(name: &str) -> MemberId {
    MemberId::new(name).unwrap()
}

pub(crate) fn subject(number: &str, version: Option<u32>) -> Key {
    Key {
        agreement: AgreementId::new("ace").unwrap(),
        issuer: "chamber".to_owned(),
        number: number.to_owned(),
        lineage: number.to_owned(),
        version,
    }
}

pub(crate) fn body(role: Role, bytes: &[u8]) -> Body {
    Body {
        role,
        format: "cod-1.8.0".to_owned(),
        table: Digest([0; 32]),
        media_type: "application/xml".to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// An original of `number` under the key `key`; both make its content.
pub(crate) fn push(key: &str, number: &str) -> Acceptance {
    let content = format!("<cod key='{key}' number='{number}'/>");
    let digest = Digest::of(content.as_bytes());
    Acceptance {
        id: MessageId(Uuid::now_v7()),
        source: member("issuer"),
        key: MessageKey::new(key).unwrap(),
        digest,
        fingerprint: digest,
        received: NOW,
        function: Function::Original,
        subject: subject(number, Some(1)),
        earlier_lineage: None,
        canonical: Some(digest),
        format: None,
        media_type: "application/xml".to_owned(),
        config: Digest([7; 32]),
        test: false,
        bulk: false,
        answer: None,
        duplicate_of: None,
        attachments: Vec::new(),
        demand: None,
        judgements: Vec::new(),
        leaves: std::collections::BTreeMap::new(),
        bodies: vec![body(Role::Original, content.as_bytes())],
        receipt: format!("receipt of {key}").into_bytes(),
        parked_until: None,
        parked_max: u32::MAX,
        seen: Standing::default(),
    }
}

pub(crate) fn delivery(target: &str) -> NewDelivery {
    NewDelivery {
        id: DeliveryId(Uuid::now_v7()),
        about: None,
        gap: None,
        target: member(target),
        cargo: Cargo::Certificate,
        view: View::Full,
        body: Some(body(Role::Rendering, b"<rendered/>")),
        weight: 1,
        rank: Rank::Usual,
        created: NOW,
        held: None,
        losses: Vec::new(),
        because: "importing party".to_owned(),
        answer_within: None,
    }
}

pub(crate) fn routing(message: MessageId, deliveries: Vec<NewDelivery>) -> Routing {
    Routing {
        message,
        config: Digest([7; 32]),
        at: NOW,
        superseded: Vec::new(),
        unaddressed: false,
        deliveries,
    }
}

/// Accepts, in the standing the store has now, and routes to one target; gives message and delivery.
pub(crate) async fn routed(
    store: &Store,
    push: Acceptance,
    delivery: NewDelivery,
) -> (MessageId, DeliveryId) {
    let (message, id) = (push.id, delivery.id);
    stored(store, push).await;
    store.route(routing(message, vec![delivery])).await.unwrap();
    (message, id)
}

/// Accepts, in the standing the store has now.
pub(crate) async fn stored(store: &Store, push: Acceptance) {
    let seen = store.standing(&push.subject, push.earlier_lineage.as_deref()).await.unwrap();
    assert_eq!(store.accept(Acceptance { seen, ..push }).await.unwrap(), Accepted::Stored);
}

pub(crate) fn life(state: State) -> Life {
    Life { state, created: NOW, failures: 0 }
}

pub(crate) fn attempt(number: u32, outcome: &str) -> Attempt {
    Attempt {
        number,
        started: Timestamp(NOW.0 + i64::from(number)),
        finished: Timestamp(NOW.0 + i64::from(number) + 5),
        outcome: outcome.to_owned(),
        status: Some(200),
        detail: "echo".to_owned(),
        answer: Some(Digest([3; 32])),
        grade: Some('C'),
        receipt: None,
    }
}

pub(crate) fn outcome(delivery: DeliveryId, attempt: Option<Attempt>, state: State, at: i64) -> Outcome {
    Outcome { delivery, attempt, life: life(state), at: Timestamp(NOW.0 + at), telling: None }
}

/// News at once, by this notice, as far as it goes.
pub(crate) fn telling(notice: NewDelivery) -> Telling {
    let bounds = Bounds { period: Duration::from_secs(3_600), notices_max: 2, entries_max: 3 };
    Telling { reason: Reason::Refused, detail: "not-for-us".to_owned(), notice: Some(notice), bounds }
}

/// The state words of deliveries, in the order asked.
pub(crate) async fn words(store: &Store, deliveries: &[DeliveryId]) -> Vec<&'static str> {
    let mut words = Vec::new();
    for id in deliveries {
        words.push(store.delivery(*id).await.unwrap().unwrap().life.state.word());
    }
    words
}
