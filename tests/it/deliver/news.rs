//! What a source hears: notices while they are few, digests of the rest; one a period, whatever happens.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    schedule::{DAY, HOUR, pass, restart, send},
    world::{SOURCE, To, World, id},
};
use crate::support::{
    partner::{Behaviour, Partner, Received},
    patience::ticks,
};

/// Everything in the source's mailbox, oldest first, taken out of it.
pub(super) async fn news(world: &World) -> Vec<Value> {
    let inbox = world.inbox();
    assert!(
        inbox.collect(&id(SOURCE), false, (10, usize::MAX)).await.unwrap().is_empty(),
        "a burst has to be earned"
    );
    world.hand.advance(std::time::Duration::from_secs(1));
    let mut told = Vec::new();
    while let Some(entry) = inbox.collect(&id(SOURCE), false, (1, usize::MAX)).await.unwrap().pop() {
        told.push(serde_json::from_slice(&entry.body.bytes).unwrap());
        inbox.acknowledge(&id(SOURCE), entry.delivery, entry.digest).await.unwrap();
    }
    told
}

/// As [`news`], of as much time as it takes until that is enough. A commit of the hub may take longer than any number of
/// reads, so ticks are waited for.
pub(super) async fn heard(world: &World, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let mut told = Vec::new();
    let mut ticks = ticks();
    for _ in 0..30_000 {
        told.extend(news(world).await);
        if enough(&told) {
            return told;
        }
        ticks.tick().await;
    }
    panic!("that is all: {told:?}");
}

/// Lets so much time pass, slowly enough for a sweep in each hour.
async fn sweep_through(world: &World, time: std::time::Duration) {
    let mut ticks = ticks();
    let step = std::time::Duration::from_secs(120);
    for _ in 0..time.as_secs() / step.as_secs() {
        ticks.tick().await;
        world.hand.advance(step);
    }
}

/// Deliveries that expire at once; `COOHUB_STORM` says another number.
fn storm() -> u32 {
    std::env::var("COOHUB_STORM").map_or(1_000, |number| number.parse().unwrap())
}

/// Deliveries to a mailbox whose time is long up.
async fn outdated(world: &World, from: u32, count: u32) {
    let created = world.clock.now().minus(DAY * 8);
    for page in (from..from + count).collect::<Vec<_>>().chunks(250) {
        join_all(page.iter().map(async |n| {
            world.send_with(&format!("RU-{n}"), 1, &["kg"], |new| new.created = created).await;
        }))
        .await;
    }
}

/// Waits until so many ended badly, however long it takes; the clock goes at fifty times its pace.
async fn ended(world: &World, count: u64) {
    let mut ticks = ticks();
    while world.store.counts().await.unwrap().failed < count {
        ticks.tick().await;
        world.hand.advance(std::time::Duration::from_millis(100));
    }
}

#[tokio::test]
async fn a_storm_of_expiries_gives_one_digest_and_the_next_period_another() {
    let storm = storm();
    let mut world = World::new(&[("kg", To::Mailbox)]);
    outdated(&world, 0, storm).await;
    world.run();
    ended(&world, storm.into()).await;
    pass(&world, HOUR / 6).await;
    restart(&mut world).await;
    outdated(&world, storm, 3).await;
    pass(&world, HOUR / 3).await;
    ended(&world, u64::from(storm) + 3).await;

    let told = heard(&world, |told| !told.is_empty()).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["function"], "digest");
    assert_eq!(told[0]["member"], "kg");
    assert_eq!(told[0]["counts"], json!({"expired": storm}));
    let entries = told[0]["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &told[0]["more"]), (100, &json!(storm - 100)));
    assert_eq!((&entries[0]["reason"]["code"], &entries[0]["state"]), (&json!("expired"), &json!("expired")));

    restart(&mut world).await;
    pass(&world, HOUR).await;
    restart(&mut world).await;
    pass(&world, HOUR * 3).await;
    let told = heard(&world, |told| !told.is_empty()).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["counts"], &told[0]["more"]), (&json!({"expired": 3}), &json!(0)));
}

#[tokio::test]
async fn a_delay_is_told_once_and_then_daily_and_no_notice_of_a_notice() {
    let partner = Partner::start(Behaviour::Down).await;
    let world = World::new(&[("kg", To::Push(&partner))]);
    world.run();
    let sent = send(&world, 3).await;
    pass(&world, HOUR * 5 / 6).await;
    assert!(news(&world).await.is_empty());
    pass(&world, HOUR / 2).await;
    let told = heard(&world, |told| !told.is_empty()).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["counts"], json!({"delayed": 3}));
    assert_eq!(told[0]["entries"][0]["delivery"], sent[0].to_string());
    assert_eq!(told[0]["entries"][0]["state"], "pending");

    sweep_through(&world, HOUR * 22).await;
    assert!(news(&world).await.is_empty());
    for _ in 0..3 {
        pass(&world, DAY).await;
        let told = heard(&world, |told| !told.is_empty()).await;
        assert_eq!(told.len(), 1, "one a day: {told:?}");
        assert_eq!(told[0]["counts"], json!({"delayed": 3}));
    }
    // Nobody collects what is told now, and that is no news: the mailbox is the source's own.
    pass(&world, DAY * 2).await;
    let told = heard(&world, |told| !told.is_empty()).await;
    assert!(told.iter().all(|digest| digest["member"] == "kg"), "{told:?}");

    partner.behave(Behaviour::Store);
    for delivery in sent {
        world.comes_to(delivery, "delivered").await;
    }
    // What was told before they went is still on its way.
    sweep_through(&world, HOUR * 2).await;
    news(&world).await;
    pass(&world, DAY * 2).await;
    assert!(news(&world).await.is_empty());
}

#[tokio::test]
async fn refusals_are_told_at_once_and_past_their_number_by_a_digest() {
    let partner = Partner::start(Behaviour::Refuse("not-for-us")).await;
    let mut world = World::new(&[("kg", To::Push(&partner))]);
    world.handles.config.refusals_in_a_row_max = 1_000;
    world.handles.config.notices_per_period_max = 2;
    world.run();
    let sent = send(&world, 5).await;
    for delivery in &sent {
        // All within one period, however long the commits take.
        world.while_time_creeps(world.stands_at(*delivery, "refused")).await;
    }
    pass(&world, HOUR / 6).await;
    let told = heard(&world, |told| told.len() >= 3).await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[..2]
            .iter()
            .all(|notice| notice["function"] == "notice" && notice["reason"]["code"] == "refused")
    );
    assert_eq!((&told[2]["function"], &told[2]["counts"]), (&json!("digest"), &json!({"refused": 3})));
    assert_eq!(told[2]["entries"][0]["reason"]["detail"], "not-for-us");
    let entries = told[2]["entries"].as_array().unwrap();
    let counted = told[..2].iter().chain(entries).map(|one| one["attempts"].clone());
    assert!(counted.eq([1; 5].map(Value::from)), "the attempt that was refused counts: {told:?}");

    pass(&world, HOUR).await;
    let next = world.send("RU-9", 1, &["kg"]).await[0];
    world.while_time_creeps(world.stands_at(next, "refused")).await;
    let told = news(&world).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["delivery"], next.to_string(), "a new period, told at once");
}

#[tokio::test]
async fn a_source_with_an_endpoint_gets_its_digest_there_without_a_certificates_number() {
    let source = Partner::start(Behaviour::Store).await;
    let world = World::new(&[("kg", To::Mailbox), ("kz", To::Push(&source))]);
    let delivery = world.send_from("kz", "KZ-1", 1, &["kg"]).await[0];
    world.run();
    let of_delay = async {
        while source.received().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(of_delay).await;
    pass(&world, DAY * 8).await;
    world.comes_to(delivery, "expired").await;
    let of_expiry = |received: &Received| {
        let body: Value = serde_json::from_slice(&received.bytes).unwrap();
        body["counts"]["expired"] == 1
    };
    let told = async {
        while !source.received().iter().any(of_expiry) {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_flies(told).await;
    let digests = source.received();
    assert!(digests.len() > 1, "delays, then the expiry");
    for digest in digests {
        assert_eq!((digest.header("CoO-Cargo"), digest.header("CoO-Number")), ("digest", ""));
    }
}
