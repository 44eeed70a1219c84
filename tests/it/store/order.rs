//! Order and state: heads, queues, holds, late answers, claims.

use coohub::{
    model::{delivery::State, envelope::Function, id::DeliveryId, reason::Reason, time::Timestamp},
    store::{
        Fault, Store,
        claim::{Claim, Rank, Stream, Turn},
        record::{Acceptance, Cargo, NewDelivery, Outcome, Routing, View},
    },
};

use super::support::*;

pub(super) fn amendment(key: &str, number: &str, version: u32) -> Acceptance {
    Acceptance { function: Function::Amendment, subject: subject(number, Some(version)), ..push(key, number) }
}

fn replacement(key: &str, number: &str, earlier: &str) -> Acceptance {
    Acceptance {
        function: Function::Replacement,
        earlier_lineage: Some(earlier.to_owned()),
        ..push(key, number)
    }
}

pub(super) async fn due(store: &Store, target: &str) -> Vec<DeliveryId> {
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
    assert_eq!(store.sending(held).await.unwrap(), None);

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
        telling: Some(telling(notice.clone())),
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
async fn urgent_goes_first_bulk_last_then_due_time_then_sequence_and_what_is_in_hand_is_skipped() {
    let Fixture { store, folder: _folder } = fixture();
    let mut ids = Vec::new();
    let made = [
        ("1", Rank::Usual, 30),
        ("2", Rank::Usual, 10),
        ("3", Rank::Usual, 10),
        ("4", Rank::Urgent, 40),
        ("5", Rank::Bulk, 5),
    ];
    for (number, rank, created) in made {
        let new = NewDelivery { rank, created: Timestamp(NOW.0 + created), ..delivery("ke") };
        ids.push(routed(&store, push(number, number), new).await.1);
    }
    assert_eq!(due(&store, "ke").await, [ids[3], ids[1], ids[2], ids[0], ids[4]]);
    let ke = member("ke");
    let claim = async |now: i64, limit: usize, skip: &[DeliveryId]| {
        let found = store.due(&ke, Timestamp(NOW.0 + now), limit, skip).await.unwrap();
        found.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    assert_eq!(claim(1_000, 2, &[ids[3], ids[2]]).await, [ids[1], ids[0]]);
    let all = [ids[3], ids[1], ids[2], ids[0], ids[4]];
    assert_eq!(
        claim(10, 10, &[]).await,
        all,
        "first attempts wait for no time that a clock said before it was put back"
    );
    assert!(claim(1_000, 0, &[]).await.is_empty());
    assert_eq!(
        store.next_due(&ke, Stream::All, Timestamp(NOW.0 + 9)).await.unwrap(),
        Some(Timestamp(NOW.0 + 5)),
        "of any rank"
    );
    assert_eq!(store.next_due(&ke, Stream::All, NOW).await.unwrap(), Some(NOW), "at once");
    assert_eq!(store.backlog(&ke, Timestamp(NOW.0 + 1_000)).await.unwrap().due, 5);
    assert_eq!(store.next_due(&member("tz"), Stream::All, NOW).await.unwrap(), None);
    let mut failed =
        outcome(ids[1], Some(attempt(1, "deferred")), State::Due { at: Timestamp(NOW.0 + 99) }, 1);
    failed.life.failures = 1;
    store.finish(failed).await.unwrap();
    assert_eq!(claim(98, 10, &[]).await, [ids[3], ids[2], ids[0], ids[4]], "a retry not before its time");
    assert_eq!(claim(1_000, 10, &[]).await, [ids[3], ids[2], ids[0], ids[1], ids[4]]);
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
    let sending = store.sending(id).await.unwrap().unwrap();
    assert_eq!((sending.body, sending.digest), (rendering, digest));
}

#[tokio::test]
async fn a_later_version_takes_the_place_of_what_can_never_be_sent() {
    let Fixture { store, folder: _folder } = fixture();
    let empty = NewDelivery { body: None, held: Some(Reason::Unrenderable), ..delivery("ke") };
    let (_, stuck) = routed(&store, push("k1", "A-1"), empty).await;
    let replacing = replacement("k2", "A-2", "A-1");
    let id = replacing.id;
    stored(&store, replacing).await;
    let next = delivery("ke");
    let after = next.id;
    let routing = Routing { superseded: vec![stuck], ..routing(id, vec![next]) };
    store.route(routing).await.unwrap();
    let state = |delivery: coohub::store::record::Delivery| delivery.life.state;
    assert_eq!(state(store.delivery(stuck).await.unwrap().unwrap()), State::Cancelled);
    assert_eq!(state(store.delivery(after).await.unwrap().unwrap()), State::Due { at: NOW });
    let amended = replacement("k3", "A-3", "A-2");
    let third = amended.id;
    stored(&store, amended).await;
    let sent = store.sent_to(third).await.unwrap();
    let known = sent.iter().find(|sent| sent.delivery == stuck).unwrap();
    assert_eq!(known.hold, Some(Reason::Unrenderable), "the target never had it");
    assert_eq!(store.counts().await.unwrap().held, 0);
}

#[tokio::test]
async fn a_withdrawal_is_about_the_certificate_that_is_held() {
    let Fixture { store, folder: _folder } = fixture();
    let (first, _) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let word = NewDelivery { cargo: Cargo::Cancellation, about: Some(first), ..delivery("ke") };
    let (second, withdrawal) = routed(&store, replacement("k2", "A-2", "A-1"), word).await;
    let delivery = store.delivery(withdrawal).await.unwrap().unwrap();
    assert_eq!((delivery.message, delivery.subject.number.as_str()), (second, "A-1"));
}

#[tokio::test]
async fn what_is_held_for_a_reason_is_found_by_it_in_pages_and_only_while_it_is_open() {
    let Fixture { store, folder: _folder } = fixture();
    let held = |reason| NewDelivery { held: Some(reason), ..delivery("ke") };
    let (_, first) = routed(&store, push("k1", "A-1"), held(Reason::NotEntitled)).await;
    routed(&store, push("k2", "A-2"), held(Reason::OperatorHold)).await;
    let (_, behind) = routed(&store, replacement("k3", "A-3", "A-1"), held(Reason::NotEntitled)).await;
    let page = store.held_for(Reason::NotEntitled, 0, 1).await.unwrap();
    assert_eq!((page.len(), page[0].id), (1, first));
    let rest = store.held_for(Reason::NotEntitled, page[0].sequence, 10).await.unwrap();
    assert_eq!(rest.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [behind], "queued, to be held");
    end(&store, first, State::Delivered, 1).await;
    let left = store.held_for(Reason::NotEntitled, 0, 10).await.unwrap();
    assert_eq!(left.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [behind]);
}

#[tokio::test]
async fn retries_get_one_slot_in_four_beside_first_attempts_and_a_source_can_be_left_out() {
    let Fixture { store, folder: _folder } = fixture();
    let mut retried = Vec::new();
    for n in 0..8 {
        let (_, delivery) = routed(&store, push(&format!("r{n}"), &format!("R-{n}")), delivery("ke")).await;
        let due = State::Due { at: Timestamp(NOW.0 + 1) };
        let mut failed = outcome(delivery, Some(attempt(1, "deferred")), due, 1);
        failed.life.failures = 1;
        store.finish(failed).await.unwrap();
        retried.push(delivery);
    }
    let mut fresh = Vec::new();
    for n in 0..8 {
        let other = Acceptance { source: member("other"), ..push(&format!("f{n}"), &format!("F-{n}")) };
        fresh.push(routed(&store, other, delivery("ke")).await.1);
    }
    let kinds = async |claim: Claim| -> String {
        let now = Timestamp(NOW.0 + 1_000);
        let claimed = store.claim(&member("ke"), now, claim).await.unwrap();
        claimed.iter().map(|found| if retried.contains(&found.id) { 'r' } else { 'f' }).collect()
    };
    assert_eq!(kinds(Claim { most: 8, ..Claim::default() }).await, "fffrfffr");
    let turn = Turn::default().after(false).after(false);
    assert_eq!(
        kinds(Claim { most: 3, turn, ..Claim::default() }).await,
        "frf",
        "the turn goes on over claims"
    );
    assert_eq!(
        kinds(Claim { most: 20, ..Claim::default() }).await,
        "fffrfffrffrrrrrr",
        "nobody waits for no one"
    );
    let without = vec![member("other")];
    assert_eq!(kinds(Claim { most: 20, without, ..Claim::default() }).await, "rrrrrrrr");
    let skip = fresh;
    assert_eq!(kinds(Claim { most: 20, skip, ..Claim::default() }).await, "rrrrrrrr");
}

#[tokio::test]
async fn an_urgent_retry_goes_before_every_first_attempt_that_is_not() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, usual) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let (_, urgent) =
        routed(&store, push("k2", "A-2"), NewDelivery { rank: Rank::Urgent, ..delivery("ke") }).await;
    let due_at = State::Due { at: Timestamp(NOW.0 + 9) };
    let mut failed = outcome(urgent, Some(attempt(1, "deferred")), due_at, 1);
    failed.life.failures = 1;
    store.finish(failed).await.unwrap();
    assert_eq!(due(&store, "ke").await, [urgent, usual]);
}

#[tokio::test]
async fn a_late_success_corrects_what_its_source_was_told_and_a_stale_end_tells_nothing() {
    let Fixture { store, folder: _folder } = fixture();
    let told = async |delivery: DeliveryId, state: State, at: i64| {
        let notice = NewDelivery { cargo: Cargo::Notice, view: View::Notice, ..self::delivery("issuer") };
        let id = notice.id;
        let mut outcome = outcome(delivery, None, state, at);
        outcome.telling = Some(telling(notice));
        store.finish(outcome).await.unwrap();
        store.delivery(id).await.unwrap().is_some()
    };
    let (_, late) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    assert!(told(late, State::Expired, 1).await);
    assert!(!told(late, State::Expired, 2).await, "once");
    assert!(told(late, State::Delivered, 3).await);
    assert!(!told(late, State::Delivered, 4).await);
    let (_, timely) = routed(&store, push("k2", "A-2"), delivery("ke")).await;
    assert!(!told(timely, State::Delivered, 1).await, "a success in time is no news");
    assert!(!told(timely, State::Expired, 2).await, "it was delivered meanwhile");
}
