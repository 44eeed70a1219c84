//! What arrived and its customs is to answer: due from its arrival, overdue past its time, and over with any answer.

use std::time::Duration;

use coohub::{
    model::{
        delivery::State,
        envelope::{Answer, Function},
        id::DeliveryId,
        time::Timestamp,
    },
    store::{
        Store,
        backlog::{Listing, OVERDUE_COUNTED, Overdue, Shelf},
        claim::Rank,
        record::{Acceptance, Cargo, NewDelivery},
    },
};

use super::{dead::repeat, order::amendment, support::*};

const WITHIN: Duration = Duration::from_millis(100);

/// A delivery that is to be answered.
fn awaited(target: &str) -> NewDelivery {
    NewDelivery { answer_within: Some(WITHIN), ..delivery(target) }
}

async fn arrives(store: &Store, delivery: DeliveryId, at: i64) {
    store.finish(outcome(delivery, Some(attempt(1, "delivered")), State::Delivered, at)).await.unwrap();
}

async fn answers(store: &Store, key: &str, delivery: DeliveryId) {
    let answer = Some((delivery, Answer::Received, None));
    stored(store, Acceptance { function: Function::Response, canonical: None, answer, ..push(key, "A-1") })
        .await;
}

/// How many answers are overdue at a time, and since when.
async fn overdue(store: &Store, target: &str, at: i64) -> Option<(u32, i64)> {
    let backlog = store.backlog(&member(target), Timestamp(NOW.0 + at)).await.unwrap();
    backlog.overdue.map(|Overdue { count, since }| (count, since.0 - NOW.0))
}

/// What a page lists of what is due to be answered by a time.
async fn listed(store: &Store, at: i64, limit: usize) -> Vec<DeliveryId> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let until = Some(Timestamp(NOW.0 + at));
        let (target, state, source) = (Some(member("ke")), None, None);
        let shelf = Shelf::Awaited;
        let page = store.list(Listing { shelf, state, target, source, until, after, limit }).await.unwrap();
        found.extend(page.deliveries.iter().map(|delivery| delivery.id));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn an_answer_is_due_from_the_arrival_on_and_overdue_at_its_time_and_not_before() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), awaited("ke")).await;
    let (_, second) = routed(&store, push("k2", "B-1"), awaited("ke")).await;
    let (_, free) = routed(&store, push("k3", "C-1"), delivery("ke")).await;
    assert_eq!(overdue(&store, "ke", 1_000_000).await, None, "nothing has arrived");
    for (delivery, at) in [(first, 5), (second, 50), (free, 5)] {
        arrives(&store, delivery, at).await;
    }
    assert_eq!(overdue(&store, "ke", 104).await, None);
    assert_eq!(overdue(&store, "ke", 105).await, Some((1, 105)));
    assert_eq!(overdue(&store, "ke", 150).await, Some((2, 105)));
    assert_eq!(overdue(&store, "tz", 150).await, None);
    let month = i64::try_from(OVERDUE_COUNTED.as_millis()).unwrap();
    assert_eq!(overdue(&store, "ke", 105 + month).await, Some((2, 105)));
    assert_eq!(overdue(&store, "ke", 106 + month).await, Some((1, 150)), "what is older is told no more");
    for limit in [1, 9] {
        assert_eq!(listed(&store, 105, limit).await, [first]);
        assert_eq!(listed(&store, 150, limit).await, [first, second]);
    }
    let until = store.delivery(first).await.unwrap().unwrap().answer_until;
    assert_eq!(until, Some(Timestamp(NOW.0 + 105)));

    answers(&store, "r1", first).await;
    assert_eq!(overdue(&store, "ke", 150).await, Some((1, 150)));
    assert_eq!(store.delivery(first).await.unwrap().unwrap().answer_until, None);
    assert_eq!(listed(&store, 150, 9).await, [second]);
}

#[tokio::test]
async fn an_answer_that_overtakes_the_record_of_the_arrival_counts() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), awaited("ke")).await;
    answers(&store, "r1", first).await;
    arrives(&store, first, 5).await;
    assert_eq!(overdue(&store, "ke", 1_000).await, None);
}

#[tokio::test]
async fn what_a_later_version_or_a_cancellation_replaces_is_no_longer_awaited() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), awaited("ke")).await;
    let (_, other) = routed(&store, push("k2", "B-1"), awaited("ke")).await;
    arrives(&store, first, 0).await;
    arrives(&store, other, 0).await;
    let (_, second) = routed(&store, amendment("k3", "A-1", 2), awaited("ke")).await;
    assert_eq!(overdue(&store, "ke", 100).await, Some((2, 100)), "the amendment is not there yet");
    arrives(&store, second, 10).await;
    assert_eq!(overdue(&store, "ke", 110).await, Some((2, 100)), "another's, and the amendment's own");
    assert_eq!(listed(&store, 110, 9).await, [other, second]);

    let word = NewDelivery { cargo: Cargo::Cancellation, rank: Rank::Urgent, ..delivery("ke") };
    let cancelling = Acceptance { function: Function::Cancellation, ..amendment("k4", "A-1", 2) };
    let (_, cancelled) = routed(&store, cancelling, word).await;
    arrives(&store, cancelled, 20).await;
    assert_eq!(listed(&store, 1_000, 9).await, [other]);
}

#[tokio::test]
async fn an_answer_to_one_of_two_deliveries_of_a_certificate_is_the_answer_to_it() {
    let Fixture { store, folder: _folder } = fixture();
    let (message, first) = routed(&store, push("k1", "A-1"), awaited("ke")).await;
    arrives(&store, first, 0).await;
    let again = repeat(&store, message, first).await;
    arrives(&store, again, 50).await;
    assert_eq!(overdue(&store, "ke", 1_000).await, Some((1, 100)), "one answer, due since the first arrived");
    answers(&store, "r1", again).await;
    assert_eq!(overdue(&store, "ke", 1_000).await, None);
}
