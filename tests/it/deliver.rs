//! Lanes and mailboxes over real sockets and the real store: everything arrives, in order, at the target's pace.
//!
//! The hub's clock is turned by hand; `comes_to` lets it run fast. Only request timeouts run on real time.

mod hostile;
mod limits;
mod mailbox;
mod news;
mod resend;
mod sandbox;
mod schedule;
mod world;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use coohub::{
    evidence::{delivered::DELIVERED, key::verify_as},
    model::{
        delivery::State,
        id::{DeliveryId, Digest},
        reason::Reason,
    },
    region::{
        agreement::LinkState,
        member::{Acknowledge, Reach},
    },
    store::record::NewDelivery,
};

use self::world::{SOURCE, To, World, id, rate};
use crate::support::partner::{Behaviour, Partner};

/// When an answer is waited for no longer: late enough for whoever answers, on a machine that stands still for a while.
const GIVEN_UP: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_partner_that_was_down_gets_everything_in_order_when_it_returns() {
    let partner = Partner::start(Behaviour::Down).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let mut sent = Vec::new();
    for version in 1..=3 {
        for number in ["RU-1", "RU-2", "RU-3", "RU-4"] {
            sent.extend(world.send(number, version, &["kg"]).await);
        }
    }
    let failed = async {
        while world.delivery(sent[0]).await.attempts < 3 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(failed).await;
    assert_eq!(world.store.counts().await.unwrap().delivered, 0);
    partner.behave(Behaviour::Store);
    for delivery in &sent {
        world.comes_to(*delivery, "delivered").await;
    }
    let received = partner.received();
    assert_eq!(received.len(), sent.len(), "each arrives once");
    for number in ["RU-1", "RU-2", "RU-3", "RU-4"] {
        let of_one = received.iter().filter(|received| received.header("CoO-Number") == number);
        let versions: Vec<_> = of_one.map(|received| received.header("CoO-Version")).collect();
        assert_eq!(versions, ["1", "2", "3"], "{number}");
    }
}

#[tokio::test]
async fn a_partner_that_hangs_does_not_delay_another() {
    let (slow, quick) = (Partner::start(Behaviour::Hang).await, Partner::start(Behaviour::Store).await);
    let world = World::new(&[("kz", To::Push(&slow)), ("kg", To::Push(&quick))]);
    world.timeout("kz", schedule::DAY);
    world.run();
    let mut sent = Vec::new();
    for n in 0..20 {
        sent.extend(world.send(&format!("RU-{n}"), 1, &["kz", "kg"]).await);
    }
    for pair in sent.chunks(2) {
        world.while_time_creeps(world.stands_at(pair[1], "delivered")).await;
    }
    for pair in sent.chunks(2) {
        assert_eq!(world.delivery(pair[0]).await.attempts, 0, "whatever began with it hangs");
    }
}

#[tokio::test]
async fn every_repeat_has_the_same_id_and_the_same_bytes() {
    let partner = Partner::start(Behaviour::Store).await;
    let trouble = [
        Behaviour::StoreThenReset,
        Behaviour::Status(500),
        Behaviour::ResetMidBody,
        Behaviour::NoEcho,
        Behaviour::Html,
        Behaviour::Status(404),
        Behaviour::RetryAfter(30),
        Behaviour::Hang,
        Behaviour::Refuse("no-code-of-ours"),
    ];
    partner.script(&trouble);
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.timeout("kg", GIVEN_UP);
    world.run();
    let [delivery] = world.send("RU-1", 1, &["kg"]).await[..] else { panic!("one delivery") };
    world.comes_to(delivery, "delivered").await;

    let received = partner.received();
    assert_eq!(received.len(), trouble.len() + 1);
    for (n, request) in received.iter().enumerate() {
        assert_eq!(request.delivery(), delivery.to_string());
        assert_eq!(request.header("Idempotency-Key"), delivery.to_string());
        assert_eq!(request.header("CoO-Attempt"), (n + 1).to_string());
        assert_eq!(request.bytes, received[0].bytes);
        let signed = |name| (request.header(name), received[0].header(name));
        assert_eq!(signed("CoO-Attestation").0, signed("CoO-Attestation").1);
        assert_eq!(signed("CoO-Sequence").0, signed("CoO-Sequence").1);
    }
    let attempts = world.store.attempts(delivery).await.unwrap();
    let details: Vec<_> = attempts.iter().map(|attempt| attempt.detail.split(':').next().unwrap()).collect();
    let expected = [
        "broken",
        "status-500",
        "answer-cut",
        "echo-missing",
        "echo-missing",
        "status-404",
        "status-429",
        "timeout",
        "status-422",
        "echo",
    ];
    assert_eq!(details, expected);
    assert_eq!(attempts.last().unwrap().grade, Some('C'));
}

#[tokio::test]
async fn an_answer_that_drips_is_given_up_and_the_lane_goes_on() {
    let partner = Partner::start(Behaviour::Store).await;
    partner.script(&[Behaviour::Drip]);
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.timeout("kg", GIVEN_UP);
    world.run();
    let [delivery] = world.send("RU-1", 1, &["kg"]).await[..] else { panic!("one delivery") };
    let delivery = world.comes_to(delivery, "delivered").await;
    assert_eq!(delivery.attempts, 2);
    assert_eq!(world.store.attempts(delivery.id).await.unwrap()[0].detail, "timeout: no answer within 5s");
}

#[tokio::test]
async fn a_target_that_shows_a_foreign_leaf_is_told_nothing_and_tried_again() {
    let (partner, other) = (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Store).await);
    let mut world = World::new(&[("kg", To::Push(&partner))]);
    let foreign = other.tls();
    world.handles.tls = Arc::new(move |_| Ok(foreign.clone()));
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    let failed = async {
        while world.delivery(delivery).await.attempts < 2 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(failed).await;
    let attempts = world.store.attempts(delivery).await.unwrap();
    assert!(attempts.iter().all(|attempt| attempt.detail.starts_with("tls: ")), "{attempts:?}");
    assert!(partner.received().is_empty());
}

#[tokio::test]
async fn a_409_and_a_json_body_that_echo_the_digest_count_as_delivered() {
    let partner = Partner::start(Behaviour::Store).await;
    partner.script(&[Behaviour::Known, Behaviour::StoreJson]);
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    for number in ["RU-1", "RU-2"] {
        let [delivery] = world.send(number, 1, &["kg"]).await[..] else { panic!("one delivery") };
        assert_eq!(world.comes_to(delivery, "delivered").await.attempts, 1);
    }
}

#[tokio::test]
async fn a_signed_receipt_is_kept_with_the_attempt_and_nothing_less_is_believed() {
    let partner = Partner::start(Behaviour::Sign).await;
    partner.script(&[Behaviour::Store, Behaviour::Known]);
    let world = World::new(&[("kg", To::Push(&partner))]);
    let key = partner.receipt_key();
    world.reload(|region| {
        let Reach::Push(endpoint) = &mut region.members.get_mut(&id("kg")).unwrap().reach else {
            panic!("pushed to")
        };
        (endpoint.acknowledge, endpoint.receipt_keys) = (Acknowledge::Signed, vec![key.clone()]);
    });
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    world.comes_to(delivery, "delivered").await;
    let attempts = world.store.attempts(delivery).await.unwrap();
    let details: Vec<_> = attempts.iter().map(|attempt| attempt.detail.as_str()).collect();
    assert_eq!(details, ["receipt-missing", "receipt-missing", "receipt"]);
    let last = attempts.last().unwrap();
    let receipt = last.receipt.as_deref().unwrap();
    assert_eq!((last.grade, last.answer), (Some('A'), Some(Digest::of(receipt.as_bytes()))));
    let payload = verify_as(DELIVERED, receipt, &[key]).unwrap();
    let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload["delivery"], delivery.to_string());
}

#[tokio::test]
async fn a_refusal_ends_the_delivery_tells_the_source_and_lets_the_next_version_pass() {
    let partner = Partner::start(Behaviour::Store).await;
    partner.script(&[Behaviour::Refuse("format-unsupported")]);
    let world = World::new(&[("kg", To::Push(&partner))]);
    let first = world.send("RU-1", 1, &["kg"]).await[0];
    let second = world.send("RU-1", 2, &["kg"]).await[0];
    world.run();
    world.comes_to(first, "refused").await;
    world.comes_to(second, "delivered").await;
    let notices = world.offered(SOURCE).await;
    let notice: serde_json::Value = serde_json::from_slice(&notices[0].body.bytes).unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(
        (&notice["reason"]["code"], &notice["reason"]["detail"]),
        (&"refused".into(), &"format-unsupported".into())
    );
    assert_eq!(notice["delivery"], first.to_string());
}

#[tokio::test]
async fn five_refusals_with_one_code_hold_what_their_source_sends_until_it_is_released() {
    let partner = Partner::start(Behaviour::Refuse("not-for-us")).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.reload(|region| {
        region.members.get_mut(&id("kg")).unwrap().concurrency = NonZeroU32::MIN;
    });
    let mut sent = Vec::new();
    for n in 0..7 {
        sent.extend(world.send(&format!("RU-{n}"), 1, &["kg"]).await);
    }
    world.run();
    world.comes_to(sent[4], "refused").await;
    let held = async {
        while world.handles.holds.of(&id("kg")).sources.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(held).await;
    assert_eq!(partner.received().len(), 5);
    partner.behave(Behaviour::Store);
    assert!(world.handles.holds.release(&id("kg")).await.unwrap());
    world.comes_to(sent[6], "delivered").await;
    assert_eq!(world.word(sent[5]).await, "delivered");
}

#[tokio::test]
async fn the_breaker_lets_single_probes_through_until_the_partner_answers() {
    let partner = Partner::start(Behaviour::Status(503)).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    let mut sent = Vec::new();
    for n in 0..40 {
        sent.extend(world.send(&format!("RU-{n}"), 1, &["kg"]).await);
    }
    world.run();
    let opened = async {
        while attempts(&world, &sent).await < 5 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_creeps(opened).await;
    // What was begun before the fifth fault, and nothing after it.
    let received = partner.received().len();
    assert!(received < 5 + 4, "{received}");
    world.while_time_flies(partner.received_at_least(12)).await;
    let touched = attempts(&world, &sent).await;
    assert!(touched <= 20, "an open breaker touches no delivery: {touched}");
    partner.behave(Behaviour::Store);
    for delivery in &sent {
        world.comes_to(*delivery, "delivered").await;
    }
}

async fn attempts(world: &World, deliveries: &[DeliveryId]) -> u32 {
    let mut sum = 0;
    for delivery in deliveries {
        sum += world.delivery(*delivery).await.attempts;
    }
    sum
}

#[tokio::test]
async fn no_minute_sees_more_than_the_rate_and_the_burst() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.reload(|region| region.members.get_mut(&id("kg")).unwrap().rate = rate(30, 60, 5));
    let mut sent = Vec::new();
    for n in 0..60 {
        sent.extend(world.send(&format!("RU-{n}"), 1, &["kg"]).await);
    }
    world.run();
    let mut started = Vec::new();
    for delivery in &sent {
        world.comes_to(*delivery, "delivered").await;
        started.push(world.store.attempts(*delivery).await.unwrap()[0].started);
    }
    started.sort();
    for (i, from) in started.iter().enumerate() {
        for (n, until) in started[i..].iter().enumerate() {
            // The time of an attempt is read after its turn was given, at most two turns of the clock later.
            let seconds = until.since(*from).as_secs_f64() + 4.0;
            assert!((n + 1) as f64 <= 5.0 + seconds / 2.0, "{} in {seconds} s", n + 1);
        }
    }
}

#[tokio::test]
async fn what_is_no_longer_allowed_is_held_and_never_sent() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    world.reload(|region| {
        region.agreements.values_mut().next().unwrap().links[0].state = LinkState::Suspended;
    });
    world.run();
    let delivery = world.comes_to(delivery, "held").await;
    assert_eq!(delivery.life.state, State::Held { reason: Reason::NotEntitled });
    assert!(partner.received().is_empty());
}

#[tokio::test]
async fn what_waits_for_a_member_that_is_gone_is_held() {
    let world = World::new(&[("kg", To::Mailbox)]);
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    world.reload(|region| drop(region.members.remove(&id("kg"))));
    world.run();
    world.comes_to(delivery, "held").await;
}

#[tokio::test]
async fn a_delivery_without_bytes_leaves_the_lane_and_the_lane_lives() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    let poison = world.send_with("RU-1", 1, &["kg"], |delivery| delivery.body = None).await[0];
    let sound = world.send("RU-2", 1, &["kg"]).await[0];
    world.run();
    world.comes_to(poison, "held").await;
    world.comes_to(sound, "delivered").await;
}

#[tokio::test]
async fn what_is_too_old_expires_even_in_a_mailbox_and_its_source_is_told() {
    let world = World::new(&[("kg", To::Mailbox)]);
    let first = world.send("RU-1", 1, &["kg"]).await[0];
    let second = world.send("RU-1", 2, &["kg"]).await[0];
    world.hand.advance(Duration::from_secs(60 * 60 * 24 * 8));
    world.run();
    world.comes_to(first, "expired").await;
    world.comes_to(second, "expired").await;
    let told = news::heard(&world, |told| !told.is_empty()).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["counts"], serde_json::json!({"expired": 2}));
}

#[tokio::test]
async fn connections_are_kept_and_a_partner_taken_by_status_is_believed() {
    let partner = Partner::start(Behaviour::NoEcho).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.reload(|region| {
        let member = region.members.get_mut(&id("kg")).unwrap();
        member.concurrency = NonZeroU32::MIN;
        let Reach::Push(endpoint) = &mut member.reach else { panic!("pushed to") };
        endpoint.acknowledge = Acknowledge::Status;
    });
    world.run();
    for n in 0..5 {
        let delivery = world.send(&format!("RU-{n}"), 1, &["kg"]).await[0];
        world.comes_to(delivery, "delivered").await;
    }
    assert!(partner.received().iter().all(|received| received.connection == 0));
}

#[tokio::test]
async fn one_damaged_rendering_keeps_nothing_else_from_going_on_after_a_reload() {
    let world = World::new(&[("kg", To::Mailbox)]);
    let held = |delivery: &mut NewDelivery| delivery.held = Some(Reason::NotEntitled);
    let damaged = world.send_with("RU-1", 1, &["kg"], held).await[0];
    let sound = world.send_with("RU-2", 1, &["kg"], held).await[0];
    let db = rusqlite::Connection::open(world.folder().join("coohub.db")).unwrap();
    let rendering = "SELECT body FROM delivery ORDER BY sequence LIMIT 1";
    db.execute(&format!("UPDATE body SET bytes = x'00' WHERE id = ({rendering})"), []).unwrap();
    drop(db);
    world.run();
    world.comes_to(sound, "pending").await;
    assert_eq!(world.word(damaged).await, "held");
}
