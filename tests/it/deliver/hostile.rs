//! Targets that misbehave on real sockets: each attempt ends in time with its cause in words, nobody else is delayed, and
//! what a target sends without end is not kept.
//!
//! The deadline that a behaviour is about is short, every other longer than a test waits; they run on real time. The hub's
//! clock stands still until a retry is wanted.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use coohub::{
    deliver::Config,
    model::id::DeliveryId,
    region::{
        address::{Addresses, network},
        member::{Endpoint, Reach},
    },
};

use super::world::{To, World, id};
use crate::support::{
    partner::{Behaviour, Partner},
    patience::patient,
};

/// Long enough for whoever behaves, on a busy machine.
const SHORT: Duration = Duration::from_secs(1);

/// A world whose deadlines are long, but for the one that a behaviour misses; the target's name is `kg`.
fn world(targets: &[(&str, To<'_>)], behaviour: Behaviour) -> World {
    let mut world = World::new(targets);
    let mut config = patient(Config::default());
    match behaviour {
        Behaviour::BlackHole => config.handshake_timeout = SHORT,
        Behaviour::TakesNoBody => config.send_timeout = SHORT,
        Behaviour::DripBody => config.answer_timeout = SHORT,
        Behaviour::Hang | Behaviour::Drip => world.timeout("kg", SHORT),
        _ => {}
    }
    world.handles.config = config;
    world
}

fn endpoint(world: &World, member: &str, change: impl FnOnce(&mut Endpoint)) {
    world.reload(|region| {
        let Reach::Push(endpoint) = &mut region.members.get_mut(&id(member)).unwrap().reach else {
            panic!("pushed to")
        };
        change(endpoint);
    });
}

/// What became of the first attempt, with the clock standing still.
async fn first_attempt(world: &World, delivery: DeliveryId) -> String {
    let mut changes = world.store.watch();
    loop {
        changes.mark_unchanged();
        if let Some(attempt) = world.store.attempts(delivery).await.unwrap().first() {
            return attempt.detail.clone();
        }
        changes.changed().await.unwrap();
    }
}

/// What a hostile target leads to, while another target of the same certificate gets it, and what follows when it mends.
/// The detail of the attempt is the one said, whole or its word before the colon.
async fn suffer(hostile: Partner, behaviour: Behaviour, detail: &str) {
    let healthy = Partner::start(Behaviour::Store).await;
    let world = world(&[("kg", To::Push(&hostile)), ("kz", To::Push(&healthy))], behaviour);
    // More than an HTTP/2 peer takes before it has said how much.
    let large = vec![b'x'; 200_000];
    let send = world.send_with("RU-1", 1, &["kg", "kz"], |delivery| {
        delivery.body.as_mut().unwrap().bytes.clone_from(&large);
    });
    let [delivery, other] = send.await[..] else { panic!("two") };
    hostile.behave(behaviour);
    world.run();
    world.while_time_creeps(world.stands_at(other, "delivered")).await;
    let found = world.while_time_creeps(first_attempt(&world, delivery)).await;
    let word = found.split(':').next().unwrap();
    assert!(detail == found || detail == word, "{behaviour:?}: {found:?} is not {detail:?}");
    hostile.behave(Behaviour::Store);
    world.comes_to(delivery, "delivered").await;
    let sent =
        hostile.received().iter().filter(|received| received.delivery() == delivery.to_string()).count();
    assert!(sent <= world.store.attempts(delivery).await.unwrap().len(), "{behaviour:?}: sent {sent} times");
}

#[tokio::test]
async fn whatever_a_target_does_the_attempt_ends_in_words_and_the_next_one_delivers() {
    for (behaviour, detail) in [
        (Behaviour::Down, "tls"),
        (Behaviour::BlackHole, "timeout: no TLS handshake within 1s"),
        (Behaviour::Plain, "tls"),
        (Behaviour::Hang, "timeout: no answer within 1s"),
        (Behaviour::Drip, "timeout: no answer within 1s"),
        (Behaviour::DripBody, "answer-cut: no end of the answer within 1s"),
        (Behaviour::ResetMidBody, "answer-cut: broken off"),
        (Behaviour::StoreThenReset, "broken"),
        (Behaviour::NoEcho, "echo-missing"),
        (Behaviour::EchoTwice, "echo-mismatch"),
        (Behaviour::Html, "echo-missing"),
        (Behaviour::GiantHead(30_000), "echo"),
        (Behaviour::GiantHead(64 * 1024), "broken"),
        (Behaviour::EndlessBody, "answer-cut: over 64 KiB"),
        (Behaviour::Status(404), "status-404"),
        (Behaviour::Status(500), "status-500"),
        (Behaviour::RetryAfter(u64::MAX), "status-429"),
    ] {
        suffer(Partner::start(Behaviour::Store).await, behaviour, detail).await;
    }
}

#[tokio::test]
async fn over_http2_too_every_attempt_ends_in_words_and_the_next_one_delivers() {
    for (behaviour, detail) in [
        (Behaviour::Hang, "timeout: no answer within 1s"),
        (Behaviour::TakesNoBody, "timeout: the delivery was not taken within 1s"),
        (Behaviour::GoAway, "broken"),
        (Behaviour::ResetStream, "broken"),
        (Behaviour::BlackHole, "timeout: no TLS handshake within 1s"),
    ] {
        suffer(Partner::start_http2(Behaviour::Store).await, behaviour, detail).await;
    }
}

#[tokio::test]
async fn a_target_that_stops_taking_a_large_delivery_is_left() {
    let partner = Partner::start(Behaviour::TakesNoBody).await;
    let world = world(&[("kg", To::Push(&partner))], Behaviour::TakesNoBody);
    // More than two sockets hold between them.
    let large = vec![b'x'; 24 << 20];
    let send = world.send_with("RU-1", 1, &["kg"], |delivery| {
        delivery.body.as_mut().unwrap().bytes.clone_from(&large);
    });
    let delivery = send.await[0];
    world.run();
    let found = world.while_time_creeps(first_attempt(&world, delivery)).await;
    assert_eq!(found, "timeout: the delivery was not taken within 1s");
}

#[tokio::test]
async fn an_answer_without_end_is_neither_read_nor_kept() {
    let partner = Partner::start(Behaviour::EndlessBody).await;
    let world = world(&[("kg", To::Push(&partner))], Behaviour::Store);
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    let found = world.while_time_creeps(first_attempt(&world, delivery)).await;
    assert_eq!(found, "answer-cut: over 64 KiB");
    // What the sockets hold between them went out; the hub asked for no more.
    assert!(partner.endless_bytes() < 32 << 20, "{}", partner.endless_bytes());
}

#[tokio::test]
async fn a_target_under_an_expired_leaf_is_told_nothing() {
    let partner = Partner::start_expired(Behaviour::Store).await;
    let world = world(&[("kg", To::Push(&partner))], Behaviour::Store);
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    let found = world.while_time_creeps(first_attempt(&world, delivery)).await;
    assert!(found.starts_with("tls: ") && found.contains("xpired"), "{found}");
    assert!(partner.received().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (partner, other) = (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Store).await);
    partner.behave(Behaviour::Redirect(other.port));
    let world = world(&[("kg", To::Push(&partner))], Behaviour::Store);
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    assert_eq!(world.while_time_creeps(first_attempt(&world, delivery)).await, "status-307");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_not_connected_to() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = world(&[("kg", To::Push(&partner))], Behaviour::Store);
    let only = |text: &str| Addresses::new("localhost", vec![network(text).unwrap()]);
    endpoint(&world, "kg", |endpoint| endpoint.addresses = only("192.0.2.0/24"));
    world.run();
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    let found = world.while_time_creeps(first_attempt(&world, delivery)).await;
    let address = found.strip_prefix("elsewhere: the name stands for ").expect(&found);
    assert!(address.parse::<IpAddr>().unwrap().is_loopback(), "{found}");
    assert_eq!(partner.connections(), 0);
    endpoint(&world, "kg", |endpoint| endpoint.addresses = only("127.0.0.0/8"));
    world.comes_to(delivery, "delivered").await;
}

#[tokio::test]
async fn many_deliveries_share_few_connections() {
    for (partner, most) in [
        (Partner::start(Behaviour::Store).await, 4),
        // Whoever begins while the first connection is made, makes one of its own, which is given up.
        (Partner::start_http2(Behaviour::Store).await, 4),
    ] {
        let world = world(&[("kg", To::Push(&partner))], Behaviour::Store);
        let mut sent = Vec::new();
        for number in 0..40 {
            sent.extend(world.send(&format!("RU-{number}"), 1, &["kg"]).await);
        }
        world.run();
        for delivery in &sent {
            world.while_time_creeps(world.stands_at(*delivery, "delivered")).await;
            assert_eq!(world.delivery(*delivery).await.attempts, 1);
        }
        assert!(partner.connections() <= most, "{} connections", partner.connections());
    }
}

#[tokio::test]
async fn a_stream_that_is_stuck_leaves_the_others_on_its_connection_free() {
    let partner = Partner::start_http2(Behaviour::Store).await;
    let world = world(&[("kg", To::Push(&partner))], Behaviour::Hang);
    world.run();
    let first = world.send("RU-0", 1, &["kg"]).await[0];
    world.while_time_creeps(world.stands_at(first, "delivered")).await;
    partner.script(&[Behaviour::Hang]);
    let stuck = world.send("RU-1", 1, &["kg"]).await[0];
    world.while_time_creeps(partner.received_at_least(2)).await;
    for number in 2..20 {
        let delivery = world.send(&format!("RU-{number}"), 1, &["kg"]).await[0];
        world.while_time_creeps(world.stands_at(delivery, "delivered")).await;
    }
    world.comes_to(stuck, "delivered").await;
    let of_stuck = world.store.attempts(stuck).await.unwrap();
    assert_eq!(of_stuck[0].detail, "timeout: no answer within 1s");
}

/// The pool may try another connection when a kept one turns out to be closed. What it must not do is to send twice
/// what it may have sent.
#[tokio::test]
async fn nothing_is_sent_twice_without_a_record_of_it() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = world(&[("kg", To::Push(&partner))], Behaviour::Store);
    world.reload(|region| region.members.get_mut(&id("kg")).unwrap().concurrency = NonZeroU32::MIN);
    let mut sent = Vec::new();
    for number in 0..60 {
        let next = [Behaviour::StoreThenClose, Behaviour::Store, Behaviour::StoreThenReset][number % 3];
        partner.script(&[next]);
        sent.extend(world.send(&format!("RU-{number}"), 1, &["kg"]).await);
    }
    world.run();
    for delivery in &sent {
        world.comes_to(*delivery, "delivered").await;
        let arrived: Vec<_> = partner.received();
        let arrived = arrived.iter().filter(|received| received.delivery() == delivery.to_string());
        let numbers: Vec<_> = arrived.map(|received| received.header("CoO-Attempt").to_owned()).collect();
        let recorded = world.store.attempts(*delivery).await.unwrap();
        assert!(numbers.len() <= recorded.len(), "{numbers:?} arrived, recorded {recorded:?}");
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]), "sent twice as one attempt: {numbers:?}");
    }
}

#[tokio::test]
async fn a_target_that_comes_and_goes_gets_everything_once_it_stays() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = world(&[("kg", To::Push(&partner))], Behaviour::Hang);
    let moods = [
        Behaviour::Store,
        Behaviour::Status(503),
        Behaviour::StoreThenReset,
        Behaviour::RetryAfter(u64::MAX),
        Behaviour::NoEcho,
        Behaviour::Hang,
    ];
    partner.script(&moods.repeat(5));
    let mut sent = Vec::new();
    for number in 0..20 {
        sent.extend(world.send(&format!("RU-{number}"), 1, &["kg"]).await);
    }
    world.run();
    for delivery in &sent {
        world.comes_to(*delivery, "delivered").await;
    }
    for received in partner.received() {
        let same = partner.received().into_iter().filter(|other| other.delivery() == received.delivery());
        assert!(same.into_iter().all(|other| other.bytes == received.bytes));
    }
}
