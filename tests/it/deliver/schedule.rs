//! The whole schedule on a clock turned by hand: outages of days, expiry, late successes, steps of the wall clock.

use std::{num::NonZeroU32, time::Duration};

use coohub::{
    deliver::{Deliveries, guard::ClockGuard, hold::Holds, inbox::Acknowledged},
    model::id::DeliveryId,
    region::maintenance::Window,
    stop::Tasks,
};

use super::{
    news::{heard, news},
    world::{To, World, id},
};
use crate::support::{
    partner::{Behaviour, Partner},
    patience::{PATIENCE, until},
};

pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Lets so much time pass in steps of ten minutes, with a moment for the hub after each.
pub(super) async fn pass(world: &World, time: Duration) {
    let step = Duration::from_secs(600);
    let mut passed = Duration::ZERO;
    let all = async {
        while passed < time {
            world.hand.advance(step);
            passed += step;
            tokio::task::yield_now().await;
            // A read of the store, so that what became due is looked at.
            let _ = world.store.counts().await.unwrap();
        }
    };
    all.await;
}

/// Whether it is the digest of one expiry.
fn of_expiry(told: &serde_json::Value) -> bool {
    told["counts"]["expired"] == 1
}

/// Runs the lanes of a hub that starts over the same store.
pub(super) async fn restart(world: &mut World) {
    world.tasks.stop();
    assert!(world.tasks.drained(PATIENCE).await);
    world.tasks = Tasks::default();
    let kept = world.store.lanes().await.unwrap();
    world.handles.holds = Holds::new(world.store.clone(), kept.holds);
    let step_max = world.handles.config.clock_step_max;
    world.handles.guard = ClockGuard::new(world.clock.clone(), world.store.clone(), kept.heard, step_max);
    world.tasks.spawn(Deliveries::new(world.handles.clone()).run(world.tasks.clone()));
}

pub(super) async fn send(world: &World, count: usize) -> Vec<DeliveryId> {
    let mut sent = Vec::new();
    for n in 0..count {
        sent.extend(world.send(&format!("RU-{n}"), 1, &["kg"]).await);
    }
    sent
}

#[tokio::test]
async fn a_partner_down_for_three_days_gets_everything_within_minutes_of_its_return() {
    let partner = Partner::start(Behaviour::Down).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let sent = send(&world, 20).await;
    pass(&world, DAY * 3).await;
    assert_eq!(world.store.counts().await.unwrap().delivered, 0);
    partner.behave(Behaviour::Store);
    let back = world.clock.now();
    let begins = async {
        while world.store.counts().await.unwrap().delivered == 0 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_hurries(begins).await;
    for delivery in &sent {
        world.comes_to(*delivery, "delivered").await;
    }
    assert_eq!(partner.received().len(), sent.len(), "each arrives once");
    let mut first = Duration::MAX;
    for delivery in &sent {
        let last = world.delivery(*delivery).await.last.unwrap();
        first = first.min(last.started.since(back));
    }
    // The longest delay of the schedule and the longest pause of the breaker are five minutes each; the rest is room for
    // a busy machine, on which the clock runs on.
    assert!(first < HOUR / 2, "{first:?}");
}

#[tokio::test]
async fn after_seven_days_a_delivery_expires_its_source_is_told_and_nothing_is_sent_later() {
    let partner = Partner::start(Behaviour::Down).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let [delivery] = send(&world, 1).await[..] else { panic!("one delivery") };
    pass(&world, DAY * 7 - HOUR).await;
    assert_eq!(world.word(delivery).await, "pending");
    pass(&world, HOUR * 2).await;
    world.comes_to(delivery, "expired").await;
    partner.behave(Behaviour::Store);
    pass(&world, DAY).await;
    assert!(partner.received().is_empty());
    let told = heard(&world, |told| told.iter().any(of_expiry)).await;
    let last = told.last().unwrap();
    assert_eq!(last["entries"][0]["delivery"], delivery.to_string());
}

#[tokio::test]
async fn a_success_after_the_expiry_is_taken_and_its_source_told_the_better() {
    let world = World::new(&[("kg", To::Mailbox)]);
    let [delivery] = send(&world, 1).await[..] else { panic!("one delivery") };
    let inbox = world.inbox();
    inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap();
    world.hand.advance(Duration::from_secs(1));
    let entry = inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap().remove(0);
    world.run();
    pass(&world, DAY * 8).await;
    world.comes_to(delivery, "expired").await;
    heard(&world, |told| told.iter().any(of_expiry)).await;
    let taken = inbox.acknowledge(&id("kg"), delivery, entry.digest).await.unwrap();
    assert_eq!(taken, Acknowledged::Delivered);
    assert_eq!(world.word(delivery).await, "delivered");
    let told = heard(&world, |told| !told.is_empty()).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["reason"]["code"], "delivered-late");
    assert_eq!(told[0]["delivery"], delivery.to_string());
}

#[tokio::test]
async fn a_success_in_time_tells_its_source_nothing() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let [delivery] = send(&world, 1).await[..] else { panic!("one delivery") };
    world.comes_to(delivery, "delivered").await;
    assert!(news(&world).await.is_empty());
}

#[tokio::test]
async fn an_absurd_retry_after_delays_by_its_limit_and_none_by_less_than_the_schedule() {
    let partner = Partner::start(Behaviour::Store).await;
    partner.script(&[Behaviour::RetryAfter(u32::MAX.into()), Behaviour::RetryAfter(0)]);
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let mut waits = Vec::new();
    for number in ["RU-1", "RU-2"] {
        let delivery = world.send(number, 1, &["kg"]).await[0];
        let tried = async {
            while world.delivery(delivery).await.attempts == 0 {
                tokio::task::yield_now().await;
            }
        };
        world.while_time_creeps(tried).await;
        let delivery = world.delivery(delivery).await;
        waits.push(delivery.life.state.due().unwrap().since(delivery.last.unwrap().finished));
    }
    assert_eq!(
        waits,
        [HOUR, Duration::from_secs(60)],
        "neither more than the limit nor less than the schedule"
    );
}

#[tokio::test]
async fn after_a_step_of_the_clock_nothing_expires_until_it_is_confirmed() {
    let partner = Partner::start(Behaviour::Down).await;
    let mut world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let [delivery] = send(&world, 1).await[..] else { panic!("one delivery") };
    pass(&world, HOUR).await;
    world.hand.step(DAY * 30, true);
    pass(&world, HOUR * 6).await;
    assert_eq!(world.word(delivery).await, "pending");
    restart(&mut world).await;
    pass(&world, HOUR * 6).await;
    assert_eq!(world.word(delivery).await, "pending", "a restart does not believe it either");
    until("a doubt of the clock", async || world.handles.guard.doubt()).await;

    let other = world.send("RU-9", 1, &["kg"]).await[0];
    partner.behave(Behaviour::Store);
    world.comes_to(other, "delivered").await;
    partner.behave(Behaviour::Down);
    let old =
        world.send_with("RU-10", 1, &["kg"], |new| new.created = world.clock.now().minus(DAY * 8)).await[0];
    pass(&world, HOUR).await;
    assert_eq!(world.word(old).await, "pending");
    assert!(world.handles.guard.confirm().await.unwrap());
    world.comes_to(old, "expired").await;
}

#[tokio::test]
async fn a_hold_and_an_open_breaker_outlast_a_restart() {
    let partner = Partner::start(Behaviour::Status(503)).await;
    let mut world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    send(&world, 20).await;
    let opened = async {
        while world.store.lanes().await.unwrap().spared.values().all(|spared| spared.until.is_none()) {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_creeps(opened).await;
    restart(&mut world).await;
    let received = partner.received().len();
    assert!(received < 10, "{received}");
    let stands = async {
        for _ in 0..200 {
            let _ = world.store.counts().await.unwrap();
        }
    };
    world.while_time_creeps(stands).await;
    assert_eq!(partner.received().len(), received, "the breaker is open as before");

    world.hold("kg").await;
    restart(&mut world).await;
    partner.behave(Behaviour::Store);
    pass(&world, HOUR).await;
    world.reload(|_| {});
    pass(&world, HOUR).await;
    assert_eq!(world.store.counts().await.unwrap().delivered, 0);
    assert!(world.handles.holds.release(&id("kg")).await.unwrap());
    let all = async {
        while world.store.counts().await.unwrap().delivered < 20 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(all).await;
}

#[tokio::test]
async fn nothing_is_sent_in_a_maintenance_window_and_everything_after_it() {
    let partner = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    // The world begins on Tuesday, 2023-11-14, at 22:13:20 UTC.
    world.reload(|region| {
        let windows = vec![Window::parse("Wed 01:00-02:00 Africa/Nairobi").unwrap()];
        region.members.get_mut(&id("kg")).unwrap().maintenance.windows = windows;
    });
    world.run();
    let sent = send(&world, 3).await;
    pass(&world, Duration::from_secs(40 * 60)).await;
    assert!(partner.received().is_empty());
    for delivery in &sent {
        assert_eq!(world.delivery(*delivery).await.life.failures, 0, "deferred, not failed");
    }
    for delivery in &sent {
        world.comes_to(*delivery, "delivered").await;
    }
}

#[tokio::test]
async fn one_sources_refused_deliveries_do_not_stop_another_source() {
    let partner = Partner::start(Behaviour::Refuse("not-for-us")).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.reload(|region| region.members.get_mut(&id("kg")).unwrap().concurrency = NonZeroU32::MIN);
    world.run();
    let sent = send(&world, 7).await;
    world.comes_to(sent[4], "refused").await;
    let held = async {
        while world.handles.holds.of(&id("kg")).sources.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(held).await;
    partner.behave(Behaviour::Store);
    let other = world.send_from("kz", "KZ-1", 1, &["kg"]).await[0];
    world.comes_to(other, "delivered").await;
    assert_eq!(world.word(sent[5]).await, "pending");
}

/// The first look at the endpoint never comes back; the sweep begins the lane anew, and the second look does.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_lane_that_does_not_turn_any_more_is_begun_anew() {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    };
    let partner = Partner::start(Behaviour::Store).await;
    let mut world = World::new(&[("kg", To::Push(&partner))]);
    world.handles.config.stall_max = Duration::from_millis(200);
    let (first, tls) = (AtomicBool::new(true), world.handles.tls.clone());
    let (free, stuck) = mpsc::channel::<()>();
    let stuck = Mutex::new(stuck);
    world.handles.tls = Arc::new(move |endpoint| {
        if first.swap(false, Ordering::SeqCst) {
            let _ = stuck.lock().unwrap().recv();
        }
        tls(endpoint)
    });
    let delivery = world.send("RU-1", 1, &["kg"]).await[0];
    world.run();
    world.comes_to(delivery, "delivered").await;
    drop(free);
}
