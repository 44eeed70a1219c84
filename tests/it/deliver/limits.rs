//! What an operator sets under `[delivery]` is what lanes and mailboxes do.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use coohub::deliver::Config;

use super::world::{To, World, id};
use crate::support::partner::{Behaviour, Partner};

fn world(partner: &Partner, config: Config) -> World {
    let mut world = World::new(&[("kg", To::Push(partner))]);
    world.reload(|region| region.members.get_mut(&id("kg")).unwrap().concurrency = NonZeroU32::MIN);
    world.handles.config = config;
    world
}

#[tokio::test]
async fn a_lane_is_held_after_as_many_refusals_as_were_set() {
    let partner = Partner::start(Behaviour::Refuse("not-for-us")).await;
    let world = world(&partner, Config { refusals_in_a_row_max: 2, ..Config::default() });
    for number in ["RU-1", "RU-2", "RU-3"] {
        world.send(number, 1, &["kg"]).await;
    }
    world.run();
    let held = async {
        while world.handles.holds.of(&id("kg")).sources.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(held).await;
    assert_eq!(partner.received().len(), 2);
}

#[tokio::test]
async fn with_no_unused_connections_each_attempt_makes_its_own() {
    let partner = Partner::start(Behaviour::Store).await;
    let config = Config { idle_connections_per_member_max: 0, window_deliveries_max: 1, ..Config::default() };
    let world = world(&partner, config);
    world.run();
    for number in ["RU-1", "RU-2", "RU-3"] {
        let delivery = world.send(number, 1, &["kg"]).await[0];
        world.comes_to(delivery, "delivered").await;
    }
    let connections: Vec<_> = partner.received().iter().map(|received| received.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit_and_cut_there() {
    let partner = Partner::start(Behaviour::StoreJson).await;
    let sent_with = async |answer_bytes_max| {
        let world = world(&partner, Config { answer_bytes_max, ..Config::default() });
        world.run();
        let delivery = world.send("RU-1", 1, &["kg"]).await[0];
        let tried = async {
            while world.delivery(delivery).await.attempts == 0 {
                tokio::task::yield_now().await;
            }
        };
        world.while_time_flies(tried).await;
        world.store.attempts(delivery).await.unwrap()[0].detail.clone()
    };
    let echo_bytes = echo_bytes();
    assert_eq!(sent_with(echo_bytes).await, "echo");
    assert_eq!(sent_with(echo_bytes - 1).await, format!("answer-cut: over {} B", echo_bytes - 1));
}

/// Length of the answer of [`Behaviour::StoreJson`].
fn echo_bytes() -> usize {
    let (delivery, digest) = ("-".repeat(36), "0".repeat(64));
    format!("{{\"delivery\":\"{delivery}\",\"digest\":\"sha-256:{digest}\"}}").len()
}

#[tokio::test]
async fn a_mailbox_has_as_many_entries_reserved_as_were_set() {
    let mut world = World::new(&[("kg", To::Mailbox)]);
    world.handles.config.reserved_entries_per_member_max = 2;
    for number in ["RU-1", "RU-2", "RU-3"] {
        world.send(number, 1, &["kg"]).await;
    }
    let inbox = world.inbox();
    drop(inbox.collect(&id("kg"), false, (0, usize::MAX)).await.unwrap());
    world.hand.advance(Duration::from_secs(10));
    let entries = inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert!(inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap().is_empty());
    inbox.acknowledge(&id("kg"), entries[0].delivery, entries[0].digest).await.unwrap();
    assert_eq!(inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_reload_that_brings_new_leaves_with_the_same_region_reaches_the_lane() {
    let partner = Partner::start(Behaviour::Store).await;
    let mut world = world(&partner, Config::default());
    let (made, tls) = (Arc::new(AtomicUsize::new(0)), world.handles.tls.clone());
    let count = made.clone();
    world.handles.tls = Arc::new(move |endpoint| {
        count.fetch_add(1, Ordering::SeqCst);
        tls(endpoint)
    });
    world.run();
    for (number, times) in [("RU-1", 1), ("RU-2", 1)] {
        let delivery = world.send(number, 1, &["kg"]).await[0];
        world.comes_to(delivery, "delivered").await;
        assert_eq!(made.load(Ordering::SeqCst), times);
    }
    let digest = world.region.borrow().digest;
    world.reload(|region| region.digest = digest);
    let delivery = world.send("RU-3", 1, &["kg"]).await[0];
    world.comes_to(delivery, "delivered").await;
    assert_eq!(made.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn one_sweep_finds_a_chain_without_a_head_behind_a_thousand_others() {
    let world = World::new(&[("kg", To::Mailbox)]);
    for page in (0..1_000_u32).collect::<Vec<_>>().chunks(250) {
        futures_util::future::join_all(page.iter().map(async |n| {
            world.send(&format!("RU-{n}"), 1, &["kg"]).await;
        }))
        .await;
    }
    let last = world.send("RU-last", 1, &["kg"]).await[0];
    let db = rusqlite::Connection::open(world.folder().join("coohub.db")).unwrap();
    let lose = "UPDATE delivery SET state = 'queued', due = NULL WHERE id = ?1";
    assert_eq!(db.execute(lose, [last.0.as_bytes()]).unwrap(), 1);
    drop(db);
    world.run();
    // No second sweep comes in that time.
    world.while_time_creeps(world.stands_at(last, "pending")).await;
}
