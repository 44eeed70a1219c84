//! Order and state: heads, queues, holds, late answers, claims.

use coohub::{
    model::{delivery::State, envelope::Function, id::DeliveryId, reason::Reason, time::Timestamp},
    store::{
        Fault, Store,
        record::{Acceptance, Cargo, NewDelivery, Outcome, View},
    },
};

use super::support::*;

fn amendment(key: &str, number: &str, version: u32) -> Acceptance {
    Acceptance { function: Function::Amendment, subject: subject(number, Some(version)), ..push(key, number) }
}

fn replacement(key: &str, number: &str, earlier: &str) -> Acceptance {
    Acceptance {
        function: Function::Replacement,
        earlier_lineage: Some(earlier.to_owned()),
        ..push(key, number)
    }
}

async fn due(store: &Store, target: &str) -> Vec<DeliveryId> {
    let found = store.due(&member(target), Timestamp(NOW.0 + 1_000), 100, &[]).await.unwrap();
    found.into_iter().map(|delivery| delivery.id).collect()
}

async fn end(store: &Store, delivery: DeliveryId, state: State, at: i64) {
    store.finish(outcome(delivery, Some(attempt(1, "delivered")), state, at)).await.unwrap();
}

#[tokio::test]
async fn a_later_version_waits_for_the_earlier_one_at_each_target_by_itself() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let second = amendment("k2", "A-1", 2);
    let (ke, tz) = (delivery("ke"), delivery("tz"));
    let (ke_id, tz_id, message) = (ke.id, tz.id, second.id);
    stored(&store, second).await;
    store.route(routing(message, vec![ke, tz])).await.unwrap();
    assert_eq!(words(&store, &[first, ke_id, tz_id]).await, ["pending", "queued", "pending"]);
    assert_eq!(due(&store, "ke").await, [first]);

    end(&store, first, State::Delivered, 50).await;
    assert_eq!(words(&store, &[first, ke_id, tz_id]).await, ["delivered", "pending", "pending"]);
    let next = store.delivery(ke_id).await.unwrap().unwrap();
    assert_eq!(next.life.state, State::Due { at: Timestamp(NOW.0 + 50) }, "due when the one before it ended");
}

#[tokio::test]
async fn a_replacement_queues_behind_what_it_replaces_and_what_follows_either_too() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, original) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let (_, replaced) = routed(&store, replacement("k2", "A-2", "A-1"), delivery("ke")).await;
    let (_, amended) = routed(&store, amendment("k3", "A-2", 2), delivery("ke")).await;
    let (_, late) = routed(&store, amendment("k4", "A-1", 2), delivery("ke")).await;
    let (_, other) = routed(&store, push("k5", "B-1"), delivery("ke")).await;
    assert_eq!(due(&store, "ke").await, [original, other], "another chain does not wait");
    for (ended, next) in [(original, replaced), (replaced, amended), (amended, late)] {
        end(&store, ended, State::Refused { reason: Reason::Refused }, 1).await;
        assert_eq!(due(&store, "ke").await, [other, next]);
    }
}

#[tokio::test]
async fn a_replacement_of_a_number_never_seen_shares_its_chain_with_it() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, replaced) = routed(&store, replacement("k1", "A-2", "A-1"), delivery("ke")).await;
    let (_, original) = routed(&store, push("k2", "A-1"), delivery("ke")).await;
    assert_eq!(words(&store, &[replaced, original]).await, ["pending", "queued"]);
}

#[tokio::test]
async fn two_chains_that_turn_out_to_be_one_keep_one_head() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    // An amendment of A-2 comes before the replacement that brings A-2 into being.
    let held = NewDelivery { held: Some(Reason::OperatorHold), ..delivery("ke") };
    let (_, stray) = routed(&store, amendment("k2", "A-2", 2), held).await;
    assert_eq!(words(&store, &[first, stray]).await, ["pending", "held"]);
    let (_, joining) = routed(&store, replacement("k3", "A-2", "A-1"), delivery("ke")).await;
    assert_eq!(words(&store, &[first, stray, joining]).await, ["pending", "queued", "queued"]);
    assert_eq!(store.counts().await.unwrap().held, 0);
    end(&store, first, State::Delivered, 1).await;
    assert_eq!(words(&store, &[first, stray, joining]).await, ["delivered", "held", "queued"]);
    assert_eq!(store.counts().await.unwrap().held, 1);
}

#[tokio::test]
async fn a_hold_is_remembered_while_queued_and_ends_by_release() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let empty = NewDelivery { body: None, held: Some(Reason::Unrenderable), ..delivery("ke") };
    let (_, held) = routed(&store, amendment("k2", "A-1", 2), empty).await;
    let (_, last) = routed(&store, amendment("k3", "A-1", 3), delivery("ke")).await;
    assert_eq!(words(&store, &[first, held, last]).await, ["pending", "queued", "queued"]);

    end(&store, first, State::Expired, 1).await;
    assert_eq!(words(&store, &[first, held, last]).await, ["expired", "held", "queued"]);
    assert!(due(&store, "ke").await.is_empty(), "the chain waits for an operator");
    assert_eq!(store.rendering(held).await.unwrap(), None);

    let release = outcome(held, None, State::Due { at: NOW }, 2);
    store.finish(release).await.unwrap();
    assert_eq!(due(&store, "ke").await, [held]);
    store.finish(outcome(held, None, State::Cancelled, 3)).await.unwrap();
    assert_eq!(due(&store, "ke").await, [last]);
}

#[tokio::test]
async fn cancelling_a_queued_delivery_wakes_nobody() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let (_, middle) = routed(&store, amendment("k2", "A-1", 2), delivery("ke")).await;
    let (_, last) = routed(&store, amendment("k3", "A-1", 3), delivery("ke")).await;
    store.finish(outcome(middle, None, State::Cancelled, 1)).await.unwrap();
    assert_eq!(words(&store, &[first, middle, last]).await, ["pending", "cancelled", "queued"]);
    end(&store, first, State::Delivered, 2).await;
    assert_eq!(due(&store, "ke").await, [last]);
}

#[tokio::test]
async fn a_late_success_is_taken_once_and_wakes_nobody_twice() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let (_, second) = routed(&store, amendment("k2", "A-1", 2), delivery("ke")).await;
    let (_, third) = routed(&store, amendment("k3", "A-1", 3), delivery("ke")).await;
    store.finish(outcome(first, None, State::Expired, 1)).await.unwrap();
    store.finish(outcome(first, Some(attempt(1, "delivered")), State::Delivered, 2)).await.unwrap();
    assert_eq!(words(&store, &[first, second, third]).await, ["delivered", "pending", "queued"]);
    store.finish(outcome(first, Some(attempt(2, "refused")), State::Cancelled, 3)).await.unwrap();
    assert_eq!(words(&store, &[first, second, third]).await, ["delivered", "pending", "queued"]);
    assert_eq!(store.attempts(first).await.unwrap().len(), 2, "evidence is kept all the same");
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.open, counts.delivered, counts.failed), (2, 1, 0));
}

#[tokio::test]
async fn an_outcome_told_twice_is_kept_once() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let notice = NewDelivery { cargo: Cargo::Notice, view: View::Notice, ..delivery("issuer") };
    let refused = Outcome {
        notice: Some(notice.clone()),
        ..outcome(first, Some(attempt(1, "refused")), State::Refused { reason: Reason::Refused }, 1)
    };
    store.finish(refused.clone()).await.unwrap();
    store.finish(refused).await.unwrap();
    assert_eq!(store.attempts(first).await.unwrap(), [attempt(1, "refused")]);
    assert_eq!(due(&store, "issuer").await, [notice.id]);
    let told = store.delivery(first).await.unwrap().unwrap();
    assert_eq!((told.attempts, told.last), (1, Some(attempt(1, "refused"))));
}

#[tokio::test]
async fn a_message_is_routed_once_and_never_before_an_earlier_one_of_its_chain() {
    let Fixture { store, folder: _folder } = fixture();
    let (first, second) = (push("k1", "A-1"), amendment("k2", "A-1", 2));
    stored(&store, first.clone()).await;
    stored(&store, second.clone()).await;
    let early = store.route(routing(second.id, vec![delivery("ke")])).await;
    assert!(matches!(early, Err(Fault::Overtakes(id)) if id == first.id));
    let unknown = push("k3", "C-1").id;
    assert!(matches!(store.route(routing(unknown, vec![])).await, Err(Fault::MessageUnknown(_))));

    store.route(routing(first.id, vec![delivery("ke")])).await.unwrap();
    store.route(routing(first.id, vec![delivery("ke")])).await.unwrap();
    store.route(routing(second.id, vec![])).await.unwrap();
    assert_eq!(store.deliveries(first.id).await.unwrap().len(), 1);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.messages, counts.unrouted, counts.open), (2, 0, 1));
}

#[tokio::test]
async fn urgent_goes_first_then_due_time_then_sequence_and_what_is_in_hand_is_skipped() {
    let Fixture { store, folder: _folder } = fixture();
    let mut ids = Vec::new();
    for (number, urgent, created) in [("1", false, 30), ("2", false, 10), ("3", false, 10), ("4", true, 40)] {
        let new = NewDelivery { urgent, created: Timestamp(NOW.0 + created), ..delivery("ke") };
        ids.push(routed(&store, push(number, number), new).await.1);
    }
    assert_eq!(due(&store, "ke").await, [ids[3], ids[1], ids[2], ids[0]]);
    let ke = member("ke");
    let claim = async |now: i64, limit: usize, skip: &[DeliveryId]| {
        let found = store.due(&ke, Timestamp(NOW.0 + now), limit, skip).await.unwrap();
        found.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    assert_eq!(claim(1_000, 2, &[ids[3], ids[2]]).await, [ids[1], ids[0]]);
    assert_eq!(claim(10, 10, &[]).await, [ids[1], ids[2]], "not before its time");
    assert!(claim(1_000, 0, &[]).await.is_empty());
    assert_eq!(store.next_due(&ke).await.unwrap(), Some(Timestamp(NOW.0 + 10)));
    assert_eq!(store.next_due(&member("tz")).await.unwrap(), None);
    store
        .finish(outcome(ids[1], Some(attempt(1, "deferred")), State::Due { at: Timestamp(NOW.0 + 99) }, 1))
        .await
        .unwrap();
    assert_eq!(claim(1_000, 10, &[]).await, [ids[3], ids[2], ids[0], ids[1]]);
}

#[tokio::test]
async fn overdue_names_heads_only_held_ones_too() {
    let Fixture { store, folder: _folder } = fixture();
    let held = NewDelivery { held: Some(Reason::OperatorHold), ..delivery("tz") };
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let (_, _queued) = routed(&store, amendment("k2", "A-1", 2), delivery("ke")).await;
    let (_, waiting) = routed(&store, push("k3", "B-1"), held).await;
    let later = Timestamp(NOW.0 + 1);
    let ids =
        |found: Vec<coohub::store::record::Delivery>| found.into_iter().map(|d| d.id).collect::<Vec<_>>();
    assert_eq!(ids(store.overdue(later, 10).await.unwrap()), [first, waiting]);
    assert_eq!(ids(store.overdue(later, 1).await.unwrap()), [first]);
    assert_eq!(ids(store.overdue_of(&member("tz"), later, 10).await.unwrap()), [waiting]);
    assert!(store.overdue(NOW, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_later_version_sees_who_was_sent_what_before() {
    let Fixture { store, folder: _folder } = fixture();
    let (message, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    end(&store, first, State::Delivered, 1).await;
    let replacing = replacement("k2", "A-2", "A-1");
    let id = replacing.id;
    stored(&store, replacing).await;
    let sent = store.sent_to(id).await.unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].target.as_str(), sent[0].delivery, sent[0].message), ("ke", first, message));
    assert_eq!(sent[0].state, State::Delivered);
    assert_eq!((sent[0].subject.number.as_str(), sent[0].replaced), ("A-1", true));
    assert!(store.sent_to(message).await.unwrap().is_empty(), "nothing came before the first");
}

#[tokio::test]
async fn a_delivery_comes_back_as_it_was_made() {
    let Fixture { store, folder: _folder } = fixture();
    let new = NewDelivery {
        weight: 12,
        view: View::Minimised,
        losses: vec!["exporter.phone".to_owned(), "remarks".to_owned()],
        ..delivery("ke")
    };
    let (message, id) = routed(&store, push("k1", "A-1"), new.clone()).await;
    let found = store.delivery(id).await.unwrap().unwrap();
    assert_eq!((found.message, found.source.as_str(), found.weight), (message, "issuer", 12));
    assert_eq!((found.losses, found.because), (new.losses, new.because));
    assert_eq!(found.subject, subject("A-1", Some(1)));
    let rendering = new.body.unwrap();
    let digest = coohub::model::id::Digest::of(&rendering.bytes);
    assert_eq!(found.rendered, Some((rendering.format.clone(), rendering.media_type.clone(), digest)));
    assert_eq!(store.rendering(id).await.unwrap(), Some(rendering));
}
