//! What an accept commit stores, refuses and repeats.

use coohub::{
    model::{
        delivery::State,
        envelope::{Answer, Function},
        id::{DeliveryId, Digest},
    },
    store::{
        Fault,
        record::{Acceptance, Accepted, Cargo, NewDelivery, Receipted, Role, Stage},
        standing::Standing,
    },
};
use uuid::Uuid;

use super::support::*;

#[tokio::test]
async fn same_key_and_bytes_repeat_the_receipt_and_other_bytes_conflict() {
    let Fixture { store, folder: _folder } = fixture();
    let first = push("k1", "A-1");
    let again = Acceptance { receipt: b"another".to_vec(), ..push("k1", "A-1") };
    let other = Acceptance { fingerprint: Digest([9; 32]), ..push("k1", "A-1") };
    let neighbour = Acceptance { source: member("neighbour"), ..push("k1", "B-1") };
    assert_eq!(store.receipt_of(&first.source, &first.key).await.unwrap(), None);

    assert_eq!(store.accept(first.clone()).await.unwrap(), Accepted::Stored);
    let receipt = b"receipt of k1".to_vec();
    assert_eq!(
        store.accept(again).await.unwrap(),
        Accepted::Duplicate { id: first.id, receipt: receipt.clone() }
    );
    assert_eq!(store.accept(other).await.unwrap(), Accepted::Conflict);
    assert_eq!(store.accept(neighbour).await.unwrap(), Accepted::Stored, "keys belong to their source");
    let found = store.receipt_of(&first.source, &first.key).await.unwrap();
    assert_eq!(found, Some(Receipted { id: first.id, fingerprint: first.fingerprint, receipt }));
    assert_eq!(store.counts().await.unwrap().messages, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_pushes_under_one_key_at_once_exactly_one_is_stored() {
    let Fixture { store, folder: _folder } = fixture();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..40 {
        let (store, mut push) = (store.clone(), push("same", "A-1"));
        push.receipt = format!("receipt {caller}").into_bytes();
        callers.spawn(async move { store.accept(push).await.unwrap() });
    }
    let answers = callers.join_all().await;
    let stored = answers.iter().filter(|answer| **answer == Accepted::Stored).count();
    assert_eq!(stored, 1);
    let first = store.receipt_of(&member("issuer"), &push("same", "A-1").key).await.unwrap().unwrap();
    let repeated = Accepted::Duplicate { id: first.id, receipt: first.receipt };
    assert_eq!(answers.iter().filter(|answer| **answer == repeated).count(), 39, "all hear the one receipt");
}

#[tokio::test]
async fn a_decision_on_an_outdated_standing_is_sent_back() {
    let Fixture { store, folder: _folder } = fixture();
    stored(&store, push("k1", "A-1")).await;
    let amendment = |key| Acceptance {
        function: Function::Amendment,
        subject: subject("A-1", Some(2)),
        ..push(key, "A-1")
    };
    assert_eq!(store.accept(amendment("k2")).await.unwrap(), Accepted::Changed, "it saw no original");
    let seen = store.standing(&subject("A-1", None), None).await.unwrap();
    let (second, third) =
        (Acceptance { seen: seen.clone(), ..amendment("k2") }, Acceptance { seen, ..amendment("k3") });
    let (second, third) = tokio::join!(store.accept(second), store.accept(third));
    assert_eq!((second.unwrap(), third.unwrap()), (Accepted::Stored, Accepted::Changed));
}

#[tokio::test]
async fn the_hub_numbers_versions_where_the_document_has_none() {
    let Fixture { store, folder: _folder } = fixture();
    for (key, function) in [("k1", Function::Original), ("k2", Function::Amendment)] {
        stored(&store, Acceptance { function, subject: subject("A-1", None), ..push(key, "A-1") }).await;
    }
    assert_eq!(store.standing(&subject("A-1", None), None).await.unwrap().latest.unwrap().version, 2);
}

#[tokio::test]
async fn a_cancellation_cancels_the_version_it_names() {
    let Fixture { store, folder: _folder } = fixture();
    let original = push("k1", "A-1");
    stored(&store, original.clone()).await;
    let cancellation = Acceptance { function: Function::Cancellation, canonical: None, ..push("k2", "A-1") };
    stored(&store, cancellation).await;
    let standing = store.standing(&original.subject, None).await.unwrap();
    assert!(standing.cancelled.is_some());
    assert_eq!(standing.latest, standing.stated);
    assert_eq!(standing.lineage.as_deref(), Some("A-1"));
    assert_eq!(standing.latest.unwrap().message, original.id);

    let amendment =
        Acceptance { function: Function::Amendment, subject: subject("A-1", Some(2)), ..push("k3", "A-1") };
    stored(&store, amendment).await;
    assert!(
        store.standing(&original.subject, None).await.unwrap().cancelled.is_none(),
        "the latest one is not"
    );
}

#[tokio::test]
async fn a_cancellation_that_came_first_is_known_when_its_certificate_comes() {
    let Fixture { store, folder: _folder } = fixture();
    let live = Acceptance { function: Function::Cancellation, canonical: None, ..push("k1", "A-1") };
    let test = Acceptance { function: Function::Cancellation, test: true, ..push("k2", "B-1") };
    let by = live.id;
    stored(&store, live).await;
    stored(&store, test).await;
    let cancelled = async |number| store.standing(&push("k", number).subject, None).await.unwrap().cancelled;
    assert_eq!(cancelled("A-1").await.map(|by| by.message), Some(by));
    assert_eq!(cancelled("A1").await, None, "a normal form is for look-up only");
    assert_eq!(cancelled("B-1").await, None, "test traffic cancels nothing live");
}

#[tokio::test]
async fn a_cancellation_that_stated_no_version_is_not_sent_back_for_having_been_given_one() {
    let Fixture { store, folder: _folder } = fixture();
    stored(&store, push("k1", "A-1")).await;
    let seen = store.standing(&subject("A-1", None), None).await.unwrap();
    let cancellation = Acceptance { function: Function::Cancellation, seen, ..push("k2", "A-1") };
    assert_eq!(store.accept(cancellation).await.unwrap(), Accepted::Stored);
}

#[tokio::test]
async fn a_business_duplicate_is_receipted_and_goes_nowhere() {
    let Fixture { store, folder: _folder } = fixture();
    let original = push("k1", "A-1");
    stored(&store, original.clone()).await;
    let repeat = Acceptance { duplicate_of: Some(original.id), ..push("k2", "A-1") };
    let id = repeat.id;
    stored(&store, repeat).await;
    let message = store.message(id).await.unwrap().unwrap();
    assert_eq!(message.stage, Stage::Routed);
    assert_eq!(message.duplicate_of, Some(original.id));
    assert_eq!(message.receipt, b"receipt of k2");
    let unrouted = store.unrouted(0, 10).await.unwrap();
    assert_eq!(unrouted.iter().map(|message| message.id).collect::<Vec<_>>(), [original.id]);
    assert_eq!(
        store.standing(&subject("A-1", None), None).await.unwrap().latest.unwrap().message,
        original.id
    );
}

#[tokio::test]
async fn bodies_come_back_byte_for_byte() {
    let Fixture { store, folder: _folder } = fixture();
    let noise: Vec<u8> = (0u32..640).flat_map(|n| Digest::of(&n.to_le_bytes()).0).collect();
    let xml = "<GoodsItem><HSCode>0901.21</HSCode></GoodsItem>\r\n".repeat(4_200).into_bytes();
    assert!(noise.len() == 20 * 1024 && xml.len() > 200_000);
    let push = Acceptance {
        bodies: vec![body(Role::Original, &xml), body(Role::Canonical, &noise), body(Role::Remainder, b"")],
        ..push("k1", "A-1")
    };
    let id = push.id;
    store.accept(push.clone()).await.unwrap();
    for expected in push.bodies {
        assert_eq!(store.body(id, expected.role).await.unwrap(), Some(expected));
    }
    assert_eq!(store.body(id, Role::Rendering).await.unwrap(), None);
}

#[tokio::test]
async fn a_response_is_attached_to_its_delivery_and_travels_in_its_chain() {
    let Fixture { store, folder: _folder } = fixture();
    let (message, delivered) = routed(&store, push("k1", "A-1"), delivery("customs")).await;
    store.finish(outcome(delivered, Some(attempt(1, "delivered")), State::Delivered, 1)).await.unwrap();
    let response = Acceptance {
        source: member("customs"),
        function: Function::Response,
        answer: Some((delivered, Answer::Rejected, Some("origin-criterion".to_owned()))),
        canonical: None,
        ..push("r1", "A-1")
    };
    let id = response.id;
    assert_eq!(store.accept(response).await.unwrap(), Accepted::Stored, "whatever it saw of the standing");
    let stored = store.unrouted(0, 10).await.unwrap().pop().unwrap();
    assert_eq!(stored.id, id);
    assert_eq!(stored.answer, Some((delivered, Answer::Rejected, Some("origin-criterion".to_owned()))));
    assert_eq!(stored.chain, store.message(message).await.unwrap().unwrap().chain);
    let answers = store.delivery(delivered).await.unwrap().unwrap().answers;
    assert_eq!(answers, [(Answer::Rejected, Some("origin-criterion".to_owned()), NOW)]);

    let back = NewDelivery { cargo: Cargo::Response, ..delivery("issuer") };
    store.route(routing(id, vec![back])).await.unwrap();
    assert_eq!(store.due(&member("issuer"), NOW, 10, &[]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_response_to_an_unknown_delivery_leaves_nothing_behind() {
    let Fixture { store, folder: _folder } = fixture();
    let nowhere = DeliveryId(Uuid::now_v7());
    let response = Acceptance {
        function: Function::Response,
        answer: Some((nowhere, Answer::Accepted, None)),
        ..push("r1", "A-1")
    };
    assert!(matches!(store.accept(response).await, Err(Fault::DeliveryUnknown(id)) if id == nowhere));
    assert_eq!(store.counts().await.unwrap().messages, 0);
}

#[tokio::test]
async fn a_number_is_found_however_it_is_punctuated_newest_first() {
    let Fixture { store, folder: _folder } = fixture();
    let (dotted, plain) = (push("k1", "11.1234.12345"), push("k2", "11123412345"));
    let elsewhere = Acceptance {
        subject: coohub::model::key::Key { issuer: "other".to_owned(), ..subject("11-1234-12345", Some(1)) },
        ..push("k3", "x")
    };
    for push in [dotted.clone(), plain.clone(), elsewhere.clone()] {
        stored(&store, push).await;
    }
    let ids = |found: Vec<coohub::store::record::Message>| {
        found.into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    let all = store.find(None, "11 1234 12345", 10).await.unwrap();
    assert_eq!(ids(all), [elsewhere.id, plain.id, dotted.id]);
    assert_eq!(ids(store.find(Some("chamber"), "11123412345", 1).await.unwrap()), [plain.id]);
    assert_eq!(
        ids(store.find(Some("chamber"), "1234-12345", 10).await.unwrap()),
        [plain.id, dotted.id],
        "by its end"
    );
    assert_eq!(ids(store.find(None, "4-12345", 1).await.unwrap()), [elsewhere.id]);
    assert_eq!(ids(store.find(None, "12345", 10).await.unwrap()), [], "too short to tell one from many");
    let short = push("k4", "1234/12345");
    stored(&store, short.clone()).await;
    assert_eq!(
        ids(store.find(None, "1234.12345", 10).await.unwrap()),
        [short.id],
        "the whole number comes first"
    );
    assert_eq!(
        store.standing(&subject("11 1234 12345", None), None).await.unwrap(),
        Standing::default(),
        "a standing is of the literal number"
    );
}
