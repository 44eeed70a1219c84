//! Test traffic beside what counts: it goes to a sandbox, which decides nothing about the endpoint, and never elsewhere.

use std::time::Duration;

use coohub::{
    model::{delivery::State, reason::Reason},
    problem::Spot,
    region::{
        Region,
        agreement::{Link, LinkState},
    },
};

use super::world::{To, World, id};
use crate::support::{
    hub::PATIENCE,
    partner::{Behaviour, Partner},
};

/// What `kz` sends to `kg` is test traffic; whatever else is sent to `kg` is in this state.
fn joins(state: LinkState) -> impl Fn(&mut Region) {
    move |region| {
        let links = &mut region.agreements.values_mut().next().unwrap().links;
        links[0].state = state;
        let (from, to) = (Some(id("kz")), Some(id("kg")));
        let spot = Spot::file("agreements/eaeu.toml");
        links.push(Link { from, to, state: LinkState::Test, live_from: None, paper_until: None, spot });
    }
}

#[tokio::test]
async fn test_traffic_goes_to_the_sandbox_and_nothing_else_does() {
    let (endpoint, sandbox) =
        (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Store).await);
    let world = World::new(&[("kg", To::Beside(&endpoint, &sandbox)), ("kz", To::Mailbox)]);
    world.reload(joins(LinkState::Live));
    world.run();
    let test = world.send_test("kz", "KZ-1", "kg").await;
    let live = world.send("RU-1", 1, &["kg"]).await[0];
    world.comes_to(test, "delivered").await;
    world.comes_to(live, "delivered").await;
    let ids = |partner: &Partner| partner.received().iter().map(|one| one.delivery().to_owned()).collect();
    let (at_endpoint, at_sandbox): (Vec<_>, Vec<_>) = (ids(&endpoint), ids(&sandbox));
    assert_eq!((at_endpoint, at_sandbox), (vec![live.to_string()], vec![test.to_string()]));
    assert_eq!(sandbox.received()[0].header("CoO-Test"), "true");
}

#[tokio::test]
async fn an_endpoint_that_is_not_live_takes_test_traffic_itself() {
    let endpoint = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Push(&endpoint)), ("kz", To::Mailbox)]);
    world.reload(joins(LinkState::Test));
    world.run();
    let test = world.send_test("kz", "KZ-1", "kg").await;
    world.comes_to(test, "delivered").await;
    assert_eq!(endpoint.received()[0].header("CoO-Test"), "true");
}

#[tokio::test]
async fn what_waits_when_its_target_becomes_live_is_held_and_goes_to_the_sandbox_named_later() {
    let (endpoint, sandbox) =
        (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Store).await);
    for state in [LinkState::Pilot, LinkState::Live] {
        let world = World::new(&[("kg", To::Beside(&endpoint, &sandbox)), ("kz", To::Mailbox)]);
        let named = world.region.borrow().members[&id("kg")].sandbox.clone();
        world.reload(|region| region.members.get_mut(&id("kg")).unwrap().sandbox = None);
        world.reload(joins(LinkState::Test));
        let test = world.send_test("kz", "KZ-1", "kg").await;
        world.reload(|region| region.agreements.values_mut().next().unwrap().links[0].state = state);
        world.run();
        let held = world.comes_to(test, "held").await;
        assert_eq!(held.life.state, State::Held { reason: Reason::NotEntitled });
        world.reload(|region| region.members.get_mut(&id("kg")).unwrap().sandbox = named);
        world.comes_to(test, "delivered").await;
        assert!(endpoint.received().is_empty(), "{state:?}");
        assert_eq!(sandbox.take().len(), 1);
    }
}

/// The hub waits for an answer of the sandbox for a moment alone.
fn gives_its_sandbox_up_soon(region: &mut Region) {
    let sandbox = region.members.get_mut(&id("kg")).and_then(|member| member.sandbox.as_mut());
    sandbox.unwrap().timeout = Duration::from_millis(500);
}

#[tokio::test]
async fn a_sandbox_that_swallows_everything_delays_nothing_that_counts() {
    let (endpoint, sandbox) = (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Hang).await);
    let world = World::new(&[("kg", To::Beside(&endpoint, &sandbox)), ("kz", To::Mailbox)]);
    world.reload(joins(LinkState::Live));
    world.reload(gives_its_sandbox_up_soon);
    for n in 0..30 {
        world.send_test("kz", &format!("KZ-{n}"), "kg").await;
    }
    world.run();
    world.while_time_creeps(sandbox.received_at_least(1)).await;
    let mut sent = Vec::new();
    for n in 0..20 {
        sent.extend(world.send(&format!("RU-{n}"), 1, &["kg"]).await);
    }
    for live in sent {
        world.while_time_creeps(world.stands_at(live, "delivered")).await;
    }
    assert_eq!(endpoint.received().len(), 20);
    // Long after its breaker opened.
    world.while_time_flies(sandbox.received_at_least(8)).await;
    assert!(world.store.lanes().await.unwrap().spared.is_empty(), "no breaker but the sandbox's own");
}

#[tokio::test]
async fn a_sandbox_that_refuses_everything_holds_nobody() {
    let (endpoint, sandbox) =
        (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Refuse("not-for-us")).await);
    let world = World::new(&[("kg", To::Beside(&endpoint, &sandbox)), ("kz", To::Mailbox)]);
    world.reload(joins(LinkState::Live));
    world.run();
    let mut last = None;
    for n in 0..8 {
        last = Some(world.send_test("kz", &format!("KZ-{n}"), "kg").await);
    }
    world.comes_to(last.unwrap(), "refused").await;
    let live = world.send("RU-1", 1, &["kg"]).await[0];
    world.comes_to(live, "delivered").await;
    assert!(world.handles.holds.all().is_empty());
}

#[tokio::test]
async fn one_attempt_at_a_time_is_made_at_a_sandbox() {
    let (endpoint, sandbox) = (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Hang).await);
    let world = World::new(&[("kg", To::Beside(&endpoint, &sandbox)), ("kz", To::Mailbox)]);
    world.reload(joins(LinkState::Live));
    world.reload(gives_its_sandbox_up_soon);
    for n in 0..4 {
        world.send_test("kz", &format!("KZ-{n}"), "kg").await;
    }
    world.run();
    let mut before = 0;
    while before < 3 {
        let received = world.while_time_creeps(sandbox.received_at_least(before + 1)).await.len();
        assert_eq!(received, before + coohub::deliver::lane::SANDBOX_PERMITS_MAX);
        before = received;
    }
}

#[tokio::test]
async fn a_mailbox_gives_test_entries_to_those_only_who_ask_for_them() {
    let world = World::new(&[("kg", To::Mailbox), ("kz", To::Mailbox)]);
    world.reload(joins(LinkState::Live));
    let test = world.send_test("kz", "KZ-1", "kg").await;
    let live = world.send("RU-1", 1, &["kg"]).await[0];
    let inbox = world.inbox();
    world.hand.advance(Duration::from_secs(1));
    let of = async |test| -> Vec<_> {
        let entries = inbox.collect(&id("kg"), test, (10, usize::MAX)).await.unwrap();
        entries.into_iter().map(|entry| (entry.delivery, entry.digest)).collect()
    };
    let entries = of(true).await;
    assert_eq!(entries.iter().map(|(delivery, _)| *delivery).collect::<Vec<_>>(), [test]);
    assert_eq!(of(false).await.iter().map(|(delivery, _)| *delivery).collect::<Vec<_>>(), [live]);
    inbox.acknowledge(&id("kg"), test, entries[0].1).await.unwrap();
    assert_eq!((world.word(test).await, world.word(live).await), ("delivered", "pending"));
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_slow_sandbox_and_the_delivery_is_not_lost() {
    let (endpoint, sandbox) = (Partner::start(Behaviour::Store).await, Partner::start(Behaviour::Hang).await);
    let world = World::new(&[("kg", To::Beside(&endpoint, &sandbox)), ("kz", To::Mailbox)]);
    world.reload(joins(LinkState::Live));
    let test = world.send_test("kz", "KZ-1", "kg").await;
    world.run();
    world.while_time_creeps(sandbox.received_at_least(1)).await;
    world.tasks.stop();
    // The sandbox never answers, and no time passes by which the attempt would be given up.
    assert!(world.tasks.drained(PATIENCE).await);
    assert_eq!(world.word(test).await, "pending");
}
