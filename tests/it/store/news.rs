//! What sources are told: at once within bounds, else gathered; digests that take all of it, once.

use std::time::Duration;

use coohub::{
    model::{
        delivery::State,
        id::{DeliveryId, MessageId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Store,
        news::{Digest, Gathered, Pair},
        record::{Cargo, NewDelivery, View},
    },
};

use super::support::*;

const HOUR: Duration = Duration::from_secs(3_600);

/// What came to the writer of a digest.
type Written = (Vec<(Reason, u64)>, Vec<DeliveryId>);

fn notice() -> NewDelivery {
    NewDelivery { cargo: Cargo::Notice, view: View::Notice, ..delivery("issuer") }
}

fn pair(test: bool) -> Pair {
    Pair { source: member("issuer"), target: member("ke"), test }
}

/// Commits a change with its news; whether a notice tells it at once.
async fn changed(store: &Store, delivery: DeliveryId, state: State, at: i64) -> bool {
    let (notice, mut outcome) = (notice(), outcome(delivery, None, state, at));
    let id = notice.id;
    let mut telling = telling(notice);
    telling.reason = match &outcome.life.state {
        State::Expired => Reason::Expired,
        State::Delivered => Reason::DeliveredLate,
        _ => Reason::Refused,
    };
    telling.notice = telling.notice.filter(|_| telling.reason != Reason::Expired);
    outcome.telling = Some(telling);
    store.finish(outcome).await.unwrap();
    store.delivery(id).await.unwrap().is_some()
}

/// Makes a digest; what it was written from, if it was, and its delivery.
async fn digest(
    store: &Store,
    pair: Pair,
    at: Timestamp,
    late: Option<MessageId>,
) -> (Option<Written>, DeliveryId) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let new = NewDelivery { cargo: Cargo::Digest, created: at, ..notice() };
    let id = new.id;
    let write = Box::new(move |gathered: Gathered| {
        let entries = gathered.entries.into_iter().map(|noted| noted.delivery.id).collect();
        sender.send((gathered.counts, entries)).unwrap();
        new
    });
    let bounds = telling(notice()).bounds;
    store.digest(Digest { pair, at, bounds, late, write }).await.unwrap();
    (receiver.try_recv().ok(), id)
}

async fn sent(store: &Store, number: &str) -> DeliveryId {
    routed(store, push(number, number), delivery("ke")).await.1
}

#[tokio::test]
async fn past_its_number_news_is_gathered_and_one_digest_a_period_takes_it_all() {
    let Fixture { store, folder: _folder } = fixture();
    let mut all = Vec::new();
    for n in 0..7 {
        all.push(sent(&store, &format!("A-{n}")).await);
    }
    let refused = State::Refused { reason: Reason::Refused };
    let mut at_once = Vec::new();
    for delivery in &all[..6] {
        at_once.push(changed(&store, *delivery, refused.clone(), 1).await);
    }
    assert_eq!(at_once, [true, true, false, false, false, false]);
    assert_eq!(store.digests_due(NOW, HOUR).await.unwrap(), [pair(false)]);
    let (written, id) = digest(&store, pair(false), NOW, None).await;
    assert_eq!(written, Some((vec![(Reason::Refused, 4)], all[2..5].to_vec())), "three are named");
    let made = store.delivery(id).await.unwrap().unwrap();
    assert_eq!(
        (made.cargo, made.target, made.life.state.word()),
        (Cargo::Digest, member("issuer"), "pending")
    );

    assert_eq!(digest(&store, pair(false), NOW, None).await.0, None, "all was told");
    changed(&store, all[6], State::Expired, 2).await;
    let soon = NOW.plus(HOUR).minus(Duration::from_millis(1));
    assert_eq!(store.digests_due(soon, HOUR).await.unwrap(), []);
    assert_eq!(digest(&store, pair(false), soon, None).await.0, None, "not in the same period");
    assert_eq!(store.digests_due(NOW.plus(HOUR), HOUR).await.unwrap(), [pair(false)]);
    let (written, _) = digest(&store, pair(false), NOW.plus(HOUR), None).await;
    assert_eq!(written, Some((vec![(Reason::Expired, 1)], vec![all[6]])));
}

#[tokio::test]
async fn a_period_for_notices_begins_with_its_first() {
    let Fixture { store, folder: _folder } = fixture();
    let refused = State::Refused { reason: Reason::Refused };
    let hour = i64::try_from(HOUR.as_millis()).unwrap();
    let mut told = Vec::new();
    for (n, at) in [5, 6, 4 + hour, 5 + hour, 6 + hour, 7 + hour].into_iter().enumerate() {
        let delivery = sent(&store, &format!("A-{n}")).await;
        told.push(changed(&store, delivery, refused.clone(), at).await);
    }
    assert_eq!(told, [true, true, false, true, true, false]);
}

#[tokio::test]
async fn what_was_gathered_outlasts_a_restart_and_a_digest_made_is_not_made_again() {
    let Fixture { store, folder } = fixture();
    let expired = sent(&store, "A-1").await;
    changed(&store, expired, State::Expired, 1).await;
    store.close().await;
    drop(store);
    let store = Store::open(&config(&folder)).unwrap();
    let (written, id) = digest(&store, pair(false), NOW, None).await;
    assert_eq!(written, Some((vec![(Reason::Expired, 1)], vec![expired])));
    store.close().await;
    drop(store);
    let store = Store::open(&config(&folder)).unwrap();
    assert!(store.delivery(id).await.unwrap().is_some());
    assert_eq!(store.digests_due(NOW.plus(HOUR * 2), HOUR).await.unwrap(), []);
    assert_eq!(digest(&store, pair(false), NOW.plus(HOUR * 2), None).await.0, None);
}

#[tokio::test]
async fn a_late_success_takes_back_a_bad_end_that_nobody_was_told_of() {
    let Fixture { store, folder: _folder } = fixture();
    let mut all = Vec::new();
    for n in 0..4 {
        let delivery = sent(&store, &format!("A-{n}")).await;
        changed(&store, delivery, State::Expired, n).await;
        all.push(delivery);
    }
    assert!(!changed(&store, all[0], State::Delivered, 9).await, "it is named: nothing is told");
    assert!(!changed(&store, all[3], State::Delivered, 9).await, "it is counted: the digest tells both");
    let (written, _) = digest(&store, pair(false), NOW, None).await;
    let counts = vec![(Reason::DeliveredLate, 1), (Reason::Expired, 3)];
    assert_eq!(written, Some((counts, vec![all[3], all[1], all[2]])));
    assert!(changed(&store, all[1], State::Delivered, 10).await, "now it was told");
}

#[tokio::test]
async fn a_digest_waits_behind_no_certificate_and_none_behind_it() {
    let Fixture { store, folder: _folder } = fixture();
    let (first, second) = (sent(&store, "A-1").await, sent(&store, "A-2").await);
    assert!(changed(&store, first, State::Refused { reason: Reason::Refused }, 1).await);
    changed(&store, second, State::Expired, 1).await;
    let (_, one) = digest(&store, pair(false), NOW, None).await;
    let third = sent(&store, "A-3").await;
    changed(&store, third, State::Expired, 1).await;
    let (_, two) = digest(&store, pair(false), NOW.plus(HOUR), None).await;
    assert!(changed(&store, second, State::Delivered, 2).await);
    let due = store.due(&member("issuer"), NOW.plus(HOUR), 100, &[]).await.unwrap();
    assert_eq!(words(&store, &[one, two]).await, ["pending", "pending"]);
    assert_eq!(due.len(), 4, "two notices, of chains in which the digests have no part");

    // A replacement that names both numbers joins their chains; the digests stay out of it.
    let joining = coohub::store::record::Acceptance {
        function: coohub::model::envelope::Function::Replacement,
        earlier_lineage: Some("A-3".to_owned()),
        ..push("k9", "A-2")
    };
    let joining = coohub::store::record::Acceptance { subject: subject("A-2", Some(2)), ..joining };
    stored(&store, joining).await;
    assert_eq!(words(&store, &[one, two]).await, ["pending", "pending"]);
    let due = store.due(&member("issuer"), NOW.plus(HOUR), 100, &[]).await.unwrap();
    assert_eq!(due.len(), 4, "nor does a notice wait behind one");
}

#[tokio::test]
async fn test_traffic_is_told_apart_from_live_and_late_heads_source_by_source() {
    let Fixture { store, folder: _folder } = fixture();
    let mut trial = push("k1", "T-1");
    trial.test = true;
    let (message, test) = routed(&store, trial, delivery("ke")).await;
    let live = sent(&store, "A-1").await;
    let held = NewDelivery { held: Some(Reason::OperatorHold), ..delivery("ke") };
    routed(&store, push("k2", "A-2"), held).await;
    let own = NewDelivery { cargo: Cargo::Notice, ..delivery("issuer") };
    routed(&store, push("k3", "A-3"), own).await;

    let late = store.late(&member("ke"), NOW).await.unwrap();
    let seen: Vec<_> = late.iter().map(|late| (late.pair.clone(), late.count, late.told)).collect();
    assert_eq!(seen, [(pair(false), 1, None), (pair(true), 1, None)], "what is held waits for an operator");
    assert_eq!(store.late(&member("issuer"), NOW).await.unwrap(), [], "a notice causes no notice");
    assert!(store.late(&member("ke"), NOW.minus(Duration::from_millis(1))).await.unwrap().is_empty());
    let of_test = store.late_of(&pair(true), NOW, 10).await.unwrap();
    assert_eq!(of_test.iter().map(|late| late.id).collect::<Vec<_>>(), [test]);

    changed(&store, live, State::Expired, 1).await;
    let (written, id) = digest(&store, pair(true), NOW, Some(message)).await;
    assert_eq!(written, Some((vec![], vec![])), "nothing of the live one");
    assert!(store.delivery(id).await.unwrap().unwrap().test);
    let late = store.late(&member("ke"), NOW).await.unwrap();
    assert_eq!((late[0].told, late[0].digest), (Some(NOW), Some(NOW)));
    assert_eq!(store.digests_due(NOW, HOUR).await.unwrap(), [pair(false)]);
}
