//! What a target asks for again: at once, the same id and bytes, recorded, and not forgotten by a crash.

use coohub::{
    deliver::resend::{Answer, Desk, Wanted},
    model::{id::DeliveryId, reason::Reason},
    store::{Config, Store, claim::Stream, record::Attempt},
};

use super::world::{To, World, id};
use crate::support::partner::{Behaviour, Partner};

fn number(number: &str) -> Wanted {
    Wanted { issuer: "RU-TPP".to_owned(), number: number.to_owned(), agreement: None }
}

async fn ask(world: &World, target: &str, wanted: &str) -> Answer {
    Desk::new(world.handles.clone(), world.inbox()).resend(&id(target), &number(wanted)).await.unwrap()
}

fn outcomes(attempts: &[Attempt]) -> Vec<(u32, &str)> {
    attempts.iter().map(|attempt| (attempt.number, attempt.outcome.as_str())).collect()
}

/// Until a delivery has as many attempts.
async fn attempted(world: &World, delivery: DeliveryId, attempts: u32) {
    let reached = async {
        while world.delivery(delivery).await.attempts < attempts {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_creeps(reached).await;
}

#[tokio::test]
async fn what_was_delivered_goes_out_again_with_the_same_id_and_bytes_and_stays_delivered() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    world.comes_to(delivery, "delivered").await;
    world.hand.advance(world.handles.config.resend_pause);
    assert_eq!(ask(&world, "kg", "RU-1").await, Answer::Asked(delivery));
    attempted(&world, delivery, 2).await;
    let again = world.delivery(delivery).await;
    assert_eq!((again.life.state.word(), again.asked), ("delivered", None));
    let received = partner.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].delivery(), received[1].delivery());
    assert_eq!(received[0].bytes, received[1].bytes);
    assert_eq!(received[1].header("CoO-Attempt"), "2");
    let attempts = world.store.attempts(delivery).await.unwrap();
    assert_eq!(outcomes(&attempts), [(1, "delivered"), (2, "delivered")]);
}

#[tokio::test]
async fn what_is_sent_again_and_refused_stays_delivered_and_the_refusal_is_evidence() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    world.comes_to(delivery, "delivered").await;
    world.hand.advance(world.handles.config.resend_pause);
    partner.behave(Behaviour::Refuse("not-for-us"));
    ask(&world, "kg", "RU-1").await;
    attempted(&world, delivery, 2).await;
    assert_eq!(world.word(delivery).await, "delivered");
    let attempts = world.store.attempts(delivery).await.unwrap();
    assert_eq!(outcomes(&attempts), [(1, "delivered"), (2, "refused")]);
}

#[tokio::test]
async fn what_waits_for_its_retry_goes_out_at_once() {
    let partner = Partner::start(Behaviour::Status(503)).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    attempted(&world, delivery, 1).await;
    partner.behave(Behaviour::Store);
    world.hand.advance(world.handles.config.resend_pause);
    assert_eq!(world.word(delivery).await, "pending");
    assert_eq!(ask(&world, "kg", "RU-1").await, Answer::Asked(delivery));
    world.while_time_creeps(world.stands_at(delivery, "delivered")).await;
    assert_eq!(partner.received().len(), 2);
}

#[tokio::test]
async fn an_open_breaker_lets_what_was_asked_for_through_as_its_probe() {
    let partner = Partner::start(Behaviour::Down).await;
    let mut world = World::new(&[("kg", To::Push(&partner))]);
    world.handles.config.breaker_failures = 1;
    world.run();
    let first = world.send("RU-1", 1, &["kg"]).await[0];
    let second = world.send("RU-2", 1, &["kg"]).await[0];
    let failed = async {
        while world.delivery(first).await.attempts + world.delivery(second).await.attempts == 0 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_creeps(failed).await;
    world.hand.advance(world.handles.config.resend_pause);
    partner.behave(Behaviour::Store);
    assert_eq!(ask(&world, "kg", "RU-2").await, Answer::Asked(second));
    // Time stands still: neither the breaker's pause nor a retry ends.
    world.stands_at(second, "delivered").await;
}

#[tokio::test]
async fn a_request_outlives_the_process_and_is_answered_once() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    world.comes_to(delivery, "delivered").await;
    world.tasks.stop();
    world.tasks.drained(crate::support::hub::PATIENCE).await;
    world.hand.advance(world.handles.config.resend_pause);
    let at = world.clock.now();
    ask(&world, "kg", "RU-1").await;
    assert_eq!(ask(&world, "kg", "RU-1").await, Answer::Asked(delivery), "asking again is harmless");
    world.store.close().await;

    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(world.folder().join("coohub.db"), folder.path().join("coohub.db")).unwrap();
    let store = Store::open(&Config { folder: folder.path().to_owned(), ..Config::default() }).unwrap();
    let due = store.due(&id("kg"), at, 10, &[]).await.unwrap();
    assert_eq!(due.iter().map(|due| (due.id, due.asked)).collect::<Vec<_>>(), [(delivery, Some(at))]);
    assert_eq!(store.next_due(&id("kg"), Stream::All, at).await.unwrap(), Some(at));
    assert!(store.due(&id("kg"), at, 10, &[delivery]).await.unwrap().is_empty(), "it is in hand");
}

#[tokio::test]
async fn a_mailbox_offers_again_what_was_taken_or_is_reserved() {
    let world = World::new(&[("kg", To::Mailbox)]);
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    let inbox = world.inbox();
    let desk = Desk::new(world.handles.clone(), inbox.clone());
    let look = async || inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap();
    drop(look().await);
    world.hand.advance(world.handles.config.resend_pause);
    let first = look().await;
    assert!(look().await.is_empty(), "it is reserved");
    assert_eq!(desk.resend(&id("kg"), &number("RU-1")).await.unwrap(), Answer::Asked(delivery));
    let second = look().await;
    assert_eq!((first[0].delivery, &first[0].body), (second[0].delivery, &second[0].body));
    inbox.acknowledge(&id("kg"), delivery, second[0].digest).await.unwrap();
    assert!(look().await.is_empty());

    world.hand.advance(world.handles.config.resend_pause);
    desk.resend(&id("kg"), &number("RU-1")).await.unwrap();
    let third = look().await;
    assert_eq!(third[0].delivery, delivery);
    inbox.acknowledge(&id("kg"), delivery, third[0].digest).await.unwrap();
    world.hand.advance(std::time::Duration::from_secs(1_000));
    assert!(look().await.is_empty(), "what was acknowledged is not offered for ever");
    let attempts = world.store.attempts(delivery).await.unwrap();
    assert_eq!(outcomes(&attempts), [(1, "collected"), (2, "collected")]);
}

#[tokio::test]
async fn who_was_sent_nothing_is_told_nothing_and_a_held_lane_stays_so() {
    let world = World::new(&[("kg", To::Mailbox), ("am", To::Mailbox)]);
    world.send("RU-1", 1, &["kg"]).await;
    let nothing = Answer::Refused(Reason::NotFound, None);
    assert_eq!(ask(&world, "am", "RU-1").await, nothing);
    assert_eq!(ask(&world, "kg", "RU-2").await, nothing);
    assert_eq!(ask(&world, super::SOURCE, "RU-1").await, nothing);
    world.hold("kg").await;
    assert_eq!(ask(&world, "kg", "RU-1").await, Answer::Refused(Reason::OperatorHold, None));
}

#[tokio::test]
async fn as_many_requests_wait_as_may_and_not_one_more() {
    let mut world = World::new(&[("kg", To::Mailbox)]);
    world.handles.config.resends_waiting_per_member_max = 2;
    for n in 1..=3 {
        world.send(&format!("RU-{n}"), 1, &["kg"]).await;
    }
    for n in ["RU-1", "RU-2", "RU-1"] {
        assert!(matches!(ask(&world, "kg", n).await, Answer::Asked(_)), "{n}");
    }
    let pause = world.handles.config.resend_pause;
    assert_eq!(ask(&world, "kg", "RU-3").await, Answer::Refused(Reason::TooManyRequests, Some(pause)));
}
