//! Messages that wait for the certificate they change: nothing of them is lost, nothing of them overtakes.

use coohub::{
    model::{envelope::Function, id::MessageId, time::Timestamp},
    store::{
        Store,
        record::{Acceptance, Accepted, Stage},
    },
};

use super::support::*;

const UNTIL: Timestamp = Timestamp(NOW.0 + 1_000);

fn parked(push: Acceptance) -> Acceptance {
    Acceptance { parked_until: Some(UNTIL), ..push }
}

fn amendment(key: &str, number: &str, version: u32) -> Acceptance {
    Acceptance { function: Function::Amendment, subject: subject(number, Some(version)), ..push(key, number) }
}

fn replacement(key: &str, number: &str, earlier: &str) -> Acceptance {
    let earlier_lineage = Some(earlier.to_owned());
    Acceptance { function: Function::Replacement, earlier_lineage, ..push(key, number) }
}

/// Ids of what is to be routed, in order, after each was routed in turn.
async fn route_all(store: &Store) -> Vec<MessageId> {
    let mut order = Vec::new();
    while let Some(next) = store.unrouted(0, 1).await.unwrap().pop() {
        store.route(routing(next.id, Vec::new())).await.unwrap();
        order.push(next.id);
    }
    order
}

async fn counts(store: &Store) -> (u64, u64) {
    let counts = store.counts().await.unwrap();
    (counts.parked, counts.unrouted)
}

#[tokio::test]
async fn what_is_parked_is_routed_after_what_it_waits_for_and_not_before() {
    let Fixture { store, folder } = fixture();
    let amended = parked(amendment("k1", "A", 2));
    // It names the chain's second certificate, whose replacement comes in between.
    let (second, replaced) = (parked(amendment("k2", "B", 2)), parked(replacement("k3", "B", "A")));
    let ids = [amended.id, second.id, replaced.id];
    for push in [amended, second, replaced] {
        stored(&store, push).await;
    }
    let other = push("k4", "C");
    stored(&store, other.clone()).await;
    store.route(routing(ids[0], Vec::new())).await.unwrap();
    assert_eq!(counts(&store).await, (3, 1), "it is not routed by mistake either");
    assert_eq!(store.message(ids[0]).await.unwrap().unwrap().stage, Stage::Parked(UNTIL));
    assert!(!store.before(ids[2]).await.unwrap().follows, "what waits was not sent");
    assert_eq!(route_all(&store).await, [other.id], "another certificate lets nothing go");

    drop(store);
    let store = Store::open(&config(&folder)).unwrap();
    let original = push("k5", "A");
    stored(&store, original.clone()).await;
    assert_eq!(counts(&store).await, (3, 1), "until the original is routed");
    assert_eq!(route_all(&store).await, [original.id, ids[0], ids[2], ids[1]]);
    assert_eq!(counts(&store).await, (0, 0));
    let before = store.before(original.id).await.unwrap();
    assert_eq!((before.follows, before.latest), (true, Some(2)));
}

#[tokio::test]
async fn a_decision_to_park_is_sent_back_when_the_certificate_came_meanwhile() {
    let Fixture { store, folder: _folder } = fixture();
    stored(&store, push("k1", "A")).await;
    assert_eq!(store.accept(parked(amendment("k2", "A", 2))).await.unwrap(), Accepted::Changed);
    assert_eq!(store.accept(parked(replacement("k3", "B", "A"))).await.unwrap(), Accepted::Changed);

    stored(&store, parked(amendment("k4", "C", 2))).await;
    let seen = store.standing(&subject("C", Some(3)), None).await.unwrap();
    assert!(seen.latest.as_ref().unwrap().parked);
    stored(&store, push("k5", "C")).await;
    route_all(&store).await;
    let behind = Acceptance { seen, ..parked(amendment("k6", "C", 3)) };
    assert_eq!(store.accept(behind).await.unwrap(), Accepted::Changed, "what it waits behind has gone");
}

#[tokio::test]
async fn when_its_time_is_over_a_whole_chain_goes_on_marked() {
    let Fixture { store, folder: _folder } = fixture();
    let (first, second) = (parked(amendment("k1", "A", 2)), amendment("k2", "A", 3));
    let later = Acceptance { parked_until: Some(UNTIL.plus(std::time::Duration::from_secs(60))), ..second };
    let (other, ids) = (parked(amendment("k3", "B", 2)), [first.id, later.id]);
    for push in [first, later, other.clone()] {
        stored(&store, push).await;
    }
    assert_eq!(store.give_up(Timestamp(UNTIL.0 - 1), 10).await.unwrap(), 0);
    let mut wakes = store.watch_unrouted();
    wakes.mark_unchanged();
    assert_eq!(store.give_up(UNTIL, 1).await.unwrap(), 2, "at most one chain");
    // The router hears of it.
    wakes.changed().await.unwrap();
    let stages: Vec<_> = store.unrouted(0, 10).await.unwrap().iter().map(|it| (it.id, it.stage)).collect();
    let given_up = Stage::Unrouted { given_up: true };
    assert_eq!(stages, ids.map(|id| (id, given_up)));
    assert_eq!(store.give_up(UNTIL, 1).await.unwrap(), 1, "the next chain");
    assert_eq!(store.give_up(UNTIL, 1).await.unwrap(), 0);
    assert_eq!(counts(&store).await, (0, 3));
}

#[tokio::test]
async fn what_is_parked_follows_its_chain_into_another() {
    let Fixture { store, folder: _folder } = fixture();
    let waiting = parked(amendment("k1", "B", 2));
    let (first, replaced) = (push("k2", "A"), replacement("k3", "B", "A"));
    for push in [waiting.clone(), first.clone(), replaced.clone()] {
        stored(&store, push).await;
    }
    assert_eq!(route_all(&store).await, [first.id, replaced.id, waiting.id]);
}

#[tokio::test]
async fn a_certificate_is_cancelled_from_the_start_by_what_waits_for_it() {
    let Fixture { store, folder: _folder } = fixture();
    let cancellation = parked(Acceptance { function: Function::Cancellation, ..push("k1", "A") });
    stored(&store, cancellation.clone()).await;
    let gone = async || store.standing(&subject("A", None), None).await.unwrap().cancelled;
    assert!(gone().await.unwrap().parked);
    stored(&store, push("k2", "A")).await;
    assert!(gone().await.is_some(), "nothing comes in between");
    route_all(&store).await;
    let gone = gone().await.unwrap();
    assert_eq!((gone.message, gone.parked), (cancellation.id, false));
}

#[tokio::test]
async fn a_member_parks_as_much_as_it_may_and_not_one_more_and_nobody_else_less() {
    let Fixture { store, folder: _folder } = fixture();
    let few = |push: Acceptance| Acceptance { parked_max: 2, ..parked(push) };
    stored(&store, few(amendment("k1", "A", 2))).await;
    stored(&store, few(amendment("k2", "B", 2))).await;
    assert_eq!(store.accept(few(amendment("k3", "C", 2))).await.unwrap(), Accepted::TooManyParked);
    assert_eq!(counts(&store).await, (2, 0), "nothing of it was written");
    let other =
        Acceptance { source: coohub::model::id::MemberId::new("other").unwrap(), ..amendment("k3", "D", 2) };
    stored(&store, few(other)).await;
    stored(&store, push("k4", "A")).await;
    route_all(&store).await;
    stored(&store, few(amendment("k3", "C", 2))).await;
}
